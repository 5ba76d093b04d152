//! One load of the engine, to be looked at with a profiler: files, further
//! names, their removal; the names one by one or all in one call.
//!
//! `engine_profile FILES NAMES [--dirs N] [--bulk] [--unlink] [--shuffled]
//! [--image PATH] [--size BYTES] [--cache BYTES] [--reopen]`; without an image the
//! volume is in memory. An image file is written once from end to end before the
//! clock starts. With `--reopen` the volume is closed and opened between files
//! and names, so that nothing of the files is in the cache.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use linkwright_device::{BlockDevice, FileDevice, FileOptions, MemoryDevice};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, NewLink, OpenOptions, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, format};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Default)]
struct Load {
    files: usize,
    names: usize,
    directories: usize,
    bulk: bool,
    unlink: bool,
    shuffled: bool,
    image: Option<PathBuf>,
    size: u64,
    cache: Option<usize>,
    reopen: bool,
}

fn main() -> Outcome<()> {
    let load = load()?;
    let device = device(&load)?;
    format(&*device, &FormatOptions::default())?;
    let mut options = OpenOptions::read_write();
    if let Some(bytes) = load.cache {
        options.cache_bytes = bytes;
    }
    let mut volume = Volume::open(Arc::clone(&device), options.clone())?;
    let none = CreateOptions::default();
    let mut directories = vec![FileId::ROOT];
    if load.directories > 0 {
        directories.clear();
        for n in 0..load.directories {
            let name = units(&format!("dir{n:06}"));
            directories.push(volume.create(FileId::ROOT, &name, FileKind::Directory, &none)?);
        }
    }
    volume.sync()?;
    let place = |n: usize| directories[n % directories.len()];

    let start = Instant::now();
    let mut files = Vec::with_capacity(load.files);
    let made = match load.names {
        0 => shuffled((0..load.files).collect(), load.shuffled),
        _ => (0..load.files).collect(),
    };
    for f in made {
        let name = units(&format!("file{f:06}.txt"));
        files.push(volume.create(place(f), &name, FileKind::File, &none)?);
    }
    tell("files", load.files, start);
    if load.reopen {
        volume.close()?;
        volume = Volume::open(Arc::clone(&device), options)?;
    }

    let order = order(&load);
    let names: Vec<Vec<u16>> = match load.bulk {
        true => order.iter().map(|(f, k)| link_name(*f, *k)).collect(),
        false => Vec::new(),
    };
    let start = Instant::now();
    if load.bulk {
        let links: Vec<NewLink<'_>> = order
            .iter()
            .zip(&names)
            .map(|((f, _), name)| NewLink {
                file: files[*f],
                parent: place(*f),
                name,
            })
            .collect();
        volume.hard_links(&links)?;
    } else {
        for (f, k) in &order {
            volume.hard_link(files[*f], place(*f), &link_name(*f, *k))?;
        }
    }
    tell("links", order.len(), start);

    if load.unlink {
        let start = Instant::now();
        for (f, k) in &order {
            volume.remove(place(*f), &link_name(*f, *k))?;
        }
        tell("unlinks", order.len(), start);
        let start = Instant::now();
        for f in 0..load.files {
            volume.remove(place(f), &units(&format!("file{f:06}.txt")))?;
        }
        tell("removed", load.files, start);
    }
    let start = Instant::now();
    volume.close()?;
    tell("close", 1, start);
    Ok(())
}

fn load() -> Outcome<Load> {
    let mut load = Load {
        size: 4 << 30,
        ..Load::default()
    };
    let mut words = std::env::args().skip(1);
    let mut numbers = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--dirs" => load.directories = value()?.parse()?,
            "--bulk" => load.bulk = true,
            "--reopen" => load.reopen = true,
            "--unlink" => load.unlink = true,
            "--shuffled" => load.shuffled = true,
            "--image" => load.image = Some(value()?.into()),
            "--size" => load.size = value()?.parse()?,
            "--cache" => load.cache = Some(value()?.parse()?),
            number => numbers.push(number.parse()?),
        }
    }
    let [files, names] = numbers[..] else {
        return Err("how many files, and how many further names of each?".into());
    };
    (load.files, load.names) = (files, names);
    Ok(load)
}

fn device(load: &Load) -> Outcome<Arc<dyn BlockDevice>> {
    let Some(path) = &load.image else {
        return Ok(Arc::new(MemoryDevice::new(load.size)));
    };
    std::fs::File::create(path)?.set_len(load.size)?;
    let device = FileDevice::open(path, &FileOptions::read_write())?;
    let zeros = vec![0; 1 << 20];
    for at in (0..load.size).step_by(zeros.len()) {
        device.write_at(at, &zeros)?;
    }
    Ok(Arc::new(device))
}

/// Which name of which file comes when.
fn order(load: &Load) -> Vec<(usize, usize)> {
    let order = (0..load.files).flat_map(|f| (0..load.names).map(move |k| (f, k)));
    shuffled(order.collect(), load.shuffled)
}

fn shuffled<T>(mut order: Vec<T>, really: bool) -> Vec<T> {
    if really {
        // Fisher and Yates, with a generator that is the same everywhere.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for at in (1..order.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let other = usize::try_from(state % (at as u64 + 1)).unwrap_or(0);
            order.swap(at, other);
        }
    }
    order
}

fn link_name(file: usize, number: usize) -> Vec<u16> {
    units(&format!("file{file:06}_link{number:04}.txt"))
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn tell(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what:>8}: {count} in {seconds:.3} s, {:.0}/s",
        count as f64 / seconds
    );
}
