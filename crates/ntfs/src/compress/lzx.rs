//! LZX as WIM files and the overlay filter use it: chunks of 32 KiB, each on its own.
//!
//! The format is that of MS-PATCH (LZX DELTA) and of cabinet files with these differences: a chunk
//! has no header, the window is the chunk, a block's size is one bit for "32 KiB" or 16 bits, and
//! the addresses of x86 calls are always translated, with 12,000,000 as the size of the file.

use super::bits::BitReader;
use super::huffman::Huffman;
use super::output::Output;
use super::{CompressError, CompressErrorKind};

/// Data of one chunk, and with it the window.
pub(super) const CHUNK_BYTES: usize = 0x8000;

const LITERALS: usize = 256;
/// Ranges of distances in a window of 32 KiB.
const SLOTS: usize = 30;
const MAIN_SYMBOLS: usize = LITERALS + 8 * SLOTS;
const LENGTH_SYMBOLS: usize = 249;
const PRETREE_SYMBOLS: usize = 20;
const ALIGNED_SYMBOLS: usize = 8;
const MIN_MATCH: usize = 2;
/// Length header that says "longer: see the length tree".
const LONG_LENGTH: usize = 7;
/// Bits that the aligned tree codes.
const ALIGNED_BITS: u32 = 3;
/// Matches with one of the three last distances take the slots 0 to 2.
const REPEATED: usize = 3;

/// Decompresses one chunk; all of `out`, at most 32 KiB, must come from it.
pub(super) fn decompress(input: &[u8], out: &mut [u8]) -> Result<(), CompressError> {
    let mut chunk = Chunk {
        reader: BitReader::new(input, 0),
        input,
        out: Output::new(out),
        recent: [1; REPEATED],
        main_lengths: [0; MAIN_SYMBOLS],
        long_lengths: [0; LENGTH_SYMBOLS],
    };
    while chunk.out.room() > 0 {
        chunk.block()?;
    }
    chunk.reader.check_end()?;
    restore_calls(out);
    Ok(())
}

/// State that lasts from block to block.
struct Chunk<'a> {
    reader: BitReader<'a>,
    input: &'a [u8],
    out: Output<'a>,
    /// The last three distances, the latest first.
    recent: [usize; REPEATED],
    main_lengths: [u8; MAIN_SYMBOLS],
    long_lengths: [u8; LENGTH_SYMBOLS],
}

/// The trees of one block.
struct Trees {
    main: Huffman,
    long: Huffman,
    aligned: Option<Huffman>,
}

