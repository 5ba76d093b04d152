//! Searches in directories, and for streams.

use crate::boundary::{flag, from_c, handle, put, required};
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::structures::Win32FindData;
use linkwright_win32::{FindDataA, Win32Error};

/// `FindFirstFileA`: the first entry that a name matches.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileA(
    lpFileName: LPCSTR,
    lpFindFileData: *mut WIN32_FIND_DATAA,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let (search, data) = system.find_first_file_a(name.as_deref())?;
        // SAFETY: writable for the structure.
        unsafe { put(to, WIN32_FIND_DATAA::from(&data)) };
        Ok(search)
    })
}

/// `FindFirstFileW`: the first entry that a name matches.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileW(
    lpFileName: LPCWSTR,
    lpFindFileData: *mut WIN32_FIND_DATAW,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let (search, data) = system.find_first_file_w(name.as_deref())?;
        // SAFETY: writable for the structure.
        unsafe { put(to, WIN32_FIND_DATAW::from(&data)) };
        Ok(search)
    })
}

/// `FindFirstFileExA`: the first entry that a name matches, at a level of information.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileExA(
    lpFileName: LPCSTR,
    fInfoLevelId: LONG,
    lpFindFileData: LPVOID,
    fSearchOp: LONG,
    lpSearchFilter: LPVOID,
    dwAdditionalFlags: DWORD,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        if !lpSearchFilter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpFileName) }?;
        let (level, operation) = (fInfoLevelId.cast_unsigned(), fSearchOp.cast_unsigned());
        let (search, data) =
            system.find_first_file_ex_a(name.as_deref(), level, operation, dwAdditionalFlags)?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), WIN32_FIND_DATAA::from(&data)) };
        Ok(search)
    })
}

/// `FindFirstFileExW`: the first entry that a name matches, at a level of information.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstFileExW(
    lpFileName: LPCWSTR,
    fInfoLevelId: LONG,
    lpFindFileData: LPVOID,
    fSearchOp: LONG,
    lpSearchFilter: LPVOID,
    dwAdditionalFlags: DWORD,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindFileData)?;
        if !lpSearchFilter.is_null() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let (level, operation) = (fInfoLevelId.cast_unsigned(), fSearchOp.cast_unsigned());
        let (search, data) =
            system.find_first_file_ex_w(name.as_deref(), level, operation, dwAdditionalFlags)?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), WIN32_FIND_DATAW::from(&data)) };
        Ok(search)
    })
}

/// `FindNextFileA`: the next entry of a search.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindNextFileA(
    hFindFile: HANDLE,
    lpFindFileData: *mut WIN32_FIND_DATAA,
) -> BOOL {
    flag(|system| {
        let to = required(lpFindFileData)?;
        let data = system.find_next_file_a(from_c(hFindFile))?;
        // SAFETY: writable for the structure.
        unsafe { put(to, WIN32_FIND_DATAA::from(&data)) };
        Ok(())
    })
}

/// `FindNextFileW`: the next entry of a search.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindNextFileW(
    hFindFile: HANDLE,
    lpFindFileData: *mut WIN32_FIND_DATAW,
) -> BOOL {
    flag(|system| {
        let to = required(lpFindFileData)?;
        let data = system.find_next_file_w(from_c(hFindFile))?;
        // SAFETY: writable for the structure.
        unsafe { put(to, WIN32_FIND_DATAW::from(&data)) };
        Ok(())
    })
}

/// `FindClose`: the end of a search of any kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindClose(hFindFile: HANDLE) -> BOOL {
    flag(|system| system.find_close(from_c(hFindFile)))
}

/// `FindFirstStreamW`: the first data stream of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindFirstStreamW(
    lpFileName: LPCWSTR,
    InfoLevel: LONG,
    lpFindStreamData: LPVOID,
    dwFlags: DWORD,
) -> HANDLE {
    handle(|system| {
        let to = required(lpFindStreamData)?;
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpFileName) }?;
        let (search, data) =
            system.find_first_stream_w(name.as_deref(), InfoLevel.cast_unsigned(), dwFlags)?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), data) };
        Ok(search)
    })
}

/// `FindNextStreamW`: the next data stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn FindNextStreamW(hFindStream: HANDLE, lpFindStreamData: LPVOID) -> BOOL {
    flag(|system| {
        let to = required(lpFindStreamData)?;
        let data = system.find_next_stream_w(from_c(hFindStream))?;
        // SAFETY: writable for the structure.
        unsafe { put(to.cast(), data) };
        Ok(())
    })
}

impl From<&Win32FindData> for WIN32_FIND_DATAW {
    fn from(data: &Win32FindData) -> Self {
        Self {
            dwFileAttributes: data.file_attributes,
            ftCreationTime: data.creation_time.into(),
            ftLastAccessTime: data.last_access_time.into(),
            ftLastWriteTime: data.last_write_time.into(),
            nFileSizeHigh: data.file_size_high,
            nFileSizeLow: data.file_size_low,
            dwReserved0: data.reserved0,
            dwReserved1: data.reserved1,
            cFileName: data.file_name,
            cAlternateFileName: data.alternate_file_name,
        }
    }
}

impl From<&FindDataA> for WIN32_FIND_DATAA {
    fn from(data: &FindDataA) -> Self {
        let [created, accessed, written] = data.times;
        let (size_high, size_low) = super::data::halves(data.size);
        Self {
            dwFileAttributes: data.file_attributes,
            ftCreationTime: created.into(),
            ftLastAccessTime: accessed.into(),
            ftLastWriteTime: written.into(),
            nFileSizeHigh: size_high,
            nFileSizeLow: size_low,
            dwReserved0: data.reserved0,
            dwReserved1: 0,
            cFileName: field(&data.file_name),
            cAlternateFileName: field(&data.alternate_file_name),
        }
    }
}

/// A text in its field, closed by NUL; what does not fit is cut off.
fn field<const N: usize>(text: &[u8]) -> [CHAR; N] {
    let mut field = [0; N];
    for (to, from) in field.iter_mut().take(N.saturating_sub(1)).zip(text) {
        *to = CHAR::from_ne_bytes([*from]);
    }
    field
}
