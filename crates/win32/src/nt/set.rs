//! NtSetInformationFile for what is not a name: attributes and times, sizes,
//! and how a directory tells names apart (MS-FSA 2.1.5.15).

use linkwright_codes::NtStatus;
use linkwright_fs::{Attributes, Capabilities, Times, Timestamp};
use zerocopy::FromBytes;

use super::namespace::Deletion;
use super::objects::{FileObject, StreamKind};
use super::status;
use crate::constants::{
    FILE_ALLOCATION_INFORMATION, FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_NOT_CONTENT_INDEXED, FILE_ATTRIBUTE_OFFLINE,
    FILE_ATTRIBUTE_READONLY, FILE_ATTRIBUTE_SYSTEM, FILE_ATTRIBUTE_TEMPORARY,
    FILE_BASIC_INFORMATION, FILE_CASE_SENSITIVE_INFORMATION, FILE_CS_FLAG_CASE_SENSITIVE_DIR,
    FILE_END_OF_FILE_INFORMATION, FILE_POSITION_INFORMATION, FILE_READ_DATA, FILE_WRITE_ATTRIBUTES,
    FILE_WRITE_DATA,
};
use crate::structures::{FileBasicInfo, FileCaseSensitiveInfo};
use crate::system::Machine;

/// Attributes that a caller may set (MS-FSA 2.1.5.15.2).
const SETTABLE: u32 = FILE_ATTRIBUTE_READONLY
    | FILE_ATTRIBUTE_HIDDEN
    | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE
    | FILE_ATTRIBUTE_TEMPORARY
    | FILE_ATTRIBUTE_OFFLINE
    | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

/// What -1 and -2 stand for in FILE_BASIC_INFORMATION.
const KEEP: i64 = -1;
const AGAIN: i64 = -2;

impl Machine {
    /// Sets one of these classes; `None` for the classes of names, which are not
    /// set here.
    pub(crate) fn set_plain(
        &self,
        open: &FileObject,
        class: u32,
        buffer: &[u8],
    ) -> Option<Result<(), NtStatus>> {
        let set = match class {
            FILE_BASIC_INFORMATION => set_basic,
            FILE_ALLOCATION_INFORMATION => set_allocation,
            FILE_END_OF_FILE_INFORMATION => set_end_of_file,
            FILE_POSITION_INFORMATION => set_position,
            FILE_CASE_SENSITIVE_INFORMATION => set_case_sensitive,
            _ => return None,
        };
        Some(self.set_by(open, buffer, class, set))
    }

    fn set_by(
        &self,
        open: &FileObject,
        buffer: &[u8],
        class: u32,
        set: fn(&FileObject, &[u8]) -> Result<(), NtStatus>,
    ) -> Result<(), NtStatus> {
        let read_only = open.fs.capabilities().contains(Capabilities::READ_ONLY);
        if read_only && class != FILE_POSITION_INFORMATION {
            return Err(NtStatus::MEDIA_WRITE_PROTECTED);
        }
        set(open, buffer)?;
        self.refresh_open_name(open);
        Ok(())
    }

    /// Brings the entry of the name that a handle was opened by up to date, and
    /// no other (MS-FSA 2.1.4.19).
    pub(crate) fn refresh_open_name(&self, open: &FileObject) {
        let capabilities = open.fs.capabilities();
        if capabilities.contains(Capabilities::READ_ONLY)
            || !capabilities.contains(Capabilities::DUPLICATED_INFORMATION)
        {
            return;
        }
        if let Some(link) = self.open_name(open)
            && link.deletion == Deletion::No
        {
            // The entry may lag; nothing else depends on it.
            drop(open.fs.refresh_entry(&link.dir, &link.name));
        }
    }
}

