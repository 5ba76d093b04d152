//! The marks of a session on the device: the restart pages, the dirty flag,
//! and the log left empty at the end.
//!
//! What is written together here without a flush between may be lost, torn and
//! reordered; docs/design/journal.md says why each such group is safe.

use std::sync::atomic::Ordering;

use zerocopy::little_endian::U64;

use super::checksum;
use super::journal::{Found, Journal, sector_sums};
use super::layout::{CLEAN_BEFORE, HEAD};
use super::restart;
use super::sectors::{SECTOR, SECTOR_LEN};
use super::store::Store;
use super::write_set::{Write, WriteSet};
use crate::error::{CorruptKind, Place, Result};

/// Where the dirty flag lies: one bit, so that setting it changes one sector
/// of its record, which a medium writes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlagPlace {
    /// Byte offset on the device.
    pub(crate) offset: u64,
    /// The bit of that byte.
    pub(crate) bit: u8,
}

impl FlagPlace {
    /// Byte offset of the sector.
    const fn sector(self) -> u64 {
        self.offset - self.offset % SECTOR_LEN
    }

    /// Sets or clears the flag in the bytes of its sector.
    fn put(self, sector: &mut [u8; SECTOR], set: bool) {
        let at = usize::try_from(self.offset % SECTOR_LEN).unwrap_or(0);
        if let Some(byte) = sector.get_mut(at) {
            *byte = if set {
                *byte | self.bit
            } else {
                *byte & !self.bit
            };
        }
    }
}

/// What [`Store::begin`] needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionStart {
    /// Serial number of the volume.
    pub(crate) serial: u64,
    /// The volume was clean.
    pub(crate) clean_before: bool,
    /// Where its dirty flag lies.
    pub(crate) flag: FlagPlace,
}

impl Store {
    /// Takes the log over: what another system left in it goes and the header
    /// says that it is ours, both durable; then the restart pages say that the
    /// volume is in use, durable with the first commit. No record counts
    /// without them.
    pub(crate) fn begin(&mut self, start: SessionStart) -> Result<()> {
        let Some(region) = self.region.clone() else {
            return Err(Place::default().corrupt(CorruptKind::MissingAttribute));
        };
        let before = sector_sums(&region.head(&*self.device)?);
        let pages = restart::pages(region.len())?;
        let flags = if start.clean_before { CLEAN_BEFORE } else { 0 };
        let len = region.len();
        let empty = region.is_empty(&*self.device)?;
        let mut journal = Journal::new(region, start.serial, flags, before, &pages);
        journal.header.flag_sum = U64::new(self.flag_sum(start.flag)?);
        self.journal = Some(journal);
        if !empty {
            self.erase_log(HEAD as u64, len)?;
        }
        self.write_header()?;
        self.write_log(0, &pages)?;
        self.marks_loose.store(true, Ordering::Release);
        Ok(())
    }

    /// Sets or clears the dirty flag in its place and in the copy of its
    /// record: no other byte, so that it needs no journal. Durable with the
    /// next flush. A copy that differs in more is left as it is.
    pub(crate) fn put_flag(&mut self, flag: FlagPlace, set: bool) -> Result<()> {
        let (at, end) = (flag.sector(), flag.sector() + SECTOR_LEN);
        let mut image = self.sector(at)?;
        flag.put(&mut image, set);
        let copy = self.mirror.overlap(at, end).map(|(_, _, copy)| copy);
        for at in [Some(at), copy].into_iter().flatten() {
            let there = self.sector(at)?;
            let mut wanted = there;
            flag.put(&mut wanted, set);
            if wanted == image && there != image {
                self.marks_loose.store(true, Ordering::Release);
                self.write(at, &image)?;
            }
        }
        self.flag = Some(flag);
        Ok(())
    }

    /// Whether the flag is set on the device.
    pub(crate) fn is_flag_set(&self, flag: FlagPlace) -> Result<bool> {
        let there = self.sector(flag.sector())?;
        let mut clear = there;
        flag.put(&mut clear, false);
        Ok(there != clear)
    }

    /// A commit says what is on the device where it changes it: a flag that it
    /// covers is durable first.
    pub(super) fn flush_covered_flag(&self, set: &WriteSet) -> Result<()> {
        let Some(at) = self.flag.map(FlagPlace::sector) else {
            return Ok(());
        };
        if !self.marks_loose.load(Ordering::Acquire) {
            return Ok(());
        }
        let covers = |write: &Write| write.offset <= at && at < write.end();
        if set.writes().iter().any(covers) {
            return self.flush_device();
        }
        Ok(())
    }

