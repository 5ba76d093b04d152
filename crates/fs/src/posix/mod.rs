//! The host's own file system.
//!
//! Everything is done relative to opened directories and to single names in
//! them, so that nobody can lead a call elsewhere by changing a directory into
//! a link meanwhile. The last component is never followed, except in
//! [`PosixFs::open_path`], where the user's own path is, up to its last name.

mod link;
mod list;
mod many;
mod node;
#[cfg(target_os = "linux")]
mod ntfs_mount;
mod stat;
mod write;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{
    Attributes, Capabilities, Contents, Create, Entry, ExtendedAttribute, FileSystem, Glanced,
    HardLinked, Kinds, LinkContent, LinkType, Linked, Name, Node, NodeKind, Placed, Replace, Stat,
    StreamInfo, StreamName, Target, Times, VolumeFamily, VolumeInfo,
};

pub(crate) use node::HostNode;

/// The host's file system, all mounts of it, or what lies below one directory.
#[derive(Debug, Clone, Default)]
pub struct PosixFs {
    limit: LinkLimit,
    /// The directory that is the root; `/` when there is none.
    root: Option<PathBuf>,
}

/// How many names a file of the host can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkLimit {
    /// As many as its own file system allows.
    #[default]
    Host,
    /// 1,024, so that the tree can go to Windows.
    Windows,
}

impl PosixFs {
    /// The host's file system.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host's file system, with another limit of names.
    pub fn with_limit(limit: LinkLimit) -> Self {
        Self { limit, root: None }
    }

    /// What lies below a directory, as a volume of its own: paths begin there, and
    /// so do absolute links. Links of directories above it are not a boundary that
    /// keeps anybody in.
    pub fn rooted(root: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(root.into()),
            ..Self::default()
        }
    }

    fn root_path(&self) -> &Path {
        self.root.as_deref().unwrap_or(Path::new("/"))
    }

    /// The mount that a node of the host is on, as `/proc/self/mountinfo` numbers
    /// them; `None` for nodes of other file systems and before Linux 5.8.
    #[cfg(target_os = "linux")]
    pub fn mount_id(node: &Node) -> Option<u64> {
        use rustix::fs::StatxFlags;
        let found = match node::host(node).ok()? {
            HostNode::Entry { dir, name } => {
                rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID)
            }
            HostNode::Directory(dir) => {
                rustix::fs::statx(dir, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)
            }
        }
        .ok()?;
        (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
    }

    /// The object at a path of the host. Links on the way are followed, as the
    /// user of a path expects; the last name is not.
    ///
    /// # Errors
    /// `PathNotFound` when a directory on the way is missing, `NotFound` when
    /// only the last name is.
    pub fn open_path(&self, path: &Path) -> Result<Node> {
        match split(path) {
            None => node::open_directory_path(path),
            Some((parent, name)) => {
                let dir = self.open_directory(parent)?;
                self.child(&dir, &name)
            }
        }
    }

    /// The directory that a new object at this path goes into, and its name.
    ///
    /// # Errors
    /// `PathNotFound`; `AlreadyExists` for a path without a last name (`/`, `..`).
    pub fn open_parent(&self, path: &Path) -> Result<(Node, Name)> {
        let (parent, name) = split(path).ok_or(ErrorKind::AlreadyExists)?;
        Ok((self.open_directory(parent)?, name))
    }

    /// A directory by its path, links followed.
    ///
    /// # Errors
    /// `PathNotFound`, `NotADirectory`.
    pub fn open_directory(&self, path: &Path) -> Result<Node> {
        node::open_directory_path(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ErrorKind::PathNotFound.into(),
            _ => error,
        })
    }
}

/// Parent and last name; `None` for `/`, `.`, `..` and paths that end in them.
fn split(path: &Path) -> Option<(&Path, Name)> {
    let bytes = path.as_os_str().as_bytes();
    let trimmed = match bytes.iter().rposition(|&byte| byte != b'/') {
        Some(last) => &bytes[..=last],
        None => return None,
    };
    let name_at = trimmed
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |at| at + 1);
    let (parent, name) = trimmed.split_at(name_at);
    if matches!(name, b"." | b"..") {
        return None;
    }
    let parent = if parent.is_empty() {
        b".".as_slice()
    } else {
        parent
    };
    Some((
        Path::new(std::ffi::OsStr::from_bytes(parent)),
        Name::from_host_bytes(name),
    ))
}

impl FileSystem for PosixFs {
    fn capabilities(&self) -> Capabilities {
        Capabilities::HARD_LINKS
            | Capabilities::SYMBOLIC_LINKS
            | Capabilities::FOLLOWS_LINKS
            | Capabilities::POSIX_MODES
    }

