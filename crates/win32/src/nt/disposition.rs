//! FileDispositionInformation (MS-FSA 2.1.5.15.3).

use linkwright_codes::NtStatus;
use linkwright_fs::Attributes;

use super::namespace::Deletion;
use super::objects::{FileObject, StreamKind};
use super::status;
use crate::constants::DELETE;
use crate::system::Machine;

/// What is to happen to the name of a handle when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Keep,
    /// It goes.
    Delete,
}

impl Machine {
    /// Marks the name, or the stream, that a handle was opened by.
    pub(crate) fn set_disposition(&self, open: &FileObject, fate: Fate) -> Result<(), NtStatus> {
        if !open.may(DELETE) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let mut namespace = self.nt.namespace();
        if fate == Fate::Delete {
            check_deletable(open)?;
        }
        if let Some(stream) = &open.stream_id {
            namespace.delete_stream(stream, fate == Fate::Delete);
            return Ok(());
        }
        let Some(id) = open.link else {
            return Err(NtStatus::CANNOT_DELETE);
        };
        let before = namespace.link(id).map(|link| link.deletion);
        match (before, fate) {
            (Some(Deletion::Gone) | None, _) => Err(NtStatus::FILE_DELETED),
            (_, Fate::Delete) => {
                namespace.set_pending(id, Deletion::Pending);
                Ok(())
            }
            (_, Fate::Keep) => {
                namespace.set_pending(id, Deletion::No);
                Ok(())
            }
        }
    }
}

/// Read-only files and directories with entries are not deleted.
fn check_deletable(open: &FileObject) -> Result<(), NtStatus> {
    let stat = open.fs.stat(&open.node).map_err(status::of)?;
    if stat.attributes.contains(Attributes::READ_ONLY) {
        return Err(NtStatus::CANNOT_DELETE);
    }
    let plain = open.kind == StreamKind::Directory && stat.is_plain_directory();
    if plain {
        let mut list = open.fs.list(&open.node).map_err(status::of)?;
        if list.next().is_some() {
            return Err(NtStatus::DIRECTORY_NOT_EMPTY);
        }
    }
    Ok(())
}
