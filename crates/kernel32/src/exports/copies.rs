//! Copies.

use crate::boundary::flag;
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::CopyProgress;

/// `CopyFileA`: copies a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CopyFileA(
    lpExistingFileName: LPCSTR,
    lpNewFileName: LPCSTR,
    bFailIfExists: BOOL,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (narrow(lpExistingFileName)?, narrow(lpNewFileName)?) };
        system.copy_file_a(existing.as_deref(), new.as_deref(), bFailIfExists != 0)
    })
}

/// `CopyFileW`: copies a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CopyFileW(
    lpExistingFileName: LPCWSTR,
    lpNewFileName: LPCWSTR,
    bFailIfExists: BOOL,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (wide(lpExistingFileName)?, wide(lpNewFileName)?) };
        system.copy_file_w(existing.as_deref(), new.as_deref(), bFailIfExists != 0)
    })
}

/// `CopyFileExA`: copies a file or a link, asking on the way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CopyFileExA(
    lpExistingFileName: LPCSTR,
    lpNewFileName: LPCSTR,
    lpProgressRoutine: LPPROGRESS_ROUTINE,
    lpData: LPVOID,
    pbCancel: LPBOOL,
    dwCopyFlags: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (narrow(lpExistingFileName)?, narrow(lpNewFileName)?) };
        // SAFETY: the routine is the caller's, to be called with its data; the flag is
        // NULL or a `BOOL` that lives as long as the call.
        let mut ask = |at: &CopyProgress| unsafe { ask(at, lpProgressRoutine, lpData, pbCancel) };
        system.copy_file_ex_a(
            existing.as_deref(),
            new.as_deref(),
            Some(&mut ask),
            None,
            dwCopyFlags,
        )
    })
}

/// `CopyFileExW`: copies a file or a link, asking on the way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CopyFileExW(
    lpExistingFileName: LPCWSTR,
    lpNewFileName: LPCWSTR,
    lpProgressRoutine: LPPROGRESS_ROUTINE,
    lpData: LPVOID,
    pbCancel: LPBOOL,
    dwCopyFlags: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (wide(lpExistingFileName)?, wide(lpNewFileName)?) };
        // SAFETY: the routine is the caller's, to be called with its data; the flag is
        // NULL or a `BOOL` that lives as long as the call.
        let mut ask = |at: &CopyProgress| unsafe { ask(at, lpProgressRoutine, lpData, pbCancel) };
        system.copy_file_ex_w(
            existing.as_deref(),
            new.as_deref(),
            Some(&mut ask),
            None,
            dwCopyFlags,
        )
    })
}

/// PROGRESS_CONTINUE and PROGRESS_CANCEL (winbase.h).
const CONTINUE: DWORD = 0;
const CANCEL: DWORD = 1;

/// Asks the caller whether to go on.
///
/// # Safety
/// The routine may be called with this data; the flag is NULL or readable.
unsafe fn ask(
    at: &CopyProgress,
    routine: LPPROGRESS_ROUTINE,
    data: LPVOID,
    cancel: LPBOOL,
) -> DWORD {
    // SAFETY: another thread may set it at any time; a `BOOL` is read whole.
    if !cancel.is_null() && unsafe { cancel.read_volatile() } != 0 {
        return CANCEL;
    }
    let Some(routine) = routine else {
        return CONTINUE;
    };
    // SAFETY: the caller's own routine. The handles of the copy are not lent.
    unsafe {
        routine(
            at.total.cast_signed(),
            at.transferred.cast_signed(),
            at.stream_size.cast_signed(),
            at.stream_transferred.cast_signed(),
            at.stream_number,
            at.reason,
            INVALID_HANDLE_VALUE,
            INVALID_HANDLE_VALUE,
            data,
        )
    }
}
