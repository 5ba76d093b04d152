//! One link on a large, sparse image that we closed: what it costs to open it.

use std::path::Path;

use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Volume};

use crate::Outcome;
use crate::lab::{Lab, Sync, Who};
use crate::load::{Load, Object, Operation};
use crate::report::{Cell, Goal, Row};
use crate::rounds::{Contestant, alternate};
use crate::volumes::{in_file, wide};

const ROUNDS: usize = 15;
const BYTES: u64 = 100 << 30;
const STEP: u64 = 1 << 30;

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    let bytes = lab.scaled(BYTES, STEP);
    let image = lab.path("large.img");
    let file = make(&image, bytes)?;
    let work = format!("one link on an image of {} GiB", bytes >> 30);
    lab.progress(&work);
    let rows = measure(lab, &work, &image, file);
    std::fs::remove_file(&image)?;
    rows
}

fn make(image: &Path, bytes: u64) -> Outcome<FileId> {
    let volume = Volume::open(in_file(image, bytes)?, OpenOptions::read_write())?;
    let none = CreateOptions::default();
    let file = volume.create(FileId::ROOT, &wide("file"), FileKind::File, &none)?;
    volume.close()?;
    Ok(file)
}

fn measure(lab: &Lab, work: &str, image: &Path, file: FileId) -> Outcome<Vec<Row>> {
    lab.note("the image is in the page cache; each link has a name of its own");
    let mut number = 0;
    let mut next = || {
        number += 1;
        format!("link{number:04}")
    };
    let rounds = lab.rounds(ROUNDS);
    let load = lab.path("load.txt");
    let mut library = |sync| -> Outcome<Vec<f64>> {
        one_link(file, next()).write(&load)?;
        let told = lab.run(Who::Open, image, &load, sync)?;
        Ok(vec![told.seconds * 1e3])
    };
    let mut cells = Vec::new();
    for (sync, setting) in SYNCS {
        let rounds = alternate(rounds, vec![Contestant::new(|| library(sync))])?;
        cells.push(Cell::alone(setting, rounds.spread(0, 0)));
    }
    let goal = |goal| Some(Goal::AtMost { goal, aim: None });
    let work_of = |who: &str| format!("{work}, {who}");
    let mut rows = vec![row(work_of("the library"), "ms", cells, goal(20.0))];
    let Some(program) = &lab.settings.linkwright else {
        lab.note("left out: the program linkwright is not beside this one");
        return Ok(rows);
    };
    let target = format!("{}:/file", image.display());
    let mut arguments = || format!("{}:/{}", image.display(), next());
    let (mut wall, mut memory) = (Vec::new(), Vec::new());
    for (sync, setting) in SYNCS {
        let run = || {
            let told = lab.spawn(program, &["link", &target, &arguments()], sync)?;
            Ok(vec![told.seconds * 1e3, told.peak_kib as f64 / 1024.0])
        };
        let rounds = alternate(rounds, vec![Contestant::new(run)])?;
        wall.push(Cell::alone(setting, rounds.spread(0, 0)));
        memory.push(Cell::alone(setting, rounds.spread(0, 1)));
    }
    let syncs = || {
        Ok(vec![
            lab.syncs(program, &["link", &target, &arguments()])? as f64
        ])
    };
    let counts = alternate(1, vec![Contestant::new(syncs)])?;
    let flushes = vec![Cell::alone(SYNCS[0].1, counts.spread(0, 0))];
    let who = || work_of("the program");
    rows.push(row(who(), "ms", wall, goal(20.0)));
    rows.push(row(who(), "flushes", flushes, goal(5.0)));
    rows.push(row(who(), "MiB at most", memory, goal(32.0)));
    Ok(rows)
}

const SYNCS: [(Sync, &str); 2] = [(Sync::Without, "no fsync"), (Sync::With, "fsync")];

fn one_link(file: FileId, name: String) -> Load {
    let object = |id: FileId, path: &str| Object {
        reference: id.raw(),
        path: path.to_owned(),
    };
    Load {
        objects: vec![object(FileId::ROOT, "/"), object(file, "/file")],
        operations: vec![Operation::Link {
            file: 1,
            directory: 0,
            name,
        }],
    }
}

fn row(work: String, unit: &str, cells: Vec<Cell>, goal: Option<Goal>) -> Row {
    Row {
        work,
        peer: None,
        unit: unit.to_owned(),
        cells,
        goal,
    }
}
