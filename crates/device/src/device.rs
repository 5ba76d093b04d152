//! The one trait everything else stands on.

use std::fmt;
use std::sync::Arc;

use crate::DeviceError;

/// A fixed-length array of bytes that outlives the process: a disk, an image
/// of one, or a stand-in for tests.
///
/// * Positioned: no call depends on an earlier one; there is no cursor.
/// * Exact: a call transfers all the bytes it was asked for, or fails.
/// * `&self` and `Send + Sync`: readers and writers on many threads. Calls
///   whose ranges overlap are not ordered against each other here; whoever
///   needs an order holds a lock of their own.
/// * Offsets and lengths are in bytes and need no alignment.
/// * An empty range inside the device (or at its very end) succeeds and does
///   nothing.
pub trait BlockDevice: Send + Sync {
    /// Length of the device (in bytes). It does not change while open.
    fn len(&self) -> u64;

    /// Fills `buf` with the bytes at `offset`.
    ///
    /// # Errors
    /// [`DeviceError::ShortRead`] when the range passes the end of the device
    /// (the contents of `buf` are then unspecified), [`DeviceError::Io`] when
    /// the storage fails.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError>;

    /// Replaces the bytes at `offset` by `buf`. The bytes are visible to later
    /// reads at once and durable after the next successful [`flush`].
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] when the range passes the end of the device
    /// (nothing is written then), [`DeviceError::ReadOnly`],
    /// [`DeviceError::Io`] (any part of the range may have been written then).
    ///
    /// [`flush`]: BlockDevice::flush
    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError>;

    /// Makes every write that returned before this call durable: it survives a
    /// loss of power once this returns `Ok`.
    ///
    /// # Errors
    /// [`DeviceError::Io`]. After a failed flush nobody can tell which of the
    /// writes since the last good one are durable; trying again proves nothing.
    fn flush(&self) -> Result<(), DeviceError>;

    /// A hint that nobody needs the bytes of this range any more. Until the
    /// range is written again it reads as zeros or as it was. The default
    /// does nothing.
    ///
    /// # Errors
    /// As [`write_at`](BlockDevice::write_at). Storage that cannot discard is
    /// no error.
    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        let _ = (offset, len);
        Ok(())
    }

    /// Whether every write would fail with [`DeviceError::ReadOnly`].
    fn is_read_only(&self) -> bool {
        false
    }

    /// Whether the device holds no byte at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What this device is, for messages: a path, `memory (16 MiB)`, ...
    fn describe(&self) -> String;
}

/// As [`describe`](BlockDevice::describe), so that what holds a device can be
/// shown while debugging.
impl fmt::Debug for dyn BlockDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockDevice({})", self.describe())
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<D: BlockDevice + ?Sized> BlockDevice for $pointer {
            fn len(&self) -> u64 {
                (**self).len()
            }
            fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
                (**self).read_at(offset, buf)
            }
            fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
                (**self).write_at(offset, buf)
            }
            fn flush(&self) -> Result<(), DeviceError> {
                (**self).flush()
            }
            fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
                (**self).discard(offset, len)
            }
            fn is_read_only(&self) -> bool {
                (**self).is_read_only()
            }
            fn describe(&self) -> String {
                (**self).describe()
            }
        }
    )*};
}

// Wrappers take any of these, so that a test can keep a handle on the inside.
forward!(&D, Box<D>, Arc<D>);

/// Proves that `offset..offset + len` lies inside a device for reading.
pub(crate) fn check_read(device_len: u64, offset: u64, len: usize) -> Result<(), DeviceError> {
    let wanted = len as u64;
    match offset.checked_add(wanted) {
        Some(end) if end <= device_len => Ok(()),
        _ => Err(DeviceError::ShortRead {
            offset,
            len: wanted,
            got: device_len.saturating_sub(offset).min(wanted),
        }),
    }
}

/// Proves that `offset..offset + len` lies inside a device for writing.
pub(crate) fn check_write(device_len: u64, offset: u64, len: u64) -> Result<(), DeviceError> {
    match offset.checked_add(len) {
        Some(end) if end <= device_len => Ok(()),
        _ => Err(DeviceError::OutOfRange {
            offset,
            len,
            device_len,
        }),
    }
}

/// A byte count for people: the largest binary unit that divides it well.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        if bytes >> shift != 0 {
            let tenths = ((bytes & ((1 << shift) - 1)) * 10) >> shift;
            let whole = bytes >> shift;
            return match tenths {
                0 => format!("{whole} {unit}"),
                _ => format!("{whole}.{tenths} {unit}"),
            };
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_size(0), "0 bytes");
        assert_eq!(human_size(512), "512 bytes");
        assert_eq!(human_size(16 << 20), "16 MiB");
        assert_eq!(human_size(3 << 29), "1.5 GiB");
        assert_eq!(human_size(256 << 40), "256 TiB");
        assert_eq!(human_size(u64::MAX), "16777215.9 TiB");
    }

    #[test]
    fn ranges_near_the_end_of_the_number_space_do_not_wrap() {
        assert!(check_write(u64::MAX, u64::MAX, 1).is_err());
        assert!(check_write(u64::MAX, u64::MAX, 0).is_ok());
        assert!(check_read(10, u64::MAX, 5).is_err());
    }
}
