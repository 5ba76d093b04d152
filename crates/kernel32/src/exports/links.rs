//! Links, and the names of a file.

use crate::boundary::{boolean, flag, from_c, handle, room, with_length};
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::System;

/// `CreateHardLinkA`: a further name for a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateHardLinkA(
    lpFileName: LPCSTR,
    lpExistingFileName: LPCSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
) -> BOOL {
    let _reserved = lpSecurityAttributes;
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (new, existing) = unsafe { (narrow(lpFileName)?, narrow(lpExistingFileName)?) };
        system.create_hard_link_a(new.as_deref(), existing.as_deref(), None)
    })
}

/// `CreateHardLinkW`: a further name for a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateHardLinkW(
    lpFileName: LPCWSTR,
    lpExistingFileName: LPCWSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
) -> BOOL {
    let _reserved = lpSecurityAttributes;
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (new, existing) = unsafe { (wide(lpFileName)?, wide(lpExistingFileName)?) };
        system.create_hard_link_w(new.as_deref(), existing.as_deref(), None)
    })
}

/// `CreateSymbolicLinkA`: a symbolic link, whose target need not exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateSymbolicLinkA(
    lpSymlinkFileName: LPCSTR,
    lpTargetFileName: LPCSTR,
    dwFlags: DWORD,
) -> BOOLEAN_RESULT {
    boolean(|system| {
        // SAFETY: texts, as `text` reads them.
        let (link, target) = unsafe { (narrow(lpSymlinkFileName)?, narrow(lpTargetFileName)?) };
        system.create_symbolic_link_a(link.as_deref(), target.as_deref(), dwFlags)
    })
}

/// `CreateSymbolicLinkW`: a symbolic link, whose target need not exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateSymbolicLinkW(
    lpSymlinkFileName: LPCWSTR,
    lpTargetFileName: LPCWSTR,
    dwFlags: DWORD,
) -> BOOLEAN_RESULT {
    boolean(|system| {
        // SAFETY: texts, as `text` reads them.
        let (link, target) = unsafe { (wide(lpSymlinkFileName)?, wide(lpTargetFileName)?) };
        system.create_symbolic_link_w(link.as_deref(), target.as_deref(), dwFlags)
    })
}

/// `FindFirstFileNameW`: all names of a file, the first of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileNameW(
    lpFileName: LPCWSTR,
    dwFlags: DWORD,
    StringLength: LPDWORD,
    LinkName: LPWSTR,
) -> HANDLE {
    let found = |system: &System, length: &mut u32| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpFileName)?, room(LinkName, *length)?) };
        system.find_first_file_name_w(name.as_deref(), dwFlags, length, room)
    };
    // SAFETY: passed on.
    handle(|system| unsafe { with_length(StringLength, |length| found(system, length)) })
}

/// `FindNextFileNameW`: the next of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindNextFileNameW(
    hFindStream: HANDLE,
    StringLength: LPDWORD,
    LinkName: LPWSTR,
) -> BOOL {
    let found = |system: &System, length: &mut u32| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { room(LinkName, *length) }?;
        system.find_next_file_name_w(from_c(hFindStream), length, room)
    };
    // SAFETY: passed on.
    flag(|system| unsafe { with_length(StringLength, |length| found(system, length)) })
}
