//! Reading and writing clusters that are free on the device, for space in use
//! in memory only: nothing that is committed lies there, and nothing needs to
//! be durable, so that neither the journal nor a flush has to do with it.

use std::sync::Arc;

use linkwright_device::BlockDevice;

use super::store::Store;
use crate::error::{Error, Result};

/// The device, for scratch space only.
pub(crate) struct ScratchDevice {
    device: Arc<dyn BlockDevice>,
}

impl Store {
    /// The device, for scratch space.
    pub(crate) fn scratch_device(&self) -> ScratchDevice {
        ScratchDevice {
            device: self.device(),
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
        self.device.write_at(offset, bytes).map_err(Error::Io)
    }
}
