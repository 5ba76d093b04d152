//! The SDK's types, by its names. Sizes and offsets are checked below when this is
//! compiled, and against `windows-sys` by a test.

use core::ffi::c_void;

/// `void`.
pub type VOID = c_void;
/// One byte of text in the ANSI code page.
pub type CHAR = core::ffi::c_char;
/// One unit of UTF-16; 16 bits, whatever `wchar_t` is.
pub type WCHAR = u16;
/// A byte.
pub type BYTE = u8;
/// 16 bits.
pub type WORD = u16;
/// 16 bits.
pub type USHORT = u16;
/// 32 bits.
pub type DWORD = u32;
/// 32 bits.
pub type ULONG = u32;
/// 32 bits, signed.
pub type LONG = i32;
/// 64 bits.
pub type ULONGLONG = u64;
/// 64 bits, signed (LARGE_INTEGER is a union of this and its halves).
pub type LONGLONG = i64;
/// A status of the NT functions.
pub type NTSTATUS = i32;
/// 0 or not, in four bytes.
pub type BOOL = i32;
/// 0 or not, in one byte.
pub type BOOLEAN = u8;
/// 0 or 1 in one byte; the rest of the register that it is given back in is zero.
pub type BOOLEAN_RESULT = usize;
/// What an open object is known by.
pub type HANDLE = *mut VOID;
/// A text that is not changed.
pub type LPCSTR = *const CHAR;
/// Room for a text.
pub type LPSTR = *mut CHAR;
/// A text that is not changed.
pub type LPCWSTR = *const WCHAR;
/// Room for a text.
pub type LPWSTR = *mut WCHAR;
/// Memory.
pub type LPVOID = *mut VOID;
/// Memory that is not changed.
pub type LPCVOID = *const VOID;
/// Where a number goes.
pub type LPDWORD = *mut DWORD;
/// Where a truth goes.
pub type LPBOOL = *mut BOOL;
/// A security descriptor.
pub type PSECURITY_DESCRIPTOR = *mut VOID;

/// What CreateFile gives on failure.
pub const INVALID_HANDLE_VALUE: HANDLE = core::ptr::without_provenance_mut(usize::MAX);
/// What GetFileAttributes gives on failure.
pub const INVALID_FILE_ATTRIBUTES: DWORD = 0xFFFF_FFFF;
/// What GetFileSize gives on failure.
pub const INVALID_FILE_SIZE: DWORD = 0xFFFF_FFFF;
/// What SetFilePointer gives on failure.
pub const INVALID_SET_FILE_POINTER: DWORD = 0xFFFF_FFFF;

/// Checks the size of a structure and the offsets of its fields (in bytes).
macro_rules! layout {
    ($type:ty, $size:literal, { $($field:ident: $offset:literal),* $(,)? }) => {
        const _: () = {
            assert!(size_of::<$type>() == $size);
            $(assert!(core::mem::offset_of!($type, $field) == $offset);)*
        };
    };
}

/// Ticks of 100 ns since 1601.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct FILETIME {
    /// Lower half.
    pub dwLowDateTime: DWORD,
    /// Upper half.
    pub dwHighDateTime: DWORD,
}
layout!(FILETIME, 8, { dwLowDateTime: 0, dwHighDateTime: 4 });

impl From<linkwright_win32::structures::FileTime> for FILETIME {
    fn from(time: linkwright_win32::structures::FileTime) -> Self {
        Self {
            dwLowDateTime: time.low,
            dwHighDateTime: time.high,
        }
    }
}

/// Who may use a new object.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct SECURITY_ATTRIBUTES {
    /// Bytes of this structure.
    pub nLength: DWORD,
    /// A self-relative descriptor, or NULL.
    pub lpSecurityDescriptor: LPVOID,
    /// Whether children inherit the handle; none does here.
    pub bInheritHandle: BOOL,
}
layout!(SECURITY_ATTRIBUTES, 24, { nLength: 0, lpSecurityDescriptor: 8, bInheritHandle: 16 });

