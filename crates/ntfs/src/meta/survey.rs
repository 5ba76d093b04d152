//! What directory entries repeat of a file, in one walk over its base record.

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::attribute_list;
use linkwright_ntfs_format::ea::EaInformation;
use linkwright_ntfs_format::file_name::Duplicated;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::standard_information::{FileAttributes, StandardInformation};
use linkwright_ntfs_format::{FileReference, FormatError, RecordNumber, num};

use crate::attr::{AttrKey, ListForm};
use crate::engine::Engine;
use crate::error::{Place, Result};

/// What entries repeat of a file, and where it says so.
#[derive(Debug, Clone)]
pub(crate) struct Survey {
    /// The file as it is now.
    pub(crate) reference: FileReference,
    /// Its names, 8.3 names among them.
    pub(crate) link_count: u16,
    /// Whether it is a directory.
    pub(crate) directory: bool,
    /// Where `$STANDARD_INFORMATION` is in the base record, and its value.
    pub(crate) information_at: usize,
    pub(crate) information_value_at: usize,
    information: Option<StandardInformation>,
    /// Size and allocated size of the unnamed stream (NTFS.md 2.8).
    sizes: Option<(u64, u64)>,
    packed_ea_size: Option<u32>,
    reparse_tag: Option<u32>,
    /// Bytes for more attributes in the base record.
    pub(crate) room: usize,
    /// How it has its attribute list.
    pub(crate) list: ListForm,
    /// Whether a list in the record may hold each of [`LISTED`].
    listed: [bool; 3],
}

impl Survey {
    /// Takes down what an unnamed attribute says.
    fn see(&mut self, attribute: &AttributeView<'_>) -> core::result::Result<(), FormatError> {
        let value = attribute.resident_value();
        match (attribute.type_code(), value) {
            (AttributeType::STANDARD_INFORMATION, Some(value)) => {
                self.information = Some(StandardInformation::decode(value)?);
            }
            (AttributeType::DATA, Some(value)) => {
                let size = u64::try_from(value.len()).unwrap_or(u64::MAX);
                self.sizes = Some((size, size.next_multiple_of(8)));
            }
            (AttributeType::DATA, None) => {
                if let Some(part) = attribute.non_resident()
                    && part.lowest_vcn() == 0
                {
                    let sizes = part.sizes();
                    let allocated = sizes.total_allocated.unwrap_or(sizes.allocated);
                    self.sizes = Some((sizes.data, allocated));
                }
            }
            (AttributeType::EA_INFORMATION, Some(value)) => {
                let info = EaInformation::decode(value)?;
                self.packed_ea_size = Some(u32::from(info.packed_size));
            }
            (AttributeType::REPARSE_POINT, Some(value)) => {
                self.reparse_tag = num::u32_at(value, 0).ok();
            }
            _ => {}
        }
        Ok(())
    }

    fn knows(&self, type_code: AttributeType) -> bool {
        match type_code {
            AttributeType::DATA => self.sizes.is_some() || self.directory,
            AttributeType::EA_INFORMATION => self.packed_ea_size.is_some(),
            _ => self.reparse_tag.is_some(),
        }
    }

    /// `$STANDARD_INFORMATION`.
    pub(crate) fn information(&self) -> StandardInformation {
        // There is one: else there is no survey.
        self.information.unwrap_or_default()
    }

    /// Changes what [`Self::duplicated`] starts from.
    pub(crate) fn information_mut(&mut self) -> &mut StandardInformation {
        self.information.get_or_insert_default()
    }

    /// Size and allocated size; 0 of a directory.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        match self.directory {
            true => (0, 0),
            false => self.sizes.unwrap_or_default(),
        }
    }

    /// The tag, when the file has a reparse point.
    pub(crate) fn reparse_tag(&self) -> Option<u32> {
        let attributes = self.information().attributes;
        let reparse = attributes.contains(FileAttributes::REPARSE_POINT);
        self.reparse_tag.filter(|_| reparse)
    }

    /// What a fresh directory entry says.
    pub(crate) fn duplicated(&self) -> Duplicated {
        let info = self.information();
        let (size, allocated) = self.sizes();
        let mut attributes = info.attributes;
        attributes.set(FileAttributes::FILE_NAME_INDEX, self.directory);
        Duplicated {
            times: info.times,
            allocated,
            size,
            attributes,
            ea_or_tag: self.reparse_tag().or(self.packed_ea_size).unwrap_or(0),
        }
    }
}

