//! All that can be said about one link.

use std::sync::Arc;

use linkwright_fs::resolve::{LastLink, Outcome, Resolver};
use linkwright_fs::{
    Capabilities, FileSystem, LinkContent, LinkType, Name, Node, NodeKind, ReparseBuffer, Result,
    Stat, Target,
};

use crate::text::nt_to_win32;

/// Kinds of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// One of several names of a file.
    Hard,
    /// A symbolic link.
    Symlink,
    /// A mount point that leads to a directory.
    Junction,
    /// A mount point that leads to the root of a volume.
    MountPoint,
    /// A symbolic link of the Windows subsystem for Linux.
    LxSymlink,
    /// Another reparse point that stands for something else.
    Other,
}

impl LinkKind {
    /// The kind of what a link holds.
    pub fn of(content: &LinkContent) -> Self {
        match content {
            LinkContent::Posix(_) | LinkContent::Reparse(ReparseBuffer::SymbolicLink(_)) => {
                Self::Symlink
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) if mount.is_volume() => {
                Self::MountPoint
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(_)) => Self::Junction,
            LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) => Self::LxSymlink,
            LinkContent::Reparse(ReparseBuffer::Other(_)) => Self::Other,
        }
    }

    /// The name in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Symlink => "symlink",
            Self::Junction => "junction",
            Self::MountPoint => "mount_point",
            Self::LxSymlink => "lx_symlink",
            Self::Other => "other",
        }
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// What kind of link it is.
    pub kind: LinkKind,
    /// The type of the link object; on a POSIX host, where links have none, the
    /// type of what it leads to, and `None` when it leads nowhere.
    pub link_type: Option<LinkType>,
    /// The reparse tag.
    pub tag: Option<u32>,
    /// The name that Windows follows, as stored.
    pub substitute_name: Option<Name>,
    /// The name that is shown to people, as stored.
    pub print_name: Option<Name>,
    /// Whether the target is relative.
    pub relative: Option<bool>,
    /// All flags of a symbolic link.
    pub flags: Option<u32>,
    /// Where it leads, as a path that people write.
    pub target: Option<Name>,
    /// Whether it leads nowhere; `None` when that cannot be told here.
    pub broken: Option<bool>,
    /// How many names the object has.
    pub names: u64,
    /// Record number (NTFS) or inode number of the object.
    pub record: u64,
    /// The reparse buffer, byte for byte.
    pub buffer: Option<Vec<u8>>,
}

/// Says everything about the link `name` in the directory `dir` (a path from
/// the root), or `None` when the object is no link of any kind.
///
/// # Errors
/// What reading failed with.
pub fn inspect(
    resolver: &Resolver<'_>,
    fs: &Arc<dyn FileSystem>,
    path: &[Name],
    node: &Node,
    stat: &Stat,
) -> Result<Option<LinkRecord>> {
    let mut record = LinkRecord {
        kind: LinkKind::Hard,
        link_type: Some(stat.link_type()),
        tag: stat.reparse_tag,
        substitute_name: None,
        print_name: None,
        relative: None,
        flags: None,
        target: None,
        broken: Some(false),
        names: stat.names,
        record: stat.record,
        buffer: None,
    };
    if !stat.is_link() {
        let is_hard = stat.names > 1 && stat.kind != NodeKind::Directory;
        return Ok(is_hard.then_some(record));
    }
    let Some(content) = fs.link(node)? else {
        return Ok(None);
    };
    describe(&mut record, &content);
    if fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
        (record.broken, record.link_type) = ask_host(&**fs, node)?;
    } else {
        record.broken = is_broken(resolver, fs, path)?;
    }
    Ok(Some(record))
}

/// What kind of link an object is, `None` when it is none. Where it leads is not
/// looked at.
///
/// # Errors
/// What reading failed with.
pub fn link_kind(fs: &dyn FileSystem, node: &Node, stat: &Stat) -> Result<Option<LinkKind>> {
    if !stat.is_link() {
        let is_hard = stat.names > 1 && stat.kind != NodeKind::Directory;
        return Ok(is_hard.then_some(LinkKind::Hard));
    }
    if stat.posix_link {
        return Ok(Some(LinkKind::Symlink));
    }
    Ok(fs.link(node)?.map(|content| Stored::of(&content).kind))
}

/// Fills in what the link itself holds.
fn describe(record: &mut LinkRecord, content: &LinkContent) {
    let stored = Stored::of(content);
    record.kind = stored.kind;
    record.substitute_name = stored.substitute_name;
    record.print_name = stored.print_name;
    record.relative = stored.relative;
    record.flags = stored.flags;
    record.target = stored.target;
    if let LinkContent::Reparse(buffer) = content {
        record.tag = Some(buffer.tag().0);
        record.buffer = Some(buffer.encode());
    }
}

