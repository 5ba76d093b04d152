//! What names begin with, as numbers that sort as the names do.

use linkwright_names::UpcaseTable;

/// Different units of which each takes a byte; zero is the end of a name.
const FEW: usize = 255;

/// How units become digits of a prefix: the rank of each folded unit, one byte
/// each where few enough different ones are in use.
pub(crate) enum Ranks {
    Bytes(Box<[u8; 1 << 16]>),
    Units,
}

impl Ranks {
    /// Those that serve for all of `names`.
    pub(crate) fn of<N: Iterator<Item = u16>>(
        names: impl Iterator<Item = N>,
        upcase: &UpcaseTable,
    ) -> Self {
        let mut ranks = Box::new([0_u8; 1 << 16]);
        for unit in names.flatten() {
            if let Some(seen) = ranks.get_mut(usize::from(upcase.fold(unit))) {
                *seen = 1;
            }
        }
        if ranks.iter().filter(|seen| **seen != 0).count() > FEW {
            return Self::Units;
        }
        let mut rank = 0;
        for seen in ranks.iter_mut().filter(|seen| **seen != 0) {
            rank += 1;
            *seen = rank;
        }
        Self::Bytes(ranks)
    }

    /// The first 16 units of a name, or 8.
    pub(crate) fn prefix(&self, name: impl Iterator<Item = u16>, upcase: &UpcaseTable) -> u128 {
        let mut units = name.map(|unit| upcase.fold(unit));
        match self {
            Self::Bytes(ranks) => {
                let rank = |unit| ranks.get(usize::from(unit)).copied().unwrap_or(0);
                u128::from_be_bytes(core::array::from_fn(|_| units.next().map_or(0, rank)))
            }
            Self::Units => {
                // A name has no NUL: the end is below every unit.
                (0..8).fold(0, |prefix, _| {
                    (prefix << 16) | u128::from(units.next().unwrap_or(0))
                })
            }
        }
    }
}
