//! Manifests: the links below a place as a file, to compare with and to make
//! them again from.
//!
//! A manifest is JSON lines: one `manifest` line, a `link` line for each link,
//! one `end` line. A *link* is what stands for something else - a symbolic
//! link, a junction, ... - and each name of a file that has several.
//! Files of one group have the same `group`, which means nothing elsewhere.
//!
//! What is read is hostile: lines and names are bounded, no name leads out of
//! the place, and each error has the number of its line.

mod apply;
mod collect;
mod diff;
mod line;
mod read;
mod time;
mod write;

use std::collections::{BTreeMap, HashMap};

use linkwright_fs::{Attributes, Capabilities, LinkContent, LinkType, Name, Times};

use crate::LinkKind;

pub use apply::{Applied, ApplyOptions, Content, Left, Outcome, Watch, apply};
pub use collect::{Collected, collect, export};
pub use diff::{Aspect, Difference, DifferenceKind, Present, diff};
pub use read::{ManifestError, ManifestErrorKind, read};
pub use write::Writer;

/// The version that is written; a higher one is refused.
pub const VERSION: u32 = 1;

/// The links below a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// What was said of the place.
    pub header: Header,
    /// The links, by their paths below the place.
    pub links: BTreeMap<Vec<Name>, Link>,
    /// How many directories and objects could not be read; their links are
    /// missing.
    pub unreadable: u64,
}

/// What a manifest says of the place as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// The place, as it was called; for people.
    pub place: String,
    /// Whether names and times there are those of NTFS, or of a POSIX host.
    pub names: NameForm,
}

/// Whose names and links a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NameForm {
    /// NTFS: UTF-16 names, typed links, attributes.
    #[default]
    Windows,
    /// A POSIX host: names of bytes.
    Posix,
}

impl NameForm {
    /// That of a file system.
    pub fn of(capabilities: Capabilities) -> Self {
        match capabilities.contains(Capabilities::WINDOWS_NAMES) {
            true => Self::Windows,
            false => Self::Posix,
        }
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it holds; `None` for a name of an ordinary file.
    pub content: Option<LinkContent>,
    /// Its type; on a POSIX host that of what it leads to, `None` when it leads
    /// nowhere.
    pub link_type: Option<LinkType>,
    /// The file, when it has several names.
    pub group: Option<Group>,
    /// Length of the file (in bytes); 0 for a link object.
    pub size: u64,
    /// When the object was made and last changed; nothing else is compared.
    pub times: Times,
    /// Win32 attributes, where there are any.
    pub attributes: Option<Attributes>,
    /// Permission bits of POSIX, where there are any.
    pub mode: Option<u32>,
}

/// A file with several names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// What all of its names have in common.
    pub id: GroupId,
    /// How many names it has, those outside of the place among them.
    pub names: u64,
}

/// What tells a file from others: record and sequence number on NTFS, inode and
/// device number on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId {
    /// Record or inode number.
    pub record: u64,
    /// Sequence number, 0 on a host.
    pub sequence: u16,
    /// Device, 0 on NTFS.
    pub device: u64,
}

impl Link {
    /// What kind of link it is.
    pub fn kind(&self) -> LinkKind {
        self.content.as_ref().map_or(LinkKind::Hard, LinkKind::of)
    }

    /// Where it leads, as a path that people write.
    pub fn target(&self) -> Option<Name> {
        use crate::text::nt_to_win32;
        use linkwright_fs::ReparseBuffer;
        let people = |units: &[u16]| Some(Name::from_units(nt_to_win32(units)));
        match self.content.as_ref()? {
            LinkContent::Posix(text) => Some(Name::from_host_bytes(text)),
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) if link.is_relative() => {
                Some(Name::from_units(link.substitute_name().to_vec()))
            }
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => {
                people(link.substitute_name())
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => {
                people(mount.substitute_name())
            }
            LinkContent::Reparse(ReparseBuffer::LxSymlink(link)) => {
                Some(Name::from_host_bytes(link.target()))
            }
            LinkContent::Reparse(ReparseBuffer::Other(_)) => None,
        }
    }
}

impl Manifest {
    /// The groups with more than one name below the place, and those names. A
    /// file whose other names are all outside is none of them.
    pub fn groups(&self) -> HashMap<GroupId, Vec<&Vec<Name>>> {
        let mut groups: HashMap<GroupId, Vec<&Vec<Name>>> = HashMap::new();
        for (path, link) in &self.links {
            if let Some(group) = link.group {
                groups.entry(group.id).or_default().push(path);
            }
        }
        groups.retain(|_, paths| paths.len() > 1);
        groups
    }
}

#[cfg(test)]
mod tests;
