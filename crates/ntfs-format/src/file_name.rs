//! `$FILE_NAME`: one name of a file, and the key of a directory entry.
//!
//! Source: libfsntfs documentation, "The file name attribute"; MS-FSA 2.1.4.19
//! for the duplicated information.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::FileReference;
use crate::num;
use crate::standard_information::{FileAttributes, Times};
use crate::times::NtTime;

/// Which of Windows' naming rules a name obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Namespace {
    /// Any name; what Windows writes on volumes without 8.3 names.
    Posix = 0,
    /// A long name with an 8.3 name beside it.
    Win32 = 1,
    /// An 8.3 name that stands beside a long name.
    Dos = 2,
    /// A name that is its own 8.3 name.
    Win32AndDos = 3,
}

impl Namespace {
    /// From the byte on disk.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Posix,
            1 => Self::Win32,
            2 => Self::Dos,
            3 => Self::Win32AndDos,
            _ => return None,
        })
    }

    /// The byte on disk.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Posix => 0,
            Self::Win32 => 1,
            Self::Dos => 2,
            Self::Win32AndDos => 3,
        }
    }
}

/// The fixed part of the value; the name follows.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct FileNameHeader {
    /// The directory that has the entry.
    pub parent: U64,
    /// Creation.
    pub created: U64,
    /// Last write.
    pub modified: U64,
    /// Change.
    pub changed: U64,
    /// Access.
    pub accessed: U64,
    /// Allocated bytes of the unnamed stream.
    pub allocated: U64,
    /// Bytes of the unnamed stream.
    pub size: U64,
    /// [`FileAttributes`].
    pub attributes: U32,
    /// Reparse tag, or packed size of extended attributes.
    pub ea_or_tag: U32,
    /// Units of the name.
    pub name_length: u8,
    /// [`Namespace`].
    pub namespace: u8,
}

/// Bytes before the name.
pub const HEADER_LEN: usize = 66;
const _: () = assert!(size_of::<FileNameHeader>() == HEADER_LEN);

/// The fields of a name that repeat what the file's own attributes say
/// (MS-FSA 2.1.4.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Duplicated {
    /// The four times.
    pub times: Times,
    /// Allocated bytes of the unnamed stream; of a resident one the size
    /// rounded up to 8, of a sparse or compressed one what is really allocated.
    pub allocated: u64,
    /// Bytes of the unnamed stream.
    pub size: u64,
    /// Attributes with [`FileAttributes::FILE_NAME_INDEX`] for directories.
    pub attributes: FileAttributes,
    /// Reparse tag when the attributes say so, else the packed size of
    /// extended attributes.
    pub ea_or_tag: u32,
}

/// A decoded name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The directory that has the entry.
    pub parent: FileReference,
    /// Repeated information.
    pub duplicated: Duplicated,
    /// Naming rules.
    pub namespace: Namespace,
    /// The name, 1 to 255 units.
    pub name: Vec<u16>,
}

/// A name where it lies.
#[derive(Debug, Clone, Copy)]
pub struct FileNameView<'a> {
    /// The fixed part.
    pub header: &'a FileNameHeader,
    /// The name.
    pub name: &'a [U16],
}

impl FileNameHeader {
    /// The fixed part in front of a name of `units` units.
    ///
    /// # Errors
    /// A name that is empty or longer than 255 units.
    pub fn new(
        parent: FileReference,
        dup: &Duplicated,
        namespace: Namespace,
        units: usize,
    ) -> Result<Self, FormatError> {
        let name_length = u8::try_from(units)
            .ok()
            .filter(|n| *n > 0)
            .ok_or(FormatError::new(FormatErrorKind::Length, 64))?;
        Ok(Self {
            parent: U64::new(parent.raw()),
            created: U64::new(dup.times.created.0),
            modified: U64::new(dup.times.modified.0),
            changed: U64::new(dup.times.changed.0),
            accessed: U64::new(dup.times.accessed.0),
            allocated: U64::new(dup.allocated),
            size: U64::new(dup.size),
            attributes: U32::new(dup.attributes.bits()),
            ea_or_tag: U32::new(dup.ea_or_tag),
            name_length,
            namespace: namespace.byte(),
        })
    }

    /// Appends the value of this fixed part and the name it was made for.
    pub fn push_value(&self, out: &mut Vec<u8>, name: &[u16]) {
        out.extend_from_slice(self.as_bytes());
        num::push_units(out, name);
    }
}

