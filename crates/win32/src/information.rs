//! Information by handle: `GetFileInformationByHandle(Ex)`,
//! `SetFileInformationByHandle`, `NtQueryInformationFile`, times and the type of
//! a handle.

use std::sync::{Arc, MutexGuard, PoisonError};

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_names::expression::Expression;
use zerocopy::IntoBytes;

use crate::constants::{
    FILE_ALIGNMENT_INFO, FILE_ALIGNMENT_INFORMATION, FILE_ALLOCATION_INFO,
    FILE_ALLOCATION_INFORMATION, FILE_ATTRIBUTE_TAG_INFO, FILE_ATTRIBUTE_TAG_INFORMATION,
    FILE_BASIC_INFO, FILE_BASIC_INFORMATION, FILE_CASE_SENSITIVE_INFO,
    FILE_CASE_SENSITIVE_INFORMATION, FILE_COMPRESSION_INFO, FILE_COMPRESSION_INFORMATION,
    FILE_DISPOSITION_INFO, FILE_DISPOSITION_INFO_EX, FILE_DISPOSITION_INFORMATION,
    FILE_DISPOSITION_INFORMATION_EX, FILE_END_OF_FILE_INFO, FILE_END_OF_FILE_INFORMATION,
    FILE_FULL_DIRECTORY_INFO, FILE_FULL_DIRECTORY_RESTART_INFO, FILE_ID_BOTH_DIRECTORY_INFO,
    FILE_ID_BOTH_DIRECTORY_RESTART_INFO, FILE_ID_EXTD_DIRECTORY_INFO,
    FILE_ID_EXTD_DIRECTORY_RESTART_INFO, FILE_ID_INFO, FILE_ID_INFORMATION, FILE_NAME_INFO,
    FILE_NAME_INFORMATION, FILE_NORMALIZED_NAME_INFO, FILE_NORMALIZED_NAME_INFORMATION,
    FILE_READ_ATTRIBUTES, FILE_RENAME_INFO, FILE_RENAME_INFO_EX, FILE_RENAME_INFORMATION,
    FILE_RENAME_INFORMATION_EX, FILE_STANDARD_INFO, FILE_STANDARD_INFORMATION, FILE_STREAM_INFO,
    FILE_STREAM_INFORMATION, FILE_TYPE_CHAR, FILE_TYPE_DISK,
};
use crate::nt::objects::{FileObject, NullDevice, VolumeObject};
use crate::nt::query::{Answer, Facts};
use crate::nt::scan::{Scan, SearchCase};
use crate::nt::set_information::Grammar;
use crate::nt::status;
use crate::structures::chain::Chain;
use crate::structures::directory::DirectoryForm;
use crate::structures::{ByHandleFileInformation, FileBasicInfo, FileTime, halves};
use crate::{Handle, System, Win32Result};

/// Creation, last access and last write, as `GetFileTime` gives them.
pub type FileTimes = [FileTime; 3];

/// The class of the NT function behind a class of the Win32 one.
fn query_class(class: u32) -> Option<u32> {
    Some(match class {
        FILE_BASIC_INFO => FILE_BASIC_INFORMATION,
        FILE_STANDARD_INFO => FILE_STANDARD_INFORMATION,
        FILE_NAME_INFO => FILE_NAME_INFORMATION,
        FILE_STREAM_INFO => FILE_STREAM_INFORMATION,
        FILE_COMPRESSION_INFO => FILE_COMPRESSION_INFORMATION,
        FILE_ATTRIBUTE_TAG_INFO => FILE_ATTRIBUTE_TAG_INFORMATION,
        FILE_ALIGNMENT_INFO => FILE_ALIGNMENT_INFORMATION,
        FILE_ID_INFO => FILE_ID_INFORMATION,
        FILE_CASE_SENSITIVE_INFO => FILE_CASE_SENSITIVE_INFORMATION,
        FILE_NORMALIZED_NAME_INFO => FILE_NORMALIZED_NAME_INFORMATION,
        _ => return None,
    })
}

fn set_class(class: u32) -> Option<u32> {
    Some(match class {
        FILE_BASIC_INFO => FILE_BASIC_INFORMATION,
        FILE_RENAME_INFO => FILE_RENAME_INFORMATION,
        FILE_DISPOSITION_INFO => FILE_DISPOSITION_INFORMATION,
        FILE_ALLOCATION_INFO => FILE_ALLOCATION_INFORMATION,
        FILE_END_OF_FILE_INFO => FILE_END_OF_FILE_INFORMATION,
        FILE_DISPOSITION_INFO_EX => FILE_DISPOSITION_INFORMATION_EX,
        FILE_RENAME_INFO_EX => FILE_RENAME_INFORMATION_EX,
        FILE_CASE_SENSITIVE_INFO => FILE_CASE_SENSITIVE_INFORMATION,
        _ => return None,
    })
}

