//! `manifest apply`.

use linkwright_fs::{ErrorKind, Name};
use linkwright_links::copy::Mode;
use linkwright_links::manifest::{Applied, ApplyOptions, Content, Left, Outcome, Watch, apply};

use super::{Given, read_file};
use crate::args::ManifestApplyArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::progress::Progress;
use crate::report::Report;
use crate::verbs::copy_log;
use crate::verbs::link::access;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &ManifestApplyArgs) -> Result<Report> {
    let is_dry = args.dry_run.dry_run;
    // Opened first: it is the one that must be open for writing.
    let given = Given::open(ctx, &args.place, access(is_dry))?;
    let from = match &args.from {
        None => None,
        Some(text) => Some(Given::open(ctx, text, Access::Read)?),
    };
    let manifest = read_file(ctx, &args.file)?;
    if manifest.unreadable > 0 {
        ctx.out
            .note("note: the manifest says itself that some links are missing in it");
    }
    let options = ApplyOptions {
        content: match (&from, args.placeholders) {
            (Some(from), _) => Content::From(&from.place),
            (None, true) => Content::Placeholders,
            (None, false) => Content::Nowhere,
        },
        mode: match is_dry {
            true => Mode::DryRun,
            false => Mode::Write,
        },
    };
    let progress = Progress::of_links(ctx.out.is_json(), Some(manifest.links.len() as u64));
    progress.begin("links");
    let mut log = Log {
        ctx,
        given: &given,
        progress: &progress,
        is_dry,
        totals: Totals::default(),
    };
    let done = apply(&manifest, &given.place, options, &mut log);
    let totals = log.totals;
    progress.finish();
    done.map_err(|error| given.spot.failure(&error))?;
    Ok(totals.report())
}

/// What it comes to.
#[derive(Debug, Default)]
struct Totals {
    same: u64,
    links: u64,
    hard_links: u64,
    files: u64,
    directories: u64,
    new_copies: u64,
    left: u64,
    worst: Option<Exit>,
}

impl Totals {
    fn report(&self) -> Report {
        let made = self.same + self.links + self.hard_links + self.files + self.new_copies;
        Report {
            exit: match self.worst {
                None => Exit::Done,
                Some(_) if made > 0 => Exit::Partly,
                Some(exit) => exit,
            },
            counts: vec![
                ("links", self.links),
                ("hard_links", self.hard_links),
                ("files", self.files),
                ("directories", self.directories),
                ("new_copies", self.new_copies),
                ("same", self.same),
                ("left_out", self.left),
            ],
        }
    }
}

struct Log<'a> {
    ctx: &'a Context,
    given: &'a Given,
    progress: &'a Progress,
    is_dry: bool,
    totals: Totals,
}

impl Log<'_> {
    fn made(&mut self, path: &[Name], outcome: Outcome) {
        let (count, message_type, word) = match outcome {
            // Nothing happened.
            Outcome::Same => {
                self.totals.same += 1;
                return;
            }
            Outcome::Directory => (&mut self.totals.directories, "created", "dir"),
            Outcome::Link => (&mut self.totals.links, "created", "link"),
            Outcome::HardLink => (&mut self.totals.hard_links, "created", "hard"),
            Outcome::File => (&mut self.totals.files, "created", "file"),
            Outcome::NewCopy => (&mut self.totals.new_copies, "new_copy", "file"),
        };
        *count += 1;
        let spot = self.given.at(path);
        self.ctx.out.json(
            spot.line(message_type)
                .set("kind", word)
                .set("dry_run", self.is_dry),
        );
        let verb = match self.is_dry {
            true => "would make",
            false => "made",
        };
        let verb = format!("{verb} {word:<4}  ");
        self.ctx.out.text_of(&[verb.as_bytes(), &spot.bytes()]);
        if outcome == Outcome::NewCopy {
            let note = "a new copy: the file before has as many names as it can have";
            self.progress
                .suspend(|| self.ctx.out.note(&format!("{}: {note}", spot.display())));
        }
    }

    fn left(&mut self, path: &[Name], left: &Left) {
        let failure = failure(&self.given.at(path), left);
        self.totals.left += 1;
        self.totals.worst = self.totals.worst.max(Some(failure.exit));
        self.progress.suspend(|| self.ctx.out.failure(&failure));
    }
}

impl Watch for Log<'_> {
    fn applied(&mut self, applied: Applied<'_>) {
        match &applied.outcome {
            Ok(outcome) => self.made(applied.path, *outcome),
            Err(left) => self.left(applied.path, left),
        }
    }

    fn progress(&mut self, done: u64) {
        self.progress.at(done);
    }

    fn is_interrupted(&self) -> bool {
        self.ctx.interrupt.is_set()
    }
}

/// Why something was left out, as the user sees it.
fn failure(spot: &Spot, left: &Left) -> Failure {
    match left {
        Left::InTheWay => Failure::of_kind(
            spot.display(),
            ErrorKind::AlreadyExists,
            "something else has the name, and is kept",
        )
        .help("look at both with: linkwright manifest diff; move or remove what is there"),
        Left::SeveralFiles => Failure::of_kind(
            spot.display(),
            ErrorKind::AlreadyExists,
            "names that are to be of one file are those of several, which are kept",
        )
        .help("keep one of them, remove the others, and apply again"),
        Left::NoData => Failure::of_kind(
            spot.display(),
            ErrorKind::NotFound,
            "no name of this file is here, and a manifest holds no data",
        )
        .help("say where it is with --from PLACE, or make it empty with --placeholders"),
        Left::Problem(problem) => copy_log::failure(spot, problem),
        Left::Failed(error) => spot.failure(error),
    }
}