impl Chunk<'_> {
    fn block(&mut self) -> Result<(), CompressError> {
        let kind = self.reader.bits(3);
        let size = if self.reader.bits(1) == 1 {
            CHUNK_BYTES
        } else {
            self.number(16)
        };
        if size == 0 || size > self.out.room() {
            return Err(self.fail(CompressErrorKind::BadBlockSize(size)));
        }
        match kind {
            1 => {
                let trees = self.trees(None)?;
                self.matches(size, &trees)
            }
            2 => {
                let aligned = self.aligned_tree()?;
                let trees = self.trees(Some(aligned))?;
                self.matches(size, &trees)
            }
            3 => self.stored(size),
            other => {
                let other = u8::try_from(other).unwrap_or(u8::MAX);
                Err(self.fail(CompressErrorKind::BadBlockType(other)))
            }
        }
    }

    /// Padding to a word, the three last distances, the bytes, and one more if they are odd.
    fn stored(&mut self, size: usize) -> Result<(), CompressError> {
        let at = self.reader.word_boundary();
        let cut = CompressError::new(CompressErrorKind::Truncated, at.min(self.input.len()));
        let tail = self.input.get(at..).ok_or(cut)?;
        let (distances, tail) = tail.split_first_chunk::<12>().ok_or(cut)?;
        let (words, _) = distances.as_chunks::<4>();
        for (recent, word) in self.recent.iter_mut().zip(words) {
            *recent = usize::try_from(u32::from_le_bytes(*word)).unwrap_or(usize::MAX);
        }
        let bytes = tail.get(..size).ok_or(cut)?;
        self.out
            .extend(bytes)
            .map_err(|kind| self.reader.error(kind))?;
        let next = at + distances.len() + size + size % 2;
        // The pad byte may be missing behind the last block: then nothing more is read.
        self.reader = BitReader::new(self.input, next.min(self.input.len()));
        Ok(())
    }

    fn aligned_tree(&mut self) -> Result<Huffman, CompressError> {
        let mut lengths = [0; ALIGNED_SYMBOLS];
        for length in &mut lengths {
            *length = self.short_number(3);
        }
        Huffman::new(&lengths).map_err(|kind| self.fail(kind))
    }

    /// Code lengths are differences to those of the block before.
    fn trees(&mut self, aligned: Option<Huffman>) -> Result<Trees, CompressError> {
        let mut main = self.main_lengths;
        let (literals, matches) = main.split_at_mut(LITERALS);
        self.code_lengths(literals)?;
        self.code_lengths(matches)?;
        self.main_lengths = main;
        let mut long = self.long_lengths;
        self.code_lengths(&mut long)?;
        self.long_lengths = long;
        Ok(Trees {
            main: Huffman::new(&main).map_err(|kind| self.fail(kind))?,
            long: Huffman::new(&long).map_err(|kind| self.fail(kind))?,
            aligned,
        })
    }

    fn code_lengths(&mut self, lengths: &mut [u8]) -> Result<(), CompressError> {
        let mut pretree = [0; PRETREE_SYMBOLS];
        for length in &mut pretree {
            *length = self.short_number(4);
        }
        let pretree = Huffman::new(&pretree).map_err(|kind| self.fail(kind))?;
        let mut left = lengths.iter_mut();
        while !left.as_slice().is_empty() {
            let symbol = pretree.symbol(&mut self.reader)?;
            let (run, value) = match symbol {
                17 => (4 + self.number(4), Run::Zeros),
                18 => (20 + self.number(5), Run::Zeros),
                19 => {
                    let run = 4 + self.number(1);
                    (run, Run::Difference(pretree.symbol(&mut self.reader)?))
                }
                difference => (1, Run::Difference(difference)),
            };
            self.fill_run(&mut left, run, value)?;
        }
        Ok(())
    }

    /// Runs that reach past the end are cut: some compressors let the last one do so.
    fn fill_run(
        &self,
        left: &mut std::slice::IterMut<'_, u8>,
        run: usize,
        value: Run,
    ) -> Result<(), CompressError> {
        let mut value_of_run = None;
        for length in left.take(run) {
            let value = match (value_of_run, value) {
                (Some(value), _) => value,
                (None, Run::Zeros) => 0,
                (None, Run::Difference(difference)) => u8::try_from(difference)
                    .ok()
                    .filter(|&difference| difference <= 16)
                    .map(|difference| (*length + 17 - difference) % 17)
                    .ok_or_else(|| self.fail(CompressErrorKind::BadCodeLengths))?,
            };
            value_of_run = Some(value);
            *length = value;
        }
        Ok(())
    }

    /// A block of literals and matches; matches may not leave the block.
    fn matches(&mut self, size: usize, trees: &Trees) -> Result<(), CompressError> {
        let end = self.out.length() + size;
        while self.out.length() < end {
            let symbol = trees.main.symbol(&mut self.reader)?;
            let result = match symbol.checked_sub(LITERALS) {
                None => self.out.push(u8::try_from(symbol).unwrap_or(0)),
                Some(header) => {
                    let length = self.match_length(header % 8, trees)?;
                    let distance = self.match_distance(header / 8, trees)?;
                    if length > end - self.out.length() {
                        Err(CompressErrorKind::TooMuchData)
                    } else {
                        self.out.copy(distance, length)
                    }
                }
            };
            result.map_err(|kind| self.fail(kind))?;
        }
        Ok(())
    }

    fn match_length(&mut self, header: usize, trees: &Trees) -> Result<usize, CompressError> {
        let more = if header == LONG_LENGTH {
            trees.long.symbol(&mut self.reader)?
        } else {
            0
        };
        Ok(MIN_MATCH + header + more)
    }

    fn match_distance(&mut self, slot: usize, trees: &Trees) -> Result<usize, CompressError> {
        if slot < REPEATED {
            self.recent.swap(0, slot);
        } else {
            let (base, bits) = slot_range(slot);
            let low = match &trees.aligned {
                Some(aligned) if bits >= ALIGNED_BITS => {
                    let high = self.number(bits - ALIGNED_BITS);
                    (high << ALIGNED_BITS) + aligned.symbol(&mut self.reader)?
                }
                _ => self.number(bits),
            };
            let [first, second, _] = self.recent;
            // Slots from 3 on begin at 3, so this cannot be negative.
            self.recent = [(base + low).saturating_sub(2), first, second];
        }
        let [distance, ..] = self.recent;
        Ok(distance)
    }

    fn number(&mut self, bits: u32) -> usize {
        usize::try_from(self.reader.bits(bits)).unwrap_or(0)
    }

    fn short_number(&mut self, bits: u32) -> u8 {
        u8::try_from(self.reader.bits(bits)).unwrap_or(0)
    }

    fn fail(&self, kind: CompressErrorKind) -> CompressError {
        self.reader.error(kind)
    }
}