/// What a link itself holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What kind of link it is.
    pub kind: LinkKind,
    /// The name that Windows follows.
    pub substitute_name: Option<Name>,
    /// The name that is shown to people.
    pub print_name: Option<Name>,
    /// Whether the target is relative.
    pub relative: Option<bool>,
    /// All flags of a symbolic link.
    pub flags: Option<u32>,
    /// Where it leads, as a path that people write.
    pub target: Option<Name>,
}

impl Stored {
    /// From what was read of a link.
    pub fn of(content: &LinkContent) -> Self {
        let name = |units: &[u16]| Some(Name::from_units(units.to_vec()));
        let people = |units: &[u16]| Some(Name::from_units(nt_to_win32(units)));
        let bare = |kind| Self {
            kind,
            substitute_name: None,
            print_name: None,
            relative: None,
            flags: None,
            target: None,
        };
        let posix = |kind, text: &[u8]| Self {
            relative: Some(text.first() != Some(&b'/')),
            target: Some(Name::from_host_bytes(text)),
            ..bare(kind)
        };
        match content {
            LinkContent::Posix(text) => posix(LinkKind::Symlink, text),
            LinkContent::Reparse(ReparseBuffer::LxSymlink(link)) => {
                posix(LinkKind::LxSymlink, link.target())
            }
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => Self {
                substitute_name: name(link.substitute_name()),
                print_name: name(link.print_name()),
                relative: Some(link.is_relative()),
                flags: Some(link.flags()),
                target: match link.is_relative() {
                    true => name(link.substitute_name()),
                    false => people(link.substitute_name()),
                },
                ..bare(LinkKind::Symlink)
            },
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => Self {
                substitute_name: name(mount.substitute_name()),
                print_name: name(mount.print_name()),
                relative: Some(false),
                target: people(mount.substitute_name()),
                ..bare(match mount.is_volume() {
                    true => LinkKind::MountPoint,
                    false => LinkKind::Junction,
                })
            },
            LinkContent::Reparse(ReparseBuffer::Other(_)) => bare(LinkKind::Other),
        }
    }
}

fn ask_host(fs: &dyn FileSystem, node: &Node) -> Result<(Option<bool>, Option<LinkType>)> {
    Ok(match fs.followed(node)? {
        Target::Found(found) => (Some(false), Some(found.stat.link_type())),
        Target::Missing | Target::Loop => (Some(true), None),
        Target::Elsewhere | Target::Opaque => (None, None),
    })
}

fn is_broken(
    resolver: &Resolver<'_>,
    fs: &Arc<dyn FileSystem>,
    path: &[Name],
) -> Result<Option<bool>> {
    Ok(match resolver.walk(fs, path, LastLink::Follow)?.outcome {
        Outcome::Found(_) => Some(false),
        Outcome::Missing | Outcome::MissingDirectory | Outcome::Loop => Some(true),
        Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_fs::posix::PosixFs;
    use linkwright_fs::resolve::NoDrives;
    use std::os::unix::fs::symlink;

    fn record(dir: &tempfile::TempDir, name: &str) -> Option<LinkRecord> {
        let fs: Arc<dyn FileSystem> = Arc::new(PosixFs::new());
        let node = PosixFs::new().open_path(&dir.path().join(name)).unwrap();
        let stat = fs.stat(&node).unwrap();
        let resolver = Resolver { drives: &NoDrives };
        inspect(&resolver, &fs, &[], &node, &stat).unwrap()
    }

    #[test]
    fn links_of_the_host() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        std::fs::write(dir.path().join("alone"), "x").unwrap();
        std::fs::hard_link(dir.path().join("f"), dir.path().join("g")).unwrap();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        symlink("d", dir.path().join("to_d")).unwrap();
        symlink("/nowhere/at/all", dir.path().join("dangling")).unwrap();

        assert_eq!(record(&dir, "alone"), None);
        assert_eq!(record(&dir, "d"), None);
        let hard = record(&dir, "g").unwrap();
        assert_eq!((hard.kind, hard.names), (LinkKind::Hard, 2));
        let to_d = record(&dir, "to_d").unwrap();
        assert_eq!(to_d.kind, LinkKind::Symlink);
        assert_eq!(to_d.link_type, Some(LinkType::Directory));
        assert_eq!(to_d.broken, Some(false));
        assert_eq!(to_d.target, Some(Name::from("d")));
        let dangling = record(&dir, "dangling").unwrap();
        assert_eq!(dangling.broken, Some(true));
        assert_eq!(dangling.relative, Some(false));
        assert_eq!(dangling.link_type, None);
    }
}
