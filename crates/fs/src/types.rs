//! What a file system tells about its objects.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use linkwright_ntfs_format::sid::Sid;
use linkwright_reparse::ReparseBuffer;

use crate::{Error, Name, Node, StreamName};

bitflags::bitflags! {
    /// Win32 file attributes (MS-FSCC 2.6).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Attributes: u32 {
        /// Not to be written or deleted.
        const READ_ONLY = 0x0000_0001;
        /// Not shown by default.
        const HIDDEN = 0x0000_0002;
        /// Part of the operating system.
        const SYSTEM = 0x0000_0004;
        /// A directory.
        const DIRECTORY = 0x0000_0010;
        /// Changed since the last backup.
        const ARCHIVE = 0x0000_0020;
        /// None of the others is set.
        const NORMAL = 0x0000_0080;
        /// Ranges without content take no space.
        const SPARSE_FILE = 0x0000_0200;
        /// Carries a reparse point.
        const REPARSE_POINT = 0x0000_0400;
        /// Compressed by the file system.
        const COMPRESSED = 0x0000_0800;
        /// Encrypted by the file system.
        const ENCRYPTED = 0x0000_4000;
        /// Bits without a name here are kept.
        const _ = !0;
    }

    /// What a file system can hold.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Capabilities: u32 {
        /// More than one name per file.
        const HARD_LINKS = 0x01;
        /// Symbolic links, of any form.
        const SYMBOLIC_LINKS = 0x02;
        /// Reparse points of any tag, junctions among them.
        const REPARSE_POINTS = 0x04;
        /// Links whose object has a type, file or directory.
        const TYPED_LINKS = 0x08;
        /// Named streams.
        const NAMED_STREAMS = 0x10;
        /// Names follow Windows' rules: some characters are illegal, case does
        /// not tell names apart.
        const WINDOWS_NAMES = 0x20;
        /// The system under it follows links by itself; [`FileSystem::followed`]
        /// answers.
        ///
        /// [`FileSystem::followed`]: crate::FileSystem::followed
        const FOLLOWS_LINKS = 0x40;
        /// Every name of a file can be told from the file.
        const NAMES_OF_FILES = 0x80;
        /// A write is refused, whatever is written.
        const READ_ONLY = 0x100;
        /// Permission bits and owners of POSIX.
        const POSIX_MODES = 0x200;
        /// Extended attributes of NTFS ($EA).
        const EXTENDED_ATTRIBUTES = 0x400;
        /// Security descriptors.
        const SECURITY = 0x800;
        /// 8.3 names beside long ones can be kept.
        const SHORT_NAMES = 0x1000;
        /// Object ids ($OBJECT_ID).
        const OBJECT_IDS = 0x2000;
        /// A file can be opened by its number.
        const OPEN_BY_ID = 0x4000;
        /// Transactions of Win32 (TxF).
        const TRANSACTIONS = 0x8000;
        /// A name can go, or be replaced, while the file is open
        /// (FILE_SUPPORTS_POSIX_UNLINK_RENAME).
        const POSIX_UNLINK_RENAME = 0x1_0000;
        /// Somewhere else than on this machine, reached over a network.
        const REMOTE = 0x2_0000;
        /// Directory entries repeat times, sizes and attributes of the file, and
        /// may lag behind ([`FileSystem::refresh_entry`]).
        ///
        /// [`FileSystem::refresh_entry`]: crate::FileSystem::refresh_entry
        const DUPLICATED_INFORMATION = 0x4_0000;
    }
}

/// A point in time: seconds and nanoseconds since 1970, before it negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds after them, below 1,000,000,000.
    pub nanos: u32,
}

/// Seconds between 1601-01-01 and 1970-01-01.
const SECONDS_1601_TO_1970: i64 = 11_644_473_600;
/// NT ticks (100 ns) in a second.
const TICKS: i64 = 10_000_000;

impl Timestamp {
    /// From 100 ns ticks since 1601-01-01 (MS-FSCC FILETIME).
    pub fn from_nt_ticks(ticks: u64) -> Self {
        let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
        Self {
            seconds: ticks / TICKS - SECONDS_1601_TO_1970,
            nanos: u32::try_from(ticks % TICKS * 100).unwrap_or(0),
        }
    }

    /// As 100 ns ticks since 1601-01-01; times outside of the range of FILETIME
    /// become its nearest end.
    pub fn to_nt_ticks(self) -> u64 {
        let ticks = i128::from(self.seconds) + i128::from(SECONDS_1601_TO_1970);
        let ticks = ticks * i128::from(TICKS) + i128::from(self.nanos / 100);
        u64::try_from(ticks.clamp(0, i128::from(i64::MAX))).unwrap_or(0)
    }

