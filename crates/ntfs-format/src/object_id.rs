//! Object ids: the `$OBJECT_ID` attribute and the `$O` index of
//! `$Extend\$ObjId`.
//!
//! Source: MS-FSCC 2.4.35 (FILE_OBJECTID_BUFFER); index layout measured on
//! Windows volumes: key 16 bytes, data 56.

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::FileReference;

/// Name of the index: `$O`.
pub const INDEX_NAME: [u16; 2] = [b'$' as u16, b'O' as u16];

/// A 16-byte identifier, unique on its volume. Kept and compared as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ObjectId(pub [u8; 16]);

/// The three ids a link tracker keeps beside an object id. All zero where the
/// file was never moved by one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    FromBytes,
    IntoBytes,
    KnownLayout,
    Immutable,
    Unaligned,
)]
#[repr(C)]
pub struct BirthIds {
    /// Volume the object id was made on.
    pub volume: [u8; 16],
    /// Object id it was made with.
    pub object: [u8; 16],
    /// Domain; unused, zero.
    pub domain: [u8; 16],
}

const _: () = assert!(size_of::<BirthIds>() == 48);

/// Value of an `$OBJECT_ID` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectIdAttribute {
    /// The object id.
    pub id: ObjectId,
    /// The birth ids, where the attribute holds them (64 bytes, not 16).
    pub birth: Option<BirthIds>,
}

impl ObjectIdAttribute {
    /// Bytes of the short form.
    pub const SHORT_LEN: usize = 16;
    /// Bytes of the form with birth ids.
    pub const LONG_LEN: usize = 64;

    /// Reads the attribute's value.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`] below 16 bytes.
    pub fn decode(value: &[u8]) -> Result<Self, FormatError> {
        let (id, rest) = <[u8; 16]>::read_from_prefix(value)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, value.len()))?;
        Ok(Self {
            id: ObjectId(id),
            birth: BirthIds::read_from_prefix(rest)
                .ok()
                .map(|(birth, _)| birth),
        })
    }

    /// The attribute's value: 16 or 64 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut value = self.id.0.to_vec();
        if let Some(birth) = &self.birth {
            value.extend_from_slice(birth.as_bytes());
        }
        value
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawData {
    reference: U64,
    birth: BirthIds,
}

const _: () = assert!(size_of::<RawData>() == ObjectIdEntry::DATA_LEN);

/// An entry of the index. Its key is the object id, ordered as
/// [`Ulongs`](crate::collation::Collation::Ulongs).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectIdEntry {
    /// The object id.
    pub id: ObjectId,
    /// The file that has it.
    pub file: FileReference,
    /// Birth ids; zero where there are none.
    pub birth: BirthIds,
}

impl ObjectIdEntry {
    /// Bytes of the key.
    pub const KEY_LEN: usize = 16;
    /// Bytes of the data.
    pub const DATA_LEN: usize = 56;

    /// Reads an entry's key and data.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] for another key length,
    /// [`FormatErrorKind::Truncated`] for short data.
    pub fn decode(key: &[u8], data: &[u8]) -> Result<Self, FormatError> {
        let id = key
            .try_into()
            .map_err(|_| FormatError::new(FormatErrorKind::Length, 0))?;
        let (raw, _) = RawData::read_from_prefix(data)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, data.len()))?;
        Ok(Self {
            id: ObjectId(id),
            file: FileReference::from_raw(raw.reference.get()),
            birth: raw.birth,
        })
    }

    /// The key's bytes.
    #[must_use]
    pub const fn key(&self) -> [u8; Self::KEY_LEN] {
        self.id.0
    }

    /// The data's bytes.
    #[must_use]
    pub fn data(&self) -> [u8; Self::DATA_LEN] {
        zerocopy::transmute!(RawData {
            reference: U64::new(self.file.raw()),
            birth: self.birth,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_attribute_forms_come_back() {
        let value: Vec<u8> = (0..64).collect();
        for len in [16, 64] {
            let attribute = ObjectIdAttribute::decode(&value[..len]).unwrap();
            assert_eq!(attribute.encode(), value[..len]);
            assert_eq!(attribute.birth.is_some(), len == 64);
        }
        assert!(ObjectIdAttribute::decode(&value[..15]).is_err());
    }

    #[test]
    fn an_entry_comes_back() {
        let (key, data): (Vec<u8>, Vec<u8>) = ((1..=16).collect(), (17..=72).collect());
        let entry = ObjectIdEntry::decode(&key, &data).unwrap();
        assert_eq!(entry.file.raw(), 0x1817_1615_1413_1211);
        assert_eq!(entry.birth.object[0], 17 + 8 + 16);
        assert_eq!((entry.key().to_vec(), entry.data().to_vec()), (key, data));
        assert!(ObjectIdEntry::decode(&[0; 15], &[0; 56]).is_err());
        assert!(ObjectIdEntry::decode(&[0; 16], &[0; 55]).is_err());
    }
}
