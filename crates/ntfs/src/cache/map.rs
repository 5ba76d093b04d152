//! The table behind the cache: slots, eviction by second chance, write sets.

mod leaving;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::Block;
use super::ahead::Ahead;
use super::flight::InFlight;
use super::frames::Frames;
use super::fresh::{Fresh, Since};
use super::hash::OffsetHasher;
use super::slot::{NODE_LIVES, Slot};
use super::spill::SpillPlace;
use crate::error::Result;
use crate::txn::WriteSet;

/// A contiguous part of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Byte offset on the device.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) len: usize,
}

/// Where a block lies: nearly always one segment; a record of a fragmented
/// `$MFT` with clusters smaller than a record can be in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    first: Segment,
    rest: Option<Box<Rest>>,
}

/// The segments behind the first one: in one word, as there are nearly never any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rest(Vec<Segment>);

impl Location {
    /// A block that lies in one piece.
    pub(crate) const fn contiguous(offset: u64, len: usize) -> Self {
        Self {
            first: Segment { offset, len },
            rest: None,
        }
    }

    /// Adds a segment; one that follows its predecessor is joined to it.
    pub(crate) fn push(&mut self, segment: Segment) {
        let rest = self.rest.as_mut().and_then(|rest| rest.0.last_mut());
        let last = rest.unwrap_or(&mut self.first);
        if last.offset + u64::try_from(last.len).unwrap_or(u64::MAX) == segment.offset {
            last.len += segment.len;
        } else {
            self.rest.get_or_insert_default().0.push(segment);
        }
    }

    /// The key in the cache: no two cached blocks start at the same byte.
    pub(crate) const fn key(&self) -> u64 {
        self.first.offset
    }

    /// The segments in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let rest = self.rest.as_ref().map(|rest| rest.0.as_slice());
        core::iter::once(self.first).chain(rest.unwrap_or_default().iter().copied())
    }

    /// Bytes of all segments.
    pub(crate) fn len(&self) -> usize {
        self.segments().map(|segment| segment.len).sum()
    }
}

/// What the dirty blocks of a cache amount to, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Load {
    /// All blocks in memory.
    pub(crate) held: usize,
    /// Dirty ones in memory whose images the journal needs.
    pub(crate) logged: usize,
    /// Dirty ones in memory in fresh places.
    pub(crate) fresh: usize,
    /// Those in the spill area.
    pub(crate) spilled: usize,
    /// Those that a commit under way has, whether they are here too or not.
    pub(crate) flying: usize,
    /// Of those, what was changed again meanwhile.
    pub(crate) returned: usize,
    /// The most there ever was in memory.
    pub(crate) peak: usize,
}

impl Load {
    fn add(&mut self, slot: &Slot) {
        for (counter, len) in self.counters(slot) {
            *counter += len;
        }
        self.note_peak();
    }

    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.held + self.flying);
    }

    fn subtract(&mut self, slot: &Slot) {
        for (counter, len) in self.counters(slot) {
            *counter = counter.saturating_sub(len);
        }
    }

    fn counters(&mut self, slot: &Slot) -> [(&mut usize, usize); 2] {
        let state = match (slot.dirty, &slot.spilled, slot.fresh) {
            (false, _, _) => (&mut self.peak, 0),
            (true, Some(_), _) => (&mut self.spilled, slot.len),
            (true, None, true) => (&mut self.fresh, slot.len),
            (true, None, false) => (&mut self.logged, slot.len),
        };
        [(&mut self.held, slot.held()), state]
    }
}

/// Keys that the ring may hold beyond twice those that are there.
const RING_SLACK: usize = 1024;

/// A map from device offsets.
pub(super) type OffsetMap<V> = HashMap<u64, V, BuildHasherDefault<OffsetHasher>>;

