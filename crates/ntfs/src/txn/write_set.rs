//! The blocks that a commit writes.

/// Blocks that follow each other on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// Byte offset on the device.
    pub(crate) offset: u64,
    /// Encoded bytes.
    pub(crate) bytes: Vec<u8>,
    /// Where each block ends in them.
    pub(crate) ends: Vec<usize>,
}

impl Write {
    /// One block.
    pub(crate) fn block(offset: u64, bytes: Vec<u8>) -> Self {
        let ends = vec![bytes.len()];
        Self {
            offset,
            bytes,
            ends,
        }
    }

    /// The blocks: where each starts in the bytes, and its own bytes.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let start = core::mem::replace(&mut from, *end);
            (start, self.bytes.get(start..*end).unwrap_or_default())
        })
    }

    /// First byte behind it.
    pub(crate) fn end(&self) -> u64 {
        self.offset
            .saturating_add(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

/// Encoded blocks in ascending order of their offsets, none overlapping.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    writes: Vec<Write>,
}

/// Neighbouring blocks are joined up to this many bytes.
const JOIN_LIMIT: usize = 1 << 20;

impl WriteSet {
    /// Adds a block behind those there are; one that follows its predecessor
    /// on the device is joined to it.
    pub(crate) fn push(&mut self, offset: u64, bytes: &[u8]) {
        if let Some(last) = self.writes.last_mut()
            && last.end() == offset
            && last.bytes.len() + bytes.len() <= JOIN_LIMIT
        {
            last.bytes.extend_from_slice(bytes);
            last.ends.push(last.bytes.len());
        } else {
            self.writes.push(Write::block(offset, bytes.to_vec()));
        }
    }

    /// The writes.
    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}
