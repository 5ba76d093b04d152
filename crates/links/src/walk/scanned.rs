//! Links below a directory by a scan of the volume's file records
//! ([`FileSystem::scan_links`](linkwright_fs::FileSystem::scan_links)).
//!
//! A scan looks at all records once, about ten times as fast as going from
//! directory to directory looks at those it comes to. All links are gathered,
//! sorted into the order of a walk, and told: about 300 bytes of memory for a
//! link and its name. Damage anywhere on the volume makes the walk go by the
//! directories, which tell where it is.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::{FileSystem, Name, Result, ScannedLink};

use super::{Event, Met, Place, Wanted, walk_directories};

/// Whether a scan is worth more than a walk: only from the root is it known that
/// most of the volume is asked for.
pub(super) fn pays(top: &Place) -> bool {
    let fs = &*top.fs;
    match fs.root().and_then(|root| fs.identity(&root)) {
        Ok(root) => fs.identity(&top.node).is_ok_and(|own| own == root),
        Err(_) => false,
    }
}

/// Tells every link of the volume.
pub(super) fn walk(top: &Place, visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>) -> Result<()> {
    let mut links = Vec::new();
    let scanned = top.fs.scan_links(&mut |link| {
        links.push(link);
        ControlFlow::Continue(())
    });
    if scanned.is_err() {
        drop(links);
        return walk_directories(top, Wanted::Links, visit);
    }
    leave_out_what_is_below_links(&mut links);
    sort(&*top.fs, &mut links);
    for link in links {
        let mut path = top.path.clone();
        path.extend_from_slice(&link.path);
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
    }
    Ok(())
}

/// A walk does not enter links, whatever their directories hold.
fn leave_out_what_is_below_links(links: &mut Vec<ScannedLink>) {
    let entered = |link: &ScannedLink| link.stat.kind == linkwright_fs::NodeKind::Directory;
    let tops: HashSet<Vec<Name>> = links
        .iter()
        .filter(|link| entered(link))
        .map(|link| [&link.path[..], std::slice::from_ref(&link.name)].concat())
        .collect();
    if tops.is_empty() {
        return;
    }
    let mut known: HashMap<Arc<[Name]>, bool> = HashMap::new();
    links.retain(|link| {
        let below = *known
            .entry(Arc::clone(&link.path))
            .or_insert_with(|| (1..=link.path.len()).any(|len| tops.contains(&link.path[..len])));
        !below
    });
}

/// In the order of a walk: directories by their paths, what is in one before
/// what is below it, names as the file system orders them.
fn sort(fs: &dyn FileSystem, links: &mut [ScannedLink]) {
    links.sort_by(|a, b| paths(fs, &a.path, &b.path).then_with(|| fs.order(&a.name, &b.name)));
}

fn paths(fs: &dyn FileSystem, a: &Arc<[Name]>, b: &Arc<[Name]>) -> Ordering {
    if Arc::ptr_eq(a, b) {
        return Ordering::Equal;
    }
    let pairs = a.iter().zip(b.iter());
    pairs
        .map(|(a, b)| match a == b {
            true => Ordering::Equal,
            false => fs.order(a, b),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}
