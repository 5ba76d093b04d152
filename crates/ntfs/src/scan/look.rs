//! What one file record says at a glance: where its names are, and what else
//! the scan needs, found in one pass over its attributes.

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::file_name::{FileNameView, Namespace};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, FormatError, FormatErrorKind, RecordNumber, fixup};

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
    /// Whether there is an attribute list: names may be in other records too.
    pub(super) listed: bool,
    /// Whether this record holds a reparse point.
    pub(super) reparse: bool,
    /// The first `$FILE_NAME`, 0 when there is none.
    pub(super) first_name: u16,
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

/// Takes the fix-ups out of a record and looks at it.
pub(super) fn look(bytes: &mut [u8], number: RecordNumber) -> Slot {
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
    match fixup::remove(bytes).and_then(|()| look_at(bytes, number)) {
        Ok(slot) => slot,
        Err(error) => Slot::Damaged(error),
    }
}

/// Looks at a record whose fix-ups were removed and that is in use or not.
pub(super) fn look_at(bytes: &[u8], number: RecordNumber) -> Result<Slot, FormatError> {
    record::validate_header(bytes)?;
    let header = record::header(bytes)?;
    if !header.flags().contains(RecordFlags::IN_USE) || header.base().is_some() {
        return Ok(Slot::Nothing);
    }
    let mut look = Look {
        file: FileReference::new(number, header.sequence()),
        flags: header.flags(),
        counted: header.link_count.get(),
        all_names: 0,
        names: 0,
        listed: false,
        reparse: false,
        first_name: 0,
    };
    for attribute in record::attributes(bytes) {
        let attribute = attribute?;
        match attribute.type_code() {
            AttributeType::FILE_NAME => {
                let name = name_of(&attribute)?;
                look.all_names += 1;
                look.names += u16::from(name.namespace() != Namespace::Dos);
                if look.first_name == 0 {
                    look.first_name = u16::try_from(attribute.offset()).unwrap_or(0);
                }
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
    /// The names in the record itself, 8.3 names among them; they were all seen
    /// to be in order.
    pub(super) fn names_in<'a>(&self, bytes: &'a [u8]) -> NamesIn<'a> {
        NamesIn {
            bytes,
            at: usize::from(self.first_name),
            left: self.all_names,
        }
    }
}

/// Iterator over the names in a record.
#[derive(Debug, Clone)]
pub(super) struct NamesIn<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u16,
}

impl<'a> Iterator for NamesIn<'a> {
    type Item = FileNameView<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // Each attribute is at least a header long, so that this ends.
        while self.left > 0 {
            let attribute = AttributeView::at(self.bytes, self.at).ok()?;
            self.at += attribute.len();
            if attribute.type_code() == AttributeType::FILE_NAME {
                self.left -= 1;
                return name_of(&attribute).ok();
            }
        }
        None
    }
}
