//! The walk that all tools share: everything below a directory, links never
//! followed.
//!
//! Directories are listed and objects looked at by as many threads as there are
//! processors, up to four; what is told comes from one, in one order. Open
//! descriptors: one for each directory on the way down, and at most 128 for
//! directories that are listed ahead.
//!
//! What is on a volume in an image is told by a scan of its file records, where that
//! pays, in the same order (the module `scanned`).

mod ahead;
mod scanned;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicU64};

use linkwright_fs::{
    Error, ErrorKind, FileSystem, Glance, Kinds, Name, Node, NodeKind, Result, Stat,
};

use ahead::{Ahead, Entries, Slot};

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
    /// with several names.
    Links,
    /// Links, and all other reparse points.
    ReparsePoints,
}

impl Wanted {
    fn has(self, stat: &Stat) -> bool {
        match self {
            Self::All => true,
            Self::Links => stat.is_link() || (stat.names > 1 && stat.kind != NodeKind::Directory),
            Self::ReparsePoints => stat.reparse_tag.is_some() || Self::Links.has(stat),
        }
    }
}

/// What [`walk_kinds`] tells.
#[derive(Debug)]
pub enum KindEvent<'a> {
    /// An object of the wanted kinds.
    Met {
        /// The object, which may be a link.
        node: &'a Node,
        /// What it is.
        glance: Glance,
        /// Its names from the root of the volume; the last is that in the directory.
        path: &'a [Name],
    },
    /// A directory, or something in one, that could not be read; the walk goes on.
    Failed {
        /// Its names from the root of the volume.
        path: &'a [Name],
        /// Why.
        error: Error,
    },
}

/// Tells `visit` everything below the directory `top`, which itself is not told.
/// The entries of a directory come together, in the order that the file system
/// lists them in, before what is below them; the first directory among them is
/// entered first. The walk ends early when `visit` breaks.
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
    let worth = scanned::worth_by_directories(top, wanted);
    walk_until(top, wanted, worth, visit)
}

/// Goes by the directories for so many objects, if they say how many, and by a scan
/// for the rest.
fn walk_until(top: &Place, wanted: Wanted, most: Option<u64>, visit: Visit<'_>) -> Result<()> {
    let told = match most {
        Some(0) => None,
        most => match walk_directories(top, wanted, most, visit)? {
            Walked::Whole => return Ok(()),
            Walked::Part(told) => told,
        },
    };
    scanned::walk(top, wanted, told, visit)
}

/// Who is told.
type Visit<'v> = &'v mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

/// The path of what was told last.
struct Position(Vec<Name>);

/// How far a walk came.
enum Walked {
    /// As far as was wanted.
    Whole,
    /// It has looked at as much as it may, and told up to here.
    Part(Option<Position>),
}

/// As [`walk_for`], directory by directory. Ends after it has looked at `most`
/// objects, unless something failed by then.
fn walk_directories(
    top: &Place,
    wanted: Wanted,
    most: Option<u64>,
    visit: Visit<'_>,
) -> Result<Walked> {
    let fs = &*top.fs;
    let looked = Counter::new(most);
    let lister = |dir: &Node| look_at_all(fs, dir, wanted, &looked);
    let mut told = None;
    let (mut failed, mut enough) = (false, false);
    descend(top, &lister, &mut |dir, path, item| match item {
        // A scan would not tell what failed.
        Item::Met { .. } | Item::Enough if looked.is_over() && !failed => {
            enough = true;
            ControlFlow::Break(())
        }
        Item::Enough => ControlFlow::Continue(()),
        Item::Met { node, facts } => {
            if most.is_some() {
                told = Some(Position(path.to_vec()));
            }
            visit(Event::Met(Met {
                dir,
                node,
                stat: facts,
                path,
            }))
        }
        Item::Failed(error) => {
            failed = true;
            visit(Event::Failed { path, error })
        }
    })?;
    Ok(match enough {
        true => Walked::Part(told),
        false => Walked::Whole,
    })
}

/// Counts what was looked at, on all threads.
struct Counter {
    looked: AtomicU64,
    most: u64,
}

impl Counter {
    fn new(most: Option<u64>) -> Self {
        Self {
            looked: AtomicU64::new(0),
            most: most.unwrap_or(u64::MAX),
        }
    }

    fn add(&self) {
        self.looked.fetch_add(1, atomic::Ordering::Relaxed);
    }

    /// Whether there were more than may be.
    fn is_over(&self) -> bool {
        self.looked.load(atomic::Ordering::Relaxed) > self.most
    }
}

