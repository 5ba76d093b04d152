//! Making and reading the body of a record.

use linkwright_device::BlockDevice;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, IntoBytes};

use super::checksum;
use super::layout::{Entry, FAR, PAIR, RANGE, RECORD_HEADER, RECORD_MAGIC, Range, RecordHeader};
use super::ranges::{self, ByteRange};
use super::sectors::{SECTOR, SECTOR_LEN, Sectors};
use super::write_set::Write;
use crate::error::{CorruptKind, Place, Result};

/// What a group of operations changes: the first time since a checkpoint a
/// block as a whole, then ranges of bytes.
#[derive(Debug, Default)]
pub(crate) struct Body {
    table: Vec<u8>,
    images: Vec<u8>,
}

/// One block that changes.
pub(super) struct Item<'a> {
    pub(super) offset: u64,
    /// Checksums of its sectors on the device.
    pub(super) before: &'a [[u8; 8]],
    change: Change<'a>,
}

enum Change<'a> {
    Whole(&'a [u8]),
    Ranges(&'a [[u8; RANGE]], &'a [u8]),
}

/// Buffers that are used for each block anew.
#[derive(Default)]
struct Scratch {
    there: Vec<u8>,
    known: Vec<u8>,
    sums: Vec<u64>,
    ranges: Vec<ByteRange>,
}

