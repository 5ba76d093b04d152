//! Streams of the Windows overlay filter (`WofCompressedData`).
//!
//! The stream is a table of chunk offsets and then the chunks. The table has one entry less than
//! there are chunks: where each chunk but the first begins, in bytes behind the table. Entries
//! have 4 bytes, or 8 when the file has 4 GiB or more. A chunk as long as its data is stored as it
//! is. Resources of WIM files have the same form.

use std::ops::Range;

use linkwright_reparse::WofAlgorithm;

use super::{CompressError, CompressErrorKind, lzx, xpress};

/// Where the chunks of one stream lie. Reading a chunk takes two reads of the stream: the table
/// entries in [`Layout::table_span`], then the bytes in [`Layout::data_span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    algorithm: WofAlgorithm,
    file_bytes: u64,
    stream_bytes: u64,
}

impl Layout {
    /// For a file of `file_bytes` bytes of data whose stream has `stream_bytes` bytes.
    ///
    /// # Errors
    /// [`CompressErrorKind::Truncated`] when the stream is shorter than its table.
    pub fn new(
        algorithm: WofAlgorithm,
        file_bytes: u64,
        stream_bytes: u64,
    ) -> Result<Self, CompressError> {
        let layout = Self {
            algorithm,
            file_bytes,
            stream_bytes,
        };
        if layout.table_bytes() > stream_bytes {
            return Err(CompressError::new(CompressErrorKind::Truncated, 0));
        }
        Ok(layout)
    }

    /// How the chunks are compressed.
    #[must_use]
    pub fn algorithm(&self) -> WofAlgorithm {
        self.algorithm
    }

    /// Number of chunks; 0 for an empty file.
    #[must_use]
    pub fn chunk_count(&self) -> u64 {
        self.file_bytes.div_ceil(self.unit())
    }

    /// The chunk that holds the byte at `offset` of the file.
    #[must_use]
    pub fn chunk_of(&self, offset: u64) -> u64 {
        offset / self.unit()
    }

    /// The part of the file that is in chunk `chunk`; empty behind the last one.
    #[must_use]
    pub fn file_span(&self, chunk: u64) -> Range<u64> {
        let start = chunk.saturating_mul(self.unit()).min(self.file_bytes);
        start..start.saturating_add(self.unit()).min(self.file_bytes)
    }

    /// The part of the stream that holds the table entries about chunk `chunk`: none, one or two
    /// entries, at most 16 bytes. Its bytes are to be given to [`Layout::data_span`].
    #[must_use]
    pub fn table_span(&self, chunk: u64) -> Range<u64> {
        let width = self.entry_bytes();
        let table = self.table_bytes();
        // Entry n tells the start of chunk n + 1.
        let start = chunk.saturating_sub(1).saturating_mul(width).min(table);
        let end = chunk.saturating_add(1).saturating_mul(width).min(table);
        start..end
    }

    /// The part of the stream that holds chunk `chunk`, from the bytes of the stream at
    /// [`Layout::table_span`].
    ///
    /// # Errors
    /// [`CompressErrorKind::BadChunkTable`] when the chunk would begin behind its end, end behind
    /// the stream, be longer than its data, or is none of the file's; `entries` of a wrong length
    /// give the same.
    pub fn data_span(&self, chunk: u64, entries: &[u8]) -> Result<Range<u64>, CompressError> {
        let bad = CompressError::new(
            CompressErrorKind::BadChunkTable(chunk),
            usize::try_from(self.table_span(chunk).start).unwrap_or(usize::MAX),
        );
        let data_bytes = self.stream_bytes - self.table_bytes();
        let last = self.chunk_count().checked_sub(1).ok_or(bad)?;
        let mut offsets = self.offsets(entries);
        let mut next = || offsets.next().ok_or(bad);
        let start = if chunk == 0 { 0 } else { next()? };
        let end = if chunk == last { data_bytes } else { next()? };
        let plain = self.file_span(chunk);
        let fits = start < end && end <= data_bytes && end - start <= plain.end - plain.start;
        if chunk > last || !fits {
            return Err(bad);
        }
        Ok(self.table_bytes() + start..self.table_bytes() + end)
    }

    fn offsets(&self, entries: &[u8]) -> impl Iterator<Item = u64> {
        let width = if self.entry_bytes() == 8 { 8 } else { 4 };
        entries.chunks_exact(width).map(|entry| {
            let mut bytes = [0; 8];
            for (to, from) in bytes.iter_mut().zip(entry) {
                *to = *from;
            }
            u64::from_le_bytes(bytes)
        })
    }

    fn unit(&self) -> u64 {
        match self.algorithm {
            WofAlgorithm::Xpress4K => 0x1000,
            WofAlgorithm::Xpress8K => 0x2000,
            WofAlgorithm::Xpress16K => 0x4000,
            WofAlgorithm::Lzx => 0x8000,
        }
    }

    fn entry_bytes(&self) -> u64 {
        if u32::try_from(self.file_bytes).is_ok() {
            4
        } else {
            8
        }
    }

    fn table_bytes(&self) -> u64 {
        self.chunk_count().saturating_sub(1) * self.entry_bytes()
    }
}

