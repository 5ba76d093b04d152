//! `DeviceIoControl`: reparse points by every row of 2.6, object ids, sparse
//! files, compression.

use linkwright_reparse::{MountPoint, SymbolicLink};
use linkwright_win32::constants::*;
use linkwright_win32::structures::FileObjectIdBuffer;
use linkwright_win32::{Handle, Privileges, System, Token, Win32Error};
use zerocopy::{FromBytes, IntoBytes};

use crate::support::{Calls, SHARE_ALL, builder, fails, judge, system, volume, w};

/// The object itself, with the right to change it.
fn itself(system: &System, name: &str, access: u32) -> Handle {
    let flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    system
        .open_with(name, access, SHARE_ALL, OPEN_EXISTING, flags)
        .unwrap()
}

fn control(system: &System, name: &str, code: u32, input: &[u8]) -> Result<Vec<u8>, Win32Error> {
    let out = match code {
        FSCTL_GET_REPARSE_POINT | FSCTL_GET_OBJECT_ID | FSCTL_CREATE_OR_GET_OBJECT_ID => 16_384,
        FSCTL_GET_COMPRESSION => 2,
        _ => 0,
    };
    let handle = itself(system, name, GENERIC_READ | GENERIC_WRITE);
    let result = system.device_io_control(handle, code, input, out);
    let error = system.get_last_error();
    system.close_handle(handle).unwrap();
    system.set_last_error(error);
    result
}

fn set(system: &System, name: &str, input: &[u8]) -> Result<Vec<u8>, Win32Error> {
    control(system, name, FSCTL_SET_REPARSE_POINT, input)
}

fn get(system: &System, name: &str) -> Result<Vec<u8>, Win32Error> {
    control(system, name, FSCTL_GET_REPARSE_POINT, &[])
}

fn remove(system: &System, name: &str, input: &[u8]) -> Result<Vec<u8>, Win32Error> {
    control(system, name, FSCTL_DELETE_REPARSE_POINT, input)
}

fn junction(target: &str) -> Vec<u8> {
    MountPoint::junction(&w(target)).unwrap().encode()
}

fn relative(target: &str) -> Vec<u8> {
    SymbolicLink::relative(&w(target)).unwrap().encode()
}

/// A buffer of any tag.
fn raw(tag: u32, data: &[u8]) -> Vec<u8> {
    let mut out = tag.to_le_bytes().to_vec();
    out.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
    out.extend([0, 0]);
    out.extend(data);
    out
}

/// The same of a tag that is not Microsoft's.
fn vendor(guid: u8, data: &[u8]) -> Vec<u8> {
    let mut out = raw(0x42, &[]);
    out[4] = u8::try_from(data.len()).unwrap();
    out.extend([guid; 16]);
    out.extend(data);
    out
}

fn header(tag: u32) -> Vec<u8> {
    raw(tag, &[])
}

/// A junction is made of a directory, needs no right, and is a directory again
/// (rows 174, 198, 199; SEMANTICS 3.3).
#[test]
fn a_junction_is_made_followed_and_unmade() {
    let volume = volume();
    let system = builder(&volume).token(Token::filtered()).build().unwrap();
    system.mkdir(r"C:\target").unwrap();
    system.make(r"C:\target\f", b"data");
    system.mkdir(r"C:\j").unwrap();
    assert_eq!(fails(&system, get(&system, r"C:\j")), 4390);
    let buffer = junction(r"C:\target");
    set(&system, r"C:\j", &buffer).unwrap();
    assert_eq!(get(&system, r"C:\j").unwrap(), buffer);
    assert_eq!(system.read(r"C:\j\f").unwrap(), b"data");
    let attributes = system.get_file_attributes_w(Some(&w(r"C:\j"))).unwrap();
    assert_eq!(
        attributes,
        FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT
    );

    remove(&system, r"C:\j", &header(IO_REPARSE_TAG_MOUNT_POINT)).unwrap();
    assert!(!system.exists(r"C:\j\f"));
    let attributes = system.get_file_attributes_w(Some(&w(r"C:\j"))).unwrap();
    assert_eq!(attributes, FILE_ATTRIBUTE_DIRECTORY);
    let again = remove(&system, r"C:\j", &header(IO_REPARSE_TAG_MOUNT_POINT));
    assert_eq!(fails(&system, again), 4390);
    judge(volume, system);
}

/// Rows 175 and 176.
#[test]
fn what_is_given_of_a_reparse_point() {
    let (_volume, system) = system();
    system.symlink(r"C:\l", "target", 0).unwrap();
    let link = itself(&system, r"C:\l", GENERIC_READ);
    let whole = relative("target");
    let ask = |room: usize| {
        let mut output = vec![0; room];
        let mut returned = 0;
        let code = FSCTL_GET_REPARSE_POINT;
        let result = system.device_io_control_into(link, code, &[], &mut output, &mut returned);
        output.truncate(returned as usize);
        (result, output)
    };
    assert_eq!(fails(&system, ask(7).0), 122);
    let (result, part) = ask(10);
    assert_eq!(fails(&system, result), 234);
    assert_eq!(part, whole[..10]);
    let (result, all) = ask(whole.len());
    result.unwrap();
    assert_eq!(all, whole);
    system.close_handle(link).unwrap();
}

