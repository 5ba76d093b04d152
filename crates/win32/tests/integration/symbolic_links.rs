//! `CreateSymbolicLinkW` and what follows its links.

use linkwright_win32::constants::*;

use crate::support::{Calls, fails, judge, system};

#[test]
fn a_link_leads_to_its_target() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"data");
    system.symlink(r"C:\l", r"d\f", 0).unwrap();
    system
        .symlink(r"C:\ld", r"C:\d", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    assert_eq!(system.read(r"C:\l").unwrap(), b"data");
    assert_eq!(system.read(r"C:\ld\f").unwrap(), b"data");
    system.symlink(r"C:\dangling", "nothing", 0).unwrap();
    assert_eq!(fails(&system, system.read(r"C:\dangling")), 2);
    assert_eq!(fails(&system, system.delete(r"C:\ld")), 5);
    system.rmdir(r"C:\ld").unwrap();
    system.delete(r"C:\l").unwrap();
    assert_eq!(system.read(r"C:\d\f").unwrap(), b"data");
    judge(volume, system);
}
