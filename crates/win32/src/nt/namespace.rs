//! The names and streams that are open, and what is to happen to them.

use std::collections::{HashMap, HashSet};

use linkwright_fs::{DirectoryEntry, Name, Node, StreamName};

use super::objects::FileKey;
use super::tunnel::Tunnel;

/// An open name, by which opens refer to it through renames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LinkId(u64);

/// An open named stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StreamId {
    pub(crate) file: FileKey,
    pub(crate) name: StreamName,
}

/// A name in a directory, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LinkKey {
    /// The directory.
    pub(crate) parent: FileKey,
    /// The name, exact.
    pub(crate) name: Name,
}

/// What is to happen to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// Nothing.
    No,
    /// It goes when the last handle that was opened by it is closed.
    Pending,
    /// It has gone: removed under POSIX semantics, or replaced.
    Gone,
}

/// A name that is open (MS-FSA 2.1.1.4, Link).
#[derive(Debug, Clone)]
pub(crate) struct OpenLink {
    pub(crate) key: LinkKey,
    /// The directory.
    pub(crate) dir: Node,
    /// The file.
    pub(crate) file: FileKey,
    /// Handles that were opened by it.
    pub(crate) opens: usize,
    pub(crate) deletion: Deletion,
}

/// A named stream that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OpenStream {
    pub(crate) opens: usize,
    pub(crate) deleted: bool,
}

/// See the module's text.
#[derive(Default)]
pub(crate) struct Namespace {
    next: u64,
    links: HashMap<LinkId, OpenLink>,
    by_key: HashMap<LinkKey, LinkId>,
    streams: HashMap<StreamId, OpenStream>,
    /// How many links are to be deleted: looking up is quick while none is.
    pending: usize,
    /// Files without a name that live until their last handle is closed.
    orphans: HashSet<FileKey>,
    /// Names that went lately.
    pub(crate) tunnel: Tunnel,
}

impl Namespace {
    /// One more handle on a name.
    pub(crate) fn open_link(
        &mut self,
        parent: FileKey,
        dir: &Node,
        entry: &DirectoryEntry,
        file: FileKey,
    ) -> LinkId {
        let key = LinkKey {
            parent,
            name: entry.name.clone(),
        };
        if let Some(id) = self.by_key.get(&key) {
            let id = *id;
            if let Some(link) = self.links.get_mut(&id) {
                link.opens += 1;
                return id;
            }
        }
        self.next += 1;
        let id = LinkId(self.next);
        let link = OpenLink {
            key: key.clone(),
            dir: dir.clone(),
            file,
            opens: 1,
            deletion: Deletion::No,
        };
        self.by_key.insert(key, id);
        self.links.insert(id, link);
        id
    }

    pub(crate) fn link(&self, id: LinkId) -> Option<&OpenLink> {
        self.links.get(&id)
    }

    /// All names that are open.
    pub(crate) fn links(&self) -> impl Iterator<Item = &OpenLink> {
        self.links.values()
    }

    /// A file lost its last name while it is open.
    pub(crate) fn add_orphan(&mut self, file: FileKey) {
        self.orphans.insert(file);
    }

    /// Whether a file whose last handle is closed has no name.
    pub(crate) fn take_orphan(&mut self, file: FileKey) -> bool {
        self.orphans.remove(&file)
    }

    /// Whether a name waits to be deleted.
    pub(crate) fn is_pending(&self, key: &LinkKey) -> bool {
        self.by_key
            .get(key)
            .and_then(|id| self.links.get(id))
            .is_some_and(|link| link.deletion == Deletion::Pending)
    }

    /// Whether any name waits to be deleted.
    pub(crate) fn has_pending(&self) -> bool {
        self.pending > 0
    }

    /// How many names of a file do not count as its links any more: those that
    /// wait to be deleted, and the place of a file without a name.
    pub(crate) fn pending_of(&self, file: FileKey) -> usize {
        let aside = usize::from(self.orphans.contains(&file));
        let waiting = match self.pending {
            0 => 0,
            _ => self
                .links
                .values()
                .filter(|link| link.file == file && link.deletion == Deletion::Pending)
                .count(),
        };
        aside + waiting
    }

    /// Marks a name, or takes the mark away.
    pub(crate) fn set_pending(&mut self, id: LinkId, deletion: Deletion) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let before = link.deletion == Deletion::Pending;
        link.deletion = deletion;
        match (before, deletion == Deletion::Pending) {
            (false, true) => self.pending += 1,
            (true, false) => self.pending -= 1,
            _ => {}
        }
    }

    /// The name is no longer in its directory: what opens the same name now is
    /// another link.
    pub(crate) fn detach(&mut self, id: LinkId) {
        self.set_pending(id, Deletion::Gone);
        if let Some(link) = self.links.get(&id)
            && self.by_key.get(&link.key) == Some(&id)
        {
            self.by_key.remove(&link.key);
        }
    }

    /// The open link of a name.
    pub(crate) fn find(&self, key: &LinkKey) -> Option<LinkId> {
        self.by_key.get(key).copied()
    }

    /// A name has become another one; its opens go with it.
    pub(crate) fn rename(&mut self, id: LinkId, key: LinkKey, dir: &Node) {
        if let Some(link) = self.links.get_mut(&id) {
            if self.by_key.get(&link.key) == Some(&id) {
                self.by_key.remove(&link.key);
            }
            link.key = key.clone();
            link.dir = dir.clone();
            self.by_key.insert(key, id);
        }
    }

    /// One handle less; the link when it was the last one.
    pub(crate) fn close_link(&mut self, id: LinkId) -> Option<OpenLink> {
        let link = self.links.get_mut(&id)?;
        link.opens -= 1;
        if link.opens > 0 {
            return None;
        }
        let link = self.links.remove(&id)?;
        if link.deletion == Deletion::Pending {
            self.pending -= 1;
        }
        if self.by_key.get(&link.key) == Some(&id) {
            self.by_key.remove(&link.key);
        }
        Some(link)
    }

    /// One more handle on a named stream.
    pub(crate) fn open_stream(&mut self, id: &StreamId) {
        self.streams.entry(id.clone()).or_default().opens += 1;
    }

    pub(crate) fn stream(&self, id: &StreamId) -> OpenStream {
        self.streams.get(id).copied().unwrap_or_default()
    }

    pub(crate) fn delete_stream(&mut self, id: &StreamId, deleted: bool) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.deleted = deleted;
        }
    }

    /// One handle less; the stream when it was the last one.
    pub(crate) fn close_stream(&mut self, id: &StreamId) -> Option<OpenStream> {
        let stream = self.streams.get_mut(id)?;
        stream.opens -= 1;
        match stream.opens {
            0 => self.streams.remove(id),
            _ => None,
        }
    }
}