    /// Whether the two are the same to the 100 ns that NTFS keeps.
    pub fn same_tick(self, other: Self) -> bool {
        self.to_nt_ticks() == other.to_nt_ticks()
    }
}

/// RFC 3339 in UTC, to the 100 ns that NTFS keeps: `2026-11-21T08:30:00.1234567Z`.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.seconds.div_euclid(86_400);
        let second = self.seconds.rem_euclid(86_400);
        let (year, month, day) = civil(days);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:07}Z",
            second / 3600,
            second / 60 % 60,
            second % 60,
            self.nanos / 100
        )
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar; years
/// begin in March here, so that the leap day is their last.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let shifted = days + 719_468;
    let era = shifted.div_euclid(ERA);
    let day_of_era = shifted.rem_euclid(ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self {
                seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                nanos: after.subsec_nanos(),
            },
            Err(error) => {
                let before = error.duration() + Duration::from_nanos(999_999_999);
                let whole = before.as_secs();
                let nanos = 999_999_999 - before.subsec_nanos();
                Self {
                    seconds: -i64::try_from(whole).unwrap_or(i64::MAX),
                    nanos,
                }
            }
        }
    }
}

/// The times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// When it was made; `None` where the file system does not keep it.
    pub created: Option<Timestamp>,
    /// When its data last changed.
    pub modified: Option<Timestamp>,
    /// When anything of it last changed.
    pub changed: Option<Timestamp>,
    /// When it was last read.
    pub accessed: Option<Timestamp>,
}

/// What an object is, before any link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A file with data.
    File,
    /// A directory.
    Directory,
    /// Something that is no file, directory or link: a pipe, a socket, a device.
    Special,
}

/// What a link object says it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// Facts about one object. Links are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What it is. For a link of a file system with
    /// [`Capabilities::TYPED_LINKS`] this is the type of the link object.
    pub kind: NodeKind,
    /// The reparse tag; symbolic links of a POSIX file system have
    /// [`Stat::posix_link`] set instead.
    pub reparse_tag: Option<u32>,
    /// A symbolic link of a POSIX file system.
    pub posix_link: bool,
    /// Length of the unnamed stream (in bytes).
    pub size: u64,
    /// Bytes of the medium that its data takes.
    pub allocated: u64,
    /// Number of names.
    pub names: u64,
    /// What identifies the object on its volume as long as it lives: record
    /// number on NTFS, inode number else.
    pub record: u64,
    /// How often the record was used before (NTFS), else 0.
    pub sequence: u16,
    /// The volume, where one file system spans several (POSIX); the number of
    /// the transaction that sees it so ([`crate::transacted`]); else 0.
    pub device: u64,
    /// Times.
    pub times: Times,
    /// Win32 attributes.
    pub attributes: Attributes,
    /// Permission bits of POSIX, where there are any.
    pub mode: Option<u32>,
}

impl Stat {
    /// Whether it is a link of some kind: following it leads elsewhere, or
    /// needs somebody who knows the tag.
    pub fn is_link(&self) -> bool {
        self.posix_link || self.reparse_tag.is_some_and(is_link_tag)
    }

    /// Whether it is a directory that can be listed: a real one, no link.
    pub fn is_plain_directory(&self) -> bool {
        self.kind == NodeKind::Directory && !self.is_link()
    }

    /// The type of the link object.
    pub fn link_type(&self) -> LinkType {
        match self.kind {
            NodeKind::Directory => LinkType::Directory,
            NodeKind::File | NodeKind::Special => LinkType::File,
        }
    }
}

/// Tags with the name-surrogate bit stand for another object (MS-FSCC 2.1.2.1);
/// the WSL link lacks the bit and is one all the same.
fn is_link_tag(tag: u32) -> bool {
    const NAME_SURROGATE: u32 = 0x2000_0000;
    const LX_SYMLINK: u32 = 0xA000_001D;
    tag & NAME_SURROGATE != 0 || tag == LX_SYMLINK
}

/// One entry of a directory.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name, exact.
    pub name: Name,
    /// The object.
    pub node: Node,
}

/// What [`FileSystem::scan`] tells.
///
/// [`FileSystem::scan`]: crate::FileSystem::scan
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanFor {
    /// Everything.
    All,
    /// Links, files with several names among them, and all other reparse points.
    ReparsePoints,
}

/// An object by one of its names, as [`FileSystem::scan`] tells it.
///
/// [`FileSystem::scan`]: crate::FileSystem::scan
#[derive(Debug, Clone)]
pub struct ScannedEntry<'a> {
    /// The directory that holds the name.
    pub directory: Node,
    /// The names to that directory from the one that was asked for, which is not
    /// among them.
    pub path: &'a [Name],
    /// The name.
    pub name: Name,
    /// The object.
    pub node: Node,
    /// Facts about it.
    pub stat: Stat,
}

