//! The one place where links are followed.
//!
//! The rules are those of Windows (MS-FSA 2.1.5.1, MS-SMB2 2.2.2.2.1.1):
//! a relative link replaces its own component only, and `..` in it removes the
//! component before it as text; an absolute link or a junction replaces the
//! whole path up to it, and leads to a drive; at most [`MAX_HOPS`] links are
//! followed for one path.

mod jump;

use std::collections::VecDeque;
use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_names::path::VolumeGuid;
use linkwright_reparse::{ReparseBuffer, ReparseTag};

pub use jump::drive_path;
use jump::{Jump, Step};

use crate::error::{ErrorKind, Result};
use crate::{Capabilities, FileSystem, LinkContent, LinkType, Name, Node, NodeKind, Stat};

/// Most links that one path may lead through (Windows: 63, then
/// ERROR_CANT_RESOLVE_FILENAME).
pub const MAX_HOPS: usize = 63;

/// Most components of a path while it is walked. Links can make it longer, but
/// Windows has no path above 32,767 units.
const MAX_COMPONENTS: usize = 16_384;

/// Which volume a drive letter stands for.
pub trait Drives: Send + Sync {
    /// The volume of a drive, by its letter in upper case; `None` when no such
    /// drive is known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn drive(&self, letter: char) -> Result<Option<Arc<dyn FileSystem>>>;

    /// The volume of a share on a server; `None` when it is not known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn share(&self, _server: &[u16], _share: &[u16]) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }

    /// The volume with this GUID (`Volume{...}`); `None` when it is not known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn volume(&self, _guid: VolumeGuid) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }
}

/// How closely links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// As tools want it: every link that leads somewhere is followed, WSL links
    /// among them, and whatever cannot be followed has an [`Outcome`] of its own.
    #[default]
    Tool,
    /// As the kernel of Windows does it (MS-FSA 2.1.5.1): only symbolic links and
    /// mount points lead on, a link to a file is no directory, `..` in a relative
    /// target is taken away as text, and each failure has its status.
    Windows,
}

/// A component that was found on the way.
pub struct Visit<'a> {
    /// The volume.
    pub fs: &'a Arc<dyn FileSystem>,
    /// The directory it is in.
    pub dir: &'a Node,
    /// Its name, as it was asked for.
    pub name: &'a Name,
    /// The object, which may be a link.
    pub node: &'a Node,
    /// Facts about it.
    pub stat: &'a Stat,
    /// Whether it is the last component of the path.
    pub is_last: bool,
}

/// What a system adds to the walk. What it refuses ends the walk with
/// [`Outcome::Refused`].
pub trait Rules: Send + Sync {
    /// How closely links are followed.
    fn manner(&self) -> Manner {
        Manner::Tool
    }

    /// Most links that are followed for one path.
    fn max_hops(&self) -> usize {
        MAX_HOPS
    }

    /// Whether a component may be passed, before a link in it is followed.
    ///
    /// # Errors
    /// The status the whole walk ends with.
    fn visit(&self, _visit: &Visit<'_>) -> std::result::Result<(), NtStatus> {
        Ok(())
    }

    /// Whether a symbolic link on the volume `from` may lead to `to`.
    ///
    /// # Errors
    /// The status the whole walk ends with.
    fn crosses(
        &self,
        _from: &Arc<dyn FileSystem>,
        _to: &Arc<dyn FileSystem>,
    ) -> std::result::Result<(), NtStatus> {
        Ok(())
    }
}

/// Nothing is added.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRules;

impl Rules for NoRules {}

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
    /// The type of the link object, which is stored and does not follow what it
    /// leads to.
    pub link_type: LinkType,
    /// Whether the link was the last component of the path as it was then.
    pub is_last: bool,
    /// How many components came behind the link in the path as it was then.
    pub rest: usize,
}

/// A name in a directory, whether something has it or not.
#[derive(Clone)]
pub struct Slot {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The directory.
    pub dir: Node,
    /// Path of the directory from the root of that volume.
    pub path: Vec<Name>,
    /// The name, as it was asked for.
    pub name: Name,
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
    /// [`Rules`] forbid it, or [`Manner::Windows`] has this status for it.
    Refused(NtStatus),
}

