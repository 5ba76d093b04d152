//! Options that do not fit are refused before anything is written.

use linkwright_device::MemoryDevice;
use linkwright_ntfs_mkfs::{FormatOptions, MkfsError, RecordSize, format};

use crate::{MIB, TIB, options};

#[track_caller]
fn refused(len: u64, options: &FormatOptions) -> MkfsError {
    let device = MemoryDevice::new(len);
    let error = format(&device, options).expect_err("must be refused");
    assert_eq!(device.allocated_bytes(), 0, "something was written");
    error
}

fn with_cluster(cluster_size: u32) -> FormatOptions {
    FormatOptions {
        cluster_size: Some(cluster_size),
        ..options()
    }
}

#[test]
fn labels() {
    let label = |text: String| FormatOptions {
        label: text.into(),
        ..options()
    };
    let long = refused(4 * MIB, &label("x".repeat(33)));
    assert!(matches!(long, MkfsError::LabelTooLong { units: 33 }));
    let nul = refused(4 * MIB, &label("a\0b".to_owned()));
    assert!(matches!(nul, MkfsError::LabelHasNul));
}

#[test]
fn cluster_sizes() {
    for size in [0, 1, 256, 3000, 4 << 20] {
        let error = refused(4 * MIB, &with_cluster(size));
        assert!(matches!(error, MkfsError::ClusterSize { cluster_size } if cluster_size == size));
    }
}

#[test]
fn too_many_clusters_name_the_size_to_take() {
    for (len, asked, wanted) in [
        (2 * TIB + 512, 512, 1024),
        (16 * TIB + 4096, 4096, 8192),
        (257 * TIB, 4096, 128 << 10),
    ] {
        match refused(len, &with_cluster(asked)) {
            MkfsError::TooManyClusters { take, .. } => {
                assert_eq!(take, wanted);
                format(&MemoryDevice::new(len), &with_cluster(take)).expect("the size named");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn devices_too_small_or_too_large() {
    let error = refused(2 * MIB - 512, &options());
    assert!(
        matches!(error, MkfsError::DeviceTooSmall { device_len } if device_len == 2 * MIB - 512)
    );
    let error = refused(1 << 54, &options());
    assert!(matches!(error, MkfsError::DeviceTooLarge { .. }));
    let crowded = FormatOptions {
        record_size: RecordSize::Bytes4096,
        ..with_cluster(2 << 20)
    };
    match refused(16 * MIB, &crowded) {
        MkfsError::NoRoom {
            needed, available, ..
        } => assert_eq!((needed, available), (10, 7)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn log_sizes() {
    for log_size in [0, 4096, 256 * 1024 - 1, 5 * MIB] {
        let options = FormatOptions {
            log_size: Some(log_size),
            ..options()
        };
        let error = refused(4 * MIB, &options);
        assert!(matches!(error, MkfsError::LogSize { .. }), "{error:?}");
    }
    let full = FormatOptions {
        log_size: Some(4 * MIB - 4096),
        ..options()
    };
    assert!(matches!(refused(4 * MIB, &full), MkfsError::NoRoom { .. }));
}
