//! The files of a directory get their names in another.

use std::ffi::CStr;

use rustix::fs::{AtFlags, FileType};

use super::link::{hard, link_error};
use super::{Directory, LinkLimit, errno, list, node};
use crate::error::Result;
use crate::{Entry, HardLinked, Name};

/// Bytes of names that are listed before they are linked.
const BATCH: usize = 64 << 10;

/// Names of a directory, one behind the other.
#[derive(Default)]
struct Batch {
    /// Each with its NUL.
    bytes: Vec<u8>,
    entries: Vec<Listed>,
}

/// What a directory says of a name.
struct Listed {
    inode: u64,
    /// Where its name begins in the bytes.
    at: usize,
    file_type: FileType,
}

/// Gives the files of a directory their names in another. The listing says what
/// is a file, so that nothing else is looked at. `from` is read, and nobody else
/// reads it.
///
/// Names are linked in the order of their inodes: neighbours lie in one block of
/// the volume and in one place of the system's caches.
pub(super) fn files(
    from: &Directory,
    to: &Directory,
    limit: LinkLimit,
    tell: &mut dyn FnMut(HardLinked) -> Result<()>,
) -> Result<()> {
    let mut batch = Batch::default();
    list::each_entry(from, |name, file_type, inode| {
        batch.add(name, file_type, inode);
        match batch.bytes.len() < BATCH {
            true => Ok(()),
            false => batch.link(from, to, limit, tell),
        }
    })?;
    batch.link(from, to, limit, tell)
}

impl Batch {
    fn add(&mut self, name: &CStr, file_type: FileType, inode: u64) {
        self.entries.push(Listed {
            inode,
            at: self.bytes.len(),
            file_type,
        });
        self.bytes.extend_from_slice(name.to_bytes_with_nul());
    }

    /// Links what is in it, and empties it.
    fn link(
        &mut self,
        from: &Directory,
        to: &Directory,
        limit: LinkLimit,
        tell: &mut dyn FnMut(HardLinked) -> Result<()>,
    ) -> Result<()> {
        self.entries.sort_unstable_by_key(|entry| entry.inode);
        for entry in &self.entries {
            let name = self.bytes.get(entry.at..).unwrap_or_default();
            if let Ok(name) = CStr::from_bytes_until_nul(name) {
                tell(one(from, to, name, entry.file_type, limit))?;
            }
        }
        self.entries.clear();
        self.bytes.clear();
        Ok(())
    }
}

fn one(
    from: &Directory,
    to: &Directory,
    name: &CStr,
    file_type: FileType,
    limit: LinkLimit,
) -> HardLinked {
    match is_linked(from, to, name, file_type, limit) {
        Ok(true) => HardLinked::Linked,
        Ok(false) => HardLinked::NoFile(entry(from, name)),
        Err(error) => HardLinked::Failed(entry(from, name), error),
    }
}

/// Links a name; `false` when it is none of a file.
fn is_linked(
    from: &Directory,
    to: &Directory,
    name: &CStr,
    file_type: FileType,
    limit: LinkLimit,
) -> Result<bool> {
    match file_type {
        FileType::RegularFile if limit == LinkLimit::Host => {
            rustix::fs::linkat(from, name, to, name, AtFlags::empty())
                .map_err(|error| link_error(error, to))?;
            return Ok(true);
        }
        FileType::RegularFile => {}
        // Some file systems do not say it in their listings.
        FileType::Unknown => {
            let stat = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno)?;
            if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                return Ok(false);
            }
        }
        _ => return Ok(false),
    }
    let node = node::entry(from, name.to_owned());
    hard(&node, to, name.to_owned(), limit)?;
    Ok(true)
}

fn entry(dir: &Directory, name: &CStr) -> Entry {
    Entry {
        name: Name::from_host_bytes(name.to_bytes()),
        node: node::entry(dir, name.to_owned()),
    }
}
