//! `DeviceIoControl` on files: reparse points, object ids, sparse and compressed
//! files (MS-FSA 2.1.5.10).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::SystemTime;

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::{
    Attributes, Capabilities, ErrorKind, LinkContent, NodeKind, ObjectIdAttribute, ReparseBuffer,
    VolumeFamily,
};
use linkwright_ntfs_format::object_id::{BirthIds, ObjectId};
use zerocopy::{FromBytes, IntoBytes};

use crate::constants::{
    COMPRESSION_FORMAT_DEFAULT, COMPRESSION_FORMAT_LZNT1, COMPRESSION_FORMAT_NONE,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA,
    FSCTL_CREATE_OR_GET_OBJECT_ID, FSCTL_DELETE_OBJECT_ID, FSCTL_DELETE_REPARSE_POINT,
    FSCTL_GET_COMPRESSION, FSCTL_GET_OBJECT_ID, FSCTL_GET_REPARSE_POINT, FSCTL_SET_COMPRESSION,
    FSCTL_SET_OBJECT_ID, FSCTL_SET_REPARSE_POINT, FSCTL_SET_SPARSE, FSCTL_SET_ZERO_DATA,
};
use crate::information::copy_out;
use crate::nt::objects::{FileObject, StreamKind};
use crate::nt::query::Answer;
use crate::nt::status;
use crate::reparse_rules::{self, Content, Subject, SymlinkRight};
use crate::settings::Privileges;
use crate::structures::FileObjectIdBuffer;
use crate::{Handle, System, Win32Result};

type NtResult<T> = Result<T, NtStatus>;

impl System {
    /// `DeviceIoControl` with room for `out_len` bytes of output; what was
    /// returned. See [`System::device_io_control_into`] for partial output.
    ///
    /// # Errors
    /// As [`System::device_io_control_into`].
    pub fn device_io_control(
        &self,
        handle: Handle,
        code: u32,
        input: &[u8],
        out_len: usize,
    ) -> Win32Result<Vec<u8>> {
        self.remember(
            self.control(handle, code, input, out_len)
                .and_then(|answer| match answer.status {
                    NtStatus::SUCCESS => Ok(answer.bytes),
                    status => Err(status.to_win32()),
                }),
        )
    }

    /// `DeviceIoControl`: FSCTL_SET/GET/DELETE_REPARSE_POINT,
    /// FSCTL_GET/CREATE_OR_GET/SET/DELETE_OBJECT_ID, FSCTL_SET_SPARSE,
    /// FSCTL_SET_ZERO_DATA, FSCTL_GET/SET_COMPRESSION.
    /// `returned` becomes the number of bytes put into `output`, also when they
    /// are a part only and the code is ERROR_MORE_DATA.
    ///
    /// # Errors
    /// ERROR_INVALID_FUNCTION for other codes; what SEMANTICS 2.6 lists for those
    /// of reparse points.
    pub fn device_io_control_into(
        &self,
        handle: Handle,
        code: u32,
        input: &[u8],
        output: &mut [u8],
        returned: &mut u32,
    ) -> Win32Result<()> {
        let answer = self.remember(self.control(handle, code, input, output.len()))?;
        let length = copy_out(&answer.bytes, output);
        *returned = u32::try_from(length).unwrap_or(u32::MAX);
        self.remember(match answer.status {
            NtStatus::SUCCESS => Ok(()),
            status => Err(status.to_win32()),
        })
    }

    fn control(&self, handle: Handle, code: u32, input: &[u8], room: usize) -> Win32Result<Answer> {
        let open = self.file_or(handle, Win32Error::INVALID_FUNCTION)?;
        let done = |bytes: Vec<u8>| Answer {
            status: NtStatus::SUCCESS,
            bytes,
        };
        let nothing = |()| done(Vec::new());
        Ok(Answer::from(match code {
            FSCTL_GET_REPARSE_POINT => get_reparse_point(&open, room),
            FSCTL_SET_REPARSE_POINT => self.set_reparse_point(&open, input, room).map(nothing),
            FSCTL_DELETE_REPARSE_POINT => {
                self.delete_reparse_point(&open, input, room).map(nothing)
            }
            FSCTL_GET_OBJECT_ID => object_id(&open, room).map(done),
            FSCTL_CREATE_OR_GET_OBJECT_ID => self.object_id_or_new(&open, room).map(done),
            FSCTL_SET_OBJECT_ID => self.set_object_id(&open, input).map(nothing),
            FSCTL_DELETE_OBJECT_ID => self.delete_object_id(&open).map(nothing),
            FSCTL_SET_SPARSE => self.set_sparse(&open, input).map(nothing),
            FSCTL_SET_ZERO_DATA => self.set_zero_data(&open, input).map(nothing),
            FSCTL_GET_COMPRESSION => compression(&open, room).map(done),
            FSCTL_SET_COMPRESSION => set_compression(&open, input).map(nothing),
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        }))
    }

