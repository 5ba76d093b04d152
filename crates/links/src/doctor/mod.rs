//! What a place can hold, for this user, and why not.
//!
//! [`examine`] tries each thing in a folder of its own below the place, and
//! takes the folder away again; what cannot be tried (the place is read-only)
//! is told from what the volume says. [`side::can_follow`] says whether Windows,
//! Linux, WSL or a client of a share could follow one link, and why not.

#[cfg(target_os = "linux")]
mod host;
mod probe;
pub mod side;
#[cfg(test)]
mod tests;

use linkwright_fs::{Error, FileSystem, Node, Result};

pub use probe::examine;

/// One thing that a place may be able to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Making anything at all.
    Write,
    /// More than one name for a file.
    HardLinks,
    /// Names that a file can still get.
    RemainingNames,
    /// Symbolic links to files.
    FileSymlinks,
    /// Symbolic links to directories.
    DirectorySymlinks,
    /// Junctions.
    Junctions,
    /// Links with a type, as Windows has them.
    TypedLinks,
    /// Names that differ in case only, side by side.
    CaseSensitive,
    /// A name of 255 units.
    LongNames,
    /// Paths longer than Windows' 260 units.
    LongPaths,
    /// Named streams.
    NamedStreams,
    /// Finding every name of a file from the file.
    NamesOfFiles,
    /// The system follows the links that are there.
    FollowsLinks,
    /// Linking files of other users.
    OthersFiles,
}

impl Ability {
    /// The name in JSON and in the listing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::HardLinks => "hard_links",
            Self::RemainingNames => "remaining_names",
            Self::FileSymlinks => "file_symlinks",
            Self::DirectorySymlinks => "directory_symlinks",
            Self::Junctions => "junctions",
            Self::TypedLinks => "typed_links",
            Self::CaseSensitive => "case_sensitive",
            Self::LongNames => "long_names",
            Self::LongPaths => "long_paths",
            Self::NamedStreams => "named_streams",
            Self::NamesOfFiles => "names_of_files",
            Self::FollowsLinks => "follows_links",
            Self::OthersFiles => "others_files",
        }
    }
}

/// Whether it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It was tried, or the volume says so.
    Yes,
    /// It cannot, or this user may not.
    No,
    /// It cannot be told here.
    Unknown,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// About what.
    pub ability: Ability,
    /// Whether it can.
    pub answer: Answer,
    /// A number, where the ability has one.
    pub number: Option<u64>,
    /// Why, in words.
    pub reason: Option<String>,
    /// What can be done about it.
    pub remedy: Option<&'static str>,
}

impl Finding {
    fn new(ability: Ability, answer: Answer) -> Self {
        Self {
            ability,
            answer,
            number: None,
            reason: None,
            remedy: None,
        }
    }

    fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    fn remedy(mut self, remedy: Option<&'static str>) -> Self {
        self.remedy = remedy;
        self
    }
}

/// What is asked about.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The volume.
    pub fs: &'a dyn FileSystem,
    /// A directory on it.
    pub dir: &'a Node,
    /// A file whose remaining names are wanted.
    pub file: Option<&'a Node>,
}

/// What an error of a trial says, and what helps.
fn explain(ability: Ability, error: &Error) -> Finding {
    use linkwright_fs::ErrorKind;
    let remedy = match (ability, error.kind()) {
        (_, ErrorKind::PrivilegeNotHeld) => Some(
            "turn Developer Mode on, or run as an administrator (SeCreateSymbolicLinkPrivilege)",
        ),
        (_, ErrorKind::WriteProtected) => Some("mount or open it for writing"),
        (_, ErrorKind::Refused(_)) => Some("let the system that used it last close it properly"),
        (Ability::HardLinks, _) => Some("link --fallback symlink,copy"),
        (Ability::FileSymlinks | Ability::DirectorySymlinks, _) => {
            Some("link --fallback hard,junction,copy")
        }
        (Ability::Junctions, _) => Some("make a symbolic link: link -s"),
        _ => None,
    };
    let code = error.win32();
    let name = code.name().unwrap_or("unnamed");
    Finding::new(ability, Answer::No)
        .because(format!("{error} ({name}, {})", code.0))
        .remedy(remedy)
}

/// The answer of a trial.
fn tried(ability: Ability, result: Result<()>) -> Finding {
    match result {
        Ok(()) => Finding::new(ability, Answer::Yes),
        Err(error) => explain(ability, &error),
    }
}
