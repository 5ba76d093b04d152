//! Data of an open file.

use crate::boundary::{byte_room, bytes, call, flag, from_c, get, put, required};
use crate::types::*;
use linkwright_win32::constants::FILE_BEGIN;
use linkwright_win32::{System, Win32Error, Win32Result};

/// `ReadFile`, at the place that an OVERLAPPED says, where there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ReadFile(
    hFile: HANDLE,
    lpBuffer: LPVOID,
    nNumberOfBytesToRead: DWORD,
    lpNumberOfBytesRead: LPDWORD,
    lpOverlapped: *mut OVERLAPPED,
) -> BOOL {
    flag(|system| {
        if lpNumberOfBytesRead.is_null() && lpOverlapped.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: memory as long as the caller says.
        let memory = unsafe { byte_room(lpBuffer, nNumberOfBytesToRead) }?;
        // SAFETY: NULL, or the caller's.
        unsafe { go_to(system, hFile, lpOverlapped) }?;
        let done = system.read_file(from_c(hFile), memory)?;
        // SAFETY: NULL, or writable.
        unsafe {
            put(lpNumberOfBytesRead, done);
            completed(lpOverlapped, done);
        }
        Ok(())
    })
}

/// `WriteFile`, at the place that an OVERLAPPED says, where there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn WriteFile(
    hFile: HANDLE,
    lpBuffer: LPCVOID,
    nNumberOfBytesToWrite: DWORD,
    lpNumberOfBytesWritten: LPDWORD,
    lpOverlapped: *mut OVERLAPPED,
) -> BOOL {
    flag(|system| {
        if lpNumberOfBytesWritten.is_null() && lpOverlapped.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: memory as long as the caller says.
        let memory = unsafe { bytes(lpBuffer, nNumberOfBytesToWrite) }?;
        // SAFETY: NULL, or the caller's.
        unsafe { go_to(system, hFile, lpOverlapped) }?;
        let done = system.write_file(from_c(hFile), memory)?;
        // SAFETY: NULL, or writable.
        unsafe {
            put(lpNumberOfBytesWritten, done);
            completed(lpOverlapped, done);
        }
        Ok(())
    })
}

/// `SetFilePointerEx`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFilePointerEx(
    hFile: HANDLE,
    liDistanceToMove: LONGLONG,
    lpNewFilePointer: *mut LONGLONG,
    dwMoveMethod: DWORD,
) -> BOOL {
    flag(|system| {
        let place = system.set_file_pointer_ex(from_c(hFile), liDistanceToMove, dwMoveMethod)?;
        // SAFETY: NULL, or writable for a number.
        unsafe { put(lpNewFilePointer, place.cast_signed()) };
        Ok(())
    })
}

/// `SetFilePointer`: the lower half of the new place; INVALID_SET_FILE_POINTER is a failure when the last error is not ERROR_SUCCESS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFilePointer(
    hFile: HANDLE,
    lDistanceToMove: LONG,
    lpDistanceToMoveHigh: *mut LONG,
    dwMoveMethod: DWORD,
) -> DWORD {
    call(INVALID_SET_FILE_POINTER, |system| {
        // SAFETY: NULL, or a number.
        let high = unsafe { get(lpDistanceToMoveHigh) };
        let distance = match high {
            Some(high) => i64::from(high) << 32 | i64::from(lDistanceToMove.cast_unsigned()),
            None => i64::from(lDistanceToMove),
        };
        let place = system.set_file_pointer_ex(from_c(hFile), distance, dwMoveMethod)?;
        let (upper, lower) = halves(place);
        // SAFETY: NULL, or writable for a number.
        unsafe { put(lpDistanceToMoveHigh, upper.cast_signed()) };
        system.set_last_error(Win32Error::SUCCESS);
        Ok(lower)
    })
}

/// `SetEndOfFile`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetEndOfFile(hFile: HANDLE) -> BOOL {
    flag(|system| system.set_end_of_file(from_c(hFile)))
}

/// `FlushFileBuffers`: what the volume was told is durable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FlushFileBuffers(hFile: HANDLE) -> BOOL {
    flag(|system| system.flush_file_buffers(from_c(hFile)))
}

/// `GetFileSizeEx`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileSizeEx(hFile: HANDLE, lpFileSize: *mut LONGLONG) -> BOOL {
    flag(|system| {
        let to = required(lpFileSize)?;
        let size = system.get_file_size_ex(from_c(hFile))?;
        // SAFETY: writable for a number.
        unsafe { put(to, size.cast_signed()) };
        Ok(())
    })
}

/// `GetFileSize`: the lower half; INVALID_FILE_SIZE is a failure when the last error is not ERROR_SUCCESS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileSize(hFile: HANDLE, lpFileSizeHigh: LPDWORD) -> DWORD {
    call(INVALID_FILE_SIZE, |system| {
        let (upper, lower) = halves(system.get_file_size_ex(from_c(hFile))?);
        // SAFETY: NULL, or writable for a number.
        unsafe { put(lpFileSizeHigh, upper) };
        system.set_last_error(Win32Error::SUCCESS);
        Ok(lower)
    })
}

/// The upper and the lower half of a number.
pub(super) fn halves(number: u64) -> (u32, u32) {
    let lower = u32::try_from(number & 0xFFFF_FFFF).unwrap_or_default();
    (u32::try_from(number >> 32).unwrap_or_default(), lower)
}

/// Moves to the place that an OVERLAPPED says, as Windows does on a handle that was
/// not opened for overlapped calls.
///
/// # Safety
/// NULL, or a readable structure.
unsafe fn go_to(system: &System, file: HANDLE, overlapped: *const OVERLAPPED) -> Win32Result<()> {
    // SAFETY: the caller's.
    let Some(overlapped) = (unsafe { get(overlapped) }) else {
        return Ok(());
    };
    let place = i64::from(overlapped.OffsetHigh) << 32 | i64::from(overlapped.Offset);
    system.set_file_pointer_ex(from_c(file), place, FILE_BEGIN)?;
    Ok(())
}

/// Says in an OVERLAPPED that the call is done.
///
/// # Safety
/// NULL, or a writable structure.
pub(super) unsafe fn completed(overlapped: *mut OVERLAPPED, bytes: DWORD) {
    // SAFETY: the caller's.
    if let Some(mut done) = unsafe { get(overlapped) } {
        done.Internal = 0;
        done.InternalHigh = usize::try_from(bytes).unwrap_or(usize::MAX);
        // SAFETY: the caller's.
        unsafe { put(overlapped, done) };
    }
}
