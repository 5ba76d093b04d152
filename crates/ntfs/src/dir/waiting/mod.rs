//! Entries that wait for their places in directories: what single calls add in a
//! row is put in together, sorted, each leaf found once for all that belongs
//! into it.
//!
//! Invariants
//! - Nobody sees a directory that lacks an entry: who asks the volume anything,
//!   or changes anything else, has the entries put in first
//!   ([`Engine::settle`](crate::engine::Engine::settle)), and so has a commit.
//! - An entry waits only where its name is free for certain: the names of its
//!   directory, those that wait among them, are known by number (`names`), after
//!   a walk over the whole index that found it sound.
//! - Room on the volume for all that they may need is set aside, so that putting
//!   them in does not find it full.
//! - Putting in fails as any operation does, whole: the entries wait on, and
//!   nothing is committed without them.
//! - When entries are put in depends on what the caller does alone, so that the
//!   same operations make the same bytes.

mod add;
mod log;
mod names;
mod settle;

use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use linkwright_ntfs_format::RecordNumber;

use crate::cache::NumberHasher;
use log::Log;
use names::{Names, Seed};

/// Whether an entry is put in at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Fate {
    /// It waits.
    Waits,
    /// It must be put in now.
    Direct,
}

/// Whether operations leave entries waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// They do not.
    #[default]
    Closed,
    /// One that may is under way.
    Open,
    /// It met a name that may be taken by one that waits: it is run again when
    /// those were put in.
    Doubtful,
    /// They are being put in.
    Settling,
}

/// Operations in a row that do nothing but add entries, before the first one
/// waits; more of them, up to a bound, where fewer than that came of it.
const RUN: u32 = 16;
const LONGEST_RUN: u32 = 1024;

/// Directories that are kept in mind.
const MOST_DIRECTORIES: usize = 4096;

/// Entries before a directory is walked for its names.
const FIRST: u32 = 4;

/// Bytes of the cache for each number of a name.
const NAME_PART: usize = 256;

/// Names from which a directory goes without where there are too many.
const LARGE: usize = 4096;

/// Entries that wait may have this part of the cache's size beside it, and so many
/// bytes at most; or so many, as long as they would change more than so many bytes of
/// blocks for each of them: then a block is written for few.
const LOG_PART: usize = 32;
const MOST_LOG: usize = 64 << 20;
const MOST_THIN_LOG: usize = 256 << 20;
const THIN: usize = 1024;

/// Where there is no room for so many entries, none waits for so many operations.
const WORTH: usize = 512;
const PAUSE: u32 = 16 * 1024;

/// Bytes of blocks for each entry from which on they are far apart.
const SPARSE: usize = 2048;

/// What is known of a directory.
#[derive(Debug)]
struct Directory {
    /// Numbers of its names, once it was walked.
    names: Option<Names>,
    /// Entries that were added.
    came: u32,
    /// So many make it worth a walk.
    wanted: u32,
    /// Bytes and number of its index blocks.
    block_size: usize,
    blocks: usize,
    /// Entries that wait.
    waiting: usize,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            names: None,
            came: 0,
            wanted: FIRST,
            block_size: 0,
            blocks: 0,
            waiting: 0,
        }
    }
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    log: Log,
    directories: HashMap<u64, Directory, BuildHasherDefault<NumberHasher>>,
    seed: Seed,
    /// Numbers of names, in all directories.
    known: usize,
    /// Bytes of blocks that putting the entries in may change.
    weight: usize,
    /// First clusters of what is set aside, and bytes of all.
    room: Vec<u64>,
    room_bytes: u64,
    /// Bytes that the group may have in the log's place: lent, or free when room was
    /// last set aside.
    spared: u64,
    /// Whether room ran out.
    crowded: bool,
    /// Operations to come until room is looked for again.
    pause: u32,
    /// Operations in a row that did nothing but add entries.
    run: AtomicU32,
    /// How many of them come before one waits, beside [`RUN`].
    patience: u32,
    stage: Stage,
}

