//! `MoveFileExW`.

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{
    COPY_FILE_COPY_SYMLINK, COPY_FILE_FAIL_IF_EXISTS, DELETE, FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_ATTRIBUTES,
    MOVEFILE_COPY_ALLOWED, MOVEFILE_CREATE_HARDLINK, MOVEFILE_DELAY_UNTIL_REBOOT,
    MOVEFILE_FAIL_IF_NOT_TRACKABLE, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, SYNCHRONIZE,
};
use crate::nt::create::{Disposition, Request};
use crate::nt::destination::{Caller, Destination, Replacing};
use crate::nt::lookup::{PlainView, View};
use crate::nt::objects::StreamKind;
use crate::path::{Limit, Target};
use crate::{System, Win32Result};

impl System {
    /// `MoveFileExW`: renames a file, directory or link, itself and not what it
    /// leads to.
    ///
    /// # Errors
    /// ERROR_ALREADY_EXISTS without MOVEFILE_REPLACE_EXISTING;
    /// ERROR_ACCESS_DENIED when what is there is a directory, read-only or open;
    /// ERROR_NOT_SAME_DEVICE without MOVEFILE_COPY_ALLOWED, with which a file is
    /// copied and deleted; ERROR_NOT_SUPPORTED for
    /// MOVEFILE_DELAY_UNTIL_REBOOT, which nobody would carry out here.
    pub fn move_file_ex_w(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        flags: u32,
    ) -> Win32Result<()> {
        self.remember(self.move_file(existing, new, flags, &PlainView))
    }

    pub(crate) fn move_file(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        flags: u32,
        view: &dyn View,
    ) -> Win32Result<()> {
        const KNOWN: u32 = MOVEFILE_REPLACE_EXISTING
            | MOVEFILE_COPY_ALLOWED
            | MOVEFILE_DELAY_UNTIL_REBOOT
            | MOVEFILE_WRITE_THROUGH
            | MOVEFILE_CREATE_HARDLINK
            | MOVEFILE_FAIL_IF_NOT_TRACKABLE;
        let has = |flag| flags & flag != 0;
        if flags & !KNOWN != 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        if has(MOVEFILE_DELAY_UNTIL_REBOOT) {
            return Err(match has(MOVEFILE_COPY_ALLOWED) {
                true => Win32Error::INVALID_PARAMETER,
                false => Win32Error::NOT_SUPPORTED,
            });
        }
        let existing = existing.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(existing, Limit::File)?;
        let Target::File(location) = self.locate(&path)? else {
            return Err(NtStatus::INVALID_PARAMETER.into());
        };
        let request = Request {
            location: &location,
            access: match has(MOVEFILE_CREATE_HARDLINK) {
                true => FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
                false => DELETE | SYNCHRONIZE | FILE_READ_ATTRIBUTES,
            },
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Open,
            options: FILE_OPEN_REPARSE_POINT
                | FILE_OPEN_FOR_BACKUP_INTENT
                | FILE_SYNCHRONOUS_IO_NONALERT,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view,
        };
        let (open, _) = self.machine.create(&request)?;
        let is_file = open.kind == StreamKind::Data;
        let result = new
            .ok_or(Win32Error::INVALID_PARAMETER)
            .and_then(|new| self.nt_path(new, Limit::File))
            .and_then(|new| {
                let caller = Caller {
                    token: &self.token(),
                    view,
                };
                let destination = Destination::Path(self.locate(&new));
                let replacing = Replacing {
                    replace: has(MOVEFILE_REPLACE_EXISTING),
                    ..Replacing::default()
                };
                let machine = &self.machine;
                let done = match has(MOVEFILE_CREATE_HARDLINK) {
                    true => machine.link_file(&caller, &open, destination, replacing),
                    false => machine.rename_file(&caller, &open, destination, replacing),
                };
                Ok(done?)
            })
            .and_then(|()| match has(MOVEFILE_WRITE_THROUGH) {
                true => open.fs.sync().map_err(crate::read_write::code),
                false => Ok(()),
            });
        self.machine.close_file(&open);
        match result {
            Err(Win32Error::NOT_SAME_DEVICE) if has(MOVEFILE_COPY_ALLOWED) => match is_file {
                true => self.move_by_copy(existing, new, flags),
                false => Err(Win32Error::ACCESS_DENIED),
            },
            result => result,
        }
    }

    /// MOVEFILE_COPY_ALLOWED: a file is copied, a link itself, and then deleted.
    /// When it cannot be deleted both stay, and the call succeeds all the same.
    fn move_by_copy(&self, existing: &[u16], new: Option<&[u16]>, flags: u32) -> Win32Result<()> {
        let fails = match flags & MOVEFILE_REPLACE_EXISTING {
            0 => COPY_FILE_FAIL_IF_EXISTS,
            _ => 0,
        };
        let copied = self.copy_file_ex_w(
            Some(existing),
            new,
            None,
            None,
            fails | COPY_FILE_COPY_SYMLINK,
        );
        match copied {
            Err(Win32Error::FILE_EXISTS) => return Err(Win32Error::ALREADY_EXISTS),
            copied => copied?,
        }
        // As MoveFileEx documents it: the file may be in both places then.
        self.delete(Some(existing), FILE_NON_DIRECTORY_FILE, &PlainView)
            .unwrap_or_default();
        Ok(())
    }
}
