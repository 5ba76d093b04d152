//! When what was done reaches the device, and what happens when memory or the
//! log has no room for it.
//!
//! A group is everything that was done since the last commit. Its blocks in
//! places that were free then are written straight there; the journal takes
//! the others. A group that the log cannot take is written as a large one
//! (`large`). One that memory cannot take has its blocks in free clusters that are
//! free again when the group is in place (`spill`).

use super::beside::Pace;
use super::large::{LARGE, table_room};
use super::spill::read_place;
use crate::cache::Load;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::{Durability, JournalMode};
use crate::txn::{WriteSet, is_readable};

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
/// what is gathered and not committed is lost with the process, and a record names
/// the table of little more.
const MOST_GROUP: usize = 3 << 30;
const _: () = assert!(is_readable(table_room((MOST_GROUP + (32 << 20)) as u64), 1));

/// Bytes in fresh places that go through the log all the same: that costs less
/// than the flush between them and a commit.
const FRESH_IN_LOG: usize = 64 << 10;

/// Bytes that what marks the volume may add to a group.
const SLACK: u64 = 16 << 10;

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

    /// Bytes of clusters that the group may need.
    pub(crate) fn group_bytes(&self) -> u64 {
        u64::try_from(self.group_limit(self.cache.load())).unwrap_or(u64::MAX)
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
        // Clusters were seen free for no more.
        let crowded = u64::try_from(load.logged).map_or(true, |len| len > self.waiting.spared());
        if self.waiting.is_empty() || !(full || crowded || self.waiting.is_due(limit)) {
            return Ok(load);
        }
        self.settle()?;
        let load = self.cache.load();
        if crowded || full && load.logged + load.fresh > most / 2 {
            self.write_beside()?;
        }
        Ok(self.cache.load())
    }

    /// Whether clusters that were freed wait for a checkpoint, or free ones are in use.
    pub(crate) fn holds_space(&self) -> bool {
        let in_use = self.lent_bytes() > 0 || self.waiting.holds_room();
        in_use || !self.pending.is_empty() || self.cache.is_dirty()
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

    pub(super) fn write_straight(&self, set: &WriteSet) -> Result<()> {
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
        if load.spilled == 0 && self.takes(load.logged)? {
            return Ok(());
        }
        if self.waiting.holds_room() {
            // With what is set aside for entries, all of it may have room.
            return Err(Error::DiskFull);
        }
        // What was done before may be all that is too much.
        let spilled = load.spilled > 0;
        if self.release_earlier()? && !spilled && self.takes(self.cache.load().logged)? {
            return Ok(());
        }
        self.prepare_spill()
    }

    /// Whether the log takes so many bytes, by itself or with clusters that are lent.
    fn takes(&mut self, bytes: usize) -> Result<bool> {
        let marked = bytes.saturating_add(usize::try_from(SLACK).unwrap_or(usize::MAX));
        Ok(self.log_takes(bytes) || self.lend_for(marked)?)
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
        let (fresh, logged) = self
            .cache
            .earlier_sets(|place, len| read_place(store, place, len))?;
        if fresh.is_empty() && logged.is_empty() && freed == 0 {
            return Ok(self.take_lent_back());
        }
        if !(fresh.is_empty() && logged.is_empty()) {
            self.mark_open()?;
            self.write_straight(&fresh)?;
            if !self.commit_set(&logged)? {
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
}
