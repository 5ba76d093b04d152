//! `$MFT` growing: more records, more bits.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record::{self, NewRecord, RecordFlags};
use linkwright_ntfs_format::{
    FileReference, FormatError, Lcn, RecordNumber, SequenceNumber, fixup, num,
};

use super::find::AttrKey;
use crate::alloc::RecordUse;
use crate::cache::{Block, BlockKind};
use crate::engine::Engine;
use crate::error::{Error, Place, Result};
use crate::stream::StreamMap;

const DATA: AttrKey<'static> = AttrKey::unnamed(AttributeType::DATA);
const BITMAP: AttrKey<'static> = AttrKey::unnamed(AttributeType::BITMAP);

/// `$MFT` grows by an eighth, within these bounds (bytes): small volumes stay
/// small, large ones get long runs.
const LEAST_GROWTH: u64 = 64 << 10;
const MOST_GROWTH: u64 = 64 << 20;

/// Bits are added in steps of this many bytes, as `$BITMAP` sizes are
/// multiples of eight.
const BITMAP_STEP: u64 = 8;

/// Bytes of new records that are formatted and written at a time.
const FORMAT_STEP: usize = 128 << 10;

/// The update sequence number of a record as [`format_one`] leaves it.
const FORMATTED: [u8; 2] = 2_u16.to_le_bytes();

/// A record that was free and is marked used: it is to be put in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakenRecord {
    /// Its number.
    pub(crate) number: RecordNumber,
    /// The sequence number that its new owner has.
    pub(crate) sequence: SequenceNumber,
    /// The update sequence number that lies at its place on the device.
    update: [u8; 2],
}

impl TakenRecord {
    /// The reference that names it.
    pub(crate) const fn reference(&self) -> FileReference {
        FileReference::new(self.number, self.sequence)
    }
}

impl Engine {
    /// Takes a free record for a new owner, who puts what it holds in place with
    /// [`Self::put_record`]. `$MFT` grows when there is none.
    pub(crate) fn take_record(&mut self, purpose: RecordUse) -> Result<TakenRecord> {
        let number = match self.claim_record(purpose)? {
            Some(number) => number,
            None if purpose == RecordUse::MftExtension => return Err(Error::DiskFull),
            None => {
                self.grow_mft()?;
                self.claim_record(purpose)?.ok_or(Error::DiskFull)?
            }
        };
        if self.state.formatted.contains(&number.0) {
            // This session formatted it and nobody took it yet: it need not be
            // read to know what it is.
            self.state.formatted.start = number.0 + 1;
            return Ok(TakenRecord {
                number,
                sequence: SequenceNumber(1),
                update: FORMATTED,
            });
        }
        let block = match self.record(number) {
            Err(Error::Corrupt(_)) => self.make_record(number)?,
            read => read?,
        };
        let header = record::header(block.bytes()).map_err(|e| Place::record(number).format(e))?;
        if header.flags().contains(RecordFlags::IN_USE) {
            return Err(Place::record(number).corrupt(crate::error::CorruptKind::RecordBitmap));
        }
        let sequence = match header.sequence() {
            SequenceNumber(0) => SequenceNumber(1),
            sequence => sequence,
        };
        Ok(TakenRecord {
            number,
            sequence,
            update: block.number(),
        })
    }

    /// The bytes of a record that was taken, empty: header and end mark.
    pub(crate) fn empty_record(
        &self,
        taken: &TakenRecord,
        flags: RecordFlags,
        base: Option<FileReference>,
    ) -> Result<Vec<u8>> {
        let new = NewRecord {
            number: taken.number,
            sequence: taken.sequence,
            flags,
            base,
        };
        let mut bytes = vec![0; self.record_size()];
        record::format(&mut bytes, &new)
            // What lies on the device goes before.
            .and_then(|()| num::put(&mut bytes, record::HEADER_LEN, &taken.update))
            .map_err(|e| Place::record(taken.number).format(e))?;
        Ok(bytes)
    }

    /// Puts what a record that was taken holds in its place.
    pub(crate) fn put_record(&mut self, taken: &TakenRecord, bytes: Vec<u8>) -> Result<()> {
        let location = self.record_location(taken.number)?;
        let block = Block::new(BlockKind::Record, bytes);
        self.cache.insert_dirty(location, block);
        Ok(())
    }

    /// Formats a record that is free and not in order: Windows leaves zeros
    /// where no file ever was, and chkdsk leaves records as they are when it
    /// frees them. No file can refer to it, so that it is written at once.
    fn make_record(&mut self, number: RecordNumber) -> Result<Arc<Block>> {
        let raw = self.read_location(&self.record_location(number)?)?;
        let old = record::header(&raw).ok();
        if old.is_some_and(|header| header.flags().contains(RecordFlags::IN_USE)) {
            return Err(Place::record(number).corrupt(crate::error::CorruptKind::RecordBitmap));
        }
        let sequence = old.map_or(SequenceNumber(1), |header| header.sequence());
        let size = u64::from(self.geometry.record_size());
        let map = Arc::clone(&self.state.mft);
        let start = number.0 * size;
        self.format_records(&map, start, start + size, sequence)?;
        self.record(number)
    }

