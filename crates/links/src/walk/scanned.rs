//! Links below a directory by a scan of the volume's file records
//! ([`FileSystem::scan_links`](linkwright_fs::FileSystem::scan_links)).
//!
//! A scan looks at all records once, more than ten times as fast as going from
//! directory to directory looks at those it comes to. So it is what a walk from the
//! root does, and one from elsewhere once it has looked at a part of the volume
//! ([`worth_by_directories`]): what was told by then is left out.
//!
//! Links are gathered, sorted into the order of a walk, and told: about 400 bytes of
//! memory for a name, and at most [`MOST`] of them. More, and damage anywhere on the
//! volume, make the walk go by the directories, which tell where the damage is.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::{FileSystem, Name, Node, NodeKind, Result, ScannedLink};

use super::{Event, Met, Place, Position, Visit, Wanted, walk_directories};

/// Names that are gathered at most: some 400 MiB.
const MOST: usize = 1 << 20;

/// An object that a walk comes to costs about as much as so many records of a scan.
const RECORDS_AN_OBJECT: u64 = 16;
/// A walk of fewer objects is done before a scan has begun.
const FEW: u64 = 256;

/// How many objects a walk from `top` looks at before a scan of all is worth more;
/// `None` where there is no scan.
pub(super) fn worth_by_directories(top: &Place) -> Option<u64> {
    let fs = &*top.fs;
    let records = fs.scan_size()?;
    let root = fs.root().and_then(|root| fs.identity(&root)).ok()?;
    match fs.identity(&top.node).ok()? == root {
        true => Some(0),
        false => Some((records / RECORDS_AN_OBJECT).max(FEW)),
    }
}

/// Tells what is wanted below `top` and comes behind what was `told` last.
pub(super) fn walk(
    top: &Place,
    wanted: Wanted,
    told: Option<Position>,
    visit: Visit<'_>,
) -> Result<()> {
    let mut rest = Rest {
        fs: &*top.fs,
        told,
        visit,
    };
    let mut gathered = Gathered::default();
    let scanned = top.fs.scan_links(&top.node, &mut |link| gathered.add(link));
    if scanned.is_err() || gathered.is_full() {
        drop(gathered);
        return walk_directories(top, wanted, None, &mut |event| rest.tell(event)).map(|_| ());
    }
    gathered.tell(top, wanted, &mut |event| rest.tell(event));
    Ok(())
}

/// Leaves out what was told before.
struct Rest<'a, 'v> {
    fs: &'a dyn FileSystem,
    told: Option<Position>,
    visit: Visit<'v>,
}

impl Rest<'_, '_> {
    fn tell(&mut self, event: Event<'_>) -> ControlFlow<()> {
        if let Some(told) = &self.told {
            match &event {
                Event::Met(met) if told.compare(self.fs, met.path).is_ge() => {
                    return ControlFlow::Continue(());
                }
                // Before it nothing failed.
                Event::Met(_) | Event::Failed { .. } => self.told = None,
            }
        }
        (self.visit)(event)
    }
}

/// The links of a scan, and the directories that they are in.
#[derive(Default)]
struct Gathered {
    links: Vec<(usize, Link)>,
    directories: Vec<Arc<[Name]>>,
    /// Where a directory is among them.
    known: HashMap<Arc<[Name]>, usize>,
}

/// A link without the path of its directory.
struct Link {
    directory: Node,
    name: Name,
    node: Node,
    stat: linkwright_fs::Stat,
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.links.len() > MOST
    }

    fn add(&mut self, link: ScannedLink) -> ControlFlow<()> {
        let directory = match self.links.last() {
            // Names that follow each other often have one.
            Some((last, _)) if self.is_directory(*last, &link.path) => *last,
            _ => self.directory(link.path),
        };
        let link = Link {
            directory: link.directory,
            name: link.name,
            node: link.node,
            stat: link.stat,
        };
        self.links.push((directory, link));
        match self.is_full() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn is_directory(&self, at: usize, path: &Arc<[Name]>) -> bool {
        let directory = self.directories.get(at);
        directory.is_some_and(|directory| Arc::ptr_eq(directory, path))
    }

    fn directory(&mut self, path: Arc<[Name]>) -> usize {
        let next = self.directories.len();
        let at = *self.known.entry(Arc::clone(&path)).or_insert(next);
        if at == next {
            self.directories.push(path);
        }
        at
    }

    /// Tells them in the order of a walk: directories by their paths, what is in one
    /// before what is below it, names as the file system orders them.
    fn tell(mut self, top: &Place, wanted: Wanted, visit: Visit<'_>) {
        let fs = &*top.fs;
        self.leave_out_what_is_below_links();
        let mut order: Vec<usize> = (0..self.directories.len()).collect();
        order.sort_by(|a, b| paths(fs, &self.directories[*a], &self.directories[*b]));
        let mut rank = vec![0; order.len()];
        for (place, directory) in order.into_iter().enumerate() {
            rank[directory] = place;
        }
        self.links.sort_by(|(a, one), (b, other)| {
            let directories = rank[*a].cmp(&rank[*b]);
            directories.then_with(|| fs.order(&one.name, &other.name))
        });
        let (mut path, mut last) = (Vec::new(), None);
        for (at, link) in self.links {
            if !wanted.has(&link.stat) {
                continue;
            }
            if last.replace(at) != Some(at) {
                path.clear();
                path.extend_from_slice(&top.path);
                path.extend_from_slice(&self.directories[at]);
            }
            path.push(link.name);
            let met = Met {
                dir: &link.directory,
                node: &link.node,
                stat: &link.stat,
                path: &path,
            };
            if visit(Event::Met(met)).is_break() {
                break;
            }
            path.pop();
        }
    }

    /// A walk does not enter links, whatever their directories hold.
    fn leave_out_what_is_below_links(&mut self) {
        let closed = |link: &Link| link.stat.kind == NodeKind::Directory && link.stat.is_link();
        let closed: HashSet<Vec<Name>> = self
            .links
            .iter()
            .filter(|(_, link)| closed(link))
            .map(|(at, link)| [&self.directories[*at], std::slice::from_ref(&link.name)].concat())
            .collect();
        if closed.is_empty() {
            return;
        }
        let below = |path: &Arc<[Name]>| (1..=path.len()).any(|len| closed.contains(&path[..len]));
        let below: Vec<bool> = self.directories.iter().map(below).collect();
        self.links.retain(|(at, _)| !below[*at]);
    }
}

impl Position {
    /// How it stands to an object with this path.
    fn compare(&self, fs: &dyn FileSystem, path: &[Name]) -> Ordering {
        let (Some((own, own_dir)), Some((name, dir))) = (self.0.split_last(), path.split_last())
        else {
            return self.0.len().cmp(&path.len());
        };
        paths(fs, own_dir, dir).then_with(|| fs.order(own, name))
    }
}

/// How a walk orders two directories.
fn paths(fs: &dyn FileSystem, a: &[Name], b: &[Name]) -> Ordering {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| match a == b {
            true => Ordering::Equal,
            false => fs.order(a, b),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}
