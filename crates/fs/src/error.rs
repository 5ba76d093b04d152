//! The one error type of file systems.

use std::fmt;
use std::io;

/// What a caller tried that a file system cannot do at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// More than one name per file.
    HardLinks,
    /// Symbolic links.
    SymbolicLinks,
    /// Reparse points, junctions among them.
    ReparsePoints,
    /// Named streams.
    NamedStreams,
    /// Extended attributes of NTFS.
    ExtendedAttributes,
    /// Finding all names of a file from the file.
    NamesOfFiles,
    /// Security descriptors.
    Security,
    /// Object ids.
    ObjectIds,
    /// Opening a file by its number.
    OpenById,
    /// Removing a name of an open file at once.
    PosixUnlink,
    /// Transactions.
    Transactions,
    /// Something about the data of one file: encrypted, an unknown compression.
    FileData,
    /// Something about the volume: an unknown version or kind.
    Volume,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HardLinks => "hard links",
            Self::SymbolicLinks => "symbolic links",
            Self::ReparsePoints => "reparse points",
            Self::NamedStreams => "named streams",
            Self::ExtendedAttributes => "extended attributes",
            Self::NamesOfFiles => "finding all names of a file",
            Self::Security => "security descriptors",
            Self::ObjectIds => "object ids",
            Self::OpenById => "opening a file by its number",
            Self::PosixUnlink => "removing a name of an open file at once",
            Self::Transactions => "transactions",
            Self::FileData => "this form of file data",
            Self::Volume => "this kind of volume",
        })
    }
}

/// Why a volume is not written to although it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The volume is marked dirty.
    Dirty,
    /// Its journal holds another system's unfinished work.
    ForeignJournal,
    /// A hibernated Windows keeps its state on it.
    Hibernated,
    /// It has shadow copies, which writing would make worthless.
    ShadowCopies,
    /// It must be upgraded first, or is of a version that is only read.
    Version,
    /// An earlier write failed; nothing more is written until it is reopened.
    FailedBefore,
    /// A file of the file system itself, such as `$MFT`.
    SystemFile,
}

/// What an open transaction forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionError {
    /// Another transaction holds the name or file; or the volume was changed
    /// so that this one cannot be committed.
    Conflict,
    /// Another transaction depends on where this directory is.
    Dependency,
    /// The transaction is over.
    Ended,
    /// An encrypted file cannot be changed in a transaction.
    Encrypted,
    /// A file cannot be made sparse in a transaction.
    Sparse,
    /// This cannot be done in a transaction.
    NotSupported,
}

/// What went wrong, as a type. The Win32 code of each is in `win32.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The last name of a path is not there.
    NotFound,
    /// A directory on the way is not there.
    PathNotFound,
    /// The name is taken.
    AlreadyExists,
    /// The rights, the read-only attribute, or the kind of the object forbid it.
    AccessDenied,
    /// The right to make symbolic links is missing
    /// (SeCreateSymbolicLinkPrivilege, or Developer Mode).
    PrivilegeNotHeld,
    /// A directory is needed.
    NotADirectory,
    /// A file is needed.
    IsADirectory,
    /// The directory has entries.
    DirectoryNotEmpty,
    /// The name has a character or form that this file system cannot hold.
    InvalidName,
    /// The name or the path is too long.
    NameTooLong,
    /// The text of a link target is too long for a reparse point.
    TargetTooLong,
    /// The text of a link target is empty or holds a NUL.
    InvalidTarget,
    /// The file has as many names as it can have.
    TooManyLinks,
    /// Source and destination are on different volumes.
    CrossDevice,
    /// No space left.
    DiskFull,
    /// The file would be larger than this file system allows.
    FileTooLarge,
    /// The volume or the image is open for reading only, or the medium is.
    WriteProtected,
    /// The object carries no reparse point.
    NotAReparsePoint,
    /// Bytes that are no reparse point.
    InvalidReparseData,
    /// Another tag stands there.
    ReparseTagMismatch,
    /// The file has no such stream.
    StreamNotFound,
    /// Too many links on the way, or a circle of them.
    LinkLoop,
    /// A link leads to a place that is not known here.
    UnresolvedLink,
    /// A directory would be moved into itself.
    IntoItself,
    /// The file system cannot do it.
    Unsupported(Feature),
    /// The file system does not know such a call at all, as FAT; Windows says
    /// so with another code (SEMANTICS 9.12).
    InvalidFunction(Feature),
    /// The volume could be written to, but that would not be safe.
    Refused(Refusal),
    /// A transaction forbids it.
    Transaction(TransactionError),
    /// Somebody else has it open.
    Locked,
    /// The volume is damaged at this place.
    Corrupt,
    /// The storage failed.
    Io,
    /// The memory or another limit of the process ran out.
    OutOfResources,
    /// The user interrupted the work.
    Interrupted,
    /// A node of another file system was given, or arguments that make no sense.
    InvalidArgument,
}

