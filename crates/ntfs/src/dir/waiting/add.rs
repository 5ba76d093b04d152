//! Letting entries wait: when it pays, and may be.

use linkwright_ntfs_format::{RecordNumber, file_name, index};

use super::{Directory, Fate, MOST_DIRECTORIES, NAME_PART, Names, Stage};
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::collation::Collation;
use crate::index::cursor::Cursor;
use crate::index::store::IndexStore;

/// An index of smaller blocks may not take every entry.
const LEAST_BLOCK: usize = 2048;

/// What room is set aside for, in bytes: so many halves of the blocks that entries
/// may change, and so many times the entries. The first entry of a block may divide
/// it, so that as many may come, in fresh places, and each further one takes half a
/// block of entries; those that were there have images in the commit, and a table;
/// what changes and divides above the leaves is a tenth of that.
const FOR_BLOCKS: usize = 5;
const FOR_ENTRIES: usize = 3;

/// Bytes that are set aside beside that, for what holds the index together.
const SLACK: usize = 1 << 20;

/// This part of the volume stays free, but not more bytes than so many, beside what
/// the group may need, or the first of these parts of the volume that is free: then
/// the group is written when it needs that.
const FREE_PART: u64 = 8;
const MOST_FREE: u64 = 256 << 20;
const GROUP_PARTS: [u64; 3] = [4, 8, 16];

/// Bytes that are set aside at a time, a quarter of all at least, and in how many
/// pieces.
const ROOM_STEP: u64 = 4 << 20;
const MOST_PIECES: usize = 1024;

impl Engine {
    /// Decides about an entry of `name`, and keeps it when it waits.
    pub(in crate::dir) fn let_wait(
        &mut self,
        directory: RecordNumber,
        name: &[u16],
        entry: &[u8],
    ) -> Result<Fate> {
        if self.waiting.is_empty() {
            self.waiting.tidy(self.cache.limit());
        }
        let open = self.waiting.is_open();
        if open {
            self.note_entry(directory);
        }
        let Some(known) = self.waiting.directories.get_mut(&directory.0) else {
            return Ok(Fate::Direct);
        };
        let Some(names) = &mut known.names else {
            return Ok(Fate::Direct);
        };
        let number = self.waiting.seed.number(name.iter().copied(), &self.upcase);
        if !names.insert(number) {
            if open && !self.waiting.is_empty() {
                self.waiting.stage = Stage::Doubtful;
                return Err(InvalidInput::NameCollision.into());
            }
            return Ok(Fate::Direct);
        }
        self.waiting.known += 1;
        if !open || !self.has_room_for(directory, entry.len())? {
            return Ok(Fate::Direct);
        }
        self.waiting.push(directory, entry);
        self.state.waiting_len = self.waiting.log.len();
        Ok(Fate::Waits)
    }

    /// An entry comes into a directory: walks it when that has become worth it.
    fn note_entry(&mut self, directory: RecordNumber) {
        let directories = &mut self.waiting.directories;
        if directories.len() >= MOST_DIRECTORIES && !directories.contains_key(&directory.0) {
            return;
        }
        let known = directories.entry(directory.0).or_default();
        known.came = known.came.saturating_add(1);
        if known.names.is_some() || known.came < known.wanted {
            return;
        }
        // What is wrong with the index is told to who needs it.
        let walked = self.walk(directory, known_limit(self)).unwrap_or_default();
        let known = self.waiting.directories.entry(directory.0).or_default();
        match walked {
            Walked::Known(walked) => {
                self.waiting.known += walked.names.as_ref().map_or(0, Names::len);
                *known = walked;
            }
            Walked::Later(blocks) => known.wanted = blocks,
            Walked::Unfit => known.wanted = u32::MAX,
        }
    }

    /// The numbers of all names in a directory.
    fn walk(&self, directory: RecordNumber, most: usize) -> Result<Walked> {
        let index = AttributeIndex::open(self, directory, &index::I30)?;
        let block_size = index.block_size();
        if block_size < LEAST_BLOCK {
            return Ok(Walked::Unfit);
        }
        let blocks = u32::try_from(index.block_count()).unwrap_or(u32::MAX);
        let known = self.waiting.directories.get(&directory.0);
        if known.is_some_and(|known| known.came < blocks) {
            return Ok(Walked::Later(blocks));
        }
        let mut names = Names::default();
        let mut cursor = Cursor::first();
        let order = Collation::FileName(&self.upcase);
        while let Some(found) = cursor.next(&index, order)? {
            let Ok(name) = file_name::name_bytes(found.key()) else {
                return Ok(Walked::Unfit);
            };
            let (units, _) = name.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
            names.insert(self.waiting.seed.number(units, &self.upcase));
            if names.len() > most {
                return Ok(Walked::Unfit);
            }
        }
        Ok(Walked::Known(Directory {
            names: Some(names),
            block_size,
            blocks: usize::try_from(blocks).unwrap_or(usize::MAX),
            ..Directory::default()
        }))
    }

    /// Whether room is set aside for one more entry.
    fn has_room_for(&mut self, directory: RecordNumber, entry: usize) -> Result<bool> {
        let block = self.waiting.directories.get(&directory.0);
        let block = block.map_or(0, |known| known.block_size);
        let wanted = FOR_BLOCKS * (self.waiting.weight + block) / 2
            + FOR_ENTRIES * (self.waiting.log.bytes() + entry)
            + SLACK;
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
        if self.waiting.room_bytes < wanted && !self.has_enough_beside(wanted)? {
            return Ok(self.no_room());
        }
        while self.waiting.room_bytes < wanted {
            let missing = wanted - self.waiting.room_bytes;
            let count = self.clusters_for(missing.max(wanted / 4).max(ROOM_STEP));
            let room = match self.waiting.room.len() < MOST_PIECES {
                true => self.reserve_far_clusters(count)?,
                false => None,
            };
            let Some((lcn, length)) = room else {
                return Ok(self.no_room());
            };
            self.waiting.room.push(lcn.0);
            self.waiting.room_bytes += length << self.geometry.cluster_shift();
        }
        Ok(true)
    }

    /// Whether others find room when so many bytes are set aside.
    fn has_enough_beside(&mut self, wanted: u64) -> Result<bool> {
        let missing = wanted.saturating_sub(self.waiting.room_bytes);
        let total = self.geometry.cluster_count();
        let lent = self.lent_bytes();
        let group = self.clusters_for(self.group_bytes().saturating_sub(lent));
        let others = (total / FREE_PART).min(self.clusters_for(MOST_FREE));
        for part in GROUP_PARTS {
            let group = group.min(total / part);
            if self.has_free_pieces(self.clusters_for(missing) + others + group)? {
                self.waiting.spared = lent + (group << self.geometry.cluster_shift());
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// There is none; `false`.
    fn no_room(&mut self) -> bool {
        self.waiting.no_room();
        if self.waiting.is_empty() {
            self.give_room_back();
        }
        false
    }

    /// What was set aside is free again.
    pub(super) fn give_room_back(&mut self) {
        for start in core::mem::take(&mut self.waiting.room) {
            self.reserved.give_back(start);
        }
        self.waiting.room_bytes = 0;
    }
}

/// How many more names may be known.
fn known_limit(engine: &Engine) -> usize {
    (engine.cache.limit() / NAME_PART).saturating_sub(engine.waiting.known)
}

/// What came of a walk.
#[derive(Debug, Default)]
enum Walked {
    Known(Directory),
    /// It pays when so many entries came.
    Later(u32),
    /// Its entries cannot wait.
    #[default]
    Unfit,
}
