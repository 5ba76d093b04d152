//! The change journal: records of `$UsnJrnl:$J` and the `$Max` stream.
//!
//! Source: MS-FSCC 2.3.63 (USN_RECORD_V2), winioctl.h.

use zerocopy::little_endian::{I64, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::{FileReference, SecurityId};
use crate::num;
use crate::standard_information::FileAttributes;
use crate::times::NtTime;

/// No record crosses a multiple of this in `$J`.
pub const USN_PAGE_SIZE: u64 = 4096;

/// Name of the file in `$Extend`.
pub const FILE_NAME: &str = "$UsnJrnl";
/// Name of the stream with the records: `$J`.
pub const RECORDS_STREAM: [u16; 2] = [0x24, 0x4A];
/// Name of the stream with the limits: `$Max`.
pub const MAX_STREAM: [u16; 4] = [0x24, 0x4D, 0x61, 0x78];

const HEADER_LEN: usize = 60;
/// Longest record: a name of 255 units.
const MAX_RECORD_LEN: usize = (HEADER_LEN + 2 * 255).next_multiple_of(8);

bitflags::bitflags! {
    /// Why a record was written (MS-FSCC 2.3.63).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct UsnReason: u32 {
        /// Unnamed stream overwritten.
        const DATA_OVERWRITE = 0x0000_0001;
        /// Unnamed stream extended.
        const DATA_EXTEND = 0x0000_0002;
        /// Unnamed stream truncated.
        const DATA_TRUNCATION = 0x0000_0004;
        /// Named stream overwritten.
        const NAMED_DATA_OVERWRITE = 0x0000_0010;
        /// Named stream extended.
        const NAMED_DATA_EXTEND = 0x0000_0020;
        /// Named stream truncated.
        const NAMED_DATA_TRUNCATION = 0x0000_0040;
        /// Created.
        const FILE_CREATE = 0x0000_0100;
        /// Deleted.
        const FILE_DELETE = 0x0000_0200;
        /// Extended attributes changed.
        const EA_CHANGE = 0x0000_0400;
        /// Security descriptor changed.
        const SECURITY_CHANGE = 0x0000_0800;
        /// Renamed; the record holds the old name.
        const RENAME_OLD_NAME = 0x0000_1000;
        /// Renamed; the record holds the new name.
        const RENAME_NEW_NAME = 0x0000_2000;
        /// "Not content indexed" changed.
        const INDEXABLE_CHANGE = 0x0000_4000;
        /// Attributes or times changed.
        const BASIC_INFO_CHANGE = 0x0000_8000;
        /// A hard link was added or removed.
        const HARD_LINK_CHANGE = 0x0001_0000;
        /// Compression changed.
        const COMPRESSION_CHANGE = 0x0002_0000;
        /// Encryption changed.
        const ENCRYPTION_CHANGE = 0x0004_0000;
        /// Object id changed.
        const OBJECT_ID_CHANGE = 0x0008_0000;
        /// Reparse point set, changed or deleted.
        const REPARSE_POINT_CHANGE = 0x0010_0000;
        /// Named stream added, removed or renamed.
        const STREAM_CHANGE = 0x0020_0000;
        /// Changed in a transaction.
        const TRANSACTED_CHANGE = 0x0040_0000;
        /// Integrity changed.
        const INTEGRITY_CHANGE = 0x0080_0000;
        /// "Desired storage class" changed.
        const DESIRED_STORAGE_CLASS_CHANGE = 0x0100_0000;
        /// Closed: the last record of a file's changes.
        const CLOSE = 0x8000_0000;
        const _ = !0;
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    record_length: U32,
    major: U16,
    minor: U16,
    file: U64,
    parent: U64,
    usn: I64,
    time: U64,
    reason: U32,
    source: U32,
    security_id: U32,
    attributes: U32,
    name_length: U16,
    name_offset: U16,
}

const _: () = assert!(size_of::<Raw>() == HEADER_LEN);

/// A record of version 2.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsnRecord {
    /// The file.
    pub file: FileReference,
    /// The directory of the name in the record.
    pub parent: FileReference,
    /// Offset of this record in `$J`.
    pub usn: i64,
    /// When.
    pub time: NtTime,
    /// Why.
    pub reason: UsnReason,
    /// Who, where it matters: bits of USN_SOURCE_*.
    pub source: u32,
    /// Security id; 0 in the records Windows returns.
    pub security_id: SecurityId,
    /// The file's attributes.
    pub attributes: FileAttributes,
    /// The name's UTF-16 units.
    pub name: Vec<u16>,
}

