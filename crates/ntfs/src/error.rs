//! The errors of the engine: the caller's mistake, the device, what is not
//! supported, and a volume that contradicts itself.

use core::fmt;

use linkwright_device::DeviceError;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::{FormatError, FormatErrorKind, RecordNumber};

use crate::index::fault::IndexFaultKind;

/// Result of the engine's functions.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller asked for something that cannot be; the volume is unchanged.
    #[error(transparent)]
    InvalidInput(#[from] InvalidInput),
    /// No room: clusters, or places in `$MFT`; the volume is unchanged.
    #[error("the volume is full")]
    DiskFull,
    /// The device failed.
    #[error(transparent)]
    Io(#[from] DeviceError),
    /// An earlier write or flush of this volume failed, so what is on the
    /// device is not known any more: every change is refused until the volume
    /// is opened again.
    #[error("an earlier write to this volume failed: open it again")]
    Latched,
    /// The volume needs something this engine does not do.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The volume contradicts itself or the format.
    #[error(transparent)]
    Corrupt(#[from] Corruption),
}

/// A request that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// No file of that name in the directory.
    #[error("no such name")]
    NotFound,
    /// The file reference names a record that is free or was taken into use
    /// anew.
    #[error("the file is gone")]
    StaleReference,
    /// The name is taken.
    #[error("the name exists already")]
    NameCollision,
    /// The name cannot stand in a directory of this volume.
    #[error("the name is not valid: {0}")]
    InvalidName(linkwright_names::NameError),
    /// A directory was needed.
    #[error("not a directory")]
    NotADirectory,
    /// A directory was given where only a file can be.
    #[error("it is a directory")]
    IsADirectory,
    /// The directory has entries.
    #[error("the directory is not empty")]
    DirectoryNotEmpty,
    /// The file has 1,024 names (MS-FSA 2.1.5.15.7).
    #[error("the file has as many names as a file can have (1024)")]
    TooManyLinks,
    /// A directory would become its own ancestor.
    #[error("a directory cannot be moved into itself")]
    MoveIntoItself,
    /// A metafile or the root directory would be changed in a way that breaks
    /// the volume.
    #[error("the volume's own files cannot be changed this way")]
    Metafile,
    /// No stream of that name.
    #[error("no such stream")]
    StreamNotFound,
    /// A stream name that is empty, too long or holds `:`, `\`, `/` or NUL.
    #[error("the stream name is not valid")]
    InvalidStreamName,
    /// The file has no reparse point.
    #[error("not a reparse point")]
    NotAReparsePoint,
    /// The file has a reparse point with another tag or GUID.
    #[error("the reparse point has another tag")]
    ReparseTagMismatch,
    /// The reparse data is larger than 16 KiB or not of its tag's form.
    #[error("the reparse data is not valid")]
    InvalidReparseData,
    /// A reparse point cannot be set: the directory is not empty, or the file
    /// has extended attributes.
    #[error("a reparse point cannot be set on this file")]
    ReparseConflict,
    /// A size or offset over what a stream can have.
    #[error("the size or offset is out of range")]
    OutOfRange,
    /// A security descriptor that cannot be decoded.
    #[error("the security descriptor is not valid")]
    InvalidSecurityDescriptor,
    /// Extended attributes that cannot be encoded.
    #[error("the extended attributes are not valid")]
    InvalidExtendedAttributes,
    /// The file has an object id already.
    #[error("the file has an object id already")]
    ObjectIdExists,
    /// The object id is used by another file.
    #[error("another file has that object id")]
    ObjectIdCollision,
    /// The volume was opened for reading.
    #[error("the volume is open for reading only")]
    ReadOnly,
}

/// What the engine does not do, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Not NTFS.
    #[error("not an NTFS volume: {0}")]
    NotNtfs(String),
    /// A version of NTFS this engine does not know.
    #[error("NTFS version {major}.{minor} is not supported")]
    Version {
        /// Major version.
        major: u8,
        /// Minor version.
        minor: u8,
    },
    /// A geometry this engine does not do.
    #[error("this geometry is not supported: {0}")]
    Geometry(&'static str),
    /// Writing to a volume that is marked dirty.
    #[error(
        "the volume is marked dirty: run chkdsk on Windows, or clear the mark if you know that it is sound"
    )]
    Dirty,
    /// Writing to a volume whose log holds another system's work.
    #[error(
        "the volume's log holds work of another system: let Windows mount and dismount it first"
    )]
    LogHoldsWork,
    /// Writing to a volume whose journal holds committed work, while another
    /// system has changed it since: the two cannot both be kept.
    #[error(
        "another system has written to the volume since it was last in use here (byte {offset}): its journal cannot be replayed; take a copy and check it"
    )]
    ForeignWriter {
        /// Byte offset of the first sector that is neither as it was nor as it
        /// was to be.
        offset: u64,
    },
    /// Writing to a volume that a hibernated Windows has in use.
    #[error("a hibernated Windows has this volume in use: resume it and shut it down fully")]
    Hibernated,
    /// Writing to a volume that has shadow copies, which writing would
    /// invalidate.
    #[error(
        "the volume has shadow copies (snapshots), which writing here would make worthless: delete them on Windows (vssadmin delete shadows), or have them ignored"
    )]
    ShadowCopies,
    /// Reading or writing encrypted streams.
    #[error("the stream is encrypted")]
    Encrypted,
    /// Writing compressed streams.
    #[error("writing to a compressed stream is not supported")]
    WriteCompressed,
    /// A compression this engine cannot read.
    #[error("the stream's compression is not supported: {0}")]
    Compression(&'static str),
}

