//! Taking entries out: keys of inner nodes, sparse blocks and needless levels.
//!
//! A block that has lost most of its entries is joined with a neighbour where
//! both fit one block; an empty one always goes, or takes entries over. A root
//! that has only one sub-node left takes that one's entries when it has room.

use std::borrow::Cow;
use std::sync::Arc;

use linkwright_ntfs_format::index::{self, EntryView};

use super::MAX_DEPTH;
use super::collation::{Collation, KeyProbe, Probe};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::insert::{
    Edit, EditKind, Reach, Right, block_capacity, choose_median, divide, edit_node, no_root_room,
    put,
};
use super::node::{IndexNode, undecodable};
use super::search::{Edge, Path, Step, load, load_child, locate};
use super::store::{IndexStore, RootFit};

/// A block is sparse when it uses less than this part of its room...
const SPARSE_PART: usize = 3;
/// ...and is joined with a neighbour when this part of the joint block stays
/// free, so that the next insertion does not split it again.
const SPARE_PART: usize = 4;

/// Takes out the entry that `probe` finds and returns it, without a sub-node.
///
/// # Errors
/// Those of the store and an [`IndexFault`] of a node on the way.
pub(crate) fn remove<S: IndexStore>(
    store: &mut S,
    order: Collation<'_>,
    probe: &impl Probe,
) -> Result<Option<Vec<u8>>, S::Error> {
    let located = locate(store, probe)?;
    if !located.found {
        return Ok(None);
    }
    let (mut path, slot) = (located.path, located.slot);
    let at = located.node.at();
    let removed = bare_entry(store, &located.node, slot)?;
    let inner = located.node.child(slot);
    drop(located.node);
    match inner {
        None => match at {
            NodeAt::Block(vcn) => store.remove_entry(vcn, slot)?,
            NodeAt::Root => edit_node(store, at, |node| node.remove(slot))?,
        },
        Some(child) => path = remove_inner(store, order, path, child)?,
    }
    rebalance(store, path)?;
    Ok(Some(removed))
}

/// The entry of `slot` without its sub-node.
fn bare_entry<S: IndexStore>(
    store: &S,
    node: &IndexNode,
    slot: usize,
) -> Result<Vec<u8>, S::Error> {
    index::without_child(node.range(slot, slot + 1))
        .map_err(|e| store.fault(undecodable(node.at(), e)))
}

/// Takes out the key at the end of `path`, an inner node's whose sub-node is
/// `child`, by lifting the greatest key below it in its place. Returns the path
/// to the node that lost an entry.
fn remove_inner<S: IndexStore>(
    store: &mut S,
    order: Collation<'_>,
    mut path: Path,
    child: u64,
) -> Result<Path, S::Error> {
    let Some(&Step { at, slot }) = path.steps.last() else {
        return Ok(path);
    };
    let below = rightmost_below(store, &path)?;
    let Some(depth) = below.iter().rposition(|node| !node.is_empty()) else {
        // Nothing but empty blocks below: they go with the key.
        free_all(store, &below)?;
        edit_node(store, at, |node| node.remove(slot))?;
        return Ok(path);
    };
    let (lifted, emptied) = split_at_depth(&below, depth);
    let Some(giver) = lifted else {
        return Ok(path);
    };
    let (giver_at, last) = (giver.at(), giver.len().saturating_sub(1));
    let entry = bare_entry(store, giver, last)?;
    let orphan = giver.child(last);
    free_all(store, emptied)?;
    let steps: Vec<Step> = below
        .iter()
        .take(depth + 1)
        .map(|node| Step {
            at: node.at(),
            slot: node.len(),
        })
        .collect();
    // Nodes are let go here: a block in use twice would be copied to change.
    drop(below);
    edit_node(store, giver_at, |node| {
        node.remove(last)?;
        orphan.map_or(Ok(()), |vcn| node.set_child(last, vcn))
    })?;
    let edit = Edit {
        kind: EditKind::Replace,
        slot,
        entry: Cow::Owned(
            index::with_child(&entry, child).map_err(|e| store.fault(undecodable(at, e)))?,
        ),
        right: None,
    };
    if put(store, path.clone(), edit)? == Reach::Node {
        path.steps.extend(steps);
        return Ok(path);
    }
    // Nodes were split for the longer key: look for where it is now.
    let key = EntryView::at(&entry, 0).map_err(|e| store.fault(undecodable(at, e)))?;
    let key = key.key();
    let mut path = locate(store, &KeyProbe { order, key })?.path;
    let below = rightmost_below(store, &path)?;
    path.steps
        .extend(below.iter().take(depth + 1).map(|node| Step {
            at: node.at(),
            slot: node.len(),
        }));
    Ok(path)
}

