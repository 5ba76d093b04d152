//! The names of each directory in the order of its index.
//!
//! Most comparisons are of 16 bytes that lie in the list that is sorted: the rank
//! of each folded unit, one byte each where the links use few enough different
//! ones, from where the names of the directory differ.

use core::cmp::Ordering;

use linkwright_names::UpcaseTable;

use super::NewLink;
use super::plan::{Ends, Plan};
use crate::index::directory::NameCase;

/// A link to be sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sorted {
    /// What its name begins with, where it differs from others.
    prefix: u128,
    pub(super) directory: u32,
    file: u32,
    pub(super) link: u32,
}

impl Sorted {
    pub(super) const fn ends(&self) -> Ends {
        Ends {
            file: self.file,
            directory: self.directory,
        }
    }
}

/// Different units of which each takes a byte; zero is the end of a name.
const FEW: usize = 255;

/// How units become digits of a prefix.
enum Ranks {
    Bytes(Box<[u8; 1 << 16]>),
    Units,
}

impl Ranks {
    fn of(links: &[NewLink<'_>], upcase: &UpcaseTable) -> Self {
        let mut ranks = Box::new([0_u8; 1 << 16]);
        for link in links {
            for unit in link.name {
                if let Some(seen) = ranks.get_mut(usize::from(upcase.fold(*unit))) {
                    *seen = 1;
                }
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

    fn prefix(&self, name: &[u16], upcase: &UpcaseTable) -> u128 {
        let mut units = name.iter().map(|unit| upcase.fold(*unit));
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

/// Units at the start that all names of each directory have in common.
fn common(plan: &Plan, links: &[NewLink<'_>], upcase: &UpcaseTable) -> Vec<usize> {
    let mut first: Vec<Option<(&[u16], usize)>> = vec![None; plan.directories.len()];
    for (link, ends) in links.iter().zip(&plan.of) {
        let at = usize::try_from(ends.directory).unwrap_or(usize::MAX);
        let Some(first) = first.get_mut(at) else {
            continue;
        };
        let (name, same) = first.get_or_insert((link.name, link.name.len()));
        let pairs = name.iter().take(*same).zip(link.name);
        *same = pairs
            .take_while(|(a, b)| upcase.fold(**a) == upcase.fold(**b))
            .count();
    }
    first
        .into_iter()
        .map(|first| first.map_or(0, |(_, same)| same))
        .collect()
}

/// Sorts links by directory and name; of those whose name another one has before
/// it, the first in the caller's order is told, and it and all behind it there are
/// left out.
pub(super) fn sort(
    plan: &Plan,
    links: &[NewLink<'_>],
    upcase: &UpcaseTable,
) -> (Vec<Sorted>, Option<usize>) {
    let ranks = Ranks::of(links, upcase);
    let common = common(plan, links, upcase);
    let mut sorted: Vec<Sorted> = (0..)
        .zip(links.iter().zip(&plan.of))
        .map(|(link, (new, ends))| {
            let at = usize::try_from(ends.directory).unwrap_or(usize::MAX);
            let same = common.get(at).copied().unwrap_or(0);
            Sorted {
                prefix: ranks.prefix(new.name.get(same..).unwrap_or_default(), upcase),
                directory: ends.directory,
                file: ends.file,
                link,
            }
        })
        .collect();
    let name = |sorted: &Sorted| name_of(links, sorted);
    sorted.sort_unstable_by(|a, b| {
        (a.directory, a.prefix)
            .cmp(&(b.directory, b.prefix))
            .then_with(|| upcase.compare(name(a), name(b)))
            .then(a.link.cmp(&b.link))
    });
    let meet = first_meeting(plan, links, &sorted, upcase);
    if let Some(meet) = meet {
        sorted.retain(|sorted| usize::try_from(sorted.link).is_ok_and(|link| link < meet));
    }
    (sorted, meet)
}

fn name_of<'a>(links: &[NewLink<'a>], sorted: &Sorted) -> &'a [u16] {
    let at = usize::try_from(sorted.link).unwrap_or(usize::MAX);
    links.get(at).map_or(&[], |link| link.name)
}

/// The first link, in the caller's order, whose name one before it has.
fn first_meeting(
    plan: &Plan,
    links: &[NewLink<'_>],
    sorted: &[Sorted],
    upcase: &UpcaseTable,
) -> Option<usize> {
    let same = |a: &Sorted, b: &Sorted| {
        if (a.directory, a.prefix) != (b.directory, b.prefix) {
            return false;
        }
        let at = usize::try_from(a.directory).unwrap_or(usize::MAX);
        let case = plan.directories.get(at).map(|directory| directory.case);
        let (a, b) = (name_of(links, a), name_of(links, b));
        match case {
            Some(NameCase::Sensitive) => a == b,
            _ => upcase.compare_ignore_case(a, b) == Ordering::Equal,
        }
    };
    sorted
        .chunk_by(same)
        .filter_map(|group| {
            // All but the first of them meet a name.
            let mut lowest = [u32::MAX; 2];
            for sorted in group {
                let [first, second] = lowest;
                lowest = match sorted.link {
                    link if link < first => [link, first],
                    link => [first, second.min(link)],
                };
            }
            let [_, second] = lowest;
            usize::try_from(second).ok().filter(|_| group.len() > 1)
        })
        .min()
}
