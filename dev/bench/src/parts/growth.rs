//! What a link costs as its directory grows, over what it costs at the first
//! size.

use crate::Outcome;
use crate::lab::{Grown, Lab};
use crate::report::{Cell, Goal, Row};
use crate::rounds::{Contestant, alternate};
use crate::worker::growth::FIRST;

const ROUNDS: usize = 2;
const ENTRIES: u64 = 1_000_000;
/// With `--long`.
const LONG: u64 = 10_000_000;
const DEFAULT_CACHE: usize = linkwright_ntfs::DEFAULT_CACHE_BYTES;
/// Holds the index of the largest directory here.
const LARGE_CACHE: usize = 6 << 30;
const GOAL: Goal = Goal::AtMost {
    goal: 2.0,
    aim: None,
};

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    lab.note("microseconds a link in a fresh image, no fsync, the sync after each window counted");
    let (entries, rounds) = if lab.settings.long {
        (LONG, 1)
    } else {
        lab.note("10,000,000 entries: with --long");
        (ENTRIES, lab.rounds(ROUNDS))
    };
    let entries = lab.scaled(entries, 1).max(FIRST.min(entries));
    let ways = [
        ("ascending", "the default cache", DEFAULT_CACHE, Some(GOAL)),
        ("shuffled", "a cache for all of it", LARGE_CACHE, Some(GOAL)),
        ("shuffled", "the default cache", DEFAULT_CACHE, None),
    ];
    let contestants = ways.map(|(order, _, cache, _)| {
        Contestant::new(move || {
            lab.progress(&format!("{entries} entries, {order}, {} MiB", cache >> 20));
            let Grown { told, bytes } = lab.grow(order, cache, entries)?;
            let marks = told.marks.iter().map(|mark| mark.seconds * 1e6);
            let peak = told.peak_kib as f64 / 1024.0;
            let each = bytes as f64 / told.count as f64;
            Ok(marks.chain([peak, each]).collect())
        })
    });
    let rounds = alternate(rounds, contestants.into())?;
    let mut rows = Vec::new();
    for (who, (order, cache, _, goal)) in ways.into_iter().enumerate() {
        let mut cells = Vec::new();
        for (which, at) in sizes_of(entries).enumerate() {
            let setting = format!("at {at}");
            cells.push(if which == 0 {
                Cell::alone(&setting, rounds.spread(who, 0))
            } else {
                Cell::against(&setting, &rounds, (who, which), (who, 0))
            });
        }
        let sizes = cells.len();
        let at = format!("at {}", sizes_of(entries).last().unwrap_or(0));
        let alone = |which: usize, unit: &str| Row {
            work: format!("one directory, {order}, {cache}"),
            peer: None,
            unit: unit.to_owned(),
            cells: vec![Cell::alone(&at, rounds.spread(who, sizes + which))],
            goal: None,
        };
        let more = [
            alone(0, "MiB of memory at most"),
            alone(1, "bytes of the image a name"),
        ];
        // The first is what the others are held against.
        let compared = cells.len() > 1;
        rows.push(Row {
            work: format!("one directory, {order}, {cache}"),
            peer: compared.then(|| "the same at the first size".to_owned()),
            unit: "us a link".to_owned(),
            cells,
            goal: goal.filter(|_| compared),
        });
        rows.extend(more);
    }
    Ok(rows)
}

fn sizes_of(entries: u64) -> impl Iterator<Item = u64> {
    let next = move |at: &u64| (*at < entries).then(|| (at * 10).min(entries));
    std::iter::successors(Some(FIRST.min(entries)), next)
}