    fn grow_mft(&mut self) -> Result<()> {
        let record_size = u64::from(self.geometry.record_size());
        let have = self.state.mft.sizes.data;
        let growth = (have / 8).clamp(LEAST_GROWTH, MOST_GROWTH);
        let unit = record_size.max(self.cluster_size());
        let wanted = (have + growth).next_multiple_of(unit);
        if wanted / record_size >= u64::from(u32::MAX) {
            return Err(Error::DiskFull);
        }
        let end = match self.framed(&|engine: &mut Self| engine.grow_mft_data(wanted)) {
            // A nearly full volume may still have room for a few records.
            Err(Error::DiskFull) => {
                let least = (have + record_size).next_multiple_of(unit);
                self.grow_mft_data(least)?
            }
            other => other?,
        };
        self.grow_mft_bitmap(end / record_size)
    }

    /// Gives `$MFT` clusters up to `wanted` bytes, fewer where no free piece is that
    /// long, and formats the new records. They are fresh: no file can refer to them
    /// before this is committed. Returns where `$MFT` ends now.
    fn grow_mft_data(&mut self, wanted: u64) -> Result<u64> {
        let mut map = StreamMap::clone(&self.state.mft);
        let old_end = map.runs.end().0;
        let needed = self.clusters_for(wanted).saturating_sub(old_end);
        if needed > 0 {
            let near = map
                .runs
                .runs()
                .last()
                .and_then(|run| run.lcn.map(|lcn| Lcn(lcn + run.length)));
            // No record lies in two runs: other readers do not expect that.
            let unit = u64::from(self.geometry.record_size()).div_ceil(self.cluster_size());
            let needed = needed.next_multiple_of(unit);
            // One run: only so many extension records can hold them.
            let piece = self.allocate_piece(needed, unit, near)?;
            let (lcn, length) = piece.ok_or(Error::DiskFull)?;
            map.runs.push(Some(lcn), length);
        }
        let from = map.sizes.initialized;
        let wanted = wanted.min(map.runs.end().0 * self.cluster_size());
        map.sizes.allocated = map.runs.end().0 * self.cluster_size();
        map.sizes.data = wanted;
        map.sizes.initialized = wanted;
        self.format_records(&map, from, wanted, SequenceNumber(1))?;
        self.state.mft = Arc::new(map.clone());
        let size = u64::from(self.geometry.record_size());
        self.state.formatted = from.div_ceil(size)..wanted / size;
        self.store_map(RecordNumber::MFT, DATA, &map, old_end)?;
        Ok(wanted)
    }

    fn format_records(
        &mut self,
        map: &StreamMap,
        from: u64,
        end: u64,
        sequence: SequenceNumber,
    ) -> Result<()> {
        self.cache.drop_ahead();
        let size = self.record_size();
        let step = u64::from(self.geometry.record_size());
        let place = Place::attribute(RecordNumber::MFT, AttributeType::DATA);
        let mut one = vec![0; size];
        // No update sequence number is carried on.
        format_one(&mut one, RecordNumber(from / step), sequence).map_err(|e| place.format(e))?;
        let mut bytes = Vec::with_capacity(FORMAT_STEP);
        let mut at = from;
        while at < end {
            // One contiguous stretch at a time.
            let most = u64::try_from(FORMAT_STEP / size).unwrap_or(1);
            let count = ((end - at) / step).min(most).max(1);
            bytes.clear();
            for n in 0..count {
                // They differ in their numbers only.
                record::header_mut(&mut one)
                    .map_err(|e| place.format(e))?
                    .number = record::low_number(RecordNumber(at / step + n));
                bytes.extend_from_slice(&one);
            }
            let location = self.location(&map.runs, at, bytes.len(), place)?;
            let mut rest = bytes.as_slice();
            for segment in location.segments() {
                let (part, tail) = rest.split_at_checked(segment.len).unwrap_or((rest, &[]));
                self.store.write_fresh(segment.offset, part)?;
                rest = tail;
            }
            at += count * step;
        }
        Ok(())
    }

    /// Gives `$MFT:$BITMAP` a bit for each of `records`.
    fn grow_mft_bitmap(&mut self, records: u64) -> Result<()> {
        let bytes = records.div_ceil(8).next_multiple_of(BITMAP_STEP);
        let mut map = StreamMap::clone(&self.state.mft_bitmap);
        if bytes <= map.sizes.initialized {
            return Ok(());
        }
        self.grow_pages(RecordNumber::MFT, BITMAP, &mut map, bytes)?;
        self.state.mft_bitmap = Arc::new(map);
        Ok(())
    }
}

/// Fills `bytes`, zeros, with a free record as it lies on the device.
fn format_one(
    bytes: &mut [u8],
    number: RecordNumber,
    sequence: SequenceNumber,
) -> core::result::Result<(), FormatError> {
    let new = NewRecord {
        number,
        sequence,
        flags: RecordFlags::empty(),
        base: None,
    };
    record::format(bytes, &new)?;
    fixup::apply(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formatted_record_carries_the_number_that_is_carried_on() {
        let mut bytes = vec![0; 1024];
        format_one(&mut bytes, RecordNumber(30), SequenceNumber(1)).unwrap();
        assert_eq!(num::array(&bytes, record::HEADER_LEN), Ok(FORMATTED));
        let block = Block::decode(BlockKind::Record, bytes).unwrap();
        assert_eq!(block.number(), FORMATTED);
    }
}