/// The node at `depth` and those after it.
fn split_at_depth(
    below: &[Arc<IndexNode>],
    depth: usize,
) -> (Option<&IndexNode>, &[Arc<IndexNode>]) {
    let giver = below.get(depth).map(|node| &**node);
    (giver, below.get(depth + 1..).unwrap_or_default())
}

/// The nodes from the sub-node at the end of `path` down to the leaf with the
/// greatest keys.
fn rightmost_below<S: IndexStore>(store: &S, path: &Path) -> Result<Vec<Arc<IndexNode>>, S::Error> {
    let mut below: Vec<Arc<IndexNode>> = Vec::new();
    let Some(step) = path.steps.last() else {
        return Ok(below);
    };
    let mut node = load(store, step.at)?;
    let mut slot = step.slot;
    while let Some(child) = load_child(store, &node, slot)? {
        if path.steps.len() + below.len() >= MAX_DEPTH {
            let fault = IndexFault::new(IndexFaultKind::Depth, child.at());
            return Err(store.fault(fault));
        }
        slot = child.len();
        below.push(Arc::clone(&child));
        node = child;
    }
    Ok(below)
}

fn free_all<S: IndexStore>(store: &mut S, nodes: &[Arc<IndexNode>]) -> Result<(), S::Error> {
    for node in nodes {
        if let NodeAt::Block(vcn) = node.at() {
            store.free_block(vcn)?;
        }
    }
    Ok(())
}

/// Mends the node at the end of `path`, which lost an entry, and those above.
fn rebalance<S: IndexStore>(store: &mut S, mut path: Path) -> Result<(), S::Error> {
    while let Some(step) = path.steps.pop() {
        let NodeAt::Block(vcn) = step.at else {
            return collapse_root(store);
        };
        let node = store.block(vcn)?;
        if node.used() >= node.capacity() / SPARSE_PART {
            return Ok(());
        }
        let Some(&parent) = path.steps.last() else {
            return Ok(());
        };
        let upper = load(store, parent.at)?;
        if upper.is_empty() {
            // No neighbours: the parent itself is to be mended.
            continue;
        }
        let pairs = neighbours(store, &path, &upper, parent.slot, &node)?;
        drop(node);
        drop(upper);
        let Some(pair) = pairs.iter().min_by_key(|pair| pair.size) else {
            return Ok(());
        };
        let capacity = block_capacity(store.block_size());
        let limit = if pair.left.is_empty() || pair.right.is_empty() {
            capacity
        } else {
            capacity - capacity / SPARE_PART
        };
        if pair.size > limit {
            return share(store, path, &pairs);
        }
        merge(store, parent.at, pair)?;
    }
    Ok(())
}

/// Two blocks side by side.
struct Pair {
    left: Arc<IndexNode>,
    right: Arc<IndexNode>,
    /// The slot of the parent's entry between them.
    between: usize,
    /// That entry, ready to stand in one block with the others.
    entry: Vec<u8>,
    /// Bytes of all entries in one block.
    size: usize,
}

/// The pairs that the node at `slot` of `upper` makes with its neighbours.
fn neighbours<S: IndexStore>(
    store: &S,
    path: &Path,
    upper: &IndexNode,
    slot: usize,
    node: &Arc<IndexNode>,
) -> Result<Vec<Pair>, S::Error> {
    let mut pairs = Vec::with_capacity(2);
    if let Some(between) = slot.checked_sub(1)
        && let Some(left) = load_child(store, upper, between)?
    {
        pairs.push(pair(store, upper, between, left, Arc::clone(node))?);
    }
    if slot < upper.len()
        && let Some(right) = load_child(store, upper, slot + 1)?
    {
        pairs.push(pair(store, upper, slot, Arc::clone(node), right)?);
    }
    for pair in &pairs {
        let (left, right) = (pair.left.at(), pair.right.at());
        if left == right || path.steps.iter().any(|s| s.at == left || s.at == right) {
            return Err(store.fault(upper.fault(IndexFaultKind::Circle, pair.between)));
        }
    }
    Ok(pairs)
}

