//! How links and entries look, for people and for programs. `ls`, `tree` and
//! `show` share it.

use linkwright_fs::{Attributes, LinkType, NodeKind, Stat, Timestamp};
use linkwright_links::LinkRecord;

use crate::output::Line;

/// `file` or `dir`.
pub(crate) fn type_word(link_type: LinkType) -> &'static str {
    match link_type {
        LinkType::File => "file",
        LinkType::Directory => "dir",
    }
}

/// `file`, `dir` or `special`.
pub(crate) fn kind_word(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::File => "file",
        NodeKind::Directory => "dir",
        NodeKind::Special => "special",
    }
}

/// `0xA000000C`.
pub(crate) fn tag_text(tag: u32) -> String {
    format!("0x{tag:08X}")
}

/// The fields of a `link` line besides where it is.
pub(crate) fn link_fields(line: Line, record: &LinkRecord) -> Line {
    line.set("kind", record.kind.as_str())
        .set_opt("type", record.link_type.map(type_word))
        .set_opt("tag", record.tag.map(tag_text))
        .set_name("substitute_name", record.substitute_name.as_ref())
        .set_name("print_name", record.print_name.as_ref())
        .set_opt("relative", record.relative)
        .set_name("target", record.target.as_ref())
        .set_opt("broken", record.broken)
        .set("names", record.names)
        .set("record", record.record)
}

/// The fields of an `entry` line besides where it is.
pub(crate) fn entry_fields(line: Line, stat: &Stat) -> Line {
    line.set("type", kind_word(stat.kind))
        .set("size", stat.size)
        .set("names", stat.names)
        .set("record", stat.record)
}

/// The fields of `ls -l` and `show` beyond those of every line.
pub(crate) fn stat_fields(line: Line, stat: &Stat) -> Line {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    line.set("size", stat.size)
        .set("allocated", stat.allocated)
        .set_opt("mode", stat.mode)
        .set_opt("created", time(stat.times.created))
        .set_opt("modified", time(stat.times.modified))
        .set_opt("changed", time(stat.times.changed))
        .set_opt("accessed", time(stat.times.accessed))
        .set("sequence", stat.sequence)
        .set("attributes", format!("0x{:08X}", stat.attributes.bits()))
}

/// The columns of `ls -l`: attributes, names, size, time.
pub(crate) fn long_columns(stat: &Stat) -> Vec<u8> {
    let modified = stat.times.modified.map(|time| time.to_string());
    // To the second, as people read it.
    let modified = modified
        .as_deref()
        .and_then(|time| time.get(..19))
        .map_or_else(String::new, |time| time.replace('T', " "));
    format!(
        "{}  {:>4} {:>12}  {modified:<19}  ",
        attribute_letters(stat),
        stat.names,
        stat.size
    )
    .into_bytes()
}

/// `da---l` in the order in which PowerShell shows them: directory, archive,
/// read-only, hidden, system, link.
pub(crate) fn attribute_letters(stat: &Stat) -> String {
    let has = |attribute| stat.attributes.contains(attribute);
    [
        (stat.kind == NodeKind::Directory, 'd'),
        (has(Attributes::ARCHIVE), 'a'),
        (has(Attributes::READ_ONLY), 'r'),
        (has(Attributes::HIDDEN), 'h'),
        (has(Attributes::SYSTEM), 's'),
        (stat.is_link(), 'l'),
    ]
    .into_iter()
    .map(|(is_set, letter)| if is_set { letter } else { '-' })
    .collect()
}
