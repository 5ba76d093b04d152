//! A volume as one transaction sees it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Key;
use super::listing::Merged;
use super::manager::{Shared, release};
use super::replay::replay;
use super::state::{Added, Hold, State, Status};
use super::view::View;
use crate::error::{Error, ErrorKind, Feature, Result, TransactionError};
use crate::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Entry, ExtendedAttribute,
    FileSystem, LinkContent, LinkType, Name, Node, NodeKind, ObjectIdAttribute, Placed, Replace,
    Stat, StreamInfo, StreamName, Target, Times, Timestamp, VolumeInfo,
};

/// Bytes copied at a time.
const CHUNK: usize = 256 << 10;

/// An open transaction: the volume as it sees it. Dropping it rolls it back.
pub struct Transacted {
    shared: Arc<Shared>,
    id: u64,
    until: Option<Timestamp>,
    state: Mutex<State>,
}

/// What a commit did beside what the transaction asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Files that lost their last name and were kept for who has them open
    /// ([`FileSystem::set_aside`]), by record and sequence number.
    pub aside: Vec<(u64, u16)>,
}

impl Transacted {
    pub(super) fn new(shared: Arc<Shared>, id: u64, until: Option<Timestamp>) -> Self {
        Self {
            shared,
            id,
            until,
            state: Mutex::new(State::new()),
        }
    }

    /// The number of the transaction, never 0; no other of the volume has it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How the transaction stands.
    pub fn status(&self) -> Status {
        self.lock().status
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does all of the transaction on the volume, as one transaction of it;
    /// what that is worth when the power fails is up to the volume's
    /// durability and [`FileSystem::sync`].
    ///
    /// # Errors
    /// `DiskFull` and errors of the storage; [`TransactionError::Conflict`] when
    /// the volume was changed around the [`super::ResourceManager`];
    /// [`TransactionError::Ended`] when it is over already. Nothing was done
    /// then, and the transaction is rolled back.
    pub fn commit(&self) -> Result<()> {
        self.commit_keeping(&|_, _| false).map(drop)
    }

    /// As [`Transacted::commit`]; a file that loses its last name is kept when
    /// `is_open` says, by record and sequence number, that somebody has it open.
    ///
    /// # Errors
    /// As [`Transacted::commit`].
    pub fn commit_keeping(&self, is_open: &dyn Fn(u64, u16) -> bool) -> Result<Committed> {
        let mut state = self.open_state()?;
        let mut committed = Committed::default();
        let done = match state.ops.is_empty() && state.files.is_empty() {
            true => Ok(()),
            false => self.shared.base.atomically(&mut |fs| {
                committed.aside = replay(fs, &state, is_open)?;
                Ok(())
            }),
        };
        state.end(match done {
            Ok(()) => Status::Committed,
            Err(_) => Status::RolledBack,
        });
        drop(state);
        release(&self.shared, self.id);
        done.map(|()| committed)
    }

    /// Locks a file against writers outside, whether it is changed or not.
    ///
    /// # Errors
    /// Another transaction changed it; it is encrypted.
    pub fn lock_file(&self, node: &Node) -> Result<()> {
        self.view()?.hold(node, Hold::Whole).map(drop)
    }

    /// Forgets all of the transaction.
    ///
    /// # Errors
    /// [`TransactionError::Ended`] when it is over already.
    pub fn rollback(&self) -> Result<()> {
        let mut state = self.open_state()?;
        state.end(Status::RolledBack);
        drop(state);
        release(&self.shared, self.id);
        Ok(())
    }

    /// Whether the transaction changed anything.
    pub fn has_changes(&self) -> bool {
        !self.lock().files.is_empty()
    }

    /// The transaction, for one call.
    fn view(&self) -> Result<View<'_>> {
        Ok(View {
            shared: &self.shared,
            id: self.id,
            state: self.open_state()?,
        })
    }

    /// The state of a transaction that is not over; one whose time is over is
    /// rolled back.
    fn open_state(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        if state.status == Status::Open
            && self
                .until
                .is_some_and(|until| (self.shared.options.now)() >= until)
        {
            state.end(Status::RolledBack);
            release(&self.shared, self.id);
        }
        check_open(&state)?;
        Ok(state)
    }

    /// Whether the transaction changed this file.
    pub fn holds(&self, node: &Node) -> bool {
        let key = node.key();
        let state = self.lock();
        key.and_then(|key| state.files.get(&key))
            .is_some_and(|file| file.hold == Hold::Whole)
    }
}

impl Drop for Transacted {
    fn drop(&mut self) {
        // One that is over has nothing to roll back.
        self.rollback().ok();
    }
}

