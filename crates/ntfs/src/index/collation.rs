//! How keys are ordered.
//!
//! Sources: libfsntfs documentation, "The index root header" (collation
//! types); the order of each was confirmed on volumes that Windows wrote.

use core::cmp::Ordering;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::error::{FormatError, FormatErrorKind};
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::num;

/// The order of an index's keys.
#[derive(Clone, Copy)]
pub(crate) enum Collation<'a> {
    /// 1: `$FILE_NAME` values by name, folded, ties by raw units.
    FileName(&'a UpcaseTable),
    /// 0: bytes, a prefix first.
    Binary,
    /// 0x10: one 32-bit number (`$SII`, `$Q`).
    Ulong,
    /// 0x11: a security identifier (`$O` of `$Quota`).
    Sid,
    /// 0x12: two 32-bit numbers, hash and security id (`$SDH`).
    SecurityHash,
    /// 0x13: 32-bit numbers, the first counts most (`$R`, `$O` of `$ObjId`).
    Ulongs,
}

impl<'a> Collation<'a> {
    /// The collation that an index root names by number; file names are folded
    /// through `upcase`.
    pub(crate) fn from_number(number: u32, upcase: &'a UpcaseTable) -> Option<Self> {
        Some(match number {
            0 => Self::Binary,
            1 => Self::FileName(upcase),
            0x10 => Self::Ulong,
            0x11 => Self::Sid,
            0x12 => Self::SecurityHash,
            0x13 => Self::Ulongs,
            _ => return None,
        })
    }

    /// Compares two keys.
    ///
    /// # Errors
    /// A key that is not of the collation's kind.
    pub(crate) fn compare(self, a: &[u8], b: &[u8]) -> Result<Ordering, FormatError> {
        match self {
            Self::FileName(upcase) => {
                let (a, b) = (FileNameView::new(a)?, FileNameView::new(b)?);
                let names = compare_names(
                    upcase,
                    a.name.iter().map(|unit| unit.get()),
                    b.name.iter().map(|unit| unit.get()),
                );
                Ok(names.folded.then(names.raw))
            }
            // The order of identifiers is that of their bytes: no sample with
            // two of unequal length is known.
            Self::Binary | Self::Sid => Ok(a.cmp(b)),
            Self::Ulong => Ok(num::u32_at(a, 0)?.cmp(&num::u32_at(b, 0)?)),
            Self::SecurityHash => Ok(num::u32_at(a, 0)?
                .cmp(&num::u32_at(b, 0)?)
                .then(num::u32_at(a, 4)?.cmp(&num::u32_at(b, 4)?))),
            Self::Ulongs => compare_numbers(a, b),
        }
    }
}

fn compare_numbers(a: &[u8], b: &[u8]) -> Result<Ordering, FormatError> {
    if !a.len().is_multiple_of(4) || !b.len().is_multiple_of(4) {
        return Err(FormatError::new(FormatErrorKind::Length, 0));
    }
    for at in (0..a.len().min(b.len())).step_by(4) {
        match num::u32_at(a, at)?.cmp(&num::u32_at(b, at)?) {
            Ordering::Equal => {}
            unequal => return Ok(unequal),
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// How two names compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameOrder {
    /// When case does not count.
    pub(crate) folded: Ordering,
    /// By raw units; only of meaning when `folded` is equal.
    pub(crate) raw: Ordering,
}

/// Compares two names in one pass.
pub(crate) fn compare_names(
    upcase: &UpcaseTable,
    mut a: impl ExactSizeIterator<Item = u16>,
    mut b: impl ExactSizeIterator<Item = u16>,
) -> NameOrder {
    let lengths = a.len().cmp(&b.len());
    let mut raw = Ordering::Equal;
    while let (Some(x), Some(y)) = (a.next(), b.next()) {
        if x == y {
            continue;
        }
        let folded = upcase.fold(x).cmp(&upcase.fold(y));
        if folded.is_ne() {
            return NameOrder { folded, raw };
        }
        raw = raw.then(x.cmp(&y));
    }
    NameOrder {
        folded: lengths,
        raw,
    }
}

/// What is searched for: where it stands relative to any key.
pub(crate) trait Probe {
    /// Compares what is searched for with `key`.
    ///
    /// # Errors
    /// A key that is not of the index's kind.
    fn compare(&self, key: &[u8]) -> Result<Ordering, FormatError>;
}

/// A search for a key.
#[derive(Clone, Copy)]
pub(crate) struct KeyProbe<'a> {
    /// The index's order.
    pub(crate) order: Collation<'a>,
    /// The key.
    pub(crate) key: &'a [u8],
}

impl Probe for KeyProbe<'_> {
    fn compare(&self, key: &[u8]) -> Result<Ordering, FormatError> {
        self.order.compare(self.key, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(list: &[u32]) -> Vec<u8> {
        list.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn numbers_compare_as_numbers_and_the_first_counts_most() {
        let upcase = UpcaseTable::windows();
        for (number, a, b, order) in [
            (0x10, &[0x100_u32][..], &[0x1_u32][..], Ordering::Greater),
            (0x10, &[7], &[7], Ordering::Equal),
            (0x12, &[1, 900], &[2, 3], Ordering::Less),
            (0x12, &[2, 0x100], &[2, 0xFF], Ordering::Greater),
            // $R: the tag, then the reference as two numbers, low one first.
            (
                0x13,
                &[0xA000_0003, 40, 1],
                &[0xA000_000C, 36, 1],
                Ordering::Less,
            ),
            (
                0x13,
                &[0xA000_0003, 0x100, 1],
                &[0xA000_0003, 2, 9],
                Ordering::Greater,
            ),
            (0x13, &[1, 2, 3], &[1, 2, 3], Ordering::Equal),
        ] {
            let collation = Collation::from_number(number, &upcase).unwrap();
            let result = collation.compare(&numbers(a), &numbers(b));
            assert_eq!(result, Ok(order), "{a:?} {b:?}");
        }
        assert!(Collation::from_number(2, &upcase).is_none());
    }

    #[test]
    fn keys_of_another_kind_are_refused() {
        for collation in [
            Collation::Ulong,
            Collation::SecurityHash,
            Collation::Ulongs,
            Collation::FileName(&UpcaseTable::windows()),
        ] {
            assert!(collation.compare(&[1, 2, 3], &[1, 2, 3]).is_err());
        }
    }

    #[test]
    fn names_compare_as_the_table_compares_them() {
        let upcase = UpcaseTable::windows();
        let names: Vec<Vec<u16>> = [
            "",
            "a",
            "A",
            "ab",
            "aB",
            "B",
            "_",
            "\u{e9}",
            "\u{c9}",
            "\u{1F600}",
            "\u{FF5E}",
        ]
        .iter()
        .map(|name| name.encode_utf16().collect())
        .collect();
        for a in &names {
            for b in &names {
                let order = compare_names(&upcase, a.iter().copied(), b.iter().copied());
                assert_eq!(
                    order.folded.then(order.raw),
                    upcase.compare(a, b),
                    "{a:?} {b:?}"
                );
            }
        }
    }
}
