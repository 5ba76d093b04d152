//! The `A` functions of queries, searches and copies, over those of the names in
//! `ansi`.

use std::sync::atomic::AtomicBool;

use crate::copy::ProgressRoutine;
use crate::structures::{FileTime, Win32FileAttributeData, Win32FindData};
use crate::{Handle, System, Win32Result};

/// What `FindFirstFileA` tells of an entry (WIN32_FIND_DATAA).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindDataA {
    /// dwFileAttributes.
    pub file_attributes: u32,
    /// Creation, last access, last write.
    pub times: [FileTime; 3],
    /// nFileSizeHigh and nFileSizeLow (in bytes).
    pub size: u64,
    /// dwReserved0: the tag of a reparse point.
    pub reserved0: u32,
    /// cFileName, without NUL.
    pub file_name: Vec<u8>,
    /// cAlternateFileName, without NUL.
    pub alternate_file_name: Vec<u8>,
}

/// One of the `W` functions that rewrite a path.
type Rewrite = fn(&System, Option<&[u16]>, &mut [u16]) -> Win32Result<u32>;

impl System {
    pub(crate) fn find_data_a(&self, data: &Win32FindData) -> FindDataA {
        FindDataA {
            file_attributes: data.file_attributes,
            times: [
                data.creation_time,
                data.last_access_time,
                data.last_write_time,
            ],
            size: data.size(),
            reserved0: data.reserved0,
            file_name: self.process.code_page.encode(data.name()),
            alternate_file_name: self.process.code_page.encode(data.alternate_name()),
        }
    }

    /// `GetFileAttributesA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::get_file_attributes_w`].
    pub fn get_file_attributes_a(&self, name: Option<&[u8]>) -> Win32Result<u32> {
        let name = self.first_name(name)?;
        self.get_file_attributes_w(name.as_deref())
    }

    /// `GetFileAttributesExA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of
    /// [`System::get_file_attributes_ex_w`].
    pub fn get_file_attributes_ex_a(
        &self,
        name: Option<&[u8]>,
        level: u32,
    ) -> Win32Result<Win32FileAttributeData> {
        let name = self.first_name(name)?;
        self.get_file_attributes_ex_w(name.as_deref(), level)
    }

    /// `SetFileAttributesA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::set_file_attributes_w`].
    pub fn set_file_attributes_a(&self, name: Option<&[u8]>, attributes: u32) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.set_file_attributes_w(name.as_deref(), attributes)
    }

    /// `FindFirstFileA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::find_first_file_w`].
    pub fn find_first_file_a(&self, name: Option<&[u8]>) -> Win32Result<(Handle, FindDataA)> {
        let name = self.first_name(name)?;
        let (handle, data) = self.find_first_file_w(name.as_deref())?;
        Ok((handle, self.find_data_a(&data)))
    }

    /// `FindFirstFileExA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::find_first_file_ex_w`].
    pub fn find_first_file_ex_a(
        &self,
        name: Option<&[u8]>,
        level: u32,
        operation: u32,
        flags: u32,
    ) -> Win32Result<(Handle, FindDataA)> {
        let name = self.first_name(name)?;
        let (handle, data) = self.find_first_file_ex_w(name.as_deref(), level, operation, flags)?;
        Ok((handle, self.find_data_a(&data)))
    }

    /// `FindNextFileA`.
    ///
    /// # Errors
    /// Those of [`System::find_next_file_w`].
    pub fn find_next_file_a(&self, handle: Handle) -> Win32Result<FindDataA> {
        let data = self.find_next_file_w(handle)?;
        Ok(self.find_data_a(&data))
    }

    /// `GetFinalPathNameByHandleA`.
    ///
    /// # Errors
    /// Those of [`System::get_final_path_name_by_handle_w`].
    pub fn get_final_path_name_by_handle_a(
        &self,
        handle: Handle,
        buffer: &mut [u8],
        flags: u32,
    ) -> Win32Result<u32> {
        let path = self.remember(self.final_path(handle, flags))?;
        Ok(self.give_ansi(&path, buffer))
    }

    /// `GetLongPathNameA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::get_long_path_name_w`].
    pub fn get_long_path_name_a(&self, path: Option<&[u8]>, buffer: &mut [u8]) -> Win32Result<u32> {
        let path = self.first_name(path)?;
        self.rewritten_a(path, buffer, Self::get_long_path_name_w)
    }

    /// `GetShortPathNameA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::get_short_path_name_w`].
    pub fn get_short_path_name_a(
        &self,
        path: Option<&[u8]>,
        buffer: &mut [u8],
    ) -> Win32Result<u32> {
        let path = self.first_name(path)?;
        self.rewritten_a(path, buffer, Self::get_short_path_name_w)
    }

    fn rewritten_a(
        &self,
        path: Option<Vec<u16>>,
        buffer: &mut [u8],
        rewrite: Rewrite,
    ) -> Win32Result<u32> {
        // As long as any path can be.
        let mut wide = vec![0; linkwright_names::path::MAX_PATH_UNITS + 1];
        let length = rewrite(self, path.as_deref(), &mut wide)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(self.give_ansi(wide.get(..length).unwrap_or_default(), buffer))
    }

    /// `GetFileSecurityA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::get_file_security_w`].
    pub fn get_file_security_a(
        &self,
        name: Option<&[u8]>,
        requested: u32,
        buffer: &mut [u8],
        needed: &mut u32,
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.get_file_security_w(name.as_deref(), requested, buffer, needed)
    }

    /// `SetFileSecurityA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::set_file_security_w`].
    pub fn set_file_security_a(
        &self,
        name: Option<&[u8]>,
        given: u32,
        descriptor: &[u8],
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.set_file_security_w(name.as_deref(), given, descriptor)
    }

    /// `MoveFileExA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long existing name, and those of
    /// [`System::move_file_ex_w`].
    pub fn move_file_ex_a(
        &self,
        existing: Option<&[u8]>,
        new: Option<&[u8]>,
        flags: u32,
    ) -> Win32Result<()> {
        let existing = self.first_name(existing)?;
        let new = self.other_name(new);
        self.move_file_ex_w(existing.as_deref(), new.as_deref(), flags)
    }

    /// `CopyFileA`.
    ///
    /// # Errors
    /// Those of [`System::copy_file_ex_a`].
    pub fn copy_file_a(
        &self,
        existing: Option<&[u8]>,
        new: Option<&[u8]>,
        fail_if_exists: bool,
    ) -> Win32Result<()> {
        let existing = self.first_name(existing)?;
        let new = self.other_name(new);
        self.copy_file_w(existing.as_deref(), new.as_deref(), fail_if_exists)
    }

    /// `CopyFileExA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long source, and those of
    /// [`System::copy_file_ex_w`].
    pub fn copy_file_ex_a<'a>(
        &self,
        existing: Option<&[u8]>,
        new: Option<&[u8]>,
        progress: Option<ProgressRoutine<'a>>,
        cancel: Option<&'a AtomicBool>,
        flags: u32,
    ) -> Win32Result<()> {
        let existing = self.first_name(existing)?;
        let new = self.other_name(new);
        self.copy_file_ex_w(existing.as_deref(), new.as_deref(), progress, cancel, flags)
    }
}
