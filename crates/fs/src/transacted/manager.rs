//! A volume with transactions, as it is seen outside of them.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Key;
use super::claims::{Claims, Holder};
use super::overlay::Transacted;
use super::state::fold;
use crate::error::{ErrorKind, Feature, Result, TransactionError};
use crate::ntfs::ReadOnlyFiles;
use crate::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Entry, ExtendedAttribute,
    FileSystem, LinkContent, LinkType, Name, Node, NodeKind, ObjectIdAttribute, Placed, Replace,
    Scratch, Stat, StreamInfo, StreamName, Target, Times, Timestamp, VolumeInfo,
};

/// Where transactions get the time from.
pub(super) type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How the transactions of a volume are to be.
#[derive(Clone)]
pub struct TransactionOptions {
    /// Where times of changed files come from.
    pub now: Now,
    /// Who sees to it that read-only files stay as they are.
    pub read_only_files: ReadOnlyFiles,
}

impl Default for TransactionOptions {
    /// The system's clock; read-only files are refused.
    fn default() -> Self {
        Self {
            now: Arc::new(|| Timestamp::from(std::time::SystemTime::now())),
            read_only_files: ReadOnlyFiles::Refused,
        }
    }
}

/// What all transactions of a volume share.
pub(super) struct Shared {
    pub(super) base: Arc<dyn FileSystem>,
    pub(super) options: TransactionOptions,
    claims: RwLock<Claims>,
    /// Number of the next transaction.
    next: AtomicU64,
}

impl Shared {
    /// Looks at what is held. A change of the volume from outside keeps this
    /// until it is done, so that nothing is taken hold of meanwhile.
    pub(super) fn claims(&self) -> RwLockReadGuard<'_, Claims> {
        self.claims.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn claims_mut(&self) -> RwLockWriteGuard<'_, Claims> {
        self.claims.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A volume on which transactions can be open: as a [`FileSystem`], what is
/// seen and can be done outside of them.
pub struct ResourceManager {
    shared: Arc<Shared>,
}

impl ResourceManager {
    /// Transactions over `base`. Everybody must go through this from now on: a
    /// change made around it is found at the commit only.
    pub fn new(base: Arc<dyn FileSystem>, options: TransactionOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                base,
                options,
                claims: RwLock::default(),
                next: AtomicU64::new(1),
            }),
        }
    }

    /// The volume without transactions.
    pub fn base(&self) -> &Arc<dyn FileSystem> {
        &self.shared.base
    }

    /// Opens a transaction, which is rolled back when it is not committed
    /// `until` that time.
    ///
    /// # Errors
    /// `Unsupported` where the volume has none.
    pub fn begin(&self, until: Option<Timestamp>) -> Result<Transacted> {
        let known = self.shared.base.capabilities();
        if !known.contains(Capabilities::TRANSACTIONS) {
            return Err(ErrorKind::Unsupported(Feature::Transactions).into());
        }
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        Ok(Transacted::new(Arc::clone(&self.shared), id, until))
    }

    /// Whether an open transaction other than `by` changed this file: nobody
    /// else may write to it.
    pub fn is_changed(&self, node: &Node, by: Option<u64>) -> bool {
        node.key()
            .is_some_and(|key| self.shared.claims().is_changed(key, by))
    }

    /// Whether an open transaction other than `by` depends on where this
    /// directory is.
    pub fn is_pinned(&self, node: &Node, by: Option<u64>) -> bool {
        node.key()
            .is_some_and(|key| self.shared.claims().is_pinned(key, by))
    }

    fn base_fs(&self) -> &dyn FileSystem {
        &*self.shared.base
    }

    /// Runs a change of a file unless a transaction holds it.
    fn on_file<T>(&self, node: &Node, change: impl FnOnce() -> Result<T>) -> Result<T> {
        let claims = self.shared.claims();
        if let Some(key) = node.key() {
            claims.check_file(key, None)?;
        }
        change()
    }

    /// Runs a change that makes a name unless a transaction holds it.
    fn on_name<T>(
        &self,
        dir: &Node,
        name: &Name,
        change: impl FnOnce(&Claims) -> Result<T>,
    ) -> Result<T> {
        let claims = self.shared.claims();
        if !claims.is_empty()
            && let Some(dir) = dir.key()
        {
            claims.check_directory(dir, None)?;
            claims.check_name(dir, &fold(name.units()), None)?;
        }
        change(&claims)
    }

    /// Refuses to take the name of a file away that a transaction needs.
    fn check_moved(
        &self,
        claims: &Claims,
        dir: &Node,
        name: &Name,
        pinned: TransactionError,
    ) -> Result<()> {
        if claims.is_empty() {
            return Ok(());
        }
        let Ok(entry) = self.base_fs().entry(dir, name) else {
            return Ok(());
        };
        if let Some(dir) = dir.key() {
            claims.check_name(dir, &fold(entry.name.units()), None)?;
        }
        let Some(key) = entry.node.key() else {
            return Ok(());
        };
        if claims.is_pinned(key, None)
            && self.base_fs().stat(&entry.node)?.kind == NodeKind::Directory
        {
            return Err(ErrorKind::Transaction(pinned).into());
        }
        claims.check_file(key, None)
    }
}

