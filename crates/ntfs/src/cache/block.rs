//! What a cached block is.

use core::fmt;
use std::sync::Arc;

use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::{FormatError, num};

use crate::index::node::IndexNode;

/// How a block of bytes is decoded and encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// A file record: carries an update sequence array.
    Record,
    /// An index block: carries one too.
    Index,
    /// Part of a metadata stream, as it lies.
    Page,
}

/// A block in memory, fix-ups removed: bytes, or the node of an index block. One
/// pointer leads to either, as each step to it is one more wait for memory.
pub(crate) type Block = dyn Content;

/// What a block is, whatever it holds.
pub(crate) trait Content: fmt::Debug + Send + Sync {
    fn kind(&self) -> BlockKind;
    /// The bytes.
    fn bytes(&self) -> &[u8];
    /// The bytes of a record or page, to be changed; an index block has none
    /// but through its node.
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut []
    }
    /// The update sequence number the block has on the device.
    fn number(&self) -> [u8; 2];
    fn set_number(&mut self, number: [u8; 2]);
    /// The node of an index block.
    fn node(&self) -> Option<&IndexNode> {
        None
    }
    /// The node of an index block, to be changed.
    fn node_mut(&mut self) -> Option<&mut IndexNode> {
        None
    }
    /// The node of an index block, shared.
    fn into_node(self: Arc<Self>) -> Option<Arc<IndexNode>>;
    fn copied(&self) -> Arc<Block>;
}

/// A record or page.
#[derive(Debug, Clone)]
struct Bytes {
    kind: BlockKind,
    number: [u8; 2],
    bytes: Box<[u8]>,
}

impl Content for Bytes {
    fn kind(&self) -> BlockKind {
        self.kind
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn number(&self) -> [u8; 2] {
        self.number
    }

    fn set_number(&mut self, number: [u8; 2]) {
        self.number = number;
    }

    fn into_node(self: Arc<Self>) -> Option<Arc<IndexNode>> {
        None
    }

    fn copied(&self) -> Arc<Block> {
        Arc::new(self.clone())
    }
}

impl Content for IndexNode {
    fn kind(&self) -> BlockKind {
        BlockKind::Index
    }

    fn bytes(&self) -> &[u8] {
        Self::bytes(self)
    }

    fn number(&self) -> [u8; 2] {
        self.update
    }

    fn set_number(&mut self, number: [u8; 2]) {
        self.update = number;
    }

    fn node(&self) -> Option<&IndexNode> {
        Some(self)
    }

    fn node_mut(&mut self) -> Option<&mut IndexNode> {
        Some(self)
    }

    fn into_node(self: Arc<Self>) -> Option<Arc<IndexNode>> {
        Some(self)
    }

    fn copied(&self) -> Arc<Block> {
        Arc::new(self.clone())
    }
}

impl Block {
    /// A block from bytes that have no fix-ups in them.
    pub(crate) fn new(kind: BlockKind, bytes: Vec<u8>) -> Arc<Self> {
        let number = sequence_number(&bytes).unwrap_or_default();
        Arc::new(Bytes {
            kind,
            number,
            bytes: bytes.into_boxed_slice(),
        })
    }

    /// A record or page from the bytes on the device.
    pub(crate) fn decode(kind: BlockKind, mut bytes: Vec<u8>) -> Result<Arc<Self>, FormatError> {
        if kind != BlockKind::Page {
            fixup::remove(&mut bytes)?;
        }
        Ok(Self::new(kind, bytes))
    }

    /// An index block as a node. `number` is the update sequence number that
    /// lies at its place on the device, if it is known.
    pub(crate) fn from_node(mut node: IndexNode, number: Option<[u8; 2]>) -> Arc<Self> {
        node.update = number
            .or_else(|| sequence_number(node.bytes()))
            .unwrap_or_default();
        Arc::new(node)
    }

    /// The block to be changed, a copy of it when somebody else holds it. There is
    /// always one.
    pub(crate) fn alone(block: &mut Arc<Self>) -> Option<&mut Self> {
        if Arc::strong_count(block) > 1 {
            *block = block.copied();
        }
        Arc::get_mut(block)
    }

    /// Moves the update sequence number on for the next write, so that two
    /// writes of a block never carry the same one.
    pub(crate) fn advance(&mut self) {
        if self.kind() != BlockKind::Page {
            let next = fixup::next_number(u16::from_le_bytes(self.number()));
            self.set_number(next.to_le_bytes());
        }
    }

    /// Appends the bytes for the device, under the number that the block has.
    pub(crate) fn encode_onto(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let start = out.len();
        out.extend_from_slice(self.bytes());
        if self.kind() != BlockKind::Page {
            let bytes = out.get_mut(start..).unwrap_or_default();
            fixup::stamp(bytes, u16::from_le_bytes(self.number()))?;
        }
        Ok(())
    }

    /// The bytes for the device, under the next number.
    pub(crate) fn encode(&mut self) -> Result<Vec<u8>, FormatError> {
        self.advance();
        let mut out = Vec::with_capacity(self.bytes().len());
        self.encode_onto(&mut out)?;
        Ok(out)
    }

    /// Another version of this block was written: this one will be written
    /// after it.
    pub(crate) fn follow(&mut self, other: &Self) {
        self.set_number(other.number());
    }
}

fn sequence_number(bytes: &[u8]) -> Option<[u8; 2]> {
    let array = usize::from(num::u16_at(bytes, 4).ok()?);
    num::array(bytes, array).ok()
}
