//! Putting entries in: splits of blocks and of the root.

use std::borrow::Cow;

use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::index::{self, BLOCK_NODE_OFFSET, RootHeader};

use super::MAX_DEPTH;
use super::collation::Probe;
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::finger::{Finger, locate_near};
use super::node::{IndexNode, NodeFit, undecodable};
use super::search::{Edge, Path, Step, load};
use super::store::{IndexStore, RootFit};

/// Whether a new entry was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Insertion {
    /// It is in the index.
    Done,
    /// An equal key is there already; nothing was changed.
    Exists,
}

/// Whether an entry was there to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Change {
    /// It was changed.
    Done,
    /// There is no such key; nothing was changed.
    Missing,
}

/// Adds an encoded entry (without a sub-node); `probe` searches for its key.
///
/// # Errors
/// Those of the store, [`IndexFaultKind::EntryTooLong`], and an [`IndexFault`]
/// of a node on the way.
pub(crate) fn insert<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    entry: &[u8],
) -> Result<Insertion, S::Error> {
    insert_unless(store, probe, entry, || false)
}

/// [`insert`] that also counts as [`Insertion::Exists`] what `taken` says when
/// the place is found.
pub(super) fn insert_unless<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    entry: &[u8],
    taken: impl FnOnce() -> bool,
) -> Result<Insertion, S::Error> {
    let located = locate_near(store, probe)?;
    if located.found || taken() {
        return Ok(Insertion::Exists);
    }
    check_length(store, entry)?;
    let Step { at, slot } = located.step();
    let mut path = located.path;
    if let NodeAt::Block(vcn) = at
        && store.insert_entry(vcn, slot, entry)? == NodeFit::Done
    {
        if let Some(last) = path.steps.last_mut() {
            last.slot += 1;
        }
        store.keep_finger(Finger::at(path, located.misses));
        return Ok(Insertion::Done);
    }
    let edit = Edit {
        kind: EditKind::Insert,
        slot,
        entry: Cow::Borrowed(entry),
        right: None,
        in_order: located.in_order,
    };
    put(store, path, edit)?;
    Ok(Insertion::Done)
}

/// Puts an encoded entry (without a sub-node) in place of the one with an equal
/// key; its data, and what does not count of its key, may differ.
///
/// # Errors
/// As [`insert`].
pub(crate) fn replace<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    entry: &[u8],
) -> Result<Change, S::Error> {
    let located = locate_near(store, probe)?;
    if !located.found {
        return Ok(Change::Missing);
    }
    check_length(store, entry)?;
    let Step { at: node_at, slot } = located.step();
    let same = index::EntryView::at(entry, 0)
        .and_then(|view| probe.compare(view.key()))
        .map_err(|e| store.fault(undecodable(node_at, e)))?;
    if same.is_ne() {
        return Err(store.fault(IndexFault::new(IndexFaultKind::KeyChanged, node_at)));
    }
    let edit = Edit {
        kind: EditKind::Replace,
        slot,
        entry: match located.child {
            None => Cow::Borrowed(entry),
            Some(vcn) => Cow::Owned(
                index::with_child(entry, vcn).map_err(|e| store.fault(undecodable(node_at, e)))?,
            ),
        },
        right: None,
        in_order: false,
    };
    put(store, located.path, edit)?;
    Ok(Change::Done)
}

/// Lets `edit` change the bytes of a key that do not count in its order (the
/// duplicated information of a name).
///
/// # Errors
/// As [`insert`].
pub(crate) fn edit_key<S: IndexStore>(
    store: &mut S,
    probe: &impl Probe,
    edit: impl FnOnce(&mut [u8]) -> Result<(), FormatError>,
) -> Result<Change, S::Error> {
    let located = locate_near(store, probe)?;
    if !located.found {
        return Ok(Change::Missing);
    }
    let Step { at, slot } = located.step();
    edit_node(store, at, |node| node.edit_key(slot, edit))?;
    if let (NodeAt::Block(_), None) = (at, located.child) {
        let mut path = located.path;
        if let Some(last) = path.steps.last_mut() {
            last.slot += 1;
        }
        store.keep_finger(Finger::at(path, located.misses));
    }
    Ok(Change::Done)
}

