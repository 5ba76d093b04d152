//! Whole-tree tests against a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use linkwright_ntfs_format::file_name::{Duplicated, FileNameView};
use linkwright_ntfs_format::index::{self, EntryView};

use super::collation::{Collation, KeyProbe};
use super::cursor::{Cursor, count};
use super::directory::{NameCase, add, lookup, refresh, take};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::insert::{Change, Insertion, insert, replace};
use super::memory::{
    MemoryStore, by_name, check, entry, entry_of, key_of, put_name, units, upcase,
};
use super::remove::remove;
use super::search::find;

const ULONG: Collation<'static> = Collation::Ulong;

fn names(store: &MemoryStore) -> Vec<String> {
    let mut cursor = Cursor::first();
    let mut names = Vec::new();
    while let Some(found) = cursor.next(store, by_name()).unwrap() {
        let view = FileNameView::new(found.key()).unwrap();
        names.push(String::from_utf16(&view.name_units()).unwrap());
    }
    names
}

/// One step of a random history: keys are few so that they meet.
#[derive(Debug, Clone)]
enum Op {
    Insert(u16, usize),
    Remove(u16),
    Replace(u16, usize),
    Drain(u16, u16),
}

fn ops(longest: usize) -> impl Strategy<Value = Vec<Op>> {
    let key = 0..160_u16;
    let op = prop_oneof![
        8 => (key.clone(), 0..longest).prop_map(|(k, n)| Op::Insert(k, n)),
        5 => key.clone().prop_map(Op::Remove),
        2 => (key.clone(), 0..longest).prop_map(|(k, n)| Op::Replace(k, n)),
        1 => (key.clone(), 0..40_u16).prop_map(|(k, n)| Op::Drain(k, n)),
    ];
    proptest::collection::vec(op, 1..250)
}

/// A view entry with a number as key and `len` bytes of data.
fn numbered(key: u16, len: usize) -> Vec<u8> {
    let fill = u8::try_from(key % 251).unwrap();
    index::encode_view_entry(&u32::from(key).to_le_bytes(), &vec![fill; len]).unwrap()
}

fn probe(key: &[u8]) -> KeyProbe<'_> {
    KeyProbe { order: ULONG, key }
}

fn step(store: &mut MemoryStore, model: &mut BTreeMap<u16, Vec<u8>>, op: &Op) {
    match *op {
        Op::Insert(key, len) => {
            let new = numbered(key, len);
            let result = insert(store, &probe(&u32::from(key).to_le_bytes()), &new).unwrap();
            assert_eq!(result == Insertion::Exists, model.contains_key(&key));
            model.entry(key).or_insert(new);
        }
        Op::Remove(key) => {
            let bytes = u32::from(key).to_le_bytes();
            let removed = remove(store, ULONG, &probe(&bytes)).unwrap();
            assert_eq!(removed, model.remove(&key));
        }
        Op::Replace(key, len) => {
            let new = numbered(key, len);
            let result = replace(store, &probe(&u32::from(key).to_le_bytes()), &new).unwrap();
            assert_eq!(result == Change::Done, model.contains_key(&key));
            model.entry(key).and_modify(|old| *old = new);
        }
        Op::Drain(key, n) => {
            for key in key..key + n {
                step(store, model, &Op::Remove(key));
            }
        }
    }
}

fn run(ops: &[Op], block: usize, root: usize) {
    let mut store = MemoryStore::new(block, 2, root);
    let mut model = BTreeMap::new();
    for op in ops {
        step(&mut store, &mut model, op);
        let entries = check(&store, ULONG);
        assert!(entries.iter().eq(model.values()), "after {op:?}");
    }
    for (key, value) in &model {
        let found = find(&store, &probe(&u32::from(*key).to_le_bytes())).unwrap();
        let data = found.unwrap();
        let expected = EntryView::at(value, 0).unwrap();
        assert_eq!(data.data().unwrap(), expected.data().unwrap());
    }
    for key in 0..200 {
        step(&mut store, &mut model, &Op::Remove(key));
        check(&store, ULONG);
    }
    assert!(store.root.is_empty() && store.root.is_leaf());
    assert_eq!(store.blocks.len(), 0, "an empty index has no blocks");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_histories_agree_with_a_map_in_small_blocks(ops in ops(100)) {
        run(&ops, 512, 200);
    }

    #[test]
    fn random_histories_agree_where_blocks_hold_one_or_two_entries(ops in ops(400)) {
        run(&ops, 512, 100);
    }

    #[test]
    fn random_histories_agree_in_larger_blocks(ops in ops(300)) {
        run(&ops, 1024, 600);
        run(&ops, 4096, 64);
    }

    #[test]
    fn a_root_larger_than_a_block_is_spread_over_several(ops in ops(100)) {
        run(&ops, 512, 3000);
    }
}

