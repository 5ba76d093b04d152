//! `tree`: draws a directory and what is below it.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Capabilities, ErrorKind, LinkType, Name, NodeKind, Stat};
use linkwright_links::{Event, LinkRecord, Met, Place, inspect, walk_for};

use crate::args::TreeArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::output::Style;
use crate::place::{Found, Spot};
use crate::report::{Report, Tally};
use crate::verbs::marks::{Charset, Marks};
use crate::verbs::select::{Item, Selection};
use crate::verbs::text;
use crate::volumes::Access;

/// Deepest directories that are drawn: far more than a path of 32,767 units has,
/// so that only a damaged volume comes to it.
const MAX_DEPTH: usize = 16_384;

/// What identifies a directory: its file system, device, record and sequence.
type Identity = (usize, u64, u64, u16);

pub(super) fn run(ctx: &Context, args: &TreeArgs) -> Result<Report> {
    let here = [std::ffi::OsString::from(".")];
    let places = match args.places.is_empty() {
        true => &here[..],
        false => &args.places,
    };
    let mut drawing = Drawing {
        ctx,
        follow: args.follow,
        depth: args.depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH),
        charset: Charset::of(args.marks),
        marks: Marks::new(&ctx.out, args.marks),
        counts: Counts::default(),
        entered: HashSet::new(),
    };
    let mut tally = Tally::default();
    for place in places {
        let result = ctx.spot(place, Access::Read).and_then(|spot| {
            let selection = Selection::new(&args.select, &*spot.fs)?;
            drawing.place(&spot, &selection, &mut tally)
        });
        tally.take(&ctx.out, result);
    }
    let counts = drawing.counts;
    ctx.out.text("");
    ctx.out.text(counts.text());
    let mut report = tally.report();
    report.counts = vec![
        ("directories", counts.directories),
        ("files", counts.files),
        ("links", counts.links),
        ("broken", counts.broken),
    ];
    Ok(report)
}

/// What was drawn. A file with several names is a link, and counted as one.
#[derive(Default)]
struct Counts {
    directories: u64,
    files: u64,
    links: u64,
    broken: u64,
}

impl Counts {
    fn text(&self) -> String {
        let some = |number, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            number => format!("{number} {many}"),
        };
        format!(
            "{}, {}, {} ({} broken)",
            some(self.directories, "directory", "directories"),
            some(self.files, "file", "files"),
            some(self.links, "link", "links"),
            self.broken
        )
    }
}

/// The names of what is drawn, when not all is: what was selected, and the
/// directories on the way to it.
type Chosen = Option<HashSet<Vec<Name>>>;

struct Drawing<'a> {
    ctx: &'a Context,
    follow: bool,
    depth: usize,
    charset: Charset,
    marks: Marks<'a>,
    counts: Counts,
    /// Directories that a link led into: each is drawn once, so that links cannot
    /// multiply what is drawn.
    entered: HashSet<Identity>,
}

/// A directory that is being drawn.
struct Level {
    spot: Spot,
    dir: Found,
    identity: Identity,
    entries: std::iter::Peekable<std::vec::IntoIter<linkwright_fs::Entry>>,
    /// What stands before the lines of its entries.
    margin: String,
}

