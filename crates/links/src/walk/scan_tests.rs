//! A scan tells what a walk by directories tells, in its order.

use super::tests::text;
use super::*;
use linkwright_device::{
    BlockDevice, FileDevice, FileOptions, MemoryDevice, PartitionChoice, open_volume_window,
};
use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::{Create, LinkContent, LinkType, ReparseBuffer, Replace, ScanFor};
use linkwright_ntfs::OpenOptions;
use linkwright_reparse::{OtherReparse, ReparseTag, SymbolicLink};
use linkwright_testkit::corpus::Volume as Sample;
use proptest::prelude::*;

const EACH: [Wanted; 3] = [Wanted::Links, Wanted::ReparsePoints, Wanted::All];

fn volume() -> (Arc<MemoryDevice>, Place) {
    let device = Arc::new(MemoryDevice::new(48 << 20));
    linkwright_ntfs_mkfs::format(&*device, &Default::default()).unwrap();
    let top = opened(device.clone(), OpenOptions::read_write());
    (device, top)
}

fn opened(device: Arc<dyn BlockDevice>, options: OpenOptions) -> Place {
    let fs = NtfsFs::open(device, options).unwrap();
    Place {
        node: fs.root().unwrap(),
        fs: Arc::new(fs),
        path: Vec::new(),
    }
}

/// Everything that is told of an object.
#[derive(Debug, PartialEq)]
enum Told {
    Met {
        path: String,
        directory: (u64, u16),
        stat: Stat,
    },
    Failed(String),
}

/// What a walk tells that goes by directories for `most` objects.
fn told(top: &Place, wanted: Wanted, most: Option<u64>) -> Vec<Told> {
    let mut all = Vec::new();
    let mut tell = |event: Event<'_>| {
        all.push(match event {
            Event::Met(met) => Told::Met {
                path: text(met.path),
                directory: top.fs.identity(met.dir).unwrap(),
                stat: met.stat.clone(),
            },
            Event::Failed { path, .. } => Told::Failed(text(path)),
        });
        ControlFlow::Continue(())
    };
    walk_until(top, wanted, most, &mut tell).unwrap();
    all
}

/// Compares from a place; gives how many links there are.
#[track_caller]
fn assert_same(top: &Place) -> usize {
    let mut links = 0;
    for wanted in EACH {
        let by_directories = told(top, wanted, None);
        if wanted == Wanted::Links {
            links = by_directories.len();
        }
        let half = u64::try_from(by_directories.len() / 2).unwrap();
        for most in [0, 1, 7, half, half * 3] {
            let scanned = told(top, wanted, Some(most));
            assert_eq!(scanned, by_directories, "{most} objects by directories");
        }
    }
    links
}

