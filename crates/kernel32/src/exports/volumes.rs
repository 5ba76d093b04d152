//! Volumes.

use crate::boundary::{byte_room, flag, put, room};
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_win32::{Win32Error, Win32Result};

/// `GetVolumeInformationA`: what a volume says of itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumeInformationA(
    lpRootPathName: LPCSTR,
    lpVolumeNameBuffer: LPSTR,
    nVolumeNameSize: DWORD,
    lpVolumeSerialNumber: LPDWORD,
    lpMaximumComponentLength: LPDWORD,
    lpFileSystemFlags: LPDWORD,
    lpFileSystemNameBuffer: LPSTR,
    nFileSystemNameSize: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let root = unsafe { narrow(lpRootPathName) }?;
        let found = system.get_volume_information_a(root.as_deref())?;
        // SAFETY: NULL, or room as long as the caller says.
        let (label, kind) = unsafe {
            (
                optional_room(lpVolumeNameBuffer.cast(), nVolumeNameSize)?,
                optional_room(lpFileSystemNameBuffer.cast(), nFileSystemNameSize)?,
            )
        };
        let fits = check_fit(&found.name, label.as_deref(), Win32Error::MORE_DATA);
        fits.and(check_fit(
            &found.file_system,
            kind.as_deref(),
            Win32Error::BAD_LENGTH,
        ))?;
        give(&found.name, label);
        give(&found.file_system, kind);
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpVolumeSerialNumber, found.serial);
            put(lpMaximumComponentLength, found.max_component_length);
            put(lpFileSystemFlags, found.flags);
        }
        Ok(())
    })
}

/// `GetVolumeInformationW`: what a volume says of itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumeInformationW(
    lpRootPathName: LPCWSTR,
    lpVolumeNameBuffer: LPWSTR,
    nVolumeNameSize: DWORD,
    lpVolumeSerialNumber: LPDWORD,
    lpMaximumComponentLength: LPDWORD,
    lpFileSystemFlags: LPDWORD,
    lpFileSystemNameBuffer: LPWSTR,
    nFileSystemNameSize: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let root = unsafe { wide(lpRootPathName) }?;
        let found = system.get_volume_information_w(root.as_deref())?;
        // SAFETY: NULL, or room as long as the caller says.
        let (label, kind) = unsafe {
            (
                optional_room(lpVolumeNameBuffer.cast(), nVolumeNameSize)?,
                optional_room(lpFileSystemNameBuffer.cast(), nFileSystemNameSize)?,
            )
        };
        let fits = check_fit(&found.name, label.as_deref(), Win32Error::MORE_DATA);
        fits.and(check_fit(
            &found.file_system,
            kind.as_deref(),
            Win32Error::BAD_LENGTH,
        ))?;
        give(&found.name, label);
        give(&found.file_system, kind);
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpVolumeSerialNumber, found.serial);
            put(lpMaximumComponentLength, found.max_component_length);
            put(lpFileSystemFlags, found.flags);
        }
        Ok(())
    })
}

/// `GetVolumePathNameA`: the root that a path lies under.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumePathNameA(
    lpszFileName: LPCSTR,
    lpszVolumePathName: LPSTR,
    cchBufferLength: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe {
            (
                narrow(lpszFileName)?,
                byte_room(lpszVolumePathName, cchBufferLength)?,
            )
        };
        system.get_volume_path_name_a(name.as_deref(), room)
    })
}

/// `GetVolumePathNameW`: the root that a path lies under.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumePathNameW(
    lpszFileName: LPCWSTR,
    lpszVolumePathName: LPWSTR,
    cchBufferLength: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe {
            (
                wide(lpszFileName)?,
                room(lpszVolumePathName, cchBufferLength)?,
            )
        };
        system.get_volume_path_name_w(name.as_deref(), room)
    })
}

/// `GetVolumeNameForVolumeMountPointA`: `\\\\?\\Volume{...}\\` of a root.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumeNameForVolumeMountPointA(
    lpszVolumeMountPoint: LPCSTR,
    lpszVolumeName: LPSTR,
    cchBufferLength: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe {
            (
                narrow(lpszVolumeMountPoint)?,
                byte_room(lpszVolumeName, cchBufferLength)?,
            )
        };
        system.get_volume_name_for_volume_mount_point_a(name.as_deref(), room)
    })
}