fn set_basic(open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
    let (info, _) =
        FileBasicInfo::read_from_prefix(buffer).map_err(|_| NtStatus::INFO_LENGTH_MISMATCH)?;
    if !open.may(FILE_WRITE_ATTRIBUTES) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let times = [
        info.creation_time,
        info.last_access_time,
        info.last_write_time,
        info.change_time,
    ];
    if times.iter().any(|&time| time < AGAIN) {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let directory = open.kind == StreamKind::Directory;
    let wrong = match directory {
        true => FILE_ATTRIBUTE_TEMPORARY,
        false => FILE_ATTRIBUTE_DIRECTORY,
    };
    if info.file_attributes & wrong != 0 {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let before = open.fs.stat(&open.node).map_err(status::of)?;
    if info.file_attributes != 0 {
        let settable = match open.link {
            // Nobody hides the root of a volume.
            None if directory => SETTABLE & !(FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM),
            _ => SETTABLE,
        };
        let kept = before.attributes.bits() & !settable;
        let new = Attributes::from_bits_retain(kept | info.file_attributes & settable);
        if new != before.attributes {
            open.fs
                .set_attributes(&open.node, new)
                .map_err(status::of)?;
        }
    }
    let mut new = Times {
        created: given(info.creation_time),
        accessed: given(info.last_access_time),
        modified: given(info.last_write_time),
        changed: given(info.change_time),
    };
    if info.change_time == KEEP {
        new.changed = before.times.changed;
    }
    open.hold(&info);
    if new == Times::default() {
        return Ok(());
    }
    open.fs.set_times(&open.node, &new).map_err(status::of)
}

/// A time that is to be set: 0, -1 and -2 set none.
fn given(time: i64) -> Option<Timestamp> {
    match u64::try_from(time) {
        Ok(0) | Err(_) => None,
        Ok(ticks) => Some(Timestamp::from_nt_ticks(ticks)),
    }
}

fn number(buffer: &[u8]) -> Result<i64, NtStatus> {
    let bytes = buffer.first_chunk().ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
    Ok(i64::from_ne_bytes(*bytes))
}

/// A size for the data of a handle that may write it.
fn size(open: &FileObject, buffer: &[u8]) -> Result<u64, NtStatus> {
    let size = u64::try_from(number(buffer)?).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    if open.kind == StreamKind::Directory {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    match open.may(FILE_WRITE_DATA) {
        true => Ok(size),
        false => Err(NtStatus::ACCESS_DENIED),
    }
}

fn set_end_of_file(open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
    let size = size(open, buffer)?;
    open.changing(|| open.fs.set_len(&open.node, open.stream.as_ref(), size))
}

/// Less space than the data takes cuts it, at the end of a cluster; more is
/// taken when the data comes.
fn set_allocation(open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
    let asked = size(open, buffer)?;
    let cluster = open.fs.volume_info().map_err(status::of)?.cluster;
    let room = asked
        .checked_next_multiple_of(u64::from(cluster.max(1)))
        .ok_or(NtStatus::INVALID_PARAMETER)?;
    let length = length(open)?;
    if room >= length {
        return Ok(());
    }
    open.changing(|| open.fs.set_len(&open.node, open.stream.as_ref(), room))
}

/// Length of the stream that is open (in bytes).
fn length(open: &FileObject) -> Result<u64, NtStatus> {
    let Some(name) = &open.stream else {
        return Ok(open.fs.stat(&open.node).map_err(status::of)?.size);
    };
    let streams = open.fs.streams(&open.node).map_err(status::of)?;
    let found = streams
        .into_iter()
        .find(|stream| stream.name.as_ref() == Some(name));
    Ok(found.ok_or(NtStatus::FILE_DELETED)?.size)
}

fn set_position(open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
    let position = u64::try_from(number(buffer)?).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    if open.granted & (FILE_READ_DATA | FILE_WRITE_DATA) == 0 {
        return Err(NtStatus::ACCESS_DENIED);
    }
    *open.position() = position;
    Ok(())
}

/// Only of an empty directory (MS-FSCC 2.4.10; NTFS).
fn set_case_sensitive(open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
    let (info, _) = FileCaseSensitiveInfo::read_from_prefix(buffer)
        .map_err(|_| NtStatus::INFO_LENGTH_MISMATCH)?;
    if !open.may(FILE_WRITE_ATTRIBUTES) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    let unknown = info.flags & !FILE_CS_FLAG_CASE_SENSITIVE_DIR != 0;
    if unknown || open.kind != StreamKind::Directory {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if open
        .fs
        .list(&open.node)
        .map_err(status::of)?
        .next()
        .is_some()
    {
        return Err(NtStatus::DIRECTORY_NOT_EMPTY);
    }
    let sensitive = info.flags & FILE_CS_FLAG_CASE_SENSITIVE_DIR != 0;
    open.fs
        .set_case_sensitive(&open.node, sensitive)
        .map_err(status::of)
}
