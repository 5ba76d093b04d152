//! Link objects: a file or directory and its reparse point.

use linkwright_ntfs::FileKind;
use linkwright_reparse::ReparseBuffer;

use super::atomic::Door;
use super::{NtfsFs, convert, error};
use crate::error::{ErrorKind, Result};
use crate::{Create, LinkContent, LinkType, Name, Node};

impl<V: Door> NtfsFs<V> {
    /// A new link object.
    pub(super) fn make_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        let buffer = convert::reparse(content)?;
        let kind = match link_type {
            LinkType::File => FileKind::File,
            LinkType::Directory => FileKind::Directory,
        };
        let options = convert::create_options(create);
        let dir = self.file(dir)?;
        self.volume
            .whole(|tx| {
                let bytes = buffer.encode();
                let file = tx.create_reparse_point(dir, name.units(), kind, &bytes, &options)?;
                // Setting the reparse point counted as a change of the link.
                tx.set_times(file, &convert::times_change(&create.times))?;
                tx.refresh_name(dir, name.units())?;
                Ok(file)
            })
            .map(|file| self.node(file))
            .map_err(error::from_engine)
    }

    /// An object without its reparse point.
    pub(super) fn take_link_off(&self, node: &Node) -> Result<()> {
        let file = self.file(node)?;
        let buffer = self
            .volume
            .reparse_point(file)
            .map_err(error::from_engine)?
            .ok_or(ErrorKind::NotAReparsePoint)?;
        let guid = match &buffer {
            ReparseBuffer::Other(other) => other.guid(),
            _ => None,
        };
        self.volume
            .delete_reparse_point(file, buffer.tag().0, guid)
            .map_err(error::from_engine)
    }
}
