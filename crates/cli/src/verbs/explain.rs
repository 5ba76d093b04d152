//! `explain`: what becomes of a path, link by link.

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::resolve::{Hop, Leads, Manner, Outcome, Side, Walk, Why};
use linkwright_fs::{LinkContent, Name, ReparseBuffer};
use linkwright_links::explain::{Explanation, explain};
use linkwright_links::{LinkKind, Stored};

use crate::args::ExplainArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Line, Style};
use crate::place::{Spot, SpotPath, path_bytes, walked_host};
use crate::report::{Report, Tally};
use crate::verbs::marks::{Charset, mark};
use crate::verbs::text;
use crate::volumes::Access;

/// Most links of a walk that went round that are told to people.
const SHOWN_OF_A_LOOP: usize = 8;

pub(super) fn run(ctx: &Context, args: &ExplainArgs) -> Result<Report> {
    let mut tally = Tally::default();
    let mut nowhere = 0;
    let charset = Charset::of(args.marks);
    for place in &args.places {
        let result = ctx
            .spot(place, Access::Read)
            .and_then(|spot| one(ctx, &spot, charset, &mut nowhere));
        tally.take(&ctx.out, result);
    }
    let mut report = tally.report().count("nowhere", nowhere);
    if report.exit == Exit::Done && nowhere > 0 {
        report.exit = Exit::Findings;
    }
    Ok(report)
}

fn one(ctx: &Context, spot: &Spot, charset: Charset, nowhere: &mut u64) -> Result<()> {
    spot.refuse_stream()?;
    let (volume, path) = match &spot.path {
        SpotPath::Host(path) => (Vec::new(), walked_host(path)?),
        SpotPath::Image { prefix, location } => (
            [prefix, &b":"[..]].concat(),
            location.path.components.clone(),
        ),
    };
    let explanation =
        explain(&ctx.resolver(), &spot.fs, &path).map_err(|error| spot.failure(&error))?;
    *nowhere += u64::from(explanation.walk.stop.is_some());
    let teller = Teller {
        ctx,
        spot,
        explanation: &explanation,
        charset,
    };
    teller.tell(volume);
    Ok(())
}

/// Tells one explanation.
struct Teller<'a> {
    ctx: &'a Context,
    spot: &'a Spot,
    explanation: &'a Explanation,
    charset: Charset,
}

