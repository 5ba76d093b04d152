//! Reparse points: the attribute, its entry in `$Extend\$Reparse`, and the
//! marks in directory entries.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::index::encode_view_entry;
use linkwright_ntfs_format::reparse_index::ReparseKey;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};
use linkwright_reparse::{MAX_REPARSE_BYTES, OtherReparse, ReparseBuffer, ReparseTag};

use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::collation::{Collation, KeyProbe};
use crate::index::insert::{Insertion, insert};
use crate::index::remove::remove;

const POINT: AttrKey<'static> = AttrKey::unnamed(AttributeType::REPARSE_POINT);

/// The name of the index of `$Extend\$Reparse`.
const R: [u16; 2] = [0x24, 0x52];

/// What is known of a reparse buffer without its tag's own rules.
struct Header {
    tag: u32,
    guid: Option<[u8; 16]>,
}

fn header(bytes: &[u8]) -> Result<Header> {
    let other = OtherReparse::decode(bytes).map_err(|_| InvalidInput::InvalidReparseData)?;
    Ok(Header {
        tag: other.tag().0,
        guid: other.guid(),
    })
}

impl Engine {
    /// The bytes of a file's reparse point.
    pub(crate) fn reparse_bytes(&self, base: RecordNumber) -> Result<Option<Vec<u8>>> {
        self.read_value(base, POINT, MAX_REPARSE_BYTES)
    }

    /// The reparse point of a file; one whose data does not follow its tag's
    /// rules is given as it lies.
    pub(crate) fn reparse_point(&self, file: FileReference) -> Result<Option<ReparseBuffer>> {
        self.base_record(file)?;
        let Some(bytes) = self.reparse_bytes(file.record())? else {
            return Ok(None);
        };
        let whole = ReparseBuffer::decode(&bytes).ok();
        Ok(whole.or_else(|| OtherReparse::decode(&bytes).ok().map(ReparseBuffer::Other)))
    }

    /// Sets or replaces a reparse point (MS-FSA 2.1.5.10.37).
    pub(crate) fn set_reparse_point(&mut self, file: FileReference, bytes: &[u8]) -> Result<()> {
        self.check_content_change(file)?;
        if bytes.len() > MAX_REPARSE_BYTES {
            return Err(InvalidInput::InvalidReparseData.into());
        }
        let new = header(bytes)?;
        // Symbolic links and mount points must be of their form; others are
        // their owners' business.
        if [ReparseTag::SYMLINK.0, ReparseTag::MOUNT_POINT.0].contains(&new.tag)
            && ReparseBuffer::decode(bytes).is_err()
        {
            return Err(InvalidInput::InvalidReparseData.into());
        }
        let base = file.record();
        let directory = self.is_directory(base)?;
        if directory && !self.is_directory_empty(base)? && new.tag & DIRECTORY_BIT == 0 {
            return Err(InvalidInput::DirectoryNotEmpty.into());
        }
        if self
            .find(base, AttrKey::unnamed(AttributeType::EA))?
            .is_some()
        {
            return Err(InvalidInput::ReparseConflict.into());
        }
        if let Some(old) = self.reparse_bytes(base)? {
            let old = header(&old)?;
            if old.tag != new.tag || old.guid != new.guid {
                return Err(InvalidInput::ReparseTagMismatch.into());
            }
        } else {
            self.add_reparse_key(base, new.tag)?;
        }
        self.put_value(base, POINT, bytes)?;
        let now = self.now();
        self.update_information(base, |info| {
            info.attributes.insert(FileAttributes::REPARSE_POINT);
            if !directory {
                info.attributes.insert(FileAttributes::ARCHIVE);
            }
            info.times.changed = now;
        })?;
        self.refresh_all_names(base)?;
        self.note_change(base, UsnReason::REPARSE_POINT_CHANGE)
    }

    /// Removes a reparse point; `tag` and `guid` must be the ones it has
    /// (MS-FSA 2.1.5.10.7).
    pub(crate) fn delete_reparse_point(
        &mut self,
        file: FileReference,
        tag: u32,
        guid: Option<[u8; 16]>,
    ) -> Result<()> {
        self.check_content_change(file)?;
        let base = file.record();
        let old = self
            .reparse_bytes(base)?
            .ok_or(InvalidInput::NotAReparsePoint)?;
        let old = header(&old)?;
        if old.tag != tag || old.guid != guid {
            return Err(InvalidInput::ReparseTagMismatch.into());
        }
        self.remove_reparse_key(base, tag)?;
        if let Some(map) = self.remove_stream(base, POINT)? {
            self.free_cached_runs(map.runs.runs())?;
        }
        let now = self.now();
        self.update_information(base, |info| {
            info.attributes.remove(FileAttributes::REPARSE_POINT);
            info.times.changed = now;
        })?;
        self.refresh_all_names(base)?;
        self.note_change(base, UsnReason::REPARSE_POINT_CHANGE)
    }

    fn reparse_key(&self, base: RecordNumber, tag: u32) -> Result<[u8; ReparseKey::LEN]> {
        Ok(ReparseKey {
            tag,
            file: self.reference_to(base)?,
        }
        .encode())
    }

    fn add_reparse_key(&mut self, base: RecordNumber, tag: u32) -> Result<()> {
        let Some(owner) = self.extend_file("$Reparse")? else {
            return Ok(());
        };
        let key = self.reparse_key(base, tag)?;
        let entry = encode_view_entry(&key, &[])
            .map_err(|e| crate::error::Place::record(owner).format(e))?;
        let mut index = AttributeIndex::open(&mut *self, owner, &R)?;
        let probe = KeyProbe {
            order: Collation::Ulongs,
            key: &key,
        };
        // A key left behind by somebody else is as good as a new one.
        match insert(&mut index, &probe, &entry)? {
            Insertion::Done | Insertion::Exists => Ok(()),
        }
    }

    /// Takes a file's key out of `$Extend\$Reparse`.
    pub(crate) fn remove_reparse_key(&mut self, base: RecordNumber, tag: u32) -> Result<()> {
        let Some(owner) = self.extend_file("$Reparse")? else {
            return Ok(());
        };
        let key = self.reparse_key(base, tag)?;
        let mut index = AttributeIndex::open(&mut *self, owner, &R)?;
        let probe = KeyProbe {
            order: Collation::Ulongs,
            key: &key,
        };
        remove(&mut index, Collation::Ulongs, &probe).map(|_| ())
    }
}

/// Bit of a tag that allows it on a directory with entries (MS-FSCC 2.1.2.1).
const DIRECTORY_BIT: u32 = 0x1000_0000;
