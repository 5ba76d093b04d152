//! What every part needs: settings, a folder, peers, and runs with a clock.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs_check::{CheckOptions, check};
use tempfile::TempDir;

use crate::Outcome;
use crate::load::Load;
use crate::peers::Peers;
use crate::worker::Told;

/// How much is measured, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Part of the full size of every load.
    pub size: f64,
    /// Rounds in place of each part's own number.
    pub rounds: Option<usize>,
    /// Where images lie.
    pub folder: PathBuf,
    /// The program `linkwright`.
    pub linkwright: Option<PathBuf>,
    /// Also what takes many minutes.
    pub long: bool,
}

/// Whether what is written reaches the disk before the clock stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// fsync does nothing: everything stays in the page cache.
    Without,
    /// As the program does it.
    With,
}

/// Who does a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The engine, a call for each operation.
    Engine,
    /// The engine, one transaction.
    Bulk,
    /// The Win32 functions, by path.
    Win32,
    /// libntfs-3g in a process.
    Library,
    /// A mount of ntfs-3g.
    Mount,
    /// The engine, its clock from before the volume is opened.
    Open,
}

impl Who {
    fn worker(self) -> Option<&'static str> {
        match self {
            Self::Engine => Some("engine"),
            Self::Bulk => Some("bulk"),
            Self::Win32 => Some("win32"),
            Self::Mount => Some("mount"),
            Self::Open => Some("open"),
            Self::Library => None,
        }
    }
}

/// A directory that grew.
pub struct Grown {
    /// What each link cost, and how many there were.
    pub told: Told,
    /// Bytes of the image that were written, the log and an empty volume among
    /// them.
    pub bytes: u64,
}

/// The place where parts are measured.
pub struct Lab {
    /// How much, and where.
    pub settings: Settings,
    /// What ours are measured against.
    pub peers: Peers,
    temp: TempDir,
    program: PathBuf,
    notes: RefCell<Vec<String>>,
}

impl Lab {
    /// Sets up. `program` is the program `bench`, which starts itself anew for
    /// each run.
    ///
    /// # Errors
    /// No folder, or no C compiler.
    pub fn new(settings: Settings, program: PathBuf) -> Outcome<Self> {
        let temp = tempfile::Builder::new()
            .prefix("linkwright-bench-")
            .tempdir_in(&settings.folder)?;
        let peers = Peers::build(temp.path())?;
        Ok(Self {
            settings,
            peers,
            temp,
            program,
            notes: RefCell::new(Vec::new()),
        })
    }

    /// A path for a file.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// `full` at the size that is asked for, a multiple of `step`.
    #[must_use]
    pub fn scaled(&self, full: u64, step: u64) -> u64 {
        let wanted = full as f64 * self.settings.size / step as f64;
        (wanted as u64).max(1) * step
    }

    /// Rounds, `usual` unless the user says otherwise.
    #[must_use]
    pub fn rounds(&self, usual: usize) -> usize {
        self.settings.rounds.unwrap_or(usual)
    }

