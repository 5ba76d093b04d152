//! `CreateSymbolicLinkW`: making links.

use linkwright_fs::{LinkContent, Name, ReparseBuffer};
use linkwright_win32::constants::*;
use linkwright_win32::{DeveloperMode, LongPaths, System, Token, WindowsVersion};

use crate::support::{Calls, Volume, builder, fails, judge, system, volume, w};

fn made(system: &System, link: &str, target: &str, flags: u32) -> u32 {
    match system.symlink(link, target, flags) {
        Ok(()) => 0,
        Err(code) => code.0,
    }
}

/// Substitute name, print name and flags of a link in the root.
fn stored(volume: &Volume, name: &str) -> (String, String, u32) {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    match volume.fs.link(&node).unwrap() {
        Some(LinkContent::Reparse(ReparseBuffer::SymbolicLink(link))) => (
            String::from_utf16(link.substitute_name()).unwrap(),
            String::from_utf16(link.print_name()).unwrap(),
            link.flags(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_leads_to_its_target() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"data");
    assert_eq!(made(&system, r"C:\l", r"d\f", 0), 0); // 101
    assert_eq!(
        made(&system, r"C:\ld", r"C:\d", SYMBOLIC_LINK_FLAG_DIRECTORY),
        0
    );
    assert_eq!(system.read(r"C:\l").unwrap(), b"data");
    assert_eq!(system.read(r"C:\ld\f").unwrap(), b"data");
    assert_eq!(made(&system, r"C:\dangling", "nothing", 0), 0); // 102
    assert!(system.exists(r"C:\dangling"));
    judge(volume, system);
}

#[test]
fn names_of_links() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.mkdir(r"C:\d").unwrap();
    let long = format!(r"C:\{}", "n".repeat(256));
    for (link, code) in [
        (r"C:\f", 183), // 104
        (r"C:\d", 183),
        (r"C:\none\l", 3), // 105
        (r"C:\f\l", 3),
        ("", 3),           // 115
        (r"C:\a*", 123),   // 117
        (r"C:\l:ads", 87), // 119
        (&long, 123),      // 123
        ("NUL", 1),        // 128
        (r"C:\l\", 123),
    ] {
        assert_eq!(made(&system, link, "t", 0), code, "{link}");
        assert_eq!(system.get_last_error().0, code);
    }
    // A directory link may be asked for with a backslash.
    assert_eq!(
        made(&system, r"C:\ld\", "t", SYMBOLIC_LINK_FLAG_DIRECTORY),
        0
    );
    judge(volume, system);
}

#[test]
fn the_privilege() {
    let volume = volume();
    let user = Token::filtered();
    let flag = SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE;
    for (token, mode, flags, code) in [
        (user.clone(), DeveloperMode::Off, 0, 1314), // 107
        (user.clone(), DeveloperMode::Off, 1, 1314),
        (user.clone(), DeveloperMode::Off, flag, 1314), // 108
        (user.clone(), DeveloperMode::On, flag, 0),     // 109
        (user.clone(), DeveloperMode::On, 0, 1314),     // 110
        (Token::elevated(), DeveloperMode::Off, flag, 0),
    ] {
        let system = builder(&volume)
            .token(token)
            .developer_mode(mode)
            .build()
            .unwrap();
        assert_eq!(made(&system, r"C:\l", "t", flags), code);
        // Nothing is left of what failed.
        assert_eq!(system.exists(r"C:\l"), code == 0);
        system.delete(r"C:\l").ok();
    }
    let system = builder(&volume).token(user).build().unwrap();
    assert_eq!(made(&system, r"C:\none\l", "t", 0), 3);
    system.make(r"C:\there", b"");
    assert_eq!(made(&system, r"C:\there", "t", 0), 183); // 113
}

#[test]
fn flags_that_this_windows_does_not_know() {
    let volume = volume();
    let old = builder(&volume)
        .windows_version(WindowsVersion::WINDOWS_10_1507)
        .build()
        .unwrap();
    assert_eq!(made(&old, r"C:\l", "t", 2), 87); // 111
    assert_eq!(made(&old, r"C:\l", "t", 1), 0);
    let new = builder(&volume).build().unwrap();
    for flags in [4, 8, 0x8000_0000, 0x1_0001] {
        assert_eq!(made(&new, r"C:\none\l", "t", flags), 87); // 112
    }
}

#[test]
fn null_and_empty() {
    let (_volume, system) = system();
    let l = w(r"C:\l");
    let call = |link: Option<&[u16]>, target: Option<&[u16]>| {
        fails(&system, system.create_symbolic_link_w(link, target, 0))
    };
    assert_eq!(call(None, Some(&l)), 87); // 116
    assert_eq!(call(Some(&l), None), 87);
    assert_eq!(call(Some(&l), Some(&[])), 87); // 114
}

#[test]
fn what_is_stored_for_a_target() {
    let volume = volume();
    let system = builder(&volume)
        .current_directory(r"C:\cur")
        .build()
        .unwrap();
    for (number, (target, substitute, print, flags)) in [
        ("x", "x", "x", 1),
        (r"..\.\x", r"..\.\x", r"..\.\x", 1),
        (r"\foo", r"\foo", r"\foo", 1),
        ("./a/b", "./a/b", "./a/b", 1),
        (r"\??\C:\x", r"\??\C:\x", r"\??\C:\x", 1), // 153
        ("a*?", "a*?", "a*?", 1),                   // 118
        (r"x:\Dir\F", r"\??\x:\Dir\F", r"x:\Dir\F", 0),
        ("C:/a/./b/", r"\??\C:\a\b\", "C:/a/./b/", 0),
        ("C:foo", r"\??\C:\cur\foo", r"C:\cur\foo", 0),
        (
            r"\\srv\share\x",
            r"\??\UNC\srv\share\x",
            r"\\srv\share\x",
            0,
        ),
        (r"\\?\C:\x", r"\??\C:\x", r"\\?\C:\x", 0),
        (r"\\.\dev", r"\??\dev", r"\\.\dev", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("l{number}");
        system.symlink(&format!(r"C:\{name}"), target, 0).unwrap();
        let expected = (substitute.to_owned(), print.to_owned(), flags);
        assert_eq!(stored(&volume, &name), expected, "{target}");
    }
}

#[test]
fn lengths() {
    let volume = volume();
    let system = builder(&volume).build().unwrap();
    let target = |units: usize| "t".repeat(units);
    // Both names and 20 bytes in 16,384.
    assert_eq!(made(&system, r"C:\most", &target(4091), 0), 0);
    assert_eq!(made(&system, r"C:\more", &target(4092), 0), 4392); // 125
    assert!(!system.exists(r"C:\more"));
    assert_eq!(made(&system, r"C:\none\more", &target(4092), 0), 3);
    let deep = format!(r"C:\{}", r"d\".repeat(150));
    assert_eq!(made(&system, &deep, "t", 1), 3); // 121
    assert_eq!(made(&system, r"C:\l", &deep, 0), 3); // 124
    let long = builder(&volume).long_paths(LongPaths::ON).build().unwrap();
    assert_eq!(made(&long, r"C:\l", &deep, 0), 0);
}
