//! A transaction while one call works on it: what it sees, and taking hold of
//! what it changes.

use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU64, Ordering};

use super::manager::Shared;
use super::state::{Added, Directory, File, Hold, Named, State, fold};
use super::{Key, PRIVATE_RECORDS, PrivateNode};
use crate::error::{Error, ErrorKind, Refusal, Result, TransactionError};
use crate::node::Repr;
use crate::ntfs::ReadOnlyFiles;
use crate::{
    Attributes, Create, DirectoryEntry, Duplicate, FileSystem, Name, Node, NodeKind, Stat, Times,
    Timestamp,
};

/// Records that belong to the file system itself.
const FIRST_USER_RECORD: u64 = 16;
/// Record of the root directory of NTFS.
const ROOT_RECORD: u64 = 5;
/// Most directories above each other.
const MAX_DEPTH: usize = 32_768;

/// See the module's text.
pub(super) struct View<'a> {
    pub(super) shared: &'a Shared,
    pub(super) id: u64,
    pub(super) state: MutexGuard<'a, State>,
}

/// A name that is there.
pub(super) struct Found {
    /// As stored.
    pub(super) name: Name,
    pub(super) key: Key,
    pub(super) node: Node,
    /// The entry of the volume, for one that the transaction did not make.
    pub(super) entry: Option<DirectoryEntry>,
}

fn not_here() -> Error {
    ErrorKind::InvalidArgument.into()
}

