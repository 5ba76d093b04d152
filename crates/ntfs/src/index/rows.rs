//! Where the entries of a node start, and where the names in them part from each
//! other: a search asks that first, and looks at one entry of a node, not at one
//! for each halving.
//!
//! Source of the search: D. E. Ferguson, "Bit-tree: a data structure for fast file
//! processing", Communications of the ACM 35(6), 1992; here with folded units in
//! place of bits.
//!
//! Invariants
//! - There is a row for each entry, in order, that of the keyless last one
//!   included.
//! - Rows are forked only while all keys are names and ascend.
//! - A volume has one upcase table: whoever searches a node means the one that its
//!   rows were forked with.
//! - Forks say which entry to look at, no more. What is found, and where a name would
//!   stand, comes from comparing it with that entry.

#[cfg(test)]
mod tests;

use core::cmp::Ordering;
use core::ops::Range;

use smallvec::SmallVec;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::{file_name, index};

use super::collation::{compare_folded, compare_names};

/// So many rows lie in the node itself: as many as there are entries in a block of
/// 4 KiB whose names have seven characters or more.
const INLINE: usize = 42;

/// A node with fewer keys is searched without forks.
const LEAST_FORKED: usize = 4;

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Row {
    /// Its offset from the node header.
    start: u32,
    fork: Fork,
}

/// Where a name parts from the one in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Fork {
    /// Folded units that both begin with; 0 for the first name of a node.
    same: u16,
    /// The folded unit behind those; 0 where the two differ by case only, and
    /// for the first name.
    unit: u16,
}

/// What is known of the forks.
#[derive(Debug, Clone)]
enum Forks {
    Unknown,
    /// There are none: keys are no names, or do not ascend.
    Unsound,
    /// They are in the rows, by this table.
    Made(UpcaseTable),
}

/// See the module's text.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    list: SmallVec<[Row; INLINE]>,
    forks: Forks,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            list: SmallVec::new(),
            forks: Forks::Unknown,
        }
    }

    /// Those of the entries in `range`, `shift` bytes further behind or in front,
    /// with their forks; `None` when one would start nowhere.
    pub(super) fn part(&self, range: Range<usize>, from: usize, to: usize) -> Option<Self> {
        let mut rows = Self {
            list: SmallVec::from_slice(self.list.get(range)?),
            forks: self.forks.clone(),
        };
        rows.shift(0, from, to)?;
        if let Some(first) = rows.list.first_mut() {
            first.fork = Fork::default();
        }
        Some(rows)
    }

    /// Appends an entry, of a node that was not searched yet.
    pub(super) fn push(&mut self, start: usize) -> Option<()> {
        self.list.push(Row {
            start: u32::try_from(start).ok()?,
            fork: Fork::default(),
        });
        Some(())
    }

    /// Number of entries that have keys.
    #[inline]
    pub(super) fn keys(&self) -> usize {
        self.list.len().saturating_sub(1)
    }

    /// Where an entry starts.
    #[inline]
    pub(super) fn start(&self, at: usize) -> Option<usize> {
        usize::try_from(self.list.get(at)?.start).ok()
    }

    /// An entry of `len` bytes came to `at`, and is in `node`.
    pub(super) fn came(&mut self, node: &[u8], at: usize, len: usize) -> Option<()> {
        let row = *self.list.get(at)?;
        let start = row.start;
        let fork = Fork::default();
        self.list.insert(at, Row { start, fork });
        self.shift(at + 1, 0, len)?;
        // The two beside it have as much in common with it as with each other.
        let common = match at < self.keys() - 1 {
            true => usize::from(row.fork.same),
            false => 0,
        };
        self.mend(node, at, common);
        Some(())
    }

    /// The entry at `at` has another name, and `new` bytes in place of `old`.
    pub(super) fn changed(
        &mut self,
        node: &[u8],
        at: usize,
        (old, new): (usize, usize),
    ) -> Option<()> {
        self.shift(at + 1, old, new)?;
        self.mend(node, at, 0);
        Some(())
    }

    /// The entry of `len` bytes at `at` is gone.
    pub(super) fn went(&mut self, at: usize, len: usize) -> Option<()> {
        let gone = *self.list.get(at)?;
        self.list.remove(at);
        if let Some(next) = self.list.get_mut(at) {
            // The one behind parts from the one in front where the first of both
            // forks was.
            if at == 0 {
                next.fork = Fork::default();
            } else if gone.fork.same < next.fork.same {
                next.fork = gone.fork;
            }
        }
        self.shift(at, len, 0)
    }

    /// Moves the starts from `from` on.
    fn shift(&mut self, from: usize, old: usize, new: usize) -> Option<()> {
        let old = u32::try_from(old).ok()?;
        let new = u32::try_from(new).ok()?;
        for row in self.list.iter_mut().skip(from) {
            row.start = row.start - old + new;
        }
        Some(())
    }

    /// Whether there could be forks, but nobody made them.
    pub(super) fn wants_forks(&self) -> bool {
        matches!(self.forks, Forks::Unknown) && self.keys() >= LEAST_FORKED
    }

    /// Makes the forks of the names in `node`, if they are such.
    pub(super) fn fork(&mut self, node: &[u8], upcase: &UpcaseTable) {
        if !self.wants_forks() {
            return;
        }
        self.forks = Forks::Made(upcase.clone());
        for at in 0..self.keys() {
            self.mend_one(node, at, 0);
        }
    }

    /// For searches; `None`: search without.
    #[inline]
    pub(super) fn forked(&self) -> Option<Forked<'_>> {
        let Forks::Made(upcase) = &self.forks else {
            return None;
        };
        let (_, rows) = self.list.split_last()?;
        // A node can lose all keys.
        (!rows.is_empty()).then_some(Forked { upcase, rows })
    }

    /// Makes the forks on both sides of a name anew; it and those beside it have
    /// `common` units at least.
    fn mend(&mut self, node: &[u8], at: usize, common: usize) {
        self.mend_one(node, at, common);
        self.mend_one(node, at + 1, common);
    }

    /// Makes a fork anew, if there are forks.
    fn mend_one(&mut self, node: &[u8], at: usize, common: usize) {
        let Forks::Made(upcase) = &self.forks else {
            return;
        };
        if at >= self.keys() {
            return;
        }
        let name = |at: usize| {
            let start = self.start(at)?;
            file_name::name_bytes(index::key_at(node, start)).ok()
        };
        let fork = match at.checked_sub(1) {
            None => name(at).map(|_| Fork::default()),
            Some(before) => name(before)
                .zip(name(at))
                .and_then(|(before, name)| Fork::between(upcase, before, name, common)),
        };
        match (fork, self.list.get_mut(at)) {
            (Some(fork), Some(row)) => row.fork = fork,
            _ => self.forks = Forks::Unsound,
        }
    }

    /// Whether the forks, if there are any, are what making them anew would give.
    #[cfg(test)]
    pub(super) fn are_forked_well(&self, node: &[u8]) -> bool {
        let Forks::Made(upcase) = &self.forks else {
            return true;
        };
        let mut anew = self.clone();
        for at in 0..self.keys() {
            if let Some(row) = anew.list.get_mut(at) {
                row.fork = Fork { same: 999, unit: 0 };
            }
        }
        anew.forks = Forks::Made(upcase.clone());
        for at in 0..self.keys() {
            anew.mend_one(node, at, 0);
        }
        matches!(anew.forks, Forks::Made(_)) && anew.list[..anew.keys()] == self.list[..self.keys()]
    }
}

