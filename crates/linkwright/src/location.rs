//! Places on the host and on volumes, by one type.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use linkwright_fs::resolve::{LastLink, NoDrives, Outcome, Resolver};
use linkwright_fs::{ErrorKind, FileSystem, Name, Node, Stat};
use linkwright_links::make::{Slot, Source};

use crate::error::{Error, Result};

#[cfg(unix)]
pub(crate) use linkwright_fs::posix::PosixFs as HostFs;
#[cfg(windows)]
pub(crate) use linkwright_fs::windows::WindowsFs as HostFs;

/// The host's file system: one, so that two places on it are seen to be on one.
static HOST: LazyLock<Arc<dyn FileSystem>> = LazyLock::new(|| Arc::new(HostFs::new()));

/// A place: a path of the host, or one on a volume.
///
/// Paths turn into locations by themselves; `Volume::at` gives those on
/// volumes.
#[derive(Clone)]
pub struct Location(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Host(PathBuf),
    #[cfg_attr(
        not(all(feature = "ntfs", unix)),
        expect(dead_code, reason = "no volumes")
    )]
    Volume {
        fs: Arc<dyn FileSystem>,
        path: Vec<Name>,
        drive: Option<char>,
    },
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self(Place::Host(path.to_path_buf()))
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self(Place::Host(path.clone()))
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self(Place::Host(path))
    }
}

impl From<&str> for Location {
    fn from(path: &str) -> Self {
        Self(Place::Host(PathBuf::from(path)))
    }
}

/// An object that was found.
pub(crate) struct Found {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) node: Node,
    pub(crate) stat: Stat,
    pub(crate) path: Vec<Name>,
}

impl Location {
    /// A relative path of the host, taken from the directory of a link: as the
    /// text of a symbolic link is, and as node and libuv do for junctions.
    pub(crate) fn seen_from(&self, link: &Self) -> Self {
        match (&self.0, &link.0) {
            (Place::Host(target), Place::Host(link)) => {
                Self(Place::Host(host_directory(link).join(target)))
            }
            _ => self.clone(),
        }
    }

    /// The place as text, for messages.
    pub(crate) fn display(&self) -> String {
        match &self.0 {
            Place::Host(path) => path.display().to_string(),
            Place::Volume { path, .. } => path.iter().map(|name| format!("/{name}")).collect(),
        }
    }

    pub(crate) fn error(&self, error: impl Into<linkwright_fs::Error>) -> Error {
        Error::new(self.display(), error.into())
    }

    /// The object at this place; links on the way are followed.
    pub(crate) fn find(&self, last: LastLink) -> Result<Found> {
        match &self.0 {
            Place::Host(path) => find_host(path, last).map_err(|error| self.error(error)),
            Place::Volume { fs, path, .. } => self.walk(fs, path, last),
        }
    }

    fn walk(&self, fs: &Arc<dyn FileSystem>, path: &[Name], last: LastLink) -> Result<Found> {
        let resolver = Resolver { drives: &NoDrives };
        let walk = resolver.walk(fs, path, last);
        let kind = match walk.map_err(|error| self.error(error))?.outcome {
            Outcome::Found(place) => {
                return Ok(Found {
                    fs: place.fs,
                    node: place.node,
                    stat: place.stat,
                    path: place.path,
                });
            }
            Outcome::Missing => ErrorKind::NotFound,
            Outcome::MissingDirectory => ErrorKind::PathNotFound,
            Outcome::Loop => ErrorKind::LinkLoop,
            Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => ErrorKind::UnresolvedLink,
        };
        Err(self.error(kind))
    }

    /// The directory and the name of this place, taken or not.
    pub(crate) fn slot(&self) -> Result<Slot> {
        match &self.0 {
            Place::Host(path) => host_slot(path).map_err(|error| self.error(error)),
            Place::Volume { fs, path, .. } => {
                let (name, parent) = path
                    .split_last()
                    .ok_or_else(|| self.error(ErrorKind::AlreadyExists))?;
                let dir = self.walk(fs, parent, LastLink::Follow).map_err(|error| {
                    match error.kind() {
                        ErrorKind::NotFound => self.error(ErrorKind::PathNotFound),
                        _ => error,
                    }
                })?;
                if !dir.stat.is_plain_directory() {
                    return Err(self.error(ErrorKind::PathNotFound));
                }
                Ok(Slot {
                    fs: dir.fs,
                    dir: dir.node,
                    dir_path: dir.path,
                    name: name.clone(),
                })
            }
        }
    }

    /// The object as something that links are made to.
    pub(crate) fn source(&self, last: LastLink) -> Result<Source> {
        let found = self.find(last)?;
        Ok(Source {
            fs: found.fs,
            node: found.node,
            stat: found.stat,
            path: found.path,
            drive: match &self.0 {
                Place::Host(path) => host_drive(path),
                Place::Volume { drive, .. } => *drive,
            },
        })
    }
}

fn find_host(path: &Path, last: LastLink) -> linkwright_fs::Result<Found> {
    let real = match last {
        LastLink::Keep => real_parent(path)?,
        LastLink::Follow => path.canonicalize()?,
    };
    let node = HostFs::new().open_path(&real)?;
    Ok(Found {
        fs: Arc::clone(&HOST),
        stat: HOST.stat(&node)?,
        node,
        path: names_of(&real),
    })
}

/// The path from the root, links on the way taken away; its last name stays.
fn real_parent(path: &Path) -> linkwright_fs::Result<PathBuf> {
    match path.file_name() {
        None => Ok(path.canonicalize()?),
        Some(name) => {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            HostFs::new().open_directory(parent)?;
            Ok(parent.canonicalize()?.join(name))
        }
    }
}

fn host_slot(path: &Path) -> linkwright_fs::Result<Slot> {
    let (dir, name) = HostFs::new().open_parent(path)?;
    let mut dir_path = names_of(&real_parent(path)?);
    dir_path.pop();
    Ok(Slot {
        fs: Arc::clone(&HOST),
        dir,
        dir_path,
        name,
    })
}

fn names_of(path: &Path) -> Vec<Name> {
    path.components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(Name::from_host(name)),
            _ => None,
        })
        .collect()
}

/// The drive of a path, on Windows.
fn host_drive(path: &Path) -> Option<char> {
    use std::path::{Component, Prefix};
    let absolute = std::path::absolute(path).ok()?;
    match absolute.components().next()? {
        Component::Prefix(prefix) => match prefix.kind() {
            Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => Some(char::from(letter)),
            _ => None,
        },
        _ => None,
    }
}

/// The directory that a path of the host is in, for targets that begin there.
pub(crate) fn host_directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
