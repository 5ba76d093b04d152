//! Nodes of the host: opened directories, and names in them.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Directory, errno};
use crate::error::{ErrorKind, Result};
use crate::node::Repr;
use crate::{Name, Node};

/// An object of the host.
#[derive(Debug, Clone)]
pub(crate) enum HostNode {
    /// A directory that was opened by a path, with no name known.
    Directory(Directory),
    /// A name in an opened directory, whatever it stands for.
    Entry {
        /// The directory.
        dir: Directory,
        /// The name.
        name: CString,
    },
}

/// The host node inside a node.
pub(super) fn host(node: &Node) -> Result<&HostNode> {
    match &node.0 {
        Repr::Host(node) => Ok(node),
        #[cfg(feature = "ntfs")]
        Repr::Ntfs(_) | Repr::Private(_) => Err(ErrorKind::InvalidArgument.into()),
    }
}

/// A name as the host takes it: no NUL, no separator, not empty, no dots.
pub(super) fn c_name(name: &Name) -> Result<CString> {
    let bytes = name.to_host_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') || matches!(bytes.as_slice(), b"." | b"..") {
        return Err(ErrorKind::InvalidName.into());
    }
    CString::new(bytes).map_err(|_| ErrorKind::InvalidName.into())
}

/// Permission bits as the host counts them: 16 bits wide on macOS.
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
pub(super) fn mode(bits: u32) -> Mode {
    Mode::from_raw_mode(rustix::fs::RawMode::try_from(bits & 0o7777).unwrap_or(0))
}

/// Opens a directory by its path, links followed.
pub(super) fn open_directory_path(path: &Path) -> Result<Node> {
    let fd = rustix::fs::open(path, directory_flags(), Mode::empty()).map_err(errno)?;
    Ok(Node(Repr::Host(HostNode::Directory(Arc::new(fd)))))
}

fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

/// A directory that is open.
pub(super) fn directory(dir: Directory) -> Node {
    Node(Repr::Host(HostNode::Directory(dir)))
}

/// A name in a directory that must be there.
pub(super) fn child(dir: &Directory, name: CString) -> Result<Node> {
    rustix::fs::statat(dir, &name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno)?;
    Ok(entry(dir, name))
}

/// A name in a directory.
pub(super) fn entry(dir: &Directory, name: CString) -> Node {
    Node(Repr::Host(HostNode::Entry {
        dir: Arc::clone(dir),
        name,
    }))
}

/// The directory of a node, opened; a link to a directory is none.
pub(super) fn directory_fd(node: &Node) -> Result<Directory> {
    match host(node)? {
        HostNode::Directory(dir) => Ok(Arc::clone(dir)),
        HostNode::Entry { dir, name } => {
            match rustix::fs::openat(
                dir,
                name,
                directory_flags() | OFlags::NOFOLLOW,
                Mode::empty(),
            ) {
                Ok(fd) => Ok(Arc::new(fd)),
                // A link opened with O_NOFOLLOW and O_DIRECTORY gives either.
                Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {
                    Err(ErrorKind::NotADirectory.into())
                }
                Err(error) => Err(errno(error)),
            }
        }
    }
}

/// The directory of a node, opened anew: reading it moves nobody else's place.
pub(super) fn reading_fd(node: &Node) -> Result<Directory> {
    match host(node)? {
        HostNode::Entry { .. } => directory_fd(node),
        HostNode::Directory(dir) => rustix::fs::openat(dir, c".", directory_flags(), Mode::empty())
            .map(Arc::new)
            .map_err(errno),
    }
}

/// Opens the data of a regular file; nothing else is opened, so that no pipe
/// blocks and no device acts.
pub(super) fn open_data(node: &Node, access: OFlags) -> Result<File> {
    let HostNode::Entry { dir, name } = host(node)? else {
        return Err(ErrorKind::IsADirectory.into());
    };
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = open_regular(dir, name, flags)?;
    let stat = rustix::fs::fstat(&fd).map_err(errno)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(File::from(fd)),
        FileType::Directory => Err(ErrorKind::IsADirectory.into()),
        _ => Err(ErrorKind::AccessDenied.into()),
    }
}

fn open_regular(dir: &Directory, name: &CStr, flags: OFlags) -> Result<std::os::fd::OwnedFd> {
    rustix::fs::openat(dir, name, flags, Mode::empty()).map_err(|error| match error {
        // The last component is a link, and links are not followed here.
        Errno::LOOP | Errno::MLINK => ErrorKind::AccessDenied.into(),
        error => errno(error),
    })
}

/// What the system says about a node, links not followed.
pub(super) fn raw_stat(node: &Node) -> Result<rustix::fs::Stat> {
    match host(node)? {
        HostNode::Directory(dir) => rustix::fs::fstat(dir),
        HostNode::Entry { dir, name } => rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW),
    }
    .map_err(errno)
}
