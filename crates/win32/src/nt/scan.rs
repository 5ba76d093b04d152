//! NtQueryDirectoryFile (MS-FSA 2.1.5.6.3): the entries of a directory that an
//! expression matches, with what stands in them.

use std::collections::VecDeque;

use linkwright_codes::NtStatus;
use linkwright_fs::{DirectoryEntry, Duplicate, Node};
use linkwright_names::UpcaseTable;
use linkwright_names::expression::{Case, Expression};

use super::objects::{FileObject, StreamKind};
use super::query::{index, reference, ticks, visible};
use super::status;
use crate::constants::FILE_LIST_DIRECTORY;
use crate::structures::directory::DirectoryInformation;

/// Whether letter case tells the names of a search apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchCase {
    Ignored,
    Counts,
}

/// What is left of a search. All matching entries are taken when it begins: a
/// name that comes later is not found, one that goes is still told.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    left: VecDeque<DirectoryInformation>,
}

impl Scan {
    /// Begins a search in the directory of a handle.
    ///
    /// # Errors
    /// INVALID_PARAMETER for what is no directory; ACCESS_DENIED without
    /// FILE_LIST_DIRECTORY; NO_SUCH_FILE when nothing matches.
    pub(crate) fn begin(
        open: &FileObject,
        expression: &Expression,
        case: SearchCase,
    ) -> Result<Self, NtStatus> {
        if open.kind != StreamKind::Directory {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if !open.may(FILE_LIST_DIRECTORY) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let upcase = UpcaseTable::windows();
        let case = match case {
            SearchCase::Ignored => Case::Ignored(&upcase),
            SearchCase::Counts => Case::Counts,
        };
        let mut left = VecDeque::new();
        for dots in dots(open)? {
            if expression.matches(&dots.name, case) {
                left.push_back(dots);
            }
        }
        for entry in open.fs.entries(&open.node).map_err(status::of)? {
            let entry = entry.map_err(status::of)?;
            if matches(expression, &entry, case) {
                left.push_back(information(open, entry)?);
            }
        }
        match left.is_empty() {
            true => Err(NtStatus::NO_SUCH_FILE),
            false => Ok(Self { left }),
        }
    }

    /// The next entry, which stays the next one.
    pub(crate) fn peek(&self) -> Option<&DirectoryInformation> {
        self.left.front()
    }

    /// The next entry.
    pub(crate) fn take(&mut self) -> Option<DirectoryInformation> {
        self.left.pop_front()
    }
}

/// Both names of an entry are looked at.
fn matches(expression: &Expression, entry: &DirectoryEntry, case: Case<'_>) -> bool {
    expression.matches(entry.name.units(), case)
        || entry
            .short_name
            .as_ref()
            .is_some_and(|short| expression.matches(short.units(), case))
}

/// `.` and `..`, which every directory but a root has.
fn dots(open: &FileObject) -> Result<Vec<DirectoryInformation>, NtStatus> {
    let root = open.fs.root().and_then(|root| open.fs.stat(&root));
    let root = root.map_err(status::of)?;
    let own = open.fs.stat(&open.node).map_err(status::of)?;
    if (own.record, own.device) == (root.record, root.device) {
        return Ok(Vec::new());
    }
    let mut out = vec![dot(open, &open.node, ".")?];
    let parent = open
        .fs
        .names(&open.node)
        .ok()
        .and_then(|mut names| names.pop());
    let parent = parent.map_or_else(|| open.node.clone(), |name| name.directory);
    out.push(dot(open, &parent, "..")?);
    Ok(out)
}

fn dot(open: &FileObject, node: &Node, name: &str) -> Result<DirectoryInformation, NtStatus> {
    let stat = open.fs.stat(node).map_err(status::of)?;
    let duplicate = Duplicate::from(&stat);
    Ok(DirectoryInformation {
        name: name.encode_utf16().collect(),
        file_id: index(&stat),
        ..of_duplicate(&duplicate)
    })
}

fn of_duplicate(duplicate: &Duplicate) -> DirectoryInformation {
    DirectoryInformation {
        times: ticks(&duplicate.times),
        size: duplicate.size,
        allocated: duplicate.allocated,
        attributes: visible(duplicate.attributes.bits()),
        reparse_tag: duplicate.reparse_tag,
        ..DirectoryInformation::default()
    }
}

fn information(open: &FileObject, entry: DirectoryEntry) -> Result<DirectoryInformation, NtStatus> {
    // The number of a file is in its node; nothing is read for it.
    let (record, sequence) = open.fs.identity(&entry.node).map_err(status::of)?;
    Ok(DirectoryInformation {
        name: entry.name.units().to_vec(),
        short_name: entry
            .short_name
            .map(|short| short.units().to_vec())
            .unwrap_or_default(),
        file_id: reference(record, sequence),
        ..of_duplicate(&entry.duplicate)
    })
}
