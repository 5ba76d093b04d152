//! NTFS on-disk structures: declared once, decoded, validated and encoded.
//!
//! This crate does no I/O and knows no policy. Each module holds one structure
//! under its usual name; byte offsets of NTFS appear nowhere else in the
//! workspace (reparse data excepted, which has a crate of its own).
//!
//! Decoders take untrusted bytes and return [`FormatError`] with the offset of
//! the first byte that cannot be right; encoders produce what Windows writes.
//! All integers on disk are little-endian.

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap
)]

pub mod acl;
pub mod attr_def;
pub mod attribute;
pub mod attribute_list;
pub mod boot;
pub mod collation;
pub mod ea;
pub mod error;
pub mod file_name;
pub mod fixup;
pub mod geometry;
pub mod hibernation;
pub mod ids;
pub mod index;
pub mod inherit;
pub mod log;
pub mod num;
pub mod object_id;
pub mod quota;
pub mod record;
pub mod reparse_index;
pub mod runs;
pub mod secure;
pub mod security;
pub mod sid;
pub mod standard_information;
pub mod times;
pub mod upcase_info;
pub mod usn;
pub mod volume_information;

pub use error::{FormatError, FormatErrorKind};
pub use ids::{FileReference, Lcn, RecordNumber, SecurityId, SequenceNumber, Vcn};
pub use times::NtTime;
