//! Defaults that depend on the volume's size, and the largest volumes.

use std::path::Path;

use linkwright_device::MemoryDevice;
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_testkit::ScratchImage;

use crate::judges::assert_sound;
use crate::{GIB, KIB, MIB, TIB, format_file, options};

const TMPFS: &str = "/dev/shm";

#[test]
fn the_default_cluster_is_the_one_windows_takes() {
    for (len, cluster_size) in [
        (2 * MIB, 4 * KIB),
        (GIB, 4 * KIB),
        (16 * TIB, 4 * KIB),
        (16 * TIB + 4 * KIB, 8 * KIB),
        (32 * TIB, 8 * KIB),
        (64 * TIB, 16 * KIB),
        (128 * TIB, 32 * KIB),
        (256 * TIB, 64 * KIB),
        (256 * TIB + 64 * KIB, 128 * KIB),
    ] {
        let report = format(&MemoryDevice::new(len), &options()).unwrap();
        assert_eq!(
            u64::from(report.geometry.cluster_size()),
            cluster_size,
            "{len}"
        );
        assert!(report.geometry.cluster_count() <= u64::from(u32::MAX));
    }
}

#[test]
fn the_log_is_a_128th_of_the_volume_within_bounds() {
    for (len, log_size) in [
        (2 * MIB, 256 * KIB),
        (32 * MIB, 256 * KIB),
        (64 * MIB, 512 * KIB),
        (GIB, 8 * MIB),
        (8 * GIB, 64 * MIB),
        (TIB, 64 * MIB),
    ] {
        let report = format(&MemoryDevice::new(len), &options()).unwrap();
        assert_eq!(report.log_size, log_size, "{len}");
    }
    let asked = FormatOptions {
        log_size: Some(300_000),
        ..options()
    };
    let report = format(&MemoryDevice::new(8 * MIB), &asked).unwrap();
    assert_eq!(report.log_size, 74 * 4096);
}

/// A sparse file on tmpfs, whose files may be larger than those of most disks.
fn huge_image(len: u64) -> Option<tempfile::NamedTempFile> {
    if !Path::new(TMPFS).is_dir() {
        println!("skipped: no {TMPFS}");
        return None;
    }
    let file = tempfile::NamedTempFile::new_in(TMPFS).ok()?;
    match file.as_file().set_len(len) {
        Ok(()) => Some(file),
        Err(error) => {
            println!("skipped: {TMPFS} takes no file of {len} bytes: {error}");
            None
        }
    }
}

#[test]
fn the_largest_volumes_pass_the_judges() {
    // 2^32 - 1 clusters each.
    for (len, cluster_size) in [(2 * TIB, 512), (16 * TIB, 4096), (256 * TIB, 64 << 10)] {
        let Some(file) = huge_image(len) else { return };
        let options = FormatOptions {
            cluster_size: Some(cluster_size),
            ..options()
        };
        let report = format_file(file.path(), &options);
        assert_eq!(report.geometry.cluster_count(), u64::from(u32::MAX));
        assert_huge_is_sound(file.path(), cluster_size);
    }
}

/// The judges that do not read the whole bit map.
fn assert_huge_is_sound(image: &Path, cluster_size: u32) {
    use linkwright_testkit::oracle::{ntfs_crate, ntfsfix};
    use linkwright_testkit::{skip_unless, snapshot::Contents};
    let tree = ntfs_crate::snapshot(image, Contents::Ignore).expect("ntfs crate");
    assert!(tree.is_empty(), "clusters of {cluster_size}: {tree:?}");
    skip_unless!(ntfsfix::available());
    ntfsfix::assert_clean(image);
}

#[test]
fn the_smallest_volume_has_room_for_files() {
    let image = ScratchImage::zeroed(2 * MIB);
    let report = format_file(image.path(), &options());
    assert_sound(image.path(), 4096);
    assert!(report.free_clusters * 4 > report.geometry.cluster_count());
}
