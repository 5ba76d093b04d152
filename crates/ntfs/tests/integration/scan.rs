//! The link scan, against a listing of every directory and against fls.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use linkwright_device::{
    BlockDevice, FileDevice, FileOptions, MemoryDevice, PartitionChoice, open_volume_window,
};
use linkwright_ntfs::{
    CreateOptions, FileId, FileInfo, FileKind, OpenOptions, Scanned, ShortNames, Standing, Volume,
};
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::{RecordNumber, boot::BootSector, fixup, record};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{ReparseBuffer, SymbolicLink};
use linkwright_testkit::corpus::Volume as Sample;
use linkwright_testkit::oracle::sleuthkit;
use linkwright_testkit::skip_unless;

use crate::support::{ROOT, directory, file, fresh, open, options, units};

/// All that is told of a file but where it is.
#[derive(Debug, PartialEq)]
struct Told {
    file: FileId,
    info: FileInfo,
    reparse: Option<Vec<u8>>,
}

/// Path to what stands there; 8.3 names left out.
type Names = BTreeMap<String, Told>;

#[derive(Default)]
struct Scan {
    names: Names,
    hidden: Vec<String>,
    lost: Vec<String>,
    damaged: Vec<u64>,
    waited: u64,
    order: Vec<u64>,
}

/// Text that is the same for the same units: lone surrogates as their numbers.
fn text(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied())
        .map(|unit| match unit {
            Ok(letter) => letter.to_string(),
            Err(lone) => format!("<{:x}>", lone.unpaired_surrogate()),
        })
        .collect()
}

