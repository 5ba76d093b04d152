//! `unlink-copies`: files of their own in the place of links.

use linkwright_links::audit::{Examiner, Options};
use linkwright_links::plan::make::{Replaceable, copies};

use super::place::Site;
use super::planner::{Extent, access, plan};
use crate::args::{ReplaceableChoice, UnlinkCopiesArgs};
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;

pub(in crate::verbs) fn run(ctx: &Context, args: &UnlinkCopiesArgs) -> Result<Report> {
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let (resolver, options) = (ctx.resolver(), Options::default());
    let examiner = Examiner::new(&site.top, &resolver, &options);
    let kinds: Vec<Replaceable> = args
        .kind
        .iter()
        .map(|kind| match kind {
            ReplaceableChoice::Hard => Replaceable::Hard,
            ReplaceableChoice::Symlink => Replaceable::Symlink,
        })
        .collect();
    plan(
        ctx,
        &site,
        &args.plan,
        "unlink-copies",
        Extent::REPARSE_POINTS,
        |sink| copies(&examiner, &kinds, sink),
    )
}