/// Facts about a file by its name.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct WIN32_FILE_ATTRIBUTE_DATA {
    /// FILE_ATTRIBUTE_*.
    pub dwFileAttributes: DWORD,
    /// Made.
    pub ftCreationTime: FILETIME,
    /// Read.
    pub ftLastAccessTime: FILETIME,
    /// Written.
    pub ftLastWriteTime: FILETIME,
    /// Upper half of the size (in bytes).
    pub nFileSizeHigh: DWORD,
    /// Lower half.
    pub nFileSizeLow: DWORD,
}
layout!(WIN32_FILE_ATTRIBUTE_DATA, 36, {
    dwFileAttributes: 0, ftCreationTime: 4, ftLastAccessTime: 12, ftLastWriteTime: 20,
    nFileSizeHigh: 28, nFileSizeLow: 32,
});

/// An entry of a directory.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct WIN32_FIND_DATAW {
    /// FILE_ATTRIBUTE_*.
    pub dwFileAttributes: DWORD,
    /// Made.
    pub ftCreationTime: FILETIME,
    /// Read.
    pub ftLastAccessTime: FILETIME,
    /// Written.
    pub ftLastWriteTime: FILETIME,
    /// Upper half of the size (in bytes).
    pub nFileSizeHigh: DWORD,
    /// Lower half.
    pub nFileSizeLow: DWORD,
    /// The tag of a reparse point.
    pub dwReserved0: DWORD,
    /// Nothing.
    pub dwReserved1: DWORD,
    /// The name.
    pub cFileName: [WCHAR; 260],
    /// The 8.3 name, or empty.
    pub cAlternateFileName: [WCHAR; 14],
}
layout!(WIN32_FIND_DATAW, 592, {
    dwFileAttributes: 0, ftCreationTime: 4, ftLastAccessTime: 12, ftLastWriteTime: 20,
    nFileSizeHigh: 28, nFileSizeLow: 32, dwReserved0: 36, dwReserved1: 40, cFileName: 44,
    cAlternateFileName: 564,
});

/// The same with names in the ANSI code page.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct WIN32_FIND_DATAA {
    /// FILE_ATTRIBUTE_*.
    pub dwFileAttributes: DWORD,
    /// Made.
    pub ftCreationTime: FILETIME,
    /// Read.
    pub ftLastAccessTime: FILETIME,
    /// Written.
    pub ftLastWriteTime: FILETIME,
    /// Upper half of the size (in bytes).
    pub nFileSizeHigh: DWORD,
    /// Lower half.
    pub nFileSizeLow: DWORD,
    /// The tag of a reparse point.
    pub dwReserved0: DWORD,
    /// Nothing.
    pub dwReserved1: DWORD,
    /// The name.
    pub cFileName: [CHAR; 260],
    /// The 8.3 name, or empty.
    pub cAlternateFileName: [CHAR; 14],
}
layout!(WIN32_FIND_DATAA, 320, {
    dwFileAttributes: 0, ftCreationTime: 4, ftLastAccessTime: 12, ftLastWriteTime: 20,
    nFileSizeHigh: 28, nFileSizeLow: 32, dwReserved0: 36, dwReserved1: 40, cFileName: 44,
    cAlternateFileName: 304,
});

/// A stream of a file.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct WIN32_FIND_STREAM_DATA {
    /// Bytes.
    pub StreamSize: LONGLONG,
    /// `:name:$DATA`.
    pub cStreamName: [WCHAR; 296],
}
layout!(WIN32_FIND_STREAM_DATA, 600, { StreamSize: 0, cStreamName: 8 });

