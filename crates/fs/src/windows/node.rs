//! Nodes of a Windows host: full paths in the form that nothing re-reads.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkwright_names::path::{FullPath, NtPath};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
};

use super::ffi::Wide;
use crate::error::{ErrorKind, Result};
use crate::node::Repr;
use crate::{Name, Node};

/// An object of the host: its path with the prefix `\\?\`, so that neither
/// MAX_PATH nor trailing dots nor reserved names change it (Naming Files).
#[derive(Debug, Clone)]
pub(crate) struct HostNode {
    path: Arc<[u16]>,
}

/// Whether a link that has the name is opened, or what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// The object of that name itself.
    Keep,
    /// What Windows finds behind it.
    Follow,
}

const BACKSLASH: u16 = b'\\' as u16;
const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

impl HostNode {
    /// The object at a path of the user.
    pub(super) fn from_path(path: &Path) -> Result<Self> {
        let absolute = std::path::absolute(path)?;
        let units: Vec<u16> = absolute.as_os_str().encode_wide().collect();
        let full = FullPath::parse(&units).map_err(|_| ErrorKind::InvalidName)?;
        let nt = NtPath::from_full(&full).map_err(|_| ErrorKind::InvalidName)?;
        Ok(Self {
            path: nt.to_verbatim().into_units().into(),
        })
    }

    /// A name in this directory.
    pub(super) fn join(&self, name: &Name) -> Result<Self> {
        let units = name.units();
        let bad = |unit: &u16| [0, u16::from(b'/'), BACKSLASH, u16::from(b':')].contains(unit);
        let dots = units == [u16::from(b'.')] || units == [u16::from(b'.'); 2];
        if units.is_empty() || units.iter().any(bad) || dots {
            return Err(ErrorKind::InvalidName.into());
        }
        let mut path = self.path.to_vec();
        if path.last() != Some(&BACKSLASH) {
            path.push(BACKSLASH);
        }
        path.extend_from_slice(units);
        Ok(Self { path: path.into() })
    }

    /// The units of the path.
    pub(super) fn units(&self) -> &[u16] {
        &self.path
    }

    /// The path as `std` takes it.
    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(OsString::from_wide(&self.path))
    }

    /// The path as the calls take it.
    pub(super) fn wide(&self) -> Result<Wide> {
        Ok(Wide::new(&self.path)?)
    }

    /// The path of a stream of this file.
    pub(super) fn stream_path(&self, stream: &[u16]) -> PathBuf {
        let mut path = self.path.to_vec();
        path.push(u16::from(b':'));
        path.extend_from_slice(stream);
        PathBuf::from(OsString::from_wide(&path))
    }

    /// The object opened with these rights, shared with everybody, whatever it
    /// is: a directory too.
    pub(super) fn open(&self, access: u32, links: Links) -> Result<File> {
        let reparse = match links {
            Links::Keep => FILE_FLAG_OPEN_REPARSE_POINT,
            Links::Follow => 0,
        };
        Ok(OpenOptions::new()
            .access_mode(access)
            .share_mode(SHARE_ALL)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | reparse)
            .open(self.path())?)
    }

    /// Opened to look at, which no share mode forbids.
    pub(super) fn look(&self, links: Links) -> Result<File> {
        self.open(FILE_READ_ATTRIBUTES, links)
    }
}

/// The host node inside a node.
pub(super) fn host(node: &Node) -> Result<&HostNode> {
    match &node.0 {
        Repr::Host(node) => Ok(node),
        #[cfg(feature = "ntfs")]
        Repr::Ntfs(_) | Repr::Private(_) => Err(ErrorKind::InvalidArgument.into()),
    }
}

/// A node of the host.
pub(super) fn node(node: HostNode) -> Node {
    Node(Repr::Host(node))
}
