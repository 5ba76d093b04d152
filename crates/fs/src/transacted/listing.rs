//! Directories inside a transaction: the volume's entries and the
//! transaction's own, in the order of NTFS.

use std::collections::HashSet;
use std::iter::Peekable;

use super::claims::Folded;
use super::state::fold;
use crate::error::Result;
use crate::{DirectoryEntry, Name};

/// Entries one after the other.
pub(super) type Stored<'a> = Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>;

/// The volume's entries without those that are gone, and the new ones, merged.
/// Both come in the order of the index: names folded, then raw.
pub(super) struct Merged<'a> {
    stored: Peekable<Stored<'a>>,
    added: Peekable<std::vec::IntoIter<DirectoryEntry>>,
    removed: HashSet<Name>,
}

impl<'a> Merged<'a> {
    pub(super) fn new(
        stored: Stored<'a>,
        mut added: Vec<DirectoryEntry>,
        removed: HashSet<Name>,
    ) -> Self {
        added.sort_by_cached_key(order);
        Self {
            stored: stored.peekable(),
            added: added.into_iter().peekable(),
            removed,
        }
    }
}

fn order(entry: &DirectoryEntry) -> (Folded, Name) {
    (fold(entry.name.units()), entry.name.clone())
}

impl Iterator for Merged<'_> {
    type Item = Result<DirectoryEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let stored = match self.stored.peek() {
                Some(Err(_)) => return self.stored.next(),
                Some(Ok(entry)) if self.removed.contains(&entry.name) => {
                    self.stored.next();
                    continue;
                }
                Some(Ok(entry)) => Some(order(entry)),
                None => None,
            };
            let added = self.added.peek().map(order);
            return match (stored, added) {
                (Some(stored), Some(added)) if added < stored => self.added.next().map(Ok),
                (Some(_), _) => self.stored.next(),
                (None, _) => self.added.next().map(Ok),
            };
        }
    }
}
