//! The one place where links are followed.
//!
//! The rules are those of Windows (MS-FSA 2.1.5.1, MS-SMB2 2.2.2.2.1.1):
//! a relative link replaces its own component only, and `..` in it removes the
//! component before it as text; an absolute link or a junction replaces the
//! whole path up to it, and leads to a drive; at most [`MAX_HOPS`] links are
//! followed for one path.

mod jump;
mod log;
mod rules;
#[cfg(all(test, unix))]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_reparse::{ReparseBuffer, ReparseTag};

pub use jump::drive_path;
use jump::{Jump, Step, host_step};
pub use log::{Hop, Leads, Outcome, Place, Side, Slot, Stop, Walk, Why};
pub use rules::{Drives, MAX_HOPS, Manner, NoDrives, NoRules, Rules, Visit};

use crate::error::{ErrorKind, Result};
use crate::{FileSystem, LinkContent, LinkType, Name, Node, NodeKind, Stat};

/// Most components of a path while it is walked. Links can make it longer, but
/// Windows has no path above 32,767 units.
const MAX_COMPONENTS: usize = 16_384;

/// Whether a link at the very end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLink {
    /// The walk ends at what it leads to.
    Follow,
    /// The walk ends at the link itself.
    Keep,
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
        let mut state = State::new(fs, path, rules.manner())?;
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
        let mut state = State::new(fs, dir, rules.manner())?;
        let walker = Walker {
            drives: self.drives,
            rules,
        };
        let outcome = loop {
            if state.rest.is_empty() && state.hops.is_empty() {
                let hop = Hop::new(&state.at.names(), content.clone(), LinkType::File, 0);
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
            return Ok(Some(state.stop(None, Why::TooLong)));
        }
        let name = match state.rest.pop_front() {
            None => return self.place(state).map(Some),
            Some(Step::Here) => return Ok(None),
            Some(Step::Up) => {
                // More `..` than there are directories is an error (MS-SMB2); the
                // root of a POSIX host is its own parent.
                let above = state.at.up() || self.manner() == Manner::Posix;
                return Ok((!above).then(|| self.above_root(state)));
            }
            Some(Step::Down(name)) => name,
        };
        let is_last = state.rest.is_empty();
        if is_last {
            state.slot = Some(state.at.slot(&name));
        }
        let Some(node) = state.at.child(&name)? else {
            return Ok(Some(state.stop(Some(&name), Why::Absent)));
        };
        let stat = self.rules.facts(&*state.at.fs, &node)?;
        let windows = self.manner() == Manner::Windows;
        if !is_last && windows && stat.kind != NodeKind::Directory {
            // That it is no directory is seen before that it is a link.
            return Ok(Some(state.stop(Some(&name), Why::NotADirectory)));
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
            return Ok(Some(state.stop(Some(&name), Why::Refused(status))));
        }
        if self.is_link(&stat) && !(is_last && last == LastLink::Keep) {
            return self.follow(state, name, &node, &stat);
        }
        if !is_last && !stat.is_plain_directory() {
            return Ok(Some(state.stop(Some(&name), Why::NotADirectory)));
        }
        state.at.path.push((name, node));
        state.at.stat = Some(stat);
        Ok(None)
    }

    /// Where the walk is.
    fn place(&self, state: &mut State) -> Result<Outcome> {
        let at = &mut state.at;
        let node = at.node().clone();
        let stat = match at.stat.take() {
            Some(stat) => stat,
            None => self.rules.facts(&*at.fs, &node)?,
        };
        Ok(Outcome::Found(Box::new(Place {
            fs: Arc::clone(&at.fs),
            stat,
            node,
            path: at.names(),
        })))
    }

    fn manner(&self) -> Manner {
        self.rules.manner()
    }

    /// Whether an object leads elsewhere, or cannot be opened without somebody
    /// who knows its tag.
    fn is_link(&self, stat: &Stat) -> bool {
        match self.manner() {
            Manner::Tool | Manner::Posix => stat.is_link(),
            // Compressed system files are read by the file system itself here.
            Manner::Windows => {
                stat.posix_link || stat.reparse_tag.is_some_and(|tag| tag != ReparseTag::WOF.0)
            }
        }
    }

    fn above_root(&self, state: &mut State) -> Outcome {
        state.stop_at_link(match self.manner() {
            Manner::Tool | Manner::Posix => Why::AboveRoot,
            Manner::Windows => Why::Refused(NtStatus::IO_REPARSE_DATA_INVALID),
        })
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
            return Ok(Some(state.stop(Some(&name), Why::TooManyLinks)));
        }
        let Some(content) = state.at.fs.link(node)? else {
            // It was a link a moment ago; somebody changed it.
            state.slot = Some(state.at.slot(&name));
            state.rest.clear();
            return Ok(Some(state.stop(Some(&name), Why::Absent)));
        };
        let rest = state.rest.len();
        let hop = Hop::new(&state.at.names(), content, stat.link_type(), rest);
        self.jump(state, name, hop)
    }

    /// Goes where a link with this name and content in the current directory
    /// leads.
    fn jump(&self, state: &mut State, name: Name, mut hop: Hop) -> Result<Option<Outcome>> {
        let jump = Jump::of(&hop.content, self.manner());
        hop.at.push(name);
        hop.leads = jump.leads(&hop.content);
        let symbolic = !matches!(
            hop.content,
            LinkContent::Reparse(ReparseBuffer::MountPoint(_))
        );
        let before = match &jump {
            Jump::Beside(_) => state.at.names(),
            _ => Vec::new(),
        };
        hop.onward = onward(before, jump.steps().iter().chain(&state.rest));
        state.hops.push(hop);
        let (target, steps) = match jump {
            Jump::Opaque => return Ok(Some(state.stop_at_link(Why::Opaque))),
            Jump::Elsewhere => return Ok(Some(state.stop_at_link(Why::Elsewhere))),
            Jump::Refused(status) => return Ok(Some(state.stop_at_link(Why::Refused(status)))),
            Jump::Beside(steps) => (None, steps),
            Jump::FromRoot(steps) => {
                state.at.path.clear();
                state.at.stat = None;
                (None, steps)
            }
            Jump::Drive(letter, steps) => (Some(self.drives.drive(letter)?), steps),
            Jump::Volume(guid, steps) => (Some(self.drives.volume(guid)?), steps),
            Jump::Share(server, share, steps) => (Some(self.drives.share(&server, &share)?), steps),
        };
        let from = Arc::clone(&state.at.fs);
        match target {
            None => {}
            Some(None) => return Ok(Some(state.stop_at_link(Why::Elsewhere))),
            Some(Some(fs)) => state.at = At::root(fs)?,
        }
        if symbolic && let Err(status) = self.rules.crosses(&from, &state.at.fs) {
            return Ok(Some(state.stop_at_link(Why::Refused(status))));
        }
        match self.manner() {
            Manner::Tool | Manner::Posix => state.prepend(steps),
            Manner::Windows => {
                if !state.prepend_text(steps) {
                    return Ok(Some(self.above_root(state)));
                }
            }
        }
        Ok(None)
    }
}

