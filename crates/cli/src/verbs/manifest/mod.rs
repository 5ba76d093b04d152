//! `manifest`: the links of a place as a file; compared; made again.

mod apply;
mod diff;
mod export;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, stdin};

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{ErrorKind, Name};
use linkwright_links::Place;
use linkwright_links::manifest::{Manifest, ManifestError, ManifestErrorKind, read};

use crate::args::ManifestVerb;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::location::Location;
use crate::place::Spot;
use crate::report::Report;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, verb: ManifestVerb) -> Result<Report> {
    match verb {
        ManifestVerb::Export(args) => export::run(ctx, &args),
        ManifestVerb::Diff(args) => diff::run(ctx, &args),
        ManifestVerb::Apply(args) => apply::run(ctx, &args),
    }
}

/// A directory that was given, links to it followed.
struct Given {
    spot: Spot,
    place: Place,
}

impl Given {
    fn open(ctx: &Context, text: &OsStr, access: Access) -> Result<Self> {
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
        Ok(Self { spot, place })
    }

    /// The place of a path below it.
    fn at(&self, path: &[Name]) -> Spot {
        path.iter()
            .fold(self.spot.clone(), |spot, name| spot.join(name))
    }
}

/// Whether a text names a manifest: a file of the host, or standard input.
fn names_file(ctx: &Context, text: &OsStr) -> Result<bool> {
    if text == "-" {
        return Ok(true);
    }
    Ok(match ctx.location(text)? {
        Location::Host(path) => path.metadata().is_ok_and(|found| !found.is_dir()),
        Location::Image(_) => false,
    })
}

/// Reads a manifest of the host.
fn read_file(ctx: &Context, text: &OsStr) -> Result<Manifest> {
    let name = text.to_string_lossy().into_owned();
    if text == "-" {
        return read(&mut stdin().lock()).map_err(|error| failure(name, &error));
    }
    let Location::Host(path) = ctx.location(text)? else {
        return Err(Failure::usage("a manifest is a file of the host")
            .path(name)
            .help("write it out of the image with: linkwright cat, and give - for it"));
    };
    let file = File::open(&path).map_err(|error| Failure::at(&*name, &error.into()))?;
    read(&mut BufReader::new(file)).map_err(|error| failure(name, &error))
}

/// A manifest that cannot be used, as the user sees it.
fn failure(name: String, error: &ManifestError) -> Failure {
    let (kind, help) = match &error.kind {
        ManifestErrorKind::Io(_) => (ErrorKind::Io, None),
        ManifestErrorKind::Version(_) => (
            ErrorKind::InvalidArgument,
            Some("use the version of linkwright that wrote it, or a later one"),
        ),
        ManifestErrorKind::NoHeader => (
            ErrorKind::InvalidArgument,
            Some("write one with: linkwright manifest export PLACE FILE"),
        ),
        ManifestErrorKind::PathLeadsOut => (
            ErrorKind::InvalidName,
            Some("paths are relative to the place, without . and .."),
        ),
        ManifestErrorKind::CutOff | ManifestErrorKind::Count { .. } => (
            ErrorKind::InvalidArgument,
            Some("export it anew; after an edit, set `links` of the last line to their number"),
        ),
        _ => (ErrorKind::InvalidArgument, None),
    };
    Failure {
        help: help.map(str::to_owned),
        exit: Exit::Failed,
        ..Failure::of_kind(name, kind, error.to_string())
    }
}
