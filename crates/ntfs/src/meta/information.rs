//! `$STANDARD_INFORMATION`, and what directory entries repeat of a file.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::standard_information::{FileAttributes, StandardInformation, Times};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, NtTime, RecordNumber, SecurityId, num};

use crate::attr::{AttrKey, AttrRef};
use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::record::header_of;

/// What a file is, from its own attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// The file.
    pub file: FileReference,
    /// Attributes as Win32 has them, the directory bit among them.
    pub attributes: FileAttributes,
    /// The four times.
    pub times: Times,
    /// Names without 8.3 names, as `nNumberOfLinks` counts them.
    pub link_count: u32,
    /// Bytes of the unnamed stream; 0 for a directory.
    pub size: u64,
    /// Allocated bytes of the unnamed stream; 0 for a directory.
    pub allocated: u64,
    /// The tag, when the file has a reparse point.
    pub reparse_tag: Option<u32>,
    /// Key into `$Secure`.
    pub security_id: SecurityId,
    /// Whether names in this directory differ by case.
    pub case_sensitive: bool,
    /// Update sequence number in the change journal.
    pub usn: u64,
}

impl FileInfo {
    /// Whether it is a directory.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        self.attributes.contains(FileAttributes::DIRECTORY)
    }
}

const INFORMATION: AttrKey<'static> = AttrKey::unnamed(AttributeType::STANDARD_INFORMATION);
/// Where the times of `$STANDARD_INFORMATION` lie in the records of all but very
/// old systems: the first attribute behind the header and the update sequence.
const INFORMATION_USUALLY: core::ops::Range<usize> = 0x30..0xB0;
/// Bytes of the four times.
const TIMES_LEN: usize = 32;

const DATA: AttrKey<'static> = AttrKey::unnamed(AttributeType::DATA);

impl Engine {
    /// `$STANDARD_INFORMATION` and where it is.
    pub(crate) fn standard_information(
        &self,
        base: RecordNumber,
    ) -> Result<(AttrRef, StandardInformation)> {
        let block = self.record(base)?;
        self.information_in(base, &*block)
    }

    /// As [`Self::standard_information`], of a base record at hand.
    pub(crate) fn information_in(
        &self,
        base: RecordNumber,
        block: &Block,
    ) -> Result<(AttrRef, StandardInformation)> {
        if let Some(first) = first_information(base, block.bytes())? {
            return Ok(first);
        }
        let found = self.need(base, INFORMATION)?;
        let info =
            StandardInformation::decode(found.resident()?).map_err(|e| found.place().format(e))?;
        Ok((found.at, info))
    }

    /// Changes `$STANDARD_INFORMATION` in place.
    pub(crate) fn update_information(
        &mut self,
        base: RecordNumber,
        change: impl FnOnce(&mut StandardInformation),
    ) -> Result<()> {
        let block = self.record(base)?;
        let (at, mut info) = self.information_in(base, &*block)?;
        drop(block);
        change(&mut info);
        // Looked up again: it may be any attribute of the record.
        let key = self.record_at_hand(at.record)?;
        let bytes = self.bytes_at_hand(at.record, key)?;
        let found = record::attributes(bytes).flatten().find(|attribute| {
            attribute.type_code() == at.type_code && attribute.instance() == at.instance
        });
        let place = Place::attribute(base, AttributeType::STANDARD_INFORMATION);
        let found = found.ok_or_else(|| place.corrupt(CorruptKind::MissingAttribute))?;
        let offset = found.offset();
        let range = offset..offset + found.len();
        self.patch_at_hand(at.record, key, &[range], |bytes| {
            record::write_resident(bytes, offset, 0, &info.encode())
        })
    }

    /// Whether a record is a directory's.
    pub(crate) fn is_directory(&self, base: RecordNumber) -> Result<bool> {
        let block = self.record(base)?;
        Ok(header_of(&*block, base)?
            .flags()
            .contains(RecordFlags::DIRECTORY))
    }

    /// Whether a record is one of the volume's own in `$Extend`.
    pub(crate) fn is_in_extend(&self, base: RecordNumber) -> Result<bool> {
        let block = self.record(base)?;
        let flags = header_of(&*block, base)?.flags();
        Ok(flags.contains(RecordFlags::IN_EXTEND))
    }

    /// Size and allocated size of the unnamed stream, as entries repeat them
    /// (NTFS.md 2.8).
    fn data_sizes(&self, base: RecordNumber) -> Result<(u64, u64)> {
        let Some(found) = self.find(base, DATA)? else {
            return Ok((0, 0));
        };
        Ok(match found.view()?.non_resident() {
            None => {
                let size = u64::try_from(found.resident()?.len()).unwrap_or(u64::MAX);
                (size, size.next_multiple_of(8))
            }
            Some(part) => {
                let sizes = part.sizes();
                (sizes.data, sizes.total_allocated.unwrap_or(sizes.allocated))
            }
        })
    }

