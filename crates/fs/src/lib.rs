//! The FileSystem trait and its back ends, and the one link resolver.
#![forbid(unsafe_code)]
