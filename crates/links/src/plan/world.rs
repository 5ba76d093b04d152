//! Whether the world is as a plan says.

use linkwright_fs::{
    Capabilities, Error, ErrorKind, FileSystem, LinkContent, Name, Node, NodeKind, Result, Stat,
};

use super::format::Step;
use super::state::{FileState, LinkState, State, type_word};

/// Finds the names of a plan, none of them through a link.
pub struct Places<'a> {
    fs: &'a dyn FileSystem,
    top: Node,
    /// Most steps are in the directory of the one before.
    last: Option<(Vec<Name>, Node)>,
}

/// A name, and what has it.
pub struct Here {
    /// The directory.
    pub dir: Node,
    /// The name.
    pub name: Name,
    /// What has it.
    pub found: Option<(Node, Stat)>,
}

/// Why a step does not fit the world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The directory of the link is not there, or is a link.
    #[error("its directory is not there any more")]
    NoDirectory,
    /// Nothing has the name.
    #[error("it is not there any more")]
    Missing,
    /// Something has the name.
    #[error("something is there that was not")]
    Taken,
    /// It is no link now, or no file.
    #[error("it is of another kind now")]
    Kind,
    /// The link leads elsewhere.
    #[error("the link holds something else now: {0}")]
    Content(String),
    /// The link has the other type.
    #[error("the link is of type {0} now")]
    Type(&'static str),
    /// Another object has the name.
    #[error("another object has this name now")]
    Identity,
    /// The file has other data.
    #[error("the file was changed since")]
    Changed,
    /// The file whose name or data it would get is another one.
    #[error("the file it would share data with is not there any more, or is another one")]
    Other,
    /// It could not be looked at.
    #[error("{0}")]
    Failed(Error),
}

impl<'a> Places<'a> {
    /// Below the directory `top` of `fs`.
    pub fn new(fs: &'a dyn FileSystem, top: Node) -> Self {
        Self {
            fs,
            top,
            last: None,
        }
    }

    /// The place of a step.
    ///
    /// # Errors
    /// [`Mismatch::NoDirectory`], [`Mismatch::Failed`].
    pub fn find(&mut self, step: &Step) -> std::result::Result<Here, Mismatch> {
        let names = step.path.names().ok_or(Mismatch::NoDirectory)?;
        let (name, parents) = names.split_last().ok_or(Mismatch::NoDirectory)?;
        let dir = self.directory(parents)?;
        let found = match self.fs.child(&dir, name) {
            Ok(node) => {
                let stat = self.fs.stat(&node).map_err(Mismatch::Failed)?;
                Some((node, stat))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Mismatch::Failed(error)),
        };
        Ok(Here {
            dir,
            name: name.clone(),
            found,
        })
    }

    fn directory(&mut self, names: &[Name]) -> std::result::Result<Node, Mismatch> {
        match &self.last {
            Some((path, node)) if path == names => return Ok(node.clone()),
            _ => {}
        }
        let node =
            descend(self.fs, self.top.clone(), names).map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PathNotFound => {
                    Mismatch::NoDirectory
                }
                _ => Mismatch::Failed(error),
            })?;
        self.last = Some((names.to_vec(), node.clone()));
        Ok(node)
    }
}

/// The directory at a path below `top`, no name of which is a link.
fn descend(fs: &dyn FileSystem, top: Node, names: &[Name]) -> Result<Node> {
    names.iter().try_fold(top, |dir, name| {
        let node = fs.child(&dir, name)?;
        match fs.stat(&node)?.is_plain_directory() {
            true => Ok(node),
            false => Err(ErrorKind::NotADirectory.into()),
        }
    })
}

/// The file at a path from the root, no directory on the way a link.
pub(super) fn file_at_root(fs: &dyn FileSystem, names: &[Name]) -> Result<(Node, Stat)> {
    let (name, parents) = names.split_last().ok_or(ErrorKind::NotFound)?;
    let dir = descend(fs, fs.root()?, parents)?;
    let node = fs.child(&dir, name)?;
    let stat = fs.stat(&node)?;
    Ok((node, stat))
}

/// Whether the number of an object counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// The object must be the very one.
    Same,
    /// One like it will do.
    Any,
}

/// Whether what is here is what `state` says.
pub(super) fn compare(
    fs: &dyn FileSystem,
    here: &Here,
    state: &State,
    ids: Ids,
) -> std::result::Result<(), Mismatch> {
    match (state, &here.found) {
        (State::Absent, None) => Ok(()),
        (State::Absent, Some(_)) => Err(Mismatch::Taken),
        (_, None) => Err(Mismatch::Missing),
        (State::Link(link), Some((node, stat))) => {
            same_id(link.id, stat, ids)?;
            same_link(fs, &here.dir, node, stat, link)
        }
        (State::File(file), Some((_, stat))) => {
            same_id(file.id, stat, ids)?;
            same_file(fs, stat, file)
        }
    }
}

fn same_id(id: Option<(u64, u16)>, stat: &Stat, ids: Ids) -> std::result::Result<(), Mismatch> {
    match (ids, id) {
        (Ids::Same, Some(id)) if id != (stat.record, stat.sequence) => Err(Mismatch::Identity),
        _ => Ok(()),
    }
}

fn same_link(
    fs: &dyn FileSystem,
    dir: &Node,
    node: &Node,
    stat: &Stat,
    link: &LinkState,
) -> std::result::Result<(), Mismatch> {
    let there = fs.link(node).map_err(Mismatch::Failed)?;
    let there = there.ok_or(Mismatch::Kind)?;
    if link.content().as_ref() != Some(&there) {
        let now = LinkState::of(stat, &there, false);
        return Err(Mismatch::Content(now.target));
    }
    let typed = is_typed(fs, dir).map_err(Mismatch::Failed)?;
    match link.link_type() {
        Some(link_type) if !typed || link_type == stat.link_type() => Ok(()),
        _ => Err(Mismatch::Type(type_word(stat.link_type()))),
    }
}

/// Whether links in a directory have a type.
pub(super) fn is_typed(fs: &dyn FileSystem, dir: &Node) -> Result<bool> {
    Ok(fs.capabilities_at(dir)?.contains(Capabilities::TYPED_LINKS))
}

fn same_file(
    fs: &dyn FileSystem,
    stat: &Stat,
    file: &FileState,
) -> std::result::Result<(), Mismatch> {
    if stat.kind != NodeKind::File || stat.is_link() {
        return Err(Mismatch::Kind);
    }
    // One that shares its data with another is no file of its own.
    if !file.shared && file.names == 1 && stat.names != 1 {
        return Err(Mismatch::Changed);
    }
    if stat.size != file.size || stat.times.modified != file.times.times().modified {
        return Err(Mismatch::Changed);
    }
    let Some(of) = file.of.as_ref().and_then(super::PathText::names) else {
        return Ok(());
    };
    if file.shared {
        let (_, other) = file_at_root(fs, &of).map_err(|_| Mismatch::Other)?;
        if (other.record, other.device) != (stat.record, stat.device) {
            return Err(Mismatch::Identity);
        }
    }
    Ok(())
}

/// What a link holds, read where it is.
pub(super) fn content_of(fs: &dyn FileSystem, node: &Node) -> Result<LinkContent> {
    fs.link(node)?
        .ok_or_else(|| ErrorKind::NotAReparsePoint.into())
}
