//! When what was done reaches the device, and what happens when memory or the
//! log has no room for it.
//!
//! A group is everything that was done since the last commit. Its blocks in
//! places that were free then are written straight there; the journal takes
//! the others. A group that the log cannot take is written as a large one
//! (`large`). One that memory cannot take has its blocks in the spill area: free
//! clusters, in use in memory only, that are free again when the group is in
//! place.

use super::beside::Pace;
use super::large::LARGE;
use crate::cache::{Load, Segment, SpillArea, SpillPlace};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::{Durability, JournalMode};
use crate::txn::{FarBlock, MAX_FAR, WriteSet, is_readable, push_block, table_len};

/// How far a group of operations is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Handed to the operating system.
    Written,
    /// Durable.
    Flushed,
    /// In place, durable, and nothing of it in the log any more.
    InPlace,
}

/// The images waiting in the journal may have this part of the cache's size
/// beside the cache, so that memory stays bounded by that option.
const CACHE_PART: usize = 8;

/// What is gathered may have this part of the cache: one group in the air, one
/// that is gathered meanwhile, and room for what is only read.
const GROUP_PART: usize = 4;

/// The same when this part of the group in the air was changed again: the larger
/// the groups, the fewer of them write those blocks.
const LATE_PART: usize = 2;
const RETURNED_PART: usize = 4;

/// The most bytes of changed blocks that are gathered, whatever the cache holds:
/// what is gathered and not committed is lost with the process.
const MOST_GROUP: usize = 1 << 30;

/// Bytes in fresh places that go through the log all the same: that costs less
/// than the flush between them and a commit.
const FRESH_IN_LOG: usize = 64 << 10;

/// Bytes that what marks the volume may add to a group.
const SLACK: u64 = 16 << 10;

/// Bytes by which the spill area grows at a time, where there are.
const SPILL_STEP: u64 = 256 << 10;

/// Blocks that are moved to the spill area together.
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

impl Engine {
    /// What a finished operation calls for.
    pub(crate) fn after_operation(&mut self) -> Result<()> {
        if self.cache.in_frame() {
            return Ok(());
        }
        let load = self.settle_for_group()?;
        match self.options.durability {
            Durability::Immediate => self.write_out(Reach::Flushed),
            Durability::Written => self.write_out(Reach::Written),
            // Room was found for what spilled: it is committed now.
            Durability::OnSync if load.spilled > 0 => self.write_out(Reach::Written),
            Durability::OnSync if load.logged + load.fresh > self.group_limit(load) => {
                self.write_beside()
            }
            Durability::OnSync => Ok(()),
        }
    }

    /// Commits what is gathered, beside the caller when it is a large group.
    fn write_beside(&mut self) -> Result<()> {
        self.land()?;
        let journaled = self.options.journal == JournalMode::On;
        let load = self.cache.load();
        if journaled && load.logged + load.fresh > LARGE {
            self.mark_open()?;
            if self.lend_for(self.cache.load().logged)? {
                return self.take_off(Pace::Beside);
            }
        }
        self.write_out(Reach::Written)
    }

