//! Runs inputs in a child process and watches it.
//!
//! The child notes the round it is at in a file before each; when it dies, or
//! the round does not end in [`PATIENCE`], the parent makes the input of that
//! round again and keeps it.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::mutate::input;
use crate::{PATIENCE, Target, limits};

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// This many rounds.
    Rounds(u64),
    /// This long.
    Time(Duration),
}

/// What a child is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The seed of the inputs.
    pub seed: u64,
    /// How long.
    pub budget: Budget,
}

/// What a run that found nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Inputs that were run.
    pub rounds: u64,
    /// Milliseconds for all.
    pub milliseconds: u64,
    /// Milliseconds of the slowest.
    pub slowest: u64,
    /// The most memory the process had, in KiB.
    pub peak_kib: u64,
}

impl Figures {
    /// As the child prints them.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{} {} {} {}",
            self.rounds, self.milliseconds, self.slowest, self.peak_kib
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            rounds: next()?,
            milliseconds: next()?,
            slowest: next()?,
            peak_kib: next()?,
        })
    }
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// The target panicked.
    Panic,
    /// An input took longer than [`PATIENCE`].
    Hang,
    /// The process ended: out of memory or stack.
    Death,
}

/// An input that a target could not stand.
#[derive(Debug)]
pub struct Finding {
    /// What went wrong.
    pub kind: FindingKind,
    /// The round it was in; seeds and regressions count down from the largest.
    pub round: u64,
    /// The input.
    pub input: Vec<u8>,
    /// What the child said.
    pub said: String,
}

/// The inputs that every run starts with: seeds and regressions.
#[must_use]
pub fn fixed_inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut inputs = (target.seeds)();
    inputs.extend(regressions(target));
    inputs.push(Vec::new());
    inputs
}

/// Inputs of bugs that were found, from `regressions/NAME`.
#[must_use]
pub fn regressions(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("regressions")
        .join(target.name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).expect("a regression can be read");
    paths.iter().map(read).collect()
}

/// The input of a round; the fixed ones have the rounds from the largest down.
fn input_of(fixed: &[Vec<u8>], seeds: &[Vec<u8>], seed: u64, round: u64) -> Vec<u8> {
    let from_end = usize::try_from(u64::MAX - round).ok();
    match from_end.and_then(|index| fixed.get(index)) {
        Some(input) => input.clone(),
        None => input(seeds, seed, round),
    }
}

/// Runs rounds in this process, under the memory limit, until the budget is
/// used up; the round is noted in `place` first. A panic ends it.
///
/// # Errors
/// The round that panicked.
///
/// # Panics
/// When `place` cannot be written.
pub fn child(target: &Target, order: Order, place: &Path) -> Result<Figures, u64> {
    let seeds = (target.seeds)();
    let fixed = fixed_inputs(target);
    let mut place = File::create(place).expect("the place can be written");
    limits::limit_memory();
    let begin = Instant::now();
    let mut figures = Figures::default();
    let fixed_rounds = (0..fixed.len() as u64).map(|index| u64::MAX - index);
    for round in fixed_rounds.chain(0..) {
        let is_fixed = round > u64::MAX / 2;
        let enough = match order.budget {
            Budget::Rounds(rounds) => round >= rounds,
            Budget::Time(time) => begin.elapsed() >= time,
        };
        if enough && !is_fixed {
            break;
        }
        note(&mut place, round).expect("the place can be written");
        let input = input_of(&fixed, &seeds, order.seed, round);
        let start = Instant::now();
        panic::catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).map_err(|_| round)?;
        figures.slowest = figures.slowest.max(milliseconds(start.elapsed()));
        figures.rounds += 1;
    }
    figures.milliseconds = milliseconds(begin.elapsed());
    figures.peak_kib = limits::peak_kib();
    Ok(figures)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn note(place: &mut File, round: u64) -> io::Result<()> {
    place.rewind()?;
    place.write_all(&round.to_le_bytes())
}

/// Runs a target in a child of `program` and watches it.
///
/// # Errors
/// The input that ended it.
///
/// # Panics
/// When `program` cannot be run or its files cannot be written.
pub fn watch(program: &Path, target: &Target, order: Order) -> Result<Figures, Box<Finding>> {
    let stem = format!("linkwright-fuzz-{}-{}", std::process::id(), target.name);
    let at = |end: &str| std::env::temp_dir().join(format!("{stem}.{end}"));
    let (place, said, out) = (at("place"), at("said"), at("out"));
    let file = |path: &Path| File::create(path).expect("a temporary file");
    let amount = match order.budget {
        Budget::Rounds(rounds) => format!("rounds={rounds}"),
        Budget::Time(time) => format!("milliseconds={}", milliseconds(time)),
    };
    let mut child = Command::new(program)
        .env("RUST_BACKTRACE", "0")
        .args(["child", target.name, &order.seed.to_string(), &amount])
        .arg(&place)
        .stdin(Stdio::null())
        .stdout(file(&out))
        .stderr(file(&said))
        .spawn()
        .expect("the program can be run");
    let end = wait(&mut child, &place);
    let round = round_at(&place).unwrap_or(0);
    let words = std::fs::read(&said).unwrap_or_default();
    let figures = std::fs::read_to_string(&out).unwrap_or_default();
    for path in [&place, &said, &out] {
        drop(std::fs::remove_file(path));
    }
    let kind = match end {
        Some(status) if status.success() => {
            return Ok(Figures::parse(&figures).expect("the child tells its figures"));
        }
        Some(status) if status.code() == Some(PANICKED) => FindingKind::Panic,
        Some(_) => FindingKind::Death,
        None => FindingKind::Hang,
    };
    Err(Box::new(Finding {
        kind,
        round,
        input: input_of(&fixed_inputs(target), &(target.seeds)(), order.seed, round),
        said: String::from_utf8_lossy(&words).into_owned(),
    }))
}

/// Exit status of a child whose target panicked.
pub const PANICKED: i32 = 77;

fn round_at(place: &Path) -> Option<u64> {
    let bytes = std::fs::read(place).ok()?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// Waits for the end; `None` when a round took too long and the child was
/// ended. The time until the first round is not counted: seeds are made then.
fn wait(child: &mut Child, place: &Path) -> Option<ExitStatus> {
    let mut last = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return Some(status);
        }
        let round = round_at(place);
        if round.is_none() || round != last.0 {
            last = (round, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            child.kill().expect("a child of ours");
            child.wait().expect("a child of ours");
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