fn scan(volume: &Volume) -> Scan {
    let mut all = Scan::default();
    let summary = volume
        .links(&mut |scanned| {
            let file = match scanned {
                Scanned::Damaged { record, .. } => {
                    all.damaged.push(record.0);
                    return ControlFlow::Continue(());
                }
                Scanned::File(file) => file,
            };
            all.order.push(file.file().record().0);
            for name in file.names().filter(|name| !name.is_short()) {
                let own = text(&name.units().collect::<Vec<_>>());
                let above = name.directory().unwrap_or_default();
                let mut path: Vec<String> = above.into_iter().map(text).collect();
                path.push(own);
                let path = path.join("/");
                match name.standing() {
                    Standing::Hidden => all.hidden.push(path),
                    Standing::Lost => all.lost.push(path),
                    Standing::Rooted if file.file().record().0 < 16 => all.hidden.push(path),
                    Standing::Rooted => {
                        let told = Told {
                            file: file.file(),
                            info: file.info().unwrap(),
                            reparse: file.reparse_bytes().unwrap(),
                        };
                        assert!(all.names.insert(path, told).is_none());
                    }
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(summary.damaged, all.damaged.len() as u64);
    all.waited = summary.waited;
    all
}

/// The same by listing every directory and asking for each file.
fn listed(volume: &Volume) -> Names {
    let mut names = Names::new();
    let mut folders = vec![(String::new(), ROOT)];
    while let Some((path, folder)) = folders.pop() {
        for entry in volume.list(folder).unwrap() {
            let entry = entry.unwrap();
            let own = path.is_empty() && entry.file.record().0 < 16;
            if entry.namespace == Namespace::Dos || own {
                continue;
            }
            let name = text(entry.name.units());
            let path = match path.as_str() {
                "" => name,
                above => format!("{above}/{name}"),
            };
            let info = volume.file_info(entry.file).unwrap();
            if info.is_directory() {
                folders.push((path.clone(), entry.file));
            }
            let reparse = volume.reparse_point(entry.file).unwrap();
            let told = Told {
                file: entry.file,
                info,
                reparse: reparse.map(|buffer| buffer.encode()),
            };
            names.insert(path, told);
        }
    }
    names
}

#[track_caller]
fn assert_same(volume: &Volume) -> Scan {
    let scan = scan(volume);
    let listed = listed(volume);
    for (path, told) in &listed {
        assert_eq!(scan.names.get(path), Some(told), "{path}");
    }
    for path in scan.names.keys() {
        assert!(listed.contains_key(path), "{path} is in no directory");
    }
    scan
}

fn open_to_read(path: &Path) -> Volume {
    let device = FileDevice::open(path, &FileOptions::read_only()).unwrap();
    let window = open_volume_window(Arc::new(device), PartitionChoice::Auto).unwrap();
    Volume::open(window.device, OpenOptions::read_only()).unwrap()
}

#[test]
fn volumes_by_windows_scan_as_they_list() {
    for sample in Sample::ALL {
        match sample.image() {
            Err(skip) => skip.report(),
            Ok(image) => {
                let scan = assert_same(&open_to_read(&image));
                assert!(!scan.names.is_empty(), "{sample:?}");
                assert!(!scan.hidden.is_empty(), "{sample:?}: $Extend has files");
            }
        }
    }
}

/// A volume with directories made before and after what is in them, a file of
/// 1,023 names, reparse points, 8.3 names.
fn rich(device: &Arc<MemoryDevice>) -> Volume {
    let device: Arc<dyn BlockDevice> = device.clone();
    let volume = Volume::open(
        device,
        OpenOptions {
            short_names: ShortNames::On,
            ..options()
        },
    )
    .unwrap();
    let folder = directory(&volume, ROOT, "a folder with a long name");
    let many = file(&volume, folder, "many names");
    for number in 1..1023 {
        let name = units(&format!("another name that is long {number:04}"));
        volume.hard_link(many, folder, &name).unwrap();
    }
    for number in 0..3000 {
        file(&volume, folder, &format!("file {number}"));
    }
    // Below a directory that was made later.
    let early = file(&volume, ROOT, "early");
    let inner = directory(&volume, ROOT, "inner");
    file(&volume, inner, "in inner");
    let late = directory(&volume, ROOT, "late");
    volume
        .rename(
            ROOT,
            &units("inner"),
            late,
            &units("inner"),
            linkwright_ntfs::Replace::No,
        )
        .unwrap();
    volume.hard_link(early, late, &units("early too")).unwrap();
    let link = SymbolicLink::new(&units("..\\early"), &units("..\\early"), 1).unwrap();
    volume
        .create_reparse_point(
            late,
            &units("link"),
            FileKind::File,
            &ReparseBuffer::SymbolicLink(link).encode(),
            &CreateOptions::default(),
        )
        .unwrap();
    volume
}

#[test]
fn what_is_in_memory_only_scans_as_it_lists() {
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = rich(&device);
    let scan = assert_same(&volume);
    assert!(scan.waited >= 3, "{}", scan.waited);
    assert!(scan.names.contains_key("late/inner/in inner"));
    assert_eq!(scan.names["late/early too"].info.link_count, 2);
    assert!(scan.names["late/link"].reparse.is_some());
    assert_eq!(scan.lost, Vec::<String>::new());
    // Records in order, and again in order for those that had to wait.
    let turns = scan.order.windows(2).filter(|pair| pair[0] > pair[1]);
    assert_eq!(turns.count(), 1);
    volume.sync().unwrap();
    file(&volume, ROOT, "after the sync");
    assert_same(&volume);
    volume.close().unwrap();

    let device: Arc<dyn BlockDevice> = device.clone();
    let again = Volume::open(device, OpenOptions::read_only()).unwrap();
    let closed = assert_same(&again);
    assert!(closed.names.contains_key("after the sync"));
}

#[test]
fn a_journal_that_was_not_replayed_counts() {
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = rich(&device);
    volume.sync().unwrap();
    let crashed: Arc<dyn BlockDevice> = Arc::new(device.snapshot());
    let before = scan(&volume).names;
    let opened = Volume::open(crashed, OpenOptions::read_only()).unwrap();
    let after = assert_same(&opened);
    assert_eq!(after.names.len(), before.len());
}

#[test]
fn a_visitor_may_use_the_volume_and_end_the_scan() {
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = rich(&device);
    let mut told = 0;
    volume
        .links(&mut |_| {
            told += 1;
            // Writing from within: the volume is not locked.
            file(&volume, ROOT, &format!("made meanwhile {told}"));
            match told {
                10 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })
        .unwrap();
    assert_eq!(told, 10);
    assert_same(&volume);
}

/// Changes the bytes of a record on a closed volume, fix-ups aside.
fn edit(device: &MemoryDevice, number: u64, change: impl FnOnce(&mut [u8])) {
    let geometry = geometry(device);
    let at = geometry.cluster_offset(geometry.mft_lcn()).unwrap()
        + number * u64::from(geometry.record_size());
    let mut bytes = vec![0; geometry.record_size() as usize];
    device.read_at(at, &mut bytes).unwrap();
    fixup::remove(&mut bytes).unwrap();
    change(&mut bytes);
    fixup::apply(&mut bytes).unwrap();
    device.write_at(at, &bytes).unwrap();
}

fn geometry(device: &MemoryDevice) -> Geometry {
    let mut sector = [0; 512];
    device.read_at(0, &mut sector).unwrap();
    BootSector::decode(&sector).unwrap().geometry().unwrap()
}

fn reopen(device: &Arc<MemoryDevice>) -> Volume {
    let device: Arc<dyn BlockDevice> = device.clone();
    Volume::open(device, OpenOptions::read_only()).unwrap()
}

/// Offset of the first attribute's value of a type.
fn value_at(bytes: &[u8], type_code: u32) -> usize {
    let view = record::attributes(bytes)
        .flatten()
        .find(|view| view.type_code().0 == type_code)
        .unwrap();
    view.resident_value_offset().unwrap()
}

#[test]
fn parents_that_are_gone_or_below_themselves_lose_their_names() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let gone = directory(&volume, ROOT, "gone");
    file(&volume, gone, "in gone");
    let anew = directory(&volume, ROOT, "anew");
    file(&volume, anew, "in anew");
    let a = directory(&volume, ROOT, "a");
    let b = directory(&volume, a, "b");
    file(&volume, b, "in b");
    file(&volume, ROOT, "whole");
    volume.close().unwrap();
    edit(&device, gone.record().0, |bytes| bytes[0x16] &= !1);
    edit(&device, anew.record().0, |bytes| bytes[0x10] = 77);
    edit(&device, a.record().0, |bytes| {
        let at = value_at(bytes, 0x30);
        bytes[at..at + 8].copy_from_slice(&b.raw().to_le_bytes());
    });
    let scan = scan(&reopen(&device));
    let mut lost = scan.lost;
    lost.sort();
    assert_eq!(lost, ["a", "b", "in anew", "in b", "in gone"]);
    assert!(scan.names.contains_key("whole") && scan.names.contains_key("anew"));
}

#[test]
fn damaged_records_are_told_and_the_scan_goes_on() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let files: Vec<FileId> = (0..8)
        .map(|n| file(&volume, ROOT, &format!("f{n}")))
        .collect();
    let many = file(&volume, ROOT, "many");
    for number in 0..60 {
        let name = units(&format!("another name that is long {number:04}"));
        volume.hard_link(many, ROOT, &name).unwrap();
    }
    volume.close().unwrap();
    let at = |n: usize| files[n].record().0;
    let write = |number: u64, offset: u64, bytes: &[u8]| {
        let geometry = geometry(&device);
        let start = geometry.cluster_offset(geometry.mft_lcn()).unwrap();
        device
            .write_at(start + number * 1024 + offset, bytes)
            .unwrap();
    };
    write(at(1), 510, &[0xAA, 0xAA]);
    write(at(2), 0, b"BAAD");
    edit(&device, at(3), |bytes| bytes[0x14] = 0x39);
    edit(&device, at(4), |bytes| {
        let at = value_at(bytes, 0x30);
        bytes[at + 64] = 255;
    });
    // An extension record that says it belongs to another file.
    let extension = {
        let bytes = |number: u64| {
            let geometry = geometry(&device);
            let start = geometry.cluster_offset(geometry.mft_lcn()).unwrap();
            let mut bytes = vec![0; 1024];
            device.read_at(start + number * 1024, &mut bytes).unwrap();
            bytes
        };
        (24..200)
            .find(|number| {
                let bytes = bytes(*number);
                record::header(&bytes)
                    .unwrap()
                    .base()
                    .is_some_and(|base| base.record() == many.record())
            })
            .unwrap()
    };
    edit(&device, extension, |bytes| bytes[0x26] ^= 0x40);
    let scan = scan(&reopen(&device));
    assert_eq!(scan.damaged, [at(1), at(2), at(3), at(4), many.record().0]);
    assert!(scan.names.contains_key("f0") && scan.names.contains_key("f7"));
}

#[test]
fn fls_sees_the_same_names() {
    skip_unless!(sleuthkit::available());
    for sample in Sample::ALL {
        let (Ok(image), Ok(bare)) = (sample.image(), sample.bare()) else {
            continue;
        };
        // fls refuses clusters of over 64 KiB.
        let Ok(theirs) = sleuthkit::names(&bare) else {
            assert_eq!(sample, Sample::Ntfs2M);
            continue;
        };
        let ours = scan(&open_to_read(&image)).names;
        let ours = ours.iter().map(|(path, told)| {
            let directory = told.info.is_directory() && told.reparse.is_none();
            (path.clone(), (told.file.record().0, directory))
        });
        let ours: BTreeMap<_, _> = ours.filter(|(path, _)| !path.contains(':')).collect();
        let theirs: BTreeMap<_, _> = theirs
            .into_iter()
            .map(|(path, name)| {
                let told = ours.get(&path).filter(|told| told.0 == name.record);
                // Its own word for directories with reparse points differs.
                let directory = told.map_or(name.directory, |told| told.1);
                (path, (name.record, directory))
            })
            .collect();
        assert_eq!(ours, theirs, "{sample:?}");
    }
}

/// Records beyond what exists, in every place where a scan takes a number.
#[test]
fn numbers_out_of_range_are_no_parents() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let one = file(&volume, ROOT, "one");
    volume.close().unwrap();
    edit(&device, one.record().0, |bytes| {
        let at = value_at(bytes, 0x30);
        bytes[at..at + 8].copy_from_slice(&(RecordNumber::LIMIT - 1).to_le_bytes());
    });
    assert_eq!(scan(&reopen(&device)).lost, ["one"]);
}
