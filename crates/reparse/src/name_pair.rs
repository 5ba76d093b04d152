//! The two names of a symbolic link or mount point inside their path buffer.
//!
//! The names can lie anywhere in the path buffer, in any order, overlapping or with bytes between
//! and behind them (MS-FSCC 2.1.2.4), so the buffer is kept whole next to the decoded names.

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{NameField, ReparseError, ReparseErrorKind};
use crate::header::{unit_bytes, units};

/// The four fields both structures begin with, in bytes from the start of the path buffer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub(crate) struct NameFields {
    substitute_offset: U16,
    substitute_length: U16,
    print_offset: U16,
    print_length: U16,
}

const _: () = assert!(size_of::<NameFields>() == 8);

/// Both names, with the bytes they were found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamePair {
    fields: NameFields,
    path_buffer: Vec<u8>,
    substitute: Vec<u16>,
    print: Vec<u16>,
}

impl NamePair {
    /// `path_offset` is where the path buffer lies in the whole reparse buffer, for errors.
    pub(crate) fn decode(
        fields: NameFields,
        path_buffer: &[u8],
        path_offset: usize,
    ) -> Result<Self, ReparseError> {
        let (from, count) = (fields.substitute_offset, fields.substitute_length);
        let substitute = name_at(path_buffer, from, count, NameField::Substitute, path_offset)?;
        let (from, count) = (fields.print_offset, fields.print_length);
        let print = name_at(path_buffer, from, count, NameField::Print, path_offset)?;
        Ok(Self {
            fields,
            path_buffer: path_buffer.to_vec(),
            substitute,
            print,
        })
    }

    /// Print name, then substitute name, no NULs: what Windows writes for a symbolic link.
    /// `None` when a field would overflow.
    pub(crate) fn print_first(substitute: &[u16], print: &[u16]) -> Option<Self> {
        let substitute_length = byte_length(substitute)?;
        let print_length = byte_length(print)?;
        Some(Self {
            fields: NameFields {
                substitute_offset: U16::new(print_length),
                substitute_length: U16::new(substitute_length),
                print_offset: U16::new(0),
                print_length: U16::new(print_length),
            },
            path_buffer: unit_bytes(print).chain(unit_bytes(substitute)).collect(),
            substitute: substitute.to_vec(),
            print: print.to_vec(),
        })
    }

    /// Substitute name, NUL, print name, NUL: what `mklink /J` writes for a junction.
    pub(crate) fn substitute_first_with_nuls(substitute: &[u16], print: &[u16]) -> Option<Self> {
        let substitute_length = byte_length(substitute)?;
        let path_buffer = unit_bytes(substitute)
            .chain([0, 0])
            .chain(unit_bytes(print))
            .chain([0, 0])
            .collect();
        Some(Self {
            fields: NameFields {
                substitute_offset: U16::new(0),
                substitute_length: U16::new(substitute_length),
                print_offset: U16::new(substitute_length.checked_add(2)?),
                print_length: U16::new(byte_length(print)?),
            },
            path_buffer,
            substitute: substitute.to_vec(),
            print: print.to_vec(),
        })
    }

    pub(crate) fn fields(&self) -> &[u8] {
        self.fields.as_bytes()
    }

    pub(crate) fn path_buffer(&self) -> &[u8] {
        &self.path_buffer
    }

    pub(crate) fn substitute(&self) -> &[u16] {
        &self.substitute
    }

    pub(crate) fn print(&self) -> &[u16] {
        &self.print
    }
}

fn name_at(
    path_buffer: &[u8],
    offset: U16,
    length: U16,
    field: NameField,
    path_offset: usize,
) -> Result<Vec<u16>, ReparseError> {
    let start = usize::from(offset.get());
    let length = usize::from(length.get());
    let bytes = path_buffer
        .get(start..)
        .and_then(|tail| tail.get(..length))
        .ok_or_else(|| {
            ReparseError::new(
                ReparseErrorKind::NameOutOfBounds(field),
                path_offset + start,
            )
        })?;
    if !length.is_multiple_of(2) {
        let kind = ReparseErrorKind::NameLengthOdd(field);
        return Err(ReparseError::new(kind, path_offset + start));
    }
    Ok(units(bytes))
}

fn byte_length(name: &[u16]) -> Option<u16> {
    u16::try_from(name.len().checked_mul(2)?).ok()
}
