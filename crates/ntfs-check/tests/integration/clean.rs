//! Volumes without a fault.

use linkwright_device::MemoryDevice;
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize, ShortNames, format};
use linkwright_testkit::corpus::Volume;
use linkwright_testkit::oracle::{
    mkntfs::{self, Mkntfs},
    ntfs3g,
};
use linkwright_testkit::skip_unless;

use crate::tools::{assert_clean, faults, filled, filled_own, findings};

#[test]
fn volumes_that_windows_made_have_no_fault() {
    for volume in Volume::ALL {
        match volume.bare() {
            Ok(path) => {
                let summary = assert_clean(&path);
                assert!(summary.files > 10 && summary.directories > 1, "{volume:?}");
                assert!(summary.index_entries >= summary.links, "{volume:?}");
            }
            Err(skip) => skip.report(),
        }
    }
}

#[test]
fn fresh_volumes_of_mkntfs_have_no_fault() {
    skip_unless!(mkntfs::available());
    for (cluster, sector) in [(512, 512), (4096, 512), (65_536, 512), (4096, 4096)] {
        let image = Mkntfs::new(64 << 20)
            .cluster_size(cluster)
            .sector_size(sector)
            .make();
        assert_clean(image.path());
    }
}

#[test]
fn volumes_that_ntfs3g_filled_have_no_fault() {
    skip_unless!(ntfs3g::available());
    let mut images = vec![skip_unless!(filled_own())];
    for (cluster, sector) in [(512, 512), (4096, 512), (65_536, 512), (4096, 4096)] {
        images.push(skip_unless!(filled(cluster, sector)));
    }
    for image in images {
        let summary = assert_clean(image.path());
        assert!(summary.files > 700);
        assert!(summary.links > 800);
    }
}

#[test]
fn volumes_of_our_own_mkfs_have_no_fault() {
    for len in [4 << 20, (64 << 20) + 512, 20 << 30] {
        for cluster_size in [512, 4096, 65_536] {
            for record_size in [RecordSize::Bytes1024, RecordSize::Bytes4096] {
                let options = FormatOptions {
                    cluster_size: Some(cluster_size),
                    record_size,
                    short_names: ShortNames::default(),
                    ..FormatOptions::default()
                };
                let device = MemoryDevice::new(len);
                format(&device, &options).expect("format");
                let (problems, summary) = findings(&device);
                let faults = faults(&problems);
                assert!(
                    faults.is_empty(),
                    "{len} {cluster_size} {record_size:?}:\n{}",
                    faults.join("\n")
                );
                assert_eq!(summary.notes, 0, "{problems:#?}");
            }
        }
    }
}
