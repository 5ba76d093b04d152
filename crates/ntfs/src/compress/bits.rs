//! Bit streams of 16-bit little-endian words, highest bit first (MS-XCA 2.2, MS-PATCH 2.2).

use super::{CompressError, CompressErrorKind};

/// Reads bits ahead by at least 16, as both formats prescribe, because bytes that lie between the
/// words are found by where the reading has got to. Past the end there are zero bits; whoever
/// reads must ask [`BitReader::check_end`] in the end.
pub(super) struct BitReader<'a> {
    input: &'a [u8],
    /// Next byte to fetch; can lie behind the input.
    position: usize,
    held: u64,
    held_count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(input: &'a [u8], position: usize) -> Self {
        let mut reader = Self {
            input,
            position,
            held: 0,
            held_count: 0,
        };
        reader.fetch_word();
        reader.fetch_word();
        reader
    }

    fn fetch_word(&mut self) {
        let byte = |at: usize| u64::from(self.input.get(at).copied().unwrap_or(0));
        let word = byte(self.position) | byte(self.position + 1) << 8;
        self.held = self.held << 16 | word;
        self.held_count += 16;
        self.position += 2;
    }

    /// The next `count` bits (at most 16) without consuming them.
    pub(super) fn peek(&self, count: u32) -> u32 {
        let bits = self.held >> self.held_count.saturating_sub(count);
        u32::try_from(bits & ((1 << count) - 1)).unwrap_or(0)
    }

    /// Consumes up to 16 bits.
    pub(super) fn consume(&mut self, count: u32) {
        self.held_count = self.held_count.saturating_sub(count);
        self.held &= (1 << self.held_count) - 1;
        if self.held_count < 16 {
            self.fetch_word();
        }
    }

    /// Reads up to 16 bits.
    pub(super) fn bits(&mut self, count: u32) -> u32 {
        let bits = self.peek(count);
        self.consume(count);
        bits
    }

    /// Reads whole bytes from where the words have been fetched up to (XPRESS long lengths).
    pub(super) fn bytes_after_words<const N: usize>(&mut self) -> Result<[u8; N], CompressError> {
        let bytes = self
            .input
            .get(self.position..)
            .and_then(|tail| tail.first_chunk::<N>())
            .ok_or_else(|| self.error(CompressErrorKind::Truncated))?;
        self.position += N;
        Ok(*bytes)
    }

    /// Byte position behind the padding of 1 to 16 bits that ends at a word (LZX).
    pub(super) fn word_boundary(&self) -> usize {
        // Words held in full have not been begun.
        let whole_words = usize::try_from(self.held_count / 16).unwrap_or(0);
        let begun = !self.held_count.is_multiple_of(16);
        let next = self.position - 2 * whole_words;
        if begun { next } else { next + 2 }
    }

    /// Whether the stream, all bits consumed so far, lies inside the input.
    pub(super) fn check_end(&self) -> Result<(), CompressError> {
        let held_bytes = usize::try_from(self.held_count / 8).unwrap_or(0);
        if self.position - held_bytes > self.input.len() {
            return Err(CompressError::new(
                CompressErrorKind::Truncated,
                self.input.len(),
            ));
        }
        Ok(())
    }

    /// An error at the present place.
    pub(super) fn error(&self, kind: CompressErrorKind) -> CompressError {
        CompressError::new(kind, self.position.min(self.input.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_top_of_each_word() {
        let mut reader = BitReader::new(&[0x34, 0x12, 0x78, 0x56, 0xBC, 0x9A], 0);
        assert_eq!(reader.bits(4), 1);
        assert_eq!(reader.bits(8), 0x23);
        assert_eq!(reader.peek(16), 0x4567);
        assert_eq!(reader.bits(16), 0x4567);
        assert_eq!(reader.bits(0), 0);
        assert_eq!(reader.bits(16), 0x89AB);
        assert_eq!(reader.check_end(), Ok(()));
        assert_eq!(reader.bits(4), 0xC);
        assert_eq!(reader.check_end(), Ok(()));
        assert_eq!(reader.bits(8), 0);
        let error = reader.check_end().unwrap_err();
        assert_eq!(error, CompressError::new(CompressErrorKind::Truncated, 6));
    }

    #[test]
    fn bytes_lie_behind_the_words_fetched_so_far() {
        let mut reader = BitReader::new(&[0, 0, 0, 0, 7, 8, 9], 0);
        assert_eq!(reader.bytes_after_words::<1>(), Ok([7]));
        assert_eq!(reader.bytes_after_words::<2>(), Ok([8, 9]));
        assert_eq!(
            reader.bytes_after_words::<1>().unwrap_err().kind,
            CompressErrorKind::Truncated
        );
    }

    #[test]
    fn padding_is_one_to_sixteen_bits() {
        let input = [0; 12];
        let mut reader = BitReader::new(&input, 0);
        assert_eq!(reader.word_boundary(), 2);
        reader.bits(1);
        assert_eq!(reader.word_boundary(), 2);
        reader.bits(15);
        assert_eq!(reader.word_boundary(), 4);
        reader.bits(16);
        reader.bits(3);
        assert_eq!(reader.word_boundary(), 6);
    }
}
