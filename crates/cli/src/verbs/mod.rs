//! One file per verb.

mod cat;
mod clone;
mod copy_log;
mod cp;
mod doctor;
mod link;
mod ls;
mod manifest;
mod mirror;
mod mkdir;
mod mklink;
mod mv;
mod names;
mod rm;
mod show;
mod snapshot;
mod text;
mod tour;
mod tree_log;
mod volume;

use crate::args::Verb;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;

/// Runs a verb.
pub(crate) fn run(ctx: &Context, verb: Verb) -> Result<Report> {
    match verb {
        Verb::Link(args) => link::run(ctx, &args),
        Verb::Mklink(args) => mklink::run(ctx, &args),
        Verb::Ls(args) => ls::run(ctx, &args),
        Verb::Show(args) => show::run(ctx, &args),
        Verb::Names(args) => names::run(ctx, &args),
        Verb::Rm(args) => rm::run(ctx, &args),
        Verb::Cp(args) => cp::run(ctx, &args),
        Verb::Mv(args) => mv::run(ctx, &args),
        Verb::Cat(args) => cat::run(ctx, &args),
        Verb::Doctor(args) => doctor::run(ctx, &args),
        Verb::Mkdir(args) => mkdir::run(ctx, &args),
        Verb::Clone(args) => clone::run(ctx, &args),
        Verb::Mirror(args) => mirror::run(ctx, &args),
        Verb::Snapshot(args) => snapshot::run(ctx, &args),
        Verb::Manifest(verb) => manifest::run(ctx, verb),
        Verb::Volume(verb) => volume::run(ctx, verb),
        Verb::Tour(args) => tour::run(ctx, &args),
    }
}
