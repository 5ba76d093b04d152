//! `$Secure`: the store of security descriptors that files share by number.
//!
//! `$SDS` holds the descriptors one after the other, each behind a 20-byte
//! header; `$SII` finds them by number, `$SDH` by hash. Each 256 KiB of `$SDS`
//! is followed by a copy of itself, and no descriptor crosses such a line.
//! Sources: libfsntfs documentation, "Access control"; measured on volumes that
//! Windows 7 and 10 made. What lies between entries is not always zero.

use core::cmp::Ordering;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::SecurityId;
use crate::num;

/// Bytes from a place in `$SDS` to its copy, and the line no entry crosses.
pub const SDS_BLOCK: u64 = 0x4_0000;
/// Entries start at multiples of this.
pub const SDS_ALIGN: u64 = 16;
/// Bytes of the header before a descriptor, and of `$SII`/`$SDH` data.
pub const SDS_HEADER_LEN: usize = 20;
/// The first number given to a descriptor.
pub const FIRST_SECURITY_ID: SecurityId = SecurityId(0x100);
/// Longest descriptor that fits a block with its header.
pub const MAX_DESCRIPTOR_LEN: usize = 0x4_0000 - SDS_HEADER_LEN;

const HEADER_LEN_U32: u32 = 20;
/// [`SDS_ALIGN`] as a length.
const ALIGN_LEN: usize = 16;

/// Hash of a descriptor: over its 32-bit words, rotate left by three and add.
/// Bytes behind the last whole word do not count.
#[must_use]
pub fn security_hash(descriptor: &[u8]) -> u32 {
    descriptor
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .fold(0_u32, |hash, word| hash.rotate_left(3).wrapping_add(word))
}

/// The header on disk.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
struct RawHeader {
    hash: U32,
    id: U32,
    offset: U64,
    size: U32,
}

const _: () = assert!(size_of::<RawHeader>() == SDS_HEADER_LEN);

/// The header of an `$SDS` entry, which `$SII` and `$SDH` repeat as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdsHeader {
    /// [`security_hash`] of the descriptor.
    pub hash: u32,
    /// The descriptor's number.
    pub id: SecurityId,
    /// Byte offset of the entry in `$SDS` (its first copy).
    pub offset: u64,
    /// Bytes of header and descriptor.
    pub size: u32,
}

impl SdsHeader {
    /// The header of a new entry for `descriptor` at `offset`.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`]: longer than [`MAX_DESCRIPTOR_LEN`].
    pub fn new(descriptor: &[u8], id: SecurityId, offset: u64) -> Result<Self, FormatError> {
        if descriptor.len() > MAX_DESCRIPTOR_LEN {
            return Err(FormatError::new(FormatErrorKind::Length, 0));
        }
        Ok(Self {
            hash: security_hash(descriptor),
            id,
            offset,
            size: num::to_u32(descriptor.len())?.saturating_add(HEADER_LEN_U32),
        })
    }

