//! `rm`: removes names; never follows a link.

mod stays;

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Attributes, Capabilities, Entry, ErrorKind, FileSystem, Name, Node, Stat};
use linkwright_links::explain::explain;
use linkwright_links::{Event, Place, walk};

use crate::args::RmArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::place::{Spot, SpotPath, path_bytes, walked_host};
use crate::progress::Progress;
use crate::report::{Report, Tally};
use crate::volumes::Access;
use stays::{Left, Stays};

/// Deepest directories that are removed: far more than a path of 32,767 units
/// has, so that only a damaged volume comes to it.
const MAX_DEPTH: usize = 16_384;

pub(super) fn run(ctx: &Context, args: &RmArgs) -> Result<Report> {
    let access = match args.dry_run.dry_run {
        true => Access::Read,
        false => Access::Write,
    };
    let mut tally = Tally::default();
    let mut work = Removal {
        ctx,
        args,
        removed: 0,
        stays: Stays::default(),
        progress: Progress::counted(ctx.out.is_json(), "removed"),
    };
    for place in &args.places {
        let result = ctx.spot(place, access).and_then(|spot| work.place(&spot));
        work.progress.suspend(|| tally.take(&ctx.out, result));
    }
    work.progress.finish();
    for line in work.stays.lines() {
        ctx.out.text_of(&[&line]);
    }
    let report = tally.report().count("removed", work.removed);
    Ok(work.stays.count(report))
}

struct Removal<'a> {
    ctx: &'a Context,
    args: &'a RmArgs,
    removed: u64,
    stays: Stays,
    progress: Progress,
}

