//! The marks of a volume in use, and when what was done reaches the device.

use linkwright_ntfs_format::volume_information::VolumeFlags;

use crate::engine::{Engine, Session};
use crate::error::{Error, Result};
use crate::options::{Access, Durability};
use crate::txn::{MAX_EXTENTS, SessionStart, WriteSet};

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

/// A group, its encoded copy and the images waiting in the journal may each
/// have this part of the cache's size beside the cache, so that memory stays
/// bounded by that option.
const CACHE_PART: usize = 8;

impl Engine {
    /// What a finished operation calls for.
    pub(crate) fn after_operation(&mut self) -> Result<()> {
        if self.cache.in_frame() {
            return Ok(());
        }
        match self.options.durability {
            Durability::Immediate => self.write_out(Reach::Flushed),
            Durability::Written => self.write_out(Reach::Written),
            Durability::OnSync if self.cache.dirty_bytes() > self.group_limit() => {
                self.write_out(Reach::Flushed)
            }
            Durability::OnSync => Ok(()),
        }
    }

    /// Makes everything done so far durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.write_out(Reach::Flushed)
    }

    /// Bytes of changed blocks that are gathered before they are committed.
    fn group_limit(&self) -> usize {
        let log = usize::try_from(self.store.capacity() / 2).unwrap_or(usize::MAX);
        (self.cache.limit() / CACHE_PART).min(log)
    }

    /// Whether clusters that were freed wait for a checkpoint.
    pub(crate) fn holds_space(&mut self) -> bool {
        !self.pending.is_empty() || self.cache.dirty_bytes() > 0
    }

    /// Makes freed clusters usable.
    pub(crate) fn release_space(&mut self) -> Result<()> {
        self.write_out(Reach::InPlace)
    }

    fn write_out(&mut self, reach: Reach) -> Result<()> {
        if self.cache.dirty_bytes() > 0 {
            self.mark_open()?;
            let set = self.cache.write_set()?;
            self.commit(&set)?;
            self.cache.mark_clean();
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

    /// Commits a group. One that the log cannot take has its body in free
    /// clusters, which are in use in memory only; they are free again when the
    /// group is in place.
    fn commit(&mut self, set: &WriteSet) -> Result<()> {
        let body = self.store.prepare(set)?;
        match self.store.spill_len(&body)? {
            None => self.store.append(&body, &[]),
            Some(bytes) => {
                let spill = self.spill_area(bytes)?;
                self.store.append(&body, &spill)?;
                self.store.checkpoint()
            }
        }
    }

    /// Everything committed is in place: what it freed may be used.
    fn checkpoint(&mut self) -> Result<()> {
        self.store.checkpoint()?;
        self.pending.clear();
        self.state.pending_len = 0;
        Ok(())
    }

    /// Refuses work that could not be committed.
    pub(crate) fn check_journal_room(&mut self) -> Result<()> {
        let dirty = u64::try_from(self.cache.dirty_bytes()).unwrap_or(u64::MAX);
        // The mirror repeats a few records.
        let most = dirty + dirty / 16 + (64 << 10);
        if most > self.store.capacity() {
            self.spill_area(most)?;
        }
        Ok(())
    }

    /// Free clusters for `bytes`, as device offsets and lengths.
    fn spill_area(&self, bytes: u64) -> Result<Vec<(u64, u64)>> {
        let mut left = self.clusters_for(bytes);
        let total = self.geometry.cluster_count();
        let mut extents = Vec::new();
        let mut at = 0;
        while left > 0 {
            let Some((lcn, length)) = self.next_free(at, total)? else {
                return Err(Error::DiskFull);
            };
            if extents.len() >= MAX_EXTENTS {
                return Err(Error::DiskFull);
            }
            let take = length.min(left);
            extents.push((lcn * self.cluster_size(), take * self.cluster_size()));
            left -= take;
            at = lcn + length;
        }
        Ok(extents)
    }

    /// Takes the log over and sets the dirty flag before the first change
    /// reaches the volume, both durable.
    fn mark_open(&mut self) -> Result<()> {
        if self.session != Session::Untouched {
            return Ok(());
        }
        let (_, information) = self.volume_information()?;
        let clean_before = !information.flags.contains(VolumeFlags::DIRTY);
        self.store.begin(SessionStart {
            serial: self.geometry.serial(),
            clean_before,
        })?;
        self.session = Session::Marked { clean_before };
        self.write_dirty_flag(true)
    }

    /// Brings the dirty flag into place, alone.
    fn write_dirty_flag(&mut self, dirty: bool) -> Result<()> {
        let (at, mut information) = self.volume_information()?;
        information.flags.set(VolumeFlags::DIRTY, dirty);
        self.patch_value(at, 0, &information.encode())?;
        let key = self.record_location(at.record)?.key();
        let set = self.cache.write_set_of(key)?;
        self.commit(&set)?;
        self.store.checkpoint()
    }

    /// Writes everything out, takes the mark away and leaves the log empty.
    pub(crate) fn close(&mut self) -> Result<()> {
        if self.options.access == Access::ReadOnly {
            return Ok(());
        }
        self.sync()?;
        if let Session::Marked { clean_before } = self.session {
            self.checkpoint()?;
            if clean_before {
                self.write_dirty_flag(false)?;
                self.cache.mark_clean();
            }
            self.store.end()?;
            self.session = Session::Untouched;
        }
        Ok(())
    }
}
