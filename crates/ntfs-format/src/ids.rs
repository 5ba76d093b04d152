//! Units as types: cluster numbers, record numbers, references.

use core::fmt;

/// Logical cluster number: a cluster of the volume, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lcn(pub u64);

/// Virtual cluster number: a cluster of a stream, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Vcn(pub u64);

/// The number of a file record in `$MFT` (48 bits on disk).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RecordNumber(pub u64);

/// How often a file record was taken into use anew; 0 means "do not check".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SequenceNumber(pub u16);

/// The key of a descriptor in `$Secure`; 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SecurityId(pub u32);

impl RecordNumber {
    /// `$MFT` itself.
    pub const MFT: Self = Self(0);
    /// `$MFTMirr`: the copy of the first records.
    pub const MFT_MIRROR: Self = Self(1);
    /// `$LogFile`.
    pub const LOG_FILE: Self = Self(2);
    /// `$Volume`.
    pub const VOLUME: Self = Self(3);
    /// `$AttrDef`.
    pub const ATTR_DEF: Self = Self(4);
    /// The root directory.
    pub const ROOT: Self = Self(5);
    /// `$Bitmap`.
    pub const BITMAP: Self = Self(6);
    /// `$Boot`.
    pub const BOOT: Self = Self(7);
    /// `$BadClus`.
    pub const BAD_CLUSTERS: Self = Self(8);
    /// `$Secure`.
    pub const SECURE: Self = Self(9);
    /// `$UpCase`.
    pub const UPCASE: Self = Self(10);
    /// `$Extend`.
    pub const EXTEND: Self = Self(11);
    /// The first record that ordinary files may take; those below are the
    /// metafiles and what is kept for `$MFT`'s own growth.
    pub const FIRST_USER: Self = Self(24);
    /// One more than the highest record number a reference can hold.
    pub const LIMIT: u64 = 1 << 48;
}

impl fmt::Display for RecordNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl SequenceNumber {
    /// The number after this one; 0 is skipped because it means "unchecked".
    #[must_use]
    pub const fn next(self) -> Self {
        match self.0.wrapping_add(1) {
            0 => Self(1),
            n => Self(n),
        }
    }
}

/// A file reference: record number in the low 48 bits, sequence number above.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileReference(u64);

impl FileReference {
    /// The root directory of every volume: record 5, sequence 5.
    pub const ROOT: Self = Self::new(RecordNumber(5), SequenceNumber(5));

    /// Joins a record number (its low 48 bits) and a sequence number.
    #[must_use]
    pub const fn new(record: RecordNumber, sequence: SequenceNumber) -> Self {
        Self((record.0 & (RecordNumber::LIMIT - 1)) | ((sequence.0 as u64) << 48))
    }

    /// From the eight bytes on disk, read as one number.
    #[must_use]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The eight bytes on disk, as one number.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The record it names.
    #[must_use]
    pub const fn record(self) -> RecordNumber {
        RecordNumber(self.0 & (RecordNumber::LIMIT - 1))
    }

    /// The sequence number that record had when the reference was made.
    #[must_use]
    pub const fn sequence(self) -> SequenceNumber {
        let bytes = self.0.to_le_bytes();
        let [.., low, high] = bytes;
        SequenceNumber(u16::from_le_bytes([low, high]))
    }

    /// Whether a record that now has `sequence` is still the one meant: equal,
    /// or one of the two is 0 ("do not check").
    #[must_use]
    pub const fn matches(self, sequence: SequenceNumber) -> bool {
        let mine = self.sequence().0;
        mine == sequence.0 || mine == 0 || sequence.0 == 0
    }
}

impl fmt::Debug for FileReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileReference({self})")
    }
}

impl fmt::Display for FileReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.record().0, self.sequence().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_split_as_they_were_joined() {
        let reference = FileReference::new(RecordNumber(0xFFFF_1234_5678), SequenceNumber(0xABCD));
        assert_eq!(reference.raw(), 0xABCD_FFFF_1234_5678);
        assert_eq!(reference.record(), RecordNumber(0xFFFF_1234_5678));
        assert_eq!(reference.sequence(), SequenceNumber(0xABCD));
        assert_eq!(FileReference::ROOT.raw(), 0x0005_0000_0000_0005);
    }

    #[test]
    fn sequence_zero_is_skipped_and_matches_all() {
        assert_eq!(SequenceNumber(0xFFFF).next(), SequenceNumber(1));
        assert!(FileReference::from_raw(5).matches(SequenceNumber(9)));
        assert!(!FileReference::ROOT.matches(SequenceNumber(6)));
    }
}
