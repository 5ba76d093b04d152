//! Links of a POSIX host, and Windows' own on a mounted NTFS.

use std::ffi::{CStr, CString};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::node::{self, HostNode};
use super::{Directory, LinkLimit, errno};
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{LinkContent, LinkType, Node};

/// Most names of a file on Windows (MS-FSA 2.1.5.15.7).
const WINDOWS_LIMIT: u64 = 1024;

/// FAT12 to FAT32 (statfs(2)).
const MSDOS_SUPER_MAGIC: u64 = 0x4d44;
/// exFAT.
const EXFAT_SUPER_MAGIC: u64 = 0x2011_BAB0;

/// Gives a file another name; a link gets it itself.
///
/// The source is opened first, and the new name is held against it: a name
/// that came to stand for another file meanwhile is taken away again.
pub(super) fn hard(source: &Node, dir: &Directory, new: CString, limit: LinkLimit) -> Result<()> {
    let HostNode::Entry {
        dir: from,
        name: old,
    } = node::host(source)?
    else {
        return Err(ErrorKind::AccessDenied.into());
    };
    let opened = open_source(from, old)?;
    let wanted = rustix::fs::fstat(&opened).map_err(errno)?;
    if FileType::from_raw_mode(wanted.st_mode) == FileType::Directory {
        return Err(ErrorKind::AccessDenied.into());
    }
    #[allow(clippy::useless_conversion)] // 16 bits wide on macOS
    let names = u64::from(wanted.st_nlink);
    if limit == LinkLimit::Windows && names >= WINDOWS_LIMIT {
        return Err(ErrorKind::TooManyLinks.into());
    }
    rustix::fs::linkat(from, old, dir, &new, AtFlags::empty())
        .map_err(|error| link_error(error, dir))?;
    let made = rustix::fs::statat(dir, &new, AtFlags::SYMLINK_NOFOLLOW).map_err(errno)?;
    if (made.st_dev, made.st_ino) == (wanted.st_dev, wanted.st_ino) {
        return Ok(());
    }
    rustix::fs::unlinkat(dir, &new, AtFlags::empty()).map_err(errno)?;
    Err(Error::with_source(
        ErrorKind::Locked,
        "another file took the name while the link was made",
    ))
}

/// Opened to be looked at only, whatever it is.
#[cfg(target_os = "linux")]
fn open_source(dir: &Directory, name: &CStr) -> Result<std::os::fd::OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty()).map_err(errno)
}

/// Opened to be looked at only; a link is opened itself (O_SYMLINK).
#[cfg(target_os = "macos")]
fn open_source(dir: &Directory, name: &CStr) -> Result<std::os::fd::OwnedFd> {
    const O_SYMLINK: u32 = 0x20_0000;
    const O_EVTONLY: u32 = 0x8000;
    let flags = OFlags::from_bits_retain(O_SYMLINK | O_EVTONLY) | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty()).map_err(errno)
}

/// The error of linkat(2), as what it means here.
pub(super) fn link_error(error: Errno, dir: &Directory) -> Error {
    match error {
        Errno::PERM => not_permitted(is_fat(dir), is_protected()),
        Errno::NOTSUP | Errno::NOSYS => ErrorKind::Unsupported(Feature::HardLinks).into(),
        error => errno(error),
    }
}

/// What EPERM means depends on the file system (link(2)): FAT has no links, and
/// answers as Windows does with 1; else a rule of this host forbids it, 5.
fn not_permitted(is_fat: bool, is_protected: bool) -> Error {
    match (is_fat, is_protected) {
        (true, _) => ErrorKind::InvalidFunction(Feature::HardLinks).into(),
        (false, true) => Error::with_source(
            ErrorKind::AccessDenied,
            "fs.protected_hardlinks lets you link only files that you own or may write",
        ),
        (false, false) => ErrorKind::AccessDenied.into(),
    }
}

/// Whether a directory is on FAT or exFAT.
pub(super) fn is_fat(dir: &Directory) -> bool {
    rustix::fs::fstatfs(dir)
        .is_ok_and(|stat| matches!(super::magic(&stat), MSDOS_SUPER_MAGIC | EXFAT_SUPER_MAGIC))
}

/// Whether Linux refuses links to files of others (proc_sys_fs(5)).
fn is_protected() -> bool {
    std::fs::read("/proc/sys/fs/protected_hardlinks").is_ok_and(|text| text.trim_ascii() == b"1")
}

