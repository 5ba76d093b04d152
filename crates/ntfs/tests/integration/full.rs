//! Volumes that are full, and devices that fail.

use std::sync::Arc;

use linkwright_device::{BlockDevice, Fault, FaultDevice, IoOperation, MemoryDevice};
use linkwright_ntfs::{
    CreateOptions, DirtyPolicy, Durability, Error, FileKind, OpenOptions, Volume,
};
use linkwright_ntfs_check::CheckOptions;
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize, format};

use crate::support::{
    ROOT, assert_sound, directory, file, fresh, open, options, pattern, problems, read_all, units,
};

fn tiny() -> Vec<(u64, FormatOptions)> {
    let base = FormatOptions::default();
    let with = |cluster, record_size| FormatOptions {
        cluster_size: Some(cluster),
        record_size,
        ..base.clone()
    };
    vec![
        (2 << 20, with(512, RecordSize::Bytes1024)),
        (3 << 20, with(4096, RecordSize::Bytes1024)),
        (3 << 20, with(1024, RecordSize::Bytes4096)),
        (16 << 20, with(65_536, RecordSize::Bytes1024)),
    ]
}

#[test]
fn a_volume_filled_to_the_last_cluster_with_data() {
    for (size, options) in tiny() {
        let device = fresh(size, &options);
        let volume = open(&device);
        let info = volume.info().unwrap();
        let file = file(&volume, ROOT, "all of it");
        let cluster = usize::try_from(info.cluster_size).unwrap();
        let mut written = 0;
        let full = loop {
            match volume.write_at(file, &[], written, &pattern(1, cluster)) {
                Ok(()) => written += cluster as u64,
                Err(error) => break error,
            }
        };
        assert!(matches!(full, Error::DiskFull), "{full}");
        let left = volume.info().unwrap().free_clusters;
        assert!(left == 0, "{left} of {} clusters left", info.free_clusters);
        // Small things may or may not find room; nothing breaks.
        for n in 0..50 {
            let made = volume.create(
                ROOT,
                &units(&format!("small {n}")),
                FileKind::File,
                &CreateOptions::default(),
            );
            assert!(matches!(made, Ok(_) | Err(Error::DiskFull)));
        }
        volume.close().unwrap();
        assert_sound(&*device);

        let volume = open(&device);
        assert_eq!(volume.stream_len(file, &[]).unwrap(), written);
        volume.remove(ROOT, &units("all of it")).unwrap();
        let again = self::file(&volume, ROOT, "again");
        let half = usize::try_from(written / 2).unwrap();
        volume.write_at(again, &[], 0, &pattern(2, half)).unwrap();
        assert!(read_all(&volume, again, &[]) == pattern(2, half));
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn a_volume_filled_with_names() {
    for (size, options) in tiny() {
        let device = fresh(size, &options);
        let volume = open(&device);
        let dir = directory(&volume, ROOT, "dir");
        let target = file(&volume, dir, "target");
        let mut made = Vec::new();
        let mut refused = 0;
        for n in 0..60_000_u32 {
            let name = units(&format!("{}{n}", "a longer name ".repeat(5)));
            let result = match n % 3 {
                0 if made.len() < 2500 => volume.hard_link(target, dir, &name),
                1 => volume
                    .create(dir, &name, FileKind::Directory, &CreateOptions::default())
                    .map(|_| ()),
                _ => volume
                    .create(dir, &name, FileKind::File, &CreateOptions::default())
                    .and_then(|file| volume.write_at(file, &[], 0, &pattern(n, 600))),
            };
            match result {
                Ok(()) => made.push(name),
                Err(Error::DiskFull) => refused += 1,
                Err(Error::InvalidInput(linkwright_ntfs::InvalidInput::TooManyLinks)) => {}
                Err(error) => panic!("{n}: {error}"),
            }
            if refused > 40 {
                break;
            }
        }
        assert!(refused > 40);
        volume.sync().unwrap();
        volume.close().unwrap();
        assert_sound(&*device);
        let volume = open(&device);
        let all: Vec<_> = volume.list(dir).unwrap().map(|e| e.unwrap()).collect();
        assert!(all.len() > made.len());
        for entry in all {
            volume
                .remove(dir, entry.name.units())
                .unwrap_or_else(|e| panic!("{}: {e}", entry.name.to_string_lossy()));
        }
        volume.remove(ROOT, &units("dir")).unwrap();
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

/// What the fault tests do to a volume.
fn work(volume: &Volume) -> Result<(), Error> {
    let none = CreateOptions::default();
    let dir = volume.create(ROOT, &units("dir"), FileKind::Directory, &none)?;
    for n in 0..40_u32 {
        let name = units(&format!("file {n}"));
        let file = volume.create(dir, &name, FileKind::File, &none)?;
        volume.write_at(file, &[], 0, &pattern(n, 3000))?;
        volume.hard_link(file, ROOT, &name)?;
        if n % 4 == 0 {
            volume.remove(dir, &name)?;
        }
    }
    volume.sync()
}

fn volume_on(device: &Arc<FaultDevice<MemoryDevice>>, durability: Durability) -> Volume {
    let device: Arc<dyn BlockDevice> = device.clone();
    let options = OpenOptions {
        durability,
        dirty: DirtyPolicy::Ignore,
        ..options()
    };
    Volume::open(device, options).expect("the volume opens")
}

#[test]
fn a_failed_write_or_flush_latches_the_volume() {
    for durability in [Durability::OnSync, Durability::Immediate] {
        let memory = MemoryDevice::new(8 << 20);
        format(&memory, &FormatOptions::default()).unwrap();
        let whole = FaultDevice::new(memory.snapshot());
        let whole = Arc::new(whole);
        let volume = volume_on(&whole, durability);
        work(&volume).unwrap();
        drop(volume);
        let counts = whole.counts();
        for (operation, total) in [
            (IoOperation::Write, counts.writes),
            (IoOperation::Flush, counts.flushes),
        ] {
            let step = usize::try_from(total / 40).unwrap().max(1);
            for nth in (1..=total).step_by(step) {
                let device = Arc::new(FaultDevice::new(memory.snapshot()));
                let volume = volume_on(&device, durability);
                device.arm(Fault::once(operation, nth));
                let Err(error) = work(&volume) else {
                    // It struck while the volume was closed.
                    continue;
                };
                assert!(
                    matches!(error, Error::Io(_)),
                    "{operation:?} {nth}: {error}"
                );
                assert_eq!(device.fired(), 1);
                let later = volume.create(
                    ROOT,
                    &units("later"),
                    FileKind::File,
                    &CreateOptions::default(),
                );
                assert!(matches!(later, Err(Error::Latched)), "{operation:?} {nth}");
                assert!(matches!(volume.sync(), Err(Error::Latched)));
                // Reading goes on.
                volume
                    .list(ROOT)
                    .unwrap()
                    .for_each(|entry| drop(entry.unwrap()));
                assert!(matches!(volume.close(), Err(Error::Latched)));
                device.disarm();
                let volume = volume_on(&device, durability);
                volume
                    .list(ROOT)
                    .unwrap()
                    .for_each(|entry| drop(entry.unwrap()));
                volume.close().unwrap();
            }
        }
    }
}

#[test]
fn a_failed_read_fails_one_operation_only() {
    let memory = MemoryDevice::new(8 << 20);
    format(&memory, &FormatOptions::default()).unwrap();
    let total = {
        let device = Arc::new(FaultDevice::new(memory.snapshot()));
        let volume = volume_on(&device, Durability::OnSync);
        let opened = device.counts().reads;
        work(&volume).unwrap();
        device.counts().reads - opened
    };
    let mut ahead = 0;
    for nth in 1..=total {
        let device = Arc::new(FaultDevice::new(memory.snapshot()));
        let volume = volume_on(&device, Durability::OnSync);
        device.arm(Fault::once(IoOperation::Read, nth));
        match work(&volume) {
            Err(error) => assert!(matches!(error, Error::Io(_)), "{nth}: {error}"),
            // Read ahead: what is needed of that was read by itself.
            Ok(()) => ahead += 1,
        }
        // The volume is as it was before that operation, and goes on.
        file(&volume, ROOT, "later");
        volume.close().unwrap();
        let found = problems(device.inner(), &CheckOptions::strict());
        assert!(found.is_empty(), "{nth}: {}", found[0]);
    }
    assert!(ahead <= total / 8, "{ahead} of {total}");
}

/// Names in no order over and over change every block of an index; their images
/// need room where free space lies in thousands of pieces. The volume is filled to
/// the end nevertheless, and keeps what it acknowledged.
#[test]
fn a_volume_whose_free_space_is_in_pieces_is_filled_to_the_end() {
    const PER_FILE: usize = 100;
    // With a question before each name none of them waits for its place.
    for (size, cache_bytes, asks) in [
        (100 << 20, 256 << 20, false),
        (100 << 20, 256 << 20, true),
        (22 << 20, 2 << 20, false),
        (16 << 20, 2 << 20, true),
    ] {
        let device = fresh(size, &FormatOptions::default());
        let options = OpenOptions {
            cache_bytes,
            ..options()
        };
        let volume = Volume::open(device.clone(), options).unwrap();
        let (files, names) = (
            directory(&volume, ROOT, "files"),
            directory(&volume, ROOT, "names"),
        );
        let (mut target, mut made) = (files, 0);
        let full = loop {
            if made == 5000 {
                volume.sync().unwrap();
            }
            if made % PER_FILE == 0 {
                let name = units(&format!("file {made:08}"));
                let none = CreateOptions::default();
                match volume.create(files, &name, FileKind::File, &none) {
                    Ok(file) => target = file,
                    Err(error) => break error,
                }
            }
            let number = made * 10_368_889 % (1 << 24);
            let name = units(&format!("a link with number {number:08}"));
            if asks {
                assert!(volume.lookup(names, &name).unwrap().is_none());
            }
            match volume.hard_link(target, names, &name) {
                Ok(()) => made += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(full, Error::DiskFull), "{full}");
        let info = volume.info().unwrap();
        let free = info.free_clusters * 100 / info.clusters;
        assert!(free < 3, "{free} % free at {made} names");
        volume.close().unwrap();
        assert_sound(&*device);
        assert_eq!(open(&device).list(names).unwrap().count(), made);
    }
}

/// What large groups were lent is kept from one to the next, and there for whoever
/// needs it.
#[test]
fn clusters_that_were_lent_are_not_missing() {
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = open(&device);
    let names = directory(&volume, ROOT, "names");
    let data = file(&volume, ROOT, "data");
    for round in 0..2 {
        let mut target = data;
        for n in 0..8000 {
            if n % 1000 == 0 {
                target = file(&volume, ROOT, &format!("target {round} {n}"));
            }
            let name = format!("{:05} {round} {}", n * 7919 % 10_007, "x".repeat(100));
            volume.hard_link(target, names, &units(&name)).unwrap();
        }
        volume.sync().unwrap();
    }
    let info = volume.info().unwrap();
    // Some for the runs of the data, and for the log's images.
    let most = (info.free_clusters - 64) * u64::from(info.cluster_size);
    let bytes = pattern(3, usize::try_from(most).unwrap());
    volume.write_at(data, &[], 0, &bytes).unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
}

/// `$MFT` takes the longest pieces there are: in single clusters its runs would be
/// too many before the volume is full.
#[test]
fn the_file_table_grows_in_the_longest_pieces() {
    let device = fresh(256 << 20, &FormatOptions::default());
    let volume = open(&device);
    let dir = directory(&volume, ROOT, "dir");
    let cluster = usize::try_from(volume.info().unwrap().cluster_size).unwrap();
    let mut data = 0;
    for clusters in [1, 1, 1, 1, 20].into_iter().cycle() {
        let name = units(&format!("data {data}"));
        let file = match volume.create(dir, &name, FileKind::File, &CreateOptions::default()) {
            Ok(file) => file,
            Err(error) => {
                assert!(matches!(error, Error::DiskFull), "{error}");
                break;
            }
        };
        if let Err(error) = volume.write_at(file, &[], 0, &pattern(1, clusters * cluster)) {
            assert!(matches!(error, Error::DiskFull), "{error}");
            break;
        }
        data += 1;
    }
    for n in (0..data).filter(|n| n % 5 % 2 == 0) {
        volume.remove(dir, &units(&format!("data {n}"))).unwrap();
    }
    volume.sync().unwrap();
    let mut files = 0;
    let full = loop {
        let name = units(&format!("file {files}"));
        match volume.create(dir, &name, FileKind::File, &CreateOptions::default()) {
            Ok(_) => files += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::DiskFull), "{full}");
    let info = volume.info().unwrap();
    let free = info.free_clusters * 100 / info.clusters;
    assert!(free < 10, "{free} % free at {files} files");
    volume.close().unwrap();
    assert_sound(&*device);
}
