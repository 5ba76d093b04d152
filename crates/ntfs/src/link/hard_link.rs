//! Hard links (MS-FSA 2.1.5.15.7).

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};
use zerocopy::little_endian::U16;

use super::names::MAX_NAMES;
use crate::attr::NewAttribute;
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
        self.check_content_change(file)?;
        let base = file.record();
        let mut survey = self.survey(base)?;
        if survey.directory {
            return Err(InvalidInput::IsADirectory.into());
        }
        Self::check_name(name)?;
        let counted = u32::from(survey.link_count);
        if counted >= MAX_NAMES && self.links_without_dos(base, counted)? >= MAX_NAMES {
            return Err(InvalidInput::TooManyLinks.into());
        }
        let directory = self.directory(parent)?;
        if directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        let info = survey.information_mut();
        info.times.changed = self.now();
        info.attributes.insert(FileAttributes::ARCHIVE);
        let name = FileName {
            parent: self.reference_to(directory)?,
            duplicated: survey.duplicated(),
            // A further name never gets an 8.3 name (SEMANTICS.md 4.4).
            namespace: Namespace::Posix,
            name: name.to_vec(),
        };
        let key = self.add_entry(&name, survey.reference)?;
        self.count_further_name(base, &survey)?;
        self.insert_attribute(
            base,
            &NewAttribute::resident(AttributeType::FILE_NAME, &[], &key),
        )?;
        self.touch_directory(directory)?;
        self.note_closed(base, &name, UsnReason::HARD_LINK_CHANGE)
    }

    /// Writes what a further name changes in the record itself.
    fn count_further_name(&mut self, base: RecordNumber, survey: &Survey) -> Result<()> {
        let counted = survey.link_count.checked_add(1);
        let counted =
            counted.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))?;
        let at = survey.information_at.clone();
        let ranges = [0..record::HEADER_LEN, at.clone()];
        self.patch_record(base, &ranges, |bytes| {
            record::header_mut(bytes)?.link_count = U16::new(counted);
            record::write_resident(bytes, at.start, 0, &survey.information().encode())
        })
    }
}
