//! Files and directories by name.

use crate::boundary::{flag, handle, template};
use crate::descriptor::attributes;
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::constants::MOVEFILE_COPY_ALLOWED;

/// `CreateFileA`: opens or makes a file, or opens a directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileA(
    lpFileName: LPCSTR,
    dwDesiredAccess: DWORD,
    dwShareMode: DWORD,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    dwCreationDisposition: DWORD,
    dwFlagsAndAttributes: DWORD,
    hTemplateFile: HANDLE,
) -> HANDLE {
    handle(|system| {
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (narrow(lpFileName)?, attributes(lpSecurityAttributes)?) };
        system.create_file_a(
            name.as_deref(),
            dwDesiredAccess,
            dwShareMode,
            security.as_deref(),
            dwCreationDisposition,
            dwFlagsAndAttributes,
            template(hTemplateFile),
        )
    })
}

/// `CreateFileW`: opens or makes a file, or opens a directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileW(
    lpFileName: LPCWSTR,
    dwDesiredAccess: DWORD,
    dwShareMode: DWORD,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    dwCreationDisposition: DWORD,
    dwFlagsAndAttributes: DWORD,
    hTemplateFile: HANDLE,
) -> HANDLE {
    handle(|system| {
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (wide(lpFileName)?, attributes(lpSecurityAttributes)?) };
        system.create_file_w(
            name.as_deref(),
            dwDesiredAccess,
            dwShareMode,
            security.as_deref(),
            dwCreationDisposition,
            dwFlagsAndAttributes,
            template(hTemplateFile),
        )
    })
}

/// `DeleteFileA`: takes a name of a file away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeleteFileA(lpFileName: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        system.delete_file_a(name.as_deref())
    })
}

/// `DeleteFileW`: takes a name of a file away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeleteFileW(lpFileName: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        system.delete_file_w(name.as_deref())
    })
}

/// `RemoveDirectoryA`: removes an empty directory, or a link to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RemoveDirectoryA(lpPathName: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpPathName) }?;
        system.remove_directory_a(name.as_deref())
    })
}

/// `RemoveDirectoryW`: removes an empty directory, or a link to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RemoveDirectoryW(lpPathName: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpPathName) }?;
        system.remove_directory_w(name.as_deref())
    })
}

/// `CreateDirectoryA`: makes a directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateDirectoryA(
    lpPathName: LPCSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (narrow(lpPathName)?, attributes(lpSecurityAttributes)?) };
        system.create_directory_a(name.as_deref(), security.as_deref())
    })
}

/// `CreateDirectoryW`: makes a directory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateDirectoryW(
    lpPathName: LPCWSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (wide(lpPathName)?, attributes(lpSecurityAttributes)?) };
        system.create_directory_w(name.as_deref(), security.as_deref())
    })
}

/// `MoveFileA`: renames; to another volume it copies a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileA(lpExistingFileName: LPCSTR, lpNewFileName: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (narrow(lpExistingFileName)?, narrow(lpNewFileName)?) };
        system.move_file_ex_a(existing.as_deref(), new.as_deref(), MOVEFILE_COPY_ALLOWED)
    })
}

/// `MoveFileW`: renames; to another volume it copies a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileW(lpExistingFileName: LPCWSTR, lpNewFileName: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (wide(lpExistingFileName)?, wide(lpNewFileName)?) };
        system.move_file_ex_w(existing.as_deref(), new.as_deref(), MOVEFILE_COPY_ALLOWED)
    })
}

/// `MoveFileExA`: renames as the flags say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileExA(
    lpExistingFileName: LPCSTR,
    lpNewFileName: LPCSTR,
    dwFlags: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (narrow(lpExistingFileName)?, narrow(lpNewFileName)?) };
        system.move_file_ex_a(existing.as_deref(), new.as_deref(), dwFlags)
    })
}

/// `MoveFileExW`: renames as the flags say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileExW(
    lpExistingFileName: LPCWSTR,
    lpNewFileName: LPCWSTR,
    dwFlags: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (wide(lpExistingFileName)?, wide(lpNewFileName)?) };
        system.move_file_ex_w(existing.as_deref(), new.as_deref(), dwFlags)
    })
}
