//! From the root down to a key or the gap where it would stand.

use core::cmp::Ordering;
use std::sync::Arc;

use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::ids::FileReference;
use linkwright_ntfs_format::index::EntryView;

use super::MAX_DEPTH;
use super::collation::{Probe, compare_folded};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::node::IndexNode;
use super::store::IndexStore;

/// An entry in the node that holds it; stays as it is when the index changes.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    node: Arc<IndexNode>,
    slot: usize,
}

impl Found {
    pub(super) fn new(node: Arc<IndexNode>, slot: usize) -> Self {
        Self { node, slot }
    }

    /// The entry; a sub-node pointer may be in it.
    pub(crate) fn entry(&self) -> Option<EntryView<'_>> {
        self.node.entry(self.slot)
    }

    /// The key.
    pub(crate) fn key(&self) -> &[u8] {
        self.node.key(self.slot)
    }

    /// The file reference of a directory entry.
    pub(crate) fn reference(&self) -> FileReference {
        self.entry()
            .map_or(FileReference::default(), |entry| entry.reference())
    }

    /// The data of a view index's entry.
    ///
    /// # Errors
    /// Data that leaves the entry.
    pub(crate) fn data(&self) -> Result<&[u8], IndexFault> {
        match self.entry() {
            None => Ok(&[]),
            Some(entry) => entry
                .data()
                .map_err(|e| self.fault(IndexFaultKind::Node(e.kind))),
        }
    }

    /// A fault of this entry.
    pub(crate) fn fault(&self, kind: IndexFaultKind) -> IndexFault {
        self.node.fault(kind, self.slot)
    }
}

/// One level of a path: a node and the slot where the path goes on or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(super) at: NodeAt,
    pub(super) slot: usize,
}

/// Which edge of the tree a path runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Edge {
    /// Every step is in front of all keys.
    Left,
    /// Every step is behind all keys; keys arrive in order.
    Right,
    #[default]
    Inside,
}

/// The way from the root to a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) edge: Edge,
}

/// Where a search ended.
#[derive(Debug)]
pub(super) struct Located {
    /// Its last step is the node, and the slot of the key that was searched for
    /// or, in a leaf, in front of which it would stand.
    pub(super) path: Path,
    /// Whether the key of that slot is the one searched for.
    pub(super) found: bool,
    /// The sub-node of that slot.
    pub(super) child: Option<u64>,
    /// Whether it is where the last change let expect it.
    pub(super) in_order: bool,
    /// How often in a row it was not.
    pub(super) misses: u8,
}

impl Located {
    /// The last step.
    pub(super) fn step(&self) -> Step {
        let root = Step {
            at: NodeAt::Root,
            slot: 0,
        };
        // A path has the root at least.
        self.path.steps.last().copied().unwrap_or(root)
    }
}

/// How much of what is searched for the keys on both sides of a gap begin with:
/// all keys in the gap, and in the nodes below, do so too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shared {
    low: usize,
    high: usize,
}

#[cfg(test)]
impl Shared {
    pub(super) fn both(units: usize) -> Self {
        Self {
            low: units,
            high: units,
        }
    }

    pub(super) fn least(&self) -> usize {
        self.low.min(self.high)
    }
}

/// The slot of an equal key, or that of the first key above.
pub(super) fn search_node(
    node: &IndexNode,
    probe: &impl Probe,
) -> Result<(usize, bool), IndexFault> {
    search_between(node, probe, &mut Shared::default())
}

/// As [`search_node`], in a node whose keys lie in the gap of `shared`.
pub(super) fn search_between(
    node: &IndexNode,
    probe: &impl Probe,
    shared: &mut Shared,
) -> Result<(usize, bool), IndexFault> {
    let (mut low, mut high) = (0, node.len());
    while low < high {
        let middle = low.midpoint(high);
        let (order, same) = probe
            .compare_from(node.key(middle), shared.low.min(shared.high))
            .map_err(|e| key_fault(node, middle, e))?;
        match order {
            Ordering::Less => (high, shared.high) = (middle, same),
            Ordering::Greater => (low, shared.low) = (middle + 1, same),
            Ordering::Equal => return Ok((middle, true)),
        }
    }
    Ok((low, false))
}

