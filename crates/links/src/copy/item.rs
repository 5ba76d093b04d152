//! One file or link: its data, its names, what it lost.

use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::Arc;

use linkwright_fs::{
    Attributes, Capabilities, Contents, Create, Error, ErrorKind, FileSystem, LinkType, Name, Node,
    NodeKind, Replace, Result, Stat, StreamInfo, Target, Times,
};

use super::content::{self, Translated};
use super::tree::{Copied, Copier, FileKey, Job, PLAIN, is_special};
use super::{Dangling, Event, Loss, Made, Mode, Observer, Problem};

/// Attributes that a copy keeps, as `CopyFile` does.
pub(crate) const KEPT: Attributes = Attributes::READ_ONLY
    .union(Attributes::HIDDEN)
    .union(Attributes::SYSTEM)
    .union(Attributes::ARCHIVE);
/// Those of them that mean something to a user when they get lost.
const MISSED: Attributes = Attributes::READ_ONLY
    .union(Attributes::HIDDEN)
    .union(Attributes::SYSTEM);
/// Executable, set-user and set-group bits.
const MISSED_MODE: u32 = 0o6111;

impl Copier<'_> {
    /// Copies what is no directory.
    pub(super) fn item(
        &mut self,
        job: &mut Job<'_>,
        node: &Node,
        stat: &Stat,
        dir: Option<&Node>,
        name: &Name,
    ) -> Result<()> {
        if is_special(stat) {
            job.problem(Problem::SpecialFile);
            return Ok(());
        }
        if let Some(dir) = dir
            && !self.room_for(job, stat, dir, name)?
        {
            return Ok(());
        }
        let Some(dir) = dir.filter(|_| self.options.mode == Mode::Write) else {
            return self.pretend(job, node, stat);
        };
        let key = (stat.names > 1).then(|| FileKey::of(job.source, stat));
        if let Some(key) = key
            && self.link_again(job, key, dir, name)?
        {
            return Ok(());
        }
        let made = match stat.is_link() {
            true => self.link(job, node, stat, dir, name)?,
            false => Some(self.file(job, node, stat, dir, name)?),
        };
        let Some(made) = made else { return Ok(()) };
        if let Some(key) = key {
            self.remember(job, key, stat);
        }
        job.made(made);
        self.report_losses(job, node, stat)
    }

    /// Looks at what has the name already; `false` when it stays.
    fn room_for(&self, job: &mut Job<'_>, stat: &Stat, dir: &Node, name: &Name) -> Result<bool> {
        let Some((_, there)) = existing(job.destination, dir, name)? else {
            return Ok(true);
        };
        if there.is_plain_directory() {
            job.problem(Problem::DirectoryInTheWay);
            return Ok(false);
        }
        if FileKey::of(job.destination, &there) == FileKey::of(job.source, stat) {
            job.problem(Problem::SameFile);
            return Ok(false);
        }
        Ok(true)
    }

    /// What a dry run can tell.
    fn pretend(&mut self, job: &mut Job<'_>, node: &Node, stat: &Stat) -> Result<()> {
        let key = (stat.names > 1).then(|| FileKey::of(job.source, stat));
        if let Some(key) = key
            && self.seen.contains_key(&key)
        {
            job.made(Made::HardLink);
            return Ok(());
        }
        let made = match stat.is_link() {
            true => self.translated(job, node, stat)?.map(|_| Made::Link),
            false => Some(Made::File(stat.size)),
        };
        let Some(made) = made else { return Ok(()) };
        if let Some(key) = key {
            self.remember(job, key, stat);
        }
        job.made(made);
        self.report_losses(job, node, stat)
    }

    fn remember(&mut self, job: &Job<'_>, key: FileKey, stat: &Stat) {
        let left = match self.seen.get(&key) {
            Some(copied) => copied.left.saturating_sub(1),
            None => stat.names - 1,
        };
        self.seen.insert(
            key,
            Copied {
                base: job.base.clone(),
                path: job.to.clone(),
                left,
            },
        );
    }

    /// Gives a file that was copied before another name. `false` when it was
    /// not, or when it has as many names as it can have.
    fn link_again(
        &mut self,
        job: &mut Job<'_>,
        key: FileKey,
        dir: &Node,
        name: &Name,
    ) -> Result<bool> {
        let Some(copied) = self.seen.get_mut(&key) else {
            return Ok(false);
        };
        let target = walk(job.destination, &copied.base, &copied.path)?;
        let linked = replace_existing(job.destination, dir, name, |name| {
            job.destination.hard_link(&target, dir, name)
        });
        match linked {
            Ok(()) => {
                copied.left = copied.left.saturating_sub(1);
                if copied.left == 0 {
                    self.seen.remove(&key);
                }
                job.made(Made::HardLink);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::TooManyLinks => {
                let (from, to) = (&job.from, &job.to);
                job.observer.event(Event::NewCopy { from, to });
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Copies a file with its data and streams, as one step.
    fn file(
        &mut self,
        job: &mut Job<'_>,
        node: &Node,
        stat: &Stat,
        dir: &Node,
        name: &Name,
    ) -> Result<Made> {
        let create = create_for(job, stat);
        let streams = match named_streams_fit(job) {
            true => job.source.streams(node)?,
            false => Vec::new(),
        };
        let source = job.source;
        let observer: &mut dyn Observer = &mut *job.observer;
        let observer = RefCell::new(observer);
        let mut readers = Vec::new();
        readers.push((None, Watched::new(source.open_data(node, None)?, &observer)));
        for StreamInfo { name, .. } in streams {
            if let Some(name) = name {
                let data = source.open_data(node, Some(&name))?;
                readers.push((Some(name), Watched::new(data, &observer)));
            }
        }
        let mut contents: Vec<Contents<'_>> = readers
            .iter_mut()
            .map(|(stream, data)| Contents {
                stream: stream.clone(),
                data,
            })
            .collect();
        let made = job
            .destination
            .put_file(dir, name, &create, &mut contents, Replace::Yes)?;
        drop(contents);
        drop(readers);
        copy_extended_attributes(job, node, &made)?;
        Ok(Made::File(stat.size))
    }

    /// Copies a link; `None` when it was left out.
    fn link(
        &mut self,
        job: &mut Job<'_>,
        node: &Node,
        stat: &Stat,
        dir: &Node,
        name: &Name,
    ) -> Result<Option<Made>> {
        let Some((translated, link_type)) = self.translated(job, node, stat)? else {
            return Ok(None);
        };
        let create = create_for(job, stat);
        replace_existing(job.destination, dir, name, |name| {
            job.destination
                .create_link(dir, name, link_type, &translated.content, &create)
                .map(|_| ())
        })?;
        if let Some(loss) = translated.loss {
            let from = &job.from;
            job.observer.event(Event::Lost { from, loss });
        }
        Ok(Some(Made::Link))
    }

    /// What a link becomes, and its type; `None` when it is left out.
    fn translated(
        &mut self,
        job: &mut Job<'_>,
        node: &Node,
        stat: &Stat,
    ) -> Result<Option<(Translated, LinkType)>> {
        let Some(content) = job.source.link(node)? else {
            return Err(ErrorKind::NotFound.into());
        };
        let capabilities = job.destination.capabilities();
        let translated = match content::translate(&content, capabilities, self.options) {
            Ok(translated) => translated,
            Err(problem) => {
                job.problem(problem);
                return Ok(None);
            }
        };
        let needs_type = capabilities.contains(Capabilities::TYPED_LINKS);
        let has_type = job
            .source
            .capabilities()
            .contains(Capabilities::TYPED_LINKS);
        let link_type = match (needs_type, has_type) {
            (false, _) => Some(LinkType::File),
            (true, true) => Some(stat.link_type()),
            (true, false) => self.type_from_source(job, node)?,
        };
        Ok(link_type.map(|link_type| (translated, link_type)))
    }

    /// The type of a link is that of what it leads to at the source.
    fn type_from_source(&self, job: &mut Job<'_>, node: &Node) -> Result<Option<LinkType>> {
        if let Target::Found(found) = job.source.followed(node)? {
            return Ok(Some(found.stat.link_type()));
        }
        Ok(match self.options.dangling {
            Dangling::File => Some(LinkType::File),
            Dangling::Directory => Some(LinkType::Directory),
            Dangling::Skip => {
                let from = &job.from;
                job.observer.event(Event::Skipped { from });
                None
            }
            Dangling::Refuse => {
                job.problem(Problem::Dangling);
                None
            }
        })
    }

    /// Says what the destination cannot hold of a thing that was copied.
    pub(super) fn report_losses(&self, job: &mut Job<'_>, node: &Node, stat: &Stat) -> Result<()> {
        let mut losses = Vec::new();
        if !named_streams_fit(job) && !stat.is_link() {
            for stream in job.source.streams(node)? {
                if let Some(name) = stream.name {
                    losses.push(Loss::Stream(name.as_name().clone(), stream.size));
                }
            }
        }
        if !extended_attributes_fit(job) {
            let count = job.source.extended_attributes(node)?.len();
            losses.extend((count > 0).then_some(Loss::ExtendedAttributes(count)));
        }
        let windows = Capabilities::WINDOWS_NAMES;
        let to_windows = job.destination.capabilities().contains(windows);
        let missed = kept_attributes(job, stat) & MISSED;
        if !to_windows && !missed.is_empty() {
            losses.push(Loss::Attributes(missed));
        }
        let mode = stat.mode.unwrap_or(0) & MISSED_MODE;
        if to_windows && mode != 0 && stat.kind == NodeKind::File && !stat.is_link() {
            losses.push(Loss::Mode(mode));
        }
        if let (Some(tag), false) = (stat.reparse_tag, stat.is_link()) {
            losses.push(Loss::ReparsePoint(tag));
        }
        for loss in losses {
            let from = &job.from;
            job.observer.event(Event::Lost { from, loss });
        }
        Ok(())
    }
}

fn named_streams_fit(job: &Job<'_>) -> bool {
    job.destination
        .capabilities()
        .contains(Capabilities::NAMED_STREAMS)
}

fn extended_attributes_fit(job: &Job<'_>) -> bool {
    job.destination
        .capabilities()
        .contains(Capabilities::EXTENDED_ATTRIBUTES)
}

/// Extended attributes go along, as with `CopyFile`.
pub(super) fn copy_extended_attributes(job: &Job<'_>, from: &Node, to: &Node) -> Result<()> {
    if !extended_attributes_fit(job) {
        return Ok(());
    }
    let list = job.source.extended_attributes(from)?;
    match list.is_empty() {
        true => Ok(()),
        false => job.destination.set_extended_attributes(to, &list),
    }
}

/// What has a name in a directory of the destination.
pub(crate) fn existing(
    fs: &Arc<dyn FileSystem>,
    dir: &Node,
    name: &Name,
) -> Result<Option<(Node, Stat)>> {
    match fs.child(dir, name) {
        Ok(node) => {
            let stat = fs.stat(&node)?;
            Ok(Some((node, stat)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes something under a name that may be taken: then under another first,
/// which takes its place when it is whole. Directories are kept by `rename`.
pub(crate) fn replace_existing(
    fs: &Arc<dyn FileSystem>,
    dir: &Node,
    name: &Name,
    make: impl Fn(&Name) -> Result<()>,
) -> Result<()> {
    match make(name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let aside = Name::from(format!(".linkwright-{}.part", std::process::id()).as_str());
    make(&aside)?;
    let moved = fs.rename(dir, &aside, dir, name, Replace::Yes);
    // Also after success: POSIX leaves both where they are names of one file.
    match fs.remove(dir, &aside) {
        Err(error) if moved.is_ok() && error.kind() != ErrorKind::NotFound => Err(error),
        _ => moved,
    }
}

/// The object at a path under a directory of the destination; links are not
/// followed.
fn walk(fs: &Arc<dyn FileSystem>, base: &Node, path: &[Name]) -> Result<Node> {
    path.iter()
        .try_fold(base.clone(), |dir, name| fs.child(&dir, name))
}

/// Times that a copy keeps.
pub(super) fn times_for(job: &Job<'_>, stat: &Stat) -> Times {
    let keeps_created = job
        .destination
        .capabilities()
        .contains(Capabilities::WINDOWS_NAMES);
    Times {
        created: stat.times.created.filter(|_| keeps_created),
        modified: stat.times.modified,
        ..PLAIN.times
    }
}

/// How a copy is made.
pub(super) fn create_for(job: &Job<'_>, stat: &Stat) -> Create {
    Create {
        attributes: kept_attributes(job, stat),
        times: times_for(job, stat),
        mode: stat.mode.map(|mode| mode & 0o777),
        ..PLAIN
    }
}

/// The attributes that a copy is to have.
fn kept_attributes(job: &Job<'_>, stat: &Stat) -> Attributes {
    let windows = Capabilities::WINDOWS_NAMES;
    let is_windows = job.source.capabilities().contains(windows);
    match is_windows && !(job.is_root && job.from.is_empty()) {
        true => stat.attributes & KEPT,
        false => Attributes::empty(),
    }
}

/// A reader that tells how far it is, and ends when the user wants it to.
struct Watched<'r, 'o> {
    data: Box<dyn Read + Send + 'r>,
    observer: &'r RefCell<&'o mut dyn Observer>,
}

impl<'r, 'o> Watched<'r, 'o> {
    fn new(data: Box<dyn Read + Send + 'r>, observer: &'r RefCell<&'o mut dyn Observer>) -> Self {
        Self { data, observer }
    }
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut observer = self.observer.borrow_mut();
        if observer.is_interrupted() {
            return Err(Error::from(ErrorKind::Interrupted).into_io());
        }
        let got = self.data.read(buf)?;
        observer.progress(got as u64);
        Ok(got)
    }
}