impl Teller<'_> {
    fn tell(&self, volume: Vec<u8>) {
        let out = &self.ctx.out;
        out.text_of(&[&self.spot.bytes()]);
        let first = &self.explanation.walk;
        let volume = self.hops(first, 0, volume);
        self.end(first, &volume, self.explanation.manner);
        if let Some(wsl) = &self.explanation.wsl {
            out.text("  The Windows subsystem for Linux goes on:");
            // The link at which Windows stopped is told again, by its own rule.
            let volume = self.hops(wsl, first.hops.len().saturating_sub(1), volume);
            self.end(wsl, &volume, Manner::Tool);
        }
    }

    /// Tells the links of a walk from one on; gives the volume the last leads to.
    fn hops(&self, walk: &Walk, from: usize, mut volume: Vec<u8>) -> Vec<u8> {
        let is_loop = matches!(walk.outcome, Outcome::Loop);
        for (number, hop) in walk.hops.iter().enumerate().skip(from) {
            let next = volume_after(&volume, &hop.leads);
            let is_told = !is_loop || number < SHOWN_OF_A_LOOP;
            self.hop(number + 1, hop, [&volume, &next], is_told);
            volume = next;
        }
        let untold = walk.hops.len().saturating_sub(SHOWN_OF_A_LOOP);
        if is_loop && untold > 0 {
            let text = format!("  ... and {untold} links more (all of them with --json)");
            self.ctx.out.text(text);
        }
        volume
    }

    fn hop(&self, number: usize, hop: &Hop, volumes: [&[u8]; 2], is_told: bool) {
        let [from, to] = volumes;
        let out = &self.ctx.out;
        let stored = Stored::of(&hop.content);
        let at = [from, &path_bytes(&hop.at)].concat();
        let onward = match hop.onward.is_empty() && !leads_to_a_path(&hop.leads) {
            true => None,
            false => Some([to, &path_bytes(&hop.onward)].concat()),
        };
        out.json(
            Line::new("hop")
                .set("number", number)
                .set_bytes("link", &at)
                .set("kind", stored.kind.as_str())
                .set("type", text::type_word(hop.link_type))
                .set_name("target", stored.target.as_ref())
                .set_name("substitute_name", stored.substitute_name.as_ref())
                .set("rule", rule(hop))
                .set("followed_by", side_word(hop.side()))
                .set("is_last", hop.is_last)
                .set_opt(
                    "onward",
                    onward
                        .as_ref()
                        .map(|path| String::from_utf8_lossy(path).into_owned()),
                ),
        );
        if !is_told {
            return;
        }
        let mut line = format!("  {number:>2}  ").into_bytes();
        line.extend(out.styled(Style::Link, &out.shown(&at)));
        if let Some(target) = &stored.target {
            line.extend(format!(" {} ", mark(stored.kind, self.charset)).bytes());
            line.extend(out.shown(&target.to_host_bytes()));
        }
        let what = match hop.side() {
            Side::Host => String::new(),
            _ => format!(
                "  ({}, {})",
                stored.kind.as_str(),
                text::type_word(hop.link_type)
            ),
        };
        line.extend(out.styled(Style::Dim, what.as_bytes()));
        out.text(line);
        self.row(
            "rule",
            format!("{}: {}", rule(hop), rule_text(hop)).as_bytes(),
        );
        if hop.side() != Side::Host {
            self.row("followed by", side_text(hop.side()).as_bytes());
        }
        if let Some(policy) = policy_text(hop) {
            self.row("on a share", policy.as_bytes());
        }
        if let Some(onward) = onward {
            self.row("onward", &onward);
        }
    }

    fn row(&self, label: &str, value: &[u8]) {
        let out = &self.ctx.out;
        let mut line = out.styled(Style::Dim, format!("      {label:<12}").as_bytes());
        line.extend(out.shown(value));
        out.text(line);
    }

    fn end(&self, walk: &Walk, volume: &[u8], manner: Manner) {
        let out = &self.ctx.out;
        let limit = manner.max_hops();
        let count = format!("{} of at most {limit} links", walk.hops.len());
        let line = Line::new("explained")
            .set_bytes("path", &self.spot.bytes())
            .set("by", by_word(manner))
            .set("hops", walk.hops.len())
            .set("limit", limit);
        let (Some(stop), Some(status)) = (&walk.stop, walk.status()) else {
            let Outcome::Found(place) = &walk.outcome else {
                return;
            };
            let end = [volume, &path_bytes(&place.path)].concat();
            let kind = text::kind_word(place.stat.kind);
            out.text_of(&[
                b"  ends at ",
                &end,
                format!(", a {kind}; {count}").as_bytes(),
            ]);
            let odd = wrong_type(walk);
            if let Some(note) = odd {
                out.text(format!("  note: {note}"));
            }
            out.json(
                line.set("outcome", "found")
                    .set_bytes("end", &end)
                    .set("type", kind)
                    .set_opt("note", odd),
            );
            return;
        };
        // A link that is not followed stands where it is, not where it leads.
        let at_link = walk.hops.last().is_some_and(|hop| hop.at == stop.path);
        let volume = match at_link {
            true => volume_of_last(&self.spot.path, walk),
            false => volume.to_vec(),
        };
        let end = [&volume[..], &path_bytes(&stop.path)].concat();
        let what = why_text(walk, stop.why, manner);
        let win32 = status.to_win32();
        let mut text = b"  ends at ".to_vec();
        text.extend(out.styled(Style::Bad, &out.shown(&end)));
        text.extend(format!(": {what}; {count}").bytes());
        out.text(text);
        out.text(format!(
            "          {}",
            codes(status, win32, manner, stop.why)
        ));
        if let Some(help) = help(walk, stop.why) {
            out.text(format!("  help: {help}"));
        }
        out.json(
            line.set("outcome", outcome_word(stop.why))
                .set_bytes("end", &end)
                .set("error", what)
                .set("win32", win32.0)
                .set_opt("win32_name", win32.name())
                .set("ntstatus", format!("0x{:08X}", status.0))
                .set_opt("ntstatus_name", status.name())
                .set_opt("errno", errno(stop.why).filter(|_| manner == Manner::Posix))
                .set_opt("help", help(walk, stop.why)),
        );
    }
}

