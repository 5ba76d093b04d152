//! `names`: every name of a file.

use linkwright_fs::resolve::LastLink;

use crate::args::NamesArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::place::{Spot, SpotPath, path_bytes, volume_path};
use crate::report::{Report, Tally};
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &NamesArgs) -> Result<Report> {
    let mut tally = Tally::default();
    let mut count = 0;
    for place in &args.places {
        let result = ctx
            .spot(place, Access::Read)
            .and_then(|spot| names(ctx, &spot, &mut count));
        tally.take(&ctx.out, result);
    }
    Ok(tally.report().count("names", count))
}

fn names(ctx: &Context, spot: &Spot, count: &mut u64) -> Result<()> {
    let found = spot.find(ctx, LastLink::Keep)?;
    let names = found
        .fs
        .names(&found.node)
        .map_err(|error| spot.failure(&error))?;
    let prefix = match &spot.path {
        SpotPath::Image { prefix, .. } => [prefix.as_slice(), b":"].concat(),
        SpotPath::Host(_) => Vec::new(),
    };
    for name in names {
        ctx.interrupt.check()?;
        *count += 1;
        // A name whose directory is lost has no path, but is a name.
        let (bytes, path) = match &name.path {
            Some(path) => (path_bytes(path), volume_path(path)),
            None => (name.name.to_host_bytes(), name.name.clone()),
        };
        let location = [prefix.as_slice(), &bytes].concat();
        ctx.out.text(ctx.out.shown(&location));
        ctx.out.json(
            crate::output::Line::new("name")
                .set_name("path", Some(&path))
                .set_name("name", Some(&name.name))
                .set_bytes("location", &location)
                .set("orphaned", name.path.is_none())
                .set("record", found.stat.record),
        );
    }
    Ok(())
}
