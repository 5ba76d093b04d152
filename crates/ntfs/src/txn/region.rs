//! Where `$LogFile` lies, and reading and writing it by its own offsets.

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::log::{EMPTY_FILL, PAGE_SIZE};

use super::layout::HEAD;
use crate::error::{CorruptKind, Place, Result, Unsupported};

/// The first page behind the 32 that LFS 2.0 copies into
/// (linkwright-ntfs-format, `log`): no driver looks at it when it mounts.
const HEADER_PAGE: u64 = 34;
/// The fewest pages: the two restart pages and the 48 that drivers want behind
/// them. In a smaller log ntfs-3g looks for no restart page; it would take the
/// marks of a session for nothing and throw the log away.
const LEAST_PAGES: u64 = 50;
/// Bytes looked at or written at a time.
const STEP: usize = 256 << 10;

/// See the module's text.
#[derive(Debug, Clone)]
pub(crate) struct LogRegion {
    /// Byte offset on the device and bytes, in the order of the stream.
    extents: Vec<(u64, u64)>,
    len: u64,
}

impl LogRegion {
    /// A region over the extents of the log.
    pub(crate) fn new(extents: Vec<(u64, u64)>, data_len: u64) -> Result<Self> {
        let room = extents
            .iter()
            .fold(0_u64, |sum, (_, len)| sum.saturating_add(*len));
        let page = PAGE_SIZE as u64;
        let pages = data_len.min(room) / page;
        if pages < LEAST_PAGES {
            return Err(Unsupported::Geometry("its log is too small").into());
        }
        Ok(Self {
            extents,
            len: pages * page,
        })
    }

    /// Pieces of the device that it lies in.
    pub(super) fn pieces(&self) -> usize {
        self.extents.len()
    }

    /// Bytes of the log.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The places on the device of the log from an offset on.
    pub(super) fn extents_from(&self, offset: u64) -> Vec<(u64, u64)> {
        let (mut start, mut places) = (0, Vec::new());
        for (place, len) in &self.extents {
            let end = (start + len).min(self.len);
            let from = offset.max(start);
            if from < end {
                places.push((place + (from - start), end - from));
            }
            start += len;
        }
        places
    }

    /// Offset of one of the two pages of the header.
    pub(super) fn header_offset(&self, slot: u64) -> u64 {
        (HEADER_PAGE + slot % 2) * PAGE_SIZE as u64
    }

    /// Offset of the first record.
    pub(super) fn records_start(&self) -> u64 {
        (HEADER_PAGE + 2) * PAGE_SIZE as u64
    }

    /// Bytes for records.
    pub(super) fn capacity(&self) -> u64 {
        self.len - self.records_start()
    }

    /// Calls `each` for the parts of `offset..offset + len` with the place on
    /// the device and the range of the buffer.
    fn parts(
        &self,
        offset: u64,
        len: usize,
        mut each: impl FnMut(u64, usize, usize) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        let mut start = 0;
        for (place, extent) in &self.extents {
            let at = offset + done as u64;
            if done < len && at >= start && at < start + extent {
                let inside = at - start;
                let take = usize::try_from(extent - inside)
                    .unwrap_or(usize::MAX)
                    .min(len - done);
                each(place + inside, done, done + take)?;
                done += take;
            }
            start += extent;
        }
        if done < len {
            return Err(Place::default().corrupt(CorruptKind::StreamSizes));
        }
        Ok(())
    }

    pub(super) fn read(&self, device: &dyn BlockDevice, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.parts(offset, buf.len(), |place, from, to| {
            Ok(device.read_at(place, buf.get_mut(from..to).unwrap_or_default())?)
        })
    }

    /// Writes through `write`, which gets places on the device.
    pub(super) fn write(
        &self,
        offset: u64,
        bytes: &[u8],
        mut write: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.parts(offset, bytes.len(), |place, from, to| {
            write(place, bytes.get(from..to).unwrap_or_default())
        })
    }

    /// Fills a range with 0xFF where it is not so already.
    pub(super) fn erase(
        &self,
        device: &dyn BlockDevice,
        start: u64,
        end: u64,
        mut write: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let fill = vec![EMPTY_FILL; STEP];
        let mut there = vec![0; STEP];
        let mut at = start;
        while at < end.min(self.len) {
            let take = usize::try_from(end.min(self.len) - at)
                .unwrap_or(usize::MAX)
                .min(STEP);
            let there = there.get_mut(..take).unwrap_or_default();
            self.read(device, at, there)?;
            let fill = fill.get(..take).unwrap_or_default();
            if there != fill {
                self.write(at, fill, &mut write)?;
            }
            at += take as u64;
        }
        Ok(())
    }

    /// Whether the log is at rest as we, mkntfs and the drivers of Linux leave
    /// it: the restart pages, the pages that LFS copies its last records into
    /// and ours are 0xFF. Then nobody looks at what is behind them.
    pub(super) fn is_empty(&self, device: &dyn BlockDevice) -> Result<bool> {
        let len = usize::try_from(self.records_start()).unwrap_or(usize::MAX);
        let mut there = vec![0; len];
        self.read(device, 0, &mut there)?;
        Ok(there.iter().all(|byte| *byte == EMPTY_FILL))
    }

    /// The restart pages.
    pub(super) fn head(&self, device: &dyn BlockDevice) -> Result<Vec<u8>> {
        let mut head = vec![0; HEAD];
        self.read(device, 0, &mut head)?;
        Ok(head)
    }
}
