//! `show`: everything about one object, most of all about links.

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{ReparseTag, Stat, StreamInfo};
use linkwright_links::{LinkRecord, inspect};

use crate::args::ShowArgs;
use crate::context::Context;
use crate::failure::Result;
use crate::place::Spot;
use crate::report::{Report, Tally};
use crate::verbs::text;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &ShowArgs) -> Result<Report> {
    let mut tally = Tally::default();
    for place in &args.places {
        let result = ctx
            .spot(place, Access::Read)
            .and_then(|spot| show(ctx, &spot));
        tally.take(&ctx.out, result);
    }
    Ok(tally.report())
}

fn show(ctx: &Context, spot: &Spot) -> Result<()> {
    let found = spot.find(ctx, LastLink::Keep)?;
    let at = |error: linkwright_fs::Error| spot.failure(&error);
    let record = inspect(
        &ctx.resolver(),
        &found.fs,
        &found.path,
        &found.node,
        &found.stat,
    )
    .map_err(at)?;
    let streams = found.fs.streams(&found.node).map_err(at)?;
    if ctx.out.is_json() {
        json(ctx, spot, &found.stat, record.as_ref(), &streams);
    } else {
        people(ctx, spot, &found.stat, record.as_ref(), &streams);
    }
    Ok(())
}

fn json(
    ctx: &Context,
    spot: &Spot,
    stat: &Stat,
    record: Option<&LinkRecord>,
    streams: &[StreamInfo],
) {
    let line = match record {
        Some(record) => text::link_fields(spot.line("link"), record)
            .set_opt(
                "tag_name",
                record.tag.and_then(|tag| ReparseTag(tag).name()),
            )
            .set_opt("flags", record.flags)
            .set_opt("reparse_data", record.buffer.as_deref().map(hex)),
        None => text::entry_fields(spot.line("entry"), stat),
    };
    let named: Vec<serde_json::Value> = streams
        .iter()
        .filter_map(|stream| {
            let name = stream.name.as_ref()?;
            Some(serde_json::json!({"name": name.to_string(), "size": stream.size}))
        })
        .collect();
    ctx.out
        .json(text::stat_fields(line, stat).set("streams", named));
}

fn people(
    ctx: &Context,
    spot: &Spot,
    stat: &Stat,
    record: Option<&LinkRecord>,
    streams: &[StreamInfo],
) {
    let row = |label: &str, value: &[u8]| {
        let mut line = format!("{label:<16} ").into_bytes();
        line.extend(ctx.out.shown(value));
        ctx.out.text(line);
    };
    row("path", &spot.bytes());
    let kind = record.map_or("no link", |record| record.kind.as_str());
    row("kind", kind.as_bytes());
    let type_word = match record {
        Some(record) => record.link_type.map_or("unknown", text::type_word),
        None => text::kind_word(stat.kind),
    };
    row("type", type_word.as_bytes());
    if let Some(record) = record {
        link_rows(record, &row);
    }
    row("names", stat.names.to_string().as_bytes());
    row(
        "record",
        format!("{} (sequence {})", stat.record, stat.sequence).as_bytes(),
    );
    let attributes = format!(
        "0x{:08X} {}",
        stat.attributes.bits(),
        text::attribute_letters(stat)
    );
    row("attributes", attributes.as_bytes());
    if let Some(mode) = stat.mode {
        row("mode", format!("{mode:04o}").as_bytes());
    }
    row(
        "size",
        format!("{} ({} allocated)", stat.size, stat.allocated).as_bytes(),
    );
    for (label, time) in [
        ("created", stat.times.created),
        ("modified", stat.times.modified),
        ("changed", stat.times.changed),
        ("accessed", stat.times.accessed),
    ] {
        if let Some(time) = time {
            row(label, time.to_string().as_bytes());
        }
    }
    for stream in streams {
        if let Some(name) = &stream.name {
            row(
                "stream",
                &[
                    &name.as_name().to_host_bytes(),
                    format!(" ({} bytes)", stream.size).as_bytes(),
                ]
                .concat(),
            );
        }
    }
}

fn link_rows(record: &LinkRecord, row: &dyn Fn(&str, &[u8])) {
    if let Some(tag) = record.tag {
        let name = ReparseTag(tag).name().unwrap_or_default();
        row("tag", format!("{} {name}", text::tag_text(tag)).as_bytes());
    }
    if let Some(name) = &record.substitute_name {
        row("substitute name", &name.to_host_bytes());
    }
    if let Some(name) = &record.print_name {
        row("print name", &name.to_host_bytes());
    }
    if let Some(flags) = record.flags {
        row("flags", format!("0x{flags:08X}").as_bytes());
    }
    if let Some(relative) = record.relative {
        row("relative", if relative { b"yes" } else { b"no" });
    }
    if let Some(target) = &record.target {
        row("target", &target.to_host_bytes());
    }
    if let Some(buffer) = &record.buffer {
        row(
            "reparse data",
            format!("{} bytes (all of them with --json)", buffer.len()).as_bytes(),
        );
    }
    let broken: &[u8] = match record.broken {
        Some(true) => b"yes",
        Some(false) => b"no",
        None => b"cannot be told here (map the drive with --drive)",
    };
    row("broken", broken);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
