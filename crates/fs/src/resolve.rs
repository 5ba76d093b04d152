//! The one place where links are followed.
//!
//! The rules are those of Windows (MS-FSA 2.1.5.1, MS-SMB2 2.2.2.2.1.1):
//! a relative link replaces its own component only, and `..` in it removes the
//! component before it as text; an absolute link or a junction replaces the
//! whole path up to it, and leads to a drive; at most [`MAX_HOPS`] links are
//! followed for one path.

use std::collections::VecDeque;
use std::sync::Arc;

use linkwright_reparse::ReparseBuffer;

use crate::error::{ErrorKind, Result};
use crate::{FileSystem, LinkContent, Name, Node, Stat};

/// Most links that one path may lead through (Windows: 63, then
/// ERROR_CANT_RESOLVE_FILENAME).
pub const MAX_HOPS: usize = 63;

/// Most components of a path while it is walked. Links can make it longer, but
/// Windows has no path above 32,767 units.
const MAX_COMPONENTS: usize = 16_384;

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;

/// Which volume a drive letter stands for.
pub trait Drives: Send + Sync {
    /// The volume of a drive, by its letter in upper case; `None` when no such
    /// drive is known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn drive(&self, letter: char) -> Result<Option<Arc<dyn FileSystem>>>;
}

/// No drive is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDrives;

impl Drives for NoDrives {
    fn drive(&self, _letter: char) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }
}

/// Whether a link at the very end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLink {
    /// The walk ends at what it leads to.
    Follow,
    /// The walk ends at the link itself.
    Keep,
}

/// One link that was followed.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Path of the link, from the root of its volume.
    pub at: Vec<Name>,
    /// What it holds.
    pub content: LinkContent,
}

/// Where a path ends.
#[derive(Clone)]
pub struct Place {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The object.
    pub node: Node,
    /// Facts about it.
    pub stat: Stat,
    /// Its path from the root of that volume, without links in it, the names in
    /// the case they were asked for.
    pub path: Vec<Name>,
}

/// What following a path came to.
#[derive(Clone)]
pub enum Outcome {
    /// An object.
    Found(Box<Place>),
    /// The last name is not there.
    Missing,
    /// A directory on the way is not there, or is none.
    MissingDirectory,
    /// Too many links.
    Loop,
    /// A link leads to a drive or server that is not known.
    Elsewhere,
    /// A reparse point that only its maker can follow.
    Opaque,
}

/// A path, followed.
#[derive(Clone)]
pub struct Walk {
    /// Where it ends.
    pub outcome: Outcome,
    /// Every link on the way, in order.
    pub hops: Vec<Hop>,
}

/// Follows paths.
pub struct Resolver<'a> {
    /// The drives that absolute links may lead to.
    pub drives: &'a dyn Drives,
}

