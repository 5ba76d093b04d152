//! How links look to people: a mark, a colour and a remark for each kind. `ls` and
//! `tree` share it.

use std::collections::HashMap;

use linkwright_fs::{NodeKind, Stat};
use linkwright_links::{LinkKind, LinkRecord};

use crate::args::MarkArgs;
use crate::output::{Output, Style};
use crate::verbs::text;

/// Which characters may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    Unicode,
}

impl Charset {
    /// ASCII when asked for, and where the locale is not UTF-8.
    pub(crate) fn of(args: MarkArgs) -> Self {
        // The first that is set counts (POSIX, 8.2 Internationalization Variables).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        match !args.ascii && (locale.contains("utf-8") || locale.contains("utf8")) {
            true => Self::Unicode,
            false => Self::Ascii,
        }
    }
}

/// Marks links, and numbers the groups of hard links as they come.
pub(crate) struct Marks<'a> {
    out: &'a Output,
    charset: Charset,
    /// The short id of each group, by device and record.
    groups: HashMap<(u64, u64), usize>,
}

impl<'a> Marks<'a> {
    pub(crate) fn new(out: &'a Output, args: MarkArgs) -> Self {
        Self {
            out,
            charset: Charset::of(args),
            groups: HashMap::new(),
        }
    }

    /// `symlink     file  `
    pub(crate) fn columns(&self, stat: &Stat, record: Option<&LinkRecord>) -> Vec<u8> {
        let (kind, what) = match record {
            Some(record) => (
                record.kind.as_str(),
                record.link_type.map_or("?", text::type_word),
            ),
            None => ("-", text::kind_word(stat.kind)),
        };
        format!("{kind:<11} {what:<4}  ").into_bytes()
    }

    /// The name, and what is to be said about it.
    pub(crate) fn named(
        &mut self,
        name: &[u8],
        stat: &Stat,
        record: Option<&LinkRecord>,
    ) -> Vec<u8> {
        let shown = self.out.shown(name);
        match record {
            Some(record) => self.link(&shown, stat, record),
            None if stat.kind == NodeKind::Directory => {
                let mut text = self.out.styled(Style::Directory, &shown);
                if !shown.ends_with(b"/") {
                    text.push(b'/');
                }
                text
            }
            None => shown,
        }
    }

    fn link(&mut self, shown: &[u8], stat: &Stat, record: &LinkRecord) -> Vec<u8> {
        let out = self.out;
        let is_broken = record.broken == Some(true);
        let style = style(record.kind);
        let mut text = out.styled(style, shown);
        // Broken links are so on arrow and target; the name is there.
        let (arrow_style, target_style) = match is_broken {
            true => (Style::Bad, Style::Bad),
            false => (style, Style::Plain),
        };
        if record.kind != LinkKind::Hard {
            let target = match (&record.target, record.tag) {
                (Some(target), _) => out.shown(&target.to_host_bytes()),
                (None, tag) => format!("[{}]", tag.map_or_else(String::new, text::tag_text)).into(),
            };
            text.push(b' ');
            text.extend(out.styled(arrow_style, mark(record.kind, self.charset).as_bytes()));
            text.push(b' ');
            text.extend(out.styled(target_style, &target));
        }
        let mut remarks = Vec::new();
        match record.broken {
            Some(true) => remarks.push("broken".to_owned()),
            None if record.target.is_some() => remarks.push("not known here".to_owned()),
            _ => {}
        }
        if record.names > 1 && stat.kind != NodeKind::Directory {
            let count = self.groups.len() + 1;
            let id = *self
                .groups
                .entry((stat.device, record.record))
                .or_insert(count);
            let equals = mark(LinkKind::Hard, self.charset);
            text.push(b' ');
            text.extend(out.styled(Style::Hard, format!("{equals}{id}").as_bytes()));
            remarks.push(format!("{} names", record.names));
        }
        if !remarks.is_empty() {
            let remark = format!("  ({})", remarks.join(", "));
            text.extend(out.styled(Style::Dim, remark.as_bytes()));
        }
        text
    }
}

/// What stands between a link and its target; before the id of a group of hard
/// links.
pub(crate) fn mark(kind: LinkKind, charset: Charset) -> &'static str {
    let (unicode, ascii) = match kind {
        LinkKind::Hard => ("≡", "="),
        LinkKind::Symlink => ("→", "->"),
        LinkKind::Junction => ("⇒", "=>"),
        LinkKind::MountPoint => ("⇛", "=>>"),
        LinkKind::LxSymlink => ("⇝", "~>"),
        LinkKind::Other => ("⇢", "?>"),
    };
    match charset {
        Charset::Unicode => unicode,
        Charset::Ascii => ascii,
    }
}

fn style(kind: LinkKind) -> Style {
    match kind {
        LinkKind::Hard => Style::Hard,
        LinkKind::Symlink => Style::Link,
        LinkKind::Junction => Style::Junction,
        LinkKind::MountPoint => Style::MountPoint,
        LinkKind::LxSymlink => Style::LxLink,
        LinkKind::Other => Style::OtherLink,
    }
}
