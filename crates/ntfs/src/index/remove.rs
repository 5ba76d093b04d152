//! Taking entries out: keys of inner nodes, sparse blocks and needless levels.
//!
//! A block that has lost most of its entries is joined with a neighbour where
//! both fit one block; an empty one always goes, or takes entries over. A root
//! that has only one sub-node left takes that one's entries when it has room.

use std::borrow::Cow;
use std::sync::Arc;

use linkwright_ntfs_format::FormatError;
use linkwright_ntfs_format::index::{self, EntryView};

use super::MAX_DEPTH;
use super::collation::{Collation, KeyProbe, Probe};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::finger::{Finger, locate_near};
use super::insert::{
    Arrival, Edit, EditKind, Reach, Right, block_capacity, choose_median, divide, edit_node,
    no_root_room, put,
};
use super::node::{IndexNode, undecodable};
use super::search::{Path, Searches, Step, load, load_child, locate};
use super::store::{IndexStore, RootFit};

/// A block is sparse when it uses less than this part of its room...
const SPARSE_PART: usize = 3;
/// ...and is joined with a neighbour when this part of the joint block stays
/// free, so that the next insertion does not split it again.
const SPARE_PART: usize = 4;

/// Takes out the entry that `probe` finds.
///
/// # Errors
/// Those of the store and an [`IndexFault`] of a node on the way.
pub(crate) fn remove<S: IndexStore>(
    store: &mut S,
    order: Collation<'_>,
    probe: &impl Probe,
) -> Result<Option<Vec<u8>>, S::Error> {
    remove_with(store, order, probe, index::without_child)
}

/// As [`remove`]; returns what `last_look` makes of the entry.
///
/// # Errors
/// As [`remove`], and those of `last_look`.
pub(super) fn remove_with<S: IndexStore, R>(
    store: &mut S,
    order: Collation<'_>,
    probe: &impl Probe,
    last_look: impl FnOnce(&[u8]) -> Result<R, FormatError>,
) -> Result<Option<R>, S::Error> {
    let located = locate_near(store, probe)?;
    if !located.found {
        return Ok(None);
    }
    let Step { at, slot } = located.step();
    let removed = store
        .look(at, |node| last_look(node.range(slot, slot + 1)))?
        .map_err(|e| store.fault(undecodable(at, e)))?;
    let mut path = located.path;
    let mut is_leaf = false;
    match (located.child, at) {
        (None, NodeAt::Block(vcn)) => {
            store.remove_entry(vcn, slot)?;
            is_leaf = true;
        }
        (None, NodeAt::Root) => edit_node(store, at, |node| node.remove(slot))?,
        (Some(child), _) => path = remove_inner(store, order, path, child)?,
    }
    if rebalance(store, &path)? == Reach::Node && is_leaf {
        // The next key is where this one was.
        store.keep_finger(Finger::at(path, located.misses));
    }
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
        in_order: false,
    };
    if put(store, path.clone(), edit)? == Reach::Node {
        path.steps.extend(steps);
        return Ok(path);
    }
    // Nodes were split for the longer key: look for where it is now.
    let key = EntryView::at(&entry, 0).map_err(|e| store.fault(undecodable(at, e)))?;
    let key = key.key();
    let mut path = locate(
        store,
        &KeyProbe { order, key },
        Path::default(),
        Searches::Few,
    )?
    .path;
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
fn rebalance<S: IndexStore>(store: &mut S, path: &Path) -> Result<Reach, S::Error> {
    let mut steps = path.steps.as_slice();
    let mut reach = Reach::Node;
    while let Some((step, above)) = steps.split_last() {
        steps = above;
        if step.at == NodeAt::Root {
            return collapse_root(store).map(|root| reach.max(root));
        }
        let fill = store.look(step.at, Fill::of)?;
        let Some(parent) = above.last() else {
            return Ok(reach);
        };
        if !fill.is_sparse || !may_join(store, *parent, step.at, fill)? {
            return Ok(reach);
        }
        let upper = load(store, parent.at)?;
        if upper.is_empty() {
            // No neighbours: the parent itself is to be mended.
            continue;
        }
        let node = load(store, step.at)?;
        let pairs = neighbours(store, above, &upper, parent.slot, &node)?;
        drop(node);
        drop(upper);
        let Some(pair) = pairs.iter().min_by_key(|pair| pair.size) else {
            return Ok(reach);
        };
        let capacity = block_capacity(store.block_size());
        if pair.size > most_joined(capacity, pair.left.is_empty() || pair.right.is_empty()) {
            let path = Path {
                steps: above.to_vec(),
                edge: path.edge,
            };
            return share(store, path, &pairs).map(|shared| reach.max(shared));
        }
        merge(store, parent.at, pair)?;
        reach = Reach::Tree;
    }
    Ok(reach)
}

