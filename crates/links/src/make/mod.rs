//! Making one link: the form that was asked for, or the first of the
//! fallbacks that the place can hold, with the reason.
//!
//! A fallback is taken only when the place cannot hold what was asked for (no
//! such links there, the right is missing, another volume, no more names). A
//! name that is taken, a missing directory or a full disk is an error.

mod form;
mod put;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use linkwright_fs::{
    Error, ErrorKind, FileSystem, LinkContent, LinkType, Name, Node, Replace, Stat,
};

pub use form::{form_of, symbolic_content};

/// What one name can be made to lead to another place with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Another name of the file.
    Hard,
    /// A symbolic link.
    Symlink,
    /// A junction.
    Junction,
    /// No link at all: a copy.
    Copy,
}

impl Kind {
    /// The name in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Symlink => "symlink",
            Self::Junction => "junction",
            Self::Copy => "copy",
        }
    }
}

/// A name in a directory, whether it is taken or not.
#[derive(Clone)]
pub struct Slot {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The directory.
    pub dir: Node,
    /// Its path from the root of the volume, without links in it.
    pub dir_path: Vec<Name>,
    /// The name.
    pub name: Name,
}

impl Slot {
    /// What has the name, if anything.
    ///
    /// # Errors
    /// What looking failed with.
    pub fn existing(&self) -> Result<Option<(Node, Stat)>, Error> {
        match self.fs.child(&self.dir, &self.name) {
            Ok(node) => {
                let stat = self.fs.stat(&node)?;
                Ok(Some((node, stat)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A place that is there, for a link to lead to.
#[derive(Clone)]
pub struct Source {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The object.
    pub node: Node,
    /// Facts about it.
    pub stat: Stat,
    /// Its path from the root of the volume.
    pub path: Vec<Name>,
    /// The drive letter of the volume, where it has one.
    pub drive: Option<char>,
}

/// One way to make a link, with all that it takes.
#[derive(Clone)]
pub enum Form {
    /// Another name of this file.
    Hard(Node),
    /// A link object.
    Link {
        /// Its type.
        link_type: LinkType,
        /// What it holds.
        content: LinkContent,
    },
    /// A copy of this.
    Copy(crate::copy::Source),
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// What was asked for.
    pub requested: Kind,
    /// What is there now.
    pub made: Kind,
    /// Why the two differ.
    pub because: Option<Error>,
}

/// One way to make a link, worked out only when its turn comes.
pub type Attempt<'a> = (Kind, Box<dyn FnOnce() -> Result<Form, Error> + 'a>);

/// Makes the first of `attempts` that the place can hold; the first is what was
/// asked for.
///
/// With [`Replace::Yes`] a file or link that has the name is replaced in one
/// step; a directory never is.
///
/// # Errors
/// That of the first attempt when none can be held, or what ended the work.
/// Nothing is there then that was not there before. `InvalidArgument` without
/// any attempt.
pub fn make<'a>(
    slot: &Slot,
    attempts: impl IntoIterator<Item = Attempt<'a>>,
    replace: Replace,
) -> Result<Made, Error> {
    first(attempts, |form| put::put(slot, &form, replace))
}

/// What [`make`] would make, as far as that can be seen without writing: the
/// first of `attempts` whose places go together.
///
/// # Errors
/// As [`make`].
pub fn rehearse<'a>(attempts: impl IntoIterator<Item = Attempt<'a>>) -> Result<Made, Error> {
    first(attempts, |_| Ok(()))
}

/// The first attempt that `take` takes; later ones come only after one that the
/// place cannot hold.
fn first<'a>(
    attempts: impl IntoIterator<Item = Attempt<'a>>,
    take: impl Fn(Form) -> Result<(), Error>,
) -> Result<Made, Error> {
    let mut requested = None;
    let mut because = None;
    for (kind, form) in attempts {
        let asked = *requested.get_or_insert(kind);
        match form().and_then(&take) {
            Ok(()) => {
                return Ok(Made {
                    requested: asked,
                    made: kind,
                    because,
                });
            }
            Err(error) if cannot_hold(kind, error.kind()) => {
                because.get_or_insert(error);
            }
            Err(error) => return Err(because.unwrap_or(error)),
        }
    }
    Err(because.unwrap_or_else(|| ErrorKind::InvalidArgument.into()))
}

/// Whether an error says that the place cannot hold this kind of link, and so
/// another kind may be tried.
pub fn cannot_hold(kind: Kind, error: ErrorKind) -> bool {
    match error {
        ErrorKind::Unsupported(_)
        | ErrorKind::InvalidFunction(_)
        | ErrorKind::PrivilegeNotHeld
        | ErrorKind::CrossDevice
        | ErrorKind::TooManyLinks => true,
        // A directory, or a file that a rule of the host protects.
        ErrorKind::AccessDenied => kind == Kind::Hard,
        // A junction to a file; one whose path has no drive.
        ErrorKind::NotADirectory | ErrorKind::InvalidTarget => kind == Kind::Junction,
        _ => false,
    }
}
