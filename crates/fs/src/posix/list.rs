//! Listing a directory of the host.

use rustix::fs::Dir;

use super::{Directory, errno, node};
use crate::error::Result;
use crate::{Entry, Name};

/// The entries of an opened directory.
pub(super) struct Listing {
    dir: Directory,
    entries: Dir,
}

impl Listing {
    pub(super) fn open(dir: Directory) -> Result<Self> {
        let entries = Dir::read_from(&dir).map_err(errno)?;
        Ok(Self { dir, entries })
    }
}

impl Iterator for Listing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.entries.read()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(errno(error))),
            };
            let name = entry.file_name();
            if !matches!(name.to_bytes(), b"." | b"..") {
                return Some(Ok(Entry {
                    name: Name::from_host_bytes(name.to_bytes()),
                    node: node::entry(&self.dir, name.to_owned()),
                }));
            }
        }
    }
}
