//! Scratch space: free clusters lent to a caller, who keeps bytes in them.

use std::sync::{PoisonError, RwLock, Weak};

use super::Volume;
use crate::alloc::Extent;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::txn::ScratchDevice;

/// Clusters taken at a time, where there are as many in one piece.
const GROWTH: u64 = 1 << 20;

/// Bytes in clusters of the volume that are in use in memory only: they count
/// as used as long as this lives, and nothing on the device tells of them, so
/// that a crash frees them. Reading and writing takes no lock of the volume.
pub struct Scratch {
    engine: Weak<RwLock<Engine>>,
    device: ScratchDevice,
    extents: Vec<Extent>,
    cluster: u64,
    len: u64,
}

impl Volume {
    /// Empty scratch space.
    ///
    /// # Errors
    /// The volume is open for reading only.
    pub fn scratch(&self) -> Result<Scratch> {
        let engine = self.read()?;
        engine.check_writable()?;
        Ok(Scratch {
            engine: std::sync::Arc::downgrade(&self.engine),
            device: engine.store.scratch_device(),
            extents: Vec::new(),
            cluster: engine.cluster_size(),
            len: 0,
        })
    }
}

impl Engine {
    /// Free clusters for scratch space, in one piece, at most `count`; those
    /// freed before become usable first when there are no others.
    fn take_scratch(&mut self, count: u64) -> Result<Extent> {
        self.check_writable()?;
        if let Some(extent) = self.reserve_clusters(count)? {
            return Ok(extent);
        }
        if !self.cache.in_frame() && self.holds_space() {
            self.release_space()?;
        }
        self.reserve_clusters(count)?.ok_or(Error::DiskFull)
    }
}

impl Scratch {
    /// Bytes there is room for.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.len
    }

    /// Makes room for `len` bytes; what is new holds anything.
    ///
    /// # Errors
    /// The volume is full (what was there stays), or was closed.
    pub fn grow(&mut self, len: u64) -> Result<()> {
        if len <= self.len {
            return Ok(());
        }
        let shared = self.engine.upgrade().ok_or(Error::Latched)?;
        let mut engine = shared.write().map_err(|_| Error::Latched)?;
        while self.len < len {
            let wanted = (len - self.len).max(GROWTH).div_ceil(self.cluster);
            let extent = engine.take_scratch(wanted)?;
            self.extents.push(extent);
            self.len += extent.1 * self.cluster;
        }
        Ok(())
    }

    /// Reads exactly `buf`.
    ///
    /// # Errors
    /// Beyond the capacity; the device failed; the volume was closed.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.parts(offset, buf.len(), |device, at, from, to| {
            device.read(at, buf.get_mut(from..to).unwrap_or_default())
        })
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// Beyond the capacity; the device failed; the volume was closed.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.parts(offset, bytes.len(), |device, at, from, to| {
            device.write(at, bytes.get(from..to).unwrap_or_default())
        })
    }

    /// Calls `each` with the place on the device and the range of the buffer.
    fn parts(
        &self,
        offset: u64,
        len: usize,
        mut each: impl FnMut(&ScratchDevice, u64, usize, usize) -> Result<()>,
    ) -> Result<()> {
        let wanted = u64::try_from(len).unwrap_or(u64::MAX);
        if offset.checked_add(wanted).is_none_or(|end| end > self.len) {
            return Err(InvalidInput::OutOfRange.into());
        }
        if self.engine.strong_count() == 0 {
            return Err(Error::Latched);
        }
        let mut done = 0;
        let mut start = 0;
        for (lcn, length) in &self.extents {
            let bytes = length * self.cluster;
            let at = offset + u64::try_from(done).unwrap_or(0);
            if done < len && at >= start && at < start + bytes {
                let inside = at - start;
                let take = usize::try_from(bytes - inside)
                    .unwrap_or(usize::MAX)
                    .min(len - done);
                each(
                    &self.device,
                    lcn.0 * self.cluster + inside,
                    done,
                    done + take,
                )?;
                done += take;
            }
            start += bytes;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some(shared) = self.engine.upgrade() else {
            return;
        };
        // Giving clusters back cannot do harm, whatever went wrong elsewhere.
        let mut engine = shared.write().unwrap_or_else(PoisonError::into_inner);
        for (lcn, _) in &self.extents {
            engine.reserved.give_back(lcn.0);
        }
    }
}

impl core::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Scratch")
            .field("len", &self.len)
            .field("extents", &self.extents.len())
            .finish_non_exhaustive()
    }
}
