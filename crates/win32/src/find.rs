//! `FindFirstFile(Ex)`, `FindNextFile`: the entries of a directory, each with
//! what its directory says of it, which may be old. `FindClose` is with the
//! handles.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_names::expression::{Expression, has_wildcards};
use linkwright_names::path::{NtPath, NtPathKind};
use linkwright_names::{NameErrorKind, check_ntfs_component};

use crate::constants::{
    FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_DIRECTORY, FILE_DIRECTORY_FILE, FILE_LIST_DIRECTORY,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_SYNCHRONOUS_IO_NONALERT, FIND_EX_INFO_BASIC,
    FIND_EX_INFO_STANDARD, FIND_EX_SEARCH_LIMIT_TO_DIRECTORIES, FIND_EX_SEARCH_NAME_MATCH,
    FIND_FIRST_EX_CASE_SENSITIVE, FIND_FIRST_EX_LARGE_FETCH, FIND_FIRST_EX_ON_DISK_ENTRIES_ONLY,
    SYNCHRONIZE,
};
use crate::handles::{ClosedBy, Object};
use crate::nt::lookup::{PlainView, View};
use crate::nt::objects::FileObject;
use crate::nt::scan::{Scan, SearchCase};
use crate::opening::Wanted;
use crate::path::{Limit, Target, c_string};
use crate::structures::directory::DirectoryInformation;
use crate::structures::{FileTime, Win32FindData};
use crate::system::Machine;
use crate::{Handle, System, Win32Result};

const BACKSLASH: u16 = b'\\' as u16;
const DOT: u16 = b'.' as u16;
const STAR: u16 = b'*' as u16;

/// Which fields of WIN32_FIND_DATAW are filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// All.
    Standard,
    /// All but the 8.3 name.
    Basic,
}

/// A search.
struct Search {
    /// The directory stays open as long as the search: it can be marked for
    /// deletion, but does not go. A device has none.
    directory: Option<Arc<FileObject>>,
    scan: Mutex<Scan>,
    level: Level,
}

impl Search {
    fn scan(&self) -> MutexGuard<'_, Scan> {
        self.scan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for Search {
    fn closed_by(&self) -> ClosedBy {
        ClosedBy::FindClose
    }

    fn close(&self, machine: &Machine) {
        if let Some(directory) = &self.directory {
            machine.close_file(directory);
        }
    }
}

/// The arguments of FindFirstFileEx after the name.
#[derive(Debug, Clone, Copy)]
struct FindArguments {
    level: Level,
    case: SearchCase,
}

impl System {
    /// `FindFirstFileW`: the first entry that the last component of `name`
    /// matches, and a handle for the others. Nothing is followed: a link is told
    /// with its tag in `dwReserved0`.
    ///
    /// # Errors
    /// ERROR_FILE_NOT_FOUND when nothing matches, and for a name that ends in a
    /// backslash; ERROR_PATH_NOT_FOUND when the directory is not there;
    /// ERROR_DIRECTORY when it is a file; ERROR_INVALID_NAME;
    /// ERROR_ACCESS_DENIED without FILE_LIST_DIRECTORY.
    pub fn find_first_file_w(&self, name: Option<&[u16]>) -> Win32Result<(Handle, Win32FindData)> {
        let arguments = FindArguments {
            level: Level::Standard,
            case: SearchCase::Ignored,
        };
        self.remember(self.find_first(name, arguments, &PlainView))
    }

    /// `FindFirstFileExW`: `level` FindExInfoStandard or FindExInfoBasic (without
    /// the 8.3 name); `operation` FindExSearchNameMatch or
    /// FindExSearchLimitToDirectories, which is advice that NTFS does not take;
    /// `filter` must be NULL and is not a parameter here.
    ///
    /// # Errors
    /// ERROR_NOT_SUPPORTED for another level or operation;
    /// ERROR_INVALID_PARAMETER for unknown flags; those of
    /// [`System::find_first_file_w`].
    pub fn find_first_file_ex_w(
        &self,
        name: Option<&[u16]>,
        level: u32,
        operation: u32,
        flags: u32,
    ) -> Win32Result<(Handle, Win32FindData)> {
        self.remember(self.find_first_ex(name, level, operation, flags, &PlainView))
    }

