//! The end of a handle (MS-FSA 2.1.5.5).

use linkwright_fs::{Capabilities, FileSystem};

use super::namespace::{Deletion, Namespace};
use super::objects::{FileObject, OnClose, StreamKind};
use crate::system::Machine;

impl Machine {
    /// What CloseHandle does. It cannot fail: what goes wrong when a name is
    /// removed leaves the name.
    pub(crate) fn close_file(&self, open: &FileObject) {
        let mut namespace = self.nt.namespace();
        if *open.on_close() == OnClose::Delete {
            mark(&mut namespace, open);
        }
        self.nt.shares.close(&open.key, open.ticket);
        close_stream(&mut namespace, open);
        let Some(id) = open.link else { return };
        let pending = namespace
            .link(id)
            .is_some_and(|link| link.deletion == Deletion::Pending);
        if !pending {
            refresh(&namespace, open);
        }
        let Some(link) = namespace.close_link(id) else {
            return;
        };
        if link.deletion == Deletion::Pending {
            // A directory may have been filled meanwhile; then it stays.
            drop(open.fs.remove(&link.dir, &link.key.name));
        }
    }
}

/// FILE_FLAG_DELETE_ON_CLOSE has its effect at the close, on the stream when one
/// was opened.
fn mark(namespace: &mut Namespace, open: &FileObject) {
    match (&open.stream_id, open.link) {
        (Some(stream), _) => namespace.delete_stream(stream, true),
        (None, Some(id)) if deletable(open) => {
            if namespace
                .link(id)
                .is_some_and(|link| link.deletion == Deletion::No)
            {
                namespace.set_pending(id, Deletion::Pending);
            }
        }
        _ => {}
    }
}

/// A directory with entries is not deleted on close.
fn deletable(open: &FileObject) -> bool {
    open.kind != StreamKind::Directory || is_empty(&*open.fs, open)
}

fn is_empty(fs: &dyn FileSystem, open: &FileObject) -> bool {
    fs.list(&open.node)
        .is_ok_and(|mut list| list.next().is_none())
}

fn close_stream(namespace: &mut Namespace, open: &FileObject) {
    let Some(id) = &open.stream_id else { return };
    if let Some(stream) = namespace.close_stream(id)
        && stream.deleted
    {
        // The file may be gone with all its streams.
        drop(open.fs.remove_stream(&open.node, &id.name));
    }
}

/// The entry of the name that was used is brought up to date.
fn refresh(namespace: &Namespace, open: &FileObject) {
    let keeps = Capabilities::DUPLICATED_INFORMATION;
    if !open.fs.capabilities().contains(keeps) {
        return;
    }
    if let Some(link) = open.link.and_then(|id| namespace.link(id))
        && link.deletion == Deletion::No
    {
        // The entry may lag; nothing else depends on it.
        drop(open.fs.refresh_entry(&link.dir, &link.key.name));
    }
}
