//! What the journal costs: `cargo xtask bench journal`.
//!
//! Side by side in one run, a pair of measurements after the other, the rate
//! of hard links at `OnSync` with the journal and without it; then what goes to
//! the device for each link under every durability. Fails when the rate with
//! the journal is below the goal, or `Immediate` flushes more than it should.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use linkwright_bench::Spread;
use linkwright_device::{
    BlockDevice, FileDevice, FileOptions, IoCounts, MemoryDevice, StatsDevice,
};
use linkwright_ntfs::{
    CreateOptions, Durability, FileId, FileKind, JournalMode, OpenOptions, Volume,
};
use linkwright_ntfs_mkfs::{FormatOptions, format};

const VOLUME: u64 = 1 << 30;
/// Names that each file gets.
const NAMES: usize = 100;
/// The least rate with the journal, as part of that without.
const GOAL: f64 = 0.80;
/// Links counted one by one.
const COUNTED: usize = 5000;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Options {
    links: usize,
    rounds: usize,
    folder: PathBuf,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("journal: {error}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        links: 50_000,
        rounds: 9,
        folder: std::env::temp_dir(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--links" => options.links = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--folder" => options.folder = value()?.into(),
            _ => return Err(format!("not understood: {word}").into()),
        }
    }
    if options.links < NAMES || options.rounds == 0 {
        return Err("at least 100 links and one round".into());
    }
    Ok(options)
}

fn run(options: &Options) -> Outcome<bool> {
    let base = base(options.links / NAMES)?;
    println!(
        "{} hard links, {NAMES} to a file, and a sync; {} pairs, in turn",
        options.links, options.rounds
    );
    let memory =
        |base: &MemoryDevice| -> Outcome<Arc<dyn BlockDevice>> { Ok(Arc::new(base.snapshot())) };
    let mut met = compare("memory", options, || memory(&base))?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let path = folder.path().join("volume.img");
    met &= compare("file", options, || in_file(&base, &path))?;
    println!();
    met &= count_all(&base)?;
    Ok(met)
}

/// A volume with files that links can be made to.
fn base(files: usize) -> Outcome<MemoryDevice> {
    let device = Arc::new(MemoryDevice::new(VOLUME));
    format(&*device, &FormatOptions::default())?;
    let volume = Volume::open(device.clone(), OpenOptions::read_write())?;
    for n in 0..files {
        let none = CreateOptions::default();
        volume.create(FileId::ROOT, &name("file", n), FileKind::File, &none)?;
    }
    volume.close()?;
    Ok(device.snapshot())
}

fn name(text: &str, number: usize) -> Vec<u16> {
    format!("{text} {number:06}").encode_utf16().collect()
}

/// The volume in a file that is made anew.
fn in_file(base: &MemoryDevice, path: &Path) -> Outcome<Arc<dyn BlockDevice>> {
    std::fs::File::create(path)?.set_len(base.len())?;
    let device = FileDevice::open(path, &FileOptions::read_write())?;
    for range in base.allocated_ranges() {
        let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
        base.read_at(range.start, &mut bytes)?;
        device.write_at(range.start, &bytes)?;
    }
    device.flush()?;
    Ok(Arc::new(device))
}

