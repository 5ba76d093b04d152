//! What is known of a file beside its bytes and names: times, attributes,
//! security, reparse points, extended attributes, object ids.

mod information;
mod object_id;
mod reparse;
mod security;
mod view;

pub use information::{CaseSensitivity, FileInfo, TimesChange};

pub(crate) use security::SecurityCache;