/// `GetVolumeNameForVolumeMountPointW`: `\\\\?\\Volume{...}\\` of a root.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetVolumeNameForVolumeMountPointW(
    lpszVolumeMountPoint: LPCWSTR,
    lpszVolumeName: LPWSTR,
    cchBufferLength: DWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, and room as long as the caller says.
        let (name, room) = unsafe {
            (
                wide(lpszVolumeMountPoint)?,
                room(lpszVolumeName, cchBufferLength)?,
            )
        };
        system.get_volume_name_for_volume_mount_point_w(name.as_deref(), room)
    })
}

/// `GetDiskFreeSpaceA`: free space in clusters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetDiskFreeSpaceA(
    lpRootPathName: LPCSTR,
    lpSectorsPerCluster: LPDWORD,
    lpBytesPerSector: LPDWORD,
    lpNumberOfFreeClusters: LPDWORD,
    lpTotalNumberOfClusters: LPDWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let root = unsafe { narrow(lpRootPathName) }?;
        let space = system.get_disk_free_space_a(root.as_deref())?;
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpSectorsPerCluster, space.sectors_per_cluster);
            put(lpBytesPerSector, space.bytes_per_sector);
            put(lpNumberOfFreeClusters, space.free_clusters);
            put(lpTotalNumberOfClusters, space.total_clusters);
        }
        Ok(())
    })
}

/// `GetDiskFreeSpaceW`: free space in clusters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetDiskFreeSpaceW(
    lpRootPathName: LPCWSTR,
    lpSectorsPerCluster: LPDWORD,
    lpBytesPerSector: LPDWORD,
    lpNumberOfFreeClusters: LPDWORD,
    lpTotalNumberOfClusters: LPDWORD,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let root = unsafe { wide(lpRootPathName) }?;
        let space = system.get_disk_free_space_w(root.as_deref())?;
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpSectorsPerCluster, space.sectors_per_cluster);
            put(lpBytesPerSector, space.bytes_per_sector);
            put(lpNumberOfFreeClusters, space.free_clusters);
            put(lpTotalNumberOfClusters, space.total_clusters);
        }
        Ok(())
    })
}

/// `GetDiskFreeSpaceExA`: free space in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetDiskFreeSpaceExA(
    lpDirectoryName: LPCSTR,
    lpFreeBytesAvailableToCaller: *mut ULONGLONG,
    lpTotalNumberOfBytes: *mut ULONGLONG,
    lpTotalNumberOfFreeBytes: *mut ULONGLONG,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { narrow(lpDirectoryName) }?;
        let space = system.get_disk_free_space_ex_a(name.as_deref())?;
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpFreeBytesAvailableToCaller, space.available);
            put(lpTotalNumberOfBytes, space.total);
            put(lpTotalNumberOfFreeBytes, space.free);
        }
        Ok(())
    })
}

/// `GetDiskFreeSpaceExW`: free space in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GetDiskFreeSpaceExW(
    lpDirectoryName: LPCWSTR,
    lpFreeBytesAvailableToCaller: *mut ULONGLONG,
    lpTotalNumberOfBytes: *mut ULONGLONG,
    lpTotalNumberOfFreeBytes: *mut ULONGLONG,
) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let name = unsafe { wide(lpDirectoryName) }?;
        let space = system.get_disk_free_space_ex_w(name.as_deref())?;
        // SAFETY: NULL, or writable for a number each.
        unsafe {
            put(lpFreeBytesAvailableToCaller, space.available);
            put(lpTotalNumberOfBytes, space.total);
            put(lpTotalNumberOfFreeBytes, space.free);
        }
        Ok(())
    })
}

/// Room that need not be there.
///
/// # Safety
/// As [`room`].
unsafe fn optional_room<'a, T>(to: *mut T, length: DWORD) -> Win32Result<Option<&'a mut [T]>> {
    match to.is_null() {
        true => Ok(None),
        // SAFETY: passed on.
        false => unsafe { room(to, length) }.map(Some),
    }
}

/// Whether a text and its NUL fit; nothing is written when one does not.
fn check_fit<T>(text: &[T], room: Option<&[T]>, code: Win32Error) -> Win32Result<()> {
    match room.is_some_and(|room| room.len() <= text.len()) {
        true => Err(code),
        false => Ok(()),
    }
}

fn give<T: Copy + Default>(text: &[T], room: Option<&mut [T]>) {
    let closed = text.iter().copied().chain([T::default()]);
    for (to, from) in room.into_iter().flatten().zip(closed) {
        *to = from;
    }
}
