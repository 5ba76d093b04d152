//! Many hard links in one call: the outcome is that of as many calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{
    CaseSensitivity, Error, FileId, InvalidInput, LinksError, NewLink, OpenOptions, Volume,
};
use linkwright_ntfs_format::{RecordNumber, SequenceNumber};
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize};
use linkwright_testkit::Panel;
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};
use proptest::prelude::*;

use crate::support::{
    ROOT, assert_sound, directory, file, fresh, image_of, open, options, pattern, units,
};

/// A link with a name of its own.
pub(super) type Wish = (FileId, FileId, Vec<u16>);

fn new_links(wishes: &[Wish]) -> Vec<NewLink<'_>> {
    wishes
        .iter()
        .map(|(file, parent, name)| NewLink {
            file: *file,
            parent: *parent,
            name,
        })
        .collect()
}

/// One call each, up to the first that is refused.
fn one_by_one(volume: &Volume, wishes: &[Wish]) -> Result<(), (Option<usize>, Error)> {
    let mut at = 0;
    volume
        .transaction(|tx| {
            wishes.iter().try_for_each(|(file, parent, name)| {
                tx.hard_link(*file, *parent, name)?;
                at += 1;
                Ok(())
            })
        })
        .map_err(|error| (Some(at), error))
}

fn told<T>(result: Result<T, (Option<usize>, Error)>) -> Result<(), String> {
    match result {
        Ok(_) => Ok(()),
        Err((link, error)) => Err(format!("{link:?}: {error:?}")),
    }
}

/// What can be asked of every directory and file.
pub(super) fn listing(volume: &Volume) -> Vec<String> {
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    let mut directories = vec![ROOT];
    while let Some(directory) = directories.pop() {
        for entry in volume.entries(directory).expect("a directory") {
            if entry.name.to_string_lossy().starts_with(['$', '.']) {
                continue;
            }
            lines.push(format!("{entry:?}"));
            if !seen.insert(entry.file.record().0) {
                continue;
            }
            lines.push(format!("{:?}", volume.file_info(entry.file)));
            let names = volume.names(entry.file).expect("names");
            let mut names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            names.sort();
            lines.extend(names);
            if entry.is_directory() {
                directories.push(entry.file);
            }
        }
    }
    lines
}

#[track_caller]
pub(super) fn assert_same(found: &[String], wanted: &[String]) {
    let differ = found.iter().zip(wanted).find(|(a, b)| a != b);
    assert_eq!(differ, None);
    assert_eq!(found.len(), wanted.len());
}

/// A volume with files of few and many names in directories of every kind.
pub(super) struct Scene {
    pub(super) device: MemoryDevice,
    /// Ordinary ones first, then those that are refused.
    pub(super) files: Vec<FileId>,
    pub(super) directories: Vec<FileId>,
}

const FILES: usize = 6;
const DIRECTORIES: usize = 4;

pub(super) fn scene(format: &FormatOptions, entries: usize) -> Scene {
    let device = fresh(24 << 20, format);
    let volume = open(&device);
    let plain = directory(&volume, ROOT, "plain");
    let below = directory(&volume, plain, "below");
    let case = directory(&volume, ROOT, "case");
    volume
        .set_case_sensitive(case, CaseSensitivity::Sensitive)
        .unwrap();
    let files: Vec<FileId> = (0..FILES)
        .map(|n| file(&volume, plain, &format!("file {n}")))
        .collect();
    // Lists of attributes: in the record, in clusters, nearly full.
    for (file, count) in [(1, 4), (2, 30), (3, 1010)] {
        for n in 0..count {
            let name = units(&format!("old {file} {n:04} name"));
            volume.hard_link(files[file], below, &name).unwrap();
        }
    }
    volume.write_at(files[4], &[], 0, &[7; 700]).unwrap();
    for n in 0..entries {
        file(&volume, plain, &format!("name {:03}", n * 7 % 1000));
    }
    let gone = file(&volume, ROOT, "gone");
    volume.remove(ROOT, &units("gone")).unwrap();
    volume.close().unwrap();
    let metafile = FileId::new(RecordNumber(4), SequenceNumber(4));
    let extend = FileId::new(RecordNumber(11), SequenceNumber(11));
    let mut odd = files.clone();
    odd.extend([case, metafile, gone]);
    Scene {
        device: device.snapshot(),
        directories: vec![ROOT, plain, below, case, extend, files[0], gone],
        files: odd,
    }
}

