//! A block in the table of the cache: its state, and taking edits back.

use std::sync::Arc;

use super::Block;
use super::frames::Edit;
use super::map::Location;
use super::spill::SpillPlace;
use crate::error::{Place, Result};
use crate::index::node::IndexNode;

/// Nodes stay longer than records, which mostly come by once.
pub(super) const NODE_LIVES: u8 = 4;

/// A block in the table.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) location: Location,
    /// `None`: evicted; what it is lies at `spilled`.
    pub(super) block: Option<Arc<Block>>,
    pub(super) len: usize,
    pub(super) dirty: bool,
    /// Dirty, and in a place that was free when the last commit was made.
    pub(super) fresh: bool,
    /// Where the block as it is now lies in the spill area.
    pub(super) spilled: Option<Arc<SpillPlace>>,
    /// How often the eviction hand passes before the block goes, if it is not used
    /// again.
    pub(super) lives: u8,
    /// Lives of a block that was just used.
    worth: u8,
    /// The innermost frame that keeps this block as a whole (see `frames`).
    pub(super) stamp: u64,
}

impl Slot {
    pub(super) fn clean(location: Location, block: Arc<Block>) -> Self {
        let is_node = block.node().is_some();
        Self {
            location,
            len: block.bytes().len(),
            block: Some(block),
            dirty: false,
            fresh: false,
            spilled: None,
            lives: 0,
            worth: if is_node { NODE_LIVES } else { 1 },
            stamp: 0,
        }
    }

    pub(super) fn dirty(location: Location, block: Arc<Block>) -> Self {
        Self {
            dirty: true,
            ..Self::clean(location, block)
        }
    }

    /// The block is used.
    #[inline]
    pub(super) const fn touch(&mut self) {
        self.lives = self.worth;
    }

    pub(super) const fn key(&self) -> u64 {
        self.location.key()
    }

    pub(super) const fn stamp(&self) -> u64 {
        self.stamp
    }

    pub(super) const fn set_stamp(&mut self, stamp: u64) {
        self.stamp = stamp;
    }

    /// Whether undoing a change needs no more than what changes: the block is
    /// in memory, and cannot be read again.
    pub(super) const fn is_editable(&self) -> bool {
        self.dirty && self.spilled.is_none() && self.block.is_some()
    }

    /// What undoing a change of the block needs: nothing when it can be read
    /// again.
    pub(super) fn snapshot(&self) -> Option<Self> {
        if !self.dirty {
            return None;
        }
        let mut slot = self.clone();
        if slot.spilled.is_some() {
            slot.block = None;
        }
        Some(slot)
    }

    /// The bytes of the block in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.as_ref().map_or(&[], |block| block.bytes())
    }

    /// The node in memory.
    pub(super) fn node(&self) -> Option<&IndexNode> {
        self.block.as_ref().and_then(|block| block.node())
    }

    /// The bytes of an entry of the node in memory.
    pub(super) fn entry(&self, slot: usize) -> &[u8] {
        self.node().map_or(&[], |node| node.range(slot, slot + 1))
    }

    /// Takes an edit back; `bytes` are those of all edits.
    pub(super) fn take_back(&mut self, edit: Edit, bytes: &[u8]) {
        let Some(block) = &mut self.block else { return };
        let Some(block) = Block::alone(block) else {
            return;
        };
        let kept = |start: usize, len: usize| bytes.get(start..start + len).unwrap_or_default();
        match edit {
            Edit::Bytes { at, start, len } => {
                if let Some(to) = block.bytes_mut().get_mut(at..at + len) {
                    to.copy_from_slice(kept(start, len));
                }
            }
            Edit::Came(slot) => {
                if let Some(node) = block.node_mut() {
                    // The entry is there: it was put there.
                    let taken = node.remove(slot);
                    debug_assert!(taken.is_ok(), "an entry that came is gone");
                }
            }
            Edit::Went { slot, start, len } => {
                if let Some(node) = block.node_mut() {
                    // There is room: it was there before.
                    let put = node.insert(slot, kept(start, len));
                    debug_assert!(put.is_ok(), "an entry that went has no room");
                }
            }
        }
    }

    /// Bytes of memory for the block.
    pub(super) fn held(&self) -> usize {
        if self.block.is_some() { self.len } else { 0 }
    }

    /// The block as a commit takes it, under the next number; `None` when it
    /// lies in the spill area.
    pub(super) fn take_off(&mut self) -> Option<Arc<Block>> {
        let block = self.block.as_mut()?;
        Block::alone(block)?.advance();
        Some(Arc::clone(block))
    }

    /// The bytes for the device; `None` when they lie in the spill area.
    pub(super) fn encode(&mut self) -> Result<Option<Vec<u8>>> {
        match self.block.as_mut().and_then(Block::alone) {
            None => Ok(None),
            Some(block) => block
                .encode()
                .map(Some)
                .map_err(|e| Place::default().format(e)),
        }
    }
}
