//! Names that come back within 15 seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use linkwright_fs::{Name, Times, Timestamp};
use linkwright_win32::constants::*;
use linkwright_win32::{Clock, System};

use crate::support::{Calls, Volume, builder, judge, volume_with_short_names, w};

/// A clock that is set by hand.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp {
            seconds: self.0.load(Ordering::Relaxed),
            nanos: 0,
        }
    }
}

const OLD: Timestamp = Timestamp {
    seconds: 1_000_000_000,
    nanos: 0,
};

fn age(volume: &Volume, name: &str) {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    let times = Times {
        created: Some(OLD),
        ..Times::default()
    };
    volume.fs.set_times(&node, &times).unwrap();
}

fn created(volume: &Volume, name: &str) -> Option<Timestamp> {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    volume.fs.stat(&node).unwrap().times.created
}

fn aged() -> (Volume, System, Arc<Hand>) {
    let clock = Arc::new(Hand(AtomicI64::new(100)));
    let volume = volume_with_short_names();
    let system = builder(&volume).clock(clock.clone()).build().unwrap();
    system.make(r"C:\a document.txt", b"1");
    age(&volume, "a document.txt");
    (volume, system, clock)
}

#[test]
fn a_file_made_anew_has_the_creation_time_and_short_name_it_had() {
    let (volume, system, clock) = aged();
    system.make(r"C:\adocument.txt", b"takes ADOCUM~2");
    system.delete(r"C:\a document.txt").unwrap();
    clock.0.store(115, Ordering::Relaxed);
    system.make(r"C:\A Document.txt", b"2");
    assert_eq!(created(&volume, "a document.txt"), Some(OLD));
    assert_eq!(system.read(r"C:\ADOCUM~1.TXT").unwrap(), b"2");
    judge(volume, system);
}

#[test]
fn not_after_fifteen_seconds() {
    let (volume, system, clock) = aged();
    system.delete(r"C:\a document.txt").unwrap();
    clock.0.store(116, Ordering::Relaxed);
    system.make(r"C:\a document.txt", b"2");
    assert_ne!(created(&volume, "a document.txt"), Some(OLD));
    judge(volume, system);
}

#[test]
fn saving_by_renaming_keeps_the_creation_time() {
    let (volume, system, _) = aged();
    let rename = |from: &str, to: &str| {
        system
            .move_file_ex_w(Some(&w(from)), Some(&w(to)), MOVEFILE_REPLACE_EXISTING)
            .unwrap();
    };
    system.make(r"C:\new", b"2");
    rename(r"C:\a document.txt", r"C:\backup");
    // Takes the 8.3 name that would be made next.
    system.make(r"C:\ADOCUM~2.TXT", b"");
    rename(r"C:\new", r"C:\a document.txt");
    assert_eq!(system.read(r"C:\ADOCUM~1.TXT").unwrap(), b"2");
    assert_eq!(created(&volume, "a document.txt"), Some(OLD));
    judge(volume, system);
}
