//! Attributes of a file record: header, view and encoding.
//!
//! Sources: libfsntfs documentation, "MFT attribute"; linux-ntfs
//! "concepts/attribute_header".

mod encode;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::num;

pub use encode::{
    ExtentSpec, Identity, encode_non_resident, encode_resident, non_resident_len, push_resident,
    put_resident, resident_len,
};

/// The type code of an attribute; records keep attributes in ascending order
/// of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeType(pub u32);

impl AttributeType {
    /// `$STANDARD_INFORMATION`
    pub const STANDARD_INFORMATION: Self = Self(0x10);
    /// `$ATTRIBUTE_LIST`
    pub const ATTRIBUTE_LIST: Self = Self(0x20);
    /// `$FILE_NAME`
    pub const FILE_NAME: Self = Self(0x30);
    /// `$OBJECT_ID`
    pub const OBJECT_ID: Self = Self(0x40);
    /// `$SECURITY_DESCRIPTOR`
    pub const SECURITY_DESCRIPTOR: Self = Self(0x50);
    /// `$VOLUME_NAME`
    pub const VOLUME_NAME: Self = Self(0x60);
    /// `$VOLUME_INFORMATION`
    pub const VOLUME_INFORMATION: Self = Self(0x70);
    /// `$DATA`
    pub const DATA: Self = Self(0x80);
    /// `$INDEX_ROOT`
    pub const INDEX_ROOT: Self = Self(0x90);
    /// `$INDEX_ALLOCATION`
    pub const INDEX_ALLOCATION: Self = Self(0xA0);
    /// `$BITMAP`
    pub const BITMAP: Self = Self(0xB0);
    /// `$REPARSE_POINT`
    pub const REPARSE_POINT: Self = Self(0xC0);
    /// `$EA_INFORMATION`
    pub const EA_INFORMATION: Self = Self(0xD0);
    /// `$EA`
    pub const EA: Self = Self(0xE0);
    /// `$LOGGED_UTILITY_STREAM`
    pub const LOGGED_UTILITY_STREAM: Self = Self(0x100);
    /// The mark behind the last attribute of a record.
    pub const END: Self = Self(0xFFFF_FFFF);

    /// The usual name, for messages.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::STANDARD_INFORMATION => "$STANDARD_INFORMATION",
            Self::ATTRIBUTE_LIST => "$ATTRIBUTE_LIST",
            Self::FILE_NAME => "$FILE_NAME",
            Self::OBJECT_ID => "$OBJECT_ID",
            Self::SECURITY_DESCRIPTOR => "$SECURITY_DESCRIPTOR",
            Self::VOLUME_NAME => "$VOLUME_NAME",
            Self::VOLUME_INFORMATION => "$VOLUME_INFORMATION",
            Self::DATA => "$DATA",
            Self::INDEX_ROOT => "$INDEX_ROOT",
            Self::INDEX_ALLOCATION => "$INDEX_ALLOCATION",
            Self::BITMAP => "$BITMAP",
            Self::REPARSE_POINT => "$REPARSE_POINT",
            Self::EA_INFORMATION => "$EA_INFORMATION",
            Self::EA => "$EA",
            Self::LOGGED_UTILITY_STREAM => "$LOGGED_UTILITY_STREAM",
            _ => return None,
        })
    }

    /// Whether the attribute never leaves the base record (NTFS.md 2.5).
    #[must_use]
    pub const fn stays_in_base(self) -> bool {
        matches!(self, Self::STANDARD_INFORMATION | Self::ATTRIBUTE_LIST)
    }

    /// Whether the value may be moved to clusters (NTFS.md 2.5; the names of
    /// the `$AttrDef` flags).
    #[must_use]
    pub const fn may_be_non_resident(self) -> bool {
        !matches!(
            self,
            Self::STANDARD_INFORMATION
                | Self::FILE_NAME
                | Self::OBJECT_ID
                | Self::VOLUME_NAME
                | Self::VOLUME_INFORMATION
                | Self::INDEX_ROOT
                | Self::EA_INFORMATION
        )
    }
}

impl core::fmt::Display for AttributeType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "attribute type {:#x}", self.0),
        }
    }
}

