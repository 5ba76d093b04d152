//! A range of a device as a device of its own.

use std::sync::Arc;

use crate::device::{check_read, check_write};
use crate::{BlockDevice, DeviceError};

/// A range of another device: a partition, most often. Offsets in errors are
/// those of the window when the window's own end is passed, and those of the
/// inner device when the storage fails.
#[derive(Debug)]
pub struct Window {
    inner: Arc<dyn BlockDevice>,
    start: u64,
    len: u64,
}

impl Window {
    /// The `len` bytes of `inner` from `start`.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] when `inner` is shorter than that.
    pub fn new(inner: Arc<dyn BlockDevice>, start: u64, len: u64) -> Result<Self, DeviceError> {
        check_write(inner.len(), start, len)?;
        Ok(Self { inner, start, len })
    }

    /// Where the window starts in the inner device (in bytes).
    pub fn start(&self) -> u64 {
        self.start
    }

    // Cannot overflow: `new` proved that start + len lies inside the inner
    // device, and every caller checked offset against len.
    fn inner_offset(&self, offset: u64) -> u64 {
        self.start.saturating_add(offset)
    }
}

impl BlockDevice for Window {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        check_read(self.len, offset, buf.len())?;
        self.inner.read_at(self.inner_offset(offset), buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        check_write(self.len, offset, buf.len() as u64)?;
        self.inner.write_at(self.inner_offset(offset), buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.inner.flush()
    }

    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        check_write(self.len, offset, len)?;
        self.inner.discard(self.inner_offset(offset), len)
    }

    fn is_read_only(&self) -> bool {
        self.inner.is_read_only()
    }

    fn describe(&self) -> String {
        format!(
            "bytes {}..{} of {}",
            self.start,
            self.inner_offset(self.len),
            self.inner.describe()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    #[test]
    fn a_window_reads_and_writes_its_range_only() {
        let inner = Arc::new(MemoryDevice::from_bytes(&[1; 100]));
        let window = Window::new(inner.clone(), 10, 20).unwrap();
        window.write_at(0, &[2; 20]).unwrap();
        assert!(window.write_at(1, &[3; 20]).is_err());
        assert!(window.read_at(u64::MAX, &mut [0; 2]).is_err());
        let mut all = [0; 100];
        inner.read_at(0, &mut all).unwrap();
        assert_eq!(all.iter().filter(|byte| **byte == 2).count(), 20);
        assert_eq!((all[9], all[10], all[29], all[30]), (1, 2, 2, 1));
    }

    #[test]
    fn a_window_must_fit() {
        let inner = Arc::new(MemoryDevice::new(100));
        assert!(Window::new(inner.clone(), 90, 11).is_err());
        assert!(Window::new(inner.clone(), u64::MAX, 2).is_err());
        assert!(Window::new(inner, 100, 0).is_ok());
    }
}
