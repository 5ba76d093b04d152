//! A million hard links in one transaction, against the same load a call each
//! by libntfs-3g, which has no transactions.

use super::loads::{Order, Shape, Spread, links, links_base, words};
use super::trial::Trial;
use crate::Outcome;
use crate::images::{Image, Kind};
use crate::lab::{Lab, Who};
use crate::report::{Goal, Row};
use crate::rounds::alternate;

const WARM_ROUNDS: usize = 2;
const FRESH_ROUNDS: usize = 1;
const NAMES: u64 = 100;
const GOAL: Goal = Goal::AtLeast {
    goal: 10.0,
    aim: None,
};

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    lab.note("links a second, up to the end of close; aim of ours: 1,000,000 a second");
    lab.note("the same file by file in one call each is part `links`");
    let shape = Shape {
        files: lab.scaled(10_000, 1),
        names: NAMES,
    };
    let mut rows = Vec::new();
    for (spread, order) in [
        (Spread::One, Order::Ascending),
        (Spread::One, Order::Shuffled),
        (Spread::Many, Order::Ascending),
    ] {
        let work = format!("{} links {}", shape.files * NAMES, words(spread, order));
        lab.progress(&work);
        let base = links_base(shape, spread)?;
        let load = links(&base, shape, spread, order);
        let trial = Trial::new(lab, &base, &load)?;
        let mut cells = Vec::new();
        for kind in [Kind::Warm, Kind::Fresh] {
            let image = Image::new(&base.device, kind, lab.path("volume.img"))?;
            let contestants = trial.us_and(Who::Bulk, &image, Who::Library);
            let rounds = match kind {
                Kind::Warm => WARM_ROUNDS,
                Kind::Fresh => FRESH_ROUNDS,
            };
            let rounds = alternate(lab.rounds(rounds), contestants)?;
            cells.extend(trial.cells(&rounds, kind, Who::Library));
        }
        rows.push(Row {
            work,
            peer: trial.library.then(|| "libntfs-3g in-process".to_owned()),
            unit: "a second".to_owned(),
            cells,
            goal: trial.library.then_some(GOAL),
        });
    }
    Ok(rows)
}