/// The volume on which the last link lies.
fn volume_of_last(spot: &SpotPath, walk: &Walk) -> Vec<u8> {
    let first = match spot {
        SpotPath::Host(_) => Vec::new(),
        SpotPath::Image { prefix, .. } => [prefix, &b":"[..]].concat(),
    };
    let before = walk.hops.len().saturating_sub(1);
    walk.hops
        .iter()
        .take(before)
        .fold(first, |volume, hop| volume_after(&volume, &hop.leads))
}

/// How a path on the volume begins that a link leads to.
fn volume_after(volume: &[u8], leads: &Leads) -> Vec<u8> {
    match leads {
        Leads::Drive(letter) => format!("{letter}:").into_bytes(),
        Leads::Volume(guid) => format!(r"\\?\{guid}").into_bytes(),
        Leads::Share { server, share } => {
            let bytes = [server.to_host_bytes(), share.to_host_bytes()];
            [&br"\\"[..], &bytes.join(&b"\\"[..])].concat()
        }
        _ => volume.to_vec(),
    }
}

fn leads_to_a_path(leads: &Leads) -> bool {
    !matches!(
        leads,
        Leads::PosixRoot | Leads::Device | Leads::Opaque | Leads::Refused(_)
    )
}

fn rule(hop: &Hop) -> &'static str {
    if let LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) = hop.content {
        return "lx";
    }
    match hop.leads {
        Leads::Relative => "relative",
        Leads::Rooted => "rooted",
        Leads::Drive(_) => "drive",
        Leads::Volume(_) => "volume",
        Leads::Share { .. } => "unc",
        Leads::PosixRoot => "posix",
        Leads::Device => r"\??\",
        Leads::Opaque => "opaque",
        Leads::Refused(_) => "refused",
    }
}

/// What the rule says, about the text that is followed.
fn rule_text(hop: &Hop) -> String {
    let stored = Stored::of(&hop.content).substitute_name;
    let stored = stored.as_ref().map(Name::to_string).unwrap_or_default();
    match &hop.leads {
        Leads::Relative => "read from the directory of the link".to_owned(),
        Leads::Rooted if hop.side() == Side::Host => "read from the root of the host".to_owned(),
        Leads::Rooted => "read from the root of the link's volume".to_owned(),
        Leads::Drive(letter) => format!("{stored} is read from the root of drive {letter}"),
        Leads::Volume(_) => format!("{stored} is read from the root of that volume"),
        Leads::Share { .. } => format!("{stored} is read from the root of that share"),
        Leads::PosixRoot => "read from the root of a Linux system".to_owned(),
        Leads::Device => format!("{stored} is no drive, volume or share"),
        Leads::Opaque => match hop.side() {
            Side::Wsl => "a link of the Windows subsystem for Linux".to_owned(),
            _ => "no path is in it that could be read here".to_owned(),
        },
        Leads::Refused(status) => status.to_string(),
    }
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
        Side::Wsl => "wsl",
        Side::Host => "host",
        Side::Owner => "owner",
    }
}

fn side_text(side: Side) -> &'static str {
    match side {
        Side::Client => "the client, with its drives; a server hands the link back to it",
        Side::Server => "the server, with its drives, when the path is on a share",
        Side::Wsl => "the Windows subsystem for Linux; Win32 programs cannot",
        Side::Host => "the host",
        Side::Owner => "the program its reparse tag belongs to",
    }
}

/// What Windows' default policy (SymlinkEvaluation) says of an absolute symbolic
/// link that is met on a share.
fn policy_text(hop: &Hop) -> Option<&'static str> {
    match (hop.side(), &hop.leads) {
        (Side::Client, Leads::Drive(_) | Leads::Volume(_)) => {
            Some("ERROR_SYMLINK_CLASS_DISABLED (1463) unless remote-to-local links are switched on")
        }
        (Side::Client, Leads::Share { .. }) => Some(
            "ERROR_SYMLINK_CLASS_DISABLED (1463) unless remote-to-remote links are switched on",
        ),
        _ => None,
    }
}