impl Body {
    /// What `writes` change of what is on the device and in the journal.
    pub(super) fn gather<'w>(
        writes: impl Iterator<Item = &'w Write>,
        known: &Sectors,
        device: &dyn BlockDevice,
    ) -> Result<Self> {
        let mut body = Self::default();
        let mut scratch = Scratch::default();
        for write in writes {
            body.add(write, known, device, &mut scratch)?;
        }
        Ok(body)
    }

    fn add(
        &mut self,
        write: &Write,
        known: &Sectors,
        device: &dyn BlockDevice,
        scratch: &mut Scratch,
    ) -> Result<()> {
        scratch.there.clear();
        for (start, block) in write.blocks() {
            let at = write.offset + start as u64;
            if !at.is_multiple_of(SECTOR_LEN) || !block.len().is_multiple_of(SECTOR) {
                return Err(Place::default().corrupt(CorruptKind::StreamSizes));
            }
            scratch.known.clear();
            scratch.sums.clear();
            if known.lookup(at, block.len(), &mut scratch.known, &mut scratch.sums) {
                ranges::differing(&scratch.known, block, &mut scratch.ranges);
                self.push_ranges(at, block, scratch);
                continue;
            }
            if scratch.there.is_empty() {
                // The whole write: its other blocks mostly are new too.
                scratch.there.resize(write.bytes.len(), 0);
                device.read_at(write.offset, &mut scratch.there)?;
            }
            let there = scratch.there.get(start..).unwrap_or_default();
            let (there, _) = there.as_chunks::<SECTOR>();
            let sectors = block.len() / SECTOR;
            scratch.sums.clear();
            let mut place = at;
            let mut same = true;
            for (bytes, image) in there
                .iter()
                .take(sectors)
                .zip(block.as_chunks::<SECTOR>().0)
            {
                let sum = known.before(place);
                same &= sum.is_none() && bytes == image;
                scratch
                    .sums
                    .push(sum.unwrap_or_else(|| checksum::of(bytes)));
                place += SECTOR_LEN;
            }
            if !same {
                self.push_whole(at, block, &scratch.sums);
            }
        }
        Ok(())
    }

    fn push_entry(&mut self, offset: u64, sums: &[u64], ranges: usize) {
        let entry = Entry {
            offset: U64::new(offset),
            sectors: U32::new(u32::try_from(sums.len()).unwrap_or(u32::MAX)),
            ranges: U32::new(u32::try_from(ranges).unwrap_or(u32::MAX)),
        };
        self.table.extend_from_slice(entry.as_bytes());
        for sum in sums {
            self.table.extend_from_slice(&sum.to_le_bytes());
        }
    }

    fn push_whole(&mut self, offset: u64, block: &[u8], sums: &[u64]) {
        self.push_entry(offset, sums, 0);
        self.images.extend_from_slice(block);
    }

    fn push_ranges(&mut self, offset: u64, block: &[u8], scratch: &Scratch) {
        let ranges = &scratch.ranges;
        if ranges.is_empty() {
            return;
        }
        let bytes: usize = ranges.iter().map(|(_, len)| RANGE + len).sum();
        let mut named = Vec::with_capacity(ranges.len());
        for (start, len) in ranges {
            if let (Ok(start), Ok(len)) = (u16::try_from(*start), u16::try_from(*len)) {
                named.push(Range {
                    start: U16::new(start),
                    len: U16::new(len),
                });
            }
        }
        if bytes >= block.len() || named.len() != ranges.len() {
            return self.push_whole(offset, block, &scratch.sums);
        }
        self.push_entry(offset, &scratch.sums, named.len());
        self.table.extend_from_slice(named.as_bytes());
        for (start, len) in ranges {
            let part = block.get(*start..start + len).unwrap_or_default();
            self.images.extend_from_slice(part);
        }
    }

    /// Whether nothing changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The most bytes of the log that a record of `bytes` in blocks takes.
    pub(super) fn most(bytes: u64) -> u64 {
        // An entry and a checksum for each block of one sector.
        (bytes + bytes / SECTOR_LEN * (PAIR as u64 + 8) + RECORD_HEADER as u64)
            .next_multiple_of(SECTOR_LEN)
    }

    /// The record for the log.
    pub(super) fn record(&self, session: u64, sequence: u64) -> Vec<u8> {
        let inside = self.table.len() + self.images.len();
        let length = (RECORD_HEADER + inside).next_multiple_of(SECTOR);
        let mut record = Vec::with_capacity(length);
        record.resize(RECORD_HEADER, 0);
        record.extend_from_slice(&self.table);
        record.extend_from_slice(&self.images);
        let body = record.get(RECORD_HEADER..).unwrap_or_default();
        let mut header = RecordHeader {
            magic: RECORD_MAGIC,
            session: U64::new(session),
            sequence: U64::new(sequence),
            length: U64::new(length as u64),
            body_length: U64::new(inside as u64),
            table_length: U64::new(self.table.len() as u64),
            extents: U64::ZERO,
            body_checksum: U64::new(checksum::of(body)),
            checksum: U64::ZERO,
        };
        header.checksum = U64::new(header.sum(&[]));
        if let Some(start) = record.get_mut(..RECORD_HEADER) {
            start.copy_from_slice(header.as_bytes());
        }
        record.resize(length, 0);
        record
    }

    /// Adds what changes to the sectors that wait for their place.
    pub(super) fn apply(&self, sectors: &mut Sectors) {
        let mut reader = Reader::new(&self.table, &self.images);
        while let Some(item) = reader.next() {
            match item.change {
                Change::Whole(image) => {
                    let (images, _) = image.as_chunks::<SECTOR>();
                    let mut at = item.offset;
                    for (before, image) in item.before.iter().zip(images) {
                        sectors.put(at, u64::from_le_bytes(*before), image);
                        at += SECTOR_LEN;
                    }
                }
                Change::Ranges(ranges, bytes) => {
                    let mut rest = bytes;
                    for (start, len) in ranges.iter().filter_map(range) {
                        let (part, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                        sectors.patch(item.offset + start as u64, part);
                        rest = tail;
                    }
                }
            }
        }
    }

    /// A stored body; `None` when it cannot be what the header says, or does
    /// not follow what the records before it say.
    pub(super) fn decode(
        header: &RecordHeader,
        bytes: &[u8],
        device_len: u64,
        known: &Sectors,
    ) -> Option<Self> {
        if checksum::of(bytes) != header.body_checksum.get() {
            return None;
        }
        let table = usize::try_from(header.table_length.get()).ok()?;
        let (table, images) = bytes.split_at_checked(table)?;
        let mut reader = Reader::new(table, images);
        while let Some(item) = reader.next() {
            let len = (item.before.len() as u64).checked_mul(SECTOR_LEN)?;
            let end = item.offset.checked_add(len)?;
            if end > device_len || !item.offset.is_multiple_of(SECTOR_LEN) {
                return None;
            }
            if let Change::Ranges(ranges, _) = item.change {
                let inside = ranges
                    .iter()
                    .filter_map(range)
                    .all(|(start, bytes)| (start + bytes) as u64 <= len);
                if !inside || !known.holds(item.offset, len) {
                    return None;
                }
            }
        }
        if !reader.is_done() {
            return None;
        }
        Some(Self {
            table: table.to_vec(),
            images: images.to_vec(),
        })
    }
}

fn range(bytes: &[u8; RANGE]) -> Option<(usize, usize)> {
    let range = Range::read_from_bytes(bytes).ok()?;
    Some((usize::from(range.start.get()), usize::from(range.len.get())))
}

