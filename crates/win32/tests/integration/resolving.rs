//! Opening through links.

use linkwright_win32::constants::*;
use linkwright_win32::{ShareKind, SymlinkEvaluation, System, WindowsVersion};

use crate::support::{Calls, SHARE_ALL, builder, fails, judge, system, volume};

const DIR: u32 = SYMBOLIC_LINK_FLAG_DIRECTORY;

fn open_any(system: &System, name: &str) -> u32 {
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    match system.open_with(name, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, flags) {
        Ok(handle) => {
            system.close_handle(handle).unwrap();
            0
        }
        Err(code) => code.0,
    }
}

#[test]
fn targets_that_are_not_there() {
    let (_volume, system) = system();
    system.symlink(r"C:\l", "none", 0).unwrap();
    system.symlink(r"C:\deep", r"none\x", 0).unwrap();
    system.symlink(r"C:\q", r"Q:\x", 0).unwrap();
    system.symlink(r"C:\srv", r"\\none\share\x", 0).unwrap();
    assert_eq!(open_any(&system, r"C:\l"), 2); // 135
    assert_eq!(open_any(&system, r"C:\deep"), 3); // 136
    assert_eq!(open_any(&system, r"C:\q"), 3);
    assert_eq!(open_any(&system, r"C:\srv"), 53);
}

#[test]
fn circles_and_chains() {
    let (volume, system) = system();
    system.symlink(r"C:\self", "self", 0).unwrap();
    system.symlink(r"C:\a", "b", 0).unwrap();
    system.symlink(r"C:\b", "a", 0).unwrap();
    assert_eq!(open_any(&system, r"C:\self"), 1921); // 137
    assert_eq!(open_any(&system, r"C:\a"), 1921); // 138
    system.make(r"C:\c0", b"end");
    for hop in 1..=64 {
        system
            .symlink(&format!(r"C:\c{hop}"), &format!("c{}", hop - 1), 0)
            .unwrap();
    }
    assert_eq!(open_any(&system, r"C:\c63"), 0); // 139
    assert_eq!(open_any(&system, r"C:\c64"), 1921); // 140
    judge(volume, system);
}

#[test]
fn dots_are_taken_away_as_text() {
    let (_volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.mkdir(r"C:\d\e").unwrap();
    system.make(r"C:\f", b"root");
    system.make(r"C:\d\f", b"d");
    system.symlink(r"C:\l", r"d\e", DIR).unwrap();
    // Win32 takes `l\..` away before anything is opened.
    assert_eq!(system.read(r"C:\l\..\f").unwrap(), b"root"); // 141
    assert_eq!(fails(&system, system.read(r"\\?\C:\l\..\f")), 123);
    for (link, target, data) in [
        (r"C:\d\up", r"..\f", &b"root"[..]),
        (r"C:\d\same", r".\f", b"d"),
        (r"C:\d\around", r"..\d\.\e\..\f", b"d"),
        (r"C:\d\nowhere", r"none\..\f", b"d"),
        (r"C:\d\root", r"\f", b"root"),
    ] {
        system.symlink(link, target, 0).unwrap();
        assert_eq!(system.read(link).unwrap(), data, "{link}"); // 151
    }
    system.symlink(r"C:\d\above", r"..\..\f", 0).unwrap();
    assert_eq!(open_any(&system, r"C:\d\above"), 4392); // 155
}

#[test]
fn slashes_and_other_characters_in_targets() {
    let (_volume, system) = system();
    system.mkdir(r"C:\a").unwrap();
    system.make(r"C:\a\b", b"ab");
    for target in ["./a", "a/b", "../a", "a*", r"a\?"] {
        system.symlink(r"C:\l", target, 0).unwrap();
        assert_eq!(open_any(&system, r"C:\l"), 123, "{target}"); // 118, 150
        system.delete(r"C:\l").unwrap();
    }
    system.symlink(r"C:\l", "C:/a/b", 0).unwrap();
    assert_eq!(system.read(r"C:\l").unwrap(), b"ab"); // 152
    system.symlink(r"C:\nt", r"\??\C:\a\b", 0).unwrap();
    assert_eq!(open_any(&system, r"C:\nt"), 123); // 153
}

#[test]
fn a_link_of_the_wrong_type() {
    let volume = volume();
    let system = builder(&volume).build().unwrap();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"");
    system.symlink(r"C:\lf", "d", 0).unwrap();
    system.symlink(r"C:\ld", r"d\f", DIR).unwrap();
    assert_eq!(open_any(&system, r"C:\lf"), 5); // 143
    assert_eq!(open_any(&system, r"C:\ld"), 5); // 145
    // A link to a file is no directory, whatever it leads to. (146)
    assert_eq!(open_any(&system, r"C:\lf\f"), 3);
    let old = builder(&volume)
        .windows_version(WindowsVersion::WINDOWS_10_22H2)
        .build()
        .unwrap();
    assert_eq!(open_any(&old, r"C:\lf"), 0); // 142
    assert_eq!(open_any(&old, r"C:\ld"), 0); // 144
    assert_eq!(open_any(&old, r"C:\lf\f"), 3);
}

