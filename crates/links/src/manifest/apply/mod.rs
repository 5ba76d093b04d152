//! Making again what a manifest has and a place has not.
//!
//! Nothing that is there is changed or removed, no link is followed, and nothing
//! is made outside of the place. Directories on the way are made.

mod group;
mod path;

use std::collections::HashMap;
use std::sync::Arc;

use linkwright_fs::{
    Capabilities, Create, Error, ErrorKind, FileSystem, LinkType, Name, Node, Result, Stat,
};

use self::group::State;
use self::path::Walk;
use super::{GroupId, Link, Manifest};
use crate::copy::{self, Mode, Problem};
use crate::walk::Place;

/// Where the data of a file comes from of which no name is there.
#[derive(Clone, Copy, Default)]
pub enum Content<'a> {
    /// From nowhere: it is left out.
    #[default]
    Nowhere,
    /// Files of the same paths below another place.
    From(&'a Place),
    /// It has none: the file is made empty.
    Placeholders,
}

/// How to apply a manifest.
#[derive(Clone, Copy, Default)]
pub struct ApplyOptions<'a> {
    /// Data of files.
    pub content: Content<'a>,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What became of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was there, the same.
    Same,
    /// A directory on the way was made.
    Directory,
    /// A link object was made.
    Link,
    /// A file got another name.
    HardLink,
    /// A file was made, for other names to come.
    File,
    /// A file has as many names as it can have: a new copy was begun.
    NewCopy,
}

/// Why something was left out.
#[derive(Debug)]
pub enum Left {
    /// Something else has the name.
    InTheWay,
    /// Names that are to be of one file are those of several.
    SeveralFiles,
    /// No name of the file is there, and nobody has its data.
    NoData,
    /// The place cannot hold the link.
    Problem(Problem),
    /// It failed.
    Failed(Error),
}

/// What happened to a path below the place.
#[derive(Debug)]
pub struct Applied<'a> {
    /// The path.
    pub path: &'a [Name],
    /// What became of it.
    pub outcome: std::result::Result<Outcome, Left>,
}

/// Hears what happens, and says when to stop.
pub trait Watch {
    /// Something is settled.
    fn applied(&mut self, applied: Applied<'_>);

    /// That many of the manifest's links were looked at.
    fn progress(&mut self, done: u64);

    /// Whether to stop now.
    fn is_interrupted(&self) -> bool;
}

/// Makes what is missing below a place. On a file system with transactions all of
/// it is one, and `watch` hears of it when that is committed.
///
/// # Errors
/// `Interrupted`, and errors after which nothing more can be made: a full or
/// read-only volume. In a transaction nothing was made then; elsewhere what was
/// made before is whole and stays.
pub fn apply(
    manifest: &Manifest,
    place: &Place,
    options: ApplyOptions<'_>,
    watch: &mut dyn Watch,
) -> Result<()> {
    let transactions = Capabilities::TRANSACTIONS;
    if options.mode == Mode::DryRun || !place.fs.capabilities().contains(transactions) {
        let watch = &mut Direct(watch);
        return Job::new(&*place.fs, place, options)?.run(manifest, watch);
    }
    let mut kept = Vec::new();
    place.fs.atomically(&mut |inside| {
        // It may be run a second time.
        kept.clear();
        let mut keep = Keep {
            watch: &mut *watch,
            kept: &mut kept,
        };
        Job::new(inside, place, options)?.run(manifest, &mut keep)
    })?;
    for (path, outcome) in kept {
        let path = &path;
        watch.applied(Applied { path, outcome });
    }
    Ok(())
}

/// Where the work tells what happens.
trait Tell {
    fn tell(&mut self, path: &[Name], outcome: std::result::Result<Outcome, Left>);
    fn watch(&mut self) -> &mut dyn Watch;
}

struct Direct<'a>(&'a mut dyn Watch);

impl Tell for Direct<'_> {
    fn tell(&mut self, path: &[Name], outcome: std::result::Result<Outcome, Left>) {
        self.0.applied(Applied { path, outcome });
    }

    fn watch(&mut self) -> &mut dyn Watch {
        self.0
    }
}

/// Until a transaction is committed.
struct Keep<'a> {
    watch: &'a mut dyn Watch,
    kept: &'a mut Vec<(Vec<Name>, std::result::Result<Outcome, Left>)>,
}

impl Tell for Keep<'_> {
    fn tell(&mut self, path: &[Name], outcome: std::result::Result<Outcome, Left>) {
        self.kept.push((path.to_vec(), outcome));
    }

    fn watch(&mut self) -> &mut dyn Watch {
        self.watch
    }
}

/// What one call works on.
struct Job<'a> {
    fs: &'a dyn FileSystem,
    capabilities: Capabilities,
    top: Node,
    options: ApplyOptions<'a>,
    /// The file system of [`Content::From`], as it is seen from inside.
    source: Option<(&'a dyn FileSystem, Node)>,
    groups: HashMap<GroupId, State>,
}