    /// Says something once, on standard error and under the part's table.
    pub fn note(&self, text: impl Into<String>) {
        let text = text.into();
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&text) {
            eprintln!("bench: {text}");
            notes.push(text);
        }
    }

    /// Notes that another could not do the work, with the end of what it said.
    pub fn failed(&self, who: &str, error: &dyn std::error::Error) {
        let text = error.to_string();
        let last = text.trim_end().lines().next_back().unwrap_or_default();
        let last = last.trim_start_matches("bench: ");
        self.note(format!("left out: {who}: {last}"));
    }

    /// What was said since the last part.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// Says what is measured now.
    pub fn progress(&self, text: &str) {
        eprintln!("bench: ... {text}");
    }

    /// Lets `who` do a load; the wall time up to the end of close or unmount,
    /// and memory.
    ///
    /// # Errors
    /// The run failed, with what it said.
    pub fn run(&self, who: Who, image: &Path, load: &Path, sync: Sync) -> Outcome<Told> {
        let command = self.command(who, image, load, sync)?;
        self.told(command, Sync::With)
    }

    /// Lets `who` do a load on several images at once; the wall time until the
    /// last process has ended.
    ///
    /// # Errors
    /// A run failed.
    pub fn run_all(&self, who: Who, images: &[PathBuf], load: &Path, sync: Sync) -> Outcome<f64> {
        let start = Instant::now();
        let mut running = Vec::new();
        for image in images {
            let mut command = self.command(who, image, load, sync)?;
            running.push(command.stdout(Stdio::null()).spawn()?);
        }
        for mut child in running {
            let status = child.wait()?;
            if !status.success() {
                return Err(format!("{who:?}: {status}").into());
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }

    fn command(&self, who: Who, image: &Path, load: &Path, sync: Sync) -> Outcome<Command> {
        let mut command = match who.worker() {
            Some(how) => {
                let mut command = Command::new(&self.program);
                command.args(["worker", how]);
                command
            }
            None => Command::new(self.peers.ntfs3g.as_ref().map_err(String::as_str)?),
        };
        command.arg(image).arg(load).stdin(Stdio::null());
        if sync == Sync::Without {
            command.env("LD_PRELOAD", &self.peers.nosync);
        }
        Ok(command)
    }

    /// Runs another program in a small process of its own.
    ///
    /// # Errors
    /// It failed.
    pub fn spawn(&self, program: &Path, arguments: &[&str], sync: Sync) -> Outcome<Told> {
        let mut command = Command::new(&self.program);
        command.args(["worker", "spawn"]).arg(program);
        command.args(arguments);
        self.told(command, sync)
    }

    /// Goes over a whole volume ([`crate::worker::WAYS`]).
    ///
    /// # Errors
    /// It failed.
    pub fn walk(&self, way: &str, image: &Path) -> Outcome<Told> {
        let mut command = Command::new(&self.program);
        command.args(["worker", "walk", way]).arg(image);
        self.told(command, Sync::With)
    }

    /// Grows a directory in a fresh image ([`crate::worker::growth`]).
    ///
    /// # Errors
    /// It failed.
    pub fn grow(&self, order: &str, cache: usize, entries: u64) -> Outcome<Grown> {
        let image = self.path("growth.img");
        let mut command = Command::new(&self.program);
        command.args(["worker", "grow"]).arg(&image).arg(order);
        command.args([cache.to_string(), entries.to_string()]);
        let told = self.told(command, Sync::Without);
        // 512-byte blocks, whatever the file system's are.
        let bytes = image.metadata()?.blocks() * 512;
        std::fs::remove_file(&image)?;
        Ok(Grown { told: told?, bytes })
    }

    /// Counts the lines of a program's output.
    ///
    /// # Errors
    /// It failed.
    pub fn lines(&self, program: &Path, arguments: &[&str]) -> Outcome<Told> {
        let mut command = Command::new(&self.program);
        command.args(["worker", "lines"]).arg(program);
        command.args(arguments);
        self.told(command, Sync::With)
    }

    /// How often a program calls fsync or fdatasync.
    ///
    /// # Errors
    /// It failed.
    pub fn syncs(&self, program: &Path, arguments: &[&str]) -> Outcome<u64> {
        let counts = self.path("syncs.txt");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        command.env("LD_PRELOAD", &self.peers.nosync);
        command.env("LINKWRIGHT_BENCH_SYNCS", &counts);
        let output = command.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("{command:?}: {}\n{said}", output.status).into());
        }
        let text = std::fs::read_to_string(&counts)?;
        std::fs::remove_file(&counts)?;
        let numbers: Result<Vec<u64>, _> = text.lines().map(str::parse).collect();
        Ok(numbers?.into_iter().sum())
    }

    fn told(&self, mut command: Command, sync: Sync) -> Outcome<Told> {
        if sync == Sync::Without {
            command.env("LD_PRELOAD", &self.peers.nosync);
        }
        let output = command.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("{command:?}: {}\n{said}", output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The volume has as many names more than `before` as the load makes, and
    /// the checker finds nothing when we wrote it.
    ///
    /// # Errors
    /// It is not so.
    pub fn judge(&self, image: &Path, before: u64, load: &Load, who: Who) -> Outcome<()> {
        let device = FileDevice::open(image, &FileOptions::read_only())?;
        let summary = check(&device, &CheckOptions::default(), &mut |_| {})?;
        let grown: i64 = load.operations.iter().map(|each| each.names()).sum();
        let wanted = before.checked_add_signed(grown);
        if Some(summary.links) != wanted {
            return Err(format!("{who:?}: {} names, not {wanted:?}", summary.links).into());
        }
        let ours = !matches!(who, Who::Library | Who::Mount);
        if ours && !summary.is_clean() {
            return Err(format!("{who:?}: {summary:?}").into());
        }
        Ok(())
    }
}

/// Names on a volume.
///
/// # Errors
/// It cannot be checked.
pub fn names(device: &dyn linkwright_device::BlockDevice) -> Outcome<u64> {
    Ok(check(device, &CheckOptions::default(), &mut |_| {})?.links)
}

/// Seconds that an fsync of a file takes.
///
/// # Errors
/// The device failed.
pub fn sync_seconds(path: &Path) -> Outcome<f64> {
    let file = File::open(path)?;
    let start = Instant::now();
    file.sync_all()?;
    Ok(start.elapsed().as_secs_f64())
}
