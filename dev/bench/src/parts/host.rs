//! On the host's own file system: a tree cloned by hard links, and its
//! symbolic links listed.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::lab::{Lab, Sync};
use crate::peers::installed;
use crate::report::{Cell, Goal, Row};
use crate::rounds::{Contestant, alternate};

const CLONE_FILES: u64 = 100_000;
const LIST_FILES: u64 = 1_000_000;
/// Files in a directory.
const CROWD: u64 = 100;
/// One entry in so many is a symbolic link.
const SYMLINK: u64 = 50;
const ROUNDS: usize = 5;

pub(super) fn run(lab: &Lab) -> Outcome<Vec<Row>> {
    let Some(program) = &lab.settings.linkwright else {
        lab.note("left out: the program linkwright is not beside this one");
        return Ok(Vec::new());
    };
    lab.note("wall time of the whole program, metadata in the system's caches");
    let mut rows = Vec::new();
    rows.extend(clone(lab, program)?);
    rows.extend(list(lab, program)?);
    Ok(rows)
}

/// Whether the program knows these words.
fn knows(program: &Path, words: &[&str]) -> bool {
    let mut command = std::process::Command::new(program);
    let output = command.args(words).arg("--help").output();
    output.is_ok_and(|output| output.status.success())
}

fn clone(lab: &Lab, program: &Path) -> Outcome<Option<Row>> {
    if !knows(program, &["clone", "--hard"]) {
        lab.note("left out: the program has no clone --hard");
        return Ok(None);
    }
    let files = lab.scaled(CLONE_FILES, CROWD);
    lab.progress(&format!("a clone of {files} files"));
    let from = tree(lab, "clone-from", files)?;
    let cp = installed("cp", "coreutils")?;
    // Clones stay until all are made: ext4 gives the inodes of what was removed out
    // again minutes later only, and looks through them for each new one meanwhile.
    let clones = RefCell::new(Vec::new());
    let rate = |program: &Path, how: &[&str]| -> Outcome<Vec<f64>> {
        let to = lab.path(&format!("clone-to-{}", clones.borrow().len()));
        clones.borrow_mut().push(to.clone());
        let (source, copy) = (from.to_string_lossy(), to.to_string_lossy());
        let mut arguments = how.to_vec();
        arguments.extend([&*source, &*copy]);
        let told = lab.spawn(program, &arguments, Sync::With)?;
        let made = entries(&to)?;
        if made != wanted(files) {
            return Err(format!("{made} entries in the clone").into());
        }
        Ok(vec![files as f64 / told.seconds])
    };
    let rounds = alternate(
        lab.rounds(ROUNDS),
        vec![
            Contestant::new(|| rate(program, &["clone", "--hard"])),
            Contestant::new(|| rate(&cp, &["-al"])),
        ],
    )?;
    for folder in clones.take().iter().chain([&from]) {
        fs::remove_dir_all(folder)?;
    }
    Ok(Some(Row {
        work: format!("clone --hard of {files} files"),
        peer: Some("cp -al".to_owned()),
        unit: "files a second".to_owned(),
        cells: vec![Cell::against("", &rounds, (0, 0), (1, 0))],
        goal: Some(Goal::AtLeast {
            goal: 2.0,
            aim: Some(2.5),
        }),
    }))
}

fn list(lab: &Lab, program: &Path) -> Outcome<Vec<Row>> {
    let files = lab.scaled(LIST_FILES, CROWD);
    lab.progress(&format!("a tree of {files} files"));
    let folder = tree(lab, "list", files)?;
    let root = folder.to_string_lossy().into_owned();
    let mut ours = vec!["ls", "-R", "--kind", "symlink"];
    if knows(program, &["ls", "--plain"]) {
        ours.push("--plain");
    } else {
        lab.note("ls without --plain, which the program does not know");
    }
    ours.push(&root);
    let peers = [
        (
            "fdfind -HIu -t l",
            installed("fdfind", "fd-find"),
            vec!["-HIu", "-t", "l", ".", &root],
            Some(Goal::AtMost {
                goal: 1.1,
                aim: None,
            }),
        ),
        (
            "find -type l",
            installed("find", "findutils"),
            vec![&root, "-type", "l"],
            None,
        ),
    ];
    let mut rows = Vec::new();
    for (name, peer, arguments, goal) in peers {
        let peer = match peer {
            Ok(peer) => peer,
            Err(why) => {
                lab.note(format!("left out: {why}"));
                continue;
            }
        };
        let seconds = |program: &Path, arguments: &[&str]| -> Outcome<Vec<f64>> {
            let told = lab.lines(program, arguments)?;
            match told.count.checked_sub(files / SYMLINK) {
                // Ours may say how many there were.
                Some(0 | 1) => Ok(vec![told.seconds]),
                _ => Err(format!("{name}: {} lines", told.count).into()),
            }
        };
        let rounds = alternate(
            lab.rounds(ROUNDS),
            vec![
                Contestant::new(|| seconds(program, &ours)),
                Contestant::new(|| seconds(&peer, &arguments)),
            ],
        )?;
        rows.push(Row {
            work: format!("ls -R --kind symlink of {files} files"),
            peer: Some(name.to_owned()),
            unit: "seconds".to_owned(),
            cells: vec![Cell::against("", &rounds, (0, 0), (1, 0))],
            goal,
        });
    }
    fs::remove_dir_all(&folder)?;
    Ok(rows)
}

/// A tree of so many files, every fiftieth a symbolic link in place of one.
fn tree(lab: &Lab, name: &str, files: u64) -> Outcome<PathBuf> {
    let root = lab.path(name);
    for directory in 0..files / CROWD {
        let group = root.join(format!("group{:03}", directory / CROWD));
        let folder = group.join(format!("directory{:03}", directory % CROWD));
        fs::create_dir_all(&folder)?;
        for file in 0..CROWD {
            let path = folder.join(format!("file{file:03}.txt"));
            if file % SYMLINK == 0 {
                symlink("file001.txt", path)?;
            } else {
                fs::write(path, "")?;
            }
        }
    }
    Ok(root)
}

/// Files, links and directories below a tree's root.
fn wanted(files: u64) -> u64 {
    let directories = files / CROWD;
    files + directories + directories.div_ceil(CROWD)
}

/// Counts them.
fn entries(folder: &Path) -> Outcome<u64> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        count += 1;
        if entry.file_type()?.is_dir() {
            count += entries(&entry.path())?;
        }
    }
    Ok(count)
}