bitflags::bitflags! {
    /// Sets of [`Glance`]s, for [`FileSystem::list_kinds`].
    ///
    /// [`FileSystem::list_kinds`]: crate::FileSystem::list_kinds
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Kinds: u8 {
        /// [`Glance::Symlink`] and [`Glance::Reparse`].
        const LINKS = 1;
        /// [`Glance::Directory`].
        const DIRECTORIES = 2;
        /// [`Glance::File`].
        const FILES = 4;
        /// [`Glance::Special`].
        const SPECIAL = 8;
    }
}

/// What an object is, as far as a directory's listing tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Glance {
    /// A symbolic link of a POSIX file system.
    Symlink,
    /// A reparse point that is a link ([`Stat::is_link`]).
    Reparse,
    /// A directory that can be listed.
    Directory,
    /// A file; how many names it has is not told.
    File,
    /// Neither.
    Special,
}

impl Glance {
    /// The set that it is in.
    pub fn kinds(self) -> Kinds {
        match self {
            Self::Symlink | Self::Reparse => Kinds::LINKS,
            Self::Directory => Kinds::DIRECTORIES,
            Self::File => Kinds::FILES,
            Self::Special => Kinds::SPECIAL,
        }
    }
}

impl From<&Stat> for Glance {
    fn from(stat: &Stat) -> Self {
        match stat.kind {
            _ if stat.posix_link => Self::Symlink,
            _ if stat.is_link() => Self::Reparse,
            NodeKind::Directory => Self::Directory,
            NodeKind::File => Self::File,
            NodeKind::Special => Self::Special,
        }
    }
}

/// An entry of a directory and what it is.
#[derive(Debug, Clone)]
pub struct Glanced {
    /// The name, exact.
    pub name: Name,
    /// The object.
    pub node: Node,
    /// What it is.
    pub glance: Glance,
}

/// One entry of a directory with all that stands in it.
#[derive(Debug, Clone)]
pub struct DirectoryEntry {
    /// The name as stored.
    pub name: Name,
    /// The 8.3 name beside it, where there is one.
    pub short_name: Option<Name>,
    /// The object.
    pub node: Node,
    /// What the entry itself says of the object.
    pub duplicate: Duplicate,
}

/// What an entry repeats of its object (MS-FSA 2.1.1.4). It may be old: only the
/// entry that a change was made through is brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Times.
    pub times: Times,
    /// Length of the unnamed stream (in bytes).
    pub size: u64,
    /// Bytes of the medium that it takes.
    pub allocated: u64,
    /// Win32 attributes, the directory bit among them.
    pub attributes: Attributes,
    /// The reparse tag.
    pub reparse_tag: Option<u32>,
}

impl From<&Stat> for Duplicate {
    fn from(stat: &Stat) -> Self {
        Self {
            times: stat.times,
            size: stat.size,
            allocated: stat.allocated,
            attributes: stat.attributes,
            reparse_tag: stat.reparse_tag,
        }
    }
}

/// What a link holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkContent {
    /// A reparse point, as NTFS keeps it.
    Reparse(ReparseBuffer),
    /// The text of a POSIX symbolic link, byte for byte.
    Posix(Vec<u8>),
}

/// What became of an entry of [`FileSystem::hard_link_files`].
///
/// [`FileSystem::hard_link_files`]: crate::FileSystem::hard_link_files
#[derive(Debug)]
pub enum HardLinked {
    /// A file, which has the other name too now.
    Linked,
    /// It is no file: a directory, a link, something else.
    NoFile(Entry),
    /// It got no other name.
    Failed(Entry, Error),
}

/// One name of a file: where it stands and from which directory.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The directory that holds the name.
    pub directory: Node,
    /// The name in it.
    pub name: Name,
    /// Path from the root, `None` when a parent is missing or damaged.
    pub path: Option<Vec<Name>>,
}

/// A data stream of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Its name; `None` is the file's own data.
    pub name: Option<StreamName>,
    /// Length (in bytes).
    pub size: u64,
    /// Bytes of the medium that it takes.
    pub allocated: u64,
}

/// An extended attribute (MS-FSCC 2.4.16), as WSL keeps owners and modes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedAttribute {
    /// 0, or 0x80 for one that a program must understand to open the file.
    pub flags: u8,
    /// Name in the OEM code page; no NUL.
    pub name: Vec<u8>,
    /// Value.
    pub value: Vec<u8>,
}

