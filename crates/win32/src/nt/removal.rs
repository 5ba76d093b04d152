//! The end of a name.

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, DirectoryEntry, FileSystem, Name, Node, NodeKind, Stat};

use super::namespace::{LinkKey, Namespace};
use super::objects::FileKey;
use super::status;
use crate::system::Machine;

/// A name that is to go.
pub(crate) struct Doomed<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) dir: &'a Node,
    pub(crate) key: &'a LinkKey,
    pub(crate) file: FileKey,
    pub(crate) node: &'a Node,
    /// Handles that stay open on the file.
    pub(crate) others: usize,
}

impl Machine {
    /// Removes a name. Where that was the last one of a file that others have
    /// open, the file lives on without a name until they close it.
    pub(crate) fn remove_name(
        &self,
        namespace: &mut Namespace,
        doomed: &Doomed<'_>,
    ) -> Result<(), NtStatus> {
        let Doomed { fs, dir, key, .. } = doomed;
        let entry = fs.entry(dir, &key.name).map_err(status::of)?;
        let stat = fs.stat(doomed.node).map_err(status::of)?;
        let keeps = fs
            .capabilities()
            .contains(Capabilities::POSIX_UNLINK_RENAME);
        if doomed.others > 0 && stat.names <= 1 && keeps {
            fs.set_aside(dir, &key.name).map_err(status::of)?;
            namespace.add_orphan(doomed.file);
        } else {
            fs.remove(dir, &key.name).map_err(status::of)?;
        }
        self.remember_name(namespace, key.parent, &entry, &stat);
        Ok(())
    }

    /// Puts a name of a file that is gone from its directory into the tunnel.
    pub(crate) fn remember_name(
        &self,
        namespace: &mut Namespace,
        directory: FileKey,
        entry: &DirectoryEntry,
        stat: &Stat,
    ) {
        if stat.kind == NodeKind::File
            && let Some(created) = stat.times.created
        {
            let now = self.clock.now();
            namespace.tunnel.remember(directory, entry, created, now);
        }
    }

    /// What a name that comes now had before it went.
    pub(crate) fn recall_name(
        &self,
        namespace: &mut Namespace,
        directory: FileKey,
        name: &Name,
    ) -> Option<super::tunnel::Tunnelled> {
        namespace.tunnel.take(directory, name, self.clock.now())
    }
}
