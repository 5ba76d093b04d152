//! Dirty blocks that leave memory before they are committed: which, and where they
//! may go.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Location, Map, Segment};
use crate::cache::fresh::Since;
use crate::cache::slot::{NODE_LIVES, Slot};
use crate::cache::spill::{Lengths, SpillPlace};
use crate::error::Result;

impl Map {
    /// Dirty blocks to be moved out of memory so that `keep` bytes of them
    /// stay, those not used for long before others; ascending. With 0 they are
    /// all that there are: a commit leaves none behind.
    pub(in crate::cache) fn victims(&mut self, keep: usize) -> Vec<u64> {
        let is_wanted = |slot: &Slot| slot.dirty && slot.spilled.is_none();
        if keep == 0 {
            let mut all = self.dirty_keys();
            all.retain(|key| self.slots.get(key).is_some_and(is_wanted));
            return all;
        }
        self.tidy_ring();
        let mut dirty = self.load.logged + self.load.fresh;
        // A block that was dropped and read again is in the ring twice.
        let mut victims = BTreeSet::new();
        for _ in 0..self.ring.len() * usize::from(NODE_LIVES) {
            if dirty <= keep {
                break;
            }
            let Some(key) = self.ring.pop_front() else {
                break;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            self.ring.push_back(key);
            if is_wanted(slot) && slot.lives == 0 && victims.insert(key) {
                dirty -= slot.len.min(dirty);
            }
            slot.lives = slot.lives.saturating_sub(1);
        }
        victims.into_iter().collect()
    }

    /// The place and the bytes of a block, encoded for the device.
    pub(in crate::cache) fn encoded(&mut self, key: u64) -> Result<Option<(Location, Vec<u8>)>> {
        let Some(slot) = self.slots.get_mut(&key) else {
            return Ok(None);
        };
        let location = slot.location.clone();
        Ok(slot.encode()?.map(|bytes| (location, bytes)))
    }

    /// Whether the place of a block shows nothing, whatever becomes of the open
    /// frames: their numbers are those of the outermost one and of the first
    /// within it.
    pub(in crate::cache) fn goes_straight(
        &self,
        key: u64,
        outer: Option<u64>,
        inner: Option<u64>,
    ) -> bool {
        let slot = self.slots.get(&key);
        slot.is_some_and(|slot| self.is_straight(slot, outer, inner))
    }

    fn is_straight(&self, slot: &Slot, outer: Option<u64>, inner: Option<u64>) -> bool {
        let changed_in = |frame: Option<u64>| frame.is_some_and(|number| slot.stamp() >= number);
        let since = match changed_in(outer) {
            true => Since::Transaction,
            false => Since::Commit,
        };
        // What a frame within the transaction changed may be wanted again as it
        // lies there.
        slot.fresh && !changed_in(inner) && self.fresh.holds(&slot.location, since)
    }

    /// See [`super::Cache::away_lengths`].
    pub(in crate::cache) fn away_lengths(&self, outer: Option<u64>, inner: Option<u64>) -> Lengths {
        let mut lengths = Lengths::new();
        for slot in self.dirty.iter().filter_map(|key| self.slots.get(key)) {
            if slot.spilled.is_none() && !self.is_straight(slot, outer, inner) {
                *lengths.entry(slot.len).or_default() += 1;
            }
        }
        lengths
    }

    /// The block at `key` lies in the spill area now.
    pub(in crate::cache) fn set_spilled(&mut self, key: u64, place: SpillPlace) {
        if let Some(slot) = self.slots.get_mut(&key) {
            self.load.subtract(slot);
            slot.spilled = Some(Arc::new(place));
            slot.fresh = false;
            self.load.add(slot);
        }
    }

    /// Calls `each` with the target, source and length of every part of a block
    /// that lies in the spill area, in ascending order of the targets.
    pub(in crate::cache) fn spilled_parts(&self, mut each: impl FnMut(u64, u64, usize)) {
        for key in self.dirty_keys() {
            let slot = self.slots.get(&key);
            if let Some((slot, place)) = slot.and_then(|s| Some((s, s.spilled.as_ref()?))) {
                zip_segments(slot.location.segments(), place.segments(), &mut each);
            }
        }
    }
}

/// Calls `each` for the pieces of two places of the same length.
fn zip_segments(
    targets: impl Iterator<Item = Segment>,
    sources: &[Segment],
    mut each: impl FnMut(u64, u64, usize),
) {
    let mut sources = sources.iter().copied();
    let mut source = Segment { offset: 0, len: 0 };
    for mut target in targets {
        while target.len > 0 {
            if source.len == 0 {
                let Some(next) = sources.next() else { return };
                source = next;
            }
            let take = target.len.min(source.len);
            each(target.offset, source.offset, take);
            for part in [&mut target, &mut source] {
                part.offset += u64::try_from(take).unwrap_or(0);
                part.len -= take;
            }
        }
    }
}
