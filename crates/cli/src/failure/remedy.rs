//! What to do about each kind of error: one line, or why there is none.

use linkwright_fs::{ErrorKind, Feature, Refusal, TransactionError};

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// This.
    Do(&'static str),
    /// Nothing that holds for every error of this kind; why.
    None(&'static str),
}

use Remedy::{Do, None as Nothing};

impl Remedy {
    /// The line for the user.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Do(text) => Some(text),
            Nothing(_) => None,
        }
    }

    /// For a kind of error. A new kind has to be decided on here.
    pub(super) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => Do("look at what is there with: linkwright ls"),
            ErrorKind::PathNotFound => Do("make the directory first with: linkwright mkdir -p"),
            ErrorKind::AlreadyExists => Do("give another name, or remove that one first"),
            ErrorKind::AccessDenied => Nothing(
                "rights, the read-only attribute or the kind of object: the verb knows which",
            ),
            ErrorKind::PrivilegeNotHeld => {
                Do("switch on Developer Mode, or run it elevated; a junction needs no privilege")
            }
            ErrorKind::NotADirectory => Do("give a directory, or leave out what follows the name"),
            ErrorKind::IsADirectory => Do("give a file, or the option -r where there is one"),
            ErrorKind::DirectoryNotEmpty => Do("remove what is in it too with: linkwright rm -r"),
            ErrorKind::InvalidName => {
                Do("Windows names hold none of < > : \" / \\ | ? * or control characters")
            }
            ErrorKind::NameTooLong => Do("a name has at most 255 UTF-16 units"),
            ErrorKind::TargetTooLong => Do("a reparse point holds at most 16,384 bytes of names"),
            ErrorKind::InvalidTarget => Do("give a target of at least one character, without NUL"),
            ErrorKind::TooManyLinks => {
                Do("a file on NTFS has at most 1,024 names; make a copy of it")
            }
            ErrorKind::CrossDevice => {
                Do("a name and its file are on one volume; copy it with: linkwright cp")
            }
            ErrorKind::DiskFull => Do("remove something, or make a larger volume"),
            ErrorKind::FileTooLarge => Do("put it on a file system that holds larger files"),
            ErrorKind::WriteProtected => Do("make the image writable, or work on a copy of it"),
            ErrorKind::NotAReparsePoint => Do("see what it is with: linkwright show"),
            ErrorKind::InvalidReparseData => {
                Do("remove the link and make it again; its bytes: linkwright show --json")
            }
            ErrorKind::ReparseTagMismatch => {
                Do("another reparse point is there; see it with: linkwright show")
            }
            ErrorKind::StreamNotFound => Do("list the streams with: linkwright show"),
            ErrorKind::LinkLoop => {
                Do("at most 63 links are followed for one path; see them with: linkwright explain")
            }
            ErrorKind::UnresolvedLink => Do("name the drive it leads to with --drive C=disk.img"),
            ErrorKind::IntoItself => Do("give a place that is not below the directory itself"),
            ErrorKind::Unsupported(feature) | ErrorKind::InvalidFunction(feature) => {
                Self::without(feature)
            }
            ErrorKind::Refused(refusal) => Self::refused(refusal),
            ErrorKind::Transaction(error) => Self::transaction(error),
            ErrorKind::Locked => {
                Do("close the program that uses it, or wait longer with --lock-wait")
            }
            ErrorKind::Corrupt => Do("look at the damage with: linkwright volume check"),
            ErrorKind::Io => Do("look at the storage: its cable, its health, the system's log"),
            ErrorKind::OutOfResources => Do("raise the limit of open files with: ulimit -n"),
            ErrorKind::Interrupted => Nothing("the user asked for it"),
            ErrorKind::InvalidArgument => Nothing("the message says what makes no sense"),
        }
    }

    fn without(feature: Feature) -> Self {
        match feature {
            Feature::HardLinks | Feature::SymbolicLinks | Feature::ReparsePoints => {
                Do("see what the place can hold with: linkwright doctor; link has --fallback")
            }
            Feature::NamesOfFiles => Do("say where to look with: linkwright names --in FOLDER"),
            Feature::NamedStreams
            | Feature::ExtendedAttributes
            | Feature::Security
            | Feature::ObjectIds
            | Feature::PosixUnlink => Do("see what the place can hold with: linkwright doctor"),
            Feature::OpenById => Do("give the path"),
            Feature::Transactions => Nothing("no verb asks for one where there is none"),
            Feature::FileData => Nothing("Windows alone reads it; the message says what it is"),
            Feature::Volume => Do("give an NTFS volume; a partition is given as IMAGE@2"),
        }
    }

    fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Dirty => Do(
                "run chkdsk on Windows; if you know that it is sound: linkwright volume clear-dirty",
            ),
            Refusal::ForeignJournal => {
                Do("start the Windows it comes from and shut it down, or run chkdsk")
            }
            Refusal::Hibernated => {
                Do("start that Windows and shut it down fully (hold Shift, choose Shut down)")
            }
            Refusal::ShadowCopies => Do(
                "delete them on Windows (vssadmin delete shadows), or give them up with --force-vss",
            ),
            Refusal::Version => Do("mount it once with Windows, which upgrades it"),
            Refusal::FailedBefore => Do("look at the storage, then run it again"),
            Refusal::SystemFile => Nothing("the file system's own files are not for users"),
        }
    }

    fn transaction(error: TransactionError) -> Self {
        match error {
            TransactionError::Conflict => Do("let the other transaction end, and try again"),
            TransactionError::Dependency
            | TransactionError::Ended
            | TransactionError::Encrypted
            | TransactionError::Sparse
            | TransactionError::NotSupported => Do("do it outside of a transaction"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    /// Every kind there is: [`Remedy::of`] fails to compile when one is added, and
    /// it is to be added here as well.
    fn every_kind() -> Vec<ErrorKind> {
        use ErrorKind::*;
        let mut kinds = vec![
            NotFound,
            PathNotFound,
            AlreadyExists,
            AccessDenied,
            PrivilegeNotHeld,
            NotADirectory,
            IsADirectory,
            DirectoryNotEmpty,
            InvalidName,
            NameTooLong,
            TargetTooLong,
            InvalidTarget,
            TooManyLinks,
            CrossDevice,
            DiskFull,
            FileTooLarge,
            WriteProtected,
            NotAReparsePoint,
            InvalidReparseData,
            ReparseTagMismatch,
            StreamNotFound,
            LinkLoop,
            UnresolvedLink,
            IntoItself,
            Locked,
            Corrupt,
            Io,
            OutOfResources,
            Interrupted,
            InvalidArgument,
        ];
        let features = [
            Feature::HardLinks,
            Feature::SymbolicLinks,
            Feature::ReparsePoints,
            Feature::NamedStreams,
            Feature::ExtendedAttributes,
            Feature::NamesOfFiles,
            Feature::Security,
            Feature::ObjectIds,
            Feature::OpenById,
            Feature::PosixUnlink,
            Feature::Transactions,
            Feature::FileData,
            Feature::Volume,
        ];
        kinds.extend(features.map(Unsupported));
        kinds.extend(features.map(InvalidFunction));
        kinds.extend(
            [
                Refusal::Dirty,
                Refusal::ForeignJournal,
                Refusal::Hibernated,
                Refusal::ShadowCopies,
                Refusal::Version,
                Refusal::FailedBefore,
                Refusal::SystemFile,
            ]
            .map(Refused),
        );
        kinds.extend(
            [
                TransactionError::Conflict,
                TransactionError::Dependency,
                TransactionError::Ended,
                TransactionError::Encrypted,
                TransactionError::Sparse,
                TransactionError::NotSupported,
            ]
            .map(Transaction),
        );
        kinds
    }

    #[test]
    fn every_error_names_path_cause_code_and_remedy_or_why_there_is_none() {
        for kind in every_kind() {
            let failure = Failure::at("disk.img:/a", &kind.into());
            let text = failure.text();
            let mut lines = text.lines();
            let first = lines.next().unwrap();
            assert!(
                first.starts_with("error: disk.img:/a: "),
                "{kind:?}: {first}"
            );
            let code = kind.win32();
            let named = format!(" ({}, {})", code.name().unwrap(), code.0);
            assert!(first.ends_with(&named), "{kind:?}: {first}");
            assert!(first.len() > "error: disk.img:/a: ".len() + named.len());
            match Remedy::of(kind) {
                Do(text) => assert_eq!(lines.next(), Some(&*format!("  help: {text}"))),
                Nothing(why) => {
                    assert!(!why.is_empty());
                    assert_eq!(lines.next(), None);
                }
            }
            assert_eq!(lines.next(), None, "{kind:?}: one line of help");
        }
    }

    #[test]
    fn verbs_that_remedies_name_are_there() {
        use clap::CommandFactory;
        let command = crate::args::Cli::command();
        for kind in every_kind() {
            let Do(text) = Remedy::of(kind) else { continue };
            let Some((_, line)) = text.split_once("linkwright ") else {
                continue;
            };
            let verb = line.split([' ', ';', ',']).next().unwrap();
            assert!(command.find_subcommand(verb).is_some(), "{text}");
        }
    }
}
