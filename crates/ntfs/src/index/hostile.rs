//! Hostile trees: an error of the right kind, no hang, no panic.

use std::sync::Arc;

use linkwright_ntfs_format::index;

use super::cursor::{Cursor, count};
use super::directory::{NameCase, add, lookup, take};
use super::fault::{IndexFaultKind, NodeAt};
use super::insert::Insertion;
use super::memory::{MemoryStore, by_name, entry, put_name, units, upcase};
use super::node::IndexNode;
use super::store::IndexStore;

/// Three levels of names; returns the VCN of an inner block and of a leaf.
fn deep() -> (MemoryStore, u64, u64) {
    let mut store = MemoryStore::new(512, 2, 200);
    for n in 0..200 {
        assert_eq!(put_name(&mut store, &format!("{n:03}"), n), Insertion::Done);
    }
    let inner = store.root.child(0).unwrap();
    let leaf = store.block(inner).unwrap();
    assert!(!leaf.is_leaf());
    let leaf = leaf.child(0).unwrap();
    (store, inner, leaf)
}

fn walk(store: &MemoryStore) -> IndexFaultKind {
    let mut cursor = Cursor::first();
    loop {
        match cursor.next(store, by_name()) {
            Ok(found) => assert!(found.is_some(), "the walk must not end well"),
            Err(fault) => return fault.kind,
        }
    }
}

#[test]
fn a_tree_that_leads_back_up_ends_in_an_error() {
    let (mut store, inner, _) = deep();
    store
        .modify_block(inner, |node| node.set_child(0, inner))
        .unwrap()
        .unwrap();
    let missing = lookup(&store, upcase(), &units("!"), NameCase::Sensitive);
    assert_eq!(missing.unwrap_err().kind, IndexFaultKind::Depth);
    let new = entry("!", 1);
    let refused = add(&mut store, upcase(), &new, NameCase::Sensitive);
    assert_eq!(refused.unwrap_err().kind, IndexFaultKind::Depth);
    assert_eq!(walk(&store), IndexFaultKind::Depth);
}

#[test]
fn a_block_that_is_reached_twice_ends_a_walk() {
    let (mut store, inner, leaf) = deep();
    store
        .modify_block(inner, |node| node.set_child(1, leaf))
        .unwrap()
        .unwrap();
    assert_eq!(walk(&store), IndexFaultKind::Order);
    // Removals that would join the block with itself notice it.
    let mut fault = None;
    for n in 0..200 {
        if let Err(e) = take(&mut store, upcase(), &units(&format!("{n:03}"))) {
            fault = Some(e.kind);
            break;
        }
    }
    assert_eq!(fault, Some(IndexFaultKind::Circle));
}

#[test]
fn many_ways_to_an_empty_block_end_a_walk() {
    // Each level twice refers to the next: 2^20 ways, 21 blocks, and keys that
    // would repeat; the keyless twin of it has no keys to repeat.
    let mut store = MemoryStore::new(4096, 1, 400);
    for _ in 0..21 {
        store.allocate_block().unwrap();
    }
    for level in 0..20_u64 {
        let mut list = index::with_child(&entry("k", 1), level + 1).unwrap();
        list.extend(index::encode_last_entry(Some(level + 1)));
        let node = IndexNode::new_block(4096, level, &list).unwrap();
        store.write_block(level, node).unwrap();
    }
    let header = store.root.root_header().unwrap();
    let root = IndexNode::new_root(&header, &index::encode_last_entry(Some(0))).unwrap();
    store.set_root(&root).unwrap();
    assert_eq!(walk(&store), IndexFaultKind::Order);
}

#[test]
fn pointers_to_no_block_are_refused() {
    for (vcn, at_parent) in [(1, true), (1 << 40, false)] {
        let (mut store, inner, _) = deep();
        store
            .modify_block(inner, |node| node.set_child(0, vcn))
            .unwrap()
            .unwrap();
        let fault = lookup(&store, upcase(), &units("!"), NameCase::Sensitive).unwrap_err();
        assert_eq!(fault.kind, IndexFaultKind::ChildVcn);
        let at = if at_parent { inner } else { vcn };
        assert_eq!(fault.at, NodeAt::Block(at));
    }
}

