//! Every part runs, at a size that takes a moment: its loads are done by all
//! who are here and judged, and a report comes out. Nothing is said of time.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::Command;

use linkwright_bench::parts::PARTS;

fn run(part: &str, out: &Path) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args([part, "--size", "0.001", "--rounds", "1", "--folder"])
        .arg(folder.path())
        .arg("--out")
        .arg(out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{part}: {said}");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "{part} leaves files behind");
    let text = std::fs::read_to_string(out.join(format!("{part}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_part_runs_at_a_small_size() {
    let out = tempfile::tempdir().unwrap();
    for part in PARTS {
        let report = run(part.name, out.path());
        let rows = report["rows"].as_array().unwrap();
        assert!(!rows.is_empty(), "{}: nothing measured", part.name);
        for row in rows {
            for cell in row["cells"].as_array().unwrap() {
                let ours = cell["ours"]["median"].as_f64().unwrap();
                assert!(ours > 0.0 && ours.is_finite(), "{}: {row}", part.name);
            }
        }
        let table = out.path().join(format!("{}.md", part.name));
        let table = std::fs::read_to_string(table).unwrap();
        let lines = table.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(lines, rows.len() + 2, "{table}");
        let home = std::env::var("HOME").unwrap_or_default();
        assert!(home.len() < 2 || !table.contains(&home), "{table}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let bench = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.args(words).output().unwrap().status.code()
    };
    assert_eq!(bench(&["nothing"]), Some(2));
    assert_eq!(bench(&["links", "--size", "2"]), Some(2));
    assert_eq!(bench(&["links", "--rounds", "0"]), Some(2));
    assert_eq!(bench(&[]), Some(2));
    assert_eq!(bench(&["help"]), Some(0));
}
