//! `cp`: copies files, streams and trees, in either direction.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Contents, Create, Error, ErrorKind, Name, Replace};
use linkwright_links::copy::{
    Copier, Dangling, Destination, IllegalNames, Mode, Options, PosixLinks, Source, TargetMap,
    measure,
};

use crate::args::{CpArgs, DanglingChoice, PosixLinksChoice};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::progress::Progress;
use crate::report::Report;
use crate::verbs::copy_log::{Log, Totals};
use crate::verbs::link::access;
use crate::verbs::{cat, mv};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &CpArgs) -> Result<Report> {
    let Some((destination, sources)) = args.places.split_last() else {
        return Err(Failure::usage("cp takes what to copy and where to"));
    };
    if destination == "-" {
        return to_stdout(ctx, sources);
    }
    let options = options(args)?;
    // Opened first: it is the one that must be open for writing.
    let destination = ctx.spot(destination, access(args.dry_run.dry_run))?;
    if let [source] = sources
        && (source == "-" || destination.stream().is_some() || names_stream(ctx, source))
    {
        return stream(ctx, args, source, &destination);
    }
    let into = mv::destination_directory(ctx, &destination, sources.len() > 1)?;
    let progress = Progress::new(ctx.out.is_json());
    let mut copier = Copier::new(&options);
    let mut totals = Totals::default();
    for source in sources {
        let result = one(
            ctx,
            args,
            source,
            &destination,
            into,
            &mut copier,
            &progress,
            &mut totals,
        );
        if let Err(failure) = result {
            progress.suspend(|| ctx.out.failure(&failure));
            totals.failed(failure.exit);
            if matches!(failure.exit, Exit::Interrupted | Exit::Refused) {
                break;
            }
        }
    }
    progress.finish();
    totals.say(ctx);
    Ok(totals.report())
}

#[expect(clippy::too_many_arguments, reason = "one call, from the loop above")]
fn one(
    ctx: &Context,
    args: &CpArgs,
    source: &OsStr,
    destination: &Spot,
    into: bool,
    copier: &mut Copier<'_>,
    progress: &Progress,
    totals: &mut Totals,
) -> Result<()> {
    let from = ctx.spot(source, Access::Read)?;
    let found = from.find(ctx, LastLink::Keep)?;
    if found.stat.is_plain_directory() && !args.recursive {
        return Err(Failure::of_kind(
            from.display(),
            ErrorKind::IsADirectory,
            "this is a directory",
        )
        .help("copy it and what is in it with: linkwright cp -r"));
    }
    let to = match (into, from.last_name()) {
        (true, Some(name)) => destination.join(&name),
        // The contents of a root, or of `.`, go into the directory itself.
        (true, None) => {
            return contents_of(ctx, args, &from, destination, copier, progress, totals);
        }
        (false, _) => destination.clone(),
    };
    let slot = to.slot(ctx)?;
    let source = Source {
        fs: found.fs,
        node: found.node,
        stat: found.stat,
    };
    if progress.is_visible()
        && let Ok(bytes) = measure(&source, &|| ctx.interrupt.is_set())
    {
        progress.expect(bytes);
    }
    let mut log = Log::new(ctx, &from, &to, progress, totals);
    copier
        .copy(
            &source,
            &Destination {
                fs: slot.fs,
                dir: slot.dir,
                name: slot.name,
            },
            &mut log,
        )
        .map_err(|error| to.failure(&error))
}

/// Copies everything in a directory that has no name of its own.
fn contents_of(
    ctx: &Context,
    args: &CpArgs,
    from: &Spot,
    destination: &Spot,
    copier: &mut Copier<'_>,
    progress: &Progress,
    totals: &mut Totals,
) -> Result<()> {
    let found = from.find(ctx, LastLink::Follow)?;
    let into = destination.find(ctx, LastLink::Keep)?;
    let at = |error: Error| from.failure(&error);
    debug_assert!(args.recursive);
    for entry in found.fs.list(&found.node).map_err(at)? {
        ctx.interrupt.check()?;
        let entry = entry.map_err(at)?;
        let (from, to) = (from.join(&entry.name), destination.join(&entry.name));
        let source = Source {
            fs: found.fs.clone(),
            stat: found.fs.stat(&entry.node).map_err(|e| from.failure(&e))?,
            node: entry.node,
        };
        let slot = Destination {
            fs: into.fs.clone(),
            dir: into.node.clone(),
            name: entry.name,
        };
        let mut log = Log::new(ctx, &from, &to, progress, totals);
        copier
            .copy(&source, &slot, &mut log)
            .map_err(|error| to.failure(&error))?;
    }
    Ok(())
}

