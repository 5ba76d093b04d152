//! How fast the link scan is, held against reading `$MFT` alone and against
//! `find` on ntfs-3g's mount.
//!
//! Makes a volume of a million files in a file, or takes one that is there, and
//! then in turn: the scan of all links and names, every name with its path, into
//! a counter; and `$MFT` read by one thread, 1 MiB at a time, with the fix-ups
//! taken out. Prints each by the clock and by the processors' time, the ratios
//! with their spread, and the memory. With `--find` also `find` over ntfs-3g's
//! mount. The image lies in the host's cache.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkwright_bench::{Spread, mft_extents};
use linkwright_device::{BlockDevice, Existing, FileDevice, FileOptions};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Scanned, Volume};
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_mkfs::{FormatOptions, format};

/// Bytes that the floor reads at a time.
const PIECE: usize = 1 << 20;
/// Files in a directory.
const CROWD: u64 = 1000;
/// Bytes of the volume for each file: record, entry and some room.
const ROOM: u64 = 2048;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Options {
    files: u64,
    rounds: usize,
    folder: PathBuf,
    /// A volume that is there already.
    image: Option<PathBuf>,
    /// Where the volume that is made stays.
    keep: Option<PathBuf>,
    find: bool,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scan: {error}");
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
        keep: None,
        find: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--files" => options.files = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--folder" => options.folder = value()?.into(),
            "--image" => options.image = Some(value()?.into()),
            "--keep" => options.keep = Some(value()?.into()),
            "--find" => options.find = true,
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
        return measure(image, options);
    }
    if let Some(image) = &options.keep {
        return make(image, options.files);
    }
    let folder = tempfile::tempdir_in(&options.folder)?;
    let image = folder.path().join("volume.img");
    make(&image, options.files)?;
    // In a process of its own, whose memory is its own.
    let mut again = Command::new(std::env::current_exe()?);
    again.arg("--image").arg(&image);
    again.args(["--rounds", &options.rounds.to_string()]);
    if options.find {
        again.arg("--find");
    }
    if again.status()?.success() {
        Ok(())
    } else {
        Err("the measurement failed".into())
    }
}

/// A volume of `files` empty files, a thousand to a directory.
fn make(image: &Path, files: u64) -> Outcome<()> {
    let len = (64 << 20) + files * ROOM;
    let device = FileDevice::create(image, len, Existing::Refuse, Duration::ZERO)?;
    let device = Arc::new(device);
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
    Ok(volume.close()?)
}

/// What one run counted, and how long it took.
#[derive(Default)]
struct Runs {
    wall: Vec<f64>,
    busy: Vec<f64>,
}

impl Runs {
    fn add<T>(&mut self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let (start, before) = (Instant::now(), busy());
        let done = work()?;
        self.wall.push(start.elapsed().as_secs_f64());
        self.busy.push(busy() - before);
        Ok(done)
    }
}

fn measure(image: &Path, options: &Options) -> Outcome<()> {
    let device = FileDevice::open(image, &FileOptions::read_only())?;
    let runs = mft_runs(&device)?;
    let volume = Volume::open(
        Arc::new(FileDevice::open(image, &FileOptions::read_only())?),
        OpenOptions::read_only(),
    )?;
    let (mut scans, mut reads, mut finds) = (Runs::default(), Runs::default(), Runs::default());
    let mut counted = Counted::default();
    let mut bytes = 0;
    let before = peak_kib();
    let mut peak = None;
    for _ in 0..options.rounds {
        counted = scans.add(|| scan(&volume))?;
        peak = peak.or_else(peak_kib);
        bytes = reads.add(|| read(&device, &runs))?;
    }
    if options.find {
        let folder = tempfile::tempdir()?;
        mount(image, folder.path())?;
        // One round only: it takes a minute.
        let found = finds.add(|| find(folder.path()));
        succeed(Command::new("umount").arg(folder.path()))?;
        println!("find saw {} names", found?);
    }
    report(&counted, bytes, &scans, &reads, &finds);
    if let (Some(peak), Some(before)) = (peak, before) {
        println!(
            "memory {} KiB, {before} KiB of it before; {} bytes of tables",
            peak, counted.memory
        );
    }
    Ok(())
}

