//! What is known of a file beside its bytes and names.

/// Descriptors looked up or made, by id and hash.
#[derive(Debug, Default)]
pub(crate) struct SecurityCache;
