//! What `clone`, `mirror` and `snapshot` have in common: the two places, what is
//! said of each thing, and what it comes to.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use linkwright_fs::posix::PosixFs;
use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{Capabilities, Error, ErrorKind, FileSystem, Name, Replace, Stat};
use linkwright_links::clone::{Counts, Event, Into, Options, Outer, Watch, grow, remove_tree};
use linkwright_links::copy::{Loss, Mode, Problem};
use linkwright_links::{Place, walk};

use crate::args::OuterChoice;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt::Interrupt;
use crate::place::{Spot, SpotPath, host_names, host_path};
use crate::progress::Progress;
use crate::report::Report;
use crate::verbs::copy_log;
use crate::volumes::Access;

impl OuterChoice {
    pub(super) fn outer(self) -> Outer {
        match self {
            Self::Keep => Outer::Keep,
            Self::Crop => Outer::Crop,
            Self::Unroll => Outer::Unroll,
            Self::Splice => Outer::Splice,
        }
    }
}

/// A directory that was given; a link to it is followed.
pub(super) fn directory(ctx: &Context, text: &OsStr, access: Access) -> Result<(Spot, Place)> {
    let spot = ctx.spot(text, access)?;
    spot.refuse_stream()?;
    let found = spot.find(ctx, LastLink::Follow)?;
    if !found.stat.is_plain_directory() {
        return Err(spot.failure(&ErrorKind::NotADirectory.into()));
    }
    let place = Place {
        fs: found.fs,
        node: found.node,
        path: found.path,
    };
    Ok((spot, place))
}

/// The drive letter of the volume of a place.
pub(super) fn drive(ctx: &Context, spot: &Spot) -> Option<char> {
    match &spot.path {
        SpotPath::Host(_) => None,
        SpotPath::Image { location, .. } => location
            .drive
            .or_else(|| ctx.drives.letter_of(&location.device)),
    }
}

/// What a link leads to in the end.
fn follow(
    ctx: &Context,
    fs: &Arc<dyn FileSystem>,
    path: &[Name],
) -> linkwright_fs::Result<(Place, Stat)> {
    if fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
        let real = host_path(path).canonicalize().map_err(Error::from)?;
        let node = PosixFs::new().open_path(&real)?;
        let stat = fs.stat(&node)?;
        let place = Place {
            fs: Arc::clone(fs),
            node,
            path: host_names(&real),
        };
        return Ok((place, stat));
    }
    match ctx.resolver().walk(fs, path, LastLink::Follow)?.outcome {
        Outcome::Found(found) => {
            let place = Place {
                fs: found.fs,
                node: found.node,
                path: found.path,
            };
            Ok((place, found.stat))
        }
        Outcome::Missing => Err(ErrorKind::NotFound.into()),
        Outcome::MissingDirectory => Err(ErrorKind::PathNotFound.into()),
        Outcome::Loop => Err(ErrorKind::LinkLoop.into()),
        Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => {
            Err(ErrorKind::UnresolvedLink.into())
        }
    }
}

/// What is told when the work is done: output has one thread.
enum Told {
    NewCopy(Vec<Name>),
    Cropped(Vec<Name>),
    Unrolled(Vec<Name>),
    Removed(Vec<Name>),
    Problem(Vec<Name>, Problem),
    Lost(Vec<Name>, Loss),
}

/// Keeps what is to be told, in the order of paths, as threads finish in any.
struct Log<'a> {
    told: &'a Mutex<Vec<Told>>,
    progress: &'a Progress,
    interrupt: &'a Interrupt,
}

impl Watch for Log<'_> {
    fn event(&mut self, event: Event<'_>) {
        let told = match event {
            Event::NewCopy(path) => Told::NewCopy(path.to_vec()),
            Event::Cropped(path) => Told::Cropped(path.to_vec()),
            Event::Unrolled(path) => Told::Unrolled(path.to_vec()),
            Event::Removed(path) => Told::Removed(path.to_vec()),
            Event::Problem(path, problem) => Told::Problem(path.to_vec(), problem),
            Event::Lost(path, loss) => Told::Lost(path.to_vec(), loss),
        };
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(told);
    }

    fn progress(&mut self, counts: &Counts) {
        let made = counts.directories + counts.files + counts.hard_links + counts.links;
        self.progress.at(made + counts.same);
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_set()
    }
}

