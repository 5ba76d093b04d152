//! `snapshot`: a dated tree; what did not change is a hard link to the one before.

use std::time::SystemTime;

use linkwright_links::Place;
use linkwright_links::clone::{
    Files, Into, Options, SnapshotName, remove_tree, set_apart, snapshots,
};
use linkwright_links::copy::Mode;

use crate::args::SnapshotArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::place::Spot;
use crate::report::Report;
use crate::verbs::link::access;
use crate::verbs::tree_log::{directory, drive, make_whole, report};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &SnapshotArgs) -> Result<Report> {
    let is_dry = args.dry_run.dry_run;
    // Opened first: it is the one that must be open for writing.
    let (spot, store) = directory(ctx, &args.store, access(is_dry))?;
    let (from, source) = directory(ctx, &args.source, Access::Read)?;
    let at = |error: linkwright_fs::Error| spot.failure(&error);
    let known = snapshots(&*store.fs, &store.node).map_err(at)?;
    let others = known.whole;
    for part in &known.unfinished {
        let part = spot.join(&part.unfinished()).display();
        ctx.out.note(&format!(
            "note: {part} is an unfinished snapshot, or another is being made; `rm -r` removes it"
        ));
    }
    let last = match others.last() {
        None => None,
        Some(last) => Some(store.fs.child(&store.node, &last.name()).map_err(at)?),
    };
    let names = others.iter().chain(&known.unfinished);
    let name = SnapshotName::new(SystemTime::now().into(), names);
    let to = spot.join(&name.name());
    let mut path = store.path.clone();
    path.push(name.name());
    // Under another name until it is whole: nobody takes it for one before.
    let into = Into {
        fs: store.fs.clone(),
        dir: store.node.clone(),
        name: name.unfinished(),
        path,
    };
    let options = Options {
        files: Files::Copy { last },
        outer: args.outer.outer(),
        drive: drive(ctx, &from),
        mode: match is_dry {
            true => Mode::DryRun,
            false => Mode::Write,
        },
    };
    let mut counts = make_whole(ctx, (&from, &source), (&to, &into), &name.name(), &options)?;
    ctx.out.json(to.line("created").set("dry_run", is_dry));
    ctx.out.text(ctx.out.shown(&to.bytes()));
    let kept = others.len() + 1;
    let mut failed = false;
    let too_many = args.keep.map_or(0, |keep| {
        kept.saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX))
    });
    for old in others.iter().take(too_many) {
        match remove(ctx, &spot, &store, old, is_dry) {
            Ok(removed) => counts.removed += removed,
            Err(failure) => {
                ctx.out.failure(&failure);
                failed = true;
                if failure.exit == Exit::Interrupted {
                    return Err(failure);
                }
            }
        }
    }
    let mut report = report(ctx, "snapshot", &counts);
    if failed {
        report.exit = Exit::Partly;
    }
    Ok(report)
}

/// Removes a snapshot, which is none any more before the first of its files goes.
fn remove(
    ctx: &Context,
    spot: &Spot,
    store: &Place,
    old: &SnapshotName,
    is_dry: bool,
) -> Result<u64> {
    let at = spot.join(&old.name());
    let mut removed = 0;
    if !is_dry {
        let apart = set_apart(&*store.fs, &store.node, old).map_err(|e| at.failure(&e))?;
        removed = remove_tree(&*store.fs, &store.node, &apart, &|| ctx.interrupt.is_set())
            .map_err(|error| spot.join(&apart).failure(&error))?;
    }
    ctx.out.json(at.line("removed").set("dry_run", is_dry));
    ctx.out.text_of(&[b"removed  ", &at.bytes()]);
    Ok(removed)
}