    fn capabilities_at(&self, dir: &Node) -> Result<Capabilities> {
        let mut all = self.capabilities();
        if let Ok(dir) = node::directory_fd(dir) {
            #[cfg(target_os = "linux")]
            if ntfs_mount::driver(&dir) == Some(ntfs_mount::Driver::Ntfs3g) {
                all |= Capabilities::REPARSE_POINTS | Capabilities::TYPED_LINKS;
            }
            if link::is_fat(&dir) {
                all -= Capabilities::HARD_LINKS | Capabilities::SYMBOLIC_LINKS;
            }
        }
        Ok(all)
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        let stat = rustix::fs::statvfs(self.root_path()).map_err(errno)?;
        Ok(VolumeInfo {
            label: String::new(),
            serial: stat.f_fsid,
            family: VolumeFamily::Posix,
            kind: "posix",
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            cluster: u32::try_from(stat.f_frsize).unwrap_or(u32::MAX),
            max_name: u32::try_from(stat.f_namemax).unwrap_or(u32::MAX),
            max_links: match self.limit {
                LinkLimit::Host => None,
                LinkLimit::Windows => Some(1024),
            },
        })
    }

    fn root(&self) -> Result<Node> {
        node::open_directory_path(self.root_path())
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        let dir = node::directory_fd(dir)?;
        node::child(&dir, node::c_name(name)?)
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        #[allow(unused_mut)] // Only Linux refines it.
        let mut stat = stat::to_stat(&node::raw_stat(node)?);
        #[cfg(target_os = "linux")]
        if let (true, HostNode::Entry { dir, name }) = (stat.posix_link, node::host(node)?) {
            ntfs_mount::refine(dir, name, &mut stat)?;
        }
        Ok(stat)
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        Ok(Box::new(list::Listing::open(node::directory_fd(dir)?)?))
    }

