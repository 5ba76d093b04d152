//! Times that a program sets are its own from then on: writing through the same
//! handle does not move them (MS-FSA 2.1.1.6, UserSetModificationTime and its
//! kin).

use std::sync::PoisonError;

use linkwright_codes::NtStatus;
use linkwright_fs::{Error, Times};

use super::objects::FileObject;
use super::status;
use crate::structures::FileBasicInfo;

/// Which times a handle leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    accessed: bool,
    modified: bool,
    changed: bool,
}

impl Held {
    /// After these settings: 0 changes nothing, -2 gives the time free again, -1
    /// and any time hold it.
    fn after(self, info: &FileBasicInfo) -> Self {
        let held = |before: bool, time: i64| match time {
            0 => before,
            -2 => false,
            _ => true,
        };
        Self {
            accessed: held(self.accessed, info.last_access_time),
            modified: held(self.modified, info.last_write_time),
            changed: held(self.changed, info.change_time),
        }
    }
}

impl FileObject {
    fn held(&self) -> Held {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a FILE_BASIC_INFORMATION says of the times.
    pub(crate) fn hold(&self, info: &FileBasicInfo) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = held.after(info);
    }

    /// Changes the file and puts the times back that are held.
    pub(crate) fn changing<T>(
        &self,
        change: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, NtStatus> {
        let held = self.held();
        if held == Held::default() {
            return change().map_err(status::of);
        }
        let before = self.fs.stat(&self.node).map_err(status::of)?.times;
        let done = change().map_err(status::of)?;
        let times = Times {
            created: None,
            accessed: before.accessed.filter(|_| held.accessed),
            modified: before.modified.filter(|_| held.modified),
            changed: before.changed.filter(|_| held.changed),
        };
        self.fs.set_times(&self.node, &times).map_err(status::of)?;
        Ok(done)
    }
}
