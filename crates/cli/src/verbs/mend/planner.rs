//! What all verbs that make plans share: the plan is shown, written, or applied
//! at once.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use linkwright_fs::ErrorKind;
use linkwright_links::plan::apply::{Misfits, Run};
use linkwright_links::plan::make::{Planned, Sink};
use linkwright_links::{Event, Wanted, walk_for};

use super::doing::do_plan;
use super::file::{PlanFile, PlanWriter};
use super::place::Site;
use super::say::{self, Deed};
use crate::args::PlanArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::report::Report;
use crate::volumes::Access;

/// What planning comes to.
#[derive(Debug, Default)]
struct Counts {
    steps: u64,
    skipped: u64,
    failed: u64,
}

/// What a verb looks at, one by one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// What is below its place.
    Below(Wanted),
    /// So many files, which were named to it.
    Named(u64),
}

impl Extent {
    /// Every link below the place.
    pub(super) const LINKS: Self = Self::Below(Wanted::Links);

    /// Every link and other reparse point below the place.
    pub(super) const REPARSE_POINTS: Self = Self::Below(Wanted::ReparsePoints);
}

/// What a verb opens its place for.
pub(super) fn access(args: &PlanArgs) -> Access {
    match args.yes {
        true => Access::Write,
        false => Access::Read,
    }
}

/// Plans with `make`, and does with the plan what was asked for.
pub(super) fn plan(
    ctx: &Context,
    site: &Site,
    args: &PlanArgs,
    verb: &str,
    extent: Extent,
    make: impl FnOnce(Sink<'_>) -> linkwright_fs::Result<()>,
) -> Result<Report> {
    let mut writer = match (args.dry_run.dry_run, args.yes, &args.plan) {
        (false, true, _) => Some(PlanWriter::create(None, &site.header(verb))?),
        (false, false, Some(path)) => Some(PlanWriter::create(Some(path), &site.header(verb))?),
        _ => None,
    };
    let (counts, made) = gather(ctx, site, args, extent, &mut writer, make);
    if let Err(failure) = made {
        writer.into_iter().for_each(PlanWriter::abandon);
        return Err(failure);
    }
    let file = writer.map(PlanWriter::end).transpose()?;
    let report = report(&counts);
    match file {
        Some(plan) if args.yes => at_once(ctx, site, args, verb, &plan, &counts),
        Some(_) => {
            if let Some(path) = args.plan.as_ref().filter(|_| !ctx.out.is_json()) {
                ctx.out.note(&format!(
                    "{} steps; do them with: linkwright apply {}",
                    counts.steps,
                    path.display()
                ));
            }
            Ok(report)
        }
        None => {
            if !args.dry_run.dry_run && !ctx.out.is_json() {
                ctx.out
                    .note("nothing was done; keep this with --plan FILE, or do it with --yes");
            }
            Ok(report)
        }
    }
}

/// Takes the steps as they come.
fn gather(
    ctx: &Context,
    site: &Site,
    args: &PlanArgs,
    extent: Extent,
    writer: &mut Option<PlanWriter>,
    make: impl FnOnce(Sink<'_>) -> linkwright_fs::Result<()>,
) -> (Counts, Result<()>) {
    let mut counts = Counts::default();
    let mut stopped = Ok(());
    let progress = progress(ctx, site, extent, "looking");
    let made = make(&mut |planned| {
        if ctx.interrupt.is_set() {
            stopped = Err(Failure::interrupted());
            return ControlFlow::Break(());
        }
        match planned {
            Planned::Seen => progress.add(1),
            Planned::Step(step) => {
                counts.steps += 1;
                if !args.yes {
                    progress.suspend(|| say::step(ctx, site, &step, Deed::Planned));
                }
                let written = writer.as_mut().map_or(Ok(()), |writer| writer.step(&step));
                if let Err(failure) = written {
                    stopped = Err(failure);
                    return ControlFlow::Break(());
                }
            }
            Planned::Skipped { path, why } => {
                counts.skipped += 1;
                let failure = Failure::of_kind(
                    site.spot_of(path).display(),
                    ErrorKind::Unsupported(linkwright_fs::Feature::Volume),
                    format!("left as it is: {why}"),
                );
                let failure = Failure {
                    win32: Some(linkwright_fs::Win32Error::NOT_SUPPORTED),
                    ..failure
                };
                progress.suspend(|| ctx.out.failure(&failure));
            }
            Planned::Failed { path, error } => {
                counts.failed += 1;
                let failure = site.spot_of(path).failure(&error);
                progress.suspend(|| ctx.out.failure(&failure));
            }
        }
        ControlFlow::Continue(())
    });
    progress.finish();
    let made = made.map_err(|error| site.spot.failure(&error));
    (counts, stopped.and(made))
}

/// Counts what there is first, when anybody sees the time that is left.
pub(super) fn progress(ctx: &Context, site: &Site, extent: Extent, what: &'static str) -> Progress {
    let progress = Progress::of_objects(ctx.out.is_json());
    progress.begin(what);
    if progress.is_visible() {
        progress.expect(match extent {
            Extent::Below(wanted) => count(ctx, site, wanted),
            Extent::Named(total) => total,
        });
    }
    progress
}

/// How many objects there are to look at: those that the work is told as well.
fn count(ctx: &Context, site: &Site, wanted: Wanted) -> u64 {
    let mut total = 0;
    walk_for(&site.top, wanted, &mut |event| {
        total += u64::from(matches!(event, Event::Met(_)));
        match ctx.interrupt.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })
    // What cannot be listed is told by the work itself.
    .ok();
    total
}

fn at_once(
    ctx: &Context,
    site: &Site,
    args: &PlanArgs,
    verb: &str,
    plan: &PlanFile,
    counts: &Counts,
) -> Result<Report> {
    let undo = args.undo.clone().unwrap_or_else(|| undo_name(verb));
    let done = do_plan(
        ctx,
        site,
        &undo,
        plan,
        Run::Real,
        Misfits::Refuse,
        Some(&undo),
    )?;
    let planned = report(counts);
    let exit = match done.exit {
        Exit::Done => planned.exit,
        exit => exit,
    };
    Ok(Report {
        exit,
        counts: [planned.counts, done.counts].concat(),
    })
}

/// A name for the undo file of what had no plan file.
fn undo_name(verb: &str) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map_or(0, |now| now.as_secs());
    PathBuf::from(format!("linkwright-{verb}-{seconds}.undo"))
}

fn report(counts: &Counts) -> Report {
    Report {
        exit: match counts.skipped + counts.failed {
            0 => Exit::Done,
            _ => Exit::Partly,
        },
        counts: vec![
            ("steps", counts.steps),
            ("left", counts.skipped),
            ("failed", counts.failed),
        ],
    }
}
