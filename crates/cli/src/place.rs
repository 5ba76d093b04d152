//! A location with its volume open.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkwright_fs::posix::PosixFs;
use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{Error, ErrorKind, FileSystem, Name, Node, Stat, StreamName};

pub(crate) use linkwright_links::make::Slot;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::location::{ImageLocation, Location};
use crate::output::Line;
use crate::volumes::Access;

/// A place that a location names: a volume, and a path on it.
#[derive(Clone)]
pub(crate) struct Spot {
    /// The volume.
    pub(crate) fs: Arc<dyn FileSystem>,
    /// The path.
    pub(crate) path: SpotPath,
}

/// A path on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SpotPath {
    /// A path of the host.
    Host(PathBuf),
    /// A path in an image, and how its beginning was written.
    Image {
        /// `disk.img`, `disk.img@2` or `C`.
        prefix: Vec<u8>,
        /// Where it is.
        location: ImageLocation,
    },
}

/// An object that was found.
#[derive(Clone)]
pub(crate) struct Found {
    /// The volume, which a link may have led to.
    pub(crate) fs: Arc<dyn FileSystem>,
    /// The object.
    pub(crate) node: Node,
    /// Facts about it.
    pub(crate) stat: Stat,
    /// Its path on that volume, without links.
    pub(crate) path: Vec<Name>,
}

impl Spot {
    /// Opens the volume of a location.
    pub(crate) fn open(
        ctx: &Context,
        text: &OsStr,
        location: Location,
        access: Access,
    ) -> Result<Self> {
        match location {
            Location::Host(path) => Ok(Self {
                fs: Arc::clone(&ctx.host),
                path: SpotPath::Host(path),
            }),
            Location::Image(location) => {
                let fs = ctx.volumes.open(&location.device, access)?;
                let prefix = prefix_of(text, &location);
                Ok(Self {
                    fs,
                    path: SpotPath::Image { prefix, location },
                })
            }
        }
    }

