//! Structures that grow, split, merge and move out of their record, and
//! transactions that are larger than what should hold them: cut at every write
//! and flush.

use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{CreateOptions, Durability, FileKind, OpenOptions, Volume};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_mkfs::FormatOptions;

use super::judge::with;
use super::operations::naming;
use super::steps::{Step, base, create, fill, find, step};
use super::sweep::{Scenario, attribute, index_blocks, sweep};
use crate::support::{ROOT, fresh, open, units};

/// All scenarios of this file.
pub(super) const ALL: &[fn() -> Scenario] = &[
    splitting,
    merging,
    emptying,
    extension_records,
    list_in_clusters,
    mft_growth,
    secure_growth,
    larger_than_the_log,
    larger_than_the_cache,
];

fn splitting() -> Scenario {
    let steps = (60..90)
        .step_by(3)
        .map(|first| {
            step(move |v: &Volume| {
                let dir = find(v, "dir");
                v.transaction(|tx| {
                    for n in first..first + 3 {
                        let name = units(&format!("name {n:05}"));
                        tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
                    }
                    Ok(())
                })
            })
        })
        .collect();
    Scenario::new("directory split", base(|v| fill(v, 60)), steps).proof(|before, after| {
        let (few, many) = (blocks(before), blocks(after));
        few > 0 && many > few
    })
}

fn blocks(volume: &Volume) -> u32 {
    index_blocks(volume, find(volume, "dir"))
}

fn merging() -> Scenario {
    let steps = (0..80)
        .step_by(8)
        .map(|first| {
            step(move |v: &Volume| {
                let dir = find(v, "dir");
                v.transaction(|tx| {
                    (first..first + 8)
                        .try_for_each(|n| tx.remove(dir, &units(&format!("name {n:05}"))))
                })
            })
        })
        .collect();
    Scenario::new("directory merge", base(|v| fill(v, 110)), steps).proof(|before, after| {
        let (many, few) = (blocks(before), blocks(after));
        few > 0 && many > few
    })
}

fn emptying() -> Scenario {
    let steps = vec![step(|v: &Volume| {
        v.transaction(|tx| {
            let dir = tx.lookup(ROOT, &units("dir"))?.unwrap().file;
            for n in 0..70 {
                tx.remove(dir, &units(&format!("name {n:05}")))?;
            }
            tx.remove(ROOT, &units("dir"))
        })
    })];
    Scenario::new(
        "directory emptied and removed",
        base(|v| fill(v, 70)),
        steps,
    )
}

#[test]
fn directories_split_merge_and_go_whole() {
    for make in [splitting, merging, emptying] {
        sweep(&make());
    }
}

fn extension_records() -> Scenario {
    let base = base(|volume| {
        let file = find(volume, "old");
        for n in 0..6 {
            volume
                .hard_link(file, ROOT, &units(&format!("n{n}")))
                .unwrap();
        }
    });
    Scenario::new("many names", base, naming(6, 18))
}

#[test]
fn names_move_to_extension_records_whole() {
    sweep(&extension_records());
}

/// Where the attribute list of `old` lies.
fn list_is_resident(volume: &Volume) -> Option<bool> {
    let list = attribute(
        volume,
        find(volume, "old").record(),
        AttributeType::ATTRIBUTE_LIST,
        "",
    );
    list.map(|list| list.resident)
}

/// Long enough that a few of them fill a record, and that the list finds room
/// beside them for a while.
fn long_name(n: usize) -> Vec<u16> {
    units(&format!("{}{n}", "a long name ".repeat(16)))
}

fn list_in_clusters() -> Scenario {
    let prepared = |names: usize| {
        base(|volume| {
            let file = find(volume, "old");
            (0..names).for_each(|n| volume.hard_link(file, ROOT, &long_name(n)).unwrap());
        })
    };
    // How many names there are when the list leaves the record. What is asked
    // of the record goes below the cache, so each is synced.
    let mut names = 0;
    let volume = open(&Arc::new(prepared(0)));
    while list_is_resident(&volume) != Some(false) {
        let file = find(&volume, "old");
        volume.hard_link(file, ROOT, &long_name(names)).unwrap();
        volume.sync().unwrap();
        names += 1;
    }
    let steps = (names - 2..names + 2)
        .map(|n| step(move |v: &Volume| v.hard_link(find(v, "old"), ROOT, &long_name(n))))
        .collect();
    Scenario::new("attribute list to clusters", prepared(names - 2), steps).proof(
        |before, after| {
            list_is_resident(before) == Some(true) && list_is_resident(after) == Some(false)
        },
    )
}