impl UsnRecord {
    /// Reads the record at the start of `bytes` and says how long it is.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`]; [`FormatErrorKind::Version`] for any
    /// but 2.0; [`FormatErrorKind::Length`], [`FormatErrorKind::Offset`].
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), FormatError> {
        let (raw, _) = Raw::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        let length = num::u32_to_usize(raw.record_length.get())?;
        if !(HEADER_LEN..=MAX_RECORD_LEN).contains(&length) || !length.is_multiple_of(8) {
            return Err(FormatError::new(FormatErrorKind::Length, 0));
        }
        if (raw.major.get(), raw.minor.get()) != (2, 0) {
            return Err(FormatError::new(FormatErrorKind::Version, 4));
        }
        let whole = num::slice(bytes, 0, length)?;
        let name_offset = usize::from(raw.name_offset.get());
        let name_length = usize::from(raw.name_length.get());
        if name_offset < HEADER_LEN {
            return Err(FormatError::new(FormatErrorKind::Offset, 0x3A));
        }
        if !name_length.is_multiple_of(2) || name_offset + name_length > length {
            return Err(FormatError::new(FormatErrorKind::Length, 0x38));
        }
        let record = Self {
            file: FileReference::from_raw(raw.file.get()),
            parent: FileReference::from_raw(raw.parent.get()),
            usn: raw.usn.get(),
            time: NtTime(raw.time.get()),
            reason: UsnReason::from_bits_retain(raw.reason.get()),
            source: raw.source.get(),
            security_id: SecurityId(raw.security_id.get()),
            attributes: FileAttributes::from_bits_retain(raw.attributes.get()),
            name: num::units_from_le(num::slice(whole, name_offset, name_length)?),
        };
        Ok((record, length))
    }

    /// The record, a multiple of eight bytes.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] for a name of more than 255 units.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let name_length = self.name.len().saturating_mul(2);
        let length = HEADER_LEN
            .saturating_add(name_length)
            .checked_next_multiple_of(8)
            .filter(|length| *length <= MAX_RECORD_LEN && self.name.len() <= 255)
            .ok_or(FormatError::new(FormatErrorKind::Length, 0x38))?;
        let raw = Raw {
            record_length: U32::new(num::to_u32(length)?),
            major: U16::new(2),
            minor: U16::ZERO,
            file: U64::new(self.file.raw()),
            parent: U64::new(self.parent.raw()),
            usn: I64::new(self.usn),
            time: U64::new(self.time.0),
            reason: U32::new(self.reason.bits()),
            source: U32::new(self.source),
            security_id: U32::new(self.security_id.0),
            attributes: U32::new(self.attributes.bits()),
            name_length: U16::new(num::to_u16(name_length)?),
            name_offset: U16::new(num::to_u16(HEADER_LEN)?),
        };
        let mut bytes = raw.as_bytes().to_vec();
        num::push_units(&mut bytes, &self.name);
        bytes.resize(length, 0);
        Ok(bytes)
    }
}

/// Where the next record of `length` bytes goes when `$J` ends at `end`: a
/// record that would cross a page starts the next one. `None` when the offsets
/// run out or the record is longer than a page.
#[must_use]
pub fn next_usn(end: u64, length: u64) -> Option<u64> {
    let start = end.checked_next_multiple_of(8)?;
    let room = USN_PAGE_SIZE - start % USN_PAGE_SIZE;
    if length <= room {
        Some(start)
    } else if length <= USN_PAGE_SIZE {
        start.checked_add(room)
    } else {
        None
    }
}

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawHeader {
    record_length: U32,
    major: U16,
    minor: U16,
}

/// What records of every version begin with (USN_RECORD_COMMON_HEADER).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsnHeader {
    /// Bytes of the record, a multiple of eight.
    pub length: usize,
    /// Major version: 2, or 3 and 4 of journals that track ranges.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
}

