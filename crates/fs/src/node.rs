//! A handle on one object of a file system.

use std::fmt;

use crate::ntfs::NtfsNode;
use crate::posix::HostNode;

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
    Ntfs(NtfsNode),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Host(node) => node.fmt(f),
            Repr::Ntfs(node) => node.fmt(f),
        }
    }
}
