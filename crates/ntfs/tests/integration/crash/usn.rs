//! Volumes with a change journal: an operation and its records, or neither.

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{ChangeJournalState, FileKind, Transaction, Volume};
use linkwright_ntfs_mkfs::{ChangeJournal, FormatOptions};

use super::steps::{Step, create, find, mixed_steps, step};
use super::sweep::{Scenario, sweep};
use crate::support::{ROOT, fresh, open, units};

/// All scenarios of this file.
pub(super) const ALL: &[fn() -> Scenario] = &[operations, cutting, turning_over];

fn base(change_journal: ChangeJournal, prepare: impl FnOnce(&Volume)) -> MemoryDevice {
    let device = fresh(
        4 << 20,
        &FormatOptions {
            change_journal: Some(change_journal),
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    let file = create(&volume, ROOT, "old", FileKind::File).unwrap();
    volume.write_at(file, &[], 0, &[5; 9000]).unwrap();
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    prepare(&volume);
    volume.close().unwrap();
    device.snapshot()
}

/// What of the journal is kept.
fn kept(volume: &Volume) -> (u64, u64) {
    match volume.info().unwrap().change_journal {
        ChangeJournalState::Active(journal) => (journal.first_usn, journal.next_usn),
        other => panic!("{other:?}"),
    }
}

fn operations() -> Scenario {
    let base = base(ChangeJournal::default(), |_| {});
    Scenario::new("change journal", base, mixed_steps())
        .proof(|before, after| kept(after).1 > kept(before).1 + 1000)
}

#[test]
fn every_operation_has_its_records_or_did_not_happen() {
    sweep(&operations());
}

/// The journal is full: pages come at its end and go at its front.
fn cutting() -> Scenario {
    let small = ChangeJournal {
        maximum_size: ChangeJournal::MIN_SIZE,
        allocation_delta: 4096,
    };
    let base = base(small, |volume| {
        let file = find(volume, "old");
        while kept(volume).0 == 0 {
            volume.set_times(file, &Default::default()).unwrap();
        }
    });
    // 72 bytes a record, two an operation: 40 operations fill a page and more.
    let steps: Vec<Step> = (0..3)
        .map(|n| {
            step(move |v: &Volume| {
                v.transaction(|tx| {
                    let file = tx.lookup(ROOT, &units("old"))?.unwrap().file;
                    tx.hard_link(file, ROOT, &units(&format!("name {n}")))?;
                    (0..40).try_for_each(|_| tx.set_times(file, &Default::default()))
                })
            })
        })
        .collect();
    Scenario::new("change journal cut at its front", base, steps)
        .proof(|before, after| kept(after).0 >= kept(before).0 + 2 * 4096)
}

#[test]
fn the_journal_moves_on_whole() {
    sweep(&cutting());
}

/// The volume is full: the journal's first clusters become its last ones.
fn turning_over() -> Scenario {
    let again = |tx: &mut Transaction<'_>, count: usize| {
        let file = tx.lookup(ROOT, &units("old"))?.unwrap().file;
        (0..count).try_for_each(|_| tx.set_times(file, &Default::default()))
    };
    let base = base(ChangeJournal::default(), |volume| {
        for size in [100_000, 5_000] {
            let mut number = 0;
            let fills = |number: usize| {
                volume.transaction(|tx| {
                    let name = units(&format!("{size} {number}"));
                    let file = tx.create(ROOT, &name, FileKind::File, &Default::default())?;
                    tx.write_at(file, &[], 0, &vec![7; size])
                })
            };
            while fills(number).is_ok() {
                number += 1;
            }
        }
        while kept(volume).0 == 0 {
            volume.transaction(|tx| again(tx, 10)).unwrap();
        }
    });
    let steps: Vec<Step> = (0..2)
        .map(|_| step(move |v: &Volume| v.transaction(|tx| again(tx, 40))))
        .collect();
    Scenario::new("change journal of a full volume", base, steps)
        .proof(|before, after| kept(after).0 > kept(before).0)
}

#[test]
fn the_journal_of_a_full_volume_turns_over_whole() {
    sweep(&turning_over());
}
