//! How keys are ordered.
//!
//! Sources: libfsntfs documentation, "The index root header" (collation
//! types); the order of each was confirmed on volumes that Windows wrote.

use core::cmp::Ordering;

use linkwright_ntfs_format::error::{FormatError, FormatErrorKind};
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::num;

/// Upper-casing of single units by the volume's `$UpCase`.
pub(crate) trait Fold {
    /// The unit that counts as `unit` when case does not.
    fn fold(&self, unit: u16) -> u16;
}

/// The order of an index's keys.
#[derive(Clone, Copy)]
pub(crate) enum Collation<'a> {
    /// 1: `$FILE_NAME` values by name, folded, ties by raw units.
    FileName(&'a dyn Fold),
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
    /// by `fold`.
    pub(crate) fn from_number(number: u32, fold: &'a dyn Fold) -> Option<Self> {
        Some(match number {
            0 => Self::Binary,
            1 => Self::FileName(fold),
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
            Self::FileName(fold) => {
                let (a, b) = (FileNameView::new(a)?, FileNameView::new(b)?);
                let names = compare_names(
                    fold,
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
    fold: &dyn Fold,
    mut a: impl ExactSizeIterator<Item = u16>,
    mut b: impl ExactSizeIterator<Item = u16>,
) -> NameOrder {
    let lengths = a.len().cmp(&b.len());
    let mut raw = Ordering::Equal;
    while let (Some(x), Some(y)) = (a.next(), b.next()) {
        if x == y {
            continue;
        }
        let folded = fold.fold(x).cmp(&fold.fold(y));
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
