//! `DeleteFileW`, `RemoveDirectoryW`, dispositions, delete on close.

use linkwright_fs::{Attributes, Name};
use linkwright_win32::constants::*;
use linkwright_win32::{Handle, System};

use crate::support::{Calls, SHARE_ALL, Volume, fails, judge, system};

fn set_read_only(volume: &Volume, name: &str, attributes: Attributes) {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    volume.fs.set_attributes(&node, attributes).unwrap();
}

fn dispose(system: &System, handle: Handle, flags: u32) -> u32 {
    let class = FILE_DISPOSITION_INFORMATION_EX;
    let status = system.nt_set_information_file(handle, class, &flags.to_le_bytes());
    status.to_win32().0
}

#[test]
fn what_is_not_deleted() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"");
    system.make(r"C:\ro", b"");
    system.hard(r"C:\ro2", r"C:\ro").unwrap();
    set_read_only(&volume, "ro", Attributes::READ_ONLY);
    for (name, code) in [
        (r"C:\d", 5),      // 205
        (r"C:\none", 2),   // 206
        (r"C:\none\f", 3), // 207
        ("", 3),           // 208
        (r"C:\ro", 5),     // 212
        (r"C:\ro2", 5),    // 213
        (r"C:\d\f\", 123),
    ] {
        assert_eq!(fails(&system, system.delete(name)), code, "{name}");
    }
    assert_eq!(fails(&system, system.delete_file_w(None)), 3);
    for (name, code) in [
        (r"C:\d", 145),  // 211
        (r"C:\ro", 267), // 204
        (r"C:\none", 2), // 210
        (r"C:\", 5),
    ] {
        assert_eq!(fails(&system, system.rmdir(name)), code, "{name}");
    }
    set_read_only(&volume, "ro2", Attributes::ARCHIVE);
    system.delete(r"C:\ro").unwrap();
    assert_eq!(fails(&system, system.delete(r"C:\ro")), 2); // 209
    judge(volume, system);
}

#[test]
fn links_go_and_targets_stay() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"kept");
    system.symlink(r"C:\lf", r"d\f", 0).unwrap();
    system
        .symlink(r"C:\ld", "d", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    assert_eq!(fails(&system, system.delete(r"C:\ld")), 5); // 201
    system.rmdir(r"C:\ld").unwrap(); // 202
    assert_eq!(fails(&system, system.rmdir(r"C:\lf")), 267);
    system.delete(r"C:\lf").unwrap(); // 200
    assert_eq!(system.read(r"C:\d\f").unwrap(), b"kept");
    judge(volume, system);
}

#[test]
fn a_name_goes_when_its_last_handle_closes() {
    let (volume, system) = system();
    system.make(r"C:\f", b"data");
    system.hard(r"C:\g", r"C:\f").unwrap();
    let held = system.open(r"C:\f", GENERIC_READ).unwrap();
    system.delete(r"C:\f").unwrap();
    assert_eq!(fails(&system, system.open(r"C:\f", 0)), 5); // 226
    let again = system.open_with(r"C:\f", GENERIC_WRITE, 0, CREATE_NEW, 0);
    assert_eq!(fails(&system, again), 5); // 227
    assert_eq!(fails(&system, system.delete(r"C:\f")), 5);
    // The other name is another matter.
    assert_eq!(system.read(r"C:\g").unwrap(), b"data");
    system.delete(r"C:\g").unwrap();
    let mut buffer = [0; 4];
    assert_eq!(system.read_file(held, &mut buffer), Ok(4));
    system.close_handle(held).unwrap();
    assert_eq!(fails(&system, system.open(r"C:\f", 0)), 2);
    judge(volume, system);
}

#[test]
fn a_handle_that_does_not_share_deleting() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    let held = system
        .open_with(r"C:\f", GENERIC_READ, share, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(fails(&system, system.delete(r"C:\f")), 32); // 230
    system.close_handle(held).unwrap();
    system.delete(r"C:\f").unwrap();
}

