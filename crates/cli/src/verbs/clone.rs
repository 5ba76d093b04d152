//! `clone`: a tree of links to the files of another.

use linkwright_fs::{ErrorKind, Name};
use linkwright_links::clone::{Files, Into, Options};
use linkwright_links::copy::Mode;

use crate::args::CloneArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;
use crate::verbs::link::access;
use crate::verbs::tree_log::{directory, drive, make_whole, report};

pub(super) fn run(ctx: &Context, args: &CloneArgs) -> Result<Report> {
    let is_dry = args.dry_run.dry_run;
    let to = ctx.spot(&args.destination, access(is_dry))?;
    let (from, source) = directory(ctx, &args.source, access(is_dry))?;
    let slot = to.slot(ctx)?;
    let at = |error: linkwright_fs::Error| to.failure(&error);
    match slot.fs.child(&slot.dir, &slot.name) {
        Ok(_) => return Err(to.failure(&ErrorKind::AlreadyExists.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(at(error)),
    }
    let mut path = slot.dir_path.clone();
    path.push(slot.name.clone());
    // Under another name until it is whole.
    let part = format!(".linkwright-{}.part", std::process::id());
    let into = Into {
        fs: slot.fs,
        dir: slot.dir,
        name: Name::from(part.as_str()),
        path,
    };
    let options = Options {
        files: match args.symbolic {
            true => Files::Symbolic,
            false => Files::Hard,
        },
        outer: args.outer.outer(),
        drive: drive(ctx, &from),
        mode: match is_dry {
            true => Mode::DryRun,
            false => Mode::Write,
        },
    };
    let counts = make_whole(ctx, (&from, &source), (&to, &into), &slot.name, &options)?;
    Ok(report(ctx, "clone", &counts))
}
