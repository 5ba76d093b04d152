//! `NtSetInformationFile` for links and renames, and `MoveFileExW`.

use linkwright_fs::{Attributes, Name};
use linkwright_win32::constants::*;
use linkwright_win32::{Handle, System};

use crate::support::{Calls, SHARE_ALL, Volume, fails, judge, system, w};

/// FILE_LINK_INFORMATION or FILE_RENAME_INFORMATION of a 64-bit system.
fn buffer(flags: u32, root: Option<Handle>, name: &str) -> Vec<u8> {
    let name = w(name);
    let mut bytes = flags.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(root.map_or(0, Handle::value).to_le_bytes());
    bytes.extend(u32::try_from(name.len() * 2).unwrap().to_le_bytes());
    bytes.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes.resize(bytes.len().max(24), 0);
    bytes
}

fn set(system: &System, handle: Handle, class: u32, bytes: &[u8]) -> u32 {
    let status = system.nt_set_information_file(handle, class, bytes);
    match status.is_error() {
        true => status.to_win32().0,
        false => 0,
    }
}

fn read_only(volume: &Volume, name: &str) {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    volume
        .fs
        .set_attributes(&node, Attributes::READ_ONLY)
        .unwrap();
}

fn directory(system: &System, name: &str) -> Handle {
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    system
        .open_with(name, FILE_LIST_DIRECTORY, SHARE_ALL, OPEN_EXISTING, flags)
        .unwrap()
}

#[test]
fn links_replace_when_they_are_told_to() {
    let (volume, system) = system();
    system.make(r"C:\f", b"new");
    for name in ["closed", "open", "ro"] {
        system.make(&format!(r"C:\{name}"), b"old");
    }
    system.mkdir(r"C:\d").unwrap();
    read_only(&volume, "ro");
    let file = system.open(r"C:\f", FILE_WRITE_ATTRIBUTES).unwrap();
    let held = system.open(r"C:\open", GENERIC_READ).unwrap();
    let link = |flags, name: &str| {
        set(
            &system,
            file,
            FILE_LINK_INFORMATION,
            &buffer(flags, None, name),
        )
    };
    assert_eq!(link(0, r"\??\C:\closed"), 183);
    assert_eq!(link(1, r"\??\C:\closed"), 0); // 93
    assert_eq!(system.read(r"C:\closed").unwrap(), b"new");
    assert_eq!(link(1, r"\??\C:\open"), 5); // 94
    assert_eq!(link(1, r"\??\C:\d"), 5); // 95
    assert_eq!(link(1, r"\??\C:\ro"), 5); // 96
    assert_eq!(link(1, r"\??\C:\f"), 0);
    let ex = |flags, name: &str| {
        set(
            &system,
            file,
            FILE_LINK_INFORMATION_EX,
            &buffer(flags, None, name),
        )
    };
    let replace = FILE_LINK_REPLACE_IF_EXISTS;
    assert_eq!(ex(replace, r"\??\C:\ro"), 5);
    assert_eq!(
        ex(replace | FILE_LINK_IGNORE_READONLY_ATTRIBUTE, r"\??\C:\ro"),
        0
    );
    assert_eq!(ex(replace, r"\??\C:\open"), 5);
    assert_eq!(ex(replace | FILE_LINK_POSIX_SEMANTICS, r"\??\C:\open"), 0);
    // Who had it open goes on with what it was.
    let mut old = [0; 3];
    assert_eq!(system.read_file(held, &mut old), Ok(3));
    assert_eq!(&old, b"old");
    assert_eq!(system.read(r"C:\open").unwrap(), b"new");
    system.close_handle(held).unwrap();
    system.close_handle(file).unwrap();
    judge(volume, system);
}

#[test]
fn forms_of_the_new_name() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"");
    let file = system.open(r"C:\d\f", FILE_WRITE_ATTRIBUTES).unwrap();
    let root = directory(&system, r"C:\");
    let link = |root, name: &str| set(&system, file, FILE_LINK_INFORMATION, &buffer(0, root, name));
    assert_eq!(set(&system, file, FILE_LINK_INFORMATION, &[0; 20]), 24); // 92
    assert_eq!(link(None, r"e\x"), 123); // 97
    assert_eq!(link(None, "beside"), 0);
    assert!(system.exists(r"C:\d\beside"));
    assert_eq!(link(Some(root), "leaf"), 0); // 99
    assert!(system.exists(r"C:\leaf"));
    assert_eq!(link(Some(root), r"d\below"), 0);
    assert!(system.exists(r"C:\d\below"));
    assert_eq!(link(Some(Handle::from_value(4000)), "x"), 87);
    assert_eq!(link(Some(file), "x"), 87);
    let mut short = buffer(0, None, "abcdefgh");
    short.truncate(30);
    assert_eq!(set(&system, file, FILE_LINK_INFORMATION, &short), 87);
    assert_eq!(set(&system, file, 9999, &short), 87);
    system.close_handle(root).unwrap();
    system.close_handle(file).unwrap();
    judge(volume, system);
}