impl Resolver<'_> {
    /// Follows `path` from the root of `fs`.
    ///
    /// # Errors
    /// What reading the volume failed with. A path that leads nowhere is no
    /// error but an [`Outcome`].
    pub fn walk(&self, fs: &Arc<dyn FileSystem>, path: &[Name], last: LastLink) -> Result<Walk> {
        let mut state = State {
            at: At::root(Arc::clone(fs))?,
            rest: path.iter().cloned().map(Step::Down).collect(),
            hops: Vec::new(),
        };
        let outcome = loop {
            if let Some(outcome) = self.step(&mut state, last)? {
                break outcome;
            }
        };
        Ok(Walk {
            outcome,
            hops: state.hops,
        })
    }

    /// Follows a link that is not there yet: one with this content, in the
    /// directory `dir` of `fs`.
    ///
    /// # Errors
    /// As [`walk`](Resolver::walk).
    pub fn walk_content(
        &self,
        fs: &Arc<dyn FileSystem>,
        dir: &[Name],
        content: &LinkContent,
    ) -> Result<Walk> {
        let mut state = State {
            at: At::root(Arc::clone(fs))?,
            rest: dir.iter().cloned().map(Step::Down).collect(),
            hops: Vec::new(),
        };
        let outcome = loop {
            if state.rest.is_empty() && state.hops.is_empty() {
                let name = Name::from("");
                if let Some(outcome) = self.jump(&mut state, name, content.clone())? {
                    break outcome;
                }
            }
            if let Some(outcome) = self.step(&mut state, LastLink::Follow)? {
                break outcome;
            }
        };
        Ok(Walk {
            outcome,
            hops: state.hops,
        })
    }

    /// Takes one component; `Some` when the walk has come to its end.
    fn step(&self, state: &mut State, last: LastLink) -> Result<Option<Outcome>> {
        if state.at.path.len() + state.rest.len() > MAX_COMPONENTS {
            return Ok(Some(Outcome::MissingDirectory));
        }
        let name = match state.rest.pop_front() {
            None => return state.at.place().map(Some),
            Some(Step::Up) => {
                let above = state.at.path.pop().is_some();
                // More `..` than there are directories is an error (MS-SMB2).
                return Ok((!above).then_some(Outcome::MissingDirectory));
            }
            Some(Step::Down(name)) => name,
        };
        let is_last = state.rest.is_empty();
        let missing = if is_last {
            Outcome::Missing
        } else {
            Outcome::MissingDirectory
        };
        let Some(node) = state.at.child(&name)? else {
            return Ok(Some(missing));
        };
        let stat = state.at.fs.stat(&node)?;
        let follow = stat.is_link() && !(is_last && last == LastLink::Keep);
        if follow {
            return self.follow(state, name, &node);
        }
        if !is_last && !stat.is_plain_directory() {
            return Ok(Some(Outcome::MissingDirectory));
        }
        state.at.path.push((name, node));
        Ok(None)
    }

    /// Replaces the link `name` in the current directory by what it leads to.
    fn follow(&self, state: &mut State, name: Name, node: &Node) -> Result<Option<Outcome>> {
        if state.hops.len() >= MAX_HOPS {
            return Ok(Some(Outcome::Loop));
        }
        let Some(content) = state.at.fs.link(node)? else {
            // It was a link a moment ago; somebody changed it.
            return Ok(Some(Outcome::Missing));
        };
        self.jump(state, name, content)
    }

    /// Goes where a link with this name and content in the current directory
    /// leads.
    fn jump(&self, state: &mut State, name: Name, content: LinkContent) -> Result<Option<Outcome>> {
        let jump = Jump::of(&content);
        let mut at = state.at.names();
        at.push(name);
        state.hops.push(Hop { at, content });
        match jump {
            Jump::Opaque => return Ok(Some(Outcome::Opaque)),
            Jump::Elsewhere => return Ok(Some(Outcome::Elsewhere)),
            Jump::Beside(steps) => state.prepend(steps),
            Jump::FromRoot(steps) => {
                state.at.path.clear();
                state.prepend(steps);
            }
            Jump::Drive(letter, steps) => match self.drives.drive(letter)? {
                None => return Ok(Some(Outcome::Elsewhere)),
                Some(fs) => {
                    state.at = At::root(fs)?;
                    state.prepend(steps);
                }
            },
        }
        Ok(None)
    }
}

/// One component of a path that is still to be walked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Down(Name),
    Up,
}

/// A directory that was reached, with the way to it.
struct At {
    fs: Arc<dyn FileSystem>,
    root: Node,
    path: Vec<(Name, Node)>,
}

struct State {
    at: At,
    rest: VecDeque<Step>,
    hops: Vec<Hop>,
}

impl State {
    fn prepend(&mut self, steps: Vec<Step>) {
        for step in steps.into_iter().rev() {
            self.rest.push_front(step);
        }
    }
}

impl At {
    fn root(fs: Arc<dyn FileSystem>) -> Result<Self> {
        Ok(Self {
            root: fs.root()?,
            fs,
            path: Vec::new(),
        })
    }

    fn node(&self) -> &Node {
        self.path.last().map_or(&self.root, |(_, node)| node)
    }

    fn names(&self) -> Vec<Name> {
        self.path.iter().map(|(name, _)| name.clone()).collect()
    }

