//! `ls --plain`: paths only. Objects are looked at no more than the wanted kinds
//! need, and where links lead not at all.

use std::ops::ControlFlow;

use linkwright_fs::{Capabilities, FileSystem, Glance, Kinds, Name, Node, NodeKind, Stat};
use linkwright_links::{
    Event, KindEvent, LinkKind, Place, Wanted as Walked, link_kind, walk_for, walk_kinds,
};

use super::Counts;
use crate::args::KindChoice;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::{Found, Spot, path_bytes};
use crate::report::Tally;

/// What is to be listed.
pub(super) struct Wanted<'a> {
    pub(super) kinds: &'a [KindChoice],
    pub(super) recursive: bool,
}

/// The way to a listing, and what is done with each path.
struct Lister<'a> {
    ctx: &'a Context,
    /// The place as it was given, ready for a name behind it.
    base: Vec<u8>,
    fs: &'a dyn FileSystem,
    kinds: &'a [KindChoice],
    counts: &'a mut Counts,
    tally: &'a mut Tally,
    /// What ended the walk.
    stopped: Option<Failure>,
}

pub(super) fn list(
    ctx: &Context,
    spot: &Spot,
    found: &Found,
    wanted: &Wanted<'_>,
    counts: &mut Counts,
    tally: &mut Tally,
) -> Result<()> {
    let mut lister = Lister {
        ctx,
        base: base_of(spot),
        fs: &*found.fs,
        kinds: wanted.kinds,
        counts,
        tally,
        stopped: None,
    };
    if !found.stat.is_plain_directory() {
        let kind = lister
            .kind(&found.node, &found.stat)
            .map_err(|e| spot.failure(&e))?;
        if lister.wants(kind, &found.stat) {
            lister.print(&spot.bytes(), kind);
        }
        return Ok(());
    }
    let top = Place {
        fs: found.fs.clone(),
        node: found.node.clone(),
        path: Vec::new(),
    };
    let walked = match (wanted.recursive, lister.glances(), lister.only_links()) {
        (false, _, _) => lister.directory(&found.node),
        (true, Some(kinds), _) => lister.by_glances(&top, kinds),
        (true, None, true) => lister.by_facts(&top, Walked::Links),
        (true, None, false) => lister.by_facts(&top, Walked::All),
    };
    walked.map_err(|error| spot.failure(&error))?;
    lister.stopped.map_or(Ok(()), Err)
}

/// `ls` alone lists `name`, not `./name`.
fn base_of(spot: &Spot) -> Vec<u8> {
    let mut base = spot.bytes();
    if spot.is_host() && base == b"." {
        return Vec::new();
    }
    if !base.ends_with(b"/") {
        base.push(b'/');
    }
    base
}

