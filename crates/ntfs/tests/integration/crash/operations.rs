//! Every kind of operation, cut at every write and flush.

use std::sync::Arc;

use linkwright_device::BlockDevice;
use linkwright_ntfs::{CreateOptions, Durability, FileKind, Volume};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::Loss;
use linkwright_testkit::ScratchImage;
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};

use super::judge::{assert_survives, run, seeds};
use super::steps::{Step, base, create, fill, find, mixed_steps, step};
use crate::support::{ROOT, fresh, open, units};

#[test]
fn every_operation_is_whole_when_each_is_flushed() {
    let run = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    assert_survives("mixed, immediate", &run, seeds());
}

#[test]
fn every_operation_is_whole_when_handed_to_the_system() {
    let run = run(&base(|_| {}), Durability::Written, &mixed_steps());
    assert_survives("mixed, written", &run, seeds());
}

#[test]
fn a_group_is_whole_when_synced() {
    let mut steps = Vec::new();
    for chunk in 0..2 {
        steps.push(step(move |v| {
            v.transaction(|tx| {
                for n in 0..30 {
                    let name = units(&format!("a longer file name {chunk} {n}"));
                    let file = tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
                    tx.hard_link(file, ROOT, &units(&format!("link {chunk} {n}")))?;
                }
                Ok(())
            })?;
            v.sync()
        }));
    }
    let run = run(&base(|_| {}), Durability::OnSync, &steps);
    assert_survives("group", &run, seeds());
}
#[test]
fn directories_split_merge_and_go_whole() {
    let base = base(|volume| fill(volume, 60));
    let mut steps: Vec<Step> = (60..70)
        .map(|n| {
            step(move |v: &Volume| {
                create(v, find(v, "dir"), &format!("name {n:05}"), FileKind::File).map(drop)
            })
        })
        .collect();
    steps.push(step(|v| {
        v.transaction(|tx| {
            let dir = tx.lookup(ROOT, &units("dir"))?.unwrap().file;
            for n in 0..70 {
                tx.remove(dir, &units(&format!("name {n:05}")))?;
            }
            tx.remove(ROOT, &units("dir"))
        })
    }));
    let run = run(&base, Durability::Immediate, &steps);
    assert_survives("directory", &run, seeds());
}

#[test]
fn names_move_to_extension_records_whole() {
    let base = base(|volume| {
        let file = find(volume, "old");
        for n in 0..6 {
            volume
                .hard_link(file, ROOT, &units(&format!("n{n}")))
                .unwrap();
        }
    });
    let steps: Vec<Step> = (6..18)
        .map(|n| {
            step(move |v: &Volume| v.hard_link(find(v, "old"), ROOT, &units(&format!("n{n}"))))
        })
        .collect();
    let run = run(&base, Durability::Immediate, &steps);
    assert_survives("many names", &run, seeds());
}

#[test]
fn a_transaction_larger_than_the_log_is_whole() {
    let device = fresh(
        32 << 20,
        &FormatOptions {
            log_size: Some(256 << 10),
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    volume.close().unwrap();
    let steps = vec![step(|v: &Volume| {
        let dir = find(v, "dir");
        v.transaction(|tx| {
            for n in 0..400 {
                let name = units(&format!("name {n:05}"));
                tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
    })];
    let run = run(&device, Durability::OnSync, &steps);
    assert_survives("spill", &run, seeds());
}

/// The other judges look at a few of the images.
#[test]
fn other_judges_find_nothing_after_recovery() {
    let run = run(
        &base(|volume| fill(volume, 60)),
        Durability::Immediate,
        &mixed_steps(),
    );
    let mut cuts = run.sim.cuts();
    let mut judged = 0;
    while cuts.step() {
        if !cuts.position().is_multiple_of(11) {
            continue;
        }
        let image = Arc::new(cuts.image(Loss::Seed(3)));
        Volume::recover(image.clone()).unwrap();
        let mut bytes = vec![0; image.len() as usize];
        image.read_at(0, &mut bytes).unwrap();
        let file = ScratchImage::zeroed(image.len());
        std::fs::write(file.path(), &bytes).unwrap();
        rust_fs_ntfs::assert_clean(file.path());
        if ntfsfix::available().is_ok() {
            ntfsfix::assert_clean(file.path());
        }
        judged += 1;
    }
    println!("{judged} images judged");
    assert!(judged > 4);
}
