//! Large groups that are committed beside the caller.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use linkwright_device::{BlockDevice, DeviceError, Fault, FaultDevice, IoOperation, MemoryDevice};
use linkwright_ntfs::{
    CreateOptions, Durability, Error, FileId, FileKind, OpenOptions, Result, Scanned, TimesChange,
    Volume,
};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Loss, SimDevice};

use super::judge::{Effort, Judge, run_with, with};
use super::state::tree;
use super::steps::{Step, fill, find, step};
use crate::support::{NOW, ROOT, assert_sound, file, fresh, open, units};

/// A group takes off when it has a quarter of this, more than 1 MiB of it to be
/// logged.
const CACHE: usize = 6 << 20;
const FILES: usize = 1300;
/// Links of a step: a record each that is there already.
const LINKS: usize = 325;
const STEPS: usize = 11;

const LEN: u64 = 22 << 20;
/// What is changed before a group takes off has room in it.
const LOG: u64 = 1 << 20;

fn beside() -> OpenOptions {
    OpenOptions {
        cache_bytes: CACHE,
        ..with(Durability::OnSync)
    }
}

fn filled() -> MemoryDevice {
    let format = FormatOptions {
        log_size: Some(LOG),
        ..FormatOptions::default()
    };
    let device = fresh(LEN, &format);
    let volume = open(&device);
    super::steps::create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    fill(&volume, FILES);
    volume.close().unwrap();
    device.snapshot()
}

fn named(volume: &Volume, n: usize) -> Result<FileId> {
    let name = units(&format!("name {n:05}"));
    let entry = volume.lookup(find(volume, "dir"), &name)?;
    Ok(entry.expect("a file of the base").file)
}

/// Gives files that were there one more name, and makes a file with contents:
/// records of a group in the air change, and free clusters are written.
fn link(volume: &Volume, number: usize) -> Result<()> {
    let dir = find(volume, "dir");
    volume.transaction(|tx| {
        for n in (0..LINKS).map(|n| (number * LINKS + n) % FILES) {
            let entry = tx.lookup(dir, &units(&format!("name {n:05}")))?;
            let file = entry.expect("a file of the base").file;
            tx.hard_link(file, dir, &units(&format!("link {number} {n:05}")))?;
        }
        let none = CreateOptions::default();
        let new = tx.create(
            ROOT,
            &units(&format!("new {number}")),
            FileKind::File,
            &none,
        )?;
        tx.write_at(new, &[], 0, &[7; 9000])
    })
}

/// What an operation freed is used again by one behind it, when that may be.
fn steps() -> Vec<Step> {
    (0..STEPS)
        .flat_map(|number| {
            let free = step(move |v: &Volume| match number.checked_sub(2) {
                Some(old) => v.remove(ROOT, &units(&format!("new {old}"))),
                None => Ok(()),
            });
            [step(move |v: &Volume| link(v, number)), free]
        })
        .collect()
}

#[test]
fn groups_in_the_air_survive_the_loss_of_power() {
    let run = run_with(&filled(), beside(), &steps());
    let effort = Effort {
        seeds: 1,
        whole_recovery: 400,
        ..Effort::USUAL
    };
    let cuts = Judge::new("groups in the air", effort).assert_survives(&run);
    assert!(cuts > 100, "{cuts}");
}

#[test]
fn the_same_operations_make_the_same_bytes() {
    let images = [0, 1].map(|_| {
        let run = run_with(&filled(), beside(), &steps());
        let live = run.sim.live();
        let mut bytes = vec![0; usize::try_from(live.len()).unwrap()];
        live.read_at(0, &mut bytes).unwrap();
        bytes
    });
    assert!(images[0] == images[1], "two runs differ");
}