/// What an edit does to the entry of its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EditKind {
    /// The new entry stands in front of it.
    Insert,
    /// The new entry takes its place.
    Replace,
}

/// A change to one node that may need more room than there is.
#[derive(Debug, Clone)]
pub(super) struct Edit<'e> {
    pub(super) kind: EditKind,
    pub(super) slot: usize,
    /// The entry, with a sub-node where the node has them.
    pub(super) entry: Cow<'e, [u8]>,
    /// The new sub-node of the entry behind.
    pub(super) right: Option<u64>,
    /// Whether the entry before it is the one that came last.
    pub(super) in_order: bool,
}

impl Edit<'_> {
    fn apply(&self, node: &mut IndexNode) -> Result<NodeFit, FormatError> {
        let fit = match self.kind {
            EditKind::Insert => node.insert(self.slot, &self.entry)?,
            EditKind::Replace => node.replace(self.slot, &self.entry)?,
        };
        if let (NodeFit::Done, Some(vcn)) = (fit, self.right) {
            node.set_child(self.slot + 1, vcn)?;
        }
        Ok(fit)
    }
}

/// How far an edit reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The node took it.
    Node,
    /// Nodes were split: paths from before lead astray.
    Tree,
}

/// Applies an edit to the last node of `path`, splitting upwards as needed.
pub(super) fn put<S: IndexStore>(
    store: &mut S,
    mut path: Path,
    mut edit: Edit<'_>,
) -> Result<Reach, S::Error> {
    let mut reach = Reach::Node;
    while let Some(step) = path.steps.pop() {
        let NodeAt::Block(vcn) = step.at else {
            return Ok(match put_root(store, &edit)? {
                Reach::Node => reach,
                Reach::Tree => Reach::Tree,
            });
        };
        let fit = match (edit.kind, edit.right) {
            (EditKind::Insert, None) => store.insert_entry(vcn, edit.slot, &edit.entry)?,
            _ => store
                .modify_block(vcn, |node| edit.apply(node))?
                .map_err(|e| store.fault(undecodable(step.at, e)))?,
        };
        if fit == NodeFit::Done {
            return Ok(reach);
        }
        reach = Reach::Tree;
        let (median, right) = split(store, vcn, path.edge, &edit)?;
        edit = Edit {
            kind: EditKind::Insert,
            slot: path.steps.last().map_or(0, |parent| parent.slot),
            entry: Cow::Owned(median),
            right: Some(right),
            in_order: false,
        };
    }
    Ok(reach)
}

/// Divides the block at `vcn`, with `edit` applied, into itself and a new block
/// to its right; returns the entry between (with `vcn` as its sub-node) and the
/// new block's VCN.
fn split<S: IndexStore>(
    store: &mut S,
    vcn: u64,
    edge: Edge,
    edit: &Edit<'_>,
) -> Result<(Vec<u8>, u64), S::Error> {
    let at = NodeAt::Block(vcn);
    let mut wide = store.look(at, IndexNode::widened)?;
    let applied = edit.apply(&mut wide);
    if applied.map_err(|e| store.fault(undecodable(at, e)))? == NodeFit::Full {
        return Err(store.fault(IndexFault::new(IndexFaultKind::EntryTooLong, at)));
    }
    let arrival = match edit.kind {
        EditKind::Insert => Arrival::of(edge, edit, wide.len()),
        EditKind::Replace => Arrival::Anywhere,
    };
    let median = choose_median(&wide, arrival, block_capacity(store.block_size()))
        .ok_or_else(|| store.fault(IndexFault::new(IndexFaultKind::EntryTooLong, at)))?;
    let right = store.allocate_block()?;
    let above = divide(store, &wide, median, vcn, right, Right::Fresh)?;
    Ok((above, right))
}

/// Whether more keys are to be expected where one arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Behind all keys.
    Last,
    /// In front of all keys.
    First,
    /// Behind the one that came before it, at this slot.
    InOrder(usize),
    Anywhere,
}

