//! From the engine's errors to [`ErrorKind`], in one place.

use linkwright_device::DeviceError;
use linkwright_names::NameErrorKind;
use linkwright_ntfs::{Error as EngineError, InvalidInput, Unsupported};

use crate::error::{Error, ErrorKind, Feature, Refusal};

/// The error of the engine in the terms of file systems; its text stays where
/// it says more than the kind.
pub(super) fn from_engine(error: EngineError) -> Error {
    let (kind, detail) = match &error {
        EngineError::InvalidInput(input) => of_input(input),
        EngineError::DiskFull => (ErrorKind::DiskFull, Detail::Drop),
        EngineError::Io(device) => (of_device(device), Detail::Keep),
        EngineError::Latched => (ErrorKind::Refused(Refusal::FailedBefore), Detail::Drop),
        EngineError::Unsupported(feature) => of_unsupported(feature),
        EngineError::Corrupt(_) => (ErrorKind::Corrupt, Detail::Keep),
        // The engine may learn new ways to fail.
        _ => (ErrorKind::Io, Detail::Keep),
    };
    match detail {
        Detail::Keep => Error::with_source(kind, error),
        Detail::Drop => kind.into(),
    }
}

/// Whether the engine's text adds something.
#[derive(Clone, Copy)]
enum Detail {
    Keep,
    Drop,
}

fn of_input(input: &InvalidInput) -> (ErrorKind, Detail) {
    let plain = |kind| (kind, Detail::Drop);
    match input {
        InvalidInput::NotFound | InvalidInput::StaleReference => plain(ErrorKind::NotFound),
        InvalidInput::NameCollision => plain(ErrorKind::AlreadyExists),
        InvalidInput::InvalidName(name) => match name.kind {
            NameErrorKind::TooLong { .. } => (ErrorKind::NameTooLong, Detail::Keep),
            _ => (ErrorKind::InvalidName, Detail::Keep),
        },
        InvalidInput::InvalidStreamName => (ErrorKind::InvalidName, Detail::Keep),
        InvalidInput::NotADirectory => plain(ErrorKind::NotADirectory),
        InvalidInput::IsADirectory => plain(ErrorKind::IsADirectory),
        InvalidInput::DirectoryNotEmpty => plain(ErrorKind::DirectoryNotEmpty),
        InvalidInput::TooManyLinks => plain(ErrorKind::TooManyLinks),
        InvalidInput::MoveIntoItself => plain(ErrorKind::IntoItself),
        InvalidInput::Metafile => plain(ErrorKind::Refused(Refusal::SystemFile)),
        InvalidInput::StreamNotFound => plain(ErrorKind::StreamNotFound),
        InvalidInput::NotAReparsePoint => plain(ErrorKind::NotAReparsePoint),
        InvalidInput::ReparseTagMismatch => plain(ErrorKind::ReparseTagMismatch),
        InvalidInput::InvalidReparseData => plain(ErrorKind::InvalidReparseData),
        InvalidInput::ReparseConflict => (ErrorKind::DirectoryNotEmpty, Detail::Keep),
        InvalidInput::OutOfRange => plain(ErrorKind::FileTooLarge),
        InvalidInput::ReadOnly => plain(ErrorKind::WriteProtected),
        InvalidInput::ObjectIdCollision => (ErrorKind::AlreadyExists, Detail::Keep),
        InvalidInput::InvalidSecurityDescriptor | InvalidInput::InvalidExtendedAttributes => {
            (ErrorKind::InvalidArgument, Detail::Keep)
        }
        _ => (ErrorKind::InvalidArgument, Detail::Keep),
    }
}

fn of_unsupported(feature: &Unsupported) -> (ErrorKind, Detail) {
    let refused = |refusal| (ErrorKind::Refused(refusal), Detail::Drop);
    match feature {
        Unsupported::Dirty => refused(Refusal::Dirty),
        Unsupported::LogHoldsWork => refused(Refusal::ForeignJournal),
        // The text names the place.
        Unsupported::ForeignWriter { .. } => {
            (ErrorKind::Refused(Refusal::ForeignJournal), Detail::Keep)
        }
        Unsupported::ShadowCopies => refused(Refusal::ShadowCopies),
        Unsupported::Hibernated => refused(Refusal::Hibernated),
        Unsupported::NotNtfs(_) | Unsupported::Version { .. } | Unsupported::Geometry(_) => {
            (ErrorKind::Unsupported(Feature::Volume), Detail::Keep)
        }
        Unsupported::Encrypted | Unsupported::WriteCompressed | Unsupported::Compression(_) => {
            (ErrorKind::Unsupported(Feature::FileData), Detail::Keep)
        }
        _ => (ErrorKind::Unsupported(Feature::Volume), Detail::Keep),
    }
}

fn of_device(error: &DeviceError) -> ErrorKind {
    match error {
        DeviceError::ReadOnly { .. } => ErrorKind::WriteProtected,
        DeviceError::ShortRead { .. } | DeviceError::OutOfRange { .. } => ErrorKind::Corrupt,
        DeviceError::Locked { .. } => ErrorKind::Locked,
        DeviceError::Io { source, .. } | DeviceError::Open { source, .. } => {
            match Error::from(std::io::Error::from(source.kind())).kind() {
                // The image lies on a host volume that is full.
                ErrorKind::DiskFull => ErrorKind::DiskFull,
                _ => ErrorKind::Io,
            }
        }
        _ => ErrorKind::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_has_a_code_for_gets_it() {
        let code = |error: EngineError| from_engine(error).win32().0;
        assert_eq!(code(InvalidInput::TooManyLinks.into()), 1142);
        assert_eq!(code(InvalidInput::NameCollision.into()), 183);
        assert_eq!(code(InvalidInput::NotFound.into()), 2);
        assert_eq!(code(InvalidInput::DirectoryNotEmpty.into()), 145);
        assert_eq!(code(InvalidInput::NotAReparsePoint.into()), 4390);
        assert_eq!(code(EngineError::DiskFull), 112);
        assert_eq!(
            from_engine(Unsupported::Hibernated.into()).kind(),
            ErrorKind::Refused(Refusal::Hibernated)
        );
    }
}
