//! `mirror`: a tree made the same as another.

use linkwright_fs::ErrorKind;
use linkwright_links::clone::{Files, Into, Options};
use linkwright_links::copy::Mode;

use crate::args::MirrorArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::report::Report;
use crate::verbs::link::access;
use crate::verbs::tree_log::{directory, drive, make, report};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &MirrorArgs) -> Result<Report> {
    let is_dry = args.dry_run.dry_run;
    // Opened first: it is the one that must be open for writing.
    let to = ctx.spot(&args.destination, access(is_dry))?;
    let (from, source) = directory(ctx, &args.source, Access::Read)?;
    let slot = to.slot(ctx)?;
    if let Ok(node) = slot.fs.child(&slot.dir, &slot.name) {
        let there = slot.fs.stat(&node).map_err(|error| to.failure(&error))?;
        if !there.is_plain_directory() {
            return Err(Failure {
                exit: Exit::Refused,
                ..Failure::of_kind(
                    to.display(),
                    ErrorKind::AlreadyExists,
                    "a file or link is there; nothing is mirrored through or over it",
                )
            }
            .help("give the directory itself, or a name that is free"));
        }
    }
    let mut path = slot.dir_path;
    path.push(slot.name.clone());
    let into = Into {
        fs: slot.fs,
        dir: slot.dir,
        name: slot.name,
        path,
    };
    let options = Options {
        files: Files::Mirror,
        outer: args.outer.outer(),
        drive: drive(ctx, &from),
        mode: match is_dry {
            true => Mode::DryRun,
            false => Mode::Write,
        },
    };
    let counts = make(ctx, (&from, &source), (&to, &into), &options)?;
    Ok(report(ctx, "mirror", &counts))
}