    fn set_reparse_point(&self, open: &FileObject, input: &[u8], room: usize) -> NtResult<()> {
        check_reparse_write(open, room)?;
        let subject = subject(open)?;
        reparse_rules::check_set(input, &subject, self.symlink_right())?;
        let buffer = ReparseBuffer::decode(input)
            .or_else(|_| linkwright_reparse::OtherReparse::decode(input).map(ReparseBuffer::Other))
            .map_err(|_| NtStatus::IO_REPARSE_DATA_INVALID)?;
        open.fs
            .set_link(&open.node, &LinkContent::Reparse(buffer))
            .map_err(status::of)?;
        self.machine.refresh_open_name(open);
        Ok(())
    }

    fn delete_reparse_point(&self, open: &FileObject, input: &[u8], room: usize) -> NtResult<()> {
        check_reparse_write(open, room)?;
        reparse_rules::check_delete(input, current(open)?.as_deref())?;
        open.fs.remove_link(&open.node).map_err(status::of)?;
        self.machine.refresh_open_name(open);
        Ok(())
    }

    /// A control code carries no flag with which Developer Mode could be asked
    /// for: the privilege alone counts.
    fn symlink_right(&self) -> SymlinkRight {
        let held = Privileges::CREATE_SYMBOLIC_LINK;
        match self.token().privileges.contains(held) {
            true => SymlinkRight::Held,
            false => SymlinkRight::Missing,
        }
    }
}

/// The bytes of the reparse point of an open file.
fn current(open: &FileObject) -> NtResult<Option<Vec<u8>>> {
    Ok(match open.fs.link(&open.node).map_err(status::of)? {
        Some(LinkContent::Reparse(buffer)) => Some(buffer.encode()),
        Some(LinkContent::Posix(_)) | None => None,
    })
}

/// MS-FSA 2.1.5.10.14.
fn get_reparse_point(open: &FileObject, room: usize) -> NtResult<Answer> {
    if !open
        .fs
        .capabilities()
        .contains(Capabilities::REPARSE_POINTS)
    {
        return Err(without_reparse_points(open));
    }
    let mut bytes = current(open)?.ok_or(NtStatus::NOT_A_REPARSE_POINT)?;
    if room < reparse_rules::smallest_output(&bytes) {
        return Err(NtStatus::BUFFER_TOO_SMALL);
    }
    let status = match bytes.len() > room {
        true => NtStatus::BUFFER_OVERFLOW,
        false => NtStatus::SUCCESS,
    };
    bytes.truncate(room);
    Ok(Answer { status, bytes })
}

