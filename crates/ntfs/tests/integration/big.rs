//! Many files, and memory that does not grow with them.

use std::sync::Arc;

use linkwright_device::{BlockDevice, FileDevice, FileOptions};
use linkwright_ntfs::{CreateOptions, FileKind, OpenOptions, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_testkit::{ScratchImage, alone, long, peak_kib, skip_unless};

use crate::support::{ROOT, assert_sound, directory, options, units};

/// A quarter of the usual cache.
fn small() -> OpenOptions {
    OpenOptions {
        cache_bytes: 64 << 20,
        ..options()
    }
}

/// Makes, lists and deletes files, `each` in every directory.
fn make_list_delete(size: u64, directories: u64, each: u64) {
    let image = ScratchImage::zeroed(size);
    let device = FileDevice::open(image.path(), &FileOptions::read_write()).expect("the image");
    let device: Arc<dyn BlockDevice> = Arc::new(device);
    format(&*device, &FormatOptions::default()).expect("the volume is made");
    let volume = Volume::open(device.clone(), small()).expect("the volume opens");
    let free = volume.info().unwrap().free_clusters;
    let name = |n: u64| units(&format!("file number {n:07}"));
    for d in 0..directories {
        let dir = directory(&volume, ROOT, &format!("dir {d}"));
        for n in 0..each {
            // Not in the order of the index.
            let n = n * 7919 % each;
            volume
                .create(dir, &name(n), FileKind::File, &CreateOptions::default())
                .unwrap_or_else(|e| panic!("{n}: {e}"));
        }
    }
    volume.close().unwrap();
    if directories * each <= 20_000 {
        assert_sound(&*device);
    }
    let volume = Volume::open(device.clone(), small()).expect("the volume opens");
    for d in 0..directories {
        let entry = volume.lookup(ROOT, &units(&format!("dir {d}"))).unwrap();
        let dir = entry.expect("the directory").file;
        let mut count = 0;
        for entry in volume.list(dir).unwrap() {
            assert_eq!(entry.unwrap().name.units(), name(count));
            count += 1;
        }
        assert_eq!(count, each);
        for n in 0..each {
            let n = n * 104_729 % each;
            volume
                .remove(dir, &name(n))
                .unwrap_or_else(|e| panic!("{n}: {e}"));
        }
        volume.remove(ROOT, &units(&format!("dir {d}"))).unwrap();
    }
    volume.sync().unwrap();
    let info = volume.info().unwrap();
    let mft = info.records * u64::from(info.record_size) / u64::from(info.cluster_size);
    assert!(free - info.free_clusters <= mft + mft / 1000 + 64);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn ten_thousand_files() {
    make_list_delete(64 << 20, 1, 10_000);
}

#[test]
fn a_million_entries_and_two_million_files() {
    skip_unless!(long("2,000,000 files"));
    if !alone("big::a_million_entries_and_two_million_files") {
        return;
    }
    make_list_delete(4 << 30, 2, 1_000_000);
    let peak = peak_kib();
    assert!(peak < 200 << 10, "{peak} KiB");
}
