//! `$ATTRIBUTE_LIST`: where the attributes of a many-record file are.
//!
//! Source: libfsntfs documentation, "The attribute list entry".

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::attribute::AttributeType;
use crate::error::{FormatError, FormatErrorKind};
use crate::ids::FileReference;
use crate::num;

/// The fixed part of an entry.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
struct RawEntry {
    type_code: U32,
    length: U16,
    name_length: u8,
    name_offset: u8,
    lowest_vcn: U64,
    reference: U64,
    instance: U16,
}

const FIXED_LEN: usize = 0x1A;

/// Bytes of the entry of an attribute without a name.
pub const UNNAMED_LEN: usize = FIXED_LEN.next_multiple_of(8);

/// The file reference in the entry of an unnamed attribute of a type, of
/// [`UNNAMED_LEN`] bytes; `None` when the bytes are no such entry.
#[must_use]
pub fn unnamed_reference(entry: &[u8], type_code: AttributeType) -> Option<FileReference> {
    let (raw, _) = RawEntry::ref_from_prefix(entry).ok()?;
    let is_one = raw.type_code.get() == type_code.0
        && usize::from(raw.length.get()) == UNNAMED_LEN
        && raw.name_length == 0;
    is_one.then(|| FileReference::from_raw(raw.reference.get()))
}

/// The entry of an unnamed attribute in one extent.
#[must_use]
pub fn encode_unnamed(
    type_code: AttributeType,
    reference: FileReference,
    instance: u16,
) -> [u8; UNNAMED_LEN] {
    let raw = RawEntry {
        type_code: U32::new(type_code.0),
        // Both are small.
        length: U16::new(u16::try_from(UNNAMED_LEN).unwrap_or(0)),
        name_length: 0,
        name_offset: u8::try_from(FIXED_LEN).unwrap_or(0),
        lowest_vcn: U64::new(0),
        reference: U64::new(reference.raw()),
        instance: U16::new(instance),
    };
    let mut out = [0; UNNAMED_LEN];
    for (to, from) in out.iter_mut().zip(raw.as_bytes()) {
        *to = *from;
    }
    out
}

/// Appends the entry of an unnamed attribute in one extent.
pub fn push_unnamed(
    out: &mut Vec<u8>,
    type_code: AttributeType,
    reference: FileReference,
    instance: u16,
) {
    out.extend_from_slice(&encode_unnamed(type_code, reference, instance));
}

/// An entry where it lies, its name left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryView {
    /// Type code.
    pub type_code: AttributeType,
    /// The record that holds the attribute.
    pub reference: FileReference,
    /// Its instance number in that record.
    pub instance: u16,
    /// Bytes to the next entry.
    pub len: usize,
}

/// The entry at `offset` of a list; `None` behind the last one, and where there
/// is none in order.
#[must_use]
pub fn entry_at(list: &[u8], offset: usize) -> Option<EntryView> {
    let rest = list.get(offset..)?;
    let (raw, _) = RawEntry::ref_from_prefix(rest).ok()?;
    let len = usize::from(raw.length.get());
    ((FIXED_LEN..=rest.len()).contains(&len)).then(|| EntryView {
        type_code: AttributeType(raw.type_code.get()),
        reference: FileReference::from_raw(raw.reference.get()),
        instance: raw.instance.get(),
        len,
    })
}

/// The largest list that Windows accepts, in bytes.
pub const MAX_LEN: usize = 256 * 1024;

/// One entry: an attribute, or one extent of it, and the record that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Type code.
    pub type_code: AttributeType,
    /// Name of the attribute.
    pub name: Vec<u16>,
    /// First cluster of the extent; 0 for resident attributes.
    pub lowest_vcn: u64,
    /// The record that holds it.
    pub reference: FileReference,
    /// Its instance number in that record.
    pub instance: u16,
}

impl Entry {
    /// Bytes of the entry on disk.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        (FIXED_LEN + self.name.len() * 2).next_multiple_of(8)
    }
}