impl Fork {
    /// That of `name` behind `before`, both beginning with `common` units; `None`
    /// when it is not above.
    fn between(upcase: &UpcaseTable, before: &[u8], name: &[u8], common: usize) -> Option<Self> {
        let (order, same) = compare_folded(upcase, before, name, common);
        let unit = match order {
            Ordering::Less => {
                let (units, _) = name.as_chunks::<2>();
                upcase.fold(u16::from_le_bytes(*units.get(same)?))
            }
            Ordering::Equal if compare_names(upcase, before, name).raw.is_lt() => 0,
            _ => return None,
        };
        let same = u16::try_from(same).ok()?;
        Some(Self { same, unit })
    }
}

/// The rows of the keys of a node whose keys are names, in order.
#[derive(Clone, Copy)]
pub(super) struct Forked<'a> {
    upcase: &'a UpcaseTable,
    rows: &'a [Row],
}

impl Forked<'_> {
    /// One of the names that begin most like `name`: where it is above `name`, so are
    /// those in front of it that begin like it for longer than `name` does, and
    /// where it is below, so are those behind it.
    pub(super) fn nearest(self, name: &[u8]) -> usize {
        let (units, _) = name.as_chunks::<2>();
        // The search goes on behind those that have so many units, or more, in
        // common with one that was found to be above `name`.
        let (mut nearest, mut above) = (0, u16::MAX);
        for (at, Row { fork, .. }) in self.rows.iter().enumerate() {
            // A name that ends is below all that go on.
            let unit = units.get(usize::from(fork.same)).map_or(-1, |unit| {
                i32::from(self.upcase.fold(u16::from_le_bytes(*unit)))
            });
            let is_behind = unit >= i32::from(fork.unit);
            let limit = if is_behind { u16::MAX } else { fork.same };
            // Chosen, not jumped over: what comes cannot be foretold.
            let is_met = fork.same < above;
            above = if is_met { limit } else { above };
            nearest = if is_met & is_behind { at } else { nearest };
        }
        nearest
    }

    /// The bytes of the name at `at`.
    #[inline]
    pub(super) fn name(self, node: &[u8], at: usize) -> &[u8] {
        self.rows
            .get(at)
            .and_then(|row| usize::try_from(row.start).ok())
            .and_then(|start| node.get(start + index::ENTRY_HEADER_LEN..))
            .and_then(|key| file_name::name_bytes(key).ok())
            .unwrap_or_default()
    }

    /// The gap of a name that compares as `order` with the one at `nearest`, both
    /// beginning with `same` units: the slot of the name behind it, and how many
    /// units the names on both sides of it have in common.
    pub(super) fn gap(self, nearest: usize, order: Ordering, same: usize) -> (usize, usize) {
        let shared = |at: usize| {
            self.rows
                .get(at)
                .map_or(0, |row| usize::from(row.fork.same))
        };
        let mut at = nearest;
        if order.is_lt() {
            while at > 0 && shared(at) > same {
                at -= 1;
            }
        } else {
            at += 1;
            while at < self.rows.len() && shared(at) > same {
                at += 1;
            }
        }
        (at, shared(at))
    }
}
