//! Counting what goes through a device.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{BlockDevice, DeviceError, IoOperation};

/// Numbers of calls and bytes, failed calls included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IoCounts {
    /// Calls of `read_at`.
    pub reads: u64,
    /// Bytes asked for by `read_at`.
    pub bytes_read: u64,
    /// Calls of `write_at`.
    pub writes: u64,
    /// Bytes handed to `write_at`.
    pub bytes_written: u64,
    /// Calls of `flush`.
    pub flushes: u64,
    /// Calls of `discard`.
    pub discards: u64,
}

/// The same numbers, counted from any thread.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    reads: AtomicU64,
    bytes_read: AtomicU64,
    writes: AtomicU64,
    bytes_written: AtomicU64,
    flushes: AtomicU64,
    discards: AtomicU64,
}

impl Counters {
    // Relaxed: the numbers order nothing.
    pub(crate) fn count(&self, operation: IoOperation, bytes: usize) {
        let bytes = bytes as u64;
        match operation {
            IoOperation::Read => {
                self.reads.fetch_add(1, Ordering::Relaxed);
                self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
            }
            IoOperation::Write => {
                self.writes.fetch_add(1, Ordering::Relaxed);
                self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
            }
            IoOperation::Flush => {
                self.flushes.fetch_add(1, Ordering::Relaxed);
            }
            IoOperation::Discard => {
                self.discards.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn now(&self) -> IoCounts {
        IoCounts {
            reads: self.reads.load(Ordering::Relaxed),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
            flushes: self.flushes.load(Ordering::Relaxed),
            discards: self.discards.load(Ordering::Relaxed),
        }
    }
}

/// A device that passes everything on and counts it.
#[derive(Debug)]
pub struct StatsDevice<D> {
    inner: D,
    counters: Counters,
}

impl<D: BlockDevice> StatsDevice<D> {
    /// Counts what goes to `inner` from now on.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            counters: Counters::default(),
        }
    }

    /// What was counted so far.
    pub fn counts(&self) -> IoCounts {
        self.counters.now()
    }

    /// The device behind.
    pub fn inner(&self) -> &D {
        &self.inner
    }
}

impl<D: BlockDevice> BlockDevice for StatsDevice<D> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.counters.count(IoOperation::Read, buf.len());
        self.inner.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        self.counters.count(IoOperation::Write, buf.len());
        self.inner.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.counters.count(IoOperation::Flush, 0);
        self.inner.flush()
    }

    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        self.counters.count(IoOperation::Discard, 0);
        self.inner.discard(offset, len)
    }

    fn is_read_only(&self) -> bool {
        self.inner.is_read_only()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    #[test]
    fn counts_calls_and_bytes() {
        let device = StatsDevice::new(MemoryDevice::new(100));
        device.write_at(0, &[1; 10]).unwrap();
        device.read_at(0, &mut [0; 30]).unwrap();
        device.read_at(99, &mut [0; 30]).unwrap_err();
        device.flush().unwrap();
        device.discard(0, 5).unwrap();
        let expected = IoCounts {
            reads: 2,
            bytes_read: 60,
            writes: 1,
            bytes_written: 10,
            flushes: 1,
            discards: 1,
        };
        assert_eq!(device.counts(), expected);
    }
}
