//! `CopyFile`, `CopyFileEx`, and moving between volumes; descriptors by name.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use linkwright_fs::Sid;
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_win32::constants::*;
use linkwright_win32::structures::FileTime;
use linkwright_win32::{Privileges, System, Token, Win32Error};

use crate::support::{Calls, SHARE_ALL, builder, fails, judge, system, volume, w};

fn copy(system: &System, from: &str, to: &str, flags: u32) -> Result<(), Win32Error> {
    system.copy_file_ex_w(Some(&w(from)), Some(&w(to)), None, None, flags)
}

fn attributes(system: &System, name: &str) -> u32 {
    system.get_file_attributes_w(Some(&w(name))).unwrap()
}

#[test]
fn a_copy_has_data_streams_attributes_and_the_time_of_writing() {
    let (volume, system) = system();
    system.make(r"C:\from", &[3; 100_000]);
    system.make(r"C:\from:side", b"beside");
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    let then = FileTime::from_ticks(129_000_000_000_000_000);
    let file = system
        .open_with(
            r"C:\from",
            FILE_WRITE_ATTRIBUTES,
            SHARE_ALL,
            OPEN_EXISTING,
            flags,
        )
        .unwrap();
    system
        .set_file_time(file, Some(then), None, Some(then))
        .unwrap();
    system.close_handle(file).unwrap();
    let kept = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN;
    system
        .set_file_attributes_w(Some(&w(r"C:\from")), kept)
        .unwrap();

    copy(&system, r"C:\from", r"C:\to", 0).unwrap();
    assert_eq!(system.read(r"C:\to").unwrap(), [3; 100_000]);
    assert_eq!(system.read(r"C:\to:side").unwrap(), b"beside");
    assert_eq!(attributes(&system, r"C:\to"), kept | FILE_ATTRIBUTE_ARCHIVE);
    let data = system
        .get_file_attributes_ex_w(Some(&w(r"C:\to")), 0)
        .unwrap();
    assert_eq!(data.last_write_time, then);
    assert_ne!(data.creation_time, then);
    copy(
        &system,
        r"C:\from",
        r"C:\plain",
        COPY_FILE_SKIP_ALTERNATE_STREAMS,
    )
    .unwrap();
    assert_eq!(fails(&system, system.read(r"C:\plain:side")), 2);
    judge(volume, system);
}

