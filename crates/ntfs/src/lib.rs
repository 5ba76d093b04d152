//! The NTFS engine: an open volume, read and write, in transactions.
#![forbid(unsafe_code)]
