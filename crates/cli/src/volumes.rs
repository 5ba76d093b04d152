//! Opening volumes, each once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linkwright_fs::resolve::Drives;
use linkwright_fs::{ErrorKind, Feature, FileSystem};

use crate::failure::{Failure, Result};
use crate::location::{DeviceSpec, DriveMap};

/// What a volume is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Reading; others may read too.
    Read,
    /// Writing; nobody else may have it.
    Write,
}

/// Volumes that are open.
pub(crate) struct Volumes {
    drives: Arc<DriveMap>,
    lock_wait: Duration,
    open: Mutex<HashMap<DeviceSpec, (Access, Arc<dyn FileSystem>)>>,
}

impl Volumes {
    /// None is open yet.
    pub(crate) fn new(drives: Arc<DriveMap>, lock_wait: Duration) -> Self {
        Self {
            drives,
            lock_wait,
            open: Mutex::new(HashMap::new()),
        }
    }

    /// The volume at a place, opened when it is not yet.
    pub(crate) fn open(&self, spec: &DeviceSpec, access: Access) -> Result<Arc<dyn FileSystem>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get(spec) {
            Some((had, fs)) if *had >= access => return Ok(Arc::clone(fs)),
            _ => {}
        }
        let fs = open_device(spec, access, self.lock_wait)?;
        open.insert(spec.clone(), (access, Arc::clone(&fs)));
        Ok(fs)
    }

    /// Makes everything durable.
    pub(crate) fn sync(&self) -> Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for (spec, (access, fs)) in open.iter() {
            if *access == Access::Write {
                fs.sync()
                    .map_err(|error| Failure::at(spec.path.display().to_string(), &error))?;
            }
        }
        Ok(())
    }
}

impl Drives for Volumes {
    fn drive(&self, letter: char) -> linkwright_fs::Result<Option<Arc<dyn FileSystem>>> {
        let Some(spec) = self.drives.get(letter) else {
            return Ok(None);
        };
        match self.open(spec, Access::Read) {
            Ok(fs) => Ok(Some(fs)),
            Err(failure) => Err(linkwright_fs::Error::with_source(
                ErrorKind::UnresolvedLink,
                failure.what,
            )),
        }
    }
}

fn open_device(
    spec: &DeviceSpec,
    _access: Access,
    _lock_wait: Duration,
) -> Result<Arc<dyn FileSystem>> {
    Err(Failure::at(
        spec.path.display().to_string(),
        &ErrorKind::Unsupported(Feature::Volume).into(),
    ))
}
