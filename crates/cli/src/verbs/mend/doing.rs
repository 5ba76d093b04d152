//! `apply` and `undo`.

use std::path::{Path, PathBuf};

use linkwright_fs::{ErrorKind, Win32Error};
use linkwright_links::plan::Step;
use linkwright_links::plan::apply::{
    ApplyError, Counts, Event, Misfits, NoUndo, Observer, Plan, Run, UndoLog,
};
use linkwright_links::plan::read::Purpose;

use super::file::{PlanFile, UndoFile, plan_failure};
use super::place::Site;
use super::say::{self, Deed};
use crate::args::{ApplyArgs, UndoArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::report::Report;
use crate::verbs::link::access;

pub(in crate::verbs) fn apply(ctx: &Context, args: &ApplyArgs) -> Result<Report> {
    let order = Order {
        file: &args.plan,
        place: args.place.as_deref(),
        wanted: Purpose::Plan,
        misfits: misfits(args.skip_changed),
        dry_run: args.dry_run.dry_run,
    };
    let undo = args.undo.clone().unwrap_or_else(|| {
        let mut name = args.plan.as_os_str().to_owned();
        name.push(".undo");
        PathBuf::from(name)
    });
    order.run(ctx, Some(&undo))
}

pub(in crate::verbs) fn undo(ctx: &Context, args: &UndoArgs) -> Result<Report> {
    let order = Order {
        file: &args.file,
        place: args.place.as_deref(),
        wanted: Purpose::Undo,
        misfits: misfits(args.skip_changed),
        dry_run: args.dry_run.dry_run,
    };
    order.run(ctx, None)
}

fn misfits(skip: bool) -> Misfits {
    match skip {
        true => Misfits::Skip,
        false => Misfits::Refuse,
    }
}

/// What was asked for.
struct Order<'a> {
    file: &'a Path,
    place: Option<&'a std::ffi::OsStr>,
    wanted: Purpose,
    misfits: Misfits,
    dry_run: bool,
}

impl Order<'_> {
    fn run(&self, ctx: &Context, undo: Option<&Path>) -> Result<Report> {
        let plan = PlanFile::open(self.file)?;
        if plan.purpose() != self.wanted {
            let what = match self.wanted {
                Purpose::Plan => ("this is an undo file", "take it back with: linkwright undo"),
                Purpose::Undo => ("this is a plan", "do it with: linkwright apply"),
            };
            return Err(Failure::usage(what.0)
                .path(self.file.display().to_string())
                .help(what.1));
        }
        let site = match self.place {
            Some(place) => Site::open(ctx, place, access(self.dry_run))?,
            None => Site::of_header(ctx, &plan.header, access(self.dry_run))?,
        };
        site.check(&plan.header)?;
        let run = match self.dry_run {
            true => Run::Rehearsal,
            false => Run::Real,
        };
        do_plan(ctx, &site, self.file, &plan, run, self.misfits, undo)
    }
}

/// Does a plan, writing what takes it back to `undo`.
pub(super) fn do_plan(
    ctx: &Context,
    site: &Site,
    file: &Path,
    plan: &PlanFile,
    run: Run,
    misfits: Misfits,
    undo: Option<&Path>,
) -> Result<Report> {
    let mut undo_file = match (undo, run) {
        (Some(path), Run::Real) => Some(UndoFile::create(path, site.header("undo"))?),
        _ => None,
    };
    let mut watcher = Watcher::new(ctx, site, plan, run);
    let mut counts = Counts::default();
    let mut no_undo = NoUndo;
    let log: &mut dyn UndoLog = match &mut undo_file {
        Some(file) => file,
        None => &mut no_undo,
    };
    let top = &site.top;
    let done = linkwright_links::plan::apply::apply(
        plan,
        top,
        run,
        misfits,
        log,
        &mut watcher,
        &mut counts,
    );
    watcher.progress.finish();
    if let Some(file) = &undo_file {
        match counts.done {
            0 => file.abandon(),
            _ => tell_undo(ctx, file.path()),
        }
    }
    match done {
        Ok(()) => Ok(report(&counts)),
        Err(error) => {
            ctx.out.failure(&failure(site, file, &error));
            Ok(Report {
                exit: match counts.done {
                    0 => exit_of(&error),
                    _ if matches!(error, ApplyError::Interrupted) => Exit::Interrupted,
                    _ => Exit::Partly,
                },
                ..report(&counts)
            })
        }
    }
}

