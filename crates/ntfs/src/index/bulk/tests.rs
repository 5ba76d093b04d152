//! Batches against entries that come one by one.

use proptest::prelude::*;

use linkwright_ntfs_format::FormatError;
use linkwright_ntfs_format::index::EntryView;

use super::{Arrivals, Merge, NameRules};
use crate::index::directory::{NameCase, add};
use crate::index::insert::Insertion;
use crate::index::memory::{MemoryStore, by_name, check, entry_of, key_of, units, upcase};

/// Entries in order; which of them were there.
struct List {
    entries: Vec<Vec<u8>>,
    taken: Vec<usize>,
}

impl Arrivals for List {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn encode(&self, at: usize, out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.extend_from_slice(&self.entries[at]);
        Ok(())
    }

    fn taken(&mut self, at: usize) {
        self.taken.push(at);
    }
}

fn name(number: u16, kind: u8) -> Vec<u16> {
    let text = match kind {
        0 => format!("n{number:04}"),
        1 => format!("N{number:04}"),
        2 => format!("n{number:04} {}", "x".repeat(usize::from(number % 90))),
        _ => format!("\u{e4}{number:03}"),
    };
    units(&text)
}

fn names(most: usize) -> impl Strategy<Value = Vec<Vec<u16>>> {
    proptest::collection::vec((0..600_u16, 0..4_u8), 0..most)
        .prop_map(|picks| picks.into_iter().map(|(n, kind)| name(n, kind)).collect())
}

proptest! {
    #[test]
    fn batches_leave_what_single_entries_leave(
        there in names(200),
        came in names(500),
        block in prop_oneof![Just(512_usize), Just(1024), Just(4096)],
        most in prop_oneof![Just(1_usize), Just(700), Just(20_000)],
        root_max in prop_oneof![Just(200_usize), Just(600)],
        case in prop_oneof![Just(NameCase::Sensitive), Just(NameCase::Insensitive)],
    ) {
        let mut store = MemoryStore::new(block, 1, root_max);
        for name in &there {
            let _there = add(&mut store, upcase(), &entry_of(name, 1), case).unwrap();
        }
        let mut single = store.clone();

        let mut came = came;
        came.sort_by(|a, b| upcase().compare(a, b));
        came.dedup_by(|a, b| match case {
            NameCase::Sensitive => a == b,
            NameCase::Insensitive => upcase().eq_ignore_case(a, b),
        });
        let entries: Vec<Vec<u8>> = came.iter().map(|name| entry_of(name, 2)).collect();
        let mut taken = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if add(&mut single, upcase(), entry, case).unwrap() == Insertion::Exists {
                taken.push(at);
            }
        }
        let mut list = List { entries, taken: Vec::new() };
        let rules = NameRules { upcase: upcase(), case };
        let (mut merge, mut at) = (Merge::new(rules), 0);
        while at < list.len() {
            let next = merge.batch(&mut store, &mut list, at, most).unwrap();
            prop_assert!(next > at);
            at = next;
        }
        prop_assert_eq!(list.taken, taken);
        prop_assert_eq!(check(&store, by_name()), check(&single, by_name()));
    }
}

#[test]
fn entries_that_come_in_order_fill_their_blocks() {
    let mut store = MemoryStore::new(4096, 1, 400);
    let names: Vec<Vec<u16>> = (0..20_000)
        .map(|n| units(&format!("name {n:06}")))
        .collect();
    let entries = names.iter().map(|name| entry_of(name, 1)).collect();
    let mut list = List {
        entries,
        taken: Vec::new(),
    };
    let rules = NameRules {
        upcase: upcase(),
        case: NameCase::Insensitive,
    };
    let (mut merge, mut at) = (Merge::new(rules), 0);
    while at < list.len() {
        at = merge.batch(&mut store, &mut list, at, 100_000).unwrap();
    }
    let found = check(&store, by_name());
    assert_eq!(found.len(), names.len());
    for (entry, name) in found.iter().zip(&names) {
        assert_eq!(EntryView::at(entry, 0).unwrap().key(), key_of(name));
    }
    assert!(store.fill() > 0.95, "{}", store.fill());
}
