//! The table behind the cache: slots, eviction by second chance, write sets.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Block;
use crate::error::{Place, Result};
use crate::txn::{Write, WriteSet};

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
    rest: Vec<Segment>,
}

impl Location {
    /// A block that lies in one piece.
    pub(crate) const fn contiguous(offset: u64, len: usize) -> Self {
        Self {
            first: Segment { offset, len },
            rest: Vec::new(),
        }
    }

    /// Adds a segment; one that follows its predecessor is joined to it.
    pub(crate) fn push(&mut self, segment: Segment) {
        let last = self.rest.last_mut().unwrap_or(&mut self.first);
        if last.offset + u64::try_from(last.len).unwrap_or(u64::MAX) == segment.offset {
            last.len += segment.len;
        } else {
            self.rest.push(segment);
        }
    }

    /// The key in the cache: no two cached blocks start at the same byte.
    pub(crate) const fn key(&self) -> u64 {
        self.first.offset
    }

    /// The segments in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        core::iter::once(self.first).chain(self.rest.iter().copied())
    }

    /// Bytes of all segments.
    pub(crate) fn len(&self) -> usize {
        self.segments().map(|segment| segment.len).sum()
    }
}

/// A block in the table.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    location: Location,
    block: Arc<Block>,
    dirty: bool,
    /// Used since the eviction hand last passed.
    referenced: bool,
}

impl Slot {
    pub(super) const fn clean(location: Location, block: Arc<Block>) -> Self {
        Self {
            location,
            block,
            dirty: false,
            referenced: false,
        }
    }

    pub(super) const fn dirty(location: Location, block: Arc<Block>) -> Self {
        Self {
            location,
            block,
            dirty: true,
            referenced: false,
        }
    }

    fn len(&self) -> usize {
        self.block.bytes().len()
    }
}

/// Device offsets are multiples of 512: one multiplication spreads them.
#[derive(Default)]
pub(super) struct OffsetHasher(u64);

impl Hasher for OffsetHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

/// A map from device offsets.
pub(super) type OffsetMap<V> = HashMap<u64, V, BuildHasherDefault<OffsetHasher>>;

#[derive(Default)]
pub(super) struct Map {
    slots: OffsetMap<Slot>,
    /// Keys in the order the eviction hand visits them; may hold keys that are
    /// gone.
    ring: VecDeque<u64>,
    bytes: usize,
    dirty_bytes: usize,
}

impl Map {
    pub(super) fn get(&mut self, key: u64) -> Option<Arc<Block>> {
        let slot = self.slots.get_mut(&key)?;
        slot.referenced = true;
        Some(Arc::clone(&slot.block))
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        self.slots.contains_key(&key)
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

    pub(super) fn snapshot(&self, key: u64) -> Option<Slot> {
        self.slots.get(&key).cloned()
    }

    pub(super) fn insert(&mut self, slot: Slot) {
        let key = slot.location.key();
        self.bytes += slot.len();
        self.dirty_bytes += if slot.dirty { slot.len() } else { 0 };
        match self.slots.insert(key, slot) {
            Some(old) => self.uncount(&old),
            None => self.ring.push_back(key),
        }
    }

    pub(super) fn remove(&mut self, key: u64) {
        if let Some(old) = self.slots.remove(&key) {
            self.uncount(&old);
        }
    }

    fn uncount(&mut self, old: &Slot) {
        self.bytes -= old.len();
        self.dirty_bytes -= if old.dirty { old.len() } else { 0 };
    }

    pub(super) fn modify<T>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut Arc<Block>) -> T,
    ) -> Option<T> {
        let slot = self.slots.get_mut(&key)?;
        slot.referenced = true;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty_bytes += slot.block.bytes().len();
        }
        Some(change(&mut slot.block))
    }

    pub(super) fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
    }

    /// Drops clean blocks that were not used since the hand last passed until
    /// `limit` is kept or the hand went round twice.
    pub(super) fn evict(&mut self, limit: usize) {
        let mut steps = self.ring.len() * 2;
        while self.bytes > limit && steps > 0 {
            steps -= 1;
            let Some(key) = self.ring.pop_front() else {
                break;
            };
            let Some(slot) = self.slots.get_mut(&key) else {
                continue;
            };
            if slot.dirty || slot.referenced {
                slot.referenced = false;
                self.ring.push_back(key);
            } else {
                self.remove(key);
            }
            // A cache full of dirty blocks would make every insertion walk the
            // whole ring.
            if self.dirty_bytes > limit / 2 && steps.is_multiple_of(64) {
                break;
            }
        }
    }

    pub(super) fn write_set(&mut self) -> Result<WriteSet> {
        let mut keys: Vec<u64> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.dirty)
            .map(|(key, _)| *key)
            .collect();
        keys.sort_unstable();
        let mut set = WriteSet::default();
        for key in keys {
            self.encode_into(key, &mut set)?;
        }
        Ok(set)
    }

    pub(super) fn write_set_of(&mut self, key: u64) -> Result<WriteSet> {
        let mut set = WriteSet::default();
        self.encode_into(key, &mut set)?;
        Ok(set)
    }

    fn encode_into(&mut self, key: u64, set: &mut WriteSet) -> Result<()> {
        let Some(slot) = self.slots.get_mut(&key) else {
            return Ok(());
        };
        let bytes = Arc::make_mut(&mut slot.block)
            .encode()
            .map_err(|e| Place::default().format(e))?;
        let mut rest = bytes.as_slice();
        for segment in slot.location.segments() {
            let (part, tail) = rest.split_at_checked(segment.len).unwrap_or((rest, &[]));
            set.push(Write {
                offset: segment.offset,
                bytes: part.to_vec(),
            });
            rest = tail;
        }
        Ok(())
    }

    pub(super) fn mark_clean(&mut self) {
        for slot in self.slots.values_mut() {
            slot.dirty = false;
        }
        self.dirty_bytes = 0;
    }
}