impl Waiting {
    /// Whether no entry waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.log.len()
    }

    /// An operation comes that does nothing but add entries: whether enough of
    /// them came in a row, so that its own may wait.
    pub(crate) fn pays(&mut self) -> bool {
        self.pause = self.pause.saturating_sub(1);
        let run = self.run.get_mut();
        *run = run.saturating_add(1);
        *run > RUN + self.patience && self.pause == 0
    }

    /// Entries of the operation under way may wait.
    pub(crate) fn open(&mut self) {
        self.stage = Stage::Open;
    }

    fn is_open(&self) -> bool {
        self.pause == 0 && matches!(self.stage, Stage::Open | Stage::Doubtful)
    }

    /// The operation is done: whether it must be run again when what waits was
    /// put in.
    pub(crate) fn close(&mut self) -> bool {
        core::mem::take(&mut self.stage) == Stage::Doubtful
    }

    /// Somebody does something else.
    pub(crate) fn interrupt(&self) {
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
    }

    /// Whether what was done so far is not whole without the entries.
    pub(crate) fn holds_back(&self) -> bool {
        !self.is_empty() || self.stage == Stage::Settling
    }

    /// Whether room is set aside that would be free if the entries were put in.
    pub(crate) fn holds_room(&self) -> bool {
        !self.room.is_empty()
    }

    /// Bytes of blocks that putting the entries in may change.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Bytes to be logged for which there is room beside what is set aside.
    pub(crate) fn spared(&self) -> u64 {
        self.spared
    }

    /// Whether the entries take as much memory as they may beside a cache, or all
    /// the room there is.
    pub(crate) fn is_due(&self, cache: usize) -> bool {
        let most = match self.weight > self.log.len() * THIN {
            true => MOST_THIN_LOG,
            false => MOST_LOG,
        };
        self.crowded || self.log.bytes() > (cache / LOG_PART).min(most)
    }

    /// There is no room for one more.
    fn no_room(&mut self) {
        // Where each entry has a block of its own, nothing is gained.
        if self.log.len() < WORTH || self.weight > self.log.len() * SPARSE {
            self.rest();
        }
        self.crowded = !self.is_empty();
    }

    /// For a while none waits.
    pub(crate) fn rest(&mut self) {
        self.pause = PAUSE;
    }

    /// Entries come into a directory that are not told one by one; none of it
    /// waits.
    pub(crate) fn forget(&mut self, directory: RecordNumber) {
        if let Some(gone) = self.directories.remove(&directory.0) {
            self.known -= gone.names.map_or(0, |names| names.len());
        }
    }

    /// Takes back the entries behind the first `len`. Their names may be taken
    /// for taken from now on.
    pub(crate) fn truncate(&mut self, len: usize) {
        while self.log.len() > len {
            let Some(directory) = self.log.pop() else {
                break;
            };
            if let Some(known) = self.directories.get_mut(&directory) {
                self.weight = self.weight.saturating_sub(known.share());
                known.waiting = known.waiting.saturating_sub(1);
            }
        }
    }

    /// An entry waits.
    fn push(&mut self, directory: RecordNumber, entry: &[u8]) {
        self.log.push(directory, entry);
        if let Some(known) = self.directories.get_mut(&directory.0) {
            known.waiting += 1;
            self.weight += known.share();
        }
    }

    /// All entries of `log` were put in but those of `rest`, which wait on.
    fn settled(&mut self, mut log: Log, rest: impl Iterator<Item = usize>) {
        let few = u32::try_from(log.len()).is_ok_and(|len| len < RUN);
        self.patience = match few {
            true => (2 * self.patience + RUN).min(LONGEST_RUN),
            false => 0,
        };
        (self.weight, self.crowded) = (0, false);
        for known in self.directories.values_mut() {
            known.waiting = 0;
        }
        for at in rest {
            if let Some(directory) = log.directory(at) {
                self.push(directory, log.entry(at));
            }
        }
        if self.log.is_empty() {
            log.clear();
            self.log = log;
        }
    }

    /// Forgets names where there are more than memory should have, those of large
    /// directories first; no entry waits.
    fn tidy(&mut self, cache: usize) {
        let most = cache / NAME_PART;
        if self.known > most {
            for known in self.directories.values_mut() {
                if known
                    .names
                    .as_ref()
                    .is_some_and(|names| names.len() >= LARGE)
                {
                    known.names = None;
                    known.wanted = u32::MAX;
                }
            }
            self.count_names();
        }
        if self.known > most || self.directories.len() >= MOST_DIRECTORIES {
            self.directories.clear();
            self.known = 0;
        }
    }

    fn count_names(&mut self) {
        let names = |known: &Directory| known.names.as_ref().map_or(0, Names::len);
        self.known = self.directories.values().map(names).sum();
    }
}

