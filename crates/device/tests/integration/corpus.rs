//! Finding the volume on disks that Windows made.

use std::sync::Arc;

use linkwright_device::{
    FileDevice, FileOptions, PartitionChoice, VolumeError, VolumeKind, open_volume_window,
};
use linkwright_testkit::corpus::{self, Volume};

fn open(path: std::path::PathBuf) -> Arc<FileDevice> {
    Arc::new(FileDevice::open(path, &FileOptions::read_only()).unwrap())
}

#[test]
fn windows_volumes_are_found() {
    for volume in Volume::ALL {
        let path = match volume.image() {
            Ok(path) => path,
            Err(skip) => {
                skip.report();
                continue;
            }
        };
        let found = open_volume_window(open(path), PartitionChoice::Auto).unwrap();
        let range = found.partition.map(|p| (p.offset, p.len));
        let expected = volume.partition().map(|p| (p.offset, p.length));
        assert_eq!(range, expected, "{volume:?}");
    }
}

#[test]
fn packed_images_are_named_for_what_they_are() {
    let packed = match corpus::file(Volume::Win7Tiny.file_name()) {
        Ok(path) => path,
        Err(skip) => return skip.report(),
    };
    let error = open_volume_window(open(packed), PartitionChoice::Auto).unwrap_err();
    assert!(error.to_string().contains("gzip"), "{error}");

    let qcow2 = match corpus::file(Volume::VssTest.file_name()) {
        Ok(path) => path,
        Err(skip) => return skip.report(),
    };
    let error = open_volume_window(open(qcow2), PartitionChoice::Auto).unwrap_err();
    assert!(matches!(
        error,
        VolumeError::Unsupported {
            format: VolumeKind::Qcow2,
            ..
        }
    ));
}
