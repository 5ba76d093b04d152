//! Many entries at once, in the order of their keys: each leaf is found once,
//! takes all that belongs into it, and is divided into as many as that fills.
//!
//! A batch is bounded in bytes, so that memory is bounded whatever arrives: of
//! a leaf that takes more, the rest comes with the next batch.

mod content;
mod leaf;
mod spread;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::file_name;
use linkwright_ntfs_format::index::EntryView;

use super::directory::{NameCase, NameProbe};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::insert::check_length;
use super::node::undecodable;
use super::search::{Path, Searches, Step, load, locate_behind};
use super::store::IndexStore;
use content::Content;
use leaf::{Bounds, Leaf};
use spread::put_content;

/// Bytes of entries that are put in together: this part of the cache, and so many
/// at most.
const BATCH_PART: usize = 16;
const MOST_BATCH: usize = 1 << 20;

/// Bytes of entries for one [`Merge::batch`], beside a cache of `cache` bytes.
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

/// Puts entries into one index, leaf by leaf. Batches that follow each other begin
/// where the one before ended, in an index that is in order and that nothing else
/// changes meanwhile.
pub(crate) struct Merge<'a> {
    rules: NameRules<'a>,
    /// The nodes above the leaf before, from the root down, as far as they did not
    /// change.
    above: Path,
    scratch: Scratch,
}

/// Memory that one leaf after the other uses.
#[derive(Default)]
struct Scratch {
    entry: Vec<u8>,
    came: Content,
    slots: Vec<usize>,
    whole: Content,
    encoded: Vec<u8>,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(rules: NameRules<'a>) -> Self {
        Self {
            rules,
            above: Path::default(),
            scratch: Scratch::default(),
        }
    }

    /// Adds a batch of entries, `from` being the first, of about `most` bytes at most;
    /// returns where the next batch begins.
    ///
    /// # Errors
    /// As [`insert`](super::insert::insert).
    pub(crate) fn batch<S: IndexStore>(
        &mut self,
        store: &mut S,
        arrivals: &mut impl Arrivals,
        from: usize,
        most: usize,
    ) -> Result<usize, S::Error> {
        let mut entry = core::mem::take(&mut self.scratch.entry);
        encode(store, arrivals, from, &mut entry)?;
        let mut at = from;
        if let Some((mut path, mut leaf)) = self.find(store, &entry)? {
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
            self.put_leaf(store, &mut path, leaf, cut)?;
            self.above = path;
        } else {
            arrivals.taken(from);
            at += 1;
        }
        self.scratch.entry = entry;
        Ok(at)
    }

    /// The leaf for an entry, with the way there; `None` when the index has one of
    /// exactly this name.
    fn find<S: IndexStore>(
        &mut self,
        store: &mut S,
        entry: &[u8],
    ) -> Result<Option<(Path, Leaf<'a>)>, S::Error> {
        let name = Cow::Borrowed(name_of(entry).map_err(|e| store.fault(e))?);
        let probe = NameProbe::of_bytes(self.rules.upcase, name);
        // Whatever it points at may be divided here.
        drop(store.take_finger());
        let above = core::mem::take(&mut self.above);
        let located = locate_behind(store, &probe, above, Searches::Batch)?;
        let mut path = located.path;
        if located.found {
            path.steps.pop();
            self.above = path;
            return Ok(None);
        }
        let Some(Step { at, slot }) = path.steps.last().copied() else {
            return Err(store.fault(IndexFault::new(IndexFaultKind::Depth, NodeAt::Root)));
        };
        let scratch = (
            core::mem::take(&mut self.scratch.came),
            core::mem::take(&mut self.scratch.slots),
        );
        let (node, bounds) = (load(store, at)?, Bounds::of(store, &path)?);
        let leaf = Leaf::new(self.rules, node, bounds, slot, scratch);
        Ok(Some((path, leaf)))
    }

    /// Puts what came into the leaf at the end of `path`: entry by entry where they are
    /// few and there is room, else all of it anew. Leaves in `path` what did not change.
    fn put_leaf<S: IndexStore>(
        &mut self,
        store: &mut S,
        path: &mut Path,
        leaf: Leaf<'_>,
        cut: bool,
    ) -> Result<(), S::Error> {
        let count = leaf.came.count();
        let fits = leaf.node.has_room(leaf.came.len());
        let (at, fill) = (leaf.node.at(), leaf.fill(cut));
        let (came, slots) = match (count, at) {
            (0, _) => {
                path.steps.pop();
                leaf.release()
            }
            (count, NodeAt::Block(vcn)) if count <= FEW && fits => {
                path.steps.pop();
                let (came, slots) = leaf.release();
                for (at, slot) in slots.iter().copied().enumerate().rev() {
                    // There is room: nothing is divided.
                    let _fit = store.insert_entry(vcn, slot, came.entry(at))?;
                }
                (came, slots)
            }
            _ => {
                let whole = &mut self.scratch.whole;
                leaf.content(whole);
                let buffers = leaf.release();
                put_content(store, path, whole, &mut self.scratch.encoded, fill)?;
                buffers
            }
        };
        (self.scratch.came, self.scratch.slots) = (came, slots);
        Ok(())
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