/// A path with its `..` taken away as text.
fn onward<'a>(mut path: Vec<Name>, steps: impl Iterator<Item = &'a Step>) -> Vec<Name> {
    for step in steps {
        match step {
            Step::Down(name) => path.push(name.clone()),
            Step::Here => {}
            Step::Up => {
                path.pop();
            }
        }
    }
    path
}

/// A directory that was reached, with the way to it.
struct At {
    fs: Arc<dyn FileSystem>,
    root: Node,
    path: Vec<(Name, Node)>,
    /// What was seen of the last one on its way, when the walk came down to it.
    stat: Option<Stat>,
}

struct State {
    at: At,
    rest: VecDeque<Step>,
    hops: Vec<Hop>,
    slot: Option<Slot>,
    stop: Option<Stop>,
}

impl State {
    fn new(fs: &Arc<dyn FileSystem>, path: &[Name], manner: Manner) -> Result<Self> {
        let step = |name: &Name| match manner {
            Manner::Posix => host_step(name.units()),
            Manner::Tool | Manner::Windows => Step::Down(name.clone()),
        };
        Ok(Self {
            at: At::root(Arc::clone(fs))?,
            rest: path.iter().map(step).collect(),
            hops: Vec::new(),
            slot: None,
            stop: None,
        })
    }

    /// The walk ends at this name in the current directory.
    fn stop(&mut self, name: Option<&Name>, why: Why) -> Outcome {
        let mut path = self.at.names();
        path.extend(name.cloned());
        self.stop = Some(Stop { path, why });
        why.outcome(self.rest.is_empty())
    }

    /// The walk ends at the link that was followed last.
    fn stop_at_link(&mut self, why: Why) -> Outcome {
        let path = match self.hops.last() {
            Some(hop) => hop.at.clone(),
            None => self.at.names(),
        };
        self.stop = Some(Stop { path, why });
        why.outcome(false)
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
            stop: self.stop,
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
                Step::Here => {}
                Step::Up => {
                    if down.pop().is_none() && !self.at.up() {
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
            stat: None,
        })
    }

    /// Goes to the directory above; `false` when there is none.
    fn up(&mut self) -> bool {
        self.stat = None;
        self.path.pop().is_some()
    }

    fn node(&self) -> &Node {
        self.path.last().map_or(&self.root, |(_, node)| node)
    }

    fn slot(&self, name: &Name) -> Slot {
        Slot {
            fs: Arc::clone(&self.fs),
            dir: self.node().clone(),
            dir_stat: self.stat.clone(),
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
}
