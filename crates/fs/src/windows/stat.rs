//! Facts about an open file of Windows, and setting them.

use std::fs::File;

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_BASIC_INFO, FILE_TYPE_DISK, FILE_WRITE_ATTRIBUTES,
};

use super::ffi;
use super::node::{HostNode, Links};
use crate::error::Result;
use crate::{Attributes, NodeKind, Stat, Times, Timestamp};

/// Everything that an open object says of itself.
pub(super) fn of(file: &File) -> Result<Stat> {
    let info = ffi::information(file)?;
    let attributes = Attributes::from_bits_retain(info.dwFileAttributes);
    let reparse_tag = match attributes.contains(Attributes::REPARSE_POINT) {
        true => Some(ffi::attribute_tag(file)?.ReparseTag),
        false => None,
    };
    let kind = if attributes.contains(Attributes::DIRECTORY) {
        NodeKind::Directory
    } else if ffi::file_type(file) == FILE_TYPE_DISK {
        NodeKind::File
    } else {
        NodeKind::Special
    };
    // Change time and allocation are in no other call; not every file system
    // answers them.
    let changed = ffi::basic(file).ok().map(|basic| basic.ChangeTime);
    let allocated = ffi::standard(file).ok().map(|all| all.AllocationSize);
    let size = join(info.nFileSizeHigh, info.nFileSizeLow);
    Ok(Stat {
        kind,
        reparse_tag,
        posix_link: false,
        size: if kind == NodeKind::File { size } else { 0 },
        allocated: allocated
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(size),
        names: u64::from(info.nNumberOfLinks),
        record: join(info.nFileIndexHigh, info.nFileIndexLow),
        sequence: 0,
        device: u64::from(info.dwVolumeSerialNumber),
        times: times(&info, changed),
        attributes,
        mode: None,
    })
}

fn times(info: &BY_HANDLE_FILE_INFORMATION, changed: Option<i64>) -> Times {
    // Zero: the file system keeps no such time.
    let stamp = |ticks: u64| (ticks != 0).then(|| Timestamp::from_nt_ticks(ticks));
    let time = |time: FILETIME| stamp(join(time.dwHighDateTime, time.dwLowDateTime));
    Times {
        created: time(info.ftCreationTime),
        modified: time(info.ftLastWriteTime),
        changed: changed
            .and_then(|ticks| u64::try_from(ticks).ok())
            .and_then(stamp),
        accessed: time(info.ftLastAccessTime),
    }
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Sets the times that are `Some`, and the attributes.
pub(super) fn set(node: &HostNode, times: &Times, attributes: Option<Attributes>) -> Result<()> {
    let any = [times.created, times.modified, times.changed, times.accessed];
    if attributes.is_none() && any.iter().all(Option::is_none) {
        return Ok(());
    }
    let ticks = |time: Option<Timestamp>| {
        time.and_then(|time| i64::try_from(time.to_nt_ticks()).ok())
            .unwrap_or(0)
    };
    let settable = attributes.map(|wanted| {
        let wanted = wanted - Attributes::DIRECTORY - Attributes::REPARSE_POINT;
        match wanted.is_empty() {
            // Zero would mean: leave them as they are.
            true => Attributes::NORMAL.bits(),
            false => wanted.bits(),
        }
    });
    let info = FILE_BASIC_INFO {
        CreationTime: ticks(times.created),
        LastAccessTime: ticks(times.accessed),
        LastWriteTime: ticks(times.modified),
        ChangeTime: ticks(times.changed),
        FileAttributes: settable.unwrap_or(0),
    };
    let file = node.open(FILE_WRITE_ATTRIBUTES, Links::Keep)?;
    Ok(ffi::set_basic(&file, &info)?)
}
