//! The change journal: `$Extend\$UsnJrnl`.
//!
//! Where it is active, every operation appends its records to `$J` as part of
//! its own write set, and stamps the file: a crash shows the operation with its
//! records, or neither. Windows' search index and backup programs read it and
//! so see what happened while the volume was elsewhere.

mod changes;
mod journal;

pub use journal::{ChangeJournal, ChangeJournalState};

pub(crate) use changes::Change;
pub(crate) use journal::Journal;