impl Arrival {
    /// That of a new entry in a node of now `len` keys.
    fn of(edge: Edge, edit: &Edit<'_>, len: usize) -> Self {
        match edge {
            Edge::Right if edit.slot + 1 == len => Self::Last,
            Edge::Left if edit.slot == 0 => Self::First,
            _ if edit.in_order => Self::InOrder(edit.slot),
            _ => Self::Anywhere,
        }
    }
}

/// What is at the right block of a division now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Nothing of worth.
    Fresh,
    /// An index block.
    Block,
}

/// Writes the entries in front of `median` to the block `left` and those behind
/// it to `right`; returns the entry of `median` with `left` as its sub-node.
pub(super) fn divide<S: IndexStore>(
    store: &mut S,
    wide: &IndexNode,
    median: usize,
    left: u64,
    right: u64,
    state: Right,
) -> Result<Vec<u8>, S::Error> {
    let at = NodeAt::Block(left);
    let behind = (median + 1, wide.len() + 1);
    match state {
        Right::Fresh => {
            let node = IndexNode::new_part(store.block_size(), right, wide, behind)
                .map_err(|e| store.fault(e))?;
            store.write_block(right, node)?;
        }
        Right::Block => store
            .modify_block(right, |node| node.assign(wide.range(behind.0, behind.1)))?
            .map_err(|e| store.fault(e))?,
    }
    store
        .modify_block(left, |node| node.assign_front(wide, median))?
        .map_err(|e| store.fault(e))?;
    index::with_child(wide.range(median, median + 1), left)
        .map_err(|e| store.fault(undecodable(at, e)))
}

/// The key that goes up when `wide` is divided into two blocks.
///
/// Keys that arrive in order leave the block behind them full, if it is to have
/// half of the entries at least; else the two are made equally long, as far as
/// whole entries allow.
pub(super) fn choose_median(wide: &IndexNode, arrival: Arrival, capacity: usize) -> Option<usize> {
    let len = wide.len();
    let last = index::last_entry_len(!wide.is_leaf());
    let larger = |median: usize| {
        let before = wide.range(0, median).len() + last;
        let behind = wide.range(median + 1, len + 1).len();
        Some(before.max(behind)).filter(|size| *size <= capacity)
    };
    let wish = match arrival {
        Arrival::Last => len.checked_sub(2).filter(|median| *median > 0),
        Arrival::First => Some(1).filter(|median| median + 1 < len),
        Arrival::InOrder(slot) => slot
            .checked_sub(1)
            .filter(|median| 2 * wide.range(0, *median).len() >= wide.used()),
        Arrival::Anywhere => None,
    };
    if let Some(wish) = wish
        && larger(wish).is_some()
    {
        return Some(wish);
    }
    let best = |range: core::ops::Range<usize>| {
        range
            .filter_map(|median| larger(median).map(|size| (size, median)))
            .min()
            .map(|(_, median)| median)
    };
    // Without a key on both sides only where blocks hold one or two entries.
    best(1..len.saturating_sub(1)).or_else(|| best(0..len))
}

/// Bytes for entries, the last one included, in a block of `len` bytes.
pub(super) fn block_capacity(len: usize) -> usize {
    len.saturating_sub(BLOCK_NODE_OFFSET + index::block_first_entry(len))
}

/// Refuses an entry that an inner block could not hold on its own.
pub(super) fn check_length<S: IndexStore>(store: &S, entry: &[u8]) -> Result<(), S::Error> {
    let child = size_of::<u64>();
    let last = index::last_entry_len(true);
    if entry.len() + child + last > block_capacity(store.block_size()) {
        return Err(store.fault(IndexFault::new(IndexFaultKind::EntryTooLong, NodeAt::Root)));
    }
    Ok(())
}

