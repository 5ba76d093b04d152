//! `rm`: removes names; never follows a link.

use std::sync::Arc;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Attributes, Capabilities, Entry, ErrorKind, FileSystem, Name, Node};

use crate::args::RmArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::report::{Report, Tally};
use crate::volumes::Access;

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
        dry_run: args.dry_run.dry_run,
        force: args.force,
        removed: 0,
    };
    for place in &args.places {
        let result = ctx
            .spot(place, access)
            .and_then(|spot| work.place(&spot, args.recursive));
        tally.take(&ctx.out, result);
    }
    Ok(tally.report().count("removed", work.removed))
}

struct Removal<'a> {
    ctx: &'a Context,
    dry_run: bool,
    force: bool,
    removed: u64,
}

impl Removal<'_> {
    fn place(&mut self, spot: &Spot, recursive: bool) -> Result<()> {
        spot.refuse_stream()?;
        let slot = spot.taken_slot(self.ctx)?;
        let at = |error: linkwright_fs::Error| spot.failure(&error);
        let Some((node, stat)) = slot.existing().map_err(at)? else {
            return Err(at(ErrorKind::NotFound.into()));
        };
        if !stat.is_plain_directory() {
            return self.one(spot, &slot.fs, &slot.dir, &slot.name);
        }
        // `link/` names what is behind the link; with links kept it is the link.
        debug_assert!(spot.find(self.ctx, LastLink::Keep).is_ok());
        if !recursive {
            return Err(Failure::of_kind(
                spot.display(),
                ErrorKind::IsADirectory,
                "this is a directory",
            )
            .help("remove it and what is in it with: linkwright rm -r"));
        }
        self.tree(spot, &slot.fs, &node)?;
        self.one(spot, &slot.fs, &slot.dir, &slot.name)
    }

    /// Removes everything in a directory, deepest first. Entries are taken
    /// from a listing that goes on: a directory may have millions.
    fn tree(&mut self, spot: &Spot, fs: &Arc<dyn FileSystem>, dir: &Node) -> Result<()> {
        let mut stack = vec![level(spot.clone(), fs, dir.clone())?];
        while let Some(top) = stack.last_mut() {
            self.ctx.interrupt.check()?;
            let Some(entry) = top.entries.next() else {
                let done = stack.pop();
                if let (Some(done), Some(parent)) = (done, stack.last()) {
                    let name = done.spot.last_name().unwrap_or_else(|| Name::from(""));
                    self.one(&done.spot, fs, &parent.dir, &name)?;
                }
                continue;
            };
            let entry = entry.map_err(|error| top.spot.failure(&error))?;
            let spot = top.spot.join(&entry.name);
            let stat = fs.stat(&entry.node).map_err(|error| spot.failure(&error))?;
            if stat.is_plain_directory() {
                if stack.len() >= MAX_DEPTH {
                    return Err(spot.failure(&ErrorKind::NameTooLong.into()));
                }
                stack.push(level(spot, fs, entry.node)?);
            } else {
                let dir = top.dir.clone();
                self.one(&spot, fs, &dir, &entry.name)?;
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
    ) -> Result<()> {
        if !self.dry_run {
            self.remove(&**fs, dir, name)
                .map_err(|error| read_only_help(spot.failure(&error)))?;
        }
        self.removed += 1;
        let out = &self.ctx.out;
        out.json(spot.line("removed").set("dry_run", self.dry_run));
        if self.dry_run {
            out.text_of(&[b"would remove ", &spot.bytes()]);
        }
        Ok(())
    }
}

impl Removal<'_> {
    /// Removes one name; with `--force` also of what is read-only.
    fn remove(&self, fs: &dyn FileSystem, dir: &Node, name: &Name) -> linkwright_fs::Result<()> {
        let removed = fs.remove(dir, name);
        let denied = matches!(&removed, Err(error) if error.kind() == ErrorKind::AccessDenied);
        if !denied || !self.force || !fs.capabilities().contains(Capabilities::WINDOWS_NAMES) {
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
    entries: Box<dyn Iterator<Item = linkwright_fs::Result<Entry>> + Send + 'a>,
}

fn level<'a>(spot: Spot, fs: &'a Arc<dyn FileSystem>, dir: Node) -> Result<Level<'a>> {
    let entries = fs.list(&dir).map_err(|error| spot.failure(&error))?;
    Ok(Level { spot, dir, entries })
}
