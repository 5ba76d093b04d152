//! The `...TransactedA` functions: names in the ANSI code page of the process.

use crate::structures::Win32FileAttributeData;
use crate::{FindDataA, Handle, System, Win32Result};

impl System {
    /// `CreateFileTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::create_file_transacted_w`].
    #[expect(clippy::too_many_arguments, reason = "the SDK's function has ten")]
    pub fn create_file_transacted_a(
        &self,
        name: Option<&[u8]>,
        access: u32,
        share: u32,
        security: Option<&[u8]>,
        disposition: u32,
        flags: u32,
        template: Option<Handle>,
        transaction: Handle,
        mini_version: Option<u16>,
    ) -> Win32Result<Handle> {
        let name = self.first_name(name)?;
        self.create_file_transacted_w(
            name.as_deref(),
            access,
            share,
            security,
            disposition,
            flags,
            template,
            transaction,
            mini_version,
        )
    }

    /// `CreateHardLinkTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long new name, and those of
    /// [`System::create_hard_link_transacted_w`].
    pub fn create_hard_link_transacted_a(
        &self,
        new: Option<&[u8]>,
        existing: Option<&[u8]>,
        security: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let new = self.first_name(new)?;
        let existing = self.other_name(existing);
        self.create_hard_link_transacted_w(
            new.as_deref(),
            existing.as_deref(),
            security,
            transaction,
        )
    }

    /// `CreateSymbolicLinkTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long link name, and those of
    /// [`System::create_symbolic_link_transacted_w`].
    pub fn create_symbolic_link_transacted_a(
        &self,
        link: Option<&[u8]>,
        target: Option<&[u8]>,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        let link = self.first_name(link)?;
        let target = self.other_name(target);
        self.create_symbolic_link_transacted_w(
            link.as_deref(),
            target.as_deref(),
            flags,
            transaction,
        )
    }

    /// `DeleteFileTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::delete_file_transacted_w`].
    pub fn delete_file_transacted_a(
        &self,
        name: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.delete_file_transacted_w(name.as_deref(), transaction)
    }

    /// `CreateDirectoryTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long template, and those of
    /// [`System::create_directory_transacted_w`].
    pub fn create_directory_transacted_a(
        &self,
        template: Option<&[u8]>,
        name: Option<&[u8]>,
        security: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let template = self.first_name(template)?;
        let name = self.other_name(name);
        self.create_directory_transacted_w(
            template.as_deref(),
            name.as_deref(),
            security,
            transaction,
        )
    }

    /// `RemoveDirectoryTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::remove_directory_transacted_w`].
    pub fn remove_directory_transacted_a(
        &self,
        name: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.remove_directory_transacted_w(name.as_deref(), transaction)
    }

    /// `MoveFileTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long existing name, and those of
    /// [`System::move_file_transacted_w`].
    pub fn move_file_transacted_a(
        &self,
        existing: Option<&[u8]>,
        new: Option<&[u8]>,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        let existing = self.first_name(existing)?;
        let new = self.other_name(new);
        self.move_file_transacted_w(existing.as_deref(), new.as_deref(), flags, transaction)
    }

    /// `FindFirstFileTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::find_first_file_transacted_w`].
    pub fn find_first_file_transacted_a(
        &self,
        name: Option<&[u8]>,
        level: u32,
        operation: u32,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<(Handle, FindDataA)> {
        let name = self.first_name(name)?;
        let (handle, data) = self.find_first_file_transacted_w(
            name.as_deref(),
            level,
            operation,
            flags,
            transaction,
        )?;
        Ok((handle, self.find_data_a(&data)))
    }

    /// `GetFileAttributesTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::get_file_attributes_transacted_w`].
    pub fn get_file_attributes_transacted_a(
        &self,
        name: Option<&[u8]>,
        level: u32,
        transaction: Handle,
    ) -> Win32Result<Win32FileAttributeData> {
        let name = self.first_name(name)?;
        self.get_file_attributes_transacted_w(name.as_deref(), level, transaction)
    }

    /// `SetFileAttributesTransactedA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::set_file_attributes_transacted_w`].
    pub fn set_file_attributes_transacted_a(
        &self,
        name: Option<&[u8]>,
        attributes: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.set_file_attributes_transacted_w(name.as_deref(), attributes, transaction)
    }
}
