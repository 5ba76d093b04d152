//! Descriptors, tokens, privileges (Advapi32).

use crate::boundary::{byte_room, flag, from_c, get, put, required, to_c};
use crate::descriptor::descriptor;
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::{PrivilegeState, System, Win32Error, Win32Result};

/// `GetFileSecurityA`: parts of the descriptor of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileSecurityA(
    lpFileName: LPCSTR,
    RequestedInformation: DWORD,
    pSecurityDescriptor: PSECURITY_DESCRIPTOR,
    nLength: DWORD,
    lpnLengthNeeded: LPDWORD,
) -> BOOL {
    flag(|system| {
        let needed = required(lpnLengthNeeded)?;
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe {
            (
                narrow(lpFileName)?,
                byte_room(pSecurityDescriptor, nLength)?,
            )
        };
        let mut length = 0;
        let done =
            system.get_file_security_a(name.as_deref(), RequestedInformation, room, &mut length);
        if done.is_ok() || done == Err(Win32Error::INSUFFICIENT_BUFFER) {
            // SAFETY: writable for a number.
            unsafe { put(needed, length) };
        }
        done
    })
}

/// `GetFileSecurityW`: parts of the descriptor of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileSecurityW(
    lpFileName: LPCWSTR,
    RequestedInformation: DWORD,
    pSecurityDescriptor: PSECURITY_DESCRIPTOR,
    nLength: DWORD,
    lpnLengthNeeded: LPDWORD,
) -> BOOL {
    flag(|system| {
        let needed = required(lpnLengthNeeded)?;
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpFileName)?, byte_room(pSecurityDescriptor, nLength)?) };
        let mut length = 0;
        let done =
            system.get_file_security_w(name.as_deref(), RequestedInformation, room, &mut length);
        if done.is_ok() || done == Err(Win32Error::INSUFFICIENT_BUFFER) {
            // SAFETY: writable for a number.
            unsafe { put(needed, length) };
        }
        done
    })
}

/// `SetFileSecurityA`: sets parts of the descriptor of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileSecurityA(
    lpFileName: LPCSTR,
    SecurityInformation: DWORD,
    pSecurityDescriptor: PSECURITY_DESCRIPTOR,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and a descriptor that says how long it is.
        let (name, given) = unsafe { (narrow(lpFileName)?, descriptor(pSecurityDescriptor)?) };
        let given = given.ok_or(Win32Error::INVALID_PARAMETER)?;
        system.set_file_security_a(name.as_deref(), SecurityInformation, &given)
    })
}

/// `SetFileSecurityW`: sets parts of the descriptor of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileSecurityW(
    lpFileName: LPCWSTR,
    SecurityInformation: DWORD,
    pSecurityDescriptor: PSECURITY_DESCRIPTOR,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and a descriptor that says how long it is.
        let (name, given) = unsafe { (wide(lpFileName)?, descriptor(pSecurityDescriptor)?) };
        let given = given.ok_or(Win32Error::INVALID_PARAMETER)?;
        system.set_file_security_w(name.as_deref(), SecurityInformation, &given)
    })
}

/// `GetCurrentProcess`: the handle that always means this process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetCurrentProcess() -> HANDLE {
    CURRENT_PROCESS
}

/// `GetCurrentThread`: the handle that always means the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetCurrentThread() -> HANDLE {
    CURRENT_THREAD
}

/// `OpenProcessToken` of this process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OpenProcessToken(
    ProcessHandle: HANDLE,
    DesiredAccess: DWORD,
    TokenHandle: *mut HANDLE,
) -> BOOL {
    flag(|system| {
        let to = required(TokenHandle)?;
        if ProcessHandle != CURRENT_PROCESS {
            return Err(Win32Error::INVALID_HANDLE);
        }
        let token = system.open_process_token(DesiredAccess)?;
        // SAFETY: writable for a handle.
        unsafe { put(to, to_c(token)) };
        Ok(())
    })
}

/// `OpenThreadToken` of the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OpenThreadToken(
    ThreadHandle: HANDLE,
    DesiredAccess: DWORD,
    OpenAsSelf: BOOL,
    TokenHandle: *mut HANDLE,
) -> BOOL {
    let _not_asked = OpenAsSelf;
    flag(|system| {
        let to = required(TokenHandle)?;
        if ThreadHandle != CURRENT_THREAD {
            return Err(Win32Error::INVALID_HANDLE);
        }
        let token = system.open_thread_token(DesiredAccess)?;
        // SAFETY: writable for a handle.
        unsafe { put(to, to_c(token)) };
        Ok(())
    })
}

/// `LookupPrivilegeValueA`: the number of a privilege.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LookupPrivilegeValueA(
    lpSystemName: LPCSTR,
    lpName: LPCSTR,
    lpLuid: *mut LUID,
) -> BOOL {
    flag(|system| {
        let to = required(lpLuid)?;
        // SAFETY: texts, as `text` reads them.
        let (host, name) = unsafe { (narrow(lpSystemName)?, narrow(lpName)?) };
        let name = name.ok_or(Win32Error::INVALID_PARAMETER)?;
        if host.is_some_and(|host| !host.is_empty()) {
            return Err(Win32Error::RPC_S_SERVER_UNAVAILABLE);
        }
        let luid = system.lookup_privilege_value_a(&name)?;
        // SAFETY: writable for the structure.
        unsafe { put(to, luid_to_c(luid)) };
        Ok(())
    })
}

