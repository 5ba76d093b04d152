//! The spill area: free clusters for changed blocks that memory, or the log and what
//! is lent to it, has no room for.
//!
//! Invariants
//! - Nothing moves before there is room for all that would have to: what an
//!   operation lacks must not be missing to those before it.
//! - Room for the table that names the blocks is there before they move.

use super::large::table_room;
use crate::cache::{Segment, SpillArea, SpillPlace};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::JournalMode;
use crate::txn::{FarBlock, MAX_FAR, Store, WriteSet, is_readable, push_block, table_len};

/// Bytes by which the area grows at a time, where there are.
const SPILL_STEP: u64 = 256 << 10;

/// Blocks that are moved together.
const SPILL_BATCH: usize = 256;

/// Space lent by the volume for what memory has no room for.
#[derive(Default)]
pub(crate) struct Spill {
    area: SpillArea,
    /// First clusters of what the area has.
    taken: Vec<u64>,
    /// Device offsets and lengths for the table of the next commit.
    table: Vec<(u64, u64)>,
    /// The same for the images and the table of a large group.
    pub(super) lent: Vec<(u64, u64)>,
}

impl Spill {
    fn table_bytes(&self) -> u64 {
        self.table.iter().map(|(_, len)| len).sum()
    }
}

impl Engine {
    /// Moves dirty blocks out of memory when they take too much of it. Part of
    /// the work of the frame that made them.
    pub(crate) fn relieve_memory(&mut self) -> Result<()> {
        let load = self.cache.load();
        let limit = self.cache.limit();
        let journaled = self.options.journal == JournalMode::On;
        if journaled && load.logged + load.fresh > limit / 2 {
            self.spill_down_to(limit / 4)?;
        }
        self.cache.trim();
        Ok(())
    }

    /// Moves all dirty blocks to the spill area, and finds room for its table.
    pub(super) fn prepare_spill(&mut self) -> Result<()> {
        self.land()?;
        self.mark_open()?;
        self.spill_down_to(0)?;
        self.reserve_table(table_len(&self.far_blocks()))
    }

    /// Commits a group of which a part is in the spill area.
    pub(super) fn commit_spilled(&mut self) -> Result<()> {
        self.prepare_spill()?;
        let blocks = self.far_blocks();
        if !blocks.is_empty() {
            let table = core::mem::take(&mut self.spill.table);
            self.store.commit_far(blocks, &table)?;
        }
        self.cache.mark_clean();
        self.give_spill_back();
        Ok(())
    }

    /// The spill area's clusters are free again.
    pub(crate) fn give_spill_back(&mut self) {
        if self.spill.taken.is_empty() {
            return;
        }
        let lent = core::mem::take(&mut self.spill.lent);
        for start in core::mem::take(&mut self.spill).taken {
            self.reserved.give_back(start);
        }
        self.spill.lent = lent;
    }

    /// Moves dirty blocks out of memory so that `keep` bytes of them stay:
    /// straight to their place when it shows nothing whatever becomes of the open
    /// transaction, else to the spill area.
    fn spill_down_to(&mut self, keep: usize) -> Result<()> {
        self.land()?;
        self.cache.settle_frames();
        let victims = self.cache.victims(keep);
        if !victims.is_empty() {
            self.find_spill_room()?;
        }
        for batch in victims.chunks(SPILL_BATCH) {
            let (mut straight, mut away) = (WriteSet::default(), WriteSet::default());
            let mut placed: Vec<(u64, Option<SpillPlace>)> = Vec::new();
            for key in batch {
                let Some((location, bytes, in_place)) = self.cache.encoded(*key)? else {
                    continue;
                };
                if in_place {
                    push(&mut straight, location.segments(), &bytes);
                    placed.push((*key, None));
                } else {
                    let place = self.spill_place(bytes.len())?;
                    push(&mut away, place.segments().iter().copied(), &bytes);
                    placed.push((*key, Some(place)));
                }
            }
            self.write_straight(&straight)?;
            self.write_straight(&away)?;
            for (key, place) in placed {
                match place {
                    Some(place) => self.cache.set_spilled(key, place),
                    None => self.cache.set_in_place(key),
                }
            }
        }
        Ok(())
    }