    /// Makes everything done so far durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.write_out(Reach::Flushed)
    }

    /// Bytes of changed blocks that are gathered before they are committed.
    fn group_limit(&self, load: Load) -> usize {
        let returns = load.returned > load.flying / RETURNED_PART;
        let part = if returns { LATE_PART } else { GROUP_PART };
        (self.cache.limit() / part).min(MOST_GROUP)
    }

    /// Bytes of clusters that the group may need beside those that are lent to it
    /// already.
    pub(crate) fn group_bytes_to_lend(&self) -> u64 {
        let limit = self.group_limit(self.cache.load());
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let lent: u64 = self.spill.lent.iter().map(|(_, len)| len).sum();
        limit.saturating_sub(lent)
    }

    /// Has the entries that wait put in where that is due: they take too much memory,
    /// the group is full, or they would make it larger than any should be; then the
    /// group is as good as full.
    fn settle_for_group(&mut self) -> Result<Load> {
        let load = self.cache.load();
        let limit = self.cache.limit();
        let group = load.logged + load.fresh;
        // Blocks come as well.
        let with_entries = group + self.waiting.weight() / 2 * 3;
        let most = (limit / LATE_PART).min(MOST_GROUP);
        let full = group > self.group_limit(load) || with_entries > most;
        if self.waiting.is_empty() || !(full || self.waiting.is_due(limit)) {
            return Ok(load);
        }
        self.settle()?;
        let load = self.cache.load();
        if full && load.logged + load.fresh > most / 2 {
            self.write_beside()?;
        }
        Ok(self.cache.load())
    }

    /// Whether clusters that were freed wait for a checkpoint.
    pub(crate) fn holds_space(&self) -> bool {
        !self.pending.is_empty() || self.cache.is_dirty()
    }

    /// Makes freed clusters usable.
    pub(crate) fn release_space(&mut self) -> Result<()> {
        self.write_out(Reach::InPlace)?;
        self.take_lent_back();
        Ok(())
    }

    fn write_out(&mut self, reach: Reach) -> Result<()> {
        self.settle()?;
        self.land()?;
        if self.cache.is_dirty() {
            self.mark_open()?;
            self.commit_group()?;
        }
        match reach {
            Reach::Written => Ok(()),
            Reach::Flushed => self.store.flush(),
            Reach::InPlace => self.checkpoint(),
        }?;
        let held = self.store.held_bytes() > self.cache.limit() / CACHE_PART;
        if held || self.store.is_nearly_full() {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn commit_group(&mut self) -> Result<()> {
        self.store.check_latch()?;
        let load = self.cache.load();
        if self.options.journal == JournalMode::OffForMeasurement {
            let (_, all) = self.cache.write_sets(false)?;
            self.store.write_through(&all)?;
            self.cache.mark_clean();
            return Ok(());
        }
        let large = load.logged > LARGE || !self.log_takes(load.logged);
        if large && load.spilled == 0 && self.lend_for(load.logged)? {
            return self.take_off(Pace::Waiting);
        }
        if load.spilled > 0 || !self.log_takes(load.logged) {
            return self.commit_spilled();
        }
        let apart = load.fresh > 0
            && (load.fresh > FRESH_IN_LOG
                || self.store.has_fresh()
                || !self.log_takes(load.logged + load.fresh));
        let (fresh, logged) = self.cache.write_sets(apart)?;
        self.write_straight(&fresh)?;
        self.store.commit(&logged)?;
        self.cache.mark_clean();
        Ok(())
    }

    fn write_straight(&self, set: &WriteSet) -> Result<()> {
        for write in set.writes() {
            self.store.write_fresh(write.offset, &write.bytes)?;
        }
        Ok(())
    }

    /// Whether the log takes a group of so many bytes.
    pub(super) fn log_takes(&self, bytes: usize) -> bool {
        self.store.fits(
            u64::try_from(bytes)
                .unwrap_or(u64::MAX)
                .saturating_add(SLACK),
        )
    }

    /// Everything committed is in place: what it freed may be used.
    pub(super) fn checkpoint(&mut self) -> Result<()> {
        self.store.checkpoint()?;
        self.forget_pending();
        Ok(())
    }

    /// Nothing that is in the log has an image of a freed cluster.
    pub(super) fn forget_pending(&mut self) {
        self.pending.clear();
        self.state.pending_len = 0;
    }

    /// Makes sure that the open frame's work can be committed, with what was
    /// done before it: room for what the log cannot take is found now.
    pub(crate) fn check_journal_room(&mut self) -> Result<()> {
        let load = self.cache.load();
        if self.options.journal == JournalMode::OffForMeasurement {
            return Ok(());
        }
        let fits = self.log_takes(load.logged);
        if load.spilled == 0 && (fits || self.lend_for(load.logged)?) {
            return Ok(());
        }
        if self.waiting.holds_room() {
            // With what is set aside for entries, all of it may have room.
            return Err(Error::DiskFull);
        }
        // What was done before may be all that is too much.
        let spilled = load.spilled > 0;
        if self.release_earlier()? && !spilled && self.log_takes(self.cache.load().logged) {
            return Ok(());
        }
        self.prepare_spill()
    }

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

    /// Moves all dirty blocks to the spill area and finds room for the table.
    fn prepare_spill(&mut self) -> Result<()> {
        self.land()?;
        self.mark_open()?;
        self.spill_down_to(0)?;
        let needed = table_len(&self.far_blocks());
        let mut have: u64 = self.spill.table.iter().map(|(_, len)| len).sum();
        while have < needed {
            if !is_readable(needed, self.spill.table.len() + 1) {
                return Err(Error::DiskFull);
            }
            let extent = self.reserve_bytes(needed - have)?;
            self.spill.table.push(extent);
            have += extent.1;
        }
        Ok(())
    }

    fn commit_spilled(&mut self) -> Result<()> {
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
    /// straight to their place when it was free before the open transaction,
    /// else to the spill area.
    fn spill_down_to(&mut self, keep: usize) -> Result<()> {
        self.land()?;
        self.cache.settle_frames();
        let victims = self.cache.victims(keep);
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

    /// The open transaction found the volume full: commits what was done before
    /// it and brings all that is committed into place, so that what that freed
    /// can be used and its blocks need no room any more. Tells whether there
    /// was anything.
    pub(crate) fn release_earlier(&mut self) -> Result<bool> {
        if self.waiting.holds_back() {
            // What was done before lacks entries.
            return Ok(false);
        }
        self.land()?;
        let freed = match self.frames.as_slice() {
            [outer] if self.options.journal == JournalMode::On => outer.pending_len,
            _ => return Ok(false),
        };
        let store = &self.store;
        let set = self
            .cache
            .earlier_set(|place, len| read_place(store, place, len))?;
        if set.is_empty() && freed == 0 {
            return Ok(self.take_lent_back());
        }
        if !set.is_empty() {
            self.mark_open()?;
            if !self.commit_set(&set)? {
                return Ok(false);
            }
            self.cache.mark_earlier_clean();
        }
        self.store.checkpoint()?;
        self.take_lent_back();
        self.pending.release_first(freed);
        self.state.pending_len -= freed;
        if let Some(outer) = self.frames.first_mut() {
            outer.pending_len = 0;
        }
        Ok(true)
    }

    /// The bytes of a dirty block that is not in memory.
    pub(crate) fn read_spilled(&self, key: u64, len: usize) -> Result<Option<Vec<u8>>> {
        match self.cache.spilled(key) {
            Some(place) => read_place(&self.store, &place, len).map(Some),
            None => Ok(None),
        }
    }
}

fn read_place(store: &crate::txn::Store, place: &SpillPlace, len: usize) -> Result<Vec<u8>> {
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
