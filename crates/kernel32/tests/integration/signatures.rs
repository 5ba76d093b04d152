//! Signatures and structures against those of `windows-sys`, which are made from
//! Microsoft's own metadata. On Unix it only declares its functions: here they are
//! linked to ours.

use std::collections::BTreeSet;
use std::mem::{offset_of, size_of};

use kernel32::{exports, types};

use crate::header::exported;

mod win {
    pub(super) use windows_sys::Wdk::Storage::FileSystem::*;
    pub(super) use windows_sys::Win32::Foundation::*;
    pub(super) use windows_sys::Win32::Security::*;
    pub(super) use windows_sys::Win32::Storage::FileSystem::*;
    pub(super) use windows_sys::Win32::System::Diagnostics::Debug::*;
    pub(super) use windows_sys::Win32::System::Environment::*;
    pub(super) use windows_sys::Win32::System::IO::*;
    pub(super) use windows_sys::Win32::System::Memory::*;
    pub(super) use windows_sys::Win32::System::Threading::*;
    pub(super) use windows_sys::core::GUID;
}

/// How a parameter or result is passed.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    Nothing,
    Number(usize),
    Pointer,
}

trait Passed {
    const SHAPE: Shape;
}

macro_rules! numbers {
    ($($type:ty)*) => { $(impl Passed for $type {
        const SHAPE: Shape = Shape::Number(size_of::<$type>());
    })* };
}
numbers!(i8 u8 i16 u16 i32 u32 i64 u64 usize bool);

impl Passed for () {
    const SHAPE: Shape = Shape::Nothing;
}
impl<T: ?Sized> Passed for *const T {
    const SHAPE: Shape = Shape::Pointer;
}
impl<T: ?Sized> Passed for *mut T {
    const SHAPE: Shape = Shape::Pointer;
}
/// Routines of callers.
impl<F> Passed for Option<F> {
    const SHAPE: Shape = Shape::Pointer;
}

macro_rules! arities {
    ($($name:ident $own:ident $($type:ident)*;)*) => { $(
        fn $name<$($type: Passed,)* R: Passed>(_: unsafe extern "system" fn($($type),*) -> R) -> Vec<Shape> {
            vec![$($type::SHAPE,)* R::SHAPE]
        }
        fn $own<$($type: Passed,)* R: Passed>(_: unsafe extern "C" fn($($type),*) -> R) -> Vec<Shape> {
            vec![$($type::SHAPE,)* R::SHAPE]
        }
    )* };
}
arities! {
    their0 own0 ;
    their1 own1 A;
    their2 own2 A B;
    their3 own3 A B C;
    their4 own4 A B C D;
    their5 own5 A B C D E;
    their6 own6 A B C D E F;
    their7 own7 A B C D E F G;
    their8 own8 A B C D E F G H;
    their10 own10 A B C D E F G H I J;
}

macro_rules! rows {
    ($($name:ident $their:ident $own:ident;)*) => {
        &[$((stringify!($name), || ($their(win::$name), $own(exports::$name))),)*]
    };
}

