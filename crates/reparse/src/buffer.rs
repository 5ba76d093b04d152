//! A reparse buffer of any tag.

use crate::error::ReparseError;
use crate::lx::LxSymlink;
use crate::mount_point::MountPoint;
use crate::other::OtherReparse;
use crate::symlink::SymbolicLink;
use crate::tag::ReparseTag;

/// A decoded reparse buffer (MS-FSCC 2.1.2). Links are taken apart, everything else is kept whole.
///
/// `encode(decode(bytes))` is `bytes` for every buffer that decodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReparseBuffer {
    /// A symbolic link.
    SymbolicLink(SymbolicLink),
    /// A junction or volume mount point.
    MountPoint(MountPoint),
    /// A symbolic link of the Windows subsystem for Linux.
    LxSymlink(LxSymlink),
    /// Any other tag.
    Other(OtherReparse),
}

impl ReparseBuffer {
    /// Decodes a whole buffer: exactly the value of a `$REPARSE_POINT` attribute.
    ///
    /// # Errors
    /// [`ReparseError`] with kind and place. A caller that only copies a damaged buffer can use
    /// [`OtherReparse::decode`], which does not look into the data.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReparseError> {
        Ok(match ReparseTag::of_buffer(bytes)? {
            ReparseTag::SYMLINK => Self::SymbolicLink(SymbolicLink::decode(bytes)?),
            ReparseTag::MOUNT_POINT => Self::MountPoint(MountPoint::decode(bytes)?),
            ReparseTag::LX_SYMLINK => Self::LxSymlink(LxSymlink::decode(bytes)?),
            _ => Self::Other(OtherReparse::decode(bytes)?),
        })
    }

    /// The buffer as bytes, at most [`crate::MAX_REPARSE_BYTES`] of them: header, GUID for tags
    /// that are not Microsoft's, data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::SymbolicLink(link) => link.encode(),
            Self::MountPoint(mount) => mount.encode(),
            Self::LxSymlink(link) => link.encode(),
            Self::Other(other) => other.encode(),
        }
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> ReparseTag {
        match self {
            Self::SymbolicLink(_) => ReparseTag::SYMLINK,
            Self::MountPoint(_) => ReparseTag::MOUNT_POINT,
            Self::LxSymlink(_) => ReparseTag::LX_SYMLINK,
            Self::Other(other) => other.tag(),
        }
    }
}

impl From<SymbolicLink> for ReparseBuffer {
    fn from(link: SymbolicLink) -> Self {
        Self::SymbolicLink(link)
    }
}

impl From<MountPoint> for ReparseBuffer {
    fn from(mount: MountPoint) -> Self {
        Self::MountPoint(mount)
    }
}

impl From<LxSymlink> for ReparseBuffer {
    fn from(link: LxSymlink) -> Self {
        Self::LxSymlink(link)
    }
}

impl From<OtherReparse> for ReparseBuffer {
    fn from(other: OtherReparse) -> Self {
        Self::Other(other)
    }
}
