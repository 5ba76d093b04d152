//! The Win32 functions over NTFS volumes in memory, as a specification.

mod conformance;
mod create_file;
mod hard_links;
mod support;
mod symbolic_links;
