//! Symbolic links and junctions made; files and names removed. For libntfs-3g a
//! link is a file or directory made and given its reparse buffer, as its own
//! symbolic links are none for Windows.

use super::loads::{
    CROWD, Order, Shape, Spread, directories, files, files_base, links, links_base, load, words,
};
use super::trial::Trial;
use crate::Outcome;
use crate::images::{Image, Kind};
use crate::lab::{Lab, Who};
use crate::load::{Load, Operation};
use crate::report::{Goal, Row};
use crate::rounds::alternate;
use crate::volumes::{Base, base, size};

const ROUNDS: usize = 2;
const UNLINK_GOAL: Goal = Goal::AtLeast {
    goal: 3.0,
    aim: None,
};

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    lab.note("operations a second on a warm image, up to the end of close");
    let count = lab.scaled(100_000, CROWD);
    // Fewer than are made in `links`: libntfs-3g removes them slowly.
    let few = Shape {
        files: lab.scaled(300, 1),
        names: 100,
    };
    let many = Shape {
        files: count,
        names: 1,
    };
    let order = Order::Ascending;
    let mut rows = Vec::new();
    for spread in [Spread::One, Spread::Many] {
        let where_to = words(spread, order);
        for (kind, make) in [
            ("symbolic links", symlink as fn(usize, u64) -> Operation),
            ("junctions", junction),
        ] {
            let begin = reparse_base(count, spread)?;
            let load = made(&begin, count, spread, make);
            let work = format!("{count} {kind} {where_to}");
            rows.push(measure(lab, &work, &begin, &load, None)?);
        }
        for (what, shape) in [("links", few), ("files", many)] {
            let (begin, load) = removal(what, shape, spread)?;
            let work = format!("{} {what} removed, made {where_to}", load.operations.len());
            rows.push(measure(lab, &work, &begin, &load, Some(UNLINK_GOAL))?);
        }
    }
    Ok(rows)
}

/// A volume for so many files, and as many index entries of reparse points.
fn reparse_base(count: u64, spread: Spread) -> Outcome<Base> {
    let directories = match spread {
        Spread::One => Vec::new(),
        Spread::Many => directories(count.div_ceil(CROWD)),
    };
    base(size(count, count), &directories, std::iter::empty())
}

fn made(base: &Base, count: u64, spread: Spread, make: fn(usize, u64) -> Operation) -> Load {
    let place = |number: u64| match spread {
        Spread::One => 0,
        Spread::Many => usize::try_from(1 + number / CROWD).unwrap_or(0),
    };
    let operations = (0..count).map(|number| make(place(number), number));
    load(base, operations.collect(), Order::Ascending)
}

fn symlink(directory: usize, number: u64) -> Operation {
    Operation::Symlink {
        directory,
        name: format!("link{number:06}.txt"),
        target: format!("..\\target\\file{number:06}.txt"),
    }
}

fn junction(directory: usize, number: u64) -> Operation {
    Operation::Junction {
        directory,
        name: format!("link{number:06}"),
        target: format!("C:\\target\\directory{number:06}"),
    }
}

/// The volume after the links or files were made, and the load that takes them
/// away again.
fn removal(what: &str, shape: Shape, spread: Spread) -> Outcome<(Base, Load)> {
    if what == "links" {
        let begin = links_base(shape, spread)?;
        let made = links(&begin, shape, spread, Order::Ascending);
        let begin = begin.after(&made)?;
        let load = removed(&begin, &made);
        return Ok((begin, load));
    }
    // The base of links with one name each holds the files as objects.
    let begin = links_base(Shape { names: 1, ..shape }, spread)?;
    let first = begin.objects.len() - usize::try_from(shape.files)?;
    let made = files(&files_base(shape, spread)?, shape, spread, Order::Ascending);
    let operations = made.operations.iter().enumerate();
    let operations = operations.map(|(number, operation)| {
        let (directory, name) = operation.place();
        unlink(first + number, directory, name)
    });
    let load = load(&begin, operations.collect(), Order::Ascending);
    Ok((begin, load))
}

fn removed(base: &Base, made: &Load) -> Load {
    let operations = made.operations.iter().filter_map(|operation| {
        let (directory, name) = operation.place();
        match operation {
            Operation::Link { file, .. } => Some(unlink(*file, directory, name)),
            _ => None,
        }
    });
    load(base, operations.collect(), Order::Ascending)
}

fn unlink(file: usize, directory: usize, name: &str) -> Operation {
    Operation::Unlink {
        file,
        directory,
        name: name.to_owned(),
    }
}

fn measure(lab: &Lab, work: &str, base: &Base, load: &Load, goal: Option<Goal>) -> Outcome<Row> {
    lab.progress(work);
    let trial = Trial::new(lab, base, load)?;
    let image = Image::new(&base.device, Kind::Warm, lab.path("volume.img"))?;
    let contestants = trial.engine_and(&image, Who::Library);
    let rounds = alternate(lab.rounds(ROUNDS), contestants)?;
    let cells = trial.cells(&rounds, Kind::Warm, Who::Library);
    Ok(Row {
        work: work.to_owned(),
        peer: trial.library.then(|| "libntfs-3g in-process".to_owned()),
        unit: "a second".to_owned(),
        cells,
        goal: goal.filter(|_| trial.library),
    })
}