bitflags::bitflags! {
    /// Flags of an attribute header.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct AttributeFlags: u16 {
        /// LZNT1-compressed.
        const COMPRESSED = 0x0001;
        /// Encrypted.
        const ENCRYPTED = 0x4000;
        /// Sparse.
        const SPARSE = 0x8000;
        const _ = !0;
    }
}

impl AttributeFlags {
    /// Whether a non-resident header has the eight extra bytes with the
    /// really allocated size.
    #[must_use]
    pub const fn has_total_allocated(self) -> bool {
        self.intersects(Self::COMPRESSED.union(Self::SPARSE))
    }
}

/// The part every attribute starts with.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct AttributeHeader {
    /// Type code.
    pub type_code: U32,
    /// Bytes to the next attribute, a multiple of 8; only the low 16 bits are
    /// to be trusted when read (libfsntfs saw 0x00070050).
    pub length: U32,
    /// 0 resident, 1 non-resident.
    pub non_resident: u8,
    /// Name length in UTF-16 units.
    pub name_length: u8,
    /// Offset of the name.
    pub name_offset: U16,
    /// [`AttributeFlags`].
    pub flags: U16,
    /// Number of the attribute, unique in its record.
    pub instance: U16,
}

/// What follows the header of a resident attribute.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct ResidentPart {
    /// Bytes of the value.
    pub value_length: U32,
    /// Offset of the value from the attribute's start.
    pub value_offset: U16,
    /// 1 when the value is a key of an index (`$FILE_NAME`).
    pub indexed: u8,
    /// Reserved.
    pub reserved: u8,
}

/// What follows the header of a non-resident attribute.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct NonResidentPart {
    /// First cluster of the stream that this extent maps.
    pub lowest_vcn: U64,
    /// Last cluster that it maps (inclusive; -1 when it maps none).
    pub highest_vcn: U64,
    /// Offset of the mapping pairs.
    pub pairs_offset: U16,
    /// Log2 of the clusters in a compression unit; 0 when not compressed.
    pub compression_unit: u8,
    /// Reserved.
    pub reserved: [u8; 5],
    /// Bytes of all mapped clusters; valid in the extent with lowest VCN 0 only,
    /// as are the two after it.
    pub allocated_size: U64,
    /// Bytes of data.
    pub data_size: U64,
    /// Bytes that were ever written; the rest reads as zeros.
    pub initialized_size: U64,
}

/// Bytes of [`AttributeHeader`].
pub const HEADER_LEN: usize = 0x10;
/// Offset of the instance number in an attribute.
pub const INSTANCE_OFFSET: usize = 0x0E;
/// Offset of the sizes in the first extent of a non-resident attribute.
pub const SIZES_OFFSET: usize = 0x28;
/// Offset of the name or value in a resident attribute.
pub const RESIDENT_LEN: usize = 0x18;
/// Offset of the name or mapping pairs in a plain non-resident attribute.
pub const NON_RESIDENT_LEN: usize = 0x40;
/// The same with the really-allocated size present.
pub const NON_RESIDENT_SPARSE_LEN: usize = 0x48;

const _: () = assert!(size_of::<AttributeHeader>() == HEADER_LEN);
const _: () = assert!(size_of::<ResidentPart>() == RESIDENT_LEN - HEADER_LEN);
const _: () = assert!(size_of::<NonResidentPart>() == NON_RESIDENT_LEN - HEADER_LEN);

const TRUNCATED: FormatErrorKind = FormatErrorKind::Truncated;

/// Sizes of a non-resident stream, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamSizes {
    /// Bytes of all mapped clusters, holes included.
    pub allocated: u64,
    /// Bytes of data.
    pub data: u64,
    /// Bytes ever written.
    pub initialized: u64,
    /// Bytes of really allocated clusters; present for compressed and sparse.
    pub total_allocated: Option<u64>,
}

/// A validated attribute inside a record.
#[derive(Debug, Clone, Copy)]
pub struct AttributeView<'a> {
    bytes: &'a [u8],
    offset: usize,
    header: &'a AttributeHeader,
}

/// How the value is kept.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// In the record.
    Resident {
        /// The value.
        value: &'a [u8],
        /// Whether it is a key of an index.
        indexed: bool,
    },
    /// In clusters.
    NonResident(NonResident<'a>),
}

