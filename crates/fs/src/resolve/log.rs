//! What the resolver tells of a walk: every link on the way, where it led by
//! which rule, and where and why the walk came to its end.

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_names::path::VolumeGuid;
use linkwright_reparse::{ReparseBuffer, ReparseTag};

use crate::{FileSystem, LinkContent, LinkType, Name, Node, Stat};

/// One link that was followed.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Path of the link, from the root of its volume.
    pub at: Vec<Name>,
    /// What it holds.
    pub content: LinkContent,
    /// The type of the link object, which is stored and does not follow what it
    /// leads to.
    pub link_type: LinkType,
    /// Whether the link was the last component of the path as it was then.
    pub is_last: bool,
    /// How many components came behind the link in the path as it was then.
    pub rest: usize,
    /// The rule by which its target was read.
    pub leads: Leads,
    /// The whole path after this link, from the root of the volume it leads to:
    /// its target and what was left of the path, `..` taken away as text. Empty
    /// where the target is no path.
    pub onward: Vec<Name>,
}

impl Hop {
    /// A link in the directory `dir`, whose name and target come later.
    pub(super) fn new(
        dir: &[Name],
        content: LinkContent,
        link_type: LinkType,
        rest: usize,
    ) -> Self {
        Self {
            at: dir.to_vec(),
            content,
            link_type,
            is_last: rest == 0,
            rest,
            leads: Leads::Opaque,
            onward: Vec::new(),
        }
    }

    /// Who follows the link when the path is on a share.
    pub fn side(&self) -> Side {
        match &self.content {
            LinkContent::Posix(_) => Side::Host,
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(_)) => Side::Client,
            LinkContent::Reparse(ReparseBuffer::MountPoint(_)) => Side::Server,
            LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) => Side::Wsl,
            LinkContent::Reparse(ReparseBuffer::Other(_)) => Side::Owner,
        }
    }
}

/// How the target of a link is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// From the directory of the link.
    Relative,
    /// From the root of the link's volume: a target that starts with one
    /// separator.
    Rooted,
    /// To a drive: `\??\C:\...`.
    Drive(char),
    /// To a volume by its GUID: `\??\Volume{...}\...`.
    Volume(VolumeGuid),
    /// To a share: `\??\UNC\server\share\...`.
    Share {
        /// The server.
        server: Name,
        /// The share.
        share: Name,
    },
    /// To the root of a POSIX system that is not the file system walked.
    PosixRoot,
    /// To another name of the NT name space: a device, or nothing known.
    Device,
    /// Nowhere that could be read from it here.
    Opaque,
    /// The target is no path that can be followed.
    Refused(NtStatus),
}

/// Who follows a link when the path is on a share. On a disk of its own a
/// machine is both client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client: a symbolic link comes back to it as it is, with
    /// STATUS_STOPPED_ON_SYMLINK (MS-SMB2 2.2.2.2.1), and drives are the client's.
    Client,
    /// The server: a mount point is followed where it lies, and drives are the
    /// server's.
    Server,
    /// The Windows subsystem for Linux; the Win32 functions cannot.
    Wsl,
    /// The POSIX host.
    Host,
    /// Whoever the reparse tag belongs to.
    Owner,
}

/// A name in a directory, whether something has it or not.
#[derive(Clone)]
pub struct Slot {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The directory.
    pub dir: Node,
    /// What was seen of it on the way down to it ([`Rules::facts`]); `None` for a
    /// root, and when the walk came to it otherwise.
    ///
    /// [`Rules::facts`]: super::Rules::facts
    pub dir_stat: Option<Stat>,
    /// Path of the directory from the root of that volume.
    pub path: Vec<Name>,
    /// The name, as it was asked for.
    pub name: Name,
}

/// Where a path ends.
#[derive(Clone)]
pub struct Place {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The object.
    pub node: Node,
    /// Facts about it.
    pub stat: Stat,
    /// Its path from the root of that volume, without links in it, the names in
    /// the case they were asked for.
    pub path: Vec<Name>,
}

/// What following a path came to.
#[derive(Clone)]
pub enum Outcome {
    /// An object.
    Found(Box<Place>),
    /// The last name is not there.
    Missing,
    /// A directory on the way is not there, or is none.
    MissingDirectory,
    /// Too many links.
    Loop,
    /// A link leads to a drive or server that is not known.
    Elsewhere,
    /// A reparse point that only its maker can follow.
    Opaque,
    /// [`Rules`](super::Rules) forbid it, or
    /// [`Manner::Windows`](super::Manner::Windows) has this status for it.
    Refused(NtStatus),
}

/// Why a walk found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing has this name.
    Absent,
    /// It is on the way, and no directory.
    NotADirectory,
    /// More `..` than there are directories above.
    AboveRoot,
    /// The path has grown too long.
    TooLong,
    /// One link more than are followed for one path.
    TooManyLinks,
    /// It leads to a drive, volume or share that is not known here.
    Elsewhere,
    /// Its target cannot be read here.
    Opaque,
    /// It is forbidden, or makes no sense.
    Refused(NtStatus),
}

impl Why {
    /// What the walk came to; `is_last` when nothing was left of the path.
    pub(super) fn outcome(self, is_last: bool) -> Outcome {
        match self {
            Self::Absent if is_last => Outcome::Missing,
            Self::Absent | Self::NotADirectory | Self::AboveRoot | Self::TooLong => {
                Outcome::MissingDirectory
            }
            Self::TooManyLinks => Outcome::Loop,
            Self::Elsewhere => Outcome::Elsewhere,
            Self::Opaque => Outcome::Opaque,
            Self::Refused(status) => Outcome::Refused(status),
        }
    }
}

/// Where a walk that found nothing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The component, as a path from the root of its volume: that of the last
    /// [`Hop`] when it is a link, else the one that hop led to.
    pub path: Vec<Name>,
    /// Why.
    pub why: Why,
}

/// A path, followed.
#[derive(Clone)]
pub struct Walk {
    /// Where it ends.
    pub outcome: Outcome,
    /// Every link on the way, in order.
    pub hops: Vec<Hop>,
    /// The last name that was looked for, when the outcome is
    /// [`Outcome::Missing`] or something that is not the root of a volume.
    pub slot: Option<Slot>,
    /// Where it ended, when it found nothing.
    pub stop: Option<Stop>,
}

impl Walk {
    /// The status that Windows has for the outcome; `None` when something was
    /// found. A drive that is not known is one that is not there.
    pub fn status(&self) -> Option<NtStatus> {
        Some(match &self.outcome {
            Outcome::Found(_) => return None,
            Outcome::Missing => NtStatus::OBJECT_NAME_NOT_FOUND,
            Outcome::MissingDirectory | Outcome::Elsewhere => NtStatus::OBJECT_PATH_NOT_FOUND,
            Outcome::Loop => NtStatus::REPARSE_POINT_NOT_RESOLVED,
            Outcome::Opaque => self.opaque(),
            Outcome::Refused(status) => *status,
        })
    }

    /// Why a reparse point is not followed: a link that makes no sense, or a tag
    /// that nobody here knows.
    fn opaque(&self) -> NtStatus {
        match self.hops.last().map(|hop| &hop.content) {
            Some(LinkContent::Reparse(ReparseBuffer::Other(other)))
                if matches!(other.tag(), ReparseTag::SYMLINK | ReparseTag::MOUNT_POINT) =>
            {
                NtStatus::IO_REPARSE_DATA_INVALID
            }
            _ => NtStatus::IO_REPARSE_TAG_NOT_HANDLED,
        }
    }
}
