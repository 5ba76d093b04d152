//! `audit`: finds what is wrong with links.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use linkwright_links::audit::{Event, Examiner, Finding, Found, Mending, Options, audit};
use linkwright_links::plan::make::{Wanted, fix};

use super::place::Site;
use super::planner::{Extent, access, plan, progress};
use crate::args::{AuditArgs, FixChoice};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::location::Location;
use crate::output::Style;
use crate::report::Report;
use crate::verbs::volume::missing_reparse;

pub(in crate::verbs) fn run(ctx: &Context, args: &AuditArgs) -> Result<Report> {
    let wanted = wanted(args)?;
    // Before the volume is open for writing, which lets nobody else read it.
    let missing_index = match ctx.location(&args.place)? {
        Location::Image(location) if !args.no_check => missing_reparse(ctx, &location.device)?,
        _ => HashSet::new(),
    };
    let site = Site::open(ctx, &args.place, access(&args.plan))?;
    let info = site.top.fs.volume_info();
    let info = info.map_err(|error| site.spot.failure(&error))?;
    let options = Options {
        missing_index,
        link_limit: info.max_links.map(u64::from),
    };
    let resolver = ctx.resolver();
    let examiner = Examiner::new(&site.top, &resolver, &options);
    let mut tally = look(ctx, &site, &examiner)?;
    if wanted.is_empty() {
        return Ok(tally.report(args));
    }
    let mended = plan(
        ctx,
        &site,
        &args.plan,
        "audit",
        Extent::REPARSE_POINTS,
        |sink| fix(&examiner, &wanted, &mut |_| {}, sink),
    )?;
    if args.plan.yes && mended.exit == Exit::Done {
        tally.counts.retain(|finding, _| !wanted.contains(finding));
    }
    let found = tally.report(args);
    Ok(Report {
        exit: match mended.exit {
            Exit::Done => found.exit,
            exit => exit,
        },
        counts: [found.counts, mended.counts].concat(),
    })
}

/// The findings to mend.
fn wanted(args: &AuditArgs) -> Result<Wanted> {
    let has_plan = args.plan.plan.is_some() || args.plan.yes;
    if args.fix.is_empty() && has_plan {
        return Err(
            Failure::usage("what is to be mended?").help("name the findings with --fix CODE,CODE")
        );
    }
    let can = |finding: &Finding| finding.mending() != Mending::Nothing;
    let mut wanted = Wanted::new();
    for choice in &args.fix {
        match choice {
            FixChoice::All => wanted.extend(Finding::ALL.into_iter().filter(can)),
            FixChoice::One(finding) if can(finding) => {
                wanted.insert(*finding);
            }
            FixChoice::One(finding) => {
                return Err(Failure::usage(format!(
                    "{} cannot be mended without knowing where it should lead",
                    finding.code()
                ))
                .help("see docs/findings.md for what to do about it"));
            }
        }
    }
    Ok(wanted)
}

/// What was found.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<Finding, u64>,
    seen: u64,
    failed: u64,
}

impl Tally {
    fn report(&self, args: &AuditArgs) -> Report {
        let fails = |finding: &Finding| args.fail_on.is_empty() || args.fail_on.contains(finding);
        let exit = match (self.counts.keys().any(fails), self.failed) {
            (true, _) => Exit::Findings,
            (false, 0) => Exit::Done,
            (false, _) => Exit::Partly,
        };
        let mut report = Report {
            exit,
            counts: vec![
                ("findings", self.counts.values().sum()),
                ("seen", self.seen),
                ("unreadable", self.failed),
            ],
        };
        for (finding, number) in &self.counts {
            report = report.count(finding.code(), *number);
        }
        report
    }
}

/// Says every finding.
fn look(ctx: &Context, site: &Site, examiner: &Examiner<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let progress = progress(ctx, site, Extent::REPARSE_POINTS, "looking at links");
    let looked = audit(examiner, &mut |event| {
        match event {
            Event::Seen => {
                tally.seen += 1;
                progress.add(1);
            }
            Event::Found(found) => {
                *tally.counts.entry(found.finding).or_default() += 1;
                progress.suspend(|| say(ctx, site, found));
            }
            Event::Failed { path, error } => {
                tally.failed += 1;
                let failure = site.spot_of(path).failure(&error);
                progress.suspend(|| ctx.out.failure(&failure));
            }
        }
        match ctx.interrupt.is_set() || ctx.out.is_closed() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    progress.finish();
    ctx.interrupt.check()?;
    looked.map_err(|error| site.spot.failure(&error))?;
    Ok(tally)
}

fn say(ctx: &Context, site: &Site, found: &Found) {
    let spot = site.spot_of(&found.path);
    let code = found.finding.code();
    let mending = match found.finding.mending() {
        Mending::Remove => Some("remove"),
        Mending::Rewrite => Some("rewrite"),
        Mending::MakeAgain => Some("make-again"),
        Mending::SetAgain => Some("set-again"),
        Mending::Nothing => None,
    };
    ctx.out.json(
        spot.line("finding")
            .set("code", code)
            .set("detail", found.detail.as_str())
            .set_opt("mending", mending),
    );
    let code = ctx.out.styled(Style::Bad, format!("{code:<21}").as_bytes());
    let path = ctx.out.shown(&spot.bytes());
    let detail = ctx.out.shown(found.detail.as_bytes());
    ctx.out
        .text([&code[..], b" ", &path, b": ", &detail].concat());
}
