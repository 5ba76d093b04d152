//! The calls of Windows that `std` does not offer, each made safe here.
//!
//! Nothing outside this file is `unsafe`. Paths are UTF-16 without NUL inside
//! (checked in [`Wide::new`]); handles are borrowed for the call.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::AsRawHandle;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    ERROR_CALL_NOT_IMPLEMENTED, ERROR_HANDLE_EOF, ERROR_MORE_DATA, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CreateHardLinkW, CreateSymbolicLinkW, FILE_ATTRIBUTE_TAG_INFO,
    FILE_BASIC_INFO, FILE_STANDARD_INFO, FileAttributeTagInfo, FileBasicInfo, FileRenameInfo,
    FileStandardInfo, FindClose, FindFirstFileNameW, FindFirstStreamW, FindNextFileNameW,
    FindNextStreamW, FindStreamInfoStandard, GetDiskFreeSpaceExW, GetFileInformationByHandle,
    GetFileInformationByHandleEx, GetFileType, GetVolumeInformationW, GetVolumePathNameW,
    MoveFileExW, SetFileInformationByHandle, WIN32_FIND_STREAM_DATA,
};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};

/// A path as the calls take it: UTF-16, one NUL at its end.
#[derive(Debug, Clone)]
pub(super) struct Wide(Vec<u16>);

impl Wide {
    /// # Errors
    /// `InvalidInput` for a NUL inside.
    pub(super) fn new(units: &[u16]) -> io::Result<Self> {
        if units.contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self(units.iter().copied().chain([0]).collect()))
    }

    fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// The result of a call that gives 0 when it failed.
