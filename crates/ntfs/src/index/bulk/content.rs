//! What a node is to hold, which may be more than a block has room for.

use core::ops::Range;

use linkwright_ntfs_format::error::FormatError;
use linkwright_ntfs_format::index::{self, EntryView};

use crate::index::node::IndexNode;

/// Encoded entries one behind the other; the keyless last one is left out.
#[derive(Debug, Default)]
pub(super) struct Content {
    bytes: Vec<u8>,
    /// Where each entry starts.
    starts: Vec<usize>,
    /// The sub-node of the last entry, in inner nodes.
    last_child: Option<u64>,
}

impl Content {
    /// These entries as an inner node whose last sub-node is `right`.
    pub(super) fn below(self, right: u64) -> Self {
        Self {
            last_child: Some(right),
            ..self
        }
    }

    /// An inner node where the sub-node of `slot` was divided: the keys between
    /// its parts come in front, `right` is the last part.
    pub(super) fn divided(
        node: &IndexNode,
        slot: usize,
        between: &Self,
        right: u64,
    ) -> Result<Self, FormatError> {
        let mut content = Self {
            last_child: node.child(node.len()),
            ..Self::default()
        };
        content.extend(node, 0..slot);
        for at in 0..between.count() {
            content.push(between.entry(at));
        }
        if slot < node.len() {
            content.push(&index::with_child(node.range(slot, slot + 1), right)?);
            content.extend(node, slot + 1..node.len());
        } else {
            content.last_child = Some(right);
        }
        Ok(content)
    }

    /// Nothing, in the same memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.last_child = None;
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, entry: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(entry);
    }

    /// Appends entries of a node as they are.
    pub(super) fn extend(&mut self, node: &IndexNode, slots: Range<usize>) {
        let mut start = self.bytes.len();
        for slot in slots.clone() {
            self.starts.push(start);
            start += node.range(slot, slot + 1).len();
        }
        self.bytes
            .extend_from_slice(node.range(slots.start, slots.end));
    }

    /// Bytes of the entries.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Entries with keys.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// Bytes of the last entry.
    pub(super) fn last_len(&self) -> usize {
        index::last_entry_len(self.last_child.is_some())
    }

    fn start(&self, at: usize) -> usize {
        self.starts.get(at).copied().unwrap_or(self.bytes.len())
    }

    /// Bytes of some entries.
    pub(super) fn len_of(&self, entries: Range<usize>) -> usize {
        self.start(entries.end) - self.start(entries.start)
    }

    /// An encoded entry; empty when there is none.
    pub(super) fn entry(&self, at: usize) -> &[u8] {
        self.bytes
            .get(self.start(at)..self.start(at + 1))
            .unwrap_or_default()
    }

    /// Some entries and the last one behind them, as a node has them.
    pub(super) fn node_of(&self, entries: Range<usize>, out: &mut Vec<u8>) {
        let child = match self.last_child {
            Some(last) if entries.end == self.count() => Some(last),
            Some(_) => EntryView::at(self.entry(entries.end), 0)
                .ok()
                .and_then(|entry| entry.child()),
            None => None,
        };
        out.clear();
        let bytes = self.start(entries.start)..self.start(entries.end);
        out.extend_from_slice(self.bytes.get(bytes).unwrap_or_default());
        out.extend_from_slice(&index::encode_last_entry(child));
    }
}
