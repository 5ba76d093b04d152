//! A handle on one object of a file system.

use std::fmt;

#[cfg(feature = "ntfs")]
use crate::ntfs::NtfsNode;
#[cfg(unix)]
use crate::posix::HostNode;
#[cfg(feature = "ntfs")]
use crate::transacted::{Key, PrivateNode};
#[cfg(windows)]
use crate::windows::HostNode;

/// One object - file, directory or link - of the [`FileSystem`] that gave it.
///
/// A node of one file system given to another is
/// [`ErrorKind::InvalidArgument`].
///
/// [`FileSystem`]: crate::FileSystem
/// [`ErrorKind::InvalidArgument`]: crate::ErrorKind::InvalidArgument
#[derive(Clone)]
pub struct Node(pub(crate) Repr);

/// What the back ends keep in a node.
#[derive(Clone)]
pub(crate) enum Repr {
    /// An entry of, or a directory opened on, the host.
    Host(HostNode),
    /// A file of an NTFS volume.
    #[cfg(feature = "ntfs")]
    Ntfs(NtfsNode),
    /// A file that an open transaction made.
    #[cfg(feature = "ntfs")]
    Private(PrivateNode),
}

#[cfg(feature = "ntfs")]
impl Node {
    /// What tells it from others while a transaction is open; `None` for nodes
    /// of file systems without transactions.
    pub(crate) fn key(&self) -> Option<Key> {
        match &self.0 {
            Repr::Host(_) => None,
            Repr::Ntfs(node) => Some(node.key()),
            Repr::Private(node) => Some(Key::Private(node.number)),
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Host(node) => node.fmt(f),
            #[cfg(feature = "ntfs")]
            Repr::Ntfs(node) => node.fmt(f),
            #[cfg(feature = "ntfs")]
            Repr::Private(node) => node.fmt(f),
        }
    }
}
