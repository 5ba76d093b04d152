//! One file per verb.

mod cat;
mod clone;
mod copy_log;
mod cp;
mod doctor;
mod explain;
mod generate;
mod graph;
mod link;
mod ls;
mod manifest;
mod marks;
mod mend;
mod mirror;
mod mkdir;
mod mklink;
mod mv;
mod names;
mod rm;
mod select;
mod show;
mod snapshot;
mod text;
mod tour;
mod tree;
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
        Verb::Graph(args) => graph::run(ctx, &args),
        Verb::Names(args) => names::run(ctx, &args),
        Verb::Tree(args) => tree::run(ctx, &args),
        Verb::Explain(args) => explain::run(ctx, &args),
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
        Verb::Audit(args) => mend::audit(ctx, &args),
        Verb::Retarget(args) => mend::retarget(ctx, &args),
        Verb::Relative(args) => mend::relative(ctx, &args),
        Verb::Absolute(args) => mend::absolute(ctx, &args),
        Verb::Retype(args) => mend::retype(ctx, &args),
        Verb::Prune(args) => mend::prune(ctx, &args),
        Verb::UnlinkCopies(args) => mend::unlink_copies(ctx, &args),
        Verb::Dedupe(args) => mend::dedupe(ctx, &args),
        Verb::Apply(args) => mend::apply(ctx, &args),
        Verb::Undo(args) => mend::undo(ctx, &args),
        Verb::Completions(args) => generate::completions(ctx, &args),
        Verb::Man(args) => generate::man(ctx, &args),
    }
}
