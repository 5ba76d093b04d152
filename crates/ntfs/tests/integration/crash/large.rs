//! Transactions larger than the cache and than the log.

use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{
    CreateOptions, Durability, Error, FileId, FileKind, NewLink, OpenOptions, Result, TimesChange,
    Transaction, Volume,
};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::FormatOptions;

use super::judge::{Effort, Judge, run_with, with};
use super::state::tree;
use super::steps::{Step, base, fill, find, step};
use crate::support::{NOW, ROOT, assert_sound, fresh, open, options, units};

/// A volume with `count` files in `dir`, and a log of 256 KiB.
fn filled(len: u64, count: usize) -> MemoryDevice {
    let device = fresh(
        len,
        &FormatOptions {
            log_size: Some(256 << 10),
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    super::steps::create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    fill(&volume, count);
    volume.close().unwrap();
    device.snapshot()
}

fn with_cache(cache_bytes: usize) -> OpenOptions {
    OpenOptions {
        cache_bytes,
        ..with(Durability::OnSync)
    }
}

fn file(tx: &Transaction<'_>, dir: FileId, n: usize) -> Result<FileId> {
    let entry = tx.lookup(dir, &units(&format!("name {n:05}")))?;
    Ok(entry.expect("a file of the base").file)
}

/// Changes the records of `count` files, twice, and gives every second of them
/// one more name: blocks that are not fresh, block by block more than memory
/// and log have room for.
fn change(tx: &mut Transaction<'_>, count: usize) -> Result<()> {
    let dir = tx.lookup(ROOT, &units("dir"))?.expect("dir").file;
    let later = |ticks| TimesChange {
        modified: Some(NtTime(NOW.0 + ticks)),
        ..TimesChange::default()
    };
    for round in 1..=2 {
        for n in 0..count {
            // In no order that a block would stay in use for long.
            let file = file(tx, dir, n * 7919 % count)?;
            tx.set_times(file, &later(round))?;
        }
    }
    for n in (0..count).step_by(2) {
        let file = file(tx, dir, n)?;
        tx.hard_link(file, dir, &units(&format!("second {n:05}")))?;
    }
    Ok(())
}

const CACHE: usize = 256 << 10;

fn changed(volume: &Volume, count: usize) -> usize {
    let dir = find(volume, "dir");
    (0..count)
        .filter(|n| {
            let name = units(&format!("name {n:05}"));
            let file = volume.lookup(dir, &name).unwrap().unwrap().file;
            let info = volume.file_info(file).unwrap();
            info.times.modified == NtTime(NOW.0 + 2) && info.link_count == 1 + u32::from(n % 2 == 0)
        })
        .count()
}

#[test]
fn memory_stays_within_the_cache_when_a_transaction_does_not() {
    const COUNT: usize = 6000;
    let base = filled(48 << 20, COUNT);
    // Six times 1 KiB and more for each file: 24 caches and 24 logs.
    for commit in [true, false] {
        let device = Arc::new(base.snapshot());
        let volume = Volume::open(device.clone(), with_cache(CACHE)).unwrap();
        let before = tree(&volume);
        let free = volume.info().unwrap().free_clusters;
        let result: Result<()> = volume.transaction(|tx| {
            change(tx, COUNT)?;
            // What went to the spill area is read from there.
            let dir = tx.lookup(ROOT, &units("dir"))?.expect("dir").file;
            for n in (0..COUNT).step_by(97) {
                let info = tx.file_info(file(tx, dir, n)?)?;
                assert_eq!(info.times.modified, NtTime(NOW.0 + 2));
            }
            if commit { Ok(()) } else { Err(Error::DiskFull) }
        });
        assert_eq!(result.is_ok(), commit);
        let peak = volume.cache_peak().unwrap();
        println!("commit {commit}: at most {peak} bytes in memory");
        assert!(peak <= CACHE + CACHE / 4, "{peak}");
        if commit {
            assert_eq!(changed(&volume, COUNT), COUNT);
        } else {
            assert_eq!(tree(&volume), before);
            assert_eq!(volume.info().unwrap().free_clusters, free);
            assert_eq!(changed(&volume, COUNT), 0);
        }
        volume.close().unwrap();
        assert_sound(&*device);
        let volume = open(&device);
        assert_eq!(changed(&volume, COUNT), if commit { COUNT } else { 0 });
        if !commit {
            assert_eq!(tree(&volume), before);
        }
    }
}

#[test]
fn a_transaction_larger_than_log_and_cache_is_whole() {
    sweep("larger than log and cache", 32 << 10);
}

/// It goes to the device as one large group, without a spill area.
#[test]
fn a_transaction_larger_than_the_log_alone_is_whole() {
    sweep("larger than the log", 64 << 20);
}

fn sweep(name: &str, cache: usize) {
    const COUNT: usize = 110;
    let base = filled(6 << 20, COUNT);
    let steps: Vec<Step> = vec![
        step(|v| {
            v.hard_link(find(v, "dir"), ROOT, &units("x"))
                .expect_err("a directory has one name");
            v.create(
                ROOT,
                &units("early"),
                FileKind::File,
                &CreateOptions::default(),
            )
            .map(drop)
        }),
        step(|v| v.transaction(|tx| change(tx, COUNT))),
        step(|v| v.sync()),
    ];
    let run = run_with(&base, with_cache(cache), &steps);
    let effort = Effort {
        seeds: 1,
        whole_recovery: 1000,
        ..Effort::USUAL
    };
    let cuts = Judge::new(name, effort).assert_survives(&run);
    assert!(cuts > 100, "{cuts}");
}

#[test]
fn links_in_one_call_larger_than_log_and_cache_are_whole() {
    const COUNT: usize = 110;
    let base = filled(6 << 20, COUNT);
    let steps: Vec<Step> = vec![
        step(|v| {
            v.transaction(|tx| {
                let dir = tx.lookup(ROOT, &units("dir"))?.expect("dir").file;
                let links = (0..4 * COUNT)
                    .map(|n| Ok((file(tx, dir, n % COUNT)?, units(&format!("many {n:05}")))))
                    .collect::<Result<Vec<_>>>()?;
                let links: Vec<NewLink<'_>> = links
                    .iter()
                    .map(|(file, name)| NewLink {
                        file: *file,
                        parent: dir,
                        name,
                    })
                    .collect();
                Ok(tx.hard_links(&links)?)
            })
        }),
        step(|v| v.sync()),
    ];
    let run = run_with(&base, with_cache(32 << 10), &steps);
    let effort = Effort {
        seeds: 1,
        whole_recovery: 1000,
        ..Effort::USUAL
    };
    let cuts = Judge::new("many links", effort).assert_survives(&run);
    assert!(cuts > 50, "{cuts}");
}

/// The volume has room for what a transaction needs, but not beside what was
/// done before it and is not committed, and not without what that freed.
#[test]
fn what_was_done_before_does_not_make_a_transaction_fail() {
    let base = base(|volume| {
        fill(volume, 400);
        let ballast = super::steps::create(volume, ROOT, "ballast", FileKind::File).unwrap();
        let free = volume.info().unwrap().free_clusters * 4096;
        let len = free - (64 << 10);
        volume.set_len(ballast, &[], len).unwrap();
        volume.write_at(ballast, &[], len - 1, &[1]).unwrap();
    });
    let device = Arc::new(base.snapshot());
    let volume = Volume::open(device.clone(), options()).unwrap();
    let left = volume.info().unwrap().free_clusters;
    assert!(left <= 16, "{left} clusters left");
    // Dirty blocks, and clusters that are free when these are committed.
    let ballast = find(&volume, "ballast");
    let len = volume.stream_len(ballast, &[]).unwrap();
    volume.set_len(ballast, &[], len - (300 << 10)).unwrap();
    write_new(&volume, 250 << 10);
    volume.close().unwrap();
    assert_sound(&*device);
    let volume = open(&device);
    assert_eq!(
        volume.stream_len(find(&volume, "new"), &[]).unwrap(),
        250 << 10
    );
}

/// Fills the volume until so many clusters are left.
fn leave_free(volume: &Volume, clusters: u64) {
    let ballast = super::steps::create(volume, ROOT, "ballast", FileKind::File).unwrap();
    let mut len = 0;
    while volume.info().unwrap().free_clusters > clusters {
        volume.write_at(ballast, &[], len, &[1; 4096]).unwrap();
        len += 4096;
    }
    volume.sync().unwrap();
}

/// Makes a file of so many bytes in one transaction.
fn write_new(volume: &Volume, len: usize) {
    volume
        .transaction(|tx| {
            let none = CreateOptions::default();
            let file = tx.create(ROOT, &units("new"), FileKind::File, &none)?;
            tx.write_at(file, &[], 0, &vec![7; len])
        })
        .unwrap();
}

fn later() -> TimesChange {
    TimesChange {
        modified: Some(NtTime(NOW.0 + 2)),
        ..TimesChange::default()
    }
}

/// A file of [`filled`].
fn numbered(volume: &Volume, dir: FileId, n: usize) -> FileId {
    let name = units(&format!("name {n:05}"));
    volume.lookup(dir, &name).unwrap().unwrap().file
}

/// The log takes the transaction, but not with what was done before it, and
/// there is no room for a spill area.
#[test]
fn what_was_done_before_is_committed_first_when_the_log_takes_only_one() {
    let base = filled(6 << 20, 400);
    let device = Arc::new(base.snapshot());
    let volume = open(&device);
    leave_free(&volume, 12);
    let (dir, times) = (find(&volume, "dir"), later());
    for n in 0..45 {
        volume.set_times(numbered(&volume, dir, n), &times).unwrap();
    }
    volume
        .transaction(|tx| {
            for n in 45..105 {
                tx.set_times(file(tx, dir, n)?, &times)?;
            }
            Ok(())
        })
        .unwrap();
    // One that needs a spill area for itself is refused, and changes nothing.
    let before = tree(&volume);
    let refused = volume.transaction(|tx| {
        for n in 105..400 {
            tx.set_times(file(tx, dir, n)?, &times)?;
        }
        Ok(())
    });
    assert!(matches!(refused, Err(Error::DiskFull)), "{refused:?}");
    assert_eq!(tree(&volume), before);
    volume.close().unwrap();
    assert_sound(&*device);
    let volume = open(&device);
    let is_changed = |n: &usize| {
        let info = volume.file_info(numbered(&volume, dir, *n)).unwrap();
        Some(info.times.modified) == times.modified
    };
    assert_eq!((0..400).filter(is_changed).count(), 105);
}

/// What was done before a transaction is more than the log takes, and lies in
/// clusters that the transaction needs itself.
#[test]
fn what_was_lent_for_a_large_group_is_there_for_the_next_transaction() {
    let base = filled(8 << 20, 400);
    let device = Arc::new(base.snapshot());
    let volume = open(&device);
    leave_free(&volume, 200);
    let (dir, times) = (find(&volume, "dir"), later());
    let free = volume.info().unwrap().free_clusters;
    for n in 0..300 {
        volume.set_times(numbered(&volume, dir, n), &times).unwrap();
    }
    assert_eq!(volume.info().unwrap().free_clusters, free);
    write_new(&volume, 600 << 10);
    volume.close().unwrap();
    assert_sound(&*device);
    let volume = open(&device);
    let is_changed = |n: &usize| {
        let info = volume.file_info(numbered(&volume, dir, *n)).unwrap();
        Some(info.times.modified) == times.modified
    };
    assert_eq!((0..400).filter(is_changed).count(), 300);
    assert_eq!(
        volume.stream_len(find(&volume, "new"), &[]).unwrap(),
        600 << 10
    );
}
