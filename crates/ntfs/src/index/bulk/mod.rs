//! Many entries at once, in the order of their keys: each leaf is found once,
//! takes all that belongs into it, and is divided into as many as that fills.
//!
//! A batch is bounded in bytes, so that memory is bounded whatever arrives: of
//! a leaf that takes more, the rest comes with the next batch.

mod content;
mod spread;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::file_name;
use linkwright_ntfs_format::index::EntryView;

use super::collation::{NameOrder, compare_names};
use super::directory::{NameCase, NameProbe};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::insert::check_length;
use super::node::{IndexNode, undecodable};
use super::search::{Path, Searches, Step, key_fault, load, locate};
use super::store::IndexStore;
use content::Content;
use spread::{Fill, put_content};

/// Bytes of entries that are put in together: this part of the cache, and so many
/// at most.
const BATCH_PART: usize = 16;
const MOST_BATCH: usize = 1 << 20;

/// Bytes of entries for one [`merge`], beside a cache of `cache` bytes.
pub(crate) fn batch_bytes(cache: usize) -> usize {
    (cache / BATCH_PART).min(MOST_BATCH)
}

/// Entries that are put into a leaf one by one.
const FEW: usize = 8;

/// Directory entries to be added, in ascending order of their names as the index
/// sorts them; no two of them are one name to the directory.
pub(crate) trait Arrivals {
    /// How many there are.
    fn len(&self) -> usize;

    /// Appends an entry, encoded without a sub-node.
    ///
    /// # Errors
    /// A name that no entry can hold.
    fn encode(&self, at: usize, out: &mut Vec<u8>) -> Result<(), FormatError>;

    /// The directory has the name of an entry already: it is left out.
    fn taken(&mut self, at: usize);
}

/// How the names of a directory are compared.
#[derive(Clone, Copy)]
pub(crate) struct NameRules<'a> {
    pub(crate) upcase: &'a UpcaseTable,
    pub(crate) case: NameCase,
}

/// Adds a batch of entries, `from` being the first, of about `most` bytes at most;
/// returns where the next batch begins.
///
/// # Errors
/// As [`insert`](super::insert::insert).
pub(crate) fn merge<S: IndexStore>(
    store: &mut S,
    rules: NameRules<'_>,
    arrivals: &mut impl Arrivals,
    from: usize,
    most: usize,
) -> Result<usize, S::Error> {
    let mut entry = Vec::new();
    encode(store, arrivals, from, &mut entry)?;
    let name = Cow::Borrowed(name_of(&entry).map_err(|e| store.fault(e))?);
    let probe = NameProbe::of_bytes(rules.upcase, name);
    // Whatever it points at may be divided here.
    drop(store.take_finger());
    let located = locate(store, &probe, Path::default(), Searches::Batch)?;
    if located.found {
        arrivals.taken(from);
        return Ok(from + 1);
    }
    let path = located.path;
    let Some(Step { at, slot }) = path.steps.last().copied() else {
        return Err(store.fault(IndexFault::new(IndexFaultKind::Depth, NodeAt::Root)));
    };
    let node = load(store, at)?;
    let (below, above) = bounds(store, &path)?;
    let mut leaf = Leaf::new(rules, node, below, above);
    leaf.slot = slot;
    let mut at = from;
    let cut = loop {
        let name = name_of(&entry).map_err(|e| store.fault(e))?;
        let behind = leaf.advance(name).map_err(|e| store.fault(e))?;
        if leaf.is_left_behind(behind) {
            break false;
        }
        if leaf.has(name, behind).map_err(|e| store.fault(e))? {
            arrivals.taken(at);
        } else {
            check_length(store, &entry)?;
            leaf.take(&entry);
        }
        at += 1;
        if at == arrivals.len() {
            break false;
        }
        if leaf.len() >= most {
            break true;
        }
        encode(store, arrivals, at, &mut entry)?;
    };
    put_leaf(store, path, leaf, cut)?;
    Ok(at)
}

/// Puts what came into its leaf: entry by entry where they are few and there is
/// room, else all of it anew.
fn put_leaf<S: IndexStore>(
    store: &mut S,
    path: Path,
    leaf: Leaf<'_>,
    cut: bool,
) -> Result<(), S::Error> {
    let came = leaf.came.count();
    match leaf.node.at() {
        _ if came == 0 => Ok(()),
        NodeAt::Block(vcn) if came <= FEW && leaf.node.has_room(leaf.came.len()) => {
            // The node is let go: a block in use twice would be copied to change.
            let Leaf {
                node, came, slots, ..
            } = leaf;
            drop(node);
            for (at, slot) in slots.into_iter().enumerate().rev() {
                // There is room: nothing is divided.
                let _fit = store.insert_entry(vcn, slot, came.entry(at))?;
            }
            Ok(())
        }
        _ => {
            let fill = leaf.fill(cut);
            put_content(store, path, leaf.content(), fill)
        }
    }
}

fn encode<S: IndexStore>(
    store: &S,
    arrivals: &impl Arrivals,
    at: usize,
    entry: &mut Vec<u8>,
) -> Result<(), S::Error> {
    entry.clear();
    arrivals
        .encode(at, entry)
        .map_err(|e| store.fault(undecodable(NodeAt::Root, e)))
}