fn check_open(state: &State) -> Result<()> {
    match state.status {
        Status::Open => Ok(()),
        Status::Committed | Status::RolledBack => {
            Err(ErrorKind::Transaction(TransactionError::Ended).into())
        }
    }
}

/// What transactions of NTFS cannot do either (ERROR_..._IN_TRANSACTION).
fn not_inside<T>() -> Result<T> {
    Err(ErrorKind::Transaction(TransactionError::NotSupported).into())
}

/// Reads a stream from its start.
struct Reader<'a> {
    overlay: &'a Transacted,
    node: Node,
    stream: Option<StreamName>,
    offset: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self
            .overlay
            .read_at(&self.node, self.stream.as_ref(), self.offset, buf)
            .map_err(Error::into_io)?;
        self.offset += got as u64;
        Ok(got)
    }
}

impl FileSystem for Transacted {
    fn capabilities(&self) -> Capabilities {
        self.shared.base.capabilities()
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        self.shared.base.volume_info()
    }

    fn root(&self) -> Result<Node> {
        self.shared.base.root()
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        Ok(self.view()?.need(dir, name)?.node)
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        self.view()?.stat(node)
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        let entries = self.entries(dir)?;
        Ok(Box::new(entries.map(|entry| {
            let entry = entry?;
            Ok(Entry {
                name: entry.name,
                node: entry.node,
            })
        })))
    }

    fn names(&self, node: &Node) -> Result<Vec<Placed>> {
        let view = self.view()?;
        let names = view.names(node)?;
        Ok(names
            .into_iter()
            .map(|named| Placed {
                path: view.path(&named).ok(),
                directory: named.directory,
                name: named.name,
            })
            .collect())
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        self.view()?.streams(node)
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        self.view()?.link(node)
    }

    fn followed(&self, _node: &Node) -> Result<Target> {
        Err(ErrorKind::InvalidArgument.into())
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        self.view()?.read(node, stream, offset, buf)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn Read + Send + 'a>> {
        let view = self.view()?;
        if stream.is_none() && view.stat(node)?.kind == NodeKind::Directory {
            return Err(ErrorKind::IsADirectory.into());
        }
        view.read(node, stream, 0, &mut [])?;
        Ok(Box::new(Reader {
            overlay: self,
            node: node.clone(),
            stream: stream.cloned(),
            offset: 0,
        }))
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        self.view()?.write(node, stream, offset, data)
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        self.view()?.set_len(node, stream, len)
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.view()?.create(dir, name, NodeKind::File, create)
    }

