//! [`UpcaseTable`]: case folding and the order of names, as `$UpCase` defines them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::upcase_data::WINDOWS_UPCASE;

/// The number of entries of every `$UpCase` table: one for each 16-bit unit.
pub const UPCASE_UNITS: usize = 0x1_0000;

/// The size of the `$UpCase` stream in bytes.
pub const UPCASE_BYTES: usize = UPCASE_UNITS * 2;

/// A table that maps each 16-bit unit to its upper-case form.
///
/// A volume carries its own table (`$UpCase`, file record 10) and its directories
/// are sorted by it, so a volume must be read and changed with its own table and
/// no other. Folding is unit by unit: surrogates are ordinary units, and nothing
/// depends on a locale.
///
/// Cloning is cheap: clones share one table.
#[derive(Clone, PartialEq, Eq)]
pub struct UpcaseTable(Arc<[u16; UPCASE_UNITS]>);

/// Something that is not an upcase table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpcaseError {
    /// The table has not exactly [`UPCASE_UNITS`] units.
    #[error("an upcase table has {UPCASE_UNITS} units, not {units}")]
    WrongUnits {
        /// Length that was given, in units.
        units: usize,
    },
    /// The stream has not exactly [`UPCASE_BYTES`] bytes.
    #[error("an upcase table has {UPCASE_BYTES} bytes, not {bytes}")]
    WrongBytes {
        /// Length that was given, in bytes.
        bytes: usize,
    },
}

impl UpcaseTable {
    /// The table that Windows 7, 8, 10 and 11 write when they format a volume.
    ///
    /// Windows XP wrote an older one, with fewer letters; a volume keeps the table
    /// it was formatted with.
    #[must_use]
    pub fn windows() -> Self {
        static TABLE: OnceLock<UpcaseTable> = OnceLock::new();
        TABLE.get_or_init(build_windows_table).clone()
    }

    /// A table of exactly these units. Any content is taken: a table with odd
    /// entries still defines an order, and the volume's own table is the one that
    /// counts.
    ///
    /// # Errors
    /// [`UpcaseError::WrongUnits`] unless there are [`UPCASE_UNITS`].
    pub fn from_units(units: impl Into<Vec<u16>>) -> Result<Self, UpcaseError> {
        let boxed: Box<[u16; UPCASE_UNITS]> =
            units
                .into()
                .into_boxed_slice()
                .try_into()
                .map_err(|rejected: Box<[u16]>| UpcaseError::WrongUnits {
                    units: rejected.len(),
                })?;
        Ok(Self(Arc::from(boxed)))
    }

