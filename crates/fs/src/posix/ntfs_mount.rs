//! NTFS volumes that Linux has mounted: the reparse point itself, through the
//! extended attributes of the drivers.
//!
//! ntfs-3g gives and takes the bytes of a reparse point as
//! `system.ntfs_reparse_data` and the attributes as `system.ntfs_attrib`
//! (ntfs-3g's page on extended attributes); ntfs3 has the second only.

use std::ffi::{CStr, CString};
use std::os::fd::AsRawFd;

use linkwright_reparse::{MAX_REPARSE_BYTES, ReparseBuffer};
use rustix::fs::{AtFlags, XattrFlags};
use rustix::io::Errno;

use super::{Directory, errno};
use crate::error::{ErrorKind, Feature, Result};
use crate::{Attributes, NodeKind, Stat};

const REPARSE_DATA: &CStr = c"system.ntfs_reparse_data";
const ATTRIBUTES: &CStr = c"system.ntfs_attrib";

/// File systems of FUSE, ntfs-3g among them (statfs(2)).
const FUSE_SUPER_MAGIC: u64 = 0x6573_5546;
/// The driver ntfs3 of Linux.
const NTFS3_SUPER_MAGIC: u64 = 0x7366_746e;

/// Which driver has a volume mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// ntfs-3g: reparse points can be read and written.
    Ntfs3g,
    /// ntfs3: they cannot.
    Ntfs3,
}

/// The driver behind a directory, when it is one for NTFS.
pub(super) fn driver(dir: &Directory) -> Option<Driver> {
    let stat = rustix::fs::fstatfs(dir).ok()?;
    match super::magic(&stat) {
        NTFS3_SUPER_MAGIC => Some(Driver::Ntfs3),
        FUSE_SUPER_MAGIC => {
            let known = rustix::fs::fgetxattr(dir, ATTRIBUTES, &mut [0_u8; 4][..]);
            known.is_ok().then_some(Driver::Ntfs3g)
        }
        _ => None,
    }
}

/// A name in an opened directory as a path, for calls that take nothing else:
/// the kernel leads it through the descriptor, so a directory that was swapped
/// meanwhile changes nothing.
fn path(dir: &Directory, name: &CStr) -> Result<CString> {
    let mut path = format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    CString::new(path).map_err(|_| ErrorKind::InvalidName.into())
}

/// The reparse point of a name; `None` when it has none, or when nobody here
/// can tell.
pub(super) fn read(dir: &Directory, name: &CStr) -> Result<Option<ReparseBuffer>> {
    if driver(dir) != Some(Driver::Ntfs3g) {
        return Ok(None);
    }
    let mut buffer = vec![0_u8; MAX_REPARSE_BYTES];
    match rustix::fs::lgetxattr(path(dir, name)?, REPARSE_DATA, buffer.as_mut_slice()) {
        Ok(len) => {
            buffer.truncate(len);
            Ok(Some(ReparseBuffer::decode(&buffer)?))
        }
        Err(Errno::NODATA | Errno::NOTSUP | Errno::NOENT) => Ok(None),
        Err(error) => Err(errno(error)),
    }
}

/// Makes a file or directory into a reparse point, or replaces its data.
pub(super) fn write(dir: &Directory, name: &CStr, buffer: &ReparseBuffer) -> Result<()> {
    needs_ntfs_3g(dir)?;
    let bytes = buffer.encode();
    let path = path(dir, name)?;
    rustix::fs::lsetxattr(&path, REPARSE_DATA, &bytes, XattrFlags::empty()).map_err(errno)?;
    forget(dir, name);
    Ok(())
}

/// The object has become a link for the kernel, or none any more: FUSE answers
/// the first look after that with EIO, and looks anew at the second.
fn forget(dir: &Directory, name: &CStr) {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).ok();
}

/// Takes the reparse point off and leaves the object.
pub(super) fn remove(dir: &Directory, name: &CStr) -> Result<()> {
    needs_ntfs_3g(dir)?;
    match rustix::fs::lremovexattr(path(dir, name)?, REPARSE_DATA) {
        Err(Errno::NODATA) => return Err(ErrorKind::NotAReparsePoint.into()),
        other => other.map_err(errno)?,
    }
    forget(dir, name);
    Ok(())
}

/// What the volume itself says of a link: the driver shows every reparse point
/// as a symbolic link of POSIX, which has no tag and no type.
pub(super) fn refine(dir: &Directory, name: &CStr, stat: &mut Stat) -> Result<()> {
    let Some(buffer) = read(dir, name)? else {
        return Ok(());
    };
    stat.posix_link = false;
    stat.reparse_tag = Some(buffer.tag().0);
    if let Some(attributes) = attributes(dir, name)? {
        stat.attributes = Attributes::from_bits_retain(attributes);
        if stat.attributes.contains(Attributes::DIRECTORY) {
            stat.kind = NodeKind::Directory;
        }
    }
    Ok(())
}

/// The attributes that the volume keeps for a name.
fn attributes(dir: &Directory, name: &CStr) -> Result<Option<u32>> {
    let mut bytes = [0_u8; 4];
    match rustix::fs::lgetxattr(path(dir, name)?, ATTRIBUTES, &mut bytes[..]) {
        // The driver gives them in the machine's own order.
        Ok(4) => Ok(Some(u32::from_ne_bytes(bytes))),
        Ok(_) | Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(errno(error)),
    }
}

fn needs_ntfs_3g(dir: &Directory) -> Result<()> {
    match driver(dir) {
        Some(Driver::Ntfs3g) => Ok(()),
        Some(Driver::Ntfs3) | None => Err(ErrorKind::Unsupported(Feature::ReparsePoints).into()),
    }
}
