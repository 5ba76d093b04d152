//! What `cp` says about each thing, and what it comes to in the end.

use linkwright_fs::Name;
use linkwright_links::copy::{Event, Loss, Made, Observer, Problem};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Line;
use crate::place::Spot;
use crate::progress::Progress;
use crate::report::Report;

/// What was copied.
#[derive(Debug, Default)]
pub(super) struct Totals {
    files: u64,
    bytes: u64,
    directories: u64,
    hard_links: u64,
    links: u64,
    new_copies: u64,
    renamed: u64,
    skipped: u64,
    problems: u64,
    lost: u64,
    modes: u64,
    worst: Option<Exit>,
}

impl Totals {
    /// A source failed as a whole.
    pub(super) fn failed(&mut self, exit: Exit) {
        self.problems += 1;
        self.worst = self.worst.max(Some(exit));
    }

    /// The last word to people.
    pub(super) fn say(&self, ctx: &Context) {
        if self.modes > 0 {
            let files = self.modes;
            ctx.out.note(&format!(
                "note: Windows has no executable bit; {files} file(s) lost theirs"
            ));
        }
        if self.problems > 0 {
            let made = self.files + self.directories + self.hard_links + self.links;
            ctx.out.note(&format!(
                "note: copied {made}, left out {}; each is named above",
                self.problems
            ));
        }
    }

    /// Partly done when some was, else why nothing was.
    pub(super) fn report(&self) -> Report {
        let made = self.files + self.directories + self.hard_links + self.links;
        let exit = match self.worst {
            Some(exit @ (Exit::Interrupted | Exit::Refused)) => exit,
            Some(exit) if made == 0 => exit,
            _ if self.problems > 0 || self.lost > self.modes => Exit::Partly,
            _ => Exit::Done,
        };
        Report {
            exit,
            counts: vec![
                ("files", self.files),
                ("bytes", self.bytes),
                ("directories", self.directories),
                ("hard_links", self.hard_links),
                ("links", self.links),
                ("new_copies", self.new_copies),
                ("renamed", self.renamed),
                ("skipped", self.skipped),
                ("problems", self.problems),
                ("lost", self.lost),
            ],
        }
    }
}

/// Hears what happens to one source.
pub(super) struct Log<'a> {
    ctx: &'a Context,
    from: &'a Spot,
    to: &'a Spot,
    progress: &'a Progress,
    totals: &'a mut Totals,
}

impl<'a> Log<'a> {
    pub(super) fn new(
        ctx: &'a Context,
        from: &'a Spot,
        to: &'a Spot,
        progress: &'a Progress,
        totals: &'a mut Totals,
    ) -> Self {
        Self {
            ctx,
            from,
            to,
            progress,
            totals,
        }
    }

    fn source(&self, path: &[Name]) -> Spot {
        path.iter()
            .fold(self.from.clone(), |spot, name| spot.join(name))
    }

    /// The destination's first name is part of the spot already.
    fn destination(&self, path: &[Name]) -> Spot {
        let below = path.get(1..).unwrap_or_default();
        below
            .iter()
            .fold(self.to.clone(), |spot, name| spot.join(name))
    }

    fn made(&mut self, from: &[Name], to: &[Name], made: Made) {
        let word = match made {
            Made::File(bytes) => {
                self.totals.files += 1;
                self.totals.bytes += bytes;
                "file"
            }
            Made::Directory => {
                self.totals.directories += 1;
                "dir"
            }
            Made::HardLink => {
                self.totals.hard_links += 1;
                "hard"
            }
            Made::Link => {
                self.totals.links += 1;
                "link"
            }
        };
        if self.ctx.out.is_json() {
            let line = self.destination(to).line("copied").set("type", word);
            self.ctx
                .out
                .json(line.set_bytes("source", &self.source(from).bytes()));
        }
    }

    fn note(&self, message_type: &str, spot: &Spot, key: &str, what: &str) {
        self.ctx.out.json(spot.line(message_type).set(key, what));
        self.progress.suspend(|| {
            self.ctx.out.note(&format!("{}: {what}", spot.display()));
        });
    }

    fn problem(&mut self, from: &[Name], problem: &Problem) {
        let spot = self.source(from);
        let failure = failure(&spot, problem);
        self.totals.problems += 1;
        self.totals.worst = self.totals.worst.max(Some(failure.exit));
        self.progress.suspend(|| self.ctx.out.failure(&failure));
    }