/// How full a node is.
#[derive(Debug, Clone, Copy)]
struct Fill {
    used: usize,
    is_sparse: bool,
    is_empty: bool,
}

impl Fill {
    fn of(node: &IndexNode) -> Self {
        Self {
            used: node.used(),
            is_sparse: node.used() < node.capacity() / SPARSE_PART,
            is_empty: node.is_empty(),
        }
    }
}

/// Bytes by which two blocks and the entry between them are longer than one
/// block of all their entries: one keyless last entry, and a sub-node pointer.
const JOINT: usize = 24;

/// Whether it is worth while to look at the node of `at` and those on both sides
/// of it, below `parent`, as a whole: one of two may go, or something is wrong.
fn may_join<S: IndexStore>(
    store: &mut S,
    parent: Step,
    at: NodeAt,
    fill: Fill,
) -> Result<bool, S::Error> {
    let slot = parent.slot;
    let sides = store.look(parent.at, |upper| {
        let side = |child: usize, between: usize| {
            let len = upper.range(between, between + 1).len();
            upper.child(child).map(|vcn| (vcn, len))
        };
        let left = slot.checked_sub(1).and_then(|before| side(before, before));
        let right = (slot < upper.len()).then(|| side(slot + 1, slot)).flatten();
        [left, right]
    })?;
    if fill.is_empty || sides == [None, None] {
        return Ok(true);
    }
    let most = most_joined(block_capacity(store.block_size()), false);
    for (vcn, between) in sides.into_iter().flatten() {
        let other = NodeAt::Block(vcn);
        if !vcn.is_multiple_of(store.vcn_step().max(1)) || other == at || other == parent.at {
            return Ok(true);
        }
        let near = store.look(other, Fill::of)?;
        if near.is_empty || fill.used + near.used + between <= most + JOINT {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Bytes of entries that one block made of two may have.
fn most_joined(capacity: usize, is_one_empty: bool) -> usize {
    if is_one_empty {
        capacity
    } else {
        capacity - capacity / SPARE_PART
    }
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
    above: &[Step],
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
        if left == right || above.iter().any(|s| s.at == left || s.at == right) {
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
fn share<S: IndexStore>(store: &mut S, path: Path, pairs: &[Pair]) -> Result<Reach, S::Error> {
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
        let Some(median) = choose_median(&wide, Arrival::Anywhere, capacity) else {
            continue;
        };
        let entry = divide(store, &wide, median, left, right, Right::Block)?;
        let edit = Edit {
            kind: EditKind::Replace,
            slot: pair.between,
            entry: Cow::Owned(entry),
            right: None,
            in_order: false,
        };
        put(store, path, edit)?;
        return Ok(Reach::Tree);
    }
    Ok(Reach::Node)
}

/// Draws the only block below an empty root into the root when it fits.
fn collapse_root<S: IndexStore>(store: &mut S) -> Result<Reach, S::Error> {
    let mut reach = Reach::Node;
    for _ in 0..MAX_DEPTH {
        let root = store.root()?;
        if !root.is_empty() {
            return Ok(reach);
        }
        let Some(child) = load_child(store, &root, 0)? else {
            return Ok(reach);
        };
        let NodeAt::Block(vcn) = child.at() else {
            return Ok(reach);
        };
        let header = root.root_header().map_err(|e| store.fault(e))?;
        let value = IndexNode::new_root(&header, child.entries()).map_err(|e| store.fault(e))?;
        let limit = store.root_limit()?;
        if !child.is_empty() && value.bytes().len() > limit - limit / SPARE_PART {
            return Ok(reach);
        }
        drop(child);
        match store.set_root(&value)? {
            RootFit::Fits => {
                store.free_block(vcn)?;
                reach = Reach::Tree;
            }
            RootFit::TooLarge if value.is_empty() => return Err(no_root_room(store)),
            RootFit::TooLarge => return Ok(reach),
        }
    }
    Ok(reach)
}