/// An error of a file system: a kind, and what the layer below said.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Results of file systems.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind, with the error of the layer below.
    pub fn with_source(
        kind: ErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the layer below said, when it said more than the kind does.
    pub fn detail(&self) -> Option<String> {
        self.source.as_ref().map(ToString::to_string)
    }
}

impl Error {
    /// The error inside of an [`io::Error`], for readers over a file system.
    pub fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// The error that [`Error::into_io`] put away, or the host's own.
    pub fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => error.into(),
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::with_source(kind_of_io(&error), error)
    }
}

impl From<linkwright_reparse::TargetError> for Error {
    fn from(error: linkwright_reparse::TargetError) -> Self {
        use linkwright_reparse::TargetError;
        let kind = match error {
            TargetError::TooLong { .. } => ErrorKind::TargetTooLong,
            _ => ErrorKind::InvalidTarget,
        };
        Self::with_source(kind, error)
    }
}

impl From<linkwright_reparse::ReparseError> for Error {
    fn from(error: linkwright_reparse::ReparseError) -> Self {
        Self::with_source(ErrorKind::InvalidReparseData, error)
    }
}

/// The kind of a host error.
fn kind_of_io(error: &io::Error) -> ErrorKind {
    #[cfg(windows)]
    if error.raw_os_error().is_some() {
        return kind_of_errno(error.raw_os_error());
    }
    use io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::AlreadyExists => ErrorKind::AlreadyExists,
        Io::PermissionDenied => ErrorKind::AccessDenied,
        Io::NotADirectory => ErrorKind::NotADirectory,
        Io::IsADirectory => ErrorKind::IsADirectory,
        Io::DirectoryNotEmpty => ErrorKind::DirectoryNotEmpty,
        Io::InvalidFilename => ErrorKind::NameTooLong,
        Io::TooManyLinks => ErrorKind::TooManyLinks,
        Io::CrossesDevices => ErrorKind::CrossDevice,
        Io::StorageFull | Io::QuotaExceeded => ErrorKind::DiskFull,
        Io::FileTooLarge => ErrorKind::FileTooLarge,
        Io::ReadOnlyFilesystem => ErrorKind::WriteProtected,
        Io::ResourceBusy | Io::ExecutableFileBusy => ErrorKind::Locked,
        Io::OutOfMemory => ErrorKind::OutOfResources,
        Io::Unsupported => ErrorKind::Unsupported(Feature::Volume),
        Io::InvalidInput => ErrorKind::InvalidArgument,
        _ => kind_of_errno(error.raw_os_error()),
    }
}

/// Codes that `std` gives no stable kind.
#[cfg(unix)]
fn kind_of_errno(code: Option<i32>) -> ErrorKind {
    use rustix::io::Errno;
    let Some(code) = code else {
        return ErrorKind::Io;
    };
    match Errno::from_raw_os_error(code) {
        Errno::LOOP => ErrorKind::LinkLoop,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => ErrorKind::OutOfResources,
        Errno::NOTSUP => ErrorKind::Unsupported(Feature::Volume),
        Errno::PERM => ErrorKind::AccessDenied,
        _ => ErrorKind::Io,
    }
}

