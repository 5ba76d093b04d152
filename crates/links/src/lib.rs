//! The tool kit over a FileSystem: inspect links, copy trees and keep their links.
#![forbid(unsafe_code)]
