//! The functions that do something in a transaction.

use crate::boundary::{
    boolean, flag, from_c, get, handle, put, required, room, template, with_length,
};
use crate::descriptor::attributes;
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::{System, Win32Error};

/// `CreateHardLinkTransactedA`: `CreateHardLink` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateHardLinkTransactedA(
    lpFileName: LPCSTR,
    lpExistingFileName: LPCSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    hTransaction: HANDLE,
) -> BOOL {
    let _reserved = lpSecurityAttributes;
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (new, existing) = unsafe { (narrow(lpFileName)?, narrow(lpExistingFileName)?) };
        system.create_hard_link_transacted_a(
            new.as_deref(),
            existing.as_deref(),
            None,
            from_c(hTransaction),
        )
    })
}

/// `CreateHardLinkTransactedW`: `CreateHardLink` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateHardLinkTransactedW(
    lpFileName: LPCWSTR,
    lpExistingFileName: LPCWSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    hTransaction: HANDLE,
) -> BOOL {
    let _reserved = lpSecurityAttributes;
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (new, existing) = unsafe { (wide(lpFileName)?, wide(lpExistingFileName)?) };
        system.create_hard_link_transacted_w(
            new.as_deref(),
            existing.as_deref(),
            None,
            from_c(hTransaction),
        )
    })
}

/// `CreateSymbolicLinkTransactedA`: `CreateSymbolicLink` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateSymbolicLinkTransactedA(
    lpSymlinkFileName: LPCSTR,
    lpTargetFileName: LPCSTR,
    dwFlags: DWORD,
    hTransaction: HANDLE,
) -> BOOLEAN_RESULT {
    boolean(|system| {
        // SAFETY: texts, as `text` reads them.
        let (link, target) = unsafe { (narrow(lpSymlinkFileName)?, narrow(lpTargetFileName)?) };
        system.create_symbolic_link_transacted_a(
            link.as_deref(),
            target.as_deref(),
            dwFlags,
            from_c(hTransaction),
        )
    })
}

/// `CreateSymbolicLinkTransactedW`: `CreateSymbolicLink` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateSymbolicLinkTransactedW(
    lpSymlinkFileName: LPCWSTR,
    lpTargetFileName: LPCWSTR,
    dwFlags: DWORD,
    hTransaction: HANDLE,
) -> BOOLEAN_RESULT {
    boolean(|system| {
        // SAFETY: texts, as `text` reads them.
        let (link, target) = unsafe { (wide(lpSymlinkFileName)?, wide(lpTargetFileName)?) };
        system.create_symbolic_link_transacted_w(
            link.as_deref(),
            target.as_deref(),
            dwFlags,
            from_c(hTransaction),
        )
    })
}

/// `FindFirstFileNameTransactedW`: all names of a file as a transaction has them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileNameTransactedW(
    lpFileName: LPCWSTR,
    dwFlags: DWORD,
    StringLength: LPDWORD,
    LinkName: LPWSTR,
    hTransaction: HANDLE,
) -> HANDLE {
    let found = |system: &System, length: &mut u32| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe { (wide(lpFileName)?, room(LinkName, *length)?) };
        let transaction = from_c(hTransaction);
        system.find_first_file_name_transacted_w(
            name.as_deref(),
            dwFlags,
            length,
            room,
            transaction,
        )
    };
    // SAFETY: passed on.
    handle(|system| unsafe { with_length(StringLength, |length| found(system, length)) })
}

/// `CreateFileTransactedA`: `CreateFile` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileTransactedA(
    lpFileName: LPCSTR,
    dwDesiredAccess: DWORD,
    dwShareMode: DWORD,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    dwCreationDisposition: DWORD,
    dwFlagsAndAttributes: DWORD,
    hTemplateFile: HANDLE,
    hTransaction: HANDLE,
    pusMiniVersion: *mut USHORT,
    lpExtendedParameter: LPVOID,
) -> HANDLE {
    handle(|system| {
        if !lpExtendedParameter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (narrow(lpFileName)?, attributes(lpSecurityAttributes)?) };
        // SAFETY: NULL, or a number.
        let version = unsafe { get(pusMiniVersion) };
        system.create_file_transacted_a(
            name.as_deref(),
            dwDesiredAccess,
            dwShareMode,
            security.as_deref(),
            dwCreationDisposition,
            dwFlagsAndAttributes,
            template(hTemplateFile),
            from_c(hTransaction),
            version,
        )
    })
}

