//! `CreateFileW`, reading and writing.

use linkwright_win32::constants::*;

use crate::support::{Calls, SHARE_ALL, fails, judge, system};

#[test]
fn a_file_is_made_written_and_read() {
    let (volume, system) = system();
    system.make(r"C:\f.txt", b"hello");
    assert_eq!(system.read(r"c:\F.TXT").unwrap(), b"hello");
    system.delete(r"C:\f.txt").unwrap();
    assert_eq!(fails(&system, system.read(r"C:\f.txt")), 2);
    judge(volume, system);
}

#[test]
fn dispositions_and_the_last_error_they_leave() {
    let (_volume, system) = system();
    let open = |disposition| system.open_with(r"C:\f", GENERIC_WRITE, SHARE_ALL, disposition, 0);
    assert_eq!(fails(&system, open(OPEN_EXISTING)), 2);
    assert_eq!(fails(&system, open(TRUNCATE_EXISTING)), 2);
    let first = open(CREATE_NEW).unwrap();
    assert_eq!(system.get_last_error().0, 0);
    assert_eq!(fails(&system, open(CREATE_NEW)), 80);
    let second = open(OPEN_ALWAYS).unwrap();
    assert_eq!(system.get_last_error().0, 183);
    let third = open(CREATE_ALWAYS).unwrap();
    assert_eq!(system.get_last_error().0, 183);
    for handle in [first, second, third] {
        system.close_handle(handle).unwrap();
    }
    assert_eq!(fails(&system, system.close_handle(first)), 6);
}
