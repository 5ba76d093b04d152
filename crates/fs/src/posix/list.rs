//! Listing a directory of the host.

use std::ffi::CString;

use rustix::fs::Dir;

use super::{Directory, errno, node};
use crate::error::Result;
use crate::{Entry, Name};

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
