//! `volume`: makes, shows and verifies volumes.

mod check;
mod clear_dirty;
mod create;
mod info;
mod recover;

pub(super) use check::missing_reparse;

use crate::args::VolumeVerb;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;

pub(super) fn run(ctx: &Context, verb: VolumeVerb) -> Result<Report> {
    match verb {
        VolumeVerb::Create(args) => create::run(ctx, &args),
        VolumeVerb::Info(args) => info::run(ctx, &args),
        VolumeVerb::Check(args) => check::run(ctx, &args),
        VolumeVerb::Recover(args) => recover::run(ctx, &args),
        VolumeVerb::ClearDirty(args) => clear_dirty::run(ctx, &args),
    }
}