/// The directories below a place that are no links.
fn directories(top: &Place) -> Vec<Place> {
    let mut all = Vec::new();
    walk(top, &mut |event| {
        if let Event::Met(met) = event
            && met.stat.is_plain_directory()
        {
            all.push(Place {
                fs: Arc::clone(&top.fs),
                node: met.node.clone(),
                path: met.path.to_vec(),
            });
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}

fn scans(top: &Place) -> bool {
    let scan = |what| {
        top.fs
            .scan(&top.node, what, &mut |_| ControlFlow::Continue(()))
    };
    scan(ScanFor::All).is_ok() && scan(ScanFor::ReparsePoints).is_ok()
}

fn link_to(target: &str) -> LinkContent {
    let units: Vec<u16> = target.encode_utf16().collect();
    let link = SymbolicLink::relative(&units).unwrap();
    LinkContent::Reparse(ReparseBuffer::SymbolicLink(link))
}

/// A reparse point that is no link (IO_REPARSE_TAG_DEDUP).
fn no_link() -> LinkContent {
    let tag = ReparseTag(0x8000_0013);
    let other = OtherReparse::new(tag, None, vec![1, 2, 3, 4]).unwrap();
    LinkContent::Reparse(ReparseBuffer::Other(other))
}

/// What a tree is made of: which thing, in or to which of those made before, and
/// by which name.
type Step = (u8, usize, usize, usize);

/// Names whose order is not that of their units, one of them long.
const NAMES: [&str; 12] = [
    "b",
    "A",
    "_z",
    "Z",
    "a1",
    "ä",
    "Ä2",
    "ß",
    "~",
    "zz",
    "0",
    "a long name with spaces",
];

/// Makes what can be made of the steps; the others meet names that are there.
fn make(top: &Place, steps: &[Step]) {
    let fs = &*top.fs;
    let none = Create::default();
    let mut folders = vec![(top.node.clone(), None)];
    let mut files = Vec::new();
    for (number, (what, one, other, name)) in steps.iter().enumerate() {
        let place = one % folders.len();
        let (folder, _) = folders[place].clone();
        let name = Name::from(format!("{}{}", NAMES[name % NAMES.len()], number % 7).as_str());
        match what % 8 {
            0 | 1 => {
                if let Ok(made) = fs.create_directory(&folder, &name, &none) {
                    folders.push((made, Some((place, name))));
                }
            }
            2 => files.extend(fs.create_file(&folder, &name, &none)),
            3 | 4 => {
                if let Some(file) = files.get(other % files.len().max(1)) {
                    fs.hard_link(file, &folder, &name).ok();
                }
            }
            5 => {
                let link_type = match other % 2 {
                    0 => LinkType::File,
                    _ => LinkType::Directory,
                };
                let content = link_to("b0");
                fs.create_link(&folder, &name, link_type, &content, &none)
                    .ok();
            }
            6 => {
                let made = match other % 2 {
                    0 => fs.create_file(&folder, &name, &none),
                    _ => fs.create_directory(&folder, &name, &none),
                };
                if let Ok(made) = made {
                    fs.set_link(&made, &no_link()).ok();
                }
            }
            // A directory goes below one that was made later, or earlier.
            _ => {
                let moved = other % folders.len();
                if let (_, Some((above, old))) = folders[moved].clone() {
                    let from = folders[above].0.clone();
                    let done = fs.rename(&from, &old, &folder, &name, Replace::No);
                    if done.is_ok() {
                        folders[moved].1 = Some((place, name));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_trees_scan_as_they_are_walked(
        steps in prop::collection::vec(any::<Step>(), 1..120),
    ) {
        let (_, top) = volume();
        make(&top, &steps);
        prop_assert!(scans(&top));
        assert_same(&top);
        for below in directories(&top).iter().take(8) {
            prop_assert!(scans(below));
            assert_same(below);
        }
    }
}

/// Files of many names, and enough of them that a walk from below the root goes
/// over to a scan by itself.
#[test]
fn a_walk_goes_over_to_a_scan_and_tells_nothing_twice() {
    let (_, top) = volume();
    let fs = &*top.fs;
    let none = Create::default();
    let folder = fs.create_directory(&top.node, &"d".into(), &none).unwrap();
    for number in 0..40 {
        let inner = format!("inner {number}");
        let inner = fs
            .create_directory(&folder, &inner.as_str().into(), &none)
            .unwrap();
        let many = fs.create_file(&inner, &"m".into(), &none).unwrap();
        for other in 0..60 {
            let name = format!("name {other}");
            fs.hard_link(&many, &inner, &name.as_str().into()).unwrap();
        }
    }
    let below = Place {
        node: folder,
        path: vec!["d".into()],
        ..top.clone()
    };
    let worth = scanned::worth_by_directories(&below, Wanted::Links).unwrap();
    assert!(worth > 0 && worth < 40 * 61);
    assert_eq!(scanned::worth_by_directories(&top, Wanted::Links), Some(0));
    let mut met = Vec::new();
    walk_for(&below, Wanted::Links, &mut |event| {
        if let Event::Met(found) = event {
            met.push(text(found.path));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(met.len(), 40 * 61);
    assert_eq!(assert_same(&below), met.len());
}

/// A directory that says it is below what it holds, and one whose parent is gone:
/// the index of the directory above still has them.
#[test]
fn what_is_lost_by_its_own_word_is_told_by_the_directories() {
    let (device, top) = volume();
    let fs = &*top.fs;
    let none = Create::default();
    let a = fs.create_directory(&top.node, &"a".into(), &none).unwrap();
    let b = fs.create_directory(&a, &"b".into(), &none).unwrap();
    let file = fs.create_file(&b, &"in b".into(), &none).unwrap();
    fs.hard_link(&file, &top.node, &"in the root".into())
        .unwrap();
    let (record, sequence) = fs.identity(&a).unwrap();
    let (below, below_sequence) = fs.identity(&b).unwrap();
    let sound = told(&top, Wanted::Links, None);
    drop(top);
    let parent = below | u64::from(below_sequence) << 48;
    say_parent(&device, record, sequence, parent);
    let top = opened(device, OpenOptions::read_only());
    assert!(!scans(&top));
    let found = told(&top, Wanted::Links, Some(0));
    assert_eq!(found, sound);
    assert_eq!(found.len(), 2);
}

/// Writes another parent into the name of a record.
fn say_parent(device: &MemoryDevice, record: u64, sequence: u16, parent: u64) {
    let mut bytes = vec![0; 48 << 20];
    device.read_at(0, &mut bytes).unwrap();
    let is_it = |block: &[u8]| {
        block.starts_with(b"FILE")
            && block[0x2C..0x30] == u32::try_from(record).unwrap().to_le_bytes()
            && block[0x10..0x12] == sequence.to_le_bytes()
    };
    let mut changed = 0;
    for block in bytes.chunks_exact_mut(1024).filter(|block| is_it(block)) {
        // $STANDARD_INFORMATION comes first, then the name.
        let at = usize::from(u16::from_le_bytes([block[0x14], block[0x15]]));
        let name = at + usize::from(block[at + 4]);
        assert_eq!(block[name], 0x30);
        let value = name + usize::from(block[name + 0x14]);
        block[value..value + 8].copy_from_slice(&parent.to_le_bytes());
        changed += 1;
    }
    assert!(changed > 0);
    device.write_at(0, &bytes).unwrap();
}

#[test]
fn volumes_by_windows_scan_as_they_are_walked() {
    for sample in Sample::ALL {
        let image = match sample.image() {
            Err(skip) => {
                skip.report();
                continue;
            }
            Ok(image) => image,
        };
        let device = FileDevice::open(&image, &FileOptions::read_only()).unwrap();
        let window = open_volume_window(Arc::new(device), PartitionChoice::Auto).unwrap();
        let top = opened(window.device, OpenOptions::read_only());
        let links = assert_same(&top);
        println!("{sample:?}: {links} links, scanned: {}", scans(&top));
        for below in directories(&top).iter().take(20) {
            assert_same(below);
        }
    }
}
