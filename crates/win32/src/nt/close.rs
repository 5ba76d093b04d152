//! The end of a handle (MS-FSA 2.1.5.5).

use linkwright_fs::Capabilities;

use super::namespace::{Deletion, LinkId, Namespace, OpenLink};
use super::objects::{FileObject, OnClose, StreamKind};
use super::removal::Doomed;
use crate::system::Machine;

impl Machine {
    /// What CloseHandle does. It cannot fail: what goes wrong when a name is
    /// removed leaves the name.
    pub(crate) fn close_file(&self, open: &FileObject) {
        let mut namespace = self.nt.namespace();
        if *open.on_close() == OnClose::Delete {
            mark(&mut namespace, open);
        }
        let others = self.nt.shares.close(&open.key.shared(), open.ticket);
        close_stream(&mut namespace, open);
        if let Some(id) = open.link {
            self.close_link(&mut namespace, open, id, others);
        }
        if others == 0 && namespace.take_orphan(open.key) {
            // Nobody can see it any more; the next session would remove it.
            open.fs.drop_aside(&open.node).ok();
        }
    }

    fn close_link(&self, namespace: &mut Namespace, open: &FileObject, id: LinkId, others: usize) {
        let Some(link) = namespace.link(id) else {
            return;
        };
        match link.deletion {
            Deletion::No => refresh(open, link),
            Deletion::Pending if open.is_posix() => {
                let link = link.clone();
                self.remove_link(namespace, open, &link, others);
                namespace.detach(id);
            }
            Deletion::Pending | Deletion::Gone => {}
        }
        if let Some(link) = namespace.close_link(id)
            && link.deletion == Deletion::Pending
        {
            self.remove_link(namespace, open, &link, others);
        }
    }

    fn remove_link(
        &self,
        namespace: &mut Namespace,
        open: &FileObject,
        link: &OpenLink,
        others: usize,
    ) {
        let doomed = Doomed {
            fs: &*open.fs,
            dir: &link.dir,
            key: &link.key,
            file: open.key,
            node: &open.node,
            others,
        };
        // A directory may have been filled meanwhile; then it stays.
        self.remove_name(namespace, &doomed).ok();
    }
}

/// FILE_FLAG_DELETE_ON_CLOSE has its effect at the close, on the stream when one
/// was opened.
fn mark(namespace: &mut Namespace, open: &FileObject) {
    if let Some(stream) = &open.stream_id {
        namespace.delete_stream(stream, true);
        return;
    }
    let Some(id) = open.link else { return };
    let marked = namespace
        .link(id)
        .is_none_or(|link| link.deletion != Deletion::No);
    if !marked && deletable(open) {
        namespace.set_pending(id, Deletion::Pending);
    }
}

/// A directory with entries is not deleted on close.
fn deletable(open: &FileObject) -> bool {
    open.kind != StreamKind::Directory
        || open
            .fs
            .list(&open.node)
            .is_ok_and(|mut list| list.next().is_none())
}

fn close_stream(namespace: &mut Namespace, open: &FileObject) {
    let Some(id) = &open.stream_id else { return };
    if let Some(stream) = namespace.close_stream(id)
        && stream.deleted
    {
        // The file may be gone with all its streams.
        open.fs.remove_stream(&open.node, &id.name).ok();
    }
}

/// The entry of the name that was used is brought up to date.
fn refresh(open: &FileObject, link: &OpenLink) {
    let keeps = Capabilities::DUPLICATED_INFORMATION;
    if open.fs.capabilities().contains(keeps) {
        // The entry may lag; nothing else depends on it.
        open.fs.refresh_entry(&link.dir, &link.key.name).ok();
    }
}
