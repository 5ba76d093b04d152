//! Codes and their texts.

use crate::boundary::{byte_room, call, required, room};
use crate::last_error;
use crate::types::*;
use linkwright_win32::{Win32Error, Win32Result};

/// `GetLastError` of the calling thread; `errno` is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetLastError() -> DWORD {
    last_error::get()
}

/// `SetLastError` of the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetLastError(dwErrCode: DWORD) {
    last_error::set(dwErrCode);
    last_error::set_errno(dwErrCode);
}

/// `FormatMessageA`: the text of a code (FORMAT_MESSAGE_FROM_SYSTEM).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FormatMessageA(
    dwFlags: DWORD,
    lpSource: LPCVOID,
    dwMessageId: DWORD,
    dwLanguageId: DWORD,
    lpBuffer: LPSTR,
    nSize: DWORD,
    Arguments: LPVOID,
) -> DWORD {
    let _not_asked = (lpSource, dwLanguageId, Arguments);
    call(0, |system| {
        let flags = dwFlags & !FORMAT_MESSAGE_ALLOCATE_BUFFER;
        if flags != dwFlags {
            let text = |room: &mut [_]| system.format_message_a(flags, dwMessageId, room);
            // SAFETY: with this flag it is the address of a pointer.
            return unsafe { allocated(lpBuffer.cast(), nSize, text) };
        }
        // SAFETY: room as long as the caller says.
        let room = unsafe { byte_room(required(lpBuffer)?, nSize) }?;
        system.format_message_a(flags, dwMessageId, room)
    })
}

/// `FormatMessageW`: the text of a code (FORMAT_MESSAGE_FROM_SYSTEM).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FormatMessageW(
    dwFlags: DWORD,
    lpSource: LPCVOID,
    dwMessageId: DWORD,
    dwLanguageId: DWORD,
    lpBuffer: LPWSTR,
    nSize: DWORD,
    Arguments: LPVOID,
) -> DWORD {
    let _not_asked = (lpSource, dwLanguageId, Arguments);
    call(0, |system| {
        let flags = dwFlags & !FORMAT_MESSAGE_ALLOCATE_BUFFER;
        if flags != dwFlags {
            let text = |room: &mut [_]| system.format_message_w(flags, dwMessageId, room);
            // SAFETY: with this flag it is the address of a pointer.
            return unsafe { allocated(lpBuffer.cast(), nSize, text) };
        }
        // SAFETY: room as long as the caller says.
        let room = unsafe { room(required(lpBuffer)?, nSize) }?;
        system.format_message_w(flags, dwMessageId, room)
    })
}

/// `LocalFree`: gives back what FormatMessage allocated; NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LocalFree(hMem: HANDLE) -> HANDLE {
    // SAFETY: NULL, or from `allocated`, which has it from the same allocator.
    unsafe { libc::free(hMem) };
    std::ptr::null_mut()
}

/// `lpBuffer` is the address of a pointer, which is set to a buffer for LocalFree.
const FORMAT_MESSAGE_ALLOCATE_BUFFER: DWORD = 0x100;

/// No text is longer.
const MAX_TEXT: usize = 0x8000;

/// A text in memory of its own, of at least `least` units.
///
/// # Safety
/// `to` is NULL or writable for a pointer.
unsafe fn allocated<T: Copy + Default>(
    to: *mut *mut T,
    least: DWORD,
    text: impl FnOnce(&mut [T]) -> Win32Result<u32>,
) -> Win32Result<u32> {
    let to = required(to)?;
    let mut units = vec![T::default(); MAX_TEXT];
    let length = text(&mut units)?;
    let used = usize::try_from(length).unwrap_or(MAX_TEXT) + 1;
    let least = usize::try_from(least).unwrap_or(MAX_TEXT).min(MAX_TEXT);
    let text = units.get(..used.max(least)).unwrap_or(&units);
    // SAFETY: not zero, and at most 64 KiB.
    let memory = unsafe { libc::malloc(size_of_val(text)) }.cast::<T>();
    if memory.is_null() {
        return Err(Win32Error::NOT_ENOUGH_MEMORY);
    }
    // SAFETY: fresh memory of just this size; the address is the caller's.
    unsafe {
        memory.copy_from_nonoverlapping(text.as_ptr(), text.len());
        to.write_unaligned(memory);
    }
    Ok(length)
}
