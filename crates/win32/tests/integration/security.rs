//! Rights: descriptors, the token's groups and privileges.

use linkwright_fs::{Name, Sid};
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_win32::constants::*;
use linkwright_win32::{Privileges, System, Token};

use crate::support::{Calls, SHARE_ALL, Volume, fails, judge, system, w};

fn allow(mask: u32, sid: Sid) -> Ace {
    Ace::allow(AceFlags::empty(), AccessMask::from_bits_retain(mask), sid)
}

fn deny(mask: u32, sid: Sid) -> Ace {
    Ace::deny(AceFlags::empty(), AccessMask::from_bits_retain(mask), sid)
}

/// Gives a name in the root a list of its own; SYSTEM owns it.
fn protect(volume: &Volume, name: &str, aces: Vec<Ace>) {
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from(name)).unwrap();
    let descriptor = SecurityDescriptor::new(Sid::SYSTEM, Sid::SYSTEM, Acl::new(aces));
    volume
        .fs
        .set_security(&node, &descriptor.encode().unwrap())
        .unwrap();
}

fn open(system: &System, name: &str, access: u32) -> u32 {
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    match system.open_with(name, access, SHARE_ALL, OPEN_EXISTING, flags) {
        Ok(handle) => {
            system.close_handle(handle).unwrap();
            0
        }
        Err(code) => code.0,
    }
}

#[test]
fn entries_count_in_their_order_and_for_their_groups() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let user = system.another_process(Token::standard_user());
    protect(
        &volume,
        "f",
        vec![allow(
            FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            Sid::USERS,
        )],
    );
    assert_eq!(open(&user, r"C:\f", FILE_READ_DATA), 0);
    assert_eq!(open(&user, r"C:\f", FILE_WRITE_DATA), 5);
    assert_eq!(open(&user, r"C:\f", GENERIC_READ), 5);
    // What was denied before is not allowed after, and the other way round.
    let (yes, no) = (
        allow(FILE_ALL_ACCESS, Sid::EVERYONE),
        deny(FILE_WRITE_DATA, Sid::USERS),
    );
    protect(&volume, "f", vec![no.clone(), yes.clone()]);
    assert_eq!(open(&user, r"C:\f", FILE_READ_DATA), 0);
    assert_eq!(open(&user, r"C:\f", FILE_WRITE_DATA), 5);
    protect(&volume, "f", vec![yes, no]);
    assert_eq!(open(&user, r"C:\f", FILE_WRITE_DATA), 0);
    // A filtered administrator is denied as one and not allowed as one.
    let filtered = system.another_process(Token::filtered());
    protect(
        &volume,
        "f",
        vec![allow(FILE_ALL_ACCESS, Sid::ADMINISTRATORS)],
    );
    assert_eq!(open(&system, r"C:\f", GENERIC_ALL), 0);
    assert_eq!(open(&filtered, r"C:\f", FILE_WRITE_DATA), 5);
    let denied = vec![
        deny(FILE_WRITE_DATA, Sid::ADMINISTRATORS),
        allow(FILE_ALL_ACCESS, Sid::EVERYONE),
    ];
    protect(&volume, "f", denied);
    assert_eq!(open(&filtered, r"C:\f", FILE_WRITE_DATA), 5);
    judge(volume, system);
}

#[test]
fn what_a_directory_grants_on_what_is_in_it() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    protect(&volume, "f", vec![deny(FILE_ALL_ACCESS, Sid::EVERYONE)]);
    // FILE_LIST_DIRECTORY on the root: attributes can be read.
    assert_eq!(open(&system, r"C:\f", FILE_READ_DATA), 5);
    // FILE_DELETE_CHILD on the root: the file can be deleted. (235)
    system.delete(r"C:\f").unwrap();
    // A user of the volume has no FILE_DELETE_CHILD.
    system.make(r"C:\g", b"");
    protect(
        &volume,
        "g",
        vec![
            deny(DELETE, Sid::EVERYONE),
            allow(FILE_ALL_ACCESS, Sid::EVERYONE),
        ],
    );
    let user = system.another_process(Token::standard_user());
    assert_eq!(fails(&user, user.delete(r"C:\g")), 5);
    judge(volume, system);
}

