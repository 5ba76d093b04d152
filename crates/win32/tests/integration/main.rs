//! The Win32 functions over NTFS volumes in memory, as a specification.

mod concurrency;
mod conformance;
mod controls;
mod copying;
mod create_file;
mod deleting;
mod entries;
mod finding;
mod hard_links;
mod host;
mod information;
mod names_in_paths;
mod resolving;
mod sections;
mod security;
mod set_information;
mod sharing;
mod support;
mod symbolic_links;
mod tokens;
mod transactions;
mod tunnelling;
mod volumes;