#[test]
fn dispositions_act_on_the_target() {
    let (volume, system) = system();
    system.symlink(r"C:\l", "made", 0).unwrap();
    system.make(r"C:\l", b"through"); // 157
    assert_eq!(system.read(r"C:\made").unwrap(), b"through");
    let reparse = FILE_FLAG_OPEN_REPARSE_POINT;
    // With the flag the link itself is meant.
    let link = system
        .open_with(r"C:\l", 0, SHARE_ALL, OPEN_EXISTING, reparse)
        .unwrap(); // 161
    system.close_handle(link).unwrap();
    let code = system.open_with(r"C:\l", GENERIC_WRITE, 0, CREATE_NEW, reparse);
    assert_eq!(fails(&system, code), 80);
    let held = system
        .open_with(r"C:\l", GENERIC_READ, 0, OPEN_EXISTING, reparse)
        .unwrap();
    let second = system.open_with(r"C:\l", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, reparse);
    assert_eq!(fails(&system, second), 32); // 162
    system.close_handle(held).unwrap();
    let gone = system
        .open_with(
            r"C:\l",
            GENERIC_READ,
            SHARE_ALL,
            OPEN_EXISTING,
            reparse | FILE_FLAG_DELETE_ON_CLOSE,
        )
        .unwrap();
    system.close_handle(gone).unwrap();
    assert!(!system.exists(r"C:\l") && system.exists(r"C:\made"));
    judge(volume, system);
}

#[test]
fn links_between_this_machine_and_shares() {
    let (local, remote) = (volume(), volume());
    let build = |evaluation| {
        builder(&local)
            .unc("srv", "share", remote.fs.clone(), ShareKind::Smb)
            .symlink_evaluation(evaluation)
            .build()
            .unwrap()
    };
    let system = build(SymlinkEvaluation::default());
    system.make(r"C:\f", b"local");
    system.make(r"\\srv\share\f", b"remote");
    system
        .symlink(r"C:\to_remote", r"\\srv\share\f", 0)
        .unwrap();
    system.symlink(r"C:\to_local", r"C:\f", 0).unwrap();
    system.symlink(r"\\srv\share\to_local", r"C:\f", 0).unwrap();
    system
        .symlink(r"\\srv\share\to_remote", r"\\SRV\Share\f", 0)
        .unwrap();
    system.symlink(r"\\srv\share\beside", "f", 0).unwrap();
    assert_eq!(system.read(r"C:\to_local").unwrap(), b"local"); // 167
    assert_eq!(system.read(r"C:\to_remote").unwrap(), b"remote");
    assert_eq!(open_any(&system, r"\\srv\share\to_local"), 1463); // 165
    assert_eq!(open_any(&system, r"\\srv\share\to_remote"), 1463); // 166
    assert_eq!(open_any(&system, r"\\srv\share\beside"), 1463);
    let all = build(SymlinkEvaluation::all());
    assert_eq!(all.read(r"\\srv\share\to_local").unwrap(), b"local");
    assert_eq!(all.read(r"\\srv\share\beside").unwrap(), b"remote");
    let none = build(SymlinkEvaluation::empty());
    assert_eq!(open_any(&none, r"C:\to_local"), 1463);
    assert_eq!(open_any(&none, r"C:\f"), 0);
    // Which share, which server.
    assert_eq!(open_any(&system, r"\\srv\other\f"), 67);
    assert_eq!(open_any(&system, r"\\other\share\f"), 53);
}