#[test]
fn new_names_need_rights_on_their_directory() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\f", b"");
    let rights = FILE_ALL_ACCESS & !FILE_ADD_FILE & !FILE_ADD_SUBDIRECTORY;
    protect(&volume, "d", vec![allow(rights, Sid::EVERYONE)]);
    assert_eq!(fails(&system, system.hard(r"C:\d\n", r"C:\f")), 5); // 81
    assert_eq!(fails(&system, system.symlink(r"C:\d\l", "t", 0)), 5); // 132
    assert_eq!(fails(&system, system.mkdir(r"C:\d\e")), 5);
    let moved = system.move_file_ex_w(Some(&w(r"C:\f")), Some(&w(r"C:\d\f")), 0);
    assert_eq!(fails(&system, moved), 5);
    protect(
        &volume,
        "d",
        vec![allow(rights | FILE_ADD_FILE, Sid::EVERYONE)],
    );
    system.hard(r"C:\d\n", r"C:\f").unwrap();
    assert_eq!(fails(&system, system.symlink(r"C:\d\l", "t", 1)), 5);
    judge(volume, system);
}

#[test]
fn directories_on_the_way() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\d\f", b"");
    protect(&volume, "d", vec![deny(FILE_ALL_ACCESS, Sid::EVERYONE)]);
    // Passing them is no matter of rights with SeChangeNotifyPrivilege. (82)
    assert_eq!(open(&system, r"C:\d\f", GENERIC_READ), 0);
    let token = Token::elevated().without(Privileges::CHANGE_NOTIFY);
    let checked = system.another_process(token);
    assert_eq!(open(&checked, r"C:\d\f", GENERIC_READ), 5);
    assert_eq!(open(&checked, r"C:\none\f", GENERIC_READ), 3);
    judge(volume, system);
}

#[test]
fn backup_and_restore() {
    let (volume, system) = system();
    system.make(r"C:\f", b"kept");
    protect(&volume, "f", vec![deny(FILE_ALL_ACCESS, Sid::EVERYONE)]);
    let backup = system.another_process(Token::elevated().with(Privileges::BACKUP));
    assert_eq!(open(&backup, r"C:\f", GENERIC_READ), 0);
    assert_eq!(open(&backup, r"C:\f", GENERIC_WRITE), 5);
    // Without FILE_FLAG_BACKUP_SEMANTICS the privilege is not asked.
    assert_eq!(fails(&backup, backup.open(r"C:\f", GENERIC_READ)), 5);
    let restore = system.another_process(Token::elevated().with(Privileges::RESTORE));
    assert_eq!(open(&restore, r"C:\f", GENERIC_WRITE | DELETE), 0);
    assert_eq!(open(&restore, r"C:\f", GENERIC_READ), 5);
    judge(volume, system);
}

#[test]
fn all_names_have_one_descriptor() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.hard(r"C:\g", r"C:\f").unwrap();
    protect(&volume, "g", vec![allow(GENERIC_READ, Sid::EVERYONE)]);
    assert_eq!(open(&system, r"C:\f", GENERIC_READ), 0);
    assert_eq!(open(&system, r"C:\f", FILE_WRITE_DATA), 5);
    // Nor does a further name change it.
    assert_eq!(fails(&system, system.hard(r"C:\h", r"C:\f")), 5); // 80
    judge(volume, system);
}

#[test]
fn who_makes_a_file_owns_it_and_may_use_it() {
    let (volume, system) = system();
    let user = system.another_process(Token::standard_user());
    user.make(r"C:\mine", b"");
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from("mine")).unwrap();
    let descriptor = SecurityDescriptor::decode(&volume.fs.security(&node).unwrap()).unwrap();
    assert_eq!(descriptor.owner, Some(Token::standard_user().user));
    // A descriptor of one's own is taken as it is, and whoever made the file has
    // it open all the same.
    let nobody = SecurityDescriptor::new(
        Token::standard_user().user,
        Sid::USERS,
        Acl::new(Vec::new()),
    );
    let bytes = nobody.encode().unwrap();
    let file = user
        .create_file_w(
            Some(&w(r"C:\closed")),
            GENERIC_WRITE,
            0,
            Some(&bytes),
            CREATE_NEW,
            0,
            None,
        )
        .unwrap();
    assert_eq!(user.write_file(file, b"x"), Ok(1));
    user.close_handle(file).unwrap();
    assert_eq!(open(&user, r"C:\closed", GENERIC_READ), 5);
    // An owner has READ_CONTROL and WRITE_DAC, but not the SYNCHRONIZE that
    // kernel32 asks for besides.
    assert_eq!(open(&user, r"C:\closed", READ_CONTROL | WRITE_DAC), 5);
    judge(volume, system);
}