    /// Reads a header (from `$SDS`, or the data of an `$SII` or `$SDH` entry).
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`]; [`FormatErrorKind::Length`] when the
    /// size is below a header's or above a block's;
    /// [`FormatErrorKind::Offset`] when the offset is not where an entry of
    /// that size can be.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = RawHeader::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        let header = Self {
            hash: raw.hash.get(),
            id: SecurityId(raw.id.get()),
            offset: raw.offset.get(),
            size: raw.size.get(),
        };
        if header.size < HEADER_LEN_U32 || u64::from(header.size) > SDS_BLOCK {
            return Err(FormatError::new(FormatErrorKind::Length, 16));
        }
        if !sds_position_fits(header.offset, u64::from(header.size)) {
            return Err(FormatError::new(FormatErrorKind::Offset, 8));
        }
        Ok(header)
    }

    /// The 20 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; SDS_HEADER_LEN] {
        zerocopy::transmute!(RawHeader {
            hash: U32::new(self.hash),
            id: U32::new(self.id.0),
            offset: U64::new(self.offset),
            size: U32::new(self.size),
        })
    }

    /// The key of this entry in `$SDH`.
    #[must_use]
    pub const fn sdh_key(&self) -> SdhKey {
        SdhKey {
            hash: self.hash,
            id: self.id,
        }
    }
}

/// An entry of `$SDS`: header and descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdsEntry<'a> {
    /// The header.
    pub header: SdsHeader,
    /// The self-relative descriptor.
    pub descriptor: &'a [u8],
}

impl<'a> SdsEntry<'a> {
    /// Reads the entry at the start of `bytes` and checks its hash.
    ///
    /// # Errors
    /// Those of [`SdsHeader::decode`]; [`FormatErrorKind::Truncated`] when the
    /// descriptor is not whole; [`FormatErrorKind::Checksum`] for another hash.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let header = SdsHeader::decode(bytes)?;
        let whole = num::slice(bytes, 0, num::u32_to_usize(header.size)?)?;
        let descriptor = whole.get(SDS_HEADER_LEN..).unwrap_or_default();
        if security_hash(descriptor) != header.hash {
            return Err(FormatError::new(FormatErrorKind::Checksum, 0));
        }
        Ok(Self { header, descriptor })
    }

    /// Header, descriptor and the zeros up to the next entry; to be written at
    /// `header.offset` and again at [`sds_mirror_of`] it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header.encode().to_vec();
        bytes.extend_from_slice(self.descriptor);
        bytes.resize(bytes.len().next_multiple_of(ALIGN_LEN), 0);
        bytes
    }
}

/// Where the copy of what lies at `offset` of `$SDS` lies.
#[must_use]
pub const fn sds_mirror_of(offset: u64) -> u64 {
    offset.saturating_add(SDS_BLOCK)
}

/// Whether `offset` is in a block that holds originals, not copies.
#[must_use]
pub const fn sds_is_primary(offset: u64) -> bool {
    (offset / SDS_BLOCK).is_multiple_of(2)
}

/// Whether an entry of `size` bytes (header included) may lie at `offset`.
#[must_use]
pub const fn sds_position_fits(offset: u64, size: u64) -> bool {
    offset.is_multiple_of(SDS_ALIGN)
        && sds_is_primary(offset)
        && size <= SDS_BLOCK - offset % SDS_BLOCK
        // The copy must have an offset too.
        && offset <= i64::MAX as u64 - 2 * SDS_BLOCK
}

/// Where an entry of `size` bytes (header included) goes when the last entry
/// ends at `end` (an offset among the originals, 0 for an empty store). `None`
/// when it is longer than a block or the offsets run out.
#[must_use]
pub fn next_sds_position(end: u64, size: u64) -> Option<u64> {
    let mut offset = end.checked_next_multiple_of(SDS_ALIGN)?;
    if !sds_is_primary(offset) {
        // The block was filled to its last byte: behind its copy.
        offset = offset.checked_next_multiple_of(2 * SDS_BLOCK)?;
    }
    if size > SDS_BLOCK - offset % SDS_BLOCK {
        offset = (offset / SDS_BLOCK)
            .checked_add(2)?
            .checked_mul(SDS_BLOCK)?;
    }
    sds_position_fits(offset, size).then_some(offset)
}

/// Size of the `$SDS` stream whose last entry ends at `end`: the copy of that
/// entry is the last thing in it. 0 for an empty store.
#[must_use]
pub const fn sds_stream_len(end: u64) -> u64 {
    if end == 0 {
        0
    } else {
        end.saturating_add(SDS_BLOCK)
    }
}

/// The opposite of [`sds_stream_len`]: where the last entry of a stream of
/// `len` bytes ends, 0 for an empty one.
#[must_use]
pub const fn sds_end(len: u64) -> u64 {
    len.saturating_sub(SDS_BLOCK)
}

/// What [`SdsEntries`] finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdsItem<'a> {
    /// A descriptor.
    Entry(SdsEntry<'a>),
    /// A place with a size, whose entry was taken out or is damaged.
    Vacant {
        /// Byte offset in `$SDS`.
        offset: u64,
        /// Bytes, header included.
        size: u32,
    },
}

/// The originals of a whole `$SDS` stream in the order they lie in. Files use
/// `$SII`; this is for checking and for building the indexes anew.
///
/// A block is left at the first place that can be no entry. Ends after at most
/// `stream length / 16` steps.
#[derive(Debug, Clone)]
pub struct SdsEntries<'a> {
    stream: &'a [u8],
    offset: u64,
}

impl<'a> SdsEntries<'a> {
    /// Over the bytes of the stream, copies included.
    #[must_use]
    pub const fn new(stream: &'a [u8]) -> Self {
        Self { stream, offset: 0 }
    }
}

impl<'a> Iterator for SdsEntries<'a> {
    type Item = SdsItem<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = sds_end(u64::try_from(self.stream.len()).ok()?);
        loop {
            if !sds_is_primary(self.offset) {
                self.offset = self.offset.checked_next_multiple_of(2 * SDS_BLOCK)?;
            }
            if self.offset >= end {
                return None;
            }
            let offset = self.offset;
            let block_end = (offset / SDS_BLOCK + 1) * SDS_BLOCK;
            let (from, to) = (
                usize::try_from(offset).ok()?,
                usize::try_from(block_end.min(end)).ok()?,
            );
            let bytes = self.stream.get(from..to)?;
            // The size alone leads on: chkdsk clears the rest of the header.
            let size = num::u32_at(bytes, 16).unwrap_or(0);
            let length = usize::try_from(size).ok()?;
            if length < SDS_HEADER_LEN || length > bytes.len() {
                self.offset = block_end;
                continue;
            }
            self.offset = (offset + u64::from(size)).next_multiple_of(SDS_ALIGN);
            return Some(match SdsEntry::decode(bytes) {
                Ok(entry) if entry.header.offset == offset => SdsItem::Entry(entry),
                _ => SdsItem::Vacant { offset, size },
            });
        }
    }
}

/// Key of `$SII`: the descriptor's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiiKey(pub SecurityId);

impl SiiKey {
    /// Bytes of the key.
    pub const LEN: usize = 4;

    /// Reads a key.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] unless it has four bytes.
    pub fn decode(key: &[u8]) -> Result<Self, FormatError> {
        let bytes: [u8; Self::LEN] = exact(key)?;
        Ok(Self(SecurityId(u32::from_le_bytes(bytes))))
    }

    /// The key's bytes.
    #[must_use]
    pub const fn encode(self) -> [u8; Self::LEN] {
        self.0.0.to_le_bytes()
    }
}

/// Key of `$SDH`: hash, then number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SdhKey {
    /// Hash of the descriptor.
    pub hash: u32,
    /// Its number.
    pub id: SecurityId,
}

impl SdhKey {
    /// Bytes of the key.
    pub const LEN: usize = 8;

    /// Reads a key.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] unless it has eight bytes.
    pub fn decode(key: &[u8]) -> Result<Self, FormatError> {
        let bytes: [u8; Self::LEN] = exact(key)?;
        Ok(Self {
            hash: num::u32_at(&bytes, 0)?,
            id: SecurityId(num::u32_at(&bytes, 4)?),
        })
    }

    /// The key's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LEN] {
        let raw = (u64::from(self.id.0) << 32) | u64::from(self.hash);
        raw.to_le_bytes()
    }
}

impl PartialOrd for SdhKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SdhKey {
    /// By hash, then by number.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.hash, self.id).cmp(&(other.hash, other.id))
    }
}

fn exact<const N: usize>(key: &[u8]) -> Result<[u8; N], FormatError> {
    key.try_into()
        .map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first descriptor of every Windows volume: SYSTEM owns, SYSTEM and
    /// Administrators read.
    const FIRST: [u8; 100] = [
        1, 0, 4, 0x80, 0x48, 0, 0, 0, 0x54, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 2, 0, 0x34, 0, 2,
        0, 0, 0, 0, 0, 0x14, 0, 0x89, 0, 0x12, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0, 0, 0,
        0x18, 0, 0x89, 0, 0x12, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, 1, 1, 0,
        0, 0, 0, 0, 5, 0x12, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0,
    ];

    #[test]
    fn the_hash_is_that_of_windows() {
        assert_eq!(security_hash(&FIRST), 0x32FE_C6CB);
        assert_eq!(security_hash(&[]), 0);
    }

    #[test]
    fn entries_come_back() {
        let header = SdsHeader::new(&FIRST, FIRST_SECURITY_ID, 0x80).unwrap();
        assert_eq!(header.size, 120);
        let entry = SdsEntry {
            header,
            descriptor: &FIRST,
        };
        let mut bytes = entry.encode();
        assert_eq!(bytes.len(), 128);
        assert_eq!(SdsEntry::decode(&bytes), Ok(entry));
        bytes[40] ^= 1;
        assert_eq!(
            SdsEntry::decode(&bytes).unwrap_err().kind,
            FormatErrorKind::Checksum
        );
        assert_eq!(
            SdsEntry::decode(&bytes[..119]).unwrap_err().kind,
            FormatErrorKind::Truncated
        );
    }

    #[test]
    fn headers_that_cannot_be_are_refused() {
        let good = SdsHeader::new(&FIRST, FIRST_SECURITY_ID, 0).unwrap();
        let kind = |header: SdsHeader| SdsHeader::decode(&header.encode()).unwrap_err().kind;
        assert_eq!(
            kind(SdsHeader { size: 19, ..good }),
            FormatErrorKind::Length
        );
        assert_eq!(
            kind(SdsHeader {
                size: 0x4_0001,
                ..good
            }),
            FormatErrorKind::Length
        );
        for offset in [8, 0x4_0000, 0x3_FFF0, u64::MAX - 15] {
            assert_eq!(
                kind(SdsHeader { offset, ..good }),
                FormatErrorKind::Offset,
                "{offset:#x}"
            );
        }
        assert!(SdsHeader::new(&vec![0; MAX_DESCRIPTOR_LEN + 1], FIRST_SECURITY_ID, 0).is_err());
    }

    #[test]
    fn positions_keep_off_the_lines_and_the_copies() {
        for (end, size, want) in [
            (0, 120, Some(0)),
            (120, 120, Some(128)),
            (0x3_FF80, 128, Some(0x3_FF80)),
            (0x3_FF80, 129, Some(0x8_0000)),
            (0x4_0000, 20, Some(0x8_0000)),
            (0x8_0001, 20, Some(0x8_0010)),
            (0xB_FFFF, 20, Some(0x10_0000)),
            (0, 0x4_0000, Some(0)),
            (16, 0x4_0000, Some(0x8_0000)),
            (0, 0x4_0001, None),
            (u64::MAX, 20, None),
        ] {
            assert_eq!(next_sds_position(end, size), want, "{end:#x} {size:#x}");
        }
        assert_eq!(sds_mirror_of(0x8_0010), 0xC_0010);
        assert_eq!(sds_stream_len(0x490), 0x4_0490);
        assert_eq!(sds_end(0x4_0490), 0x490);
    }

    #[test]
    fn the_walk_crosses_blocks_and_skips_the_vacant() {
        let mut stream = vec![0xEE; 0xC_0000 + 120];
        for offset in [0, 0x80, 0x8_0000] {
            let entry = SdsEntry {
                header: SdsHeader::new(&FIRST, FIRST_SECURITY_ID, offset).unwrap(),
                descriptor: &FIRST,
            };
            let at = usize::try_from(offset).unwrap();
            stream[at..at + 120].copy_from_slice(&entry.encode()[..120]);
        }
        stream[0x80..0x90].fill(0);
        let found: Vec<_> = SdsEntries::new(&stream)
            .map(|item| match item {
                SdsItem::Entry(entry) => (entry.header.offset, true),
                SdsItem::Vacant { offset, .. } => (offset, false),
            })
            .collect();
        assert_eq!(found, [(0, true), (0x80, false), (0x8_0000, true)]);
        assert_eq!(SdsEntries::new(&[]).count(), 0);
    }

    #[test]
    fn keys_come_back_and_sort_by_hash() {
        let key = SdhKey {
            hash: 0x32FE_C6CB,
            id: SecurityId(0x100),
        };
        assert_eq!(
            key.encode(),
            [0xCB, 0xC6, 0xFE, 0x32, 0x00, 0x01, 0x00, 0x00]
        );
        assert_eq!(SdhKey::decode(&key.encode()), Ok(key));
        assert!(SdhKey { hash: 1, ..key } < key);
        assert!(
            SdhKey {
                id: SecurityId(0x101),
                ..key
            } > key
        );
        let sii = SiiKey(SecurityId(0x1234_5678));
        assert_eq!(SiiKey::decode(&sii.encode()), Ok(sii));
        assert!(SiiKey::decode(&[0; 3]).is_err());
        assert!(SdhKey::decode(&[0; 9]).is_err());
    }
}
