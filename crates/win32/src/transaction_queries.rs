//! What a transaction sees: the `...Transacted` functions that ask, and that of
//! attributes.

use linkwright_codes::Win32Error;

use crate::constants::GET_FILE_EX_INFO_STANDARD;
use crate::structures::{Win32FileAttributeData, Win32FindData};
use crate::{Handle, System, Win32Result};

impl System {
    /// `FindFirstFileTransactedW`; see [`System::find_first_file_ex_w`]. What
    /// others add to the directory is seen at once.
    ///
    /// # Errors
    /// Those of [`System::find_first_file_ex_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn find_first_file_transacted_w(
        &self,
        name: Option<&[u16]>,
        level: u32,
        operation: u32,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<(Handle, Win32FindData)> {
        let found = self
            .transacted(transaction)
            .and_then(|view| self.find_first_ex(name, level, operation, flags, &view));
        self.remember(found)
    }

    /// `GetFileAttributesTransactedW`; the one `level` is GetFileExInfoStandard (0).
    ///
    /// # Errors
    /// Those of [`System::get_file_attributes_ex_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn get_file_attributes_transacted_w(
        &self,
        name: Option<&[u16]>,
        level: u32,
        transaction: Handle,
    ) -> Win32Result<Win32FileAttributeData> {
        self.remember(self.transacted(transaction).and_then(|view| match level {
            GET_FILE_EX_INFO_STANDARD => self.full_attributes(name, &view),
            _ => Err(Win32Error::INVALID_PARAMETER),
        }))
    }

    /// `SetFileAttributesTransactedW`.
    ///
    /// # Errors
    /// Those of [`System::set_file_attributes_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn set_file_attributes_transacted_w(
        &self,
        name: Option<&[u16]>,
        attributes: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        self.remember(
            self.transacted(transaction)
                .and_then(|view| self.set_attributes(name, attributes, &view)),
        )
    }
}