#[test]
fn copies_that_are_refused() {
    let (volume, system) = system();
    system.make(r"C:\a", b"aaa");
    system.make(r"C:\b", b"b");
    system.mkdir(r"C:\d").unwrap();
    let code = |from, to, flags| fails(&system, copy(&system, from, to, flags));
    assert_eq!(code(r"C:\none", r"C:\x", 0), 2);
    assert_eq!(code(r"C:\a", r"C:\none\x", 0), 3);
    assert_eq!(code(r"C:\a", r"C:\b", COPY_FILE_FAIL_IF_EXISTS), 80);
    assert_eq!(code(r"C:\d", r"C:\x", 0), 5);
    assert_eq!(code(r"C:\a", r"C:\d", 0), 5);
    assert_eq!(code(r"C:\a", r"C:\a", 0), 32);
    assert_eq!(code(r"C:\a", r"C:\x", 0x8000_0000), 87);
    // By another of its names it is the same file.
    system.hard(r"C:\a2", r"C:\a").unwrap();
    assert_eq!(code(r"C:\a", r"C:\a2", 0), 32);
    assert_eq!(system.read(r"C:\a").unwrap(), b"aaa");
    for attribute in [FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_HIDDEN] {
        system
            .set_file_attributes_w(Some(&w(r"C:\b")), attribute)
            .unwrap();
        assert_eq!(code(r"C:\a", r"C:\b", 0), 5);
    }
    system.set_file_attributes_w(Some(&w(r"C:\b")), 0).unwrap();
    let held = system
        .open_with(r"C:\b", GENERIC_READ, 0, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(code(r"C:\a", r"C:\b", 0), 32);
    assert_eq!(code(r"C:\b", r"C:\x", 0), 32);
    system.close_handle(held).unwrap();
    copy(&system, r"C:\a", r"C:\b", 0).unwrap();
    assert_eq!(system.read(r"C:\b").unwrap(), b"aaa");
    judge(volume, system);
}

/// SEMANTICS 1.5: CopyFile follows on both sides, COPY_FILE_COPY_SYMLINK on none.
#[test]
fn links_are_followed_or_copied() {
    let (volume, system) = system();
    system.make(r"C:\one", b"one");
    system.make(r"C:\two", b"two");
    system.symlink(r"C:\to one", "one", 0).unwrap();
    system.symlink(r"C:\to two", "two", 0).unwrap();
    copy(&system, r"C:\to one", r"C:\data", 0).unwrap();
    assert_eq!(attributes(&system, r"C:\data"), FILE_ATTRIBUTE_ARCHIVE);
    copy(&system, r"C:\one", r"C:\to two", 0).unwrap();
    assert_eq!(system.read(r"C:\two").unwrap(), b"one");
    system.make(r"C:\two", b"two");

    let link = FILE_ATTRIBUTE_REPARSE_POINT;
    let keep = COPY_FILE_COPY_SYMLINK;
    copy(&system, r"C:\to one", r"C:\copy", keep).unwrap();
    assert_ne!(attributes(&system, r"C:\copy") & link, 0);
    // A link that is there is replaced, and what it led to stays.
    copy(&system, r"C:\to one", r"C:\to two", keep).unwrap();
    assert_eq!(system.read(r"C:\to two").unwrap(), b"one");
    assert_eq!(system.read(r"C:\two").unwrap(), b"two");
    // So is one by a plain file, and a plain file by a link.
    copy(&system, r"C:\two", r"C:\copy", keep).unwrap();
    assert_eq!(attributes(&system, r"C:\copy") & link, 0);
    copy(&system, r"C:\to one", r"C:\data", keep).unwrap();
    assert_ne!(attributes(&system, r"C:\data") & link, 0);
    assert_eq!(system.read(r"C:\data").unwrap(), b"one");
    let taken = copy(
        &system,
        r"C:\to one",
        r"C:\data",
        keep | COPY_FILE_FAIL_IF_EXISTS,
    );
    assert_eq!(fails(&system, taken), 80);
    // A dangling link is copied, but not through.
    system.delete(r"C:\one").unwrap();
    copy(&system, r"C:\to one", r"C:\dangling", keep).unwrap();
    assert_eq!(fails(&system, copy(&system, r"C:\dangling", r"C:\x", 0)), 2);

    let plain = system.another_process(Token::filtered());
    assert_eq!(
        fails(&plain, copy(&plain, r"C:\dangling", r"C:\y", keep)),
        1314
    );
    assert!(!system.exists(r"C:\y"));
    judge(volume, system);
}

#[test]
fn a_copy_is_asked_about_and_called_off() {
    let (volume, system) = system();
    system.make(r"C:\big", &vec![1; 3 << 20]);
    system.make(r"C:\big:side", b"123");
    let mut seen = Vec::new();
    let mut watch = |at: &linkwright_win32::CopyProgress| {
        seen.push((at.stream_number, at.reason, at.transferred));
        PROGRESS_CONTINUE
    };
    let (from, to) = (w(r"C:\big"), w(r"C:\to"));
    system
        .copy_file_ex_w(Some(&from), Some(&to), Some(&mut watch), None, 0)
        .unwrap();
    let mega = 1 << 20;
    let wanted = [
        (1, CALLBACK_STREAM_SWITCH, 0),
        (1, CALLBACK_CHUNK_FINISHED, mega),
        (1, CALLBACK_CHUNK_FINISHED, 2 * mega),
        (1, CALLBACK_CHUNK_FINISHED, 3 * mega),
        (2, CALLBACK_STREAM_SWITCH, 3 * mega),
        (2, CALLBACK_CHUNK_FINISHED, 3 * mega + 3),
    ];
    assert_eq!(seen, wanted);
    for (answer, stays) in [(PROGRESS_CANCEL, false), (PROGRESS_STOP, true)] {
        let mut stop = |_: &linkwright_win32::CopyProgress| answer;
        let name = w(r"C:\half");
        let stopped = system.copy_file_ex_w(Some(&from), Some(&name), Some(&mut stop), None, 0);
        assert_eq!(fails(&system, stopped), 1235);
        assert_eq!(system.exists(r"C:\half"), stays);
    }
    let mut asked = 0;
    let mut quiet = |_: &linkwright_win32::CopyProgress| {
        asked += 1;
        PROGRESS_QUIET
    };
    system
        .copy_file_ex_w(Some(&from), Some(&to), Some(&mut quiet), None, 0)
        .unwrap();
    assert_eq!(asked, 1);
    let cancel = AtomicBool::new(true);
    let off = system.copy_file_ex_w(Some(&from), Some(&to), None, Some(&cancel), 0);
    assert_eq!(fails(&system, off), 1235);
    assert!(!system.exists(r"C:\to"));
    judge(volume, system);
}

/// MOVEFILE_COPY_ALLOWED: a file that cannot be renamed across volumes is copied
/// and deleted; a directory is not.
#[test]
fn a_file_moves_to_another_volume_as_a_copy() {
    let first = volume();
    let second = volume();
    let system = builder(&first)
        .drive('D', Arc::clone(&second.fs))
        .build()
        .unwrap();
    system.make(r"C:\f", b"data");
    system.make(r"C:\f:side", b"side");
    system.mkdir(r"C:\d").unwrap();
    system.symlink(r"C:\l", "f", 0).unwrap();
    let mv =
        |from: &str, to: &str, flags| system.move_file_ex_w(Some(&w(from)), Some(&w(to)), flags);
    assert_eq!(fails(&system, mv(r"C:\f", r"D:\f", 0)), 17);
    mv(r"C:\f", r"D:\f", MOVEFILE_COPY_ALLOWED).unwrap();
    assert!(!system.exists(r"C:\f"));
    assert_eq!(system.read(r"D:\f").unwrap(), b"data");
    assert_eq!(system.read(r"D:\f:side").unwrap(), b"side");
    // A link moves itself.
    mv(r"C:\l", r"D:\l", MOVEFILE_COPY_ALLOWED).unwrap();
    assert_eq!(system.read(r"D:\l").unwrap(), b"data");
    assert_eq!(
        fails(&system, mv(r"C:\d", r"D:\d", MOVEFILE_COPY_ALLOWED)),
        5
    );
    system.make(r"C:\f", b"new");
    assert_eq!(
        fails(&system, mv(r"C:\f", r"D:\f", MOVEFILE_COPY_ALLOWED)),
        183
    );
    mv(
        r"C:\f",
        r"D:\f",
        MOVEFILE_COPY_ALLOWED | MOVEFILE_REPLACE_EXISTING,
    )
    .unwrap();
    assert_eq!(system.read(r"D:\f").unwrap(), b"new");
    judge(first, system);
}

fn descriptor(owner: Sid, allowed: Sid) -> Vec<u8> {
    let allow = Ace::allow(AceFlags::empty(), AccessMask::FILE_ALL, allowed);
    SecurityDescriptor::new(owner, Sid::SYSTEM, Acl::new(vec![allow]))
        .encode()
        .unwrap()
}

fn security(system: &System, name: &str, parts: u32) -> Result<SecurityDescriptor, Win32Error> {
    let mut needed = 0;
    let small = system.get_file_security_w(Some(&w(name)), parts, &mut [], &mut needed);
    assert_eq!(small, Err(small.unwrap_err()));
    if small.unwrap_err().0 != 122 {
        return Err(small.unwrap_err());
    }
    let mut buffer = vec![0; needed as usize];
    system.get_file_security_w(Some(&w(name)), parts, &mut buffer, &mut needed)?;
    Ok(SecurityDescriptor::decode(&buffer).unwrap())
}

/// SEMANTICS 1.1: one descriptor for all links of a file.
#[test]
fn all_names_have_one_descriptor() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let dacl = DACL_SECURITY_INFORMATION;
    let new = descriptor(Sid::USERS, Sid::EVERYONE);
    system
        .set_file_security_w(Some(&w(r"C:\a")), dacl, &new)
        .unwrap();
    let seen = security(&system, r"C:\b", dacl | OWNER_SECURITY_INFORMATION).unwrap();
    assert_eq!(seen.dacl.unwrap().aces.len(), 1);
    assert_ne!(seen.owner, Some(Sid::USERS));
    assert_eq!(seen.group, None);
    judge(volume, system);
}

