//! Writing what a node is to hold: into it, or into as many blocks as it needs,
//! with the keys between them going up.

use linkwright_ntfs_format::index;

use super::content::Content;
use crate::index::MAX_DEPTH;
use crate::index::fault::{IndexFault, IndexFaultKind, NodeAt};
use crate::index::insert::{block_capacity, no_root_room, set_new_root, write_new};
use crate::index::node::{IndexNode, undecodable};
use crate::index::search::{Path, load};
use crate::index::store::{IndexStore, RootFit};

/// How the blocks that a node is divided into are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// To the brim, with what is left in the last one: more is to come there.
    Full,
    /// All alike.
    Evenly,
}

/// Puts `content` in place of the last node of `path`, dividing upwards as needed.
/// Leaves in `path` the nodes that did not change; `encoded` is memory to be used.
pub(super) fn put_content<S: IndexStore>(
    store: &mut S,
    path: &mut Path,
    content: &Content,
    encoded: &mut Vec<u8>,
    fill: Fill,
) -> Result<(), S::Error> {
    let capacity = block_capacity(store.block_size());
    let mut divided: Option<Content> = None;
    while let Some(step) = path.steps.pop() {
        let content = divided.as_ref().unwrap_or(content);
        let NodeAt::Block(vcn) = step.at else {
            return put_root(store, content, encoded, fill);
        };
        if content.len() + content.last_len() <= capacity {
            content.node_of(0..content.count(), encoded);
            return rewrite(store, vcn, encoded);
        }
        let (between, right) = divide(store, content, Some(vcn), encoded, fill)?;
        let Some(parent) = path.steps.last() else {
            break;
        };
        let node = load(store, parent.at)?;
        let above = Content::divided(&node, parent.slot, &between, right);
        divided = Some(above.map_err(|e| store.fault(undecodable(parent.at, e)))?);
    }
    Ok(())
}

fn rewrite<S: IndexStore>(store: &mut S, vcn: u64, entries: &[u8]) -> Result<(), S::Error> {
    store
        .modify_block(vcn, |node| node.assign(entries))?
        .map_err(|e| store.fault(e))
}

/// Writes `content` to blocks, the first of them being `first` when there is one;
/// returns the entries between them, and the last block.
fn divide<S: IndexStore>(
    store: &mut S,
    content: &Content,
    first: Option<u64>,
    encoded: &mut Vec<u8>,
    fill: Fill,
) -> Result<(Content, u64), S::Error> {
    let capacity = block_capacity(store.block_size());
    let (mut between, mut first, mut from) = (Content::default(), first, 0);
    let ends = ends(content, capacity - content.last_len().min(capacity), fill);
    for end in ends.into_iter().chain([content.count()]) {
        content.node_of(from..end, encoded);
        let vcn = match first.take() {
            Some(vcn) => {
                rewrite(store, vcn, encoded)?;
                vcn
            }
            None => {
                let vcn = store.allocate_block()?;
                write_new(store, vcn, encoded)?;
                vcn
            }
        };
        if end == content.count() {
            return Ok((between, vcn));
        }
        let above = index::with_child(content.entry(end), vcn);
        between.push(&above.map_err(|e| store.fault(undecodable(NodeAt::Block(vcn), e)))?);
        from = end + 1;
    }
    // The loop ends with the last entry.
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, NodeAt::Root)))
}

/// The entries between the blocks that `content` is divided into, each of which
/// has `room` bytes.
fn ends(content: &Content, room: usize, fill: Fill) -> Vec<usize> {
    let count = content.count();
    let wish = match fill {
        Fill::Full => room,
        Fill::Evenly => {
            let blocks = content.len().div_ceil(room.max(1)).max(1);
            content.len().div_ceil(blocks)
        }
    };
    let (mut ends, mut from) = (Vec::new(), 0);
    while content.len_of(from..count) > room {
        let mut end = from + 1;
        while end + 1 < count && content.len_of(from..end + 1) <= wish {
            end += 1;
        }
        if end + 1 == count && end > from + 1 {
            // Leave a key for the last block.
            end -= 1;
        }
        ends.push(end);
        from = end + 1;
    }
    ends
}

fn put_root<S: IndexStore>(
    store: &mut S,
    content: &Content,
    encoded: &mut Vec<u8>,
    fill: Fill,
) -> Result<(), S::Error> {
    let header = store.root()?.root_header().map_err(|e| store.fault(e))?;
    let mut divided: Option<Content> = None;
    for depth in 0..MAX_DEPTH {
        let content = divided.as_ref().unwrap_or(content);
        // What no block can hold is not even tried.
        if content.len() + content.last_len() <= block_capacity(store.block_size()) {
            content.node_of(0..content.count(), encoded);
            let root = IndexNode::new_root(&header, encoded).map_err(|e| store.fault(e))?;
            if store.set_root(&root)? == RootFit::Fits {
                return Ok(());
            }
            if depth > 0 && content.count() == 0 {
                return Err(no_root_room(store));
            }
        }
        if depth == 0 {
            // First make the root as small as it will be: the record may need the
            // room for the attributes that the first block brings.
            set_new_root(store, &header, &index::encode_last_entry(Some(0)))?;
        }
        let (between, right) = divide(store, content, None, encoded, fill)?;
        divided = Some(between.below(right));
    }
    Err(store.fault(IndexFault::new(IndexFaultKind::Depth, NodeAt::Root)))
}
