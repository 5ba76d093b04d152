//! Records that are missed in ascending order are read together.

use std::sync::Arc;

use linkwright_ntfs_format::{RecordNumber, record};

use crate::cache::{Block, BlockKind, Location};
use crate::engine::Engine;
use crate::error::{Place, Result};

impl Engine {
    /// Reads a record that is not in memory into the cache, for who has the
    /// volume alone.
    pub(super) fn fill_record(&mut self, number: RecordNumber, location: Location) -> Result<()> {
        let (key, len) = (location.key(), location.len());
        let bytes = match self.cache.take_ahead_now(key, len) {
            Some(bytes) => bytes,
            None if self.cache.recall(key) => return Ok(()),
            None => self.read_record(number, &location)?,
        };
        let block = decode(number, bytes)?;
        self.cache.fill(location, block);
        Ok(())
    }

    /// The bytes of a record that is not in memory, and with them those that are
    /// asked for next, when it looks like that.
    pub(super) fn missed_record(
        &self,
        number: RecordNumber,
        location: &Location,
    ) -> Result<Box<[u8]>> {
        match self.cache.take_ahead(location.key(), location.len()) {
            Some(bytes) => Ok(bytes),
            None => self.read_record(number, location),
        }
    }

    fn read_record(&self, number: RecordNumber, location: &Location) -> Result<Box<[u8]>> {
        let (key, len) = (location.key(), location.len());
        // Of the volume's own, opening reads a few in a row, and nothing behind.
        let wanted = match Self::is_metafile(number) {
            true => 0,
            false => self.cache.wanted_ahead(key, len),
        };
        if wanted > len && self.read_ahead(number, location, wanted) {
            // A block in the spill area is in no stretch.
            if let Some(bytes) = self.cache.take_ahead(key, len) {
                return Ok(bytes);
            }
        }
        self.read_location(location).map(Vec::into_boxed_slice)
    }

    /// Reads at most `wanted` bytes of `$MFT` from a record on, as far as they lie
    /// in one piece. Whether that went well: what cannot be read may be behind the
    /// record that is asked for.
    fn read_ahead(&self, number: RecordNumber, location: &Location, wanted: usize) -> bool {
        let len = location.len();
        let shift = self.geometry.record_size().trailing_zeros();
        let offset = number.0 << shift;
        let cluster = self.geometry.cluster_shift();
        let Some(run) = self.state.mft_runs().lookup(offset >> cluster) else {
            return false;
        };
        // From the start of the record's first cluster.
        let in_run = (run.length << cluster).saturating_sub(offset & ((1 << cluster) - 1));
        let in_table = (self.record_count() - number.0) << shift;
        let most = usize::try_from(in_run.min(in_table)).unwrap_or(usize::MAX);
        let wanted = wanted.min(most) / len * len;
        if wanted <= len || location.segments().count() != 1 {
            return false;
        }
        let mut bytes = self.cache.buffer_ahead(wanted);
        if self.store.read(location.key(), &mut bytes).is_err() {
            return false;
        }
        self.cache.put_ahead(location.key(), len, bytes);
        true
    }
}

/// A record from its bytes on the device.
pub(super) fn decode(number: RecordNumber, bytes: Box<[u8]>) -> Result<Arc<Block>> {
    let place = Place::record(number);
    let block = Block::decode(BlockKind::Record, bytes.into_vec()).map_err(|e| place.format(e))?;
    record::validate(block.bytes()).map_err(|e| place.format(e))?;
    Ok(block)
}