#[derive(Default)]
pub(super) struct Map {
    slots: OffsetMap<Slot>,
    /// Keys in the order the eviction hand visits them; may hold keys that are
    /// gone.
    ring: VecDeque<u64>,
    /// Keys of the dirty ones.
    dirty: HashSet<u64, BuildHasherDefault<OffsetHasher>>,
    load: Load,
    pub(super) fresh: Fresh,
    pub(super) ahead: Ahead,
}

impl Map {
    pub(super) fn get(&mut self, key: u64) -> Option<Arc<Block>> {
        let slot = self.slots.get_mut(&key)?;
        slot.touch();
        slot.block.clone()
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.slots
            .get(&key)
            .is_some_and(|slot| slot.block.is_some())
    }

    /// Whether there is a slot for `key`, its block in memory or not.
    pub(super) fn knows(&self, key: u64) -> bool {
        self.slots.contains_key(&key)
    }

    /// Where the block at `key` lies when it is not in memory.
    pub(super) fn spilled(&self, key: u64) -> Option<Arc<SpillPlace>> {
        let slot = self.slots.get(&key)?;
        slot.spilled.clone().filter(|_| slot.block.is_none())
    }

    /// Keeps a block that was just read.
    pub(super) fn fill(&mut self, location: Location, block: Arc<Block>) {
        let key = location.key();
        self.ring.push_back(key);
        match self.slots.entry(key) {
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                self.load.subtract(slot);
                slot.block = Some(block);
                self.load.add(slot);
            }
            Entry::Vacant(place) => {
                let slot = place.insert(Slot::clean(location, block));
                self.load.add(slot);
                self.ahead.lose(key, slot.len);
            }
        }
    }

    /// The blocks that start in a range, at multiples of `step` from its start.
    pub(super) fn keys_in(&self, range: core::ops::Range<u64>, step: u64) -> Vec<u64> {
        let places = range.end.saturating_sub(range.start).div_ceil(step.max(1));
        let held = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        if places > held {
            let keys = self.slots.keys().copied();
            return keys.filter(|key| range.contains(key)).collect();
        }
        (0..places)
            .map(|n| range.start + n * step)
            .filter(|key| self.slots.contains_key(key))
            .collect()
    }

    /// The slot of `key`, to be changed in ways that count for nothing here.
    pub(super) fn slot(&mut self, key: u64) -> Option<&mut Slot> {
        self.slots.get_mut(&key)
    }

    /// Keeps the block at `key` as it is, for undoing; returns the stamp of what
    /// takes its place.
    pub(super) fn save(&mut self, key: u64, frames: &mut Frames) -> u64 {
        match self.slots.get_mut(&key) {
            Some(slot) => {
                frames.save(slot);
                slot.stamp
            }
            None => frames.save_absence(key),
        }
    }

    /// Puts a block in place; whether it is fresh is found out here.
    pub(super) fn insert(&mut self, slot: Slot) {
        let mut slot = slot;
        slot.fresh = slot.dirty && self.fresh.holds(&slot.location, Since::Commit);
        self.restore(slot);
    }

    /// Puts a slot in place as it is.
    pub(super) fn restore(&mut self, slot: Slot) {
        let key = slot.location.key();
        self.load.add(&slot);
        self.ahead.lose(key, slot.len);
        if slot.dirty {
            self.dirty.insert(key);
        } else {
            self.dirty.remove(&key);
        }
        match self.slots.insert(key, slot) {
            Some(old) => {
                self.load.subtract(&old);
                if old.block.is_none() {
                    self.ring.push_back(key);
                }
            }
            None => self.ring.push_back(key),
        }
    }

    pub(super) fn remove(&mut self, key: u64) {
        if let Some(old) = self.slots.remove(&key) {
            self.load.subtract(&old);
            self.dirty.remove(&key);
        }
    }

    /// The slot of a block that is here, marked as used.
    #[inline]
    pub(super) fn used(&mut self, key: u64) -> Option<&Slot> {
        let slot = self.slots.get_mut(&key)?;
        slot.touch();
        Some(slot)
    }

    /// Changes a block that is here; `save` keeps what undoing it needs.
    pub(super) fn modify<T>(
        &mut self,
        key: u64,
        save: impl FnOnce(&mut Slot),
        change: impl FnOnce(&mut Arc<Block>) -> T,
    ) -> Option<T> {
        let save = |slot: &mut Slot| {
            save(slot);
            Ok(())
        };
        self.try_modify(key, save, change)
    }

    /// As [`Self::modify`]; `save` can refuse the change.
    #[inline]
    pub(super) fn try_modify<T>(
        &mut self,
        key: u64,
        save: impl FnOnce(&mut Slot) -> core::result::Result<(), T>,
        change: impl FnOnce(&mut Arc<Block>) -> T,
    ) -> Option<T> {
        let slot = self.slots.get_mut(&key)?;
        slot.block.as_ref()?;
        if let Err(refused) = save(slot) {
            return Some(refused);
        }
        slot.touch();
        if !slot.dirty || slot.spilled.is_some() {
            self.load.subtract(slot);
            if !slot.dirty {
                // A block that a flight shares, or now and then a reader.
                let shared = slot
                    .block
                    .as_ref()
                    .is_some_and(|b| Arc::strong_count(b) > 1);
                if shared && self.load.flying > 0 {
                    self.load.returned += slot.len;
                }
                slot.dirty = true;
                self.dirty.insert(key);
                slot.fresh = self.fresh.holds(&slot.location, Since::Commit);
            }
            slot.spilled = None;
            self.load.add(slot);
        }
        slot.block.as_mut().map(change)
    }

    pub(super) fn load(&self) -> Load {
        self.load
    }

    /// Drops blocks that can be read again and were not used since the hand
    /// last passed until `limit` is kept or the hand went round as often as any
    /// may live.
    pub(super) fn evict(&mut self, limit: usize) {
        let mut steps = self.ring.len() * (1 + usize::from(NODE_LIVES));
        while self.load.held + self.load.flying > limit && steps > 0 {
            steps -= 1;
            let Some(key) = self.ring.pop_front() else {
                break;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            if (slot.dirty && slot.spilled.is_none()) || slot.lives > 0 {
                slot.lives = slot.lives.saturating_sub(1);
                self.ring.push_back(key);
            } else if slot.dirty {
                self.load.subtract(slot);
                slot.block = None;
                self.load.add(slot);
            } else {
                self.remove(key);
            }
            // A cache full of dirty blocks would make every insertion walk the
            // whole ring.
            if self.load.logged + self.load.fresh > limit / 2 && steps.is_multiple_of(64) {
                break;
            }
        }
    }

    /// Keeps the ring from growing with every block that is dropped and read
    /// again.
    fn tidy_ring(&mut self) {
        if self.ring.len() > 2 * self.slots.len() + RING_SLACK {
            let mut seen = HashSet::<u64, BuildHasherDefault<OffsetHasher>>::default();
            let slots = &self.slots;
            self.ring
                .retain(|key| slots.contains_key(key) && seen.insert(*key));
        }
    }

    /// Keys of the dirty blocks, ascending.
    fn dirty_keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.dirty.iter().copied().collect();
        keys.sort_unstable();
        keys
    }

    /// Every dirty block in memory, ascending, for a commit: they are clean now.
    pub(super) fn take_off(&mut self) -> Vec<InFlight> {
        let keys = self.dirty_keys();
        self.dirty.clear();
        self.fresh.commit();
        let mut blocks = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(slot) = self.slots.get_mut(&key)
                && let Some(block) = slot.take_off()
            {
                blocks.push(InFlight {
                    location: slot.location.clone(),
                    fresh: slot.fresh,
                    block,
                });
            }
            self.make_clean(key);
        }
        blocks
    }

    /// Bytes that blocks in flight have: as much less is kept here.
    pub(super) fn set_flying(&mut self, bytes: usize) {
        self.load.flying = bytes;
        self.load.returned = 0;
        self.load.note_peak();
    }

    /// All dirty blocks in memory, ascending: those in fresh places by
    /// themselves when `apart` says so, and the others.
    pub(super) fn write_sets(&mut self, apart: bool) -> Result<(WriteSet, WriteSet)> {
        let keys = self.dirty_keys();
        let (mut fresh, mut logged) = (WriteSet::default(), WriteSet::default());
        for key in keys {
            if let Some(slot) = self.slots.get_mut(&key) {
                let apart = apart && slot.fresh;
                encode_into(slot, if apart { &mut fresh } else { &mut logged })?;
            }
        }
        Ok((fresh, logged))
    }

    /// Everything is committed.
    pub(super) fn mark_clean(&mut self) {
        self.fresh.commit();
        for key in core::mem::take(&mut self.dirty) {
            self.make_clean(key);
        }
    }

    fn make_clean(&mut self, key: u64) {
        if let Some(slot) = self.slots.get_mut(&key) {
            self.load.subtract(slot);
            (slot.dirty, slot.fresh, slot.spilled) = (false, false, None);
            if slot.block.is_some() {
                self.load.add(slot);
            } else {
                self.slots.remove(&key);
            }
        }
    }

    /// The dirty blocks that `frame`, the outermost, did not change, and what
    /// it keeps of those it did: together what was done before it began. None
    /// lies in the spill area but by `read`, which gets the bytes of a place.
    pub(super) fn earlier_sets(
        &mut self,
        frame: &mut OffsetMap<Option<Box<Slot>>>,
        read: impl Fn(&SpillPlace, usize) -> Result<Vec<u8>>,
    ) -> Result<(WriteSet, WriteSet)> {
        let mut keys = self.dirty_keys();
        keys.retain(|key| !frame.contains_key(key));
        let saved = frame.iter().filter(|(_, saved)| saved.is_some());
        keys.extend(saved.map(|(key, _)| *key));
        keys.sort_unstable();
        let (mut fresh, mut logged) = (WriteSet::default(), WriteSet::default());
        for key in keys {
            let slot = match frame.get_mut(&key) {
                Some(saved) => saved.as_deref_mut(),
                None => self.slots.get_mut(&key),
            };
            let Some(slot) = slot else { continue };
            let set = match slot.fresh {
                true => &mut fresh,
                false => &mut logged,
            };
            match &slot.spilled {
                Some(place) => {
                    let bytes = read(place, slot.len)?;
                    push_parts(&slot.location, &bytes, set);
                }
                None => encode_into(slot, set)?,
            }
        }
        Ok((fresh, logged))
    }

    /// What [`Self::earlier_sets`] gave is committed.
    pub(super) fn mark_earlier_clean(&mut self, frame: &mut OffsetMap<Option<Box<Slot>>>) {
        self.fresh.commit_earlier();
        for key in self.dirty_keys() {
            let Some(saved) = frame.get(&key) else {
                self.dirty.remove(&key);
                self.make_clean(key);
                continue;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            self.load.subtract(slot);
            let before = saved.as_ref().and_then(|saved| saved.block.as_ref());
            let block = slot.block.as_mut().and_then(Block::alone);
            if let (Some(before), Some(block)) = (before, block) {
                block.follow(&**before);
            }
            slot.fresh &= self.fresh.holds(&slot.location, Since::Commit);
            self.load.add(slot);
        }
        for saved in frame.values_mut() {
            *saved = None;
        }
    }
}

fn encode_into(slot: &mut Slot, set: &mut WriteSet) -> Result<()> {
    if let Some(bytes) = slot.encode()? {
        push_parts(&slot.location, &bytes, set);
    }
    Ok(())
}

fn push_parts(location: &Location, bytes: &[u8], set: &mut WriteSet) {
    let mut rest = bytes;
    for segment in location.segments() {
        let (part, tail) = rest.split_at_checked(segment.len).unwrap_or((rest, &[]));
        set.push(segment.offset, part);
        rest = tail;
    }
}