/// Rows 177 to 188.
#[test]
fn what_cannot_be_set() {
    let (volume, system) = system();
    system.make(r"C:\empty", b"");
    system.make(r"C:\full", b"data");
    system.mkdir(r"C:\dir").unwrap();
    system.mkdir(r"C:\filled").unwrap();
    system.make(r"C:\filled\f", b"");
    let code = |name, input: &[u8]| fails(&system, set(&system, name, input));
    assert_eq!(code(r"C:\empty", &[]), 1784);
    assert_eq!(code(r"C:\empty", &[0; 7]), 4392);
    assert_eq!(code(r"C:\empty", &raw(0x8000_0014, &[0; 16_377])), 4392);
    assert_eq!(code(r"C:\empty", &junction(r"C:\dir")), 267);
    assert_eq!(code(r"C:\filled", &junction(r"C:\dir")), 145);
    assert_eq!(code(r"C:\full", &relative("x")), 4392);
    assert_eq!(code(r"C:\empty", &header(0)), 4393);
    assert_eq!(code(r"C:\empty", &header(1)), 4393);
    assert_eq!(
        code(r"C:\empty", &raw(IO_REPARSE_TAG_SYMLINK, &[0xFF; 12])),
        4392
    );
    let mut longer = relative("x");
    longer.push(0);
    assert_eq!(code(r"C:\empty", &longer), 4392);
    // Other tags may be on files with data.
    set(&system, r"C:\full", &vendor(1, b"abc")).unwrap();
    assert_eq!(code(r"C:\full", &vendor(2, b"abc")), 4391);
    assert_eq!(code(r"C:\full", &raw(0x8000_0014, b"abc")), 4394);
    set(&system, r"C:\full", &vendor(1, b"new")).unwrap();
    assert_eq!(get(&system, r"C:\full").unwrap(), vendor(1, b"new"));
    judge(volume, system);
}

/// Row 181, SEMANTICS 9.13: 1314 is what a program sees.
#[test]
fn a_symbolic_link_needs_the_privilege() {
    let volume = volume();
    let system = builder(&volume).token(Token::filtered()).build().unwrap();
    system.make(r"C:\f", b"");
    assert_eq!(fails(&system, set(&system, r"C:\f", &relative("x"))), 1314);
    assert_eq!(fails(&system, get(&system, r"C:\f")), 4390);
}

/// Rows 189, 191.
#[test]
fn rights_and_buffers_come_first() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let reader = itself(&system, r"C:\f", GENERIC_READ);
    for code in [FSCTL_SET_REPARSE_POINT, FSCTL_DELETE_REPARSE_POINT] {
        let refused = system.device_io_control(reader, code, &relative("x"), 0);
        assert_eq!(fails(&system, refused), 5);
        let output = system.device_io_control(reader, code, &relative("x"), 1);
        assert_eq!(fails(&system, output), 87);
    }
    system.close_handle(reader).unwrap();
    // The right to write attributes is enough.
    let file = itself(&system, r"C:\f", FILE_WRITE_ATTRIBUTES);
    system
        .device_io_control(file, FSCTL_SET_REPARSE_POINT, &relative("x"), 0)
        .unwrap();
    system.close_handle(file).unwrap();
}

/// Rows 190, 195, 197.
#[test]
fn what_does_not_take_a_reparse_point_away() {
    let (volume, system) = system();
    system.make(r"C:\v", b"");
    set(&system, r"C:\v", &vendor(1, b"abc")).unwrap();
    system.symlink(r"C:\l", "x", 0).unwrap();
    let code = |name, input: &[u8]| fails(&system, remove(&system, name, input));
    assert_eq!(code(r"C:\l", &relative("x")), 4392);
    assert_eq!(code(r"C:\l", &header(0)), 4393);
    assert_eq!(code(r"C:\l", &header(IO_REPARSE_TAG_MOUNT_POINT)), 4394);
    assert_eq!(code(r"C:\v", &header(0x42)), 4392);
    assert_eq!(code(r"C:\v", &vendor(2, b"")), 4391);
    remove(&system, r"C:\v", &vendor(1, b"")).unwrap();
    remove(&system, r"C:\l", &header(IO_REPARSE_TAG_SYMLINK)).unwrap();
    assert_eq!(system.read(r"C:\l").unwrap(), b"");
    judge(volume, system);
}

