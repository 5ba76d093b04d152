//! Where an index was changed last: names mostly come and go in order, so the
//! next one is looked for beside it before the tree is searched.
//!
//! Invariants
//! - A finger is taken from the store by whoever changes the index, and given
//!   back only when no node came, went, was divided or joined: its path is the
//!   one that a search would take.
//! - It leads nobody astray: what is searched for is there, or lies in the gap
//!   there, by comparison with the keys on both sides, those in the nodes above
//!   among them.

use core::cmp::Ordering;

use super::collation::Probe;
use super::node::IndexNode;
use super::search::{Edge, Located, Path, Searches, Step, locate};
use super::store::IndexStore;

/// A finger that was of no use so often in a row is left alone until it would
/// have been.
const PATIENCE: u8 = 3;

/// See the module's text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finger {
    /// The way to a leaf and to the slot where the next key is expected, or in
    /// front of which it would stand; no steps: nothing is known.
    path: Path,
    /// How often in a row it was of no use.
    misses: u8,
}

/// Where a slot and what is searched for stand to each other.
enum Beside {
    /// The key of this slot is it.
    Here(usize),
    /// It would stand in front of the slot, if the keys above do not say
    /// otherwise: nothing in this node is in front of it, or behind it.
    Gap {
        no_key_before: bool,
        no_key_behind: bool,
    },
    /// It is elsewhere.
    Away,
}

impl Finger {
    /// One that points at the last step of `path`, which ends in a leaf.
    pub(super) fn at(path: Path, misses: u8) -> Self {
        Self { path, misses }
    }

    /// Where the next key is expected, when it was met there of late.
    pub(crate) fn hint(&self) -> Option<Step> {
        let step = self.path.steps.last().copied();
        step.filter(|_| self.misses < PATIENCE)
    }
}

/// As [`locate`], beside the store's finger first.
pub(super) fn locate_near<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
) -> Result<Located, S::Error> {
    let Finger { mut path, misses } = store.take_finger();
    let expected = path.steps.last().copied();
    if let Some(step) = expected
        && misses < PATIENCE
        && let Some(found) = beside(store, &mut path, step, probe)
    {
        return Ok(Located {
            path,
            found,
            child: None,
            in_order: true,
            misses: 0,
        });
    }
    // A name that only begins a new row is not the first of many in no order.
    let searches = match misses {
        0 => Searches::Few,
        _ => Searches::Many,
    };
    let mut located = locate(store, probe, path, searches)?;
    located.in_order = expected.is_some() && expected == located.path.steps.last().copied();
    located.misses = if located.in_order {
        0
    } else {
        misses.saturating_add(1)
    };
    Ok(located)
}

/// Whether what is searched for lies at the end of `path` (`false`: in the gap
/// there); `None`: it does not. A node that cannot be read is left to the search.
fn beside<S: IndexStore>(
    store: &mut S,
    path: &mut Path,
    step: Step,
    probe: &impl Probe,
) -> Option<bool> {
    let beside = store
        .look(step.at, |leaf| look_beside(leaf, step.slot, probe))
        .ok()?;
    match beside {
        Beside::Away => None,
        Beside::Here(slot) => {
            path.steps.last_mut()?.slot = slot;
            Some(true)
        }
        Beside::Gap {
            no_key_before,
            no_key_behind,
        } => {
            let inside = (!no_key_before || is_bounded(store, path, probe, Ordering::Greater)?)
                && (!no_key_behind || is_bounded(store, path, probe, Ordering::Less)?);
            path.edge = match path.edge {
                Edge::Right if no_key_behind => Edge::Right,
                Edge::Left if no_key_before => Edge::Left,
                _ => Edge::Inside,
            };
            inside.then_some(false)
        }
    }
}

fn look_beside(leaf: &IndexNode, slot: usize, probe: &impl Probe) -> Beside {
    let order = |slot: usize| probe.compare(leaf.key(slot)).ok();
    let before = slot.checked_sub(1);
    if slot > leaf.len() || !leaf.is_leaf() {
        return Beside::Away;
    }
    if slot < leaf.len() {
        match order(slot) {
            Some(Ordering::Equal) => return Beside::Here(slot),
            Some(Ordering::Less) => {}
            _ => return Beside::Away,
        }
    }
    if let Some(before) = before {
        match order(before) {
            Some(Ordering::Equal) => return Beside::Here(before),
            Some(Ordering::Greater) => {}
            _ => return Beside::Away,
        }
    }
    Beside::Gap {
        no_key_before: before.is_none(),
        no_key_behind: slot == leaf.len(),
    }
}

/// Whether the nearest key above the leaf on one side stands to what is searched
/// for as that side's must; `true` where there is none.
fn is_bounded<S: IndexStore>(
    store: &mut S,
    path: &Path,
    probe: &impl Probe,
    wanted: Ordering,
) -> Option<bool> {
    let (_, above) = path.steps.split_last()?;
    for Step { at, slot } in above.iter().rev().copied() {
        let order = store.look(at, |node| {
            let slot = match wanted {
                Ordering::Greater => slot.checked_sub(1)?,
                _ => Some(slot).filter(|slot| *slot < node.len())?,
            };
            Some(probe.compare(node.key(slot)))
        });
        if let Some(order) = order.ok()? {
            return Some(order.ok()? == wanted);
        }
    }
    Some(true)
}
