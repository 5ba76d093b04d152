//! Share modes: per file, whatever name it was opened by.

use linkwright_win32::constants::*;

use crate::support::{Calls, SHARE_ALL, fails, judge, system};

#[test]
fn both_sides_must_allow_what_the_other_does() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    system.hard(r"C:\g", r"C:\f").unwrap();
    for (first, first_share, second, second_share, code) in [
        (
            GENERIC_READ,
            FILE_SHARE_READ,
            GENERIC_READ,
            FILE_SHARE_READ,
            0,
        ),
        (GENERIC_READ, FILE_SHARE_READ, GENERIC_WRITE, SHARE_ALL, 32),
        (GENERIC_READ, SHARE_ALL, GENERIC_READ, FILE_SHARE_WRITE, 32),
        (
            GENERIC_WRITE,
            FILE_SHARE_READ,
            GENERIC_READ,
            FILE_SHARE_READ,
            32,
        ),
        (GENERIC_READ, FILE_SHARE_READ, DELETE, SHARE_ALL, 32),
        (GENERIC_READ, FILE_SHARE_DELETE, DELETE, SHARE_ALL, 0),
        (GENERIC_READ, 0, FILE_READ_ATTRIBUTES, 0, 0),
        (GENERIC_READ, 0, READ_CONTROL | FILE_WRITE_ATTRIBUTES, 0, 0),
        (FILE_READ_ATTRIBUTES, 0, GENERIC_ALL, 0, 0),
    ] {
        let held = system
            .open_with(r"C:\f", first, first_share, OPEN_EXISTING, 0)
            .unwrap();
        for name in [r"C:\f", r"C:\g"] {
            match system.open_with(name, second, second_share, OPEN_EXISTING, 0) {
                Ok(handle) => {
                    assert_eq!(code, 0, "{first:x} {second:x}");
                    system.close_handle(handle).unwrap();
                }
                Err(error) => assert_eq!(error.0, code, "{first:x} {second:x}"),
            }
        }
        system.close_handle(held).unwrap();
    }
}

#[test]
fn processes_share_one_table() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let other = system.another_process(linkwright_win32::Token::elevated());
    let held = other
        .open_with(r"C:\f", GENERIC_READ, 0, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(fails(&system, system.open(r"C:\f", GENERIC_READ)), 32);
    // A handle is good in its own process only.
    assert_eq!(fails(&system, system.close_handle(held)), 6);
    // The end of a process closes its handles.
    drop(other);
    assert!(system.read(r"C:\f").is_ok());
    judge(volume, system);
}

#[test]
fn overwriting_counts_as_writing() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"kept");
    let held = system
        .open_with(r"C:\f", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0)
        .unwrap();
    let overwrite = system.open_with(r"C:\f", GENERIC_READ, SHARE_ALL, CREATE_ALWAYS, 0);
    assert_eq!(fails(&system, overwrite), 32);
    system.close_handle(held).unwrap();
    assert_eq!(system.read(r"C:\f").unwrap(), b"kept");
}
