//! `retarget`: turns the beginning of targets into another.

use linkwright_fs::Name;
use linkwright_links::plan::make::{TargetMap, retarget};

use super::place::Site;
use super::planner::{Extent, access, plan};
use crate::args::RetargetArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::report::Report;

pub(in crate::verbs) fn run(ctx: &Context, args: &RetargetArgs) -> Result<Report> {
    let maps: Vec<TargetMap> = args
        .map
        .iter()
        .map(|text| {
            TargetMap::parse(&Name::from_host(text)).map_err(|error| {
                Failure::usage(error.to_string())
                    .path(text.to_string_lossy())
                    .help(r"write it as 'D:\old=E:\new'")
            })
        })
        .collect::<Result<_>>()?;
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    plan(ctx, &site, &args.plan, "retarget", Extent::LINKS, |sink| {
        retarget(&site.top, &maps, sink)
    })
}
