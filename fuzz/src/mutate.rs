//! Inputs on any compiler: changed seeds, without coverage.
//!
//! [`input`] is a function of the seeds and two numbers, so that whoever knows
//! those knows the input, even when the process that ran it is gone.

use crate::LONGEST;

/// A generator of numbers that look random: xorshift64*.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// A generator; equal seeds give equal numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`; 0 when that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let high = self.number() >> 16;
        usize::try_from(high).unwrap_or(0) % limit.max(1)
    }
}

/// The input of a round: one of the seeds, changed in one to eight places.
#[must_use]
pub fn input(seeds: &[Vec<u8>], seed: u64, round: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(seed ^ round.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let mut bytes = seeds
        .get(numbers.below(seeds.len()))
        .cloned()
        .unwrap_or_default();
    for _ in 0..=numbers.below(8) {
        change(&mut bytes, seeds, &mut numbers);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    if bytes.is_empty() {
        bytes.extend((0..=numbers.below(64)).map(|_| numbers.number().to_le_bytes()[7]));
        return;
    }
    let at = numbers.below(bytes.len());
    match numbers.below(12) {
        0 => bytes[at] ^= 1 << numbers.below(8),
        1 => bytes[at] = numbers.number().to_le_bytes()[7],
        2..=6 => number_into(bytes, numbers),
        7 => {
            let end = (at + 1 + numbers.below(32)).min(bytes.len());
            bytes.drain(at..end);
        }
        8 => {
            let end = (at + 1 + numbers.below(32)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = numbers.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        9 => {
            let end = (at + 1 + numbers.below(64)).min(bytes.len());
            let to = numbers.below(bytes.len() - (end - at) + 1);
            bytes.copy_within(at..end, to);
        }
        10 => bytes.truncate(at),
        _ => splice_other(bytes, seeds, numbers),
    }
}

/// Puts a number that decoders trip over somewhere.
fn number_into(bytes: &mut [u8], numbers: &mut Numbers) {
    let value = match numbers.below(10) {
        0 => 0,
        1 => u64::MAX,
        2 => i64::MAX.unsigned_abs(),
        3 => 1 << numbers.below(64),
        4 | 5 => numbers.number() % 64,
        6 => numbers.number() % 4096,
        _ => numbers.number(),
    };
    let width = (1 << numbers.below(4)).min(bytes.len());
    let at = numbers.below(bytes.len() - width + 1);
    bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

/// Goes on with the rest of another seed.
fn splice_other(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], numbers: &mut Numbers) {
    let Some(other) = seeds.get(numbers.below(seeds.len())) else {
        return;
    };
    let at = numbers.below(bytes.len());
    let from = numbers.below(other.len());
    bytes.truncate(at);
    bytes.extend_from_slice(other.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_come_again_and_differ() {
        let seeds = [b"a seed of some length".to_vec(), vec![0; 100]];
        let inputs: Vec<_> = (0..500).map(|round| input(&seeds, 7, round)).collect();
        let again: Vec<_> = (0..500).map(|round| input(&seeds, 7, round)).collect();
        assert_eq!(inputs, again);
        let mut different = inputs.clone();
        different.sort();
        different.dedup();
        assert!(different.len() > 450, "{}", different.len());
        // No seeds at all do too.
        assert!((0..100).any(|round| !input(&[], 7, round).is_empty()));
    }
}