impl<'a> Job<'a> {
    fn new(fs: &'a dyn FileSystem, place: &Place, options: ApplyOptions<'a>) -> Result<Self> {
        let source = match options.content {
            Content::From(from) => {
                // The volume that is written to is reached through `fs` only.
                let is_same = Arc::ptr_eq(&from.fs, &place.fs);
                let from_fs = if is_same { fs } else { &*from.fs };
                Some((from_fs, from.node.clone()))
            }
            Content::Nowhere | Content::Placeholders => None,
        };
        Ok(Self {
            fs,
            capabilities: fs.capabilities_at(&place.node)?,
            top: place.node.clone(),
            options,
            source,
            groups: HashMap::new(),
        })
    }

    fn run(&mut self, manifest: &Manifest, tell: &mut dyn Tell) -> Result<()> {
        self.survey(manifest, tell)?;
        let mut walk = Walk::new(self.top.clone());
        for (done, (path, link)) in manifest.links.iter().enumerate() {
            interrupted(tell)?;
            tell.watch().progress(done as u64);
            let outcome = match self.one(&mut walk, path, link, tell) {
                Ok(outcome) => outcome,
                Err(error) => Err(Left::Failed(not_fatal(error)?)),
            };
            tell.tell(path, outcome);
        }
        Ok(())
    }

    /// One name of the manifest.
    fn one(
        &mut self,
        walk: &mut Walk,
        path: &[Name],
        link: &Link,
        tell: &mut dyn Tell,
    ) -> Result<std::result::Result<Outcome, Left>> {
        let Some((name, above)) = path.split_last() else {
            return Err(ErrorKind::InvalidName.into());
        };
        let dir = walk.make(self.fs, above, self.options.mode, tell)?;
        match link.group {
            Some(group) => self.name_of_group(group.id, dir.as_ref(), name, path, link),
            None => self.link_object(dir.as_ref(), name, link),
        }
    }

    /// A link object, if it is not there.
    fn link_object(
        &self,
        dir: Option<&Node>,
        name: &Name,
        link: &Link,
    ) -> Result<std::result::Result<Outcome, Left>> {
        let Some(content) = &link.content else {
            return Err(ErrorKind::InvalidArgument.into());
        };
        let translated = copy::translate(content, self.capabilities, &copy::Options::default());
        let content = match translated {
            Ok(translated) => translated.content,
            Err(problem) => return Ok(Err(Left::Problem(problem))),
        };
        let is_typed = self.capabilities.contains(Capabilities::TYPED_LINKS);
        let link_type = match (is_typed, link.link_type) {
            (_, Some(link_type)) => link_type,
            (false, None) => LinkType::File,
            (true, None) => return Ok(Err(Left::Problem(Problem::Dangling))),
        };
        if let Some(dir) = dir
            && let Some((node, stat)) = existing(self.fs, dir, name)?
        {
            let is_same = self.fs.link(&node)?.as_ref() == Some(&content)
                && (!is_typed || stat.link_type() == link_type);
            return Ok(match is_same {
                true => Ok(Outcome::Same),
                false => Err(Left::InTheWay),
            });
        }
        if let (Some(dir), Mode::Write) = (dir, self.options.mode) {
            let create = create_for(link);
            let made = self
                .fs
                .create_link(dir, name, link_type, &content, &create)?;
            self.attributes(dir, name, &made, link)?;
        }
        Ok(Ok(Outcome::Link))
    }

    /// Sets the attributes that making an object left out or added.
    fn attributes(&self, dir: &Node, name: &Name, made: &Node, link: &Link) -> Result<()> {
        let Some(wanted) = link.attributes else {
            return Ok(());
        };
        if !self.capabilities.contains(Capabilities::WINDOWS_NAMES) {
            return Ok(());
        }
        let has = self.fs.stat(made)?.attributes & super::collect::KEPT;
        if has != wanted & super::collect::KEPT {
            self.fs
                .set_attributes(made, wanted & super::collect::KEPT)?;
            self.fs.set_times(made, &link.times)?;
            self.fs.refresh_entry(dir, name)?;
        }
        Ok(())
    }
}

/// How an object of the manifest is made.
fn create_for(link: &Link) -> Create {
    Create {
        attributes: link.attributes.unwrap_or_default() & super::collect::KEPT,
        times: link.times,
        mode: link.mode.map(|mode| mode & 0o777),
        ..Create::default()
    }
}

/// What has a name.
fn existing(fs: &dyn FileSystem, dir: &Node, name: &Name) -> Result<Option<(Node, Stat)>> {
    match fs.child(dir, name) {
        Ok(node) => {
            let stat = fs.stat(&node)?;
            Ok(Some((node, stat)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn interrupted(tell: &mut dyn Tell) -> Result<()> {
    match tell.watch().is_interrupted() {
        true => Err(ErrorKind::Interrupted.into()),
        false => Ok(()),
    }
}

/// An error of one thing; one of the volume as a whole ends the work.
fn not_fatal(error: Error) -> Result<Error> {
    match error.kind() {
        ErrorKind::Interrupted
        | ErrorKind::DiskFull
        | ErrorKind::WriteProtected
        | ErrorKind::Refused(_)
        | ErrorKind::Corrupt
        | ErrorKind::OutOfResources => Err(error),
        _ => Ok(error),
    }
}