    /// The table as the `$UpCase` stream holds it.
    ///
    /// # Errors
    /// [`UpcaseError::WrongBytes`] unless there are [`UPCASE_BYTES`].
    pub fn from_le_bytes(bytes: &[u8]) -> Result<Self, UpcaseError> {
        if bytes.len() != UPCASE_BYTES {
            return Err(UpcaseError::WrongBytes { bytes: bytes.len() });
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        Self::from_units(
            pairs
                .iter()
                .copied()
                .map(u16::from_le_bytes)
                .collect::<Vec<u16>>(),
        )
    }

    /// The `$UpCase` stream: [`UPCASE_BYTES`] bytes.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    /// All entries, the one for unit `u` at index `u`.
    #[must_use]
    pub fn units(&self) -> &[u16; UPCASE_UNITS] {
        &self.0
    }

    /// The upper-case form of one unit.
    #[must_use]
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a u16 is always below the table's 65,536 entries"
    )]
    pub fn fold(&self, unit: u16) -> u16 {
        self.0[usize::from(unit)]
    }

    /// The order of names in a directory index (COLLATION_FILE_NAME): by folded
    /// units, a prefix before what it begins, and where all of that is equal by
    /// the units as they stand.
    ///
    /// It is a total order whatever the table holds, and `Equal` means identical
    /// units. Nothing is allocated.
    #[must_use]
    pub fn compare(&self, a: &[u16], b: &[u16]) -> Ordering {
        let mut exact = Ordering::Equal;
        for (&left, &right) in a.iter().zip(b) {
            if left == right {
                continue;
            }
            match self.fold(left).cmp(&self.fold(right)) {
                Ordering::Equal if exact == Ordering::Equal => exact = left.cmp(&right),
                Ordering::Equal => {}
                decided => return decided,
            }
        }
        a.len().cmp(&b.len()).then(exact)
    }

    /// The order of names by folded units alone: what a lookup without regard to
    /// case asks. `Equal` means the same as [`UpcaseTable::eq_ignore_case`].
    #[must_use]
    pub fn compare_ignore_case(&self, a: &[u16], b: &[u16]) -> Ordering {
        for (&left, &right) in a.iter().zip(b) {
            if left == right {
                continue;
            }
            match self.fold(left).cmp(&self.fold(right)) {
                Ordering::Equal => {}
                decided => return decided,
            }
        }
        a.len().cmp(&b.len())
    }

    /// Whether two names differ in letter case at most.
    #[must_use]
    pub fn eq_ignore_case(&self, a: &[u16], b: &[u16]) -> bool {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(&left, &right)| left == right || self.fold(left) == self.fold(right))
    }

    /// The folded form of a whole name.
    #[must_use]
    pub fn fold_name(&self, name: &[u16]) -> Vec<u16> {
        name.iter().map(|&unit| self.fold(unit)).collect()
    }

    /// The checksum of the table that Windows 8 and later keep in the stream
    /// `$UpCase:$Info`: a 64-bit CRC over the bytes of the `$UpCase` stream.
    ///
    /// The polynomial is 0xAD93D23594C93659, reflected, with all bits set at the
    /// start and inverted at the end (CRC-64/NVME). Microsoft does not document
    /// it; it reproduces the value that Windows 10 stored beside its table.
    #[must_use]
    pub fn crc64(&self) -> u64 {
        let mut crc = u64::MAX;
        for unit in self.0.iter() {
            for byte in unit.to_le_bytes() {
                crc = crc64_step(crc, byte);
            }
        }
        !crc
    }
}

/// CRC-64/NVME polynomial, bits reversed.
const CRC64_POLYNOMIAL: u64 = 0x9A6C_9329_AC4B_C9B5;

fn crc64_step(crc: u64, byte: u8) -> u64 {
    let mut crc = crc ^ u64::from(byte);
    for _ in 0..8 {
        crc = if crc & 1 == 1 {
            (crc >> 1) ^ CRC64_POLYNOMIAL
        } else {
            crc >> 1
        };
    }
    crc
}

#[expect(
    clippy::indexing_slicing,
    reason = "a u16 is always below the table's 65,536 entries"
)]
fn build_windows_table() -> UpcaseTable {
    let mut table = [0u16; UPCASE_UNITS];
    for (entry, unit) in table.iter_mut().zip(0..=u16::MAX) {
        *entry = unit;
    }
    for &(first, last, step, delta) in WINDOWS_UPCASE {
        for unit in (first..=last).step_by(usize::from(step)) {
            table[usize::from(unit)] = unit.wrapping_add(delta);
        }
    }
    UpcaseTable(Arc::new(table))
}