/// Decodes a whole list.
///
/// # Errors
/// A list of over [`MAX_LEN`] bytes, an entry whose lengths leave it, or one
/// for the list itself.
pub fn decode(list: &[u8]) -> Result<Vec<Entry>, FormatError> {
    if list.len() > MAX_LEN {
        return Err(FormatError::new(FormatErrorKind::Length, MAX_LEN));
    }
    let mut entries = Vec::with_capacity(list.len() / FIXED_LEN.next_multiple_of(8));
    let mut at = 0;
    while at < list.len() {
        let rest = list.get(at..).unwrap_or_default();
        let (raw, _) = RawEntry::ref_from_prefix(rest)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, at))?;
        let length = usize::from(raw.length.get());
        if length < FIXED_LEN || length > rest.len() {
            return Err(FormatError::new(FormatErrorKind::Length, at + 4));
        }
        let entry = rest.get(..length).unwrap_or_default();
        let name = num::slice(
            entry,
            usize::from(raw.name_offset),
            usize::from(raw.name_length) * 2,
        )
        .map_err(|_| FormatError::new(FormatErrorKind::Offset, at + 7))?;
        let type_code = AttributeType(raw.type_code.get());
        if type_code == AttributeType::ATTRIBUTE_LIST {
            return Err(FormatError::new(FormatErrorKind::Value, at));
        }
        entries.push(Entry {
            type_code,
            name: num::units_from_le(name),
            lowest_vcn: raw.lowest_vcn.get(),
            reference: FileReference::from_raw(raw.reference.get()),
            instance: raw.instance.get(),
        });
        at += length;
    }
    Ok(entries)
}

/// Whether a list may have an entry of this type: `true` also when the list is
/// not in order, which [`decode`] tells. Costs less than decoding.
#[must_use]
pub fn may_hold(list: &[u8], type_code: AttributeType) -> bool {
    let mut rest = list;
    while !rest.is_empty() {
        let Ok((raw, _)) = RawEntry::ref_from_prefix(rest) else {
            return true;
        };
        let length = usize::from(raw.length.get());
        if raw.type_code.get() == type_code.0 || length < FIXED_LEN {
            return true;
        }
        match rest.get(length..) {
            Some(behind) => rest = behind,
            None => return true,
        }
    }
    false
}

/// Encodes a whole list.
///
/// # Errors
/// A name of over 255 units, or a list of over [`MAX_LEN`] bytes.
pub fn encode(entries: &[Entry]) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::with_capacity(entries.iter().map(Entry::encoded_len).sum());
    for entry in entries {
        let start = out.len();
        let raw = RawEntry {
            type_code: U32::new(entry.type_code.0),
            length: U16::new(num::to_u16(entry.encoded_len())?),
            name_length: u8::try_from(entry.name.len())
                .map_err(|_| FormatError::new(FormatErrorKind::Length, start + 6))?,
            name_offset: u8::try_from(FIXED_LEN).unwrap_or(u8::MAX),
            lowest_vcn: U64::new(entry.lowest_vcn),
            reference: U64::new(entry.reference.raw()),
            instance: U16::new(entry.instance),
        };
        out.extend_from_slice(raw.as_bytes());
        num::push_units(&mut out, &entry.name);
        out.resize(start + entry.encoded_len(), 0);
    }
    if out.len() > MAX_LEN {
        return Err(FormatError::new(FormatErrorKind::NoRoom, MAX_LEN));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RecordNumber, SequenceNumber};

    #[test]
    fn types_are_looked_for_without_decoding() {
        let list = encode(&entries()).unwrap();
        assert!(may_hold(&list, AttributeType(0x10)));
        assert!(may_hold(&list, AttributeType(0x80)));
        assert!(!may_hold(&list, AttributeType(0xD0)));
        assert!(!may_hold(&[], AttributeType(0x10)));
        // Out of order: to be decoded, which tells.
        assert!(may_hold(&list[..list.len() - 1], AttributeType(0xD0)));
        let mut short = list;
        short[4] = 0;
        assert!(may_hold(&short, AttributeType(0xD0)));
    }

    fn entries() -> Vec<Entry> {
        let entry = |code, name: &[u16], vcn, record| Entry {
            type_code: AttributeType(code),
            name: name.to_vec(),
            lowest_vcn: vcn,
            reference: FileReference::new(RecordNumber(record), SequenceNumber(2)),
            instance: 3,
        };
        vec![
            entry(0x10, &[], 0, 38),
            entry(0x80, &[0x61, 0xDC00, 0x62], 77, 39),
        ]
    }

    #[test]
    fn round_trip() {
        let bytes = encode(&entries()).unwrap();
        assert_eq!(bytes.len(), 32 + 32);
        assert_eq!(decode(&bytes).unwrap(), entries());
        let [first, ..] = &entries()[..] else {
            panic!()
        };
        let alone = encode_unnamed(first.type_code, first.reference, first.instance);
        assert_eq!(alone, bytes[..32]);
    }

    #[test]
    fn entries_that_leave_the_list_are_refused() {
        let good = encode(&entries()).unwrap();
        for (at, value, kind, offset) in [
            (4, 0, FormatErrorKind::Length, 4),
            (0x24, 0xFF, FormatErrorKind::Length, 0x24),
            (0x26, 0x20, FormatErrorKind::Offset, 0x27),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(decode(&bad).unwrap_err(), FormatError::new(kind, offset));
        }
        assert!(decode(&good[..40]).is_err());
        assert!(decode(&vec![0; MAX_LEN + 8]).is_err());
    }
}
