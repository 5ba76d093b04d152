//! The end of a name.

use linkwright_codes::NtStatus;
use linkwright_fs::{
    Capabilities, DirectoryEntry, ErrorKind, Feature, FileSystem, Name, Node, NodeKind,
    Result as FsResult, Stat,
};

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
        self.replace_name(namespace, doomed, &mut |_| Ok(()))
    }

    /// Removes a name and does `then`, in one step where the volume can.
    pub(crate) fn replace_name(
        &self,
        namespace: &mut Namespace,
        doomed: &Doomed<'_>,
        then: &mut dyn FnMut(&dyn FileSystem) -> FsResult<()>,
    ) -> Result<(), NtStatus> {
        let Doomed { fs, dir, key, .. } = doomed;
        let entry = fs.entry(dir, &key.name).map_err(status::of)?;
        let stat = fs.facts(doomed.node).map_err(status::of)?;
        let keeps = fs
            .capabilities()
            .contains(Capabilities::POSIX_UNLINK_RENAME);
        let aside = keeps && doomed.others > 0 && {
            // Names are counted where it matters.
            let stat = fs.stat(doomed.node).map_err(status::of)?;
            stat.names <= 1
        };
        whole(*fs, &mut |fs| {
            match aside {
                true => fs.set_aside(dir, &key.name)?,
                false => fs.remove(dir, &key.name)?,
            }
            then(fs)
        })
        .map_err(status::of)?;
        if aside {
            namespace.add_orphan(doomed.file);
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

/// Several steps as one; one after the other where the volume, or the
/// transaction that is open on it, knows no such thing.
fn whole(
    fs: &dyn FileSystem,
    work: &mut dyn FnMut(&dyn FileSystem) -> FsResult<()>,
) -> FsResult<()> {
    match fs.atomically(work) {
        Err(error) if error.kind() == ErrorKind::Unsupported(Feature::Transactions) => work(fs),
        done => done,
    }
}
