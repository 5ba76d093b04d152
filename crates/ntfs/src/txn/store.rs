//! The device behind a latch and the journal; the order of writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_device::BlockDevice;

use super::far::{self, FarBlock};
use super::journal::Journal;
use super::marks::FlagPlace;
use super::region::LogRegion;
use super::sectors::Sectors;
use crate::error::{CorruptKind, Error, Place, Result};

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

impl Mirror {
    /// The part of a range that is mirrored, and where its copy starts.
    pub(super) fn overlap(&self, start: u64, end: u64) -> Option<(u64, u64, u64)> {
        let from = start.max(self.source);
        let to = end.min(self.source + self.len);
        (from < to).then(|| (from, to, self.copy + (from - self.source)))
    }
}

/// Where a commit under way writes.
pub(crate) trait Places: Send + Sync {
    /// Whether it writes in a range of the device. Of a block in several pieces
    /// only the first is looked at.
    fn touches(&self, offset: u64, len: usize) -> bool;
}

/// See the module's text.
pub(crate) struct Store {
    pub(super) device: Arc<dyn BlockDevice>,
    pub(super) mirror: Mirror,
    latched: Arc<AtomicBool>,
    /// Data was written to free clusters since the last flush.
    pub(super) fresh: Arc<AtomicBool>,
    /// Records were written since the last flush.
    pub(super) loose: bool,
    /// Marks of the session were.
    pub(super) marks_loose: AtomicBool,
    /// Where the dirty flag lies, once the session has set it.
    pub(super) flag: Option<FlagPlace>,
    pub(super) region: Option<LogRegion>,
    pub(super) journal: Option<Journal>,
    /// What is in the journal and not in place.
    pub(super) sectors: Sectors,
    /// The same of a group that lies in the spill area.
    pub(super) far: Vec<FarBlock>,
    /// Of a stand-in: where the commit writes that the store is away for.
    taken: Option<Arc<dyn Places>>,
}

impl Store {
    pub(crate) fn new(device: Arc<dyn BlockDevice>) -> Self {
        Self {
            device,
            mirror: Mirror::default(),
            latched: Arc::default(),
            fresh: Arc::default(),
            loose: false,
            marks_loose: AtomicBool::new(false),
            flag: None,
            region: None,
            journal: None,
            sectors: Sectors::default(),
            far: Vec::new(),
            taken: None,
        }
    }

    /// What takes this store's place while it is away with a large commit, before
    /// which everything is in place: it reads what does not lie in `taken`, and
    /// writes to places that are free in what is committed and in that commit. It
    /// has no journal.
    pub(crate) fn stand_in(&self, taken: Arc<dyn Places>) -> Self {
        Self {
            device: Arc::clone(&self.device),
            mirror: self.mirror,
            latched: Arc::clone(&self.latched),
            fresh: Arc::clone(&self.fresh),
            loose: false,
            marks_loose: AtomicBool::new(false),
            flag: self.flag,
            region: self.region.clone(),
            journal: None,
            sectors: Sectors::default(),
            far: Vec::new(),
            taken: Some(taken),
        }
    }

    /// Refuses every write from now on.
    pub(crate) fn latch(&self) {
        self.latched.store(true, Ordering::Release);
    }

    /// Says which records are mirrored, once `$MFT` is known.
    pub(crate) fn set_mirror(&mut self, mirror: Mirror) {
        self.mirror = mirror;
    }

    /// Says where the log lies.
    pub(crate) fn set_region(&mut self, region: Option<LogRegion>) {
        self.region = region;
    }

    /// Whether there is a log to journal in.
    pub(crate) fn has_region(&self) -> bool {
        self.region.is_some()
    }

    /// The device itself.
    pub(super) fn device(&self) -> Arc<dyn BlockDevice> {
        Arc::clone(&self.device)
    }

    /// Whether the device takes no writes.
    pub(crate) fn is_read_only(&self) -> bool {
        self.device.is_read_only()
    }

