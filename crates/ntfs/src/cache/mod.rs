//! The block cache: file records, index blocks and pages of metadata streams,
//! keyed by the device byte offset of their first byte.
//!
//! Invariants
//! - A block in memory has its fix-ups removed and was validated when it was
//!   read; every change keeps it valid.
//! - Blocks are shared by `Arc` and copied on write: a reader that holds one
//!   sees it unchanged.
//! - While a frame is open, the first change of a block keeps what the block
//!   was before; dropping the frame's work puts all of it back. Frames nest.
//! - A block is dropped from memory when it can be read again: when it is
//!   clean, or when it was written to the spill area as it is. What a commit
//!   under way has taken (`flight`) is clean, and read from there until it is in
//!   place.
//! - A frame keeps what dirty blocks were; clean ones are read again when its
//!   work is taken back.

mod ahead;
mod block;
mod flight;
mod frames;
mod fresh;
mod hash;
mod map;
mod slot;
mod spill;

use core::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_names::UpcaseTable;

pub(crate) use block::{Block, BlockKind};
pub(crate) use flight::Flight;
pub(crate) use hash::NumberHasher;
pub(crate) use map::{Load, Location, Segment};
pub(crate) use spill::{Lengths, SpillArea, SpillPlace};

use crate::error::{CorruptKind, Error, Place, Result};
use crate::index::node::{IndexNode, NodeFit};
use crate::txn::WriteSet;
use frames::Frames;
use fresh::Since;
use map::Map;
use slot::Slot;

/// See the module's text.
pub(crate) struct Cache {
    map: Mutex<Map>,
    frames: Frames,
    /// What the commit under way has.
    flight: Option<Arc<Flight>>,
    limit: usize,
    generation: u64,
}

