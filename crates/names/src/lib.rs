//! UTF-16 names as NTFS keeps them, and everything that can be said about a
//! name or a path without looking at a disk.
//!
//! | module | what |
//! |---|---|
//! | [`nt_name`] | [`NtName`]: a name as its exact 16-bit units |
//! | [`upcase`] | [`UpcaseTable`]: the `$UpCase` table, folding and file-name collation |
//! | [`validity`] | which names NTFS, POSIX programs and Win32 accept, and why not |
//! | [`host`] | a one-to-one mapping between names and the bytes of a Unix host |
//! | [`short_name`] | 8.3 names: legality and generation |
//! | [`expression`] | name expressions: wildcards, and what FindFirstFile makes of a pattern |
//! | [`path`] | Win32 and NT path grammar, full paths, streams |
//!
//! Names are slices of `u16` on the way in and [`NtName`] where they are owned.
//! Any sequence of units is a name here; whether it is a *good* one is what
//! [`validity`] answers. Nothing in this crate reads or writes anything, keeps
//! state, or depends on the locale.

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

pub mod expression;
pub mod host;
pub mod nt_name;
pub mod path;
pub mod short_name;
pub mod upcase;
mod upcase_data;
pub mod validity;

pub use expression::Expression;
pub use nt_name::{NameBytesError, NtName};
pub use upcase::{UpcaseError, UpcaseTable};
pub use validity::{
    MAX_COMPONENT_UNITS, NameError, NameErrorKind, ReservedDevice, check_ntfs_component,
    check_posix_component, check_win32_component, reserved_device,
};

/// A character of the ASCII range as one UTF-16 unit, usable in patterns'
/// constants. Units are compared with characters all over this crate.
pub(crate) const fn unit(ascii: u8) -> u16 {
    // `u16::from` is not const; widening never loses a bit.
    ascii as u16
}