    /// Reads exactly `buf`, as if everything committed were in place.
    pub(crate) fn read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.device.read_at(offset, buf)?;
        self.sectors.overlay(offset, buf);
        if !self.far.is_empty() {
            far::overlay(&self.far, &*self.device, offset, buf)?;
        }
        Ok(())
    }

    /// Refuses when an earlier write failed.
    pub(crate) fn check_latch(&self) -> Result<()> {
        if self.latched.load(Ordering::Acquire) {
            return Err(Error::Latched);
        }
        Ok(())
    }

    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_latch()?;
        self.device.write_at(offset, bytes).map_err(|error| {
            self.latch();
            Error::Io(error)
        })
    }

    pub(super) fn flush_device(&self) -> Result<()> {
        self.check_latch()?;
        // What is written beside the flush may not be part of it.
        self.fresh.store(false, Ordering::SeqCst);
        self.device.flush().map_err(|error| {
            self.latch();
            Error::Io(error)
        })?;
        self.marks_loose.store(false, Ordering::Release);
        Ok(())
    }

    /// Writes data to clusters that are free on the device and in every image
    /// of the journal. Where the journal has something, metadata lies in
    /// clusters that the volume's bitmap calls free, or that a file's runs
    /// claim.
    pub(crate) fn write_fresh(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let taken = self.taken.as_ref();
        if self.sectors.touches(offset, bytes.len())
            || taken.is_some_and(|taken| taken.touches(offset, bytes.len()))
        {
            return Err(Place::default().corrupt(CorruptKind::ClusterNotUsed));
        }
        self.write(offset, bytes)?;
        // Behind the write: a flush that began in the middle of it is not enough.
        self.fresh.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Makes everything committed so far durable.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.check_latch()?;
        if self.loose || self.fresh.load(Ordering::Acquire) {
            self.flush_device()?;
            self.loose = false;
        }
        Ok(())
    }

    pub(super) fn journal(&self) -> Result<&Journal> {
        // Committing begins a session first.
        let missing = || Place::default().corrupt(CorruptKind::MissingAttribute);
        self.journal.as_ref().ok_or_else(missing)
    }

    pub(super) fn journal_mut(&mut self) -> Result<&mut Journal> {
        let missing = || Place::default().corrupt(CorruptKind::MissingAttribute);
        self.journal.as_mut().ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SessionStart, WriteSet};
    use super::*;
    use linkwright_device::MemoryDevice;

    const LOG: usize = 256 << 10;
    const FLAG: u64 = (48 << 10) + 700;

    fn journaled(device: &Arc<MemoryDevice>) -> Store {
        let mut store = Store::new(device.clone());
        store.set_region(Some(
            LogRegion::new(vec![(64 << 10, LOG as u64)], LOG as u64).unwrap(),
        ));
        store
    }

    fn device() -> Arc<MemoryDevice> {
        let device = Arc::new(MemoryDevice::new(1 << 20));
        device.write_at(64 << 10, &vec![0xFF; LOG]).unwrap();
        device
    }

    fn commit(store: &mut Store, offset: u64, bytes: Vec<u8>) {
        let mut set = WriteSet::default();
        set.push(offset, &bytes);
        store.commit(&set).unwrap();
    }

    fn start() -> SessionStart {
        SessionStart {
            serial: 7,
            clean_before: true,
            flag: FlagPlace {
                offset: FLAG,
                bit: 1,
            },
        }
    }

    fn read(device: &MemoryDevice, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        device.read_at(offset, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_write_to_mirrored_records_reaches_the_copy() {
        let device = device();
        let mut store = journaled(&device);
        store.set_mirror(Mirror {
            source: 4096,
            copy: 32768,
            len: 4096,
        });
        store.begin(start()).unwrap();
        commit(&mut store, 3072, vec![1; 2048]);
        commit(&mut store, 7168, vec![2; 2048]);
        store.settle_last(start().flag).unwrap();
        store.end().unwrap();
        let copy = read(&device, 32768 - 1024, 8192);
        assert_eq!(copy[..1024], [0; 1024]);
        assert_eq!(copy[1024..2048], [1; 1024]);
        assert_eq!(copy[4096..5120], [2; 1024]);
        assert_eq!(copy[5120..], [0; 3072]);
    }

    #[test]
    fn nothing_is_in_place_before_the_checkpoint_and_the_log_is_empty_behind_it() {
        let device = device();
        let mut store = journaled(&device);
        store.begin(start()).unwrap();
        commit(&mut store, 0, vec![1; 1024]);
        commit(&mut store, 512, vec![2; 512]);
        store.flush().unwrap();
        assert_eq!(read(&device, 0, 1024), vec![0; 1024]);
        let mut seen = [0; 3];
        store.read(511, &mut seen).unwrap();
        assert_eq!(seen, [1, 2, 2]);
        store.settle_last(start().flag).unwrap();
        store.end().unwrap();
        assert_eq!(read(&device, 511, 3), [1, 2, 2]);
        assert_eq!(read(&device, 64 << 10, LOG), vec![0xFF; LOG]);
    }

    #[test]
    fn a_session_that_did_not_end_is_found_and_a_foreign_write_is_seen() {
        let device = device();
        let mut store = journaled(&device);
        store.begin(start()).unwrap();
        commit(&mut store, 0, vec![1; 1024]);
        commit(&mut store, 0, vec![3; 512]);
        let mut other = journaled(&device);
        assert!(other.find_journal(8).unwrap().is_none());
        let found = other.find_journal(7).unwrap().unwrap();
        assert_eq!((found.groups, found.bytes()), (2, 1024));
        assert_eq!(other.foreign_writes(&found).unwrap(), None);
        device.write_at(600, &[9]).unwrap();
        assert_eq!(other.foreign_writes(&found).unwrap(), Some(512));
        device.write_at(600, &[0]).unwrap();
        other.replay(found).unwrap();
        assert_eq!(read(&device, 511, 2), [3, 1]);
        let again = journaled(&device).find_journal(7).unwrap().unwrap();
        assert_eq!(again.groups, 0);
        other.end().unwrap();
        assert!(other.find_journal(7).unwrap().is_none());
    }

    #[test]
    fn a_log_that_another_system_took_over_is_not_ours() {
        let device = device();
        let mut store = journaled(&device);
        store.begin(start()).unwrap();
        commit(&mut store, 0, vec![1; 1024]);
        assert!(store.find_journal(7).unwrap().is_some());
        device.write_at((64 << 10) + 0x40, &[0x55]).unwrap();
        assert!(store.find_journal(7).unwrap().is_none());
    }
}