fn tell_undo(ctx: &Context, path: &Path) {
    if !ctx.out.is_json() {
        ctx.out.note(&format!(
            "this takes it back: linkwright undo {}",
            path.display()
        ));
    }
}

fn report(counts: &Counts) -> Report {
    Report {
        exit: match (counts.misfits, counts.done) {
            (0, _) => Exit::Done,
            (_, 0) => Exit::Refused,
            (_, _) => Exit::Partly,
        },
        counts: vec![
            ("done", counts.done),
            ("already", counts.already),
            ("skipped", counts.misfits),
        ],
    }
}

fn exit_of(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Plan(_) | ApplyError::Refused(_) => Exit::Refused,
        ApplyError::Undo(_) => Exit::Failed,
        ApplyError::Step { error, .. } | ApplyError::Volume(error) => Exit::of(error.kind()),
        ApplyError::Interrupted => Exit::Interrupted,
    }
}

fn failure(site: &Site, file: &Path, error: &ApplyError) -> Failure {
    match error {
        ApplyError::Plan(error) => plan_failure(file, error),
        ApplyError::Refused(_) => Failure {
            path: Some(site.spot.display()),
            what: error.to_string(),
            kind: None,
            win32: Some(Win32Error::FILE_INVALID),
            help: Some("plan again, or leave such steps out with --skip-changed".to_owned()),
            exit: Exit::Refused,
        },
        ApplyError::Undo(error) => Failure::of_kind(
            site.spot.display(),
            ErrorKind::Io,
            format!("the undo file cannot be written: {error}"),
        )
        .help("name another place for it with --undo"),
        ApplyError::Step { path, error } => {
            Failure::at(format!("{}/{path}", site.spot.display()), error)
        }
        ApplyError::Volume(error) => site.spot.failure(error),
        ApplyError::Interrupted => Failure::interrupted(),
    }
}

/// Says what is done, and shows how far it is.
struct Watcher<'a> {
    ctx: &'a Context,
    site: &'a Site,
    deed: Deed,
    progress: Progress,
    part: Option<Part>,
    at: u64,
    total: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Checking,
    Doing,
}

impl<'a> Watcher<'a> {
    fn new(ctx: &'a Context, site: &'a Site, plan: &PlanFile, run: Run) -> Self {
        Self {
            ctx,
            site,
            deed: match run {
                Run::Rehearsal => Deed::Planned,
                Run::Real => Deed::Done,
            },
            progress: Progress::of_objects(ctx.out.is_json()),
            part: None,
            at: 0,
            total: plan.steps,
        }
    }

    fn advance(&mut self, part: Part) {
        if self.part.replace(part) != Some(part) {
            self.at = 0;
            self.progress.begin(match part {
                Part::Checking => "comparing with what is there",
                Part::Doing => "mending",
            });
        }
        self.at += 1;
        self.progress.reach(self.at, self.total);
    }

    fn say(&mut self, step: &Step) {
        let (ctx, site, deed) = (self.ctx, self.site, self.deed);
        self.progress.suspend(|| say::step(ctx, site, step, deed));
    }
}

impl Observer for Watcher<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Checked => self.advance(Part::Checking),
            Event::Mismatch(step, mismatch) => {
                self.advance(Part::Checking);
                let failure = say::mismatch(self.site, step, &mismatch);
                let out = &self.ctx.out;
                self.progress.suspend(|| out.failure(&failure));
            }
            Event::Done(step) => {
                self.advance(Part::Doing);
                self.say(step);
            }
            Event::Already(_) => self.advance(Part::Doing),
        }
    }

    fn is_interrupted(&self) -> bool {
        self.ctx.interrupt.is_set()
    }
}