/// A contradiction on the volume and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corruption {
    /// What is wrong.
    pub kind: CorruptKind,
    /// Where.
    pub place: Place,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

impl std::error::Error for Corruption {}

/// What is wrong with a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptKind {
    /// A structure that does not decode.
    #[error("{0}")]
    Format(FormatErrorKind),
    /// An attribute that must be there is not.
    #[error("a needed attribute is missing")]
    MissingAttribute,
    /// An attribute has the wrong form (resident or not).
    #[error("an attribute has the wrong form")]
    AttributeForm,
    /// An attribute list names a record that does not hold the attribute.
    #[error("the attribute list names an attribute that is not there")]
    AttributeList,
    /// The extents of a stream leave a gap or overlap.
    #[error("the extents of a stream do not join")]
    ExtentGap,
    /// Sizes of a stream contradict each other.
    #[error("the sizes of a stream contradict each other")]
    StreamSizes,
    /// The device ends before the volume does.
    #[error("the device is shorter than the volume on it: the image is cut short")]
    DeviceTooShort,
    /// A run lies outside the volume.
    #[error("a run lies outside the volume")]
    RunOutsideVolume,
    /// A record number lies outside `$MFT`.
    #[error("a record number lies outside $MFT")]
    RecordOutsideMft,
    /// A cluster to be freed is free already.
    #[error("a used cluster is marked free")]
    ClusterNotUsed,
    /// A record in use is free in `$MFT`'s bitmap, or the reverse.
    #[error("the bitmap of $MFT contradicts the record")]
    RecordBitmap,
    /// An index whose nodes cannot be right.
    #[error("{0}")]
    Index(IndexFaultKind),
    /// A name whose directory has no entry for it.
    #[error("a name has no directory entry")]
    NameWithoutEntry,
    /// A directory entry whose file does not have the name.
    #[error("a directory entry names a file that does not have the name")]
    EntryWithoutName,
    /// Directories that lead to each other.
    #[error("the directory is among its own ancestors")]
    DirectoryLoop,
    /// Compressed data that does not decode.
    #[error("compressed data does not decode")]
    CompressedData,
    /// A security id without a descriptor in `$Secure`.
    #[error("a security id has no descriptor")]
    SecurityId,
}

/// Where on the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// File record.
    pub record: Option<RecordNumber>,
    /// Attribute of the record.
    pub attribute: Option<AttributeType>,
    /// Virtual cluster (or index block) of the attribute.
    pub vcn: Option<u64>,
    /// Byte offset in the innermost of these.
    pub offset: Option<usize>,
}

impl Place {
    /// A file record.
    #[must_use]
    pub const fn record(record: RecordNumber) -> Self {
        Self {
            record: Some(record),
            attribute: None,
            vcn: None,
            offset: None,
        }
    }

    /// An attribute of a file record.
    #[must_use]
    pub const fn attribute(record: RecordNumber, attribute: AttributeType) -> Self {
        Self {
            record: Some(record),
            attribute: Some(attribute),
            vcn: None,
            offset: None,
        }
    }

    /// The same place with a virtual cluster number.
    #[must_use]
    pub const fn at_vcn(self, vcn: u64) -> Self {
        Self {
            vcn: Some(vcn),
            ..self
        }
    }

    /// A contradiction of `kind` here.
    #[must_use]
    pub const fn corrupt(self, kind: CorruptKind) -> Error {
        Error::Corrupt(Corruption { kind, place: self })
    }

    /// A structure here that does not decode.
    #[must_use]
    pub const fn format(self, error: FormatError) -> Error {
        Self {
            offset: Some(error.offset),
            ..self
        }
        .corrupt(CorruptKind::Format(error.kind))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some(record) => write!(f, "record {record}")?,
            None => f.write_str("volume")?,
        }
        if let Some(attribute) = self.attribute {
            write!(f, ", {attribute}")?;
        }
        if let Some(vcn) = self.vcn {
            write!(f, ", VCN {vcn}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, ", byte {offset:#x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corruption_names_its_place() {
        let error = Place::attribute(RecordNumber(40), AttributeType::DATA)
            .at_vcn(3)
            .format(FormatError::new(FormatErrorKind::Length, 4));
        assert_eq!(
            error.to_string(),
            "record 40, $DATA, VCN 3, byte 0x4: a length field is out of range"
        );
    }
}
