//! `mv`: moves names within a volume.

use std::sync::Arc;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{ErrorKind, Replace};

use crate::args::MvArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::report::{Report, Tally};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &MvArgs) -> Result<Report> {
    let Some((destination, sources)) = args.places.split_last() else {
        return Err(Failure::usage("mv takes what to move and where to"));
    };
    let access = match args.dry_run.dry_run {
        true => Access::Read,
        false => Access::Write,
    };
    let destination = ctx.spot(destination, access)?;
    let into = destination_directory(ctx, &destination, sources.len() > 1)?;
    let mut tally = Tally::default();
    for source in sources {
        let result = ctx.spot(source, access).and_then(|source| {
            ctx.interrupt.check()?;
            let target = match (into, source.last_name()) {
                (true, Some(name)) => destination.join(&name),
                _ => destination.clone(),
            };
            move_one(ctx, &source, &target, args)
        });
        tally.take(&ctx.out, result);
    }
    Ok(tally.report())
}

/// Whether the destination is a directory that things go into. A link to one
/// is not: it has the name that is asked for.
pub(super) fn destination_directory(ctx: &Context, spot: &Spot, must: bool) -> Result<bool> {
    match spot.find(ctx, LastLink::Keep) {
        Ok(found) if found.stat.is_plain_directory() => Ok(true),
        Ok(_) if must => Err(spot.failure(&ErrorKind::NotADirectory.into())),
        Err(failure) if must => Err(failure),
        Err(failure) if failure.win32 != Some(ErrorKind::NotFound.win32()) => Err(failure),
        Ok(_) | Err(_) => Ok(false),
    }
}

fn move_one(ctx: &Context, source: &Spot, target: &Spot, args: &MvArgs) -> Result<()> {
    source.refuse_stream()?;
    target.refuse_stream()?;
    let from = source.taken_slot(ctx)?;
    let to = target.slot(ctx)?;
    if from
        .existing()
        .map_err(|error| source.failure(&error))?
        .is_none()
    {
        return Err(source.failure(&ErrorKind::NotFound.into()));
    }
    if !Arc::ptr_eq(&from.fs, &to.fs) {
        return Err(source.failure(&ErrorKind::CrossDevice.into()));
    }
    let replace = match args.replace {
        true => Replace::Yes,
        false => Replace::No,
    };
    let dry_run = args.dry_run.dry_run;
    if dry_run {
        let taken = to.existing().map_err(|error| target.failure(&error))?;
        if taken.is_some() && !args.replace {
            return Err(target.failure(&ErrorKind::AlreadyExists.into()));
        }
    } else {
        from.fs
            .rename(&from.dir, &from.name, &to.dir, &to.name, replace)
            .map_err(|error| target.failure(&error))?;
    }
    ctx.out.json(
        source
            .line("moved")
            .set_bytes("to", &target.bytes())
            .set("dry_run", dry_run),
    );
    if dry_run {
        ctx.out
            .text_of(&[b"would move ", &source.bytes(), b" to ", &target.bytes()]);
    }
    Ok(())
}
