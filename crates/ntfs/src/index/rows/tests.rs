//! A search by forks against one without, and names that come and go against a
//! sorted list.

use proptest::prelude::*;

use linkwright_ntfs_format::file_name;
use linkwright_ntfs_format::index::{self, EntryView};

use crate::index::collation::Probe;
use crate::index::directory::{NameCase, NameProbe, add, lookup, take};
use crate::index::fault::IndexFault;
use crate::index::insert::Insertion;
use crate::index::memory::{MemoryStore, by_name, check, entry_of, upcase};
use crate::index::node::{IndexNode, NodeFit};
use crate::index::search::{Shared, search_between, search_forked};

/// Units of which many differ in case only, or fold to something below or above
/// where they stand; halves of surrogate pairs and the ends of the range.
const UNITS: [u16; 14] = [
    0, 1, 0x41, 0x5F, 0x61, 0x62, 0x7A, 0xE9, 0xC9, 0xFF, 0xD83D, 0xDE00, 0xFF41, 0xFFFF,
];

/// Names that meet: short ones, and those that have much in common.
fn name() -> impl Strategy<Value = Vec<u16>> {
    let unit = || proptest::sample::select(&UNITS[..]);
    let few = || proptest::sample::select(&[0x61_u16, 0x41, 0x62][..]);
    prop_oneof![
        4 => proptest::collection::vec(few(), 1..7),
        3 => proptest::collection::vec(unit(), 1..4),
        3 => (0..12_usize, proptest::collection::vec(unit(), 0..3)).prop_map(|(same, end)| {
            let mut name = vec![0x61; same + 1];
            name.extend(end);
            name
        }),
        1 => (proptest::collection::vec(unit(), 1..3), 200..253_usize).prop_map(|(mut end, same)| {
            let mut name = vec![0x62; same];
            name.append(&mut end);
            name
        }),
    ]
}

fn sorted(mut names: Vec<Vec<u16>>) -> Vec<Vec<u16>> {
    names.sort_by(|a, b| upcase().compare(a, b));
    names.dedup();
    names
}

fn node_of(names: &[Vec<u16>]) -> IndexNode {
    let mut entries: Vec<u8> = names.iter().flat_map(|name| entry_of(name, 1)).collect();
    entries.extend(index::encode_last_entry(None));
    IndexNode::new_block(65_536, 0, &entries).unwrap()
}

