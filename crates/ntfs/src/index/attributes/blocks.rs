//! The blocks of an index: `$INDEX_ALLOCATION` as it grows and shrinks, and the
//! bits of `$BITMAP` that say which of them are in use.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;

use super::{AttributeIndex, EngineAccess};
use crate::alloc::bits;
use crate::attr::NewAttribute;
use crate::error::{CorruptKind, Error, Place, Result};
use crate::index::store::IndexStore;
use crate::stream::{StreamBody, StreamMap};

/// Bits come in steps of this many bytes, as sizes of `$BITMAP` are multiples
/// of eight.
const BITMAP_STEP: usize = 8;

/// A resident bitmap longer than this goes to clusters when its record is full.
const RESIDENT_BITMAP: usize = 64;

/// A large index takes clusters for this part of its size ahead.
pub(super) const AHEAD_PART: u64 = 8;

/// And for this many blocks at most.
const AHEAD_BLOCKS: u64 = 1024;

impl<E: EngineAccess> AttributeIndex<'_, E> {
    pub(super) fn bitmap_body(&self) -> Result<StreamBody> {
        let place = Place::attribute(self.base, AttributeType::BITMAP);
        let body = self.access.engine().body(self.base, self.bitmap_key())?;
        body.ok_or_else(|| place.corrupt(CorruptKind::MissingAttribute))
    }

    /// The bytes of the bitmap from the one at `from` on.
    pub(super) fn bitmap_bytes(&self, body: &StreamBody, from: usize) -> Result<Vec<u8>> {
        match body {
            StreamBody::Resident(value) => Ok(value.get(from..).unwrap_or_default().to_vec()),
            StreamBody::NonResident(map) => {
                let most = self.block_count().div_ceil(8).next_multiple_of(8) + 4096;
                let len = usize::try_from(map.sizes.data.min(most)).unwrap_or(0);
                let mut bytes = vec![0; len.saturating_sub(from)];
                let at = u64::try_from(from).unwrap_or(u64::MAX);
                let place = Place::attribute(self.base, AttributeType::BITMAP);
                self.access
                    .engine()
                    .read_pages(map, at, &mut bytes, place)?;
                Ok(bytes)
            }
        }
    }

    /// The first block that is not in use; [`Self::block_count`] when all are.
    pub(super) fn first_free(&self, body: &StreamBody) -> Result<usize> {
        let count = usize::try_from(self.block_count()).unwrap_or(usize::MAX);
        let from = self.open.full_below.min(count);
        if from == count {
            return Ok(count);
        }
        let skipped = from / 8;
        let bytes = self.bitmap_bytes(body, skipped)?;
        let free = bits::next_clear_run(&bytes, from % 8, count - skipped * 8);
        Ok(free.map_or(count, |(bit, _)| bit + skipped * 8))
    }

    /// Changes a bit of a resident bitmap that has it already.
    pub(super) fn write_bit_in_place(&mut self, bit: usize, value: bool) -> Result<bool> {
        let (base, key) = (self.base, self.bitmap_key());
        let engine = self.access.engine_mut()?;
        let found = engine.need(base, key)?;
        let view = found.view()?;
        let place = view.resident_value().and_then(|bytes| {
            let inside = bit / 8 < bytes.len();
            view.resident_value_offset().filter(|_| inside)
        });
        let Some(start) = place else {
            return Ok(false);
        };
        let (record, at) = (found.at.record, start + bit / 8);
        drop(found);
        let byte = at..at + 1;
        engine.patch_record(record, &[byte], |bytes| {
            bits::fill(bytes, at * 8 + bit % 8, 1, value);
            Ok(())
        })?;
        Ok(true)
    }

    pub(super) fn write_bit(&mut self, body: StreamBody, bit: usize, value: bool) -> Result<()> {
        let (base, key, at) = (self.base, self.bitmap_key(), bit / 8);
        let place = Place::attribute(base, AttributeType::BITMAP);
        let needed = (at + 1).next_multiple_of(BITMAP_STEP);
        let engine = self.access.engine_mut()?;
        let offset = u64::try_from(at).unwrap_or(u64::MAX);
        let mut map = match body {
            StreamBody::NonResident(map) => map,
            StreamBody::Resident(mut bytes) => {
                bytes.resize(bytes.len().max(needed), 0);
                bits::fill(&mut bytes, bit, 1, value);
                let at = engine.need(base, key)?.at;
                if engine.try_set_value(at, &bytes)? {
                    return Ok(());
                }
                if bytes.len() <= RESIDENT_BITMAP {
                    return engine.set_value(base, at, &bytes).map(|_| ());
                }
                let mut map = engine.make_non_resident(base, key)?;
                let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                engine.grow_pages(base, key, &mut map, len)?;
                return engine.write_pages(&map, 0, &bytes, place);
            }
        };
        let len = u64::try_from(needed).unwrap_or(u64::MAX);
        if len > map.sizes.data {
            engine.grow_pages(base, key, &mut map, len)?;
        }
        let mut byte = [0];
        engine.read_pages(&map, offset, &mut byte, place)?;
        bits::fill(&mut byte, bit % 8, 1, value);
        engine.write_pages(&map, offset, &byte, place)
    }

    /// Makes `$INDEX_ALLOCATION` of one block and its `$BITMAP`.
    pub(super) fn make_first_block(&mut self) -> Result<u64> {
        let (base, name, key, bytes) = (
            self.base,
            self.name,
            self.allocation_key(),
            self.block_bytes(),
        );
        let engine = self.access.engine_mut()?;
        let mut map = StreamMap::empty();
        engine.extend_runs(&mut map.runs, engine.clusters_for(bytes))?;
        map.sizes.allocated = map.runs.end().0 * engine.cluster_size();
        map.sizes.data = bytes;
        map.sizes.initialized = bytes;
        engine.insert_stream(base, key, &map)?;
        let mut first = [0; BITMAP_STEP];
        bits::fill(&mut first, 0, 1, true);
        engine.insert_attribute(
            base,
            &NewAttribute::resident(AttributeType::BITMAP, name, &first),
        )?;
        self.open_mut().blocks = Some(Arc::new(map));
        Ok(0)
    }

    /// The stream of the blocks, to be changed.
    fn blocks(&self) -> Result<StreamMap> {
        let missing = || self.place().corrupt(CorruptKind::MissingAttribute);
        self.open.blocks.as_deref().cloned().ok_or_else(missing)
    }

    /// Adds a block behind the last one.
    pub(super) fn add_block(&mut self) -> Result<()> {
        let (base, key, bytes) = (self.base, self.allocation_key(), self.block_bytes());
        let mut map = self.blocks()?;
        let count = map.sizes.data / bytes;
        let engine = self.access.engine_mut()?;
        let end = map.sizes.data + bytes;
        let have = map.runs.end().0;
        if engine.clusters_for(end) > have {
            let ahead = (count / AHEAD_PART).min(AHEAD_BLOCKS);
            let wanted = engine.clusters_for(end + ahead * bytes) - have;
            match engine.extend_runs(&mut map.runs, wanted) {
                // The last room of a volume is for what is needed now.
                Err(Error::DiskFull) => {
                    engine.extend_runs(&mut map.runs, engine.clusters_for(end) - have)?;
                }
                other => other?,
            }
        }
        map.sizes.allocated = map.runs.end().0 * engine.cluster_size();
        map.sizes.data = end;
        map.sizes.initialized = end;
        if map.runs.end().0 == have {
            engine.store_sizes(base, key, &map)?;
        } else {
            engine.store_map(base, key, &map, have)?;
        }
        self.open_mut().blocks = Some(Arc::new(map));
        Ok(())
    }

    /// Takes away the blocks from `count` on.
    pub(super) fn cut_blocks(&mut self, count: u64) -> Result<()> {
        let (base, key, bytes) = (self.base, self.allocation_key(), self.block_bytes());
        let mut map = self.blocks()?;
        let engine = self.access.engine_mut()?;
        let end = count * bytes;
        let keep = engine.clusters_for(end);
        let freed = map.runs.truncate(keep);
        engine.free_cached_runs(&freed)?;
        map.sizes.allocated = map.runs.end().0 * engine.cluster_size();
        map.sizes.data = end;
        map.sizes.initialized = end;
        engine.store_map(base, key, &map, keep.saturating_sub(1))?;
        self.open_mut().blocks = Some(Arc::new(map));
        Ok(())
    }

    pub(super) fn remove_blocks(&mut self) -> Result<()> {
        let (base, allocation, bitmap) = (self.base, self.allocation_key(), self.bitmap_key());
        let engine = self.access.engine_mut()?;
        for key in [allocation, bitmap] {
            if let Some(map) = engine.remove_stream(base, key)? {
                engine.free_cached_runs(map.runs.runs())?;
            }
        }
        self.open_mut().blocks = None;
        Ok(())
    }
}
