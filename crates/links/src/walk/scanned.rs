//! A walk by a scan of the volume's file records
//! ([`FileSystem::scan`](linkwright_fs::FileSystem::scan)).
//!
//! A scan looks at all records once, more than ten times as fast as going from
//! directory to directory looks at those it comes to, and sorts what it gathered. So a
//! walk goes over to one when it has looked at a part of the volume
//! ([`worth_by_directories`]), and leaves out what was told by then. Damage anywhere on
//! the volume makes it go by the directories to the end, which tell where it is.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use linkwright_fs::{FileSystem, Name, Result, ScanFor, ScannedEntry};

use super::{Event, Met, Place, Position, Visit, Wanted, walk_directories};

/// An object that a walk comes to costs about as much as so many records of a scan.
const RECORDS_AN_OBJECT: u64 = 16;
/// A walk of fewer objects is done before a scan has begun.
const FEW: u64 = 256;

/// How many objects a walk looks at before a scan of all is worth more; `None` where
/// there is no scan.
pub(super) fn worth_by_directories(top: &Place, wanted: Wanted) -> Option<u64> {
    let fs = &*top.fs;
    let records = fs.scan_size()?;
    let root = fs.root().and_then(|root| fs.identity(&root)).ok()?;
    let is_root = fs.identity(&top.node).ok()? == root;
    match wanted {
        // Most of what a walk from the root looks at is not wanted.
        Wanted::Links | Wanted::ReparsePoints if is_root => Some(0),
        _ => Some((records / RECORDS_AN_OBJECT).max(FEW)),
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
    let what = match wanted {
        Wanted::All => ScanFor::All,
        Wanted::Links | Wanted::ReparsePoints => ScanFor::ReparsePoints,
    };
    let mut path = top.path.clone();
    let scanned = top.fs.scan(
        &top.node,
        what,
        &mut |entry| match wanted.has(&entry.stat) {
            true => rest.entry(top, entry, &mut path),
            false => ControlFlow::Continue(()),
        },
    );
    if scanned.is_err() {
        return walk_directories(top, wanted, None, &mut |event| rest.tell(event)).map(|_| ());
    }
    Ok(())
}

/// Leaves out what was told before.
struct Rest<'a, 'v> {
    fs: &'a dyn FileSystem,
    told: Option<Position>,
    visit: Visit<'v>,
}

impl Rest<'_, '_> {
    /// `path` is that of the directory of the entry before.
    fn entry(
        &mut self,
        top: &Place,
        entry: ScannedEntry<'_>,
        path: &mut Vec<Name>,
    ) -> ControlFlow<()> {
        let above = top.path.len();
        if path.get(above..) != Some(entry.path) {
            path.truncate(above);
            path.extend_from_slice(entry.path);
        }
        path.push(entry.name);
        let flow = self.tell(Event::Met(Met {
            dir: &entry.directory,
            node: &entry.node,
            stat: &entry.stat,
            path,
        }));
        path.pop();
        flow
    }

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
