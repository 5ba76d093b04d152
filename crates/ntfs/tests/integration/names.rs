//! One file with as many names as a file can have.

use linkwright_ntfs::{Error, FileId, InvalidInput, Replace, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize};
use linkwright_testkit::Panel;
use linkwright_testkit::long;
use linkwright_testkit::oracle::{ntfs3, rust_fs_ntfs};
use linkwright_testkit::panel::Machine;

use crate::support::{
    ROOT, assert_sound, assert_sound_as_windows, directory, file, fresh, image_of, open, pattern,
    read_all, units,
};

const DIRECTORIES: usize = 16;
const NAMES: usize = 1024;

/// A name of about `len` characters.
fn name(n: usize, len: usize) -> Vec<u16> {
    let mut text = format!("name {n:04} ");
    while text.len() < len {
        text.push(char::from(b'a' + u8::try_from(text.len() % 26).unwrap()));
    }
    units(&text)
}

/// The directory and name of each of a file's names; the first one is there.
fn give_all_names(volume: &Volume, len: usize) -> (FileId, Vec<(FileId, Vec<u16>)>) {
    let dirs: Vec<_> = (0..DIRECTORIES)
        .map(|n| directory(volume, ROOT, &format!("dir{n:02}")))
        .collect();
    let first = name(0, len);
    let target = file(volume, dirs[0], &String::from_utf16(&first).unwrap());
    let mut names = vec![(dirs[0], first)];
    for n in 1..NAMES {
        let (dir, name) = (dirs[n % DIRECTORIES], name(n, len));
        volume
            .hard_link(target, dir, &name)
            .unwrap_or_else(|e| panic!("name {n}: {e}"));
        names.push((dir, name));
    }
    (target, names)
}

fn shuffle<T>(list: &mut [T], seed: u8) {
    let random = pattern(seed.into(), list.len() * 4);
    for n in (1..list.len()).rev() {
        let number = u32::from_le_bytes(random[n * 4..n * 4 + 4].try_into().unwrap());
        list.swap(n, usize::try_from(number).unwrap() % (n + 1));
    }
}

fn volumes() -> [(FormatOptions, usize); 5] {
    let base = FormatOptions::default();
    let large = FormatOptions {
        record_size: RecordSize::Bytes4096,
        ..base.clone()
    };
    let small = FormatOptions {
        cluster_size: Some(512),
        ..base.clone()
    };
    [
        (base.clone(), 20),
        (large.clone(), 20),
        (base, 200),
        (large, 200),
        (small, 60),
    ]
}

#[test]
fn the_1025th_name_is_refused_and_all_judges_count_1024() {
    for (n, (options, len)) in volumes().into_iter().enumerate() {
        let device = fresh(32 << 20, &options);
        let volume = open(&device);
        let (target, mut names) = give_all_names(&volume, len);
        let bytes = pattern(1, 5000);
        volume.write_at(target, &[], 0, &bytes).unwrap();
        let refused = volume.hard_link(target, ROOT, &units("one too many"));
        assert!(matches!(
            refused,
            Err(Error::InvalidInput(InvalidInput::TooManyLinks))
        ));
        assert_eq!(volume.file_info(target).unwrap().link_count, 1024);
        // A name can still be moved: the number stays.
        let (dir, old) = names.swap_remove(77);
        volume
            .rename(dir, &old, ROOT, &units("moved"), Replace::No)
            .unwrap();
        names.push((ROOT, units("moved")));
        assert_eq!(volume.names(target).unwrap().len(), NAMES);
        volume.close().unwrap();
        assert_sound_as_windows(&*device);

        let image = image_of(&device);
        let machine = if n == 0 && ntfs3::available().is_ok() {
            Machine::Ask
        } else {
            Machine::Leave
        };
        if !matches!(n, 0 | 3) {
            rust_fs_ntfs::assert_clean(image.path());
            continue;
        }
        let tree = Panel::new().machine(machine).assert_agree(image.path());
        let files: Vec<_> = tree.iter().filter(|(_, e)| e.nlink == Some(1024)).collect();
        assert_eq!(files.len(), NAMES);
        assert!(files.iter().all(|(_, e)| e.size == Some(5000)));
    }
}

#[test]
fn removing_all_names_leaves_a_volume_as_clean_as_before() {
    let rounds = if long("more orders of removal").is_ok() {
        20
    } else {
        1
    };
    for (options, len) in volumes() {
        for round in 0..rounds {
            let device = fresh(32 << 20, &options);
            let volume = open(&device);
            // $MFT grows with the first round and stays so.
            for pass in 0..2 {
                let before = usage(&volume, &device);
                let (target, mut names) = give_all_names(&volume, len);
                let bytes = pattern(9, 70_000);
                volume.write_at(target, &[], 0, &bytes).unwrap();
                shuffle(&mut names, round * 2 + pass);
                for (n, (dir, name)) in names.iter().enumerate() {
                    if n % 200 == 199 {
                        assert_eq!(read_all(&volume, target, &[]), bytes);
                        let left = volume.names(target).unwrap().len();
                        assert_eq!(left, NAMES - n);
                    }
                    volume
                        .remove(*dir, name)
                        .unwrap_or_else(|e| panic!("removal {n}: {e}"));
                }
                for n in 0..DIRECTORIES {
                    volume.remove(ROOT, &units(&format!("dir{n:02}"))).unwrap();
                }
                let after = usage(&volume, &device);
                assert_eq!(before.records, after.records);
                if pass > 0 {
                    assert_eq!(before.free, after.free);
                }
            }
            volume.close().unwrap();
            assert_sound(&*device);
        }
    }
}

struct Usage {
    /// Records in use.
    records: u64,
    /// Free clusters.
    free: u64,
}

fn usage(volume: &Volume, device: &linkwright_device::MemoryDevice) -> Usage {
    volume.sync().unwrap();
    let options = linkwright_ntfs_check::CheckOptions::default();
    // What was synced may still be in the journal only.
    let view = Volume::recovered_view(std::sync::Arc::new(device.snapshot())).unwrap();
    let summary = linkwright_ntfs_check::check(&*view, &options, &mut |_| {}).unwrap();
    Usage {
        records: summary.records_in_use,
        free: volume.info().unwrap().free_clusters,
    }
}
