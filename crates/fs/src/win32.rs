//! From [`ErrorKind`] to the Win32 code of each, in one place.

use linkwright_codes::Win32Error;

use crate::error::{Error, ErrorKind, Feature, Refusal, TransactionError};

impl ErrorKind {
    /// The code that Windows gives for this.
    pub fn win32(self) -> Win32Error {
        match self {
            Self::NotFound | Self::StreamNotFound => Win32Error::FILE_NOT_FOUND,
            Self::PathNotFound => Win32Error::PATH_NOT_FOUND,
            Self::AlreadyExists => Win32Error::ALREADY_EXISTS,
            Self::AccessDenied | Self::IsADirectory => Win32Error::ACCESS_DENIED,
            Self::PrivilegeNotHeld => Win32Error::PRIVILEGE_NOT_HELD,
            Self::NotADirectory => Win32Error::DIRECTORY,
            Self::DirectoryNotEmpty => Win32Error::DIR_NOT_EMPTY,
            Self::InvalidName => Win32Error::INVALID_NAME,
            // A component above 255 units is an invalid name to Windows
            // (SEMANTICS 9.2); a target that fits no buffer is too long.
            Self::NameTooLong => Win32Error::INVALID_NAME,
            Self::TargetTooLong => Win32Error::FILENAME_EXCED_RANGE,
            Self::InvalidTarget | Self::InvalidArgument => Win32Error::INVALID_PARAMETER,
            Self::TooManyLinks => Win32Error::TOO_MANY_LINKS,
            Self::CrossDevice => Win32Error::NOT_SAME_DEVICE,
            Self::DiskFull => Win32Error::DISK_FULL,
            Self::FileTooLarge => Win32Error::FILE_TOO_LARGE,
            Self::WriteProtected => Win32Error::WRITE_PROTECT,
            Self::NotAReparsePoint => Win32Error::NOT_A_REPARSE_POINT,
            Self::InvalidReparseData => Win32Error::INVALID_REPARSE_DATA,
            Self::ReparseTagMismatch => Win32Error::REPARSE_TAG_MISMATCH,
            Self::LinkLoop => Win32Error::CANT_RESOLVE_FILENAME,
            Self::UnresolvedLink => Win32Error::SYMLINK_CLASS_DISABLED,
            Self::IntoItself => Win32Error::SHARING_VIOLATION,
            Self::Unsupported(feature) => unsupported(feature),
            Self::InvalidFunction(_) => Win32Error::INVALID_FUNCTION,
            Self::Refused(refusal) => refused(refusal),
            Self::Transaction(error) => transaction(error),
            Self::Locked => Win32Error::SHARING_VIOLATION,
            Self::Corrupt => Win32Error::FILE_CORRUPT,
            Self::Io => Win32Error::IO_DEVICE,
            Self::OutOfResources => Win32Error::TOO_MANY_OPEN_FILES,
            Self::Interrupted => Win32Error::OPERATION_ABORTED,
        }
    }
}

fn unsupported(feature: Feature) -> Win32Error {
    match feature {
        Feature::Volume => Win32Error::UNRECOGNIZED_VOLUME,
        Feature::Transactions => Win32Error::RM_NOT_ACTIVE,
        Feature::HardLinks
        | Feature::SymbolicLinks
        | Feature::ReparsePoints
        | Feature::NamedStreams
        | Feature::ExtendedAttributes
        | Feature::NamesOfFiles
        | Feature::Security
        | Feature::ObjectIds
        | Feature::OpenById
        | Feature::PosixUnlink
        | Feature::FileData => Win32Error::NOT_SUPPORTED,
    }
}

fn transaction(error: TransactionError) -> Win32Error {
    match error {
        TransactionError::Conflict => Win32Error::TRANSACTIONAL_CONFLICT,
        TransactionError::Dependency => Win32Error::CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
        TransactionError::Ended => Win32Error::HANDLE_NO_LONGER_VALID,
        TransactionError::Encrypted => Win32Error::EFS_NOT_ALLOWED_IN_TRANSACTION,
        TransactionError::Sparse => Win32Error::SPARSE_NOT_ALLOWED_IN_TRANSACTION,
        TransactionError::NotSupported => Win32Error::OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
    }
}

fn refused(refusal: Refusal) -> Win32Error {
    match refusal {
        Refusal::Dirty
        | Refusal::ForeignJournal
        | Refusal::Hibernated
        | Refusal::ShadowCopies
        | Refusal::Version => Win32Error::WRITE_PROTECT,
        Refusal::FailedBefore => Win32Error::IO_DEVICE,
        Refusal::SystemFile => Win32Error::ACCESS_DENIED,
    }
}

impl Error {
    /// The code that Windows gives for this.
    pub fn win32(&self) -> Win32Error {
        self.kind().win32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_links_are_known_by() {
        assert_eq!(ErrorKind::TooManyLinks.win32().0, 1142);
        assert_eq!(ErrorKind::AlreadyExists.win32().0, 183);
        assert_eq!(ErrorKind::NotFound.win32().0, 2);
        assert_eq!(ErrorKind::PathNotFound.win32().0, 3);
        assert_eq!(ErrorKind::CrossDevice.win32().0, 17);
        assert_eq!(ErrorKind::NotAReparsePoint.win32().0, 4390);
        assert_eq!(ErrorKind::LinkLoop.win32().0, 1921);
        assert_eq!(ErrorKind::Unsupported(Feature::HardLinks).win32().0, 50);
    }
}
