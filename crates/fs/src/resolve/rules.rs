//! What a walk is told: the drives that links lead to, how closely links are
//! followed, and what else a system asks of each component.

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_names::path::VolumeGuid;

use crate::error::Result;
use crate::{FileSystem, Name, Node, Stat};

/// Most links that one path may lead through (Windows: 63, then
/// ERROR_CANT_RESOLVE_FILENAME).
pub const MAX_HOPS: usize = 63;

/// Most links that a POSIX host follows for one path (Linux: MAXSYMLINKS in
/// path_resolution(7); macOS: sys/param.h), then ELOOP.
const MAX_POSIX_HOPS: usize = if cfg!(target_os = "macos") { 32 } else { 40 };

/// Which volume a drive letter stands for.
pub trait Drives: Send + Sync {
    /// The volume of a drive, by its letter in upper case; `None` when no such
    /// drive is known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn drive(&self, letter: char) -> Result<Option<Arc<dyn FileSystem>>>;

    /// The volume of a share on a server; `None` when it is not known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn share(&self, _server: &[u16], _share: &[u16]) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }

    /// The volume with this GUID (`Volume{...}`); `None` when it is not known.
    ///
    /// # Errors
    /// What opening it failed with.
    fn volume(&self, _guid: VolumeGuid) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }
}

/// How closely links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// As tools want it: every link that leads somewhere is followed, WSL links
    /// among them, and whatever cannot be followed has an [`Outcome`](super::Outcome) of its own.
    #[default]
    Tool,
    /// As the kernel of Windows does it (MS-FSA 2.1.5.1): only symbolic links and
    /// mount points lead on, a link to a file is no directory, `..` in a relative
    /// target is taken away as text, and each failure has its status.
    Windows,
    /// As a POSIX host does it (path_resolution(7)): a target that starts with `/`
    /// leads to the root of the file system walked, `..` is a directory that is
    /// looked up, in the path too, and stays where it is at the root.
    Posix,
}

impl Manner {
    /// Most links that are followed for one path.
    pub fn max_hops(self) -> usize {
        match self {
            Self::Tool | Self::Windows => MAX_HOPS,
            Self::Posix => MAX_POSIX_HOPS,
        }
    }
}

/// A component that was found on the way.
pub struct Visit<'a> {
    /// The volume.
    pub fs: &'a Arc<dyn FileSystem>,
    /// The directory it is in.
    pub dir: &'a Node,
    /// Its name, as it was asked for.
    pub name: &'a Name,
    /// The object, which may be a link.
    pub node: &'a Node,
    /// Facts about it.
    pub stat: &'a Stat,
    /// Whether it is the last component of the path.
    pub is_last: bool,
}

/// What a system adds to the walk. What it refuses ends the walk with
/// [`Outcome::Refused`](super::Outcome::Refused).
pub trait Rules: Send + Sync {
    /// How closely links are followed.
    fn manner(&self) -> Manner {
        Manner::Tool
    }

    /// Most links that are followed for one path.
    fn max_hops(&self) -> usize {
        self.manner().max_hops()
    }

    /// What is looked at of an object on the way.
    ///
    /// # Errors
    /// Reading the volume failed.
    fn facts(&self, fs: &dyn FileSystem, node: &Node) -> Result<Stat> {
        fs.stat(node)
    }

    /// Whether a component may be passed, before a link in it is followed.
    ///
    /// # Errors
    /// The status the whole walk ends with.
    fn visit(&self, _visit: &Visit<'_>) -> std::result::Result<(), NtStatus> {
        Ok(())
    }

    /// Whether a symbolic link on the volume `from` may lead to `to`.
    ///
    /// # Errors
    /// The status the whole walk ends with.
    fn crosses(
        &self,
        _from: &Arc<dyn FileSystem>,
        _to: &Arc<dyn FileSystem>,
    ) -> std::result::Result<(), NtStatus> {
        Ok(())
    }
}

/// Nothing is added.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRules;

impl Rules for NoRules {}

/// No drive is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDrives;

impl Drives for NoDrives {
    fn drive(&self, _letter: char) -> Result<Option<Arc<dyn FileSystem>>> {
        Ok(None)
    }
}
