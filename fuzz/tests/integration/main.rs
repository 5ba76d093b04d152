//! Every target stands its seeds, the inputs of bugs that were found and some
//! changed seeds; and the drivers notice what they are there to notice.
#![forbid(unsafe_code)]

#[path = "../../../crates/ntfs-check/tests/integration/editor.rs"]
#[allow(dead_code, reason = "the checker's tests use all of it")]
mod editor;
mod lies;
#[path = "../../../crates/ntfs-check/tests/integration/raw.rs"]
#[allow(dead_code, reason = "the checker's tests use all of it")]
mod raw;

use std::collections::BTreeSet;
use std::path::Path;

use linkwright_fuzz::drive::{Budget, FindingKind, Order, fixed_inputs, regressions, watch};
use linkwright_fuzz::{LONGEST, MEMORY, PATIENCE, Purpose, registry, target};

/// The program of this crate.
const PROGRAM: &str = env!("CARGO_BIN_EXE_linkwright-fuzz");

/// Changed seeds that each target gets here.
const ROUNDS: u64 = 4_000;
/// The same for targets that open a volume each time.
const VOLUMES: [(&str, u64); 5] = [
    ("walk", 1500),
    ("check", 1000),
    ("recover", 400),
    ("operations", 1200),
    ("upcase", 1500),
];

fn order(rounds: u64) -> Order {
    Order {
        seed: 1,
        budget: Budget::Rounds(rounds),
    }
}

#[test]
fn every_target_stands_seeds_regressions_and_changed_seeds() {
    let mut failures = Vec::new();
    let judges = registry().into_iter();
    for target in judges.filter(|target| target.purpose == Purpose::Judge) {
        let volume = VOLUMES.iter().find(|(name, _)| *name == target.name);
        let rounds = volume.map_or(ROUNDS, |(_, rounds)| *rounds);
        match watch(Path::new(PROGRAM), &target, order(rounds)) {
            Ok(figures) => {
                println!("{}: {figures:?}", target.name);
                let fixed = fixed_inputs(&target).len() as u64;
                assert_eq!(figures.rounds, rounds + fixed, "{}", target.name);
                assert!(u128::from(figures.slowest) < PATIENCE.as_millis());
                assert!(figures.peak_kib << 10 < MEMORY, "{}", target.name);
            }
            Err(finding) => failures.push(format!("{}: {finding:?}", target.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A panic, a hang and memory without end are each noticed, and the input that
/// is kept is the one that did it.
#[test]
fn canaries_are_noticed() {
    for (name, kind) in [
        ("canary-panic", FindingKind::Panic),
        ("canary-hang", FindingKind::Hang),
        ("canary-memory", FindingKind::Death),
    ] {
        let canary = target(name).expect("it is registered");
        assert_eq!(canary.purpose, Purpose::Canary);
        let finding = match watch(Path::new(PROGRAM), &canary, order(1000)) {
            Err(finding) => finding,
            Ok(figures) => panic!("{name} was not noticed: {figures:?}"),
        };
        assert_eq!(finding.kind, kind, "{finding:?}");
        let last = finding.input.last().expect("an input that fails");
        assert_eq!(last & 3, 3, "{finding:?}");
    }
}

#[test]
fn targets_have_names_of_their_own_and_seeds() {
    let mut names = BTreeSet::new();
    for target in registry() {
        assert!(names.insert(target.name), "{} twice", target.name);
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        for seed in &seeds {
            assert!(!seed.is_empty() && seed.len() <= LONGEST, "{}", target.name);
        }
    }
    assert!(names.len() > 25);
}

/// Each folder of regressions belongs to a target, so that none is forgotten.
#[test]
fn every_regression_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a plain name");
        let target = target(name).unwrap_or_else(|| panic!("no target is called {name}"));
        files += regressions(&target).len();
    }
    assert!(files > 0);
}
