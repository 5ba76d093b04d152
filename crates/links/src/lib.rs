//! The tool kit over a [`FileSystem`](linkwright_fs::FileSystem): inspect
//! links, copy trees and keep their links.
//!
//! [`inspect()`] says all there is to say about one link; [`copy`] takes a tree
//! from one file system to another.
#![forbid(unsafe_code)]

pub mod copy;
mod inspect;
mod text;

pub use inspect::{LinkKind, LinkRecord, inspect};
pub use text::{nt_to_win32, posix_to_windows, relative_path, windows_to_posix};
