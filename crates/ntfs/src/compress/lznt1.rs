//! LZNT1 (MS-XCA 2.5): what the compression attribute of NTFS files stores.

use super::output::Output;
use super::{CompressError, CompressErrorKind};

/// Bytes of data in every chunk but the last.
pub const CHUNK_BYTES: usize = 4096;

const SIZE_MASK: u16 = 0x0FFF;
const SIGNATURE_MASK: u16 = 0x7000;
const SIGNATURE: u16 = 0x3000;
const COMPRESSED: u16 = 0x8000;
const MIN_MATCH: usize = 3;

/// Decompresses one compression unit of a file.
///
/// `compressed` is the content of the unit's allocated clusters (bytes behind the end mark are
/// ignored); `out` is as long as the unit's data, at most the unit's size. Chunks follow each
/// other until `out` is full, a header of zero ends them, or no two bytes are left; what no chunk
/// fills is zero, as is the rest of a chunk that decompresses to fewer than 4,096 bytes.
///
/// A unit all of whose clusters are allocated is not compressed, and one without clusters is a
/// hole: both are the caller's to tell.
///
/// # Errors
/// [`CompressError`] for a wrong chunk header, a chunk cut off, a match that reaches back before
/// its chunk, and data for more than 4,096 bytes in a chunk. `out` is unspecified then.
pub fn decompress_unit(compressed: &[u8], out: &mut [u8]) -> Result<(), CompressError> {
    let mut at = 0;
    let mut chunks = out.chunks_mut(CHUNK_BYTES);
    for chunk in chunks.by_ref() {
        let Some(header) = header_at(compressed, at).filter(|&header| header != 0) else {
            chunk.fill(0);
            break;
        };
        if header & SIGNATURE_MASK != SIGNATURE {
            let kind = CompressErrorKind::BadChunkHeader(header);
            return Err(CompressError::new(kind, at));
        }
        let start = at + 2;
        let end = start + usize::from(header & SIZE_MASK) + 1;
        let data = compressed
            .get(start..end)
            .ok_or(CompressError::new(CompressErrorKind::Truncated, at))?;
        let filled = if header & COMPRESSED == 0 {
            stored_chunk(data, chunk)
        } else {
            compressed_chunk(data, chunk, start)?
        };
        chunk.get_mut(filled..).unwrap_or_default().fill(0);
        at = end;
    }
    for chunk in chunks {
        chunk.fill(0);
    }
    Ok(())
}

fn header_at(compressed: &[u8], at: usize) -> Option<u16> {
    let bytes = compressed.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*bytes))
}

/// The last chunk of a file is stored in full, whatever the file's size.
fn stored_chunk(data: &[u8], chunk: &mut [u8]) -> usize {
    let length = data.len().min(chunk.len());
    for (to, from) in chunk.iter_mut().zip(data) {
        *to = *from;
    }
    length
}

/// Decompresses into a whole chunk, then hands over what the caller has room for, so that a last
/// chunk that describes more than the file's size is no error.
fn compressed_chunk(data: &[u8], chunk: &mut [u8], start: usize) -> Result<usize, CompressError> {
    if chunk.len() == CHUNK_BYTES {
        return expand(data, chunk, start);
    }
    let mut whole = [0; CHUNK_BYTES];
    let filled = expand(data, &mut whole, start)?;
    Ok(stored_chunk(whole.get(..filled).unwrap_or(&whole), chunk))
}

fn expand(data: &[u8], chunk: &mut [u8], start: usize) -> Result<usize, CompressError> {
    let mut out = Output::new(chunk);
    let mut bytes = data.iter().copied().enumerate();
    while let Some((_, flags)) = bytes.next() {
        for bit in 0..8 {
            let Some((at, low)) = bytes.next() else { break };
            let fail = |kind| CompressError::new(kind, start + at);
            if flags >> bit & 1 == 0 {
                out.push(low).map_err(fail)?;
                continue;
            }
            let (_, high) = bytes.next().ok_or(fail(CompressErrorKind::Truncated))?;
            let token = usize::from(u16::from_le_bytes([low, high]));
            let length_bits = length_bits(out.length());
            let distance = (token >> length_bits) + 1;
            let length = (token & ((1 << length_bits) - 1)) + MIN_MATCH;
            out.copy(distance, length).map_err(fail)?;
        }
    }
    Ok(out.length())
}