    /// Finds out whether there is room for all that is dirty, and takes what its
    /// table needs.
    fn find_spill_room(&mut self) -> Result<()> {
        let away = self.cache.away_lengths();
        let bytes: usize = away.iter().map(|(len, count)| len * count).sum();
        let all = bytes.saturating_add(self.cache.load().spilled);
        let table = table_room(u64::try_from(all).unwrap_or(u64::MAX));
        let missing = self.spill.area.missing(away);
        let missing = u64::try_from(missing).unwrap_or(u64::MAX);
        let for_table = table.saturating_sub(self.spill.table_bytes());
        // No cluster has parts of both.
        let room = self.clusters_for(missing) + self.clusters_for(for_table);
        if !self.has_free_clusters(room.saturating_sub(self.lent_clusters()))? {
            return Err(Error::DiskFull);
        }
        self.take_lent_back();
        self.reserve_table(table)
    }

    fn reserve_table(&mut self, bytes: u64) -> Result<()> {
        let mut have = self.spill.table_bytes();
        while have < bytes {
            if !is_readable(bytes, self.spill.table.len() + 1) {
                return Err(Error::DiskFull);
            }
            let extent = self.reserve_bytes(bytes - have)?;
            self.spill.table.push(extent);
            have += extent.1;
        }
        Ok(())
    }

    fn spill_place(&mut self, len: usize) -> Result<SpillPlace> {
        loop {
            if let Some(place) = self.spill.area.take(len) {
                return Ok(place);
            }
            let (offset, room) = self.reserve_bytes(SPILL_STEP)?;
            self.spill.area.add(Segment {
                offset,
                len: usize::try_from(room).unwrap_or(0),
            });
        }
    }

    /// Takes at most the clusters of `bytes`, in one piece, for use in memory.
    fn reserve_bytes(&mut self, bytes: u64) -> Result<(u64, u64)> {
        let count = self.clusters_for(bytes);
        let (lcn, length) = self.reserve_clusters(count)?.ok_or(Error::DiskFull)?;
        self.spill.taken.push(lcn.0);
        let shift = self.geometry.cluster_shift();
        Ok((lcn.0 << shift, length << shift))
    }

    /// The blocks in the spill area, for the journal.
    fn far_blocks(&self) -> Vec<FarBlock> {
        let mut blocks = Vec::new();
        self.cache.spilled_parts(|target, source, len| {
            let mut done = 0;
            while done < len {
                let take = (len - done).min(MAX_FAR);
                let at = u64::try_from(done).unwrap_or(u64::MAX);
                let block = FarBlock {
                    target: target + at,
                    source: source + at,
                    len: take,
                };
                push_block(&mut blocks, block);
                done += take;
            }
        });
        blocks
    }

    /// The bytes of a dirty block that is not in memory.
    pub(crate) fn read_spilled(&self, key: u64, len: usize) -> Result<Option<Vec<u8>>> {
        match self.cache.spilled(key) {
            Some(place) => read_place(&self.store, &place, len).map(Some),
            None => Ok(None),
        }
    }
}

pub(super) fn read_place(store: &Store, place: &SpillPlace, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut rest = bytes.as_mut_slice();
    for segment in place.segments() {
        let (part, tail) = rest
            .split_at_mut_checked(segment.len)
            .unwrap_or((&mut [], &mut []));
        store.read(segment.offset, part)?;
        rest = tail;
    }
    Ok(bytes)
}

fn push(set: &mut WriteSet, segments: impl Iterator<Item = Segment>, bytes: &[u8]) {
    let mut rest = bytes;
    for segment in segments {
        let (part, tail) = rest.split_at_checked(segment.len).unwrap_or((rest, &[]));
        set.push(segment.offset, part);
        rest = tail;
    }
}