/// Codes of Windows that `std` gives no stable kind, or not the right one.
#[cfg(windows)]
fn kind_of_errno(code: Option<i32>) -> ErrorKind {
    code.and_then(|code| u32::try_from(code).ok())
        .map_or(ErrorKind::Io, |code| {
            crate::windows::kind_of_code(linkwright_codes::Win32Error(code))
        })
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::PathNotFound => "a directory of this path does not exist",
            Self::AlreadyExists => "the name exists already",
            Self::AccessDenied => "access is denied",
            Self::PrivilegeNotHeld => "the right to make symbolic links is missing",
            Self::NotADirectory => "this is not a directory",
            Self::IsADirectory => "this is a directory",
            Self::DirectoryNotEmpty => "the directory is not empty",
            Self::InvalidName => "Windows cannot hold this name",
            Self::NameTooLong => "the name is too long",
            Self::TargetTooLong => "the target is too long for a link",
            Self::InvalidTarget => "this is no text for a link target",
            Self::TooManyLinks => "the file has as many names as it can have",
            Self::CrossDevice => "the two are on different volumes",
            Self::DiskFull => "no space is left on the volume",
            Self::FileTooLarge => "the file is too large",
            Self::WriteProtected => "the volume is read-only",
            Self::NotAReparsePoint => "this carries no reparse point",
            Self::InvalidReparseData => "the reparse point makes no sense",
            Self::ReparseTagMismatch => "another kind of reparse point is there",
            Self::StreamNotFound => "the file has no such stream",
            Self::LinkLoop => "the links lead in a circle, or are too many",
            Self::UnresolvedLink => "a link on the way leads to a place not known here",
            Self::IntoItself => "a directory cannot be moved into itself",
            Self::Unsupported(feature) | Self::InvalidFunction(feature) => {
                return write!(f, "{feature}: not supported here");
            }
            Self::Refused(refusal) => return refusal.fmt(f),
            Self::Transaction(error) => return error.fmt(f),
            Self::Locked => "somebody else has it open",
            Self::Corrupt => "the volume is damaged here",
            Self::Io => "the storage failed",
            Self::OutOfResources => "memory or open files ran out",
            Self::Interrupted => "interrupted",
            Self::InvalidArgument => "this cannot be asked for",
        })
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflict => "another transaction holds the name or file",
            Self::Dependency => "another transaction depends on this directory",
            Self::Ended => "the transaction is over",
            Self::Encrypted => "an encrypted file cannot be changed in a transaction",
            Self::Sparse => "a file cannot be made sparse in a transaction",
            Self::NotSupported => "this cannot be done in a transaction",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dirty => "the volume is marked dirty",
            Self::ForeignJournal => "the journal holds another system's unfinished work",
            Self::ShadowCopies => "it has shadow copies, which writing would make worthless",
            Self::Hibernated => "a hibernated Windows keeps its state on this volume",
            Self::Version => "a volume of this version is only read",
            Self::FailedBefore => "an earlier write to this volume failed",
            Self::SystemFile => "this file belongs to the file system itself",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            None => self.kind.fmt(f),
            // The operating system's text says the same again.
            Some(source) if source.is::<io::Error>() && self.kind != ErrorKind::Io => {
                self.kind.fmt(f)
            }
            Some(source) => write!(f, "{}: {source}", self.kind),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn host_errors_keep_their_meaning() {
        let kind =
            |errno: Errno| Error::from(io::Error::from_raw_os_error(errno.raw_os_error())).kind();

        assert_eq!(kind(Errno::NOENT), ErrorKind::NotFound);
        assert_eq!(kind(Errno::EXIST), ErrorKind::AlreadyExists);
        assert_eq!(kind(Errno::ACCESS), ErrorKind::AccessDenied);
        assert_eq!(kind(Errno::PERM), ErrorKind::AccessDenied);
        assert_eq!(kind(Errno::NOTDIR), ErrorKind::NotADirectory);
        assert_eq!(kind(Errno::ISDIR), ErrorKind::IsADirectory);
        assert_eq!(kind(Errno::NOTEMPTY), ErrorKind::DirectoryNotEmpty);
        assert_eq!(kind(Errno::NAMETOOLONG), ErrorKind::NameTooLong);
        assert_eq!(kind(Errno::MLINK), ErrorKind::TooManyLinks);
        assert_eq!(kind(Errno::XDEV), ErrorKind::CrossDevice);
        assert_eq!(kind(Errno::NOSPC), ErrorKind::DiskFull);
        assert_eq!(kind(Errno::ROFS), ErrorKind::WriteProtected);
        assert_eq!(kind(Errno::LOOP), ErrorKind::LinkLoop);
        assert_eq!(kind(Errno::MFILE), ErrorKind::OutOfResources);
        assert_eq!(kind(Errno::IO), ErrorKind::Io);
    }

    #[test]
    fn the_text_of_the_layer_below_is_added_once() {
        let plain = Error::from(ErrorKind::NotFound);
        assert_eq!(plain.to_string(), "no such file or directory");
        let host = Error::from(io::Error::from_raw_os_error(2));
        assert_eq!(host.to_string(), "no such file or directory");
        let more = Error::with_source(ErrorKind::Corrupt, "record 7");
        assert_eq!(more.to_string(), "the volume is damaged here: record 7");
        assert_eq!(more.detail().as_deref(), Some("record 7"));
    }
}
