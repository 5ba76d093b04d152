//! Links that are copied themselves (COPY_FILE_COPY_SYMLINK,
//! COPY_FILE_OPEN_AND_COPY_REPARSE_POINT).

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::{LinkContent, ReparseBuffer};

use super::Flags;
use crate::constants::{
    COPY_FILE_FAIL_IF_EXISTS, COPY_FILE_OPEN_AND_COPY_REPARSE_POINT, DELETE, FILE_DIRECTORY_FILE,
    FILE_NON_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_ATTRIBUTES, SYNCHRONIZE,
};
use crate::nt::create::{Action, Disposition, NewLink, Request};
use crate::nt::disposition::Fate;
use crate::nt::lookup::PlainView;
use crate::nt::objects::{FileObject, StreamKind};
use crate::nt::status;
use crate::opening::{ShortOpen, Wanted};
use crate::path::Location;
use crate::{System, Win32Result};

impl System {
    /// What an open link holds, when links like it are copied themselves.
    pub(super) fn link_of(
        &self,
        open: &FileObject,
        flags: Flags,
    ) -> Win32Result<Option<LinkContent>> {
        let content = open.fs.link(&open.node).map_err(status::of)?;
        let any = flags.has(COPY_FILE_OPEN_AND_COPY_REPARSE_POINT);
        Ok(content.filter(|content| any || is_symbolic(content)))
    }

    /// The same link under another name, in place of a link that is there.
    pub(super) fn copy_link(
        &self,
        source: &FileObject,
        content: LinkContent,
        new: Option<&[u16]>,
        flags: Flags,
    ) -> Win32Result<()> {
        let location = self.file_location(new)?;
        let privilege = match is_symbolic(&content) {
            true => self.link_privilege(0),
            false => Ok(()),
        };
        privilege?;
        self.clear_link(&location, flags)?;
        let (kind, disposition) = match source.kind {
            StreamKind::Directory => (FILE_DIRECTORY_FILE, Disposition::Create),
            StreamKind::Data => (FILE_NON_DIRECTORY_FILE, Disposition::OverwriteIf),
        };
        let attributes = source.fs.stat(&source.node).map_err(status::of)?.attributes;
        let request = Request {
            location: &location,
            access: FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition,
            options: kind
                | FILE_OPEN_REPARSE_POINT
                | FILE_OPEN_FOR_BACKUP_INTENT
                | FILE_SYNCHRONOUS_IO_NONALERT,
            attributes: attributes.bits(),
            security: None,
            link: Some(NewLink {
                content: Ok(content.clone()),
                privilege,
            }),
            token: &self.token(),
            view: &PlainView,
        };
        match self.machine.create(&request) {
            Ok((open, Action::Created)) => {
                self.machine.close_file(&open);
                Ok(())
            }
            // A file that was there, empty now, becomes the link under all of its
            // names.
            Ok((open, _)) => {
                let open = ShortOpen::new(self, open);
                Ok(open.fs.set_link(&open.node, &content).map_err(status::of)?)
            }
            Err(NtStatus::OBJECT_NAME_COLLISION) => Err(Win32Error::FILE_EXISTS),
            Err(status) => Err(status.to_win32()),
        }
    }

    /// Takes a link away that the copy is to replace. A directory stays, and so
    /// does anything when the copy is to fail where something is.
    pub(super) fn clear_link(&self, location: &Location, flags: Flags) -> Win32Result<()> {
        let wanted = Wanted {
            access: DELETE | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        let open = match self.open_location(location, wanted, &PlainView) {
            Ok(open) => open,
            // What is wrong with the place is told when the copy is made.
            Err(NtStatus::OBJECT_NAME_NOT_FOUND) => return Ok(()),
            Err(status) => return Err(status.to_win32()),
        };
        if flags.has(COPY_FILE_FAIL_IF_EXISTS) {
            return Err(Win32Error::FILE_EXISTS);
        }
        let is_link = open.fs.link(&open.node).map_err(status::of)?.is_some();
        match (is_link, open.kind) {
            (false, StreamKind::Directory) => Err(Win32Error::ACCESS_DENIED),
            (false, StreamKind::Data) => Ok(()),
            (true, _) => Ok(self.machine.set_disposition(&open, Fate::Delete)?),
        }
    }
}

fn is_symbolic(content: &LinkContent) -> bool {
    matches!(
        content,
        LinkContent::Posix(_) | LinkContent::Reparse(ReparseBuffer::SymbolicLink(_))
    )
}