/// Measures both ways in turn; whether the goal is met.
fn compare(
    place: &str,
    options: &Options,
    fresh: impl Fn() -> Outcome<Arc<dyn BlockDevice>>,
) -> Outcome<bool> {
    let (mut on, mut off, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut processor = Vec::new();
    // One round to warm up.
    for round in 0..=options.rounds {
        // Neither is always the first.
        let order = if round % 2 == 0 {
            [JournalMode::On, JournalMode::OffForMeasurement]
        } else {
            [JournalMode::OffForMeasurement, JournalMode::On]
        };
        let (mut pair, mut busy) = ([0.0; 2], [0.0; 2]);
        for mode in order {
            let which = usize::from(mode == JournalMode::On);
            (pair[which], busy[which]) = rate(fresh()?, mode, options.links)?;
        }
        if round > 0 {
            let [without, with] = pair;
            on.push(with);
            off.push(without);
            ratios.push(with / without);
            let [without, with] = busy;
            processor.push(with / without);
        }
    }
    let processor = Spread::of(processor).scaled(100.0);
    let (on, off, ratio) = (Spread::of(on), Spread::of(off), Spread::of(ratios));
    println!("{place:>8}  journal off: {off:.0} links/s");
    println!("{place:>8}  journal on:  {on:.0} links/s");
    let percent = ratio.scaled(100.0);
    let met = ratio.median >= GOAL;
    let verdict = if met { "met" } else { "NOT MET" };
    println!(
        "{place:>8}  on / off:    {percent:.1} %; goal {:.0} %: {verdict}",
        GOAL * 100.0
    );
    println!("{place:>8}  the same by the processor's time: {processor:.1} %");
    Ok(met)
}

/// Links a second, with the sync at the end, and links for each second of the
/// processor: the same on a machine that does nothing else, but for waiting.
fn rate(device: Arc<dyn BlockDevice>, journal: JournalMode, links: usize) -> Outcome<(f64, f64)> {
    let options = OpenOptions {
        journal,
        durability: Durability::OnSync,
        ..OpenOptions::read_write()
    };
    let volume = Volume::open(device, options)?;
    let files = files(&volume, links / NAMES)?;
    // The session begins before the clock does.
    link(&volume, &files, links)?;
    volume.sync()?;
    let (start, busy) = (Instant::now(), processor_seconds());
    for n in 0..links {
        link(&volume, &files, n)?;
    }
    volume.sync()?;
    let seconds = start.elapsed().as_secs_f64();
    let busy = processor_seconds() - busy;
    volume.close()?;
    Ok((links as f64 / seconds, links as f64 / busy))
}

/// Seconds that this thread, the only one, had a processor; not a number where
/// the system does not tell.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    let nanoseconds = first.and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

fn files(volume: &Volume, count: usize) -> Outcome<Vec<FileId>> {
    let mut files = Vec::new();
    for n in 0..count {
        let entry = volume.lookup(FileId::ROOT, &name("file", n))?;
        files.push(entry.ok_or("a file is gone")?.file);
    }
    Ok(files)
}

fn link(volume: &Volume, files: &[FileId], number: usize) -> Outcome<()> {
    let file = files[number % files.len()];
    Ok(volume.hard_link(file, FileId::ROOT, &name("link", number))?)
}

/// Writes, bytes and flushes of each link; whether `Immediate` has one flush.
fn count_all(base: &MemoryDevice) -> Outcome<bool> {
    println!("per link, {COUNTED} links:      writes     bytes   flushes");
    let mut met = true;
    let modes = [
        ("Immediate", Durability::Immediate, JournalMode::On),
        ("Written", Durability::Written, JournalMode::On),
        ("OnSync", Durability::OnSync, JournalMode::On),
        (
            "OnSync, no journal",
            Durability::OnSync,
            JournalMode::OffForMeasurement,
        ),
    ];
    for (text, durability, journal) in modes {
        let (total, one_flush) = count(base, durability, journal)?;
        let each = |count: u64| count as f64 / COUNTED as f64;
        println!(
            "{text:>24} {:10.3} {:9.0} {:9.4}",
            each(total.writes),
            each(total.bytes_written),
            each(total.flushes)
        );
        if durability == Durability::Immediate {
            println!("{:>24} {one_flush} links with exactly one flush", "");
            println!("{:>24} the others found the log full: a checkpoint", "");
            // A checkpoint has three.
            met &= total.flushes <= COUNTED as u64 + 3 * (COUNTED - one_flush) as u64;
            met &= one_flush * 100 >= COUNTED * 99;
        }
    }
    Ok(met)
}

fn count(
    base: &MemoryDevice,
    durability: Durability,
    journal: JournalMode,
) -> Outcome<(IoCounts, usize)> {
    let device = Arc::new(StatsDevice::new(base.snapshot()));
    let options = OpenOptions {
        journal,
        durability,
        ..OpenOptions::read_write()
    };
    let volume = Volume::open(device.clone(), options)?;
    let files = files(&volume, COUNTED / NAMES)?;
    link(&volume, &files, COUNTED)?;
    volume.sync()?;
    let start = device.counts();
    let mut one_flush = 0;
    for n in 0..COUNTED {
        let before = device.counts().flushes;
        link(&volume, &files, n)?;
        one_flush += usize::from(device.counts().flushes == before + 1);
    }
    volume.sync()?;
    let end = device.counts();
    let total = IoCounts {
        writes: end.writes - start.writes,
        bytes_written: end.bytes_written - start.bytes_written,
        flushes: end.flushes - start.flushes,
        ..IoCounts::default()
    };
    volume.close()?;
    Ok((total, one_flush))
}
