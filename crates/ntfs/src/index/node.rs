//! A node in memory: the bytes of a block or root, and where its entries start.
//!
//! Invariant: either all entries have sub-nodes or none has.

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::error::{FormatError, FormatErrorKind};
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::index::{
    self, BLOCK_NODE_OFFSET, EntryView, Node, ROOT_NODE_OFFSET, RootHeader,
};

use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::rows::{Forked, Rows};

/// A validated node that can be changed in place.
#[derive(Debug, Clone)]
pub(crate) struct IndexNode {
    /// The whole block (fix-ups removed) or the whole value of the root.
    bytes: Vec<u8>,
    at: NodeAt,
    /// Whether the entries have sub-nodes.
    inner: bool,
    /// Offset from the node header of what is behind the last entry.
    end: usize,
    /// Bytes the node may fill, from the node header.
    allocated: usize,
    /// Where the entries are.
    rows: Rows,
    /// The update sequence number of the block on the device: the cache's to use.
    pub(crate) update: [u8; 2],
}

/// Whether a node took an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum NodeFit {
    /// It did.
    Done,
    /// There is no room; nothing was changed.
    Full,
}

type FormatResult<T> = Result<T, FormatError>;

impl IndexNode {
    /// Validates an index block (fix-ups removed) that lies at `vcn`.
    ///
    /// # Errors
    /// A node that cannot be decoded; see [`IndexFaultKind`].
    pub(crate) fn from_block(bytes: Vec<u8>, vcn: u64) -> Result<Self, IndexFault> {
        let at = NodeAt::Block(vcn);
        match index::block_node(&bytes, vcn) {
            Ok(node) => {
                let (rows, end, inner) = rows(&node, at)?;
                let allocated = node.allocated();
                Ok(Self {
                    bytes,
                    at,
                    rows,
                    update: [0; 2],
                    inner,
                    end,
                    allocated,
                })
            }
            Err(error) => Err(undecodable(at, error)),
        }
    }

    /// Validates the value of an `$INDEX_ROOT`.
    ///
    /// # Errors
    /// A node that cannot be decoded; see [`IndexFaultKind`].
    pub(crate) fn from_root(value: Vec<u8>) -> Result<Self, IndexFault> {
        let at = NodeAt::Root;
        match index::root_node(&value) {
            Ok(node) => {
                let (rows, end, inner) = rows(&node, at)?;
                Ok(Self {
                    bytes: value,
                    at,
                    rows,
                    update: [0; 2],
                    inner,
                    end,
                    // A root grows with its entries; the record is the limit.
                    allocated: usize::MAX,
                })
            }
            Err(error) => Err(undecodable(at, error)),
        }
    }

    /// A root with the given encoded entries (the last one included).
    pub(crate) fn new_root(header: &RootHeader, entries: &[u8]) -> Result<Self, IndexFault> {
        let flags = has_child(entries).map_err(|e| undecodable(NodeAt::Root, e))?;
        index::encode_root(header, entries, flags)
            .map_err(|e| undecodable(NodeAt::Root, e))
            .and_then(Self::from_root)
    }

    /// A block with the given encoded entries (the last one included).
    pub(crate) fn new_block(len: usize, vcn: u64, entries: &[u8]) -> Result<Self, IndexFault> {
        let mut node = Self {
            bytes: vec![0; len],
            at: NodeAt::Block(vcn),
            rows: Rows::new(),
            update: [0; 2],
            inner: false,
            end: 0,
            allocated: 0,
        };
        node.assign(entries)?;
        Ok(node)
    }

    /// A block with the entries `from..to` of a node, the last one among them:
    /// they are known to be sound, and where they start.
    pub(crate) fn new_part(
        len: usize,
        vcn: u64,
        of: &Self,
        (from, to): (usize, usize),
    ) -> Result<Self, IndexFault> {
        let at = NodeAt::Block(vcn);
        let entries = of.range(from, to);
        let bytes =
            index::encode_block(len, vcn, entries, of.inner).map_err(|e| undecodable(at, e))?;
        let first = index::block_first_entry(len);
        let start = of.start(from).unwrap_or(of.end);
        Ok(Self {
            bytes,
            at,
            rows: of
                .rows
                .part(from..to, start, first)
                .ok_or_else(|| undecodable(at, OUT_OF_RANGE))?,
            update: [0; 2],
            inner: of.inner,
            end: first + entries.len(),
            allocated: len.saturating_sub(BLOCK_NODE_OFFSET),
        })
    }