fn pair<S: IndexStore>(
    store: &S,
    upper: &IndexNode,
    between: usize,
    left: Arc<IndexNode>,
    right: Arc<IndexNode>,
) -> Result<Pair, S::Error> {
    let mut entry = bare_entry(store, upper, between)?;
    if let Some(vcn) = left.child(left.len()) {
        entry =
            index::with_child(&entry, vcn).map_err(|e| store.fault(undecodable(upper.at(), e)))?;
    }
    let size = left.range(0, left.len()).len() + entry.len() + right.used();
    Ok(Pair {
        left,
        right,
        between,
        entry,
        size,
    })
}

impl Pair {
    fn joined(&self) -> Vec<u8> {
        let mut entries = Vec::with_capacity(self.size);
        entries.extend_from_slice(self.left.range(0, self.left.len()));
        entries.extend_from_slice(&self.entry);
        entries.extend_from_slice(self.right.entries());
        entries
    }

    fn vcns(&self) -> Option<(u64, u64)> {
        match (self.left.at(), self.right.at()) {
            (NodeAt::Block(left), NodeAt::Block(right)) => Some((left, right)),
            _ => None,
        }
    }
}

/// Makes one block of two; the one nearer to the start of the stream stays, so
/// that the stream can be cut.
fn merge<S: IndexStore>(store: &mut S, upper: NodeAt, pair: &Pair) -> Result<(), S::Error> {
    let Some((left, right)) = pair.vcns() else {
        return Ok(());
    };
    let (kept, freed) = (left.min(right), left.max(right));
    let entries = pair.joined();
    store
        .modify_block(kept, |node| node.assign(&entries))?
        .map_err(|e| store.fault(e))?;
    edit_node(store, upper, |node| {
        node.remove(pair.between)?;
        node.set_child(pair.between, kept)
    })?;
    store.free_block(freed)
}

/// Moves entries into an empty block from a neighbour too full to join with.
/// A block that has but few entries is left as it is.
fn share<S: IndexStore>(store: &mut S, path: Path, pairs: &[Pair]) -> Result<(), S::Error> {
    let capacity = block_capacity(store.block_size());
    for pair in pairs {
        let empty = pair.left.is_empty() || pair.right.is_empty();
        // Fewer than three keys leave one block without any.
        let keys = pair.left.len() + pair.right.len() + 1;
        let (true, true, Some((left, right))) = (empty, keys >= 3, pair.vcns()) else {
            continue;
        };
        let header = store.root()?.root_header().map_err(|e| store.fault(e))?;
        let wide = IndexNode::new_root(&header, &pair.joined()).map_err(|e| store.fault(e))?;
        let Some(median) = choose_median(&wide, Edge::Inside, capacity) else {
            continue;
        };
        let entry = divide(store, &wide, median, left, right, Right::Block)?;
        let edit = Edit {
            kind: EditKind::Replace,
            slot: pair.between,
            entry: Cow::Owned(entry),
            right: None,
        };
        put(store, path, edit)?;
        return Ok(());
    }
    Ok(())
}

/// Draws the only block below an empty root into the root when it fits.
fn collapse_root<S: IndexStore>(store: &mut S) -> Result<(), S::Error> {
    for _ in 0..MAX_DEPTH {
        let root = store.root()?;
        if !root.is_empty() {
            return Ok(());
        }
        let Some(child) = load_child(store, &root, 0)? else {
            return Ok(());
        };
        let NodeAt::Block(vcn) = child.at() else {
            return Ok(());
        };
        let header = root.root_header().map_err(|e| store.fault(e))?;
        let value = IndexNode::new_root(&header, child.entries()).map_err(|e| store.fault(e))?;
        let limit = store.root_limit()?;
        if !child.is_empty() && value.bytes().len() > limit - limit / SPARE_PART {
            return Ok(());
        }
        drop(child);
        match store.set_root(&value)? {
            RootFit::Fits => store.free_block(vcn)?,
            RootFit::TooLarge if value.is_empty() => return Err(no_root_room(store)),
            RootFit::TooLarge => return Ok(()),
        }
    }
    Ok(())
}
