//! The link scan of an image into a counter, to be looked at with a profiler:
//! `scan_profile IMAGE [ROUNDS]`. Every name counts with the path of its
//! directory, as in `cargo xtask bench scan`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs::{OpenOptions, Scanned, Standing, Volume};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let image = words.next().ok_or("scan_profile IMAGE [ROUNDS]")?;
    let rounds: u32 = words.next().map_or(Ok(1), |word| word.parse())?;
    let device = FileDevice::open(Path::new(&image), &FileOptions::read_only())?;
    let volume = Volume::open(Arc::new(device), OpenOptions::read_only())?;
    for _ in 0..rounds {
        let start = Instant::now();
        let (mut names, mut units) = (0_u64, 0);
        let (mut parent, mut path) = (None, 0);
        let summary = volume.links(&mut |scanned| {
            let Scanned::File(file) = scanned else {
                return ControlFlow::Continue(());
            };
            for name in file.names().filter(|name| !name.is_short()) {
                if name.standing() != Standing::Rooted {
                    continue;
                }
                if parent.replace(name.parent()) != Some(name.parent()) {
                    let directory = name.directory().unwrap_or_default();
                    path = directory.iter().map(|part| part.len() + 1).sum();
                }
                units += path + name.unit_count();
                names += 1;
            }
            ControlFlow::Continue(())
        })?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{names} names, {units} units, {seconds:.3} s, {summary:?}");
    }
    Ok(())
}