/// A write or flush of the group in the air fails: whoever calls next is told, once
/// by the device's own error; nothing is written any more, reading goes on, and
/// what is on the device is a state that there was.
#[test]
fn a_failure_in_the_air_is_told_and_loses_nothing_else() {
    let base = filled();
    let whole = run_with(&base, beside(), &steps());
    let judge = Judge::new("failing in the air", Effort::USUAL);
    for operation in [IoOperation::Write, IoOperation::Flush] {
        let mut n = 1;
        loop {
            let sim = Arc::new(SimDevice::new(&base));
            let faulty = Arc::new(FaultDevice::new(sim.clone()));
            faulty.arm(Fault::once(operation, n));
            let what = format!("{operation} {n}");
            let volume = Volume::open(faulty.clone(), beside()).unwrap();
            let mut told = Vec::new();
            for step in steps() {
                told.extend(step(&volume).err());
            }
            let there = tree(&volume);
            assert!(whole.states.contains(&there), "{what}: reading goes on");
            told.extend(volume.sync().err());
            told.extend(volume.close().err());
            if faulty.fired() == 0 {
                assert!(told.is_empty(), "{what}: {told:?}");
                break;
            }
            let io = told.iter().filter(|e| matches!(e, Error::Io(_))).count();
            let latched = told.iter().filter(|e| matches!(e, Error::Latched)).count();
            assert!(io <= 1 && io + latched == told.len(), "{what}: {told:?}");
            assert!(!told.is_empty(), "{what}");
            let mut cuts = sim.cuts();
            while cuts.step() {}
            for loss in [Loss::Nothing, Loss::Seed(n)] {
                let there = judge.recovered(&cuts.image(loss), &what);
                assert!(whole.states.contains(&there), "{what}, {loss:?}");
            }
            // Most calls are the writes of single places.
            n += if n < 40 { 1 } else { 9 };
        }
        println!("{operation}: each of the first 40 of {n} calls, then each ninth");
        assert!(n > 5, "{n}");
    }
}

/// A device on which groups in the air wait for a sign.
struct Gate {
    device: MemoryDevice,
    open: Mutex<bool>,
    sign: Condvar,
    /// A group is there.
    arrived: AtomicBool,
}

impl Gate {
    fn new(device: MemoryDevice) -> Arc<Self> {
        Arc::new(Self {
            device,
            open: Mutex::new(false),
            sign: Condvar::new(),
            arrived: AtomicBool::new(false),
        })
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.sign.notify_all();
    }

    fn wait_for_a_group(&self) {
        let start = Instant::now();
        while !self.arrived.load(Ordering::Acquire) {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(60), "nothing took off");
            std::thread::yield_now();
        }
    }
}

impl BlockDevice for Gate {
    fn len(&self) -> u64 {
        self.device.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.device.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        if std::thread::current().name() == Some("commit") {
            self.arrived.store(true, Ordering::Release);
            // A test that fails ends all the same.
            let open = self.open.lock().unwrap();
            let wait = Duration::from_secs(20);
            let waited = self.sign.wait_timeout_while(open, wait, |open| !*open);
            *waited.unwrap().0 = true;
        }
        self.device.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.device.flush()
    }

    fn describe(&self) -> String {
        self.device.describe()
    }
}

/// Files of no group in the air; together they are more than the cache holds.
const COLD: usize = 6000;

/// How many of them a change waits for in the log when the group takes off.
const LOGGED: usize = 40;

fn later() -> TimesChange {
    TimesChange {
        modified: Some(NtTime(NOW.0 + 1)),
        ..TimesChange::default()
    }
}

/// A volume with a group in the air that waits, and changes behind it. Nothing
/// of the group is in the cache.
fn waiting() -> (Arc<Gate>, Volume) {
    let base = Arc::new(filled());
    let volume = open(&base);
    let cold = |v: &Volume, n: usize| v.lookup(ROOT, &units(&format!("cold {n}"))).unwrap();
    for n in 0..COLD {
        file(&volume, ROOT, &format!("cold {n}"));
    }
    volume.close().unwrap();
    let gate = Gate::new(base.snapshot());
    let volume = Volume::open(gate.clone(), beside()).unwrap();
    for n in 0..LOGGED {
        let file = cold(&volume, n).unwrap().file;
        volume.set_times(file, &later()).unwrap();
    }
    volume.sync().unwrap();
    for number in 0..6 {
        link(&volume, number).unwrap();
    }
    gate.wait_for_a_group();
    // Those that were used before stay longest: they are looked at last.
    let others = LOGGED..COLD;
    for n in others.clone().chain(others).chain(0..LOGGED) {
        let info = volume.file_info(cold(&volume, n).unwrap().file).unwrap();
        let changed = info.times.modified == NtTime(NOW.0 + 1);
        assert_eq!(changed, n < LOGGED, "{n}");
    }
    (gate, volume)
}