/// Edits a node in a way that needs no more room.
pub(super) fn edit_node<S: IndexStore, R>(
    store: &mut S,
    at: NodeAt,
    edit: impl FnOnce(&mut IndexNode) -> Result<R, FormatError>,
) -> Result<R, S::Error> {
    match at {
        NodeAt::Block(vcn) => {
            let result = store.modify_block(vcn, edit)?;
            result.map_err(|e| store.fault(undecodable(at, e)))
        }
        NodeAt::Root => {
            let mut root = IndexNode::clone(&*load(store, at)?);
            let result = edit(&mut root).map_err(|e| store.fault(undecodable(at, e)))?;
            match store.set_root(&root)? {
                RootFit::Fits => Ok(result),
                RootFit::TooLarge => Err(no_root_room(store)),
            }
        }
    }
}

fn put_root<S: IndexStore>(store: &mut S, edit: &Edit<'_>) -> Result<Reach, S::Error> {
    let mut root = IndexNode::clone(&*store.root()?);
    let applied = edit.apply(&mut root);
    let fit = applied.map_err(|e| store.fault(undecodable(NodeAt::Root, e)))?;
    if fit == NodeFit::Done && store.set_root(&root)? == RootFit::Fits {
        return Ok(Reach::Node);
    }
    push_down(store, root)?;
    Ok(Reach::Tree)
}

/// Moves the entries of an overgrown root into new blocks below it.
fn push_down<S: IndexStore>(store: &mut S, root: IndexNode) -> Result<(), S::Error> {
    let header = root.root_header().map_err(|e| store.fault(e))?;
    // First make the root as small as it will be: the record may need the room
    // for the attributes that the first block brings.
    set_new_root(store, &header, &index::encode_last_entry(Some(0)))?;
    let mut list = root;
    for _ in 0..MAX_DEPTH {
        let above = spread(store, &list)?;
        let root = IndexNode::new_root(&header, &above).map_err(|e| store.fault(e))?;
        if store.set_root(&root)? == RootFit::Fits {
            return Ok(());
        }
        if root.is_empty() {
            return Err(no_root_room(store));
        }
        list = root;
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, NodeAt::Root)))
}

pub(super) fn set_new_root<S: IndexStore>(
    store: &mut S,
    header: &RootHeader,
    entries: &[u8],
) -> Result<(), S::Error> {
    let root = IndexNode::new_root(header, entries).map_err(|e| store.fault(e))?;
    match store.set_root(&root)? {
        RootFit::Fits => Ok(()),
        RootFit::TooLarge => Err(no_root_room(store)),
    }
}

pub(super) fn no_root_room<S: IndexStore>(store: &S) -> S::Error {
    store.fault(IndexFault::new(IndexFaultKind::NoRootRoom, NodeAt::Root))
}

/// Writes the entries of `list` to as many new blocks as they need; returns the
/// encoded entries of the node above.
fn spread<S: IndexStore>(store: &mut S, list: &IndexNode) -> Result<Vec<u8>, S::Error> {
    let capacity = block_capacity(store.block_size());
    let last = index::last_entry_len(!list.is_leaf());
    let mut above = Vec::new();
    let mut from = 0;
    loop {
        let rest = list.range(from, list.len() + 1);
        let vcn = store.allocate_block()?;
        if rest.len() <= capacity {
            write_new(store, vcn, rest)?;
            above.extend(index::encode_last_entry(Some(vcn)));
            return Ok(above);
        }
        // Keys `from..median` go into this block, that of `median` above it.
        let mut median = from;
        while median + 1 < list.len() && list.range(from, median + 1).len() + last <= capacity {
            median += 1;
        }
        if median + 1 == list.len() && median > from + 1 {
            // Leave a key for the last block.
            median -= 1;
        }
        let mut entries = list.range(from, median).to_vec();
        entries.extend(index::encode_last_entry(list.child(median)));
        write_new(store, vcn, &entries)?;
        let entry = index::with_child(list.range(median, median + 1), vcn);
        above.extend(entry.map_err(|e| store.fault(undecodable(list.at(), e)))?);
        from = median + 1;
    }
}

pub(super) fn write_new<S: IndexStore>(
    store: &mut S,
    vcn: u64,
    entries: &[u8],
) -> Result<(), S::Error> {
    let node =
        IndexNode::new_block(store.block_size(), vcn, entries).map_err(|e| store.fault(e))?;
    store.write_block(vcn, node)
}