#[test]
fn keys_out_of_order_end_a_walk() {
    let mut list = entry("b", 1);
    list.extend(entry("a", 2));
    list.extend(index::encode_last_entry(None));
    let mut store = MemoryStore::new(512, 1, 400);
    let header = store.root.root_header().unwrap();
    store
        .set_root(&IndexNode::new_root(&header, &list).unwrap())
        .unwrap();
    assert_eq!(walk(&store), IndexFaultKind::Order);
}

#[test]
fn keys_that_are_no_names_are_refused_with_their_place() {
    let mut list = index::encode_directory_entry(Default::default(), b"short").unwrap();
    list.extend(index::encode_last_entry(None));
    let mut store = MemoryStore::new(512, 1, 400);
    let header = store.root.root_header().unwrap();
    store
        .set_root(&IndexNode::new_root(&header, &list).unwrap())
        .unwrap();
    let fault = lookup(&store, upcase(), &units("a"), NameCase::Sensitive).unwrap_err();
    assert!(matches!(fault.kind, IndexFaultKind::Key(_)), "{fault}");
    assert_eq!((fault.at, fault.offset), (NodeAt::Root, 0x20));
}

#[test]
fn nodes_with_sub_nodes_in_part_are_refused() {
    let mut list = index::with_child(&entry("a", 1), 0).unwrap();
    list.extend(index::encode_last_entry(None));
    let fault = IndexNode::new_block(512, 0, &list).unwrap_err();
    assert_eq!(fault.kind, IndexFaultKind::MixedChildren);
    assert_eq!(fault.offset, 0x30 + list.len() - 16);
}

#[test]
fn damaged_blocks_never_panic_and_never_hang() {
    // Every byte of an inner block and of a leaf, set to a few values in turn.
    let (store, inner, leaf) = deep();
    let (mut decoded, mut faults) = (0, 0);
    for vcn in [inner, leaf] {
        let block = store.block(vcn).unwrap();
        for at in 0..block.bytes().len() {
            for value in [0, 1, 2, 0x7F, 0xFF] {
                let mut bytes = block.bytes().to_vec();
                bytes[at] = value;
                let Ok(node) = IndexNode::from_block(bytes, vcn) else {
                    continue;
                };
                decoded += 1;
                let mut store = store.clone();
                let slot = usize::try_from(vcn / 2).unwrap();
                store.blocks[slot] = Some(Arc::new(node));
                faults += usize::from(count(&store, by_name()).is_err());
                for name in ["000", "003", "9", "1"] {
                    let taken = take(&mut store, upcase(), &units(name));
                    faults += usize::from(taken.is_err());
                    let new = entry(name, 7);
                    let added = add(&mut store, upcase(), &new, NameCase::Sensitive);
                    faults += usize::from(added.is_err());
                }
                faults += usize::from(count(&store, by_name()).is_err());
            }
        }
    }
    assert!(decoded > 1000 && faults > 1000, "{decoded} {faults}");
}

#[test]
fn an_empty_leaf_reached_many_times_ends_a_walk() {
    let mut store = MemoryStore::new(4096, 1, 20_000);
    let leaf = store.allocate_block().unwrap();
    let mut list = Vec::new();
    for n in 0..100 {
        let entry = entry(&format!("{n:03}"), n);
        list.extend(index::with_child(&entry, leaf).unwrap());
    }
    list.extend(index::encode_last_entry(Some(leaf)));
    let header = store.root.root_header().unwrap();
    store
        .set_root(&IndexNode::new_root(&header, &list).unwrap())
        .unwrap();
    assert_eq!(walk(&store), IndexFaultKind::Circle);
}
