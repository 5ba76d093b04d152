//! Change notification, which no volume here gives: refused with a code.

use linkwright_codes::Win32Error;

use crate::handles::Handle;
use crate::nt::objects::FileObject;
use crate::{System, Win32Result};

impl System {
    /// `FindFirstChangeNotificationW`: nothing here tells of changes.
    ///
    /// # Errors
    /// ERROR_NOT_SUPPORTED always, as from a file system without notification;
    /// ERROR_PATH_NOT_FOUND and ERROR_FILE_NOT_FOUND for what is not there.
    pub fn find_first_change_notification_w(
        &self,
        name: Option<&[u16]>,
        _subtree: bool,
        _filter: u32,
    ) -> Win32Result<Handle> {
        self.get_file_attributes_w(name)?;
        self.remember(Err(Win32Error::NOT_SUPPORTED))
    }

    /// `FindFirstChangeNotificationA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::find_first_change_notification_w`].
    pub fn find_first_change_notification_a(
        &self,
        name: Option<&[u8]>,
        subtree: bool,
        filter: u32,
    ) -> Win32Result<Handle> {
        let name = self.first_name(name)?;
        self.find_first_change_notification_w(name.as_deref(), subtree, filter)
    }

    /// `ReadDirectoryChangesW`: nothing here tells of changes.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE for what is no open file or directory, else
    /// ERROR_NOT_SUPPORTED.
    pub fn read_directory_changes_w(&self, directory: Handle, _filter: u32) -> Win32Result<u32> {
        self.remember(match self.object::<FileObject>(directory) {
            Ok(_) => Err(Win32Error::NOT_SUPPORTED),
            Err(_) => Err(Win32Error::INVALID_HANDLE),
        })
    }
}
