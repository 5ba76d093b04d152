//! Reading links, finding names, following paths, removing.

use std::path::PathBuf;

use linkwright_fs::resolve::{Hop, LastLink, NoDrives, Resolver};
use linkwright_fs::{ErrorKind, LinkType, Stat};
use linkwright_links::{LinkRecord, inspect};

use crate::error::Result;
use crate::location::{Location, Place};

/// Everything about the link at a place, which is not followed: what it holds,
/// its type, whether it leads anywhere. A file with several names is a hard link.
///
/// # Errors
/// `NotAReparsePoint` (4390) for what is no link.
pub fn read_link(link: impl Into<Location>) -> Result<LinkRecord> {
    let link = link.into();
    let found = link.find(LastLink::Keep)?;
    let resolver = Resolver { drives: &NoDrives };
    inspect(&resolver, &found.fs, &found.path, &found.node, &found.stat)
        .map_err(|error| link.error(error))?
        .ok_or_else(|| link.error(ErrorKind::NotAReparsePoint))
}

/// Every name of a file, as paths from the root of its volume.
///
/// # Errors
/// `Unsupported` on POSIX, where names cannot be found from a file.
pub fn names(file: impl Into<Location>) -> Result<Vec<PathBuf>> {
    let file = file.into();
    let found = file.find(LastLink::Keep)?;
    let names = found.fs.names(&found.node);
    let names = names.map_err(|error| file.error(error))?;
    Ok(names
        .into_iter()
        .map(|placed| {
            let path = placed.path.unwrap_or_else(|| vec![placed.name]);
            path.iter()
                .fold(PathBuf::from("/"), |path, name| path.join(name.to_host()))
        })
        .collect())
}

/// Where a path ends when all its links are followed.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Facts about what is there.
    pub stat: Stat,
    /// Its path from the root of its volume, without links.
    pub path: PathBuf,
    /// The links on the way; empty on a host, which follows them itself.
    pub hops: Vec<Hop>,
}

/// Follows a path to its end.
///
/// # Errors
/// `NotFound`, `PathNotFound`, `LinkLoop` (1921), `UnresolvedLink`.
pub fn resolve(path: impl Into<Location>) -> Result<Resolved> {
    let location = path.into();
    let found = location.find(LastLink::Follow)?;
    let hops = match &location.0 {
        Place::Host(_) => Vec::new(),
        Place::Volume { fs, path, .. } => {
            let resolver = Resolver { drives: &NoDrives };
            let walk = resolver.walk(fs, path, LastLink::Follow);
            walk.map_err(|error| location.error(error))?.hops
        }
    };
    Ok(Resolved {
        stat: found.stat,
        path: found
            .path
            .iter()
            .fold(PathBuf::from("/"), |path, name| path.join(name.to_host())),
        hops,
    })
}

/// Removes a link - a name of a file, a symbolic link, a junction - and never
/// what it leads to. A directory that is no link stays.
///
/// # Errors
/// `AccessDenied` for a directory; `NotFound`.
pub fn remove_link(link: impl Into<Location>) -> Result<()> {
    let link = link.into();
    let slot = link.slot()?;
    let existing = slot.existing().map_err(|error| link.error(error))?;
    let Some((_, stat)) = existing else {
        return Err(link.error(ErrorKind::NotFound));
    };
    if stat.link_type() == LinkType::Directory && stat.is_plain_directory() {
        return Err(link.error(ErrorKind::AccessDenied));
    }
    slot.fs
        .remove(&slot.dir, &slot.name)
        .map_err(|error| link.error(error))
}
