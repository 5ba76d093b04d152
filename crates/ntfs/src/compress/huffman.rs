//! Canonical prefix codes: shorter codes first, equal lengths in order of the symbols, highest bit
//! first, as XPRESS and LZX use them.

use super::bits::BitReader;
use super::{CompressError, CompressErrorKind};

/// Longest code of either format.
const MAX_LENGTH: usize = 16;
/// Codes up to this length are looked up in one step.
const FAST_BITS: u32 = 10;

/// A decoder for one set of code lengths.
pub(super) struct Huffman {
    /// Per value of the next [`FAST_BITS`] bits: symbol and length, or length 0 for longer codes.
    fast: Vec<(u16, u8)>,
    /// Number of codes of each length.
    counts: [u16; MAX_LENGTH + 1],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Huffman {
    /// From the code length of each symbol; 0 means that the symbol has no code. Lengths that
    /// leave codes unused are accepted (LZX has trees without any symbol); meeting such a code is
    /// an error then.
    pub(super) fn new(lengths: &[u8]) -> Result<Self, CompressErrorKind> {
        let mut counts = [0u16; MAX_LENGTH + 1];
        for &length in lengths {
            *counts
                .get_mut(usize::from(length))
                .ok_or(CompressErrorKind::BadCodeLengths)? += 1;
        }
        let mut free: u32 = 1;
        for &count in counts.iter().skip(1) {
            free = (free << 1)
                .checked_sub(u32::from(count))
                .ok_or(CompressErrorKind::BadCodeLengths)?;
        }
        let symbols = sorted_symbols(lengths);
        Ok(Self {
            fast: fast_table(lengths, &symbols),
            counts,
            symbols,
        })
    }

    /// Reads one symbol.
    pub(super) fn symbol(&self, reader: &mut BitReader<'_>) -> Result<usize, CompressError> {
        let next = usize::try_from(reader.peek(FAST_BITS)).unwrap_or(0);
        let (symbol, length) = match self.fast.get(next) {
            Some(&(symbol, length)) if length > 0 => (symbol, u32::from(length)),
            _ => self
                .long_symbol(reader.peek(16))
                .ok_or_else(|| reader.error(CompressErrorKind::BadCode))?,
        };
        reader.consume(length);
        Ok(usize::from(symbol))
    }

    /// Walks the lengths: codes of one length are consecutive numbers.
    fn long_symbol(&self, next: u32) -> Option<(u16, u32)> {
        let mut first = 0;
        let mut index = 0;
        for (length, &count) in (1u32..).zip(self.counts.iter().skip(1)) {
            let count = u32::from(count);
            let place = (next >> (16 - length)).checked_sub(first)?;
            if place < count {
                let at = usize::try_from(index + place).ok()?;
                return Some((*self.symbols.get(at)?, length));
            }
            index += count;
            first = (first + count) << 1;
        }
        None
    }
}

fn sorted_symbols(lengths: &[u8]) -> Vec<u16> {
    let used = (0u16..).zip(lengths).filter(|&(_, &length)| length > 0);
    let mut symbols: Vec<(u8, u16)> = used.map(|(symbol, &length)| (length, symbol)).collect();
    symbols.sort_unstable();
    symbols.into_iter().map(|(_, symbol)| symbol).collect()
}

/// The lengths are proven to be no more than the codes there are.
fn fast_table(lengths: &[u8], symbols: &[u16]) -> Vec<(u16, u8)> {
    let size = 1usize << FAST_BITS;
    let mut table = Vec::with_capacity(size);
    for &symbol in symbols {
        let length = lengths.get(usize::from(symbol)).copied().unwrap_or(0);
        let Some(spare) = FAST_BITS.checked_sub(u32::from(length)) else {
            break;
        };
        table.extend(std::iter::repeat_n((symbol, length), 1 << spare));
    }
    table.resize(size, (0, 0));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_canonical() {
        // Lengths 2, 1, 3, 3 give 10, 0, 110, 111.
        let huffman = Huffman::new(&[2, 1, 3, 3]).unwrap();
        let word = 0b1001_1011_1010_0000u16.to_le_bytes();
        let mut reader = BitReader::new(&word, 0);
        let symbols: Vec<usize> = (0..6)
            .map(|_| huffman.symbol(&mut reader).unwrap())
            .collect();
        assert_eq!(symbols, [0, 1, 2, 3, 1, 0]);
    }

    #[test]
    fn codes_longer_than_the_fast_table_are_found() {
        // One code of each length 1 to 15, and two of length 16.
        let mut lengths: Vec<u8> = (1..=16).collect();
        lengths.push(16);
        let huffman = Huffman::new(&lengths).unwrap();
        for symbol in 0..17usize {
            // 0, 10, 110, ... and all ones for the last.
            let bits = u16::try_from(0xFFFF_0000u32 >> symbol & 0xFFFF).unwrap();
            let word = bits.to_le_bytes();
            let mut reader = BitReader::new(&word, 0);
            assert_eq!(huffman.symbol(&mut reader).unwrap(), symbol);
        }
    }

    #[test]
    fn too_many_codes_are_refused_and_unused_codes_are_met_as_errors() {
        assert_eq!(
            Huffman::new(&[1, 1, 1]).err(),
            Some(CompressErrorKind::BadCodeLengths)
        );
        assert_eq!(
            Huffman::new(&[17]).err(),
            Some(CompressErrorKind::BadCodeLengths)
        );
        for lengths in [&[0u8, 0][..], &[1]] {
            let huffman = Huffman::new(lengths).unwrap();
            let mut reader = BitReader::new(&[0xFF, 0xFF], 0);
            assert_eq!(
                huffman.symbol(&mut reader).unwrap_err().kind,
                CompressErrorKind::BadCode
            );
        }
    }
}
