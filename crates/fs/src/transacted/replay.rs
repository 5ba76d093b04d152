//! Doing on the volume what a transaction did in memory.

use std::collections::HashMap;

use super::Key;
use super::state::{File, Hold, State, StreamChange};
use crate::error::{Error, ErrorKind, Result, TransactionError};
use crate::{Create, FileSystem, LinkContent, LinkType, Name, Node, NodeKind, Replace, Stat};

/// One change, in the order of the calls. Nodes may be private ones.
pub(super) enum Op {
    Create {
        dir: Node,
        name: Name,
        kind: NodeKind,
        create: Box<Create>,
        made: Key,
    },
    CreateLink {
        dir: Node,
        name: Name,
        link_type: LinkType,
        content: Box<LinkContent>,
        create: Box<Create>,
        made: Key,
    },
    HardLink {
        node: Node,
        dir: Node,
        name: Name,
    },
    Remove {
        dir: Node,
        name: Name,
    },
    Rename {
        dir: Node,
        name: Name,
        new_dir: Node,
        new_name: Name,
        replace: Replace,
    },
    SetLink {
        node: Node,
        content: Box<LinkContent>,
    },
    RemoveLink {
        node: Node,
    },
    SetSecurity {
        node: Node,
        descriptor: Vec<u8>,
    },
}

/// Does everything in `state` on `fs`, which is inside one transaction of the
/// volume. Files that lose their last name while `is_open` are set aside; they
/// are returned.
pub(super) fn replay(
    fs: &dyn FileSystem,
    state: &State,
    is_open: &dyn Fn(u64, u16) -> bool,
) -> Result<Vec<(u64, u16)>> {
    check_unchanged(fs, state)?;
    let mut real = Real {
        made: HashMap::new(),
        is_open,
        aside: Vec::new(),
    };
    for op in &state.ops {
        real.apply(fs, op).map_err(conflict)?;
    }
    let mut kept: Vec<(&Key, &File)> = state.files.iter().filter(|(_, file)| !file.gone).collect();
    kept.sort_by_key(|(key, _)| **key);
    for (_, file) in &kept {
        real.contents(fs, state, file)?;
    }
    // Every change moved times; now they become what they were inside.
    for (_, file) in &kept {
        let node = real.node(&file.node)?;
        if file.hold == Hold::Whole {
            fs.set_attributes(&node, file.stat.attributes)?;
        }
        fs.set_times(&node, &file.stat.times)?;
    }
    real.refresh(fs, state)?;
    Ok(real.aside)
}

/// What is held must be as it was when it was taken: somebody may have worked
/// on the volume without asking.
fn check_unchanged(fs: &dyn FileSystem, state: &State) -> Result<()> {
    for file in state.files.values() {
        let (Hold::Whole, Some(before)) = (file.hold, &file.before) else {
            continue;
        };
        let now = fs.stat(&file.node).map_err(conflict)?;
        let same = |stat: &Stat| {
            (
                stat.size,
                stat.names,
                stat.times.modified,
                stat.times.changed,
                stat.attributes,
                stat.reparse_tag,
            )
        };
        // Names that come and go in a directory are held one by one.
        if now.kind != NodeKind::Directory && same(&now) != same(before) {
            return Err(ErrorKind::Transaction(TransactionError::Conflict).into());
        }
    }
    Ok(())
}

/// What could be done inside and cannot be done now is a conflict, unless the
/// volume is at fault.
fn conflict(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::PathNotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::AccessDenied
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::DirectoryNotEmpty
        | ErrorKind::TooManyLinks
        | ErrorKind::NotAReparsePoint
        | ErrorKind::ReparseTagMismatch
        | ErrorKind::StreamNotFound
        | ErrorKind::IntoItself => {
            Error::with_source(ErrorKind::Transaction(TransactionError::Conflict), error)
        }
        _ => error,
    }
}

/// The work on the volume.
struct Real<'a> {
    /// The nodes on the volume of what the transaction made.
    made: HashMap<Key, Node>,
    is_open: &'a dyn Fn(u64, u16) -> bool,
    aside: Vec<(u64, u16)>,
}

