//! Verifies NTFS volumes, read only.
#![forbid(unsafe_code)]
