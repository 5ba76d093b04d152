//! A device in memory.

use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::device::{check_read, check_write, human_size};
use crate::pages::{PAGE_LEN, Pages, pieces};
use crate::{BlockDevice, DeviceError};

/// A device in memory that starts as zeros. Only what was written costs
/// memory, so a device of 256 TiB is as cheap as one of a megabyte.
#[derive(Debug)]
pub struct MemoryDevice {
    len: u64,
    pages: RwLock<Pages>,
}

impl MemoryDevice {
    /// A device of `len` zero bytes.
    pub fn new(len: u64) -> Self {
        Self {
            len,
            pages: RwLock::default(),
        }
    }

    /// A device that holds a copy of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut pages = Pages::default();
        for piece in pieces(0, bytes.len()) {
            pages.write(&piece, bytes);
        }
        Self {
            len: bytes.len() as u64,
            pages: RwLock::new(pages),
        }
    }

    /// A second device with the contents this one has now. Pages are shared
    /// until one of the two is written to, so this costs little: take one
    /// before every step of a test.
    pub fn snapshot(&self) -> Self {
        Self {
            len: self.len,
            pages: RwLock::new(self.read_pages().clone()),
        }
    }

    /// Bytes of memory that hold contents.
    pub fn allocated_bytes(&self) -> u64 {
        self.read_pages().allocated_bytes()
    }

    /// The byte ranges that may hold something other than zeros, ascending and
    /// not touching: what a copy to a sparse file needs to write.
    pub fn allocated_ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for page in self.read_pages().numbers() {
            let start = page.saturating_mul(PAGE_LEN as u64);
            let end = start.saturating_add(PAGE_LEN as u64).min(self.len);
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => ranges.push(start..end),
            }
        }
        ranges
    }

    // A thread that panics inside these short sections leaves a whole page
    // map, so a poisoned lock still guards good data.
    fn read_pages(&self) -> RwLockReadGuard<'_, Pages> {
        self.pages.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_pages(&self) -> RwLockWriteGuard<'_, Pages> {
        self.pages.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockDevice for MemoryDevice {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        check_read(self.len, offset, buf.len())?;
        let pages = self.read_pages();
        for piece in pieces(offset, buf.len()) {
            if !pages.read(&piece, buf)
                && let Some(hole) = buf.get_mut(piece.buffer.clone())
            {
                hole.fill(0);
            }
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        check_write(self.len, offset, buf.len() as u64)?;
        let mut pages = self.write_pages();
        for piece in pieces(offset, buf.len()) {
            pages.write(&piece, buf);
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        check_write(self.len, offset, len)?;
        self.write_pages().drop_whole(offset, len);
        Ok(())
    }

    fn describe(&self) -> String {
        format!("memory ({})", human_size(self.len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_written_across_pages() {
        let device = MemoryDevice::new(3 * 4096 + 100);
        let data: Vec<u8> = (1..=250).cycle().take(9000).collect();
        device.write_at(3000, &data).unwrap();
        let mut back = vec![0xAA; 9002];
        device.read_at(2999, &mut back).unwrap();
        assert_eq!(back[0], 0);
        assert_eq!(&back[1..9001], &data[..]);
        assert_eq!(back[9001], 0);
    }

    #[test]
    fn a_huge_device_costs_only_what_is_written() {
        let device = MemoryDevice::new(256 << 40);
        device.write_at((256 << 40) - 1, &[7]).unwrap();
        device.write_at(1 << 40, &[0; 10_000]).unwrap();
        assert_eq!(device.allocated_bytes(), 4096);
        let mut byte = [0];
        device.read_at((256 << 40) - 1, &mut byte).unwrap();
        assert_eq!(byte, [7]);
        assert_eq!(
            device.allocated_ranges(),
            vec![(256 << 40) - 4096..256 << 40]
        );
    }

    #[test]
    fn ranges_past_the_end_are_refused_whole() {
        let device = MemoryDevice::new(1000);
        let error = device.read_at(990, &mut [0; 20]).unwrap_err();
        assert!(matches!(
            error,
            DeviceError::ShortRead {
                offset: 990,
                len: 20,
                got: 10
            }
        ));
        let error = device.write_at(990, &[1; 20]).unwrap_err();
        assert!(matches!(
            error,
            DeviceError::OutOfRange {
                offset: 990,
                len: 20,
                device_len: 1000
            }
        ));
        assert_eq!(device.allocated_bytes(), 0);
        device.write_at(1000, &[]).unwrap();
    }

    #[test]
    fn a_snapshot_does_not_see_later_writes() {
        let device = MemoryDevice::from_bytes(&[1; 5000]);
        let before = device.snapshot();
        device.write_at(0, &[2; 5000]).unwrap();
        let mut bytes = [0; 5000];
        before.read_at(0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 1));
        device.read_at(0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 2));
    }

    #[test]
    fn discard_frees_whole_pages_only() {
        let device = MemoryDevice::from_bytes(&[9; 5 * 4096]);
        device.discard(100, 3 * 4096).unwrap();
        assert_eq!(device.allocated_bytes(), 3 * 4096);
        let mut byte = [0];
        device.read_at(4095, &mut byte).unwrap();
        assert_eq!(byte, [9]);
        device.read_at(4096, &mut byte).unwrap();
        assert_eq!(byte, [0]);
        device.read_at(3 * 4096, &mut byte).unwrap();
        assert_eq!(byte, [9]);
    }
}
