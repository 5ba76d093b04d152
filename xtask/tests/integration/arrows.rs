//! Each crate uses only what `xtask/arrows.txt` lets it use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    process::Command,
};

use serde_json::Value;

use crate::root;

/// From one crate to the crates it uses.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
struct Graph {
    normal: Arrows,
    dev: Arrows,
}

#[test]
fn every_arrow_is_on_the_list() {
    let listed = listed();
    let found = found();
    let mut faults = String::new();
    for (kind, found, listed) in [
        ("", &found.normal, &listed.normal),
        ("dev-", &found.dev, &listed.dev),
    ] {
        for (from, to) in edges(found).difference(&edges(listed)) {
            writeln!(
                faults,
                "{kind}dependency {from} -> {to} is not in xtask/arrows.txt"
            )
            .unwrap();
        }
    }
    let members: BTreeSet<&String> = found.normal.keys().collect();
    let known: BTreeSet<&String> = listed.normal.keys().collect();
    assert_eq!(members, known, "the crates in xtask/arrows.txt");
    assert!(faults.is_empty(), "{faults}");
}

/// What judges the engine must not share its logic, over any number of arrows.
#[test]
fn judges_do_not_reach_the_engine() {
    let Graph { normal, dev } = found();
    for judge in ["ntfs-mkfs", "ntfs-check", "testkit"] {
        let mut reached = reach(&normal, judge);
        for direct in dev.get(judge).into_iter().flatten() {
            reached.insert(direct.clone());
            reached.extend(reach(&normal, direct));
        }
        assert!(!reached.contains("ntfs"), "{judge} reaches the engine");
    }
}

/// Nothing that is shipped depends on the testkit.
#[test]
fn the_testkit_is_for_tests_only() {
    for (from, used) in found().normal {
        assert!(
            !used.contains("testkit") || from == "bench",
            "{from} depends on the testkit"
        );
    }
}

fn edges(arrows: &Arrows) -> BTreeSet<(&String, &String)> {
    arrows
        .iter()
        .flat_map(|(from, used)| used.iter().map(move |to| (from, to)))
        .collect()
}

fn reach(arrows: &Arrows, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        for used in arrows.get(&next).into_iter().flatten() {
            if reached.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    reached
}

/// The arrows as cargo knows them.
fn found() -> Graph {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("run cargo metadata");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let mut graph = Graph::default();
    for package in metadata["packages"].as_array().expect("packages") {
        let from = short(package["name"].as_str().expect("a name"));
        graph.normal.entry(from.clone()).or_default();
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            // Only a member of the workspace has a path.
            if dependency.get("path").is_none_or(Value::is_null) {
                continue;
            }
            let arrows = if dependency["kind"] == "dev" {
                &mut graph.dev
            } else {
                &mut graph.normal
            };
            let to = short(dependency["name"].as_str().expect("a name"));
            arrows.entry(from.clone()).or_default().insert(to);
        }
    }
    graph
}

fn short(name: &str) -> String {
    name.strip_prefix("linkwright-").unwrap_or(name).to_owned()
}

/// The arrows that are allowed.
fn listed() -> Graph {
    let text = fs::read_to_string(root().join("xtask/arrows.txt")).expect("xtask/arrows.txt");
    let mut graph = Graph::default();
    let mut dev = false;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line {
            "[dependencies]" => dev = false,
            "[dev-dependencies]" => dev = true,
            _ => {
                let (from, used) = line.split_once(':').expect("`crate: crates`");
                let arrows = if dev {
                    &mut graph.dev
                } else {
                    &mut graph.normal
                };
                let used = used.split_whitespace().map(str::to_owned).collect();
                assert!(
                    arrows.insert(from.to_owned(), used).is_none(),
                    "{from} stands twice"
                );
            }
        }
    }
    graph
}
