//! One file: another name of it, a link to it, or a copy.

use std::sync::Arc;

use linkwright_fs::{
    Capabilities, Create, ErrorKind, FileSystem, LinkContent, LinkType, Name, Node, NodeKind,
    Result, Stat,
};
use linkwright_reparse::{SymbolicLink, TargetContext};

use super::directory::joined;
use super::work::{Key, Task, Work, lock};
use super::{Counts, Event, Files};
use crate::copy::{self, Destination, Mode, Observer, Source, copy};
use crate::text::relative_path;

impl Work<'_> {
    #[expect(
        clippy::too_many_arguments,
        reason = "a name on both sides, and what it is"
    )]
    pub(super) fn file(
        &self,
        task: &Task,
        from: &Arc<dyn FileSystem>,
        node: &Node,
        stat: &Stat,
        to: Option<&Node>,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<()> {
        match &self.options.files {
            Files::Symbolic => self.symbolic(task, to, name, counts),
            Files::Hard => {
                let Some(to) = to.filter(|_| self.is_writing()) else {
                    counts.hard_links += 1;
                    return Ok(());
                };
                match self.fs.hard_link(node, to, name) {
                    Ok(()) => {
                        counts.hard_links += 1;
                        Ok(())
                    }
                    Err(error) if error.kind() == ErrorKind::TooManyLinks => {
                        if !self.another_name(task, from, stat, to, name, counts)? {
                            self.new_copy(task, from, node, stat, to, name, counts)?;
                        }
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
            Files::Copy { .. } | Files::Mirror => {
                self.copied(task, from, node, stat, to, name, counts)
            }
        }
    }

    /// A symbolic link to the file.
    fn symbolic(
        &self,
        task: &Task,
        to: Option<&Node>,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<()> {
        counts.links += 1;
        let Some(to) = to.filter(|_| self.is_writing()) else {
            return Ok(());
        };
        let dir = [&task.scope.destination[..], &task.below].concat();
        let file = joined(&[&task.scope.source[..], &task.below].concat(), name);
        let windows = Capabilities::REPARSE_POINTS;
        let content = match self.capabilities.contains(windows) {
            false => LinkContent::Posix(relative_path(&dir, &file, '/').to_host_bytes()),
            true => {
                let text = relative_path(&dir, &file, '\\');
                let context = TargetContext::default();
                LinkContent::Reparse(SymbolicLink::from_target_text(text.units(), &context)?.into())
            }
        };
        self.fs
            .create_link(to, name, LinkType::File, &content, &Create::default())?;
        Ok(())
    }

    /// A copy, or another name of a file that is the same.
    #[expect(clippy::too_many_arguments, reason = "as `file`")]
    fn copied(
        &self,
        task: &Task,
        from: &Arc<dyn FileSystem>,
        node: &Node,
        stat: &Stat,
        to: Option<&Node>,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<()> {
        if let Some(to) = to
            && self.another_name(task, from, stat, to, name, counts)?
        {
            return Ok(());
        }
        if let Some(to) = to
            && matches!(self.options.files, Files::Mirror)
            && let Some((_, there)) = copy::existing(&self.fs, to, name)?
        {
            if unchanged(stat, &there) && self.take(from, stat, &there) {
                counts.same += 1;
                self.remember(task, from, stat, name);
                return Ok(());
            }
            if there.is_plain_directory() && self.is_writing() {
                let stop = || self.check().is_err();
                counts.removed += super::remove_tree(&*self.fs, to, name, &stop)?;
            }
        }
        if let Some(last) = &task.last
            && let Some((file, there)) = copy::existing(&self.fs, last, name)?
            && unchanged(stat, &there)
            && self.take(from, stat, &there)
        {
            let linked = match to.filter(|_| self.is_writing()) {
                None => Ok(()),
                Some(to) => self.fs.hard_link(&file, to, name),
            };
            match linked {
                Ok(()) => {
                    counts.hard_links += 1;
                    self.remember(task, from, stat, name);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::TooManyLinks => {
                    counts.new_copies += 1;
                    self.event(Event::NewCopy(&joined(&task.path, name)));
                }
                Err(error) => return Err(error),
            }
        }
        counts.files += 1;
        if let Some(to) = to.filter(|_| self.is_writing()) {
            self.copy(task, from, node, stat, to, name)?;
        }
        self.remember(task, from, stat, name);
        Ok(())
    }

    /// Whether a file that is there may stand for this one of the source: it does
    /// so for one only.
    fn take(&self, from: &Arc<dyn FileSystem>, stat: &Stat, there: &Stat) -> bool {
        if there.names < 2 {
            return true;
        }
        let key = Key::of(from, stat);
        *lock(&self.used)
            .entry(Key::of(&self.fs, there))
            .or_insert(key)
            == key
    }

    fn remember(&self, task: &Task, from: &Arc<dyn FileSystem>, stat: &Stat, name: &Name) {
        if stat.names > 1 {
            let path = joined(&task.path, name);
            lock(&self.made).insert(Key::of(from, stat), path);
        }
    }

    /// Gives a file that was made already its further name. `false` when it was
    /// not, or has no room.
    pub(super) fn another_name(
        &self,
        task: &Task,
        from: &Arc<dyn FileSystem>,
        stat: &Stat,
        to: &Node,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<bool> {
        if stat.names < 2 {
            return Ok(false);
        }
        let Some(path) = lock(&self.made).get(&Key::of(from, stat)).cloned() else {
            return Ok(false);
        };
        if !self.is_writing() {
            counts.hard_links += 1;
            return Ok(true);
        }
        let file = self.find(&path)?;
        let there = copy::existing(&self.fs, to, name)?;
        if let Some((_, there)) = &there {
            if self.fs.identity(&file)? == (there.record, there.sequence) {
                counts.same += 1;
                return Ok(true);
            }
            if there.is_plain_directory() {
                let stop = || self.check().is_err();
                counts.removed += super::remove_tree(&*self.fs, to, name, &stop)?;
            }
        }
        let linked = copy::replace_existing(&self.fs, to, name, |name| {
            self.fs.hard_link(&file, to, name)
        });
        match linked {
            Ok(()) => {
                counts.hard_links += 1;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::TooManyLinks => {
                if !matches!(self.options.files, Files::Hard) {
                    counts.new_copies += 1;
                    self.event(Event::NewCopy(&joined(&task.path, name)));
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// A copy for the names that a file has no room for.
    #[expect(clippy::too_many_arguments, reason = "as `file`")]
    fn new_copy(
        &self,
        task: &Task,
        from: &Arc<dyn FileSystem>,
        node: &Node,
        stat: &Stat,
        to: &Node,
        name: &Name,
        counts: &mut Counts,
    ) -> Result<()> {
        self.copy(task, from, node, stat, to, name)?;
        counts.files += 1;
        counts.new_copies += 1;
        let path = joined(&task.path, name);
        self.event(Event::NewCopy(&path));
        lock(&self.made).insert(Key::of(from, stat), path);
        Ok(())
    }

    /// The file with its data.
    fn copy(
        &self,
        task: &Task,
        from: &Arc<dyn FileSystem>,
        node: &Node,
        stat: &Stat,
        to: &Node,
        name: &Name,
    ) -> Result<()> {
        let source = Source {
            fs: Arc::clone(from),
            node: node.clone(),
            stat: stat.clone(),
        };
        let destination = Destination {
            fs: Arc::clone(&self.fs),
            dir: to.clone(),
            name: name.clone(),
        };
        let options = copy::Options::default();
        let mut heard = Heard {
            work: self,
            path: joined(&task.path, name),
        };
        debug_assert_eq!(self.options.mode, Mode::Write);
        copy(&source, &destination, &options, &mut heard)
    }
}

/// What a copy of one file says.
struct Heard<'a, 'w> {
    work: &'a Work<'w>,
    path: Vec<Name>,
}

impl Observer for Heard<'_, '_> {
    fn event(&mut self, event: copy::Event<'_>) {
        match event {
            copy::Event::Problem { problem, .. } => self.work.problem(&self.path, problem),
            copy::Event::Lost { loss, .. } => self.work.event(Event::Lost(&self.path, loss)),
            copy::Event::Made { .. }
            | copy::Event::Renamed { .. }
            | copy::Event::NewCopy { .. }
            | copy::Event::Skipped { .. } => {}
        }
    }

    fn progress(&mut self, _bytes: u64) {}

    fn is_interrupted(&self) -> bool {
        self.work.check().is_err()
    }
}

/// Whether a file has not changed since it was copied, as far as its length, time
/// and attributes tell.
fn unchanged(stat: &Stat, there: &Stat) -> bool {
    let same_time = match (stat.times.modified, there.times.modified) {
        (Some(one), Some(two)) => one.same_tick(two),
        _ => false,
    };
    let is_windows = stat.mode.is_none() && there.mode.is_none();
    !there.is_link()
        && there.kind == NodeKind::File
        && stat.size == there.size
        && same_time
        && stat.mode.map(|mode| mode & 0o777) == there.mode.map(|mode| mode & 0o777)
        && (!is_windows || stat.attributes & copy::KEPT == there.attributes & copy::KEPT)
}
