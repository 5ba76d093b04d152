//! How fast the checker is, held against reading alone: `cargo xtask bench check`.
//!
//! Makes a volume of a million files in a file, and then, in a process of its
//! own so that its memory is its own, in turn: the check; and the same file
//! records and index blocks read in order, 1 MiB at a time, with their fix-ups
//! taken out. Prints both rates by the time on the processor, of the fastest
//! round each, their ratio, and the memory. The image lies in the host's cache.
#![forbid(unsafe_code)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkwright_bench::mft_extents;
use linkwright_device::{BlockDevice, Existing, FileDevice, FileOptions};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Volume};
use linkwright_ntfs_check::{CheckOptions, check};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_mkfs::{FormatOptions, format};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;
/// Files in a directory.
const CROWD: u64 = 1000;
/// Bytes of the volume for each file: record, entry and some room.
const ROOM: u64 = 2048;
/// The checker's goal: memory for ten million records.
const GOAL_MIB: u64 = 512;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Options {
    files: u64,
    rounds: usize,
    folder: PathBuf,
    /// A volume that is there already.
    image: Option<PathBuf>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        files: 1_000_000,
        rounds: 5,
        folder: std::env::temp_dir(),
        image: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--files" => options.files = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--folder" => options.folder = value()?.into(),
            "--image" => options.image = Some(value()?.into()),
            _ => return Err(format!("not understood: {word}").into()),
        }
    }
    if options.files == 0 || options.rounds == 0 {
        return Err("at least one file and one round".into());
    }
    Ok(options)
}

fn run(options: &Options) -> Outcome<()> {
    if let Some(image) = &options.image {
        return measure(image, options.rounds);
    }
    let folder = tempfile::tempdir_in(&options.folder)?;
    let image = folder.path().join("volume.img");
    let start = Instant::now();
    make(&image, options.files)?;
    println!(
        "{} files made in {:.0} s",
        options.files,
        start.elapsed().as_secs_f64()
    );
    let status = Command::new(std::env::current_exe()?)
        .arg("--image")
        .arg(&image)
        .args(["--rounds", &options.rounds.to_string()])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the measurement failed".into())
    }
}

/// A volume of `files` empty files, a thousand to a directory.
fn make(image: &Path, files: u64) -> Outcome<()> {
    let len = (64 << 20) + files * ROOM;
    let device = Arc::new(FileDevice::create(
        image,
        len,
        Existing::Refuse,
        Duration::ZERO,
    )?);
    format(&*device, &FormatOptions::default())?;
    let volume = Volume::open(device, OpenOptions::read_write())?;
    let name = |text: &str, number: u64| -> Vec<u16> {
        format!("{text} with a name {number:07}")
            .encode_utf16()
            .collect()
    };
    let none = CreateOptions::default();
    let mut crowd = FileId::ROOT;
    for number in 0..files {
        if number % CROWD == 0 {
            let name = name("directory", number / CROWD);
            crowd = volume.create(FileId::ROOT, &name, FileKind::Directory, &none)?;
        }
        volume.create(crowd, &name("file", number), FileKind::File, &none)?;
    }
    volume.close()?;
    Ok(())
}

/// Clusters of metadata, and how long its blocks are.
struct Stretch {
    runs: RunList,
    block: usize,
}