#[test]
fn what_is_in_the_air_is_read_changed_and_taken_back() {
    let (gate, volume) = waiting();
    let links = |n| {
        volume
            .file_info(named(&volume, n).unwrap())
            .unwrap()
            .link_count
    };
    assert_eq!((links(0), links(LINKS)), (3, 3));
    let before = tree(&volume);
    let failed: Result<()> = volume.transaction(|tx| {
        for n in 0..50 {
            let name = units(&format!("name {n:05}"));
            let dir = tx.lookup(ROOT, &units("dir"))?.expect("dir").file;
            let file = tx.lookup(dir, &name)?.expect("a file").file;
            tx.hard_link(file, ROOT, &units(&format!("third {n}")))?;
        }
        Err(Error::DiskFull)
    });
    assert!(matches!(failed, Err(Error::DiskFull)));
    assert_eq!(tree(&volume), before);
    volume
        .hard_link(named(&volume, 1).unwrap(), ROOT, &units("kept"))
        .unwrap();
    assert_eq!(links(1), 4);
    gate.open();
    volume.close().unwrap();
    assert_sound(&gate.device);
    let volume = Volume::open(gate, OpenOptions::read_only()).unwrap();
    assert_eq!(
        volume
            .file_info(named(&volume, 1).unwrap())
            .unwrap()
            .link_count,
        4
    );
    assert_eq!(volume.lookup(ROOT, &units("third 1")).unwrap(), None);
}

#[test]
fn a_scan_waits_for_what_is_in_the_air() {
    let (gate, volume) = waiting();
    let volume = Arc::new(volume);
    let scan = {
        let volume = Arc::clone(&volume);
        std::thread::spawn(move || names_by_scan(&volume))
    };
    gate.open();
    // The base, a directory among it, the links, and a file for each call.
    let own = names_by_scan(&volume);
    assert_eq!(scan.join().unwrap(), own);
    assert!(own > FILES + COLD + 6 * LINKS, "{own}");
    drop(volume);
    let volume = Volume::open(gate, OpenOptions::read_only()).unwrap();
    assert_eq!(names_by_scan(&volume), own);
}

/// Names of all files that can be read.
fn names_by_scan(volume: &Volume) -> usize {
    let mut names = 0;
    let summary = volume.links(&mut |scanned| {
        match scanned {
            Scanned::File(file) => names += file.names().count(),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    });
    summary.unwrap();
    names
}

/// Space that an operation in the air freed is used when there is no other.
#[test]
fn a_full_volume_lands_what_is_in_the_air() {
    let gate = Gate::new(filled());
    gate.open();
    let volume = Volume::open(gate.clone(), beside()).unwrap();
    let big = file(&volume, ROOT, "big");
    let info = volume.info().unwrap();
    // Room is left for names and records, and for images of a group.
    let len = (info.free_clusters - 1400) * u64::from(info.cluster_size);
    volume.set_len(big, &[], len).unwrap();
    volume.sync().unwrap();
    volume.remove(ROOT, &units("big")).unwrap();
    for number in 0..6 {
        link(&volume, number).unwrap();
    }
    gate.wait_for_a_group();
    let big = file(&volume, ROOT, "big");
    volume.set_len(big, &[], len).unwrap();
    volume.write_at(big, &[], len - 100, &[9; 100]).unwrap();
    volume.close().unwrap();
    assert_sound(&gate.device);
}