/// As [`search_between`], by way of the node's forks where it has some.
pub(super) fn search_forked(
    node: &IndexNode,
    probe: &impl Probe,
    shared: &mut Shared,
) -> Result<(usize, bool), IndexFault> {
    let (Some((upcase, name)), Some((forked, bytes))) = (probe.name(), node.forked()) else {
        return search_between(node, probe, shared);
    };
    let nearest = forked.nearest(name);
    let known = shared.low.min(shared.high);
    let (order, same) = compare_folded(upcase, name, forked.name(bytes, nearest), known);
    if order.is_eq() {
        let order = probe
            .compare(node.key(nearest))
            .map_err(|e| key_fault(node, nearest, e))?;
        return match order {
            Ordering::Equal => Ok((nearest, true)),
            // Names that differ by case only stand side by side.
            _ => search_between(node, probe, shared),
        };
    }
    let (slot, common) = forked.gap(nearest, order, same);
    // At an edge of the node the key there is one above.
    if order.is_lt() {
        shared.high = same;
        if slot > 0 {
            shared.low = common;
        }
    } else {
        shared.low = same;
        if slot < node.len() {
            shared.high = common;
        }
    }
    Ok((slot, false))
}

/// A key that is not of the index's kind.
pub(super) fn key_fault(node: &IndexNode, slot: usize, error: FormatError) -> IndexFault {
    node.fault(IndexFaultKind::Key(error.kind), slot)
}

/// The node at `at`, which is the root or comes from a path.
pub(super) fn load<S: IndexStore>(store: &S, at: NodeAt) -> Result<Arc<IndexNode>, S::Error> {
    match at {
        NodeAt::Root => store.root(),
        NodeAt::Block(vcn) => store.block(vcn),
    }
}

/// The sub-node of `slot`, if there is one.
pub(super) fn load_child<S: IndexStore>(
    store: &S,
    node: &IndexNode,
    slot: usize,
) -> Result<Option<Arc<IndexNode>>, S::Error> {
    let Some(vcn) = node.child(slot) else {
        return Ok(None);
    };
    if !vcn.is_multiple_of(store.vcn_step().max(1)) {
        return Err(store.fault(node.fault(IndexFaultKind::ChildVcn, slot)));
    }
    store.block(vcn).map(Some)
}

/// What a search sees of a node.
struct Seen {
    slot: usize,
    found: bool,
    child: Option<u64>,
    is_last: bool,
    wants_forks: bool,
}

fn see(
    node: &IndexNode,
    probe: &impl Probe,
    shared: &mut Shared,
    step: u64,
) -> Result<Seen, IndexFault> {
    let (slot, found) = search_forked(node, probe, shared)?;
    let child = node.child(slot);
    match child {
        Some(vcn) if !found && !vcn.is_multiple_of(step) => {
            Err(node.fault(IndexFaultKind::ChildVcn, slot))
        }
        _ => Ok(Seen {
            slot,
            found,
            child,
            is_last: slot == node.len(),
            wants_forks: node.wants_forks(),
        }),
    }
}

/// Whether nodes are worth being made ready for searches ([`IndexNode::fork`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Searches {
    /// Names come in order.
    Few,
    /// Names come all at once: each leaf is searched once.
    Batch,
    /// Each name is searched for.
    Many,
}

/// Searches from the root, for who is to change the index; `used` is a path that
/// is not needed any more.
pub(super) fn locate<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    used: Path,
    searches: Searches,
) -> Result<Located, S::Error> {
    let mut steps = used.steps;
    steps.clear();
    descend(store, probe, steps, NodeAt::Root, searches)
}

/// As [`locate`], of a key behind those found by way of `above`, nodes from the root
/// down that have not changed since: not higher up than it must.
pub(super) fn locate_behind<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    above: Path,
    searches: Searches,
) -> Result<Located, S::Error> {
    let mut steps = above.steps;
    while let Some(Step { at, .. }) = steps.pop() {
        if at != NodeAt::Root && has_behind(store, at, probe)? {
            return descend(store, probe, steps, at, searches);
        }
    }
    descend(store, probe, steps, NodeAt::Root, searches)
}

