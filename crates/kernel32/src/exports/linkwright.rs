//! What Windows has no call for: configuration, and the end of waiting.

use crate::boundary::{flag, outside};
use crate::configuration::{self, DriveSpec};
use crate::process;
use crate::text::{narrow, wide};
use crate::types::*;
use linkwright_fs::Name;
use linkwright_win32::{System, Win32Error, Win32Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The version of this library, as `0.1.0`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightVersion() -> LPCSTR {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// `LinkwrightMapDriveA`: maps a drive, `C:`, to an image, `disk.img@2`, or to a folder of the host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightMapDriveA(lpDrive: LPCSTR, lpPath: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (drive, path) = unsafe { (narrow(lpDrive)?, narrow(lpPath)?) };
        map(system, host_A(drive)?, host_A(path)?)
    })
}

/// `LinkwrightMapDriveW`: maps a drive, `C:`, to an image, `disk.img@2`, or to a folder of the host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightMapDriveW(lpDrive: LPCWSTR, lpPath: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: texts, as `text` reads them.
        let (drive, path) = unsafe { (wide(lpDrive)?, wide(lpPath)?) };
        map(system, host_W(drive)?, host_W(path)?)
    })
}

/// `LinkwrightUnmapDriveA`: takes a drive away; ERROR_OPEN_FILES while something is open on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightUnmapDriveA(lpDrive: LPCSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let drive = unsafe { narrow(lpDrive) }?;
        unmap(system, &host_A(drive)?)
    })
}

/// `LinkwrightUnmapDriveW`: takes a drive away; ERROR_OPEN_FILES while something is open on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightUnmapDriveW(lpDrive: LPCWSTR) -> BOOL {
    flag(|system| {
        // SAFETY: a text, as `text` reads it.
        let drive = unsafe { wide(lpDrive) }?;
        unmap(system, &host_W(drive)?)
    })
}

/// Makes everything durable that was done on all volumes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightSync() -> BOOL {
    flag(|_| process::process()?.drives.sync())
}

/// `LinkwrightConfigureA`: sets what the variable `LINKWRIGHT_...` of this name would say, before the first other call; ERROR_ALREADY_INITIALIZED afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightConfigureA(lpName: LPCSTR, lpValue: LPCSTR) -> BOOL {
    outside(0, || {
        // SAFETY: texts, as `text` reads them.
        let (name, value) = unsafe { (narrow(lpName)?, narrow(lpValue)?) };
        configure(&host_A(name)?, &host_A(value)?).map(|()| 1)
    })
}

/// `LinkwrightConfigureW`: sets what the variable `LINKWRIGHT_...` of this name would say, before the first other call; ERROR_ALREADY_INITIALIZED afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LinkwrightConfigureW(lpName: LPCWSTR, lpValue: LPCWSTR) -> BOOL {
    outside(0, || {
        // SAFETY: texts, as `text` reads them.
        let (name, value) = unsafe { (wide(lpName)?, wide(lpValue)?) };
        configure(&host_W(name)?, &host_W(value)?).map(|()| 1)
    })
}

/// A text of the host: bytes are taken as they are.
fn host_A(text: Option<Vec<u8>>) -> Win32Result<OsString> {
    text.map(OsString::from_vec)
        .ok_or(Win32Error::INVALID_PARAMETER)
}

/// Units become the bytes that the host's file names have for them.
fn host_W(text: Option<Vec<u16>>) -> Win32Result<OsString> {
    let text = text.ok_or(Win32Error::INVALID_PARAMETER)?;
    let parts = text.split(|&unit| unit == u16::from(b'/'));
    let bytes: Vec<Vec<u8>> = parts
        .map(|part| Name::from_units(part.to_vec()).to_host_bytes())
        .collect();
    Ok(OsString::from_vec(bytes.join(&b'/')))
}

fn map(system: &System, drive: OsString, path: OsString) -> Win32Result<()> {
    let spec = DriveSpec::new(&drive, &path).map_err(|_| Win32Error::INVALID_DRIVE)?;
    let drives = &process::process()?.drives;
    drives.map(system, &spec).map_err(|(code, why)| {
        // A number says little of an image that is not one.
        eprintln!("linkwright: {why}");
        code
    })
}

fn unmap(system: &System, drive: &OsStr) -> Win32Result<()> {
    let letter = match drive.as_bytes() {
        [letter] | [letter, b':'] => char::from(*letter).to_ascii_uppercase(),
        _ => return Err(Win32Error::INVALID_DRIVE),
    };
    process::process()?.drives.unmap(system, letter)
}

fn configure(name: &OsStr, value: &OsStr) -> Win32Result<()> {
    if process::has_begun() {
        return Err(Win32Error::ALREADY_INITIALIZED);
    }
    let known = name
        .to_str()
        .is_some_and(|name| configuration::set(name, value));
    match known {
        true => Ok(()),
        false => Err(Win32Error::INVALID_PARAMETER),
    }
}
