//! What one file record says at a glance: where its names are, and what else
//! the scan needs, found in one pass over its attributes.

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::file_name::{FileNameHeader, FileNameView, Namespace};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{
    FileReference, FormatError, FormatErrorKind, RecordNumber, fixup, num,
};

/// A base record in use, by offsets into its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) file: FileReference,
    pub(super) flags: RecordFlags,
    /// Names as the header counts them, 8.3 names among them.
    pub(super) counted: u16,
    /// Names in this record, 8.3 names among them.
    pub(super) all_names: u16,
    /// Those that are no 8.3 names.
    pub(super) names: u16,
    /// The first of them among those of the chunk.
    first_name: u32,
    /// Whether there is an attribute list: names may be in other records too.
    pub(super) listed: bool,
    /// Whether this record holds a reparse point.
    pub(super) reparse: bool,
}

/// A name, and where its units lie in the bytes it was found in: what is asked of
/// most names, without going back to bytes that another processor read.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameAt {
    /// The directory it says it is in.
    pub(super) parent: FileReference,
    at: u32,
    /// In units.
    len: u8,
    /// Naming rules.
    pub(super) namespace: Namespace,
}

impl NameAt {
    /// Of a name whose value starts at `at`.
    pub(super) fn new(name: &FileNameView<'_>, at: usize) -> Result<Self, FormatError> {
        let start = at.saturating_add(size_of::<FileNameHeader>());
        Ok(Self {
            parent: name.parent(),
            at: u32::try_from(start).map_err(|_| FormatError::new(FormatErrorKind::Offset, at))?,
            len: name.header.name_length,
            namespace: name.namespace(),
        })
    }

    /// The units, out of the bytes it was found in.
    pub(super) fn units(self, bytes: &[u8]) -> impl ExactSizeIterator<Item = u16> + use<'_> {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let units = num::slice(bytes, at, usize::from(self.len) * 2).unwrap_or_default();
        let (units, _) = units.as_chunks();
        units.iter().map(|unit| u16::from_le_bytes(*unit))
    }

    /// How many units it has.
    pub(super) fn len(self) -> usize {
        usize::from(self.len)
    }
}

/// What a place of `$MFT` holds.
pub(super) enum Slot {
    /// Nothing that is in use, or a part of a file whose base record tells it.
    Nothing,
    /// A file.
    Base(Look),
    /// A record that says that it is in use and cannot be read.
    Damaged(FormatError),
    /// No record: damaged if the bitmap of `$MFT` says that it is in use.
    Unknown(FormatError),
}

/// A record to be looked at: which it is, where it starts in the bytes of its
/// chunk, and the names of that chunk, to which its own are added.
pub(super) struct Sight<'n> {
    pub(super) number: RecordNumber,
    pub(super) at: usize,
    pub(super) names: &'n mut Vec<NameAt>,
}

/// Takes the fix-ups out of a record and looks at it.
pub(super) fn look(bytes: &mut [u8], sight: &mut Sight<'_>) -> Slot {
    let Ok(raw) = record::header(bytes) else {
        return Slot::Nothing;
    };
    let in_use = raw.flags().contains(RecordFlags::IN_USE);
    match raw.signature {
        record::SIGNATURE if !in_use => return Slot::Nothing,
        record::SIGNATURE => {}
        [0, 0, 0, 0] if !in_use => return Slot::Nothing,
        _ => return Slot::Unknown(FormatError::new(FormatErrorKind::Signature, 0)),
    }
    match fixup::remove(bytes).and_then(|()| look_at(bytes, sight)) {
        Ok(slot) => slot,
        Err(error) => Slot::Damaged(error),
    }
}

/// Looks at a record whose fix-ups were removed and that is in use or not. Names
/// of one that turns out to be damaged are taken back.
pub(super) fn look_at(bytes: &[u8], sight: &mut Sight<'_>) -> Result<Slot, FormatError> {
    let before = sight.names.len();
    let looked = attributes_of(bytes, sight);
    if looked.is_err() {
        sight.names.truncate(before);
    }
    looked
}

fn attributes_of(bytes: &[u8], sight: &mut Sight<'_>) -> Result<Slot, FormatError> {
    record::validate_header(bytes)?;
    let header = record::header(bytes)?;
    if !header.flags().contains(RecordFlags::IN_USE) || header.base().is_some() {
        return Ok(Slot::Nothing);
    }
    let first_name = u32::try_from(sight.names.len())
        .map_err(|_| FormatError::new(FormatErrorKind::Length, 0))?;
    let mut look = Look {
        file: FileReference::new(sight.number, header.sequence()),
        flags: header.flags(),
        counted: header.link_count.get(),
        all_names: 0,
        names: 0,
        first_name,
        listed: false,
        reparse: false,
    };
    for attribute in record::attributes(bytes) {
        let attribute = attribute?;
        match attribute.type_code() {
            AttributeType::FILE_NAME => {
                let name = name_of(&attribute)?;
                let value = attribute.resident_value_offset().unwrap_or(0);
                let name = NameAt::new(&name, sight.at.saturating_add(value))?;
                look.all_names += 1;
                look.names += u16::from(name.namespace != Namespace::Dos);
                sight.names.push(name);
            }
            AttributeType::ATTRIBUTE_LIST => look.listed = true,
            AttributeType::REPARSE_POINT => look.reparse = true,
            _ => {}
        }
    }
    Ok(Slot::Base(look))
}

/// The name in a `$FILE_NAME`.
pub(super) fn name_of<'a>(attribute: &AttributeView<'a>) -> Result<FileNameView<'a>, FormatError> {
    let value = attribute
        .resident_value()
        .ok_or(FormatError::new(FormatErrorKind::Value, attribute.offset()))?;
    FileNameView::new(value).map_err(|error| error.shifted(attribute.offset()))
}

impl Look {
    /// The names in the record itself, 8.3 names among them, out of those of its
    /// chunk.
    pub(super) fn names_of<'n>(&self, names: &'n [NameAt]) -> &'n [NameAt] {
        let first = usize::try_from(self.first_name).unwrap_or(usize::MAX);
        names
            .get(first..first.saturating_add(usize::from(self.all_names)))
            .unwrap_or_default()
    }
}