impl Cache {
    /// An empty cache that keeps about `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            map: Mutex::new(Map::default()),
            frames: Frames::default(),
            flight: None,
            limit,
            generation: 0,
        }
    }

    /// Another number whenever a block may have changed.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    fn lock(&self) -> MutexGuard<'_, Map> {
        // The map is never left half changed: a panic elsewhere does not harm it.
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn map_mut(&mut self) -> &mut Map {
        self.map.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block at `key`, if it is here.
    pub(crate) fn get(&self, key: u64) -> Option<Arc<Block>> {
        let mut map = self.lock();
        if let Some(block) = map.get(key) {
            return Some(block);
        }
        let flown = self.flight.as_ref()?.find(key)?;
        let block = Arc::clone(&flown.block);
        map.fill(flown.location.clone(), Arc::clone(&block));
        map.evict(self.limit);
        Some(block)
    }

    /// Keeps a block that was just read. Returns the one that was there first
    /// when another reader was faster.
    pub(crate) fn insert_clean(&self, location: Location, block: Arc<Block>) -> Arc<Block> {
        let mut map = self.lock();
        if let Some(present) = map.get(location.key()) {
            return present;
        }
        map.fill(location, Arc::clone(&block));
        map.evict(self.limit);
        block
    }

    /// Puts a block with new content in place, dirty, whatever was there.
    pub(crate) fn insert_dirty(&mut self, location: Location, block: Arc<Block>) {
        let key = location.key();
        self.generation += 1;
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        let stamp = map.save(key, &mut self.frames);
        let mut slot = Slot::dirty(location, block);
        slot.set_stamp(stamp);
        map.insert(slot);
    }

    /// Whether the block at `key` is here.
    pub(crate) fn contains(&self, key: u64) -> bool {
        self.lock().contains(key)
    }

    /// Whether the block at `key` is newer here, or in flight, than on the device.
    pub(crate) fn is_newer(&self, key: u64) -> bool {
        let flown = self.flight.as_ref();
        flown.is_some_and(|flight| flight.find(key).is_some()) || self.contains(key)
    }

    /// As [`Self::contains`], for who has the cache alone.
    pub(crate) fn holds(&mut self, key: u64) -> bool {
        self.map_mut().contains(key)
    }

    /// The bytes of the block at `key`, for who has the cache alone.
    pub(crate) fn bytes(&mut self, key: u64) -> Option<&[u8]> {
        let block = self.map_mut().slot(key)?.block.as_deref()?;
        Some(block.bytes())
    }

    /// Changes the block at `key`, which must be here. An error of `change`
    /// leaves the block as `change` left it: the caller's frame puts it back.
    pub(crate) fn modify<T>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut Block) -> Result<T>,
    ) -> Result<T> {
        self.changed(key, Frames::save, |block| {
            change(Block::alone(block).ok_or_else(missing)?)
        })
    }

    /// As [`Self::modify`], of a record or page, for a change that leaves all
    /// bytes outside of `ranges` as they are: so little is kept for undoing it.
    pub(crate) fn patch<T>(
        &mut self,
        key: u64,
        ranges: &[Range<usize>],
        change: impl FnOnce(&mut [u8]) -> Result<T>,
    ) -> Result<T> {
        let save = |frames: &mut Frames, slot: &mut Slot| {
            for range in ranges {
                frames.save_bytes(slot, range.clone());
            }
        };
        self.changed(key, save, |block| {
            change(Block::alone(block).ok_or_else(missing)?.bytes_mut())
        })
    }

    /// The node at `key`, for who has the cache alone.
    #[inline]
    pub(crate) fn node(&mut self, key: u64) -> Option<&IndexNode> {
        self.map_mut().used(key)?.node()
    }

    /// Has the node at `key` made ready for searches of names ([`IndexNode::fork`]), when
    /// it is here and nobody else holds it. Nothing of the block changes.
    pub(crate) fn fork_node(&mut self, key: u64, upcase: &UpcaseTable) {
        let slot = self.map_mut().slot(key);
        let block = slot.and_then(|slot| Arc::get_mut(slot.block.as_mut()?));
        if let Some(node) = block.and_then(|block| block.node_mut()) {
            node.fork(upcase);
        }
    }

    /// Puts an encoded entry in front of a slot of the node at `key`; `None` when
    /// no node is there.
    pub(crate) fn insert_entry(
        &mut self,
        key: u64,
        at: usize,
        entry: &[u8],
    ) -> Option<Result<NodeFit>> {
        self.generation += 1;
        let (map, frames) = self.parts();
        // What cannot be done is refused before it is kept for undoing.
        let save = |slot: &mut Slot| {
            let node = slot.node().filter(|node| at <= node.len());
            match node {
                None => Err(None),
                Some(node) if !node.has_room(entry.len()) => Err(Some(Ok(NodeFit::Full))),
                Some(_) => {
                    frames.save_arrival(slot, at);
                    Ok(())
                }
            }
        };
        map.try_modify(key, save, |block| {
            let node = Block::alone(block)?.node_mut()?;
            let fit = node.insert(at, entry);
            Some(fit.map_err(|e| Place::default().format(e)))
        })
        .flatten()
    }

    /// Takes the entry of a slot out of the node at `key`, which must be here.
    pub(crate) fn remove_entry(&mut self, key: u64, at: usize) -> Result<()> {
        self.generation += 1;
        let (map, frames) = self.parts();
        let save = |slot: &mut Slot| {
            if slot.node().is_none_or(|node| at >= node.len()) {
                return Err(Err(missing()));
            }
            frames.save_departure(slot, at);
            Ok(())
        };
        let gone = map.try_modify(key, save, |block| {
            let node = Block::alone(block).and_then(|block| block.node_mut());
            let node = node.ok_or_else(missing)?;
            node.remove(at).map_err(|e| Place::default().format(e))
        });
        gone.unwrap_or_else(|| Err(missing()))
    }

    fn parts(&mut self) -> (&mut Map, &mut Frames) {
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        (map, &mut self.frames)
    }

    fn changed<T>(
        &mut self,
        key: u64,
        save: impl FnOnce(&mut Frames, &mut Slot),
        change: impl FnOnce(&mut Arc<Block>) -> Result<T>,
    ) -> Result<T> {
        self.generation += 1;
        let (map, frames) = self.parts();
        map.modify(key, |slot| save(frames, slot), change)
            .unwrap_or_else(|| Err(missing()))
    }

    /// Drops the blocks that start in `start..end`: their clusters were freed.
    pub(crate) fn forget(&mut self, start: u64, end: u64, step: u64) {
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.generation += 1;
        let keys = map.keys_in(start..end, step);
        for key in keys {
            map.save(key, &mut self.frames);
            map.remove(key);
        }
    }

    /// Drops the block at `key`: nothing refers to it any more.
    pub(crate) fn forget_one(&mut self, key: u64) {
        self.forget(key, key + 1, 1);
    }

    /// Drops the block at `key`, as what is on the device has changed, unless it
    /// is dirty; `false` then.
    pub(crate) fn forget_if_clean(&mut self, key: u64) -> bool {
        self.generation += 1;
        self.drop_ahead();
        let map = self.map_mut();
        if map.slot(key).is_some_and(|slot| slot.dirty) {
            return false;
        }
        map.remove(key);
        true
    }

    /// Drops every block: what is on the device has changed. None is dirty.
    pub(crate) fn forget_clean(&mut self) {
        self.generation += 1;
        *self.map_mut() = Map::default();
    }

    /// Opens a frame.
    pub(crate) fn begin(&mut self) {
        if !self.frames.is_open() {
            // What is taken from now on is this frame's own.
            self.map_mut().fresh.begin();
        }
        self.frames.begin();
    }

    /// Closes the innermost frame and keeps its work, as part of the frame
    /// around it when there is one.
    pub(crate) fn keep(&mut self) {
        self.frames.keep();
    }

    /// Closes the innermost frame and puts back what was before it.
    pub(crate) fn undo(&mut self) {
        self.generation += 1;
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.frames.undo(map);
    }

    /// Whether a frame is open.
    pub(crate) fn in_frame(&self) -> bool {
        self.frames.is_open()
    }

    /// Whether any block is newer than what is on the device.
    pub(crate) fn has_newer(&self) -> bool {
        self.flight.is_some() || self.is_dirty()
    }

    /// Whether any block is dirty.
    pub(crate) fn is_dirty(&self) -> bool {
        let load = self.lock().load();
        load.logged + load.fresh + load.spilled > 0
    }

    /// What the blocks amount to.
    pub(crate) fn load(&self) -> Load {
        self.lock().load()
    }

    /// The most bytes of blocks that there ever were in memory, those that
    /// frames keep included.
    pub(crate) fn peak(&self) -> usize {
        self.lock().load().peak + self.frames.peak()
    }

    /// The most bytes this cache should hold.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// A range of the device was taken that was free when the last commit was
    /// made, and has been since.
    pub(crate) fn note_fresh(&mut self, start: u64, end: u64) {
        self.map_mut().fresh.add(start, end);
    }

    /// Whether a block lies in places that the open transaction took, in one piece,
    /// and was never here: it can be written straight there.
    pub(crate) fn is_untouched(&mut self, location: &Location) -> bool {
        let map = self.map_mut();
        location.segments().count() == 1
            && map.slot(location.key()).is_none()
            && map.fresh.holds(location, Since::Transaction)
    }

    /// All dirty blocks in memory, encoded for the device, in ascending order:
    /// those in fresh places by themselves when `apart` says so, and the others.
    pub(crate) fn write_sets(&mut self, apart: bool) -> Result<(WriteSet, WriteSet)> {
        self.map_mut().write_sets(apart)
    }

    /// Hands every dirty block in memory to a commit. They are clean, and are
    /// found here or there, until [`Self::land`].
    pub(crate) fn take_off(&mut self) -> Arc<Flight> {
        let limit = self.limit;
        let map = self.map_mut();
        let flight = Arc::new(Flight::new(map.take_off()));
        map.evict(limit.saturating_sub(flight.bytes()));
        map.set_flying(flight.bytes());
        self.flight = Some(Arc::clone(&flight));
        flight
    }

    /// What took off is in place.
    pub(crate) fn land(&mut self) {
        self.flight = None;
        self.map_mut().set_flying(0);
    }

    /// Every block is committed now.
    pub(crate) fn mark_clean(&mut self) {
        let limit = self.limit;
        let map = self.map_mut();
        map.mark_clean();
        map.evict(limit);
    }

    /// Drops what can be read again, down to the limit.
    pub(crate) fn trim(&mut self) {
        let limit = self.limit;
        self.map_mut().evict(limit);
    }

    /// Where the block at `key` lies when it is dirty and not in memory.
    pub(crate) fn spilled(&self, key: u64) -> Option<Arc<SpillPlace>> {
        self.lock().spilled(key)
    }

    /// Dirty blocks to move out of memory so that `keep` bytes of them stay.
    pub(crate) fn victims(&mut self, keep: usize) -> Vec<u64> {
        self.map_mut().victims(keep)
    }

    /// A block for the device: where it belongs, its bytes, and whether that
    /// place shows nothing whatever happens to the open transaction.
    pub(crate) fn encoded(&mut self, key: u64) -> Result<Option<(Location, Vec<u8>, bool)>> {
        let (outer, inner) = (self.frames.outermost(), self.frames.first_inner());
        let map = self.map_mut();
        let straight = map.goes_straight(key, outer, inner);
        let encoded = map.encoded(key)?;
        Ok(encoded.map(|(location, bytes)| (location, bytes, straight)))
    }

    /// Lengths of the blocks that would be moved to the spill area if all dirty
    /// ones left memory, and how many there are of each; frames are settled.
    pub(crate) fn away_lengths(&mut self) -> Lengths {
        let (outer, inner) = (self.frames.outermost(), self.frames.first_inner());
        self.map_mut().away_lengths(outer, inner)
    }

    /// The block at `key` was written to the spill area as it is.
    pub(crate) fn set_spilled(&mut self, key: u64, place: SpillPlace) {
        self.map_mut().set_spilled(key, place);
    }

    /// The block at `key` was written to its fresh place as it is.
    pub(crate) fn set_in_place(&mut self, key: u64) {
        self.map_mut().remove(key);
    }

    /// Calls `each` with the target, source and length of every part of a block
    /// in the spill area, in ascending order of the targets.
    pub(crate) fn spilled_parts(&self, each: impl FnMut(u64, u64, usize)) {
        self.lock().spilled_parts(each);
    }

    /// What was done before the only open frame began, encoded for the device, in
    /// fresh places and in others;
    /// `read` gives the bytes of a place in the spill area.
    pub(crate) fn earlier_sets(
        &mut self,
        read: impl Fn(&SpillPlace, usize) -> Result<Vec<u8>>,
    ) -> Result<(WriteSet, WriteSet)> {
        let (map, frames) = self.parts();
        let Some(mut frame) = frames.take_only(map) else {
            return Ok(<(WriteSet, WriteSet)>::default());
        };
        let sets = map.earlier_sets(&mut frame, read);
        frames.put_only(frame, map);
        sets
    }

    /// What [`Self::earlier_sets`] gave is committed.
    pub(crate) fn mark_earlier_clean(&mut self) {
        let (map, frames) = self.parts();
        if let Some(mut frame) = frames.take_only(map) {
            map.mark_earlier_clean(&mut frame);
            frames.put_only(frame, map);
        }
    }

    /// Dirty blocks are about to leave memory.
    pub(crate) fn settle_frames(&mut self) {
        let (map, frames) = self.parts();
        frames.settle(map);
    }
}