    /// Brings everything into place before the session ends. From here on the
    /// records in the log count all or not at all, so that they may be erased
    /// in any order.
    pub(crate) fn settle_last(&mut self, flag: FlagPlace) -> Result<()> {
        self.flush()?;
        let sum = U64::new(self.flag_sum(flag)?);
        let Ok(journal) = self.journal_mut() else {
            return Ok(());
        };
        let known = journal.header.flag_sum == sum;
        journal.header.flag_sum = sum;
        let settled = self.sectors.is_empty() && self.far.is_empty();
        // No record may speak of the sector of the flag when that is cleared.
        if self.sectors.touches(flag.sector(), SECTOR) || !self.far.is_empty() || settled {
            return if settled && known {
                Ok(())
            } else {
                self.settle()
            };
        }
        self.write_images()?;
        let (offset, bytes) = self.journal_mut()?.last_header();
        self.write_log(offset, &bytes)?;
        self.flush_device()?;
        self.sectors.clear();
        Ok(())
    }

    /// Leaves the log empty: the records and the restart pages, then the
    /// header, which is durable as long as any of them. Everything is in place.
    pub(crate) fn end(&mut self) -> Result<()> {
        let Ok(journal) = self.journal() else {
            return self.flush_device();
        };
        let (start, used) = (journal.region.records_start(), journal.used);
        self.erase_log(start, used)?;
        self.erase_log(0, HEAD as u64)?;
        self.flush_device()?;
        self.erase_log(HEAD as u64, start)?;
        self.flush_device()?;
        self.journal = None;
        self.flag = None;
        Ok(())
    }

    /// Takes over a session that was cut off while its marks were set or
    /// removed, so that [`Self::end`] can finish it.
    pub(crate) fn adopt(&mut self, found: Found) {
        self.journal = Some(found.journal);
    }

    /// Whether the flag is set on the device, and not by the session at hand:
    /// whoever else writes a record moves its update sequence number on.
    pub(crate) fn is_foreign_flag(&self, flag: FlagPlace) -> Result<bool> {
        let there = self.sector(flag.sector())?;
        let sum = self.journal()?.header.flag_sum.get();
        Ok(self.is_flag_set(flag)? && checksum::of(&there) != sum)
    }

    /// Checksum of the flag's sector with the flag set.
    fn flag_sum(&self, flag: FlagPlace) -> Result<u64> {
        let mut sector = [0; SECTOR];
        self.read(flag.sector(), &mut sector)?;
        flag.put(&mut sector, true);
        Ok(checksum::of(&sector))
    }

    /// A sector of the device itself.
    fn sector(&self, at: u64) -> Result<[u8; SECTOR]> {
        let mut sector = [0; SECTOR];
        self.device.read_at(at, &mut sector)?;
        Ok(sector)
    }

    pub(super) fn write_log(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let region = &self.journal()?.region;
        region.write(offset, bytes, |at, part| self.write(at, part))
    }

    fn erase_log(&self, start: u64, end: u64) -> Result<()> {
        let region = &self.journal()?.region;
        region.erase(&*self.device, start, end, |at, part| self.write(at, part))
    }

