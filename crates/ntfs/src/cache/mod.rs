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
//! - Only clean blocks are evicted. Dirty ones leave through
//!   [`Cache::write_set`] and [`Cache::mark_clean`].

mod block;
mod frames;
mod map;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use block::{Block, BlockKind};
pub(crate) use map::{Location, Segment};

use crate::error::{CorruptKind, Place, Result};
use crate::txn::WriteSet;
use frames::Frames;
use map::{Map, Slot};

/// See the module's text.
pub(crate) struct Cache {
    map: Mutex<Map>,
    frames: Frames,
    limit: usize,
    generation: u64,
}

impl Cache {
    /// An empty cache that keeps about `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            map: Mutex::new(Map::default()),
            frames: Frames::default(),
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
        self.lock().get(key)
    }

    /// Keeps a block that was just read. Returns the one that was there first
    /// when another reader was faster.
    pub(crate) fn insert_clean(&self, location: Location, block: Block) -> Arc<Block> {
        let mut map = self.lock();
        if let Some(present) = map.get(location.key()) {
            return present;
        }
        let block = Arc::new(block);
        map.insert(Slot::clean(location, Arc::clone(&block)));
        map.evict(self.limit);
        block
    }

    /// Puts a block with new content in place, dirty, whatever was there.
    pub(crate) fn insert_dirty(&mut self, location: Location, block: Block) {
        let key = location.key();
        self.generation += 1;
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.frames.save(key, map);
        map.insert(Slot::dirty(location, Arc::new(block)));
    }

    /// Whether the block at `key` is here.
    pub(crate) fn contains(&self, key: u64) -> bool {
        self.lock().contains(key)
    }

    /// Changes the block at `key`, which must be here. An error of `change`
    /// leaves the block as `change` left it: the caller's frame puts it back.
    pub(crate) fn modify<T>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut Block) -> Result<T>,
    ) -> Result<T> {
        self.generation += 1;
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.frames.save(key, map);
        map.modify(key, |block| change(Arc::make_mut(block)))
            .unwrap_or_else(|| Err(Place::default().corrupt(CorruptKind::MissingAttribute)))
    }

    /// Drops the blocks that start in `start..end`: their clusters were freed.
    pub(crate) fn forget(&mut self, start: u64, end: u64, step: u64) {
        let map = self.map.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.generation += 1;
        let keys = map.keys_in(start..end, step);
        for key in keys {
            self.frames.save(key, map);
            map.remove(key);
        }
    }

    /// Drops the block at `key`: nothing refers to it any more.
    pub(crate) fn forget_one(&mut self, key: u64) {
        self.forget(key, key + 1, 1);
    }

    /// Drops every block: what is on the device has changed. None is dirty.
    pub(crate) fn forget_clean(&mut self) {
        self.generation += 1;
        *self.map_mut() = Map::default();
    }

    /// Opens a frame.
    pub(crate) fn begin(&mut self) {
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

    /// Bytes of dirty blocks.
    pub(crate) fn dirty_bytes(&mut self) -> usize {
        self.map_mut().dirty_bytes()
    }

    /// The most bytes this cache should hold.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// All dirty blocks, encoded for the device, in ascending order.
    pub(crate) fn write_set(&mut self) -> Result<WriteSet> {
        self.map_mut().write_set()
    }

    /// The block at `key` alone, encoded for the device.
    pub(crate) fn write_set_of(&mut self, key: u64) -> Result<WriteSet> {
        self.map_mut().write_set_of(key)
    }

    /// Every block is on the device now.
    pub(crate) fn mark_clean(&mut self) {
        let limit = self.limit;
        let map = self.map_mut();
        map.mark_clean();
        map.evict(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(byte: u8) -> Block {
        Block::new(BlockKind::Page, vec![byte; 512])
    }

    fn at(offset: u64) -> Location {
        Location::contiguous(offset, 512)
    }

    #[test]
    fn undo_puts_back_changes_insertions_and_removals() {
        let mut cache = Cache::new(1 << 20);
        cache.insert_clean(at(0), page(1));
        cache.insert_clean(at(512), page(2));
        cache.begin();
        cache
            .modify(0, |block| {
                block.bytes_mut()[0] = 9;
                Ok(())
            })
            .unwrap();
        cache.forget(512, 1024, 512);
        cache.insert_dirty(at(1024), page(3));
        cache.undo();
        assert_eq!(cache.get(0).unwrap().bytes()[0], 1);
        assert_eq!(cache.get(512).unwrap().bytes()[0], 2);
        assert!(cache.get(1024).is_none());
        assert_eq!(cache.dirty_bytes(), 0);
    }

    #[test]
    fn inner_frames_become_part_of_outer_ones() {
        let mut cache = Cache::new(1 << 20);
        cache.insert_clean(at(0), page(1));
        let set = |cache: &mut Cache, byte| {
            cache.modify(0, |block| {
                block.bytes_mut()[0] = byte;
                Ok(())
            })
        };
        cache.begin();
        set(&mut cache, 2).unwrap();
        cache.begin();
        set(&mut cache, 3).unwrap();
        cache.undo();
        assert_eq!(cache.get(0).unwrap().bytes()[0], 2);
        cache.begin();
        set(&mut cache, 4).unwrap();
        cache.keep();
        assert_eq!(cache.get(0).unwrap().bytes()[0], 4);
        cache.undo();
        assert_eq!(cache.get(0).unwrap().bytes()[0], 1);
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
            .write_set()
            .unwrap()
            .writes()
            .iter()
            .map(|write| write.bytes.len())
            .sum();
        assert_eq!(bytes, 10 * 512);
        cache.mark_clean();
        assert_eq!(cache.dirty_bytes(), 0);
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