#[test]
fn a_link_has_a_descriptor_of_its_own() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.symlink(r"C:\l", "f", 0).unwrap();
    let dacl = DACL_SECURITY_INFORMATION;
    let before = security(&system, r"C:\f", dacl).unwrap();
    let new = descriptor(Sid::USERS, Sid::USERS);
    system
        .set_file_security_w(Some(&w(r"C:\l")), dacl, &new)
        .unwrap();
    assert_eq!(security(&system, r"C:\f", dacl).unwrap(), before);
    let link = security(&system, r"C:\l", dacl).unwrap().dacl.unwrap();
    assert_eq!(link.aces.len(), 1);
    judge(volume, system);
}

/// MS-FSA 2.1.5.14 and 2.1.5.17; the owner that a caller may name.
#[test]
fn rights_that_descriptors_need() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let owner = OWNER_SECURITY_INFORMATION;
    let set = |system: &System, parts, bytes: &[u8]| {
        system.set_file_security_w(Some(&w(r"C:\f")), parts, bytes)
    };
    // Administrators can be named by one of them, others cannot.
    set(
        &system,
        owner,
        &descriptor(Sid::ADMINISTRATORS, Sid::EVERYONE),
    )
    .unwrap();
    assert_eq!(
        security(&system, r"C:\f", owner).unwrap().owner,
        Some(Sid::ADMINISTRATORS)
    );
    let stranger = descriptor(Sid::SYSTEM, Sid::EVERYONE);
    assert_eq!(fails(&system, set(&system, owner, &stranger)), 1307);
    assert_eq!(fails(&system, set(&system, owner, &[1, 2, 3])), 1338);
    assert_eq!(
        fails(
            &system,
            security(&system, r"C:\f", SACL_SECURITY_INFORMATION)
        ),
        1314
    );
    let mut token = Token::elevated();
    token.privileges |= Privileges::SECURITY | Privileges::RESTORE;
    let restoring = system.another_process(token);
    set(&restoring, owner, &stranger).unwrap();
    security(&restoring, r"C:\f", SACL_SECURITY_INFORMATION).unwrap();
    // Nobody but Administrators has anything on it now.
    let closed = descriptor(Sid::SYSTEM, Sid::ADMINISTRATORS);
    set(&restoring, DACL_SECURITY_INFORMATION, &closed).unwrap();
    let plain = system.another_process(Token::filtered());
    assert_eq!(fails(&plain, security(&plain, r"C:\f", owner)), 5);
    assert_eq!(
        fails(&plain, set(&plain, DACL_SECURITY_INFORMATION, &stranger)),
        5
    );
    assert_eq!(fails(&plain, plain.read(r"C:\f")), 5);
    let none = system.set_file_security_w(Some(&w(r"C:\none")), owner, &stranger);
    assert_eq!(fails(&system, none), 2);
}