    fn child(&self, name: &Name) -> Result<Option<Node>> {
        match self.fs.child(self.node(), name) {
            Ok(node) => Ok(Some(node)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound
                | ErrorKind::PathNotFound
                | ErrorKind::NotADirectory
                | ErrorKind::InvalidName
                | ErrorKind::NameTooLong => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn place(&self) -> Result<Outcome> {
        let node = self.node().clone();
        Ok(Outcome::Found(Box::new(Place {
            fs: Arc::clone(&self.fs),
            stat: self.fs.stat(&node)?,
            node,
            path: self.names(),
        })))
    }
}

/// Where a link leads, as text.
#[derive(Debug, PartialEq, Eq)]
enum Jump {
    /// Relative to the directory of the link.
    Beside(Vec<Step>),
    /// Relative to the root of the link's volume.
    FromRoot(Vec<Step>),
    /// A path on a drive.
    Drive(char, Vec<Step>),
    /// A server, a device, a volume by its GUID.
    Elsewhere,
    /// No text to follow.
    Opaque,
}

impl Jump {
    fn of(content: &LinkContent) -> Self {
        match content {
            LinkContent::Posix(text) => Self::of_posix(text),
            LinkContent::Reparse(ReparseBuffer::LxSymlink(link)) => Self::of_posix(link.target()),
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) if link.is_relative() => {
                match link.substitute_name() {
                    [BACKSLASH, rest @ ..] => Self::FromRoot(steps(rest, BACKSLASH)),
                    text => Self::Beside(steps(text, BACKSLASH)),
                }
            }
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => {
                Self::of_nt(link.substitute_name())
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => {
                Self::of_nt(mount.substitute_name())
            }
            LinkContent::Reparse(ReparseBuffer::Other(_)) => Self::Opaque,
        }
    }

    /// `\??\C:\dir` and nothing else is a path on a drive.
    fn of_nt(text: &[u16]) -> Self {
        match drive_path(text) {
            Some((letter, rest)) => Self::Drive(letter, steps(rest, BACKSLASH)),
            None => Self::Elsewhere,
        }
    }

    fn of_posix(text: &[u8]) -> Self {
        if text.first() == Some(&b'/') {
            return Self::Elsewhere;
        }
        Self::Beside(steps(Name::from_host_bytes(text).units(), SLASH))
    }
}

/// Takes `\??\C:\dir` apart into `C` and `\dir`.
pub fn drive_path(nt_name: &[u16]) -> Option<(char, &[u16])> {
    let prefix: Vec<u16> = r"\??\".encode_utf16().collect();
    let (letter, rest) = nt_name.strip_prefix(prefix.as_slice())?.split_first()?;
    let (colon, path) = rest.split_first()?;
    let letter = char::from(u8::try_from(*letter).ok()?);
    let is_drive = letter.is_ascii_alphabetic()
        && *colon == u16::from(b':')
        && path.first().is_none_or(|&unit| unit == BACKSLASH);
    is_drive.then_some((letter.to_ascii_uppercase(), path))
}

fn steps(text: &[u16], separator: u16) -> Vec<Step> {
    const DOT: u16 = b'.' as u16;
    text.split(|&unit| unit == separator)
        .filter_map(|part| match part {
            [] | [DOT] => None,
            [DOT, DOT] => Some(Step::Up),
            name => Some(Step::Down(Name::from_units(name.to_vec()))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn jump(text: &str) -> Jump {
        let link = SymbolicLink::from_target_text(&units(text), &TargetContext::default()).unwrap();
        Jump::of(&LinkContent::Reparse(link.into()))
    }

    fn down(parts: &[&str]) -> Vec<Step> {
        parts
            .iter()
            .map(|part| Step::Down(Name::from(*part)))
            .collect()
    }

    #[test]
    fn texts_lead_where_windows_takes_them() {
        assert_eq!(jump("a\\b"), Jump::Beside(down(&["a", "b"])));
        assert_eq!(jump(".\\a\\"), Jump::Beside(down(&["a"])));
        assert_eq!(
            jump("..\\a"),
            Jump::Beside(vec![Step::Up, Step::Down(Name::from("a"))])
        );
        assert_eq!(jump("\\a"), Jump::FromRoot(down(&["a"])));
        assert_eq!(jump("c:\\a\\b"), Jump::Drive('C', down(&["a", "b"])));
        assert_eq!(jump("\\\\server\\share\\a"), Jump::Elsewhere);
        // A slash is a character of a stored target, which no name can have.
        assert_eq!(jump("a/b"), Jump::Beside(down(&["a/b"])));
    }

    #[test]
    fn junctions_lead_to_drives_and_volumes() {
        let junction = MountPoint::junction(&units("D:\\x")).unwrap();
        assert_eq!(
            Jump::of(&LinkContent::Reparse(junction.into())),
            Jump::Drive('D', down(&["x"]))
        );
        let volume = MountPoint::volume([7; 16]).unwrap();
        assert_eq!(
            Jump::of(&LinkContent::Reparse(volume.into())),
            Jump::Elsewhere
        );
    }

    #[test]
    fn drive_paths() {
        assert!(drive_path(&units("\\??\\C:")).is_some());
        assert!(drive_path(&units("\\??\\C:x")).is_none());
        assert!(drive_path(&units("\\??\\")).is_none());
        assert!(drive_path(&units("C:\\x")).is_none());
        assert!(drive_path(&units("\\??\\1:\\")).is_none());
    }
}
