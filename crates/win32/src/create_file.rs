//! `CreateFileW`.

use std::sync::Arc;

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{
    CREATE_ALWAYS, CREATE_NEW, DELETE, FILE_DELETE_ON_CLOSE, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_NO_BUFFERING, FILE_FLAG_OPEN_NO_RECALL,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_FLAG_OVERLAPPED, FILE_FLAG_RANDOM_ACCESS,
    FILE_FLAG_SEQUENTIAL_SCAN, FILE_FLAG_WRITE_THROUGH, FILE_NO_INTERMEDIATE_BUFFERING,
    FILE_NON_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_NO_RECALL,
    FILE_OPEN_REPARSE_POINT, FILE_RANDOM_ACCESS, FILE_READ_ATTRIBUTES, FILE_SEQUENTIAL_ONLY,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_THROUGH, GENERIC_ALL, GENERIC_WRITE, OPEN_ALWAYS, OPEN_EXISTING, SYNCHRONIZE,
    TRUNCATE_EXISTING,
};
use crate::handles::Object;
use crate::nt::create::{Action, Disposition, Request};
use crate::nt::lookup::{PlainView, View};
use crate::nt::objects::{FileObject, NullDevice, VolumeObject};
use crate::path::{Limit, Location, Target};
use crate::{Handle, System, Win32Result};

/// The arguments of `CreateFile` after the name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileArguments<'a> {
    pub(crate) access: u32,
    pub(crate) share: u32,
    pub(crate) security: Option<&'a [u8]>,
    pub(crate) disposition: u32,
    pub(crate) flags: u32,
}

impl System {
    /// `CreateFileW`: opens or makes a file, directory or device. `security` is a
    /// self-relative descriptor for a new file (`lpSecurityDescriptor` of
    /// SECURITY_ATTRIBUTES); `template` must be an open file and lends a new file
    /// its attributes.
    ///
    /// When CREATE_ALWAYS or OPEN_ALWAYS finds the file the last error is
    /// ERROR_ALREADY_EXISTS, though the call succeeded.
    ///
    /// # Errors
    /// ERROR_FILE_EXISTS when CREATE_NEW finds the name taken;
    /// ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED,
    /// ERROR_SHARING_VIOLATION, ERROR_INVALID_NAME, ...
    #[expect(clippy::too_many_arguments, reason = "the SDK's function has seven")]
    pub fn create_file_w(
        &self,
        name: Option<&[u16]>,
        access: u32,
        share: u32,
        security: Option<&[u8]>,
        disposition: u32,
        flags: u32,
        template: Option<Handle>,
    ) -> Win32Result<Handle> {
        let arguments = FileArguments {
            access,
            share,
            security,
            disposition,
            flags,
        };
        self.remember(self.create_file(name, arguments, template, &PlainView))
    }

    /// The same in a transaction's view, last error left alone on failure.
    pub(crate) fn create_file(
        &self,
        name: Option<&[u16]>,
        arguments: FileArguments<'_>,
        template: Option<Handle>,
        view: &dyn View,
    ) -> Win32Result<Handle> {
        let disposition = disposition(arguments.disposition, arguments.access)?;
        const SHARE: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
        if arguments.share & !SHARE != 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let path = self.nt_path(name, Limit::File)?;
        let attributes = match template {
            None => arguments.flags & 0xFFFF,
            Some(template) => {
                let open = self.object::<FileObject>(template)?;
                let stat = open.fs.stat(&open.node);
                stat.map_err(|error| crate::nt::status::status(&error).to_win32())?
                    .attributes
                    .bits()
            }
        };
        let location = match self.locate(&path)? {
            Target::File(location) => location,
            Target::Null => return Ok(self.handle(Arc::new(NullDevice), Action::Opened, 0)),
            Target::Volume(volume) => {
                let object = Arc::new(VolumeObject { volume });
                return Ok(self.handle(object, Action::Opened, 0));
            }
        };
        let request = Request {
            location: &location,
            access: access(arguments),
            share: arguments.share,
            disposition,
            options: options(arguments.flags),
            attributes,
            security: arguments.security,
            link: None,
            token: &self.token(),
            view,
        };
        let (open, action) = self
            .machine
            .create(&request)
            .map_err(|status| translate(status, &location, arguments.disposition))?;
        Ok(self.handle(open, action, arguments.disposition))
    }

    /// The handle of an object, and the last error of a success.
    fn handle(&self, object: Arc<dyn Object>, action: Action, disposition: u32) -> Handle {
        let existed = action != Action::Created;
        match disposition {
            CREATE_ALWAYS | OPEN_ALWAYS if existed => {
                self.set_last_error(Win32Error::ALREADY_EXISTS);
            }
            _ => self.set_last_error(Win32Error::SUCCESS),
        }
        self.process.handles.insert(object)
    }
}

fn disposition(number: u32, access: u32) -> Win32Result<Disposition> {
    match number {
        CREATE_NEW => Ok(Disposition::Create),
        CREATE_ALWAYS => Ok(Disposition::OverwriteIf),
        OPEN_EXISTING => Ok(Disposition::Open),
        OPEN_ALWAYS => Ok(Disposition::OpenIf),
        TRUNCATE_EXISTING if access & (GENERIC_WRITE | GENERIC_ALL) != 0 => {
            Ok(Disposition::Overwrite)
        }
        _ => Err(Win32Error::INVALID_PARAMETER),
    }
}

/// kernel32 asks for attributes and synchronisation beside what it was told.
fn access(arguments: FileArguments<'_>) -> u32 {
    let delete = match arguments.flags & FILE_FLAG_DELETE_ON_CLOSE {
        0 => 0,
        _ => DELETE,
    };
    arguments.access | SYNCHRONIZE | FILE_READ_ATTRIBUTES | delete
}

fn options(flags: u32) -> u32 {
    let mut options = 0;
    for (flag, option) in [
        (FILE_FLAG_WRITE_THROUGH, FILE_WRITE_THROUGH),
        (FILE_FLAG_NO_BUFFERING, FILE_NO_INTERMEDIATE_BUFFERING),
        (FILE_FLAG_RANDOM_ACCESS, FILE_RANDOM_ACCESS),
        (FILE_FLAG_SEQUENTIAL_SCAN, FILE_SEQUENTIAL_ONLY),
        (FILE_FLAG_DELETE_ON_CLOSE, FILE_DELETE_ON_CLOSE),
        (FILE_FLAG_OPEN_REPARSE_POINT, FILE_OPEN_REPARSE_POINT),
        (FILE_FLAG_OPEN_NO_RECALL, FILE_OPEN_NO_RECALL),
        (FILE_FLAG_BACKUP_SEMANTICS, FILE_OPEN_FOR_BACKUP_INTENT),
    ] {
        if flags & flag != 0 {
            options |= option;
        }
    }
    if flags & FILE_FLAG_OVERLAPPED == 0 {
        options |= FILE_SYNCHRONOUS_IO_NONALERT;
    }
    if flags & FILE_FLAG_BACKUP_SEMANTICS == 0 {
        options |= FILE_NON_DIRECTORY_FILE;
    }
    options
}

/// CreateFile has codes of its own for two statuses.
fn translate(status: NtStatus, location: &Location, disposition: u32) -> Win32Error {
    match status {
        NtStatus::OBJECT_NAME_COLLISION if disposition == CREATE_NEW => Win32Error::FILE_EXISTS,
        NtStatus::FILE_IS_A_DIRECTORY if location.has_trailing_backslash() => {
            Win32Error::PATH_NOT_FOUND
        }
        status => status.to_win32(),
    }
}