    /// The tag of a file's reparse point.
    pub(crate) fn reparse_tag(&self, base: RecordNumber) -> Result<Option<u32>> {
        let (_, info) = self.standard_information(base)?;
        if !info.attributes.contains(FileAttributes::REPARSE_POINT) {
            return Ok(None);
        }
        let bytes = self.reparse_bytes(base)?;
        Ok(bytes.and_then(|bytes| num::u32_at(&bytes, 0).ok()))
    }

    /// What a file is.
    pub(crate) fn file_info(&self, file: FileReference) -> Result<FileInfo> {
        let block = self.base_record(file)?;
        let base = file.record();
        let header = header_of(&*block, base)?;
        let directory = header.flags().contains(RecordFlags::DIRECTORY);
        let reference = FileReference::new(base, header.sequence());
        let counted = u32::from(header.link_count.get());
        drop(block);
        let (_, info) = self.standard_information(base)?;
        let (size, allocated) = if directory {
            (0, 0)
        } else {
            self.data_sizes(base)?
        };
        let mut attributes = info.attributes;
        attributes.set(FileAttributes::DIRECTORY, directory);
        Ok(FileInfo {
            file: reference,
            attributes,
            times: info.times,
            link_count: self.links_without_dos(base, counted)?,
            size,
            allocated,
            reparse_tag: self.reparse_tag(base)?,
            security_id: info.security_id(),
            case_sensitive: directory && info.is_case_sensitive_directory(),
            usn: info.extended.map_or(0, |e| e.usn),
        })
    }

    /// What a file is, 8.3 names counted among its names: in one walk over its
    /// record, which neither looks at the names nor at the list of others.
    pub(crate) fn file_facts(&self, file: FileReference) -> Result<FileInfo> {
        drop(self.base_record(file)?);
        let survey = self.survey(file.record())?;
        let info = survey.information();
        let (size, allocated) = survey.sizes();
        let mut attributes = info.attributes;
        attributes.set(FileAttributes::DIRECTORY, survey.directory);
        Ok(FileInfo {
            file: survey.reference,
            attributes,
            times: info.times,
            link_count: u32::from(survey.link_count),
            size,
            allocated,
            reparse_tag: survey.reparse_tag(),
            security_id: info.security_id(),
            case_sensitive: survey.directory && info.is_case_sensitive_directory(),
            usn: info.extended.map_or(0, |e| e.usn),
        })
    }

    /// Refuses to change the content of a metafile or of something that is not
    /// a file in use.
    pub(crate) fn check_content_change(&self, file: FileReference) -> Result<()> {
        self.check_writable()?;
        let block = self.base_record(file)?;
        Self::check_not_own(file.record(), block.bytes())
    }

    /// Refuses a file that is the volume's own.
    pub(super) fn check_not_own(base: RecordNumber, bytes: &[u8]) -> Result<()> {
        let header = record::header(bytes).map_err(|e| Place::record(base).format(e))?;
        let flags = header.flags();
        if Self::is_metafile(base) || flags.contains(RecordFlags::IN_EXTEND) {
            return Err(InvalidInput::Metafile.into());
        }
        Ok(())
    }

    /// What a change of a stream's bytes changes beside them: times, the
    /// archive bit, and the entry of a file with one name.
    pub(crate) fn content_changed(&mut self, base: RecordNumber, stream: &[u16]) -> Result<()> {
        let now = self.now();
        let directory = self.is_directory(base)?;
        self.update_information(base, |info| {
            if stream.is_empty() {
                info.times.modified = now;
            }
            info.times.changed = now;
            if !directory {
                info.attributes.insert(FileAttributes::ARCHIVE);
            }
        })?;
        self.refresh_only_name(base)
    }

