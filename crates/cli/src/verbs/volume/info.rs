//! `volume info`: what a volume is.

use linkwright_fs::FileSystem;
use linkwright_ntfs::ChangeJournalState;

use crate::args::InfoArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::output::Line;
use crate::report::Report;
use crate::size;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &InfoArgs) -> Result<Report> {
    let spec = ctx.device(&args.image)?;
    let fs = ctx.volumes.open(&spec, Access::Read)?;
    let place = spec.path.display().to_string();
    let at = |error: linkwright_fs::Error| Failure::at(place.clone(), &error);
    let info = fs.details().map_err(at)?;
    let cluster = u64::from(info.cluster_size);
    let label = String::from_utf16_lossy(&info.label);
    let version = format!("{}.{}", info.version.0, info.version.1);
    let flags = format!("0x{:04X}", info.flags.bits());
    let log = fs.journal().map_err(at)?;
    let is_dirty = info.flags.bits() & 1 != 0;
    let short_names = info.flags.bits() & 0x80 == 0;
    ctx.out.json(
        Line::new("volume")
            .set_bytes("path", spec.path.as_os_str().as_encoded_bytes())
            .set_opt("partition", spec.partition)
            .set("file_system", fs.volume_info().map_err(at)?.kind)
            .set("version", version.as_str())
            .set("label", label.as_str())
            .set("serial", format!("{:016X}", info.serial))
            .set("sector_size", info.sector_size)
            .set("cluster_size", info.cluster_size)
            .set("record_size", info.record_size)
            .set("clusters", info.clusters)
            .set("free_clusters", info.free_clusters)
            .set("size", info.clusters.saturating_mul(cluster))
            .set("free", info.free_clusters.saturating_mul(cluster))
            .set("records", info.records)
            .set("flags", flags.as_str())
            .set("dirty", is_dirty)
            .set("short_names", short_names)
            .set("journal", log.as_str())
            .set("change_journal", journal_object(&info.change_journal)),
    );
    let row = |label: &str, value: String| {
        let line = format!("{label:<14} {value}");
        ctx.out.text_of(&[line.as_bytes()]);
    };
    row("volume", place.clone());
    row("file system", format!("NTFS {version}"));
    row("label", label);
    row("serial", format!("{:016X}", info.serial));
    row("size", size::show(info.clusters.saturating_mul(cluster)));
    row(
        "free",
        size::show(info.free_clusters.saturating_mul(cluster)),
    );
    row("cluster size", size::show(cluster));
    row("record size", size::show(u64::from(info.record_size)));
    row("records", info.records.to_string());
    row(
        "8.3 names",
        if short_names { "on" } else { "off" }.to_owned(),
    );
    row("dirty", if is_dirty { "yes" } else { "no" }.to_owned());
    row("journal", log);
    row("change journal", journal_text(&info.change_journal));
    Ok(Report::done())
}

/// What the change journal is, for machines: null when there is none.
fn journal_object(state: &ChangeJournalState) -> serde_json::Value {
    match state {
        ChangeJournalState::Absent => serde_json::Value::Null,
        ChangeJournalState::Damaged => serde_json::json!({ "damaged": true }),
        ChangeJournalState::Active(journal) => serde_json::json!({
            "damaged": false,
            "id": format!("{:016X}", journal.id),
            "first_usn": journal.first_usn,
            "next_usn": journal.next_usn,
            "lowest_valid_usn": journal.lowest_valid_usn,
            "maximum_size": journal.maximum_size,
            "allocation_delta": journal.allocation_delta,
        }),
    }
}

/// What the change journal is, for people.
fn journal_text(state: &ChangeJournalState) -> String {
    match state {
        ChangeJournalState::Absent => "none".to_owned(),
        ChangeJournalState::Damaged => "damaged".to_owned(),
        ChangeJournalState::Active(journal) => format!(
            "id {:016X}, at most {}, records {} to {}",
            journal.id,
            size::show(journal.maximum_size),
            journal.first_usn,
            journal.next_usn
        ),
    }
}
