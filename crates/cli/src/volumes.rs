//! Opening volumes, each once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use linkwright_device::{
    BlockDevice, FileDevice, FileOptions, PartitionChoice, VolumeWindow, open_volume_window,
};
use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::resolve::Drives;
use linkwright_fs::{ErrorKind, FileSystem};
use linkwright_ntfs::{OpenOptions, ShadowPolicy};

use crate::device_error;
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
    shadow_copies: ShadowPolicy,
    open: Mutex<HashMap<DeviceSpec, (Access, Arc<NtfsFs>)>>,
}

impl Volumes {
    /// None is open yet.
    pub(crate) fn new(
        drives: Arc<DriveMap>,
        lock_wait: Duration,
        shadow_copies: ShadowPolicy,
    ) -> Self {
        Self {
            drives,
            lock_wait,
            shadow_copies,
            open: Mutex::new(HashMap::new()),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<DeviceSpec, (Access, Arc<NtfsFs>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The volume at a place, opened when it is not yet.
    pub(crate) fn open(&self, spec: &DeviceSpec, access: Access) -> Result<Arc<NtfsFs>> {
        let key = DeviceSpec {
            // Two ways to write one path are one volume.
            path: spec
                .path
                .canonicalize()
                .unwrap_or_else(|_| spec.path.clone()),
            partition: spec.partition,
        };
        let mut known = self.known();
        match known.get(&key) {
            Some((had, fs)) if *had >= access => return Ok(Arc::clone(fs)),
            _ => {}
        }
        // Open for reading and now to be written: the lock must go first.
        known.remove(&key);
        let fs = Arc::new(self.open_ntfs(spec, access)?);
        known.insert(key, (access, Arc::clone(&fs)));
        Ok(fs)
    }

    fn open_ntfs(&self, spec: &DeviceSpec, access: Access) -> Result<NtfsFs> {
        let window = open_window(spec, access, self.lock_wait)?;
        NtfsFs::open(window.device, self.options(access))
            .map_err(|error| Failure::at(spec.path.display().to_string(), &error))
    }

    /// How volumes are opened.
    pub(crate) fn options(&self, access: Access) -> OpenOptions {
        match access {
            Access::Read => OpenOptions::read_only(),
            Access::Write => OpenOptions {
                shadow_copies: self.shadow_copies,
                ..OpenOptions::read_write()
            },
        }
    }

    /// What is done about shadow copies.
    pub(crate) fn shadow_copies(&self) -> ShadowPolicy {
        self.shadow_copies
    }

    /// Makes everything durable and closes the volumes.
    pub(crate) fn close(&self) -> Result<()> {
        let mut first = Ok(());
        for (spec, (_, fs)) in self.known().drain() {
            let closed = match Arc::try_unwrap(fs) {
                Ok(fs) => fs.close(),
                // Somebody still holds it, and closes it when done.
                Err(shared) => shared.sync(),
            };
            if let Err(error) = closed {
                let failure = Failure::at(spec.path.display().to_string(), &error);
                first = first.and(Err(failure));
            }
        }
        first
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

/// The device with the volume on it: the whole of it, or a partition.
pub(crate) fn open_window(
    spec: &DeviceSpec,
    access: Access,
    lock_wait: Duration,
) -> Result<VolumeWindow> {
    let options = match access {
        Access::Read => FileOptions::read_only(),
        Access::Write => FileOptions::read_write(),
    };
    let device = FileDevice::open(&spec.path, &options.lock_wait(lock_wait))
        .map_err(|error| device_error::device(&spec.path, &error))?;
    let device: Arc<dyn BlockDevice> = Arc::new(device);
    let choice = match spec.partition {
        None => PartitionChoice::Auto,
        Some(number) => PartitionChoice::Number(number),
    };
    open_volume_window(device, choice).map_err(|error| device_error::volume(&spec.path, &error))
}
