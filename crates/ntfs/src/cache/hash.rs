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
}