fn missing() -> Error {
    Place::default().corrupt(CorruptKind::MissingAttribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(byte: u8) -> Arc<Block> {
        Block::new(BlockKind::Page, vec![byte; 512])
    }

    fn at(offset: u64) -> Location {
        Location::contiguous(offset, 512)
    }

    fn set(cache: &mut Cache, key: u64, byte: u8) {
        cache
            .modify(key, |block| {
                block.bytes_mut()[0] = byte;
                Ok(())
            })
            .unwrap();
    }

    fn first(cache: &Cache, key: u64) -> Option<u8> {
        cache.get(key).map(|block| block.bytes()[0])
    }

    #[test]
    fn undo_puts_back_changes_insertions_and_removals() {
        let mut cache = Cache::new(1 << 20);
        cache.insert_clean(at(0), page(1));
        cache.insert_dirty(at(512), page(2));
        cache.insert_dirty(at(2048), page(5));
        cache.begin();
        set(&mut cache, 0, 9);
        set(&mut cache, 2048, 9);
        cache.forget(512, 1024, 512);
        cache.insert_dirty(at(1024), page(3));
        cache.undo();
        assert_eq!(first(&cache, 0), None, "it is read again");
        assert_eq!(first(&cache, 512), Some(2));
        assert_eq!(first(&cache, 2048), Some(5));
        assert_eq!(first(&cache, 1024), None);
        assert_eq!(cache.load().logged, 1024);
    }

    #[test]
    fn inner_frames_become_part_of_outer_ones() {
        let mut cache = Cache::new(1 << 20);
        cache.insert_dirty(at(0), page(1));
        cache.begin();
        set(&mut cache, 0, 2);
        cache.begin();
        set(&mut cache, 0, 3);
        cache.undo();
        assert_eq!(first(&cache, 0), Some(2));
        cache.begin();
        set(&mut cache, 0, 4);
        cache.keep();
        assert_eq!(first(&cache, 0), Some(4));
        cache.undo();
        assert_eq!(first(&cache, 0), Some(1));
    }

    #[test]
    fn what_spilled_leaves_memory_and_comes_back_with_its_frame() {
        let mut cache = Cache::new(1 << 20);
        let mut area = SpillArea::default();
        area.add(Segment {
            offset: 1 << 16,
            len: 4096,
        });
        cache.insert_dirty(at(0), page(1));
        cache.begin();
        set(&mut cache, 0, 2);
        cache.note_fresh(4096, 8192);
        cache.insert_dirty(at(4096), page(3));
        let load = cache.load();
        assert_eq!((load.logged, load.fresh), (512, 512));
        assert_eq!(cache.victims(0), [0, 4096]);
        assert!(cache.encoded(4096).unwrap().unwrap().2);
        assert!(!cache.encoded(0).unwrap().unwrap().2);
        cache.set_spilled(0, area.take(512).unwrap());
        cache.set_in_place(4096);
        let load = cache.load();
        assert_eq!((load.logged, load.fresh, load.spilled), (0, 0, 512));
        cache.limit = 0;
        cache.trim();
        cache.trim();
        assert_eq!((cache.load().held, first(&cache, 0)), (0, None));
        assert_eq!(cache.spilled(0).unwrap().segments()[0].offset, 1 << 16);
        let mut parts = Vec::new();
        cache.spilled_parts(|target, source, len| parts.push((target, source, len)));
        assert_eq!(parts, [(0, 1 << 16, 512)]);
        cache.limit = 1 << 20;
        assert_eq!(cache.insert_clean(at(0), page(2)).bytes()[0], 2);
        assert!(cache.is_dirty() && cache.spilled(0).is_none());
        cache.undo();
        assert_eq!(first(&cache, 0), Some(1));
        assert_eq!(cache.load().logged, 512);
    }

    #[test]
    fn what_was_done_before_a_transaction_can_be_committed_in_its_middle() {
        let mut cache = Cache::new(1 << 20);
        let none = |_: &SpillPlace, _| Ok(Vec::new());
        cache.insert_dirty(at(0), page(1));
        cache.insert_dirty(at(512), page(2));
        cache.begin();
        set(&mut cache, 0, 9);
        cache.insert_dirty(at(1024), page(3));
        let (_, earlier) = cache.earlier_sets(none).unwrap();
        let bytes: Vec<u8> = earlier.writes()[0].blocks().map(|b| b.1[0]).collect();
        assert_eq!(bytes, [1, 2]);
        cache.mark_earlier_clean();
        assert_eq!(cache.load().logged, 1024);
        assert!(cache.earlier_sets(none).unwrap().1.is_empty());
        cache.undo();
        assert!(!cache.is_dirty());
        assert_eq!((first(&cache, 0), first(&cache, 512)), (None, Some(2)));
    }

    #[test]
    fn clean_blocks_are_evicted_and_dirty_ones_stay() {
        let mut cache = Cache::new(20 * 512);
        for n in 0..10 {
            cache.insert_dirty(at(n * 512), page(7));
        }
        for n in 10..200 {
            cache.insert_clean(at(n * 512), page(8));
        }
        assert!((0..10).all(|n| cache.get(n * 512).is_some()));
        let here = (0..200).filter(|n| cache.get(n * 512).is_some()).count();
        assert!(here < 40, "{here}");
        let bytes: usize = cache
            .write_sets(false)
            .unwrap()
            .1
            .writes()
            .iter()
            .map(|write| write.bytes.len())
            .sum();
        assert_eq!(bytes, 10 * 512);
        cache.mark_clean();
        assert!(!cache.is_dirty());
    }

    #[test]
    fn readers_keep_the_block_they_hold() {
        let mut cache = Cache::new(1 << 20);
        cache.insert_clean(at(0), page(1));
        let held = cache.get(0).unwrap();
        cache
            .modify(0, |block| {
                block.bytes_mut()[0] = 2;
                Ok(())
            })
            .unwrap();
        assert_eq!(held.bytes()[0], 1);
        assert_eq!(cache.get(0).unwrap().bytes()[0], 2);
    }
}
