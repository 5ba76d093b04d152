//! `ls`: directories, links with what they hold.

mod plain;

use std::borrow::Cow;
use std::ops::ControlFlow;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Name, Node, Stat};
use linkwright_links::{Event, Met, Place, inspect, walk_for};

use crate::args::LsArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::report::{Report, Tally};
use crate::verbs::marks::Marks;
use crate::verbs::select::{Item, Selection};
use crate::verbs::text;
use crate::volumes::Access;

/// What was seen.
#[derive(Default)]
struct Counts {
    entries: u64,
    links: u64,
    broken: u64,
}

/// How an entry is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Usual,
    /// Only the path.
    Plain,
    Long,
    /// The path and a zero byte.
    Null,
}

pub(super) fn run(ctx: &Context, args: &LsArgs) -> Result<Report> {
    let here = [std::ffi::OsString::from(".")];
    let places = match args.places.is_empty() {
        true => &here[..],
        false => &args.places,
    };
    let mut listing = Listing {
        ctx,
        form: match (args.long, args.null, args.plain) {
            (true, _, _) => Form::Long,
            (_, true, _) => Form::Null,
            (_, _, true) => Form::Plain,
            _ => Form::Usual,
        },
        recursive: args.recursive,
        marks: Marks::new(&ctx.out, args.marks),
        counts: Counts::default(),
    };
    let mut tally = Tally::default();
    for place in places {
        let result = ctx.spot(place, Access::Read).and_then(|spot| {
            let selection = Selection::new(&args.select, &*spot.fs)?;
            listing.place(&spot, &selection, &mut tally)
        });
        tally.take(&ctx.out, result);
    }
    let mut report = tally.report();
    report.counts = vec![
        ("entries", listing.counts.entries),
        ("links", listing.counts.links),
        ("broken", listing.counts.broken),
    ];
    Ok(report)
}

struct Listing<'a> {
    ctx: &'a Context,
    form: Form,
    recursive: bool,
    marks: Marks<'a>,
    counts: Counts,
}

impl Listing<'_> {
    fn place(&mut self, spot: &Spot, selection: &Selection, tally: &mut Tally) -> Result<()> {
        let found = spot.find(self.ctx, LastLink::Keep)?;
        // For programs there is no plain form: they pick what they need.
        if self.form == Form::Plain
            && !self.ctx.out.is_json()
            && let Some(kinds) = selection.kinds_alone()
        {
            let wanted = plain::Wanted {
                kinds,
                recursive: self.recursive,
            };
            return plain::list(self.ctx, spot, &found, &wanted, &mut self.counts, tally);
        }
        let top = Place {
            fs: found.fs,
            node: found.node,
            path: found.path,
        };
        if !found.stat.is_plain_directory() {
            // The place is the directory it is in.
            let mut parent = top.clone();
            parent.path.pop();
            let at = At::Spot(spot);
            return self.entry(&at, selection, &parent, &top.node, &found.stat, &top.path);
        }
        match self.recursive {
            true => self.below(spot, selection, &top, tally),
            false => self.directory(spot, selection, &top),
        }
    }

    fn directory(&mut self, spot: &Spot, selection: &Selection, top: &Place) -> Result<()> {
        let at = |error: linkwright_fs::Error| spot.failure(&error);
        for item in top.fs.list(&top.node).map_err(at)? {
            self.ctx.interrupt.check()?;
            if self.ctx.out.is_closed() {
                break;
            }
            let item = item.map_err(at)?;
            let spot = spot.join(&item.name);
            let stat = match top.fs.stat(&item.node) {
                Ok(stat) => stat,
                // It went away between the listing and now.
                Err(error) if error.kind() == linkwright_fs::ErrorKind::NotFound => continue,
                Err(error) => return Err(spot.failure(&error)),
            };
            let path = [&top.path[..], &[item.name]].concat();
            let at = At::Spot(&spot);
            self.entry(&at, selection, top, &item.node, &stat, &path)?;
        }
        Ok(())
    }

    /// Everything below a directory; what cannot be read is told, and the rest
    /// goes on.
    fn below(
        &mut self,
        spot: &Spot,
        selection: &Selection,
        top: &Place,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut spots = Spots::new(spot, top.path.len());
        let mut failed: Option<Failure> = None;
        let walked = walk_for(top, selection.met(), &mut |event| {
            let result = self.ctx.interrupt.check().and_then(|()| match event {
                Event::Met(Met {
                    node, stat, path, ..
                }) => self.entry(&spots.of(path), selection, top, node, stat, path),
                Event::Failed { path, error } => {
                    tally.failed(&self.ctx.out, &spots.of(path).spot().failure(&error));
                    Ok(())
                }
            });
            match result {
                Ok(()) if !self.ctx.out.is_closed() => ControlFlow::Continue(()),
                Ok(()) => ControlFlow::Break(()),
                Err(failure) => {
                    failed = Some(failure);
                    ControlFlow::Break(())
                }
            }
        });
        walked.map_err(|error| spot.failure(&error))?;
        failed.map_or(Ok(()), Err)
    }

    /// Lists one object, when it is wanted.
    fn entry(
        &mut self,
        place: &At<'_>,
        selection: &Selection,
        top: &Place,
        node: &Node,
        stat: &Stat,
        path: &[Name],
    ) -> Result<()> {
        let resolver = self.ctx.resolver();
        let at = |error: linkwright_fs::Error| place.spot().failure(&error);
        let record = inspect(&resolver, &top.fs, path, node, stat).map_err(at)?;
        let item = Item {
            top,
            path,
            stat,
            record: record.as_ref(),
        };
        if !selection.takes(&resolver, &item).map_err(at)? {
            return Ok(());
        }
        self.counts.entries += 1;
        self.print(place, &item);
        if let Some(record) = record {
            self.counts.links += 1;
            self.counts.broken += u64::from(record.broken == Some(true));
        }
        Ok(())
    }

    fn print(&mut self, place: &At<'_>, item: &Item<'_>) {
        let out = &self.ctx.out;
        if out.is_json() {
            let spot = place.spot();
            let line = match item.record {
                Some(record) => text::link_fields(spot.line("link"), record),
                None => text::entry_fields(spot.line("entry"), item.stat),
            };
            out.json(match self.form {
                Form::Long => text::stat_fields(line, item.stat),
                Form::Usual | Form::Plain | Form::Null => line,
            });
            return;
        }
        let path = place.bytes();
        if self.form == Form::Null {
            out.data(&[&path[..], b"\0"].concat());
            return;
        }
        if self.form == Form::Plain {
            out.text_of(&[&path]);
            return;
        }
        let mut line = self.marks.columns(item.stat, item.record);
        if self.form == Form::Long {
            line.extend(text::long_columns(item.stat));
        }
        line.extend(self.marks.named(&path, item.stat, item.record));
        out.text(line);
    }
}