fn options(args: &CpArgs) -> Result<Options> {
    let maps = args.map.iter().map(target_map).collect::<Result<_>>()?;
    Ok(Options {
        dangling: match args.dangling {
            None => Dangling::Refuse,
            Some(DanglingChoice::File) => Dangling::File,
            Some(DanglingChoice::Dir) => Dangling::Directory,
            Some(DanglingChoice::Skip) => Dangling::Skip,
        },
        maps,
        posix_links: match args.posix_links {
            None => PosixLinks::Refuse,
            Some(PosixLinksChoice::Lx) => PosixLinks::Lx,
        },
        illegal_names: match args.rename_illegal {
            true => IllegalNames::Rename,
            false => IllegalNames::Refuse,
        },
        mode: match args.dry_run.dry_run {
            true => Mode::DryRun,
            false => Mode::Write,
        },
    })
}

fn target_map(text: &OsString) -> Result<TargetMap> {
    let bytes = text.as_bytes();
    match bytes.iter().position(|&byte| byte == b'=') {
        Some(at) if at > 0 => Ok(TargetMap {
            old: Name::from_host_bytes(&bytes[..at]),
            new: Name::from_host_bytes(&bytes[at + 1..]),
        }),
        _ => Err(Failure::usage("--map takes OLD=NEW")
            .help("as --map /data=D:\\data, or --map C:\\data=/data")),
    }
}

/// Whether a source names a stream of a file.
fn names_stream(ctx: &Context, source: &OsStr) -> bool {
    ctx.spot(source, Access::Read)
        .is_ok_and(|spot| spot.stream().is_some())
}

fn to_stdout(ctx: &Context, sources: &[OsString]) -> Result<Report> {
    if ctx.out.is_json() {
        return Err(Failure::usage(
            "cp to - writes data, which --json cannot hold",
        ));
    }
    for source in sources {
        let spot = ctx.spot(source, Access::Read)?;
        cat::cat(ctx, &spot)?;
    }
    Ok(Report::done())
}

/// Copies one stream: from or to standard input, or a named stream.
fn stream(ctx: &Context, args: &CpArgs, source: &OsStr, destination: &Spot) -> Result<Report> {
    let opened = match source == "-" {
        true => None,
        false => Some(ctx.spot(source, Access::Read)?),
    };
    let found = match &opened {
        None => None,
        Some(spot) => Some((spot, spot.find(ctx, LastLink::Follow)?)),
    };
    let reader: Box<dyn Read + Send + '_> = match &found {
        None => Box::new(io::stdin()),
        Some((spot, found)) => found
            .fs
            .open_data(&found.node, spot.stream())
            .map_err(|error| spot.failure(&error))?,
    };
    if args.dry_run.dry_run {
        destination.slot(ctx)?;
        ctx.out.text_of(&[b"would write ", &destination.bytes()]);
        return Ok(Report::done());
    }
    let mut data = Interruptible { ctx, reader };
    let at = |error: Error| destination.failure(&error);
    match destination.stream() {
        None => {
            let slot = destination.slot(ctx)?;
            let mut contents = [Contents {
                stream: None,
                data: &mut data,
            }];
            slot.fs
                .put_file(
                    &slot.dir,
                    &slot.name,
                    &Create::default(),
                    &mut contents,
                    Replace::Yes,
                )
                .map_err(at)?;
        }
        Some(stream) => {
            let file = destination.find(ctx, LastLink::Follow)?;
            file.fs
                .put_stream(&file.node, stream, &mut data)
                .map_err(at)?;
        }
    }
    ctx.out.json(destination.line("copied").set("type", "file"));
    Ok(Report::done().count("files", 1))
}

/// Ends with an error when the user wants it to.
struct Interruptible<'a> {
    ctx: &'a Context,
    reader: Box<dyn Read + Send + 'a>,
}

impl Read for Interruptible<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.ctx.interrupt.is_set() {
            true => Err(Error::from(ErrorKind::Interrupted).into_io()),
            false => self.reader.read(buf),
        }
    }
}
