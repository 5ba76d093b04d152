//! Paths.

use crate::boundary::{byte_room, call, flag, from_c, put, room};
use crate::text::{narrow, wide};
use crate::types::*;

/// `GetFullPathNameA`: a path made whole; nothing is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFullPathNameA(
    lpFileName: LPCSTR,
    nBufferLength: DWORD,
    lpBuffer: LPSTR,
    lpFilePart: *mut LPSTR,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (narrow(lpFileName)?, byte_room(lpBuffer, nBufferLength)?) };
        let full = system.get_full_path_name_a(name.as_deref(), room)?;
        let at = full.file_part.and_then(|at| usize::try_from(at).ok());
        let part = at.map_or(std::ptr::null_mut(), |at| lpBuffer.wrapping_add(at));
        // SAFETY: NULL, or writable for a pointer.
        unsafe { put(lpFilePart, part) };
        Ok(full.length)
    })
}

/// `GetFullPathNameW`: a path made whole; nothing is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFullPathNameW(
    lpFileName: LPCWSTR,
    nBufferLength: DWORD,
    lpBuffer: LPWSTR,
    lpFilePart: *mut LPWSTR,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpFileName)?, room(lpBuffer, nBufferLength)?) };
        let full = system.get_full_path_name_w(name.as_deref(), room)?;
        let at = full.file_part.and_then(|at| usize::try_from(at).ok());
        let part = at.map_or(std::ptr::null_mut(), |at| lpBuffer.wrapping_add(at));
        // SAFETY: NULL, or writable for a pointer.
        unsafe { put(lpFilePart, part) };
        Ok(full.length)
    })
}

/// `GetCurrentDirectoryA`: the current directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetCurrentDirectoryA(nBufferLength: DWORD, lpBuffer: LPSTR) -> DWORD {
    call(0, |system| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { byte_room(lpBuffer, nBufferLength) }?;
        system.get_current_directory_a(room)
    })
}

/// `GetCurrentDirectoryW`: the current directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetCurrentDirectoryW(nBufferLength: DWORD, lpBuffer: LPWSTR) -> DWORD {
    call(0, |system| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { room(lpBuffer, nBufferLength) }?;
        system.get_current_directory_w(room)
    })
}

/// `SetCurrentDirectoryA`: changes the current directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetCurrentDirectoryA(lpPathName: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpPathName) }?;
        system.set_current_directory_a(name.as_deref())
    })
}

/// `SetCurrentDirectoryW`: changes the current directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetCurrentDirectoryW(lpPathName: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpPathName) }?;
        system.set_current_directory_w(name.as_deref())
    })
}

/// `GetFinalPathNameByHandleA`: the path of what is open, links resolved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFinalPathNameByHandleA(
    hFile: HANDLE,
    lpszFilePath: LPSTR,
    cchFilePath: DWORD,
    dwFlags: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { byte_room(lpszFilePath, cchFilePath) }?;
        system.get_final_path_name_by_handle_a(from_c(hFile), room, dwFlags)
    })
}

/// `GetFinalPathNameByHandleW`: the path of what is open, links resolved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFinalPathNameByHandleW(
    hFile: HANDLE,
    lpszFilePath: LPWSTR,
    cchFilePath: DWORD,
    dwFlags: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { room(lpszFilePath, cchFilePath) }?;
        system.get_final_path_name_by_handle_w(from_c(hFile), room, dwFlags)
    })
}

/// `GetLongPathNameA`: a path with its names in their long form.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetLongPathNameA(
    lpszShortPath: LPCSTR,
    lpszLongPath: LPSTR,
    cchBuffer: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (narrow(lpszShortPath)?, byte_room(lpszLongPath, cchBuffer)?) };
        system.get_long_path_name_a(name.as_deref(), room)
    })
}

/// `GetLongPathNameW`: a path with its names in their long form.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetLongPathNameW(
    lpszShortPath: LPCWSTR,
    lpszLongPath: LPWSTR,
    cchBuffer: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpszShortPath)?, room(lpszLongPath, cchBuffer)?) };
        system.get_long_path_name_w(name.as_deref(), room)
    })
}

/// `GetShortPathNameA`: a path with its names in their 8.3 form.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetShortPathNameA(
    lpszLongPath: LPCSTR,
    lpszShortPath: LPSTR,
    cchBuffer: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (narrow(lpszLongPath)?, byte_room(lpszShortPath, cchBuffer)?) };
        system.get_short_path_name_a(name.as_deref(), room)
    })
}

/// `GetShortPathNameW`: a path with its names in their 8.3 form.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetShortPathNameW(
    lpszLongPath: LPCWSTR,
    lpszShortPath: LPWSTR,
    cchBuffer: DWORD,
) -> DWORD {
    call(0, |system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpszLongPath)?, room(lpszShortPath, cchBuffer)?) };
        system.get_short_path_name_w(name.as_deref(), room)
    })
}
