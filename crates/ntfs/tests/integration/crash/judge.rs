//! Makes the images and judges them.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{Durability, OpenOptions, Volume};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_sim::{Cuts, Loss, SimDevice};
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};

use super::state::{Tree, tree};
use super::steps::Step;
use crate::support::{image_of, options};

pub(super) fn device(image: MemoryDevice) -> Arc<dyn BlockDevice> {
    Arc::new(image)
}

pub(super) fn with(durability: Durability) -> OpenOptions {
    OpenOptions {
        durability,
        ..options()
    }
}

/// Steps that were run, and what may be found after a crash.
pub(super) struct Run {
    pub(super) sim: Arc<SimDevice>,
    /// Position in the trace when each state was safe, and its number.
    pub(super) safe: Vec<(usize, usize)>,
    /// Every state there was, in order.
    pub(super) states: Vec<Tree>,
}

/// Whether finished steps survive the loss of power.
#[derive(Clone, Copy, PartialEq)]
enum Safe {
    AtOnce,
    WhenSynced,
}

pub(super) fn run(base: &MemoryDevice, durability: Durability, steps: &[Step]) -> Run {
    run_with(base, with(durability), steps)
}

pub(super) fn run_with(base: &MemoryDevice, options: OpenOptions, steps: &[Step]) -> Run {
    let sim = Arc::new(SimDevice::new(base));
    let safe_when = match options.durability {
        Durability::Immediate => Safe::AtOnce,
        _ => Safe::WhenSynced,
    };
    let volume = Volume::open(sim.clone(), options).expect("the base opens");
    let mut states = vec![tree(&volume)];
    let mut safe = vec![(0, 0)];
    for step in steps {
        step(&volume).expect("the step works");
        if safe_when == Safe::AtOnce {
            safe.push((sim.position(), states.len()));
        }
        states.push(tree(&volume));
    }
    volume.close().expect("it closes");
    safe.push((sim.position(), states.len() - 1));
    Run { sim, safe, states }
}

/// How thoroughly a run is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effort {
    /// Seeds of losing, tearing and reordering for each cut, beside all lost
    /// and all kept.
    pub(super) seeds: u64,
    /// One image of so many has its recovery cut at every write and flush; the
    /// others at one of them.
    pub(super) whole_recovery: u64,
    /// One image of so many is shown to the other judges.
    pub(super) others: u64,
}

impl Effort {
    /// What the usual run of the tests can afford.
    pub(super) const USUAL: Self = Self {
        seeds: 3,
        whole_recovery: 40,
        others: 60,
    };
    /// `cargo xtask test --long`.
    pub(super) const LONG: Self = Self {
        seeds: 12,
        whole_recovery: 10,
        others: 30,
    };

    pub(super) fn usual_or_long() -> Self {
        if linkwright_testkit::long("more ways to lose power").is_ok() {
            Self::LONG
        } else {
            Self::USUAL
        }
    }
}

/// All cuts of this process.
static ALL: AtomicU64 = AtomicU64::new(0);

