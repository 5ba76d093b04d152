//! Decompression of NTFS data: LZNT1 compression units and overlay (WOF) streams.
//!
//! Pure functions over byte slices; nothing here knows volumes or files. Input is hostile: every
//! function ends in time linear in its output and reports damage as [`CompressError`]. The formats
//! are described in MS-XCA (LZNT1, LZ77+Huffman) and MS-PATCH (LZX); see
//! `docs/decisions/0006-own-decompressors.md` for why they are decoded here.

mod bits;
mod huffman;
pub mod lznt1;
mod lzx;
mod output;
pub mod wof;
mod xpress;

#[cfg(test)]
mod wim_oracle;

/// Why compressed bytes cannot be decompressed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (byte {offset} of the compressed data)")]
pub struct CompressError {
    /// What is wrong.
    pub kind: CompressErrorKind,
    /// About where, in bytes from the start of the compressed input of the call; bit streams are
    /// read ahead by up to four bytes.
    pub offset: usize,
}

/// What is wrong with compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompressErrorKind {
    /// The input ends in the middle.
    #[error("the compressed data ends too early")]
    Truncated,
    /// The header of an LZNT1 chunk has a wrong signature.
    #[error("the chunk header 0x{0:04X} is not valid")]
    BadChunkHeader(u16),
    /// A match reaches back before the start of its chunk.
    #[error("a match reaches back {distance} bytes, but only {available} are there")]
    BadDistance {
        /// How far the match reaches back, in bytes.
        distance: usize,
        /// Bytes already decompressed.
        available: usize,
    },
    /// The data goes on although the chunk is full.
    #[error("the compressed data is for more bytes than its chunk has")]
    TooMuchData,
    /// More than the room given to the whole unit is described.
    #[error("the compressed data has more chunks than its unit")]
    TooManyChunks,
    /// The code lengths describe no prefix code.
    #[error("the Huffman code lengths contradict each other")]
    BadCodeLengths,
    /// A bit sequence that stands for no symbol.
    #[error("a bit sequence stands for no symbol")]
    BadCode,
    /// A match length that its own encoding forbids.
    #[error("a match length is not valid")]
    BadMatchLength,
    /// An LZX block type other than 1, 2, 3.
    #[error("the LZX block type {0} is not known")]
    BadBlockType(u8),
    /// An LZX block of no bytes, or of more than the chunk has room for.
    #[error("an LZX block of {0} bytes does not fit its chunk")]
    BadBlockSize(usize),
    /// An offset in the chunk table of an overlay stream that points outside, or backwards.
    #[error("the chunk table entry of chunk {0} is not valid")]
    BadChunkTable(u64),
    /// A chunk that is longer compressed than not.
    #[error("chunk of {compressed} compressed bytes for {plain}")]
    BadChunkSize {
        /// Compressed length in bytes.
        compressed: usize,
        /// Length of the data in bytes.
        plain: usize,
    },
}

impl CompressError {
    pub(crate) const fn new(kind: CompressErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}