impl Real<'_> {
    fn node(&self, node: &Node) -> Result<Node> {
        match node.key() {
            Some(Key::Private(number)) => self
                .made
                .get(&Key::Private(number))
                .cloned()
                .ok_or_else(|| ErrorKind::InvalidArgument.into()),
            _ => Ok(node.clone()),
        }
    }

    fn apply(&mut self, fs: &dyn FileSystem, op: &Op) -> Result<()> {
        match op {
            Op::Create {
                dir,
                name,
                kind,
                create,
                made,
            } => {
                let dir = self.node(dir)?;
                let node = match kind {
                    NodeKind::Directory => fs.create_directory(&dir, name, create)?,
                    _ => fs.create_file(&dir, name, create)?,
                };
                self.made.insert(*made, node);
                Ok(())
            }
            Op::CreateLink {
                dir,
                name,
                link_type,
                content,
                create,
                made,
            } => {
                let dir = self.node(dir)?;
                let node = fs.create_link(&dir, name, *link_type, content, create)?;
                self.made.insert(*made, node);
                Ok(())
            }
            Op::HardLink { node, dir, name } => {
                fs.hard_link(&self.node(node)?, &self.node(dir)?, name)
            }
            Op::Remove { dir, name } => self.remove(fs, &self.node(dir)?, name),
            Op::Rename {
                dir,
                name,
                new_dir,
                new_name,
                replace,
            } => {
                let (dir, new_dir) = (self.node(dir)?, self.node(new_dir)?);
                let replace = self.clear(fs, &dir, name, &new_dir, new_name, *replace)?;
                fs.rename(&dir, name, &new_dir, new_name, replace)
            }
            Op::SetLink { node, content } => fs.set_link(&self.node(node)?, content),
            Op::RemoveLink { node } => fs.remove_link(&self.node(node)?),
            Op::SetSecurity { node, descriptor } => fs.set_security(&self.node(node)?, descriptor),
        }
    }

    /// The entries that say what their files say: those that were asked for, and
    /// new ones of files with several names (the engine sees to single ones).
    fn refresh(&self, fs: &dyn FileSystem, state: &State) -> Result<()> {
        let asked = state.refresh.iter().map(|(dir, name)| (dir, name));
        let added = state.directories.iter().flat_map(|(dir, changed)| {
            let several = |key| state.files.get(key).is_some_and(|file| file.stat.names > 1);
            changed
                .added
                .values()
                .filter(move |added| several(&added.key))
                .map(move |added| (dir, &added.name))
        });
        for (dir, name) in asked.chain(added) {
            let Some(dir) = state.files.get(dir).filter(|dir| !dir.gone) else {
                continue;
            };
            match fs.refresh_entry(&self.node(&dir.node)?, name) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// Removes a name; a file that somebody has open is set aside.
    fn remove(&mut self, fs: &dyn FileSystem, dir: &Node, name: &Name) -> Result<()> {
        let stat = fs.stat(&fs.child(dir, name)?)?;
        if stat.names > 1 || !(self.is_open)(stat.record, stat.sequence) {
            return fs.remove(dir, name);
        }
        fs.set_aside(dir, name)?;
        self.aside.push((stat.record, stat.sequence));
        Ok(())
    }

    /// Takes an open file out of the way of a rename; whether the rename has to
    /// replace anything then.
    fn clear(
        &mut self,
        fs: &dyn FileSystem,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<Replace> {
        if replace == Replace::No {
            return Ok(Replace::No);
        }
        let Ok(there) = fs.child(new_dir, new_name) else {
            return Ok(replace);
        };
        let stat = fs.stat(&there)?;
        let is_moved = fs.child(dir, name)?.key() == there.key();
        if is_moved || stat.names > 1 || !(self.is_open)(stat.record, stat.sequence) {
            return Ok(replace);
        }
        self.remove(fs, new_dir, new_name)?;
        Ok(Replace::No)
    }

    /// The streams of a file.
    fn contents(&self, fs: &dyn FileSystem, state: &State, file: &File) -> Result<()> {
        if file.streams.is_empty() {
            return Ok(());
        }
        let node = self.node(&file.node)?;
        for change in &file.streams {
            match change {
                StreamChange::Data(data) => data.apply(fs, &node, &state.pages)?,
                StreamChange::Removed(name) => {
                    fs.remove_stream(&node, name).map_err(conflict)?;
                }
            }
        }
        Ok(())
    }
}