    /// Makes the entries of a block those in front of `slot` of a node on the
    /// same level, and a last one with what is below that slot.
    pub(crate) fn assign_front(&mut self, of: &Self, slot: usize) -> Result<(), IndexFault> {
        let last = index::encode_last_entry(of.child(slot));
        let entries = of.range(0, slot);
        let first = self.first();
        let end = first + entries.len() + last.len();
        if end > self.allocated || of.inner != self.inner {
            return self.assign(&[entries, &last].concat());
        }
        let at = self.at;
        let (base, old) = (self.base(), self.end);
        let into = self
            .bytes
            .get_mut(base + first..base + old.max(end))
            .ok_or_else(|| undecodable(at, OUT_OF_RANGE))?;
        let (front, rest) = into.split_at_mut(entries.len());
        front.copy_from_slice(entries);
        let (behind, stale) = rest.split_at_mut(last.len());
        behind.copy_from_slice(&last);
        stale.fill(0);
        self.rows = of
            .rows
            .part(0..slot + 1, of.first(), first)
            .ok_or_else(|| undecodable(at, OUT_OF_RANGE))?;
        self.end = end;
        self.settle().map_err(|e| undecodable(at, e))
    }

    /// Replaces all entries of a block.
    pub(crate) fn assign(&mut self, entries: &[u8]) -> Result<(), IndexFault> {
        let NodeAt::Block(vcn) = self.at else {
            return Err(undecodable(
                self.at,
                FormatError::new(FormatErrorKind::Signature, 0),
            ));
        };
        let mut bytes = core::mem::take(&mut self.bytes);
        has_child(entries)
            .and_then(|flag| index::format_block(&mut bytes, vcn, entries, flag))
            .and_then(|()| fixup::advance(&mut bytes))
            .map_err(|e| undecodable(self.at, e))?;
        let update = self.update;
        *self = Self::from_block(bytes, vcn)?;
        self.update = update;
        Ok(())
    }

    /// The whole block, or the whole value of the root. To write a block, copy
    /// it and apply the fix-ups to the copy, under an update sequence number that
    /// its place did not have before.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Which node this is.
    pub(crate) fn at(&self) -> NodeAt {
        self.at
    }

    /// Number of entries that have keys.
    pub(crate) fn len(&self) -> usize {
        self.rows.keys()
    }

    /// Whether there is no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether entries have no sub-nodes.
    pub(crate) fn is_leaf(&self) -> bool {
        !self.inner
    }

    /// Bytes of the entries, the last one included.
    pub(crate) fn used(&self) -> usize {
        self.end - self.first()
    }

    /// Bytes there are for entries, the last one included.
    pub(crate) fn capacity(&self) -> usize {
        self.allocated - self.first()
    }

    /// The entries as they lie, the last one included.
    pub(crate) fn entries(&self) -> &[u8] {
        self.node().get(self.first()..self.end).unwrap_or_default()
    }

    /// The entries `from..to` as they lie; `len() + 1` is behind the last one.
    pub(crate) fn range(&self, from: usize, to: usize) -> &[u8] {
        let start = self.start(from).unwrap_or(self.end);
        let end = self.start(to).unwrap_or(self.end);
        self.node().get(start..end).unwrap_or_default()
    }

    /// The header in front of the root's node.
    pub(crate) fn root_header(&self) -> Result<RootHeader, IndexFault> {
        index::root_header(&self.bytes)
            .copied()
            .map_err(|e| undecodable(self.at, e))
    }

