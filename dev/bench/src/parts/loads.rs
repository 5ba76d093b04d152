//! The loads that several parts run: files, and names for them.

use crate::Outcome;
use crate::load::{Load, Operation, shuffle};
use crate::volumes::{Base, base, size};

/// In how many directories the names go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    One,
    Many,
}

/// In which order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Shuffled,
}

/// Files, and further names of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) files: u64,
    pub(super) names: u64,
}

/// Files in a directory when there are many.
pub(super) const CROWD: u64 = 200;
/// What a row calls it.
pub(super) fn words(spread: Spread, order: Order) -> &'static str {
    match (spread, order) {
        (Spread::One, Order::Ascending) => "into one directory, ascending",
        (Spread::One, Order::Shuffled) => "into one directory, shuffled",
        (Spread::Many, Order::Ascending) => "over many, ascending",
        (Spread::Many, Order::Shuffled) => "over many, shuffled",
    }
}

fn file_name(file: u64) -> String {
    format!("file{file:06}.txt")
}

pub(super) fn directories(count: u64) -> Vec<String> {
    (0..count)
        .map(|number| format!("directory{number:04}"))
        .collect()
}

/// The directory (0: the root) of a file among `CROWD` others, or the root.
fn crowd(file: u64, spread: Spread) -> usize {
    match spread {
        Spread::One => 0,
        Spread::Many => usize::try_from(1 + file / CROWD).unwrap_or(0),
    }
}

/// The directories that files will go in.
pub(super) fn files_base(shape: Shape, spread: Spread) -> Outcome<Base> {
    let directories = match spread {
        Spread::One => Vec::new(),
        Spread::Many => directories(shape.files.div_ceil(CROWD)),
    };
    base(size(shape.files, 0), &directories, std::iter::empty())
}

/// The files, made.
pub(super) fn files(base: &Base, shape: Shape, spread: Spread, order: Order) -> Load {
    let operations = (0..shape.files).map(|file| Operation::File {
        directory: crowd(file, spread),
        name: file_name(file),
    });
    load(base, operations.collect(), order)
}

/// The files that get names, and directories for these. A few files with many
/// names lie in the root, and each directory gets one name of every file, as
/// when a tree is cloned; many files get theirs where they are.
pub(super) fn links_base(shape: Shape, spread: Spread) -> Outcome<Base> {
    let Shape { files, names } = shape;
    let directories = match spread {
        Spread::One => Vec::new(),
        Spread::Many if names > 1 => directories(names),
        Spread::Many => directories(files.div_ceil(CROWD)),
    };
    let place = |file| match names {
        1 => crowd(file, spread),
        _ => 0,
    };
    let bytes = size(files, files * names);
    let files = (0..files).map(|file| (place(file), file_name(file)));
    base(bytes, &directories, files)
}

/// The names, given.
pub(super) fn links(base: &Base, shape: Shape, spread: Spread, order: Order) -> Load {
    let Shape { files, names } = shape;
    let first = base.objects.len() - usize::try_from(files).unwrap_or(0);
    let link = |file: u64, name: u64| Operation::Link {
        file: first + usize::try_from(file).unwrap_or(0),
        directory: match names {
            1 => crowd(file, spread),
            _ if spread == Spread::One => 0,
            _ => usize::try_from(1 + name).unwrap_or(0),
        },
        name: format!("file{file:06}_link{name:04}.txt"),
    };
    let operations: Vec<Operation> = match spread {
        // Directory by directory, so that names ascend in each.
        Spread::Many => (0..names)
            .flat_map(|name| (0..files).map(move |file| (file, name)))
            .map(|(file, name)| link(file, name))
            .collect(),
        Spread::One => (0..files)
            .flat_map(|file| (0..names).map(move |name| (file, name)))
            .map(|(file, name)| link(file, name))
            .collect(),
    };
    load(base, operations, order)
}

/// Operations on what is there, in order.
pub(super) fn load(base: &Base, mut operations: Vec<Operation>, order: Order) -> Load {
    if order == Order::Shuffled {
        shuffle(&mut operations);
    }
    Load {
        objects: base.objects.clone(),
        operations,
    }
}
