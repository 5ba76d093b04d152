//! `volume info`: what a volume is.
use crate::args::InfoArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &InfoArgs) -> Result<Report> {
    let spec = ctx.device(&args.image)?;
    ctx.volumes.open(&spec, Access::Read)?;
    Ok(Report::done())
}
