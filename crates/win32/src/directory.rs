//! `CreateDirectoryW`.

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{
    FILE_ATTRIBUTE_NORMAL, FILE_DIRECTORY_FILE, FILE_LIST_DIRECTORY, FILE_OPEN_FOR_BACKUP_INTENT,
    FILE_OPEN_REPARSE_POINT, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT,
    SYNCHRONIZE,
};
use crate::nt::create::{Disposition, Request};
use crate::nt::lookup::{PlainView, View};
use crate::path::{Limit, Target};
use crate::{System, Win32Result};

impl System {
    /// `CreateDirectoryW`, with a self-relative descriptor or NULL.
    ///
    /// # Errors
    /// ERROR_ALREADY_EXISTS, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED,
    /// ERROR_FILENAME_EXCED_RANGE where no 8.3 name would fit behind it, ...
    pub fn create_directory_w(
        &self,
        name: Option<&[u16]>,
        security: Option<&[u8]>,
    ) -> Win32Result<()> {
        self.remember(self.make_directory(name, security, &PlainView))
    }

    pub(crate) fn make_directory(
        &self,
        name: Option<&[u16]>,
        security: Option<&[u8]>,
        view: &dyn View,
    ) -> Win32Result<()> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(name, Limit::Directory)?;
        let Target::File(location) = self.locate(&path)? else {
            return Err(NtStatus::NOT_A_DIRECTORY.into());
        };
        let request = Request {
            location: &location,
            access: FILE_LIST_DIRECTORY | SYNCHRONIZE,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE,
            disposition: Disposition::Create,
            options: FILE_DIRECTORY_FILE
                | FILE_SYNCHRONOUS_IO_NONALERT
                | FILE_OPEN_FOR_BACKUP_INTENT
                | FILE_OPEN_REPARSE_POINT,
            attributes: FILE_ATTRIBUTE_NORMAL,
            security,
            link: None,
            token: &self.token(),
            view,
        };
        let (open, _) = self.machine.create(&request)?;
        self.machine.close_file(&open);
        Ok(())
    }
}
