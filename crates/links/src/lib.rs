//! The tool kit over a [`FileSystem`](linkwright_fs::FileSystem): inspect
//! links, copy trees and keep their links.
//!
//! [`inspect()`] says all there is to say about one link; [`copy`] takes a tree
//! from one file system to another; [`make`] makes one link, or what a place can
//! hold instead of it.
#![forbid(unsafe_code)]

pub mod copy;
pub mod doctor;
pub mod explain;
mod inspect;
pub mod make;
mod text;
mod walk;

pub use inspect::{LinkKind, LinkRecord, Stored, inspect};
pub use text::{nt_to_win32, posix_to_windows, relative_path, windows_to_posix};
pub use walk::{Event, Met, Place, Wanted, walk, walk_for};
