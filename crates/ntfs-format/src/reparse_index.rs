//! The `$R` index of `$Extend\$Reparse`: every reparse point of the volume.
//!
//! Measured on Windows volumes: key 12 bytes, no data, collation
//! [`Ulongs`](crate::collation::Collation::Ulongs).

use core::cmp::Ordering;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::FileReference;

/// Name of the index: `$R`.
pub const INDEX_NAME: [u16; 2] = [b'$' as u16, b'R' as u16];

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    tag: U32,
    reference: U64,
}

const _: () = assert!(size_of::<Raw>() == ReparseKey::LEN);

/// A key of the index; there is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReparseKey {
    /// Reparse tag.
    pub tag: u32,
    /// The file with the reparse point.
    pub file: FileReference,
}

impl ReparseKey {
    /// Bytes of the key.
    pub const LEN: usize = 12;

    /// Reads a key.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] unless it has twelve bytes.
    pub fn decode(key: &[u8]) -> Result<Self, FormatError> {
        let raw =
            Raw::read_from_bytes(key).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))?;
        Ok(Self {
            tag: raw.tag.get(),
            file: FileReference::from_raw(raw.reference.get()),
        })
    }

    /// The key's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LEN] {
        zerocopy::transmute!(Raw {
            tag: U32::new(self.tag),
            reference: U64::new(self.file.raw()),
        })
    }
}

impl PartialOrd for ReparseKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ReparseKey {
    /// By tag, then by the reference's low and high half: so the low half of
    /// the record number counts before the sequence number.
    fn cmp(&self, other: &Self) -> Ordering {
        let halves = |key: &Self| key.file.raw().rotate_left(32);
        (self.tag, halves(self)).cmp(&(other.tag, halves(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collation::{Collation, no_fold};

    #[test]
    fn a_key_comes_back() {
        let bytes = [0x0C, 0, 0, 0xA0, 0x2E, 0, 0, 0, 0, 0, 0x02, 0x00];
        let key = ReparseKey::decode(&bytes).unwrap();
        assert_eq!(key.tag, 0xA000_000C);
        assert_eq!(key.file.record().0, 46);
        assert_eq!(key.file.sequence().0, 2);
        assert_eq!(key.encode(), bytes);
        assert!(ReparseKey::decode(&bytes[..11]).is_err());
    }

    #[test]
    fn the_order_is_that_of_the_collation() {
        let keys = [
            (0xA000_0003, 0x0009_0000_0000_0001),
            (0xA000_0003, 0x0001_0000_0000_0002),
            (0xA000_0003, 0x0001_0001_0000_0002),
            (0xA000_000C, 0x0001_0000_0000_0001),
        ]
        .map(|(tag, raw)| ReparseKey {
            tag,
            file: FileReference::from_raw(raw),
        });
        for a in keys {
            for b in keys {
                assert_eq!(
                    a.cmp(&b),
                    Collation::Ulongs.compare(&a.encode(), &b.encode(), no_fold)
                );
            }
        }
        assert!(keys.is_sorted());
    }
}