/// Everything is the volume's own, but for changes that meet a transaction.
impl FileSystem for ResourceManager {
    fn capabilities(&self) -> Capabilities {
        self.base_fs().capabilities()
    }

    fn capabilities_at(&self, dir: &Node) -> Result<Capabilities> {
        self.base_fs().capabilities_at(dir)
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        self.base_fs().volume_info()
    }

    fn root(&self) -> Result<Node> {
        self.base_fs().root()
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        self.base_fs().child(dir, name)
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        self.base_fs().stat(node)
    }

    fn facts(&self, node: &Node) -> Result<Stat> {
        self.base_fs().facts(node)
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        self.base_fs().list(dir)
    }

    fn names(&self, node: &Node) -> Result<Vec<Placed>> {
        self.base_fs().names(node)
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        self.base_fs().streams(node)
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        self.base_fs().link(node)
    }

    fn followed(&self, node: &Node) -> Result<Target> {
        self.base_fs().followed(node)
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        self.base_fs().read_at(node, stream, offset, buf)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn Read + Send + 'a>> {
        self.base_fs().open_data(node, stream)
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        self.on_file(node, || self.base_fs().write_at(node, stream, offset, data))
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        self.on_file(node, || self.base_fs().set_len(node, stream, len))
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.on_name(dir, name, |_| self.base_fs().create_file(dir, name, create))
    }

    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        self.on_name(dir, name, |claims| {
            if replace == Replace::Yes {
                self.check_moved(claims, dir, name, TransactionError::Conflict)?;
            }
            self.base_fs()
                .put_file(dir, name, create, contents, replace)
        })
    }

    fn put_stream(&self, node: &Node, stream: &StreamName, data: &mut dyn Read) -> Result<()> {
        self.on_file(node, || self.base_fs().put_stream(node, stream, data))
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.on_name(dir, name, |_| {
            self.base_fs().create_directory(dir, name, create)
        })
    }

    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        self.on_name(dir, name, |claims| {
            if let Some(key) = node.key() {
                claims.check_file(key, None)?;
            }
            self.base_fs().hard_link(node, dir, name)
        })
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        self.on_name(dir, name, |_| {
            self.base_fs()
                .create_link(dir, name, link_type, content, create)
        })
    }

    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        self.on_file(node, || self.base_fs().set_link(node, content))
    }

    fn remove_link(&self, node: &Node) -> Result<()> {
        self.on_file(node, || self.base_fs().remove_link(node))
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        let claims = self.shared.claims();
        self.check_moved(&claims, dir, name, TransactionError::Conflict)?;
        self.base_fs().remove(dir, name)
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        self.on_name(new_dir, new_name, |claims| {
            self.check_moved(claims, dir, name, TransactionError::Dependency)?;
            if replace == Replace::Yes {
                self.check_moved(claims, new_dir, new_name, TransactionError::Conflict)?;
            }
            self.base_fs().rename(dir, name, new_dir, new_name, replace)
        })
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        self.on_file(node, || self.base_fs().set_times(node, times))
    }

    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()> {
        self.on_file(node, || self.base_fs().set_attributes(node, attributes))
    }

    fn extended_attributes(&self, node: &Node) -> Result<Vec<ExtendedAttribute>> {
        self.base_fs().extended_attributes(node)
    }

    fn set_extended_attributes(&self, node: &Node, list: &[ExtendedAttribute]) -> Result<()> {
        self.on_file(node, || self.base_fs().set_extended_attributes(node, list))
    }

    fn entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        self.base_fs().entry(dir, name)
    }

    fn entries<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
        self.base_fs().entries(dir)
    }

    fn refresh_entry(&self, dir: &Node, name: &Name) -> Result<()> {
        self.base_fs().refresh_entry(dir, name)
    }

    fn refreshed_entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        self.base_fs().refreshed_entry(dir, name)
    }

    fn set_short_name(&self, dir: &Node, name: &Name, short: &Name) -> Result<()> {
        self.on_name(dir, short, |claims| {
            self.check_moved(claims, dir, name, TransactionError::Conflict)?;
            self.base_fs().set_short_name(dir, name, short)
        })
    }

    fn security(&self, node: &Node) -> Result<Vec<u8>> {
        self.base_fs().security(node)
    }

    fn set_security(&self, node: &Node, descriptor: &[u8]) -> Result<()> {
        self.on_file(node, || self.base_fs().set_security(node, descriptor))
    }

    fn node_by_id(&self, record: u64, sequence: u16) -> Result<Node> {
        self.base_fs().node_by_id(record, sequence)
    }

    fn node_by_object_id(&self, id: [u8; 16]) -> Result<Node> {
        self.base_fs().node_by_object_id(id)
    }

    fn object_id(&self, node: &Node) -> Result<Option<ObjectIdAttribute>> {
        self.base_fs().object_id(node)
    }

    fn set_object_id(&self, node: &Node, id: &ObjectIdAttribute) -> Result<()> {
        self.on_file(node, || self.base_fs().set_object_id(node, id))
    }

    fn delete_object_id(&self, node: &Node) -> Result<()> {
        self.on_file(node, || self.base_fs().delete_object_id(node))
    }

    fn set_aside(&self, dir: &Node, name: &Name) -> Result<()> {
        let claims = self.shared.claims();
        self.check_moved(&claims, dir, name, TransactionError::Conflict)?;
        self.base_fs().set_aside(dir, name)
    }

    fn drop_aside(&self, node: &Node) -> Result<()> {
        self.base_fs().drop_aside(node)
    }

    fn remove_stream(&self, node: &Node, stream: &StreamName) -> Result<()> {
        self.on_file(node, || self.base_fs().remove_stream(node, stream))
    }

    fn identity(&self, node: &Node) -> Result<(u64, u16)> {
        self.base_fs().identity(node)
    }

    fn is_case_sensitive(&self, dir: &Node) -> Result<bool> {
        self.base_fs().is_case_sensitive(dir)
    }

    /// What a transaction made in the directory was compared by the rule it had.
    fn set_case_sensitive(&self, dir: &Node, sensitive: bool) -> Result<()> {
        self.on_file(dir, || {
            if self.is_pinned(dir, None) {
                return Err(ErrorKind::Transaction(TransactionError::Dependency).into());
            }
            self.base_fs().set_case_sensitive(dir, sensitive)
        })
    }

    fn set_sparse(&self, node: &Node, stream: Option<&StreamName>) -> Result<()> {
        self.on_file(node, || self.base_fs().set_sparse(node, stream))
    }

    fn zero_range(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        len: u64,
    ) -> Result<()> {
        self.on_file(node, || {
            self.base_fs().zero_range(node, stream, offset, len)
        })
    }

    fn scratch(&self) -> Result<Box<dyn Scratch>> {
        self.base_fs().scratch()
    }

    /// Around what transactions hold: for commits, and for callers that know
    /// that none is open.
    fn atomically(&self, work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>) -> Result<()> {
        self.base_fs().atomically(work)
    }

    fn sync(&self) -> Result<()> {
        self.base_fs().sync()
    }
}

/// A transaction holds a name or file only while it is open.
pub(super) fn release(shared: &Shared, id: Holder) {
    shared.claims_mut().release(id);
}

/// The parts of a claim that need the lock for a moment only.
impl Shared {
    pub(super) fn hold_file(&self, key: Key, id: Holder) -> Result<()> {
        self.claims_mut().hold_file(key, id)
    }
}
