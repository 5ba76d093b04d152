//! NtQueryInformationFile (MS-FSA 2.1.5.12): what a handle tells of its file.

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, Name, Stat, Timestamp, VolumeFamily};
use zerocopy::IntoBytes;

use super::objects::{FileObject, StreamKind};
use super::status;
use crate::constants::{
    COMPRESSION_FORMAT_LZNT1, COMPRESSION_FORMAT_NONE, FILE_ACCESS_INFORMATION,
    FILE_ALIGNMENT_INFORMATION, FILE_ALL_INFORMATION, FILE_ALTERNATE_NAME_INFORMATION,
    FILE_ATTRIBUTE_COMPRESSED, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_TAG_INFORMATION,
    FILE_BASIC_INFORMATION, FILE_CASE_SENSITIVE_INFORMATION, FILE_COMPRESSION_INFORMATION,
    FILE_CS_FLAG_CASE_SENSITIVE_DIR, FILE_DELETE_ON_CLOSE, FILE_EA_INFORMATION,
    FILE_HARD_LINK_INFORMATION, FILE_ID_INFORMATION, FILE_INTERNAL_INFORMATION,
    FILE_MODE_INFORMATION, FILE_NAME_INFORMATION, FILE_NETWORK_OPEN_INFORMATION,
    FILE_NO_INTERMEDIATE_BUFFERING, FILE_NORMALIZED_NAME_INFORMATION, FILE_POSITION_INFORMATION,
    FILE_READ_ATTRIBUTES, FILE_SEQUENTIAL_ONLY, FILE_STANDARD_INFORMATION,
    FILE_STANDARD_LINK_INFORMATION, FILE_STREAM_INFORMATION, FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_THROUGH,
};
use crate::structures::chain::Chain;
use crate::structures::names::{FILE_NAME_INFO_NAME, FileLinkEntry, FileLinks, file_name_info};
use crate::structures::streams::StreamEntry;
use crate::structures::{
    FileAttributeTagInfo, FileBasicInfo, FileCaseSensitiveInfo, FileCompressionInfo, FileIdInfo,
    FileNetworkOpenInformation, FileStandardInfo, FileStandardLinkInformation,
};
use crate::system::Machine;

const BACKSLASH: u16 = b'\\' as u16;

