//! Processes that fork, that are killed, and that end.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use linkwright_testkit::{command, skip_unless};

use crate::support::{Place, library, run, source};

#[test]
fn a_forked_child_is_refused_and_touches_nothing() {
    skip_unless!(command::installed("python3", "python3"));
    let place = Place::new();
    let mut python = place.command("python3");
    let finished = run(python.arg(source("python/fork.py")).arg(library()));
    assert_eq!(finished.text(), "child refused, parent goes on\n");
    let mut names = place.root();
    names.sort();
    assert_eq!(names, ["after", "before", "file"]);
}

/// What was TRUE is there, though the process had no time to end.
#[test]
fn a_process_that_is_killed_has_its_links() {
    skip_unless!(command::installed("python3", "python3"));
    for _ in 0..5 {
        let place = Place::new();
        let mut python = place.command("python3");
        python.arg(source("python/links.py")).arg(library());
        let mut child = python.stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let last = told.by_ref().take(50).last().unwrap().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(last, "link49");
        // It was not closed: the next one that opens it for writing finishes its work.
        let mut python = place.command("python3");
        run(python.arg(source("python/touch.py")).arg(library()));
        let names = place.root();
        for number in 0..50 {
            assert!(
                names.contains(&format!("link{number}")),
                "{number}: {names:?}"
            );
        }
    }
}

/// Nobody asks for it: after 5 s what was done is flushed all the same.
#[test]
fn what_was_done_is_flushed_in_the_background() {
    skip_unless!(command::installed("python3", "python3"));
    skip_unless!(command::installed("strace", "strace"));
    let place = Place::new();
    let trace = place.path().join("trace");
    let mut strace = place.command("strace");
    strace.args([
        "-f",
        "-e",
        "trace=fdatasync,fsync,sync_file_range,exit_group",
        "-o",
    ]);
    strace
        .arg(&trace)
        .arg("python3")
        .arg(source("python/wait.py"))
        .arg(library());
    let mut child = strace
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "made");
    std::thread::sleep(std::time::Duration::from_secs(8));
    let text = std::fs::read_to_string(&trace).unwrap();
    child.stdin.take().unwrap().write_all(b"end\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(text.contains("sync("), "{text}");
    assert!(place.root().contains(&"file".to_owned()));
}
