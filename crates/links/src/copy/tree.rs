//! The walk: directories down and back up again, one open level at a time.

use std::collections::HashMap;
use std::sync::Arc;

use linkwright_fs::{
    Create, Entry, Error, ErrorKind, FileSystem, Name, Node, NodeKind, Result, Stat,
};

use super::names::{Rules, Taken};
use super::{Destination, Event, IllegalNames, Made, Mode, Observer, Options, Problem, Source};

/// Deepest directories that are copied: far more than a path of 32,767 units
/// has, so that only a damaged source comes to it.
pub(super) const MAX_DEPTH: usize = 16_384;

/// Copies several things, one after the other; hard links between them stay
/// hard links.
pub struct Copier<'a> {
    pub(super) options: &'a Options,
    pub(super) seen: HashMap<FileKey, Copied>,
}

/// What tells a file of the source from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileKey {
    file_system: usize,
    device: u64,
    record: u64,
    sequence: u16,
}

/// A file with several names that was copied, and where to find it.
pub(super) struct Copied {
    pub(super) base: Node,
    pub(super) path: Vec<Name>,
    /// Names of the source that have not come by yet.
    pub(super) left: u64,
}

/// What one call of [`Copier::copy`] works on.
pub(super) struct Job<'j> {
    pub(super) source: &'j Arc<dyn FileSystem>,
    pub(super) destination: &'j Arc<dyn FileSystem>,
    /// The directory that everything goes into.
    pub(super) base: Node,
    pub(super) rules: Rules,
    /// The directory at the destination that the copy of the source is.
    pub(super) top: Option<FileKey>,
    /// Whether the source is the root of its volume, whose attributes (hidden,
    /// system) are no choice of a user.
    pub(super) is_root: bool,
    /// Where the walk is: the path from the source, and the one at the
    /// destination.
    pub(super) from: Vec<Name>,
    pub(super) to: Vec<Name>,
    pub(super) observer: &'j mut dyn Observer,
}

/// A directory that is being copied.
struct Level<'j> {
    entries: Box<dyn Iterator<Item = Result<Entry>> + Send + 'j>,
    /// The directory at the destination; `None` in a dry run where it is not
    /// there yet.
    made: Option<Node>,
    taken: Taken,
    stat: Stat,
}

impl FileKey {
    pub(super) fn of(fs: &Arc<dyn FileSystem>, stat: &Stat) -> Self {
        Self {
            file_system: Arc::as_ptr(fs).cast::<()>() as usize,
            device: stat.device,
            record: stat.record,
            sequence: stat.sequence,
        }
    }
}

impl<'a> Copier<'a> {
    /// With these options.
    pub fn new(options: &'a Options) -> Self {
        Self {
            options,
            seen: HashMap::new(),
        }
    }

    /// Copies one file, link or tree.
    ///
    /// # Errors
    /// As [`copy`](super::copy).
    pub fn copy(
        &mut self,
        source: &Source,
        destination: &Destination,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let mut job = Job {
            source: &source.fs,
            destination: &destination.fs,
            base: destination.dir.clone(),
            rules: Rules::of(destination.fs.capabilities()),
            top: None,
            is_root: {
                let root = source.fs.stat(&source.fs.root()?)?;
                FileKey::of(&source.fs, &root) == FileKey::of(&source.fs, &source.stat)
            },
            from: Vec::new(),
            to: Vec::new(),
            observer,
        };
        let mut taken = Taken::default();
        let name = match job
            .rules
            .place(&destination.name, self.options.illegal_names, &mut taken)
        {
            Ok(name) => name,
            Err(problem) => {
                job.problem(problem);
                return Ok(());
            }
        };
        let dir = Some(destination.dir.clone());
        let mut levels = Vec::new();
        if let Some(level) = self.enter(&mut job, &source.node, &source.stat, dir, name, &levels)? {
            levels.push(level);
        }
        while let Some(level) = levels.last_mut() {
            job.check()?;
            match level.entries.next() {
                Some(Ok(entry)) => self.entry(&mut job, &mut levels, entry)?,
                Some(Err(error)) => {
                    job.fatal_or_problem(error)?;
                    self.leave(&mut job, &mut levels)?;
                }
                None => self.leave(&mut job, &mut levels)?,
            }
        }
        Ok(())
    }

