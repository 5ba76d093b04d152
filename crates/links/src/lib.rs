//! The tool kit over a [`FileSystem`](linkwright_fs::FileSystem): inspect
//! links, copy trees and keep their links.
//!
//! [`inspect()`] says all there is to say about one link; [`copy`] takes a tree
//! from one file system to another; [`make`] makes one link, or what a place can
//! hold instead of it; [`audit`] says what is wrong with links, and [`plan`] mends
//! them in a way that can be read before and taken back after.
#![forbid(unsafe_code)]

pub mod audit;
pub mod clone;
pub mod copy;
mod display;
pub mod doctor;
pub mod explain;
pub mod graph;
mod inspect;
pub mod make;
pub mod manifest;
pub mod plan;
pub mod target;
mod text;
mod walk;

pub use display::{for_display, name_for_display};
pub use inspect::{LinkKind, LinkRecord, Stored, inspect, link_kind};
pub use text::{nt_to_win32, posix_to_windows, relative_path, win32_to_nt, windows_to_posix};
pub use walk::{Event, KindEvent, Met, Place, Wanted, walk, walk_for, walk_kinds};