/// Facts about a file by its handle.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct BY_HANDLE_FILE_INFORMATION {
    /// FILE_ATTRIBUTE_*.
    pub dwFileAttributes: DWORD,
    /// Made.
    pub ftCreationTime: FILETIME,
    /// Read.
    pub ftLastAccessTime: FILETIME,
    /// Written.
    pub ftLastWriteTime: FILETIME,
    /// Of the volume.
    pub dwVolumeSerialNumber: DWORD,
    /// Upper half of the size (in bytes).
    pub nFileSizeHigh: DWORD,
    /// Lower half.
    pub nFileSizeLow: DWORD,
    /// Names.
    pub nNumberOfLinks: DWORD,
    /// Upper half of what identifies the file.
    pub nFileIndexHigh: DWORD,
    /// Lower half.
    pub nFileIndexLow: DWORD,
}
layout!(BY_HANDLE_FILE_INFORMATION, 52, {
    dwFileAttributes: 0, ftCreationTime: 4, ftLastAccessTime: 12, ftLastWriteTime: 20,
    dwVolumeSerialNumber: 28, nFileSizeHigh: 32, nFileSizeLow: 36, nNumberOfLinks: 40,
    nFileIndexHigh: 44, nFileIndexLow: 48,
});

/// Where to read or write, and what came of it. (`Offset` and `OffsetHigh` are in a
/// union with a pointer that nobody uses.)
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct OVERLAPPED {
    /// The status.
    pub Internal: usize,
    /// Bytes.
    pub InternalHigh: usize,
    /// Lower half of the place (in bytes).
    pub Offset: DWORD,
    /// Upper half.
    pub OffsetHigh: DWORD,
    /// Not signalled here.
    pub hEvent: HANDLE,
}
layout!(OVERLAPPED, 32, { Internal: 0, InternalHigh: 8, Offset: 16, OffsetHigh: 20, hEvent: 24 });

/// What came of an NT function. (`Status` is in a union with a pointer.)
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct IO_STATUS_BLOCK {
    /// The status.
    pub Status: NTSTATUS,
    /// The upper half of the union.
    pub Reserved: ULONG,
    /// Bytes.
    pub Information: usize,
}
layout!(IO_STATUS_BLOCK, 16, { Status: 0, Information: 8 });

/// Which privilege.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct LUID {
    /// Lower half.
    pub LowPart: DWORD,
    /// Upper half.
    pub HighPart: LONG,
}
layout!(LUID, 8, { LowPart: 0, HighPart: 4 });

/// A privilege and its state.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct LUID_AND_ATTRIBUTES {
    /// Which.
    pub Luid: LUID,
    /// SE_PRIVILEGE_ENABLED or 0.
    pub Attributes: DWORD,
}
layout!(LUID_AND_ATTRIBUTES, 12, { Luid: 0, Attributes: 8 });

/// Privileges and their states.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct TOKEN_PRIVILEGES {
    /// How many there are.
    pub PrivilegeCount: DWORD,
    /// The first of them.
    pub Privileges: [LUID_AND_ATTRIBUTES; 1],
}
layout!(TOKEN_PRIVILEGES, 16, { PrivilegeCount: 0, Privileges: 4 });

/// 16 bytes that are unlike all others.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct GUID {
    /// First part.
    pub Data1: ULONG,
    /// Second part.
    pub Data2: USHORT,
    /// Third part.
    pub Data3: USHORT,
    /// The rest.
    pub Data4: [BYTE; 8],
}
layout!(GUID, 16, { Data1: 0, Data2: 4, Data3: 6, Data4: 8 });

/// Asked between the pieces of a copy.
pub type LPPROGRESS_ROUTINE = Option<
    unsafe extern "C" fn(
        TotalFileSize: LONGLONG,
        TotalBytesTransferred: LONGLONG,
        StreamSize: LONGLONG,
        StreamBytesTransferred: LONGLONG,
        dwStreamNumber: DWORD,
        dwCallbackReason: DWORD,
        hSourceFile: HANDLE,
        hDestinationFile: HANDLE,
        lpData: LPVOID,
    ) -> DWORD,
>;

/// Called when an overlapped call ends; none is here.
pub type LPOVERLAPPED_COMPLETION_ROUTINE = Option<
    unsafe extern "C" fn(
        dwErrorCode: DWORD,
        dwNumberOfBytesTransfered: DWORD,
        lpOverlapped: *mut OVERLAPPED,
    ),
>;