#[test]
fn a_hundred_thousand_names_in_order_fill_their_blocks() {
    let mut store = MemoryStore::new(4096, 1, 480);
    for n in 0..100_000_u64 {
        assert_eq!(
            put_name(&mut store, &format!("n{n:06}"), n),
            Insertion::Done
        );
    }
    assert_eq!(check(&store, by_name()).len(), 100_000);
    assert!(store.fill() > 0.95, "{}", store.fill());
    let mut store = MemoryStore::new(4096, 1, 480);
    for n in (0..100_000_u64).rev() {
        assert_eq!(
            put_name(&mut store, &format!("n{n:06}"), n),
            Insertion::Done
        );
    }
    assert_eq!(check(&store, by_name()).len(), 100_000);
    assert!(store.fill() > 0.95, "{}", store.fill());
    for n in 0..100_000_u64 {
        assert!(
            take(&mut store, upcase(), &units(&format!("N{n:06}")))
                .unwrap()
                .is_none()
        );
        let name = units(&format!("n{n:06}"));
        assert!(take(&mut store, upcase(), &name).unwrap().is_some());
    }
    assert!(check(&store, by_name()).is_empty());
    assert_eq!(store.blocks.len(), 0);
}

/// A permutation of `0..n` for prime `n`.
fn shuffled(n: u64) -> impl Iterator<Item = u64> {
    (0..n).map(move |i| i * 48_271 % n)
}

#[test]
fn a_hundred_thousand_names_in_no_order_and_back() {
    const N: u64 = 100_003;
    let mut store = MemoryStore::new(4096, 8, 480);
    for n in shuffled(N) {
        assert_eq!(put_name(&mut store, &format!("{n}"), n), Insertion::Done);
    }
    assert_eq!(put_name(&mut store, "77", 1), Insertion::Exists);
    assert_eq!(check(&store, by_name()).len() as u64, N);
    assert_eq!(count(&store, by_name()).unwrap(), N);
    assert!(store.fill() > 0.6, "{}", store.fill());
    let full = store.used_blocks();
    for n in shuffled(N).take(90_000) {
        let name = units(&format!("{n}"));
        assert!(take(&mut store, upcase(), &name).unwrap().is_some());
    }
    check(&store, by_name());
    assert!(store.used_blocks() * 4 < full, "blocks come back");
    for n in shuffled(N).skip(90_000) {
        let name = units(&format!("{n}"));
        assert!(take(&mut store, upcase(), &name).unwrap().is_some());
    }
    assert!(check(&store, by_name()).is_empty());
    assert_eq!(store.blocks.len(), 0);
}

#[test]
fn longest_names_are_taken_in_every_block_size_that_holds_one() {
    for block in [1024, 2048, 4096] {
        let mut store = MemoryStore::new(block, 1, 300);
        for n in 0..200_u16 {
            let mut name = vec![u16::from(b'x'); 255];
            name[254] = n * 7 % 200;
            name[0] += n % 3;
            let new = entry_of(&name, 1);
            let done = add(&mut store, upcase(), &new, NameCase::Sensitive).unwrap();
            assert_eq!(done, Insertion::Done);
            check(&store, by_name());
        }
        for n in 0..200_u16 {
            let mut name = vec![u16::from(b'x'); 255];
            name[254] = n * 7 % 200;
            name[0] += n % 3;
            assert!(take(&mut store, upcase(), &name).unwrap().is_some());
            check(&store, by_name());
        }
        assert_eq!(store.blocks.len(), 0);
    }
    let mut store = MemoryStore::new(512, 1, 4000);
    let long = entry_of(&[u16::from(b'x'); 255], 1);
    let refused = add(&mut store, upcase(), &long, NameCase::Sensitive).unwrap_err();
    assert_eq!(refused.kind, IndexFaultKind::EntryTooLong);
}

#[test]
fn lookups_know_both_rules_of_case() {
    let mut store = MemoryStore::new(512, 1, 200);
    for n in 0..200 {
        assert_eq!(
            put_name(&mut store, &format!("file{n}"), n),
            Insertion::Done
        );
    }
    let find = |store: &MemoryStore, name: &str, case| {
        lookup(store, upcase(), &units(name), case)
            .unwrap()
            .map(|found| found.reference().raw())
    };
    for n in 0..200 {
        let (low, high) = (format!("file{n}"), format!("FILE{n}"));
        assert_eq!(find(&store, &low, NameCase::Sensitive), Some(n));
        assert_eq!(find(&store, &high, NameCase::Sensitive), None);
        assert_eq!(find(&store, &high, NameCase::Insensitive), Some(n));
        let twin = entry(&high, 1000 + n);
        let refused = add(&mut store, upcase(), &twin, NameCase::Insensitive).unwrap();
        assert_eq!(refused, Insertion::Exists);
        let taken = add(&mut store, upcase(), &twin, NameCase::Sensitive).unwrap();
        assert_eq!(taken, Insertion::Done);
        assert_eq!(find(&store, &low, NameCase::Insensitive), Some(n));
        assert_eq!(find(&store, &high, NameCase::Insensitive), Some(1000 + n));
        // The first in the order of raw units.
        let third = format!("fIlE{n}");
        assert_eq!(find(&store, &third, NameCase::Insensitive), Some(1000 + n));
        assert_eq!(find(&store, &third, NameCase::Sensitive), None);
    }
    check(&store, by_name());
    assert_eq!(find(&store, "file", NameCase::Insensitive), None);
    assert_eq!(find(&store, "file1999", NameCase::Insensitive), None);
}