fn check(result: i32) -> io::Result<()> {
    match result {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Length of a value, as the calls count.
fn size<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(u32::MAX)
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// CreateHardLinkW.
pub(super) fn create_hard_link(new: &Wide, existing: &Wide) -> io::Result<()> {
    // SAFETY: both are NUL-terminated and outlive the call; no descriptor is given.
    check(unsafe { CreateHardLinkW(new.as_ptr(), existing.as_ptr(), null()) })
}

/// CreateSymbolicLinkW.
pub(super) fn create_symbolic_link(link: &Wide, target: &Wide, flags: u32) -> io::Result<()> {
    // SAFETY: both are NUL-terminated and outlive the call.
    let made = unsafe { CreateSymbolicLinkW(link.as_ptr(), target.as_ptr(), flags) };
    // The result is one byte (MS-DTYP 2.2.4).
    check(i32::from(made))
}

/// MoveFileExW.
pub(super) fn move_file(from: &Wide, to: &Wide, flags: u32) -> io::Result<()> {
    // SAFETY: both are NUL-terminated and outlive the call.
    check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
}

/// DeviceIoControl; gives the bytes that came out.
pub(super) fn control(
    handle: &impl AsRawHandle,
    code: u32,
    input: &[u8],
    output: &mut [u8],
) -> io::Result<usize> {
    let mut returned = 0;
    let (in_len, out_len) = (length(input.len())?, length(output.len())?);
    // SAFETY: the buffers are as long as said and outlive the call, which is
    // synchronous: no OVERLAPPED is given, and the handle was not opened for it.
    let done = unsafe {
        DeviceIoControl(
            handle.as_raw_handle(),
            code,
            input.as_ptr().cast::<c_void>(),
            in_len,
            output.as_mut_ptr().cast::<c_void>(),
            out_len,
            &raw mut returned,
            null_mut(),
        )
    };
    check(done)?;
    Ok(usize::try_from(returned).unwrap_or(0).min(output.len()))
}

/// GetFileInformationByHandle.
pub(super) fn information(handle: &impl AsRawHandle) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    // SAFETY: all fields are integers, for which zero is a value.
    let mut info: BY_HANDLE_FILE_INFORMATION = unsafe { std::mem::zeroed() };
    // SAFETY: `info` is valid for writes of its size.
    check(unsafe { GetFileInformationByHandle(handle.as_raw_handle(), &raw mut info) })?;
    Ok(info)
}

/// GetFileInformationByHandleEx with a class whose structure is `T`.
///
/// # Safety
/// `T` must be the structure of `class`: integers only, of fixed size.
unsafe fn query<T>(handle: &impl AsRawHandle, class: i32) -> io::Result<T> {
    // SAFETY: by this function's contract zero is a value of `T`.
    let mut info: T = unsafe { std::mem::zeroed() };
    // SAFETY: `info` is valid for writes of `size::<T>()` bytes.
    check(unsafe {
        GetFileInformationByHandleEx(
            handle.as_raw_handle(),
            class,
            (&raw mut info).cast::<c_void>(),
            size::<T>(),
        )
    })?;
    Ok(info)
}

/// FileBasicInfo.
pub(super) fn basic(handle: &impl AsRawHandle) -> io::Result<FILE_BASIC_INFO> {
    // SAFETY: the structure of the class.
    unsafe { query(handle, FileBasicInfo) }
}

/// FileStandardInfo.
pub(super) fn standard(handle: &impl AsRawHandle) -> io::Result<FILE_STANDARD_INFO> {
    // SAFETY: the structure of the class. Its BOOLEANs are bytes.
    unsafe { query(handle, FileStandardInfo) }
}

/// FileAttributeTagInfo.
pub(super) fn attribute_tag(handle: &impl AsRawHandle) -> io::Result<FILE_ATTRIBUTE_TAG_INFO> {
    // SAFETY: the structure of the class.
    unsafe { query(handle, FileAttributeTagInfo) }
}

/// FileBasicInfo, set. Zero in a field leaves that field alone.
pub(super) fn set_basic(handle: &impl AsRawHandle, info: &FILE_BASIC_INFO) -> io::Result<()> {
    // SAFETY: the structure of the class, of the length said.
    check(unsafe {
        SetFileInformationByHandle(
            handle.as_raw_handle(),
            FileBasicInfo,
            (&raw const *info).cast::<c_void>(),
            size::<FILE_BASIC_INFO>(),
        )
    })
}

/// FileRenameInfo: gives an open file, or an open stream, another name.
/// `replace` as the structure has it.
pub(super) fn rename_open(handle: &impl AsRawHandle, new: &[u16], replace: bool) -> io::Result<()> {
    // FILE_RENAME_INFO for 64-bit programs (MS-FSCC 2.4.42.2): flag, handle of a
    // directory, length in bytes, name; a NUL behind, which the call wants.
    let bytes = length(new.len() * 2)?;
    let mut buffer: Vec<u64> = vec![0; 4 + new.len().div_ceil(4)];
    let mut raw = Vec::with_capacity(buffer.len() * 8);
    raw.extend([u8::from(replace), 0, 0, 0, 0, 0, 0, 0]);
    raw.extend(0_u64.to_le_bytes());
    raw.extend(bytes.to_le_bytes());
    raw.extend(new.iter().flat_map(|unit| unit.to_le_bytes()));
    for (word, chunk) in buffer.iter_mut().zip(raw.chunks(8)) {
        let mut eight = [0; 8];
        for (to, from) in eight.iter_mut().zip(chunk) {
            *to = *from;
        }
        *word = u64::from_le_bytes(eight);
    }
    // SAFETY: the buffer holds the structure with its name, aligned to 8.
    check(unsafe {
        SetFileInformationByHandle(
            handle.as_raw_handle(),
            FileRenameInfo,
            buffer.as_ptr().cast::<c_void>(),
            length(buffer.len() * 8)?,
        )
    })
}

/// GetFileType: disk, pipe, character device.
pub(super) fn file_type(handle: &impl AsRawHandle) -> u32 {
    // SAFETY: the handle is open for the time of the call.
    unsafe { GetFileType(handle.as_raw_handle()) }
}

/// A search handle, closed when dropped.
struct Search(HANDLE);

impl Drop for Search {
    fn drop(&mut self) {
        // SAFETY: it came from a FindFirst call and is closed once.
        unsafe { FindClose(self.0) };
    }
}

/// Longest path (in units) that a name of a file can be.
const MAX_UNITS: u32 = 32_768;

/// Whether this is Wine, which says so itself: its ntdll has a call that
/// Windows' has not.
fn is_wine() -> bool {
    let ntdll: Vec<u16> = "ntdll.dll\0".encode_utf16().collect();
    // SAFETY: both names are NUL-terminated; ntdll is in every process.
    unsafe {
        let module = GetModuleHandleW(ntdll.as_ptr());
        !module.is_null() && GetProcAddress(module, c"wine_get_version".as_ptr().cast()).is_some()
    }
}

/// FindFirstFileNameW, FindNextFileNameW: every name of a file, as paths from
/// the root of its volume.
pub(super) fn names(path: &Wide) -> io::Result<Vec<Vec<u16>>> {
    // Wine 8 exports the name, and stops the program that calls it.
    if is_wine() {
        let code = i32::try_from(ERROR_CALL_NOT_IMPLEMENTED).unwrap_or(0);
        return Err(io::Error::from_raw_os_error(code));
    }
    let mut buffer = vec![0_u16; MAX_UNITS as usize];
    let mut names = Vec::new();
    let mut len = MAX_UNITS;
    // SAFETY: the buffer has `len` units.
    let handle = unsafe { FindFirstFileNameW(path.as_ptr(), 0, &raw mut len, buffer.as_mut_ptr()) };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    let search = Search(handle);
    loop {
        names.push(until_nul(&buffer));
        len = MAX_UNITS;
        // SAFETY: as above; the search is open.
        let next = unsafe { FindNextFileNameW(search.0, &raw mut len, buffer.as_mut_ptr()) };
        match check(next) {
            Ok(()) => {}
            Err(error) if is(&error, ERROR_HANDLE_EOF) => return Ok(names),
            Err(error) => return Err(error),
        }
    }
}

/// FindFirstStreamW, FindNextStreamW: name (`:name:$DATA`) and size of each
/// data stream.
pub(super) fn streams(path: &Wide) -> io::Result<Vec<(Vec<u16>, u64)>> {
    // SAFETY: integers only.
    let mut data: WIN32_FIND_STREAM_DATA = unsafe { std::mem::zeroed() };
    // SAFETY: `data` is the structure of the level that is asked for.
    let handle = unsafe {
        FindFirstStreamW(
            path.as_ptr(),
            FindStreamInfoStandard,
            (&raw mut data).cast::<c_void>(),
            0,
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        let error = io::Error::last_os_error();
        // A directory without named streams has none at all.
        return match is(&error, ERROR_HANDLE_EOF) {
            true => Ok(Vec::new()),
            false => Err(error),
        };
    }
    let search = Search(handle);
    let mut streams = Vec::new();
    loop {
        let size = u64::try_from(data.StreamSize).unwrap_or(0);
        streams.push((until_nul(&data.cStreamName), size));
        // SAFETY: as above; the search is open.
        let next = unsafe { FindNextStreamW(search.0, (&raw mut data).cast::<c_void>()) };
        match check(next) {
            Ok(()) => {}
            Err(error) if is(&error, ERROR_HANDLE_EOF) => return Ok(streams),
            Err(error) => return Err(error),
        }
    }
}

/// GetVolumePathNameW: the root of the volume that a path is on.
pub(super) fn volume_root(path: &Wide) -> io::Result<Vec<u16>> {
    let mut buffer = vec![0_u16; MAX_UNITS as usize];
    // SAFETY: the buffer has `MAX_UNITS` units.
    check(unsafe { GetVolumePathNameW(path.as_ptr(), buffer.as_mut_ptr(), MAX_UNITS) })?;
    Ok(until_nul(&buffer))
}

/// What GetVolumeInformationW says.
pub(super) struct Volume {
    pub(super) label: Vec<u16>,
    pub(super) serial: u32,
    pub(super) max_component: u32,
    pub(super) flags: u32,
    pub(super) file_system: Vec<u16>,
}

/// GetVolumeInformationW, of a root.
pub(super) fn volume(root: &Wide) -> io::Result<Volume> {
    let (mut label, mut kind) = ([0_u16; 261], [0_u16; 261]);
    let (mut serial, mut max_component, mut flags) = (0, 0, 0);
    // SAFETY: the buffers have the 261 units that are said.
    check(unsafe {
        GetVolumeInformationW(
            root.as_ptr(),
            label.as_mut_ptr(),
            261,
            &raw mut serial,
            &raw mut max_component,
            &raw mut flags,
            kind.as_mut_ptr(),
            261,
        )
    })?;
    Ok(Volume {
        label: until_nul(&label),
        serial,
        max_component,
        flags,
        file_system: until_nul(&kind),
    })
}

/// GetDiskFreeSpaceExW: bytes free for this user, bytes in all.
pub(super) fn space(root: &Wide) -> io::Result<(u64, u64)> {
    let (mut free, mut total) = (0, 0);
    // SAFETY: the outputs are valid for writes; the third is not wanted.
    check(unsafe {
        GetDiskFreeSpaceExW(root.as_ptr(), &raw mut free, &raw mut total, null_mut())
    })?;
    Ok((free, total))
}

fn until_nul(units: &[u16]) -> Vec<u16> {
    units
        .iter()
        .copied()
        .take_while(|&unit| unit != 0)
        .collect()
}

/// Whether it is this code of Windows.
pub(super) fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error().and_then(|raw| u32::try_from(raw).ok()) == Some(code)
}

/// Whether more data is there than the buffer took.
pub(super) fn is_more_data(error: &io::Error) -> bool {
    is(error, ERROR_MORE_DATA)
}