    /// The data is gathered in a file without a name first, as the reader may
    /// read from this very transaction.
    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        let (key, node) = self.view()?.nameless_file(dir, name, create, replace)?;
        let filled = contents.iter_mut().try_for_each(|content| {
            let stream = content.stream.as_ref();
            self.view()?.fill(&node, stream, 0, &[])?;
            self.copy_in(&node, stream, content.data)
        });
        let mut view = self.view()?;
        match filled.and_then(|()| view.place_file(key, dir, name, create, replace)) {
            Ok(()) => Ok(node),
            Err(error) => {
                view.forget(key);
                Err(error)
            }
        }
    }

    fn put_stream(&self, node: &Node, stream: &StreamName, data: &mut dyn Read) -> Result<()> {
        // As a whole: what the reader gives is gathered first.
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).map_err(Error::from_io)?;
        self.set_len(node, Some(stream), 0)?;
        self.write_at(node, Some(stream), 0, &bytes)
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.view()?.create(dir, name, NodeKind::Directory, create)
    }

    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        self.view()?.hard_link(node, dir, name)
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        self.view()?
            .create_link(dir, name, link_type, content, create)
    }

    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        self.view()?.set_link(node, content)
    }

    fn remove_link(&self, node: &Node) -> Result<()> {
        self.view()?.remove_link(node)
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        self.view()?.remove(dir, name)
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        self.view()?.rename(dir, name, new_dir, new_name, replace)
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        self.view()?.set_times(node, times)
    }

    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()> {
        self.view()?.set_attributes(node, attributes)
    }

    fn extended_attributes(&self, node: &Node) -> Result<Vec<ExtendedAttribute>> {
        match self.view()?.key(node)? {
            Key::Stored { .. } => self.shared.base.extended_attributes(node),
            Key::Private(_) => Ok(Vec::new()),
        }
    }

    fn set_extended_attributes(&self, _node: &Node, _list: &[ExtendedAttribute]) -> Result<()> {
        not_inside()
    }

    fn entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        let view = self.view()?;
        let found = view.need(dir, name)?;
        view.entry(found)
    }

    fn entries<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
        let view = self.view()?;
        let key = view.directory(dir)?;
        let stored = match key {
            Key::Stored { .. } => self.shared.base.entries(dir)?,
            Key::Private(_) => Box::new(std::iter::empty()),
        };
        let (mut added, mut removed) = (Vec::new(), Default::default());
        if let Some(changed) = view.state.directories.get(&key) {
            removed = changed.removed.clone();
            for Added { name, key, node } in changed.added.values() {
                added.push(view.entry(super::view::Found {
                    name: name.clone(),
                    key: *key,
                    node: node.clone(),
                    entry: None,
                })?);
            }
        }
        drop(view);
        let merged = Merged::new(stored, added, removed);
        Ok(Box::new(merged.map(move |entry| {
            let entry = entry?;
            let view = self.view()?;
            match entry.node.key().and_then(|key| view.file(key)) {
                Some(file) => Ok(DirectoryEntry {
                    duplicate: (&file.stat).into(),
                    ..entry
                }),
                None => Ok(entry),
            }
        })))
    }

    /// The commit does it.
    fn refresh_entry(&self, dir: &Node, name: &Name) -> Result<()> {
        let mut view = self.view()?;
        let found = view.need(dir, name)?;
        let is_held = view
            .file(found.key)
            .is_some_and(|file| file.hold == Hold::Whole);
        if is_held {
            let key = view.hold(dir, Hold::Times)?;
            view.state.refresh.insert((key, found.name));
        }
        Ok(())
    }

    fn security(&self, node: &Node) -> Result<Vec<u8>> {
        self.view()?.security(node)
    }

    fn set_security(&self, node: &Node, descriptor: &[u8]) -> Result<()> {
        self.view()?.set_security(node, descriptor)
    }

    fn node_by_id(&self, record: u64, sequence: u16) -> Result<Node> {
        let view = self.view()?;
        let made = view
            .state
            .files
            .values()
            .find(|file| file.before.is_none() && file.stat.record == record);
        let node = match made {
            Some(file) => file.node.clone(),
            None => self.shared.base.node_by_id(record, sequence)?,
        };
        view.key(&node)?;
        Ok(node)
    }

    fn node_by_object_id(&self, id: [u8; 16]) -> Result<Node> {
        let view = self.view()?;
        let node = self.shared.base.node_by_object_id(id)?;
        view.key(&node)?;
        Ok(node)
    }

    fn object_id(&self, node: &Node) -> Result<Option<ObjectIdAttribute>> {
        match self.view()?.key(node)? {
            Key::Stored { .. } => self.shared.base.object_id(node),
            Key::Private(_) => Ok(None),
        }
    }

    fn set_object_id(&self, _node: &Node, _id: &ObjectIdAttribute) -> Result<()> {
        not_inside()
    }

    fn delete_object_id(&self, _node: &Node) -> Result<()> {
        not_inside()
    }

    fn set_aside(&self, dir: &Node, name: &Name) -> Result<()> {
        self.view()?.set_aside(dir, name)
    }

    fn drop_aside(&self, node: &Node) -> Result<()> {
        self.view()?.drop_aside(node)
    }

    fn remove_stream(&self, node: &Node, stream: &StreamName) -> Result<()> {
        self.view()?.remove_stream(node, stream)
    }

    fn identity(&self, node: &Node) -> Result<(u64, u16)> {
        let view = self.view()?;
        match view.key(node)? {
            Key::Stored { record, sequence } => Ok((record, sequence)),
            Key::Private(_) => view.stat(node).map(|stat| (stat.record, stat.sequence)),
        }
    }

    fn is_case_sensitive(&self, dir: &Node) -> Result<bool> {
        self.view()?.is_case_sensitive(dir)
    }

    fn set_case_sensitive(&self, _dir: &Node, _sensitive: bool) -> Result<()> {
        not_inside()
    }

    fn set_sparse(&self, _node: &Node, _stream: Option<&StreamName>) -> Result<()> {
        Err(ErrorKind::Transaction(TransactionError::Sparse).into())
    }

    fn zero_range(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        len: u64,
    ) -> Result<()> {
        self.view()?.zero_range(node, stream, offset, len)
    }

    fn atomically(&self, _work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::Transactions).into())
    }

    /// Nothing of an open transaction is to be durable.
    fn sync(&self) -> Result<()> {
        self.view().map(|_| ())
    }
}

impl Transacted {
    /// Appends what a reader gives to an empty stream. No lock is held while the
    /// reader reads.
    fn copy_in(&self, node: &Node, stream: Option<&StreamName>, data: &mut dyn Read) -> Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut offset = 0;
        loop {
            let got = match data.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::from_io(error)),
            };
            self.view()?.fill(node, stream, offset, &buffer[..got])?;
            offset += got as u64;
        }
    }
}