impl<'a> FileNameView<'a> {
    /// Validates a value; bytes behind the name are not looked at.
    ///
    /// # Errors
    /// The name leaves the value, is empty, or has an unknown namespace.
    #[inline]
    pub fn new(value: &'a [u8]) -> Result<Self, FormatError> {
        let (header, rest) = FileNameHeader::ref_from_prefix(value)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))?;
        let name = rest
            .get(..usize::from(header.name_length) * 2)
            .filter(|name| !name.is_empty())
            .ok_or(FormatError::new(FormatErrorKind::Length, 64))?;
        if Namespace::from_byte(header.namespace).is_none() {
            return Err(FormatError::new(FormatErrorKind::Value, 65));
        }
        let name = <[U16]>::ref_from_bytes(name)
            .map_err(|_| FormatError::new(FormatErrorKind::Length, 64))?;
        Ok(Self { header, name })
    }

    /// The directory that has the entry.
    #[must_use]
    #[inline]
    pub fn parent(&self) -> FileReference {
        FileReference::from_raw(self.header.parent.get())
    }

    /// Naming rules.
    #[must_use]
    #[inline]
    pub fn namespace(&self) -> Namespace {
        // Checked in `new`.
        Namespace::from_byte(self.header.namespace).unwrap_or(Namespace::Posix)
    }

    /// The name as units of its own.
    #[must_use]
    pub fn name_units(&self) -> Vec<u16> {
        self.name.iter().map(|unit| unit.get()).collect()
    }

    /// Whether the name is exactly `units`.
    #[must_use]
    #[inline]
    pub fn name_is(&self, units: &[u16]) -> bool {
        self.name.len() == units.len() && self.name.iter().zip(units).all(|(a, b)| a.get() == *b)
    }

    /// The repeated information.
    #[must_use]
    pub fn duplicated(&self) -> Duplicated {
        Duplicated {
            times: Times {
                created: NtTime(self.header.created.get()),
                modified: NtTime(self.header.modified.get()),
                changed: NtTime(self.header.changed.get()),
                accessed: NtTime(self.header.accessed.get()),
            },
            allocated: self.header.allocated.get(),
            size: self.header.size.get(),
            attributes: FileAttributes::from_bits_retain(self.header.attributes.get()),
            ea_or_tag: self.header.ea_or_tag.get(),
        }
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(&self) -> FileName {
        FileName {
            parent: self.parent(),
            duplicated: self.duplicated(),
            namespace: self.namespace(),
            name: self.name_units(),
        }
    }
}

impl FileName {
    /// Decodes a value.
    ///
    /// # Errors
    /// As [`FileNameView::new`].
    pub fn decode(value: &[u8]) -> Result<Self, FormatError> {
        FileNameView::new(value).map(|view| view.to_owned())
    }

    /// Encodes the value.
    ///
    /// # Errors
    /// A name that is empty or longer than 255 units.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::with_capacity(HEADER_LEN + self.name.len() * 2);
        self.encode_into(&mut out)?;
        Ok(out)
    }

    /// Encodes the value behind what is in `out`.
    ///
    /// # Errors
    /// As [`Self::encode`]; nothing was added then.
    pub fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.header()?.push_value(out, &self.name);
        Ok(())
    }

    /// The fixed part.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn header(&self) -> Result<FileNameHeader, FormatError> {
        FileNameHeader::new(
            self.parent,
            &self.duplicated,
            self.namespace,
            self.name.len(),
        )
    }
}

/// The units of a value's name as their bytes, without looking at anything
/// else: for comparing keys, where each step counts.
///
/// # Errors
/// The name leaves the value or is empty.
#[inline]
pub fn name_bytes(value: &[u8]) -> Result<&[u8], FormatError> {
    let bad = FormatError::new(FormatErrorKind::Length, 64);
    let (fixed, rest) = value.split_at_checked(HEADER_LEN).ok_or(bad)?;
    let [.., length, _namespace] = fixed else {
        return Err(bad);
    };
    rest.get(..usize::from(*length) * 2)
        .filter(|name| !name.is_empty())
        .ok_or(bad)
}

/// Writes repeated information over that of an encoded name, in place.
///
/// # Errors
/// Fewer bytes than the fixed part.
pub fn set_duplicated(value: &mut [u8], dup: &Duplicated) -> Result<(), FormatError> {
    let (header, _) = FileNameHeader::mut_from_prefix(value)
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))?;
    header.created = U64::new(dup.times.created.0);
    header.modified = U64::new(dup.times.modified.0);
    header.changed = U64::new(dup.times.changed.0);
    header.accessed = U64::new(dup.times.accessed.0);
    header.allocated = U64::new(dup.allocated);
    header.size = U64::new(dup.size);
    header.attributes = U32::new(dup.attributes.bits());
    header.ea_or_tag = U32::new(dup.ea_or_tag);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> FileName {
        FileName {
            parent: FileReference::ROOT,
            duplicated: Duplicated {
                size: 10,
                allocated: 16,
                attributes: FileAttributes::ARCHIVE,
                ..Duplicated::default()
            },
            namespace: Namespace::Posix,
            name: vec![0x61, 0xD800],
        }
    }

    #[test]
    fn round_trip_with_an_unpaired_surrogate() {
        let bytes = name().encode().unwrap();
        assert_eq!(bytes.len(), HEADER_LEN + 4);
        assert_eq!(FileName::decode(&bytes), Ok(name()));
        assert_eq!(name_bytes(&bytes), Ok(&[0x61, 0, 0, 0xD8][..]));
        let mut changed = bytes;
        let dup = Duplicated {
            ea_or_tag: 0xA000_000C,
            ..name().duplicated
        };
        set_duplicated(&mut changed, &dup).unwrap();
        assert_eq!(FileName::decode(&changed).unwrap().duplicated, dup);
    }

    #[test]
    fn bad_names_are_refused() {
        let good = name().encode().unwrap();
        for (at, value, kind) in [
            (64, 0, FormatErrorKind::Length),
            (64, 3, FormatErrorKind::Length),
            (65, 4, FormatErrorKind::Value),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(FileName::decode(&bad), Err(FormatError::new(kind, at)));
            assert_eq!(name_bytes(&bad).is_err(), at == 64);
        }
        assert!(
            FileName {
                name: vec![],
                ..name()
            }
            .encode()
            .is_err()
        );
        assert!(
            FileName {
                name: vec![1; 256],
                ..name()
            }
            .encode()
            .is_err()
        );
    }
}
