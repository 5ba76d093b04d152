//! `manifest diff`.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use linkwright_fs::{ErrorKind, Name, NodeKind};
use linkwright_links::Place;
use linkwright_links::manifest::{Aspect, Collected, Difference, Manifest, Present, diff};

use super::{Given, names_file, read_file};
use crate::args::{AspectChoice, ManifestDiffArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Line, Style};
use crate::place::volume_path;
use crate::progress::Progress;
use crate::report::Report;
use crate::volumes::Access;

/// One of the two.
struct Side {
    manifest: Manifest,
    /// `None` for a manifest.
    given: Option<Given>,
}

pub(super) fn run(ctx: &Context, args: &ManifestDiffArgs) -> Result<Report> {
    if args.before == "-" && args.after == "-" {
        return Err(Failure::usage("one of the two can be standard input"));
    }
    let before = Side::open(ctx, &args.before)?;
    let after = Side::open(ctx, &args.after)?;
    let ignore: Vec<Aspect> = args.ignore.iter().map(|choice| choice.aspect()).collect();
    let found = diff(
        &before.manifest,
        &|path| before.present(path),
        &after.manifest,
        &|path| after.present(path),
        &ignore,
    );
    let mut kinds: BTreeMap<_, u64> = BTreeMap::new();
    for difference in &found {
        ctx.interrupt.check()?;
        *kinds.entry(difference.kind).or_default() += 1;
        say(ctx, difference);
    }
    let unreadable = before.manifest.unreadable + after.manifest.unreadable;
    let mut report = Report::done()
        .count("links", before.manifest.links.len() as u64)
        .count("differences", found.len() as u64)
        .count("unreadable", unreadable);
    for (kind, count) in kinds {
        report = report.count(kind.as_str(), count);
    }
    report.exit = match (unreadable, found.len()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Findings,
        // What was not read cannot be said to be the same.
        _ => Exit::Partly,
    };
    if unreadable > 0 {
        ctx.out
            .note("note: something could not be read; what is there was not compared");
    }
    Ok(report)
}

impl AspectChoice {
    fn aspect(self) -> Aspect {
        match self {
            Self::Times => Aspect::Times,
            Self::Attributes => Aspect::Attributes,
        }
    }
}

impl Side {
    fn open(ctx: &Context, text: &OsStr) -> Result<Self> {
        if names_file(ctx, text)? {
            return Ok(Self {
                manifest: read_file(ctx, text)?,
                given: None,
            });
        }
        let given = Given::open(ctx, text, Access::Read)?;
        let progress = Progress::of_links(ctx.out.is_json(), None);
        progress.begin("links read");
        let manifest =
            Manifest::of(
                &given.place,
                &given.spot.display(),
                &mut |collected| match collected {
                    _ if ctx.interrupt.is_set() => Err(ErrorKind::Interrupted.into()),
                    Collected::Link(..) => {
                        progress.add(1);
                        Ok(())
                    }
                    Collected::Unreadable(path, error) => {
                        progress.suspend(|| ctx.out.failure(&given.at(path).failure(error)));
                        Ok(())
                    }
                },
            );
        progress.finish();
        Ok(Self {
            manifest: manifest.map_err(|error| given.spot.failure(&error))?,
            given: Some(given),
        })
    }

    /// What has a path that is no link of the manifest.
    fn present(&self, path: &[Name]) -> Present {
        match &self.given {
            None => Present::Unknown,
            Some(given) => present(&given.place, path),
        }
    }
}

fn present(place: &Place, path: &[Name]) -> Present {
    let mut node = place.node.clone();
    for name in path {
        node = match place.fs.child(&node, name) {
            Ok(node) => node,
            Err(_) => return Present::Nothing,
        };
    }
    match place.fs.stat(&node) {
        Err(_) => Present::Nothing,
        Ok(stat) if stat.is_link() => Present::Other,
        Ok(stat) => match stat.kind {
            NodeKind::File => Present::File,
            NodeKind::Directory => Present::Directory,
            NodeKind::Special => Present::Other,
        },
    }
}

fn say(ctx: &Context, difference: &Difference) {
    let path = relative(&difference.path);
    let word = difference.kind.as_str();
    let mut line = Line::new("difference")
        .set("difference", word)
        .set_name("path", Some(&path))
        .set_opt("before", difference.before.as_deref())
        .set_opt("after", difference.after.as_deref());
    if !difference.names.is_empty() {
        let names: Vec<String> = difference
            .names
            .iter()
            .map(|path| relative(path).to_string())
            .collect();
        line = line.set("names", names);
    }
    ctx.out.json(line);
    let mut text = format!("{word:<12}  ").into_bytes();
    let shown = ctx.out.shown(&path.to_host_bytes());
    text.extend(ctx.out.styled(Style::Link, &shown));
    if let (Some(before), Some(after)) = (&difference.before, &difference.after) {
        let change = format!("  ({before} -> {after})");
        text.extend(
            ctx.out
                .styled(Style::Dim, &ctx.out.shown(change.as_bytes())),
        );
    }
    ctx.out.text(text);
}

/// A path below the place.
fn relative(path: &[Name]) -> Name {
    let from_root = volume_path(path);
    Name::from_units(from_root.units().get(1..).unwrap_or_default().to_vec())
}
