//! `cat`: the data of files and streams.

use std::io::{self, Read};

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Error, ErrorKind};

use crate::args::CatArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::report::{Report, Tally};
use crate::volumes::Access;

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

pub(super) fn run(ctx: &Context, args: &CatArgs) -> Result<Report> {
    if ctx.out.is_json() {
        return Err(Failure::usage("cat writes data, which --json cannot hold"));
    }
    let mut tally = Tally::default();
    for place in &args.places {
        let result = if place == "-" {
            pour(ctx, &mut io::stdin().lock()).map_err(|error| Failure::at("-", &error))
        } else {
            ctx.spot(place, Access::Read)
                .and_then(|spot| cat(ctx, &spot))
        };
        tally.take(&ctx.out, result);
    }
    Ok(tally.report())
}

/// Writes the data at a place to standard output.
pub(super) fn cat(ctx: &Context, spot: &Spot) -> Result<()> {
    let found = spot.find(ctx, LastLink::Follow)?;
    let at = |error: Error| spot.failure(&error);
    if spot.stream().is_none() && found.stat.is_plain_directory() {
        return Err(at(ErrorKind::IsADirectory.into()));
    }
    let mut data = found.fs.open_data(&found.node, spot.stream()).map_err(at)?;
    pour(ctx, &mut data).map_err(at)
}

/// Writes everything from a reader to standard output.
fn pour(ctx: &Context, data: &mut dyn Read) -> linkwright_fs::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        if ctx.interrupt.is_set() {
            return Err(ErrorKind::Interrupted.into());
        }
        let got = match data.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::from_io(error)),
        };
        ctx.out.data(&buffer[..got]);
        if ctx.out.is_closed() {
            return Ok(());
        }
    }
}