/// A path, followed.
#[derive(Clone)]
pub struct Walk {
    /// Where it ends.
    pub outcome: Outcome,
    /// Every link on the way, in order.
    pub hops: Vec<Hop>,
    /// The last name that was looked for, when the outcome is
    /// [`Outcome::Missing`] or something that is not the root of a volume.
    pub slot: Option<Slot>,
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
        self.walk_by(fs, path, last, &NoRules)
    }

    /// Follows `path` from the root of `fs` as `rules` allow.
    ///
    /// # Errors
    /// As [`walk`](Resolver::walk).
    pub fn walk_by(
        &self,
        fs: &Arc<dyn FileSystem>,
        path: &[Name],
        last: LastLink,
        rules: &dyn Rules,
    ) -> Result<Walk> {
        let mut state = State::new(fs, path)?;
        let walker = Walker {
            drives: self.drives,
            rules,
        };
        let outcome = loop {
            if let Some(outcome) = walker.step(&mut state, last)? {
                break outcome;
            }
        };
        Ok(state.end(outcome))
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
        self.walk_content_by(fs, dir, content, LastLink::Follow, &NoRules)
    }

    /// Follows a link that is not there yet, as `rules` allow. With
    /// [`LastLink::Keep`] a link that it leads to is not followed.
    ///
    /// # Errors
    /// As [`walk`](Resolver::walk).
    pub fn walk_content_by(
        &self,
        fs: &Arc<dyn FileSystem>,
        dir: &[Name],
        content: &LinkContent,
        last: LastLink,
        rules: &dyn Rules,
    ) -> Result<Walk> {
        let mut state = State::new(fs, dir)?;
        let walker = Walker {
            drives: self.drives,
            rules,
        };
        let outcome = loop {
            if state.rest.is_empty() && state.hops.is_empty() {
                let hop = Hop {
                    at: state.at.names(),
                    content: content.clone(),
                    link_type: LinkType::File,
                    is_last: true,
                    rest: 0,
                };
                if let Some(outcome) = walker.jump(&mut state, Name::from(""), hop)? {
                    break outcome;
                }
            }
            if let Some(outcome) = walker.step(&mut state, last)? {
                break outcome;
            }
        };
        Ok(state.end(outcome))
    }
}

/// One walk's view of drives and rules.
struct Walker<'a> {
    drives: &'a dyn Drives,
    rules: &'a dyn Rules,
}