    /// The same as a transaction sees the directory.
    pub(crate) fn find_first_ex(
        &self,
        name: Option<&[u16]>,
        level: u32,
        operation: u32,
        flags: u32,
        view: &dyn View,
    ) -> Win32Result<(Handle, Win32FindData)> {
        let arguments = find_arguments(level, operation, flags)?;
        self.find_first(name, arguments, view)
    }

    fn find_first(
        &self,
        name: Option<&[u16]>,
        arguments: FindArguments,
        view: &dyn View,
    ) -> Win32Result<(Handle, Win32FindData)> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(name, Limit::File)?;
        if let NtPathKind::DosDevice { .. } = path.kind()
            && let Ok(Target::Null) = self.locate(&path)
        {
            return Ok(self.device_found(name));
        }
        let (directory, pattern) = split(&path)?;
        let expression = expression(&pattern, name)?;
        let directory = self.open_searched(&directory, view)?;
        let begun = Scan::begin(&directory, &expression, arguments.case);
        let mut scan = match begun {
            Ok(scan) => scan,
            Err(status) => {
                self.machine.close_file(&directory);
                return Err(status.to_win32());
            }
        };
        // A search that began has an entry.
        let first = scan.take().unwrap_or_default();
        let data = find_data(&first, arguments.level);
        let search = Search {
            directory: Some(directory),
            scan: Mutex::new(scan),
            level: arguments.level,
        };
        Ok((self.process.handles.insert(Arc::new(search)), data))
    }