    fn lost(&mut self, from: &[Name], loss: &Loss) {
        self.totals.lost += 1;
        let spot = self.source(from);
        let (what, is_mode) = match loss {
            Loss::Stream(name, size) => (format!("stream {name} ({size} bytes)"), false),
            Loss::ExtendedAttributes(count) => (format!("{count} extended attribute(s)"), false),
            Loss::Attributes(attributes) => {
                (format!("attributes 0x{:08X}", attributes.bits()), false)
            }
            Loss::Mode(mode) => (format!("mode bits {mode:04o}"), true),
            Loss::ReparsePoint(tag) => (format!("reparse point 0x{tag:08X}"), false),
            Loss::JunctionType => (
                "it is a junction, the copy a symbolic link".to_owned(),
                false,
            ),
        };
        if is_mode {
            // Every script and program has some: one line at the end tells people.
            self.totals.modes += 1;
            self.ctx.out.json(spot.line("lost").set("what", what));
        } else {
            self.ctx
                .out
                .json(spot.line("lost").set("what", what.as_str()));
            self.progress.suspend(|| {
                self.ctx
                    .out
                    .note(&format!("{}: lost: {what}", spot.display()));
            });
        }
    }
}

impl Observer for Log<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Made { from, to, made } => self.made(from, to, made),
            Event::Renamed { to, .. } => {
                self.totals.renamed += 1;
                let spot = self.destination(to);
                self.note("renamed", &spot, "why", "the name Windows can hold");
            }
            Event::NewCopy { to, .. } => {
                self.totals.new_copies += 1;
                let spot = self.destination(to);
                let why = "a new copy: the file before has as many names as it can have";
                self.note("new_copy", &spot, "why", why);
            }
            Event::Problem { from, problem } => self.problem(from, &problem),
            Event::Skipped { from } => {
                self.totals.skipped += 1;
                let line = Line::new("skipped");
                self.ctx
                    .out
                    .json(line.set_bytes("path", &self.source(from).bytes()));
            }
            Event::Lost { from, loss } => self.lost(from, &loss),
        }
    }

    fn progress(&mut self, bytes: u64) {
        self.progress.add(bytes);
    }

    fn is_interrupted(&self) -> bool {
        self.ctx.interrupt.is_set()
    }
}

/// A problem as the user sees it.
pub(super) fn failure(spot: &Spot, problem: &Problem) -> Failure {
    use linkwright_fs::{ErrorKind, Feature};
    let of = |kind, what: String| Failure {
        help: None,
        ..Failure::of_kind(spot.display(), kind, what)
    };
    match problem {
        Problem::IllegalName(kind) => of(
            ErrorKind::InvalidName,
            format!("Windows cannot hold this name: {kind}"),
        )
        .help("copy it under another name with --rename-illegal"),
        Problem::CaseCollision => of(
            ErrorKind::AlreadyExists,
            "the name differs from another one here in case only".to_owned(),
        )
        .help("copy it under another name with --rename-illegal"),
        Problem::SpecialFile => of(
            ErrorKind::Unsupported(Feature::Volume),
            "a pipe, socket or device cannot be copied".to_owned(),
        ),
        Problem::Dangling => of(
            ErrorKind::NotFound,
            "the link leads nowhere, so its type cannot be told".to_owned(),
        )
        .help("say what such links are with --dangling file, dir or skip"),
        Problem::AbsoluteTarget(target) => of(
            ErrorKind::UnresolvedLink,
            format!("the absolute target {target} means nothing on the other side"),
        )
        .help("say what it becomes with --map OLD=NEW, or keep it with --posix-links lx"),
        Problem::ForeignTarget(target) => of(
            ErrorKind::InvalidTarget,
            format!("Windows reads the target {target} as another path"),
        )
        .help("keep it as a link of WSL with --posix-links lx"),
        Problem::ForeignReparsePoint(tag) => of(
            ErrorKind::Unsupported(Feature::ReparsePoints),
            format!("a reparse point 0x{tag:08X} cannot be there"),
        ),
        Problem::LinkInTheWay => Failure {
            exit: Exit::Refused,
            ..of(
                ErrorKind::AlreadyExists,
                "a link stands where the directory goes; nothing is written through it".to_owned(),
            )
        }
        .help("remove the link, or copy to where it leads"),
        Problem::DirectoryInTheWay => of(
            ErrorKind::AccessDenied,
            "a directory stands where this goes".to_owned(),
        ),
        Problem::SameFile => of(
            ErrorKind::InvalidArgument,
            "this is the destination itself".to_owned(),
        ),
        Problem::IntoItself => of(
            ErrorKind::IntoItself,
            "this is the destination, and is not copied into itself".to_owned(),
        ),
        Problem::IsDirectory => of(ErrorKind::IsADirectory, "this is a directory".to_owned())
            .help("copy it and what is in it with: linkwright cp -r"),
        Problem::Failed(error) => Failure::at(spot.display(), error),
    }
}
