//! `GetFullPathName`, `GetCurrentDirectory` and `SetCurrentDirectory`.

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_names::path::{FullPath, MAX_PATH, PathError, Win32PathKind};

use crate::constants::{
    FILE_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_TRAVERSE, SYNCHRONIZE,
};
use crate::nt::create::{Disposition, Request};
use crate::nt::lookup::PlainView;
use crate::path::{Limit, Target, c_string};
use crate::{System, Win32Result};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;

/// What `GetFullPathName` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullPathName {
    /// Units of the path without its NUL; or, when the buffer is too small, the
    /// room that is needed with it.
    pub length: u32,
    /// Where the last component begins (`lpFilePart`); `None` when the path ends in
    /// a separator.
    pub file_part: Option<u32>,
}

impl System {
    /// `GetFullPathNameW`: the path completed and in its normal form. Nothing is
    /// looked up. Of a path that begins with `\\?\` the dots are collapsed too,
    /// which opening it would not do.
    ///
    /// # Errors
    /// ERROR_INVALID_NAME for NULL or an empty path;
    /// ERROR_FILENAME_EXCED_RANGE for one that is longer than any.
    pub fn get_full_path_name_w(
        &self,
        path: Option<&[u16]>,
        buffer: &mut [u16],
    ) -> Win32Result<FullPathName> {
        self.remember(self.full_path_name(path).map(|full| {
            let length = give(&full, buffer);
            let written = usize::try_from(length).is_ok_and(|length| length == full.len());
            let last = full.iter().rposition(|&unit| unit == BACKSLASH);
            let start = last.map_or(0, |at| at + 1);
            FullPathName {
                length,
                file_part: (written && start < full.len())
                    .then(|| u32::try_from(start).unwrap_or(u32::MAX)),
            }
        }))
    }

    pub(crate) fn full_path_name(&self, path: Option<&[u16]>) -> Win32Result<Vec<u16>> {
        let text = c_string(path.ok_or(Win32Error::INVALID_NAME)?);
        let mut text = text.to_vec();
        if Win32PathKind::of(&text) == Win32PathKind::Verbatim {
            // The same prefix with slashes is a device, whose path is normalised.
            text.iter_mut().take(4).for_each(|unit| {
                if *unit == BACKSLASH {
                    *unit = SLASH;
                }
            });
        }
        FullPath::new(&text, &self.process.directories())
            .map(|full| full.into_name().into_units())
            .map_err(|error| match error {
                PathError::TooLong { .. } => Win32Error::FILENAME_EXCED_RANGE,
                _ => Win32Error::INVALID_NAME,
            })
    }

    /// `GetCurrentDirectoryW`: the length without the NUL, or the room that is
    /// needed with it when `buffer` is too small.
    ///
    /// # Errors
    /// None.
    pub fn get_current_directory_w(&self, buffer: &mut [u16]) -> Win32Result<u32> {
        Ok(give(&self.current_directory(), buffer))
    }

    pub(crate) fn current_directory(&self) -> Vec<u16> {
        self.process.directories().current().units().to_vec()
    }

    /// `SetCurrentDirectoryW`. The process keeps the directory open, so that it
    /// cannot be deleted or renamed.
    ///
    /// # Errors
    /// ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND; ERROR_DIRECTORY for a file;
    /// ERROR_FILENAME_EXCED_RANGE from 258 units on; ERROR_INVALID_NAME for a path
    /// in the forms `\\?\` and `\\.\`.
    pub fn set_current_directory_w(&self, path: Option<&[u16]>) -> Win32Result<()> {
        self.remember(self.change_directory(path))
    }

    pub(crate) fn change_directory(&self, path: Option<&[u16]>) -> Win32Result<()> {
        let text = c_string(path.ok_or(Win32Error::INVALID_NAME)?);
        let full = FullPath::new(text, &self.process.directories())
            .map_err(|_| Win32Error::INVALID_NAME)?;
        let is_place = matches!(
            full.kind(),
            Win32PathKind::DriveAbsolute | Win32PathKind::UncAbsolute
        );
        if !is_place {
            return Err(Win32Error::INVALID_NAME);
        }
        // A backslash and a NUL must fit behind it.
        if full.units().len() + 2 >= MAX_PATH {
            return Err(Win32Error::FILENAME_EXCED_RANGE);
        }
        let path = self.nt_path(full.units(), Limit::File)?;
        let Target::File(location) = self.locate(&path)? else {
            return Err(NtStatus::NOT_A_DIRECTORY.into());
        };
        let request = Request {
            location: &location,
            access: FILE_TRAVERSE | SYNCHRONIZE,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE,
            disposition: Disposition::Open,
            options: FILE_DIRECTORY_FILE
                | FILE_SYNCHRONOUS_IO_NONALERT
                | FILE_OPEN_FOR_BACKUP_INTENT,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view: &PlainView,
        };
        let (open, _) = self.machine.create(&request)?;
        let changed = self.process.directories_mut().change(full);
        if changed.is_err() {
            self.machine.close_file(&open);
            return Err(Win32Error::INVALID_NAME);
        }
        if let Some(before) = self.process.hold_directory(Some(open)) {
            self.machine.close_file(&before);
        }
        Ok(())
    }
}

/// Copies a text and its NUL when there is room.
pub(crate) fn give(text: &[u16], buffer: &mut [u16]) -> u32 {
    let needed = text.len() + 1;
    if buffer.len() < needed {
        return u32::try_from(needed).unwrap_or(u32::MAX);
    }
    for (to, from) in buffer.iter_mut().zip(text.iter().copied().chain([0])) {
        *to = from;
    }
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
