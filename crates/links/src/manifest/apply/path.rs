//! From the place down to a directory and on to the next, without following
//! links.

use linkwright_fs::{Create, ErrorKind, FileSystem, Name, Node, Result};

use super::{Outcome, Tell, existing};
use crate::copy::Mode;

/// The directories from the place down to where the work is. Paths come in
/// order, so that few of them are opened anew.
pub(super) struct Walk {
    top: Node,
    /// Names and nodes; no node where the directory is not there.
    levels: Vec<(Name, Option<Node>)>,
}

impl Walk {
    pub(super) fn new(top: Node) -> Self {
        Self {
            top,
            levels: Vec::new(),
        }
    }

    /// The directory at a path, if it is there.
    pub(super) fn find(&mut self, fs: &dyn FileSystem, path: &[Name]) -> Result<Option<Node>> {
        self.back_to(path);
        for name in path.iter().skip(self.levels.len()) {
            let node = match self.here() {
                None => None,
                Some(dir) => directory(fs, &dir, name)?,
            };
            self.levels.push((name.clone(), node));
        }
        Ok(self.here())
    }

    /// The directory at a path, made when it is not there; none in a dry run that
    /// would make it.
    pub(super) fn make(
        &mut self,
        fs: &dyn FileSystem,
        path: &[Name],
        mode: Mode,
        tell: &mut dyn Tell,
    ) -> Result<Option<Node>> {
        self.back_to(path);
        for at in self.levels.len()..path.len() {
            let Some(name) = path.get(at) else { break };
            let there = match self.here() {
                None => None,
                Some(dir) => directory(fs, &dir, name)?,
            };
            let node = match (there, self.here()) {
                (Some(node), _) => Some(node),
                (None, dir) => {
                    let made = match (dir, mode) {
                        (Some(dir), Mode::Write) => {
                            Some(fs.create_directory(&dir, name, &Create::default())?)
                        }
                        _ => None,
                    };
                    let path = path.get(..=at).unwrap_or_default();
                    tell.tell(path, Ok(Outcome::Directory));
                    made
                }
            };
            self.levels.push((name.clone(), node));
        }
        Ok(self.here())
    }

    /// Leaves the directories that are not on the way to `path`.
    fn back_to(&mut self, path: &[Name]) {
        let common = self
            .levels
            .iter()
            .zip(path)
            .take_while(|((name, _), wanted)| name == *wanted)
            .count();
        self.levels.truncate(common);
    }

    /// The deepest directory, if it is there.
    fn here(&self) -> Option<Node> {
        match self.levels.last() {
            None => Some(self.top.clone()),
            Some((_, node)) => node.clone(),
        }
    }
}

/// A directory with a name; `None` when nothing has it.
fn directory(fs: &dyn FileSystem, dir: &Node, name: &Name) -> Result<Option<Node>> {
    match existing(fs, dir, name)? {
        None => Ok(None),
        Some((node, stat)) if stat.is_plain_directory() => Ok(Some(node)),
        // A file, or a link, which is not followed.
        Some(_) => Err(ErrorKind::NotADirectory.into()),
    }
}
