//! Tokens that are adjusted and impersonated, and drives that come and go.

use std::sync::Arc;

use linkwright_win32::constants::GENERIC_READ;
use linkwright_win32::{PrivilegeState, Privileges, System, Token};

use crate::support::{Calls, builder, judge, system, volume, w};

const ADJUST: u32 = 0x20;

fn state(privilege: Privileges, attributes: u32) -> PrivilegeState {
    PrivilegeState {
        luid: privilege.luid().unwrap(),
        attributes,
    }
}

fn link(system: &System, name: &str) -> Result<(), u32> {
    let made = system.create_symbolic_link_w(Some(&w(name)), Some(&w("x")), 0);
    made.map_err(|code| code.0)
}

#[test]
fn a_held_privilege_is_switched_on_and_off() {
    let volume = volume();
    let system = builder(&volume)
        .token(Token::standard_user())
        .held_privileges(Privileges::CREATE_SYMBOLIC_LINK)
        .build()
        .unwrap();
    assert_eq!(link(&system, r"C:\a"), Err(1314));
    let luid = system.lookup_privilege_value_w(&w("secreatesymboliclinkPRIVILEGE"));
    assert_eq!(luid.unwrap(), 35);
    assert_eq!(
        system.lookup_privilege_value_a(b"SeNone").unwrap_err().0,
        1313
    );
    let token = system.open_process_token(ADJUST).unwrap();
    let on = state(Privileges::CREATE_SYMBOLIC_LINK, 2);
    let before = system.adjust_token_privileges(token, Some(&[on])).unwrap();
    assert_eq!(before, [state(Privileges::CREATE_SYMBOLIC_LINK, 0)]);
    assert_eq!(system.get_last_error().0, 0);
    assert_eq!(link(&system, r"C:\a"), Ok(()));
    // One that is not held: the rest is done all the same.
    let both = [
        state(Privileges::CREATE_SYMBOLIC_LINK, 0),
        state(Privileges::BACKUP, 2),
    ];
    system.adjust_token_privileges(token, Some(&both)).unwrap();
    assert_eq!(system.get_last_error().0, 1300);
    assert_eq!(link(&system, r"C:\b"), Err(1314));
    system.close_handle(token).unwrap();
    // Opened for nothing, and no token at all.
    let token = system.open_process_token(0).unwrap();
    assert_eq!(
        system.adjust_token_privileges(token, None).unwrap_err().0,
        5
    );
    assert_eq!(system.check_token_query(token).unwrap_err().0, 5);
    let file = system.open(r"C:\", GENERIC_READ);
    assert!(file.is_err() || system.adjust_token_privileges(file.unwrap(), None).is_err());
    judge(volume, system);
}

#[test]
fn a_thread_that_impersonates_has_a_token_of_its_own() {
    let (volume, system) = system();
    assert_eq!(system.open_thread_token(ADJUST).unwrap_err().0, 1008);
    assert_eq!(system.impersonate_self(4).unwrap_err().0, 87);
    system.impersonate_self(2).unwrap();
    let token = system.open_thread_token(ADJUST).unwrap();
    system.adjust_token_privileges(token, None).unwrap();
    assert_eq!(link(&system, r"C:\a"), Err(1314));
    let other = system.clone();
    let there = std::thread::spawn(move || link(&other, r"C:\a")).join();
    assert_eq!(there.unwrap(), Ok(()));
    system.revert_to_self().unwrap();
    assert_eq!(link(&system, r"C:\b"), Ok(()));
    judge(volume, system);
}

#[test]
fn drives_come_and_go() {
    let (first, system) = system();
    let second = volume();
    let map = |letter| system.map_drive(letter, &second.fs).map_err(|code| code.0);
    assert_eq!(map('1'), Err(15));
    assert_eq!(map('c'), Err(85));
    assert_eq!(map('d'), Ok(()));
    assert_eq!(map('E'), Ok(()));
    link(&system, r"D:\a").unwrap();
    // One volume under two letters.
    assert_eq!(link(&system, r"E:\a"), Err(183));
    let unmap = |letter| system.unmap_drive(letter).map_err(|code| code.0);
    assert_eq!(unmap('F'), Err(15));
    system.make(r"E:\f", b"");
    let file = system.open(r"D:\f", GENERIC_READ).unwrap();
    assert_eq!(unmap('D'), Err(2401));
    system.close_handle(file).unwrap();
    assert_eq!(unmap('D'), Ok(()));
    assert_eq!(link(&system, r"D:\b"), Err(3));
    assert_eq!(link(&system, r"E:\b"), Ok(()));
    assert_eq!(unmap('E'), Ok(()));
    // Nobody but its owner has it any more.
    assert_eq!(Arc::strong_count(&second.fs), 1);
    judge(first, system);
}