fn report(counted: &Counted, bytes: u64, scans: &Runs, reads: &Runs, finds: &Runs) {
    let mib = bytes as f64 / f64::from(1 << 20);
    println!(
        "{} records; {} files, {} names, {} links, {} damaged; {mib:.0} MiB of $MFT",
        counted.records, counted.files, counted.names, counted.links, counted.damaged
    );
    let ratio =
        |of: &[f64], to: &[f64]| Spread::of(of.iter().zip(to).map(|(a, b)| a / b).collect());
    println!(
        "scan             {:.3} s by the clock, {:.3} s of processors",
        Spread::of(scans.wall.clone()),
        Spread::of(scans.busy.clone())
    );
    println!(
        "read and fix up  {:.3} s by the clock, {:.3} s of processors",
        Spread::of(reads.wall.clone()),
        Spread::of(reads.busy.clone())
    );
    println!(
        "the scan takes {:.2} times as long as reading by the clock, {:.2} times the processors' time",
        ratio(&scans.wall, &reads.wall),
        ratio(&scans.busy, &reads.busy)
    );
    if let Some(find) = finds.wall.first() {
        let scan = Spread::of(scans.wall.clone()).median;
        println!(
            "find             {find:.1} s: {:.0} times the scan",
            find / scan
        );
    }
}

/// What a scan came to.
#[derive(Debug, Default)]
struct Counted {
    records: u64,
    files: u64,
    names: u64,
    links: u64,
    damaged: u64,
    memory: u64,
    /// Units of all paths, so that each is made.
    path_units: u64,
}

fn scan(volume: &Volume) -> Outcome<Counted> {
    let mut counted = Counted::default();
    let mut parent = None;
    let mut path: Vec<u16> = Vec::new();
    let summary = volume.links(&mut |scanned| {
        match scanned {
            Scanned::Damaged { .. } => counted.damaged += 1,
            Scanned::File(file) => {
                counted.links += u64::from(file.may_be_link());
                for name in file.names().filter(|name| !name.is_short()) {
                    counted.names += 1;
                    if parent.replace(name.parent()) != Some(name.parent()) {
                        path.clear();
                        for part in name.directory().unwrap_or_default() {
                            path.extend_from_slice(part);
                            path.push(u16::from(b'\\'));
                        }
                    }
                    let start = path.len();
                    path.extend(name.units());
                    counted.path_units += path.len() as u64;
                    path.truncate(start);
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    std::hint::black_box(counted.path_units);
    counted.records = summary.records;
    counted.files = summary.files;
    counted.memory = summary.memory;
    Ok(counted)
}

/// Where `$MFT` is.
fn mft_runs(device: &dyn BlockDevice) -> Outcome<Mft> {
    let mut sector = [0; 512];
    device.read_at(0, &mut sector)?;
    let geometry = BootSector::decode(&sector)?.geometry()?;
    Ok(Mft {
        runs: mft_extents(device, &geometry)?,
        block: usize::try_from(geometry.record_size())?,
        cluster: u64::from(geometry.cluster_size()),
    })
}

struct Mft {
    runs: RunList,
    block: usize,
    cluster: u64,
}

/// Reads `$MFT` and takes the fix-ups out; how many bytes.
fn read(device: &dyn BlockDevice, mft: &Mft) -> Outcome<u64> {
    let mut buffer = vec![0; PIECE];
    let (mut bytes, mut sound) = (0, 0_u64);
    for run in mft.runs.runs() {
        let Some(lcn) = run.lcn else { continue };
        let (mut at, end) = (lcn * mft.cluster, (lcn + run.length) * mft.cluster);
        while at < end {
            let len = usize::try_from((end - at).min(PIECE as u64))?;
            device.read_at(at, &mut buffer[..len])?;
            for block in buffer[..len].chunks_exact_mut(mft.block) {
                sound += u64::from(fixup::remove(block).is_ok());
            }
            at += len as u64;
            bytes += len as u64;
        }
    }
    std::hint::black_box(sound);
    Ok(bytes)
}

fn mount(image: &Path, on: &Path) -> Outcome<()> {
    succeed(
        Command::new("ntfs-3g")
            .args(["-o", "ro"])
            .arg(image)
            .arg(on),
    )
}

fn find(folder: &Path) -> Outcome<usize> {
    let output = Command::new("find")
        .arg(folder)
        .stderr(Stdio::null())
        .output()?;
    Ok(output.stdout.iter().filter(|byte| **byte == b'\n').count())
}

fn succeed(command: &mut Command) -> Outcome<()> {
    match command.status()?.success() {
        true => Ok(()),
        false => Err(format!("{command:?} failed").into()),
    }
}

/// Seconds that this process spent on processors, of all its threads, those that
/// ended among them (Linux: `utime` and `stime`, in hundredths).
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

/// The most memory this process has had; `None` where that is not told.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