    /// The entry at `slot`; that of slot [`len`](Self::len) has no key.
    pub(crate) fn entry(&self, slot: usize) -> Option<EntryView<'_>> {
        EntryView::at(self.node(), self.start(slot)?).ok()
    }

    /// The key at `slot`; empty when there is none.
    #[inline]
    pub(crate) fn key(&self, slot: usize) -> &[u8] {
        match self.start(slot) {
            Some(start) if slot < self.len() => index::key_at(self.node(), start),
            _ => &[],
        }
    }

    /// The sub-node of `slot`.
    #[inline]
    pub(crate) fn child(&self, slot: usize) -> Option<u64> {
        if !self.inner {
            return None;
        }
        // The last thing in its entry.
        let end = match self.start(slot + 1) {
            None if slot > self.len() => return None,
            next => next.unwrap_or(self.end),
        };
        let vcn = self.node().get(..end)?.last_chunk()?;
        Some(u64::from_le_bytes(*vcn))
    }

    /// A fault of this node at the entry of `slot`.
    pub(crate) fn fault(&self, kind: IndexFaultKind, slot: usize) -> IndexFault {
        IndexFault {
            kind,
            at: self.at,
            offset: self.base() + self.start(slot).unwrap_or(self.end),
        }
    }

    /// A copy that has room for any one more entry; only for taking apart.
    pub(crate) fn widened(&self) -> Self {
        Self {
            at: NodeAt::Root,
            bytes: {
                let node = self.node().get(..self.end).unwrap_or_default();
                // An entry is shorter than the block.
                let mut bytes = Vec::with_capacity(ROOT_NODE_OFFSET + 2 * self.bytes.len());
                bytes.resize(ROOT_NODE_OFFSET, 0);
                bytes.extend_from_slice(node);
                bytes
            },
            rows: self.rows.clone(),
            update: self.update,
            inner: self.inner,
            end: self.end,
            allocated: usize::MAX,
        }
    }

    /// Whether [`Self::fork`] would make searches of names quicker.
    #[inline]
    pub(super) fn wants_forks(&self) -> bool {
        self.at != NodeAt::Root && self.rows.wants_forks()
    }

    /// Notes where the names part from each other, by the table of the volume; kept
    /// up from then on. Nothing that is stored changes.
    pub(crate) fn fork(&mut self, upcase: &UpcaseTable) {
        let (rows, node) = self.rows_mut();
        rows.fork(node, upcase);
    }

    /// Where the names part from each other, when that was noted.
    #[inline]
    pub(super) fn forked(&self) -> Option<(Forked<'_>, &[u8])> {
        self.rows.forked().map(|forked| (forked, self.node()))
    }

    /// Whether what was noted is so.
    #[cfg(test)]
    pub(super) fn is_forked_well(&self) -> bool {
        self.rows.are_forked_well(self.node())
    }

    /// Whether an entry of `len` bytes more finds room.
    pub(crate) fn has_room(&self, len: usize) -> bool {
        len <= self.allocated - self.end
    }

    /// Puts an encoded entry in front of `slot`.
    ///
    /// # Errors
    /// `slot` is out of range.
    pub(crate) fn insert(&mut self, slot: usize, entry: &[u8]) -> FormatResult<NodeFit> {
        let start = self.start(slot).ok_or(OUT_OF_RANGE)?;
        if !self.has_room(entry.len()) {
            return Ok(NodeFit::Full);
        }
        self.resize_gap(start, 0, entry.len())?;
        self.copy_in(start, entry)?;
        let (rows, node) = self.rows_mut();
        rows.came(node, slot, entry.len()).ok_or(OUT_OF_RANGE)?;
        self.settle()?;
        Ok(NodeFit::Done)
    }

    /// Takes the entry of `slot` out.
    ///
    /// # Errors
    /// `slot` is out of range, or that of the last entry.
    pub(crate) fn remove(&mut self, slot: usize) -> FormatResult<()> {
        if slot >= self.len() {
            return Err(OUT_OF_RANGE);
        }
        let start = self.start(slot).ok_or(OUT_OF_RANGE)?;
        let len = self.entry_len(slot).ok_or(OUT_OF_RANGE)?;
        self.resize_gap(start, len, 0)?;
        self.rows.went(slot, len).ok_or(OUT_OF_RANGE)?;
        self.settle()
    }

    /// Puts an encoded entry in place of that of `slot`.
    ///
    /// # Errors
    /// `slot` is out of range, or that of the last entry.
    pub(crate) fn replace(&mut self, slot: usize, entry: &[u8]) -> FormatResult<NodeFit> {
        if slot >= self.len() {
            return Err(OUT_OF_RANGE);
        }
        let start = self.start(slot).ok_or(OUT_OF_RANGE)?;
        let old = self.entry_len(slot).ok_or(OUT_OF_RANGE)?;
        if entry.len() > self.allocated - self.end + old {
            return Ok(NodeFit::Full);
        }
        self.resize_gap(start, old, entry.len())?;
        self.copy_in(start, entry)?;
        let (rows, node) = self.rows_mut();
        rows.changed(node, slot, (old, entry.len()))
            .ok_or(OUT_OF_RANGE)?;
        self.settle()?;
        Ok(NodeFit::Done)
    }

    /// Changes the sub-node of `slot`.
    ///
    /// # Errors
    /// `slot` is out of range or has no sub-node.
    pub(crate) fn set_child(&mut self, slot: usize, vcn: u64) -> FormatResult<()> {
        index::set_child(self.entry_mut(slot).ok_or(OUT_OF_RANGE)?, vcn)?;
        self.settle()
    }

    /// Lets `edit` change the key of `slot` without changing its length.
    ///
    /// # Errors
    /// `slot` is out of range.
    pub(crate) fn edit_key(
        &mut self,
        slot: usize,
        edit: impl FnOnce(&mut [u8]) -> FormatResult<()>,
    ) -> FormatResult<()> {
        edit(index::key_mut(self.entry_mut(slot).ok_or(OUT_OF_RANGE)?)?)?;
        let (rows, node) = self.rows_mut();
        rows.changed(node, slot, (0, 0)).ok_or(OUT_OF_RANGE)?;
        self.settle()
    }

    #[inline]
    fn base(&self) -> usize {
        match self.at {
            NodeAt::Root => ROOT_NODE_OFFSET,
            NodeAt::Block(_) => BLOCK_NODE_OFFSET,
        }
    }

    /// The rows, to be changed, and the bytes from the node header on.
    fn rows_mut(&mut self) -> (&mut Rows, &[u8]) {
        let base = self.base();
        (&mut self.rows, self.bytes.get(base..).unwrap_or_default())
    }

    #[inline]
    fn node(&self) -> &[u8] {
        self.bytes.get(self.base()..).unwrap_or_default()
    }

    fn first(&self) -> usize {
        self.start(0).unwrap_or(self.end)
    }

    #[inline]
    fn start(&self, slot: usize) -> Option<usize> {
        self.rows.start(slot)
    }

    fn entry_len(&self, slot: usize) -> Option<usize> {
        let end = self.start(slot + 1).unwrap_or(self.end);
        end.checked_sub(self.start(slot)?)
    }

    fn entry_mut(&mut self, slot: usize) -> Option<&mut [u8]> {
        let start = self.base() + self.start(slot)?;
        let len = self.entry_len(slot)?;
        self.bytes.get_mut(start..start + len)
    }

    /// Makes the `old` bytes at `start` (from the node header) `new` bytes by
    /// moving what is behind them.
    fn resize_gap(&mut self, start: usize, old: usize, new: usize) -> FormatResult<()> {
        let base = self.base();
        let end = self.end - old + new;
        if self.bytes.len() < base + end {
            self.bytes.resize(base + end, 0);
        }
        let tail = self.end - start - old;
        let region = self
            .bytes
            .get_mut(base + start..base + self.end.max(end))
            .ok_or(OUT_OF_RANGE)?;
        if region.len() < old.max(new) + tail {
            return Err(OUT_OF_RANGE);
        }
        region.copy_within(old..old + tail, new);
        if let Some(stale) = region.get_mut(new + tail..) {
            stale.fill(0);
        }
        self.end = end;
        Ok(())
    }

    fn copy_in(&mut self, start: usize, entry: &[u8]) -> FormatResult<()> {
        let start = self.base() + start;
        self.bytes
            .get_mut(start..start + entry.len())
            .ok_or(OUT_OF_RANGE)?
            .copy_from_slice(entry);
        Ok(())
    }

    /// Brings the node's own fields in line after an edit.
    fn settle(&mut self) -> FormatResult<()> {
        let base = self.base();
        match self.at {
            NodeAt::Root => {
                self.bytes.truncate(base + self.end);
                // Allocated below total is an error to Windows: both move.
                index::set_node_sizes(&mut self.bytes, base, self.end, Some(self.end))
            }
            NodeAt::Block(_) => index::set_node_sizes(&mut self.bytes, base, self.end, None),
        }
    }
}

