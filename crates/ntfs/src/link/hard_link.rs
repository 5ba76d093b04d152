//! Hard links (MS-FSA 2.1.5.15.7).

use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::standard_information::{
    ATTRIBUTES_OFFSET, CHANGED_OFFSET, FileAttributes,
};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};
use zerocopy::little_endian::U16;

use super::names::MAX_NAMES;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::meta::Survey;

impl Engine {
    /// Gives a file one more name. The order of the checks is that of MS-FSA:
    /// directory, name, number of names, destination, collision.
    pub(crate) fn hard_link(
        &mut self,
        file: FileReference,
        parent: FileReference,
        name: &[u16],
    ) -> Result<()> {
        let base = file.record();
        let mut survey = self.survey_to_change(file)?;
        if survey.directory {
            return Err(InvalidInput::IsADirectory.into());
        }
        Self::check_name(name)?;
        let counted = u32::from(survey.link_count);
        if counted >= MAX_NAMES && self.links_without_dos(base, counted)? >= MAX_NAMES {
            return Err(InvalidInput::TooManyLinks.into());
        }
        let parent = self.parent_directory(parent)?;
        let directory = parent.reference.record();
        if directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        let info = survey.information_mut();
        info.times.changed = self.now();
        info.attributes.insert(FileAttributes::ARCHIVE);
        let name = FileName {
            parent: parent.reference,
            duplicated: survey.duplicated(),
            // A further name never gets an 8.3 name (SEMANTICS.md 4.4).
            namespace: Namespace::Posix,
            name: name.to_vec(),
        };
        let key = self.add_entry(&name, survey.reference)?;
        self.count_further_names(base, &survey, 1)?;
        self.insert_name_beside(base, survey.list, survey.room, &key)?;
        self.touch_directory(directory)?;
        self.note_closed(base, &name, UsnReason::HARD_LINK_CHANGE)
    }

    /// Writes what so many further names change in the record itself.
    pub(super) fn count_further_names(
        &mut self,
        base: RecordNumber,
        survey: &Survey,
        coming: u16,
    ) -> Result<()> {
        let counted = survey.link_count.checked_add(coming);
        let counted =
            counted.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))?;
        let (at, value_at) = (survey.information_at, survey.information_value_at);
        let info = survey.information();
        let last = ATTRIBUTES_OFFSET + size_of::<u32>();
        let ranges = [
            0..record::HEADER_LEN,
            value_at + CHANGED_OFFSET..value_at + last,
        ];
        self.patch_record(base, &ranges, |bytes| {
            record::header_mut(bytes)?.link_count = U16::new(counted);
            let changed = info.times.changed.0.to_le_bytes();
            record::write_resident(bytes, at, CHANGED_OFFSET, &changed)?;
            let attributes = info.attributes.bits().to_le_bytes();
            record::write_resident(bytes, at, ATTRIBUTES_OFFSET, &attributes)
        })
    }
}
