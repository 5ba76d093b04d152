//! Groups that the log cannot take: their images lie in free clusters, and a
//! table there says where each belongs.
//!
//! The table is made and read in chunks, so that memory does not grow with
//! what it describes but by 24 bytes for each run of blocks.

use linkwright_device::BlockDevice;
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, IntoBytes};

use super::checksum;
use super::layout::{Entry, Extent, FAR, FarImage, MAX_TABLE, PAIR, RecordHeader};
use super::sectors::{SECTOR, SECTOR_LEN};
use crate::error::{Error, Result, Unsupported};

/// Bytes of a table that are made or read at a time; no entry crosses the end
/// of a chunk.
const CHUNK: usize = 64 << 10;
/// Bytes of images that are read at a time.
const READ: usize = 1 << 20;
/// The most bytes of one entry's image.
pub(crate) const MAX_FAR: usize = 64 << 10;

/// Bytes that lie in the spill area and belong elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FarBlock {
    /// Where they belong.
    pub(crate) target: u64,
    /// Where they are.
    pub(crate) source: u64,
    /// Bytes, a multiple of a sector, at most [`MAX_FAR`].
    pub(crate) len: usize,
}

impl FarBlock {
    fn entry_len(&self) -> usize {
        2 * PAIR + self.len / SECTOR * 8
    }
}

/// Bytes of the table of some blocks.
pub(crate) fn table_len(blocks: &[FarBlock]) -> u64 {
    let (mut chunks, mut used) = (1_u64, 0);
    for block in blocks {
        if used + block.entry_len() > CHUNK {
            chunks += 1;
            used = 0;
        }
        used += block.entry_len();
    }
    chunks * CHUNK as u64
}

/// Adds a block behind the others, as part of the last one where both places
/// allow it.
pub(crate) fn push_block(blocks: &mut Vec<FarBlock>, block: FarBlock) {
    if let Some(last) = blocks.last_mut()
        && last.target + last.len as u64 == block.target
        && last.source + last.len as u64 == block.source
        && last.len + block.len <= MAX_FAR
    {
        last.len += block.len;
    } else {
        blocks.push(block);
    }
}

/// Makes the table of a group chunk by chunk.
pub(super) struct TableWriter<'w> {
    chunk: Vec<u8>,
    at: u64,
    sum: u64,
    write: &'w mut dyn FnMut(u64, &[u8]) -> Result<()>,
}

impl<'w> TableWriter<'w> {
    /// A table whose chunks go to `write`.
    pub(super) fn new(write: &'w mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Self {
        Self {
            chunk: Vec::with_capacity(CHUNK),
            at: 0,
            sum: 0,
            write,
        }
    }

    /// Adds a block: `before` are the checksums of its sectors on the device,
    /// `image` is that of what it is to become.
    pub(super) fn push(&mut self, block: &FarBlock, before: &[u64], image: u64) -> Result<()> {
        if self.chunk.len() + block.entry_len() > CHUNK {
            self.end_chunk()?;
        }
        let entry = Entry {
            offset: U64::new(block.target),
            sectors: U32::new(u32::try_from(block.len / SECTOR).unwrap_or(u32::MAX)),
            ranges: U32::new(FAR),
        };
        self.chunk.extend_from_slice(entry.as_bytes());
        for sum in before {
            self.chunk.extend_from_slice(&sum.to_le_bytes());
        }
        let image = FarImage {
            source: U64::new(block.source),
            checksum: U64::new(image),
        };
        self.chunk.extend_from_slice(image.as_bytes());
        Ok(())
    }

    fn end_chunk(&mut self) -> Result<()> {
        self.chunk.resize(CHUNK, 0);
        self.sum = checksum::chain(self.sum, &self.chunk);
        (self.write)(self.at, &self.chunk)?;
        self.at += CHUNK as u64;
        self.chunk.clear();
        Ok(())
    }

    /// The table's length and checksum.
    pub(super) fn finish(mut self) -> Result<(u64, u64)> {
        self.end_chunk()?;
        Ok((self.at, self.sum))
    }
}

/// Appends the checksum of every sector of `bytes`.
pub(super) fn push_sums(bytes: &[u8], sums: &mut Vec<u64>) {
    let (sectors, _) = bytes.as_chunks::<SECTOR>();
    sums.extend(sectors.iter().map(|sector| checksum::of(sector)));
}

