//! From the root down to a key or the gap where it would stand.

use core::cmp::Ordering;
use std::sync::Arc;

use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::ids::FileReference;
use linkwright_ntfs_format::index::EntryView;

use super::MAX_DEPTH;
use super::collation::Probe;
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
pub(super) struct Step {
    pub(super) at: NodeAt,
    pub(super) slot: usize,
}

/// Which edge of the tree a path runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Every step is in front of all keys.
    Left,
    /// Every step is behind all keys; keys arrive in order.
    Right,
    Inside,
}

/// The way from the root to a node.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) edge: Edge,
}

/// Where a search ended.
pub(super) struct Located {
    /// The last step is `node` and its slot.
    pub(super) path: Path,
    pub(super) node: Arc<IndexNode>,
    pub(super) slot: usize,
    /// Whether the key of that slot is the one searched for; else `node` is a
    /// leaf and the key would stand in front of `slot`.
    pub(super) found: bool,
}

/// The slot of an equal key, or that of the first key above.
pub(super) fn search_node(
    node: &IndexNode,
    probe: &impl Probe,
) -> Result<(usize, bool), IndexFault> {
    let (mut low, mut high) = (0, node.len());
    while low < high {
        let middle = low.midpoint(high);
        let order = probe
            .compare(node.key(middle))
            .map_err(|e| key_fault(node, middle, e))?;
        match order {
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
            Ordering::Equal => return Ok((middle, true)),
        }
    }
    Ok((low, false))
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

/// Searches from the root.
pub(super) fn locate<S: IndexStore>(store: &S, probe: &impl Probe) -> Result<Located, S::Error> {
    let mut node = store.root()?;
    let mut steps = Vec::with_capacity(6);
    let (mut left, mut right) = (true, true);
    while steps.len() < MAX_DEPTH {
        let (slot, found) = search_node(&node, probe).map_err(|e| store.fault(e))?;
        steps.push(Step {
            at: node.at(),
            slot,
        });
        left &= slot == 0;
        right &= slot == node.len();
        let child = if found {
            None
        } else {
            load_child(store, &node, slot)?
        };
        let Some(child) = child else {
            let edge = match (left, right) {
                (_, true) => Edge::Right,
                (true, false) => Edge::Left,
                (false, false) => Edge::Inside,
            };
            return Ok(Located {
                path: Path { steps, edge },
                node,
                slot,
                found,
            });
        };
        node = child;
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
    for _ in 0..MAX_DEPTH {
        let (slot, found) = search_node(&node, probe).map_err(|e| store.fault(e))?;
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
