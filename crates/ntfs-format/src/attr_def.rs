//! `$AttrDef`: the volume's table of attribute types.
//!
//! The same 2,560 bytes on every volume of NTFS 3.1 that was looked at
//! (Windows 7, Windows 10, mkntfs). Source of the fields: libfsntfs
//! documentation, "Attribute definition".

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::attribute::AttributeType;
use crate::collation::Collation;
use crate::error::{FormatError, FormatErrorKind};
use crate::num;

/// Bytes of a definition.
pub const ENTRY_LEN: usize = 160;
/// Bytes of the file that this library and Windows write.
pub const FILE_LEN: usize = 2560;
/// Definitions read at most; there is one a type, and types are few.
const MAX_ENTRIES: usize = 256;
const NAME_UNITS: usize = 64;

bitflags::bitflags! {
    /// Properties of an attribute type.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AttrDefFlags: u32 {
        /// Indexed: its values are keys of an index.
        const INDEXABLE = 0x02;
        /// May stand more than once in a file.
        const MULTIPLE = 0x04;
        /// Must not be zero.
        const NOT_ZERO = 0x08;
        /// Indexed, and a value stands once in the index.
        const INDEXED_UNIQUE = 0x10;
        /// Named attributes must be unique.
        const NAMED_UNIQUE = 0x20;
        /// Always resident.
        const RESIDENT = 0x40;
        /// Changes are logged even when it is not resident.
        const LOGGED = 0x80;
        const _ = !0;
    }
}

/// A definition on disk.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    name: [U16; NAME_UNITS],
    type_code: U32,
    display_rule: U32,
    collation: U32,
    flags: U32,
    minimum: U64,
    maximum: U64,
}

const _: () = assert!(size_of::<Raw>() == ENTRY_LEN);
const _: () = assert!(FILE_LEN == (STANDARD.len() + 1) * ENTRY_LEN);

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttrDef {
    /// Name, as `$FILE_NAME`.
    pub name: Vec<u16>,
    /// The type.
    pub type_code: AttributeType,
    /// Display rule; 0 on every volume.
    pub display_rule: u32,
    /// Number of the collation; 0 on every volume.
    pub collation: u32,
    /// Properties.
    pub flags: AttrDefFlags,
    /// Smallest value in bytes.
    pub minimum: u64,
    /// Largest value in bytes; `None` (all ones on disk) for no limit.
    pub maximum: Option<u64>,
}

const NO_LIMIT: u64 = u64::MAX;
const RESIDENT: AttrDefFlags = AttrDefFlags::RESIDENT;
const LOGGED: AttrDefFlags = AttrDefFlags::LOGGED;
const NO_FLAGS: AttrDefFlags = AttrDefFlags::empty();
const FILE_NAME_FLAGS: AttrDefFlags = RESIDENT.union(AttrDefFlags::INDEXABLE);

/// Type, flags, smallest and largest size.
const STANDARD: [(AttributeType, AttrDefFlags, u64, u64); 15] = [
    (AttributeType::STANDARD_INFORMATION, RESIDENT, 48, 72),
    (AttributeType::ATTRIBUTE_LIST, LOGGED, 0, NO_LIMIT),
    (AttributeType::FILE_NAME, FILE_NAME_FLAGS, 68, 578),
    (AttributeType::OBJECT_ID, RESIDENT, 0, 256),
    (AttributeType::SECURITY_DESCRIPTOR, LOGGED, 0, NO_LIMIT),
    (AttributeType::VOLUME_NAME, RESIDENT, 2, 256),
    (AttributeType::VOLUME_INFORMATION, RESIDENT, 12, 12),
    (AttributeType::DATA, NO_FLAGS, 0, NO_LIMIT),
    (AttributeType::INDEX_ROOT, RESIDENT, 0, NO_LIMIT),
    (AttributeType::INDEX_ALLOCATION, LOGGED, 0, NO_LIMIT),
    (AttributeType::BITMAP, LOGGED, 0, NO_LIMIT),
    (AttributeType::REPARSE_POINT, LOGGED, 0, 16_384),
    (AttributeType::EA_INFORMATION, RESIDENT, 8, 8),
    (AttributeType::EA, NO_FLAGS, 0, 65_536),
    (AttributeType::LOGGED_UTILITY_STREAM, LOGGED, 0, 65_536),
];

