//! From the errors of [`linkwright_fs`] to NTSTATUS, in one place.

use linkwright_codes::NtStatus;
use linkwright_fs::{Error, ErrorKind, Feature, Refusal, TransactionError};

/// The status of an error of a file system.
pub(crate) fn status(error: &Error) -> NtStatus {
    of_kind(error.kind())
}

/// For `map_err`.
pub(crate) fn of(error: Error) -> NtStatus {
    status(&error)
}

fn of_kind(kind: ErrorKind) -> NtStatus {
    match kind {
        ErrorKind::NotFound | ErrorKind::StreamNotFound => NtStatus::OBJECT_NAME_NOT_FOUND,
        ErrorKind::PathNotFound | ErrorKind::UnresolvedLink => NtStatus::OBJECT_PATH_NOT_FOUND,
        ErrorKind::AlreadyExists => NtStatus::OBJECT_NAME_COLLISION,
        ErrorKind::AccessDenied => NtStatus::ACCESS_DENIED,
        ErrorKind::PrivilegeNotHeld => NtStatus::PRIVILEGE_NOT_HELD,
        ErrorKind::NotADirectory => NtStatus::NOT_A_DIRECTORY,
        ErrorKind::IsADirectory => NtStatus::FILE_IS_A_DIRECTORY,
        ErrorKind::DirectoryNotEmpty => NtStatus::DIRECTORY_NOT_EMPTY,
        ErrorKind::InvalidName | ErrorKind::NameTooLong => NtStatus::OBJECT_NAME_INVALID,
        ErrorKind::TargetTooLong | ErrorKind::InvalidReparseData => {
            NtStatus::IO_REPARSE_DATA_INVALID
        }
        ErrorKind::InvalidTarget | ErrorKind::InvalidArgument => NtStatus::INVALID_PARAMETER,
        ErrorKind::TooManyLinks => NtStatus::TOO_MANY_LINKS,
        ErrorKind::CrossDevice => NtStatus::NOT_SAME_DEVICE,
        ErrorKind::DiskFull => NtStatus::DISK_FULL,
        ErrorKind::FileTooLarge => NtStatus::FILE_TOO_LARGE,
        ErrorKind::WriteProtected => NtStatus::MEDIA_WRITE_PROTECTED,
        ErrorKind::NotAReparsePoint => NtStatus::NOT_A_REPARSE_POINT,
        ErrorKind::ReparseTagMismatch => NtStatus::IO_REPARSE_TAG_MISMATCH,
        ErrorKind::LinkLoop => NtStatus::REPARSE_POINT_NOT_RESOLVED,
        ErrorKind::IntoItself | ErrorKind::Locked => NtStatus::SHARING_VIOLATION,
        ErrorKind::Transaction(error) => transaction(error),
        ErrorKind::Unsupported(feature) => unsupported(feature),
        ErrorKind::InvalidFunction(_) => NtStatus::INVALID_DEVICE_REQUEST,
        ErrorKind::Refused(refusal) => refused(refusal),
        ErrorKind::Corrupt => NtStatus::FILE_CORRUPT_ERROR,
        ErrorKind::Io => NtStatus::IO_DEVICE_ERROR,
        ErrorKind::OutOfResources => NtStatus::INSUFFICIENT_RESOURCES,
        ErrorKind::Interrupted => NtStatus::CANCELLED,
    }
}

fn unsupported(feature: Feature) -> NtStatus {
    match feature {
        Feature::Volume => NtStatus::UNRECOGNIZED_VOLUME,
        Feature::Transactions => NtStatus::RM_NOT_ACTIVE,
        Feature::ExtendedAttributes => NtStatus::EAS_NOT_SUPPORTED,
        Feature::Security => NtStatus::INVALID_DEVICE_REQUEST,
        Feature::HardLinks
        | Feature::SymbolicLinks
        | Feature::ReparsePoints
        | Feature::NamedStreams
        | Feature::NamesOfFiles
        | Feature::ObjectIds
        | Feature::OpenById
        | Feature::PosixUnlink
        | Feature::FileData => NtStatus::NOT_SUPPORTED,
    }
}

fn transaction(error: TransactionError) -> NtStatus {
    match error {
        TransactionError::Conflict => NtStatus::TRANSACTIONAL_CONFLICT,
        TransactionError::Dependency => NtStatus::CANT_BREAK_TRANSACTIONAL_DEPENDENCY,
        TransactionError::Ended => NtStatus::HANDLE_NO_LONGER_VALID,
        TransactionError::Encrypted => NtStatus::EFS_NOT_ALLOWED_IN_TRANSACTION,
        TransactionError::Sparse => NtStatus::SPARSE_NOT_ALLOWED_IN_TRANSACTION,
        TransactionError::NotSupported => NtStatus::OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
    }
}

fn refused(refusal: Refusal) -> NtStatus {
    match refusal {
        Refusal::Dirty
        | Refusal::ForeignJournal
        | Refusal::Hibernated
        | Refusal::ShadowCopies
        | Refusal::Version => NtStatus::MEDIA_WRITE_PROTECTED,
        Refusal::FailedBefore => NtStatus::IO_DEVICE_ERROR,
        Refusal::SystemFile => NtStatus::ACCESS_DENIED,
    }
}