#[test]
fn delete_on_close() {
    let (volume, system) = system();
    let flags = FILE_FLAG_DELETE_ON_CLOSE;
    let open = |name: &str| system.open_with(name, GENERIC_WRITE, SHARE_ALL, OPEN_ALWAYS, flags);
    let file = open(r"C:\f").unwrap();
    // Class 13 does not undo it. (221)
    let undo = system.nt_set_information_file(file, FILE_DISPOSITION_INFORMATION, &[0]);
    assert!(!undo.is_error());
    system.close_handle(file).unwrap();
    assert!(!system.exists(r"C:\f"));
    // The Ex class does.
    let file = open(r"C:\g").unwrap();
    assert_eq!(dispose(&system, file, FILE_DISPOSITION_ON_CLOSE), 0);
    system.close_handle(file).unwrap();
    assert!(system.exists(r"C:\g"));
    let plain = system.open(r"C:\g", DELETE).unwrap();
    assert_eq!(dispose(&system, plain, FILE_DISPOSITION_ON_CLOSE), 50); // 222
    assert_eq!(dispose(&system, plain, 0x8000), 50); // 223
    system.close_handle(plain).unwrap();
    set_read_only(&volume, "g", Attributes::READ_ONLY);
    let code = system.open_with(r"C:\g", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, flags);
    assert_eq!(fails(&system, code), 5); // 229
    set_read_only(&volume, "g", Attributes::ARCHIVE);
    judge(volume, system);
}

#[test]
fn posix_deletion_takes_the_name_at_once() {
    let (volume, system) = system();
    system.make(r"C:\f", b"data");
    let posix = FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS;
    let reader = system.open(r"C:\f", GENERIC_READ | DELETE).unwrap();
    let deleter = system.open(r"C:\f", DELETE).unwrap();
    assert_eq!(dispose(&system, deleter, posix), 0);
    assert_eq!(fails(&system, system.open(r"C:\f", 0)), 5);
    system.close_handle(deleter).unwrap();
    assert_eq!(fails(&system, system.open(r"C:\f", 0)), 2); // 218
    // A new file of that name is another one.
    system.make(r"C:\f", b"new");
    let mut buffer = [0; 8];
    assert_eq!(system.read_file(reader, &mut buffer), Ok(4));
    assert_eq!(&buffer[..4], b"data");
    assert_eq!(dispose(&system, reader, posix), 5); // 219
    system.close_handle(reader).unwrap();
    assert_eq!(system.read(r"C:\f").unwrap(), b"new");
    judge(volume, system);
}

#[test]
fn the_read_only_attribute_and_posix_deletion() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    set_read_only(&volume, "f", Attributes::READ_ONLY);
    let posix = FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS;
    let file = system.open(r"C:\f", DELETE).unwrap();
    assert_eq!(dispose(&system, file, posix), 5); // 216
    let ignore = posix | FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE;
    assert_eq!(dispose(&system, file, ignore), 0); // 217
    system.close_handle(file).unwrap();
    assert!(!system.exists(r"C:\f"));
    let none = system.open_with(r"C:\h", GENERIC_WRITE, SHARE_ALL, CREATE_NEW, 0);
    let none = none.unwrap();
    assert_eq!(dispose(&system, none, posix), 5); // 225
    system.close_handle(none).unwrap();
    judge(volume, system);
}

#[test]
fn a_stream_goes_alone() {
    let (volume, system) = system();
    system.make(r"C:\f", b"file");
    system.make(r"C:\f:s", b"stream");
    assert_eq!(system.read(r"C:\F:S:$DATA").unwrap(), b"stream");
    system.delete(r"C:\f:s").unwrap(); // 237
    assert_eq!(fails(&system, system.read(r"C:\f:s")), 2);
    assert_eq!(system.read(r"C:\f::$DATA").unwrap(), b"file");
    judge(volume, system);
}
