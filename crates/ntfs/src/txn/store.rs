//! The device behind a latch and the journal; the order of writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_device::BlockDevice;

use super::journal::{Found, Journal, sector_sums};
use super::layout::{CLEAN_BEFORE, HEAD, RECORD_HEADER};
use super::record::Body;
use super::region::LogRegion;
use super::restart;
use super::sectors::{SECTOR, Sectors};
use super::{Write, WriteSet};
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

/// What [`Store::begin`] needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionStart {
    /// Serial number of the volume.
    pub(crate) serial: u64,
    /// The volume was clean.
    pub(crate) clean_before: bool,
}

/// See the module's text.
pub(crate) struct Store {
    device: Arc<dyn BlockDevice>,
    mirror: Mirror,
    latched: AtomicBool,
    /// Data was written to free clusters since the last flush.
    fresh: AtomicBool,
    /// Records were written since the last flush.
    loose: bool,
    region: Option<LogRegion>,
    journal: Option<Journal>,
    /// What is in the journal and not in place.
    sectors: Sectors,
}

impl Store {
    pub(crate) fn new(device: Arc<dyn BlockDevice>) -> Self {
        Self {
            device,
            mirror: Mirror::default(),
            latched: AtomicBool::new(false),
            fresh: AtomicBool::new(false),
            loose: false,
            region: None,
            journal: None,
            sectors: Sectors::default(),
        }
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
        Ok(())
    }

    /// Refuses when an earlier write failed.
    pub(crate) fn check_latch(&self) -> Result<()> {
        if self.latched.load(Ordering::Acquire) {
            return Err(Error::Latched);
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_latch()?;
        self.device.write_at(offset, bytes).map_err(|error| {
            self.latched.store(true, Ordering::Release);
            Error::Io(error)
        })
    }

    fn flush_device(&self) -> Result<()> {
        self.check_latch()?;
        self.device.flush().map_err(|error| {
            self.latched.store(true, Ordering::Release);
            Error::Io(error)
        })?;
        self.fresh.store(false, Ordering::Release);
        Ok(())
    }

    /// Writes data to clusters that are free on the device and in every image
    /// of the journal.
    pub(crate) fn write_fresh(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        debug_assert!(!self.sectors.touches(offset, bytes.len()));
        self.fresh.store(true, Ordering::Release);
        self.write(offset, bytes)
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

    fn journal(&self) -> Result<&Journal> {
        // Committing begins a session first.
        let missing = || Place::default().corrupt(CorruptKind::MissingAttribute);
        self.journal.as_ref().ok_or_else(missing)
    }

    fn journal_mut(&mut self) -> Result<&mut Journal> {
        let missing = || Place::default().corrupt(CorruptKind::MissingAttribute);
        self.journal.as_mut().ok_or_else(missing)
    }

    fn write_log(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let region = &self.journal()?.region;
        region.write(offset, bytes, |at, part| self.write(at, part))
    }

    fn erase_log(&self, start: u64, end: u64) -> Result<()> {
        let region = &self.journal()?.region;
        region.erase(&*self.device, start, end, |at, part| self.write(at, part))
    }

    fn write_header(&mut self) -> Result<()> {
        let (offset, bytes) = self.journal_mut()?.next_header();
        self.write_log(offset, &bytes)?;
        self.flush_device()
    }

    /// Takes the log over: what another system left in it goes, the header
    /// says that it is ours, and then, not before, the restart pages say that
    /// the volume is in use. Durable when this returns.
    pub(crate) fn begin(&mut self, start: SessionStart) -> Result<()> {
        let Some(region) = self.region.clone() else {
            return Err(Place::default().corrupt(CorruptKind::MissingAttribute));
        };
        let before = sector_sums(&region.head(&*self.device)?);
        let pages = restart::pages(region.len())?;
        let flags = if start.clean_before { CLEAN_BEFORE } else { 0 };
        let len = region.len();
        self.journal = Some(Journal::new(region, start.serial, flags, before, &pages));
        self.erase_log(HEAD as u64, len)?;
        self.flush_device()?;
        self.write_header()?;
        self.write_log(0, &pages)?;
        self.flush_device()
    }

    /// Leaves the log empty: the records, then the restart pages, then the
    /// header, each durable before the next. Everything is in place.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.checkpoint()?;
        let Ok(journal) = self.journal() else {
            return Ok(());
        };
        let (start, used) = (journal.region.records_start(), journal.used);
        self.erase_log(start, used)?;
        self.flush_device()?;
        self.erase_log(0, HEAD as u64)?;
        self.flush_device()?;
        self.erase_log(HEAD as u64, start)?;
        self.flush_device()?;
        self.journal = None;
        Ok(())
    }

    /// Bytes of changed blocks that the journal takes without a spill area.
    pub(crate) fn capacity(&self) -> u64 {
        // Checksums and runs take up to 3/64 of what they describe.
        let bytes = self.region.as_ref().map_or(0, LogRegion::capacity);
        bytes - bytes / 16
    }

    /// Bytes of images held in memory until they are in place.
    pub(crate) fn held_bytes(&self) -> usize {
        self.sectors.len() * SECTOR
    }

    /// Whether little room is left for the next group.
    pub(crate) fn is_nearly_full(&self) -> bool {
        self.journal().is_ok_and(|journal| {
            let room = journal.room();
            room < journal.region.capacity() / 4
        })
    }

    /// The changes of `set`, ready for the journal. What is in the journal
    /// goes to its place first when there may be no room behind it.
    pub(crate) fn prepare(&mut self, set: &WriteSet) -> Result<Body> {
        let set = self.with_mirror(set);
        let bytes: u64 = set.writes().iter().map(|w| w.bytes.len() as u64).sum();
        let most = bytes + bytes / 16 + 2 * RECORD_HEADER as u64 + 4096;
        if most > self.journal()?.room() {
            self.checkpoint()?;
        }
        Body::gather(&set, &self.sectors, &*self.device)
    }

    /// Bytes of spill area that a body needs; `None` when it fits the log.
    pub(crate) fn spill_len(&self, body: &Body) -> Result<Option<u64>> {
        Ok((body.inline_len() > self.journal()?.room()).then(|| body.stored_len()))
    }

    /// Commits: fresh data is made durable first, so that no record shows data
    /// that is not there; then the record is handed to the operating system.
    pub(crate) fn append(&mut self, body: &Body, spill: &[(u64, u64)]) -> Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        if self.fresh.load(Ordering::Acquire) {
            self.flush_device()?;
        }
        let journal = self.journal()?;
        let (offset, room) = (journal.position, journal.room());
        let (record, outside) =
            body.record(journal.header.serial.get(), journal.sequence, spill)?;
        if record.len() as u64 > room {
            return Err(Error::DiskFull);
        }
        if let Some(outside) = outside {
            let mut rest = outside.as_slice();
            for (at, len) in spill {
                let take = usize::try_from(*len).unwrap_or(usize::MAX).min(rest.len());
                let (part, tail) = rest.split_at_checked(take).unwrap_or((rest, &[]));
                self.write(*at, part)?;
                rest = tail;
            }
        }
        self.write_log(offset, &record)?;
        let end = offset + record.len() as u64;
        let journal = self.journal_mut()?;
        journal.position = end;
        journal.used = journal.used.max(end);
        journal.sequence += 1;
        self.loose = true;
        body.apply(&mut self.sectors);
        Ok(())
    }