#[test]
fn an_attribute_list_leaves_its_record_whole() {
    sweep(&list_in_clusters());
}

fn mft_growth() -> Scenario {
    // All records there are, but for a few.
    let base = base(|volume| {
        let records = volume.info().unwrap().records;
        let dir = find(volume, "dir");
        let mut n = 0;
        loop {
            let file = create(volume, dir, &format!("name {n}"), FileKind::File).unwrap();
            assert_eq!(volume.info().unwrap().records, records);
            if file.record().0 + 4 >= records {
                break;
            }
            n += 1;
        }
    });
    let steps = (0..6)
        .map(|n| {
            step(move |v: &Volume| create(v, ROOT, &format!("new {n}"), FileKind::File).map(drop))
        })
        .collect();
    Scenario::new("$MFT grows", base, steps)
        .proof(|before, after| after.info().unwrap().records > before.info().unwrap().records)
}

#[test]
fn the_mft_grows_whole() {
    sweep(&mft_growth());
}

fn descriptor(number: u32, aces: u32) -> Vec<u8> {
    let list = (0..aces)
        .map(|n| {
            let sid = Sid::new([0, 0, 0, 0, 0, 5], &[21, number, n]).unwrap();
            Ace::allow(AceFlags::empty(), AccessMask::FILE_READ, sid)
        })
        .collect();
    SecurityDescriptor::new(Sid::builtin(number), Sid::USERS, Acl::new(list))
        .encode()
        .unwrap()
}

/// What `$Secure` has: bytes of `$SDS` and of the indexes' blocks.
fn secure(volume: &Volume) -> [u64; 3] {
    [
        (AttributeType::DATA, "$SDS"),
        (AttributeType::INDEX_ALLOCATION, "$SDH"),
        (AttributeType::INDEX_ALLOCATION, "$SII"),
    ]
    .map(|(type_code, name)| {
        attribute(volume, RecordNumber::SECURE, type_code, name).map_or(0, |found| found.allocated)
    })
}

fn secure_growth() -> Scenario {
    let steps: Vec<Step> = (0..8)
        .map(|group| {
            step(move |v: &Volume| {
                let file = find(v, "old");
                v.transaction(|tx| {
                    (0..5).try_for_each(|n| tx.set_security(file, &descriptor(group * 5 + n, 30)))
                })
            })
        })
        .collect();
    Scenario::new("$Secure grows", base(|_| {}), steps).proof(|before, after| {
        let grown = secure(before).into_iter().zip(secure(after));
        grown.into_iter().all(|(before, after)| after > before)
    })
}

#[test]
fn secure_grows_whole() {
    sweep(&secure_growth());
}

/// One transaction of many files in an empty directory.
fn large(count: usize) -> Step {
    step(move |v: &Volume| {
        let dir = find(v, "dir");
        v.transaction(|tx| {
            for n in 0..count {
                let name = units(&format!("name {n:05}"));
                tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
    })
}

const SMALL_LOG: u64 = 256 << 10;

fn small_log() -> MemoryDevice {
    let device = fresh(
        16 << 20,
        &FormatOptions {
            log_size: Some(SMALL_LOG),
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    volume.close().unwrap();
    device.snapshot()
}

fn larger_than_the_log() -> Scenario {
    // 400 records of 1 KiB alone are more than the log takes.
    Scenario::new("larger than the log", small_log(), vec![large(400)])
        .options(with(Durability::OnSync))
}

#[test]
fn a_transaction_larger_than_the_log_is_whole() {
    sweep(&larger_than_the_log());
}

pub(super) fn larger_than_the_cache() -> Scenario {
    let options = OpenOptions {
        cache_bytes: 128 << 10,
        ..with(Durability::Immediate)
    };
    Scenario::new(
        "larger than the cache",
        small_log(),
        vec![large(200), large_removal(200)],
    )
    .options(options)
}

fn large_removal(count: usize) -> Step {
    step(move |v: &Volume| {
        let dir = find(v, "dir");
        v.transaction(|tx| {
            (0..count).try_for_each(|n| tx.remove(dir, &units(&format!("name {n:05}"))))
        })
    })
}

#[test]
fn a_transaction_larger_than_the_cache_is_whole() {
    sweep(&larger_than_the_cache());
}
