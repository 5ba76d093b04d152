//! The exit statuses of the program, and which error gives which.

use linkwright_fs::{ErrorKind, Refusal};

/// How the program ends. `mklink` alone has statuses of its own, cmd's 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// It was done, and something was found.
    Findings = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A part was done.
    Partly = 3,
    /// This cannot be done here.
    Unsupported = 4,
    /// It could be done, but not safely.
    Refused = 5,
    /// It failed; the Win32 code says why.
    Failed = 6,
    /// The volume is damaged, or somebody else has it.
    DamagedOrLocked = 10,
    /// The user interrupted it.
    Interrupted = 130,
}

impl Exit {
    /// As the operating system takes it.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The status for an error of a file system.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound
            | ErrorKind::PathNotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::AccessDenied
            | ErrorKind::PrivilegeNotHeld
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::InvalidName
            | ErrorKind::NameTooLong
            | ErrorKind::TargetTooLong
            | ErrorKind::InvalidTarget
            | ErrorKind::TooManyLinks
            | ErrorKind::CrossDevice
            | ErrorKind::DiskFull
            | ErrorKind::FileTooLarge
            | ErrorKind::WriteProtected
            | ErrorKind::NotAReparsePoint
            | ErrorKind::InvalidReparseData
            | ErrorKind::ReparseTagMismatch
            | ErrorKind::StreamNotFound
            | ErrorKind::LinkLoop
            | ErrorKind::UnresolvedLink
            | ErrorKind::IntoItself
            | ErrorKind::Io
            | ErrorKind::OutOfResources
            | ErrorKind::InvalidArgument => Self::Failed,
            ErrorKind::Unsupported(_) | ErrorKind::InvalidFunction(_) => Self::Unsupported,
            ErrorKind::Refused(Refusal::FailedBefore) => Self::Failed,
            ErrorKind::Refused(
                Refusal::Dirty
                | Refusal::ForeignJournal
                | Refusal::Hibernated
                | Refusal::ShadowCopies
                | Refusal::Version
                | Refusal::SystemFile,
            ) => Self::Refused,
            ErrorKind::Transaction(_) => Self::Failed,
            ErrorKind::Locked | ErrorKind::Corrupt => Self::DamagedOrLocked,
            ErrorKind::Interrupted => Self::Interrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_of_the_manual() {
        assert_eq!(Exit::Done.code(), 0);
        assert_eq!(Exit::Findings.code(), 1);
        assert_eq!(Exit::Usage.code(), 2);
        assert_eq!(Exit::Partly.code(), 3);
        assert_eq!(Exit::Unsupported.code(), 4);
        assert_eq!(Exit::Refused.code(), 5);
        assert_eq!(Exit::Failed.code(), 6);
        assert_eq!(Exit::DamagedOrLocked.code(), 10);
        assert_eq!(Exit::Interrupted.code(), 130);
        assert_eq!(Exit::of(ErrorKind::Locked), Exit::DamagedOrLocked);
        assert_eq!(
            Exit::of(ErrorKind::Refused(Refusal::Hibernated)),
            Exit::Refused
        );
    }
}
