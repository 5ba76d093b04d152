//! Entries that wait for their places: nobody sees that they do.

use std::sync::Arc;

use linkwright_device::{
    BlockDevice, Fault, FaultDevice, FaultDuration, IoOperation, MemoryDevice,
};
use linkwright_ntfs::{
    CaseSensitivity, CreateOptions, Durability, Error, FileId, FileKind, InvalidInput, NewLink,
    OpenOptions, Replace, Result, ShortNames, Volume,
};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_testkit::Panel;
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};
use proptest::prelude::*;

use crate::many_links::{Scene, Wish, assert_same, listing, resolve, scene, wishes};
use crate::support::{ROOT, assert_sound, directory, file, fresh, image_of, open, options, units};

fn create(volume: &Volume, parent: FileId, name: &[u16]) -> Result<FileId> {
    volume.create(parent, name, FileKind::File, &CreateOptions::default())
}

/// Names of one file and new files in turn; what each call said.
fn add_all(volume: &Volume, wishes: &[Wish]) -> Vec<String> {
    let add = |(n, (file, parent, name)): (usize, &Wish)| {
        let made = match n % 3 {
            2 => create(volume, *parent, name).map(|made| made.raw()),
            _ => volume.hard_link(*file, *parent, name).map(|()| 0),
        };
        format!("{made:?}")
    };
    wishes.iter().enumerate().map(add).collect()
}

fn opened(scene: &Scene, options: &OpenOptions) -> (Arc<MemoryDevice>, Volume) {
    let device = Arc::new(scene.device.snapshot());
    let shared: Arc<dyn BlockDevice> = device.clone();
    let volume = Volume::open(shared, options.clone()).unwrap();
    (device, volume)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn calls_whose_entries_wait_do_what_those_do_whose_entries_do_not(
        picks in prop_oneof![wishes(200, 40), wishes(900, 2), wishes(900, 0)],
        entries in prop_oneof![Just(0_usize), Just(5), Just(400)],
        cache in prop_oneof![Just(128_usize << 10), Just(1 << 20), Just(16 << 20)],
        pause in prop_oneof![Just(30_usize), Just(usize::MAX)],
    ) {
        let scene = scene(&FormatOptions::default(), entries);
        let wishes = resolve(&scene, &picks);
        let told = [Durability::OnSync, Durability::Written].map(|durability| {
            let options = OpenOptions { cache_bytes: cache, durability, ..options() };
            let (device, volume) = opened(&scene, &options);
            let mut told = Vec::new();
            for part in wishes.chunks(pause.min(wishes.len())) {
                told.extend(add_all(&volume, part));
                // Somebody asks.
                told.push(format!("{:?}", volume.lookup(part[0].1, &part[0].2)));
            }
            told.extend(listing(&volume));
            volume.close().unwrap();
            assert_sound(&*device);
            let volume = open(&device);
            let there = listing(&volume);
            assert_same(&told[told.len() - there.len()..], &there);
            told
        });
        assert_same(&told[0], &told[1]);
    }
}

/// A directory with files, and a file for names in it.
fn crowded(files: usize) -> (MemoryDevice, FileId, FileId) {
    let device = fresh(24 << 20, &FormatOptions::default());
    let volume = open(&device);
    let parent = directory(&volume, ROOT, "crowd");
    let target = file(&volume, ROOT, "target");
    for n in 0..files {
        file(&volume, parent, &format!("file {:05}", n * 7 % files));
    }
    volume.close().unwrap();
    (device.snapshot(), parent, target)
}

/// Links in no order, from the one with number `from` on.
fn link_some(volume: &Volume, (parent, target): (FileId, FileId), from: usize, count: usize) {
    for n in from..from + count {
        let name = units(&format!("link {:05} {}", n * 7919 % 10_007, n));
        volume.hard_link(target, parent, &name).unwrap();
    }
}

