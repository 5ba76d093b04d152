//! `doctor`: what a place can hold, and who could follow its links.

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Node, NodeKind};
use linkwright_links::doctor::side::{Side, can_follow};
use linkwright_links::doctor::{Answer, Finding, Place, examine};
use linkwright_links::inspect;

use crate::args::{DoctorArgs, SideChoice};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Style;
use crate::place::{Found, Spot};
use crate::report::Report;
use crate::verbs::text;
use crate::volumes::Access;

/// Deepest directories that are gone through.
const MAX_DEPTH: usize = 16_384;

pub(super) fn run(ctx: &Context, args: &DoctorArgs) -> Result<Report> {
    let spot = ctx
        .spot(&args.place, Access::Write)
        // What cannot be written can still be told about.
        .or_else(|_| ctx.spot(&args.place, Access::Read))?;
    // A link that leads nowhere is asked about itself.
    let found = spot
        .find(ctx, LastLink::Follow)
        .or_else(|_| spot.find(ctx, LastLink::Keep))?;
    let (dir, file) = directory(ctx, &spot, &found)?;
    let place = Place {
        fs: &*found.fs,
        dir: &dir,
        file: file.as_ref(),
    };
    let findings = examine(&place).map_err(|error| spot.failure(&error))?;
    for finding in &findings {
        say(ctx, &spot, finding);
    }
    let mut report = Report::done().count("findings", findings.len() as u64);
    if let Some(side) = args.side {
        let mut links = Links {
            ctx,
            side: side.side(),
            seen: 0,
            unfollowed: 0,
        };
        links.below(&spot, &found)?;
        report = report
            .count("links", links.seen)
            .count("unfollowed", links.unfollowed);
        if links.unfollowed > 0 {
            report.exit = Exit::Findings;
        }
    }
    Ok(report)
}

impl SideChoice {
    fn side(self) -> Side {
        match self {
            Self::Windows => Side::Windows,
            Self::Linux => Side::Linux,
            Self::Wsl => Side::Wsl,
            Self::Smb => Side::Smb,
        }
    }
}

/// The directory to try things in, and the file that was given.
fn directory(ctx: &Context, spot: &Spot, found: &Found) -> Result<(Node, Option<Node>)> {
    match found.stat.kind {
        NodeKind::Directory => Ok((found.node.clone(), None)),
        NodeKind::File | NodeKind::Special => Ok((spot.slot(ctx)?.dir, Some(found.node.clone()))),
    }
}

fn say(ctx: &Context, spot: &Spot, finding: &Finding) {
    let (word, style) = match finding.answer {
        Answer::Yes => ("yes", Style::Link),
        Answer::No => ("no", Style::Bad),
        Answer::Unknown => ("unknown", Style::Bad),
    };
    ctx.out.json(
        spot.line("ability")
            .set("ability", finding.ability.as_str())
            .set("answer", word)
            .set_opt("number", finding.number)
            .set_opt("reason", finding.reason.as_deref())
            .set_opt("remedy", finding.remedy),
    );
    let name = finding.ability.as_str().replace('_', " ");
    let mut line = format!("{name:<20}").into_bytes();
    line.extend(ctx.out.styled(style, format!("{word:<8}").as_bytes()));
    if let Some(number) = finding.number {
        line.extend(format!("{number} left; ").bytes());
    }
    line.extend(finding.reason.iter().flat_map(|reason| reason.bytes()));
    ctx.out.text(line.trim_ascii_end());
    if let Some(remedy) = finding.remedy {
        ctx.out.text(format!("{:<28}remedy: {remedy}", ""));
    }
}

/// The links below a place, each asked whether a side could follow it.
struct Links<'a> {
    ctx: &'a Context,
    side: Side,
    seen: u64,
    unfollowed: u64,
}

impl Links<'_> {
    fn below(&mut self, spot: &Spot, found: &Found) -> Result<()> {
        let mut pending = vec![(spot.clone(), found.clone(), 0)];
        while let Some((spot, dir, depth)) = pending.pop() {
            if !dir.stat.is_plain_directory() {
                self.one(&spot, &dir)?;
                continue;
            }
            if depth >= MAX_DEPTH {
                continue;
            }
            let at = |error: linkwright_fs::Error| spot.failure(&error);
            for entry in dir.fs.list(&dir.node).map_err(at)? {
                self.ctx.interrupt.check()?;
                let entry = entry.map_err(at)?;
                let stat = dir.fs.stat(&entry.node).map_err(at)?;
                let mut path = dir.path.clone();
                path.push(entry.name.clone());
                let child = Found {
                    fs: dir.fs.clone(),
                    node: entry.node,
                    stat,
                    path,
                };
                pending.push((spot.join(&entry.name), child, depth + 1));
            }
        }
        Ok(())
    }

    fn one(&mut self, spot: &Spot, found: &Found) -> Result<()> {
        let record = inspect(
            &self.ctx.resolver(),
            &found.fs,
            &found.path,
            &found.node,
            &found.stat,
        );
        let Some(record) = record.map_err(|error| spot.failure(&error))? else {
            return Ok(());
        };
        self.seen += 1;
        let obstacle = can_follow(self.side, &record).err();
        let line = text::link_fields(spot.line("link"), &record)
            .set("followed", obstacle.is_none())
            .set_opt("reason", obstacle.map(|obstacle| obstacle.to_string()));
        self.ctx.out.json(line);
        if let Some(obstacle) = obstacle {
            self.unfollowed += 1;
            let path = self.ctx.out.shown(&spot.bytes());
            self.ctx
                .out
                .text_of(&[&path, b": ", obstacle.to_string().as_bytes()]);
        }
        Ok(())
    }
}
