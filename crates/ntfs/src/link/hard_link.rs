//! Hard links (MS-FSA 2.1.5.15.7).

use core::ops::Range;

use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::standard_information::{
    ATTRIBUTES_OFFSET, CHANGED_OFFSET, FileAttributes, StandardInformation,
};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, FormatError, RecordNumber};
use zerocopy::little_endian::U16;

use super::names::MAX_NAMES;
use crate::attr::Along;
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
        self.take_further_name(base, &survey, &key)?;
        self.touch_directory(directory)?;
        self.note_closed(base, &name, UsnReason::HARD_LINK_CHANGE)
    }

    /// Puts a further name in place and counts it.
    fn take_further_name(
        &mut self,
        base: RecordNumber,
        survey: &Survey,
        value: &[u8],
    ) -> Result<()> {
        let count = Count::new(base, survey, 1)?;
        let along = Along {
            range: count.information(),
            write: &|bytes| count.write(bytes),
        };
        self.insert_name_beside(base, survey.list, survey.room, value, Some(&along))
    }

    /// Writes what so many further names change in the record itself.
    pub(super) fn count_further_names(
        &mut self,
        base: RecordNumber,
        survey: &Survey,
        coming: u16,
    ) -> Result<()> {
        let count = Count::new(base, survey, coming)?;
        let ranges = [0..record::HEADER_LEN, count.information()];
        self.patch_record(base, &ranges, |bytes| count.write(bytes))
    }
}

/// What further names change in the base record beside the names themselves.
struct Count {
    link_count: u16,
    /// Where `$STANDARD_INFORMATION` is, and its value.
    at: usize,
    value_at: usize,
    information: StandardInformation,
}

impl Count {
    fn new(base: RecordNumber, survey: &Survey, coming: u16) -> Result<Self> {
        let counted = survey.link_count.checked_add(coming);
        let counted =
            counted.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))?;
        Ok(Self {
            link_count: counted,
            at: survey.information_at,
            value_at: survey.information_value_at,
            information: survey.information(),
        })
    }

    /// What changes outside of the header.
    fn information(&self) -> Range<usize> {
        let last = ATTRIBUTES_OFFSET + size_of::<u32>();
        self.value_at + CHANGED_OFFSET..self.value_at + last
    }

    fn write(&self, bytes: &mut [u8]) -> core::result::Result<(), FormatError> {
        record::header_mut(bytes)?.link_count = U16::new(self.link_count);
        let changed = self.information.times.changed.0.to_le_bytes();
        record::write_resident(bytes, self.at, CHANGED_OFFSET, &changed)?;
        let attributes = self.information.attributes.bits().to_le_bytes();
        record::write_resident(bytes, self.at, ATTRIBUTES_OFFSET, &attributes)
    }
}
