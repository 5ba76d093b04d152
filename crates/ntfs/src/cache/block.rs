//! What a cached block is.

use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::{FormatError, num};

/// How a block is decoded and encoded.
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
    bytes: Box<[u8]>,
}

impl Block {
    /// A block from bytes that have no fix-ups in them.
    pub(crate) fn new(kind: BlockKind, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// A block from the bytes on the device.
    pub(crate) fn decode(kind: BlockKind, mut bytes: Vec<u8>) -> Result<Self, FormatError> {
        if kind != BlockKind::Page {
            fixup::remove(&mut bytes)?;
        }
        Ok(Self::new(kind, bytes))
    }

    /// The bytes for the device. The update sequence number moves on in memory
    /// too, so that two writes of a block never carry the same one.
    pub(crate) fn encode(&mut self) -> Result<Vec<u8>, FormatError> {
        let mut out = self.bytes.to_vec();
        if self.kind != BlockKind::Page {
            fixup::apply(&mut out)?;
            let array = usize::from(num::u16_at(&out, 4)?);
            let number: [u8; 2] = num::array(&out, array)?;
            num::put(&mut self.bytes, array, &number)?;
        }
        Ok(out)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, to be changed.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}
