//! A run of its own process, so that one does not find what another left in
//! memory: `bench worker HOW ARGUMENTS` prints one JSON object.
//!
//! | call | does |
//! |---|---|
//! | `engine IMAGE LOAD` | a load by the engine's interface, an operation a call |
//! | `bulk IMAGE LOAD` | the same as one transaction |
//! | `win32 IMAGE LOAD` | the same by the Win32 functions and full paths |
//! | `mount IMAGE LOAD` | the same through a mount of ntfs-3g |
//! | `open IMAGE LOAD` | the engine again, its clock from before the volume is opened |
//! | `walk WAY IMAGE` | a way over the whole volume ([`WAYS`]) |
//! | `grow IMAGE ORDER CACHE ENTRIES` | what a link costs as a directory grows |
//! | `lines PROGRAM ARGUMENT...` | runs a program and counts its lines |
//! | `spawn PROGRAM ARGUMENT...` | runs a program, its output thrown away |

mod engine;
pub mod growth;
mod mount;
mod spawn;
mod walk;
mod win32;

use std::path::Path;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::load::Load;

/// What a run tells.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Wall time of the work, up to the end of close or unmount.
    pub seconds: f64,
    /// Processor time of the process in it, the system's for it included; 0
    /// where it was not taken.
    pub busy: f64,
    /// The most memory it had.
    pub peak_kib: u64,
    /// What it counted: names, lines, bytes.
    pub count: u64,
    /// What a link cost on the way.
    pub marks: Vec<growth::Mark>,
}

impl Told {
    fn of(seconds: f64) -> Self {
        Self {
            seconds,
            peak_kib: peak_kib().unwrap_or(0),
            ..Self::default()
        }
    }
}

/// Both clocks of a run.
struct Watch {
    start: Instant,
    busy: f64,
}

impl Watch {
    fn start() -> Self {
        Self {
            start: Instant::now(),
            busy: busy(),
        }
    }

    fn told(&self) -> Told {
        Told {
            busy: busy() - self.busy,
            ..Told::of(self.start.elapsed().as_secs_f64())
        }
    }
}

/// Processor time of this process so far.
fn busy() -> f64 {
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        seconds(usage.user_time()) + seconds(usage.system_time())
    })
}

/// A way over a volume.
type Way = fn(&Path) -> Outcome<Told>;

/// The ways over a whole volume.
pub const WAYS: &[(&str, Way)] = &[
    ("records", walk::records),
    ("metadata", walk::metadata),
    ("scan", walk::scan),
    ("scan-links", walk::scan_links),
    ("directories", walk::directories),
    ("crate-ntfs", walk::crate_ntfs),
    ("find", walk::find),
    ("find-links", walk::find_links),
    ("fls", walk::fls),
    ("check", walk::our_check),
    ("fsck", walk::fsck),
];

/// Does what the words say and prints what it tells.
///
/// # Errors
/// The words are not understood, or the work failed.
pub fn run(words: &[String]) -> Outcome<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words.as_slice() {
        ["spawn", program, arguments @ ..] => spawn::run(program, arguments)?,
        ["lines", program, arguments @ ..] => walk::counted(program, arguments)?,
        ["grow", image, order, cache, entries] => {
            let cache = cache.parse()?;
            growth::run(Path::new(image), order, cache, entries.parse()?)?
        }
        ["walk", way, image] => {
            let found = WAYS.iter().find(|(name, _)| name == way);
            let (_, way) = found.ok_or(format!("no way over a volume: {way}"))?;
            way(Path::new(image))?
        }
        [how, image, load] => {
            let (image, load) = (Path::new(image), Load::read(Path::new(load))?);
            match *how {
                "engine" => engine::calls(image, &load)?,
                "open" => engine::open_and_call(image, &load)?,
                "bulk" => engine::transaction(image, &load)?,
                "win32" => win32::calls(image, &load)?,
                "mount" => mount::calls(image, &load)?,
                _ => return Err(format!("no worker: {how}").into()),
            }
        }
        _ => return Err(format!("no worker: {}", words.join(" ")).into()),
    };
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

/// The most memory this process has had; `None` where that is not told.
#[must_use]
pub fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
