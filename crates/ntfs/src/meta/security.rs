//! Security descriptors: `$Secure` and the ids that files carry.

use linkwright_ntfs_format::{RecordNumber, SecurityId};

use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::link::FileKind;

/// Descriptors looked up or made, by id and hash.
#[derive(Debug, Default)]
pub(crate) struct SecurityCache;

impl Engine {
    /// The security id of a new child of `parent`.
    pub(crate) fn security_of_child(
        &mut self,
        parent: RecordNumber,
        _kind: FileKind,
    ) -> Result<SecurityId> {
        Ok(self.standard_information(parent)?.1.security_id())
    }

    /// The id of a self-relative descriptor, which is added when it is new.
    pub(crate) fn security_id_for(&mut self, _descriptor: &[u8]) -> Result<SecurityId> {
        Err(InvalidInput::InvalidSecurityDescriptor.into())
    }
}
