//! Blocks on their way to the device: what a commit under way has taken out of
//! the cache's hands. They stay as they are; who changes one in the cache has a
//! copy.

use std::sync::Arc;

use super::Block;
use super::hash::Sieve;
use super::map::Location;
use crate::error::{Place, Result};
use crate::txn::Places;

/// A block, and where it belongs.
pub(crate) struct InFlight {
    pub(super) location: Location,
    /// In a place that was free when the last commit was made.
    pub(super) fresh: bool,
    pub(super) block: Arc<Block>,
}

/// See the module's text.
pub(crate) struct Flight {
    /// Ascending by their keys.
    blocks: Vec<InFlight>,
    /// Most keys that are not among them.
    sieve: Sieve,
    bytes: usize,
}

impl Flight {
    pub(super) fn new(blocks: Vec<InFlight>) -> Self {
        let bytes = blocks.iter().map(|block| block.location.len()).sum();
        let sieve = Sieve::new(blocks.iter().map(|block| block.location.key()));
        Self {
            blocks,
            sieve,
            bytes,
        }
    }

    /// Bytes of all blocks.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The block at `key`.
    pub(super) fn find(&self, key: u64) -> Option<&InFlight> {
        if !self.sieve.may_hold(key) {
            return None;
        }
        let at = self
            .blocks
            .binary_search_by_key(&key, |block| block.location.key());
        self.blocks.get(at.ok()?)
    }

    /// Hands every block to `each`, ascending: where it belongs, whether that is a
    /// fresh place, and its bytes for the device.
    pub(crate) fn each(
        &self,
        mut each: impl FnMut(&Location, bool, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut bytes = Vec::new();
        for flown in &self.blocks {
            bytes.clear();
            let block = &flown.block;
            block
                .encode_onto(&mut bytes)
                .map_err(|e| Place::default().format(e))?;
            each(&flown.location, flown.fresh, &bytes)?;
        }
        Ok(())
    }
}

impl Places for Flight {
    fn touches(&self, offset: u64, len: usize) -> bool {
        let after =
            |start: u64, len: usize| start.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        let end = after(offset, len);
        let behind = self
            .blocks
            .partition_point(|block| block.location.key() < end);
        let last = behind.checked_sub(1).and_then(|at| self.blocks.get(at));
        let piece = last.and_then(|block| block.location.segments().next());
        piece.is_some_and(|piece| after(piece.offset, piece.len) > offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::BlockKind;

    fn flight(keys: &[u64]) -> Flight {
        let block = |key: &u64| InFlight {
            location: Location::contiguous(*key, 1024),
            fresh: false,
            block: Block::new(BlockKind::Page, vec![1; 1024]),
        };
        Flight::new(keys.iter().map(block).collect())
    }

    #[test]
    fn blocks_are_found_by_where_they_lie() {
        let flight = flight(&[1024, 4096]);
        assert_eq!(flight.bytes(), 2048);
        assert!(flight.find(4096).is_some() && flight.find(2048).is_none());
        for (offset, len, touched) in [
            (0, 1024, false),
            (0, 1025, true),
            (2047, 1, true),
            (2048, 2048, false),
            (2048, 2049, true),
            (5119, 9, true),
            (5120, 9, false),
        ] {
            assert_eq!(flight.touches(offset, len), touched, "{len} at {offset}");
        }
    }
}