/// What both changes look at first: output, rights, volume.
fn check_reparse_write(open: &FileObject, room: usize) -> NtResult<()> {
    if room != 0 {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    check_change(open)?;
    match open
        .fs
        .capabilities()
        .contains(Capabilities::REPARSE_POINTS)
    {
        true => Ok(()),
        false => Err(without_reparse_points(open)),
    }
}

/// Only NTFS and ReFS know these requests; FAT32 finds fault with the data
/// (MS-FSA note 146), and an NTFS or ReFS volume too old for them says so.
fn without_reparse_points(open: &FileObject) -> NtStatus {
    match open.fs.volume_info().map(|info| info.kind) {
        Ok("FAT32") => NtStatus::IO_REPARSE_DATA_INVALID,
        Ok("NTFS" | "ReFS") => NtStatus::VOLUME_NOT_UPGRADED,
        _ => NtStatus::INVALID_DEVICE_REQUEST,
    }
}

/// The right to change data or attributes, on a volume that can be written to.
fn check_change(open: &FileObject) -> NtResult<()> {
    if open.granted & (FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES) == 0 {
        return Err(NtStatus::ACCESS_DENIED);
    }
    check_writable(open)
}

fn check_writable(open: &FileObject) -> NtResult<()> {
    match open.fs.capabilities().contains(Capabilities::READ_ONLY) {
        true => Err(NtStatus::MEDIA_WRITE_PROTECTED),
        false => Ok(()),
    }
}

/// What the rules look at.
fn subject(open: &FileObject) -> NtResult<Subject> {
    let stat = open.fs.stat(&open.node).map_err(status::of)?;
    let content = match stat.kind {
        NodeKind::Directory => {
            let mut list = open.fs.list(&open.node).map_err(status::of)?;
            match list.next() {
                None => Content::EmptyDirectory,
                Some(_) => Content::Directory,
            }
        }
        NodeKind::File | NodeKind::Special => Content::File(stat.size),
    };
    let eas = open
        .fs
        .extended_attributes(&open.node)
        .map_err(status::of)?;
    Ok(Subject {
        content,
        has_extended_attributes: !eas.is_empty(),
        current: current(open)?,
    })
}

/// Object ids are on NTFS alone.
fn check_object_ids(open: &FileObject) -> NtResult<()> {
    if open.fs.capabilities().contains(Capabilities::OBJECT_IDS) {
        return Ok(());
    }
    Err(match open.fs.volume_info().map(|info| info.kind) {
        Ok("NTFS") => NtStatus::VOLUME_NOT_UPGRADED,
        _ => NtStatus::INVALID_DEVICE_REQUEST,
    })
}

fn id_buffer(id: &ObjectIdAttribute) -> FileObjectIdBuffer {
    let birth = id.birth.unwrap_or_default();
    FileObjectIdBuffer {
        object_id: id.id.0,
        birth_volume_id: birth.volume,
        birth_object_id: birth.object,
        domain_id: birth.domain,
    }
}

/// MS-FSA 2.1.5.10.13.
fn object_id(open: &FileObject, room: usize) -> NtResult<Vec<u8>> {
    check_object_ids(open)?;
    if room < size_of::<FileObjectIdBuffer>() {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let id = open.fs.object_id(&open.node).map_err(status::of)?;
    let id = id.ok_or(NtStatus::OBJECTID_NOT_FOUND)?;
    Ok(id_buffer(&id).as_bytes().to_vec())
}

impl System {
    /// The id that a file has, or gets now (MS-FSA 2.1.5.10.1).
    fn object_id_or_new(&self, open: &FileObject, room: usize) -> NtResult<Vec<u8>> {
        match object_id(open, room) {
            Err(NtStatus::OBJECTID_NOT_FOUND) => {}
            answer => return answer,
        }
        check_writable(open)?;
        let id = fresh_id();
        let new = ObjectIdAttribute {
            id: ObjectId(id),
            birth: Some(BirthIds {
                object: id,
                ..BirthIds::default()
            }),
        };
        open.fs
            .set_object_id(&open.node, &new)
            .map_err(status::of)?;
        self.machine.refresh_open_name(open);
        object_id(open, room)
    }

    /// MS-FSA 2.1.5.10.35.
    fn set_object_id(&self, open: &FileObject, input: &[u8]) -> NtResult<()> {
        let buffer =
            FileObjectIdBuffer::read_from_bytes(input).map_err(|_| NtStatus::INVALID_PARAMETER)?;
        check_writable(open)?;
        check_object_ids(open)?;
        let intent = open.options & FILE_OPEN_FOR_BACKUP_INTENT != 0;
        let restores = self.token().privileges.contains(Privileges::RESTORE);
        if !(intent && restores) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let own = open.fs.object_id(&open.node).map_err(status::of)?;
        if own.is_some() {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        if open.fs.node_by_object_id(buffer.object_id).is_ok() {
            return Err(NtStatus::DUPLICATE_NAME);
        }
        let new = ObjectIdAttribute {
            id: ObjectId(buffer.object_id),
            birth: Some(BirthIds {
                volume: buffer.birth_volume_id,
                object: buffer.birth_object_id,
                domain: buffer.domain_id,
            }),
        };
        open.fs
            .set_object_id(&open.node, &new)
            .map_err(status::of)?;
        self.machine.refresh_open_name(open);
        Ok(())
    }

    /// MS-FSA 2.1.5.10.2; a file without an id is none the worse.
    fn delete_object_id(&self, open: &FileObject) -> NtResult<()> {
        check_change(open)?;
        check_object_ids(open)?;
        open.fs.delete_object_id(&open.node).map_err(status::of)?;
        self.machine.refresh_open_name(open);
        Ok(())
    }

    /// MS-FSA 2.1.5.10.38. No input stands for TRUE. A sparse file stays one.
    fn set_sparse(&self, open: &FileObject, input: &[u8]) -> NtResult<()> {
        check_data(open)?;
        check_writable(open)?;
        check_change(open)?;
        let stat = open.fs.stat(&open.node).map_err(status::of)?;
        match (
            input.first(),
            stat.attributes.contains(Attributes::SPARSE_FILE),
        ) {
            (Some(0), false) => return Ok(()),
            (Some(0), true) => return Err(NtStatus::NOT_SUPPORTED),
            _ => {}
        }
        open.fs
            .set_sparse(&open.node, open.stream.as_ref())
            .map_err(unknown_request)?;
        self.machine.refresh_open_name(open);
        Ok(())
    }

    /// MS-FSA 2.1.5.10.39: the length stays.
    fn set_zero_data(&self, open: &FileObject, input: &[u8]) -> NtResult<()> {
        let (from, to) = zero_range(input).ok_or(NtStatus::INVALID_PARAMETER)?;
        check_data(open)?;
        check_writable(open)?;
        if !open.may(FILE_WRITE_DATA) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        open.fs
            .zero_range(&open.node, open.stream.as_ref(), from, to - from)
            .map_err(unknown_request)
    }
}

/// FILE_ZERO_DATA_INFORMATION: the first byte, and the first one behind.
fn zero_range(input: &[u8]) -> Option<(u64, u64)> {
    let (from, rest) = input.split_first_chunk()?;
    let to = rest.first_chunk()?;
    let from = u64::try_from(i64::from_ne_bytes(*from)).ok()?;
    let to = u64::try_from(i64::from_ne_bytes(*to)).ok()?;
    (from <= to).then_some((from, to))
}

/// A data stream, and no directory.
fn check_data(open: &FileObject) -> NtResult<()> {
    match open.kind {
        StreamKind::Data => Ok(()),
        StreamKind::Directory => Err(NtStatus::INVALID_PARAMETER),
    }
}

/// What a file system cannot do at all it does not know by name either.
fn unknown_request(error: linkwright_fs::Error) -> NtStatus {
    match error.kind() {
        ErrorKind::Unsupported(_) => NtStatus::INVALID_DEVICE_REQUEST,
        _ => status::of(error),
    }
}

fn is_compressed(open: &FileObject) -> NtResult<bool> {
    let stat = open.fs.stat(&open.node).map_err(status::of)?;
    Ok(stat.attributes.contains(Attributes::COMPRESSED))
}

fn check_compression(open: &FileObject) -> NtResult<()> {
    match open.fs.volume_info().map_err(status::of)?.family {
        VolumeFamily::Ntfs => Ok(()),
        _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
    }
}

/// MS-FSA 2.1.5.10.9.
fn compression(open: &FileObject, room: usize) -> NtResult<Vec<u8>> {
    check_compression(open)?;
    let format = match is_compressed(open)? {
        true => COMPRESSION_FORMAT_LZNT1,
        false => COMPRESSION_FORMAT_NONE,
    };
    match room < size_of_val(&format) {
        true => Err(NtStatus::INVALID_PARAMETER),
        false => Ok(format.to_ne_bytes().to_vec()),
    }
}

/// What is compressed stays so and what is not does too: the engine reads
/// compressed data and does not write it anew.
fn set_compression(open: &FileObject, input: &[u8]) -> NtResult<()> {
    let format = input.first_chunk().ok_or(NtStatus::INVALID_PARAMETER)?;
    check_compression(open)?;
    check_change(open)?;
    match (u16::from_ne_bytes(*format), is_compressed(open)?) {
        (COMPRESSION_FORMAT_NONE, false) => Ok(()),
        (COMPRESSION_FORMAT_DEFAULT | COMPRESSION_FORMAT_LZNT1, true) => Ok(()),
        (COMPRESSION_FORMAT_NONE | COMPRESSION_FORMAT_DEFAULT | COMPRESSION_FORMAT_LZNT1, _) => {
            Err(NtStatus::INVALID_DEVICE_REQUEST)
        }
        _ => Err(NtStatus::INVALID_PARAMETER),
    }
}

/// A GUID that nobody else has, of random bits (RFC 9562, version 4): the hasher
/// of the standard library is seeded by the operating system.
fn fresh_id() -> [u8; 16] {
    let random = || RandomState::new().hash_one(SystemTime::now());
    let mut id = [0; 16];
    for (to, from) in id.chunks_mut(8).zip([random(), random()]) {
        to.copy_from_slice(&from.to_le_bytes());
    }
    // As a GUID in memory: the version is in the third field, little-endian.
    id[7] = id[7] & 0x0F | 0x40;
    id[8] = id[8] & 0x3F | 0x80;
    id
}
