//! The NTFS engine: an open volume, read and write, in transactions.
//!
//! [`Volume::open`] takes any [`linkwright_device::BlockDevice`] that holds an
//! NTFS volume. All functions take `&self`; readers run side by side, writers
//! one after the other. Every operation happens whole or not at all, and
//! [`Volume::transaction`] joins many into one.
//!
//! The engine speaks in [`FileId`]s and names as UTF-16 units; it follows no
//! links and knows no drives, handles or privileges: that is the work of the
//! layers above.
//!
//! Errors ([`Error`]) tell the caller's mistake from a failing device, from
//! what is not supported, and from a volume that contradicts itself; the last
//! names the record, attribute and offset.
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

mod alloc;
mod attr;
mod cache;
pub mod compress;
mod dir;
mod engine;
mod error;
mod index;
mod link;
mod memo;
mod meta;
mod options;
mod pages;
mod record;
mod scan;
mod stream;
mod txn;
mod usn;
mod volume;

pub use dir::{DirEntry, DirIter};
pub use error::{CorruptKind, Corruption, Error, InvalidInput, Place, Result, Unsupported};
pub use index::fault::IndexFaultKind;
pub use link::{CreateOptions, EntryState, FileKind, LinkType, LinksError, Name, NewLink, Replace};
pub use meta::{CaseSensitivity, ExtendedAttribute, FileInfo, TimesChange};
pub use options::{
    Access, Clock, DEFAULT_CACHE_BYTES, DirtyPolicy, Durability, FixedClock, JournalMode,
    OpenOptions, ShadowPolicy, ShortNames, SystemClock,
};
pub use scan::{Collator, ScanSummary, Scanned, ScannedFile, ScannedName, Standing};
pub use stream::StreamInfo;
pub use usn::{ChangeJournal, ChangeJournalState};
pub use volume::{
    Entries, Operate, Operations, Questions, RecoveryReport, Scratch, Steps, Substitutes,
    Transaction, Volume, VolumeInfo,
};

/// A file of a volume: its record and the sequence number it had.
pub type FileId = linkwright_ntfs_format::FileReference;