/// What a name holds, when it is a link of the host.
pub(super) fn read(dir: &Directory, name: &CStr) -> Result<Option<LinkContent>> {
    match rustix::fs::readlinkat(dir, name, Vec::new()) {
        Ok(text) => Ok(Some(LinkContent::Posix(text.into_bytes()))),
        Err(Errno::INVAL) => Ok(None),
        Err(error) => Err(errno(error)),
    }
}

/// Makes a link.
pub(super) fn create(
    dir: &Directory,
    name: &CStr,
    link_type: LinkType,
    content: &LinkContent,
) -> Result<()> {
    let text = match content {
        LinkContent::Posix(text) => text,
        LinkContent::Reparse(buffer) => return reparse_point(dir, name, link_type, buffer),
    };
    if text.is_empty() || text.contains(&0) {
        return Err(ErrorKind::InvalidTarget.into());
    }
    rustix::fs::symlinkat(text.as_slice(), dir, name).map_err(|error| match error {
        Errno::NAMETOOLONG if name.to_bytes().len() <= 255 => ErrorKind::TargetTooLong.into(),
        Errno::PERM if is_fat(dir) => ErrorKind::InvalidFunction(Feature::SymbolicLinks).into(),
        Errno::PERM | Errno::NOTSUP | Errno::NOSYS => {
            ErrorKind::Unsupported(Feature::SymbolicLinks).into()
        }
        error => errno(error),
    })
}

#[cfg(not(target_os = "linux"))]
fn reparse_point(
    _dir: &Directory,
    _name: &CStr,
    _link_type: LinkType,
    _buffer: &linkwright_reparse::ReparseBuffer,
) -> Result<()> {
    Err(ErrorKind::Unsupported(Feature::ReparsePoints).into())
}

/// An empty file or directory on a mounted NTFS, made into a reparse point;
/// taken away again when that fails.
#[cfg(target_os = "linux")]
fn reparse_point(
    dir: &Directory,
    name: &CStr,
    link_type: LinkType,
    buffer: &linkwright_reparse::ReparseBuffer,
) -> Result<()> {
    use super::ntfs_mount;
    if ntfs_mount::driver(dir) != Some(ntfs_mount::Driver::Ntfs3g) {
        return Err(ErrorKind::Unsupported(Feature::ReparsePoints).into());
    }
    let link_type = match buffer {
        linkwright_reparse::ReparseBuffer::MountPoint(_) => LinkType::Directory,
        _ => link_type,
    };
    let undo = match link_type {
        LinkType::Directory => {
            rustix::fs::mkdirat(dir, name, Mode::from_bits_truncate(0o777)).map_err(errno)?;
            AtFlags::REMOVEDIR
        }
        LinkType::File => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::from_bits_truncate(0o666);
            drop(rustix::fs::openat(dir, name, flags, mode).map_err(errno)?);
            AtFlags::empty()
        }
    };
    let made = ntfs_mount::write(dir, name, buffer);
    if made.is_err() {
        // What went wrong first is what is told.
        rustix::fs::unlinkat(dir, name, undo).ok();
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eperm_is_told_apart_by_the_file_system_and_the_rules_of_the_host() {
        let code = |is_fat, is_protected| not_permitted(is_fat, is_protected).win32().0;
        assert_eq!((code(true, true), code(true, false)), (1, 1));
        assert_eq!((code(false, true), code(false, false)), (5, 5));
        let text = not_permitted(false, true).to_string();
        assert!(text.contains("protected_hardlinks"), "{text}");
    }

    #[test]
    fn errors_of_linkat_have_their_codes() {
        let here = node::open_directory_path(std::path::Path::new("/")).unwrap();
        let HostNode::Directory(dir) = node::host(&here).unwrap() else {
            panic!("a directory");
        };
        let code = |error| link_error(error, dir).win32().0;
        assert_eq!(code(Errno::MLINK), 1142);
        assert_eq!(code(Errno::XDEV), 17);
        assert_eq!(code(Errno::PERM), 5);
        assert_eq!(code(Errno::NOTSUP), 50);
        assert_eq!(code(Errno::EXIST), 183);
        assert_eq!(code(Errno::ROFS), 19);
    }
}
