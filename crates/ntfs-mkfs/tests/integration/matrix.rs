//! Cluster sizes, record sizes and volume sizes, each with each.

use linkwright_ntfs_mkfs::{FormatOptions, RecordSize};
use linkwright_testkit::{
    oracle::{ntfs3, ntfs3g::Access},
    skip_unless,
};

use crate::judges::{assert_sound, assert_sound_and_empty, change_with_ntfs3g};
use crate::{GIB, KIB, MIB, image, options};

/// A length that no cluster and no sector divides.
const ODD: u64 = 5_000_003;

fn judge(len: u64, cluster_size: u32, record_size: RecordSize) {
    println!("{len} bytes, clusters of {cluster_size}, {record_size:?}");
    let options = FormatOptions {
        cluster_size: Some(cluster_size),
        record_size,
        ..options()
    };
    let (image, report) = image(len, &options);
    assert_eq!(report.geometry.cluster_size(), cluster_size);
    assert_eq!(report.geometry.record_size(), record_size.bytes());
    assert_sound_and_empty(image.path(), cluster_size);
    if change_with_ntfs3g(image.path()) {
        assert_sound(image.path(), cluster_size);
    }
}

fn judge_all(record_size: RecordSize) {
    for shift in 9..=16 {
        for len in [2 * MIB, ODD, 64 * MIB, 3 * GIB] {
            judge(len, 1 << shift, record_size);
        }
    }
    for (len, cluster_size) in [(64 * MIB, 128 << 10), (GIB, 2 << 20)] {
        judge(len, cluster_size, record_size);
    }
}

#[test]
fn every_geometry_with_1_kib_records_passes_all_judges() {
    judge_all(RecordSize::Bytes1024);
}

#[test]
fn every_geometry_with_4_kib_records_passes_all_judges() {
    judge_all(RecordSize::Bytes4096);
}

#[test]
fn linux_ntfs3_mounts_writes_and_has_no_complaint() {
    skip_unless!(ntfs3::available());
    let commands = "cd /mnt && mkdir d && for n in 1 2 3 4 5 6 7 8 9; do \
        for m in 0 1 2 3 4; do echo $n$m > d/a-name-of-some-length-$n$m; done; done && \
        ln d/a-name-of-some-length-11 h && ls d | wc -l && cat h";
    for (cluster_size, record_size, len) in [
        (4 * KIB, RecordSize::Bytes1024, 64 * MIB),
        (64 * KIB, RecordSize::Bytes4096, 64 * MIB),
        (512, RecordSize::Bytes1024, 2 * MIB),
    ] {
        let cluster_size = u32::try_from(cluster_size).unwrap();
        let options = FormatOptions {
            cluster_size: Some(cluster_size),
            record_size,
            ..options()
        };
        let (image, _) = image(len, &options);
        let run = ntfs3::run(image.path(), Access::ReadWrite, commands).expect("ntfs3");
        assert_eq!(
            run.output.split_whitespace().collect::<Vec<_>>(),
            ["45", "11"]
        );
        assert!(run.kernel.is_empty(), "{:?}", run.kernel);
        assert_sound(image.path(), cluster_size);
    }
}
