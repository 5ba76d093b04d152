//! `CreateHardLinkW`: names, states, and which of two errors wins. Numbers in
//! comments are rows of the table of semantics.

use linkwright_win32::constants::*;
use linkwright_win32::{ShareKind, System, Token, WindowsVersion};

use crate::support::{
    Calls, SHARE_ALL, builder, fails, judge, system, volume, volume_with_short_names, w,
};

fn hard(system: &System, new: &str, existing: &str) -> u32 {
    match system.hard(new, existing) {
        Ok(()) => 0,
        Err(code) => code.0,
    }
}

#[test]
fn both_names_are_the_same_file() {
    let (volume, system) = system();
    system.make(r"C:\a", b"one");
    system.hard(r"C:\b", r"C:\a").unwrap();
    system.make(r"C:\b", b"two");
    assert_eq!(system.read(r"C:\a").unwrap(), b"two");
    system.delete(r"C:\a").unwrap();
    assert_eq!(system.read(r"C:\b").unwrap(), b"two");
    judge(volume, system);
}

#[test]
fn a_name_that_is_taken() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.make(r"C:\b", b"");
    system.mkdir(r"C:\d").unwrap();
    for taken in [r"C:\b", r"C:\d", r"C:\a", r"C:\A", r"C:\d\..\B", r"C:\d\"] {
        // 2, 4, 5, 6
        assert_eq!(fails(&system, system.hard(taken, r"C:\a")), 183, "{taken}");
    }
    judge(volume, system);
}

#[test]
fn what_is_missing() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    for (new, existing, code) in [
        (r"C:\n", r"C:\none", 2),      // 9
        (r"C:\n", r"C:\none\f", 3),    // 10
        (r"C:\n", r"C:\f\x", 3),       // 11
        (r"C:\none\n", r"C:\f", 3),    // 12
        (r"C:\none\n", r"C:\none", 2), // 13
        (r"C:\none\n", r"C:\none\f", 3),
        (r"C:\f\n", r"C:\f", 3),
        (r"Q:\n", r"C:\f", 3),
        (r"C:\n", r"Q:\f", 3),
    ] {
        assert_eq!(hard(&system, new, existing), code, "{new} {existing}");
    }
}

#[test]
fn null_and_empty() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let f = w(r"C:\f");
    let call = |new: Option<&[u16]>, existing: Option<&[u16]>| {
        fails(&system, system.create_hard_link_w(new, existing, None))
    };
    assert_eq!(call(None, Some(&f)), 87); // 14
    assert_eq!(call(Some(&f), None), 87); // 15
    assert_eq!(call(Some(&[]), Some(&f)), 3); // 16
    assert_eq!(call(Some(&f), Some(&[])), 3); // 17
}

#[test]
fn names_that_no_file_can_have() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let long = format!(r"C:\{}", "n".repeat(256));
    for name in [
        r"C:\g:ads", // 25
        r"C:\a*",    // 27
        r"C:\a?b",
        r"C:\a<b", // 29
        "C:\\a|b",
        "C:\\a\u{1}b",
        "C:\\a\"b",
        r"C:\g\",         // 42
        r"\\?\C:\g/h",    // 45
        r"\\?\C:\x\..\g", // 47
        &long,            // 31
    ] {
        assert_eq!(hard(&system, name, r"C:\f"), 123, "{name}");
    }
    for name in [r"C:\f*", &long] {
        assert_eq!(hard(&system, r"C:\n", name), 123, "{name}"); // 28
    }
    let longest = format!(r"C:\{}", "n".repeat(255));
    assert_eq!(hard(&system, &longest, r"C:\f"), 0); // 30
}

#[test]
fn texts_that_mean_another_name() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.mkdir(r"C:\d").unwrap();
    for (new, made) in [
        (r"C:\dots. . ", r"\\?\C:\dots"),      // 39
        (r"\\?\C:\kept. ", r"\\?\C:\kept. "),  // 40
        ("C:/d/slashes", r"\\?\C:\d\slashes"), // 44
        (r"C:\d\..\.\\up", r"\\?\C:\up"),      // 46
        (r"\\?\C:\d\NUL", r"\\?\C:\d\NUL"),    // 50
        (r"C:relative", r"\\?\C:\relative"),   // 51
        (r"\rooted", r"\\?\C:\rooted"),
        (r"\??\C:\nt", r"\\?\C:\nt"),
        (r"\\.\C:\device", r"\\?\C:\device"),
    ] {
        assert_eq!(hard(&system, new, r"C:\f"), 0, "{new}");
        assert!(system.exists(made), "{made}");
    }
    judge(volume, system);
}