impl Engine {
    /// The survey of a file whose content or names are to be changed: it is in use
    /// and none of the volume's own.
    pub(crate) fn survey_to_change(&mut self, file: FileReference) -> Result<Survey> {
        self.check_writable()?;
        let base = file.record();
        let bytes = self.base_bytes(file)?;
        Self::check_not_own(base, bytes)?;
        let survey = survey_record(bytes, base)?;
        self.complete(base, survey)
    }

    /// What a fresh directory entry says of a file.
    pub(crate) fn duplicated(&self, base: RecordNumber) -> Result<Duplicated> {
        self.survey(base).map(|survey| survey.duplicated())
    }

    /// All that entries repeat of a file: one walk over its base record, and a
    /// look at the others for what is not there.
    pub(crate) fn survey(&self, base: RecordNumber) -> Result<Survey> {
        let block = self.record(base)?;
        let survey = survey_record(block.bytes(), base)?;
        drop(block);
        self.complete(base, survey)
    }

    /// Adds what the base record does not say itself.
    fn complete(&self, base: RecordNumber, survey: Survey) -> Result<Survey> {
        let mut survey = survey;
        if survey.list != ListForm::None {
            self.look_further(base, &mut survey)?;
        }
        let reparse = survey
            .information()
            .attributes
            .contains(FileAttributes::REPARSE_POINT);
        if reparse && survey.reparse_tag.is_none() {
            // In clusters.
            survey.reparse_tag = self.reparse_tag(base)?;
        }
        if survey.information.is_none() {
            // The error of one that is missing, or has another form.
            self.standard_information(base)?;
        }
        Ok(survey)
    }

    /// What is in no base record: by the list.
    fn look_further(&self, base: RecordNumber, survey: &mut Survey) -> Result<()> {
        let open = match survey.list {
            ListForm::InClusters(_) => self.open_list(base)?,
            _ => None,
        };
        for (n, type_code) in LISTED.into_iter().enumerate() {
            let may_hold = match &open {
                Some(open) => open.may_hold(type_code),
                None => survey.listed.get(n).is_none_or(|kind| *kind),
            };
            if survey.knows(type_code) || !may_hold {
                continue;
            }
            if let Some(found) = self.find(base, AttrKey::unnamed(type_code))? {
                survey
                    .see(&found.view()?)
                    .map_err(|e| found.place().format(e))?;
            }
        }
        Ok(())
    }
}

/// Takes down what a base record says.
fn survey_record(bytes: &[u8], base: RecordNumber) -> Result<Survey> {
    let place = Place::record(base);
    let header = record::header(bytes).map_err(|e| place.format(e))?;
    let mut survey = Survey {
        reference: FileReference::new(base, header.sequence()),
        link_count: header.link_count.get(),
        directory: header.flags().contains(RecordFlags::DIRECTORY),
        information_at: 0,
        information_value_at: 0,
        information: None,
        sizes: None,
        packed_ea_size: None,
        reparse_tag: None,
        room: record::free_space(bytes).map_err(|e| place.format(e))?,
        list: ListForm::None,
        listed: [true; 3],
    };
    for attribute in record::attributes(bytes) {
        let attribute = attribute.map_err(|e| place.format(e))?;
        let type_code = attribute.type_code();
        if type_code == AttributeType::ATTRIBUTE_LIST {
            survey.list = ListForm::of_attribute(&attribute);
            if let Some(value) = attribute.resident_value() {
                survey.listed = LISTED.map(|kind| attribute_list::may_hold(value, kind));
            }
        }
        if type_code == AttributeType::STANDARD_INFORMATION {
            survey.information_at = attribute.offset();
            survey.information_value_at = attribute.resident_value_offset().unwrap_or(0);
        }
        if attribute.name().is_empty() {
            let place = Place::attribute(base, type_code);
            survey.see(&attribute).map_err(|e| place.format(e))?;
        }
    }
    Ok(survey)
}

/// What entries repeat and may be in other records.
const LISTED: [AttributeType; 3] = [
    AttributeType::DATA,
    AttributeType::EA_INFORMATION,
    AttributeType::REPARSE_POINT,
];