#[derive(Clone, Copy)]
enum Run {
    Zeros,
    /// To subtract, modulo 17, from the first old length of the run.
    Difference(usize),
}

/// First formatted distance of a slot and the number of bits that follow it: 0, 1, 2, 3, then two
/// slots for each number of bits from 1 on.
fn slot_range(slot: usize) -> (usize, u32) {
    match slot.checked_sub(4) {
        None => (slot, 0),
        Some(rest) => {
            let bits = rest / 2 + 1;
            ((2 + slot % 2) << bits, u32::try_from(bits).unwrap_or(0))
        }
    }
}

/// Size of the file that the compressor pretends, in bytes.
const PRETENDED_FILE: i32 = 12_000_000;
/// Opcode of a near call.
const CALL: u8 = 0xE8;
/// No call that begins in the last bytes of a chunk is translated.
const UNTRANSLATED_TAIL: usize = 10;

/// Turns the absolute addresses that the compressor put behind call opcodes into relative ones.
fn restore_calls(data: &mut [u8]) {
    let end = data.len().saturating_sub(UNTRANSLATED_TAIL);
    let mut at = 0;
    while let Some(skip) = data
        .get(at..end)
        .and_then(|rest| rest.iter().position(|&byte| byte == CALL))
    {
        at += skip;
        let here = i32::try_from(at).unwrap_or(i32::MAX);
        if let Some(operand) = data
            .get_mut(at + 1..)
            .and_then(<[u8]>::first_chunk_mut::<4>)
        {
            let absolute = i32::from_le_bytes(*operand);
            if (0..PRETENDED_FILE).contains(&absolute) {
                *operand = (absolute - here).to_le_bytes();
            } else if (-here..0).contains(&absolute) {
                *operand = (absolute + PRETENDED_FILE).to_le_bytes();
            }
        }
        at += 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bits highest first into little-endian words.
    #[derive(Default)]
    struct Bits(String);

    impl Bits {
        fn put(&mut self, value: usize, count: usize) -> &mut Self {
            if count > 0 {
                self.0.push_str(&format!("{value:0count$b}"));
            }
            self
        }

        /// Padding of 1 to 16 bits, as before a stored block.
        fn pad(&mut self) -> &mut Self {
            let count = 16 - self.0.len() % 16;
            self.put(0, count)
        }

        fn bytes(&self) -> Vec<u8> {
            let padded = format!("{}{}", self.0, "0".repeat((16 - self.0.len() % 16) % 16));
            let words = padded.as_bytes().chunks(16);
            words
                .flat_map(|word| {
                    let text = std::str::from_utf8(word).unwrap();
                    u16::from_str_radix(text, 2).unwrap().to_le_bytes()
                })
                .collect()
        }
    }

    fn distances() -> Vec<u8> {
        [1u32, 2, 3].iter().flat_map(|d| d.to_le_bytes()).collect()
    }

    fn stored_block(bytes: &[u8]) -> Vec<u8> {
        let mut block = Bits::default()
            .put(3, 3)
            .put(0, 1)
            .put(bytes.len(), 16)
            .pad()
            .bytes();
        block.extend(distances());
        block.extend(bytes);
        block
    }

    #[test]
    fn slots_follow_each_other_without_gap() {
        let mut next = 0;
        for slot in 0..SLOTS {
            let (base, bits) = slot_range(slot);
            assert_eq!(base, next, "slot {slot}");
            next = base + (1 << bits);
        }
        assert_eq!(next, CHUNK_BYTES);
    }

    #[test]
    fn stored_blocks_with_and_without_pad_byte() {
        let mut input = stored_block(b"odd");
        input.push(0xEE);
        input.extend(stored_block(b"even"));
        let mut out = [0; 7];
        decompress(&input, &mut out).unwrap();
        assert_eq!(&out, b"oddeven");
        // The pad byte behind the last block may be missing.
        let mut out = [0; 3];
        decompress(&stored_block(b"odd"), &mut out).unwrap();
        assert_eq!(&out, b"odd");
    }

    #[test]
    fn a_verbatim_block_repeats_the_distances_a_stored_block_set() {
        let mut input = stored_block(b"abcd");
        // Main tree: literal 'x' and slot 2 (distance 3), match length 2 + 0: two codes of one bit.
        let mut bits = Bits::default();
        bits.put(1, 3).put(0, 1).put(3, 16);
        // Pretree for the literals: symbols 16 (length 1), 18 and 17 (zero runs).
        let pretree = |bits: &mut Bits, lengths: &[(usize, usize)]| {
            for symbol in 0..PRETREE_SYMBOLS {
                let length = lengths.iter().find(|entry| entry.0 == symbol);
                bits.put(length.map_or(0, |entry| entry.1), 4);
            }
        };
        // Codes: 16 -> 0, 17 -> 10, 18 -> 11.
        let lengths = [(16, 1), (17, 2), (18, 2)];
        pretree(&mut bits, &lengths);
        // 120 zeros ('x' is 0x78): 51 + 51 + 18 zeros, one length 1, 135 zeros.
        bits.put(3, 2)
            .put(31, 5)
            .put(3, 2)
            .put(31, 5)
            .put(2, 2)
            .put(14, 4);
        bits.put(0, 1);
        bits.put(3, 2)
            .put(31, 5)
            .put(3, 2)
            .put(31, 5)
            .put(3, 2)
            .put(13, 5);
        // Matches: slot 2, header 0 is symbol 16 of 240: 16 zeros, one, 223 zeros.
        pretree(&mut bits, &lengths);
        bits.put(2, 2).put(12, 4).put(0, 1);
        for run in [51, 51, 51, 51] {
            bits.put(3, 2).put(run - 20, 5);
        }
        bits.put(2, 2).put(15, 4);
        // Length tree: 249 zeros.
        pretree(&mut bits, &lengths);
        for run in [51, 51, 51, 51, 45] {
            bits.put(3, 2).put(run - 20, 5);
        }
        // 'x' is code 0, the match code 1.
        bits.put(0, 1).put(1, 1);
        input.extend(bits.bytes());
        let mut out = [0; 7];
        decompress(&input, &mut out).unwrap();
        assert_eq!(&out, b"abcdxcd");
    }

    #[test]
    fn calls_are_translated_back() {
        let mut data = vec![0u8; 64];
        data[3] = CALL;
        data[4..8].copy_from_slice(&100i32.to_le_bytes());
        data[10] = CALL;
        data[11..15].copy_from_slice(&(-10i32).to_le_bytes());
        data[20] = CALL;
        data[21..25].copy_from_slice(&PRETENDED_FILE.to_le_bytes());
        data[54] = CALL;
        data[55] = 60;
        restore_calls(&mut data);
        assert_eq!(data[4..8], 97i32.to_le_bytes());
        assert_eq!(data[11..15], (PRETENDED_FILE - 10).to_le_bytes());
        assert_eq!(data[21..25], PRETENDED_FILE.to_le_bytes());
        assert_eq!(data[55], 60, "in the last ten bytes");
    }

    #[test]
    fn damage_is_told_by_kind() {
        use CompressErrorKind as K;
        let kind = |input: &[u8]| decompress(input, &mut [0; 8]).unwrap_err().kind;
        assert_eq!(kind(&[]), K::BadBlockSize(0));
        let head = |kind, size| Bits::default().put(kind, 3).put(0, 1).put(size, 16).bytes();
        assert_eq!(kind(&head(0, 1)), K::BadBlockType(0));
        assert_eq!(kind(&head(1, 9)), K::BadBlockSize(9));
        assert_eq!(kind(&head(3, 8)), K::Truncated);
        assert_eq!(kind(&head(1, 8)), K::BadCode);
        let whole = Bits::default().put(1, 3).put(1, 1).bytes();
        assert_eq!(kind(&whole), K::BadBlockSize(CHUNK_BYTES));
        let mut crowded = Bits::default();
        crowded.put(2, 3).put(0, 1).put(8, 16);
        for _ in 0..8 {
            crowded.put(1, 3);
        }
        assert_eq!(kind(&crowded.bytes()), K::BadCodeLengths);
    }
}