/// How a new file or directory is to be.
#[derive(Debug, Clone, Default)]
pub struct Create {
    /// Attributes to set besides those the kind implies.
    pub attributes: Attributes,
    /// Times; each `None` becomes now.
    pub times: Times,
    /// Permission bits of POSIX, where the file system keeps them.
    pub mode: Option<u32>,
    /// A self-relative security descriptor (MS-DTYP 2.4.6); inherited from the
    /// directory when `None`. Only with [`Capabilities::SECURITY`].
    pub security_descriptor: Option<Vec<u8>>,
    /// The owner in an inherited descriptor; the directory's when `None`.
    pub owner: Option<Sid>,
    /// The 8.3 name to have beside the long one, where the directory has none
    /// like it; one is made up when `None` and the volume has such names.
    pub short_name: Option<Name>,
}

/// The data of one stream of a new file.
pub struct Contents<'a> {
    /// Which stream; `None` is the file's own data.
    pub stream: Option<StreamName>,
    /// Where its data comes from.
    pub data: &'a mut dyn std::io::Read,
}

/// What a rename does with a name that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replace {
    /// Fails with [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists).
    #[default]
    No,
    /// Takes its place, in one step. A directory is never replaced.
    Yes,
}

/// What following a link came to.
#[derive(Debug, Clone)]
pub enum Target {
    /// The object at the end.
    Found(Box<Linked>),
    /// Nothing is there.
    Missing,
    /// The links lead in a circle, or there are too many.
    Loop,
    /// It leads off this volume, to a drive or server that is not known here.
    Elsewhere,
    /// Only the program that made it knows how to follow it.
    Opaque,
}

/// The object at the end of a chain of links.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Facts about it.
    pub stat: Stat,
    /// The object itself, where it is on the same file system.
    pub node: Option<Node>,
}

/// Families of file systems, as far as they differ in how they refuse what they
/// cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VolumeFamily {
    /// NTFS.
    Ntfs,
    /// ReFS.
    Refs,
    /// FAT12 to FAT32 and exFAT.
    Fat,
    /// A cluster shared volume.
    Csv,
    /// UDF.
    Udf,
    /// ISO 9660 and Joliet.
    Cdfs,
    /// A share, seen through a redirector.
    Network,
    /// A file system of the host.
    Posix,
}

/// A volume as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInfo {
    /// Its label; empty when there is none.
    pub label: String,
    /// Serial number, 0 where there is none.
    pub serial: u64,
    /// Family of the file system.
    pub family: VolumeFamily,
    /// Name of the file system: `NTFS`, `posix`, ...
    pub kind: &'static str,
    /// All bytes.
    pub total: u64,
    /// Bytes free.
    pub free: u64,
    /// Bytes of an allocation unit.
    pub cluster: u32,
    /// Most UTF-16 units (NTFS) or bytes (POSIX) of a name.
    pub max_name: u32,
    /// Most names of one file, `None` when unknown.
    pub max_links: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_map_to_nt_and_back() {
        let epoch = Timestamp {
            seconds: 0,
            nanos: 0,
        };
        assert_eq!(epoch.to_nt_ticks(), 116_444_736_000_000_000);
        assert_eq!(Timestamp::from_nt_ticks(116_444_736_000_000_000), epoch);
        let odd = Timestamp {
            seconds: -1,
            nanos: 999_999_900,
        };
        assert_eq!(Timestamp::from_nt_ticks(odd.to_nt_ticks()), odd);
        let early = Timestamp {
            seconds: i64::MIN,
            nanos: 0,
        };
        assert_eq!(early.to_nt_ticks(), 0);
    }

    #[test]
    fn times_read_as_dates() {
        let text = |seconds, nanos| Timestamp { seconds, nanos }.to_string();
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.0000000Z");
        assert_eq!(text(951_782_400, 100), "2000-02-29T00:00:00.0000001Z");
        assert_eq!(text(1_700_000_000, 0), "2023-11-14T22:13:20.0000000Z");
        assert_eq!(text(-1, 999_999_900), "1969-12-31T23:59:59.9999999Z");
        assert_eq!(text(-11_644_473_600, 0), "1601-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn system_times_before_1970_are_exact() {
        let half = UNIX_EPOCH - Duration::from_millis(500);
        assert_eq!(
            Timestamp::from(half),
            Timestamp {
                seconds: -1,
                nanos: 500_000_000
            }
        );
        let whole = UNIX_EPOCH - Duration::from_secs(2);
        assert_eq!(
            Timestamp::from(whole),
            Timestamp {
                seconds: -2,
                nanos: 0
            }
        );
    }

    #[test]
    fn link_tags() {
        assert!(is_link_tag(0xA000_000C));
        assert!(is_link_tag(0xA000_0003));
        assert!(is_link_tag(0xA000_001D));
        // WOF keeps ordinary data.
        assert!(!is_link_tag(0x8000_0017));
    }
}