#[test]
fn duplicated_information_changes_in_place_at_every_level() {
    let mut store = MemoryStore::new(512, 1, 200);
    for n in 0..100 {
        assert_eq!(put_name(&mut store, &format!("{n:03}"), n), Insertion::Done);
    }
    let duplicated = Duplicated {
        size: 77,
        ea_or_tag: 0xA000_0003,
        ..Duplicated::default()
    };
    for n in 0..100 {
        let name = units(&format!("{n:03}"));
        let done = refresh(&mut store, upcase(), &name, &duplicated).unwrap();
        assert_eq!(done, Change::Done);
        let found = lookup(&store, upcase(), &name, NameCase::Sensitive).unwrap();
        let found = found.unwrap();
        assert_eq!(found.reference().raw(), n);
        let view = FileNameView::new(found.key()).unwrap();
        assert_eq!(view.duplicated(), duplicated);
    }
    assert_eq!(check(&store, by_name()).len(), 100);
    let gone = refresh(&mut store, upcase(), &units("x"), &duplicated).unwrap();
    assert_eq!(gone, Change::Missing);
}

#[test]
fn an_entry_is_not_replaced_by_one_with_another_key() {
    let mut store = MemoryStore::new(512, 1, 200);
    assert_eq!(put_name(&mut store, "a", 1), Insertion::Done);
    let key = key_of(&units("a"));
    let probe = KeyProbe {
        order: by_name(),
        key: &key,
    };
    let fault = replace(&mut store, &probe, &entry("b", 2)).unwrap_err();
    assert_eq!(
        fault,
        IndexFault::new(IndexFaultKind::KeyChanged, NodeAt::Root)
    );
    assert_eq!(
        replace(&mut store, &probe, &entry("a", 2)).unwrap(),
        Change::Done
    );
    assert_eq!(find(&store, &probe).unwrap().unwrap().reference().raw(), 2);
}

#[test]
fn a_cursor_goes_on_where_it_was_when_the_index_changes() {
    let mut store = MemoryStore::new(512, 1, 200);
    for n in 0..300 {
        assert_eq!(put_name(&mut store, &format!("{n:03}"), n), Insertion::Done);
    }
    let mut cursor = Cursor::first();
    let mut seen = Vec::new();
    while let Some(found) = cursor.next(&store, by_name()).unwrap() {
        let name = FileNameView::new(found.key()).unwrap().name_units();
        // Deleting what was just seen and what lies far ahead, and adding
        // behind and ahead.
        take(&mut store, upcase(), &name).unwrap();
        let number = found.reference().raw();
        seen.push(number);
        if number.is_multiple_of(2) {
            take(&mut store, upcase(), &units(&format!("{:03}", number + 1))).unwrap();
            assert_eq!(
                put_name(&mut store, &format!("!{number}"), 9),
                Insertion::Done
            );
        }
    }
    let even: Vec<u64> = (0..300).step_by(2).collect();
    assert_eq!(seen, even);
    assert!(cursor.next(&store, by_name()).unwrap().is_none());
    assert_eq!(check(&store, by_name()).len(), 150);
    assert_eq!(put_name(&mut store, "zz", 5), Insertion::Done);
    let late = cursor.next(&store, by_name()).unwrap().unwrap();
    assert_eq!(late.reference().raw(), 5, "what comes later is still met");
}

#[test]
fn cursors_start_at_and_behind_any_key() {
    let mut store = MemoryStore::new(512, 1, 200);
    for n in (0..200).step_by(2) {
        assert_eq!(put_name(&mut store, &format!("{n:03}"), n), Insertion::Done);
    }
    for n in 0..200_u64 {
        let key = key_of(&units(&format!("{n:03}")));
        let first = |mut cursor: Cursor| {
            let found = cursor.next(&store, by_name()).unwrap();
            let next = cursor.next(&store, by_name()).unwrap();
            if let (Some(a), Some(b)) = (&found, &next) {
                assert_eq!(a.reference().raw() + 2, b.reference().raw());
            }
            found.map(|found| found.reference().raw())
        };
        let from = n.next_multiple_of(2);
        assert_eq!(
            first(Cursor::from_key(key.clone())),
            (from < 200).then_some(from)
        );
        let after = (n + 1).next_multiple_of(2);
        assert_eq!(
            first(Cursor::after_key(key)),
            (after < 200).then_some(after)
        );
    }
    assert_eq!(names(&store).len(), 100);
}

#[test]
fn appending_changes_one_block_an_insertion() {
    let mut store = MemoryStore::new(4096, 1, 480);
    for n in 0..10_000 {
        assert_eq!(put_name(&mut store, &format!("{n:05}"), n), Insertion::Done);
    }
    assert!(store.writes < 10_000 * 12 / 10, "{}", store.writes);
}