    fn list_kinds<'a>(
        &'a self,
        dir: &Node,
        kinds: Kinds,
    ) -> Result<Box<dyn Iterator<Item = Result<Glanced>> + Send + 'a>> {
        Ok(Box::new(list::Glances::open(dir, kinds)?))
    }

    fn names(&self, _node: &Node) -> Result<Vec<Placed>> {
        Err(ErrorKind::Unsupported(Feature::NamesOfFiles).into())
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        let stat = self.stat(node)?;
        Ok(match stat.kind {
            NodeKind::File if !stat.posix_link => vec![StreamInfo {
                name: None,
                size: stat.size,
                allocated: stat.allocated,
            }],
            _ => Vec::new(),
        })
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        let HostNode::Entry { dir, name } = node::host(node)? else {
            return Ok(None);
        };
        // A reparse point need not be a link to its driver.
        #[cfg(target_os = "linux")]
        if ntfs_mount::driver(dir).is_some() {
            let stat = self.stat(node)?;
            if !stat.posix_link && stat.reparse_tag.is_none() {
                return Ok(None);
            }
            if let Some(buffer) = ntfs_mount::read(dir, name)? {
                return Ok(Some(LinkContent::Reparse(buffer)));
            }
        }
        link::read(dir, name)
    }

    fn followed(&self, node: &Node) -> Result<Target> {
        let HostNode::Entry { dir, name } = node::host(node)? else {
            let stat = self.stat(node)?;
            return Ok(Target::Found(Box::new(Linked {
                stat,
                node: Some(node.clone()),
            })));
        };
        match rustix::fs::statat(dir, name, AtFlags::empty()) {
            Ok(found) => Ok(Target::Found(Box::new(Linked {
                stat: stat::to_stat(&found),
                node: None,
            }))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(Target::Missing),
            Err(Errno::LOOP) => Ok(Target::Loop),
            Err(error) => Err(errno(error)),
        }
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        only_unnamed(stream)?;
        let file = node::open_data(node, OFlags::RDONLY)?;
        Ok(file.read_at(buf, offset)?)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn std::io::Read + Send + 'a>> {
        only_unnamed(stream)?;
        Ok(Box::new(node::open_data(node, OFlags::RDONLY)?))
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        only_unnamed(stream)?;
        let file = node::open_data(node, OFlags::WRONLY)?;
        Ok(file.write_all_at(data, offset)?)
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        only_unnamed(stream)?;
        Ok(node::open_data(node, OFlags::WRONLY)?.set_len(len)?)
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        write::create_file(dir, name, create)
    }

    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        if contents.iter().any(|part| part.stream.is_some()) {
            return Err(ErrorKind::Unsupported(Feature::NamedStreams).into());
        }
        write::put_file(dir, name, create, contents, replace)
    }

    fn put_stream(
        &self,
        _node: &Node,
        _stream: &StreamName,
        _data: &mut dyn std::io::Read,
    ) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::NamedStreams).into())
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        let fd = node::directory_fd(dir)?;
        let name = node::c_name(name)?;
        let mode = node::mode(create.mode.unwrap_or(0o777));
        rustix::fs::mkdirat(&fd, &name, mode).map_err(errno)?;
        let made = node::entry(&fd, name);
        self.set_times(&made, &create.times)?;
        Ok(made)
    }

    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        let to = node::directory_fd(dir)?;
        link::hard(node, &to, node::c_name(name)?, self.limit)
    }

    fn hard_link_files(
        &self,
        from: &Node,
        to: &Node,
        tell: &mut dyn FnMut(HardLinked) -> Result<()>,
    ) -> Result<()> {
        many::files(
            &node::reading_fd(from)?,
            &node::directory_fd(to)?,
            self.limit,
            tell,
        )
    }

    fn opened(&self, dir: &Node) -> Result<Node> {
        Ok(node::directory(node::directory_fd(dir)?))
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        let fd = node::directory_fd(dir)?;
        let name = node::c_name(name)?;
        link::create(&fd, &name, link_type, content)?;
        let made = node::entry(&fd, name);
        self.set_times(&made, &create.times)?;
        Ok(made)
    }

    #[cfg_attr(not(target_os = "linux"), expect(unused_variables))]
    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        #[cfg(target_os = "linux")]
        if let (HostNode::Entry { dir, name }, LinkContent::Reparse(buffer)) =
            (node::host(node)?, content)
        {
            return ntfs_mount::write(dir, name, buffer);
        }
        Err(ErrorKind::Unsupported(Feature::ReparsePoints).into())
    }

    #[cfg_attr(not(target_os = "linux"), expect(unused_variables))]
    fn remove_link(&self, node: &Node) -> Result<()> {
        #[cfg(target_os = "linux")]
        if let HostNode::Entry { dir, name } = node::host(node)? {
            return ntfs_mount::remove(dir, name);
        }
        Err(ErrorKind::Unsupported(Feature::ReparsePoints).into())
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        let fd = node::directory_fd(dir)?;
        let name = node::c_name(name)?;
        // A directory answers EISDIR on Linux and EPERM on other systems.
        match rustix::fs::unlinkat(&fd, &name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => {
                rustix::fs::unlinkat(&fd, &name, AtFlags::REMOVEDIR).map_err(errno)
            }
            other => other.map_err(errno),
        }
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        write::rename(
            &*node::directory_fd(dir)?,
            &node::c_name(name)?,
            &*node::directory_fd(new_dir)?,
            &node::c_name(new_name)?,
            replace,
        )
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        let Some(times) = stat::to_timestamps(times) else {
            return Ok(());
        };
        match node::host(node)? {
            HostNode::Entry { dir, name } => {
                rustix::fs::utimensat(dir, name, &times, AtFlags::SYMLINK_NOFOLLOW)
            }
            HostNode::Directory(dir) => rustix::fs::futimens(dir, &times),
        }
        .map_err(errno)
    }

    fn set_attributes(&self, _node: &Node, _attributes: Attributes) -> Result<()> {
        // POSIX keeps none of them; Capabilities says so.
        Ok(())
    }

    fn extended_attributes(&self, _node: &Node) -> Result<Vec<ExtendedAttribute>> {
        Ok(Vec::new())
    }

    fn set_extended_attributes(&self, _node: &Node, _list: &[ExtendedAttribute]) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::ExtendedAttributes).into())
    }

    fn sync(&self) -> Result<()> {
        // The host writes back by itself; whoever needs more asks for it.
        Ok(())
    }
}

fn only_unnamed(stream: Option<&StreamName>) -> Result<()> {
    match stream {
        None => Ok(()),
        Some(_) => Err(ErrorKind::Unsupported(Feature::NamedStreams).into()),
    }
}

/// An error of a system call.
fn errno(error: Errno) -> Error {
    std::io::Error::from(error).into()
}

/// The kind of file system, as statfs(2) numbers them on Linux; 0 elsewhere.
#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_cast)] // Its type differs between machines.
fn magic(stat: &rustix::fs::StatFs) -> u64 {
    // The numbers are 32 bits wide; some machines give them with a sign.
    stat.f_type as u64 & 0xFFFF_FFFF
}

/// The kind of file system, as statfs(2) numbers them on Linux; 0 elsewhere.
#[cfg(not(target_os = "linux"))]
fn magic(_stat: &rustix::fs::StatFs) -> u64 {
    0
}

/// An opened directory that nodes share.
type Directory = Arc<std::os::fd::OwnedFd>;

#[cfg(test)]
mod tests;
