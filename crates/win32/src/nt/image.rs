//! Files that run as programs: image sections and what they forbid.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use linkwright_codes::NtStatus;

use super::objects::{FileKey, FileObject};
use super::status;
use crate::constants::{FILE_APPEND_DATA, FILE_WRITE_DATA};
use crate::settings::WindowsVersion;

/// How many image sections each file has.
#[derive(Default)]
pub(crate) struct Images(Mutex<HashMap<FileKey, usize>>);

impl Images {
    /// A section was made of a file.
    pub(crate) fn add(&self, file: FileKey) {
        *self.with().entry(file).or_default() += 1;
    }

    /// A section is gone.
    pub(crate) fn remove(&self, file: FileKey) {
        let mut images = self.with();
        if let Some(count) = images.get_mut(&file) {
            *count -= 1;
            if *count == 0 {
                images.remove(&file);
            }
        }
    }

    fn runs(&self, file: FileKey) -> bool {
        self.with().contains_key(&file)
    }

    /// A program that runs is not opened for writing.
    pub(crate) fn check_access(&self, file: FileKey, granted: u32) -> Result<(), NtStatus> {
        let writes = granted & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0;
        match writes && self.runs(file) {
            true => Err(NtStatus::SHARING_VIOLATION),
            false => Ok(()),
        }
    }

    /// A program that runs is not deleted; Windows 11 lets a name of it go that is
    /// not its last.
    pub(crate) fn check_delete(
        &self,
        open: &FileObject,
        version: WindowsVersion,
    ) -> Result<(), NtStatus> {
        if !self.runs(open.key) {
            return Ok(());
        }
        let stat = open.fs.stat(&open.node).map_err(status::of)?;
        let spare = stat.names > 1 && version >= WindowsVersion::WINDOWS_11;
        match spare {
            true => Ok(()),
            false => Err(NtStatus::CANNOT_DELETE),
        }
    }

    fn with(&self) -> std::sync::MutexGuard<'_, HashMap<FileKey, usize>> {
        // Counters of one statement each.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
