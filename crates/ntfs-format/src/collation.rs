//! Collations: how the keys of an index are ordered.
//!
//! Source: libfsntfs documentation, "Collation type"; orders of `$SII`, `$SDH`,
//! `$R`, `$O` and `$Q` measured on volumes that Windows made.

use core::cmp::Ordering;

use crate::error::{FormatError, FormatErrorKind};
use crate::file_name::FileNameView;

/// The order of an index's keys, from its `$INDEX_ROOT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Collation {
    /// Byte by byte.
    Binary = 0x00,
    /// `$FILE_NAME` values by name: folded units, then raw units.
    FileName = 0x01,
    /// UTF-16 units: folded, then raw.
    UnicodeString = 0x02,
    /// One 32-bit number (`$SII`, `$Q`).
    Ulong = 0x10,
    /// Security identifiers (`$O` of `$Quota`).
    Sid = 0x11,
    /// Hash, then security id (`$SDH`).
    SecurityHash = 0x12,
    /// 32-bit numbers, one after the other (`$O` of `$ObjId`, `$R`).
    Ulongs = 0x13,
}

impl Collation {
    /// The collation with this number on disk.
    ///
    /// # Errors
    /// [`FormatErrorKind::Value`] for a number without a meaning.
    pub const fn from_u32(number: u32) -> Result<Self, FormatError> {
        Ok(match number {
            0x00 => Self::Binary,
            0x01 => Self::FileName,
            0x02 => Self::UnicodeString,
            0x10 => Self::Ulong,
            0x11 => Self::Sid,
            0x12 => Self::SecurityHash,
            0x13 => Self::Ulongs,
            // The field stands at byte 4 of an index root.
            _ => return Err(FormatError::new(FormatErrorKind::Value, 4)),
        })
    }

    /// The number on disk.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Orders two keys. `fold` is the volume's `$UpCase` and is asked for
    /// [`Collation::FileName`] and [`Collation::UnicodeString`] only; view
    /// indexes may pass [`no_fold`].
    ///
    /// Total for any bytes: keys too short to be one are ordered by their
    /// bytes, so that a damaged key is misplaced and not a failure.
    #[must_use]
    pub fn compare(self, a: &[u8], b: &[u8], fold: impl Fn(u16) -> u16) -> Ordering {
        match self {
            Self::Binary | Self::Sid => a.cmp(b),
            Self::FileName => match (FileNameView::new(a), FileNameView::new(b)) {
                (Ok(left), Ok(right)) => compare_names(
                    left.name.iter().map(|unit| unit.get()),
                    right.name.iter().map(|unit| unit.get()),
                    fold,
                ),
                (left, right) => (left.is_ok(), a).cmp(&(right.is_ok(), b)),
            },
            Self::UnicodeString => compare_names(units(a), units(b), fold),
            Self::Ulong | Self::SecurityHash | Self::Ulongs => compare_ulongs(a, b),
        }
    }
}

/// For [`Collation::compare`] on indexes whose keys are not names.
#[must_use]
pub const fn no_fold(unit: u16) -> u16 {
    unit
}

fn units(bytes: &[u8]) -> impl Iterator<Item = u16> + Clone {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair))
}

/// Folded units first, a name before its own continuation; equal ones by raw
/// units.
fn compare_names(
    a: impl Iterator<Item = u16> + Clone,
    b: impl Iterator<Item = u16> + Clone,
    fold: impl Fn(u16) -> u16,
) -> Ordering {
    a.clone()
        .map(&fold)
        .cmp(b.clone().map(&fold))
        .then_with(|| a.cmp(b))
}

/// Little-endian 32-bit numbers, then the bytes that are left over.
fn compare_ulongs(a: &[u8], b: &[u8]) -> Ordering {
    let ((left, left_rest), (right, right_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    left.iter()
        .map(|word| u32::from_le_bytes(*word))
        .cmp(right.iter().map(|word| u32::from_le_bytes(*word)))
        .then_with(|| left_rest.cmp(right_rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 2, 0x10, 0x11, 0x12, 0x13] {
            assert_eq!(Collation::from_u32(number).unwrap().number(), number);
        }
        assert_eq!(
            Collation::from_u32(3).unwrap_err().kind,
            FormatErrorKind::Value
        );
    }

    #[test]
    fn ulongs_are_numbers_and_binary_is_not() {
        let (a, b) = ([0x00, 0x01, 0, 0], [0x01, 0x00, 0, 0]);
        for collation in [Collation::Ulong, Collation::Ulongs, Collation::SecurityHash] {
            assert_eq!(collation.compare(&a, &b, no_fold), Ordering::Greater);
        }
        assert_eq!(Collation::Binary.compare(&a, &b, no_fold), Ordering::Less);
        assert_eq!(
            Collation::Ulongs.compare(&[1, 0, 0, 0], &[1, 0, 0, 0, 0], no_fold),
            Ordering::Less
        );
    }

    #[test]
    fn names_compare_folded_then_raw() {
        let fold = |unit: u16| match unit {
            0x61..=0x7A => unit - 0x20,
            other => other,
        };
        let key = |name: &str| {
            let mut value = vec![0; 66];
            value[0x40] = u8::try_from(name.len()).unwrap();
            for unit in name.encode_utf16() {
                value.extend(unit.to_le_bytes());
            }
            value
        };
        for (a, b, want) in [
            ("a", "B", Ordering::Less),
            ("a", "A", Ordering::Greater),
            ("abc", "ABCD", Ordering::Less),
            ("_", "a", Ordering::Greater),
            ("same", "same", Ordering::Equal),
        ] {
            assert_eq!(
                Collation::FileName.compare(&key(a), &key(b), fold),
                want,
                "{a} {b}"
            );
            let units = |text: &str| -> Vec<u8> {
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            };
            assert_eq!(
                Collation::UnicodeString.compare(&units(a), &units(b), fold),
                want
            );
        }
        // A value too short to hold a name sorts before those that do.
        assert_eq!(
            Collation::FileName.compare(&[0xFF; 5], &key("a"), fold),
            Ordering::Less
        );
    }
}
