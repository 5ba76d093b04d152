//! The process that kills and judges.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use linkwright_device::{Access, Existing, FileDevice};
use linkwright_ntfs::{FileId, OpenOptions, Volume};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_ntfs_mkfs::{FormatOptions, format};

use crate::{Failure, LOCK_WAIT, NAMES_PER_FILE, file_name, link_name, open_image};

const IMAGE_BYTES: u64 = 64 << 20;
/// After so many kills a fresh volume is taken, so that no volume fills.
const KILLS_PER_VOLUME: u64 = 10;
/// The child lives so long after it was started, in microseconds: from before
/// it has opened the volume to thousands of links later.
const SHORTEST: u64 = 1_000;
const LONGEST: u64 = 250_000;

/// What to do.
#[derive(Debug, Clone)]
pub struct Soak {
    /// The program whose `child IMAGE FIRST` runs [`crate::link_until_killed`].
    pub program: PathBuf,
    /// An image file, made anew.
    pub image: PathBuf,
    /// How often the child is killed.
    pub kills: u64,
    /// For the moments of the kills.
    pub seed: u64,
}

/// What was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Children killed.
    pub kills: u64,
    /// Of them before the first link of theirs was acknowledged.
    pub early: u64,
    /// Links acknowledged.
    pub links: u64,
    /// Links found though not acknowledged: the one under way.
    pub unacknowledged: u64,
    /// Sessions that had something to replay.
    pub replayed: u64,
}

impl Soak {
    /// Kills and judges.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let mut random = self.seed;
        let mut outcome = Outcome::default();
        let mut made = 0;
        for kill in 0..self.kills {
            if kill.is_multiple_of(KILLS_PER_VOLUME) {
                fresh(&self.image)?;
                made = 0;
            }
            let life = Duration::from_micros(SHORTEST + next(&mut random) % (LONGEST - SHORTEST));
            let acknowledged = self.one_life(made, life)?;
            outcome.kills += 1;
            outcome.early += u64::from(acknowledged == made);
            outcome.links += acknowledged - made;
            // Half of the time the next child recovers the volume itself.
            let recover = next(&mut random).is_multiple_of(2);
            let there = judge(&self.image, acknowledged, recover, &mut outcome)
                .map_err(|error| format!("kill {kill} after {life:?}: {error}"))?;
            outcome.unacknowledged += there - acknowledged;
            made = there;
        }
        Ok(outcome)
    }

    /// Starts a child, kills it, and returns how many links there are that it
    /// or one before it acknowledged.
    fn one_life(&self, made: u64, life: Duration) -> Result<u64, Failure> {
        let mut child = Command::new(&self.program)
            .arg("child")
            .arg(&self.image)
            .arg(made.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipe = child.stdout.take().ok_or("no pipe")?;
        let reader = thread::spawn(move || {
            // A line that was cut off acknowledges nothing.
            BufReader::new(pipe)
                .split(b'\n')
                .map_while(Result::ok)
                .filter_map(|line| String::from_utf8(line).ok()?.parse::<u64>().ok())
                .last()
        });
        thread::sleep(life);
        let ended = child.try_wait()?;
        // SIGKILL.
        child.kill()?;
        child.wait()?;
        let last = reader
            .join()
            .map_err(|_| "the reader of the pipe panicked")?;
        match ended {
            Some(status) => Err(format!("the child ended by itself: {status}").into()),
            None => Ok(last.map_or(made, |last| last + 1)),
        }
    }
}

fn fresh(image: &Path) -> Result<(), Failure> {
    let device = FileDevice::create(image, IMAGE_BYTES, Existing::Replace, LOCK_WAIT)?;
    format(&device, &FormatOptions::default())?;
    Ok(())
}

/// Looks at the volume as the kill left it, and returns how many links there
/// are: all that were acknowledged, and at most the one that was under way.
fn judge(
    image: &Path,
    acknowledged: u64,
    recover: bool,
    outcome: &mut Outcome,
) -> Result<u64, Failure> {
    let device = open_image(image, Access::ReadOnly)?;
    let there = count(
        &Volume::open(device.clone(), OpenOptions::read_only())?,
        acknowledged,
    )?;
    let view = Volume::recovered_view(device)?;
    assert_no_problem(&*view)?;
    drop(view);
    if recover {
        let device = open_image(image, Access::ReadWrite)?;
        let report = Volume::recover(device.clone())?;
        outcome.replayed += u64::from(report.groups > 0);
        assert_no_problem(&*device)?;
        let after = count(
            &Volume::open(device, OpenOptions::read_only())?,
            acknowledged,
        )?;
        if after != there {
            return Err(format!("{there} links before recovery, {after} behind it").into());
        }
    }
    Ok(there)
}

/// Links that are there, from the first on without a gap.
fn count(volume: &Volume, acknowledged: u64) -> Result<u64, Failure> {
    for number in 0..acknowledged {
        let link = volume.lookup(FileId::ROOT, &link_name(number))?;
        let file = volume.lookup(FileId::ROOT, &file_name(number))?;
        match (link, file) {
            (Some(link), Some(file)) if link.file == file.file => {}
            _ => return Err(format!("link {number} of {acknowledged} is lost").into()),
        }
    }
    let mut there = acknowledged;
    while volume.lookup(FileId::ROOT, &link_name(there))?.is_some() {
        there += 1;
    }
    if there > acknowledged + 1 {
        return Err(format!("{there} links, {acknowledged} acknowledged").into());
    }
    // Each file's link count tells the same.
    let mut names = 0;
    for first in (0..=there).step_by(usize::try_from(NAMES_PER_FILE)?) {
        if let Some(entry) = volume.lookup(FileId::ROOT, &file_name(first))? {
            names += u64::from(volume.file_info(entry.file)?.link_count) - 1;
        }
    }
    if names != there {
        return Err(format!("{there} links, link counts say {names}").into());
    }
    Ok(there)
}

fn assert_no_problem(device: &dyn linkwright_device::BlockDevice) -> Result<(), Failure> {
    let mut found = Vec::new();
    check(device, &CheckOptions::default(), &mut |problem| {
        if problem.severity != Severity::Note {
            found.push(problem.to_string());
        }
    })?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(found.join("\n").into()),
    }
}

/// Steele, Lea and Flood's SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
