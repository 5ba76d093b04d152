//! Removing names, and files with their last name.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::standard_information::{FileAttributes, StandardInformation};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::names::NameOfFile;
use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result};
use crate::stream::StreamBody;

impl Engine {
    /// Removes a name and the 8.3 name beside it; the file goes with its last
    /// name. A directory must be empty. Links are not followed.
    pub(crate) fn remove_name(&mut self, parent: FileReference, name: &[u16]) -> Result<()> {
        self.check_writable()?;
        let parent = self.parent_directory(parent)?;
        let directory = parent.reference.record();
        let (base, stored) = self.resolve_by_case(directory, name, parent.case)?;
        if base.0 < RecordNumber::FIRST_USER.0 || directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        if self.is_directory(base)? && !self.is_directory_empty(base)? {
            return Err(InvalidInput::DirectoryNotEmpty.into());
        }
        let NameOfFile {
            at,
            name: found,
            pair,
            others_left,
        } = self.name_of_file(base, directory, &stored)?;
        // A change is told under the long name, by whichever it was asked for.
        let told = match (&pair, found.namespace) {
            (Some(long), Namespace::Dos) => long,
            _ => &found,
        };
        if !others_left {
            self.note_closed(base, told, UsnReason::FILE_DELETE)?;
            self.take_entry(directory, &found.name)?;
            if let Some(pair) = &pair {
                self.take_entry(directory, &pair.name)?;
            }
            self.delete_file(base)?;
        } else {
            self.detach_name(base, at, &found)?;
            if let Some(pair) = &pair {
                let (at, pair) = self.file_name_of(base, directory, &pair.name)?;
                self.detach_name(base, at, &pair)?;
            }
            let now = self.now();
            self.update_information(base, |info| info.times.changed = now)?;
            // The entry that is left may be old from when there were more; now
            // it is the only one and must be right.
            self.refresh_only_name(base)?;
            self.note_closed(base, told, UsnReason::HARD_LINK_CHANGE)?;
        }
        self.touch_directory(directory)
    }

    /// Frees everything a file has: keys in the volume's indexes, clusters,
    /// extension records, the base record.
    pub(crate) fn delete_file(&mut self, base: RecordNumber) -> Result<()> {
        if self.is_plain(base)? {
            return self.free_record(base);
        }
        if let Some(tag) = self.reparse_tag(base)? {
            self.remove_reparse_key(base, tag)?;
        }
        self.remove_object_id_key(base)?;
        let mut records: Vec<RecordNumber> = Vec::new();
        for found in self.all_where(base, |_, _| true)? {
            if found.at.record != base && !records.contains(&found.at.record) {
                records.push(found.at.record);
            }
            let view = found.view()?;
            if view.is_non_resident() && found.at.lowest_vcn == 0 {
                let key_name = view.name_units();
                let key = AttrKey::named(found.at.type_code, &key_name);
                self.free_stream_clusters(base, key)?;
            }
        }
        self.free_list_clusters(base)?;
        for record in records {
            self.free_record(record)?;
        }
        self.free_record(base)
    }

    /// Whether a file has its base record alone: no clusters, no key in an index of
    /// the volume. Files whose bytes fit their record are so.
    fn is_plain(&self, base: RecordNumber) -> Result<bool> {
        let block = self.record(base)?;
        let (mut known, mut reparse) = (false, false);
        for attribute in record::attributes(block.bytes()) {
            let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
            let Some(value) = attribute.resident_value() else {
                return Ok(false);
            };
            match attribute.type_code() {
                AttributeType::STANDARD_INFORMATION => {
                    let info = StandardInformation::decode(value);
                    let place = Place::attribute(base, attribute.type_code());
                    let attributes = info.map_err(|e| place.format(e))?.attributes;
                    reparse |= attributes.contains(FileAttributes::REPARSE_POINT);
                    known = true;
                }
                AttributeType::ATTRIBUTE_LIST | AttributeType::OBJECT_ID => return Ok(false),
                _ => {}
            }
        }
        Ok(known && !reparse)
    }

    fn free_stream_clusters(&mut self, base: RecordNumber, key: AttrKey<'_>) -> Result<()> {
        let Some(StreamBody::NonResident(map)) = self.body(base, key)? else {
            return Ok(());
        };
        if key.type_code == AttributeType::DATA {
            self.free_runs(map.runs.runs())
        } else {
            self.free_cached_runs(map.runs.runs())
        }
    }
}