/// As [`walk`], for objects of some kinds by the listings of their directories
/// alone, as far as those tell ([`FileSystem::list_kinds`]): objects are not
/// looked at.
///
/// # Errors
/// `top` cannot be listed.
pub fn walk_kinds(
    top: &Place,
    kinds: Kinds,
    visit: &mut dyn FnMut(KindEvent<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let fs = &*top.fs;
    let lister = |dir: &Node| glance_at_all(fs, dir, kinds);
    descend(top, &lister, &mut |_, path, item| match item {
        Item::Met { node, facts, .. } => visit(KindEvent::Met {
            node,
            glance: *facts,
            path,
        }),
        Item::Failed(error) => visit(KindEvent::Failed { path, error }),
        Item::Enough => ControlFlow::Continue(()),
    })
}

/// What a listing comes to.
enum Looked<F> {
    /// An entry, looked at.
    Entry { name: Name, found: Result<Found<F>> },
    /// The directory itself could not be read on.
    Unread(Error),
    /// As much was looked at as should be; it goes on all the same.
    Enough,
}

struct Found<F> {
    node: Node,
    facts: F,
    told: bool,
    entered: bool,
}

fn look_at_all<'a>(
    fs: &'a dyn FileSystem,
    dir: &Node,
    wanted: Wanted,
    looked: &'a Counter,
) -> Result<Entries<'a, Looked<Stat>>> {
    let list = fs.list(dir)?;
    Ok(Box::new(list.filter_map(move |entry| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Looked::Unread(error)),
        };
        looked.add();
        let found = match fs.stat(&entry.node) {
            Ok(stat) => {
                let (told, entered) = (wanted.has(&stat), stat.is_plain_directory());
                if !told && !entered {
                    return looked.is_over().then_some(Looked::Enough);
                }
                Ok(Found {
                    node: entry.node,
                    facts: stat,
                    told,
                    entered,
                })
            }
            // It went away between the listing and now.
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => Err(error),
        };
        Some(Looked::Entry {
            name: entry.name,
            found,
        })
    })))
}

fn glance_at_all<'a>(
    fs: &'a dyn FileSystem,
    dir: &Node,
    kinds: Kinds,
) -> Result<Entries<'a, Looked<Glance>>> {
    let list = fs.list_kinds(dir, kinds | Kinds::DIRECTORIES)?;
    Ok(Box::new(list.map(move |glanced| match glanced {
        Ok(glanced) => Looked::Entry {
            name: glanced.name,
            found: Ok(Found {
                node: glanced.node,
                told: kinds.contains(glanced.glance.kinds()),
                entered: glanced.glance == Glance::Directory,
                facts: glanced.glance,
            }),
        },
        Err(error) => Looked::Unread(error),
    })))
}

/// What [`descend`] tells.
enum Item<'a, F> {
    Met {
        node: &'a Node,
        facts: &'a F,
    },
    Failed(Error),
    /// As much was looked at as should be.
    Enough,
}

/// Told: the directory, the path of the item, and the item.
type Tell<'t, F> = &'t mut dyn FnMut(&Node, &[Name], Item<'_, F>) -> ControlFlow<()>;

/// A directory that is still to be told.
struct Pending<'a, F> {
    slot: Arc<Slot<'a, Looked<F>>>,
    node: Node,
    path: Vec<Name>,
    depth: usize,
}

/// Goes down from `top`, directory by directory.
fn descend<'a, F: Send>(
    top: &'a Place,
    lister: ahead::Lister<'a, Looked<F>>,
    tell: Tell<'_, F>,
) -> Result<()> {
    let ahead = Ahead::new(lister);
    ahead.run(|| {
        let mut pending = pend(&ahead, 0, vec![(top.node.clone(), top.path.clone())]);
        while let Some(mut dir) = pending.pop() {
            let mut below = Vec::new();
            match directory(&ahead, &mut dir, &mut below, tell) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(()),
                Err(error) if dir.depth == 0 => return Err(error),
                Err(error) => {
                    if tell(&dir.node, &dir.path, Item::Failed(error)).is_break() {
                        return Ok(());
                    }
                }
            }
            if dir.depth < MAX_DEPTH {
                // The first one below is told first.
                below.reverse();
                pending.extend(pend(&ahead, dir.depth + 1, below));
            }
        }
        Ok(())
    })
}

fn pend<'a, F: Send>(
    ahead: &Ahead<'a, Looked<F>>,
    depth: usize,
    dirs: Vec<(Node, Vec<Name>)>,
) -> Vec<Pending<'a, F>> {
    let slots = ahead.add(depth, dirs.iter().map(|(node, _)| node.clone()));
    let pending = slots.into_iter().zip(dirs);
    pending
        .map(|(slot, (node, path))| Pending {
            slot,
            node,
            path,
            depth,
        })
        .collect()
}

/// Tells the entries of one directory; the directories among them go to `below`.
fn directory<'a, F: Send>(
    ahead: &Ahead<'a, Looked<F>>,
    dir: &mut Pending<'a, F>,
    below: &mut Vec<(Node, Vec<Name>)>,
    tell: Tell<'_, F>,
) -> Result<ControlFlow<()>> {
    let (first, rest) = ahead.take(&dir.slot)?;
    let path = &mut dir.path;
    for looked in first.into_iter().chain(rest) {
        let (name, found) = match looked {
            Looked::Entry { name, found } => (name, found),
            // What came before it is told, and what is below that comes.
            Looked::Unread(error) => return Err(error),
            Looked::Enough => match tell(&dir.node, path, Item::Enough) {
                ControlFlow::Continue(()) => continue,
                done => return Ok(done),
            },
        };
        path.push(name);
        let flow = match found {
            Ok(found) => {
                let item = Item::Met {
                    node: &found.node,
                    facts: &found.facts,
                };
                let flow = match found.told {
                    true => tell(&dir.node, path, item),
                    false => ControlFlow::Continue(()),
                };
                if found.entered {
                    below.push((found.node, path.clone()));
                }
                flow
            }
            Err(error) => tell(&dir.node, path, Item::Failed(error)),
        };
        path.pop();
        if flow.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod tests;
