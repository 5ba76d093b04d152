//! What can be wrong with reparse bytes, and with target texts.

use std::fmt;

use crate::tag::ReparseTag;

/// Why bytes are not a reparse buffer, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (byte {offset} of the reparse buffer)")]
pub struct ReparseError {
    /// What is wrong.
    pub kind: ReparseErrorKind,
    /// Offset of the faulty field from the start of the buffer, in bytes.
    pub offset: usize,
}

impl ReparseError {
    pub(crate) const fn new(kind: ReparseErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

/// What is wrong with a reparse buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReparseErrorKind {
    /// The buffer ends before a fixed part of the structure does.
    #[error("the reparse buffer has {actual} bytes, but {needed} are needed")]
    Truncated {
        /// Bytes the structure needs at least.
        needed: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// The buffer is longer than 16,384 bytes.
    #[error("the reparse buffer has {length} bytes, more than the limit of 16384")]
    TooLong {
        /// Bytes there are.
        length: usize,
    },
    /// `ReparseDataLength` does not tell the length of the buffer less its header.
    #[error("the reparse data length is {declared}, but {actual} bytes follow the header")]
    LengthMismatch {
        /// The length field.
        declared: usize,
        /// Bytes after the header.
        actual: usize,
    },
    /// Tag 0 or 1.
    #[error("the reparse tag {0} is reserved")]
    ReservedTag(ReparseTag),
    /// A typed decoder was given a buffer of another tag.
    #[error("the reparse tag is {found}, not {expected}")]
    WrongTag {
        /// Tag the decoder is for.
        expected: ReparseTag,
        /// Tag of the buffer.
        found: ReparseTag,
    },
    /// A name reaches beyond the path buffer.
    #[error("the {0} lies outside the path buffer")]
    NameOutOfBounds(NameField),
    /// The length of a name in bytes is odd, so it is not UTF-16.
    #[error("the {0} has an odd number of bytes")]
    NameLengthOdd(NameField),
    /// A tag that is not Microsoft's without its GUID.
    #[error("the tag {0} needs a GUID")]
    GuidMissing(ReparseTag),
    /// A Microsoft tag with a GUID.
    #[error("the tag {0} takes no GUID")]
    GuidUnexpected(ReparseTag),
    /// A version field that has no known meaning.
    #[error("version {0} of the structure is not known")]
    UnknownVersion(u32),
    /// A WOF provider that is neither WIM nor FILE.
    #[error("the overlay provider {0} is not known")]
    UnknownProvider(u32),
    /// A WOF compression algorithm above 3.
    #[error("the overlay compression algorithm {0} is not known")]
    UnknownAlgorithm(u32),
    /// A string without the NUL that ends it.
    #[error("a string lacks its closing NUL")]
    UnterminatedString,
}

/// Which of the two names of a symbolic link or mount point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameField {
    /// The name that is followed.
    Substitute,
    /// The name that is shown.
    Print,
}

impl fmt::Display for NameField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Substitute => "substitute name",
            Self::Print => "print name",
        })
    }
}

/// Why no link can be made of a target text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The text has no characters.
    #[error("the link target is empty")]
    Empty,
    /// The text holds a NUL, which would end it in the Win32 interface.
    #[error("the link target holds a NUL at unit {position}")]
    InteriorNul {
        /// Index of the NUL in UTF-16 units.
        position: usize,
    },
    /// `X:name` was given and the current directory of drive X is not known.
    #[error(
        "the link target is relative to the current directory of its drive, which is not known"
    )]
    NeedsDriveDirectory,
    /// The current directory in the context is not an absolute path on the drive of the target.
    #[error("the given current directory is not an absolute path on the drive of the target")]
    BadDriveDirectory,
    /// A junction needs an absolute path with a drive letter or volume name.
    #[error("a junction needs an absolute target path")]
    NotAbsolute,
    /// A junction cannot lead to another machine.
    #[error("a junction cannot lead to a network path")]
    NotLocal,
    /// The buffer would be longer than 16,384 bytes.
    #[error("the link target needs {length} bytes of reparse data, more than the limit of 16384")]
    TooLong {
        /// Bytes the whole buffer would have.
        length: usize,
    },
}
