//! What is asked of an open file.

use super::data::completed;
use crate::boundary::{byte_room, bytes, call, flag, from_c, get, put, required, to_c};
use crate::types::*;
use linkwright_win32::Win32Error;

/// `CloseHandle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CloseHandle(hObject: HANDLE) -> BOOL {
    flag(|system| system.close_handle(from_c(hObject)))
}

/// `GetFileType`: FILE_TYPE_DISK, FILE_TYPE_CHAR, or FILE_TYPE_UNKNOWN (0).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileType(hFile: HANDLE) -> DWORD {
    call(0, |system| system.get_file_type(from_c(hFile)))
}

/// `GetFileInformationByHandle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileInformationByHandle(
    hFile: HANDLE,
    lpFileInformation: *mut BY_HANDLE_FILE_INFORMATION,
) -> BOOL {
    flag(|system| {
        let to = required(lpFileInformation)?;
        let found = system.get_file_information_by_handle(from_c(hFile))?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), found) };
        Ok(())
    })
}

/// `GetFileInformationByHandleEx`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileInformationByHandleEx(
    hFile: HANDLE,
    FileInformationClass: LONG,
    lpFileInformation: LPVOID,
    dwBufferSize: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: room as long as the caller says.
        let room = unsafe { byte_room(lpFileInformation, dwBufferSize) }?;
        let class = FileInformationClass.cast_unsigned();
        system.get_file_information_by_handle_ex(from_c(hFile), class, room)
    })
}

/// `SetFileInformationByHandle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileInformationByHandle(
    hFile: HANDLE,
    FileInformationClass: LONG,
    lpFileInformation: LPVOID,
    dwBufferSize: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: readable as far as the caller says.
        let given = unsafe { bytes(lpFileInformation, dwBufferSize) }?;
        let class = FileInformationClass.cast_unsigned();
        system.set_file_information_by_handle(from_c(hFile), class, given)
    })
}

/// `GetFileTime`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetFileTime(
    hFile: HANDLE,
    lpCreationTime: *mut FILETIME,
    lpLastAccessTime: *mut FILETIME,
    lpLastWriteTime: *mut FILETIME,
) -> BOOL {
    flag(|system| {
        let [created, accessed, written] = system.get_file_time(from_c(hFile))?;
        // SAFETY: NULL, or writable for a time each.
        unsafe {
            put(lpCreationTime.cast(), created);
            put(lpLastAccessTime.cast(), accessed);
            put(lpLastWriteTime.cast(), written);
        }
        Ok(())
    })
}

/// `SetFileTime`: those that are not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SetFileTime(
    hFile: HANDLE,
    lpCreationTime: *const FILETIME,
    lpLastAccessTime: *const FILETIME,
    lpLastWriteTime: *const FILETIME,
) -> BOOL {
    flag(|system| {
        // SAFETY: NULL, or readable for a time each.
        let (created, accessed, written) = unsafe {
            (
                get(lpCreationTime.cast()),
                get(lpLastAccessTime.cast()),
                get(lpLastWriteTime.cast()),
            )
        };
        system.set_file_time(from_c(hFile), created, accessed, written)
    })
}

/// `DeviceIoControl`: reparse points, object ids, sparse and compressed files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DeviceIoControl(
    hDevice: HANDLE,
    dwIoControlCode: DWORD,
    lpInBuffer: LPVOID,
    nInBufferSize: DWORD,
    lpOutBuffer: LPVOID,
    nOutBufferSize: DWORD,
    lpBytesReturned: LPDWORD,
    lpOverlapped: *mut OVERLAPPED,
) -> BOOL {
    flag(|system| {
        if lpBytesReturned.is_null() && lpOverlapped.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: readable as far as the caller says. Both may be one buffer: what
        // comes in is copied before anything goes out.
        let given = unsafe { bytes(lpInBuffer, nInBufferSize) }?.to_vec();
        // SAFETY: room as long as the caller says.
        let room = unsafe { byte_room(lpOutBuffer, nOutBufferSize) }?;
        let mut returned = 0;
        let done = system.device_io_control_into(
            from_c(hDevice),
            dwIoControlCode,
            &given,
            room,
            &mut returned,
        );
        // A part of an answer is told of too.
        if done.is_ok() || done == Err(Win32Error::MORE_DATA) {
            // SAFETY: NULL, or writable for a number.
            unsafe { put(lpBytesReturned, returned) };
        }
        if done.is_ok() {
            // SAFETY: NULL, or the caller's.
            unsafe { completed(lpOverlapped, returned) };
        }
        done
    })
}

/// `CreateFileMappingW`: SEC_IMAGE sections only. NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateFileMappingW(
    hFile: HANDLE,
    lpFileMappingAttributes: *mut SECURITY_ATTRIBUTES,
    flProtect: DWORD,
    dwMaximumSizeHigh: DWORD,
    dwMaximumSizeLow: DWORD,
    lpName: LPCWSTR,
) -> HANDLE {
    let _not_asked = lpFileMappingAttributes;
    call(std::ptr::null_mut(), |system| {
        if !lpName.is_null() || dwMaximumSizeHigh != 0 || dwMaximumSizeLow != 0 {
            return Err(Win32Error::NOT_SUPPORTED);
        }
        system
            .create_file_mapping_w(from_c(hFile), flProtect)
            .map(to_c)
    })
}