    /// Copies one entry of the deepest directory.
    fn entry<'j>(
        &mut self,
        job: &mut Job<'j>,
        levels: &mut Vec<Level<'j>>,
        entry: Entry,
    ) -> Result<()> {
        job.from.push(entry.name.clone());
        let level = self.try_entry(job, levels, &entry);
        match level {
            Ok(Some(level)) => levels.push(level),
            Ok(None) => {
                job.from.pop();
            }
            Err(error) => {
                job.fatal_or_problem(error)?;
                job.from.pop();
            }
        }
        Ok(())
    }

    fn try_entry<'j>(
        &mut self,
        job: &mut Job<'j>,
        levels: &mut [Level<'j>],
        entry: &Entry,
    ) -> Result<Option<Level<'j>>> {
        let stat = job.source.stat(&entry.node)?;
        // The copy lies inside of the source: it is no part of it.
        if stat.is_plain_directory() && job.top == Some(FileKey::of(job.source, &stat)) {
            job.problem(Problem::IntoItself);
            return Ok(None);
        }
        let Some(level) = levels.last_mut() else {
            return Ok(None);
        };
        let illegal = self.options.illegal_names;
        let name = match job.rules.place(&entry.name, illegal, &mut level.taken) {
            Ok(name) => name,
            Err(problem) => {
                job.problem(problem);
                return Ok(None);
            }
        };
        let dir = level.made.clone();
        self.enter(job, &entry.node, &stat, dir, name, levels)
    }

    /// Copies one object; gives a level when it is a directory.
    fn enter<'j>(
        &mut self,
        job: &mut Job<'j>,
        node: &Node,
        stat: &Stat,
        dir: Option<Node>,
        name: Name,
        above: &[Level<'j>],
    ) -> Result<Option<Level<'j>>> {
        let original = job.from.last().unwrap_or(&name);
        let is_renamed = illegal_renamed(self.options.illegal_names, original, &name);
        job.to.push(name.clone());
        if is_renamed {
            let (from, to) = (&job.from, &job.to);
            job.observer.event(Event::Renamed { from, to });
        }
        let result = if stat.is_plain_directory() {
            self.directory(job, node, stat, dir.as_ref(), &name, above.len())
        } else {
            self.item(job, node, stat, dir.as_ref(), &name)
                .map(|()| None)
        };
        match result {
            Ok(Some(level)) => Ok(Some(level)),
            Ok(None) => {
                job.to.pop();
                Ok(None)
            }
            Err(error) => {
                job.to.pop();
                if above.is_empty() {
                    job.fatal_or_problem(error)?;
                    return Ok(None);
                }
                Err(error)
            }
        }
    }

    /// Makes a directory, or takes the one that is there.
    fn directory<'j>(
        &mut self,
        job: &mut Job<'j>,
        node: &Node,
        stat: &Stat,
        dir: Option<&Node>,
        name: &Name,
        depth: usize,
    ) -> Result<Option<Level<'j>>> {
        if depth >= MAX_DEPTH {
            return Err(ErrorKind::NameTooLong.into());
        }
        let existing = match dir {
            Some(dir) => super::item::existing(job.destination, dir, name)?,
            None => None,
        };
        let made = match existing {
            Some((_, there)) if there.is_link() => {
                job.problem(Problem::LinkInTheWay);
                return Ok(None);
            }
            Some((_, there)) if !there.is_plain_directory() => {
                return Err(ErrorKind::AlreadyExists.into());
            }
            Some((found, there)) => {
                if FileKey::of(job.destination, &there) == FileKey::of(job.source, stat) {
                    job.problem(Problem::SameFile);
                    return Ok(None);
                }
                Some(found)
            }
            None => match (self.options.mode, dir) {
                (Mode::Write, Some(dir)) => {
                    let create = super::item::create_for(job, stat);
                    let made = job.destination.create_directory(dir, name, &create)?;
                    super::item::copy_extended_attributes(job, node, &made)?;
                    Some(made)
                }
                _ => None,
            },
        };
        if let (0, Some(made)) = (depth, &made) {
            job.top = Some(FileKey::of(job.destination, &job.destination.stat(made)?));
        }
        job.made(Made::Directory);
        self.report_losses(job, node, stat)?;
        Ok(Some(Level {
            entries: job.source.list(node)?,
            made,
            taken: Taken::default(),
            stat: stat.clone(),
        }))
    }

    /// A directory is done: now its own times, which its entries changed.
    fn leave(&mut self, job: &mut Job<'_>, levels: &mut Vec<Level<'_>>) -> Result<()> {
        if let Some(level) = levels.pop()
            && let Some(made) = &level.made
            && self.options.mode == Mode::Write
        {
            let times = super::item::times_for(job, &level.stat);
            if let Err(error) = job.destination.set_times(made, &times) {
                job.fatal_or_problem(error)?;
            }
        }
        job.from.pop();
        job.to.pop();
        Ok(())
    }
}

/// Whether the destination gave it another name than the user or source did.
fn illegal_renamed(illegal: IllegalNames, original: &Name, name: &Name) -> bool {
    illegal == IllegalNames::Rename && original != name
}

impl Job<'_> {
    pub(super) fn check(&self) -> Result<()> {
        match self.observer.is_interrupted() {
            true => Err(ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }

    pub(super) fn made(&mut self, made: Made) {
        let (from, to) = (&self.from, &self.to);
        self.observer.event(Event::Made { from, to, made });
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        let from = &self.from;
        self.observer.event(Event::Problem { from, problem });
    }

    /// An error of one thing is a problem of it; one of the destination as a
    /// whole ends the copy.
    pub(super) fn fatal_or_problem(&mut self, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Interrupted
            | ErrorKind::DiskFull
            | ErrorKind::WriteProtected
            | ErrorKind::Refused(_)
            | ErrorKind::OutOfResources => Err(error),
            _ => {
                self.problem(Problem::Failed(error));
                Ok(())
            }
        }
    }
}

/// Whether a thing is copied by its data.
pub(super) fn is_special(stat: &Stat) -> bool {
    stat.kind == NodeKind::Special
}

/// What [`Create`] says nothing about is the destination's choice.
pub(super) const PLAIN: Create = Create {
    attributes: linkwright_fs::Attributes::empty(),
    times: linkwright_fs::Times {
        created: None,
        modified: None,
        changed: None,
        accessed: None,
    },
    mode: None,
    security_descriptor: None,
    owner: None,
    short_name: None,
};