impl fmt::Debug for UpcaseTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = self
            .0
            .iter()
            .zip(0..=u16::MAX)
            .filter(|&(&to, from)| to != from)
            .count();
        f.debug_struct("UpcaseTable")
            .field("folding_units", &changed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn windows_table_has_the_checksum_that_windows_stores() {
        // `$UpCase:$Info` of a volume that Windows 10 formatted.
        assert_eq!(UpcaseTable::windows().crc64(), 0xDADC_7E77_6B1B_690C);
    }

    #[test]
    fn folds_letters() {
        let table = UpcaseTable::windows();
        let fold = |c: char| {
            let mut buffer = [0; 2];
            char::from_u32(u32::from(
                table.fold(*c.encode_utf16(&mut buffer).first().unwrap()),
            ))
        };
        for (from, to) in [
            ('a', 'A'),
            ('Z', 'Z'),
            ('é', 'É'),
            ('ÿ', 'Ÿ'),
            ('я', 'Я'),
            ('ω', 'Ω'),
        ] {
            assert_eq!(fold(from), Some(to));
        }
        // NTFS has no locale and no expansion.
        assert_eq!(fold('ß'), Some('ß'));
        assert_eq!(fold('ı'), Some('ı'));
        assert_eq!(table.fold(0xD83D), 0xD83D);
        assert_eq!(table.fold(0xFFFF), 0xFFFF);
    }

    #[test]
    fn sizes_are_exact() {
        let bytes = UpcaseTable::windows().to_le_bytes();
        assert_eq!(bytes.len(), UPCASE_BYTES);
        assert_eq!(
            UpcaseTable::from_le_bytes(&bytes),
            Ok(UpcaseTable::windows())
        );
        assert_eq!(
            UpcaseTable::from_le_bytes(&bytes[1..]),
            Err(UpcaseError::WrongBytes {
                bytes: UPCASE_BYTES - 1
            })
        );
        assert_eq!(
            UpcaseTable::from_units(vec![0; UPCASE_UNITS + 1]),
            Err(UpcaseError::WrongUnits {
                units: UPCASE_UNITS + 1
            })
        );
    }

    #[test]
    fn collation() {
        let table = UpcaseTable::windows();
        // Folded first, then length, then the units themselves.
        let mut names = [
            "b", "a", "B", "_", "$MFT", "A", "ab", "AB", "aB", "Z", "é", "É", ".",
        ];
        names.sort_by(|a, b| table.compare(&units(a), &units(b)));
        assert_eq!(
            names,
            [
                "$MFT", ".", "A", "a", "AB", "aB", "ab", "B", "b", "Z", "_", "É", "é"
            ]
        );
        assert!(table.eq_ignore_case(&units("Straße"), &units("STRAßE")));
        assert!(!table.eq_ignore_case(&units("Straße"), &units("STRASSE")));
        assert_eq!(table.compare(&[], &[]), Ordering::Equal);
    }

    fn name() -> impl Strategy<Value = Vec<u16>> {
        // Few letters, so that names often agree when folded.
        prop::collection::vec(
            prop_oneof![
                prop::sample::select(units("aAbBéÉ._")),
                0xD7FEu16..0xE002,
                any::<u16>()
            ],
            0..6,
        )
    }

    fn hostile_table() -> impl Strategy<Value = UpcaseTable> {
        (any::<u16>(), any::<u16>()).prop_map(|(mask, flip)| {
            let table: Vec<u16> = (0..=u16::MAX).map(|unit| (unit & mask) ^ flip).collect();
            UpcaseTable::from_units(table).unwrap()
        })
    }

    proptest! {
        #[test]
        fn compare_follows_its_definition(a in name(), b in name()) {
            let table = UpcaseTable::windows();
            let defined = table.fold_name(&a).cmp(&table.fold_name(&b)).then_with(|| a.cmp(&b));
            prop_assert_eq!(table.compare(&a, &b), defined);
            prop_assert_eq!(
                table.compare_ignore_case(&a, &b),
                table.fold_name(&a).cmp(&table.fold_name(&b))
            );
            prop_assert_eq!(
                table.eq_ignore_case(&a, &b),
                table.fold_name(&a) == table.fold_name(&b)
            );
        }

        #[test]
        fn any_table_gives_a_total_order(
            table in hostile_table(), a in name(), b in name(), c in name()
        ) {
            prop_assert_eq!(table.compare(&a, &b), table.compare(&b, &a).reverse());
            prop_assert_eq!(table.compare(&a, &b) == Ordering::Equal, a == b);
            if table.compare(&a, &b).is_le() && table.compare(&b, &c).is_le() {
                prop_assert!(table.compare(&a, &c).is_le());
            }
        }
    }
}
