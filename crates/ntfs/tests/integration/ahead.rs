//! Records that are read ahead are never older than what is committed.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use linkwright_device::{BlockDevice, DeviceError, IoOperation, MemoryDevice};
use linkwright_ntfs::{Error, FileId, OpenOptions, Volume};
use linkwright_ntfs_mkfs::FormatOptions;

use crate::support::{ROOT, assert_sound, directory, file, fresh, open, options, units};

const RECORD: u64 = 1024;

/// Files; their records follow each other.
const FILES: usize = 3000;

/// A cache that has room for a few hundred records, and 32 records ahead.
const CACHE: usize = 512 << 10;

/// Counts reads; some bytes cannot be read, and writes of other threads can be
/// held up.
struct Watched {
    inner: Arc<MemoryDevice>,
    owner: ThreadId,
    reads: AtomicUsize,
    bad: Mutex<Range<u64>>,
    held: Mutex<bool>,
    released: Condvar,
}

impl Watched {
    fn new(inner: &Arc<MemoryDevice>) -> Arc<Self> {
        Arc::new(Self {
            inner: inner.clone(),
            owner: thread::current().id(),
            reads: AtomicUsize::new(0),
            bad: Mutex::new(0..0),
            held: Mutex::new(false),
            released: Condvar::new(),
        })
    }

    fn hold_writes(&self, hold: bool) {
        *self.held.lock().unwrap() = hold;
        self.released.notify_all();
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl BlockDevice for Watched {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let bad = self.bad.lock().unwrap();
        if offset < bad.end && bad.start < offset + buf.len() as u64 {
            return Err(DeviceError::Io {
                operation: IoOperation::Read,
                offset,
                len: buf.len() as u64,
                source: std::io::Error::other("a bad sector"),
            });
        }
        self.inner.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        if thread::current().id() != self.owner {
            let held = self.held.lock().unwrap();
            drop(self.released.wait_while(held, |held| *held).unwrap());
        }
        self.inner.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.inner.flush()
    }

    fn describe(&self) -> String {
        "watched".to_owned()
    }
}

/// A closed volume with [`FILES`] files in a directory, and those.
fn many() -> (Arc<MemoryDevice>, FileId, Vec<FileId>) {
    so_many(FILES)
}

fn so_many(count: usize) -> (Arc<MemoryDevice>, FileId, Vec<FileId>) {
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = open(&device);
    let parent = directory(&volume, ROOT, "d");
    let files: Vec<FileId> = (0..count)
        .map(|n| file(&volume, parent, &format!("file {n:04}")))
        .collect();
    volume.close().unwrap();
    let follows = |pair: &[FileId]| pair[0].record().0 + 1 == pair[1].record().0;
    assert!(files.windows(2).all(follows));
    (device, parent, files)
}

fn reopen(device: Arc<dyn BlockDevice>) -> Volume {
    let options = OpenOptions {
        cache_bytes: CACHE,
        ..options()
    };
    Volume::open(device, options).unwrap()
}

/// The same, with a session begun: marking the volume is behind it.
fn begun(device: &Arc<MemoryDevice>, parent: FileId, files: &[FileId]) -> Volume {
    let volume = reopen(device.clone());
    let last = files[FILES - 1];
    volume.hard_link(last, parent, &units("first")).unwrap();
    volume.sync().unwrap();
    volume
}

fn links(volume: &Volume, file: FileId) -> u32 {
    volume.file_info(file).unwrap().link_count
}

/// Has so many records read that nothing else stays in the cache; in descending
/// order, so that nothing is read ahead.
fn evict(volume: &Volume, files: &[FileId]) {
    for file in files[FILES - 1500..].iter().rev() {
        links(volume, *file);
    }
}

/// Where the record of a file lies.
fn place(device: &Arc<MemoryDevice>, file: FileId) -> u64 {
    let mut bytes = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut bytes).unwrap();
    let number = u32::try_from(file.record().0).unwrap().to_le_bytes();
    let found: Vec<usize> = bytes
        .chunks_exact(1024)
        .enumerate()
        .filter(|(_, record)| record.starts_with(b"FILE") && record[0x2C..0x30] == number)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(found.len(), 1);
    found[0] as u64 * RECORD
}