/// A name out of few, so that they meet, or out of many.
fn name(kind: u8, number: u16) -> Vec<u16> {
    match kind {
        0 => units(&format!("name {:03}", number % 1000)),
        1 => units(&format!("NAME {:03}", number % 1000)),
        2 => units(&format!("\u{e4}\u{3b1}\u{1f600} {}", number % 300)),
        3 => units(&format!("{}{number}", "long name ".repeat(20))),
        4 => vec![0xD800, 0x61 + number % 20],
        5 => [units("z"), vec![0x4E00 + number % 2000]].concat(),
        6 => units(["a/b", "", "a:b", "x\0", "CON"][usize::from(number % 5)]),
        _ => units(&format!("new {number:05}.txt")),
    }
}

/// Indices of files, directories and names; `odd` says how often something that
/// is refused is among them.
pub(super) fn wishes(most: usize, odd: u32) -> impl Strategy<Value = Vec<(usize, usize, u8, u16)>> {
    let one = (
        prop_oneof![2000 => 0..FILES, odd => FILES..FILES + 3],
        prop_oneof![2000 => 0..DIRECTORIES, odd => DIRECTORIES..DIRECTORIES + 3],
        prop_oneof![300 => Just(7_u8), odd => 0..6_u8, 3 => 2..6_u8, odd => Just(6_u8)],
        any::<u16>(),
    );
    proptest::collection::vec(one, 1..most)
}

fn compare(scene: &Scene, wishes: &[Wish], options: &OpenOptions) {
    let (left, right) = (
        Arc::new(scene.device.snapshot()),
        Arc::new(scene.device.snapshot()),
    );
    let open = |device: &Arc<MemoryDevice>| {
        let device: Arc<dyn BlockDevice> = device.clone();
        Volume::open(device, options.clone()).unwrap()
    };
    let volume = open(&left);
    let single = told(one_by_one(&volume, wishes));
    let wanted = listing(&volume);
    volume.close().unwrap();

    let volume = open(&right);
    let links = new_links(wishes);
    let many = volume.hard_links(&links);
    let many = told(many.map_err(|LinksError { link, error }| (link, error)));
    assert_eq!(many, single);
    assert_same(&listing(&volume), &wanted);
    volume.close().unwrap();
    assert_sound(&*right);
    let volume = open(&right);
    assert_same(&listing(&volume), &wanted);
}

