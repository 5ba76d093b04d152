//! NT functions (ntdll).

use crate::boundary::{byte_room, bytes, from_c, put};
use crate::process;
use crate::types::*;
use linkwright_win32::{NtStatus, System};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `NtSetInformationFile`: links, renames, dispositions and the other classes. The last error stays as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtSetInformationFile(
    FileHandle: HANDLE,
    IoStatusBlock: *mut IO_STATUS_BLOCK,
    FileInformation: LPVOID,
    Length: ULONG,
    FileInformationClass: LONG,
) -> NTSTATUS {
    status(IoStatusBlock, |system| {
        // SAFETY: readable as far as the caller says.
        let Ok(given) = (unsafe { bytes(FileInformation, Length) }) else {
            return (ACCESS_VIOLATION, 0);
        };
        let class = FileInformationClass.cast_unsigned();
        (
            system.nt_set_information_file(from_c(FileHandle), class, given),
            0,
        )
    })
}

/// `NtQueryInformationFile`. The last error stays as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NtQueryInformationFile(
    FileHandle: HANDLE,
    IoStatusBlock: *mut IO_STATUS_BLOCK,
    FileInformation: LPVOID,
    Length: ULONG,
    FileInformationClass: LONG,
) -> NTSTATUS {
    status(IoStatusBlock, |system| {
        // SAFETY: room as long as the caller says.
        let Ok(room) = (unsafe { byte_room(FileInformation, Length) }) else {
            return (ACCESS_VIOLATION, 0);
        };
        let class = FileInformationClass.cast_unsigned();
        system.nt_query_information_file(from_c(FileHandle), class, room)
    })
}

/// `RtlNtStatusToDosError`: the Win32 code of a status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RtlNtStatusToDosError(Status: NTSTATUS) -> ULONG {
    NtStatus(Status.cast_unsigned()).to_win32().0
}

/// STATUS_ACCESS_VIOLATION: NULL where memory must be.
const ACCESS_VIOLATION: NtStatus = NtStatus(0xC000_0005);
/// STATUS_INTERNAL_ERROR.
const INTERNAL_ERROR: NtStatus = NtStatus(0xC000_00E5);

/// Runs an NT function: its result is a status, which is in the status block too.
fn status(
    block: *mut IO_STATUS_BLOCK,
    work: impl FnOnce(&System) -> (NtStatus, usize),
) -> NTSTATUS {
    if block.is_null() {
        return ACCESS_VIOLATION.0.cast_signed();
    }
    let done = catch_unwind(AssertUnwindSafe(|| match process::system() {
        Ok(system) => work(system),
        Err(_) => (NtStatus::INVALID_HANDLE, 0),
    }));
    let (status, length) = done.unwrap_or((INTERNAL_ERROR, 0));
    let status_number = status.0.cast_signed();
    if !status.is_error() {
        let done = IO_STATUS_BLOCK {
            Status: status_number,
            Reserved: 0,
            Information: length,
        };
        // SAFETY: not NULL, and the caller's.
        unsafe { put(block, done) };
    }
    status_number
}
