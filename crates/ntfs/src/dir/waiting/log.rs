//! Entries in the order they came.

use linkwright_ntfs_format::RecordNumber;

/// An entry among others.
#[derive(Debug, Clone, Copy)]
struct Piece {
    directory: u64,
    /// Where it begins; it ends where the next one does.
    start: usize,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Log {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Log {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.pieces.len() * size_of::<Piece>()
    }

    pub(super) fn push(&mut self, directory: RecordNumber, entry: &[u8]) {
        self.pieces.push(Piece {
            directory: directory.0,
            start: self.bytes.len(),
        });
        self.bytes.extend_from_slice(entry);
    }

    /// Takes the last entry away; tells its directory.
    pub(super) fn pop(&mut self) -> Option<u64> {
        let piece = self.pieces.pop()?;
        self.bytes.truncate(piece.start);
        Some(piece.directory)
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }

    /// The directory of each entry.
    pub(super) fn directories(&self) -> impl Iterator<Item = u64> + '_ {
        self.pieces.iter().map(|piece| piece.directory)
    }

    /// An entry as it was encoded.
    pub(super) fn entry(&self, at: usize) -> &[u8] {
        let start = |at: usize| self.pieces.get(at).map(|piece| piece.start);
        let from = start(at).unwrap_or(self.bytes.len());
        let to = start(at + 1).unwrap_or(self.bytes.len());
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// The directory of an entry.
    pub(super) fn directory(&self, at: usize) -> Option<RecordNumber> {
        let piece = self.pieces.get(at)?;
        Some(RecordNumber(piece.directory))
    }
}