impl Directory {
    /// What the last entry that waits added to the blocks that may change: one
    /// block, as long as there are others.
    fn share(&self) -> usize {
        if self.waiting <= self.blocks + 1 {
            self.block_size
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories with so many names each.
    fn knowing(directories: u64, names: u64) -> Waiting {
        let mut waiting = Waiting::default();
        for directory in 0..directories {
            let mut known = Names::default();
            for name in 0..names {
                known.insert(name);
            }
            waiting.known += known.len();
            let known = Directory {
                names: Some(known),
                ..Directory::default()
            };
            waiting.directories.insert(directory, known);
        }
        waiting
    }

    #[test]
    fn names_stay_within_their_part_of_memory() {
        const CACHE: usize = 16_384 * NAME_PART;
        let mut waiting = knowing(3, 5000);
        waiting.tidy(CACHE);
        assert_eq!((waiting.known, waiting.directories.len()), (15_000, 3));
        let mut waiting = knowing(4, 5000);
        waiting.tidy(CACHE);
        // They are remembered as too large.
        assert_eq!((waiting.known, waiting.directories.len()), (0, 4));
        assert!(waiting.directories.values().all(|d| d.wanted == u32::MAX));
        let mut waiting = knowing(100, 200);
        waiting.tidy(CACHE);
        assert_eq!((waiting.known, waiting.directories.len()), (0, 0));
    }

    #[test]
    fn rows_that_end_early_make_patient() {
        let mut waiting = Waiting::default();
        // Operations until one may wait, when so many entries came of it then.
        let mut operations = |entries: usize| {
            waiting.interrupt();
            let row = 1 + (0..).take_while(|_| !waiting.pays()).count();
            for _ in 0..entries {
                waiting.push(RecordNumber(5), &[0; 100]);
            }
            let log = core::mem::take(&mut waiting.log);
            waiting.settled(log, core::iter::empty());
            row
        };
        assert_eq!([3, 3, 3, 3].map(&mut operations), [17, 33, 65, 129]);
        assert_eq!([3; 9].map(&mut operations)[8], 16 + 1024 + 1);
        assert_eq!([100, 3, 3].map(operations), [1041, 17, 33]);
    }

    #[test]
    fn what_is_taken_back_weighs_nothing() {
        let mut waiting = knowing(1, 3);
        let directory = RecordNumber(0);
        if let Some(known) = waiting.directories.get_mut(&0) {
            (known.block_size, known.blocks) = (4096, 2);
        }
        for n in 0_u8..5 {
            waiting.push(directory, &[n; 100]);
        }
        // Two blocks and the root.
        assert_eq!((waiting.len(), waiting.weight()), (5, 3 * 4096));
        waiting.truncate(4);
        assert_eq!((waiting.len(), waiting.weight()), (4, 3 * 4096));
        waiting.truncate(1);
        assert_eq!((waiting.len(), waiting.weight()), (1, 4096));
        assert_eq!(waiting.log.entry(0), [0; 100]);
        waiting.truncate(0);
        assert_eq!((waiting.weight(), waiting.log.bytes()), (0, 0));
    }

    #[test]
    fn more_entries_wait_where_a_block_would_take_few() {
        let mut waiting = Waiting::default();
        while waiting.log.bytes() <= MOST_LOG {
            waiting.push(RecordNumber(5), &[0; 1 << 20]);
        }
        let cache = usize::MAX;
        assert!(waiting.is_due(cache));
        waiting.weight = waiting.log.len() * THIN + 1;
        assert!(!waiting.is_due(cache) && waiting.is_due(1 << 30));
        while waiting.log.bytes() <= MOST_THIN_LOG {
            waiting.push(RecordNumber(5), &[0; 1 << 20]);
            waiting.weight += THIN;
        }
        assert!(waiting.is_due(cache));
    }
}