#[test]
fn renames() {
    let (volume, system) = system();
    system.make(r"C:\f", b"f");
    system.make(r"C:\g", b"g");
    system.mkdir(r"C:\d").unwrap();
    let move_file = |from: &str, to: &str, flags| match system.move_file_ex_w(
        Some(&w(from)),
        Some(&w(to)),
        flags,
    ) {
        Ok(()) => 0,
        Err(code) => code.0,
    };
    let replace = MOVEFILE_REPLACE_EXISTING;
    assert_eq!(move_file(r"C:\f", r"C:\g", 0), 183);
    assert_eq!(move_file(r"C:\none", r"C:\g", 0), 2);
    assert_eq!(move_file(r"C:\f", r"C:\none\g", 0), 3);
    assert_eq!(move_file(r"C:\f", r"C:\d", replace), 5);
    assert_eq!(move_file(r"C:\f", r"C:\F", 0), 0);
    assert_eq!(move_file(r"C:\F", r"C:\g", replace), 0);
    assert_eq!(system.read(r"C:\g").unwrap(), b"f");
    assert_eq!(move_file(r"C:\g", r"C:\d\g", 0), 0);
    assert_eq!(move_file(r"C:\d", r"C:\d\e", 0), 32);
    let held = system.open(r"C:\d\g", 0).unwrap();
    assert_eq!(move_file(r"C:\d", r"C:\e", 0), 5);
    system.close_handle(held).unwrap();
    assert_eq!(move_file(r"C:\d", r"C:\e", 0), 0);
    assert_eq!(
        move_file(r"C:\e\g", r"C:\x", MOVEFILE_DELAY_UNTIL_REBOOT),
        50
    );
    // A link is moved itself.
    system.symlink(r"C:\l", "none", 0).unwrap();
    assert_eq!(move_file(r"C:\l", r"C:\e\l", 0), 0);
    assert!(system.exists(r"C:\e\l"));
    assert_eq!(move_file(r"C:\e\g", r"C:\h", MOVEFILE_CREATE_HARDLINK), 0);
    assert!(system.exists(r"C:\e\g") && system.exists(r"C:\h"));
    judge(volume, system);
}

#[test]
fn a_rename_takes_its_handles_along() {
    let (volume, system) = system();
    system.make(r"C:\f", b"f");
    system.make(r"C:\g", b"g");
    let first = system.open(r"C:\f", GENERIC_READ | DELETE).unwrap();
    let second = system.open(r"C:\f", DELETE).unwrap();
    let rename = |flags, name: &str| {
        let class = FILE_RENAME_INFORMATION_EX;
        set(&system, first, class, &buffer(flags, None, name))
    };
    assert_eq!(rename(0, r"\??\C:\g"), 183);
    let held = system.open(r"C:\g", GENERIC_READ).unwrap();
    assert_eq!(rename(FILE_RENAME_REPLACE_IF_EXISTS, r"\??\C:\g"), 5);
    let posix = FILE_RENAME_REPLACE_IF_EXISTS | FILE_RENAME_POSIX_SEMANTICS;
    assert_eq!(rename(posix, r"\??\C:\g"), 0);
    assert_eq!(fails(&system, system.read(r"C:\f")), 2);
    let mut old = [0; 1];
    assert_eq!(system.read_file(held, &mut old), Ok(1));
    assert_eq!(&old, b"g");
    // The second handle deletes the file under its new name.
    let status = system.nt_set_information_file(second, FILE_DISPOSITION_INFORMATION, &[1]);
    assert!(!status.is_error());
    assert_eq!(fails(&system, system.open(r"C:\g", 0)), 5);
    for handle in [first, second, held] {
        system.close_handle(handle).unwrap();
    }
    assert!(!system.exists(r"C:\g"));
    judge(volume, system);
}
