//! `mkdir`: makes directories.

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Create, ErrorKind};

use crate::args::MkdirArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::{Spot, SpotPath};
use crate::report::{Report, Tally};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &MkdirArgs) -> Result<Report> {
    let access = match args.dry_run.dry_run {
        true => Access::Read,
        false => Access::Write,
    };
    let mut tally = Tally::default();
    for place in &args.places {
        let result = ctx.spot(place, access).and_then(|spot| {
            if args.parents {
                make_parents(ctx, &spot, args.dry_run.dry_run)
            } else {
                make(ctx, &spot, args.dry_run.dry_run)
            }
        });
        tally.take(&ctx.out, result);
    }
    Ok(tally.report())
}

fn make(ctx: &Context, spot: &Spot, dry_run: bool) -> Result<()> {
    spot.refuse_stream()?;
    let slot = spot.slot(ctx)?;
    let at = |error: linkwright_fs::Error| spot.failure(&error);
    if slot.existing().map_err(at)?.is_some() {
        return Err(at(ErrorKind::AlreadyExists.into()));
    }
    if !dry_run {
        slot.fs
            .create_directory(&slot.dir, &slot.name, &Create::default())
            .map_err(at)?;
    }
    said(ctx, spot, dry_run);
    Ok(())
}

fn said(ctx: &Context, spot: &Spot, dry_run: bool) {
    ctx.out.json(
        spot.line("created")
            .set("type", "dir")
            .set("dry_run", dry_run),
    );
    if dry_run {
        ctx.out.text_of(&[b"would make ", &spot.bytes()]);
    }
}

/// Makes what is missing of a path, from the root down.
fn make_parents(ctx: &Context, spot: &Spot, dry_run: bool) -> Result<()> {
    spot.refuse_stream()?;
    for step in ancestors(spot) {
        match step.find(ctx, LastLink::Follow) {
            Ok(found) if found.stat.is_plain_directory() => {}
            Ok(_) => return Err(step.failure(&ErrorKind::AlreadyExists.into())),
            // In a dry run the parent was not made either.
            Err(failure) if dry_run && is_missing(&failure) => said(ctx, &step, dry_run),
            Err(failure) if is_missing(&failure) => make(ctx, &step, dry_run)?,
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn is_missing(failure: &Failure) -> bool {
    [ErrorKind::NotFound, ErrorKind::PathNotFound]
        .iter()
        .any(|kind| failure.win32 == Some(kind.win32()))
}

/// Every directory of the path, the path itself last.
fn ancestors(spot: &Spot) -> Vec<Spot> {
    let with = |path: SpotPath| Spot {
        fs: spot.fs.clone(),
        path,
    };
    match &spot.path {
        SpotPath::Host(path) => {
            let mut all: Vec<Spot> = path
                .ancestors()
                .filter(|part| !part.as_os_str().is_empty())
                .map(|part| with(SpotPath::Host(part.to_path_buf())))
                .collect();
            all.reverse();
            all
        }
        SpotPath::Image { prefix, location } => (1..=location.path.components.len())
            .map(|count| {
                let mut location = location.clone();
                location.path.components.truncate(count);
                location.path.trailing_separator = false;
                with(SpotPath::Image {
                    prefix: prefix.clone(),
                    location,
                })
            })
            .collect(),
    }
}