#[test]
fn whoever_asks_or_changes_anything_else_finds_them_there() {
    let (device, parent, target) = crowded(300);
    let device = Arc::new(device);
    let volume = open(&device);
    let name = |n: usize| units(&format!("link {:05} {}", n * 7919 % 10_007, n));
    let mut made = 0;
    let mut burst = |waits: bool| {
        link_some(&volume, (parent, target), made, 100);
        made += 100;
        assert_eq!(volume.waiting_entries().unwrap() > 0, waits);
        made - 1
    };
    // The directory is walked when so many came as it has blocks.
    let last = burst(true);
    let entry = volume.lookup(parent, &name(last)).unwrap();
    assert_eq!(entry.unwrap().file, target);
    assert_eq!(volume.waiting_entries().unwrap(), 0);
    burst(true);
    assert_eq!(volume.list(parent).unwrap().count(), 500);
    burst(true);
    assert_eq!(volume.file_info(target).unwrap().link_count, 301);
    assert_eq!(volume.waiting_entries().unwrap(), 0);
    let last = burst(true);
    volume.remove(parent, &name(last)).unwrap();
    let last = burst(true);
    let (old, new) = (name(last), units("renamed"));
    volume
        .rename(parent, &old, parent, &new, Replace::No)
        .unwrap();
    let last = burst(true);
    let there = volume.transaction(|tx| tx.lookup(parent, &name(last)));
    assert_eq!(there.unwrap().unwrap().file, target);
    let last = burst(true);
    let taken = name(last);
    let again = NewLink {
        file: target,
        parent,
        name: &taken,
    };
    let refused = volume.hard_links(&[again]).unwrap_err();
    assert!(matches!(
        refused.error,
        Error::InvalidInput(InvalidInput::NameCollision)
    ));
    burst(true);
    volume.sync().unwrap();
    assert_eq!(volume.waiting_entries().unwrap(), 0);
    burst(true);
    volume.close().unwrap();
    assert_sound(&*device);
    let volume = open(&device);
    // One was removed; the file has its own name.
    assert_eq!(volume.file_info(target).unwrap().link_count, 900);
    assert_eq!(volume.list(parent).unwrap().count(), 300 + 899);
    volume.close().unwrap();
    let image = image_of(&device);
    rust_fs_ntfs::assert_clean(image.path());
    ntfsfix::assert_clean(image.path());
    let tree = Panel::new().assert_agree(image.path());
    let names = tree.iter().filter(|(_, e)| e.nlink == Some(900)).count();
    assert_eq!(names, 900);
}

#[test]
fn a_name_that_waits_is_taken() {
    let (device, parent, target) = crowded(100);
    let device = Arc::new(device);
    let volume = open(&device);
    link_some(&volume, (parent, target), 0, 60);
    assert!(volume.waiting_entries().unwrap() > 0);
    let before = volume.waiting_entries().unwrap();
    create(&volume, parent, &units("Stra\u{df}e")).unwrap();
    assert_eq!(volume.waiting_entries().unwrap(), before + 1);
    for taken in ["Stra\u{df}e", "sTRA\u{df}E", "file 00050", "FILE 00051"] {
        let refused = create(&volume, parent, &units(taken)).unwrap_err();
        let Error::InvalidInput(InvalidInput::NameCollision) = refused else {
            panic!("{taken}: {refused:?}");
        };
    }
    // What was refused left no record behind.
    let made = volume.list(parent).unwrap().count();
    assert_eq!(made, 100 + 60 + 1);
    volume.close().unwrap();
    assert_sound(&*device);
}

