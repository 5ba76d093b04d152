//! The journal's structures as they lie in `$LogFile`: ours alone, described in
//! docs/design/journal.md. No other driver reads them.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::checksum;
use super::sectors::{SECTOR, SECTOR_LEN};

/// Starts the header.
pub(super) const HEADER_MAGIC: [u8; 8] = *b"LWJRNL03";
/// Starts each record.
pub(super) const RECORD_MAGIC: [u8; 8] = *b"LWJREC03";
/// Bytes at the start of the log that other drivers look at: two restart pages.
pub(super) const HEAD: usize = 8192;
/// Sectors of [`HEAD`].
pub(super) const HEAD_SECTORS: usize = HEAD / SECTOR;
/// The most bytes of a table in the spill area: bounds the memory of recovery,
/// which keeps 24 bytes for each of its entries of at least 40.
pub(super) const MAX_TABLE: u64 = 256 << 20;
/// The most extents of such a table.
pub(super) const MAX_EXTENTS: usize = 1000;

/// Whether recovery reads a table of so many bytes in so many extents.
pub(crate) const fn is_readable(table: u64, extents: usize) -> bool {
    table <= MAX_TABLE && extents <= MAX_EXTENTS
}

/// No header counts this far: arithmetic on what it says cannot overflow.
const MAX_COUNT: u64 = 1 << 62;

/// The volume was clean when the session began.
pub(super) const CLEAN_BEFORE: u64 = 1;

/// Says that the log is ours. Kept in two pages, written in turn.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Header {
    pub(super) magic: [u8; 8],
    /// Serial number of the volume.
    pub(super) serial: U64,
    /// Drawn anew for each session: its records have it, those of another,
    /// wherever they lie in the log, have not.
    pub(super) session: U64,
    /// Counts writes of the header; the higher one is in force.
    pub(super) generation: U64,
    /// Sequence number of the first record that is not in place.
    pub(super) next_sequence: U64,
    /// [`CLEAN_BEFORE`].
    pub(super) flags: U64,
    /// 0, or the sequence number behind the last record when the session ends:
    /// its records count all or not at all.
    pub(super) records_end: U64,
    /// Checksum of the sector of the dirty flag as the session sets it.
    pub(super) flag_sum: U64,
    /// Checksums of the restart pages' sectors before the session.
    pub(super) head_before: [U64; HEAD_SECTORS],
    /// And as the session wrote them.
    pub(super) head_after: [U64; HEAD_SECTORS],
    /// Of all before.
    pub(super) checksum: U64,
}

const _: () = assert!(size_of::<Header>() == 328 && size_of::<Header>() <= SECTOR);

impl Header {
    pub(super) fn seal(mut self) -> Self {
        self.checksum = U64::new(self.sum());
        self
    }

    fn sum(&self) -> u64 {
        let bytes = self.as_bytes();
        checksum::of(bytes.get(..bytes.len() - 8).unwrap_or_default())
    }

    /// The header in `bytes`, if it is whole and of this volume.
    pub(super) fn decode(bytes: &[u8], serial: u64) -> Option<Self> {
        let (header, _) = Self::read_from_prefix(bytes).ok()?;
        let ours = header.magic == HEADER_MAGIC
            && header.serial.get() == serial
            && header.generation.get() < MAX_COUNT
            && header.next_sequence.get() < MAX_COUNT
            && header.records_end.get() < MAX_COUNT
            && header.checksum.get() == header.sum();
        ours.then_some(header)
    }
}

/// Starts a record: what one group of operations changes. A table of
/// [`Entry`]s and the bytes they speak of follow it; or the extents that hold
/// the table, when the images lie in the spill area (`far`).
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct RecordHeader {
    pub(super) magic: [u8; 8],
    /// [`Header::session`].
    pub(super) session: U64,
    pub(super) sequence: U64,
    /// Bytes of the record in the log, a multiple of a sector.
    pub(super) length: U64,
    /// Bytes of table and images behind this header, or of the table in the
    /// spill area.
    pub(super) body_length: U64,
    /// Bytes of the table.
    pub(super) table_length: U64,
    /// Extents of the table in the spill area; 0: the body follows.
    pub(super) extents: U64,
    /// Of the body.
    pub(super) body_checksum: U64,
    /// Of this header, with 0 here, and of the extents.
    pub(super) checksum: U64,
}

/// Bytes of [`RecordHeader`].
pub(super) const RECORD_HEADER: usize = size_of::<RecordHeader>();
const _: () = assert!(RECORD_HEADER == 72);

/// A block that changes. The checksums of its sectors on the device follow,
/// then as `ranges` says: 0, the whole block lies in the images; n, n ranges
/// follow, and their bytes lie in the images; [`FAR`], [`FarImage`] follows.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Entry {
    /// Byte offset on the device.
    pub(super) offset: U64,
    /// Number of sectors; 0 ends a chunk of a table in the spill area.
    pub(super) sectors: U32,
    pub(super) ranges: U32,
}

/// In [`Entry::ranges`]: the image lies in the spill area.
pub(super) const FAR: u32 = u32::MAX;

/// Bytes of a block that change.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Range {
    /// First byte in the block.
    pub(super) start: U16,
    /// Number of bytes.
    pub(super) len: U16,
}

/// Where the image of a block lies.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FarImage {
    /// Byte offset on the device.
    pub(super) source: U64,
    /// Checksum of the image.
    pub(super) checksum: U64,
}

/// A part of the spill area.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Extent {
    /// Byte offset on the device.
    pub(super) offset: U64,
    /// Bytes.
    pub(super) len: U64,
}

/// Bytes of an [`Extent`], an [`Entry`] and a [`FarImage`].
pub(super) const PAIR: usize = 16;
/// Bytes of a [`Range`].
pub(super) const RANGE: usize = 4;

impl RecordHeader {
    pub(super) fn sum(&self, extents: &[u8]) -> u64 {
        let mut plain = *self;
        plain.checksum = U64::ZERO;
        let mut bytes = plain.as_bytes().to_vec();
        bytes.extend_from_slice(extents);
        checksum::of(&bytes)
    }

    /// The header in `bytes` if it can be the record that is expected; its
    /// checksum is still to be looked at.
    pub(super) fn decode(bytes: &[u8], session: u64, sequence: u64, room: u64) -> Option<Self> {
        let (header, _) = Self::read_from_prefix(bytes).ok()?;
        let length = header.length.get();
        let body = header.body_length.get();
        let extents = usize::try_from(header.extents.get()).ok()?;
        let (needed, most) = if extents == 0 {
            (body, room)
        } else {
            (extents.saturating_mul(PAIR) as u64, MAX_TABLE)
        };
        let fits = header.magic == RECORD_MAGIC
            && header.session.get() == session
            && header.sequence.get() == sequence
            && body <= most
            && header.table_length.get() <= body
            && extents <= MAX_EXTENTS
            && length <= room
            && length.is_multiple_of(SECTOR_LEN)
            && length >= needed.saturating_add(RECORD_HEADER as u64);
        fits.then_some(header)
    }
}
