//! How links and entries look, for people and for programs. `ls` and `show`
//! share it.

use linkwright_fs::{LinkType, NodeKind, Stat};
use linkwright_links::{LinkKind, LinkRecord};

use crate::output::{Line, Output, Style};

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

/// A line of `ls` for a link.
pub(crate) fn link_line(out: &Output, path: &[u8], record: &LinkRecord) -> Vec<u8> {
    let what = match record.link_type {
        Some(link_type) => type_word(link_type),
        None => "?",
    };
    let mut line = format!("{:<11} {what:<4}  ", record.kind.as_str()).into_bytes();
    let is_bad = record.broken == Some(true);
    let style = if is_bad { Style::Bad } else { Style::Link };
    line.extend(out.styled(style, &out.shown(path)));
    if let Some(target) = &record.target {
        line.extend(b" -> ");
        line.extend(out.shown(&target.to_host_bytes()));
    } else if let (LinkKind::Other, Some(tag)) = (record.kind, record.tag) {
        line.extend(format!("  [{}]", tag_text(tag)).bytes());
    }
    let remark = match record.broken {
        Some(true) => "  (broken)".to_owned(),
        _ if record.names > 1 => format!("  ({} names)", record.names),
        _ => return line,
    };
    line.extend(out.styled(Style::Dim, remark.as_bytes()));
    line
}

/// A line of `ls` for what is no link.
pub(crate) fn entry_line(out: &Output, path: &[u8], stat: &Stat) -> Vec<u8> {
    let mut line = format!("{:<11} {:<4}  ", "-", kind_word(stat.kind)).into_bytes();
    let shown = out.shown(path);
    match stat.kind {
        NodeKind::Directory => {
            line.extend(out.styled(Style::Directory, &shown));
            if !shown.ends_with(b"/") {
                line.push(b'/');
            }
        }
        NodeKind::File | NodeKind::Special => line.extend(shown),
    }
    line
}