/// The definitions of NTFS 3.1.
#[must_use]
pub fn standard() -> Vec<AttrDef> {
    STANDARD
        .iter()
        .map(|(type_code, flags, minimum, maximum)| AttrDef {
            name: type_code
                .name()
                .unwrap_or_default()
                .encode_utf16()
                .collect(),
            type_code: *type_code,
            display_rule: 0,
            collation: Collation::Binary.number(),
            flags: *flags,
            minimum: *minimum,
            maximum: (*maximum != NO_LIMIT).then_some(*maximum),
        })
        .collect()
}

/// The file's bytes: the definitions and an empty one behind them.
///
/// # Errors
/// [`FormatErrorKind::Length`] for a name of 64 units or more.
pub fn encode(list: &[AttrDef]) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    for definition in list {
        if definition.name.len() >= NAME_UNITS {
            return Err(FormatError::new(FormatErrorKind::Length, out.len()));
        }
        let mut name = [U16::ZERO; NAME_UNITS];
        for (to, from) in name.iter_mut().zip(&definition.name) {
            *to = U16::new(*from);
        }
        let raw = Raw {
            name,
            type_code: U32::new(definition.type_code.0),
            display_rule: U32::new(definition.display_rule),
            collation: U32::new(definition.collation),
            flags: U32::new(definition.flags.bits()),
            minimum: U64::new(definition.minimum),
            maximum: U64::new(definition.maximum.unwrap_or(NO_LIMIT)),
        };
        out.extend_from_slice(raw.as_bytes());
    }
    out.resize(out.len() + ENTRY_LEN, 0);
    Ok(out)
}

/// Reads the file up to its empty definition or its end.
///
/// # Errors
/// [`FormatErrorKind::Truncated`] when a definition is not whole,
/// [`FormatErrorKind::Order`] when types do not ascend,
/// [`FormatErrorKind::Value`] when a size range is empty,
/// [`FormatErrorKind::Length`] for more definitions than there can be.
pub fn decode(bytes: &[u8]) -> Result<Vec<AttrDef>, FormatError> {
    let mut list: Vec<AttrDef> = Vec::new();
    let mut offset = 0_usize;
    while offset < bytes.len() {
        let entry = num::slice(bytes, offset, ENTRY_LEN)?;
        let raw = Raw::read_from_bytes(entry)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, offset))?;
        let type_code = AttributeType(raw.type_code.get());
        if type_code.0 == 0 {
            break;
        }
        if list.len() == MAX_ENTRIES {
            return Err(FormatError::new(FormatErrorKind::Length, offset));
        }
        if list
            .last()
            .is_some_and(|last| last.type_code.0 >= type_code.0)
        {
            return Err(FormatError::new(FormatErrorKind::Order, offset + 0x80));
        }
        let (minimum, maximum) = (raw.minimum.get(), raw.maximum.get());
        if minimum > maximum {
            return Err(FormatError::new(FormatErrorKind::Value, offset + 0x90));
        }
        list.push(AttrDef {
            name: raw
                .name
                .iter()
                .map(|unit| unit.get())
                .take_while(|unit| *unit != 0)
                .collect(),
            type_code,
            display_rule: raw.display_rule.get(),
            collation: raw.collation.get(),
            flags: AttrDefFlags::from_bits_retain(raw.flags.get()),
            minimum,
            maximum: (maximum != NO_LIMIT).then_some(maximum),
        });
        offset += ENTRY_LEN;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_comes_back() {
        let bytes = encode(&standard()).unwrap();
        assert_eq!(bytes.len(), FILE_LEN);
        assert_eq!(decode(&bytes).unwrap(), standard());
        // A few bytes as Windows writes them.
        assert_eq!(bytes[..4], [b'$', 0, b'S', 0]);
        assert_eq!(bytes[0x1CC..0x1D4], [0x42, 0, 0, 0, 0x44, 0, 0, 0]);
        assert_eq!(bytes[0x1D8..0x1DC], [0x42, 2, 0, 0]);
    }

    #[test]
    fn bad_tables_are_refused() {
        use FormatErrorKind as K;
        let good = encode(&standard()).unwrap();
        let kind = |bytes: &[u8]| decode(bytes).unwrap_err().kind;
        assert_eq!(kind(&good[..ENTRY_LEN + 1]), K::Truncated);
        let mut bytes = good.clone();
        bytes[ENTRY_LEN + 0x80] = 0x10;
        assert_eq!(kind(&bytes), K::Order);
        let mut bytes = good.clone();
        bytes[0x90] = 73;
        assert_eq!(kind(&bytes), K::Value);
        let mut list = standard();
        list[0].name = vec![b'A'.into(); 64];
        assert_eq!(encode(&list).unwrap_err().kind, K::Length);
    }
}
