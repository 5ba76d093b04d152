//! Python's ctypes, on the rows of the conformance table that need no more than a
//! call.

use linkwright_testkit::{command, skip_unless, workspace_root};

use crate::support::{Place, library, run, source};

#[test]
fn the_basic_rows_of_the_table_hold_through_ctypes() {
    skip_unless!(command::installed("python3", "python3"));
    let place = Place::new();
    let work = tempfile::tempdir().unwrap();
    let mut python = command::program("python3");
    python.arg(source("python/rows.py")).arg(library());
    python.arg(workspace_root().join("docs/conformance.csv"));
    let finished = run(python.arg(place.image()).arg(work.path()));
    // Which would be few if the table or its reader went astray.
    let rows: usize = finished
        .text()
        .split_whitespace()
        .filter_map(|word| word.split_once(':')?.1.parse::<usize>().ok())
        .sum();
    assert!(rows >= 130, "{}", finished.text());
    assert!(finished.text().contains("CreateSymbolicLinkW:"));
}