    /// Brings everything in the journal into place and empties it: records
    /// durable, blocks in place, durable, header, durable.
    pub(crate) fn checkpoint(&mut self) -> Result<()> {
        self.flush()?;
        if self.sectors.is_empty() {
            return Ok(());
        }
        self.settle()
    }

    fn settle(&mut self) -> Result<()> {
        self.sectors
            .runs(|offset, bytes| self.write(offset, bytes))?;
        self.flush_device()?;
        let journal = self.journal_mut()?;
        journal.position = journal.region.records_start();
        self.write_header()?;
        self.sectors.clear();
        Ok(())
    }

    /// Looks for the journal of a session that did not end.
    pub(crate) fn find_journal(&self, serial: u64) -> Result<Option<Found>> {
        match &self.region {
            Some(region) => Journal::find(&*self.device, region, serial),
            None => Ok(None),
        }
    }

    /// Goes on where a session did not end: brings what it committed into
    /// place. Whatever happens in the middle, the journal stays as it is until
    /// all of that is durable, so that this can be done again.
    pub(crate) fn replay(&mut self, found: Found) -> Result<()> {
        self.journal = Some(found.journal);
        self.sectors = found.sectors;
        // Written by a process that may not have flushed.
        self.flush_device()?;
        self.settle()
    }

    /// Reads as if what that session committed were in place.
    pub(crate) fn look_through(&mut self, found: Found) {
        self.sectors = found.sectors;
    }

    /// Whether somebody else wrote where the journal of `found` writes.
    pub(crate) fn foreign_writes(&self, found: &Found) -> Result<Option<u64>> {
        found.foreign(&*self.device)
    }

    /// `set` and what it changes of the mirrored records.
    fn with_mirror(&self, set: &WriteSet) -> WriteSet {
        let mut all = WriteSet::default();
        for write in set.writes() {
            all.push(write.clone());
        }
        for write in set.writes() {
            if let Some(copy) = self.mirrored(write) {
                all.push(copy);
            }
        }
        all
    }

    /// The part of a write that lies in the mirrored records, at its copy.
    fn mirrored(&self, write: &Write) -> Option<Write> {
        let end = write.offset + write.bytes.len() as u64;
        let start = write.offset.max(self.mirror.source);
        let stop = end.min(self.mirror.source + self.mirror.len);
        if start >= stop {
            return None;
        }
        let from = usize::try_from(start - write.offset).ok()?;
        let to = usize::try_from(stop - write.offset).ok()?;
        Some(Write {
            offset: self.mirror.copy + (start - self.mirror.source),
            bytes: write.bytes.get(from..to)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_device::MemoryDevice;

    const LOG: usize = 256 << 10;

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
        set.push(Write { offset, bytes });
        let body = store.prepare(&set).unwrap();
        store.append(&body, &[]).unwrap();
    }

    fn start() -> SessionStart {
        SessionStart {
            serial: 7,
            clean_before: true,
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