/// The bytes of the name in an encoded entry.
fn name_of(entry: &[u8]) -> Result<&[u8], IndexFault> {
    EntryView::at(entry, 0)
        .and_then(|view| file_name::name_bytes(view.key()))
        .map_err(|e| undecodable(NodeAt::Root, e))
}

/// The keys above a leaf that are next to it: the nearest in front of it and the
/// nearest behind.
type Bounds = (Option<Vec<u8>>, Option<Vec<u8>>);

fn bounds<S: IndexStore>(store: &S, path: &Path) -> Result<Bounds, S::Error> {
    let (mut below, mut above) = (None, None);
    for step in path.steps.iter().rev().skip(1) {
        let node = load(store, step.at)?;
        let name = |slot: usize| {
            file_name::name_bytes(node.key(slot))
                .map(<[u8]>::to_vec)
                .map_err(|e| store.fault(key_fault(&node, slot, e)))
        };
        if below.is_none()
            && let Some(slot) = step.slot.checked_sub(1)
        {
            below = Some(name(slot)?);
        }
        if above.is_none() && step.slot < node.len() {
            above = Some(name(step.slot)?);
        }
    }
    Ok((below, above))
}

/// A leaf, and what comes into it.
struct Leaf<'a> {
    rules: NameRules<'a>,
    node: Arc<IndexNode>,
    below: Option<Vec<u8>>,
    above: Option<Vec<u8>>,
    /// What comes, and in front of which slot of `node` each belongs.
    came: Content,
    slots: Vec<usize>,
    /// Where the search is.
    slot: usize,
    /// The slot whose entry in front was compared last.
    compared: Option<usize>,
}

impl<'a> Leaf<'a> {
    fn new(
        rules: NameRules<'a>,
        node: Arc<IndexNode>,
        below: Option<Vec<u8>>,
        above: Option<Vec<u8>>,
    ) -> Self {
        Self {
            rules,
            node,
            below,
            above,
            came: Content::default(),
            slots: Vec::new(),
            slot: 0,
            compared: None,
        }
    }

    /// An entry belongs here.
    fn take(&mut self, entry: &[u8]) {
        self.came.push(entry);
        self.slots.push(self.slot);
    }

    /// Bytes of what it is to hold.
    fn len(&self) -> usize {
        self.node.used() + self.came.len()
    }

    fn order(&self, name: &[u8], slot: usize) -> Result<NameOrder, IndexFault> {
        let key = file_name::name_bytes(self.node.key(slot))
            .map_err(|e| key_fault(&self.node, slot, e))?;
        Ok(compare_names(self.rules.upcase, name, key))
    }

    /// Goes on to where a name belongs, which is not in front of the one before;
    /// how it compares with the key behind that place.
    fn advance(&mut self, name: &[u8]) -> Result<Option<NameOrder>, IndexFault> {
        let mut slot = self.slot;
        let behind = loop {
            if slot == self.node.len() {
                let above = self.above.as_deref();
                break above.map(|above| compare_names(self.rules.upcase, name, above));
            }
            let order = self.order(name, slot)?;
            if order.folded.then(order.raw).is_le() {
                break Some(order);
            }
            slot += 1;
        };
        self.slot = slot;
        Ok(behind)
    }

    /// Whether a name, that compares so with the key behind, belongs behind this
    /// leaf, or above it.
    fn is_left_behind(&self, behind: Option<NameOrder>) -> bool {
        self.slot == self.node.len()
            && behind.is_some_and(|order| order.folded.then(order.raw).is_ge())
    }

    /// Whether the index has a name, which compares so with the key behind. One
    /// that the directory takes for the same stands on one side of the gap.
    fn has(&mut self, name: &[u8], behind: Option<NameOrder>) -> Result<bool, IndexFault> {
        let any_case = self.rules.case == NameCase::Insensitive;
        let is_behind =
            behind.is_some_and(|order| order.folded.is_eq() && (any_case || order.raw.is_eq()));
        Ok(is_behind || (any_case && self.is_in_front(name)?))
    }

    /// Whether the key in front of the gap is a name but for case. Of all that
    /// come into one gap only the first can be it: the others are behind that.
    fn is_in_front(&mut self, name: &[u8]) -> Result<bool, IndexFault> {
        if self.compared.replace(self.slot) == Some(self.slot) {
            return Ok(false);
        }
        let order = match (self.slot.checked_sub(1), &self.below) {
            (Some(slot), _) => self.order(name, slot)?,
            (None, Some(below)) => compare_names(self.rules.upcase, name, below),
            (None, None) => return Ok(false),
        };
        Ok(order.folded.is_eq())
    }

    /// How blocks are filled: `cut` says that more comes here.
    fn fill(&self, cut: bool) -> Fill {
        let at_end = self.slot == self.node.len() && self.above.is_none();
        if cut || at_end {
            Fill::Full
        } else {
            Fill::Evenly
        }
    }

    /// What it is to hold.
    fn content(self) -> Content {
        let mut content = Content::default();
        let mut copied = 0;
        for (at, slot) in self.slots.iter().copied().enumerate() {
            content.extend(&self.node, copied..slot);
            content.push(self.came.entry(at));
            copied = slot;
        }
        content.extend(&self.node, copied..self.node.len());
        content
    }
}
