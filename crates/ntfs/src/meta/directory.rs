//! What a directory's own record says that every change in it needs.

use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, SecurityId};

use super::information::first_information;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result};
use crate::index::directory::NameCase;

/// A directory that names come to and go from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParentDirectory {
    /// The directory as it is now.
    pub(crate) reference: FileReference,
    /// How it tells names apart.
    pub(crate) case: NameCase,
    /// Key into `$Secure`.
    pub(crate) security_id: SecurityId,
}

impl Engine {
    /// The directory that a reference names.
    pub(crate) fn parent_directory(&mut self, file: FileReference) -> Result<ParentDirectory> {
        let base = file.record();
        let bytes = self.base_bytes(file)?;
        let header = record::header(bytes).map_err(|e| Place::record(base).format(e))?;
        if !header.flags().contains(RecordFlags::DIRECTORY) {
            return Err(InvalidInput::NotADirectory.into());
        }
        let reference = FileReference::new(base, header.sequence());
        let info = match first_information(base, bytes)? {
            Some((_, info)) => info,
            None => self.standard_information(base)?.1,
        };
        Ok(ParentDirectory {
            reference,
            case: match info.is_case_sensitive_directory() {
                true => NameCase::Sensitive,
                false => NameCase::Insensitive,
            },
            security_id: info.security_id(),
        })
    }
}