type Row = (&'static str, fn() -> (Vec<Shape>, Vec<Shape>));

const ROWS: &[Row] = rows! {
    AdjustTokenPrivileges their6 own6;
    CloseHandle their1 own1;
    CommitTransaction their1 own1;
    CopyFileA their3 own3;
    CopyFileExA their6 own6;
    CopyFileExW their6 own6;
    CopyFileW their3 own3;
    CreateDirectoryA their2 own2;
    CreateDirectoryTransactedA their4 own4;
    CreateDirectoryTransactedW their4 own4;
    CreateDirectoryW their2 own2;
    CreateFileA their7 own7;
    CreateFileMappingW their6 own6;
    CreateFileTransactedA their10 own10;
    CreateFileTransactedW their10 own10;
    CreateFileW their7 own7;
    CreateHardLinkA their3 own3;
    CreateHardLinkTransactedA their4 own4;
    CreateHardLinkTransactedW their4 own4;
    CreateHardLinkW their3 own3;
    CreateSymbolicLinkA their3 own3;
    CreateSymbolicLinkTransactedA their4 own4;
    CreateSymbolicLinkTransactedW their4 own4;
    CreateSymbolicLinkW their3 own3;
    CreateTransaction their7 own7;
    DeleteFileA their1 own1;
    DeleteFileTransactedA their2 own2;
    DeleteFileTransactedW their2 own2;
    DeleteFileW their1 own1;
    DeviceIoControl their8 own8;
    FindClose their1 own1;
    FindFirstChangeNotificationA their3 own3;
    FindFirstChangeNotificationW their3 own3;
    FindFirstFileA their2 own2;
    FindFirstFileExA their6 own6;
    FindFirstFileExW their6 own6;
    FindFirstFileNameTransactedW their5 own5;
    FindFirstFileNameW their4 own4;
    FindFirstFileTransactedA their7 own7;
    FindFirstFileTransactedW their7 own7;
    FindFirstFileW their2 own2;
    FindFirstStreamW their4 own4;
    FindNextFileA their2 own2;
    FindNextFileNameW their3 own3;
    FindNextFileW their2 own2;
    FindNextStreamW their2 own2;
    FlushFileBuffers their1 own1;
    FormatMessageA their7 own7;
    FormatMessageW their7 own7;
    GetCurrentDirectoryA their2 own2;
    GetCurrentDirectoryW their2 own2;
    GetCurrentProcess their0 own0;
    GetCurrentThread their0 own0;
    GetDiskFreeSpaceA their5 own5;
    GetDiskFreeSpaceExA their4 own4;
    GetDiskFreeSpaceExW their4 own4;
    GetDiskFreeSpaceW their5 own5;
    GetFileAttributesA their1 own1;
    GetFileAttributesExA their3 own3;
    GetFileAttributesExW their3 own3;
    GetFileAttributesTransactedA their4 own4;
    GetFileAttributesTransactedW their4 own4;
    GetFileAttributesW their1 own1;
    GetFileInformationByHandle their2 own2;
    GetFileInformationByHandleEx their4 own4;
    GetFileSecurityA their5 own5;
    GetFileSecurityW their5 own5;
    GetFileSize their2 own2;
    GetFileSizeEx their2 own2;
    GetFileTime their4 own4;
    GetFileType their1 own1;
    GetFinalPathNameByHandleA their4 own4;
    GetFinalPathNameByHandleW their4 own4;
    GetFullPathNameA their4 own4;
    GetFullPathNameW their4 own4;
    GetLastError their0 own0;
    GetLongPathNameA their3 own3;
    GetLongPathNameW their3 own3;
    GetShortPathNameA their3 own3;
    GetShortPathNameW their3 own3;
    GetVolumeInformationA their8 own8;
    GetVolumeInformationW their8 own8;
    GetVolumeNameForVolumeMountPointA their3 own3;
    GetVolumeNameForVolumeMountPointW their3 own3;
    GetVolumePathNameA their3 own3;
    GetVolumePathNameW their3 own3;
    ImpersonateSelf their1 own1;
    LocalFree their1 own1;
    LookupPrivilegeValueA their3 own3;
    LookupPrivilegeValueW their3 own3;
    MoveFileA their2 own2;
    MoveFileExA their3 own3;
    MoveFileExW their3 own3;
    MoveFileTransactedA their6 own6;
    MoveFileTransactedW their6 own6;
    MoveFileW their2 own2;
    NtQueryInformationFile their5 own5;
    NtSetInformationFile their5 own5;
    OpenProcessToken their3 own3;
    OpenThreadToken their4 own4;
    ReadDirectoryChangesW their8 own8;
    ReadFile their5 own5;
    RemoveDirectoryA their1 own1;
    RemoveDirectoryTransactedA their2 own2;
    RemoveDirectoryTransactedW their2 own2;
    RemoveDirectoryW their1 own1;
    RevertToSelf their0 own0;
    RollbackTransaction their1 own1;
    RtlNtStatusToDosError their1 own1;
    SetCurrentDirectoryA their1 own1;
    SetCurrentDirectoryW their1 own1;
    SetEndOfFile their1 own1;
    SetFileAttributesA their2 own2;
    SetFileAttributesTransactedA their3 own3;
    SetFileAttributesTransactedW their3 own3;
    SetFileAttributesW their2 own2;
    SetFileInformationByHandle their4 own4;
    SetFilePointer their4 own4;
    SetFilePointerEx their4 own4;
    SetFileSecurityA their3 own3;
    SetFileSecurityW their3 own3;
    SetFileTime their4 own4;
    SetLastError their1 own1;
    WriteFile their5 own5;
};

/// `BOOLEAN`: ours sets the whole register.
fn as_declared(name: &str, shapes: &mut [Shape]) {
    if name.starts_with("CreateSymbolicLink")
        && let Some(result) = shapes.last_mut()
    {
        assert_eq!(*result, Shape::Number(size_of::<usize>()));
        *result = Shape::Number(1);
    }
}

#[test]
fn signatures_are_those_of_windows() {
    for (name, shapes) in ROWS {
        let (theirs, mut ours) = shapes();
        as_declared(name, &mut ours);
        assert_eq!(ours, theirs, "{name}");
    }
    let known: BTreeSet<String> = ROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let without: Vec<String> = exported().difference(&known).cloned().collect();
    let own = without.iter().all(|name| name.starts_with("Linkwright"));
    assert!(own, "no row for {without:?}");
}

macro_rules! same_layout {
    ($($type:ident { $($field:ident)* })*) => { $(
        assert_eq!(size_of::<types::$type>(), size_of::<win::$type>(), stringify!($type));
        $(assert_eq!(
            offset_of!(types::$type, $field),
            offset_of!(win::$type, $field),
            concat!(stringify!($type), ".", stringify!($field))
        );)*
    )* };
}

#[test]
fn structures_are_those_of_windows() {
    same_layout! {
        FILETIME { dwLowDateTime dwHighDateTime }
        SECURITY_ATTRIBUTES { nLength lpSecurityDescriptor bInheritHandle }
        WIN32_FILE_ATTRIBUTE_DATA {
            dwFileAttributes ftCreationTime ftLastAccessTime ftLastWriteTime nFileSizeHigh
            nFileSizeLow
        }
        WIN32_FIND_DATAW {
            dwFileAttributes ftCreationTime ftLastAccessTime ftLastWriteTime nFileSizeHigh
            nFileSizeLow dwReserved0 dwReserved1 cFileName cAlternateFileName
        }
        WIN32_FIND_DATAA {
            dwFileAttributes ftCreationTime ftLastAccessTime ftLastWriteTime nFileSizeHigh
            nFileSizeLow dwReserved0 dwReserved1 cFileName cAlternateFileName
        }
        WIN32_FIND_STREAM_DATA { StreamSize cStreamName }
        BY_HANDLE_FILE_INFORMATION {
            dwFileAttributes ftCreationTime ftLastAccessTime ftLastWriteTime
            dwVolumeSerialNumber nFileSizeHigh nFileSizeLow nNumberOfLinks nFileIndexHigh
            nFileIndexLow
        }
        OVERLAPPED { Internal InternalHigh hEvent }
        IO_STATUS_BLOCK { Information }
        LUID { LowPart HighPart }
        LUID_AND_ATTRIBUTES { Luid Attributes }
        TOKEN_PRIVILEGES { PrivilegeCount Privileges }
    }
    assert_eq!(size_of::<types::GUID>(), size_of::<win::GUID>());
}

/// A program that has its declarations from `windows-sys` runs on Unix.
#[test]
fn calls_through_windows_sys_arrive() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("a"), "x").unwrap();
    let wide = |name: &str| -> Vec<u16> {
        let path = place.path().join(name);
        let path = format!("Z:{}", path.display()).replace('/', "\\");
        path.encode_utf16().chain([0]).collect()
    };
    let (new, existing) = (wide("b"), wide("a"));
    // SAFETY: both are closed by NUL, the last is NULL.
    let call =
        || unsafe { win::CreateHardLinkW(new.as_ptr(), existing.as_ptr(), std::ptr::null()) };
    assert_eq!(call(), 1);
    assert_eq!(call(), 0);
    let errno = std::io::Error::last_os_error().raw_os_error();
    // SAFETY: it has no requirement.
    assert_eq!((errno, unsafe { win::GetLastError() }), (Some(183), 183));
    assert_eq!(std::fs::read(place.path().join("b")).unwrap(), b"x");
}