type Search = fn(&IndexNode, &NameProbe<'_>, &mut Shared) -> Result<(usize, bool), IndexFault>;

/// Searches for a name both ways, from a gap whose names have `known` units in
/// common.
fn agree(node: &IndexNode, name: &[u16], known: usize) {
    let outcome = |search: Search| {
        let probe = NameProbe::new(upcase(), name);
        let mut shared = Shared::both(known);
        let place = search(node, &probe, &mut shared).unwrap();
        (place, probe.met_other_case(), shared.least())
    };
    let by_forks = outcome(|node, probe, shared| search_forked(node, probe, shared));
    let without = outcome(|node, probe, shared| search_between(node, probe, shared));
    assert_eq!(by_forks.0, without.0, "{name:?}");
    let ((_, found), met, least) = without;
    if !found {
        assert_eq!(by_forks.1, met, "{name:?}");
        assert_eq!(by_forks.2, least, "{name:?}");
    }
}

fn common(names: &[Vec<u16>]) -> usize {
    let (Some(first), Some(last)) = (names.first(), names.last()) else {
        return 0;
    };
    let (first, last) = (upcase().fold_name(first), upcase().fold_name(last));
    first.iter().zip(&last).take_while(|(a, b)| a == b).count()
}

fn swap_case(name: &[u16]) -> Vec<u16> {
    let swap = |unit: &u16| match *unit {
        0x41 => 0x61,
        0x61 => 0x41,
        0x62 => 0x42,
        0xE9 => 0xC9,
        0xC9 => 0xE9,
        0xFF41 => 0xFF21,
        other => other,
    };
    name.iter().map(swap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_search_by_forks_ends_where_one_without_does(
        names in proptest::collection::vec(name(), 4..60),
        others in proptest::collection::vec(name(), 0..60),
    ) {
        let names = sorted(names);
        let mut node = node_of(&names);
        node.fork(upcase());
        prop_assert!(names.len() < 4 || node.forked().is_some());
        for name in names.iter().chain(&others) {
            agree(&node, name, 0);
            agree(&node, &swap_case(name), 0);
            let mut longer = name.clone();
            longer.push(0x61);
            agree(&node, &longer, 0);
            agree(&node, &name[..name.len() - 1], 0);
        }
        // All begin alike: what is searched for does, too.
        let known = common(&names);
        for name in &names {
            for known in [known / 2, known] {
                agree(&node, name, known);
                let mut between = name[..known].to_vec();
                between.extend([0x61, 0x5F]);
                agree(&node, &between, known);
            }
        }
    }

    #[test]
    fn forks_are_kept_up_whatever_happens_to_a_node(
        there in proptest::collection::vec(name(), 4..30),
        steps in proptest::collection::vec((0..5_u8, any::<proptest::sample::Index>(), name()), 1..60),
    ) {
        let mut names = sorted(there);
        let mut node = node_of(&names);
        node.fork(upcase());
        // Few names are not forked, and nobody does it later here.
        let forked = node.forked().is_some();
        prop_assert_eq!(forked, names.len() >= 4);
        for (kind, place, name) in steps {
            let at = names.binary_search_by(|other| upcase().compare(other, &name));
            match (kind, at) {
                (0 | 1, Err(at)) => {
                    prop_assert_eq!(node.insert(at, &entry_of(&name, 7)), Ok(NodeFit::Done));
                    names.insert(at, name.clone());
                }
                (2, _) if !names.is_empty() => {
                    let at = place.index(names.len());
                    node.remove(at).unwrap();
                    names.remove(at);
                }
                // Another name in the same place: it is to stand between the same two.
                (3, Err(at)) if at < names.len() => {
                    prop_assert_eq!(node.replace(at, &entry_of(&name, 8)), Ok(NodeFit::Done));
                    names[at] = name.clone();
                }
                (4, _) if names.len() > 2 => {
                    let at = place.index(names.len() - 1);
                    let wide = node.widened();
                    let right = IndexNode::new_part(65_536, 5, &wide, (at + 1, wide.len() + 1)).unwrap();
                    prop_assert!(right.is_forked_well());
                    for name in &names {
                        agree(&right, name, 0);
                    }
                    let mut left = node.clone();
                    left.assign_front(&wide, at).unwrap();
                    prop_assert!(left.is_forked_well());
                    for name in &names {
                        agree(&left, name, 0);
                    }
                    if place.index(2) == 0 {
                        node = left;
                        names.truncate(at);
                    }
                }
                _ => {}
            }
            prop_assert!(node.is_forked_well());
            prop_assert!(names.is_empty() || node.forked().is_some() == forked);
            agree(&node, &name, 0);
            for name in &names {
                agree(&node, name, 0);
            }
        }
    }

    #[test]
    fn names_that_come_and_go_agree_with_a_sorted_list(
        steps in proptest::collection::vec((0..4_u8, name()), 1..300),
        sensitive in any::<bool>(),
        block in prop_oneof![Just(1024_usize), Just(4096)],
    ) {
        let case = if sensitive { NameCase::Sensitive } else { NameCase::Insensitive };
        let mut store = MemoryStore::new(block, 1, 400);
        let mut names: Vec<Vec<u16>> = Vec::new();
        for (kind, name) in steps {
            let at = names.binary_search_by(|other| upcase().compare(other, &name));
            let same = |other: &Vec<u16>| upcase().eq_ignore_case(other, &name);
            let twin = names.iter().any(same);
            let found = lookup(&store, upcase(), &name, case).unwrap();
            prop_assert_eq!(found.is_some(), if sensitive { at.is_ok() } else { twin });
            if kind == 0 {
                let taken = take(&mut store, upcase(), &name).unwrap();
                prop_assert_eq!(taken.is_some(), at.is_ok());
                if let Ok(at) = at {
                    names.remove(at);
                }
            } else {
                let added = add(&mut store, upcase(), &entry_of(&name, 1), case).unwrap();
                let exists = if sensitive { at.is_ok() } else { twin };
                prop_assert_eq!(added == Insertion::Exists, exists);
                if let (Err(at), false) = (at, exists) {
                    names.insert(at, name);
                }
            }
        }
        let entries = check(&store, by_name());
        let there: Vec<Vec<u16>> = entries.iter().map(|entry| {
            let key = EntryView::at(entry, 0).unwrap().key();
            let (units, _) = file_name::name_bytes(key).unwrap().as_chunks::<2>();
            units.iter().map(|unit| u16::from_le_bytes(*unit)).collect()
        }).collect();
        prop_assert_eq!(there, names);
    }
}

#[test]
fn nodes_out_of_order_have_no_forks() {
    let names: Vec<Vec<u16>> = ["b", "a", "c", "d", "e"]
        .iter()
        .map(|name| name.encode_utf16().collect())
        .collect();
    let mut node = node_of(&names);
    node.fork(upcase());
    assert!(node.forked().is_none() && !node.wants_forks());
    // Nor such whose keys are no names.
    let mut entries = Vec::new();
    for key in 0..6_u32 {
        entries.extend(index::encode_view_entry(&key.to_le_bytes(), &[7; 20]).unwrap());
    }
    entries.extend(index::encode_last_entry(None));
    let mut node = IndexNode::new_block(4096, 0, &entries).unwrap();
    node.fork(upcase());
    assert!(node.forked().is_none());
    // One that comes where it does not belong ends them.
    let mut node = node_of(&sorted(names));
    node.fork(upcase());
    assert!(node.forked().is_some());
    let late = entry_of(&[0x7A], 1);
    assert_eq!(node.insert(0, &late), Ok(NodeFit::Done));
    assert!(node.forked().is_none());
    let probe = NameProbe::new(upcase(), &[0x63]);
    assert!(probe.name().is_some());
    let place = search_forked(&node, &probe, &mut Shared::default());
    assert_eq!(place, Ok((3, true)));
}