/// The structure that a directory class fills in, and whether it begins anew.
fn directory_class(class: u32) -> Option<(DirectoryForm, Restart)> {
    Some(match class {
        FILE_ID_BOTH_DIRECTORY_INFO => (DirectoryForm::IdBoth, Restart::No),
        FILE_ID_BOTH_DIRECTORY_RESTART_INFO => (DirectoryForm::IdBoth, Restart::Yes),
        FILE_FULL_DIRECTORY_INFO => (DirectoryForm::Full, Restart::No),
        FILE_FULL_DIRECTORY_RESTART_INFO => (DirectoryForm::Full, Restart::Yes),
        FILE_ID_EXTD_DIRECTORY_INFO => (DirectoryForm::IdExtd, Restart::No),
        FILE_ID_EXTD_DIRECTORY_RESTART_INFO => (DirectoryForm::IdExtd, Restart::Yes),
        _ => return None,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Restart {
    Yes,
    No,
}

impl System {
    /// `GetFileInformationByHandle`. It also brings the directory entry of the
    /// name that was opened up to date.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_INVALID_FUNCTION for a device;
    /// ERROR_ACCESS_DENIED without FILE_READ_ATTRIBUTES.
    pub fn get_file_information_by_handle(
        &self,
        handle: Handle,
    ) -> Win32Result<ByHandleFileInformation> {
        self.remember(self.by_handle(handle))
    }

    fn by_handle(&self, handle: Handle) -> Win32Result<ByHandleFileInformation> {
        let open = self.file_or(handle, Win32Error::INVALID_FUNCTION)?;
        if !open.may(FILE_READ_ATTRIBUTES) {
            return Err(Win32Error::ACCESS_DENIED);
        }
        self.machine.refresh_open_name(&open);
        let facts = Facts::of(&self.machine, &open)?;
        let serial = open.fs.volume_info().map_err(status::of)?.serial;
        let [created, accessed, written, _] = facts.ticks().map(FileTime::from_ticks);
        let (size_high, size_low) = halves(facts.size);
        let (index_high, index_low) = halves(facts.index());
        Ok(ByHandleFileInformation {
            file_attributes: facts.attributes(),
            creation_time: created,
            last_access_time: accessed,
            last_write_time: written,
            volume_serial_number: halves(serial).1,
            file_size_high: size_high,
            file_size_low: size_low,
            number_of_links: facts.links(&open),
            file_index_high: index_high,
            file_index_low: index_low,
        })
    }

    /// `GetFileInformationByHandleEx`: fills `buffer` with the structure of the
    /// class ([`structures`](crate::structures)). Of a list or a name that does
    /// not fit, `buffer` has the part that does when the code is
    /// ERROR_MORE_DATA.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for a class that cannot be asked for;
    /// ERROR_BAD_LENGTH for a buffer below the structure; ERROR_MORE_DATA;
    /// ERROR_NO_MORE_FILES at the end of a directory; ERROR_HANDLE_EOF for the
    /// streams of what has none; ERROR_ACCESS_DENIED.
    pub fn get_file_information_by_handle_ex(
        &self,
        handle: Handle,
        class: u32,
        buffer: &mut [u8],
    ) -> Win32Result<()> {
        self.remember(self.information_ex(handle, class, buffer))
    }

    fn information_ex(&self, handle: Handle, class: u32, buffer: &mut [u8]) -> Win32Result<()> {
        if let Some((form, restart)) = directory_class(class) {
            let open = self.file_or(handle, Win32Error::INVALID_PARAMETER)?;
            return put(&read_directory(&open, form, restart, buffer.len()), buffer);
        }
        let class = query_class(class).ok_or(Win32Error::INVALID_PARAMETER)?;
        let open = self.file_or(handle, Win32Error::INVALID_FUNCTION)?;
        let answer = self.machine.query(&open, class, buffer.len());
        if class == FILE_STREAM_INFORMATION
            && answer.status == NtStatus::SUCCESS
            && answer.bytes.is_empty()
        {
            return Err(Win32Error::HANDLE_EOF);
        }
        put(&answer, buffer)
    }

    /// `NtQueryInformationFile`: the status, and how many bytes of `buffer` were
    /// filled in.
    pub fn nt_query_information_file(
        &self,
        handle: Handle,
        class: u32,
        buffer: &mut [u8],
    ) -> (NtStatus, usize) {
        let Ok(open) = self.object::<FileObject>(handle) else {
            return (NtStatus::INVALID_HANDLE, 0);
        };
        let answer = self.machine.query(&open, class, buffer.len());
        (answer.status, copy_out(&answer.bytes, buffer))
    }

    /// `SetFileInformationByHandle`: `buffer` holds the structure of the class.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for a class that cannot be set; ERROR_BAD_LENGTH
    /// for a buffer below the structure; ERROR_ACCESS_DENIED without the right
    /// that the class needs; ...
    pub fn set_file_information_by_handle(
        &self,
        handle: Handle,
        class: u32,
        buffer: &[u8],
    ) -> Win32Result<()> {
        self.remember(self.set_information(handle, class, buffer))
    }

    fn set_information(&self, handle: Handle, class: u32, buffer: &[u8]) -> Win32Result<()> {
        let class = set_class(class).ok_or(Win32Error::INVALID_PARAMETER)?;
        let open = self.file_or(handle, Win32Error::INVALID_FUNCTION)?;
        let names = || self.set_name_information(&open, class, buffer, Grammar::Win32);
        let set = self.machine.set_plain(&open, class, buffer).or_else(names);
        Ok(set.unwrap_or(Err(NtStatus::INVALID_INFO_CLASS))?)
    }

    /// `GetFileTime`: creation, last access, last write.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_ACCESS_DENIED without FILE_READ_ATTRIBUTES.
    pub fn get_file_time(&self, handle: Handle) -> Win32Result<FileTimes> {
        self.remember(self.file_times(handle))
    }

    fn file_times(&self, handle: Handle) -> Win32Result<FileTimes> {
        let open = self.file_or(handle, Win32Error::INVALID_HANDLE)?;
        if !open.may(FILE_READ_ATTRIBUTES) {
            return Err(Win32Error::ACCESS_DENIED);
        }
        let facts = Facts::of(&self.machine, &open)?;
        let [created, accessed, written, _] = facts.ticks().map(FileTime::from_ticks);
        Ok([created, accessed, written])
    }

    /// `SetFileTime`: those that are not NULL. A time of 0 leaves it as it is, as
    /// one of all bits does.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_ACCESS_DENIED without FILE_WRITE_ATTRIBUTES.
    pub fn set_file_time(
        &self,
        handle: Handle,
        creation: Option<FileTime>,
        last_access: Option<FileTime>,
        last_write: Option<FileTime>,
    ) -> Win32Result<()> {
        // All bits are -1: the time is to be left alone.
        let ticks = |time: Option<FileTime>| time.map_or(0, |time| time.ticks().cast_signed());
        let info = FileBasicInfo {
            creation_time: ticks(creation),
            last_access_time: ticks(last_access),
            last_write_time: ticks(last_write),
            ..FileBasicInfo::default()
        };
        self.remember(self.set_information(handle, FILE_BASIC_INFO, info.as_bytes()))
    }

    /// `GetFileType`.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE, with FILE_TYPE_UNKNOWN to a C program.
    pub fn get_file_type(&self, handle: Handle) -> Win32Result<u32> {
        let file = self.object::<FileObject>(handle).is_ok()
            || self.object::<VolumeObject>(handle).is_ok();
        let null = self.object::<NullDevice>(handle).is_ok();
        self.remember(match (file, null) {
            (true, _) => Ok(FILE_TYPE_DISK),
            (false, true) => Ok(FILE_TYPE_CHAR),
            (false, false) => Err(Win32Error::INVALID_HANDLE),
        })
    }

    /// The file of a handle; a device answers with `device`.
    pub(crate) fn file_or(
        &self,
        handle: Handle,
        device: Win32Error,
    ) -> Win32Result<Arc<FileObject>> {
        let is_device = self.object::<NullDevice>(handle).is_ok()
            || self.object::<VolumeObject>(handle).is_ok();
        match is_device {
            true => Err(device),
            false => self.object::<FileObject>(handle),
        }
    }
}

/// Puts what an answer has into the caller's buffer.
fn put(answer: &Answer, buffer: &mut [u8]) -> Win32Result<()> {
    copy_out(&answer.bytes, buffer);
    match answer.status {
        NtStatus::SUCCESS => Ok(()),
        status => Err(status.to_win32()),
    }
}

pub(crate) fn copy_out(bytes: &[u8], buffer: &mut [u8]) -> usize {
    let most = bytes.len().min(buffer.len());
    for (to, &from) in buffer.iter_mut().zip(bytes) {
        *to = from;
    }
    most
}

/// As many entries as fit, from where the last call on this handle ended.
fn read_directory(open: &FileObject, form: DirectoryForm, restart: Restart, room: usize) -> Answer {
    if room < form.min() {
        return Answer::failed(NtStatus::INFO_LENGTH_MISMATCH);
    }
    let mut scan = open.scan();
    if restart == Restart::Yes || scan.is_none() {
        match begin(open) {
            Ok(begun) => *scan = Some(begun),
            Err(status) => return Answer::failed(status),
        }
    }
    let scan = match scan.as_mut() {
        Some(scan) if scan.peek().is_some() => scan,
        _ => return Answer::failed(NtStatus::NO_MORE_FILES),
    };
    let mut chain = Chain::new(room);
    while let Some(entry) = scan.peek() {
        if chain.push(&entry.encode(form)).is_err() {
            break;
        }
        scan.take();
    }
    match chain.is_empty() {
        true => Answer::failed(NtStatus::BUFFER_OVERFLOW),
        false => Answer {
            status: NtStatus::SUCCESS,
            bytes: chain.into_bytes(),
        },
    }
}

fn begin(open: &FileObject) -> Result<Scan, NtStatus> {
    let all = Expression::new(&[]);
    match Scan::begin(open, &all, SearchCase::Ignored) {
        // An empty root: there is nothing, not even dots.
        Err(NtStatus::NO_SUCH_FILE) => Ok(Scan::default()),
        scan => scan,
    }
}

impl FileObject {
    /// Where the directory classes go on.
    fn scan(&self) -> MutexGuard<'_, Option<Scan>> {
        self.scan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
