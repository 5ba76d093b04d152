//! Files with several names.

use std::io::Read;

use linkwright_fs::{
    Capabilities, Contents, ErrorKind, FileSystem, Name, Node, Replace, Result, Stat, StreamName,
};

use super::path::Walk;
use super::{Content, Job, Left, Outcome, Tell, create_for, existing, interrupted};
use crate::copy::Mode;
use crate::manifest::{GroupId, Link, Manifest};

/// What is known of a file of the manifest.
#[derive(Debug)]
pub(super) enum State {
    /// It is there: one of its names, and what tells it from other files.
    There {
        path: Vec<Name>,
        key: (u64, u64, u16),
    },
    /// A dry run would have made it.
    Pretended,
    /// Its names are those of several files.
    Several,
}

/// What tells a file from others of the place.
fn key_of(stat: &Stat) -> (u64, u64, u16) {
    (stat.device, stat.record, stat.sequence)
}

impl Job<'_> {
    /// Finds which files of the manifest have a name already.
    pub(super) fn survey(&mut self, manifest: &Manifest, tell: &mut dyn Tell) -> Result<()> {
        let mut walk = Walk::new(self.top.clone());
        for (path, link) in &manifest.links {
            interrupted(tell)?;
            let (Some(group), Some((name, above))) = (link.group, path.split_last()) else {
                continue;
            };
            // What cannot be looked at is said when its turn comes.
            let Ok(Some(dir)) = walk.find(self.fs, above) else {
                continue;
            };
            let Ok(Some((_, stat))) = existing(self.fs, &dir, name) else {
                continue;
            };
            let key = key_of(&stat);
            let is_several = match self.groups.get(&group.id) {
                Some(State::There { key: known, .. }) => *known != key,
                Some(_) => true,
                None => false,
            };
            let state = match is_several {
                true => State::Several,
                false => State::There {
                    path: path.clone(),
                    key,
                },
            };
            self.groups.insert(group.id, state);
        }
        Ok(())
    }

    /// One name of a file with several.
    pub(super) fn name_of_group(
        &mut self,
        id: GroupId,
        dir: Option<&Node>,
        name: &Name,
        path: &[Name],
        link: &Link,
    ) -> Result<std::result::Result<Outcome, Left>> {
        let there = match dir {
            Some(dir) => existing(self.fs, dir, name)?,
            None => None,
        };
        if let Some((node, stat)) = there {
            return self.name_is_there(id, &node, &stat, link);
        }
        let base = match self.groups.get(&id) {
            Some(State::Several) => return Ok(Err(Left::SeveralFiles)),
            Some(State::Pretended) => return Ok(Ok(Outcome::HardLink)),
            Some(State::There { path, .. }) => Some(path.clone()),
            None => None,
        };
        let (Some(dir), Mode::Write) = (dir, self.options.mode) else {
            return Ok(self.pretend(id, base.is_some(), path, link));
        };
        let Some(base) = base else {
            let made = self.first_name(dir, name, path, link)?;
            if made.is_ok() {
                self.remember(id, dir, name, path)?;
            }
            return Ok(made);
        };
        let file = follow_names(self.fs, &self.top, &base)?;
        match self.fs.hard_link(&file, dir, name) {
            Ok(()) => Ok(Ok(Outcome::HardLink)),
            Err(error) if error.kind() == ErrorKind::TooManyLinks => {
                match &link.content {
                    Some(_) => match self.link_object(Some(dir), name, link)? {
                        Ok(_) => {}
                        Err(left) => return Ok(Err(left)),
                    },
                    None => self.copy(self.fs, &file, dir, name, link)?,
                }
                self.remember(id, dir, name, path)?;
                Ok(Ok(Outcome::NewCopy))
            }
            Err(error) => Err(error),
        }
    }

    fn remember(&mut self, id: GroupId, dir: &Node, name: &Name, path: &[Name]) -> Result<()> {
        let stat = self.fs.stat(&self.fs.child(dir, name)?)?;
        let state = State::There {
            path: path.to_vec(),
            key: key_of(&stat),
        };
        self.groups.insert(id, state);
        Ok(())
    }

    /// A name that something has already.
    fn name_is_there(
        &self,
        id: GroupId,
        node: &Node,
        stat: &Stat,
        link: &Link,
    ) -> Result<std::result::Result<Outcome, Left>> {
        if matches!(self.groups.get(&id), Some(State::Several)) {
            return Ok(Err(Left::SeveralFiles));
        }
        let is_same = match &link.content {
            None => !stat.is_link() && stat.kind == linkwright_fs::NodeKind::File,
            Some(content) => {
                let wanted = crate::copy::translate(
                    content,
                    self.capabilities,
                    &crate::copy::Options::default(),
                );
                match wanted {
                    Ok(wanted) => self.fs.link(node)?.as_ref() == Some(&wanted.content),
                    Err(problem) => return Ok(Err(Left::Problem(problem))),
                }
            }
        };
        Ok(match is_same {
            true => Ok(Outcome::Same),
            false => Err(Left::InTheWay),
        })
    }

    /// What a dry run can tell of a name that is not there.
    fn pretend(
        &mut self,
        id: GroupId,
        is_known: bool,
        path: &[Name],
        link: &Link,
    ) -> std::result::Result<Outcome, Left> {
        if is_known {
            return Ok(Outcome::HardLink);
        }
        let outcome = match (&link.content, self.options.content) {
            (Some(_), _) => Outcome::Link,
            (None, Content::Placeholders) => Outcome::File,
            (None, Content::From(_)) if self.source_of(path).is_ok() => Outcome::File,
            (None, Content::From(_) | Content::Nowhere) => return Err(Left::NoData),
        };
        self.groups.insert(id, State::Pretended);
        Ok(outcome)
    }

    /// The first name of a file that is not there.
    fn first_name(
        &self,
        dir: &Node,
        name: &Name,
        path: &[Name],
        link: &Link,
    ) -> Result<std::result::Result<Outcome, Left>> {
        if link.content.is_some() {
            return self.link_object(Some(dir), name, link);
        }
        match self.options.content {
            Content::Nowhere => return Ok(Err(Left::NoData)),
            Content::Placeholders => {
                let made = self.fs.create_file(dir, name, &create_for(link))?;
                self.attributes(dir, name, &made, link)?;
            }
            Content::From(_) => {
                let (fs, node) = match self.source_of(path) {
                    Ok(found) => found,
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        return Ok(Err(Left::NoData));
                    }
                    Err(error) => return Err(error),
                };
                self.copy(fs, &node, dir, name, link)?;
            }
        }
        Ok(Ok(Outcome::File))
    }

    /// The file of the source with the same path.
    fn source_of(&self, path: &[Name]) -> Result<(&dyn FileSystem, Node)> {
        let Some((fs, top)) = &self.source else {
            return Err(ErrorKind::NotFound.into());
        };
        let node = follow_names(*fs, top, path)?;
        let stat = fs.stat(&node)?;
        match stat.kind == linkwright_fs::NodeKind::File && !stat.is_link() {
            true => Ok((*fs, node)),
            false => Err(ErrorKind::NotFound.into()),
        }
    }

    /// A file with the data and streams of another.
    fn copy(
        &self,
        from: &dyn FileSystem,
        node: &Node,
        dir: &Node,
        name: &Name,
        link: &Link,
    ) -> Result<()> {
        let streams = match self.capabilities.contains(Capabilities::NAMED_STREAMS) {
            true => from.streams(node)?,
            false => Vec::new(),
        };
        let mut readers: Vec<(Option<StreamName>, Box<dyn Read + Send + '_>)> =
            vec![(None, from.open_data(node, None)?)];
        for stream in streams.into_iter().filter_map(|stream| stream.name) {
            let data = from.open_data(node, Some(&stream))?;
            readers.push((Some(stream), data));
        }
        let mut contents: Vec<Contents<'_>> = readers
            .iter_mut()
            .map(|(stream, data)| Contents {
                stream: stream.clone(),
                data,
            })
            .collect();
        let create = create_for(link);
        let made = self
            .fs
            .put_file(dir, name, &create, &mut contents, Replace::No)?;
        drop(contents);
        if self
            .capabilities
            .contains(Capabilities::EXTENDED_ATTRIBUTES)
        {
            let list = from.extended_attributes(node)?;
            if !list.is_empty() {
                self.fs.set_extended_attributes(&made, &list)?;
            }
        }
        self.attributes(dir, name, &made, link)
    }
}

/// The object at a path below a directory; links are not followed.
fn follow_names(fs: &dyn FileSystem, top: &Node, path: &[Name]) -> Result<Node> {
    path.iter()
        .try_fold(top.clone(), |dir, name| fs.child(&dir, name))
}
