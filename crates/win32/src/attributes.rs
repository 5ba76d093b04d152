//! Attributes by name: `GetFileAttributes(Ex)`, `SetFileAttributes`. Links are
//! not followed: a link has attributes and times of its own.

use linkwright_codes::Win32Error;
use zerocopy::IntoBytes;

use crate::constants::{
    FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_NORMAL, FILE_BASIC_INFORMATION,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_ATTRIBUTES, GET_FILE_EX_INFO_STANDARD, SYNCHRONIZE,
};
use crate::nt::lookup::{PlainView, View};
use crate::nt::query::Facts;
use crate::opening::Wanted;
use crate::path::{Limit, Target};
use crate::structures::{FileBasicInfo, FileTime, Win32FileAttributeData, halves};
use crate::{System, Win32Result};

/// Attributes that SetFileAttributes passes on (FILE_ATTRIBUTE_VALID_SET_FLAGS).
const VALID_SET: u32 = 0x0000_31A7;

impl System {
    /// `GetFileAttributesW`. A device has FILE_ATTRIBUTE_ARCHIVE.
    ///
    /// # Errors
    /// ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND (also for NULL),
    /// ERROR_INVALID_NAME, ERROR_ACCESS_DENIED.
    pub fn get_file_attributes_w(&self, name: Option<&[u16]>) -> Win32Result<u32> {
        self.remember(self.file_attributes(name, &PlainView))
    }

    pub(crate) fn file_attributes(
        &self,
        name: Option<&[u16]>,
        view: &dyn View,
    ) -> Win32Result<u32> {
        self.full_attributes(name, view)
            .map(|data| data.file_attributes)
    }

    /// `GetFileAttributesExW`; the one `level` is GetFileExInfoStandard (0).
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for another level; those of
    /// [`System::get_file_attributes_w`].
    pub fn get_file_attributes_ex_w(
        &self,
        name: Option<&[u16]>,
        level: u32,
    ) -> Win32Result<Win32FileAttributeData> {
        self.remember(match level {
            GET_FILE_EX_INFO_STANDARD => self.full_attributes(name, &PlainView),
            _ => Err(Win32Error::INVALID_PARAMETER),
        })
    }

    pub(crate) fn full_attributes(
        &self,
        name: Option<&[u16]>,
        view: &dyn View,
    ) -> Win32Result<Win32FileAttributeData> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(name, Limit::File)?;
        let Target::File(location) = self.locate(&path)? else {
            return Ok(Win32FileAttributeData {
                file_attributes: FILE_ATTRIBUTE_ARCHIVE,
                ..Win32FileAttributeData::default()
            });
        };
        let wanted = Wanted {
            access: FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        let open = self.open_location(&location, wanted, view)?;
        let facts = Facts::of(&self.machine, &open)?;
        let [created, accessed, written, _] = facts.ticks().map(FileTime::from_ticks);
        let (high, low) = halves(facts.size);
        Ok(Win32FileAttributeData {
            file_attributes: facts.attributes(),
            creation_time: created,
            last_access_time: accessed,
            last_write_time: written,
            file_size_high: high,
            file_size_low: low,
        })
    }

    /// `SetFileAttributesW`: what cannot be set is left out, nothing that can be
    /// set stands for FILE_ATTRIBUTE_NORMAL.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for FILE_ATTRIBUTE_TEMPORARY on a directory; those
    /// of [`System::get_file_attributes_w`].
    pub fn set_file_attributes_w(&self, name: Option<&[u16]>, attributes: u32) -> Win32Result<()> {
        self.remember(self.set_attributes(name, attributes, &PlainView))
    }

    /// The same in a transaction.
    pub(crate) fn set_attributes(
        &self,
        name: Option<&[u16]>,
        attributes: u32,
        view: &dyn View,
    ) -> Win32Result<()> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let wanted = Wanted {
            access: FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_SYNCHRONOUS_IO_NONALERT
                | FILE_OPEN_FOR_BACKUP_INTENT
                | FILE_OPEN_REPARSE_POINT,
        };
        let open = self.open_short(name, wanted, view)?;
        let info = FileBasicInfo {
            file_attributes: attributes & VALID_SET | FILE_ATTRIBUTE_NORMAL,
            ..FileBasicInfo::default()
        };
        let set = self
            .machine
            .set_plain(&open, FILE_BASIC_INFORMATION, info.as_bytes());
        Ok(set.unwrap_or(Ok(()))?)
    }
}