#[test]
fn devices_are_no_files() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    for name in ["NUL", r"C:\nul.txt", "COM1", r"\\.\NUL"] {
        let code = hard(&system, name, r"C:\f");
        assert!(matches!(code, 17 | 2), "{name}: {code}"); // 48
    }
    assert_eq!(hard(&system, r"C:\n", "NUL"), 87); // 49
}

#[test]
fn short_names_are_names() {
    let volume = volume_with_short_names();
    let system = builder(&volume).build().unwrap();
    system.make(r"C:\a long name.txt", b"x");
    system.make(r"C:\f", b"");
    assert_eq!(hard(&system, r"C:\ALONGN~1.TXT", r"C:\f"), 183); // 7
    assert_eq!(hard(&system, r"C:\n", r"C:\alongn~1.txt"), 0); // 52
    assert_eq!(system.read(r"C:\n").unwrap(), b"x");
    judge(volume, system);
}

#[test]
fn directories_and_streams_have_one_name() {
    let (_volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\f", b"");
    system.make(r"C:\f:ads", b"stream");
    assert_eq!(hard(&system, r"C:\n", r"C:\d"), 5); // 19
    assert_eq!(hard(&system, r"C:\n", r"C:\f:ads"), 87); // 24
    // Which of two is told.
    assert_eq!(hard(&system, r"C:\f", r"C:\d"), 5);
    assert_eq!(hard(&system, r"C:\none\n", r"C:\f:ads"), 87);
    assert_eq!(hard(&system, r"C:\f", r"C:\f:ads"), 87);
}

#[test]
fn a_link_to_a_link_names_the_link() {
    let (volume, system) = system();
    system.symlink(r"C:\l", "nothing", 0).unwrap();
    assert_eq!(hard(&system, r"C:\l2", r"C:\l"), 0); // 22
    assert!(system.exists(r"C:\l2"));
    assert_eq!(fails(&system, system.read(r"C:\l2")), 2);
    // In the middle of a path a link is followed, on both sides. (23)
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"deep");
    system
        .symlink(r"C:\ld", "d", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    assert_eq!(hard(&system, r"C:\ld\g", r"C:\ld\f"), 0);
    assert_eq!(system.read(r"C:\d\g").unwrap(), b"deep");
    judge(volume, system);
}

#[test]
fn a_file_takes_1024_names() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.mkdir(r"C:\n").unwrap();
    for count in 1..1024 {
        system.hard(&format!(r"C:\n\{count}"), r"C:\f").unwrap(); // 53
    }
    assert_eq!(hard(&system, r"C:\one more", r"C:\f"), 1142); // 54
    // The count is looked at before the directory, the volume and the name, and
    // after the form of the name. (56)
    assert_eq!(hard(&system, r"C:\none\n", r"C:\f"), 1142);
    assert_eq!(hard(&system, r"Q:\n", r"C:\f"), 1142);
    assert_eq!(hard(&system, r"C:\n\1", r"C:\f"), 1142);
    assert_eq!(hard(&system, r"C:\a*", r"C:\f"), 123);
    system.delete(r"C:\n\7").unwrap();
    assert_eq!(hard(&system, r"C:\one more", r"C:\f"), 0);
    judge(volume, system);
}