impl Drawing<'_> {
    fn place(&mut self, spot: &Spot, selection: &Selection, tally: &mut Tally) -> Result<()> {
        let found = spot.find(self.ctx, LastLink::Keep)?;
        let chosen = self.choose(spot, &found, selection)?;
        if self.follow && chosen.is_some() {
            return Err(Failure::usage(
                "--follow draws everything: select without it",
            ));
        }
        let record = self.inspect(spot, &found)?;
        let mut line = Vec::new();
        line.extend(
            self.marks
                .named(&spot.bytes(), &found.stat, record.as_ref()),
        );
        self.ctx.out.text(line);
        self.tell(spot, &found.stat, record.as_ref(), 0, None);
        if !found.stat.is_plain_directory() {
            return Ok(());
        }
        let mut levels = vec![self.level(spot, found, &chosen, String::new())?];
        while let Some(level) = levels.last_mut() {
            self.ctx.interrupt.check()?;
            let Some(entry) = level.entries.next().filter(|_| !self.ctx.out.is_closed()) else {
                levels.pop();
                continue;
            };
            match self.entry(&mut levels, entry, &chosen) {
                Ok(None) => {}
                Ok(Some(below)) => levels.push(below),
                Err(failure) if failure.kind == Some(ErrorKind::Interrupted) => {
                    return Err(failure);
                }
                Err(failure) => tally.failed(&self.ctx.out, &failure),
            }
        }
        Ok(())
    }

    /// Draws one entry of the last level; gives the level below it, when it is a
    /// directory that is drawn.
    fn entry(
        &mut self,
        levels: &mut [Level],
        entry: linkwright_fs::Entry,
        chosen: &Chosen,
    ) -> Result<Option<Level>> {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else {
            return Ok(None);
        };
        let spot = level.spot.join(&entry.name);
        let is_last = level.entries.peek().is_none();
        let margin = level.margin.clone();
        let fs = Arc::clone(&level.dir.fs);
        let stat = fs.stat(&entry.node).map_err(|error| spot.failure(&error))?;
        let mut path = level.dir.path.clone();
        path.push(entry.name.clone());
        let found = Found {
            fs,
            node: entry.node,
            stat,
            path,
        };
        let record = self.inspect(&spot, &found)?;
        let below = self.below(&spot, &found, record.as_ref(), levels, depth)?;
        let note = match &below {
            Below::Nothing | Below::Directory(_) => None,
            Below::Cycle => Some("a cycle: this directory is above"),
            Below::Again => Some("drawn already"),
        };
        self.draw(&margin, is_last, &entry.name, &found, record.as_ref(), note);
        self.tell(&spot, &found.stat, record.as_ref(), depth, note);
        match below {
            Below::Directory(dir) if depth < self.depth => {
                let margin = format!("{margin}{}", self.stem(is_last));
                self.level(&spot, *dir, chosen, margin).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What is below an entry.
    fn below(
        &mut self,
        spot: &Spot,
        found: &Found,
        record: Option<&LinkRecord>,
        levels: &[Level],
        depth: usize,
    ) -> Result<Below> {
        if found.stat.is_plain_directory() {
            let id = identity(found);
            return Ok(match levels.iter().any(|level| level.identity == id) {
                true => Below::Cycle,
                false if self.entered.contains(&id) => Below::Again,
                false => Below::Directory(Box::new(found.clone())),
            });
        }
        let leads_down = record.is_some_and(|record| {
            found.stat.is_link()
                && record.broken == Some(false)
                && record.link_type == Some(LinkType::Directory)
        });
        if !self.follow || !leads_down || depth >= self.depth {
            return Ok(Below::Nothing);
        }
        let target = spot.find(self.ctx, LastLink::Follow)?;
        if !target.stat.is_plain_directory() {
            return Ok(Below::Nothing);
        }
        let id = identity(&target);
        if levels.iter().any(|level| level.identity == id) {
            return Ok(Below::Cycle);
        }
        Ok(match self.entered.insert(id) {
            true => Below::Directory(Box::new(target)),
            false => Below::Again,
        })
    }

    fn level(&self, spot: &Spot, dir: Found, chosen: &Chosen, margin: String) -> Result<Level> {
        let at = |error: linkwright_fs::Error| spot.failure(&error);
        let mut entries = Vec::new();
        for entry in dir.fs.list(&dir.node).map_err(at)? {
            self.ctx.interrupt.check()?;
            let entry = entry.map_err(at)?;
            let is_chosen = chosen.as_ref().is_none_or(|chosen| {
                chosen.contains(&[&dir.path[..], std::slice::from_ref(&entry.name)].concat())
            });
            if is_chosen {
                entries.push(entry);
            }
        }
        // An NTFS directory is in the order of its index.
        if !dir.fs.capabilities().contains(Capabilities::WINDOWS_NAMES) {
            entries.sort_by(|one, other| one.name.units().cmp(other.name.units()));
        }
        Ok(Level {
            spot: spot.clone(),
            identity: identity(&dir),
            dir,
            entries: entries.into_iter().peekable(),
            margin,
        })
    }

    /// What is drawn when not everything is wanted.
    fn choose(&self, spot: &Spot, found: &Found, selection: &Selection) -> Result<Chosen> {
        if selection.is_everything() || !found.stat.is_plain_directory() {
            return Ok(None);
        }
        let top = Place {
            fs: Arc::clone(&found.fs),
            node: found.node.clone(),
            path: found.path.clone(),
        };
        let mut chosen = HashSet::new();
        let mut failed = Ok(());
        let resolver = self.ctx.resolver();
        let walked = walk_for(&top, selection.met(), &mut |event| {
            // What cannot be read is told when it is drawn.
            let Event::Met(Met {
                node, stat, path, ..
            }) = event
            else {
                return ControlFlow::Continue(());
            };
            let record = inspect(&resolver, &top.fs, path, node, stat).and_then(|record| {
                let item = Item {
                    top: &top,
                    path,
                    stat,
                    record: record.as_ref(),
                };
                selection.takes(&resolver, &item)
            });
            let taken = self
                .ctx
                .interrupt
                .check()
                .and_then(|()| record.map_err(|error| spot.failure(&error)));
            match taken {
                Ok(false) => {}
                Ok(true) => {
                    let mut path = path.to_vec();
                    while path.len() > top.path.len() && chosen.insert(path.clone()) {
                        path.pop();
                    }
                }
                Err(failure) => {
                    failed = Err(failure);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        walked.map_err(|error| spot.failure(&error))?;
        failed?;
        Ok(Some(chosen))
    }

    fn inspect(&self, spot: &Spot, found: &Found) -> Result<Option<LinkRecord>> {
        let resolver = self.ctx.resolver();
        inspect(&resolver, &found.fs, &found.path, &found.node, &found.stat)
            .map_err(|error| spot.failure(&error))
    }

    fn draw(
        &mut self,
        margin: &str,
        is_last: bool,
        name: &Name,
        found: &Found,
        record: Option<&LinkRecord>,
        note: Option<&str>,
    ) {
        let out = &self.ctx.out;
        let lines = format!("{margin}{}", self.branch(is_last));
        let mut line = out.styled(Style::Dim, lines.as_bytes());
        line.extend(self.marks.named(&name.to_host_bytes(), &found.stat, record));
        if let Some(note) = note {
            line.extend(out.styled(Style::Bad, format!("  [{note}]").as_bytes()));
        }
        out.text(line);
    }

    fn branch(&self, is_last: bool) -> &'static str {
        match (self.charset, is_last) {
            (Charset::Unicode, false) => "├── ",
            (Charset::Unicode, true) => "└── ",
            (Charset::Ascii, false) => "|-- ",
            (Charset::Ascii, true) => "`-- ",
        }
    }

    fn stem(&self, is_last: bool) -> &'static str {
        match (self.charset, is_last) {
            (_, true) => "    ",
            (Charset::Unicode, false) => "│   ",
            (Charset::Ascii, false) => "|   ",
        }
    }

    /// Counts an object, and tells it to programs.
    fn tell(
        &mut self,
        spot: &Spot,
        stat: &Stat,
        record: Option<&LinkRecord>,
        depth: usize,
        note: Option<&str>,
    ) {
        match record {
            Some(record) => {
                self.counts.links += 1;
                self.counts.broken += u64::from(record.broken == Some(true));
            }
            None if stat.kind == NodeKind::Directory => self.counts.directories += 1,
            None => self.counts.files += 1,
        }
        let line = match record {
            Some(record) => text::link_fields(spot.line("link"), record),
            None => text::entry_fields(spot.line("entry"), stat),
        };
        self.ctx
            .out
            .json(line.set("depth", depth).set_opt("note", note));
    }
}

/// What is below an entry.
enum Below {
    Nothing,
    Directory(Box<Found>),
    /// A directory that is above already.
    Cycle,
    /// A directory that was drawn before.
    Again,
}

fn identity(found: &Found) -> Identity {
    let fs = Arc::as_ptr(&found.fs).cast::<()>().addr();
    let stat = &found.stat;
    (fs, stat.device, stat.record, stat.sequence)
}
