//! Between the host's `stat` and [`Stat`].

use rustix::fs::{FileType, Timespec, Timestamps, UTIME_OMIT};

use crate::{Attributes, NodeKind, Stat, Times, Timestamp};

/// Facts from a `stat` result.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // Field types differ between systems.
pub(super) fn to_stat(raw: &rustix::fs::Stat) -> Stat {
    let file_type = FileType::from_raw_mode(raw.st_mode);
    let kind = match file_type {
        FileType::RegularFile | FileType::Symlink => NodeKind::File,
        FileType::Directory => NodeKind::Directory,
        _ => NodeKind::Special,
    };
    let time = |seconds: i64, nanos: i64| {
        Some(Timestamp {
            seconds,
            nanos: u32::try_from(nanos).unwrap_or(0),
        })
    };
    Stat {
        kind,
        reparse_tag: None,
        posix_link: file_type == FileType::Symlink,
        size: u64::try_from(raw.st_size).unwrap_or(0),
        allocated: u64::try_from(raw.st_blocks)
            .unwrap_or(0)
            .saturating_mul(512),
        names: u64::try_from(raw.st_nlink).unwrap_or(1),
        record: raw.st_ino as u64,
        sequence: 0,
        device: raw.st_dev as u64,
        times: Times {
            created: None,
            modified: time(raw.st_mtime as i64, raw.st_mtime_nsec as i64),
            changed: time(raw.st_ctime as i64, raw.st_ctime_nsec as i64),
            accessed: time(raw.st_atime as i64, raw.st_atime_nsec as i64),
        },
        attributes: match kind {
            NodeKind::Directory => Attributes::DIRECTORY,
            NodeKind::File | NodeKind::Special => Attributes::empty(),
        },
        mode: Some(raw.st_mode as u32 & 0o7777),
    }
}

/// The times to set, `None` when there are none.
pub(super) fn to_timestamps(times: &Times) -> Option<Timestamps> {
    if times.modified.is_none() && times.accessed.is_none() {
        return None;
    }
    let spec = |time: Option<Timestamp>| match time {
        Some(time) => Timespec {
            tv_sec: time.seconds,
            tv_nsec: i64::from(time.nanos),
        },
        None => Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
    };
    Some(Timestamps {
        last_access: spec(times.accessed),
        last_modification: spec(times.modified),
    })
}