/// Bits of a token that give its length: as many as the distance leaves, which needs four at least
/// and one more each time the place in the chunk passes a power of two (MS-XCA 2.5.1.4).
fn length_bits(filled: usize) -> u32 {
    let distance_bits = usize::BITS - filled.saturating_sub(1).leading_zeros();
    16 - distance_bits.max(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(compressed: &[u8], length: usize) -> Vec<u8> {
        let mut out = vec![0xEE; length];
        decompress_unit(compressed, &mut out).unwrap();
        out
    }

    /// Header and data of one compressed chunk.
    fn chunk(data: &[u8]) -> Vec<u8> {
        let size = u16::try_from(data.len() - 1).unwrap();
        let mut bytes = (COMPRESSED | SIGNATURE | size).to_le_bytes().to_vec();
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn published_example_decompresses() {
        // MS-XCA 3.1 (an LZNT1 buffer of one chunk).
        let compressed = [
            0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2,
            0x47, 0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0,
            0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58,
            0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01,
            0x18, 0x90, 0x00,
        ];
        let plain = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        assert_eq!(unit(&compressed, plain.len()), plain);
    }

    #[test]
    fn token_split_follows_the_place_in_the_chunk() {
        for (filled, bits) in [
            (1, 12),
            (16, 12),
            (17, 11),
            (32, 11),
            (33, 10),
            (64, 10),
            (2048, 5),
            (2049, 4),
            (4095, 4),
        ] {
            assert_eq!(length_bits(filled), bits, "{filled}");
        }
    }

    #[test]
    fn short_chunks_are_padded_and_the_end_mark_ends_the_unit() {
        let mut bytes = chunk(&[0, b'a', b'b']);
        bytes.extend(chunk(&[2, b'c', 0xFC, 0x0F]));
        bytes.extend([0, 0, 0xDE, 0xAD]);
        let out = unit(&bytes, 3 * CHUNK_BYTES);
        assert_eq!(&out[..3], b"ab\0");
        assert!(out[2..CHUNK_BYTES].iter().all(|&byte| byte == 0));
        assert!(
            out[CHUNK_BYTES..][..CHUNK_BYTES]
                .iter()
                .all(|&byte| byte == b'c')
        );
        assert!(out[2 * CHUNK_BYTES..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn stored_chunks_are_copied() {
        let mut bytes = 0x3FFFu16.to_le_bytes().to_vec();
        let data: Vec<u8> = (0..=250).cycle().take(CHUNK_BYTES).collect();
        bytes.extend(&data);
        assert_eq!(unit(&bytes, CHUNK_BYTES), data);
        assert_eq!(unit(&bytes, 100), data[..100]);
        assert_eq!(unit(&[], 10), [0; 10]);
    }

    #[test]
    fn a_last_chunk_may_describe_more_than_the_caller_wants() {
        let bytes = chunk(&[2, b'x', 0xFC, 0x0F]);
        assert_eq!(unit(&bytes, CHUNK_BYTES), [b'x'; CHUNK_BYTES]);
        assert_eq!(unit(&bytes, 10), [b'x'; 10]);
    }

    #[test]
    fn damage_is_told_by_kind_and_place() {
        use CompressErrorKind as K;
        for (bytes, kind, offset) in [
            (vec![0x01, 0x80], K::BadChunkHeader(0x8001), 0),
            (vec![0x05, 0xB0, 0, 0], K::Truncated, 0),
            (chunk(&[1, 7]), K::Truncated, 3),
            (
                chunk(&[1, 0, 0]),
                K::BadDistance {
                    distance: 1,
                    available: 0,
                },
                3,
            ),
            (
                chunk(&[2, b'a', 0x00, 0x10]),
                K::BadDistance {
                    distance: 2,
                    available: 1,
                },
                4,
            ),
            (chunk(&[2, b'a', 0xFF, 0x0F]), K::TooMuchData, 4),
        ] {
            let error = decompress_unit(&bytes, &mut [0; CHUNK_BYTES]).unwrap_err();
            assert_eq!(error, CompressError { kind, offset }, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn hostile_units_end(bytes in proptest::collection::vec(any::<u8>(), 0..300), length in 0usize..9000) {
            let mut framed = bytes.clone();
            if let [_, high, ..] = framed.as_mut_slice() {
                *high = *high & 0x80 | 0x30;
            }
            for input in [bytes, framed] {
                if let Err(error) = decompress_unit(&input, &mut vec![0; length]) {
                    prop_assert!(error.offset <= input.len());
                }
            }
        }

        #[test]
        fn output_of_another_compressor_decompresses(seed in proptest::collection::vec(0u8..4, 1..200), repeat in 1usize..80) {
            let plain = seed.repeat(repeat);
            let mut compressed = Vec::new();
            ::lznt1::compress(&plain, &mut compressed);
            prop_assert_eq!(unit(&compressed, plain.len()), plain);
        }
    }
}