/// Walks the entries of a body.
struct Reader<'a> {
    table: &'a [u8],
    images: &'a [u8],
}

impl<'a> Reader<'a> {
    const fn new(table: &'a [u8], images: &'a [u8]) -> Self {
        Self { table, images }
    }

    /// Whether the last call of [`Self::next`] found the end and nothing left.
    const fn is_done(&self) -> bool {
        self.table.is_empty() && self.images.is_empty()
    }

    /// The next block; `None` at the end, or where the table contradicts itself.
    fn next(&mut self) -> Option<Item<'a>> {
        let (entry, rest) = Entry::read_from_prefix(self.table).ok()?;
        let sectors = usize::try_from(entry.sectors.get()).ok()?;
        let (before, rest) = rest.split_at_checked(sectors.checked_mul(8)?)?;
        let (before, _) = before.as_chunks::<8>();
        let count = usize::try_from(entry.ranges.get()).ok()?;
        if sectors == 0 || entry.ranges.get() == FAR {
            return None;
        }
        let (change, rest, images) = if count == 0 {
            let (image, images) = self.images.split_at_checked(sectors.checked_mul(SECTOR)?)?;
            (Change::Whole(image), rest, images)
        } else {
            let (ranges, rest) = rest.split_at_checked(count.checked_mul(RANGE)?)?;
            let (ranges, _) = ranges.as_chunks::<RANGE>();
            let bytes = ranges.iter().filter_map(range).map(|(_, len)| len).sum();
            let (bytes, images) = self.images.split_at_checked(bytes)?;
            (Change::Ranges(ranges, bytes), rest, images)
        };
        (self.table, self.images) = (rest, images);
        Some(Item {
            offset: entry.offset.get(),
            before,
            change,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_device::MemoryDevice;

    /// Commits `block` at `offset`; returns the body's length.
    fn commit(sectors: &mut Sectors, device: &MemoryDevice, offset: u64, block: &[u8]) -> usize {
        let write = Write::block(offset, block.to_vec());
        let body = Body::gather([&write].into_iter(), sectors, device).unwrap();
        let record = body.record(1, 1);
        let header = RecordHeader::read_from_prefix(&record).unwrap().0;
        let length = body.table.len() + body.images.len();
        let stored = &record[RECORD_HEADER..RECORD_HEADER + length];
        let read = Body::decode(&header, stored, device.len(), sectors).unwrap();
        read.apply(sectors);
        assert!(record.len() as u64 <= Body::most(block.len() as u64));
        length
    }

    #[test]
    fn a_block_is_logged_whole_once_and_then_in_ranges() {
        let device = MemoryDevice::new(1 << 16);
        let mut sectors = Sectors::default();
        let mut block = vec![7; 4096];
        let first = commit(&mut sectors, &device, 8192, &block);
        assert_eq!(first, PAIR + 8 * 8 + 4096);
        block[1000..1010].fill(9);
        block[3000] = 1;
        let second = commit(&mut sectors, &device, 8192, &block);
        assert_eq!(second, PAIR + 8 * 8 + 2 * RANGE + 11);
        assert_eq!(commit(&mut sectors, &device, 8192, &block), 0);
        let mut seen = vec![0; 4096];
        sectors.overlay(8192, &mut seen);
        assert!(seen == block);
        // A block that shares some sectors with what is known is whole again.
        let wide = vec![3; 8192];
        assert!(commit(&mut sectors, &device, 8192, &wide) > 8192);
    }

    #[test]
    fn ranges_of_what_was_never_logged_are_refused() {
        let device = MemoryDevice::new(1 << 16);
        let mut sectors = Sectors::default();
        let block = vec![7; 1024];
        commit(&mut sectors, &device, 0, &block);
        let mut other = block.clone();
        other[5] = 8;
        let write = Write::block(0, other);
        let body = Body::gather([&write].into_iter(), &sectors, &device).unwrap();
        let record = body.record(1, 1);
        let header = RecordHeader::read_from_prefix(&record).unwrap().0;
        let stored = &record[RECORD_HEADER..RECORD_HEADER + body.table.len() + body.images.len()];
        assert!(Body::decode(&header, stored, 1 << 16, &sectors).is_some());
        assert!(Body::decode(&header, stored, 1 << 16, &Sectors::default()).is_none());
        assert!(Body::decode(&header, stored, 512, &sectors).is_none());
    }
}
