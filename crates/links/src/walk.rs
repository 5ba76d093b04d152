//! The walk that all tools share: everything below a directory, links never
//! followed.

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::{Error, ErrorKind, FileSystem, Name, Node, NodeKind, Result, Stat};

/// Deepest directories that are entered: far more than a path of 32,767 units
/// has, so that only a damaged volume comes to it.
const MAX_DEPTH: usize = 16_384;

/// An object of a file system, and its path there.
#[derive(Clone)]
pub struct Place {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The object.
    pub node: Node,
    /// Its names from the root of the volume.
    pub path: Vec<Name>,
}

/// Something that a walk came to.
#[derive(Debug)]
pub struct Met<'a> {
    /// The directory it is in.
    pub dir: &'a Node,
    /// The object, which may be a link.
    pub node: &'a Node,
    /// Facts about it, of the link itself when it is one.
    pub stat: &'a Stat,
    /// Its names from the root of the volume; the last is that in the directory.
    pub path: &'a [Name],
}

/// What a walk tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// An object.
    Met(Met<'a>),
    /// A directory, or something in one, that could not be read; the walk goes on.
    Failed {
        /// Its names from the root of the volume.
        path: &'a [Name],
        /// Why.
        error: Error,
    },
}

/// Which objects a walk tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Wanted {
    /// All.
    #[default]
    All,
    /// Links only: what stands for something else ([`Stat::is_link`]), and files
    /// with several names. A volume in an image tells them without looking at
    /// the other files one by one.
    Links,
}

impl Wanted {
    fn has(self, stat: &Stat) -> bool {
        match self {
            Self::All => true,
            Self::Links => stat.is_link() || (stat.names > 1 && stat.kind != NodeKind::Directory),
        }
    }
}

/// A directory that is still to be listed.
struct Pending {
    node: Node,
    path: Vec<Name>,
    depth: usize,
}

/// Tells `visit` everything below the directory `top`, which itself is not told.
/// The entries of a directory come together, before what is below them. The walk
/// ends early when `visit` breaks.
///
/// # Errors
/// `top` cannot be listed.
pub fn walk(top: &Place, visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>) -> Result<()> {
    walk_for(top, Wanted::All, visit)
}

/// As [`walk`], for those objects only that are wanted, in the same order.
///
/// # Errors
/// `top` cannot be listed.
pub fn walk_for(
    top: &Place,
    wanted: Wanted,
    visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let mut pending = vec![Pending {
        node: top.node.clone(),
        path: top.path.clone(),
        depth: 0,
    }];
    while let Some(dir) = pending.pop() {
        let first = pending.len();
        match list(&*top.fs, &dir, wanted, &mut pending, visit) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(error) if dir.depth == 0 => return Err(error),
            Err(error) => {
                let path = &dir.path;
                if visit(Event::Failed { path, error }).is_break() {
                    return Ok(());
                }
            }
        }
        // The first one below is listed first.
        if let Some(below) = pending.get_mut(first..) {
            below.reverse();
        }
    }
    Ok(())
}

/// Tells the entries of one directory; the directories among them are pending.
fn list(
    fs: &dyn FileSystem,
    dir: &Pending,
    wanted: Wanted,
    pending: &mut Vec<Pending>,
    visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    for entry in fs.list(&dir.node)? {
        let entry = entry?;
        let mut path = dir.path.clone();
        path.push(entry.name);
        let stat = match fs.stat(&entry.node) {
            Ok(stat) => stat,
            // It went away between the listing and now.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let path = &path;
                if visit(Event::Failed { path, error }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            }
        };
        let met = Met {
            dir: &dir.node,
            node: &entry.node,
            stat: &stat,
            path: &path,
        };
        if wanted.has(&stat) && visit(Event::Met(met)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if stat.is_plain_directory() && dir.depth < MAX_DEPTH {
            pending.push(Pending {
                node: entry.node,
                path,
                depth: dir.depth + 1,
            });
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_fs::posix::PosixFs;

    fn paths(top: &Place, stop_after: usize) -> Vec<String> {
        let mut seen = Vec::new();
        walk(top, &mut |event| {
            let Event::Met(met) = event else {
                panic!("{event:?}");
            };
            let below: Vec<String> = met.path.iter().map(ToString::to_string).collect();
            seen.push(below.join("/"));
            match seen.len() < stop_after {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })
        .unwrap();
        seen
    }

    #[test]
    fn everything_below_is_met_once_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/f"), "x").unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("a/up")).unwrap();
        let host = PosixFs::new();
        let top = Place {
            node: host.open_directory(dir.path()).unwrap(),
            fs: Arc::new(host),
            path: Vec::new(),
        };

        let mut all = paths(&top, usize::MAX);
        all.sort();
        assert_eq!(all, ["a", "a/b", "a/b/f", "a/up"]);
        assert_eq!(paths(&top, 2).len(), 2);
    }
}
