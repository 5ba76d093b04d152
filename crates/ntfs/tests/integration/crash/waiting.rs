//! Entries that wait for their places when the power fails.

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{CreateOptions, Durability, FileId, FileKind, Result, Volume};
use linkwright_ntfs_mkfs::FormatOptions;

use super::judge::{Effort, Judge, run};
use super::steps::{Step, fill, find, step};
use crate::support::{ROOT, fresh, open, units};

const FILES: usize = 150;

/// Links and files of a step.
const BURST: usize = 70;

fn filled() -> MemoryDevice {
    let device = fresh(8 << 20, &FormatOptions::default());
    let volume = open(&device);
    for dir in ["dir", "other"] {
        super::steps::create(&volume, ROOT, dir, FileKind::Directory).unwrap();
    }
    fill(&volume, FILES);
    volume.close().unwrap();
    device.snapshot()
}

/// Adds to two directories in no order, and has it written.
fn burst(volume: &Volume, number: usize) -> Result<()> {
    let parents = [find(volume, "dir"), find(volume, "other")];
    let name = |n: usize| units(&format!("{:03} of {number}", n * 37 % 101));
    let mut last: Option<FileId> = None;
    for n in 0..BURST {
        let parent = parents[n % 2];
        match last.filter(|_| !n.is_multiple_of(5)) {
            Some(file) => volume.hard_link(file, parent, &name(n))?,
            None => {
                let none = CreateOptions::default();
                last = Some(volume.create(parent, &name(n), FileKind::File, &none)?);
            }
        }
    }
    assert!(volume.waiting_entries()? > BURST / 2);
    volume.sync()
}

#[test]
fn entries_that_wait_are_in_place_with_their_group_or_none_is() {
    let steps: Vec<Step> = (0..4)
        .map(|number| step(move |v: &Volume| burst(v, number)))
        .collect();
    let run = run(&filled(), Durability::OnSync, &steps);
    let judge = Judge::new("waiting entries", Effort::USUAL);
    let cuts = judge.assert_survives(&run);
    assert!(cuts > 50, "{cuts}");
}
