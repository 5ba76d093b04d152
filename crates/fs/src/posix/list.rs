//! Listing a directory of the host.

use std::ffi::{CStr, CString};

use rustix::fs::{Dir, FileType};

#[cfg(target_os = "linux")]
use super::ntfs_mount;
use super::{Directory, PosixFs, errno, node};
use crate::error::{ErrorKind, Result};
use crate::{Entry, FileSystem, Glance, Glanced, Kinds, Name, Node};

/// The entries of an opened directory, in the order of their bytes: the host's
/// own order differs from run to run.
pub(super) struct Listing {
    dir: Directory,
    names: std::vec::IntoIter<CString>,
}

impl Listing {
    pub(super) fn open(dir: Directory) -> Result<Self> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&dir).map_err(errno)? {
            let entry = entry.map_err(errno)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                names.push(entry.file_name().to_owned());
            }
        }
        names.sort_unstable();
        Ok(Self {
            dir,
            names: names.into_iter(),
        })
    }
}

impl Iterator for Listing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.names.next()?;
        Some(Ok(Entry {
            name: Name::from_host_bytes(name.to_bytes()),
            node: node::entry(&self.dir, name),
        }))
    }
}

/// The entries of a directory that are of some kinds, in the order of their
/// bytes, by what the directory itself says of them: objects are looked at only
/// where it does not say, or where a driver's word cannot be taken.
pub(super) struct Glances {
    dir: Directory,
    kinds: Kinds,
    names: std::vec::IntoIter<(CString, Option<Glance>)>,
}

impl Glances {
    pub(super) fn open(node: &Node, kinds: Kinds) -> Result<Self> {
        let dir = node::reading_fd(node)?;
        // Drivers of NTFS call a reparse point file, directory or link as they
        // like; the objects say it.
        #[cfg(target_os = "linux")]
        let trusted = ntfs_mount::driver(&dir).is_none();
        #[cfg(not(target_os = "linux"))]
        let trusted = true;
        let mut names = Vec::new();
        each_entry(&dir, |name, file_type, _| {
            let glance = trusted.then(|| glance(file_type)).flatten();
            if glance.is_none_or(|glance| kinds.contains(glance.kinds())) {
                names.push((name.to_owned(), glance));
            }
            Ok(())
        })?;
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Self {
            dir,
            kinds,
            names: names.into_iter(),
        })
    }
}

/// What a type in a directory says; `None` when it says nothing.
fn glance(file_type: FileType) -> Option<Glance> {
    Some(match file_type {
        FileType::RegularFile => Glance::File,
        FileType::Directory => Glance::Directory,
        FileType::Symlink => Glance::Symlink,
        FileType::Unknown => return None,
        _ => Glance::Special,
    })
}

/// Bytes of entries that the system is asked for at a time.
#[cfg(target_os = "linux")]
const BUFFER: usize = 64 << 10;

/// Every entry but `.` and `..`, read by a descriptor of its own: name, type, and
/// the number of the inode.
#[cfg(target_os = "linux")]
pub(super) fn each_entry(
    dir: &Directory,
    mut each: impl FnMut(&CStr, FileType, u64) -> Result<()>,
) -> Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut entries = rustix::fs::RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(errno)?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            each(entry.file_name(), entry.file_type(), entry.ino())?;
        }
    }
    Ok(())
}

/// Every entry but `.` and `..`, read by a descriptor of its own: name, type, and
/// the number of the inode.
#[cfg(not(target_os = "linux"))]
pub(super) fn each_entry(
    dir: &Directory,
    mut each: impl FnMut(&CStr, FileType, u64) -> Result<()>,
) -> Result<()> {
    for entry in Dir::read_from(dir).map_err(errno)? {
        let entry = entry.map_err(errno)?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            each(entry.file_name(), entry.file_type(), entry.ino())?;
        }
    }
    Ok(())
}

impl Iterator for Glances {
    type Item = Result<Glanced>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, told) = self.names.next()?;
            let host = Name::from_host_bytes(name.to_bytes());
            let node = node::entry(&self.dir, name);
            let glance = match told {
                Some(glance) => glance,
                None => match PosixFs::new().stat(&node) {
                    Ok(stat) => Glance::from(&stat),
                    // It went away between the listing and now.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Some(Err(error)),
                },
            };
            if self.kinds.contains(glance.kinds()) {
                return Some(Ok(Glanced {
                    name: host,
                    node,
                    glance,
                }));
            }
        }
    }
}
