//! From the codes of Windows to [`ErrorKind`], the way back of `win32.rs`.

use linkwright_codes::Win32Error;

use crate::error::{ErrorKind, Feature};

/// The kind of a code that a call failed with.
pub(crate) fn kind_of_code(code: Win32Error) -> ErrorKind {
    match code {
        Win32Error::FILE_NOT_FOUND => ErrorKind::NotFound,
        Win32Error::PATH_NOT_FOUND | Win32Error::INVALID_DRIVE => ErrorKind::PathNotFound,
        Win32Error::ALREADY_EXISTS | Win32Error::FILE_EXISTS => ErrorKind::AlreadyExists,
        Win32Error::ACCESS_DENIED => ErrorKind::AccessDenied,
        Win32Error::PRIVILEGE_NOT_HELD => ErrorKind::PrivilegeNotHeld,
        Win32Error::DIRECTORY => ErrorKind::NotADirectory,
        Win32Error::DIR_NOT_EMPTY => ErrorKind::DirectoryNotEmpty,
        Win32Error::INVALID_NAME | Win32Error::BAD_PATHNAME => ErrorKind::InvalidName,
        Win32Error::FILENAME_EXCED_RANGE => ErrorKind::NameTooLong,
        Win32Error::TOO_MANY_LINKS => ErrorKind::TooManyLinks,
        Win32Error::NOT_SAME_DEVICE => ErrorKind::CrossDevice,
        Win32Error::DISK_FULL | Win32Error::HANDLE_DISK_FULL => ErrorKind::DiskFull,
        Win32Error::FILE_TOO_LARGE => ErrorKind::FileTooLarge,
        Win32Error::WRITE_PROTECT => ErrorKind::WriteProtected,
        Win32Error::NOT_A_REPARSE_POINT => ErrorKind::NotAReparsePoint,
        Win32Error::INVALID_REPARSE_DATA => ErrorKind::InvalidReparseData,
        Win32Error::REPARSE_TAG_MISMATCH => ErrorKind::ReparseTagMismatch,
        Win32Error::CANT_RESOLVE_FILENAME => ErrorKind::LinkLoop,
        Win32Error::CANT_ACCESS_FILE | Win32Error::SYMLINK_CLASS_DISABLED => {
            ErrorKind::UnresolvedLink
        }
        Win32Error::SHARING_VIOLATION | Win32Error::LOCK_VIOLATION => ErrorKind::Locked,
        Win32Error::TOO_MANY_OPEN_FILES | Win32Error::NOT_ENOUGH_MEMORY => {
            ErrorKind::OutOfResources
        }
        Win32Error::FILE_CORRUPT => ErrorKind::Corrupt,
        // What a file system without the call answers: FAT 1, ReFS 50, an old
        // system or Wine 120 (SEMANTICS 9.12).
        Win32Error::INVALID_FUNCTION
        | Win32Error::NOT_SUPPORTED
        | Win32Error::CALL_NOT_IMPLEMENTED => ErrorKind::Unsupported(Feature::Volume),
        Win32Error::INVALID_PARAMETER => ErrorKind::InvalidArgument,
        Win32Error::OPERATION_ABORTED => ErrorKind::Interrupted,
        _ => ErrorKind::Io,
    }
}
