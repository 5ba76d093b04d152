//! Makes the images and judges them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{Durability, OpenOptions, Volume};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_sim::{Cuts, Loss, SimDevice};

use super::state::{Tree, tree};
use super::steps::Step;
use crate::support::options;

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
    /// Position in the trace when each state was safe, and the state.
    pub(super) safe: Vec<(usize, Tree)>,
    /// Every state there was, in order.
    pub(super) states: Vec<Tree>,
}

/// Whether finished steps survive the loss of power.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Safe {
    AtOnce,
    WhenSynced,
}

pub(super) fn run(base: &MemoryDevice, durability: Durability, steps: &[Step]) -> Run {
    let sim = Arc::new(SimDevice::new(base));
    let safe_when = match durability {
        Durability::Immediate => Safe::AtOnce,
        _ => Safe::WhenSynced,
    };
    let volume = Volume::open(sim.clone(), with(durability)).expect("the base opens");
    let start = tree(&volume);
    let mut states = vec![start.clone()];
    let mut safe = vec![(0, start)];
    for step in steps {
        step(&volume).expect("the step works");
        let now = tree(&volume);
        states.push(now.clone());
        if safe_when == Safe::AtOnce {
            safe.push((sim.position(), now));
        }
    }
    let last = tree(&volume);
    volume.close().expect("it closes");
    safe.push((sim.position(), last));
    Run { sim, safe, states }
}

pub(super) static CUTS: AtomicU64 = AtomicU64::new(0);

/// Opens what a crash left, in both ways, and returns what is there; leaves it
/// recovered, closed and checked.
pub(super) fn recovered(image: &MemoryDevice, what: &str) -> Tree {
    CUTS.fetch_add(1, Ordering::Relaxed);
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
    let mut problems = Vec::new();
    check(&after, &CheckOptions::default(), &mut |problem| {
        if problem.severity != Severity::Note {
            problems.push(format!("{problem:?}"));
        }
    })
    .unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(problems.is_empty(), "{what}: {problems:#?}");
    again(&sim, &there, what);
    there
}

/// The power fails once more during recovery, at a few places.
pub(super) fn again(sim: &SimDevice, there: &Tree, what: &str) {
    let mut cuts = sim.cuts();
    let end = sim.position();
    let pick = CUTS.load(Ordering::Relaxed) as usize;
    if end == 0 || !pick.is_multiple_of(3) {
        return;
    }
    while cuts.position() < pick % end {
        cuts.step();
    }
    CUTS.fetch_add(1, Ordering::Relaxed);
    let image = cuts.image(Loss::Seed(pick as u64));
    let volume = Volume::open(device(image), options())
        .unwrap_or_else(|e| panic!("{what}, cut again at {}: {e}", cuts.position()));
    assert_eq!(
        tree(&volume),
        *there,
        "{what}, cut again at {}",
        cuts.position()
    );
}

/// Each image's tree must be one that was there, not older than what was safe.
pub(super) fn assert_survives(name: &str, run: &Run, seeds: u64) {
    let before = CUTS.load(Ordering::Relaxed);
    let mut cuts = run.sim.cuts();
    loop {
        let mut losses = vec![Loss::All, Loss::Nothing];
        losses.extend((0..seeds).map(Loss::Seed));
        if cuts.is_settled() {
            losses.truncate(1);
        }
        for loss in losses {
            assert_cut(name, run, &cuts, loss);
        }
        if !cuts.step() {
            break;
        }
    }
    let cuts = CUTS.load(Ordering::Relaxed) - before;
    println!("{name}: {cuts} cuts, {:?}", run.sim.counts());
}

pub(super) fn assert_cut(name: &str, run: &Run, cuts: &Cuts, loss: Loss) {
    let what = format!("{name}, cut at {}, {loss:?}", cuts.position());
    let there = recovered(&cuts.image(loss), &what);
    let (_, safe) = run
        .safe
        .iter()
        .rev()
        .find(|(position, _)| *position <= cuts.position())
        .unwrap();
    // Equal states may come twice: the last one counts as the oldest allowed.
    let oldest = run.states.iter().rposition(|state| state == safe).unwrap();
    let found = run.states.iter().rposition(|state| *state == there);
    assert!(
        found.is_some_and(|found| found >= oldest),
        "{what}: state {found:?}, at least {oldest} wanted\nthere: {:#?}\nsafe: {:#?}",
        difference(&there, safe),
        difference(safe, &there),
    );
}

pub(super) fn difference(a: &Tree, b: &Tree) -> Vec<(String, String)> {
    a.iter()
        .filter(|(path, text)| b.get(*path) != Some(text))
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

pub(super) fn seeds() -> u64 {
    if linkwright_testkit::long("more ways to lose power").is_ok() {
        40
    } else {
        6
    }
}
