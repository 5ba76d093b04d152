//! The blocks that a commit writes.

/// Bytes for one place of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// Byte offset on the device.
    pub(crate) offset: u64,
    /// Encoded bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Encoded blocks in ascending order of their offsets, none overlapping.
#[derive(Debug, Default)]
pub(crate) struct WriteSet {
    writes: Vec<Write>,
}

/// Neighbouring writes are joined up to this many bytes.
const JOIN_LIMIT: usize = 1 << 20;

impl WriteSet {
    /// Adds a write behind those there are; one that follows its predecessor
    /// on the device is joined to it.
    pub(crate) fn push(&mut self, write: Write) {
        if let Some(last) = self.writes.last_mut()
            && last.offset + u64::try_from(last.bytes.len()).unwrap_or(u64::MAX) == write.offset
            && last.bytes.len() + write.bytes.len() <= JOIN_LIMIT
        {
            last.bytes.extend_from_slice(&write.bytes);
        } else {
            self.writes.push(write);
        }
    }

    /// The writes.
    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }
}
