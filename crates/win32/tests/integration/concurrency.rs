//! Eight threads on one system: no deadlock, no lost name, nothing for the
//! checker to find.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use linkwright_fs::{FileSystem, Node};
use linkwright_win32::System;
use linkwright_win32::constants::*;

use crate::support::{Calls, SHARE_ALL, judge, system, w};

const THREADS: u64 = 8;
const DIRECTORIES: u64 = 4;
/// Names that every thread makes, opens, moves and deletes.
const COMMON: u64 = 12;
/// What such a call may fail with: not there, taken, in use, to be deleted.
const EXPECTED: [u32; 8] = [2, 3, 5, 32, 80, 183, 1142, 1921];

/// A sequence of numbers that a seed decides (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn common(dice: &mut Dice) -> String {
    format!(r"C:\d{}\c{}", dice.roll(DIRECTORIES), dice.roll(COMMON))
}

/// One call on names that all threads use.
fn disturb(system: &System, dice: &mut Dice) {
    let (a, b) = (common(dice), common(dice));
    let access = [GENERIC_READ, GENERIC_WRITE, DELETE, FILE_READ_ATTRIBUTES][dice.roll(4) as usize];
    let share = dice.roll(8) as u32;
    let result = match dice.roll(9) {
        0 | 1 => system.hard(&a, &b),
        2 => system.symlink(&a, &b, 0),
        3 => system.delete(&a),
        4 => system.move_file_ex_w(Some(&w(&a)), Some(&w(&b)), dice.roll(2) as u32),
        5 => system
            .open_with(&a, GENERIC_WRITE, share, OPEN_ALWAYS, 0)
            .map(|file| {
                system.write_file(file, &[1; 700]).unwrap();
                system.close_handle(file).unwrap();
            }),
        6 => system
            .open_with(
                &a,
                access,
                share,
                OPEN_EXISTING,
                FILE_FLAG_OPEN_REPARSE_POINT,
            )
            .map(|file| {
                // Others meet the open file meanwhile.
                thread::yield_now();
                system.close_handle(file).unwrap();
            }),
        7 => system
            .open_with(&a, GENERIC_READ | DELETE, SHARE_ALL, OPEN_EXISTING, 0)
            .map(|file| {
                let flags = FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS;
                let class = FILE_DISPOSITION_INFORMATION_EX;
                system.nt_set_information_file(file, class, &flags.to_le_bytes());
                system.close_handle(file).unwrap();
            }),
        _ => system.read(&a).map(drop),
    };
    if let Err(code) = result {
        assert!(EXPECTED.contains(&code.0), "{a} {b}: {code}");
    }
}

/// Names that only this thread uses, in the directories of all.
struct Ledger {
    own: u64,
    next: u64,
    /// Number of the name and the directory it is in.
    names: Vec<(u64, u64)>,
}

impl Ledger {
    fn path(&self, (name, directory): (u64, u64)) -> String {
        format!(r"C:\d{directory}\own {} {name}", self.own)
    }

    /// One call on the thread's own names: none of them may fail.
    fn work(&mut self, system: &System, dice: &mut Dice) {
        let place = (self.next, dice.roll(DIRECTORIES));
        let some = self
            .names
            .get(dice.roll(self.names.len().max(1) as u64) as usize);
        let some = some.copied();
        self.next += 1;
        match (some, dice.roll(4)) {
            (Some(old), 0) if self.names.len() > 2 => {
                system.delete(&self.path(old)).unwrap();
                self.names.retain(|name| *name != old);
            }
            (Some(old), 1) => {
                let (from, to) = (w(&self.path(old)), w(&self.path(place)));
                system.move_file_ex_w(Some(&from), Some(&to), 0).unwrap();
                self.names.retain(|name| *name != old);
                self.names.push(place);
            }
            (Some(old), _) if self.names.len() < 200 => {
                system.hard(&self.path(place), &self.path(old)).unwrap();
                self.names.push(place);
            }
            (Some(old), _) => {
                assert_eq!(
                    system.read(&self.path(old)).unwrap(),
                    self.own.to_le_bytes()
                );
            }
            (None, _) => {
                system.make(&self.path(place), &self.own.to_le_bytes());
                self.names.push(place);
            }
        }
    }
}

fn run(system: &System, own: u64, until: Instant) -> Ledger {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ own << 20);
    let mut ledger = Ledger {
        own,
        next: 0,
        names: Vec::new(),
    };
    while Instant::now() < until {
        ledger.work(system, &mut dice);
        for _ in 0..4 {
            disturb(system, &mut dice);
        }
    }
    ledger
}

/// Every file has as many names as the directories hold of it.
fn count_names(fs: &dyn FileSystem) {
    let mut found: HashMap<u64, (Node, u64)> = HashMap::new();
    let root = fs.root().unwrap();
    for directory in fs.list(&root).unwrap() {
        for entry in fs.list(&directory.unwrap().node).unwrap() {
            let node = entry.unwrap().node;
            let record = fs.stat(&node).unwrap().record;
            found.entry(record).or_insert((node, 0)).1 += 1;
        }
    }
    for (node, count) in found.values() {
        assert_eq!(fs.stat(node).unwrap().names, *count);
    }
}

#[test]
fn eight_threads_for_ten_seconds() {
    eight_threads(Duration::from_secs(10));
}

#[test]
fn eight_threads_for_a_minute() {
    match linkwright_testkit::long("eight threads on one system for a minute") {
        Ok(()) => eight_threads(Duration::from_secs(60)),
        Err(skip) => skip.report(),
    }
}

fn eight_threads(time: Duration) {
    let (volume, system) = system();
    for directory in 0..DIRECTORIES {
        system.mkdir(&format!(r"C:\d{directory}")).unwrap();
    }
    let until = Instant::now() + time;
    let (send, receive) = mpsc::channel();
    let threads: Vec<_> = (0..THREADS)
        .map(|own| {
            let (system, send) = (system.clone(), send.clone());
            thread::spawn(move || send.send(run(&system, own + 1, until)).unwrap())
        })
        .collect();
    drop(send);
    for _ in 0..THREADS {
        // A thread that never comes back is a deadlock; one that failed hangs up.
        let ledger = receive.recv_timeout(time + Duration::from_secs(120));
        let ledger = ledger.expect("a thread failed or is stuck");
        for name in &ledger.names {
            assert_eq!(
                system.read(&ledger.path(*name)).unwrap(),
                ledger.own.to_le_bytes()
            );
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
    count_names(&*volume.fs);
    judge(volume, system);
}
