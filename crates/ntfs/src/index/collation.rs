//! How keys are ordered: the collations of the format, bound to the volume's
//! upcase table, and strict about keys that are not of the index's kind.
//!
//! Sources: libfsntfs documentation, "The index root header" (collation
//! types); the order of each was confirmed on volumes that Windows wrote.

use core::cmp::Ordering;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::collation::{Collation as Order, no_fold};
use linkwright_ntfs_format::error::{FormatError, FormatErrorKind};
use linkwright_ntfs_format::file_name;

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
        Some(match Order::from_u32(number).ok()? {
            Order::Binary => Self::Binary,
            Order::FileName => Self::FileName(upcase),
            Order::Ulong => Self::Ulong,
            Order::Sid => Self::Sid,
            Order::SecurityHash => Self::SecurityHash,
            Order::Ulongs => Self::Ulongs,
            // No index of Windows has it.
            Order::UnicodeString => return None,
        })
    }

    /// Compares two keys.
    ///
    /// # Errors
    /// A key that is not of the collation's kind.
    pub(crate) fn compare(self, a: &[u8], b: &[u8]) -> Result<Ordering, FormatError> {
        match self {
            Self::FileName(upcase) => {
                let order =
                    compare_names(upcase, file_name::name_bytes(a)?, file_name::name_bytes(b)?);
                Ok(order.folded.then(order.raw))
            }
            Self::Binary => Ok(Order::Binary.compare(a, b, no_fold)),
            Self::Sid => Ok(Order::Sid.compare(a, b, no_fold)),
            Self::Ulong => numbers(Order::Ulong, a, b, |len| len == 4),
            Self::SecurityHash => numbers(Order::SecurityHash, a, b, |len| len == 8),
            Self::Ulongs => numbers(Order::Ulongs, a, b, |len| len.is_multiple_of(4)),
        }
    }
}

/// Compares keys made of numbers, when they have a length such keys have.
fn numbers(
    order: Order,
    a: &[u8],
    b: &[u8],
    has_length: fn(usize) -> bool,
) -> Result<Ordering, FormatError> {
    if !has_length(a.len()) || !has_length(b.len()) {
        return Err(FormatError::new(FormatErrorKind::Length, 0));
    }
    Ok(order.compare(a, b, no_fold))
}

/// How two names compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameOrder {
    /// When case does not count.
    pub(crate) folded: Ordering,
    /// By raw units; only of meaning when `folded` is equal.
    pub(crate) raw: Ordering,
}

/// Compares two names, given as the bytes of their units, in one pass.
pub(crate) fn compare_names(upcase: &UpcaseTable, a: &[u8], b: &[u8]) -> NameOrder {
    let same = common_words(a, b);
    let (rest_a, _) = a.get(same..).unwrap_or_default().as_chunks::<2>();
    let (rest_b, _) = b.get(same..).unwrap_or_default().as_chunks::<2>();
    let mut raw = Ordering::Equal;
    for (x, y) in rest_a.iter().zip(rest_b) {
        if x == y {
            continue;
        }
        let (x, y) = (u16::from_le_bytes(*x), u16::from_le_bytes(*y));
        let folded = upcase.fold(x).cmp(&upcase.fold(y));
        if folded.is_ne() {
            return NameOrder { folded, raw };
        }
        raw = raw.then(x.cmp(&y));
    }
    NameOrder {
        folded: a.len().cmp(&b.len()),
        raw,
    }
}