impl Walker<'_> {
    /// Takes one component; `Some` when the walk has come to its end.
    fn step(&self, state: &mut State, last: LastLink) -> Result<Option<Outcome>> {
        if state.at.path.len() + state.rest.len() > MAX_COMPONENTS {
            return Ok(Some(Outcome::MissingDirectory));
        }
        let name = match state.rest.pop_front() {
            None => return state.at.place().map(Some),
            Some(Step::Up) => {
                let above = state.at.path.pop().is_some() || self.is_posix(state);
                // More `..` than there are directories is an error (MS-SMB2).
                return Ok((!above).then(|| self.above_root()));
            }
            Some(Step::Down(name)) => name,
        };
        let is_last = state.rest.is_empty();
        if is_last {
            state.slot = Some(state.at.slot(&name));
        }
        let missing = if is_last {
            Outcome::Missing
        } else {
            Outcome::MissingDirectory
        };
        let Some(node) = state.at.child(&name)? else {
            return Ok(Some(missing));
        };
        let stat = state.at.fs.stat(&node)?;
        if !is_last && self.windows() && stat.kind != NodeKind::Directory {
            // That it is no directory is seen before that it is a link.
            return Ok(Some(Outcome::MissingDirectory));
        }
        let visit = Visit {
            fs: &state.at.fs,
            dir: state.at.node(),
            name: &name,
            node: &node,
            stat: &stat,
            is_last,
        };
        if let Err(status) = self.rules.visit(&visit) {
            return Ok(Some(Outcome::Refused(status)));
        }
        if self.is_link(&stat) && !(is_last && last == LastLink::Keep) {
            return self.follow(state, name, &node, &stat);
        }
        if !is_last && !stat.is_plain_directory() {
            return Ok(Some(Outcome::MissingDirectory));
        }
        state.at.path.push((name, node));
        Ok(None)
    }

    /// Whether links mean what POSIX says: a path from `/` is one of the same
    /// file system, and what is above its root is the root.
    fn is_posix(&self, state: &State) -> bool {
        let follows = Capabilities::FOLLOWS_LINKS;
        self.rules.manner() == Manner::Tool && state.at.fs.capabilities().contains(follows)
    }

    fn windows(&self) -> bool {
        self.rules.manner() == Manner::Windows
    }

    /// Whether an object leads elsewhere, or cannot be opened without somebody
    /// who knows its tag.
    fn is_link(&self, stat: &Stat) -> bool {
        match self.rules.manner() {
            Manner::Tool => stat.is_link(),
            // Compressed system files are read by the file system itself here.
            Manner::Windows => {
                stat.posix_link || stat.reparse_tag.is_some_and(|tag| tag != ReparseTag::WOF.0)
            }
        }
    }

    fn above_root(&self) -> Outcome {
        match self.rules.manner() {
            Manner::Tool => Outcome::MissingDirectory,
            Manner::Windows => Outcome::Refused(NtStatus::IO_REPARSE_DATA_INVALID),
        }
    }

    /// Replaces the link `name` in the current directory by what it leads to.
    fn follow(
        &self,
        state: &mut State,
        name: Name,
        node: &Node,
        stat: &Stat,
    ) -> Result<Option<Outcome>> {
        if state.hops.len() >= self.rules.max_hops() {
            return Ok(Some(Outcome::Loop));
        }
        let Some(content) = state.at.fs.link(node)? else {
            // It was a link a moment ago; somebody changed it.
            return Ok(Some(Outcome::Missing));
        };
        let hop = Hop {
            at: state.at.names(),
            content,
            link_type: stat.link_type(),
            is_last: state.rest.is_empty(),
            rest: state.rest.len(),
        };
        self.jump(state, name, hop)
    }

    /// Goes where a link with this name and content in the current directory
    /// leads.
    fn jump(&self, state: &mut State, name: Name, mut hop: Hop) -> Result<Option<Outcome>> {
        let jump = Jump::of(&hop.content, self.rules.manner());
        hop.at.push(name);
        let symbolic = !matches!(
            hop.content,
            LinkContent::Reparse(ReparseBuffer::MountPoint(_))
        );
        state.hops.push(hop);
        let (target, steps) = match jump {
            Jump::Opaque => return Ok(Some(Outcome::Opaque)),
            Jump::Elsewhere => return Ok(Some(Outcome::Elsewhere)),
            Jump::Refused(status) => return Ok(Some(Outcome::Refused(status))),
            Jump::Beside(steps) => (None, steps),
            Jump::PosixRoot(_) if !self.is_posix(state) => return Ok(Some(Outcome::Elsewhere)),
            Jump::FromRoot(steps) | Jump::PosixRoot(steps) => {
                state.at.path.clear();
                (None, steps)
            }
            Jump::Drive(letter, steps) => (Some(self.drives.drive(letter)?), steps),
            Jump::Volume(guid, steps) => (Some(self.drives.volume(guid)?), steps),
            Jump::Share(server, share, steps) => (Some(self.drives.share(&server, &share)?), steps),
        };
        let from = Arc::clone(&state.at.fs);
        match target {
            None => {}
            Some(None) => return Ok(Some(Outcome::Elsewhere)),
            Some(Some(fs)) => state.at = At::root(fs)?,
        }
        if symbolic && let Err(status) = self.rules.crosses(&from, &state.at.fs) {
            return Ok(Some(Outcome::Refused(status)));
        }
        match self.rules.manner() {
            Manner::Tool => state.prepend(steps),
            Manner::Windows => {
                if !state.prepend_text(steps) {
                    return Ok(Some(self.above_root()));
                }
            }
        }
        Ok(None)
    }
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
    slot: Option<Slot>,
}

impl State {
    fn new(fs: &Arc<dyn FileSystem>, path: &[Name]) -> Result<Self> {
        Ok(Self {
            at: At::root(Arc::clone(fs))?,
            rest: path.iter().cloned().map(Step::Down).collect(),
            hops: Vec::new(),
            slot: None,
        })
    }

    fn end(self, outcome: Outcome) -> Walk {
        let is_root = self.at.path.is_empty();
        let slot = match &outcome {
            Outcome::Missing => self.slot,
            Outcome::Found(_) if !is_root => self.slot,
            _ => None,
        };
        Walk {
            outcome,
            hops: self.hops,
            slot,
        }
    }

    /// Puts a target in front of what is left, its `..` taken away as text
    /// together with the components before them; `false` when there are more of
    /// them than components.
    fn prepend_text(&mut self, steps: Vec<Step>) -> bool {
        let mut down = Vec::new();
        for step in steps {
            match step {
                Step::Down(name) => down.push(Step::Down(name)),
                Step::Up => {
                    if down.pop().is_none() && self.at.path.pop().is_none() {
                        return false;
                    }
                }
            }
        }
        self.prepend(down);
        true
    }

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

    fn slot(&self, name: &Name) -> Slot {
        Slot {
            fs: Arc::clone(&self.fs),
            dir: self.node().clone(),
            path: self.names(),
            name: name.clone(),
        }
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