/// The non-resident part of an attribute.
#[derive(Debug, Clone, Copy)]
pub struct NonResident<'a> {
    part: &'a NonResidentPart,
    total_allocated: Option<u64>,
    pairs: &'a [u8],
}

impl<'a> NonResident<'a> {
    /// First mapped cluster of the stream.
    #[must_use]
    pub fn lowest_vcn(&self) -> u64 {
        self.part.lowest_vcn.get()
    }

    /// Last mapped cluster; `u64::MAX` (-1) when none is mapped.
    #[must_use]
    pub fn highest_vcn(&self) -> u64 {
        self.part.highest_vcn.get()
    }

    /// Log2 of the clusters in a compression unit.
    #[must_use]
    pub fn compression_unit(&self) -> u8 {
        self.part.compression_unit
    }

    /// The sizes; meaningful when [`Self::lowest_vcn`] is 0.
    #[must_use]
    pub fn sizes(&self) -> StreamSizes {
        StreamSizes {
            allocated: self.part.allocated_size.get(),
            data: self.part.data_size.get(),
            initialized: self.part.initialized_size.get(),
            total_allocated: self.total_allocated,
        }
    }

    /// The mapping pairs, with whatever follows them in the attribute.
    #[must_use]
    pub fn pairs(&self) -> &'a [u8] {
        self.pairs
    }
}

impl<'a> AttributeView<'a> {
    /// Validates the attribute that starts `offset` bytes into `record`.
    ///
    /// # Errors
    /// Lengths or offsets that leave the record or the attribute.
    #[inline]
    pub fn at(record: &'a [u8], offset: usize) -> Result<Self, FormatError> {
        let rest = record
            .get(offset..)
            .ok_or(FormatError::new(TRUNCATED, offset))?;
        let (header, _) = AttributeHeader::ref_from_prefix(rest)
            .map_err(|_| FormatError::new(TRUNCATED, offset))?;
        let length = usize::from(num::u16_at(rest, 4)?);
        let least = if header.non_resident == 0 {
            RESIDENT_LEN
        } else {
            NON_RESIDENT_LEN
        };
        if length < least || !length.is_multiple_of(8) {
            return Err(FormatError::new(FormatErrorKind::Length, offset + 4));
        }
        let bytes = rest
            .get(..length)
            .ok_or(FormatError::new(FormatErrorKind::Length, offset + 4))?;
        let view = Self {
            bytes,
            offset,
            header,
        };
        view.check().map_err(|e| e.shifted(offset))?;
        Ok(view)
    }

    #[inline]
    fn check(&self) -> Result<(), FormatError> {
        let (header_len, contents) = match self.header.non_resident {
            0 => (RESIDENT_LEN, self.check_resident()?),
            1 => (NON_RESIDENT_LEN, self.check_non_resident()?),
            _ => return Err(FormatError::new(FormatErrorKind::Value, 8)),
        };
        // What lay in the header or in the name would change them when it is
        // written to.
        let name_len = usize::from(self.header.name_length) * 2;
        let name = usize::from(self.header.name_offset.get());
        if name_len > 0 && (name < header_len || name + name_len > contents) {
            return Err(FormatError::new(FormatErrorKind::Offset, 0x0A));
        }
        Ok(())
    }

    /// Gives where the value starts.
    #[inline]
    fn check_resident(&self) -> Result<usize, FormatError> {
        let part = self.resident_part()?;
        let offset = usize::from(part.value_offset.get());
        let length = num::u32_to_usize(part.value_length.get())?;
        if offset < RESIDENT_LEN || num::slice(self.bytes, offset, length).is_err() {
            return Err(FormatError::new(FormatErrorKind::Offset, 0x14));
        }
        Ok(offset)
    }