/// Makes the table of `blocks`, whose images are on the device, and hands its
/// chunks to `write`; returns its length and checksum.
pub(super) fn write_table(
    blocks: &[FarBlock],
    device: &dyn BlockDevice,
    mut write: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<(u64, u64)> {
    let mut table = TableWriter::new(&mut write);
    let mut bytes = vec![0; MAX_FAR];
    let mut sums = Vec::new();
    for block in blocks {
        let bytes = bytes.get_mut(..block.len).unwrap_or_default();
        device.read_at(block.target, bytes)?;
        sums.clear();
        push_sums(bytes, &mut sums);
        device.read_at(block.source, bytes)?;
        table.push(block, &sums, checksum::of(bytes))?;
    }
    table.finish()
}

/// Hands the image of every block, with its target, to `write`. Images that lie
/// one behind the other are read together.
pub(super) fn each_image(
    blocks: &[FarBlock],
    device: &dyn BlockDevice,
    mut write: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut bytes = Vec::new();
    let mut rest = blocks;
    while let Some(first) = rest.first() {
        let (mut count, mut len) = (0, 0);
        for block in rest {
            if block.source != first.source + len as u64 || len + block.len > READ {
                break;
            }
            (count, len) = (count + 1, len + block.len);
        }
        let (together, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        bytes.resize(len, 0);
        device.read_at(first.source, &mut bytes)?;
        let mut left = bytes.as_slice();
        for block in together {
            let (image, tail) = left.split_at_checked(block.len).unwrap_or((left, &[]));
            write(block.target, image)?;
            left = tail;
        }
        rest = behind;
    }
    Ok(())
}

/// A group found in the spill area.
#[derive(Debug)]
pub(super) struct Far {
    /// Where the table lies, and its length.
    extents: Vec<(u64, u64)>,
    table: u64,
    /// What it says, in ascending order of the targets.
    pub(super) blocks: Vec<FarBlock>,
}

/// An entry of the table on the device.
struct Item<'a> {
    block: FarBlock,
    before: &'a [[u8; 8]],
    checksum: u64,
}

impl Far {
    /// The group that a record names; `None` when its table or one of its
    /// images is not whole.
    pub(super) fn read(
        header: &RecordHeader,
        extents: &[u8],
        device: &dyn BlockDevice,
    ) -> Result<Option<Self>> {
        let table = header.body_length.get();
        let (extents, _) = extents.as_chunks::<PAIR>();
        let extents: Vec<(u64, u64)> = extents
            .iter()
            .map(|bytes| {
                let extent: Extent = zerocopy::transmute!(*bytes);
                (extent.offset.get(), extent.len.get())
            })
            .collect();
        let inside = extents
            .iter()
            .all(|(at, len)| at.checked_add(*len).is_some_and(|end| end <= device.len()));
        let room = extents
            .iter()
            .fold(0_u64, |sum, (_, len)| sum.saturating_add(*len));
        if !inside || table > room || table > MAX_TABLE || !table.is_multiple_of(CHUNK as u64) {
            return Ok(None);
        }
        let mut far = Self {
            extents,
            table,
            blocks: Vec::new(),
        };
        let mut blocks = Vec::new();
        let mut bytes = vec![0; MAX_FAR];
        let (mut end, mut whole) = (0, true);
        let sum = far.walk(device, |item| {
            let block = item.block;
            let last = |from: u64| from.checked_add(block.len as u64);
            let fits = |from| last(from).is_some_and(|end| end <= device.len());
            if block.target < end || !fits(block.target) || !fits(block.source) {
                whole = false;
                return Ok(());
            }
            end = last(block.target).unwrap_or(u64::MAX);
            let bytes = bytes.get_mut(..block.len).unwrap_or_default();
            device.read_at(block.source, bytes)?;
            whole &= checksum::of(bytes) == item.checksum;
            blocks.push(block);
            Ok(())
        })?;
        if !whole || sum != Some(header.body_checksum.get()) {
            return Ok(None);
        }
        far.blocks = blocks;
        Ok(Some(far))
    }

    /// Hands every entry to `each`; returns the table's checksum, `None` when
    /// it contradicts itself.
    fn walk(
        &self,
        device: &dyn BlockDevice,
        mut each: impl FnMut(&Item<'_>) -> Result<()>,
    ) -> Result<Option<u64>> {
        let mut chunk = vec![0; CHUNK];
        let (mut at, mut sum) = (0, 0);
        while at < self.table {
            read_extents(device, &self.extents, at, &mut chunk)?;
            sum = checksum::chain(sum, &chunk);
            let mut rest = chunk.as_slice();
            while let Ok((entry, behind)) = Entry::read_from_prefix(rest) {
                if entry.sectors.get() == 0 {
                    break;
                }
                let Some((item, behind)) = item(&entry, behind) else {
                    return Ok(None);
                };
                each(&item)?;
                rest = behind;
            }
            at += CHUNK as u64;
        }
        Ok(Some(sum))
    }

    /// Bytes that it brings into place.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.len as u64).sum()
    }

    /// Refuses when a sector of the device is neither what it was nor what it
    /// is to become.
    pub(super) fn check_untouched(&self, device: &dyn BlockDevice) -> Result<()> {
        let (mut there, mut image) = (vec![0; MAX_FAR], vec![0; MAX_FAR]);
        self.walk(device, |item| {
            let block = item.block;
            let there = there.get_mut(..block.len).unwrap_or_default();
            let image = image.get_mut(..block.len).unwrap_or_default();
            device.read_at(block.target, there)?;
            device.read_at(block.source, image)?;
            let (there, _) = there.as_chunks::<SECTOR>();
            let (image, _) = image.as_chunks::<SECTOR>();
            let mut at = block.target;
            for ((bytes, image), before) in there.iter().zip(image).zip(item.before) {
                if bytes != image && u64::from_le_bytes(*before) != checksum::of(bytes) {
                    return Err(Error::Unsupported(Unsupported::ForeignWriter {
                        offset: at,
                    }));
                }
                at += SECTOR_LEN;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// One entry of at most [`MAX_FAR`] bytes, and what follows it.
fn item<'a>(entry: &Entry, behind: &'a [u8]) -> Option<(Item<'a>, &'a [u8])> {
    let sectors = usize::try_from(entry.sectors.get()).ok()?;
    if sectors > MAX_FAR / SECTOR
        || entry.ranges.get() != FAR
        || !entry.offset.get().is_multiple_of(SECTOR_LEN)
    {
        return None;
    }
    let (before, behind) = behind.split_at_checked(sectors * 8)?;
    let (image, behind) = FarImage::read_from_prefix(behind).ok()?;
    let item = Item {
        block: FarBlock {
            target: entry.offset.get(),
            source: image.source.get(),
            len: sectors * SECTOR,
        },
        before: before.as_chunks::<8>().0,
        checksum: image.checksum.get(),
    };
    Some((item, behind))
}

/// Reads `buf` at `offset` of what lies in some extents.
fn read_extents(
    device: &dyn BlockDevice,
    extents: &[(u64, u64)],
    offset: u64,
    buf: &mut [u8],
) -> Result<()> {
    parts(extents, offset, buf.len(), |place, from, to| {
        Ok(device.read_at(place, buf.get_mut(from..to).unwrap_or_default())?)
    })
}

/// Calls `each` for the parts of a range of what lies in some extents: the
/// place on the device and the range of the buffer.
pub(super) fn parts(
    extents: &[(u64, u64)],
    offset: u64,
    len: usize,
    mut each: impl FnMut(u64, usize, usize) -> Result<()>,
) -> Result<()> {
    let (mut start, mut done) = (0, 0);
    for (place, extent) in extents {
        let at = offset + done as u64;
        if done < len && at >= start && at < start + extent {
            let inside = at - start;
            let take = usize::try_from(extent - inside)
                .unwrap_or(usize::MAX)
                .min(len - done);
            each(place + inside, done, done + take)?;
            done += take;
        }
        start += extent;
    }
    if done < len {
        return Err(Error::DiskFull);
    }
    Ok(())
}

/// Lays what lies in the spill area over bytes read from the device.
pub(super) fn overlay(
    blocks: &[FarBlock],
    device: &dyn BlockDevice,
    offset: u64,
    buf: &mut [u8],
) -> Result<()> {
    let end = offset.saturating_add(buf.len() as u64);
    let first = blocks.partition_point(|block| block.target + block.len as u64 <= offset);
    for block in blocks.get(first..).unwrap_or_default() {
        if block.target >= end {
            break;
        }
        let from = block.target.max(offset);
        let to = (block.target + block.len as u64).min(end);
        let inside = |at: u64| usize::try_from(at - offset).unwrap_or(usize::MAX);
        let part = buf.get_mut(inside(from)..inside(to)).unwrap_or_default();
        device.read_at(block.source + (from - block.target), part)?;
    }
    Ok(())
}
