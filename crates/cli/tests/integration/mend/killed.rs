//! Killed in the middle: an image holds all or nothing; on the host the undo file
//! takes back exactly what was done.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};
use std::time::Duration;

use linkwright_fs::{Create, FileSystem, LinkContent, LinkType, Name};
use linkwright_ntfs::OpenOptions;
use linkwright_reparse::{SymbolicLink, TargetContext};

use super::listing::volume;
use crate::program::Bench;

/// Links of the image.
const LINKS: usize = 2000;

/// Starts a command whose output is read so far.
fn start(bench: &Bench, line: &str) -> Child {
    bench
        .command()
        .args(line.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Targets of all links that begin with the old and with the new drive.
fn targets(bench: &Bench) -> (usize, usize) {
    let links = bench.ok("--json ls -R disk.img:/tree").of_type("link");
    let count = |start: &str| {
        let begins =
            |line: &&serde_json::Value| line["target"].as_str().unwrap().starts_with(start);
        links.iter().filter(begins).count()
    };
    (count("D:\\old"), count("E:\\new"))
}

fn image(bench: &Bench) {
    bench.ok("volume create disk.img --size 64M");
    let fs = volume(bench, "disk.img", OpenOptions::read_write());
    let create = Create::default();
    fs.atomically(&mut |fs| {
        let dir = fs.create_directory(&fs.root()?, &Name::from("tree"), &create)?;
        for number in 0..LINKS {
            let target: Vec<u16> = format!("D:\\old\\f{number}").encode_utf16().collect();
            let link = SymbolicLink::from_target_text(&target, &TargetContext::default());
            let content = LinkContent::Reparse(link.unwrap().into());
            let name = Name::from(format!("l{number}").as_str());
            fs.create_link(&dir, &name, LinkType::File, &content, &create)?;
        }
        Ok(())
    })
    .unwrap();
    fs.close().unwrap();
}

#[test]
fn an_image_holds_all_or_nothing_and_undo_tells_which() {
    let bench = Bench::new();
    image(&bench);
    bench.ok("retarget --map D:\\old=E:\\new --plan p disk.img:/tree");
    let mut outcomes = [0, 0];
    for round in 0..6 {
        let mut child = start(&bench, "apply p");
        let mut output = child.stdout.take().unwrap();
        let mut some = [0; 256];
        match round {
            // Before anything, and in the middle of the transaction.
            0 => {}
            _ => {
                output.read_exact(&mut some).unwrap();
                let reader = std::thread::spawn(move || {
                    std::io::copy(&mut output, &mut std::io::sink()).ok();
                });
                std::thread::sleep(Duration::from_millis(60 * (round - 1)));
                child.kill().unwrap();
                child.wait().unwrap();
                reader.join().unwrap();
            }
        }
        child.kill().ok();
        child.wait().unwrap();
        bench.ok("volume check disk.img");
        let (old, new) = targets(&bench);
        assert!(
            (old, new) == (LINKS, 0) || (old, new) == (0, LINKS),
            "round {round}: {old} old, {new} new"
        );
        outcomes[usize::from(new > 0)] += 1;
        if bench.path("p.undo").exists() {
            let run = bench.line("--json undo p.undo");
            match run.exit {
                0 => {
                    let done = run.json().last().unwrap()["done"].as_u64().unwrap();
                    assert_eq!(usize::try_from(done).unwrap(), new, "round {round}");
                }
                // Killed before the first line was whole.
                _ => assert_eq!(new, 0, "{run:?}"),
            }
            fs::remove_file(bench.path("p.undo")).unwrap();
        }
        assert_eq!(targets(&bench), (LINKS, 0));
    }
    assert!(outcomes[0] > 0, "never was it killed in time");
}

#[test]
fn on_the_host_undo_takes_back_exactly_what_was_done() {
    let bench = Bench::new();
    fs::create_dir(bench.path("tree")).unwrap();
    for number in 0..3000 {
        let link = bench.path(&format!("tree/l{number:04}"));
        symlink(format!("/old/f{number}"), link).unwrap();
    }
    let count = |prefix: &str| {
        let links = fs::read_dir(bench.path("tree")).unwrap();
        links
            .map(|entry| entry.unwrap())
            // The kill may have left one under its temporary name.
            .filter(|entry| entry.file_name().to_str().unwrap().starts_with('l'))
            .map(|entry| fs::read_link(entry.path()).unwrap())
            .filter(|target| target.starts_with(prefix))
            .count()
    };
    let mut partly = 0;
    for round in 0..3 {
        // What was taken back is another object, which the old plan does not fit.
        fs::remove_file(bench.path("p")).ok();
        bench.ok("retarget --map /old=/new --plan p tree");
        let mut child = start(&bench, "apply p");
        let mut output = child.stdout.take().unwrap();
        // Steps are told when they are done; a buffer full is some of them.
        let mut some = vec![0; 4096 * (round + 1)];
        output.read_exact(&mut some).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let done = count("/new");
        partly += usize::from(done > 0 && done < 3000);
        let run = bench.ok("--json undo p.undo");
        let summary = run.json().pop().unwrap();
        assert_eq!(summary["done"].as_u64(), u64::try_from(done).ok());
        assert_eq!((count("/old"), count("/new")), (3000, 0));
        let left = fs::read_dir(bench.path("tree")).unwrap().count();
        assert_eq!(left, 3000, "no temporary name is left");
        fs::remove_file(bench.path("p.undo")).unwrap();
    }
    assert!(partly > 0, "never was it killed in the middle");
}

#[test]
fn ctrl_c_leaves_a_whole_state() {
    let bench = Bench::new();
    image(&bench);
    bench.ok("retarget --map D:\\old=E:\\new --plan p disk.img:/tree");
    let mut child = start(&bench, "apply p");
    let mut output = child.stdout.take().unwrap();
    let mut some = [0; 64];
    output.read_exact(&mut some).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    let status = child.wait().unwrap();
    let (old, new) = targets(&bench);
    match status.code() {
        Some(130) => {
            assert_eq!((old, new), (LINKS, 0));
            assert!(!bench.path("p.undo").exists());
        }
        // It was done before the signal came.
        Some(0) => assert_eq!((old, new), (0, LINKS)),
        other => panic!("{other:?}"),
    }
    bench.ok("volume check disk.img");
}
