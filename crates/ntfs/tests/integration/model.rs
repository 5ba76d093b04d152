//! Random operations on a volume and on a plain model of one, which must agree.

mod generate;
mod memory;
mod run;

use linkwright_ntfs::DEFAULT_CACHE_BYTES;
use linkwright_ntfs_mkfs::{ChangeJournal, FormatOptions, RecordSize};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};
use linkwright_testkit::snapshot::Contents;
use linkwright_testkit::{long, skip_unless};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::image_of;
use generate::{Step, steps};
use run::run;

/// A kind of volume and its size.
fn volume(kind: u32) -> (u64, FormatOptions) {
    let base = FormatOptions::default();
    match kind {
        0 => (16 << 20, base),
        1 => (
            6 << 20,
            FormatOptions {
                cluster_size: Some(512),
                change_journal: Some(ChangeJournal {
                    maximum_size: ChangeJournal::MIN_SIZE,
                    allocation_delta: 4096,
                }),
                ..base
            },
        ),
        2 => (
            16 << 20,
            FormatOptions {
                record_size: RecordSize::Bytes4096,
                change_journal: Some(ChangeJournal::default()),
                ..base
            },
        ),
        3 => (
            48 << 20,
            FormatOptions {
                cluster_size: Some(64 << 10),
                ..base
            },
        ),
        // So small that it fills up.
        _ => (
            2 << 20,
            FormatOptions {
                cluster_size: Some(512),
                ..base
            },
        ),
    }
}

/// So little memory that nearly every operation has blocks moved out of it.
const HARDLY_ANY: usize = 8 << 10;

/// Runs `count` sequences of up to `len` steps on each kind of volume.
fn sequences(count: u32, len: usize, cache_bytes: usize) {
    for kind in 0..5 {
        let (size, options) = volume(kind);
        let config = Config {
            cases: count,
            failure_persistence: None,
            max_shrink_iters: 2000,
            ..Config::default()
        };
        let mut runner = TestRunner::new(config);
        runner
            .run(&steps(len), |steps: Vec<Step>| {
                let device = run(size, &options, cache_bytes, &steps)
                    .map_err(|why| TestCaseError::fail(format!("volume {kind}: {why}")))?;
                let image = image_of(&device);
                let found = rust_fs_ntfs::findings(image.path())
                    .map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert!(found.is_empty(), "rust-fs-ntfs: {found:#?}");
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn random_operations_do_what_the_model_does() {
    sequences(20, 60, DEFAULT_CACHE_BYTES);
}

#[test]
fn random_operations_with_hardly_any_memory_do_what_the_model_does() {
    sequences(40, 60, HARDLY_ANY);
}

#[test]
fn ten_thousand_random_sequences() {
    skip_unless!(long("10,000 random sequences"));
    sequences(2_000, 120, DEFAULT_CACHE_BYTES);
    sequences(500, 120, HARDLY_ANY);
}

#[test]
fn other_drivers_read_what_random_operations_leave() {
    skip_unless!(ntfsfix::available());
    skip_unless!(ntfs3g::available());
    for kind in 0..4 {
        let (size, options) = volume(kind);
        let mut runner = TestRunner::deterministic();
        let steps = steps(150).new_tree(&mut runner).expect("steps").current();
        let device = run(size, &options, DEFAULT_CACHE_BYTES, &steps)
            .unwrap_or_else(|why| panic!("{kind}: {why}"));
        let image = image_of(&device);
        ntfsfix::assert_clean(image.path());
        let mount = Mount::new(image.path(), Access::ReadOnly).expect("mount");
        let theirs = mount.snapshot(Contents::Hash).expect("the tree");
        mount.unmount().expect("unmount");
        let ours = run::snapshot(&device);
        theirs.assert_same("ntfs-3g", &ours, "the engine");
    }
}

use proptest::strategy::ValueTree as _;
