//! What a directory's own record says that every change in it needs.

use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::{FileReference, SecurityId};

use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::index::directory::NameCase;
use crate::record::header_of;

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
    pub(crate) fn parent_directory(&self, file: FileReference) -> Result<ParentDirectory> {
        let block = self.base_record(file)?;
        let base = file.record();
        let header = header_of(&block, base)?;
        if !header.flags().contains(RecordFlags::DIRECTORY) {
            return Err(InvalidInput::NotADirectory.into());
        }
        let (_, info) = self.information_in(base, &block)?;
        Ok(ParentDirectory {
            reference: FileReference::new(base, header.sequence()),
            case: match info.is_case_sensitive_directory() {
                true => NameCase::Sensitive,
                false => NameCase::Insensitive,
            },
            security_id: info.security_id(),
        })
    }
}
