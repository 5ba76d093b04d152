//! `names`: every name of a file.

use std::ops::ControlFlow;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Capabilities, ErrorKind, Name};
use linkwright_links::{Event, Place, Wanted, walk_for};

use crate::args::NamesArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::output::{Line, Style};
use crate::place::{Found, Spot, SpotPath, path_bytes, volume_path};
use crate::report::{Report, Tally};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &NamesArgs) -> Result<Report> {
    let folder = match &args.folder {
        Some(folder) => Some(Folder::open(ctx, &ctx.spot(folder, Access::Read)?)?),
        None => None,
    };
    let mut tally = Tally::default();
    let mut count = 0;
    for place in &args.places {
        let result = ctx
            .spot(place, Access::Read)
            .and_then(|spot| names(ctx, &spot, folder.as_ref(), &mut count));
        tally.take(&ctx.out, result);
    }
    Ok(tally.report().count("names", count))
}

/// A name of a file.
struct Named {
    name: Name,
    /// The whole path, where its directory is not lost.
    path: Option<Vec<Name>>,
}

/// The folder in which names are looked for.
struct Folder {
    spot: Spot,
    found: Found,
}

impl Folder {
    fn open(ctx: &Context, spot: &Spot) -> Result<Self> {
        let found = spot.find(ctx, LastLink::Follow)?;
        if !found.stat.is_plain_directory() {
            return Err(spot.failure(&ErrorKind::NotADirectory.into()));
        }
        Ok(Self {
            spot: spot.clone(),
            found,
        })
    }

    fn holds(&self, path: &[Name]) -> bool {
        path.len() > self.found.path.len() && path.starts_with(&self.found.path)
    }
}

fn names(ctx: &Context, spot: &Spot, folder: Option<&Folder>, count: &mut u64) -> Result<()> {
    let found = spot.find(ctx, LastLink::Keep)?;
    if let Some(folder) = folder
        && (!std::sync::Arc::ptr_eq(&folder.found.fs, &found.fs)
            || folder.found.stat.device != found.stat.device)
    {
        return Err(spot
            .failure(&ErrorKind::CrossDevice.into())
            .help("all names of a file are on its volume; give a folder there"));
    }
    let all = match found
        .fs
        .capabilities()
        .contains(Capabilities::NAMES_OF_FILES)
    {
        true => found
            .fs
            .names(&found.node)
            .map_err(|error| spot.failure(&error))?
            .into_iter()
            .map(|placed| Named {
                name: placed.name,
                path: placed.path,
            })
            .collect(),
        false => looked_for(ctx, spot, &found, folder)?,
    };
    let prefix = match &spot.path {
        SpotPath::Image { prefix, .. } => [prefix.as_slice(), b":"].concat(),
        SpotPath::Host(_) => Vec::new(),
    };
    for name in &all {
        ctx.interrupt.check()?;
        *count += 1;
        tell(ctx, &prefix, &found, folder, name);
    }
    summary(ctx, spot, &found, folder, &all);
    Ok(())
}

/// The names of a file of the host that are below the folder: there a name leads
/// to its file, and no way leads back.
fn looked_for(
    ctx: &Context,
    spot: &Spot,
    found: &Found,
    folder: Option<&Folder>,
) -> Result<Vec<Named>> {
    let own = || {
        let name = found.path.last().cloned()?;
        let path = Some(found.path.clone());
        Some(Named { name, path })
    };
    if found.stat.names <= 1 {
        return Ok(own().into_iter().collect());
    }
    let Some(folder) = folder else {
        let error = ErrorKind::Unsupported(linkwright_fs::Feature::NamesOfFiles);
        return Err(spot
            .failure(&error.into())
            .help("say where to look with: --in FOLDER"));
    };
    let top = Place {
        fs: folder.found.fs.clone(),
        node: folder.found.node.clone(),
        path: folder.found.path.clone(),
    };
    let wanted = (found.stat.device, found.stat.record);
    let mut all = Vec::new();
    let mut interrupted = Ok(());
    let walked = walk_for(&top, Wanted::Links, &mut |event| {
        interrupted = ctx.interrupt.check();
        match event {
            Event::Met(met) if (met.stat.device, met.stat.record) == wanted => {
                all.extend(met.path.last().map(|name| Named {
                    name: name.clone(),
                    path: Some(met.path.to_vec()),
                }));
            }
            Event::Met(_) => {}
            Event::Failed { path, error } => {
                let path = String::from_utf8_lossy(&path_bytes(path)).into_owned();
                ctx.out.failure(&Failure::at(path, &error));
            }
        }
        let is_all = u64::try_from(all.len()).is_ok_and(|have| have >= found.stat.names);
        match is_all || interrupted.is_err() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    walked.map_err(|error| folder.spot.failure(&error))?;
    interrupted?;
    Ok(all)
}

fn tell(ctx: &Context, prefix: &[u8], found: &Found, folder: Option<&Folder>, name: &Named) {
    // A name whose directory is lost has no path, but is a name.
    let (bytes, path) = match &name.path {
        Some(path) => (path_bytes(path), volume_path(path)),
        None => (name.name.to_host_bytes(), name.name.clone()),
    };
    let inside = folder.map(|folder| name.path.as_ref().is_some_and(|path| folder.holds(path)));
    let location = [prefix, &bytes].concat();
    let mut line = ctx.out.shown(&location);
    if inside == Some(false) {
        line.extend(ctx.out.styled(Style::Dim, b"  (outside)"));
    }
    ctx.out.text(line);
    ctx.out.json(
        Line::new("name")
            .set_name("path", Some(&path))
            .set_name("name", Some(&name.name))
            .set_bytes("location", &location)
            .set("orphaned", name.path.is_none())
            .set_opt("inside", inside)
            .set("record", found.stat.record),
    );
}

/// How many names the file has of those it can have, and how many of them were
/// not seen.
fn summary(ctx: &Context, spot: &Spot, found: &Found, folder: Option<&Folder>, all: &[Named]) {
    let limit = found.fs.volume_info().ok().and_then(|info| info.max_links);
    let limit = limit.map(u64::from);
    let names = found.stat.names;
    let seen = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let saturated = limit.is_some_and(|limit| names >= limit);
    let inside = folder.map(|folder| {
        let is_inside = |name: &&Named| name.path.as_ref().is_some_and(|path| folder.holds(path));
        all.iter().filter(is_inside).count()
    });
    // Without a folder and with names left there are only those it told.
    let unseen = names.saturating_sub(seen);
    let mut text = match limit {
        Some(limit) => format!("{} of {} names used", grouped(names), grouped(limit)),
        None if names == 1 => "1 name".to_owned(),
        None => format!("{} names", grouped(names)),
    };
    if saturated {
        text.push_str("; it can have no more");
    }
    if let Some(inside) = inside {
        text.push_str(&format!("; {inside} below {}", folder_text(folder)));
    }
    if unseen > 0 {
        text.push_str(&format!("; {unseen} elsewhere on the volume"));
    }
    ctx.out
        .text(ctx.out.styled(Style::Dim, &ctx.out.shown(text.as_bytes())));
    ctx.out.json(
        spot.line("names")
            .set("names", names)
            .set_opt("limit", limit)
            .set("saturated", saturated)
            .set_opt("inside", inside)
            .set("unseen", unseen)
            .set("record", found.stat.record),
    );
}

fn folder_text(folder: Option<&Folder>) -> String {
    folder.map_or_else(String::new, |folder| folder.spot.display())
}

/// `1,024`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
