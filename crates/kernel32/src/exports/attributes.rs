//! Attributes by name.

use crate::boundary::{call, flag, put, required};
use crate::text::{narrow, wide};
use crate::types::*;

/// `GetFileAttributesA`: FILE_ATTRIBUTE_*, or INVALID_FILE_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesA(lpFileName: LPCSTR) -> DWORD {
    call(INVALID_FILE_ATTRIBUTES, |system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        system.get_file_attributes_a(name.as_deref())
    })
}

/// `GetFileAttributesW`: FILE_ATTRIBUTE_*, or INVALID_FILE_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesW(lpFileName: LPCWSTR) -> DWORD {
    call(INVALID_FILE_ATTRIBUTES, |system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        system.get_file_attributes_w(name.as_deref())
    })
}

/// `GetFileAttributesExA`: WIN32_FILE_ATTRIBUTE_DATA of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesExA(
    lpFileName: LPCSTR,
    fInfoLevelId: LONG,
    lpFileInformation: LPVOID,
) -> BOOL {
    flag(|system| {
        let to = required(lpFileInformation)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let data =
            system.get_file_attributes_ex_a(name.as_deref(), fInfoLevelId.cast_unsigned())?;
        // SAFETY: writable for the structure of this level.
        unsafe { put(to.cast(), data) };
        Ok(())
    })
}

/// `GetFileAttributesExW`: WIN32_FILE_ATTRIBUTE_DATA of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesExW(
    lpFileName: LPCWSTR,
    fInfoLevelId: LONG,
    lpFileInformation: LPVOID,
) -> BOOL {
    flag(|system| {
        let to = required(lpFileInformation)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let data =
            system.get_file_attributes_ex_w(name.as_deref(), fInfoLevelId.cast_unsigned())?;
        // SAFETY: writable for the structure of this level.
        unsafe { put(to.cast(), data) };
        Ok(())
    })
}

/// `SetFileAttributesA`: sets FILE_ATTRIBUTE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileAttributesA(lpFileName: LPCSTR, dwFileAttributes: DWORD) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        system.set_file_attributes_a(name.as_deref(), dwFileAttributes)
    })
}

/// `SetFileAttributesW`: sets FILE_ATTRIBUTE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileAttributesW(lpFileName: LPCWSTR, dwFileAttributes: DWORD) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        system.set_file_attributes_w(name.as_deref(), dwFileAttributes)
    })
}
