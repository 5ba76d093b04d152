//! The tunnel cache: a name that comes back soon after it went gets the creation
//! time and the 8.3 name it had (MS-FSA 2.1.1.10).
//!
//! Programs save a file by writing another one and renaming it; without the
//! cache every save would make the file look new.

use std::collections::HashMap;

use linkwright_fs::{DirectoryEntry, Name, Timestamp};
use linkwright_names::UpcaseTable;

use super::objects::FileKey;

/// How long a name is remembered (in seconds), Windows' default
/// (`MaximumTunnelEntryAgeInSeconds`).
const MAX_AGE: i64 = 15;

/// Most names that are remembered (`MaximumTunnelEntries`).
const MAX_ENTRIES: usize = 1024;

/// What a name had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tunnelled {
    pub(crate) created: Timestamp,
    pub(crate) short_name: Option<Name>,
    at: Timestamp,
}

/// See the module's text.
pub(crate) struct Tunnel {
    upcase: UpcaseTable,
    entries: HashMap<(FileKey, Vec<u16>), Tunnelled>,
}

impl Default for Tunnel {
    fn default() -> Self {
        Self {
            upcase: UpcaseTable::windows(),
            entries: HashMap::new(),
        }
    }
}

impl Tunnel {
    /// A name of a file went.
    pub(crate) fn remember(
        &mut self,
        directory: FileKey,
        entry: &DirectoryEntry,
        created: Timestamp,
        now: Timestamp,
    ) {
        self.entries.retain(|_, entry| is_young(entry, now));
        if self.entries.len() >= MAX_ENTRIES {
            return;
        }
        let tunnelled = Tunnelled {
            created,
            short_name: entry.short_name.clone(),
            at: now,
        };
        let key = (directory, self.upcase.fold_name(entry.name.units()));
        self.entries.insert(key, tunnelled);
    }

    /// A name comes: what it had, once.
    pub(crate) fn take(
        &mut self,
        directory: FileKey,
        name: &Name,
        now: Timestamp,
    ) -> Option<Tunnelled> {
        if self.entries.is_empty() {
            return None;
        }
        let key = (directory, self.upcase.fold_name(name.units()));
        self.entries
            .remove(&key)
            .filter(|entry| is_young(entry, now))
    }
}

fn is_young(entry: &Tunnelled, now: Timestamp) -> bool {
    let age = now.seconds.saturating_sub(entry.at.seconds);
    match age {
        0..MAX_AGE => true,
        MAX_AGE => now.nanos <= entry.at.nanos,
        _ => false,
    }
}
