//! `DeleteFileW` and `RemoveDirectoryW`.

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{
    DELETE, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT,
    FILE_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE,
};
use crate::nt::create::{Disposition, Request};
use crate::nt::disposition::Fate;
use crate::nt::lookup::{PlainView, View};
use crate::path::{Limit, Target};
use crate::{System, Win32Result};

impl System {
    /// `DeleteFileW`: removes a name. A symbolic link goes itself, not what it
    /// leads to; a file that is open goes when the last handle by this name is
    /// closed.
    ///
    /// # Errors
    /// ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND (also for NULL),
    /// ERROR_ACCESS_DENIED (read-only, a directory), ERROR_SHARING_VIOLATION.
    pub fn delete_file_w(&self, name: Option<&[u16]>) -> Win32Result<()> {
        self.remember(self.delete(name, FILE_NON_DIRECTORY_FILE, &PlainView))
    }

    /// `RemoveDirectoryW`: removes an empty directory, a junction or a symbolic
    /// link to a directory.
    ///
    /// # Errors
    /// ERROR_DIR_NOT_EMPTY; ERROR_DIRECTORY for a file; those of
    /// [`System::delete_file_w`].
    pub fn remove_directory_w(&self, name: Option<&[u16]>) -> Win32Result<()> {
        self.remember(self.delete(name, FILE_DIRECTORY_FILE, &PlainView))
    }

    /// Opens the name itself and marks it.
    pub(crate) fn delete(
        &self,
        name: Option<&[u16]>,
        kind: u32,
        view: &dyn View,
    ) -> Win32Result<()> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(name, Limit::File)?;
        let Target::File(location) = self.locate(&path)? else {
            // A device is not deleted.
            return Err(NtStatus::INVALID_PARAMETER.into());
        };
        let request = Request {
            location: &location,
            // No SYNCHRONIZE, which the directory's FILE_DELETE_CHILD would not grant.
            access: DELETE | FILE_READ_ATTRIBUTES,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Open,
            options: kind | FILE_OPEN_FOR_BACKUP_INTENT | FILE_OPEN_REPARSE_POINT,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view,
        };
        let (open, _) = self.machine.create(&request)?;
        let result = self.machine.set_disposition(&open, Fate::Delete);
        self.machine.close_file(&open);
        Ok(result?)
    }
}
