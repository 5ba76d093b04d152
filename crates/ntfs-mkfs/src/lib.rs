//! Makes NTFS volumes.
#![forbid(unsafe_code)]
