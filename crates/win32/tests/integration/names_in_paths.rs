//! What a text means as a path.

use linkwright_win32::constants::*;
use linkwright_win32::{LongPaths, ShareKind};

use crate::support::{Calls, SHARE_ALL, builder, fails, judge, system, volume};

#[test]
fn long_paths_take_a_prefix_or_both_settings() {
    let volume = volume();
    let build = |long_paths| builder(&volume).long_paths(long_paths).build().unwrap();
    let system = build(LongPaths::OFF);
    let mut path = String::from(r"\\?\C:");
    for _ in 0..3 {
        path += &format!(r"\{}", "d".repeat(100));
        system.mkdir(&path).unwrap();
    }
    let file = format!(r"{path}\f");
    system.make(&file, b"far");
    let plain = file.trim_start_matches(r"\\?\");
    assert_eq!(fails(&system, system.read(plain)), 3);
    for (policy, manifest) in [(true, false), (false, true)] {
        let half = build(LongPaths { policy, manifest });
        assert_eq!(fails(&half, half.read(plain)), 3);
    }
    assert_eq!(build(LongPaths::ON).read(plain).unwrap(), b"far");
    // 259 units are a path, 260 are none; a directory must leave room for 8.3.
    let name = |units: usize| format!(r"C:\{}", "n".repeat(units - 3));
    system.make(&name(258), b"");
    assert_eq!(fails(&system, system.mkdir(&name(248))), 206);
    assert!(system.mkdir(&name(247)).is_ok());
    let over = format!(r"C:\{}\{}", "x".repeat(250), "y".repeat(6));
    assert_eq!(over.len(), 260);
    assert_eq!(fails(&system, system.read(&over)), 3);
    let huge = format!(r"\\?\C:\{}", "z".repeat(32_768));
    assert_eq!(fails(&system, system.read(&huge)), 206);
}

#[test]
fn every_way_to_name_a_volume() {
    let (local, remote) = (volume(), volume());
    let system = builder(&local)
        .unc("server", "share", remote.fs.clone(), ShareKind::Smb)
        .build()
        .unwrap();
    system.make(r"C:\f", b"here");
    system.make(r"\\server\share\f", b"there");
    for name in [
        r"c:\F",
        "C:/f",
        r"\f",
        "f",
        "C:f",
        r"\\.\C:\f",
        r"\\?\C:\f",
        "//?/C:/f",
        r"\??\C:\f",
        r"\\?\GLOBALROOT\Device\HarddiskVolume1\f",
    ] {
        assert_eq!(system.read(name).unwrap(), b"here", "{name}");
    }
    for name in [
        r"\\SERVER\Share\f",
        "//server/share/f",
        r"\\?\UNC\server\share\f",
    ] {
        assert_eq!(system.read(name).unwrap(), b"there", "{name}");
    }
    for (name, code) in [
        (r"Z:\f", 3),
        (r"\\?\Z:\f", 3),
        (r"\\?\Volume{00000000-0000-0000-0000-000000000000}\f", 3),
        (r"\\.\nothing", 2),
        (r"C:\f\", 123),
        (r"C:\f\x", 3),
        (r"C:\\f", 0),
        (r"\\?\C:\\f", 123),
        ("CON", 2),
    ] {
        match system.open(name, GENERIC_READ) {
            Ok(handle) => {
                assert_eq!(code, 0, "{name}");
                system.close_handle(handle).unwrap();
            }
            Err(error) => assert_eq!(error.0, code, "{name}"),
        }
    }
}

#[test]
fn the_null_device_and_a_volume_are_opened() {
    let (_volume, system) = system();
    for name in ["NUL", "nul.txt", r"C:\dir\NUL", r"\\.\NUL"] {
        let null = system.open(name, GENERIC_READ | GENERIC_WRITE).unwrap();
        assert_eq!(system.write_file(null, b"away"), Ok(4));
        assert_eq!(system.read_file(null, &mut [0; 4]), Ok(0));
        system.close_handle(null).unwrap();
    }
    let volume = system.open(r"\\.\C:", 0).unwrap();
    system.close_handle(volume).unwrap();
}

#[test]
fn directories_need_backup_semantics() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    let open =
        |name: &str, flags| system.open_with(name, GENERIC_READ, SHARE_ALL, OPEN_EXISTING, flags);
    assert_eq!(fails(&system, open(r"C:\d", 0)), 5);
    for name in [r"C:\d", r"C:\d\", r"C:\", r"C:\d::$INDEX_ALLOCATION"] {
        let directory = open(name, FILE_FLAG_BACKUP_SEMANTICS).unwrap();
        assert_eq!(fails(&system, system.read_file(directory, &mut [0; 4])), 1);
        system.close_handle(directory).unwrap();
    }
    assert_eq!(fails(&system, system.mkdir(r"C:\d")), 183);
    assert_eq!(fails(&system, system.mkdir(r"C:\none\d")), 3);
    system.make(r"C:\d:stream", b"of a directory");
    assert_eq!(system.read(r"C:\d:stream").unwrap(), b"of a directory");
    judge(volume, system);
}