/// Whether a node has a key that is not in front of what is searched for. What is
/// wrong with it is told where the search meets it.
fn has_behind<S: IndexStore>(
    store: &mut S,
    at: NodeAt,
    probe: &impl Probe,
) -> Result<bool, S::Error> {
    store.look(at, |node| {
        let last = node.len().checked_sub(1).map(|last| node.key(last));
        let order = last.and_then(|last| probe.compare(last).ok());
        order.is_some_and(Ordering::is_le)
    })
}

/// Searches from a node down, to which `steps` lead.
fn descend<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    mut steps: Vec<Step>,
    from: NodeAt,
    searches: Searches,
) -> Result<Located, S::Error> {
    let vcn_step = store.vcn_step().max(1);
    // From further down there are keys on both sides.
    let (mut left, mut right) = (steps.is_empty(), steps.is_empty());
    let mut shared = Shared::default();
    let mut at = from;
    while steps.len() < MAX_DEPTH {
        let seen = store.look(at, |node| see(node, probe, &mut shared, vcn_step))?;
        let Seen {
            slot,
            found,
            child,
            is_last,
            wants_forks,
        } = seen.map_err(|e| store.fault(e))?;
        let again = match searches {
            Searches::Few => false,
            Searches::Batch => child.is_some(),
            Searches::Many => true,
        };
        if let (true, NodeAt::Block(vcn)) = (again && wants_forks, at)
            && let Some((upcase, _)) = probe.name()
        {
            store.fork(vcn, upcase);
        }
        steps.push(Step { at, slot });
        left &= slot == 0;
        right &= is_last;
        match child {
            Some(vcn) if !found => at = NodeAt::Block(vcn),
            _ => {
                let edge = match (left, right) {
                    (_, true) => Edge::Right,
                    (true, false) => Edge::Left,
                    (false, false) => Edge::Inside,
                };
                return Ok(Located {
                    path: Path { steps, edge },
                    found,
                    child,
                    in_order: false,
                    misses: 0,
                });
            }
        }
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, at)))
}

/// The first key behind what `probe` finds no equal of.
///
/// # Errors
/// As [`find`].
pub(super) fn next_above<S: IndexStore>(
    store: &S,
    probe: &impl Probe,
) -> Result<Option<Found>, S::Error> {
    let mut node = store.root()?;
    let mut above = None;
    for _ in 0..MAX_DEPTH {
        let (slot, _) = search_node(&node, probe).map_err(|e| store.fault(e))?;
        if slot < node.len() {
            above = Some(Found::new(Arc::clone(&node), slot));
        }
        match load_child(store, &node, slot)? {
            Some(child) => node = child,
            None => return Ok(above),
        }
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, node.at())))
}

/// The entry with the highest key.
///
/// # Errors
/// As [`find`].
pub(crate) fn last<S: IndexStore>(store: &S) -> Result<Option<Found>, S::Error> {
    let mut node = store.root()?;
    let mut highest = None;
    for _ in 0..MAX_DEPTH {
        if let Some(slot) = node.len().checked_sub(1) {
            highest = Some(Found::new(Arc::clone(&node), slot));
        }
        match load_child(store, &node, node.len())? {
            Some(child) => node = child,
            None => return Ok(highest),
        }
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, node.at())))
}

/// Looks a key up.
///
/// # Errors
/// Those of the store, and an [`IndexFault`] of a node on the way.
pub(crate) fn find<S: IndexStore>(
    store: &S,
    probe: &impl Probe,
) -> Result<Option<Found>, S::Error> {
    let mut node = store.root()?;
    let mut shared = Shared::default();
    for _ in 0..MAX_DEPTH {
        let (slot, found) = search_forked(&node, probe, &mut shared).map_err(|e| store.fault(e))?;
        if found {
            return Ok(Some(Found::new(node, slot)));
        }
        match load_child(store, &node, slot)? {
            Some(child) => node = child,
            None => return Ok(None),
        }
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, node.at())))
}
