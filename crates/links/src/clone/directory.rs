//! One directory: its entries, then its own times.

use std::sync::Arc;

use linkwright_fs::{
    Create, Entry, ErrorKind, FileSystem, HardLinked, Name, Node, NodeKind, Result, Stat, Times,
};

use super::work::{Kept, Key, Task, Work, lock};
use super::{Counts, Event, Files, Follow, remove_tree};
use crate::copy::{self, Mode, Problem};

impl Work<'_> {
    pub(super) fn directory(
        &self,
        task: &Task,
        follow: Option<&Follow<'_>>,
        counts: &mut Counts,
    ) -> Result<()> {
        self.check()?;
        let from_fs = &task.scope.fs;
        let from = from_fs.opened(&task.from)?;
        let stat = from_fs.stat(&from)?;
        let to = match &task.to {
            Some(to) => Some(self.fs.opened(to)?),
            None => None,
        };
        let mut kept = Kept::new(&self.same);
        let is_hard = matches!(self.options.files, Files::Hard) && self.is_writing();
        match &to {
            Some(to) if is_hard && Arc::ptr_eq(from_fs, &self.fs) => {
                self.hard(task, &from, to, follow, counts)?;
            }
            _ => {
                for entry in from_fs.list(&from)? {
                    self.check()?;
                    let entry = entry?;
                    let path = joined(&task.path, &entry.name);
                    let (name, to) = (&entry.name, to.as_ref());
                    match self.entry(task, &entry.node, to, name, follow, counts) {
                        Ok(true) => kept.add(name),
                        Ok(false) => {}
                        Err(error) => {
                            // Nothing is removed because something failed.
                            kept.add(name);
                            self.failed(&path, error)?;
                        }
                    }
                }
            }
        }
        if let (Some(to), Files::Mirror) = (&to, &self.options.files) {
            self.remove_others(task, to, &kept, counts)?;
        }
        if let (Some(to), Mode::Write) = (&to, self.options.mode) {
            self.fs.set_times(to, &times(&stat))?;
        }
        Ok(())
    }

    /// The files of a directory get their other names at once.
    fn hard(
        &self,
        task: &Task,
        from: &Node,
        to: &Node,
        follow: Option<&Follow<'_>>,
        counts: &mut Counts,
    ) -> Result<()> {
        let mut rest = Vec::new();
        let mut since = 0_u32;
        self.fs.hard_link_files(from, to, &mut |linked| {
            since += 1;
            if since.is_multiple_of(256) {
                self.check()?;
            }
            match linked {
                HardLinked::Linked => counts.hard_links += 1,
                HardLinked::NoFile(entry) => rest.push(entry),
                HardLinked::Failed(entry, error) if error.kind() == ErrorKind::TooManyLinks => {
                    rest.push(entry);
                }
                HardLinked::Failed(entry, error) => {
                    self.failed(&joined(&task.path, &entry.name), error)?;
                }
            }
            Ok(())
        })?;
        for Entry { name, node } in rest {
            self.check()?;
            let done = self.entry(task, &node, Some(to), &name, follow, counts);
            if let Err(error) = done {
                self.failed(&joined(&task.path, &name), error)?;
            }
        }
        Ok(())
    }

    /// One entry; whether its name is one of what is made.
    fn entry(
        &self,
        task: &Task,
        node: &Node,
        to: Option<&Node>,
        name: &Name,
        follow: Option<&Follow<'_>>,
        counts: &mut Counts,
    ) -> Result<bool> {
        let stat = task.scope.fs.stat(node)?;
        let path = joined(&task.path, name);
        if stat.is_link() {
            return self.link(task, node, &stat, to, name, follow, counts);
        }
        match stat.kind {
            NodeKind::Directory => {
                if Some(Key::of(&task.scope.fs, &stat)) == *lock(&self.top_key) {
                    self.problem(&path, Problem::IntoItself);
                    return Ok(false);
                }
                let made = self.make_directory(&task.scope.fs, &stat, to, name, counts)?;
                self.push(Task {
                    scope: Arc::clone(&task.scope),
                    from: node.clone(),
                    to: made,
                    last: self.last_directory(task, name),
                    below: joined(&task.below, name),
                    path,
                });
            }
            NodeKind::File => self.file(task, &task.scope.fs, node, &stat, to, name, counts)?,
            NodeKind::Special => {
                self.problem(&path, Problem::SpecialFile);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes a directory; one that is there is taken in a mirror only.
    pub(super) fn make_directory(
        &self,
        from: &Arc<dyn FileSystem>,
        stat: &Stat,
        dir: Option<&Node>,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<Option<Node>> {
        let is_mirror = matches!(self.options.files, Files::Mirror);
        // What is to be new says itself that its name is taken.
        let there = match dir {
            Some(dir) if is_mirror || !self.is_writing() => copy::existing(&self.fs, dir, name)?,
            _ => None,
        };
        match there {
            Some((node, there)) if is_mirror && there.is_plain_directory() => {
                counts.same += 1;
                return Ok(Some(node));
            }
            Some(_) if !is_mirror => return Err(ErrorKind::AlreadyExists.into()),
            Some(_) if self.is_writing() => {
                // A file or link is not passed through; it makes way.
                if let Some(dir) = dir {
                    self.fs.remove(dir, name)?;
                    counts.removed += 1;
                }
            }
            _ => {}
        }
        counts.directories += 1;
        let (Some(dir), Mode::Write) = (dir, self.options.mode) else {
            return Ok(None);
        };
        let windows = linkwright_fs::Capabilities::WINDOWS_NAMES;
        let create = Create {
            attributes: match from.capabilities().contains(windows) {
                true => stat.attributes & copy::KEPT,
                false => linkwright_fs::Attributes::empty(),
            },
            mode: stat.mode.map(|mode| mode & 0o7777),
            ..Create::default()
        };
        self.fs.create_directory(dir, name, &create).map(Some)
    }

    fn last_directory(&self, task: &Task, name: &Name) -> Option<Node> {
        let last = task.last.as_ref()?;
        let (node, stat) = copy::existing(&self.fs, last, name).ok()??;
        stat.is_plain_directory().then_some(node)
    }

    /// Removes what the source has not.
    fn remove_others(
        &self,
        task: &Task,
        to: &Node,
        kept: &Kept<'_>,
        counts: &mut Counts,
    ) -> Result<()> {
        let mut others = Vec::new();
        for entry in self.fs.list(to)? {
            let entry = entry?;
            if !kept.has(&entry.name) {
                others.push(entry.name);
            }
        }
        for name in others {
            let path = joined(&task.path, &name);
            if self.is_writing() {
                let stop = || self.check().is_err();
                match remove_tree(&*self.fs, to, &name, &stop) {
                    Ok(removed) => counts.removed += removed,
                    Err(error) => {
                        self.failed(&path, error)?;
                        continue;
                    }
                }
            } else {
                counts.removed += 1;
            }
            self.event(Event::Removed(&path));
        }
        Ok(())
    }

    pub(super) fn is_writing(&self) -> bool {
        self.options.mode == Mode::Write
    }
}

/// Times that what is made keeps.
pub(super) fn times(stat: &Stat) -> Times {
    Times {
        created: stat.times.created,
        modified: stat.times.modified,
        ..Times::default()
    }
}

pub(super) fn joined(path: &[Name], name: &Name) -> Vec<Name> {
    let mut joined = path.to_vec();
    joined.push(name.clone());
    joined
}
