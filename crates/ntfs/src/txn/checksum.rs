//! A 64-bit checksum: tells torn and foreign bytes from ours. It is no
//! defence against somebody who makes bytes to fit it.

const K: u64 = 0x9FB2_1C65_1E98_DF25;
const LANES: usize = 4;

/// The checksum of `bytes`.
pub(super) fn of(bytes: &[u8]) -> u64 {
    let mut lanes = [K, K.rotate_left(16), K.rotate_left(32), K.rotate_left(48)];
    let (groups, rest) = bytes.as_chunks::<{ LANES * 8 }>();
    for group in groups {
        let (words, _) = group.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    }
    let mut sum = mix(K, bytes.len() as u64);
    for byte in rest {
        sum = mix(sum, u64::from(*byte));
    }
    for lane in lanes {
        sum = mix(sum, lane);
    }
    sum ^ (sum >> 32)
}

/// The checksum of parts that follow each other, from that of the parts before.
pub(super) fn chain(before: u64, part: &[u8]) -> u64 {
    mix(before, of(part))
}

fn mix(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(K).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_bit_and_every_length_counts() {
        let base = [0x5A; 512];
        let sum = of(&base);
        for bit in 0..512 * 8 {
            let mut other = base;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(of(&other), sum, "bit {bit}");
        }
        let lengths: std::collections::BTreeSet<u64> =
            (0..=512).map(|n| of(&[0; 512][..n])).collect();
        assert_eq!(lengths.len(), 513);
        let mut swapped = [0; 64];
        swapped[0] = 1;
        let first = of(&swapped);
        swapped.swap(0, 32);
        assert_ne!(of(&swapped), first);
    }
}
