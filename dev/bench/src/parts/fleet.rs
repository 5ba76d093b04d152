//! Volumes side by side, a process each: a volume has one writer, so a fleet is
//! how more processors make more links.

use std::path::PathBuf;

use super::loads::{Order, Shape, Spread, links, links_base};
use crate::Outcome;
use crate::images::{Image, Kind};
use crate::lab::{Lab, Sync, Who};
use crate::report::{Cell, Row};
use crate::rounds::{Contestant, alternate};

const ROUNDS: usize = 5;

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    lab.note("links a second of all volumes together, warm images, until the last has ended");
    lab.note("unlike elsewhere, starting the processes and opening the volumes counts");
    let shape = Shape {
        files: lab.scaled(1000, 1),
        names: 100,
    };
    let base = links_base(shape, Spread::One)?;
    let load = links(&base, shape, Spread::One, Order::Ascending);
    let file = lab.path("load.txt");
    load.write(&file)?;
    let images = (0..cores).map(|number| {
        let path = lab.path(&format!("volume{number}.img"));
        Image::new(&base.device, Kind::Warm, path)
    });
    let images = images.collect::<Outcome<Vec<_>>>()?;
    let rate = |images: &[Image<'_>]| -> Outcome<Vec<f64>> {
        for image in images {
            image.reset()?;
        }
        let paths: Vec<PathBuf> = images.iter().map(|image| image.path().into()).collect();
        let seconds = lab.run_all(Who::Engine, &paths, &file, Sync::Without)?;
        Ok(vec![
            (load.operations.len() * images.len()) as f64 / seconds,
        ])
    };
    let contestants = vec![
        Contestant::new(|| rate(&images)),
        Contestant::new(|| rate(&images[..1])),
    ];
    let rounds = alternate(lab.rounds(ROUNDS), contestants)?;
    for image in &images {
        std::fs::remove_file(image.path())?;
    }
    Ok(vec![Row {
        work: format!(
            "{} links on each of {cores} volumes at once",
            load.operations.len()
        ),
        peer: Some("one volume".to_owned()),
        unit: "a second".to_owned(),
        cells: vec![Cell::against("", &rounds, (0, 0), (1, 0))],
        goal: None,
    }])
}