impl Lister<'_> {
    /// What the listings of directories alone can tell of the wanted kinds;
    /// `None` when objects have to be looked at.
    fn glances(&self) -> Option<Kinds> {
        if !self.fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
            return None;
        }
        if self.kinds.is_empty() {
            return Some(Kinds::all());
        }
        // Directories too, so that somebody can interrupt a walk that finds
        // nothing.
        self.kinds
            .iter()
            .try_fold(Kinds::DIRECTORIES, |all, kind| match kind {
                KindChoice::Symlink
                | KindChoice::Junction
                | KindChoice::MountPoint
                | KindChoice::LxSymlink
                | KindChoice::Other => Some(all | Kinds::LINKS),
                KindChoice::Dir => Some(all),
                // Which files have several names is not in a listing.
                KindChoice::Link | KindChoice::Hard | KindChoice::File => None,
            })
    }

    fn only_links(&self) -> bool {
        let others = [KindChoice::File, KindChoice::Dir];
        !self.kinds.is_empty() && !self.kinds.iter().any(|kind| others.contains(kind))
    }

    fn by_glances(&mut self, top: &Place, kinds: Kinds) -> linkwright_fs::Result<()> {
        walk_kinds(top, kinds, &mut |event| match event {
            KindEvent::Failed { path, error } => self.failed(path, &error),
            KindEvent::Met { node, glance, path } => {
                if !self.kinds.is_empty() && glance == Glance::Directory {
                    if self.kinds.contains(&KindChoice::Dir) {
                        self.print_path(path, None);
                    }
                    return self.go_on();
                }
                match self.kind_at_a_glance(node, glance) {
                    Err(error) => return self.failed(path, &error),
                    Ok(kind) if self.kinds.is_empty() || self.wants_link(kind) => {
                        self.print_path(path, kind);
                    }
                    Ok(_) => {}
                }
                self.go_on()
            }
        })
    }

    fn kind_at_a_glance(
        &self,
        node: &Node,
        glance: Glance,
    ) -> linkwright_fs::Result<Option<LinkKind>> {
        match glance {
            Glance::Symlink => Ok(Some(LinkKind::Symlink)),
            Glance::Reparse if !self.kinds.is_empty() => self.kind(node, &self.fs.stat(node)?),
            Glance::Reparse => Ok(Some(LinkKind::Other)),
            Glance::Directory | Glance::File | Glance::Special => Ok(None),
        }
    }

    fn by_facts(&mut self, top: &Place, walked: Walked) -> linkwright_fs::Result<()> {
        walk_for(top, walked, &mut |event| match event {
            Event::Failed { path, error } => self.failed(path, &error),
            Event::Met(met) => self.met(met.path, met.node, met.stat),
        })
    }

    /// One directory.
    fn directory(&mut self, dir: &Node) -> linkwright_fs::Result<()> {
        let fs = self.fs;
        for entry in fs.list(dir)? {
            let entry = entry?;
            let path = [entry.name];
            let flow = match fs.stat(&entry.node) {
                Ok(stat) => self.met(&path, &entry.node, &stat),
                // It went away between the listing and now.
                Err(error) if error.kind() == linkwright_fs::ErrorKind::NotFound => continue,
                Err(error) => self.failed(&path, &error),
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn met(&mut self, path: &[Name], node: &Node, stat: &Stat) -> ControlFlow<()> {
        match self.kind(node, stat) {
            Err(error) => return self.failed(path, &error),
            Ok(kind) if self.wants(kind, stat) => self.print_path(path, kind),
            Ok(_) => {}
        }
        self.go_on()
    }

    fn kind(&self, node: &Node, stat: &Stat) -> linkwright_fs::Result<Option<LinkKind>> {
        link_kind(self.fs, node, stat)
    }

    fn wants(&self, kind: Option<LinkKind>, stat: &Stat) -> bool {
        let others = |choice: &KindChoice| match choice {
            KindChoice::File => kind.is_none() && stat.kind != NodeKind::Directory,
            KindChoice::Dir => stat.is_plain_directory(),
            _ => false,
        };
        self.kinds.is_empty() || self.wants_link(kind) || self.kinds.iter().any(others)
    }

    fn wants_link(&self, kind: Option<LinkKind>) -> bool {
        let Some(kind) = kind else {
            return false;
        };
        let wanted = match kind {
            LinkKind::Hard => KindChoice::Hard,
            LinkKind::Symlink => KindChoice::Symlink,
            LinkKind::Junction => KindChoice::Junction,
            LinkKind::MountPoint => KindChoice::MountPoint,
            LinkKind::LxSymlink => KindChoice::LxSymlink,
            LinkKind::Other => KindChoice::Other,
        };
        self.kinds
            .iter()
            .any(|choice| [wanted, KindChoice::Link].contains(choice))
    }

    fn print_path(&mut self, path: &[Name], kind: Option<LinkKind>) {
        let bytes = self.bytes(path);
        self.print(&bytes, kind);
    }

    fn print(&mut self, bytes: &[u8], kind: Option<LinkKind>) {
        self.counts.entries += 1;
        self.counts.links += u64::from(kind.is_some());
        self.ctx.out.text_of(&[bytes]);
    }

    /// The path of names below the place that was given.
    fn bytes(&self, path: &[Name]) -> Vec<u8> {
        let mut bytes = self.base.clone();
        let below = path_bytes(path);
        bytes.extend_from_slice(below.strip_prefix(b"/").unwrap_or(&below));
        bytes
    }

    fn failed(&mut self, path: &[Name], error: &linkwright_fs::Error) -> ControlFlow<()> {
        let place = String::from_utf8_lossy(&self.bytes(path)).into_owned();
        self.tally.failed(&self.ctx.out, &Failure::at(place, error));
        self.go_on()
    }

    /// Whether there is anybody who still wants to know.
    fn go_on(&mut self) -> ControlFlow<()> {
        if let Err(failure) = self.ctx.interrupt.check() {
            self.stopped = Some(failure);
        }
        match self.stopped.is_some() || self.ctx.out.is_closed() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