    /// Why a directory cannot be opened is told as a matter of the path.
    fn open_searched(&self, path: &NtPath, view: &dyn View) -> Win32Result<Arc<FileObject>> {
        let location = match self.locate(path) {
            Ok(Target::File(location)) => location,
            Ok(_) => return Err(Win32Error::FILE_NOT_FOUND),
            Err(NtStatus::OBJECT_NAME_NOT_FOUND) => return Err(Win32Error::PATH_NOT_FOUND),
            Err(status) => return Err(status.to_win32()),
        };
        let wanted = Wanted {
            access: FILE_LIST_DIRECTORY | SYNCHRONIZE,
            options: FILE_DIRECTORY_FILE
                | FILE_SYNCHRONOUS_IO_NONALERT
                | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        self.open_shared(&location, wanted, view)
            .map_err(|status| match status {
                NtStatus::OBJECT_NAME_NOT_FOUND => Win32Error::PATH_NOT_FOUND,
                status => status.to_win32(),
            })
    }

    /// A device is found under its own name, and nothing else.
    fn device_found(&self, name: &[u16]) -> (Handle, Win32FindData) {
        let name = c_string(name);
        let leaf = name
            .rsplit(|&unit| unit == BACKSLASH || unit == u16::from(b'/'))
            .next();
        let mut data = Win32FindData {
            file_attributes: FILE_ATTRIBUTE_ARCHIVE,
            ..Win32FindData::default()
        };
        data.set_name(leaf.unwrap_or(name));
        let search = Search {
            directory: None,
            scan: Mutex::default(),
            level: Level::Standard,
        };
        (self.process.handles.insert(Arc::new(search)), data)
    }

    /// `FindNextFileW`.
    ///
    /// # Errors
    /// ERROR_NO_MORE_FILES; ERROR_INVALID_HANDLE.
    pub fn find_next_file_w(&self, handle: Handle) -> Win32Result<Win32FindData> {
        self.remember(self.find_next(handle))
    }

    fn find_next(&self, handle: Handle) -> Win32Result<Win32FindData> {
        let search = self.object::<Search>(handle)?;
        let next = search.scan().take().ok_or(Win32Error::NO_MORE_FILES)?;
        Ok(find_data(&next, search.level))
    }
}

fn find_arguments(level: u32, operation: u32, flags: u32) -> Win32Result<FindArguments> {
    const FLAGS: u32 = FIND_FIRST_EX_CASE_SENSITIVE
        | FIND_FIRST_EX_LARGE_FETCH
        | FIND_FIRST_EX_ON_DISK_ENTRIES_ONLY;
    if flags & !FLAGS != 0 {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let level = match level {
        FIND_EX_INFO_STANDARD => Level::Standard,
        FIND_EX_INFO_BASIC => Level::Basic,
        _ => return Err(Win32Error::NOT_SUPPORTED),
    };
    match operation {
        FIND_EX_SEARCH_NAME_MATCH | FIND_EX_SEARCH_LIMIT_TO_DIRECTORIES => {}
        _ => return Err(Win32Error::NOT_SUPPORTED),
    }
    let case = match flags & FIND_FIRST_EX_CASE_SENSITIVE {
        0 => SearchCase::Ignored,
        _ => SearchCase::Counts,
    };
    Ok(FindArguments { level, case })
}

/// The directory, with its backslash, and the last component.
fn split(path: &NtPath) -> Win32Result<(NtPath, Vec<u16>)> {
    if let NtPathKind::Unc { rest: [], .. } = path.kind() {
        // A share itself is no entry of anything.
        return Err(Win32Error::BAD_NET_NAME);
    }
    let units = path.units();
    let at = units
        .iter()
        .rposition(|&unit| unit == BACKSLASH)
        .ok_or(Win32Error::PATH_NOT_FOUND)?;
    let (directory, pattern) = units
        .split_at_checked(at + 1)
        .ok_or(Win32Error::PATH_NOT_FOUND)?;
    if pattern.is_empty() {
        return Err(Win32Error::FILE_NOT_FOUND);
    }
    let directory = NtPath::parse(directory).map_err(|_| Win32Error::PATH_NOT_FOUND)?;
    Ok((directory, pattern.to_vec()))
}

/// The expression of a pattern. Completing a path takes a final period off,
/// which makes a difference behind a star.
fn expression(pattern: &[u16], given: &[u16]) -> Win32Result<Expression> {
    check_pattern(pattern)?;
    let mut pattern = pattern.to_vec();
    if c_string(given).last() == Some(&DOT) && pattern.last() == Some(&STAR) {
        pattern.push(DOT);
    }
    Ok(Expression::from_win32(&pattern))
}

/// A pattern is a name but for its wildcards.
fn check_pattern(pattern: &[u16]) -> Win32Result<()> {
    let plain: Vec<u16> = pattern
        .iter()
        .map(|&unit| match has_wildcards(&[unit]) {
            true => u16::from(b'x'),
            false => unit,
        })
        .collect();
    match check_ntfs_component(&plain) {
        Ok(()) => Ok(()),
        // Only directories have these two, and they are found by them.
        Err(error) if error.kind == NameErrorKind::DotName => Ok(()),
        Err(_) => Err(Win32Error::INVALID_NAME),
    }
}

fn find_data(entry: &DirectoryInformation, level: Level) -> Win32FindData {
    let [created, accessed, written, _] = entry.times.map(FileTime::from_ticks);
    let mut data = Win32FindData {
        file_attributes: entry.attributes,
        creation_time: created,
        last_access_time: accessed,
        last_write_time: written,
        reserved0: entry.reparse_tag.unwrap_or(0),
        ..Win32FindData::default()
    };
    if entry.attributes & FILE_ATTRIBUTE_DIRECTORY == 0 {
        data.set_size(entry.size);
    }
    data.set_name(&entry.name);
    if level == Level::Standard {
        data.set_alternate_name(&entry.short_name);
    }
    data
}