/// Cuts images, judges them and counts.
pub(super) struct Judge<'a> {
    name: &'a str,
    effort: Effort,
    cuts: Cell<u64>,
    images: Cell<u64>,
    shown: Cell<u64>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(name: &'a str, effort: Effort) -> Self {
        Self {
            name,
            effort,
            cuts: Cell::new(0),
            images: Cell::new(0),
            shown: Cell::new(0),
        }
    }

    fn count_cut(&self) {
        self.cuts.set(self.cuts.get() + 1);
        ALL.fetch_add(1, Ordering::Relaxed);
    }

    /// Each image's tree must be one that was there, not older than what was
    /// safe. Returns the number of cuts.
    pub(super) fn assert_survives(&self, run: &Run) -> u64 {
        let mut cuts = run.sim.cuts();
        loop {
            let mut losses = vec![Loss::All, Loss::Nothing];
            losses.extend((0..self.effort.seeds).map(Loss::Seed));
            if cuts.is_settled() {
                losses.truncate(1);
            }
            for loss in losses {
                self.assert_cut(run, &cuts, loss);
            }
            if !cuts.step() {
                break;
            }
        }
        println!(
            "{}: {} cuts, {} images shown to other judges, {:?}; {} cuts in this process",
            self.name,
            self.cuts.get(),
            self.shown.get(),
            run.sim.counts(),
            ALL.load(Ordering::Relaxed),
        );
        self.cuts.get()
    }

    fn assert_cut(&self, run: &Run, cuts: &Cuts, loss: Loss) {
        let what = format!("{}, cut at {}, {loss:?}", self.name, cuts.position());
        let there = self.recovered(&cuts.image(loss), &what);
        let (_, oldest) = run
            .safe
            .iter()
            .rev()
            .find(|(position, _)| *position <= cuts.position())
            .unwrap();
        let safe = &run.states[*oldest];
        assert!(
            run.states[*oldest..].contains(&there),
            "{what}: at least state {oldest} wanted, there is {:?}\nthere: {:#?}\nsafe: {:#?}",
            run.states.iter().rposition(|state| *state == there),
            difference(&there, safe),
            difference(safe, &there),
        );
    }

    /// Opens what a crash left, in both ways, and returns what is there; leaves
    /// it recovered, closed and checked.
    pub(super) fn recovered(&self, image: &MemoryDevice, what: &str) -> Tree {
        self.count_cut();
        self.images.set(self.images.get() + 1);
        let number = self.images.get();
        let looked = Volume::open(device(image.snapshot()), OpenOptions::read_only())
            .unwrap_or_else(|e| panic!("{what}: read-only: {e}"));
        let seen = tree(&looked);
        let sim = Arc::new(SimDevice::new(image));
        Volume::recover(sim.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
        let after = sim.live();
        let volume = Volume::open(device(after.snapshot()), OpenOptions::read_only())
            .unwrap_or_else(|e| panic!("{what}: recovered: {e}"));
        let there = tree(&volume);
        assert_eq!(seen, there, "{what}: read-only and recovered differ");
        assert_no_problem(&after, what);
        self.recovery_is_cut(&sim, &there, number, what);
        if number.is_multiple_of(self.effort.others) {
            self.show_to_others(&after);
        }
        there
    }

    /// The power fails once more during recovery.
    fn recovery_is_cut(&self, sim: &SimDevice, there: &Tree, number: u64, what: &str) {
        let end = sim.position() as u64;
        if end == 0 {
            return;
        }
        let whole = number.is_multiple_of(self.effort.whole_recovery);
        let mut cuts = sim.cuts();
        while cuts.step() {
            let position = cuts.position() as u64;
            if !whole && position != number % end + 1 {
                continue;
            }
            self.count_cut();
            let loss = match (number + position) % 8 {
                0 => Loss::All,
                1 => Loss::Nothing,
                _ => Loss::Seed(number),
            };
            let what = format!("{what}, recovery cut at {position}, {loss:?}");
            let image = Arc::new(cuts.image(loss));
            Volume::recover(image.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_no_problem(&image, &what);
            let volume = Volume::open(image, options()).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(tree(&volume), *there, "{what}");
        }
    }

    fn show_to_others(&self, device: &MemoryDevice) {
        let image = image_of(device);
        rust_fs_ntfs::assert_clean(image.path());
        if ntfsfix::available().is_ok() {
            ntfsfix::assert_clean(image.path());
        }
        self.shown.set(self.shown.get() + 1);
    }
}

/// Our own checker has nothing to say, notes left out.
fn assert_no_problem(device: &MemoryDevice, what: &str) {
    let mut problems = Vec::new();
    check(device, &CheckOptions::strict(), &mut |problem| {
        if problem.severity != Severity::Note {
            problems.push(format!("{problem:?}"));
        }
    })
    .unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

fn difference(a: &Tree, b: &Tree) -> Vec<(String, String)> {
    a.iter()
        .filter(|(path, text)| b.get(*path) != Some(text))
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}
