//! The `FileSystem` trait, its back ends, and the one link resolver.
//!
//! A [`FileSystem`] is one volume seen as directories, files and links. All of
//! its methods act on [`Node`]s - directories, files or links that were looked
//! up - and on one name inside a directory; none of them follows a link. Links
//! are followed in one place, [`resolve`].
//!
//! Back ends: [`posix::PosixFs`], the host's own file system, and
//! [`ntfs::NtfsFs`], a volume in an image or on a device. [`declared::Declared`]
//! makes less of another one: what FAT, ReFS, a share, ... can hold.
//!
//! [`Error`] is typed; [`Error::win32`] gives the Windows code of each.
//!
//! Features: `ntfs` (default) brings the back end for volumes in images; the
//! host's own file system is always there.
#![cfg_attr(not(windows), forbid(unsafe_code))]
#![cfg_attr(windows, deny(unsafe_code))]

pub mod declared;
mod error;
mod filesystem;
mod name;
mod node;
#[cfg(feature = "ntfs")]
pub mod ntfs;
#[cfg(unix)]
pub mod posix;
pub mod resolve;
#[cfg(feature = "ntfs")]
pub mod transacted;
mod types;
mod win32;
#[cfg(windows)]
pub mod windows;

pub use error::{Error, ErrorKind, Feature, Refusal, Result, TransactionError};
pub use filesystem::{FileSystem, Scratch};
pub use linkwright_codes::Win32Error;
pub use linkwright_ntfs_format::object_id::{BirthIds, ObjectId, ObjectIdAttribute};
pub use linkwright_ntfs_format::sid::Sid;
pub use linkwright_reparse::{ReparseBuffer, ReparseTag};
pub use name::{Name, StreamName};
pub use node::Node;
pub use types::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Duplicate, Entry,
    ExtendedAttribute, Glance, Glanced, HardLinked, Kinds, LinkContent, LinkType, Linked, NodeKind,
    Placed, Replace, ScanFor, ScannedEntry, Stat, StreamInfo, Target, Times, Timestamp,
    VolumeFamily, VolumeInfo,
};