/// What a query gives: a status, and the bytes that go into the buffer, which
/// there are also when the status says that they are not all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: NtStatus,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Nothing but a status.
    pub(crate) fn failed(status: NtStatus) -> Self {
        Self {
            status,
            bytes: Vec::new(),
        }
    }

    /// A structure of fixed size: a shorter buffer gets nothing.
    fn fixed(bytes: &[u8], room: usize) -> Self {
        match room < bytes.len() {
            true => Self::failed(NtStatus::INFO_LENGTH_MISMATCH),
            false => Self {
                status: NtStatus::SUCCESS,
                bytes: bytes.to_vec(),
            },
        }
    }

    /// A structure that ends in a name: the fixed part must fit, of the name
    /// what does.
    fn cut(mut bytes: Vec<u8>, fixed: usize, room: usize) -> Self {
        if room < fixed {
            return Self::failed(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let status = match bytes.len() > room {
            true => NtStatus::BUFFER_OVERFLOW,
            false => NtStatus::SUCCESS,
        };
        bytes.truncate(room);
        Self { status, bytes }
    }
}

impl From<Result<Self, NtStatus>> for Answer {
    fn from(result: Result<Self, NtStatus>) -> Self {
        result.unwrap_or_else(Self::failed)
    }
}

/// A file with what most classes need of it.
pub(crate) struct Facts {
    pub(crate) stat: Stat,
    /// Length of the stream that was opened; 0 for a directory.
    pub(crate) size: u64,
    /// Bytes of the medium that it takes.
    pub(crate) allocated: u64,
    /// Whether a directory is open, and not a stream of one.
    pub(crate) directory: bool,
    /// Names of the file that are to be deleted.
    pub(crate) links_deleted: u32,
    /// The name that was opened is one of them.
    pub(crate) delete_pending: bool,
}

impl Facts {
    /// Of the file of a handle.
    pub(crate) fn of(machine: &Machine, file: &FileObject) -> Result<Self, NtStatus> {
        let stat = file.fs.stat(&file.node).map_err(status::of)?;
        let (size, allocated) = match &file.stream {
            None => (stat.size, stat.allocated),
            Some(stream) => {
                let streams = file.fs.streams(&file.node).map_err(status::of)?;
                let found = streams
                    .into_iter()
                    .find(|found| found.name.as_ref() == Some(stream))
                    .ok_or(NtStatus::FILE_DELETED)?;
                (found.size, found.allocated)
            }
        };
        Ok(Self {
            size,
            allocated,
            directory: file.kind == StreamKind::Directory,
            links_deleted: machine.names_pending(file),
            delete_pending: machine.is_delete_pending(file),
            stat,
        })
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.directory
    }

    /// FileAttributes: never 0.
    pub(crate) fn attributes(&self) -> u32 {
        visible(self.stat.attributes.bits())
    }

    /// Names that are not to be deleted; where there are no hard links, 1
    /// (MS-FSA note 169).
    pub(crate) fn links(&self, file: &FileObject) -> u32 {
        match file.fs.capabilities().contains(Capabilities::HARD_LINKS) {
            true => self.total_links().saturating_sub(self.links_deleted),
            false => 1,
        }
    }

    fn total_links(&self) -> u32 {
        u32::try_from(self.stat.names).unwrap_or(u32::MAX)
    }

    /// The file reference.
    pub(crate) fn index(&self) -> u64 {
        index(&self.stat)
    }

    /// Creation, last access, last write, change, in ticks.
    pub(crate) fn ticks(&self) -> [u64; 4] {
        ticks(&self.stat.times)
    }
}

/// FILE_ATTRIBUTE_NORMAL stands for none.
pub(crate) fn visible(attributes: u32) -> u32 {
    match attributes & !FILE_ATTRIBUTE_NORMAL {
        0 => FILE_ATTRIBUTE_NORMAL,
        some => some,
    }
}

/// The file reference of a file: its record and sequence number.
pub(crate) fn index(stat: &Stat) -> u64 {
    reference(stat.record, stat.sequence)
}

/// Record and sequence number in one.
pub(crate) fn reference(record: u64, sequence: u16) -> u64 {
    u64::from(sequence) << 48 | record & 0xFFFF_FFFF_FFFF
}

/// Creation, last access, last write, change, in ticks; 0 is unknown.
pub(crate) fn ticks(times: &linkwright_fs::Times) -> [u64; 4] {
    [times.created, times.accessed, times.modified, times.changed]
        .map(|time| time.map_or(0, Timestamp::to_nt_ticks))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Every name of this path, each behind a backslash; the root is one.
pub(crate) fn joined(names: &[Name]) -> Vec<u16> {
    if names.is_empty() {
        return vec![BACKSLASH];
    }
    let mut out = Vec::new();
    for name in names {
        out.push(BACKSLASH);
        out.extend(name.units());
    }
    out
}

impl Machine {
    /// Answers a query of an information class into `room` bytes.
    pub(crate) fn query(&self, file: &FileObject, class: u32, room: usize) -> Answer {
        Answer::from(self.try_query(file, class, room))
    }

    fn try_query(&self, file: &FileObject, class: u32, room: usize) -> Result<Answer, NtStatus> {
        let of_attributes = matches!(
            class,
            FILE_BASIC_INFORMATION
                | FILE_ATTRIBUTE_TAG_INFORMATION
                | FILE_NETWORK_OPEN_INFORMATION
                | FILE_ALL_INFORMATION
        );
        if of_attributes && !file.may(FILE_READ_ATTRIBUTES) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let facts = || Facts::of(self, file);
        Ok(match class {
            FILE_BASIC_INFORMATION => Answer::fixed(basic(&facts()?).as_bytes(), room),
            FILE_STANDARD_INFORMATION => Answer::fixed(standard(file, &facts()?).as_bytes(), room),
            FILE_INTERNAL_INFORMATION => Answer::fixed(&facts()?.index().to_ne_bytes(), room),
            FILE_EA_INFORMATION => Answer::fixed(&ea_size(file)?.to_ne_bytes(), room),
            FILE_ACCESS_INFORMATION => Answer::fixed(&file.granted.to_ne_bytes(), room),
            FILE_POSITION_INFORMATION => Answer::fixed(&position(file).to_ne_bytes(), room),
            FILE_MODE_INFORMATION => Answer::fixed(&mode(file).to_ne_bytes(), room),
            FILE_ALIGNMENT_INFORMATION => Answer::fixed(&0u32.to_ne_bytes(), room),
            FILE_NAME_INFORMATION => name(&self.opened_name(file)?, room),
            FILE_NORMALIZED_NAME_INFORMATION => name(&self.normalized_name(file)?, room),
            FILE_ALTERNATE_NAME_INFORMATION => name(&self.alternate_name(file)?, room),
            // FAT knows neither of these two (MS-FSA notes 163 and 170).
            FILE_STREAM_INFORMATION | FILE_COMPRESSION_INFORMATION if is_fat(file)? => {
                return Err(NtStatus::INVALID_PARAMETER);
            }
            FILE_STREAM_INFORMATION => streams(file, room)?,
            FILE_COMPRESSION_INFORMATION => Answer::fixed(compression(&facts()?).as_bytes(), room),
            FILE_ATTRIBUTE_TAG_INFORMATION => {
                let facts = facts()?;
                let info = FileAttributeTagInfo {
                    file_attributes: facts.attributes(),
                    reparse_tag: facts.stat.reparse_tag.unwrap_or(0),
                };
                Answer::fixed(info.as_bytes(), room)
            }
            FILE_NETWORK_OPEN_INFORMATION => {
                Answer::fixed(network_open(&facts()?).as_bytes(), room)
            }
            FILE_ALL_INFORMATION => self.all(file, &facts()?, room)?,
            FILE_ID_INFORMATION => Answer::fixed(id(file, &facts()?)?.as_bytes(), room),
            FILE_HARD_LINK_INFORMATION => self.hard_links(file, room)?,
            FILE_STANDARD_LINK_INFORMATION => standard_links(file, &facts()?, room)?,
            FILE_CASE_SENSITIVE_INFORMATION => {
                Answer::fixed(case_sensitive(file, &facts()?)?.as_bytes(), room)
            }
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        })
    }

    /// FileHardLinkInformation: leaf names and the ids of their directories,
    /// those not to be deleted, local only (MS-FSCC 2.4.17, note 87).
    fn hard_links(&self, file: &FileObject, room: usize) -> Result<Answer, NtStatus> {
        if file.volume.is_remote() {
            return Err(NtStatus::NOT_SUPPORTED);
        }
        if room < FileLinks::MIN {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut links = Vec::new();
        for placed in file.fs.names(&file.node).map_err(status::of)? {
            if self.is_name_pending(file, &placed)? {
                continue;
            }
            let parent = file.fs.stat(&placed.directory).map_err(status::of)?;
            links.push(FileLinkEntry {
                parent_file_id: index(&parent),
                name: placed.name.units().to_vec(),
            });
        }
        let answer = FileLinks::encode(&links, room);
        Ok(Answer {
            status: match answer.is_complete() {
                true => NtStatus::SUCCESS,
                false => NtStatus::BUFFER_OVERFLOW,
            },
            bytes: answer.bytes,
        })
    }
}

pub(crate) fn basic(facts: &Facts) -> FileBasicInfo {
    let [created, accessed, written, changed] = facts.ticks().map(signed);
    FileBasicInfo {
        creation_time: created,
        last_access_time: accessed,
        last_write_time: written,
        change_time: changed,
        file_attributes: facts.attributes(),
        reserved: 0,
    }
}

fn standard(file: &FileObject, facts: &Facts) -> FileStandardInfo {
    FileStandardInfo {
        allocation_size: signed(facts.allocated),
        end_of_file: signed(facts.size),
        number_of_links: facts.links(file),
        delete_pending: u8::from(facts.delete_pending),
        directory: u8::from(facts.is_directory()),
        reserved: 0,
    }
}

fn network_open(facts: &Facts) -> FileNetworkOpenInformation {
    let [created, accessed, written, changed] = facts.ticks().map(signed);
    FileNetworkOpenInformation {
        creation_time: created,
        last_access_time: accessed,
        last_write_time: written,
        change_time: changed,
        allocation_size: signed(facts.allocated),
        end_of_file: signed(facts.size),
        file_attributes: facts.attributes(),
        reserved: 0,
    }
}

fn compression(facts: &Facts) -> FileCompressionInfo {
    let compressed = facts.stat.attributes.bits() & FILE_ATTRIBUTE_COMPRESSED != 0;
    FileCompressionInfo {
        compressed_file_size: signed(match compressed {
            true => facts.allocated,
            false => facts.size,
        }),
        compression_format: match compressed {
            true => COMPRESSION_FORMAT_LZNT1,
            false => COMPRESSION_FORMAT_NONE,
        },
        // Units of 64 KiB of sixteen 4 KiB chunks (MS-FSCC 2.4.9).
        compression_unit_shift: if compressed { 16 } else { 0 },
        chunk_shift: if compressed { 12 } else { 0 },
        cluster_shift: if compressed { 12 } else { 0 },
        reserved: [0; 3],
    }
}

fn id(file: &FileObject, facts: &Facts) -> Result<FileIdInfo, NtStatus> {
    let info = file.fs.volume_info().map_err(status::of)?;
    Ok(FileIdInfo {
        volume_serial_number: info.serial,
        file_id: u128::from(facts.index()).to_le_bytes(),
    })
}

/// FileStandardLinkInformation, local only (MS-FSCC 2.4.48, note 87).
fn standard_links(file: &FileObject, facts: &Facts, room: usize) -> Result<Answer, NtStatus> {
    if file.volume.is_remote() {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    let accessible = facts.links(file);
    let info = FileStandardLinkInformation {
        number_of_accessible_links: accessible,
        total_number_of_links: facts.total_links(),
        delete_pending: u8::from(accessible == 0),
        directory: u8::from(facts.is_directory()),
        reserved: 0,
    };
    Ok(Answer::fixed(info.as_bytes(), room))
}

/// Only directories can tell names by case (MS-FSCC 2.4.10).
fn case_sensitive(file: &FileObject, facts: &Facts) -> Result<FileCaseSensitiveInfo, NtStatus> {
    if !facts.is_directory() {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    let sensitive = file.fs.is_case_sensitive(&file.node).map_err(status::of)?;
    Ok(FileCaseSensitiveInfo {
        flags: match sensitive {
            true => FILE_CS_FLAG_CASE_SENSITIVE_DIR,
            false => 0,
        },
    })
}

/// Bytes of the extended attributes in the form of FILE_FULL_EA_INFORMATION,
/// without padding; 0 where there are none.
pub(crate) fn ea_size(file: &FileObject) -> Result<u32, NtStatus> {
    if !file
        .fs
        .capabilities()
        .contains(Capabilities::EXTENDED_ATTRIBUTES)
    {
        return Ok(0);
    }
    let list = file
        .fs
        .extended_attributes(&file.node)
        .map_err(status::of)?;
    if list.is_empty() {
        return Ok(0);
    }
    // Packed: flags, lengths, name with NUL, value; and four bytes for the list
    // (MS-FSCC 2.4.13).
    let bytes: usize = list
        .iter()
        .map(|ea| ea.name.len() + ea.value.len() + 5)
        .sum();
    Ok(u32::try_from(bytes + 4).unwrap_or(u32::MAX))
}

fn name(units: &[u16], room: usize) -> Answer {
    // The smallest structure holds one unit (MS-FSCC 2.4.33).
    let fixed = FILE_NAME_INFO_NAME + 2;
    Answer::cut(file_name_info(units), fixed, room)
}

fn is_fat(file: &FileObject) -> Result<bool, NtStatus> {
    let info = file.fs.volume_info().map_err(status::of)?;
    Ok(info.family == VolumeFamily::Fat)
}

/// Where a synchronous handle reads next.
fn position(file: &FileObject) -> i64 {
    signed(*file.position())
}

/// The options of the open that are modes of the handle (MS-FSCC 2.4.31).
fn mode(file: &FileObject) -> u32 {
    const MODES: u32 = FILE_WRITE_THROUGH
        | FILE_SEQUENTIAL_ONLY
        | FILE_NO_INTERMEDIATE_BUFFERING
        | FILE_SYNCHRONOUS_IO_NONALERT
        | FILE_DELETE_ON_CLOSE;
    file.options & MODES
}

/// `\server\share` for what lies on one.
fn share_prefix(file: &FileObject) -> Vec<u16> {
    let mut out = Vec::new();
    if let Some(share) = &file.volume.share {
        out.push(BACKSLASH);
        out.extend(&share.server);
        out.push(BACKSLASH);
        out.extend(&share.share);
    }
    out
}

/// A path with the share in front and the stream behind.
fn whole_name(file: &FileObject, path: &[Name]) -> Vec<u16> {
    let mut out = share_prefix(file);
    out.extend(joined(path));
    if let Some(stream) = &file.stream {
        out.push(u16::from(b':'));
        out.extend(stream.units());
    }
    out
}

impl Machine {
    /// The name that was used for opening, case as stored, from the volume's
    /// root; of a share with server and share in front (MS-FSA 2.1.5.12.20).
    pub(crate) fn opened_name(&self, file: &FileObject) -> Result<Vec<u16>, NtStatus> {
        Ok(whole_name(file, &self.opened_path(file)?))
    }

    /// The name with every component in its long form.
    pub(crate) fn normalized_name(&self, file: &FileObject) -> Result<Vec<u16>, NtStatus> {
        Ok(whole_name(file, &self.path_of(file)?))
    }

    fn alternate_name(&self, file: &FileObject) -> Result<Vec<u16>, NtStatus> {
        let link = self
            .open_name(file)
            .ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        let entry = file.fs.entry(&link.dir, &link.name).map_err(status::of)?;
        let short = entry.short_name.ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        Ok(short.units().to_vec())
    }

    /// FileAllInformation: basic, standard, internal, EA, access, position, mode,
    /// alignment and name (MS-FSCC 2.4.2).
    fn all(&self, file: &FileObject, facts: &Facts, room: usize) -> Result<Answer, NtStatus> {
        // The structure with a name of one unit, padded to 8 bytes.
        const MIN: usize = 104;
        let mut out = basic(facts).as_bytes().to_vec();
        out.extend(standard(file, facts).as_bytes());
        out.extend(facts.index().to_ne_bytes());
        out.extend(ea_size(file)?.to_ne_bytes());
        out.extend(file.granted.to_ne_bytes());
        out.extend(position(file).to_ne_bytes());
        out.extend(mode(file).to_ne_bytes());
        out.extend(0u32.to_ne_bytes());
        out.extend(file_name_info(&self.opened_name(file)?));
        Ok(Answer::cut(out, MIN, room))
    }
}

/// The data streams of a file with their full names, the unnamed one first.
pub(crate) fn stream_entries(file: &FileObject) -> Result<Vec<StreamEntry>, NtStatus> {
    let streams = file.fs.streams(&file.node).map_err(status::of)?;
    Ok(streams
        .into_iter()
        .map(|stream| {
            let mut name = vec![u16::from(b':')];
            if let Some(own) = &stream.name {
                name.extend(own.units());
            }
            name.extend(":$DATA".encode_utf16());
            StreamEntry {
                name,
                size: stream.size,
                allocated: stream.allocated,
            }
        })
        .collect())
}

/// FileStreamInformation (MS-FSA 2.1.5.12.29).
fn streams(file: &FileObject, room: usize) -> Result<Answer, NtStatus> {
    // The structure with a name of one unit.
    const MIN: usize = 32;
    if room < MIN {
        return Err(NtStatus::INFO_LENGTH_MISMATCH);
    }
    let mut chain = Chain::new(room);
    let mut status = NtStatus::SUCCESS;
    for stream in stream_entries(file)? {
        if chain.push(&stream.encode()).is_err() {
            status = NtStatus::BUFFER_OVERFLOW;
            break;
        }
    }
    Ok(Answer {
        status,
        bytes: chain.into_bytes(),
    })
}
