//! What a cached block is.

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

/// A block in memory, fix-ups removed.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    kind: BlockKind,
    content: Content,
    /// The update sequence number the block has on the device.
    number: [u8; 2],
}

#[derive(Debug, Clone)]
enum Content {
    Bytes(Box<[u8]>),
    Node(Arc<IndexNode>),
}

impl Block {
    /// A block from bytes that have no fix-ups in them.
    pub(crate) fn new(kind: BlockKind, bytes: Vec<u8>) -> Self {
        let number = sequence_number(&bytes).unwrap_or_default();
        Self {
            kind,
            content: Content::Bytes(bytes.into_boxed_slice()),
            number,
        }
    }

    /// A record or page from the bytes on the device.
    pub(crate) fn decode(kind: BlockKind, mut bytes: Vec<u8>) -> Result<Self, FormatError> {
        if kind != BlockKind::Page {
            fixup::remove(&mut bytes)?;
        }
        Ok(Self::new(kind, bytes))
    }

    /// An index block as a node. `number` is the update sequence number that
    /// lies at its place on the device, if it is known.
    pub(crate) fn from_node(node: IndexNode, number: Option<[u8; 2]>) -> Self {
        let number = number
            .or_else(|| sequence_number(node.bytes()))
            .unwrap_or_default();
        Self {
            kind: BlockKind::Index,
            content: Content::Node(Arc::new(node)),
            number,
        }
    }

    /// Moves the update sequence number on for the next write, so that two
    /// writes of a block never carry the same one.
    pub(crate) fn advance(&mut self) {
        if self.kind != BlockKind::Page {
            let next = fixup::next_number(u16::from_le_bytes(self.number));
            self.number = next.to_le_bytes();
        }
    }

    /// Appends the bytes for the device, under the number that the block has.
    pub(crate) fn encode_onto(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let start = out.len();
        out.extend_from_slice(self.bytes());
        if self.kind != BlockKind::Page {
            let bytes = out.get_mut(start..).unwrap_or_default();
            fixup::stamp(bytes, u16::from_le_bytes(self.number))?;
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

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Bytes(bytes) => bytes,
            Content::Node(node) => node.bytes(),
        }
    }

    /// The bytes of a record or page, to be changed; an index block has none
    /// but through its node.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.content {
            Content::Bytes(bytes) => bytes,
            Content::Node(_) => &mut [],
        }
    }

    /// The node of an index block.
    pub(crate) fn node(&self) -> Option<&Arc<IndexNode>> {
        match &self.content {
            Content::Bytes(_) => None,
            Content::Node(node) => Some(node),
        }
    }

    /// The node of an index block, to be changed.
    pub(crate) fn node_mut(&mut self) -> Option<&mut IndexNode> {
        match &mut self.content {
            Content::Bytes(_) => None,
            Content::Node(node) => Some(Arc::make_mut(node)),
        }
    }

    /// Another version of this block was written: this one will be written
    /// after it.
    pub(crate) fn follow(&mut self, other: &Self) {
        self.number = other.number;
    }

    /// The update sequence number the block has on the device.
    pub(crate) fn number(&self) -> [u8; 2] {
        self.number
    }
}

fn sequence_number(bytes: &[u8]) -> Option<[u8; 2]> {
    let array = usize::from(num::u16_at(bytes, 4).ok()?);
    num::array(bytes, array).ok()
}
