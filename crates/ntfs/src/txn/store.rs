//! The device behind a latch, and the order of writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_device::BlockDevice;

use super::WriteSet;
use crate::error::{Error, Result};

/// A range of the device that is kept twice: the first records of `$MFT`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mirror {
    /// Byte offset of the original.
    pub(crate) source: u64,
    /// Byte offset of the copy.
    pub(crate) copy: u64,
    /// Bytes.
    pub(crate) len: u64,
}

/// See the module's text.
pub(crate) struct Store {
    device: Arc<dyn BlockDevice>,
    mirror: Mirror,
    latched: AtomicBool,
    /// Data was written to free clusters since the last flush.
    fresh: AtomicBool,
}

impl Store {
    pub(crate) fn new(device: Arc<dyn BlockDevice>) -> Self {
        Self {
            device,
            mirror: Mirror::default(),
            latched: AtomicBool::new(false),
            fresh: AtomicBool::new(false),
        }
    }

    /// Says which records are mirrored, once `$MFT` is known.
    pub(crate) fn set_mirror(&mut self, mirror: Mirror) {
        self.mirror = mirror;
    }

    /// Whether the device takes no writes.
    pub(crate) fn is_read_only(&self) -> bool {
        self.device.is_read_only()
    }

    /// Reads exactly `buf`.
    pub(crate) fn read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        Ok(self.device.read_at(offset, buf)?)
    }

    /// Refuses when an earlier write failed.
    pub(crate) fn check_latch(&self) -> Result<()> {
        if self.latched.load(Ordering::Acquire) {
            return Err(Error::Latched);
        }
        Ok(())
    }

    fn latching<T>(&self, result: Result<T, linkwright_device::DeviceError>) -> Result<T> {
        result.map_err(|error| {
            self.latched.store(true, Ordering::Release);
            Error::Io(error)
        })
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_latch()?;
        self.latching(self.device.write_at(offset, bytes))
    }

    /// Writes data to clusters that are free on the device.
    pub(crate) fn write_fresh(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.fresh.store(true, Ordering::Release);
        self.write(offset, bytes)
    }

    /// Writes the blocks in place; fresh data is made durable before.
    pub(crate) fn commit(&self, set: &WriteSet) -> Result<()> {
        if set.is_empty() {
            return Ok(());
        }
        if self.fresh.load(Ordering::Acquire) {
            self.flush()?;
        }
        for write in set.writes() {
            self.write(write.offset, &write.bytes)?;
            self.write_mirror(write.offset, &write.bytes)?;
        }
        Ok(())
    }

    /// Copies the part of a write that lies in the mirrored records.
    fn write_mirror(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset + u64::try_from(bytes.len()).unwrap_or(0);
        let start = offset.max(self.mirror.source);
        let stop = end.min(self.mirror.source + self.mirror.len);
        if start >= stop {
            return Ok(());
        }
        let from = usize::try_from(start - offset).unwrap_or(usize::MAX);
        let to = usize::try_from(stop - offset).unwrap_or(0);
        let part = bytes.get(from..to).unwrap_or_default();
        self.write(self.mirror.copy + (start - self.mirror.source), part)
    }

    /// Makes every write so far durable.
    pub(crate) fn flush(&self) -> Result<()> {
        self.check_latch()?;
        self.latching(self.device.flush())?;
        self.fresh.store(false, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::Write;
    use linkwright_device::MemoryDevice;

    #[test]
    fn a_write_to_mirrored_records_reaches_the_copy() {
        let device = Arc::new(MemoryDevice::new(64 << 10));
        let mut store = Store::new(device.clone());
        store.set_mirror(Mirror {
            source: 4096,
            copy: 32768,
            len: 4096,
        });
        let mut set = WriteSet::default();
        set.push(Write {
            offset: 3072,
            bytes: vec![1; 2048],
        });
        set.push(Write {
            offset: 7168,
            bytes: vec![2; 2048],
        });
        store.commit(&set).unwrap();
        let mut copy = vec![0; 8192];
        device.read_at(32768 - 1024, &mut copy).unwrap();
        assert_eq!(copy[..1024], [0; 1024]);
        assert_eq!(copy[1024..2048], [1; 1024]);
        assert_eq!(copy[4096..5120], [2; 1024]);
        assert_eq!(copy[5120..], [0; 3072]);
    }
}