fn measure(image: &Path, rounds: usize) -> Outcome<()> {
    let device = FileDevice::open(image, &FileOptions::read_only())?;
    let (geometry, stretches) = stretches(&device)?;
    let (mut checks, mut reads) = (Vec::new(), Vec::new());
    let (mut bytes, mut records) = (0, 0);
    let before = peak_kib();
    let mut peak = None;
    for _ in 0..rounds {
        let start = Watch::start();
        let summary = check(&device, &CheckOptions::default(), &mut |_| {})?;
        checks.push(start.seconds());
        // Before anything of ours takes more.
        peak = peak.or_else(peak_kib);
        records = summary.records;
        if !summary.is_clean() {
            return Err(format!("not clean: {summary:?}").into());
        }
        let start = Watch::start();
        bytes = read(&device, &geometry, &stretches)?;
        reads.push(start.seconds());
    }
    let (check, read) = (least(&checks), least(&reads));
    let mib = bytes as f64 / f64::from(1 << 20);
    println!("{records} records; {mib:.0} MiB of records and index blocks");
    println!(
        "check            {check:.3} s  {:.0} MiB/s  {:.0} records/s",
        mib / check,
        records as f64 / check
    );
    println!("read and fix up  {read:.3} s  {:.0} MiB/s", mib / read);
    println!(
        "the check takes {:.1} times as long as reading",
        check / read
    );
    if let (Some(peak), Some(before)) = (peak, before) {
        let each = (peak - before) as f64 * 1024.0 / records as f64;
        println!(
            "memory {} MiB, {} MiB of it before; {each:.0} bytes a record, {:.0} MiB for \
             10,000,000 (goal {GOAL_MIB})",
            peak >> 10,
            before >> 10,
            each * 1e7 / f64::from(1 << 20)
        );
    }
    Ok(())
}

/// Time this thread spends on a processor, other programs' share left out;
/// time by the clock where the system does not tell.
struct Watch {
    clock: Instant,
    busy: Option<u64>,
}

impl Watch {
    fn start() -> Self {
        Self {
            clock: Instant::now(),
            busy: busy(),
        }
    }

    fn seconds(&self) -> f64 {
        match (self.busy, busy()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e9,
            _ => self.clock.elapsed().as_secs_f64(),
        }
    }
}

/// Nanoseconds on a processor (Linux: the first number of `schedstat`).
fn busy() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The round that was disturbed least.
fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Where `$MFT` and all index blocks are.
fn stretches(device: &dyn BlockDevice) -> Outcome<(Geometry, Vec<Stretch>)> {
    let mut sector = [0; 512];
    device.read_at(0, &mut sector)?;
    let geometry = BootSector::decode(&sector)?.geometry()?;
    let size = usize::try_from(geometry.record_size())?;
    let mft = mft_extents(device, &geometry)?;
    let mut indexes = Vec::new();
    let block = usize::try_from(geometry.index_block_size())?;
    let mft = Stretch {
        runs: mft,
        block: size,
    };
    pieces(device, &geometry, &mft, |piece| {
        for record in piece.chunks_exact_mut(size) {
            if !record.starts_with(b"FILE") || fixup::remove(record).is_err() {
                continue;
            }
            for view in record::attributes(record).flatten() {
                if view.type_code() == AttributeType::INDEX_ALLOCATION
                    && let Some(part) = view.non_resident()
                    && let Ok(runs) = RunList::decode(part.pairs(), part.lowest_vcn())
                {
                    indexes.push(Stretch { runs, block });
                }
            }
        }
    })?;
    let mut all = vec![mft];
    all.append(&mut indexes);
    Ok((geometry, all))
}

fn pieces(
    device: &dyn BlockDevice,
    geometry: &Geometry,
    stretch: &Stretch,
    mut each: impl FnMut(&mut [u8]),
) -> Outcome<u64> {
    let cluster = u64::from(geometry.cluster_size());
    let mut buffer = vec![0; PIECE];
    let mut bytes = 0;
    for run in stretch.runs.runs() {
        let Some(lcn) = run.lcn else { continue };
        let (mut at, end) = (lcn * cluster, (lcn + run.length) * cluster);
        while at < end {
            let len = usize::try_from((end - at).min(PIECE as u64))?;
            device.read_at(at, &mut buffer[..len])?;
            each(&mut buffer[..len]);
            at += len as u64;
            bytes += len as u64;
        }
    }
    Ok(bytes)
}

/// Reads everything and takes the fix-ups out; how many bytes.
fn read(device: &dyn BlockDevice, geometry: &Geometry, stretches: &[Stretch]) -> Outcome<u64> {
    let mut bytes = 0;
    let mut sound = 0_u64;
    for stretch in stretches {
        bytes += pieces(device, geometry, stretch, |piece| {
            for block in piece.chunks_exact_mut(stretch.block) {
                sound += u64::from(fixup::remove(block).is_ok());
            }
        })?;
    }
    std::hint::black_box(sound);
    Ok(bytes)
}

/// The most memory this process has had; `None` where that is not told.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