    /// The path as the user can give it again, byte for byte.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.path {
            SpotPath::Host(path) => path.as_os_str().as_bytes().to_vec(),
            SpotPath::Image { prefix, location } => {
                let mut bytes = prefix.clone();
                bytes.push(b':');
                bytes.extend(path_bytes(&location.path.components));
                if let Some(stream) = &location.path.stream {
                    bytes.push(b':');
                    bytes.extend(stream.as_name().to_host_bytes());
                }
                bytes
            }
        }
    }

    /// The path as text, for messages.
    pub(crate) fn display(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The named stream that was given.
    pub(crate) fn stream(&self) -> Option<&StreamName> {
        match &self.path {
            SpotPath::Host(_) => None,
            SpotPath::Image { location, .. } => location.path.stream.as_ref(),
        }
    }

    /// An error when a stream was given where a whole file must be.
    pub(crate) fn refuse_stream(&self) -> Result<()> {
        match self.stream() {
            None => Ok(()),
            Some(_) => Err(Failure::of_kind(
                self.display(),
                ErrorKind::InvalidName,
                "a ':' in a name starts a stream, and this takes no streams",
            )),
        }
    }

    /// Whether the text ended in a separator.
    pub(crate) fn trailing_separator(&self) -> bool {
        match &self.path {
            SpotPath::Host(path) => path.as_os_str().as_bytes().ends_with(b"/"),
            SpotPath::Image { location, .. } => location.path.trailing_separator,
        }
    }

    /// Whether it is on the host.
    pub(crate) fn is_host(&self) -> bool {
        matches!(self.path, SpotPath::Host(_))
    }

    /// The place of a name in this directory.
    pub(crate) fn join(&self, name: &Name) -> Self {
        let path = match &self.path {
            // `ls` alone lists `name`, not `./name`.
            SpotPath::Host(path) if path == Path::new(".") => {
                SpotPath::Host(PathBuf::from(name.to_host()))
            }
            SpotPath::Host(path) => SpotPath::Host(path.join(name.to_host())),
            SpotPath::Image { prefix, location } => SpotPath::Image {
                prefix: prefix.clone(),
                location: ImageLocation {
                    path: location.path.join(name.clone()),
                    ..location.clone()
                },
            },
        };
        Self {
            fs: Arc::clone(&self.fs),
            path,
        }
    }

    /// The last name of the path.
    pub(crate) fn last_name(&self) -> Option<Name> {
        match &self.path {
            SpotPath::Host(path) => path.file_name().map(Name::from_host),
            SpotPath::Image { location, .. } => location.path.components.last().cloned(),
        }
    }

    /// The object at this place. Links on the way are followed; a last one when
    /// wanted, or when the text ended in a separator.
    pub(crate) fn find(&self, ctx: &Context, last: LastLink) -> Result<Found> {
        let last = match self.trailing_separator() {
            true => LastLink::Follow,
            false => last,
        };
        match &self.path {
            SpotPath::Host(path) => self.find_host(ctx, path, last),
            SpotPath::Image { location, .. } => self.walk(ctx, &location.path.components, last),
        }
    }

    fn find_host(&self, ctx: &Context, path: &Path, last: LastLink) -> Result<Found> {
        let host = PosixFs::new();
        let node = match last {
            LastLink::Keep => host.open_path(path),
            LastLink::Follow => match std::fs::canonicalize(path) {
                Ok(real) => host.open_path(&real),
                Err(error) => Err(Error::from(error)),
            },
        };
        let found = node.and_then(|node| Ok((self.fs.stat(&node)?, node)));
        let (stat, node) = found.map_err(|error| self.failure_hinted(ctx, path, &error))?;
        let real = match last {
            LastLink::Keep => absolute_host(path),
            LastLink::Follow => path.canonicalize().map_err(Error::from),
        };
        Ok(Found {
            fs: Arc::clone(&self.fs),
            node,
            stat,
            path: host_names(&real.map_err(|error| self.failure(&error))?),
        })
    }

    fn walk(&self, ctx: &Context, components: &[Name], last: LastLink) -> Result<Found> {
        let walk = ctx
            .resolver()
            .walk(&self.fs, components, last)
            .map_err(|error| self.failure(&error))?;
        match walk.outcome {
            Outcome::Found(place) => Ok(Found {
                fs: place.fs,
                node: place.node,
                stat: place.stat,
                path: place.path,
            }),
            Outcome::Missing => Err(self.failure(&ErrorKind::NotFound.into())),
            Outcome::MissingDirectory => Err(self.failure(&ErrorKind::PathNotFound.into())),
            Outcome::Loop => Err(self.failure(&ErrorKind::LinkLoop.into())),
            Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => {
                Err(self.failure(&ErrorKind::UnresolvedLink.into()))
            }
        }
    }

    /// The directory and name of this place, whether anything is there or not.
    pub(crate) fn slot(&self, ctx: &Context) -> Result<Slot> {
        match &self.path {
            SpotPath::Host(path) => {
                let (dir, name) = PosixFs::new()
                    .open_parent(path)
                    .map_err(|error| self.failure_hinted(ctx, path, &error))?;
                let dir_path = real_parent(path).map_err(|error| self.failure(&error))?;
                Ok(Slot {
                    fs: Arc::clone(&self.fs),
                    dir,
                    dir_path: host_names(&dir_path),
                    name,
                })
            }
            SpotPath::Image { location, .. } => {
                let (parent, name) = location
                    .path
                    .split_last()
                    .ok_or_else(|| self.failure(&ErrorKind::AlreadyExists.into()))?;
                let dir =
                    self.walk(ctx, parent, LastLink::Follow)
                        .map_err(|failure| match failure.win32 {
                            Some(code) if code == ErrorKind::NotFound.win32() => {
                                self.failure(&ErrorKind::PathNotFound.into())
                            }
                            _ => failure,
                        })?;
                if !dir.stat.is_plain_directory() {
                    return Err(self.failure(&ErrorKind::PathNotFound.into()));
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

    /// The directory and name of something that is to be removed or moved; a
    /// root, `.` and `..` have no name to take away.
    pub(crate) fn taken_slot(&self, ctx: &Context) -> Result<Slot> {
        let nameless = Some(ErrorKind::AlreadyExists.win32());
        self.slot(ctx).map_err(|failure| match failure.win32 {
            code if code == nameless => Failure::of_kind(
                self.display(),
                ErrorKind::AccessDenied,
                "this has no name that could be taken away",
            )
            .help("give the directory by its name; a root stays"),
            _ => failure,
        })
    }

    /// An error at this place.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        Failure::at(self.display(), error)
    }

    /// An error at a host path, which may have been meant as an image.
    fn failure_hinted(&self, ctx: &Context, path: &Path, error: &Error) -> Failure {
        let failure = self.failure(error);
        let missing = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::PathNotFound | ErrorKind::NotADirectory
        );
        match ctx.grammar().meant_as_image(path) {
            Some(reason) if missing => Failure::location(path.as_os_str(), &reason),
            _ => failure,
        }
    }

    /// The fields of a JSON line that say where: `path` on the volume, and
    /// `location`, which can be given to this program again.
    pub(crate) fn line(&self, message_type: &str) -> Line {
        let line = Line::new(message_type);
        match &self.path {
            SpotPath::Host(path) => line.set_bytes("path", path.as_os_str().as_bytes()),
            SpotPath::Image { location, .. } => line
                .set_name("path", Some(&volume_path(&location.path.components)))
                .set("location", self.display()),
        }
    }
}

/// `disk.img`, `disk.img@2` or `C`, as the user wrote it.
fn prefix_of(text: &OsStr, location: &ImageLocation) -> Vec<u8> {
    if let Some(letter) = location.drive {
        return vec![u8::try_from(letter).unwrap_or(b'?')];
    }
    let mut prefix = location.device.path.as_os_str().as_bytes().to_vec();
    if let Some(number) = location.device.partition {
        prefix.extend(format!("@{number}").bytes());
    }
    debug_assert!(text.as_bytes().starts_with(&prefix));
    prefix
}

/// A path from the root, with `/` between the names, as host bytes.
pub(crate) fn path_bytes(components: &[Name]) -> Vec<u8> {
    if components.is_empty() {
        return b"/".to_vec();
    }
    let mut bytes = Vec::new();
    for name in components {
        bytes.push(b'/');
        bytes.extend(name.to_host_bytes());
    }
    bytes
}

/// A path from the root, with `/` between the names, as one name.
pub(crate) fn volume_path(components: &[Name]) -> Name {
    if components.is_empty() {
        return Name::from("/");
    }
    let mut units = Vec::new();
    for name in components {
        units.push(u16::from(b'/'));
        units.extend_from_slice(name.units());
    }
    Name::from_units(units)
}

/// The directory that holds a host path, without links.
pub(crate) fn real_parent(path: &Path) -> linkwright_fs::Result<PathBuf> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    PosixFs::new().open_directory(parent)?;
    Ok(parent.canonicalize()?)
}

/// A host path from the root; its last name, link or not, stays.
pub(crate) fn absolute_host(path: &Path) -> linkwright_fs::Result<PathBuf> {
    match path.file_name() {
        Some(name) => Ok(real_parent(path)?.join(name)),
        None => Ok(path.canonicalize()?),
    }
}

pub(crate) fn host_names(path: &Path) -> Vec<Name> {
    path.components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(Name::from_host(name)),
            _ => None,
        })
        .collect()
}

/// A host path from names, the way back of [`host_names`].
pub(crate) fn host_path(names: &[Name]) -> PathBuf {
    names
        .iter()
        .fold(PathBuf::from("/"), |path, name| path.join(name.to_host()))
}

/// The names of a host path from the root, to be walked one by one: with its `.`
/// and `..`, and a `.` where it ends in a separator.
pub(crate) fn walked_host(path: &Path) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    if path.is_relative() {
        let here = std::env::current_dir().map_err(Error::from);
        let here = here.map_err(|error| Failure::at(path.display().to_string(), &error))?;
        names = host_names(&here);
    }
    let bytes = path.as_os_str().as_bytes();
    let last = bytes.split(|&byte| byte == b'/').count();
    for (number, part) in bytes.split(|&byte| byte == b'/').enumerate() {
        match part {
            [] if number + 1 == last => names.push(Name::from(".")),
            [] => {}
            part => names.push(Name::from_host_bytes(part)),
        }
    }
    Ok(names)
}
