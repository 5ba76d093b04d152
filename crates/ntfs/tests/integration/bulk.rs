//! Many names in one transaction, more than memory holds.

use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{FileId, OpenOptions, Volume};
use linkwright_ntfs_mkfs::FormatOptions;

use crate::support::{ROOT, assert_sound, file, fresh, options, units};

/// Names of the base and of the transaction that are not in the root afterwards.
fn lost(files: usize, names: usize, cache_bytes: usize) -> Vec<String> {
    let device: Arc<MemoryDevice> = fresh(512 << 20, &FormatOptions::default());
    let open = || {
        let device: Arc<dyn BlockDevice> = device.clone();
        let options = OpenOptions {
            cache_bytes,
            ..options()
        };
        Volume::open(device, options).expect("the volume opens")
    };
    let volume = open();
    let bases: Vec<FileId> = (0..files)
        .map(|n| file(&volume, ROOT, &format!("file {n:06}")))
        .collect();
    volume.close().unwrap();

    let all = files * names;
    let shuffled = shuffled(all);
    let volume = open();
    volume
        .transaction(|tx| {
            shuffled.iter().try_for_each(|n| {
                let name = units(&format!("name {n:08}"));
                tx.hard_link(bases[n / names], ROOT, &name)
            })
        })
        .expect("the transaction");
    volume.close().unwrap();

    let volume = open();
    let there: std::collections::BTreeSet<String> = volume
        .list(ROOT)
        .unwrap()
        .map(|entry| entry.unwrap().name.to_string())
        .collect();
    let wanted = (0..files)
        .map(|n| format!("file {n:06}"))
        .chain((0..all).map(|n| format!("name {n:08}")));
    let lost = wanted.filter(|name| !there.contains(name)).collect();
    drop(volume);
    assert_sound(&*device);
    lost
}

/// The numbers below `count` in no order that repeats.
fn shuffled(count: usize) -> Vec<usize> {
    let mut state = 0x9E37_79B9_u64;
    let mut numbers: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers.swap(at, usize::try_from(state % (at as u64 + 1)).unwrap());
    }
    numbers
}

#[test]
fn names_in_no_order_are_all_there_after_one_transaction_larger_than_memory() {
    for (files, names, cache) in [(100, 100, 1 << 20), (400, 100, 2 << 20)] {
        let lost = lost(files, names, cache);
        assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), lost.first());
    }
}
