//! Transactions of Win32 (TxF) over a volume: an overlay that is itself a
//! [`FileSystem`].
//!
//! * [`ResourceManager`] is the volume as everybody outside of a transaction
//!   sees it. It refuses what would get into the way of an open transaction,
//!   and lets everything else through.
//! * [`Transacted`] is the volume as one transaction sees it: what others
//!   committed meanwhile, and its own changes over that. The changes are kept
//!   in memory, changed data in scratch space of the volume; no lock of the
//!   volume is held while a transaction is open.
//! * [`Transacted::commit`] does all of it on the volume as one transaction of
//!   the engine ([`FileSystem::atomically`]): all or nothing, also when the
//!   power fails.
//!
//! What is held (SEMANTICS.md 5): a name that a transaction made or removed, a
//! file it changed, both until it ends; the directories above both cannot be
//! renamed or removed by others. Who meets one gets
//! [`TransactionError::Conflict`] or [`TransactionError::Dependency`].
//!
//! [`FileSystem`]: crate::FileSystem
//! [`FileSystem::atomically`]: crate::FileSystem::atomically
//! [`TransactionError::Conflict`]: crate::TransactionError::Conflict
//! [`TransactionError::Dependency`]: crate::TransactionError::Dependency

mod claims;
mod content;
mod data;
mod listing;
mod manager;
mod names;
mod overlay;
mod replay;
mod state;
mod view;

pub use manager::{ResourceManager, TransactionOptions};
pub use overlay::{Committed, Transacted};
pub use state::Status;

/// What tells a file from others while a transaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A file of the volume, by record and sequence number.
    Stored {
        /// Record number.
        record: u64,
        /// Sequence number.
        sequence: u16,
    },
    /// One that a transaction made and that is not on the volume yet.
    Private(u64),
}

/// A file that a transaction made, as a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrivateNode {
    pub(crate) number: u64,
}

/// The first record number that private files show: no volume has as many
/// records, and 48 bits hold it.
pub const PRIVATE_RECORDS: u64 = 1 << 47;

#[cfg(test)]
mod tests;
