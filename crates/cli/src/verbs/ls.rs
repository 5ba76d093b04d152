//! `ls`: directories, links with what they hold.

mod plain;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Node, Stat};
use linkwright_links::{LinkKind, LinkRecord, inspect};

use crate::args::{KindChoice, LsArgs};
use crate::context::Context;
use crate::failure::Result;
use crate::place::{Found, Spot};
use crate::report::{Report, Tally};
use crate::verbs::text;
use crate::volumes::Access;

/// Deepest directories that are listed: far more than a path of 32,767 units
/// has, so that only a damaged volume comes to it.
const MAX_DEPTH: usize = 16_384;

/// What was seen.
#[derive(Default)]
struct Counts {
    entries: u64,
    links: u64,
    broken: u64,
}

/// What is to be listed.
struct Wanted<'a> {
    kinds: &'a [KindChoice],
    recursive: bool,
    plain: bool,
}

pub(super) fn run(ctx: &Context, args: &LsArgs) -> Result<Report> {
    let here = [std::ffi::OsString::from(".")];
    let places = match args.places.is_empty() {
        true => &here[..],
        false => &args.places,
    };
    let wanted = Wanted {
        kinds: &args.kind,
        recursive: args.recursive,
        // For programs there is no plain form: they pick what they need.
        plain: args.plain && !ctx.out.is_json(),
    };
    let mut counts = Counts::default();
    let mut tally = Tally::default();
    for place in places {
        let result = ctx
            .spot(place, Access::Read)
            .and_then(|spot| list_place(ctx, &spot, &wanted, &mut counts, &mut tally));
        tally.take(&ctx.out, result);
    }
    let mut report = tally.report();
    report.counts = vec![
        ("entries", counts.entries),
        ("links", counts.links),
        ("broken", counts.broken),
    ];
    Ok(report)
}

fn list_place(
    ctx: &Context,
    spot: &Spot,
    wanted: &Wanted<'_>,
    counts: &mut Counts,
    tally: &mut Tally,
) -> Result<()> {
    let found = spot.find(ctx, LastLink::Keep)?;
    if wanted.plain {
        return plain::list(ctx, spot, &found, wanted, counts, tally);
    }
    if !found.stat.is_plain_directory() {
        return entry(ctx, spot, &found, wanted, counts);
    }
    // One open directory a level, deepest last.
    let mut pending = vec![(spot.clone(), found, 0)];
    while let Some((spot, dir, depth)) = pending.pop() {
        if ctx.out.is_closed() {
            break;
        }
        let below = match directory(ctx, &spot, &dir, wanted, counts) {
            Ok(below) => below,
            Err(failure) if depth == 0 || ctx.interrupt.is_set() => return Err(failure),
            Err(failure) => {
                tally.failed(&ctx.out, &failure);
                continue;
            }
        };
        if wanted.recursive && depth < MAX_DEPTH {
            pending.extend(
                below
                    .into_iter()
                    .rev()
                    .map(|(spot, found)| (spot, found, depth + 1)),
            );
        }
    }
    Ok(())
}

/// Lists one directory; gives the directories in it.
fn directory(
    ctx: &Context,
    spot: &Spot,
    dir: &Found,
    wanted: &Wanted<'_>,
    counts: &mut Counts,
) -> Result<Vec<(Spot, Found)>> {
    let mut below = Vec::new();
    let at = |error: linkwright_fs::Error| spot.failure(&error);
    for item in dir.fs.list(&dir.node).map_err(at)? {
        ctx.interrupt.check()?;
        if ctx.out.is_closed() {
            break;
        }
        let item = item.map_err(at)?;
        let spot = spot.join(&item.name);
        let stat = match dir.fs.stat(&item.node) {
            Ok(stat) => stat,
            // It went away between the listing and now.
            Err(error) if error.kind() == linkwright_fs::ErrorKind::NotFound => continue,
            Err(error) => return Err(spot.failure(&error)),
        };
        let mut path = dir.path.clone();
        path.push(item.name);
        let found = Found {
            fs: dir.fs.clone(),
            node: item.node,
            stat,
            path,
        };
        entry(ctx, &spot, &found, wanted, counts)?;
        if wanted.recursive && found.stat.is_plain_directory() {
            below.push((spot, found));
        }
    }
    Ok(below)
}

/// Lists one object.
fn entry(
    ctx: &Context,
    spot: &Spot,
    found: &Found,
    wanted: &Wanted<'_>,
    counts: &mut Counts,
) -> Result<()> {
    let Found {
        fs,
        node,
        stat,
        path,
    } = found;
    let record = inspect(&ctx.resolver(), fs, path, node, stat).map_err(|e| spot.failure(&e))?;
    if !wanted.kinds.is_empty() && !wanted.kinds.iter().any(|kind| is_of(*kind, &record, stat)) {
        return Ok(());
    }
    counts.entries += 1;
    print(ctx, spot, node, stat, record.as_ref());
    if let Some(record) = record {
        counts.links += 1;
        counts.broken += u64::from(record.broken == Some(true));
    }
    Ok(())
}

fn print(ctx: &Context, spot: &Spot, _node: &Node, stat: &Stat, record: Option<&LinkRecord>) {
    let path = spot.bytes();
    match record {
        Some(record) => {
            ctx.out.json(text::link_fields(spot.line("link"), record));
            ctx.out.text(text::link_line(&ctx.out, &path, record));
        }
        None => {
            ctx.out.json(text::entry_fields(spot.line("entry"), stat));
            ctx.out.text(text::entry_line(&ctx.out, &path, stat));
        }
    }
}

fn is_of(kind: KindChoice, record: &Option<LinkRecord>, stat: &Stat) -> bool {
    let link = |wanted: LinkKind| record.as_ref().is_some_and(|record| record.kind == wanted);
    match kind {
        KindChoice::Link => record.is_some(),
        KindChoice::Hard => link(LinkKind::Hard),
        KindChoice::Symlink => link(LinkKind::Symlink),
        KindChoice::Junction => link(LinkKind::Junction),
        KindChoice::MountPoint => link(LinkKind::MountPoint),
        KindChoice::LxSymlink => link(LinkKind::LxSymlink),
        KindChoice::Other => link(LinkKind::Other),
        KindChoice::File => record.is_none() && stat.kind != linkwright_fs::NodeKind::Directory,
        KindChoice::Dir => stat.is_plain_directory(),
    }
}