impl UsnHeader {
    /// Reads the header at the start of `bytes`, which end where the page does;
    /// `None` when there are zeros, which fill a page behind its last record.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] for a record that is shorter than its header,
    /// no multiple of eight, or longer than `bytes`;
    /// [`FormatErrorKind::Version`] for a version there is none of.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, FormatError> {
        let Ok((raw, _)) = RawHeader::read_from_prefix(bytes) else {
            return Ok(None);
        };
        let length = num::u32_to_usize(raw.record_length.get())?;
        if length == 0 {
            return Ok(None);
        }
        if length < HEADER_LEN || !length.is_multiple_of(8) || length > bytes.len() {
            return Err(FormatError::new(FormatErrorKind::Length, 0));
        }
        let (major, minor) = (raw.major.get(), raw.minor.get());
        if !(2..=4).contains(&major) {
            return Err(FormatError::new(FormatErrorKind::Version, 4));
        }
        Ok(Some(Self {
            length,
            major,
            minor,
        }))
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawMax {
    maximum_size: U64,
    allocation_delta: U64,
    journal_id: U64,
    lowest_valid_usn: I64,
}

const _: () = assert!(size_of::<RawMax>() == UsnMax::LEN);

/// The `$Max` stream: limits and identity of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsnMax {
    /// Bytes the journal may take.
    pub maximum_size: u64,
    /// Bytes it grows and is cut by.
    pub allocation_delta: u64,
    /// Identity of the journal: changes when records were missed.
    pub journal_id: u64,
    /// Records below are not to be trusted.
    pub lowest_valid_usn: i64,
}

impl UsnMax {
    /// Bytes of the stream.
    pub const LEN: usize = 32;

    /// Reads the stream.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = RawMax::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        Ok(Self {
            maximum_size: raw.maximum_size.get(),
            allocation_delta: raw.allocation_delta.get(),
            journal_id: raw.journal_id.get(),
            lowest_valid_usn: raw.lowest_valid_usn.get(),
        })
    }

    /// The stream's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        zerocopy::transmute!(RawMax {
            maximum_size: U64::new(self.maximum_size),
            allocation_delta: U64::new(self.allocation_delta),
            journal_id: U64::new(self.journal_id),
            lowest_valid_usn: I64::new(self.lowest_valid_usn),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str) -> UsnRecord {
        UsnRecord {
            file: FileReference::from_raw(0x0002_0000_0000_0026),
            parent: FileReference::ROOT,
            usn: 0x1000,
            time: NtTime(132_223_104_000_000_000),
            reason: UsnReason::HARD_LINK_CHANGE | UsnReason::CLOSE,
            source: 0,
            security_id: SecurityId(0),
            attributes: FileAttributes::ARCHIVE,
            name: name.encode_utf16().collect(),
        }
    }

    #[test]
    fn records_come_back() {
        for name in ["", "a", "ab.txt", &"n".repeat(255)] {
            let record = record(name);
            let bytes = record.encode().unwrap();
            assert!(bytes.len().is_multiple_of(8));
            assert_eq!(UsnRecord::decode(&bytes), Ok((record, bytes.len())));
        }
        assert!(record(&"n".repeat(256)).encode().is_err());
    }

    #[test]
    fn each_bad_field_is_refused() {
        use FormatErrorKind as K;
        let good = record("ab.txt").encode().unwrap();
        for (at, value, kind) in [
            (0, 0, K::Length),
            (0, 76, K::Length),
            (1, 4, K::Length),
            (0, 80, K::Truncated),
            (4, 3, K::Version),
            (6, 1, K::Version),
            (0x38, 13, K::Length),
            (0x38, 14, K::Length),
            (0x3A, 58, K::Offset),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(
                UsnRecord::decode(&bytes).unwrap_err().kind,
                kind,
                "byte {at:#x}"
            );
        }
        assert!(UsnRecord::decode(&good[..59]).is_err());
    }

    #[test]
    fn records_keep_off_the_page_lines() {
        assert_eq!(next_usn(0, 80), Some(0));
        assert_eq!(next_usn(4016, 80), Some(4016));
        assert_eq!(next_usn(4017, 80), Some(4096));
        assert_eq!(next_usn(0, 4097), None);
        assert_eq!(next_usn(u64::MAX, 80), None);
    }

    #[test]
    fn headers_of_every_version_are_known_by_their_length() {
        use FormatErrorKind as K;
        let good = record("ab.txt").encode().unwrap();
        let header = UsnHeader::decode(&good).unwrap().unwrap();
        assert_eq!((header.length, header.major, header.minor), (72, 2, 0));
        assert_eq!(UsnHeader::decode(&[0; 64]), Ok(None));
        assert_eq!(UsnHeader::decode(&good[..7]), Ok(None));
        for (at, value, kind) in [
            (0, 56, K::Length),
            (0, 73, K::Length),
            (0, 80, K::Length),
            (4, 1, K::Version),
            (4, 5, K::Version),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(UsnHeader::decode(&bytes).unwrap_err().kind, kind);
        }
    }

    #[test]
    fn max_comes_back() {
        let bytes: [u8; 32] = core::array::from_fn(|n| u8::try_from(n).unwrap());
        assert_eq!(UsnMax::decode(&bytes).unwrap().encode(), bytes);
        assert!(UsnMax::decode(&bytes[..31]).is_err());
    }
}
