//! What would tell of changes.

use crate::boundary::{flag, from_c, handle};
use crate::text::{narrow, wide};
use crate::types::*;

/// `FindFirstChangeNotificationA`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstChangeNotificationA(
    lpPathName: LPCSTR,
    bWatchSubtree: BOOL,
    dwNotifyFilter: DWORD,
) -> HANDLE {
    handle(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpPathName) }?;
        system.find_first_change_notification_a(name.as_deref(), bWatchSubtree != 0, dwNotifyFilter)
    })
}

/// `FindFirstChangeNotificationW`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstChangeNotificationW(
    lpPathName: LPCWSTR,
    bWatchSubtree: BOOL,
    dwNotifyFilter: DWORD,
) -> HANDLE {
    handle(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpPathName) }?;
        system.find_first_change_notification_w(name.as_deref(), bWatchSubtree != 0, dwNotifyFilter)
    })
}

/// `ReadDirectoryChangesW`: nothing here tells of changes: ERROR_NOT_SUPPORTED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ReadDirectoryChangesW(
    hDirectory: HANDLE,
    lpBuffer: LPVOID,
    nBufferLength: DWORD,
    bWatchSubtree: BOOL,
    dwNotifyFilter: DWORD,
    lpBytesReturned: LPDWORD,
    lpOverlapped: *mut OVERLAPPED,
    lpCompletionRoutine: LPOVERLAPPED_COMPLETION_ROUTINE,
) -> BOOL {
    let _untouched = (lpBuffer, nBufferLength, bWatchSubtree, lpBytesReturned);
    let _not_called = (lpOverlapped, lpCompletionRoutine);
    flag(|system| {
        system
            .read_directory_changes_w(from_c(hDirectory), dwNotifyFilter)
            .map(drop)
    })
}
