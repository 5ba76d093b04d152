//! `dedupe`: hard links in the place of files with the same data, as `fclones
//! group -f json` found them.

use std::path::Path;

use linkwright_fs::{ErrorKind, Name};
use linkwright_links::plan::make::{Duplicates, dedupe};

use super::fclones::{self, Group};
use super::place::Site;
use super::planner::{Extent, access, plan};
use crate::args::DedupeArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::place::{host_names, host_path};
use crate::report::Report;

/// Most names of one file where the file system does not say: that of ext4.
const MAX_NAMES: u64 = 65_000;

pub(in crate::verbs) fn run(ctx: &Context, args: &DedupeArgs) -> Result<Report> {
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let report = fclones::read(&args.from)?;
    let base = match (&args.base, site.spot.is_host()) {
        (Some(base), _) => base.clone(),
        (None, true) => host_path(&site.top.path),
        (None, false) => report.header.base_dir.0.clone(),
    };
    let groups: Vec<Vec<Vec<Name>>> = report
        .groups
        .iter()
        .map(|group| below(&args.from, &report.header.base_dir.0, &base, group))
        .collect::<Result<_>>()?;
    let info = site.top.fs.volume_info();
    let limit = info.map_err(|error| site.spot.failure(&error))?.max_links;
    let work = Duplicates {
        top: &site.top,
        limit: limit.map_or(MAX_NAMES, u64::from),
    };
    let named = groups.iter().map(Vec::len).sum::<usize>() as u64;
    plan(
        ctx,
        &site,
        &args.plan,
        "dedupe",
        Extent::Named(named),
        |sink| {
            for group in &groups {
                if dedupe(&work, group, sink).is_break() {
                    break;
                }
            }
            Ok(())
        },
    )
}

/// The paths of a group below the place.
fn below(report: &Path, base_dir: &Path, base: &Path, group: &Group) -> Result<Vec<Vec<Name>>> {
    group
        .files
        .iter()
        .map(|file| {
            let whole = base_dir.join(&file.0);
            let is_straight = !whole
                .components()
                .any(|part| part == std::path::Component::ParentDir);
            match whole.strip_prefix(base) {
                Ok(path) if is_straight => Ok(host_names(path)),
                _ => Err(Failure::of_kind(
                    report.display().to_string(),
                    ErrorKind::InvalidArgument,
                    format!("{} is not below {}", whole.display(), base.display()),
                )
                .help("name the directory that stands for the place with --base")),
            }
        })
        .collect()
}