#[test]
fn other_volumes() {
    let (first, second) = (volume(), volume());
    let system = builder(&first)
        .drive('D', second.fs.clone())
        .drive('E', first.fs.clone())
        .build()
        .unwrap();
    system.make(r"C:\f", b"");
    system.make(r"D:\f", b"");
    assert_eq!(hard(&system, r"D:\n", r"C:\f"), 17); // 57
    assert_eq!(hard(&system, r"D:\f", r"C:\f"), 17);
    assert_eq!(hard(&system, r"E:\n", r"C:\f"), 0); // 60
    system
        .symlink(r"C:\there", r"D:\", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    assert_eq!(hard(&system, r"C:\there\n", r"C:\f"), 17); // 58
}

#[test]
fn a_file_held_without_sharing_is_linked() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let held = system
        .open_with(r"C:\f", GENERIC_READ | GENERIC_WRITE, 0, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(hard(&system, r"C:\g", r"C:\f"), 0); // 71
    // The other name meets the same lock.
    assert_eq!(fails(&system, system.open(r"C:\g", GENERIC_READ)), 32);
    system.close_handle(held).unwrap();
    assert!(system.read(r"C:\g").is_ok());
    judge(volume, system);
}

#[test]
fn the_directory_of_the_new_name_is_opened() {
    let volume = volume();
    let hold = FILE_FLAG_BACKUP_SEMANTICS;
    for (version, access, share, code) in [
        (WindowsVersion::WINDOWS_11, DELETE, SHARE_ALL, 32), // 73
        (WindowsVersion::WINDOWS_11_24H2, DELETE, SHARE_ALL, 0),
        (WindowsVersion::WINDOWS_11, FILE_LIST_DIRECTORY, 0, 32), // 74
        (
            WindowsVersion::WINDOWS_11,
            FILE_LIST_DIRECTORY,
            SHARE_ALL,
            0,
        ),
        (WindowsVersion::WINDOWS_11, FILE_READ_ATTRIBUTES, 0, 0),
    ] {
        let system = builder(&volume).windows_version(version).build().unwrap();
        system.mkdir(r"C:\d").ok();
        system.make(r"C:\f", b"");
        let held = system
            .open_with(r"C:\d", access, share, OPEN_EXISTING, hold)
            .unwrap();
        assert_eq!(hard(&system, r"C:\d\n", r"C:\f"), code);
        system.close_handle(held).unwrap();
        system.delete(r"C:\d\n").ok();
    }
}

#[test]
fn what_is_to_be_deleted_takes_no_part() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let held = system.open(r"C:\f", GENERIC_READ).unwrap();
    system.delete(r"C:\f").unwrap();
    assert_eq!(hard(&system, r"C:\n", r"C:\f"), 5); // 75
    assert_eq!(hard(&system, r"C:\f", r"C:\f"), 5);
    system.close_handle(held).unwrap();
    system.make(r"C:\f", b"");
    system.mkdir(r"C:\d").unwrap();
    let held = system
        .open_with(
            r"C:\d",
            FILE_READ_ATTRIBUTES,
            SHARE_ALL,
            OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS,
        )
        .unwrap();
    system.rmdir(r"C:\d").unwrap();
    assert_eq!(hard(&system, r"C:\d\n", r"C:\f"), 5); // 78
    system.close_handle(held).unwrap();
    judge(volume, system);
}

#[test]
fn rights() {
    let (_volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"");
    // Users may make directories at the root of a data volume, and files in
    // those they made; authenticated users may change everything.
    let user = system.another_process(Token::standard_user());
    assert_eq!(hard(&user, r"C:\d\n", r"C:\d\f"), 0);
    let nobody = Token {
        groups: Vec::new(),
        ..Token::standard_user()
    };
    let stranger = system.another_process(nobody);
    assert_eq!(hard(&stranger, r"C:\d\m", r"C:\d\f"), 5); // 80
}

#[test]
fn security_attributes_are_ignored() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let nonsense = [1, 2, 3];
    system
        .create_hard_link_w(Some(&w(r"C:\g")), Some(&w(r"C:\f")), Some(&nonsense))
        .unwrap(); // 18
}

#[test]
fn shares_that_fail_over_or_scale_out() {
    for (kind, hard_link, symbolic) in [
        (ShareKind::Smb, 0, 0),
        (ShareKind::TransparentFailover, 50, 0),
        (ShareKind::ScaleOut, 50, 50),
    ] {
        let volume = volume();
        let system = System::builder()
            .unc("srv", "share", volume.fs.clone(), kind)
            .build()
            .unwrap();
        system.make(r"\\srv\share\f", b"");
        // 88, 89
        assert_eq!(hard(&system, r"\\srv\share\g", r"\\srv\share\f"), hard_link);
        let made = system.symlink(r"\\srv\share\l", "f", 0);
        assert_eq!(made.err().map_or(0, |code| code.0), symbolic);
        assert_eq!(system.exists(r"\\srv\share\l"), symbolic == 0);
    }
}
