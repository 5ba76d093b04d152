//! The I/O manager and the object store of MS-FSA over
//! [`FileSystem`](linkwright_fs::FileSystem)s. Errors are
//! [`NtStatus`](linkwright_codes::NtStatus).
//!
//! | file | what |
//! |---|---|
//! | `share` | the share-mode table: who has which file open how |
//! | `namespace` | links and streams that are open, and what is to happen to them on close |
//! | `objects` | what a file handle stands for |
//! | `access` | rights: descriptors, tokens, privileges |
//! | `lookup` | from a path to an object, links followed by the one resolver of `fs` |
//! | `create`, `existing`, `fresh` | NtCreateFile (MS-FSA 2.1.5.1) |
//! | `close` | the end of a handle (2.1.5.5) |
//! | `removal` | the end of a name |
//! | `set_information` | NtSetInformationFile for the classes about names |
//! | `disposition` | FileDispositionInformation(Ex) (2.1.5.15.3) |
//! | `destination` | where a new name is to be |
//! | `link`, `rename` | FileLinkInformation(Ex), FileRenameInformation(Ex) (2.1.5.15.7, .12) |
//! | `transaction` | transactions, and who is locked out by them |
//! | `tunnel` | names that come back soon after they went |
//! | `naming` | the names of an open file |
//! | `query` | NtQueryInformationFile (2.1.5.12) |
//! | `set` | FileBasicInformation, sizes, case (2.1.5.15) |
//! | `held` | times that a handle was told to leave alone |
//! | `scan` | NtQueryDirectoryFile (2.1.5.6.3) |
//! | `image` | files that run as programs |
//! | `status` | from the errors of `fs` to statuses |
//!
//! One lock, [`Nt::namespace`], orders everything that opens, closes or names;
//! reading and writing through a handle take none of it. The share table has a
//! lock of its own, which is taken last and held for no call into `fs`.

pub(crate) mod access;
mod close;
pub(crate) mod create;
pub(crate) mod destination;
pub(crate) mod disposition;
mod existing;
mod fresh;
pub(crate) mod held;
pub(crate) mod image;
mod link;
pub(crate) mod lookup;
pub(crate) mod namespace;
pub(crate) mod naming;
pub(crate) mod objects;
pub(crate) mod query;
mod removal;
mod rename;
pub(crate) mod scan;
pub(crate) mod set;
pub(crate) mod set_information;
pub(crate) mod share;
#[cfg(test)]
mod share_model;
pub(crate) mod status;
pub(crate) mod transaction;
mod tunnel;

use std::sync::{Mutex, MutexGuard, PoisonError};

use image::Images;
use namespace::Namespace;
use objects::FileKey;
use share::ShareTable;

/// The state of the I/O manager.
#[derive(Default)]
pub(crate) struct Nt {
    namespace: Mutex<Namespace>,
    pub(crate) shares: ShareTable<FileKey>,
    pub(crate) images: Images,
}

impl Nt {
    /// Everything about open names; taken before the share table.
    pub(crate) fn namespace(&self) -> MutexGuard<'_, Namespace> {
        // Counters of opens stay right even when a call into `fs` panicked.
        self.namespace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
