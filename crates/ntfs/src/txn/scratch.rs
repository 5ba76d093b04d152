//! Reading and writing clusters that are free on the device, for space in use
//! in memory only: nothing that is committed lies there, and nothing needs to
//! be durable. But the clusters may be given to a block that is journaled, with
//! a checksum of what lay there before: that must not be lost in a crash, so
//! that the next commit flushes as for fresh data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_device::BlockDevice;

use super::store::Store;
use crate::error::{Error, Result};

/// The device, for scratch space only.
pub(crate) struct ScratchDevice {
    device: Arc<dyn BlockDevice>,
    fresh: Arc<AtomicBool>,
}

impl Store {
    /// The device, for scratch space.
    pub(crate) fn scratch_device(&self) -> ScratchDevice {
        ScratchDevice {
            device: self.device(),
            fresh: Arc::clone(&self.fresh),
        }
    }
}

impl ScratchDevice {
    /// Reads exactly `buf`.
    pub(crate) fn read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.device.read_at(offset, buf).map_err(Error::Io)
    }

    /// Writes to clusters that are in use in memory only.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let written = self.device.write_at(offset, bytes).map_err(Error::Io);
        // Behind the write, part of which may be there when it failed: a flush that
        // began in the middle of it is not enough.
        self.fresh.store(true, Ordering::SeqCst);
        written
    }
}