impl<'a> View<'a> {
    pub(super) fn base(&self) -> &'a dyn FileSystem {
        &*self.shared.base
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.shared.options.now)()
    }

    /// The key of a node that is there.
    pub(super) fn key(&self, node: &Node) -> Result<Key> {
        let key = node.key().ok_or_else(not_here)?;
        match self.state.files.get(&key) {
            Some(file) if file.gone => Err(ErrorKind::NotFound.into()),
            None if matches!(key, Key::Private(_)) => Err(not_here()),
            _ => Ok(key),
        }
    }

    pub(super) fn file(&self, key: Key) -> Option<&File> {
        self.state.files.get(&key)
    }

    /// A file that was taken hold of before.
    pub(super) fn file_mut(&mut self, key: Key) -> Result<&mut File> {
        self.state.files.get_mut(&key).ok_or_else(not_here)
    }

    /// What an object is inside the transaction.
    pub(super) fn stat(&self, node: &Node) -> Result<Stat> {
        let key = self.key(node)?;
        match self.file(key) {
            Some(file) => Ok(file.stat.clone()),
            None => Ok(Stat {
                device: self.id,
                ..self.base().stat(node)?
            }),
        }
    }

    /// The key of a directory.
    pub(super) fn directory(&self, node: &Node) -> Result<Key> {
        let key = self.key(node)?;
        match self.stat(node)?.kind {
            NodeKind::Directory => Ok(key),
            _ => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// Whether letter case tells the names in a directory apart.
    pub(super) fn is_case_sensitive(&self, dir: &Node) -> Result<bool> {
        let key = self.directory(dir)?;
        match (self.state.directories.get(&key), key) {
            (Some(changed), _) => Ok(changed.is_case_sensitive),
            (None, Key::Stored { .. }) => self.base().is_case_sensitive(dir),
            // One that was made here is in `directories` from then on.
            (None, Key::Private(_)) => Ok(false),
        }
    }

    /// What the transaction changed in a directory.
    pub(super) fn changed_mut(&mut self, dir: &Node) -> Result<&mut Directory> {
        let is_case_sensitive = self.is_case_sensitive(dir)?;
        let key = self.key(dir)?;
        Ok(self
            .state
            .directories
            .entry(key)
            .or_insert_with(|| Directory {
                is_case_sensitive,
                ..Directory::default()
            }))
    }

    /// The entry of a name inside the transaction.
    pub(super) fn lookup(&self, dir: &Node, name: &Name) -> Result<Option<Found>> {
        let key = self.directory(dir)?;
        let changed = self.state.directories.get(&key);
        let added = changed.and_then(|changed| changed.added.get(&changed.folded(name)));
        if let Some(Added { name, key, node }) = added {
            return Ok(Some(Found {
                name: name.clone(),
                key: *key,
                node: node.clone(),
                entry: None,
            }));
        }
        if matches!(key, Key::Private(_)) {
            return Ok(None);
        }
        let entry = match self.base().entry(dir, name) {
            Ok(entry) => entry,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if changed.is_some_and(|changed| changed.removed.contains(&entry.name)) {
            return Ok(None);
        }
        Ok(Some(Found {
            name: entry.name.clone(),
            key: entry.node.key().ok_or_else(not_here)?,
            node: entry.node.clone(),
            entry: Some(entry),
        }))
    }

    pub(super) fn need(&self, dir: &Node, name: &Name) -> Result<Found> {
        self.lookup(dir, name)?
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// What an entry says: the volume's entry, or what the file is where the
    /// transaction changed it.
    pub(super) fn entry(&self, found: Found) -> Result<DirectoryEntry> {
        let touched = self.file(found.key).map(|file| Duplicate::from(&file.stat));
        match (found.entry, touched) {
            (Some(entry), None) => Ok(entry),
            (Some(entry), Some(duplicate)) => Ok(DirectoryEntry { duplicate, ..entry }),
            (None, touched) => Ok(DirectoryEntry {
                name: found.name,
                short_name: None,
                duplicate: match touched {
                    Some(duplicate) => duplicate,
                    None => Duplicate::from(&self.base().stat(&found.node)?),
                },
                node: found.node,
            }),
        }
    }

    /// All names of a file inside the transaction.
    pub(super) fn names(&self, node: &Node) -> Result<Vec<Named>> {
        let key = self.key(node)?;
        match self.file(key) {
            Some(file) => Ok(file.names.clone()),
            None => self.stored_names(node),
        }
    }

    fn stored_names(&self, node: &Node) -> Result<Vec<Named>> {
        let names = self.base().names(node)?;
        Ok(names
            .into_iter()
            .map(|placed| Named {
                directory: placed.directory,
                name: placed.name,
            })
            .collect())
    }

    /// The names from the root to a file by one of its names.
    pub(super) fn path(&self, named: &Named) -> Result<Vec<Name>> {
        let mut path = vec![named.name.clone()];
        let mut at = named.directory.clone();
        for _ in 0..MAX_DEPTH {
            if Self::is_root(at.key().ok_or_else(not_here)?) {
                path.reverse();
                return Ok(path);
            }
            let above = self.names(&at)?.into_iter().next();
            let above = above.ok_or(ErrorKind::NotFound)?;
            path.push(above.name);
            at = above.directory;
        }
        Err(ErrorKind::Corrupt.into())
    }

    pub(super) fn is_root(key: Key) -> bool {
        matches!(
            key,
            Key::Stored {
                record: ROOT_RECORD,
                ..
            }
        )
    }

    /// The volume's own files are not changed.
    pub(super) fn check_own(key: Key) -> Result<()> {
        match key {
            Key::Stored { record, .. } if record < FIRST_USER_RECORD => {
                Err(ErrorKind::Refused(Refusal::SystemFile).into())
            }
            _ => Ok(()),
        }
    }

    /// Refuses what has the read-only attribute, where that is to be.
    pub(super) fn check_not_read_only(&self, node: &Node) -> Result<()> {
        if self.shared.options.read_only_files == ReadOnlyFiles::LeftToCaller {
            return Ok(());
        }
        match self.stat(node)?.attributes.contains(Attributes::READ_ONLY) {
            true => Err(Error::with_source(
                ErrorKind::AccessDenied,
                "the read-only attribute is set",
            )),
            false => Ok(()),
        }
    }

    /// Takes hold of a file that is about to be changed.
    pub(super) fn hold(&mut self, node: &Node, hold: Hold) -> Result<Key> {
        let key = self.key(node)?;
        match self.state.files.get_mut(&key) {
            Some(file) if file.hold == Hold::Whole || hold == Hold::Times => return Ok(key),
            _ => {}
        }
        if hold == Hold::Whole {
            self.shared.hold_file(key, self.id)?;
        }
        // Looked at only now: nobody else changes it any more.
        let before = self.base().stat(node)?;
        let stat = Stat {
            device: self.id,
            ..before.clone()
        };
        if hold == Hold::Whole && stat.attributes.contains(Attributes::ENCRYPTED) {
            return Err(ErrorKind::Transaction(TransactionError::Encrypted).into());
        }
        let names = self.stored_names(node)?;
        for named in &names {
            self.pin(&named.directory)?;
        }
        match self.state.files.get_mut(&key) {
            Some(file) => {
                file.hold = hold;
                file.before = Some(before);
            }
            None => {
                let file = File {
                    node: node.clone(),
                    before: Some(before),
                    hold,
                    stat,
                    names,
                    link: None,
                    security: None,
                    owner: None,
                    streams: Vec::new(),
                    gone: false,
                };
                self.state.files.insert(key, file);
            }
        }
        Ok(key)
    }

    /// Pins a directory and those above it.
    pub(super) fn pin(&mut self, dir: &Node) -> Result<()> {
        let mut at = dir.clone();
        for _ in 0..MAX_DEPTH {
            let key = at.key().ok_or_else(not_here)?;
            if !self.shared.claims_mut().pin(key, self.id) || Self::is_root(key) {
                return Ok(());
            }
            let Some(above) = self.names(&at)?.into_iter().next() else {
                return Ok(());
            };
            at = above.directory;
        }
        Err(ErrorKind::Corrupt.into())
    }

    /// Whether `dir` is `ancestor` or lies below it.
    pub(super) fn is_inside(&self, dir: &Node, ancestor: Key) -> Result<bool> {
        let mut at = dir.clone();
        for _ in 0..MAX_DEPTH {
            let key = at.key().ok_or_else(not_here)?;
            if key == ancestor {
                return Ok(true);
            }
            if Self::is_root(key) {
                return Ok(false);
            }
            let Some(above) = self.names(&at)?.into_iter().next() else {
                return Ok(false);
            };
            at = above.directory;
        }
        Err(ErrorKind::Corrupt.into())
    }

    /// Takes hold of a name; `true` when it was not held before.
    pub(super) fn hold_name(&mut self, dir: &Node, name: &Name) -> Result<bool> {
        let key = dir.key().ok_or_else(not_here)?;
        self.shared
            .claims_mut()
            .hold_name(key, fold(name.units()), self.id)
    }

    /// Lets a name go that was taken for nothing.
    pub(super) fn drop_name(&mut self, dir: &Node, name: &Name) {
        if let Some(key) = dir.key() {
            self.shared.claims_mut().drop_name(key, fold(name.units()));
        }
    }

    /// Marks a directory as changed: an entry came or went.
    pub(super) fn touch_directory(&mut self, dir: &Node) -> Result<()> {
        let key = self.hold(dir, Hold::Times)?;
        self.pin(dir)?;
        let now = Some(self.now());
        let times = &mut self.file_mut(key)?.stat.times;
        times.modified = now;
        times.changed = now;
        times.accessed = now;
        Ok(())
    }

    /// A new file without a name, to be in `dir`. A directory tells names apart as that
    /// one does, wherever it goes later.
    pub(super) fn new_file(
        &mut self,
        dir: &Node,
        kind: NodeKind,
        create: &Create,
    ) -> Result<(Key, Node)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let key = Key::Private(number);
        let node = Node(Repr::Private(PrivateNode { number }));
        let own = Attributes::DIRECTORY | Attributes::NORMAL;
        let mut attributes = create.attributes - own;
        match kind {
            NodeKind::Directory => attributes.insert(Attributes::DIRECTORY),
            _ => attributes.insert(Attributes::ARCHIVE),
        }
        let stat = Stat {
            kind,
            reparse_tag: None,
            posix_link: false,
            size: 0,
            allocated: 0,
            names: 0,
            record: PRIVATE_RECORDS + number,
            sequence: 1,
            device: self.id,
            times: filled(&create.times, self.now()),
            attributes,
            mode: None,
        };
        let file = File {
            node: node.clone(),
            before: None,
            hold: Hold::Whole,
            stat,
            names: Vec::new(),
            link: None,
            security: create.security_descriptor.clone(),
            owner: create.owner,
            streams: Vec::new(),
            gone: false,
        };
        if kind == NodeKind::Directory {
            let changed = Directory {
                is_case_sensitive: self.is_case_sensitive(dir)?,
                ..Directory::default()
            };
            self.state.directories.insert(key, changed);
        }
        self.state.files.insert(key, file);
        Ok((key, node))
    }
}

/// The times of a new file: those not given are now.
pub(super) fn filled(times: &Times, now: Timestamp) -> Times {
    Times {
        created: times.created.or(Some(now)),
        modified: times.modified.or(Some(now)),
        changed: times.changed.or(Some(now)),
        accessed: times.accessed.or(Some(now)),
    }
}
