//! The names that a directory has, or once had, as numbers: a name whose number
//! is not among them is free.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use linkwright_names::UpcaseTable;

use crate::cache::NumberHasher;

/// What numbers begin with, another one in each process: who writes a volume
/// cannot choose names that have one number. Nothing that is written depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }
}

/// An odd number with as many ones as zeros.
const MIX: u64 = 0xA076_1D64_78BD_642F;

fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(MIX);
    let half = |product: u128| u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0);
    half(product) ^ half(product >> 64)
}

impl Seed {
    /// The number of a name; case does not count.
    pub(super) fn number(self, name: impl Iterator<Item = u16>, upcase: &UpcaseTable) -> u64 {
        let (mut state, mut word, mut count) = (self.0, 0_u64, 0_u64);
        for unit in name {
            word = (word << 16) | u64::from(upcase.fold(unit));
            count += 1;
            if count.is_multiple_of(4) {
                state = mix(state, word);
                word = 0;
            }
        }
        mix(mix(state, word), count)
    }
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashSet<u64, BuildHasherDefault<NumberHasher>>,
}

impl Names {
    /// Adds the number of a name; `false` when it may be taken.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        self.numbers.insert(number)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_case_have_one_number_and_others_do_not() {
        let (seed, upcase) = (Seed(7), UpcaseTable::windows());
        let number = |name: &str| seed.number(name.encode_utf16(), &upcase);
        assert_eq!(number("Stra\u{e4}nge"), number("sTRA\u{c4}NGE"));
        let mut names = Names::default();
        for name in (0..10_000).map(|n| format!("file{n:06}_link{:04}.txt", n % 7)) {
            assert!(names.insert(number(&name)), "{name}");
            assert!(!names.insert(number(&name.to_uppercase())));
        }
        for name in ["", "a", "aa", "aaaa", "aaaaa", "\0", "a\0"] {
            assert!(names.insert(number(name)), "{name:?}");
        }
        assert_ne!(Seed(8).number("a".encode_utf16(), &upcase), number("a"));
    }
}