impl Removal<'_> {
    fn place(&mut self, spot: &Spot) -> Result<()> {
        spot.refuse_stream()?;
        if self.args.one_tree {
            self.refuse_way_through_links(spot)?;
        }
        let slot = spot.taken_slot(self.ctx)?;
        let at = |error: linkwright_fs::Error| spot.failure(&error);
        let Some((node, stat)) = slot.existing().map_err(at)? else {
            return Err(at(ErrorKind::NotFound.into()));
        };
        if !stat.is_plain_directory() {
            return self.one(spot, &slot.fs, &slot.dir, &slot.name, &node, &stat);
        }
        // `link/` names what is behind the link; with links kept it is the link.
        debug_assert!(spot.find(self.ctx, LastLink::Keep).is_ok());
        if !self.args.recursive {
            return Err(Failure::of_kind(
                spot.display(),
                ErrorKind::IsADirectory,
                "this is a directory",
            )
            .help("remove it and what is in it with: linkwright rm -r"));
        }
        self.refuse_mount(spot, &slot.fs.stat(&slot.dir).map_err(at)?, &stat)?;
        if self.progress.is_visible() {
            self.measure(&slot.fs, &node);
        }
        self.tree(spot, &slot.fs, &node, &stat)?;
        self.one(spot, &slot.fs, &slot.dir, &slot.name, &node, &stat)
    }

    /// Counts what is to be removed, for the time left. What cannot be read is
    /// told when its turn comes.
    fn measure(&self, fs: &Arc<dyn FileSystem>, node: &Node) {
        let top = Place {
            fs: Arc::clone(fs),
            node: node.clone(),
            path: Vec::new(),
        };
        self.progress.expect(1);
        let walked = walk(&top, &mut |event| {
            self.progress
                .expect(u64::from(matches!(event, Event::Met(_))));
            match self.ctx.interrupt.is_set() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        // The removal itself fails on the same, and says so.
        walked.ok();
    }

    /// With `--one-tree`: an error when the way to a place leads through a link.
    fn refuse_way_through_links(&self, spot: &Spot) -> Result<()> {
        let at = |error: linkwright_fs::Error| spot.failure(&error);
        let (volume, mut path) = match &spot.path {
            SpotPath::Host(path) => (Vec::new(), walked_host(path)?),
            SpotPath::Image { prefix, location } => (
                [prefix, &b":"[..]].concat(),
                location.path.components.clone(),
            ),
        };
        path.pop();
        let way = explain(&self.ctx.resolver(), &spot.fs, &path).map_err(at)?;
        let Some(hop) = way.walk.hops.first() else {
            return Ok(());
        };
        let link = [&volume[..], &path_bytes(&hop.at)].concat();
        let what = format!(
            "the way to it leads through a link, {}",
            String::from_utf8_lossy(&link)
        );
        Err(
            Failure::of_kind(spot.display(), ErrorKind::CrossDevice, what)
                .exit(Exit::Refused)
                .help("give the path without links (linkwright explain), or leave out --one-tree"),
        )
    }

    /// An error for a directory on which another file system is mounted: what is
    /// below is not what was meant.
    fn refuse_mount(&self, spot: &Spot, above: &Stat, dir: &Stat) -> Result<()> {
        match above.device == dir.device {
            true => Ok(()),
            false => Err(Failure::of_kind(
                spot.display(),
                ErrorKind::CrossDevice,
                "another file system is mounted here, and is not entered",
            )
            .exit(Exit::Refused)
            .help("unmount it first, or remove what is in it by its own path")),
        }
    }

    /// Removes everything in a directory, deepest first. Entries are taken
    /// from a listing that goes on: a directory may have millions.
    fn tree(
        &mut self,
        spot: &Spot,
        fs: &Arc<dyn FileSystem>,
        dir: &Node,
        stat: &Stat,
    ) -> Result<()> {
        let mut stack = vec![level(spot.clone(), fs, dir.clone(), stat.clone())?];
        while let Some(top) = stack.last_mut() {
            self.ctx.interrupt.check()?;
            let Some(entry) = top.entries.next() else {
                let done = stack.pop();
                if let (Some(done), Some(parent)) = (done, stack.last()) {
                    let name = done.spot.last_name().unwrap_or_else(|| Name::from(""));
                    let dir = parent.dir.clone();
                    self.one(&done.spot, fs, &dir, &name, &done.dir, &done.stat)?;
                }
                continue;
            };
            let entry = entry.map_err(|error| top.spot.failure(&error))?;
            let spot = top.spot.join(&entry.name);
            let stat = fs.stat(&entry.node).map_err(|error| spot.failure(&error))?;
            if stat.is_plain_directory() {
                self.refuse_mount(&spot, &top.stat, &stat)?;
                if stack.len() >= MAX_DEPTH {
                    return Err(spot.failure(&ErrorKind::NameTooLong.into()));
                }
                stack.push(level(spot, fs, entry.node, stat)?);
            } else {
                let dir = top.dir.clone();
                self.one(&spot, fs, &dir, &entry.name, &entry.node, &stat)?;
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        spot: &Spot,
        fs: &Arc<dyn FileSystem>,
        dir: &Node,
        name: &Name,
        node: &Node,
        stat: &Stat,
    ) -> Result<()> {
        let dry_run = self.args.dry_run.dry_run;
        // Read before it is gone.
        let left = Left::of(&**fs, node, stat).map_err(|error| spot.failure(&error))?;
        if !dry_run {
            self.remove(&**fs, dir, name)
                .map_err(|error| read_only_help(spot.failure(&error)))?;
        }
        self.removed += 1;
        self.progress.add(1);
        let names = self.stays.take(&left, stat, spot);
        let out = &self.ctx.out;
        out.json(
            left.fields(spot.line("removed"), names)
                .set("dry_run", dry_run),
        );
        if dry_run {
            out.text_of(&[b"would remove ", &spot.bytes(), &left.remark(names)]);
        }
        Ok(())
    }
}

impl Removal<'_> {
    /// Removes one name; with `--force` also of what is read-only.
    fn remove(&self, fs: &dyn FileSystem, dir: &Node, name: &Name) -> linkwright_fs::Result<()> {
        let removed = fs.remove(dir, name);
        let denied = matches!(&removed, Err(error) if error.kind() == ErrorKind::AccessDenied);
        if !denied || !self.args.force || !fs.capabilities().contains(Capabilities::WINDOWS_NAMES) {
            return removed;
        }
        let node = fs.child(dir, name)?;
        let attributes = fs.stat(&node)?.attributes;
        fs.set_attributes(&node, attributes - Attributes::READ_ONLY)?;
        let removed = fs.remove(dir, name);
        if removed.is_err() {
            fs.set_attributes(&node, attributes)?;
        }
        removed
    }
}

fn read_only_help(failure: Failure) -> Failure {
    match failure.win32 {
        Some(code) if code == ErrorKind::AccessDenied.win32() => {
            failure.help("remove what is read-only with: linkwright rm --force")
        }
        _ => failure,
    }
}

/// A directory whose entries are being removed.
struct Level<'a> {
    spot: Spot,
    dir: Node,
    stat: Stat,
    entries: Box<dyn Iterator<Item = linkwright_fs::Result<Entry>> + Send + 'a>,
}

fn level<'a>(spot: Spot, fs: &'a Arc<dyn FileSystem>, dir: Node, stat: Stat) -> Result<Level<'a>> {
    let entries = fs.list(&dir).map_err(|error| spot.failure(&error))?;
    Ok(Level {
        spot,
        dir,
        stat,
        entries,
    })
}