/// MS-FSA 2.1.5.10.1, .2, .13 and .35.
#[test]
fn object_ids() {
    let volume = volume();
    let mut token = Token::elevated();
    token.privileges |= Privileges::RESTORE;
    let system = builder(&volume).token(token).build().unwrap();
    system.make(r"C:\a", b"");
    system.make(r"C:\b", b"");
    let ask = |name, code, input: &[u8]| control(&system, name, code, input);
    assert_eq!(fails(&system, ask(r"C:\a", FSCTL_GET_OBJECT_ID, &[])), 2);
    let made = ask(r"C:\a", FSCTL_CREATE_OR_GET_OBJECT_ID, &[]).unwrap();
    assert_eq!(
        ask(r"C:\a", FSCTL_CREATE_OR_GET_OBJECT_ID, &[]).unwrap(),
        made
    );
    assert_eq!(ask(r"C:\a", FSCTL_GET_OBJECT_ID, &[]).unwrap(), made);
    let id = FileObjectIdBuffer::read_from_bytes(&made).unwrap();
    assert_eq!(id.birth_object_id, id.object_id);
    assert_ne!(id.object_id, [0; 16]);

    let mut other = FileObjectIdBuffer {
        object_id: [7; 16],
        domain_id: [9; 16],
        ..id
    };
    // It has one; another file has it; it must be whole.
    let set = |name, bytes: &[u8]| ask(name, FSCTL_SET_OBJECT_ID, bytes);
    assert_eq!(fails(&system, set(r"C:\a", other.as_bytes())), 183);
    assert_eq!(fails(&system, set(r"C:\b", &made)), 52);
    assert_eq!(fails(&system, set(r"C:\b", &[1; 16])), 87);
    set(r"C:\b", other.as_bytes()).unwrap();
    assert_eq!(
        ask(r"C:\b", FSCTL_GET_OBJECT_ID, &[]).unwrap(),
        other.as_bytes()
    );
    ask(r"C:\b", FSCTL_DELETE_OBJECT_ID, &[]).unwrap();
    ask(r"C:\b", FSCTL_DELETE_OBJECT_ID, &[]).unwrap();
    assert_eq!(fails(&system, ask(r"C:\b", FSCTL_GET_OBJECT_ID, &[])), 2);
    // Only a restoring program sets an id.
    other.object_id = [8; 16];
    let plain = system.another_process(Token::elevated());
    let refused = control(&plain, r"C:\b", FSCTL_SET_OBJECT_ID, other.as_bytes());
    assert_eq!(fails(&plain, refused), 5);
    judge(volume, system);
}

/// MS-FSA 2.1.5.10.38 and .39.
#[test]
fn sparse_files_and_zeros() {
    let (volume, system) = system();
    system.make(r"C:\f", &[7; 300_000]);
    control(&system, r"C:\f", FSCTL_SET_SPARSE, &[0]).unwrap();
    control(&system, r"C:\f", FSCTL_SET_SPARSE, &[]).unwrap();
    let attributes = system.get_file_attributes_w(Some(&w(r"C:\f"))).unwrap();
    assert_ne!(attributes & FILE_ATTRIBUTE_SPARSE_FILE, 0);
    let mut range = 65_536i64.to_ne_bytes().to_vec();
    range.extend(262_144i64.to_ne_bytes());
    control(&system, r"C:\f", FSCTL_SET_ZERO_DATA, &range).unwrap();
    let data = system.read(r"C:\f").unwrap();
    assert_eq!(data.len(), 300_000);
    assert!(
        data[..65_536]
            .iter()
            .chain(&data[262_144..])
            .all(|&byte| byte == 7)
    );
    assert!(data[65_536..262_144].iter().all(|&byte| byte == 0));
    // Back from sparse is more than is done here.
    assert_eq!(
        fails(&system, control(&system, r"C:\f", FSCTL_SET_SPARSE, &[0])),
        50
    );
    range.rotate_left(8);
    assert_eq!(
        fails(
            &system,
            control(&system, r"C:\f", FSCTL_SET_ZERO_DATA, &range)
        ),
        87
    );
    system.mkdir(r"C:\d").unwrap();
    assert_eq!(
        fails(&system, control(&system, r"C:\d", FSCTL_SET_SPARSE, &[])),
        87
    );
    judge(volume, system);
}

#[test]
fn compression_is_told_and_not_changed() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    assert_eq!(
        control(&system, r"C:\f", FSCTL_GET_COMPRESSION, &[]).unwrap(),
        [0, 0]
    );
    control(&system, r"C:\f", FSCTL_SET_COMPRESSION, &[0, 0]).unwrap();
    let set = |format: &[u8]| control(&system, r"C:\f", FSCTL_SET_COMPRESSION, format);
    assert_eq!(fails(&system, set(&[2, 0])), 1);
    assert_eq!(fails(&system, set(&[9, 0])), 87);
    // Codes that nobody knows.
    assert_eq!(
        fails(&system, control(&system, r"C:\f", 0x0009_FFFC, &[])),
        1
    );
}