pub(super) fn resolve(scene: &Scene, picks: &[(usize, usize, u8, u16)]) -> Vec<Wish> {
    picks
        .iter()
        .map(|(file, directory, kind, number)| {
            let name = name(*kind, *number);
            (scene.files[*file], scene.directories[*directory], name)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn many_links_are_what_as_many_calls_make(
        picks in prop_oneof![wishes(30, 40), wishes(400, 1), wishes(1500, 0)],
        entries in prop_oneof![Just(0_usize), Just(5), Just(400)],
        large in any::<bool>(),
        small_cache in any::<bool>(),
        in_order in any::<bool>(),
    ) {
        let format = FormatOptions {
            record_size: if large { RecordSize::Bytes4096 } else { RecordSize::Bytes1024 },
            ..FormatOptions::default()
        };
        let scene = scene(&format, entries);
        let mut wishes = resolve(&scene, &picks);
        if in_order {
            wishes.sort_by(|a, b| (a.1, &a.2).cmp(&(b.1, &b.2)));
            wishes.dedup_by(|a, b| (a.1, &a.2) == (b.1, &b.2));
        }
        let options = OpenOptions {
            cache_bytes: if small_cache { 128 << 10 } else { 16 << 20 },
            ..options()
        };
        compare(&scene, &wishes, &options);
    }
}

#[test]
fn the_first_refused_link_is_told_in_the_order_of_the_checks() {
    let scene = scene(&FormatOptions::default(), 5);
    let metafile = scene.files[FILES + 1];
    let (file, gone) = (scene.files[0], scene.files[FILES + 2]);
    let fine = |name: &str| (file, ROOT, units(name));
    let refused: Vec<Vec<Wish>> = vec![
        // A file that is gone, before a name that is not valid.
        vec![fine("a"), (gone, gone, units("a/b"))],
        vec![fine("a"), (scene.files[FILES], ROOT, units("a/b"))],
        vec![fine("a"), (metafile, gone, units("b"))],
        vec![fine("a"), (file, gone, units("a:b"))],
        vec![fine("a"), (file, gone, units("b")), fine("A")],
        vec![fine("a"), fine("A"), (file, gone, units("b"))],
        vec![fine("a"), fine("b"), fine("PLAIN"), fine("B")],
        vec![fine("a"), fine("b"), fine("B"), fine("plain")],
        vec![(file, scene.directories[4], units("in $Extend"))],
    ];
    for wishes in refused {
        compare(&scene, &wishes, &options());
    }
    // Fourteen names are left to this one.
    let many: Vec<Wish> = (0..20)
        .map(|n| (scene.files[3], ROOT, units(&format!("n {n}"))))
        .collect();
    compare(&scene, &many, &options());
    compare(&scene, &many[..13], &options());
}

#[test]
fn a_file_gets_all_its_names_in_one_call_and_no_more() {
    for (record_size, len) in [
        (RecordSize::Bytes1024, 20),
        (RecordSize::Bytes4096, 20),
        (RecordSize::Bytes1024, 200),
    ] {
        let format = FormatOptions {
            record_size,
            ..FormatOptions::default()
        };
        let device = fresh(32 << 20, &format);
        let volume = open(&device);
        let target = file(&volume, ROOT, "target");
        volume.write_at(target, &[], 0, &pattern(1, 5000)).unwrap();
        let directories: Vec<FileId> = (0..3)
            .map(|n| directory(&volume, ROOT, &format!("dir{n}")))
            .collect();
        let wishes: Vec<Wish> = (0..1024)
            .map(|n| {
                let name = format!("name {:04} {}", n * 37 % 1024, "x".repeat(len - 10));
                (target, directories[n % 3], units(&name))
            })
            .collect();
        let before = listing(&volume);
        let refused = volume.hard_links(&new_links(&wishes)).unwrap_err();
        assert_eq!(refused.link, Some(1023));
        let Error::InvalidInput(InvalidInput::TooManyLinks) = refused.error else {
            panic!("{refused:?}");
        };
        assert_same(&listing(&volume), &before);
        volume.hard_links(&new_links(&wishes[..1023])).unwrap();
        assert_eq!(volume.file_info(target).unwrap().link_count, 1024);
        volume.close().unwrap();
        assert_sound(&*device);
        let image = image_of(&device);
        rust_fs_ntfs::assert_clean(image.path());
        ntfsfix::assert_clean(image.path());
    }
}

#[test]
fn all_judges_read_what_was_made_in_one_call() {
    let scene = scene(&FormatOptions::default(), 20);
    let device = Arc::new(scene.device.snapshot());
    let volume = open(&device);
    let wishes: Vec<Wish> = (0..300)
        .map(|n| {
            let name = name([7, 2, 3, 5][n % 4], u16::try_from(n * 7).unwrap());
            (scene.files[n % 3], scene.directories[n % 4], name)
        })
        .collect();
    volume.hard_links(&new_links(&wishes)).unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
    let tree = Panel::new().assert_agree(image_of(&device).path());
    let names = tree.iter().filter(|(_, e)| e.nlink == Some(101)).count();
    assert_eq!(names, 101);
}

#[test]
fn more_links_than_memory_holds_are_there_or_are_not() {
    const COUNT: usize = 10_000;
    const CACHE: usize = 512 << 10;
    let device = fresh(256 << 20, &FormatOptions::default());
    let volume = open(&device);
    let files: Vec<FileId> = (0..100)
        .map(|n| file(&volume, ROOT, &format!("file {n:04}")))
        .collect();
    volume.close().unwrap();
    let mut wishes: Vec<Wish> = (0..COUNT)
        .map(|n| {
            let name = units(&format!("link {:06}.txt", n * 7919 % COUNT));
            (files[n % files.len()], ROOT, name)
        })
        .collect();
    let options = OpenOptions {
        cache_bytes: CACHE,
        ..options()
    };
    let volume = Volume::open(device.clone(), options).unwrap();
    let (before, free) = (listing(&volume), volume.info().unwrap().free_clusters);
    wishes.push((files[0], ROOT, units("FILE 0007")));
    let refused = volume.hard_links(&new_links(&wishes)).unwrap_err();
    assert_eq!(refused.link, Some(COUNT));
    assert_same(&listing(&volume), &before);
    assert_eq!(volume.info().unwrap().free_clusters, free);

    // Part of a transaction that is taken back, then of one that is kept.
    wishes.pop();
    for keep in [false, true] {
        let result: Result<(), Error> = volume.transaction(|tx| {
            tx.hard_link(files[0], ROOT, &units("before"))?;
            tx.hard_links(&new_links(&wishes))?;
            tx.hard_link(files[0], ROOT, &units("behind"))?;
            if keep { Ok(()) } else { Err(Error::DiskFull) }
        });
        assert_eq!(result.is_ok(), keep);
        if !keep {
            assert_same(&listing(&volume), &before);
        }
    }
    let peak = volume.cache_peak().unwrap();
    assert!(peak <= 2 * CACHE, "{peak}");
    assert_eq!(volume.entries(ROOT).unwrap().len(), 102 + COUNT + 12);
    volume.close().unwrap();
    assert_sound(&*device);
    ntfsfix::assert_clean(image_of(&device).path());
}

#[test]
fn a_step_that_is_taken_back_leaves_nothing_in_the_transaction_around_it() {
    let device = fresh(64 << 20, &FormatOptions::default());
    let options = OpenOptions {
        cache_bytes: 512 << 10,
        ..options()
    };
    let volume = Volume::open(device.clone(), options).unwrap();
    let files: Vec<FileId> = (0..20)
        .map(|n| file(&volume, ROOT, &format!("file {n:04}")))
        .collect();
    let wishes = |word: &str| -> Vec<Wish> {
        (0..4000)
            .map(|n| (files[n % 20], ROOT, units(&format!("{word} {n:05}"))))
            .collect()
    };
    volume
        .transaction(|tx| {
            let taken_back: Result<(), Error> = tx.step(|tx| {
                tx.hard_links(&new_links(&wishes("gone")))?;
                Err(InvalidInput::NotFound.into())
            });
            assert!(taken_back.is_err());
            tx.hard_links(&new_links(&wishes("kept")))?;
            let taken_back: Result<(), Error> = tx.step(|tx| {
                tx.hard_links(&new_links(&wishes("gone")))?;
                Err(InvalidInput::NotFound.into())
            });
            assert!(taken_back.is_err());
            Ok(())
        })
        .unwrap();
    assert_eq!(volume.file_info(files[3]).unwrap().link_count, 201);
    volume.close().unwrap();
    assert_sound(&*device);
    let names = open(&device).entries(ROOT).unwrap();
    let gone = names
        .iter()
        .filter(|entry| entry.name.to_string_lossy().starts_with("gone"));
    assert_eq!((gone.count(), names.len()), (0, 12 + 20 + 4000));
}

#[test]
fn the_change_journal_tells_of_each_link() {
    let told = |many: bool| {
        let device = fresh(16 << 20, &crate::usn::with_journal());
        let volume = open(&device);
        let files: Vec<FileId> = (0..3)
            .map(|n| file(&volume, ROOT, &format!("file {n}")))
            .collect();
        let wishes: Vec<Wish> = (0..40)
            .map(|n| (files[n % 3], ROOT, units(&format!("link {}", 99 - n))))
            .collect();
        match many {
            true => volume.hard_links(&new_links(&wishes)).unwrap(),
            false => assert_eq!(told(one_by_one(&volume, &wishes)), Ok(())),
        }
        let told = (crate::usn::records(&volume), listing(&volume));
        volume.close().unwrap();
        assert_sound(&*device);
        told
    };
    let ((records, many), (wanted, single)) = (told(true), told(false));
    assert!(records == wanted, "{} {}", records.len(), wanted.len());
    assert_same(&many, &single);
    assert!(records.len() > 40);
}
