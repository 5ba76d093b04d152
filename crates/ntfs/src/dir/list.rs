//! Listing a directory as a stream.

use linkwright_names::NtName;
use linkwright_ntfs_format::file_name::{FileNameView, Namespace};
use linkwright_ntfs_format::index;
use linkwright_ntfs_format::standard_information::{FileAttributes, Times};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::engine::Engine;
use crate::error::{Place, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::collation::Collation;
use crate::index::cursor::Cursor;
use crate::index::search::Found;
use crate::volume::Volume;

/// An entry of a directory. What it says of the file beside its name may be
/// old: an entry is refreshed only when the file is changed through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The file.
    pub file: FileReference,
    /// The name.
    pub name: NtName,
    /// Naming rules; an entry with [`Namespace::Dos`] is the 8.3 name of
    /// another entry.
    pub namespace: Namespace,
    /// Attributes as Win32 has them, the directory bit among them.
    pub attributes: FileAttributes,
    /// Bytes of the unnamed stream.
    pub size: u64,
    /// Allocated bytes of the unnamed stream.
    pub allocated: u64,
    /// The four times.
    pub times: Times,
    /// The tag, when the attributes say that there is a reparse point.
    pub reparse_tag: Option<u32>,
}

impl DirEntry {
    /// Whether the entry is a directory's.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        self.attributes.contains(FileAttributes::DIRECTORY)
    }

    pub(crate) fn from_found(found: &Found, directory: RecordNumber) -> Result<Self> {
        let view =
            FileNameView::new(found.key()).map_err(|e| Place::record(directory).format(e))?;
        let duplicated = view.duplicated();
        let mut attributes = duplicated.attributes;
        attributes.set(
            FileAttributes::DIRECTORY,
            attributes.contains(FileAttributes::FILE_NAME_INDEX),
        );
        attributes.remove(FileAttributes::FILE_NAME_INDEX | FileAttributes::VIEW_INDEX);
        let reparse_tag = attributes
            .contains(FileAttributes::REPARSE_POINT)
            .then_some(duplicated.ea_or_tag);
        Ok(Self {
            file: found.reference(),
            name: NtName::from_units(&view.name_units()),
            namespace: view.namespace(),
            attributes,
            size: duplicated.size,
            allocated: duplicated.allocated,
            times: duplicated.times,
            reparse_tag,
        })
    }
}

/// A place in a listing.
pub(crate) struct DirList {
    directory: RecordNumber,
    cursor: Cursor,
}

impl DirList {
    /// The next entry.
    pub(crate) fn next_entry(&mut self, engine: &Engine) -> Result<Option<DirEntry>> {
        let index = AttributeIndex::open(engine, self.directory, &index::I30)?;
        let found = self
            .cursor
            .next(&index, Collation::FileName(&engine.upcase))?;
        found
            .map(|found| DirEntry::from_found(&found, self.directory))
            .transpose()
    }

    /// The next entries, at most `most`.
    fn next_entries(&mut self, engine: &Engine, most: usize) -> Result<Vec<DirEntry>> {
        let index = AttributeIndex::open(engine, self.directory, &index::I30)?;
        let mut entries = Vec::new();
        while entries.len() < most {
            let Some(found) = self
                .cursor
                .next(&index, Collation::FileName(&engine.upcase))?
            else {
                break;
            };
            entries.push(DirEntry::from_found(&found, self.directory)?);
        }
        Ok(entries)
    }
}

impl Engine {
    /// A listing of a directory from its first entry.
    pub(crate) fn list_from_start(&self, directory: RecordNumber) -> DirList {
        DirList {
            directory,
            cursor: Cursor::first(),
        }
    }

    /// All entries of a directory, for use inside a transaction.
    pub(crate) fn list_all(&self, directory: FileReference) -> Result<Vec<DirEntry>> {
        let base = self.directory(directory)?;
        self.list_from_start(base).next_entries(self, usize::MAX)
    }
}

/// Entries fetched at a time: the lock is free between two fetches.
const BATCH: usize = 128;

/// Iterator over the entries of a directory, in the order of the index (names
/// folded, then raw), 8.3 names among them. Entries that come or go meanwhile
/// may or may not be seen; all others are, once.
pub struct DirIter<'v> {
    volume: &'v Volume,
    list: DirList,
    batch: std::vec::IntoIter<DirEntry>,
    done: bool,
}

impl Iterator for DirIter<'_> {
    type Item = Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.batch.next() {
            return Some(Ok(entry));
        }
        if self.done {
            return None;
        }
        let fetched = self
            .volume
            .read()
            .and_then(|engine| self.list.next_entries(&engine, BATCH));
        match fetched {
            Ok(entries) => {
                self.done = entries.len() < BATCH;
                self.batch = entries.into_iter();
                self.batch.next().map(Ok)
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

impl Volume {
    /// The entries of a directory.
    ///
    /// # Errors
    /// Not a directory, or gone; errors of reading come from the iterator.
    pub fn list(&self, directory: FileReference) -> Result<DirIter<'_>> {
        let engine = self.read()?;
        let base = engine.directory(directory)?;
        let list = engine.list_from_start(base);
        drop(engine);
        Ok(DirIter {
            volume: self,
            list,
            batch: Vec::new().into_iter(),
            done: false,
        })
    }
}

impl core::fmt::Debug for DirIter<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DirIter").finish_non_exhaustive()
    }
}
