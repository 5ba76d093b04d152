//! Files whose last name has gone while somebody still has them open: they wait
//! in `$Extend\$Deleted`, as on Windows 10.

use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};
use zerocopy::little_endian::U16;

use super::create::{CreateOptions, FileKind};
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::index::directory::NameCase;

/// The directory in `$Extend`.
const DELETED: &str = "$Deleted";

/// Files that an earlier session left are removed in batches of this size.
const BATCH: usize = 64;

impl Engine {
    /// Removes a name. A file that loses its last name by this is kept, without a
    /// name that anybody can find, until [`Self::drop_aside`].
    pub(crate) fn set_aside(&mut self, parent: FileReference, name: &[u16]) -> Result<()> {
        self.check_writable()?;
        let directory = self.directory(parent)?;
        let (base, _, found) = self.resolve_name(directory, name)?;
        if base.0 < RecordNumber::FIRST_USER.0 || directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        if self.is_directory(base)? && !self.is_directory_empty(base)? {
            return Err(InvalidInput::DirectoryNotEmpty.into());
        }
        let names = self.file_names(base)?;
        let long = names
            .iter()
            .filter(|(_, name)| name.namespace != Namespace::Dos);
        if long.count() > 1 {
            return self.remove_name(parent, name);
        }
        let deleted = self.deleted_directory()?;
        let gone = self.detach_with_pair(base, &found)?;
        let now = self.now();
        self.update_information(base, |info| info.times.changed = now)?;
        let file = self.reference_to(base)?;
        let name = FileName {
            parent: self.reference_to(deleted)?,
            duplicated: self.duplicated(base)?,
            namespace: Namespace::Posix,
            name: aside_name(file),
        };
        self.attach_name(file, &name)?;
        self.touch_directory(directory)?;
        // To everybody else the file is gone now.
        self.note_closed(base, &gone, UsnReason::FILE_DELETE)
    }

    /// Removes a file that was set aside.
    pub(crate) fn drop_aside(&mut self, file: FileReference) -> Result<()> {
        self.base_record(file)?;
        let file = self.reference_to(file.record())?;
        let deleted = self.deleted_directory()?;
        let deleted = self.reference_to(deleted)?;
        self.remove_name(deleted, &aside_name(file))
    }

    /// Removes some of what sessions that were cut off had set aside; whether
    /// another call would remove more.
    pub(crate) fn drop_all_aside(&mut self) -> Result<bool> {
        let Some(deleted) = self.find_deleted_directory()? else {
            return Ok(false);
        };
        let deleted = self.reference_to(deleted)?;
        let entries = self.list_all(deleted)?;
        let more = entries.len() > BATCH;
        let mut removed = false;
        for entry in entries.into_iter().take(BATCH) {
            if !entry.is_directory() || self.is_directory_empty(entry.file.record())? {
                self.remove_name(deleted, entry.name.units())?;
                removed = true;
            }
        }
        Ok(more && removed)
    }

    fn find_deleted_directory(&self) -> Result<Option<RecordNumber>> {
        let name: Vec<u16> = DELETED.encode_utf16().collect();
        let found = self.lookup_entry(RecordNumber::EXTEND, &name, NameCase::Insensitive)?;
        Ok(found.map(|found| found.reference().record()))
    }

    /// `$Extend\$Deleted`, made when it is not there (NTFS.md 1.1).
    fn deleted_directory(&mut self) -> Result<RecordNumber> {
        if let Some(found) = self.find_deleted_directory()? {
            return Ok(found);
        }
        let extend = self.reference_to(RecordNumber::EXTEND)?;
        let name: Vec<u16> = DELETED.encode_utf16().collect();
        let made = self.create_anywhere(
            extend,
            &name,
            FileKind::Directory,
            &CreateOptions {
                attributes: linkwright_ntfs_format::standard_information::FileAttributes::HIDDEN
                    | linkwright_ntfs_format::standard_information::FileAttributes::SYSTEM,
                ..CreateOptions::default()
            },
        )?;
        self.modify_header(made.record(), |header| {
            let flags = header.flags() | RecordFlags::IN_EXTEND;
            header.flags = U16::new(flags.bits());
        })?;
        Ok(made.record())
    }
}

/// Record and sequence number, in digits: no two files have the same.
fn aside_name(file: FileReference) -> Vec<u16> {
    let number = u64::from(file.sequence().0) << 48 | file.record().0;
    format!("{number:024X}").encode_utf16().collect()
}
