//! `relative` and `absolute`.

use linkwright_links::audit::{Examiner, Options};
use linkwright_links::plan::make;

use super::place::Site;
use super::planner::{Extent, access, plan};
use crate::args::MendArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::report::Report;

pub(in crate::verbs) fn relative(ctx: &Context, args: &MendArgs) -> Result<Report> {
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let (resolver, options) = (ctx.resolver(), Options::default());
    let examiner = Examiner::new(&site.top, &resolver, &options);
    plan(ctx, &site, &args.plan, "relative", Extent::LINKS, |sink| {
        make::relative(&examiner, sink)
    })
}

pub(in crate::verbs) fn absolute(ctx: &Context, args: &MendArgs) -> Result<Report> {
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let (resolver, options) = (ctx.resolver(), Options::default());
    let examiner = Examiner::new(&site.top, &resolver, &options);
    plan(ctx, &site, &args.plan, "absolute", Extent::LINKS, |sink| {
        make::absolute(&examiner, site.drive(ctx), sink)
    })
}
