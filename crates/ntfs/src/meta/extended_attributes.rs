//! Extended attributes: `$EA` and `$EA_INFORMATION`.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::ea::{Ea, EaIter, MAX_EA_SIZE, encode_eas};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result};

const EA: AttrKey<'static> = AttrKey::unnamed(AttributeType::EA);
const INFORMATION: AttrKey<'static> = AttrKey::unnamed(AttributeType::EA_INFORMATION);

/// Most bytes of attributes in the packed form, MS-FSA 2.1.5.15.5: 64 KiB - 5.
const MAX_PACKED: u16 = u16::MAX - 4;

/// Set on files with extended attributes by Windows 10 (measured), where wdm.h
/// calls it FILE_ATTRIBUTE_EA; directory listings give the same bit another
/// meaning.
const HAS_EAS: FileAttributes = FileAttributes::RECALL_ON_OPEN;

/// An extended attribute of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ExtendedAttribute {
    /// 0, or 0x80 for one that a program must understand to open the file
    /// (FILE_NEED_EA).
    pub flags: u8,
    /// Name, 1 to 255 bytes, upper case as a rule; no NUL.
    pub name: Vec<u8>,
    /// Value.
    pub value: Vec<u8>,
}

impl Engine {
    /// The extended attributes of a file, in the order they are stored in.
    pub(crate) fn extended_attributes(
        &self,
        file: FileReference,
    ) -> Result<Vec<ExtendedAttribute>> {
        self.base_record(file)?;
        let base = file.record();
        let value = self.read_value(base, EA, MAX_EA_SIZE)?.unwrap_or_default();
        EaIter::new(&value)
            .map(|ea| {
                let ea = ea.map_err(|e| Place::attribute(base, EA.type_code).format(e))?;
                Ok(ExtendedAttribute {
                    flags: ea.flags,
                    name: ea.name.to_vec(),
                    value: ea.value.to_vec(),
                })
            })
            .collect()
    }

    /// Puts `list` in place of all extended attributes of a file.
    ///
    /// Which names Win32 allows is for the layers above: other systems write
    /// more, and those must survive being copied.
    pub(crate) fn set_extended_attributes(
        &mut self,
        file: FileReference,
        list: &[ExtendedAttribute],
    ) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let base = file.record();
        let (_, info) = self.standard_information(base)?;
        // MS-FSA 2.1.5.15.5: the two share a field of directory entries.
        if info.attributes.contains(FileAttributes::REPARSE_POINT) && !list.is_empty() {
            return Err(InvalidInput::ReparseConflict.into());
        }
        if has_twins(list) {
            return Err(InvalidInput::InvalidExtendedAttributes.into());
        }
        let borrowed: Vec<Ea<'_>> = list
            .iter()
            .map(|ea| Ea {
                flags: ea.flags,
                name: &ea.name,
                value: &ea.value,
            })
            .collect();
        let (value, summary) = encode_eas(&borrowed)
            .ok()
            .filter(|(_, summary)| summary.packed_size <= MAX_PACKED)
            .ok_or(InvalidInput::InvalidExtendedAttributes)?;
        if list.is_empty() {
            self.drop_value(base, EA)?;
            self.drop_value(base, INFORMATION)?;
        } else {
            self.put_value(base, INFORMATION, &summary.encode())?;
            self.put_value(base, EA, &value)?;
        }
        let now = self.now();
        let directory = self.is_directory(base)?;
        self.update_information(base, |info| {
            info.times.changed = now;
            info.attributes.set(HAS_EAS, !list.is_empty());
            if !directory {
                info.attributes.insert(FileAttributes::ARCHIVE);
            }
        })?;
        self.refresh_only_name(base)?;
        self.note_change(base, UsnReason::EA_CHANGE)
    }

    fn drop_value(&mut self, base: RecordNumber, key: AttrKey<'_>) -> Result<()> {
        match self.remove_stream(base, key)? {
            Some(map) => self.free_cached_runs(map.runs.runs()),
            None => Ok(()),
        }
    }
}

/// Whether two names differ by case at most, by which nothing could find the
/// second.
fn has_twins(list: &[ExtendedAttribute]) -> bool {
    let mut names: Vec<_> = list.iter().map(|ea| ea.name.to_ascii_uppercase()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair.first() == pair.last())
}