/// `CreateFileTransactedW`: `CreateFile` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileTransactedW(
    lpFileName: LPCWSTR,
    dwDesiredAccess: DWORD,
    dwShareMode: DWORD,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    dwCreationDisposition: DWORD,
    dwFlagsAndAttributes: DWORD,
    hTemplateFile: HANDLE,
    hTransaction: HANDLE,
    pusMiniVersion: *mut USHORT,
    lpExtendedParameter: LPVOID,
) -> HANDLE {
    handle(|system| {
        if !lpExtendedParameter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, and attributes whose descriptor says how long it is.
        let (name, security) = unsafe { (wide(lpFileName)?, attributes(lpSecurityAttributes)?) };
        // SAFETY: NULL, or a number.
        let version = unsafe { get(pusMiniVersion) };
        system.create_file_transacted_w(
            name.as_deref(),
            dwDesiredAccess,
            dwShareMode,
            security.as_deref(),
            dwCreationDisposition,
            dwFlagsAndAttributes,
            template(hTemplateFile),
            from_c(hTransaction),
            version,
        )
    })
}

/// `DeleteFileTransactedA`: `DeleteFile` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeleteFileTransactedA(lpFileName: LPCSTR, hTransaction: HANDLE) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        system.delete_file_transacted_a(name.as_deref(), from_c(hTransaction))
    })
}

/// `DeleteFileTransactedW`: `DeleteFile` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeleteFileTransactedW(lpFileName: LPCWSTR, hTransaction: HANDLE) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        system.delete_file_transacted_w(name.as_deref(), from_c(hTransaction))
    })
}

/// `RemoveDirectoryTransactedA`: `RemoveDirectory` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RemoveDirectoryTransactedA(
    lpPathName: LPCSTR,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpPathName) }?;
        system.remove_directory_transacted_a(name.as_deref(), from_c(hTransaction))
    })
}

/// `RemoveDirectoryTransactedW`: `RemoveDirectory` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RemoveDirectoryTransactedW(
    lpPathName: LPCWSTR,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpPathName) }?;
        system.remove_directory_transacted_w(name.as_deref(), from_c(hTransaction))
    })
}

/// `CreateDirectoryTransactedA`: `CreateDirectory` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateDirectoryTransactedA(
    lpTemplateDirectory: LPCSTR,
    lpNewDirectory: LPCSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, and attributes whose descriptor says how long it is.
        let (template, name, security) = unsafe {
            (
                narrow(lpTemplateDirectory)?,
                narrow(lpNewDirectory)?,
                attributes(lpSecurityAttributes)?,
            )
        };
        let transaction = from_c(hTransaction);
        system.create_directory_transacted_a(
            template.as_deref(),
            name.as_deref(),
            security.as_deref(),
            transaction,
        )
    })
}

/// `CreateDirectoryTransactedW`: `CreateDirectory` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateDirectoryTransactedW(
    lpTemplateDirectory: LPCWSTR,
    lpNewDirectory: LPCWSTR,
    lpSecurityAttributes: *mut SECURITY_ATTRIBUTES,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: texts, and attributes whose descriptor says how long it is.
        let (template, name, security) = unsafe {
            (
                wide(lpTemplateDirectory)?,
                wide(lpNewDirectory)?,
                attributes(lpSecurityAttributes)?,
            )
        };
        let transaction = from_c(hTransaction);
        system.create_directory_transacted_w(
            template.as_deref(),
            name.as_deref(),
            security.as_deref(),
            transaction,
        )
    })
}

/// `MoveFileTransactedA`: `MoveFileEx` in a transaction; the progress routine is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileTransactedA(
    lpExistingFileName: LPCSTR,
    lpNewFileName: LPCSTR,
    lpProgressRoutine: LPPROGRESS_ROUTINE,
    lpData: LPVOID,
    dwFlags: DWORD,
    hTransaction: HANDLE,
) -> BOOL {
    let _not_called = (lpProgressRoutine, lpData);
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (narrow(lpExistingFileName)?, narrow(lpNewFileName)?) };
        let transaction = from_c(hTransaction);
        system.move_file_transacted_a(existing.as_deref(), new.as_deref(), dwFlags, transaction)
    })
}