fn by_word(manner: Manner) -> &'static str {
    match manner {
        Manner::Windows => "windows",
        Manner::Posix => "host",
        Manner::Tool => "wsl",
    }
}

fn outcome_word(why: Why) -> &'static str {
    match why {
        Why::Absent => "missing",
        Why::NotADirectory => "not_a_directory",
        Why::AboveRoot => "above_root",
        Why::TooLong => "too_long",
        Why::TooManyLinks => "loop",
        Why::Elsewhere => "elsewhere",
        Why::Opaque => "opaque",
        Why::Refused(_) => "refused",
    }
}

fn why_text(walk: &Walk, why: Why, manner: Manner) -> String {
    let last = walk.hops.last();
    match why {
        Why::Absent => "nothing has this name".to_owned(),
        Why::NotADirectory => "this is no directory, and the path goes on".to_owned(),
        Why::AboveRoot => "its target has more .. than there are directories above it".to_owned(),
        Why::TooLong => "the path has grown too long".to_owned(),
        Why::TooManyLinks => format!(
            "one link more than the {} that are followed",
            manner.max_hops()
        ),
        Why::Elsewhere => match last.map(|hop| &hop.leads) {
            Some(Leads::Drive(letter)) => format!("drive {letter} is not known here"),
            Some(Leads::Volume(guid)) => format!("{guid} is not known here"),
            Some(Leads::Share { .. }) => "shares are not looked at".to_owned(),
            Some(Leads::PosixRoot) => "it leads to the root of a Linux system".to_owned(),
            _ => "it leads to a name that is no drive, volume or share".to_owned(),
        },
        Why::Opaque => match last.map(Hop::side) {
            Some(Side::Wsl) => "Win32 programs cannot follow this link".to_owned(),
            _ => "only the program its reparse tag belongs to can follow it".to_owned(),
        },
        Why::Refused(status) => status.text().map_or_else(
            || status.to_string(),
            |text| text.trim_end_matches('.').to_owned(),
        ),
    }
}

/// The codes, for whom they are; where a target is not known here, those that
/// Windows has when it does not know it either.
fn codes(status: NtStatus, win32: Win32Error, manner: Manner, why: Why) -> String {
    let win32 = format!("{} ({})", win32.name().unwrap_or("Win32"), win32.0);
    let status = format!(
        "{} (0x{:08X})",
        status.name().unwrap_or("NTSTATUS"),
        status.0
    );
    match (manner, errno(why)) {
        (Manner::Posix, Some(errno)) => format!("{errno}; to Win32 programs {win32}"),
        _ if why == Why::Elsewhere => format!("where it is not known: {win32}, {status}"),
        _ => format!("{win32}, {status}"),
    }
}

/// What a POSIX host calls it.
fn errno(why: Why) -> Option<&'static str> {
    match why {
        Why::Absent => Some("ENOENT"),
        Why::NotADirectory => Some("ENOTDIR"),
        Why::TooManyLinks => Some("ELOOP"),
        _ => None,
    }
}

fn help(walk: &Walk, why: Why) -> Option<&'static str> {
    match (why, walk.hops.last()) {
        (Why::Elsewhere, Some(hop)) => match hop.leads {
            Leads::Drive(_) => Some("name the volume of the drive: --drive C=disk.img"),
            _ => None,
        },
        (Why::TooManyLinks, _) => {
            Some("links that lead to each other never end; change one of them")
        }
        (Why::Absent, Some(_)) => Some("make it, or give the link another target"),
        (Why::Absent, None) => Some("look at what is there with: linkwright ls"),
        _ => None,
    }
}

/// A link of one type that leads to an object of the other, which Windows 11 does
/// not open.
fn wrong_type(walk: &Walk) -> Option<&'static str> {
    let Outcome::Found(end) = &walk.outcome else {
        return None;
    };
    let wrong = walk.hops.iter().any(|hop| {
        hop.is_last
            && Stored::of(&hop.content).kind == LinkKind::Symlink
            && hop.side() == Side::Client
            && hop.link_type != end.stat.link_type()
    });
    wrong.then_some(
        "a link on the way has the other type than what it leads to; \
         Windows 11 answers ERROR_ACCESS_DENIED (5)",
    )
}