/// Makes the tree, and says what happened to single things.
pub(super) fn make(
    ctx: &Context,
    (from, source): (&Spot, &Place),
    (to, into): (&Spot, &Into),
    options: &Options,
) -> Result<Counts> {
    let progress = Progress::of_objects(ctx.out.is_json());
    progress.begin("made");
    if progress.is_visible() {
        progress.expect(count(ctx, source));
    }
    let told = Mutex::new(Vec::new());
    let mut log = Log {
        told: &told,
        progress: &progress,
        interrupt: &ctx.interrupt,
    };
    let follow = |fs: &Arc<dyn FileSystem>, path: &[Name]| follow(ctx, fs, path);
    let counts = match options.outer {
        Outer::Unroll => grow(source, into, options, Some(&follow), &mut log),
        Outer::Keep | Outer::Crop | Outer::Splice => grow(source, into, options, None, &mut log),
    };
    progress.finish();
    let below =
        |spot: &Spot, path: &[Name]| path.iter().fold(spot.clone(), |spot, name| spot.join(name));
    for told in told.into_inner().unwrap_or_else(PoisonError::into_inner) {
        match told {
            Told::NewCopy(path) => note(
                ctx,
                &below(to, &path),
                "new_copy",
                "a new copy: the file before has as many names as it can have",
            ),
            Told::Cropped(path) => note(
                ctx,
                &below(from, &path),
                "skipped",
                "left out: the link leads out of the source",
            ),
            Told::Unrolled(path) => note(
                ctx,
                &below(from, &path),
                "unrolled",
                "what the link leads to was taken in its place",
            ),
            Told::Removed(path) => {
                let spot = below(to, &path);
                ctx.out.json(spot.line("removed"));
                ctx.out.text_of(&[b"removed  ", &spot.bytes()]);
            }
            Told::Problem(path, problem) => {
                let failure = copy_log::failure(&below(from, &path), &problem);
                ctx.out.failure(&failure);
            }
            Told::Lost(path, loss) => {
                note(ctx, &below(from, &path), "lost", &format!("lost: {loss:?}"));
            }
        }
    }
    counts.map_err(|error| to.failure(&error))
}

/// How much there is below a place; as far as it can be read, the work itself says
/// what cannot.
fn count(ctx: &Context, place: &Place) -> u64 {
    let mut count = 1;
    let counted = walk(place, &mut |_| {
        count += 1;
        match ctx.interrupt.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    counted.map_or(0, |()| count)
}

fn note(ctx: &Context, spot: &Spot, message_type: &str, what: &str) {
    ctx.out.json(spot.line(message_type).set("why", what));
    ctx.out.note(&format!("{}: {what}", spot.display()));
}

/// What it comes to, for the last line.
pub(super) fn report(ctx: &Context, verb: &str, counts: &Counts) -> Report {
    ctx.out.text(format!(
        "{verb}: {} directories, {} files, {} hard links, {} links; {} the same, {} removed",
        counts.directories,
        counts.files,
        counts.hard_links,
        counts.links,
        counts.same,
        counts.removed
    ));
    Report {
        exit: match counts.problems {
            0 => Exit::Done,
            _ => Exit::Partly,
        },
        counts: vec![
            ("directories", counts.directories),
            ("files", counts.files),
            ("hard_links", counts.hard_links),
            ("links", counts.links),
            ("retargeted", counts.retargeted),
            ("same", counts.same),
            ("new_copies", counts.new_copies),
            ("cropped", counts.cropped),
            ("unrolled", counts.unrolled),
            ("removed", counts.removed),
            ("problems", counts.problems),
        ],
    }
}

/// Makes the tree under the name of `into`, and gives it its own name when it is
/// whole. What was begun is taken away when it fails or the user ends it.
pub(super) fn make_whole(
    ctx: &Context,
    from: (&Spot, &Place),
    (to, into): (&Spot, &Into),
    name: &Name,
    options: &Options,
) -> Result<Counts> {
    let made = make(ctx, from, (to, into), options);
    if options.mode == Mode::DryRun {
        return made;
    }
    let done = match made {
        // Somebody else has begun one under that name, which is theirs.
        Err(failure) if failure.kind == Some(ErrorKind::AlreadyExists) => return Err(failure),
        Err(failure) => Err(failure),
        Ok(counts) => into
            .fs
            .rename(&into.dir, &into.name, &into.dir, name, Replace::No)
            .map(|()| counts)
            .map_err(|error| to.failure(&error)),
    };
    if done.is_err() {
        discard(ctx, to, into);
    }
    done
}

/// Takes away what was begun; what cannot be taken away is named.
fn discard(ctx: &Context, to: &Spot, into: &Into) {
    // Ctrl-C has been heard already; the second ends the program.
    let removed = remove_tree(&*into.fs, &into.dir, &into.name, &|| false);
    match removed {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => ctx.out.failure(&to.failure(&error).help(format!(
            "an unfinished tree is left beside it, as {}; remove it with: linkwright rm -r",
            into.name
        ))),
    }
}