/// Names that look taken by what is known of their directory, and are not.
#[test]
fn a_name_that_only_looks_taken_is_free() {
    let (device, parent, target) = crowded(100);
    let device = Arc::new(device);
    let volume = open(&device);
    let case = directory(&volume, ROOT, "case");
    volume
        .set_case_sensitive(case, CaseSensitivity::Sensitive)
        .unwrap();
    link_some(&volume, (parent, target), 0, 60);
    create(&volume, parent, &units("comes and goes")).unwrap();
    volume.remove(parent, &units("comes and goes")).unwrap();
    for round in ["a", "b"] {
        link_some(
            &volume,
            (parent, target),
            100 + 100 * usize::from(round == "b"),
            60,
        );
        link_some(
            &volume,
            (case, target),
            100 + 100 * usize::from(round == "b"),
            60,
        );
        assert!(volume.waiting_entries().unwrap() > 0);
        match round {
            "a" => drop(create(&volume, parent, &units("COMES and goes")).unwrap()),
            _ => {
                create(&volume, case, &units("Both")).unwrap();
                create(&volume, case, &units("bOTH")).unwrap();
            }
        }
    }
    let there = |parent, name: &str| volume.lookup(parent, &units(name)).unwrap().is_some();
    assert!(there(parent, "COMES and goes") && there(case, "Both") && there(case, "bOTH"));
    assert!(!there(case, "both"));
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_volume_that_is_dropped_puts_them_in() {
    let (device, parent, target) = crowded(100);
    let device = Arc::new(device);
    let volume = open(&device);
    link_some(&volume, (parent, target), 0, 60);
    assert!(volume.waiting_entries().unwrap() > 0);
    drop(volume);
    assert_sound(&*device);
    let volume = open(&device);
    assert_eq!(volume.list(parent).unwrap().count(), 160);
}

#[test]
fn nothing_waits_where_it_may_not() {
    let (device, parent, target) = crowded(100);
    for durability in [Durability::Written, Durability::Immediate] {
        let device: Arc<dyn BlockDevice> = Arc::new(device.snapshot());
        let options = OpenOptions {
            durability,
            ..options()
        };
        let volume = Volume::open(device, options).unwrap();
        link_some(&volume, (parent, target), 0, 60);
        assert_eq!(volume.waiting_entries().unwrap(), 0);
    }
    let with_short_names = OpenOptions {
        short_names: ShortNames::On,
        ..options()
    };
    let device = Arc::new(device.snapshot());
    let volume = Volume::open(device.clone(), with_short_names).unwrap();
    for n in 0..60 {
        create(&volume, parent, &units(&format!("a name that is long {n}"))).unwrap();
        assert_eq!(volume.waiting_entries().unwrap(), 0);
    }
    volume
        .transaction(|tx| {
            (0..60).try_for_each(|n| tx.hard_link(target, parent, &units(&format!("in one {n}"))))
        })
        .unwrap();
    assert_eq!(volume.waiting_entries().unwrap(), 0);
    volume.close().unwrap();
    assert_sound(&*device);
}

/// A volume that runs full: what was acknowledged is there, and room can be made.
#[test]
fn a_full_volume_keeps_what_it_acknowledged() {
    for size in [6 << 20, 10 << 20, 18 << 20] {
        let device = fresh(size, &FormatOptions::default());
        let volume = open(&device);
        let parents: Vec<FileId> = (0..3)
            .map(|n| directory(&volume, ROOT, &format!("dir {n}")))
            .collect();
        let (mut made, mut waited) = (Vec::new(), 0);
        let full = loop {
            let n = made.len();
            let (parent, name) = (
                parents[n % 3],
                units(&format!("{:05} {n}", n * 7919 % 99_991)),
            );
            let added = match (n % 4, made.last()) {
                (0, _) | (_, None) => create(&volume, parent, &name),
                (_, Some((file, _, _))) => volume.hard_link(*file, parent, &name).map(|()| *file),
            };
            match added {
                Ok(file) => made.push((file, parent, name)),
                Err(error) => break error,
            }
            waited = waited.max(volume.waiting_entries().unwrap());
        };
        assert!(matches!(full, Error::DiskFull), "{full}");
        assert!(waited > 100, "{waited}");
        for (file, parent, name) in &made {
            let entry = volume.lookup(*parent, name).unwrap();
            assert_eq!(entry.expect("acknowledged").file, *file);
        }
        let there: usize = parents
            .iter()
            .map(|p| volume.list(*p).unwrap().count())
            .sum();
        assert_eq!(there, made.len());
        for (_, parent, name) in made.iter().rev().take(made.len() / 3) {
            volume.remove(*parent, name).unwrap();
        }
        volume.sync().unwrap();
        // A file needs more than the links did.
        let again = 50;
        for n in 0..again {
            create(&volume, parents[n % 3], &units(&format!("again {n}"))).unwrap();
        }
        let there: usize = parents
            .iter()
            .map(|p| volume.list(*p).unwrap().count())
            .sum();
        assert_eq!(there, made.len() - made.len() / 3 + again);
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

/// A read fails while entries are put in: they wait on, and are there when the
/// device works again.
#[test]
fn a_read_that_fails_loses_no_entry() {
    let (device, parent, target) = crowded(3000);
    let mut told = 0;
    for n in (1..40).chain((40..).step_by(17)) {
        let faulty = Arc::new(FaultDevice::new(Arc::new(device.snapshot())));
        let small = OpenOptions {
            cache_bytes: 256 << 10,
            ..options()
        };
        let volume = Volume::open(faulty.clone(), small).unwrap();
        link_some(&volume, (parent, target), 0, 200);
        faulty.arm(Fault {
            duration: FaultDuration::Once,
            ..Fault::once(IoOperation::Read, n)
        });
        let mut failed = Vec::new();
        for name in (200..500).map(|n| units(&format!("link {:05} {n}", n * 7919 % 10_007))) {
            if let Err(error) = volume.hard_link(target, parent, &name) {
                assert!(matches!(error, Error::Io(_)), "{error}");
                failed.push(name);
            }
        }
        let first = volume
            .list(parent)
            .and_then(|list| list.collect::<Result<Vec<_>>>());
        let fired = faulty.fired();
        faulty.disarm();
        if let Err(error) = &first {
            assert!(matches!(error, Error::Io(_)), "{error}");
        }
        let there = volume.list(parent).unwrap().count();
        let names = volume.file_info(target).unwrap().link_count;
        assert_eq!(there, 3000 + usize::try_from(names).unwrap() - 1);
        // A call that failed may have been done.
        assert!(
            (500 - failed.len()..=500).contains(&(there - 3000)),
            "{there}"
        );
        volume.close().unwrap();
        let rest = Arc::new(faulty.inner().snapshot());
        assert_sound(&*rest);
        told += usize::from(first.is_err() || !failed.is_empty());
        if fired == 0 {
            break;
        }
    }
    assert!(told > 20, "{told}");
}
