//! XPRESS with Huffman codes: LZ77+Huffman of MS-XCA 2.2, one table per chunk.

use super::bits::BitReader;
use super::huffman::Huffman;
use super::output::Output;
use super::{CompressError, CompressErrorKind};

/// 512 code lengths of four bits each.
const TABLE_BYTES: usize = 256;
const LITERALS: usize = 256;
/// Matches are coded as their length less this.
const MIN_MATCH: usize = 3;
/// Length field that says "longer: see the bytes".
const LONG_LENGTH: usize = 15;

/// Decompresses one chunk of at most 64 KiB; all of `out` must come from it.
pub(super) fn decompress(input: &[u8], out: &mut [u8]) -> Result<(), CompressError> {
    let table = input
        .first_chunk::<TABLE_BYTES>()
        .ok_or(CompressError::new(
            CompressErrorKind::Truncated,
            input.len(),
        ))?;
    let lengths: Vec<u8> = table
        .iter()
        .flat_map(|&pair| [pair & 15, pair >> 4])
        .collect();
    let codes = Huffman::new(&lengths).map_err(|kind| CompressError::new(kind, 0))?;
    let mut reader = BitReader::new(input, TABLE_BYTES);
    let mut out = Output::new(out);
    while out.room() > 0 {
        let symbol = codes.symbol(&mut reader)?;
        match symbol.checked_sub(LITERALS) {
            None => out.push(u8::try_from(symbol).unwrap_or(0)),
            Some(header) => {
                let (distance, length) = read_match(header, &mut reader)?;
                out.copy(distance, length)
            }
        }
        .map_err(|kind| reader.error(kind))?;
    }
    reader.check_end()
}

/// Distance and length of a match: the length's long form comes before the distance's low bits.
fn read_match(header: usize, reader: &mut BitReader<'_>) -> Result<(usize, usize), CompressError> {
    let mut length = header & LONG_LENGTH;
    if length == LONG_LENGTH {
        length = long_length(reader)?;
    }
    let distance_bits = u32::try_from(header >> 4).unwrap_or(0);
    let low = usize::try_from(reader.bits(distance_bits)).unwrap_or(0);
    Ok(((1 << distance_bits) + low, length + MIN_MATCH))
}

fn long_length(reader: &mut BitReader<'_>) -> Result<usize, CompressError> {
    let [byte] = reader.bytes_after_words()?;
    if byte < 255 {
        return Ok(usize::from(byte) + LONG_LENGTH);
    }
    let mut length = usize::from(u16::from_le_bytes(reader.bytes_after_words()?));
    if length == 0 {
        length = usize::try_from(u32::from_le_bytes(reader.bytes_after_words()?))
            .unwrap_or(usize::MAX - MIN_MATCH);
    }
    if length < LONG_LENGTH {
        return Err(reader.error(CompressErrorKind::BadMatchLength));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code lengths of these symbols, then the bit stream.
    fn chunk(lengths: &[(usize, u8)], tail: &[u8]) -> Vec<u8> {
        let mut table = vec![0u8; TABLE_BYTES];
        for &(symbol, length) in lengths {
            table[symbol / 2] |= length << (4 * (symbol % 2));
        }
        table.extend_from_slice(tail);
        table
    }

    #[test]
    fn literals_of_five_bits() {
        let lengths: Vec<(usize, u8)> = (0x61..=0x7A).map(|symbol| (symbol, 5)).collect();
        // 26 codes of five bits in order, written as a bit string.
        let bits: String = (0..26).map(|code| format!("{code:05b}")).collect();
        let padded = format!("{bits:0<144}");
        let words: Vec<u8> = padded
            .as_bytes()
            .chunks(16)
            .flat_map(|word| {
                let text = std::str::from_utf8(word).unwrap();
                u16::from_str_radix(text, 2).unwrap().to_le_bytes()
            })
            .collect();
        let mut out = [0; 26];
        decompress(&chunk(&lengths, &words), &mut out).unwrap();
        assert_eq!(&out, b"abcdefghijklmnopqrstuvwxyz");
    }

    #[test]
    fn a_long_match_as_published() {
        // MS-XCA 3.2, 100 times "abc": three literals, a match of 297 bytes, the end mark.
        let lengths = [(0x61, 3), (0x62, 3), (0x63, 2), (0x100, 2), (0x11F, 2)];
        let input = chunk(&lengths, &[0xA8, 0xDC, 0x00, 0x00, 0xFF, 0x26, 0x01]);
        let mut out = vec![0; 300];
        decompress(&input, &mut out).unwrap();
        assert_eq!(out, b"abc".repeat(100));
    }

    #[test]
    fn damage_is_told_by_kind() {
        use CompressErrorKind as K;
        let kind =
            |input: &[u8], room: usize| decompress(input, &mut vec![0; room]).unwrap_err().kind;
        assert_eq!(kind(&[0; 255], 1), K::Truncated);
        assert_eq!(kind(&[0x11; 256], 1), K::BadCodeLengths);
        assert_eq!(kind(&[0; 300], 1), K::BadCode);
        // One literal code 0 of one bit: 32 literals need two words.
        let zeros = chunk(&[(0, 1)], &[0; 4]);
        assert_eq!(decompress(&zeros, &mut [9; 32]), Ok(()));
        assert_eq!(kind(&zeros, 33), K::Truncated);
        // A match first: nothing to repeat.
        let early = chunk(&[(0, 1), (0x101, 1)], &[0, 0xFF, 0, 0]);
        assert_eq!(
            kind(&early, 9),
            K::BadDistance {
                distance: 1,
                available: 0
            }
        );
        // Literal, then a match of four where two fit.
        let long = chunk(&[(0, 1), (0x101, 1)], &[0, 0x40, 0, 0]);
        assert_eq!(decompress(&long, &mut [9; 5]), Ok(()));
        assert_eq!(kind(&long, 3), K::TooMuchData);
        // A long length of fewer than 15.
        let short = chunk(&[(0, 1), (0x10F, 1)], &[0, 0x40, 0, 0, 255, 14, 0]);
        assert_eq!(kind(&short, 9), K::BadMatchLength);
    }
}
