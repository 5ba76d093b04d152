//! What is still there after a name is gone: the file by its other names, what a
//! link leads to.

use std::collections::HashMap;

use linkwright_fs::{FileSystem, Name, NodeKind, Result, Stat};
use linkwright_links::{LinkKind, Stored};

use crate::output::Line;
use crate::place::Spot;
use crate::report::Report;

/// Most things of each sort that are told to people one by one.
const TOLD: usize = 5;

/// What one name leaves behind.
pub(super) enum Left {
    /// Nothing, or it is not known yet: see the other names of the file.
    File,
    /// What a link leads to.
    Link(Stored),
}

impl Left {
    pub(super) fn of(fs: &dyn FileSystem, node: &linkwright_fs::Node, stat: &Stat) -> Result<Self> {
        if !stat.is_link() {
            return Ok(Self::File);
        }
        let content = fs.link(node)?;
        Ok(content.map_or(Self::File, |content| Self::Link(Stored::of(&content))))
    }

    /// The fields of a `removed` line; `names` are left of the file.
    pub(super) fn fields(&self, line: Line, names: u64) -> Line {
        let (kind, target) = match self {
            Self::Link(stored) => (Some(stored.kind.as_str()), stored.target.as_ref()),
            Self::File if names > 0 => (Some(LinkKind::Hard.as_str()), None),
            Self::File => (None, None),
        };
        line.set_opt("kind", kind)
            .set_name("target_stays", target)
            .set("names_stay", names)
    }

    /// For a line that says what would be removed.
    pub(super) fn remark(&self, names: u64) -> Vec<u8> {
        match self {
            Self::Link(stored) => match &stored.target {
                Some(target) => [
                    &b"  (a link; what it leads to stays: "[..],
                    &target.to_host_bytes(),
                    b")",
                ]
                .concat(),
                None => b"  (a link; what it leads to stays)".to_vec(),
            },
            Self::File => match names {
                0 => Vec::new(),
                1 => b"  (the file stays by 1 other name)".to_vec(),
                names => format!("  (the file stays by {names} other names)").into_bytes(),
            },
        }
    }
}

/// What all the names that were removed leave behind.
#[derive(Default)]
pub(super) struct Stays {
    /// The files that had several names: one that is gone, and how many are left.
    files: HashMap<(u64, u64), (Vec<u8>, u64)>,
    links: Vec<(Vec<u8>, Option<Name>)>,
    link_count: u64,
}

impl Stays {
    /// Takes a name that is gone; gives how many the file has left.
    pub(super) fn take(&mut self, left: &Left, stat: &Stat, spot: &Spot) -> u64 {
        if let Left::Link(stored) = left {
            self.link_count += 1;
            if self.links.len() < TOLD {
                self.links.push((spot.bytes(), stored.target.clone()));
            }
        }
        let key = (stat.device, stat.record);
        // The last name of a file counts as the first did: see who it was.
        let is_alone = stat.names <= 1 && !self.files.contains_key(&key);
        if is_alone || stat.kind == NodeKind::Directory {
            return 0;
        }
        let file = self
            .files
            .entry(key)
            .or_insert_with(|| (spot.bytes(), stat.names));
        file.1 = file.1.saturating_sub(1);
        file.1
    }

    fn files_that_stay(&self) -> impl Iterator<Item = &(Vec<u8>, u64)> {
        self.files.values().filter(|(_, names)| *names > 0)
    }

    /// For the summary.
    pub(super) fn count(&self, report: Report) -> Report {
        let files = u64::try_from(self.files_that_stay().count()).unwrap_or(u64::MAX);
        report
            .count("links_removed", self.link_count)
            .count("files_that_stay", files)
    }

    /// For people: a few one by one, many as a number.
    pub(super) fn lines(&self) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for (link, target) in &self.links {
            let mut line = [link, &b": a link; what it leads to stays"[..]].concat();
            if let Some(target) = target {
                line.extend([b": ", &target.to_host_bytes()[..]].concat());
            }
            lines.push(line);
        }
        let more = self.link_count.saturating_sub(self.links.len() as u64);
        if more > 0 {
            lines.push(format!("... and {more} links more").into_bytes());
        }
        let mut files: Vec<_> = self.files_that_stay().collect();
        files.sort();
        for (name, names) in files.iter().take(TOLD) {
            let other = match names {
                1 => "1 other name".to_owned(),
                names => format!("{names} other names"),
            };
            lines.push([&name[..], format!(": the file stays by {other}").as_bytes()].concat());
        }
        let more = files.len().saturating_sub(TOLD);
        if more > 0 {
            lines.push(format!("... and {more} files more with other names").into_bytes());
        }
        lines
    }
}