/// Where an entry is; what a listing meets by the million becomes a spot only when
/// one is needed.
enum At<'a> {
    Spot(&'a Spot),
    /// A name in a directory, and the path of that as it is shown, ready for a name.
    In {
        dir: &'a Spot,
        shown: &'a [u8],
        name: &'a Name,
    },
}

impl At<'_> {
    fn spot(&self) -> Cow<'_, Spot> {
        match self {
            Self::Spot(spot) => Cow::Borrowed(spot),
            Self::In { dir, name, .. } => Cow::Owned(dir.join(name)),
        }
    }

    /// As [`Spot::bytes`].
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Spot(spot) => spot.bytes(),
            Self::In { shown, name, .. } => [shown, &name.to_host_bytes()[..]].concat(),
        }
    }
}

/// The places of what a walk meets: those of one directory come together.
struct Spots<'a> {
    top: &'a Spot,
    depth: usize,
    /// The directory of the last one, below the top.
    path: Vec<Name>,
    dir: Spot,
    shown: Vec<u8>,
}

impl<'a> Spots<'a> {
    fn new(top: &'a Spot, depth: usize) -> Self {
        Self {
            top,
            depth,
            path: Vec::new(),
            dir: top.clone(),
            shown: ready_for_a_name(top),
        }
    }

    fn of<'s>(&'s mut self, path: &'s [Name]) -> At<'s> {
        let below = path.get(self.depth..).unwrap_or_default();
        let Some((name, dir)) = below.split_last() else {
            return At::Spot(self.top);
        };
        if self.path != dir {
            self.dir = dir
                .iter()
                .fold(self.top.clone(), |spot, name| spot.join(name));
            self.path = dir.to_vec();
            self.shown = ready_for_a_name(&self.dir);
        }
        At::In {
            dir: &self.dir,
            shown: &self.shown,
            name,
        }
    }
}

/// The path of a directory with a separator behind it.
fn ready_for_a_name(dir: &Spot) -> Vec<u8> {
    let mut bytes = dir.bytes();
    if !bytes.ends_with(b"/") {
        bytes.push(b'/');
    }
    bytes
}
