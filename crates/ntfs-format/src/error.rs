//! The one error type of this crate.

use core::fmt;

/// What cannot be right about the bytes of a structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// The structure ends before its fixed part, or before a length it states.
    #[error("the structure is cut short")]
    Truncated,
    /// A signature that names another structure, or none.
    #[error("wrong signature")]
    Signature,
    /// A sector's last two bytes do not hold the update sequence number: the
    /// block was written in part only.
    #[error("a sector does not carry the block's update sequence number")]
    TornBlock,
    /// The update sequence array does not fit its block.
    #[error("the update sequence array does not fit the block")]
    UpdateSequence,
    /// A length field that is too small, too large or not aligned.
    #[error("a length field is out of range")]
    Length,
    /// An offset field that points outside its structure or is not aligned.
    #[error("an offset field is out of range")]
    Offset,
    /// A value outside the documented range of its field.
    #[error("a field has a value outside its range")]
    Value,
    /// Mapping pairs that overflow, overlap zero length or lead below zero.
    #[error("the mapping pairs are not a list of runs")]
    MappingPairs,
    /// Entries that must ascend do not.
    #[error("entries are out of order")]
    Order,
    /// A version this crate does not know.
    #[error("unknown version")]
    Version,
    /// A checksum or hash that does not match its data.
    #[error("checksum mismatch")]
    Checksum,
    /// No room is left in the record or block for what was to be put there.
    #[error("no room in the block")]
    NoRoom,
}

/// A structure that cannot be decoded, edited or encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatError {
    /// What is wrong.
    pub kind: FormatErrorKind,
    /// Where: byte offset from the start of the structure handed in.
    pub offset: usize,
}

impl FormatError {
    /// An error of `kind` at `offset` bytes into the structure.
    #[must_use]
    pub const fn new(kind: FormatErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// The same error seen from an enclosing structure that starts `base`
    /// bytes earlier.
    #[must_use]
    pub const fn shifted(self, base: usize) -> Self {
        Self {
            kind: self.kind,
            offset: self.offset.saturating_add(base),
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {:#x})", self.kind, self.offset)
    }
}

impl std::error::Error for FormatError {}