/// `MoveFileTransactedW`: `MoveFileEx` in a transaction; the progress routine is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn MoveFileTransactedW(
    lpExistingFileName: LPCWSTR,
    lpNewFileName: LPCWSTR,
    lpProgressRoutine: LPPROGRESS_ROUTINE,
    lpData: LPVOID,
    dwFlags: DWORD,
    hTransaction: HANDLE,
) -> BOOL {
    let _not_called = (lpProgressRoutine, lpData);
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (existing, new) = unsafe { (wide(lpExistingFileName)?, wide(lpNewFileName)?) };
        let transaction = from_c(hTransaction);
        system.move_file_transacted_w(existing.as_deref(), new.as_deref(), dwFlags, transaction)
    })
}

/// `GetFileAttributesTransactedA`: `GetFileAttributesEx` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesTransactedA(
    lpFileName: LPCSTR,
    fInfoLevelId: LONG,
    lpFileInformation: LPVOID,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        let to = required(lpFileInformation)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let (level, transaction) = (fInfoLevelId.cast_unsigned(), from_c(hTransaction));
        let data = system.get_file_attributes_transacted_a(name.as_deref(), level, transaction)?;
        // SAFETY: writable for the structure of this level.
        unsafe { put(to.cast(), data) };
        Ok(())
    })
}

/// `GetFileAttributesTransactedW`: `GetFileAttributesEx` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileAttributesTransactedW(
    lpFileName: LPCWSTR,
    fInfoLevelId: LONG,
    lpFileInformation: LPVOID,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        let to = required(lpFileInformation)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let (level, transaction) = (fInfoLevelId.cast_unsigned(), from_c(hTransaction));
        let data = system.get_file_attributes_transacted_w(name.as_deref(), level, transaction)?;
        // SAFETY: writable for the structure of this level.
        unsafe { put(to.cast(), data) };
        Ok(())
    })
}

/// `SetFileAttributesTransactedA`: `SetFileAttributes` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileAttributesTransactedA(
    lpFileName: LPCSTR,
    dwFileAttributes: DWORD,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let transaction = from_c(hTransaction);
        system.set_file_attributes_transacted_a(name.as_deref(), dwFileAttributes, transaction)
    })
}

/// `SetFileAttributesTransactedW`: `SetFileAttributes` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileAttributesTransactedW(
    lpFileName: LPCWSTR,
    dwFileAttributes: DWORD,
    hTransaction: HANDLE,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let transaction = from_c(hTransaction);
        system.set_file_attributes_transacted_w(name.as_deref(), dwFileAttributes, transaction)
    })
}

/// `FindFirstFileTransactedA`: `FindFirstFileEx` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileTransactedA(
    lpFileName: LPCSTR,
    fInfoLevelId: LONG,
    lpFindFileData: LPVOID,
    fSearchOp: LONG,
    lpSearchFilter: LPVOID,
    dwAdditionalFlags: DWORD,
    hTransaction: HANDLE,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        if !lpSearchFilter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let (search, data) = system.find_first_file_transacted_a(
            name.as_deref(),
            fInfoLevelId.cast_unsigned(),
            fSearchOp.cast_unsigned(),
            dwAdditionalFlags,
            from_c(hTransaction),
        )?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), WIN32_FIND_DATAA::from(&data)) };
        Ok(search)
    })
}

/// `FindFirstFileTransactedW`: `FindFirstFileEx` in a transaction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileTransactedW(
    lpFileName: LPCWSTR,
    fInfoLevelId: LONG,
    lpFindFileData: LPVOID,
    fSearchOp: LONG,
    lpSearchFilter: LPVOID,
    dwAdditionalFlags: DWORD,
    hTransaction: HANDLE,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        if !lpSearchFilter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let (search, data) = system.find_first_file_transacted_w(
            name.as_deref(),
            fInfoLevelId.cast_unsigned(),
            fSearchOp.cast_unsigned(),
            dwAdditionalFlags,
            from_c(hTransaction),
        )?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), WIN32_FIND_DATAW::from(&data)) };
        Ok(search)
    })
}