    pub(super) fn write_header(&mut self) -> Result<()> {
        let (offset, bytes) = self.journal_mut()?.next_header();
        self.write_log(offset, &bytes)?;
        self.flush_device()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use linkwright_device::{BlockDevice, MemoryDevice, StatsDevice};

    use super::super::{LogRegion, Mirror};
    use super::*;

    const LOG: u64 = 64 << 10;
    const LOG_LEN: usize = 256 << 10;
    const RECORD: u64 = 4096;
    const COPY: u64 = 8192;
    const FLAG: FlagPlace = FlagPlace {
        offset: RECORD + 700,
        bit: 1,
    };

    fn device() -> Arc<MemoryDevice> {
        let device = Arc::new(MemoryDevice::new(1 << 20));
        device
            .write_at(LOG, &vec![0xFF; LOG_LEN])
            .expect("it is inside");
        device
    }

    fn store(device: Arc<dyn BlockDevice>) -> Store {
        let mut store = Store::new(device);
        let region = LogRegion::new(vec![(LOG, LOG_LEN as u64)], LOG_LEN as u64);
        store.set_region(Some(region.unwrap()));
        store.set_mirror(Mirror {
            source: RECORD,
            copy: COPY,
            len: 1024,
        });
        store
    }

    fn begun(device: &Arc<MemoryDevice>) -> Store {
        begun_on(device.clone())
    }

    fn begun_on(device: Arc<dyn BlockDevice>) -> Store {
        let mut store = store(device);
        store
            .begin(SessionStart {
                serial: 7,
                clean_before: true,
                flag: FLAG,
            })
            .unwrap();
        store
    }

    /// What would make the flag's sector foreign, or bring it back.
    #[test]
    fn a_group_that_covers_the_flag_flushes_it_first_and_is_done_with_before_it_goes() {
        let device = device();
        let counted = Arc::new(StatsDevice::new(Arc::clone(&device)));
        let mut store = begun_on(counted.clone());
        store.put_flag(FLAG, true).unwrap();
        let commit = |store: &mut Store, byte: u8| {
            let mut image = [byte; 1024];
            image[700] |= 1;
            let mut set = WriteSet::default();
            set.push(RECORD, &image);
            let before = counted.counts().flushes;
            store.commit(&set).unwrap();
            counted.counts().flushes - before
        };
        assert_eq!(commit(&mut store, 2), 1);
        assert_eq!(commit(&mut store, 4), 0);
        let found = self::store(device.clone())
            .find_journal(7)
            .unwrap()
            .unwrap();
        assert_eq!(found.groups, 2);
        assert_eq!(store.foreign_writes(&found).unwrap(), None);
        store.settle_last(FLAG).unwrap();
        store.put_flag(FLAG, false).unwrap();
        let found = self::store(device.clone())
            .find_journal(7)
            .unwrap()
            .unwrap();
        assert_eq!(found.groups, 0);
        assert_eq!(byte(&device, FLAG.offset), 4);
    }

    fn byte(device: &MemoryDevice, at: u64) -> u8 {
        let mut byte = [0];
        device.read_at(at, &mut byte).unwrap();
        byte[0]
    }

    #[test]
    fn the_flag_is_one_bit_in_both_copies_and_a_copy_that_differs_is_left() {
        let device = device();
        device.write_at(FLAG.offset, &[0x80]).unwrap();
        device.write_at(COPY + 700, &[0x80]).unwrap();
        let mut store = begun(&device);
        store.put_flag(FLAG, true).unwrap();
        let flags = || (byte(&device, FLAG.offset), byte(&device, COPY + 700));
        assert_eq!(flags(), (0x81, 0x81));
        device.write_at(COPY + 701, &[9]).unwrap();
        store.put_flag(FLAG, false).unwrap();
        assert_eq!(flags(), (0x80, 0x81));
    }

    #[test]
    fn a_flag_is_foreign_when_its_sector_is_not_as_the_session_left_it() {
        let device = device();
        let mut store = begun(&device);
        assert!(!store.is_foreign_flag(FLAG).unwrap());
        store.put_flag(FLAG, true).unwrap();
        assert!(!store.is_foreign_flag(FLAG).unwrap());
        device.write_at(RECORD + 1022, &[1]).unwrap();
        assert!(store.is_foreign_flag(FLAG).unwrap());
    }

    #[test]
    fn records_count_with_whole_restart_pages_only_and_at_the_end_all_or_none() {
        let device = device();
        let mut store = begun(&device);
        for n in 1..=3 {
            let mut set = WriteSet::default();
            set.push(512 * n, &[7; 512]);
            store.commit(&set).unwrap();
        }
        let groups = |device: &Arc<MemoryDevice>| {
            let found = self::store(device.clone())
                .find_journal(7)
                .unwrap()
                .unwrap();
            (found.groups, found.marked)
        };
        assert_eq!(groups(&device), (3, true));
        let torn = Arc::new(device.snapshot());
        torn.write_at(LOG + 512, &[0xFF; 512]).unwrap();
        assert_eq!(groups(&torn), (0, false));
        // The second record: the first alone is a state that was.
        let second = LOG + store.journal().unwrap().region.records_start() + 1024;
        let erased = |device: &MemoryDevice| {
            let copy = Arc::new(device.snapshot());
            copy.write_at(second, &[0xFF; 1024]).unwrap();
            copy
        };
        assert_eq!(groups(&erased(&device)), (1, true));
        store.settle_last(FLAG).unwrap();
        assert_eq!(groups(&device), (3, true));
        assert_eq!(groups(&erased(&device)), (0, true));
    }
}
