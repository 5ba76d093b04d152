//! FileDispositionInformation and its Ex form (MS-FSA 2.1.5.15.3, 2.1.5.15.4).

use linkwright_codes::NtStatus;
use linkwright_fs::{Attributes, Capabilities};

use super::namespace::{Deletion, LinkId, Namespace};
use super::objects::{FileObject, OnClose, StreamKind};
use super::{status, transaction};
use crate::constants::{
    DELETE, FILE_DELETE_ON_CLOSE, FILE_DISPOSITION_DELETE,
    FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK, FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE,
    FILE_DISPOSITION_ON_CLOSE, FILE_DISPOSITION_POSIX_SEMANTICS,
};
use crate::settings::WindowsVersion;
use crate::system::Machine;

/// What is to happen to the name of a handle when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Keep,
    /// It goes with the last handle of the name.
    Delete,
    /// It goes with this handle.
    DeleteAtOnce,
}

/// Whether the read-only attribute counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOnly {
    Respected,
    Ignored,
}

impl Machine {
    /// Marks the name, or the stream, that a handle was opened by.
    pub(crate) fn set_disposition(&self, open: &FileObject, fate: Fate) -> Result<(), NtStatus> {
        self.dispose(open, fate, ReadOnly::Respected)
    }

    /// The flags of FILE_DISPOSITION_INFORMATION_EX.
    pub(crate) fn set_disposition_flags(
        &self,
        open: &FileObject,
        flags: u32,
    ) -> Result<(), NtStatus> {
        const KNOWN: u32 = FILE_DISPOSITION_DELETE
            | FILE_DISPOSITION_POSIX_SEMANTICS
            | FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK
            | FILE_DISPOSITION_ON_CLOSE
            | FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE;
        let has = |flag| flags & flag != 0;
        let posix = open
            .fs
            .capabilities()
            .contains(Capabilities::POSIX_UNLINK_RENAME);
        let knows_read_only = self.version >= WindowsVersion::WINDOWS_10_1809;
        if flags & !KNOWN != 0
            || !posix
            || has(FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE) && !knows_read_only
        {
            return Err(NtStatus::NOT_SUPPORTED);
        }
        if has(FILE_DISPOSITION_ON_CLOSE) {
            return set_on_close(open, has(FILE_DISPOSITION_DELETE));
        }
        let fate = match (
            has(FILE_DISPOSITION_DELETE),
            has(FILE_DISPOSITION_POSIX_SEMANTICS),
        ) {
            (false, _) => Fate::Keep,
            (true, false) => Fate::Delete,
            (true, true) => Fate::DeleteAtOnce,
        };
        let read_only = match has(FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE) {
            true => ReadOnly::Ignored,
            false => ReadOnly::Respected,
        };
        self.dispose(open, fate, read_only)
    }

    fn dispose(&self, open: &FileObject, fate: Fate, read_only: ReadOnly) -> Result<(), NtStatus> {
        if !open.may(DELETE) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let mut namespace = self.nt.namespace();
        match (open.link, &open.stream_id) {
            (Some(id), _) => check_there(&namespace, id)?,
            (None, Some(_)) => {}
            // Nobody deletes a root.
            (None, None) => return Err(NtStatus::CANNOT_DELETE),
        }
        if fate != Fate::Keep {
            check_deletable(open, read_only)?;
            self.nt.images.check_delete(open, self.version)?;
        }
        if let Some(stream) = &open.stream_id {
            namespace.delete_stream(stream, fate != Fate::Keep);
            return Ok(());
        }
        let id = open.link.ok_or(NtStatus::CANNOT_DELETE)?;
        open.set_posix(fate == Fate::DeleteAtOnce);
        namespace.set_pending(
            id,
            match fate {
                Fate::Keep => Deletion::No,
                Fate::Delete | Fate::DeleteAtOnce => Deletion::Pending,
            },
        );
        Ok(())
    }
}

/// A name that went under POSIX semantics is not there to be marked.
fn check_there(namespace: &Namespace, id: LinkId) -> Result<(), NtStatus> {
    match namespace.link(id).map(|link| link.deletion) {
        Some(Deletion::Gone) | None => Err(NtStatus::FILE_DELETED),
        Some(Deletion::No | Deletion::Pending) => Ok(()),
    }
}

/// FILE_DISPOSITION_ON_CLOSE takes FILE_FLAG_DELETE_ON_CLOSE away or gives it
/// back.
fn set_on_close(open: &FileObject, delete: bool) -> Result<(), NtStatus> {
    if open.options & FILE_DELETE_ON_CLOSE == 0 {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    *open.on_close() = match delete {
        true => OnClose::Delete,
        false => OnClose::Keep,
    };
    Ok(())
}

/// Read-only files and directories with entries are not deleted.
fn check_deletable(open: &FileObject, read_only: ReadOnly) -> Result<(), NtStatus> {
    let stat = open.fs.facts(&open.node).map_err(status::of)?;
    if stat.attributes.contains(Attributes::READ_ONLY) && read_only == ReadOnly::Respected {
        return Err(NtStatus::CANNOT_DELETE);
    }
    let plain = open.kind == StreamKind::Directory && stat.is_plain_directory();
    if plain {
        transaction::check_unpinned(open, NtStatus::TRANSACTIONAL_CONFLICT)?;
        let mut list = open.fs.list(&open.node).map_err(status::of)?;
        if list.next().is_some() {
            return Err(NtStatus::DIRECTORY_NOT_EMPTY);
        }
    }
    Ok(())
}