const OUT_OF_RANGE: FormatError = FormatError::new(FormatErrorKind::Offset, 0);

/// A node that cannot be decoded.
pub(crate) fn undecodable(at: NodeAt, error: FormatError) -> IndexFault {
    IndexFault {
        kind: IndexFaultKind::Node(error.kind),
        at,
        offset: error.offset,
    }
}

fn has_child(entries: &[u8]) -> FormatResult<bool> {
    EntryView::at(entries, 0).map(|entry| entry.child().is_some())
}

/// Where the entries start, where the last one ends, and whether they have
/// sub-nodes.
fn rows(node: &Node<'_>, at: NodeAt) -> Result<(Rows, usize, bool), IndexFault> {
    let base = match at {
        NodeAt::Root => ROOT_NODE_OFFSET,
        NodeAt::Block(_) => BLOCK_NODE_OFFSET,
    };
    let bad = |error: FormatError| undecodable(at, error.shifted(base));
    let mut rows = Rows::new();
    let mut end = 0;
    let mut inner = None;
    for entry in node.entries() {
        let entry = entry.map_err(bad)?;
        let has_child = entry.child().is_some();
        if *inner.get_or_insert(has_child) != has_child {
            return Err(IndexFault {
                kind: IndexFaultKind::MixedChildren,
                at,
                offset: base + entry.offset(),
            });
        }
        // A child pointer shares the entry with its key: `EntryView` proves it.
        rows.push(entry.offset()).ok_or_else(|| bad(OUT_OF_RANGE))?;
        end = entry.offset() + entry.len();
    }
    Ok((rows, end, inner.unwrap_or(false)))
}
