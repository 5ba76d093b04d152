//! What is known of a file beside its bytes and names: times, attributes,
//! security, reparse points, extended attributes, object ids.

mod directory;
mod extended_attributes;
mod information;
mod object_id;
mod reparse;
mod secure;
mod security;
mod survey;
mod view;

pub use extended_attributes::ExtendedAttribute;
pub use information::{CaseSensitivity, FileInfo, TimesChange};

pub(crate) use directory::ParentDirectory;
pub(crate) use security::{Creator, SecurityCache};
pub(crate) use survey::Survey;
