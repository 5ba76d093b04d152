//! Single entries of a directory.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{Duplicated, FileName};
use linkwright_ntfs_format::index::{self, ENTRY_HEADER_LEN, encode_name_entry};
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::{FileReference, RecordNumber, SequenceNumber};

use super::DirEntry;
use super::waiting::Fate;

use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::directory::{self, NameCase};
use crate::index::insert::{Change, Insertion};
use crate::index::search::Found;
use crate::record::header_of;

impl Engine {
    /// The directory that a reference names.
    pub(crate) fn directory(&self, file: FileReference) -> Result<RecordNumber> {
        let block = self.base_record(file)?;
        let base = file.record();
        if !header_of(&*block, base)?
            .flags()
            .contains(RecordFlags::DIRECTORY)
        {
            return Err(InvalidInput::NotADirectory.into());
        }
        Ok(base)
    }

    /// How a directory tells names apart.
    pub(crate) fn name_case(&self, directory: RecordNumber) -> Result<NameCase> {
        if let Some(case) = self.memo.case(directory) {
            return Ok(case);
        }
        let (_, info) = self.standard_information(directory)?;
        Ok(if info.is_case_sensitive_directory() {
            NameCase::Sensitive
        } else {
            NameCase::Insensitive
        })
    }

    /// The entry of a name.
    pub(crate) fn lookup_entry(
        &self,
        directory: RecordNumber,
        name: &[u16],
        case: NameCase,
    ) -> Result<Option<Found>> {
        let index = AttributeIndex::open(self, directory, &index::I30)?;
        directory::lookup(&index, &self.upcase, name, case)
    }

    /// Adds the entry of a name; [`InvalidInput::NameCollision`] when it is
    /// taken. Returns the key, which is the name's attribute too.
    pub(crate) fn add_entry(&mut self, name: &FileName, file: FileReference) -> Result<Vec<u8>> {
        let parent = name.parent.record();
        let (mut entry, key_len) =
            encode_name_entry(file, name).map_err(|e| Place::record(file.record()).format(e))?;
        if self.let_wait(parent, &name.name, &entry)? == Fate::Direct {
            self.put_entry(parent, &entry)?;
        }
        // What is left of the entry is its key.
        entry.drain(..ENTRY_HEADER_LEN);
        entry.truncate(key_len);
        Ok(entry)
    }

    fn put_entry(&mut self, directory: RecordNumber, entry: &[u8]) -> Result<()> {
        let upcase = Arc::clone(&self.upcase);
        let mut index = AttributeIndex::open(&mut *self, directory, &index::I30)?;
        let case = index.name_case()?;
        match directory::add(&mut index, &upcase, entry, case)? {
            Insertion::Done => {
                index.close();
                Ok(())
            }
            Insertion::Exists => Err(InvalidInput::NameCollision.into()),
        }
    }

    /// Takes out the entry of exactly this name.
    pub(crate) fn take_entry(&mut self, directory: RecordNumber, name: &[u16]) -> Result<()> {
        let upcase = Arc::clone(&self.upcase);
        let mut index = AttributeIndex::open(&mut *self, directory, &index::I30)?;
        match directory::take(&mut index, &upcase, name)? {
            Some(()) => {
                index.close();
                Ok(())
            }
            None => Err(Place::attribute(directory, AttributeType::INDEX_ROOT)
                .corrupt(CorruptKind::NameWithoutEntry)),
        }
    }

    /// Writes fresh information into the entry of exactly this name.
    pub(crate) fn refresh_entry(
        &mut self,
        directory: RecordNumber,
        name: &[u16],
        fresh: &Duplicated,
    ) -> Result<()> {
        let upcase = Arc::clone(&self.upcase);
        let mut index = AttributeIndex::open(&mut *self, directory, &index::I30)?;
        match directory::refresh(&mut index, &upcase, name, fresh)? {
            Change::Done => {
                index.close();
                Ok(())
            }
            Change::Missing => Err(Place::attribute(directory, AttributeType::INDEX_ROOT)
                .corrupt(CorruptKind::NameWithoutEntry)),
        }
    }

    /// Whether a directory has no entries.
    pub(crate) fn is_directory_empty(&self, base: RecordNumber) -> Result<bool> {
        let found = self.need(base, AttrKey::i30(AttributeType::INDEX_ROOT))?;
        let node = index::root_node(found.resident()?).map_err(|e| found.place().format(e))?;
        if !node.has_children() {
            let first = node
                .entries()
                .next()
                .transpose()
                .map_err(|e| found.place().format(e))?;
            return Ok(first.is_none_or(|entry| entry.is_last()));
        }
        let mut list = self.list_from_start(base);
        Ok(list.next_entry(self)?.is_none())
    }

    /// The entry of a name as the directory tells names apart.
    pub(crate) fn lookup(&self, parent: FileReference, name: &[u16]) -> Result<Option<DirEntry>> {
        let directory = self.directory(parent)?;
        let case = self.name_case(directory)?;
        let found = self.lookup_entry(directory, name, case)?;
        found
            .map(|found| DirEntry::from_found(&found, directory))
            .transpose()
    }

    /// The file of a record number.
    pub(crate) fn file_by_record(&self, record: RecordNumber) -> Result<FileReference> {
        if record.0 >= self.record_count() {
            return Err(InvalidInput::StaleReference.into());
        }
        let file = FileReference::new(record, SequenceNumber(0));
        self.base_record(file)?;
        self.reference_to(record)
    }
}