    /// Sets those of the four times that are given.
    pub(crate) fn set_times(&mut self, file: FileReference, times: &TimesChange) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let now = self.now();
        self.update_information(file.record(), |info| {
            let own = &mut info.times;
            own.created = times.created.unwrap_or(own.created);
            own.modified = times.modified.unwrap_or(own.modified);
            own.accessed = times.accessed.unwrap_or(own.accessed);
            own.changed = times.changed.unwrap_or(now);
        })?;
        self.refresh_only_name(file.record())?;
        self.note_change(file.record(), UsnReason::BASIC_INFO_CHANGE)
    }

    /// Sets the attributes that a caller may set; the others stay.
    pub(crate) fn set_attributes(
        &mut self,
        file: FileReference,
        attributes: FileAttributes,
    ) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let now = self.now();
        let settable = SETTABLE;
        let mut changed = FileAttributes::empty();
        self.update_information(file.record(), |info| {
            let new = (info.attributes - settable) | (attributes & settable);
            changed = new ^ info.attributes;
            info.attributes = new;
            info.times.changed = now;
        })?;
        self.refresh_only_name(file.record())?;
        // One bit is the indexer's own business and has a reason of its own.
        let indexing = changed & FileAttributes::NOT_CONTENT_INDEXED;
        let mut reasons = UsnReason::empty();
        reasons.set(UsnReason::INDEXABLE_CHANGE, !indexing.is_empty());
        let basic = indexing.is_empty() || changed != indexing;
        reasons.set(UsnReason::BASIC_INFO_CHANGE, basic);
        self.note_change(file.record(), reasons)
    }

    pub(super) fn check_content_change_or_root(&self, file: FileReference) -> Result<()> {
        if file.record() == RecordNumber::ROOT {
            self.check_writable()?;
            return self.base_record(file).map(|_| ());
        }
        self.check_content_change(file)
    }

    /// Marks a directory as changed: an entry came or went.
    pub(crate) fn touch_directory(&mut self, base: RecordNumber) -> Result<()> {
        let now = self.now();
        let mut touched = false;
        self.patch_record(base, &[INFORMATION_USUALLY], |bytes| {
            let first = record::attributes(bytes).next().transpose()?;
            let value = first
                .filter(|first| first.type_code() == AttributeType::STANDARD_INFORMATION)
                .and_then(|first| first.resident_value_offset());
            let usual = value.filter(|value| value + TIMES_LEN <= INFORMATION_USUALLY.end);
            if let Some(value) = usual {
                // Written, changed, accessed: behind the time of creation.
                for time in 1..4 {
                    num::put(bytes, value + time * size_of::<u64>(), &now.0.to_le_bytes())?;
                }
                touched = true;
            }
            Ok(())
        })?;
        if touched {
            return Ok(());
        }
        self.update_information(base, |info| {
            info.times.modified = now;
            info.times.changed = now;
            info.times.accessed = now;
        })
    }

    /// Makes a directory tell names by case, or not (FILE_CASE_SENSITIVE_INFORMATION).
    pub(crate) fn set_case_sensitive(
        &mut self,
        file: FileReference,
        case: CaseSensitivity,
    ) -> Result<()> {
        self.check_content_change_or_root(file)?;
        if !self.is_directory(file.record())? {
            return Err(InvalidInput::NotADirectory.into());
        }
        self.update_information(file.record(), |info| {
            info.maximum_versions = 0;
            info.version = match case {
                CaseSensitivity::Sensitive => info.version | 1,
                CaseSensitivity::Insensitive => info.version & !1,
            };
        })?;
        self.memo.drop_index(file.record());
        self.note_change(file.record(), UsnReason::BASIC_INFO_CHANGE)
    }
}

/// `$STANDARD_INFORMATION` where it is in nearly every base record: in front.
pub(super) fn first_information(
    base: RecordNumber,
    bytes: &[u8],
) -> Result<Option<(AttrRef, StandardInformation)>> {
    let Some(Ok(first)) = record::attributes(bytes).next() else {
        return Ok(None);
    };
    let wanted =
        first.type_code() == AttributeType::STANDARD_INFORMATION && first.name().is_empty();
    let Some(value) = first.resident_value().filter(|_| wanted) else {
        return Ok(None);
    };
    let at = AttrRef {
        record: base,
        type_code: first.type_code(),
        instance: first.instance(),
        lowest_vcn: 0,
    };
    let place = Place::attribute(base, AttributeType::STANDARD_INFORMATION);
    let info = StandardInformation::decode(value).map_err(|e| place.format(e))?;
    Ok(Some((at, info)))
}

/// Attributes that SetFileAttributes can change (MS-FSA 2.1.5.15.2).
const SETTABLE: FileAttributes = FileAttributes::READ_ONLY
    .union(FileAttributes::HIDDEN)
    .union(FileAttributes::SYSTEM)
    .union(FileAttributes::ARCHIVE)
    .union(FileAttributes::TEMPORARY)
    .union(FileAttributes::OFFLINE)
    .union(FileAttributes::NOT_CONTENT_INDEXED)
    .union(FileAttributes::PINNED)
    .union(FileAttributes::UNPINNED)
    .union(FileAttributes::NO_SCRUB_DATA);

/// Times to be set; those that are `None` stay, except the change time, which
/// becomes the time of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimesChange {
    /// Creation.
    pub created: Option<NtTime>,
    /// Last write.
    pub modified: Option<NtTime>,
    /// Change.
    pub changed: Option<NtTime>,
    /// Last access.
    pub accessed: Option<NtTime>,
}

/// Whether names in a directory differ by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSensitivity {
    /// `a` and `A` are two names.
    Sensitive,
    /// They are one.
    Insensitive,
}
