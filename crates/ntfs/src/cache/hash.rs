//! How keys are spread in tables.

use std::hash::Hasher;

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Numbers of any kind: one multiplication spreads them.
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(GOLDEN);
        self.0 = mixed ^ (mixed >> 29);
    }
}

/// Device offsets of blocks. Those of 16 KiB stand side by side in a table, so
/// that going over blocks in order goes over memory in order; the stretches are
/// spread. (A table takes the place from the lowest bits, and tells keys of one
/// place apart by the highest.)
#[derive(Default)]
pub(super) struct OffsetHasher(u64);

impl Hasher for OffsetHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        let value = self.0.rotate_left(32) ^ value;
        let apart = (value >> 9).wrapping_mul(GOLDEN) & (u64::MAX << 57);
        let stretch = ((value >> 14).wrapping_mul(GOLDEN) >> 32) & !15;
        self.0 = apart | stretch | ((value >> 10) & 15);
    }
}

/// Bits of a sieve for each key: one in so many keys that are not in it passes.
const BITS: usize = 16;

/// Tells of most keys that they are not in a set, by one bit for each that is:
/// a set that is searched for what it mostly has not.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    words: Vec<u64>,
    shift: u32,
}

impl Sieve {
    pub(super) fn new(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let bits = (keys.len() * BITS).next_power_of_two().max(64);
        let mut sieve = Self {
            words: vec![0; bits / 64],
            shift: u64::BITS - bits.trailing_zeros(),
        };
        for key in keys {
            let (word, bit) = sieve.place(key);
            if let Some(word) = sieve.words.get_mut(word) {
                *word |= bit;
            }
        }
        sieve
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        let at = (key >> 9).wrapping_mul(GOLDEN) >> self.shift;
        let word = usize::try_from(at / 64).unwrap_or(usize::MAX);
        (word, 1 << (at % 64))
    }

    /// Whether a key may be in the set: surely when it is.
    #[inline]
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn hash(key: u64) -> u64 {
        let mut hasher = OffsetHasher::default();
        hasher.write_u64(key);
        hasher.finish()
    }

    #[test]
    fn neighbours_stand_side_by_side_and_are_told_apart() {
        let of = |n: u64| hash((5 << 30) + n * 1024);
        for n in 1..16 {
            assert_eq!(of(n) & !(u64::MAX << 57), (of(0) & !(u64::MAX << 57)) + n);
        }
        let marks: HashSet<u64> = (0..16).map(|n| of(n) >> 57).collect();
        assert!(marks.len() > 12, "{marks:?}");
        // A table of 2^12 stretches of which a quarter is taken.
        let places: HashSet<u64> = (0..1024).map(|n| (hash(n << 14) >> 4) & 0xFFF).collect();
        assert!(places.len() > 850, "{}", places.len());
    }

    #[test]
    fn a_sieve_passes_what_it_has_and_little_else() {
        let keys = || (0..1000_u64).map(|n| n * 3072);
        let sieve = Sieve::new((0..1000_usize).map(|n| n as u64 * 3072));
        assert!(keys().all(|key| sieve.may_hold(key)));
        let others = keys().filter(|key| sieve.may_hold(key + 1024)).count();
        assert!(others < 200, "{others}");
        assert!(!Sieve::default().may_hold(512) && !Sieve::new([].into_iter()).may_hold(512));
    }
}