/// Compares two names that are equal but for case in their first `same` units,
/// without regard to case; returns how many units are.
pub(crate) fn compare_folded(
    upcase: &UpcaseTable,
    a: &[u8],
    b: &[u8],
    same: usize,
) -> (Ordering, usize) {
    let (rest_a, rest_b) = (
        a.get(same * 2..).unwrap_or_default(),
        b.get(same * 2..).unwrap_or_default(),
    );
    let (words_a, _) = rest_a.as_chunks::<8>();
    let (words_b, _) = rest_b.as_chunks::<8>();
    let mut equal = 0;
    for (x, y) in words_a.iter().zip(words_b) {
        let (x, y) = (u64::from_le_bytes(*x), u64::from_le_bytes(*y));
        if x != y {
            // The first unit that differs is the lowest.
            let bits = (x ^ y).trailing_zeros() / 16 * 16;
            let unit = |word: u64| upcase.fold(u16::from_le_bytes(low_bytes(word >> bits)));
            let folded = unit(x).cmp(&unit(y));
            if folded.is_ne() {
                let inside = usize::try_from(bits / 16).unwrap_or(0);
                return (folded, same + equal / 2 + inside);
            }
            break;
        }
        equal += 8;
    }
    let (units_a, _) = rest_a.get(equal..).unwrap_or_default().as_chunks::<2>();
    let (units_b, _) = rest_b.get(equal..).unwrap_or_default().as_chunks::<2>();
    let mut same = same + equal / 2;
    for (x, y) in units_a.iter().zip(units_b) {
        if x != y {
            let (x, y) = (u16::from_le_bytes(*x), u16::from_le_bytes(*y));
            let folded = upcase.fold(x).cmp(&upcase.fold(y));
            if folded.is_ne() {
                return (folded, same);
            }
        }
        same += 1;
    }
    (a.len().cmp(&b.len()), same)
}

const fn low_bytes(word: u64) -> [u8; 2] {
    let [low, high, ..] = word.to_le_bytes();
    [low, high]
}

/// Bytes at the start of both that are equal, in whole steps of eight: the
/// names of a directory mostly begin alike.
#[inline]
fn common_words(a: &[u8], b: &[u8]) -> usize {
    let (words_a, _) = a.as_chunks::<8>();
    let (words_b, _) = b.as_chunks::<8>();
    let equal = words_a.iter().zip(words_b).take_while(|(x, y)| x == y);
    equal.count() * 8
}

/// What is searched for: where it stands relative to any key.
pub(crate) trait Probe {
    /// Compares what is searched for with `key`.
    ///
    /// # Errors
    /// A key that is not of the index's kind.
    fn compare(&self, key: &[u8]) -> Result<Ordering, FormatError>;

    /// As [`Self::compare`] with a key that is known to begin like what is
    /// searched for, for `same` steps of a kind that is the probe's own; returns
    /// how many they have in common. A key that does not begin so is out of
    /// order: it is never equal.
    ///
    /// # Errors
    /// As [`Self::compare`].
    fn compare_from(&self, key: &[u8], _same: usize) -> Result<(Ordering, usize), FormatError> {
        self.compare(key).map(|order| (order, 0))
    }

    /// The bytes of the name that is searched for, and the table that folds it, when
    /// it is a name and stands where [`Self::compare`] says that no key but itself is
    /// equal, by folded units and then by raw ones.
    fn name(&self) -> Option<(&UpcaseTable, &[u8])> {
        None
    }
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
        let bytes =
            |name: &[u16]| -> Vec<u8> { name.iter().flat_map(|unit| unit.to_le_bytes()).collect() };
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
            "a long name.txt",
            "A long name.txt",
            "a long NAME.txt",
            "a long name",
            "a long nbme.txt",
        ]
        .iter()
        .map(|name| name.encode_utf16().collect())
        .collect();
        for a in &names {
            for b in &names {
                let order = compare_names(&upcase, &bytes(a), &bytes(b));
                assert_eq!(
                    order.folded.then(order.raw),
                    upcase.compare(a, b),
                    "{a:?} {b:?}"
                );
                let common = |a: &[u16], b: &[u16]| {
                    let (a, b) = (upcase.fold_name(a), upcase.fold_name(b));
                    a.iter().zip(&b).take_while(|(x, y)| x == y).count()
                };
                let common = common(a, b);
                for same in 0..=common {
                    assert_eq!(
                        compare_folded(&upcase, &bytes(a), &bytes(b), same),
                        (upcase.compare_ignore_case(a, b), common),
                        "{a:?} {b:?} {same}"
                    );
                }
            }
        }
    }
}
