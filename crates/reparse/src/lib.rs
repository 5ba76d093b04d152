//! Reparse buffers: symbolic links, mount points, WSL links, and every other tag kept whole.
//!
//! [`ReparseBuffer::decode`] turns the bytes of a `$REPARSE_POINT` attribute (or of
//! `FSCTL_GET_REPARSE_POINT`) into a typed value, and [`ReparseBuffer::encode`] gives back exactly
//! the bytes that were decoded: order and place of the names, NULs, unknown flag bits and bytes
//! behind the names are kept. The constructors ([`SymbolicLink::from_target_text`],
//! [`MountPoint::junction`], ...) lay the bytes out as Windows does.
//!
//! Names are UTF-16 code units without any validity rule: unpaired surrogates and embedded NULs
//! pass through. Decoding treats its input as hostile; [`ReparseError`] tells what is wrong and at
//! which byte.
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

mod app_exec_link;
mod buffer;
mod error;
mod header;
mod lx;
mod mount_point;
mod name_pair;
mod other;
mod symlink;
mod tag;
mod target;
mod vendor_tags;
mod wof;

pub use app_exec_link::AppExecLink;
pub use buffer::ReparseBuffer;
pub use error::{NameField, ReparseError, ReparseErrorKind, TargetError};
pub use header::MAX_REPARSE_BYTES;
pub use lx::LxSymlink;
pub use mount_point::MountPoint;
pub use other::OtherReparse;
pub use symlink::{SYMLINK_FLAG_RELATIVE, SymbolicLink};
pub use tag::ReparseTag;
pub use target::{TargetContext, TargetForm};
pub use wof::{WofAlgorithm, WofInfo, WofProvider};
