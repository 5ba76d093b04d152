//! Files and hard links, a call each: into one directory and over many, names
//! ascending and shuffled, on a warm image and a fresh one, with and without
//! fsync.

use super::loads::{CROWD, Order, Shape, Spread, files, files_base, links, links_base, words};
use super::trial::Trial;
use crate::Outcome;
use crate::images::{Image, Kind};
use crate::lab::{Lab, Who};
use crate::load::Load;
use crate::report::{Cell, Goal, Row};
use crate::rounds::{Contestant, alternate};
use crate::volumes::Base;

const GOAL: Goal = Goal::AtLeast {
    goal: 5.0,
    aim: Some(10.0),
};
const FILES_GOAL: Goal = Goal::AtLeast {
    goal: 5.0,
    aim: None,
};

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    lab.note("links a second, up to the end of close; medians of rounds in turn, ratios of the same round");
    lab.note("ours: journal on, OnSync; libntfs-3g has no journal");
    let few = Shape {
        files: lab.scaled(1000, 1),
        names: 100,
    };
    let many = Shape {
        files: lab.scaled(200_000, CROWD),
        names: 1,
    };
    let mut rows = Vec::new();
    for spread in [Spread::One, Spread::Many] {
        for order in [Order::Ascending, Order::Shuffled] {
            let begin = files_base(many, spread)?;
            let load = files(&begin, many, spread, order);
            let work = format!("{} files {}", many.files, words(spread, order));
            rows.extend(measure(lab, &work, &begin, &load, order, FILES_GOAL)?);
            for shape in [few, many] {
                let begin = links_base(shape, spread)?;
                let load = links(&begin, shape, spread, order);
                let Shape { files, names } = shape;
                let work = format!("{files} x {names} links {}", words(spread, order));
                rows.extend(measure(lab, &work, &begin, &load, order, GOAL)?);
            }
        }
    }
    Ok(rows)
}

/// How often a load is run: what libntfs-3g is slow at, less often.
fn rounds(kind: Kind, order: Order) -> usize {
    match (kind, order) {
        (Kind::Warm, Order::Ascending) => 3,
        (Kind::Warm, Order::Shuffled) => 2,
        (Kind::Fresh, _) => 1,
    }
}

/// One load on both kinds of image, against libntfs-3g; in order, by Win32 path
/// too, and a tenth of it through FUSE.
fn measure(
    lab: &Lab,
    work: &str,
    base: &Base,
    load: &Load,
    order: Order,
    goal: Goal,
) -> Outcome<Vec<Row>> {
    lab.progress(work);
    let trial = Trial::new(lab, base, load)?;
    let (mut cells, mut by_path) = (Vec::new(), Vec::new());
    for kind in [Kind::Warm, Kind::Fresh] {
        let image = Image::new(&base.device, kind, lab.path("volume.img"))?;
        let mut contestants = trial.engine_and(&image, Who::Library);
        let is_usual = order == Order::Ascending && kind == Kind::Warm;
        if is_usual {
            contestants.push(Contestant::new(|| trial.without(&image, Who::Win32)));
        }
        let path = contestants.len() - 1;
        let rounds = alternate(lab.rounds(rounds(kind, order)), contestants)?;
        cells.extend(trial.cells(&rounds, kind, Who::Library));
        if is_usual && trial.library {
            let setting = format!("{}, no fsync", kind.name());
            by_path.push(Cell::against(&setting, &rounds, (path, 0), (2, 0)));
        }
    }
    let goal = trial.library.then_some(goal);
    let mut rows = vec![row(
        work,
        trial.library,
        "libntfs-3g in-process",
        cells,
        goal,
    )];
    if !by_path.is_empty() {
        let work = format!("{work}, by Win32 path");
        rows.push(row(&work, true, "libntfs-3g in-process", by_path, None));
    }
    if order == Order::Ascending && trial.mount {
        rows.push(through_fuse(lab, work, base, load)?);
    }
    Ok(rows)
}

/// The beginning of a load, once, as FUSE is slow.
fn through_fuse(lab: &Lab, work: &str, base: &Base, load: &Load) -> Outcome<Row> {
    let mut load = load.clone();
    load.operations.truncate(load.operations.len().div_ceil(10));
    let trial = Trial::new(lab, base, &load)?;
    let image = Image::new(&base.device, Kind::Warm, lab.path("volume.img"))?;
    let rounds = alternate(1, trial.engine_and(&image, Who::Mount))?;
    let cells = trial.cells(&rounds, Kind::Warm, Who::Mount);
    let work = format!("{work}: the first tenth");
    Ok(row(&work, true, "ntfs-3g through FUSE", cells, None))
}

fn row(work: &str, compared: bool, peer: &str, cells: Vec<Cell>, goal: Option<Goal>) -> Row {
    Row {
        work: work.to_owned(),
        peer: compared.then(|| peer.to_owned()),
        unit: "a second".to_owned(),
        cells,
        goal,
    }
}