    /// Gives where the mapping pairs start.
    fn check_non_resident(&self) -> Result<usize, FormatError> {
        let part = self.non_resident_part()?;
        let low = part.lowest_vcn.get();
        // -1 stands for "maps nothing"; 2^63 and above cannot be.
        let high = part.highest_vcn.get().wrapping_add(1);
        if low > high || high > i64::MAX.unsigned_abs() {
            return Err(FormatError::new(FormatErrorKind::Value, 0x18));
        }
        let offset = usize::from(part.pairs_offset.get());
        if offset < NON_RESIDENT_LEN || offset >= self.bytes.len() {
            return Err(FormatError::new(FormatErrorKind::Offset, 0x20));
        }
        if low == 0 && self.flags().has_total_allocated() {
            num::u64_at(self.bytes, NON_RESIDENT_LEN)?;
        }
        Ok(offset)
    }

    #[inline]
    fn resident_part(&self) -> Result<&'a ResidentPart, FormatError> {
        let rest = self.bytes.get(HEADER_LEN..).unwrap_or_default();
        ResidentPart::ref_from_prefix(rest)
            .map(|(part, _)| part)
            .map_err(|_| FormatError::new(TRUNCATED, HEADER_LEN))
    }

    #[inline]
    fn non_resident_part(&self) -> Result<&'a NonResidentPart, FormatError> {
        let rest = self.bytes.get(HEADER_LEN..).unwrap_or_default();
        NonResidentPart::ref_from_prefix(rest)
            .map(|(part, _)| part)
            .map_err(|_| FormatError::new(TRUNCATED, HEADER_LEN))
    }

    /// Type code.
    #[must_use]
    #[inline]
    pub fn type_code(&self) -> AttributeType {
        AttributeType(self.header.type_code.get())
    }

    /// Offset of the attribute in its record.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes to the next attribute.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: an attribute has at least its header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All bytes of the attribute.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of the attribute in its record.
    #[must_use]
    #[inline]
    pub fn instance(&self) -> u16 {
        self.header.instance.get()
    }

    /// Flags.
    #[must_use]
    pub fn flags(&self) -> AttributeFlags {
        AttributeFlags::from_bits_retain(self.header.flags.get())
    }

    /// The name as little-endian units; empty when unnamed.
    #[must_use]
    #[inline]
    pub fn name(&self) -> &'a [U16] {
        let start = usize::from(self.header.name_offset.get());
        let len = usize::from(self.header.name_length) * 2;
        if len == 0 {
            return &[];
        }
        // Checked when the view was made; an empty name is the harmless end.
        num::slice(self.bytes, start, len)
            .ok()
            .and_then(|bytes| <[U16]>::ref_from_bytes(bytes).ok())
            .unwrap_or_default()
    }

    /// The name as units of its own.
    #[must_use]
    pub fn name_units(&self) -> Vec<u16> {
        self.name().iter().map(|unit| unit.get()).collect()
    }

    /// Whether the name is exactly `units`.
    #[must_use]
    pub fn name_is(&self, units: &[u16]) -> bool {
        let name = self.name();
        name.len() == units.len() && name.iter().zip(units).all(|(a, b)| a.get() == *b)
    }

    /// Whether the value lies in clusters.
    #[must_use]
    #[inline]
    pub fn is_non_resident(&self) -> bool {
        self.header.non_resident != 0
    }

    /// The value or where it is.
    #[must_use]
    pub fn form(&self) -> Form<'a> {
        if let Some(non_resident) = self.non_resident() {
            Form::NonResident(non_resident)
        } else {
            Form::Resident {
                value: self.resident_value().unwrap_or_default(),
                indexed: self.resident_part().is_ok_and(|part| part.indexed & 1 != 0),
            }
        }
    }

    /// The resident value, or `None` when the value lies in clusters.
    #[must_use]
    #[inline]
    pub fn resident_value(&self) -> Option<&'a [u8]> {
        if self.is_non_resident() {
            return None;
        }
        let part = self.resident_part().ok()?;
        let len = usize::try_from(part.value_length.get()).ok()?;
        num::slice(self.bytes, usize::from(part.value_offset.get()), len).ok()
    }

    /// Offset of the resident value from the start of the *record*.
    #[must_use]
    #[inline]
    pub fn resident_value_offset(&self) -> Option<usize> {
        if self.is_non_resident() {
            return None;
        }
        let part = self.resident_part().ok()?;
        self.offset
            .checked_add(usize::from(part.value_offset.get()))
    }

    /// The non-resident part, or `None` when resident.
    #[must_use]
    #[inline]
    pub fn non_resident(&self) -> Option<NonResident<'a>> {
        if !self.is_non_resident() {
            return None;
        }
        let part = self.non_resident_part().ok()?;
        let total_allocated = (part.lowest_vcn.get() == 0 && self.flags().has_total_allocated())
            .then(|| num::u64_at(self.bytes, NON_RESIDENT_LEN).ok())
            .flatten();
        let pairs = self.bytes.get(usize::from(part.pairs_offset.get())..)?;
        Some(NonResident {
            part,
            total_allocated,
            pairs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(type_code: AttributeType, name: &[u16]) -> Identity<'_> {
        Identity {
            type_code,
            name,
            flags: AttributeFlags::empty(),
            instance: 7,
        }
    }

    #[test]
    fn resident_round_trip() {
        let name = [u16::from(b'a'), 0xD800];
        let bytes = encode_resident(&id(AttributeType::DATA, &name), b"hello").unwrap();
        assert_eq!(bytes.len(), resident_len(2, 5));
        let view = AttributeView::at(&bytes, 0).unwrap();
        assert_eq!(view.type_code(), AttributeType::DATA);
        assert_eq!(view.instance(), 7);
        assert!(view.name_is(&name));
        assert_eq!(view.resident_value(), Some(&b"hello"[..]));
        assert_eq!(view.resident_value_offset(), Some(0x20));
    }

    #[test]
    fn file_names_are_marked_indexed() {
        let bytes = encode_resident(&id(AttributeType::FILE_NAME, &[]), &[0; 68]).unwrap();
        let view = AttributeView::at(&bytes, 0).unwrap();
        assert!(matches!(view.form(), Form::Resident { indexed: true, .. }));
    }

    #[test]
    fn non_resident_round_trip_with_and_without_total() {
        let sizes = StreamSizes {
            allocated: 8192,
            data: 5000,
            initialized: 4999,
            total_allocated: Some(4096),
        };
        for (flags, lowest) in [
            (AttributeFlags::empty(), 0),
            (AttributeFlags::SPARSE, 0),
            (AttributeFlags::SPARSE, 4),
        ] {
            let mut id = id(AttributeType::DATA, &[]);
            id.flags = flags;
            let pairs = [0x11, 2, 5, 0];
            let extent = ExtentSpec {
                lowest_vcn: lowest,
                end_vcn: lowest + 2,
                compression_unit: 0,
                sizes,
                pairs: &pairs,
            };
            let bytes = encode_non_resident(&id, &extent).unwrap();
            assert_eq!(bytes.len(), non_resident_len(flags, lowest, 0, 4));
            let view = AttributeView::at(&bytes, 0)
                .unwrap()
                .non_resident()
                .unwrap();
            assert_eq!(view.lowest_vcn(), lowest);
            assert_eq!(view.highest_vcn(), lowest + 1);
            assert_eq!(&view.pairs()[..4], &pairs);
            if lowest == 0 {
                let total = flags.has_total_allocated().then_some(4096);
                assert_eq!(
                    view.sizes(),
                    StreamSizes {
                        total_allocated: total,
                        ..sizes
                    }
                );
            } else {
                assert_eq!(view.sizes(), StreamSizes::default());
            }
        }
    }

    #[test]
    fn fields_that_leave_the_attribute_are_refused() {
        let good = encode_resident(&id(AttributeType::DATA, &[1, 2]), b"hello").unwrap();
        for (at, value, kind, offset) in [
            (4, 0x11, FormatErrorKind::Length, 4),
            (4, 0x10, FormatErrorKind::Length, 4),
            (5, 0x10, FormatErrorKind::Length, 4),
            (8, 2, FormatErrorKind::Value, 8),
            (10, 0xFF, FormatErrorKind::Offset, 0x0A),
            (0x10, 0xFF, FormatErrorKind::Offset, 0x14),
            (0x14, 0xFF, FormatErrorKind::Offset, 0x14),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            if at == 8 {
                bad.resize(0x48, 0);
                bad[4] = 0x48;
            }
            assert_eq!(
                AttributeView::at(&bad, 0).unwrap_err(),
                FormatError::new(kind, offset),
                "byte {at}"
            );
        }
    }
}