#[test]
fn records_in_order_are_read_together() {
    let (device, parent, files) = many();
    let watched = Watched::new(&device);
    let volume = reopen(watched.clone());
    links(&volume, parent);
    let before = watched.reads();
    for file in &files[..1024] {
        assert_eq!(links(&volume, *file), 1);
    }
    let reads = watched.reads() - before;
    assert!((1024 / 32..1024 / 16).contains(&reads), "{reads}");
    let before = watched.reads();
    for file in files[2000..].iter().rev() {
        links(&volume, *file);
    }
    assert_eq!(watched.reads() - before, 1000);
}

#[test]
fn what_was_handed_out_is_read_anew_once_it_left_the_cache() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    for file in &files[..4] {
        links(&volume, *file);
    }
    // Read ahead by now: it comes to the cache from there, and changes.
    volume.hard_link(files[20], parent, &units("more")).unwrap();
    volume.sync().unwrap();
    evict(&volume, &files);
    assert_eq!(links(&volume, files[20]), 2);
    assert_eq!(links(&volume, files[21]), 1);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn what_the_cache_has_is_not_read_ahead() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    volume.hard_link(files[20], parent, &units("more")).unwrap();
    // Reads past the changed record.
    for file in &files[..8] {
        links(&volume, *file);
    }
    volume.sync().unwrap();
    evict(&volume, &files);
    assert_eq!(links(&volume, files[20]), 2);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn what_is_taken_back_is_read_as_it_is_committed() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    for file in &files[..4] {
        links(&volume, *file);
    }
    let taken = units("file 0000");
    let name = units("more");
    let undone = volume.transaction(|tx| {
        tx.hard_link(files[20], parent, &name)?;
        tx.hard_link(files[21], parent, &taken)
    });
    assert!(undone.is_err());
    assert_eq!(links(&volume, files[20]), 1);
    volume.hard_link(files[20], parent, &name).unwrap();
    volume.sync().unwrap();
    evict(&volume, &files);
    assert_eq!(
        (links(&volume, files[20]), links(&volume, files[21])),
        (2, 1)
    );
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn records_freed_and_made_anew_are_not_those_read_ahead() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    for file in &files[..4] {
        links(&volume, *file);
    }
    volume.remove(parent, &units("file 0020")).unwrap();
    let new = file(&volume, parent, "new");
    assert_eq!(new.record(), files[20].record());
    volume.sync().unwrap();
    evict(&volume, &files);
    assert!(volume.file_info(files[20]).is_err());
    assert_eq!(links(&volume, new), 1);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_record_that_is_made_without_being_read_is_not_one_read_ahead() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    // So many that `$MFT` grows: what is formatted now is not read when it is
    // taken.
    let more: Vec<FileId> = (0..700)
        .map(|n| file(&volume, parent, &format!("more {n:04}")))
        .collect();
    volume.sync().unwrap();
    evict(&volume, &files);
    for file in &more[690..] {
        links(&volume, *file);
    }
    let new = file(&volume, parent, "new");
    assert_eq!(new.record().0, more[699].record().0 + 1);
    volume.sync().unwrap();
    evict(&volume, &files);
    assert_eq!(links(&volume, new), 1);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn what_waits_in_the_log_lies_over_what_is_read_ahead() {
    let (device, parent, files) = many();
    let volume = begun(&device, parent, &files);
    for n in (0..64).rev() {
        let name = units(&format!("more {n:02}"));
        volume.hard_link(files[n], parent, &name).unwrap();
    }
    volume.sync().unwrap();
    evict(&volume, &files);
    for file in &files[..64] {
        assert_eq!(links(&volume, *file), 2);
    }
    // As a crash leaves it, looked at without writing.
    let left: Arc<dyn BlockDevice> = Arc::new(device.snapshot());
    let later = Volume::open(left, OpenOptions::default()).unwrap();
    for file in &files[..64] {
        assert_eq!(links(&later, *file), 2);
    }
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_step_sees_what_was_moved_out_of_memory() {
    let (device, parent, files) = many();
    let volume = reopen(device.clone());
    volume
        .transaction(|tx| {
            for n in (0..FILES).rev() {
                tx.hard_link(files[n], parent, &units(&format!("more {n:04}")))?;
            }
            for file in &files {
                assert_eq!(tx.file_info(*file)?.link_count, 2);
            }
            Ok(())
        })
        .unwrap();
    for file in &files {
        assert_eq!(links(&volume, *file), 2);
    }
    volume.close().unwrap();
    assert_sound(&*device);
}

/// A volume with many files of which [`FLOWN`] have one more name, and a commit
/// of that under way that does not get on.
struct Airborne {
    device: Arc<MemoryDevice>,
    watched: Arc<Watched>,
    volume: Volume,
    parent: FileId,
    files: Vec<FileId>,
}

const FLOWN: Range<usize> = 20..2520;

impl Airborne {
    fn new() -> Self {
        let (device, parent, files) = so_many(16_000);
        let watched = Watched::new(&device);
        let options = OpenOptions {
            cache_bytes: 8 << 20,
            ..options()
        };
        let volume = Volume::open(watched.clone(), options).unwrap();
        let last = files[files.len() - 1];
        volume.hard_link(last, parent, &units("first")).unwrap();
        volume.sync().unwrap();
        watched.hold_writes(true);
        let all = Self {
            device,
            watched,
            volume,
            parent,
            files,
        };
        // More than a quarter of the cache, and less than two.
        all.link(FLOWN, "more");
        all.evict();
        all
    }

    fn link(&self, files: Range<usize>, what: &str) {
        for n in files {
            let name = units(&format!("{what} {n:04}"));
            let linked = self.volume.hard_link(self.files[n], self.parent, &name);
            linked.unwrap();
        }
    }

    fn evict(&self) {
        for file in self.files[4000..].iter().rev() {
            links(&self.volume, *file);
        }
    }

    fn land(&self) {
        self.watched.hold_writes(false);
        self.volume.sync().unwrap();
    }
}

impl Drop for Airborne {
    fn drop(&mut self) {
        self.watched.hold_writes(false);
    }
}

#[test]
fn what_a_commit_under_way_has_is_not_read_from_the_device() {
    let all = Airborne::new();
    for file in &all.files[FLOWN] {
        assert_eq!(links(&all.volume, *file), 2);
    }
    all.evict();
    all.link(100..200, "again");
    let check = || {
        for n in FLOWN {
            let count = if (100..200).contains(&n) { 3 } else { 2 };
            assert_eq!(links(&all.volume, all.files[n]), count);
        }
    };
    check();
    all.land();
    all.evict();
    check();
    all.volume.sync().unwrap();
    let image = Arc::new(all.device.snapshot());
    drop(all);
    Volume::recover(image.clone()).unwrap();
    assert_sound(&*image);
}

#[test]
fn what_a_commit_under_way_has_is_not_read_ahead() {
    let all = Airborne::new();
    // On to those that were not written yet.
    for file in &all.files[..FLOWN.start - 4] {
        assert_eq!(links(&all.volume, *file), 1);
    }
    all.land();
    for file in &all.files[FLOWN] {
        assert_eq!(links(&all.volume, *file), 2);
    }
}

#[test]
fn one_that_cannot_be_read_or_is_damaged_is_the_only_one_refused() {
    let (device, _, files) = many();
    let (bad, damaged) = (place(&device, files[20]), place(&device, files[60]));
    device.write_at(damaged + 510, &[0xAA, 0x55]).unwrap();
    let watched = Watched::new(&device);
    let volume = reopen(watched.clone());
    *watched.bad.lock().unwrap() = bad..bad + 512;
    for (n, file) in files[..100].iter().enumerate() {
        let info = volume.file_info(*file);
        match n {
            20 => assert!(matches!(info, Err(Error::Io(_))), "{info:?}"),
            60 => assert!(matches!(info, Err(Error::Corrupt(_))), "{info:?}"),
            _ => assert_eq!(info.unwrap().link_count, 1),
        }
    }
}
