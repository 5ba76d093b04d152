//! The host's own files as the drive Z:.

use std::sync::Arc;

use linkwright_fs::posix::PosixFs;
use linkwright_win32::System;
use linkwright_win32::constants::*;

use crate::support::{Calls, SHARE_ALL, fails, w};

#[test]
fn the_host_is_a_drive() {
    let place = tempfile::tempdir().unwrap();
    let top = place.path().to_str().unwrap().replace('/', r"\");
    let system = System::builder()
        .drive('Z', Arc::new(PosixFs::new()))
        .current_directory(&format!("Z:{top}"))
        .build()
        .unwrap();
    system.make("f", b"data");
    assert_eq!(std::fs::read(place.path().join("f")).unwrap(), b"data");
    system.mkdir("d").unwrap();
    system.hard(r"d\g", "f").unwrap();
    system.symlink(r"d\l", r"..\f", 0).unwrap();
    let target = std::fs::read_link(place.path().join("d/l")).unwrap();
    assert_eq!(target.to_str(), Some("../f"));
    assert_eq!(system.read(r"d\l").unwrap(), b"data");
    assert_eq!(fails(&system, system.symlink("m", r"Z:\f", 0)), 50);
    // Both names meet one share table.
    let held = system
        .open_with("f", GENERIC_READ, 0, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(fails(&system, system.open(r"d\g", GENERIC_READ)), 32);
    system.close_handle(held).unwrap();
    let moved = system.move_file_ex_w(Some(&w("f")), Some(&w("h")), 0);
    assert!(moved.is_ok());
    assert_eq!(fails(&system, system.read(r"d\l")), 2);
    let twice = system.open_with("h", GENERIC_WRITE, SHARE_ALL, CREATE_NEW, 0);
    assert_eq!(fails(&system, twice), 80);
    assert_eq!(fails(&system, system.rmdir("d")), 145);
    for name in [r"d\l", r"d\g", "h"] {
        system.delete(name).unwrap();
    }
    system.rmdir("d").unwrap();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
