//! `retype` and `prune`: one finding of an audit, mended.

use linkwright_links::audit::{Examiner, Finding, Options};
use linkwright_links::plan::make::{Wanted, fix};

use super::place::Site;
use super::planner::{Extent, access, plan};
use crate::args::MendArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;

pub(in crate::verbs) fn retype(ctx: &Context, args: &MendArgs) -> Result<Report> {
    mend(ctx, args, "retype", Finding::WrongType)
}

pub(in crate::verbs) fn prune(ctx: &Context, args: &MendArgs) -> Result<Report> {
    mend(ctx, args, "prune", Finding::Dangling)
}

fn mend(ctx: &Context, args: &MendArgs, verb: &str, finding: Finding) -> Result<Report> {
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let (resolver, options) = (ctx.resolver(), Options::default());
    let examiner = Examiner::new(&site.top, &resolver, &options);
    let wanted = Wanted::from([finding]);
    plan(
        ctx,
        &site,
        &args.plan,
        verb,
        Extent::REPARSE_POINTS,
        |sink| fix(&examiner, &wanted, &mut |_| {}, sink),
    )
}