/// `LookupPrivilegeValueW`: the number of a privilege.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LookupPrivilegeValueW(
    lpSystemName: LPCWSTR,
    lpName: LPCWSTR,
    lpLuid: *mut LUID,
) -> BOOL {
    flag(|system| {
        let to = required(lpLuid)?;
        // SAFETY: texts, as `text` reads them.
        let (host, name) = unsafe { (wide(lpSystemName)?, wide(lpName)?) };
        let name = name.ok_or(Win32Error::INVALID_PARAMETER)?;
        if host.is_some_and(|host| !host.is_empty()) {
            return Err(Win32Error::RPC_S_SERVER_UNAVAILABLE);
        }
        let luid = system.lookup_privilege_value_w(&name)?;
        // SAFETY: writable for the structure.
        unsafe { put(to, luid_to_c(luid)) };
        Ok(())
    })
}

/// `AdjustTokenPrivileges`: succeeds with ERROR_NOT_ALL_ASSIGNED when the token does not hold one of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn AdjustTokenPrivileges(
    TokenHandle: HANDLE,
    DisableAllPrivileges: BOOL,
    NewState: *mut TOKEN_PRIVILEGES,
    BufferLength: DWORD,
    PreviousState: *mut TOKEN_PRIVILEGES,
    ReturnLength: LPDWORD,
) -> BOOL {
    flag(|system| {
        let new = match DisableAllPrivileges {
            // SAFETY: the structure says how many there are.
            0 => Some(unsafe { read_privileges(NewState) }?),
            _ => None,
        };
        // SAFETY: NULL, or as long as the caller says.
        unsafe {
            adjust(
                system,
                TokenHandle,
                new.as_deref(),
                (PreviousState, BufferLength, ReturnLength),
            )
        }
    })
}

/// `ImpersonateSelf`: the thread gets a token of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ImpersonateSelf(ImpersonationLevel: LONG) -> BOOL {
    flag(|system| system.impersonate_self(ImpersonationLevel.cast_unsigned()))
}

/// `RevertToSelf`: the thread acts as the process again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RevertToSelf() -> BOOL {
    flag(System::revert_to_self)
}

const CURRENT_PROCESS: HANDLE = std::ptr::without_provenance_mut(usize::MAX);
const CURRENT_THREAD: HANDLE = std::ptr::without_provenance_mut(usize::MAX - 1);

/// More privileges than this nobody asks for; Windows has 36.
const MAX_PRIVILEGES: usize = 1024;
/// Bytes of TOKEN_PRIVILEGES in front of the first one.
const HEAD: usize = std::mem::offset_of!(TOKEN_PRIVILEGES, Privileges);

fn luid_to_c(luid: u64) -> LUID {
    let (upper, lower) = super::data::halves(luid);
    LUID {
        LowPart: lower,
        HighPart: upper.cast_signed(),
    }
}

/// What is asked for.
///
/// # Safety
/// NULL, or readable as far as its count says.
unsafe fn read_privileges(from: *const TOKEN_PRIVILEGES) -> Win32Result<Vec<PrivilegeState>> {
    // SAFETY: the caller's; only the count is sure to be there.
    let count = unsafe { get(from.cast::<DWORD>()) }.ok_or(Win32Error::INVALID_PARAMETER)?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > MAX_PRIVILEGES {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let first = from.wrapping_byte_add(HEAD).cast::<LUID_AND_ATTRIBUTES>();
    let states = (0..count).filter_map(|at| {
        // SAFETY: the count says that it is there.
        let state = unsafe { get(first.wrapping_add(at)) }?;
        let upper = u64::from(state.Luid.HighPart.cast_unsigned());
        Some(PrivilegeState {
            luid: upper << 32 | u64::from(state.Luid.LowPart),
            attributes: state.Attributes,
        })
    });
    Ok(states.collect())
}

/// `AdjustTokenPrivileges`, with the states before where they are wanted. When there
/// is no room for those of all that could change, nothing changes.
///
/// # Safety
/// `previous` is NULL or writable for its length, `needed` NULL or a number.
unsafe fn adjust(
    system: &System,
    token: HANDLE,
    new: Option<&[PrivilegeState]>,
    (previous, room, needed): (*mut TOKEN_PRIVILEGES, DWORD, LPDWORD),
) -> Win32Result<()> {
    let bytes = |count: usize| DWORD::try_from(HEAD + 12 * count).unwrap_or(DWORD::MAX);
    if !previous.is_null() {
        required(needed)?;
        system.check_token_query(from_c(token))?;
        let most = bytes(new.map_or(PrivilegeState::COUNT, <[_]>::len));
        if room < most {
            // SAFETY: the caller's.
            unsafe { put(needed, most) };
            return Err(Win32Error::INSUFFICIENT_BUFFER);
        }
    }
    let before = system.adjust_token_privileges(from_c(token), new)?;
    if !previous.is_null() {
        let count = DWORD::try_from(before.len()).unwrap_or(DWORD::MAX);
        let first = previous
            .wrapping_byte_add(HEAD)
            .cast::<LUID_AND_ATTRIBUTES>();
        // SAFETY: there is room for all that could change.
        unsafe {
            put(previous.cast(), count);
            put(needed, bytes(before.len()));
            for (at, state) in before.iter().enumerate() {
                let state = LUID_AND_ATTRIBUTES {
                    Luid: luid_to_c(state.luid),
                    Attributes: state.attributes,
                };
                put(first.wrapping_add(at), state);
            }
        }
    }
    Ok(())
}
