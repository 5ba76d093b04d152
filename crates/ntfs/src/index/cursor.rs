//! Walking an index in the order of its keys.

use std::sync::Arc;

use super::MAX_DEPTH;
use super::collation::{Collation, KeyProbe};
use super::fault::{IndexFault, IndexFaultKind};
use super::node::IndexNode;
use super::search::{Found, load_child, search_node};
use super::store::IndexStore;

/// Where a walk begins.
#[derive(Debug, Clone)]
enum Start {
    First,
    From(Vec<u8>),
    After(Vec<u8>),
}

/// A place in an index that can be moved on entry by entry.
///
/// The index may change between two steps: the walk goes on behind the last
/// entry it gave, whether that is still there or not. Memory is one node a
/// level, shared with the store.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    start: Start,
    last: Option<Found>,
    /// Nodes from the root down; of each the slot that comes next when what is
    /// below that slot was walked.
    trail: Vec<(Arc<IndexNode>, usize)>,
    /// Whether what is below the last node's slot is still to be walked.
    pending: bool,
    /// The store's generation that `trail` belongs to.
    generation: Option<u64>,
    /// Nodes without keys met so far.
    empty: u64,
}

impl Cursor {
    /// In front of all keys.
    pub(crate) fn first() -> Self {
        Self::new(Start::First)
    }

    /// In front of `key`, which need not be there.
    pub(crate) fn from_key(key: Vec<u8>) -> Self {
        Self::new(Start::From(key))
    }

    /// Behind `key`, which need not be there.
    pub(crate) fn after_key(key: Vec<u8>) -> Self {
        Self::new(Start::After(key))
    }

    fn new(start: Start) -> Self {
        Self {
            start,
            last: None,
            trail: Vec::new(),
            pending: false,
            generation: None,
            empty: 0,
        }
    }

    /// The next entry, or `None` behind the last one.
    ///
    /// # Errors
    /// Those of the store and an [`IndexFault`] of a node on the way; keys that
    /// do not ascend are one.
    pub(crate) fn next<S: IndexStore>(
        &mut self,
        store: &S,
        order: Collation<'_>,
    ) -> Result<Option<Found>, S::Error> {
        let generation = store.generation();
        if self.generation != Some(generation) {
            self.generation = None;
            self.seek(store, order)?;
            self.generation = Some(generation);
        }
        let Some(found) = self.step(store)? else {
            return Ok(None);
        };
        if let Some(last) = &self.last {
            let ascends = order
                .compare(last.key(), found.key())
                .map_err(|e| store.fault(found.fault(IndexFaultKind::Key(e.kind))))?;
            if ascends.is_ge() {
                return Err(store.fault(found.fault(IndexFaultKind::Order)));
            }
        }
        self.last = Some(found.clone());
        Ok(Some(found))
    }

    /// Builds the trail anew.
    fn seek<S: IndexStore>(&mut self, store: &S, order: Collation<'_>) -> Result<(), S::Error> {
        self.trail.clear();
        let last = self.last.clone();
        let start = self.start.clone();
        match (&last, &start) {
            (Some(last), _) => self.seek_key(store, order, last.key(), 1),
            (None, Start::After(key)) => self.seek_key(store, order, key, 1),
            (None, Start::From(key)) => self.seek_key(store, order, key, 0),
            (None, Start::First) => {
                let root = store.root()?;
                self.trail.push((root, 0));
                self.pending = true;
                Ok(())
            }
        }
    }

    /// Builds the trail to `key`, or `past` entries behind it when it is there.
    fn seek_key<S: IndexStore>(
        &mut self,
        store: &S,
        order: Collation<'_>,
        key: &[u8],
        past: usize,
    ) -> Result<(), S::Error> {
        let probe = KeyProbe { order, key };
        let mut node = store.root()?;
        self.pending = false;
        while self.trail.len() < MAX_DEPTH {
            let (slot, found) = search_node(&node, &probe).map_err(|e| store.fault(e))?;
            if found {
                self.trail.push((node, slot + past));
                // Below `slot` are lower keys, below the next higher ones.
                self.pending = past != 0;
                return Ok(());
            }
            let child = load_child(store, &node, slot)?;
            self.trail.push((node, slot));
            match child {
                Some(child) => node = child,
                None => return Ok(()),
            }
        }
        Err(store.fault(IndexFault::new(IndexFaultKind::Depth, node.at())))
    }

    fn step<S: IndexStore>(&mut self, store: &S) -> Result<Option<Found>, S::Error> {
        loop {
            if self.pending {
                self.descend(store)?;
            }
            let Some((node, slot)) = self.trail.last_mut() else {
                return Ok(None);
            };
            if *slot < node.len() {
                let found = Found::new(Arc::clone(node), *slot);
                *slot += 1;
                self.pending = true;
                return Ok(Some(found));
            }
            self.trail.pop();
        }
    }

    /// Goes down to the lowest key below the last node's slot.
    fn descend<S: IndexStore>(&mut self, store: &S) -> Result<(), S::Error> {
        // Every non-empty node yields a key above all before it, or the walk
        // ends; only empty ones could keep it going in circles.
        let bound = store.block_count().saturating_mul(2).saturating_add(64);
        while let Some((node, slot)) = self.trail.last() {
            let Some(child) = load_child(store, node, *slot)? else {
                break;
            };
            let at = child.at();
            if self.trail.len() >= MAX_DEPTH {
                return Err(store.fault(IndexFault::new(IndexFaultKind::Depth, at)));
            }
            if child.is_empty() {
                self.empty += 1;
                if self.empty > bound {
                    return Err(store.fault(IndexFault::new(IndexFaultKind::Circle, at)));
                }
            }
            self.trail.push((child, 0));
        }
        self.pending = false;
        Ok(())
    }
}

/// Counts the entries of an index.
///
/// # Errors
/// As [`Cursor::next`].
pub(crate) fn count<S: IndexStore>(store: &S, order: Collation<'_>) -> Result<u64, S::Error> {
    let mut cursor = Cursor::first();
    let mut entries = 0;
    while cursor.next(store, order)?.is_some() {
        entries += 1;
    }
    Ok(entries)
}