/// Decompresses one chunk: `compressed` is what the stream has at [`Layout::data_span`], `out` is
/// as long as the chunk's [`Layout::file_span`].
///
/// # Errors
/// [`CompressError`] when the bytes do not decompress to exactly `out.len()` bytes.
pub fn decompress_chunk(
    algorithm: WofAlgorithm,
    compressed: &[u8],
    out: &mut [u8],
) -> Result<(), CompressError> {
    if compressed.len() == out.len() {
        out.copy_from_slice(compressed);
        return Ok(());
    }
    if compressed.len() > out.len() || out.len() > algorithm.chunk_bytes() {
        let kind = CompressErrorKind::BadChunkSize {
            compressed: compressed.len(),
            plain: out.len(),
        };
        return Err(CompressError::new(kind, 0));
    }
    match algorithm {
        WofAlgorithm::Lzx => lzx::decompress(compressed, out),
        WofAlgorithm::Xpress4K | WofAlgorithm::Xpress8K | WofAlgorithm::Xpress16K => {
            xpress::decompress(compressed, out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chunks_lie_behind_a_table_of_one_entry_less() {
        let layout = Layout::new(WofAlgorithm::Xpress4K, 0x2001, 100).unwrap();
        assert_eq!(layout.chunk_count(), 3);
        assert_eq!(layout.chunk_of(0x1FFF), 1);
        assert_eq!(layout.file_span(2), 0x2000..0x2001);
        assert_eq!(layout.file_span(9), 0x2001..0x2001);
        assert_eq!(layout.table_span(0), 0..4);
        assert_eq!(layout.table_span(1), 0..8);
        assert_eq!(layout.table_span(2), 4..8);
        let (first, second) = (10u32.to_le_bytes(), 91u32.to_le_bytes());
        assert_eq!(layout.data_span(0, &first), Ok(8..18));
        assert_eq!(layout.data_span(1, &[first, second].concat()), Ok(18..99));
        assert_eq!(layout.data_span(2, &second), Ok(99..100));
    }

    #[test]
    fn entries_grow_to_eight_bytes_with_the_file() {
        let below = Layout::new(WofAlgorithm::Lzx, 0xFFFF_FFFF, 1 << 30).unwrap();
        assert_eq!(below.table_span(1), 0..8);
        let above = Layout::new(WofAlgorithm::Lzx, 0x1_0000_0000, 1 << 30).unwrap();
        assert_eq!(above.table_span(1), 0..16);
        let entries = [5u64.to_le_bytes(), 9u64.to_le_bytes()].concat();
        let table = 0x1_FFFF * 8;
        assert_eq!(above.data_span(1, &entries), Ok(table + 5..table + 9));
    }

    #[test]
    fn one_chunk_has_no_table_and_an_empty_file_no_chunk() {
        let one = Layout::new(WofAlgorithm::Lzx, 0x8000, 7).unwrap();
        assert_eq!(one.table_span(0), 0..0);
        assert_eq!(one.data_span(0, &[]), Ok(0..7));
        let none = Layout::new(WofAlgorithm::Lzx, 0, 0).unwrap();
        assert_eq!(none.chunk_count(), 0);
        assert!(none.data_span(0, &[]).is_err());
    }

    #[test]
    fn bad_tables_are_told_by_chunk() {
        let layout = Layout::new(WofAlgorithm::Xpress4K, 0x2001, 100).unwrap();
        let pair = |a: u32, b: u32| [a.to_le_bytes(), b.to_le_bytes()].concat();
        for entries in [
            pair(9, 8),
            pair(8, 8),
            pair(1, 93),
            pair(1, 0xFFFF_FFFF),
            vec![],
        ] {
            assert_eq!(
                layout.data_span(1, &entries).unwrap_err().kind,
                CompressErrorKind::BadChunkTable(1),
                "{entries:?}"
            );
        }
        // The last chunk has one byte of data, so ten compressed bytes are too many.
        assert!(layout.data_span(2, &82u32.to_le_bytes()).is_err());
        assert!(layout.data_span(3, &pair(1, 2)).is_err());
        assert_eq!(
            Layout::new(WofAlgorithm::Xpress4K, 0x2001, 7).unwrap_err(),
            CompressError::new(CompressErrorKind::Truncated, 0)
        );
    }

    #[test]
    fn a_chunk_as_long_as_its_data_is_stored() {
        let mut out = [0; 5];
        decompress_chunk(WofAlgorithm::Lzx, b"plain", &mut out).unwrap();
        assert_eq!(&out, b"plain");
        assert_eq!(
            decompress_chunk(WofAlgorithm::Lzx, b"longer", &mut out)
                .unwrap_err()
                .kind,
            CompressErrorKind::BadChunkSize {
                compressed: 6,
                plain: 5
            }
        );
    }

    proptest! {
        #[test]
        fn hostile_chunks_end(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            number in 0u32..4,
            plain in 0usize..0x9000,
        ) {
            let algorithm = WofAlgorithm::from_number(number).unwrap();
            let mut out = vec![0; plain];
            if let Err(error) = decompress_chunk(algorithm, &bytes, &mut out) {
                prop_assert!(error.offset <= bytes.len());
            }
        }

        #[test]
        fn hostile_tables_stay_in_the_stream(
            file in any::<u64>(),
            stream in any::<u64>(),
            chunk in any::<u64>(),
            entries in proptest::collection::vec(any::<u8>(), 0..17),
            number in 0u32..4,
        ) {
            let algorithm = WofAlgorithm::from_number(number).unwrap();
            if let Ok(layout) = Layout::new(algorithm, file, stream) {
                prop_assert!(layout.table_span(chunk).end <= stream);
                if let Ok(span) = layout.data_span(chunk, &entries) {
                    prop_assert!(span.end <= stream);
                    prop_assert!(span.end - span.start <= 0x8000);
                }
            }
        }
    }
}
