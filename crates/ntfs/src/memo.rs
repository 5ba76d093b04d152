//! What was decoded from records and is kept until it changes.
//!
//! Invariants
//! - A memo says what the blocks say. Whoever changes what it was decoded from
//!   puts the new one in place or takes it away: indexes are changed in
//!   `index::attributes` only, attribute lists in `attr::list` and `attr::names`.
//! - Taking a frame's work back, or dropping all blocks, drops all memos.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_ntfs_format::{RecordNumber, SecurityId};

use crate::cache::OffsetHasher;
use crate::index::node::IndexNode;
use crate::stream::StreamMap;

/// Most of each kind that are kept; all go then.
const MOST: usize = 4096;

/// A directory's index, open.
#[derive(Debug, Clone)]
pub(crate) struct OpenIndex {
    /// The value of `$INDEX_ROOT`.
    pub(crate) root: Arc<IndexNode>,
    /// Bytes of a block.
    pub(crate) block_size: usize,
    /// VCNs from one block to the next.
    pub(crate) vcn_step: u64,
    /// `$INDEX_ALLOCATION`, when there is one.
    pub(crate) blocks: Option<Arc<StreamMap>>,
    /// All blocks in front of this one are in use.
    pub(crate) full_below: usize,
}

/// An attribute list in clusters.
#[derive(Debug, Clone)]
pub(crate) struct OpenList {
    /// Where it lies.
    pub(crate) map: StreamMap,
    /// Where the next entry of a name goes.
    pub(crate) names_end: usize,
    /// The types it has, a bit for each sixteenth of the code.
    pub(crate) types: u32,
}

type Table<T> = HashMap<u64, Arc<T>, BuildHasherDefault<OffsetHasher>>;

#[derive(Debug, Default)]
struct Tables {
    indexes: Table<OpenIndex>,
    lists: Table<OpenList>,
    descriptors: Table<Vec<u8>>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    tables: Mutex<Tables>,
}

fn put<T>(table: &mut Table<T>, key: u64, value: Arc<T>) {
    if table.len() >= MOST {
        table.clear();
    }
    table.insert(key, value);
}

impl Memo {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&mut self) -> &mut Tables {
        self.tables
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The open directory index of a file.
    pub(crate) fn index(&self, base: RecordNumber) -> Option<Arc<OpenIndex>> {
        self.lock().indexes.get(&base.0).cloned()
    }

    pub(crate) fn put_index(&self, base: RecordNumber, index: Arc<OpenIndex>) {
        put(&mut self.lock().indexes, base.0, index);
    }

    pub(crate) fn drop_index(&mut self, base: RecordNumber) {
        self.tables().indexes.remove(&base.0);
    }

    /// The open attribute list of a file.
    pub(crate) fn list(&self, base: RecordNumber) -> Option<Arc<OpenList>> {
        self.lock().lists.get(&base.0).cloned()
    }

    pub(crate) fn put_list(&self, base: RecordNumber, list: Arc<OpenList>) {
        put(&mut self.lock().lists, base.0, list);
    }

    /// Takes the open attribute list of a file, to change it and put it back.
    pub(crate) fn take_list(&mut self, base: RecordNumber) -> Option<Arc<OpenList>> {
        self.tables().lists.remove(&base.0)
    }

    pub(crate) fn drop_list(&mut self, base: RecordNumber) {
        self.tables().lists.remove(&base.0);
    }

    /// The security descriptor of a number, which never changes once it is given.
    pub(crate) fn descriptor(&self, id: SecurityId) -> Option<Arc<Vec<u8>>> {
        self.lock().descriptors.get(&u64::from(id.0)).cloned()
    }

    pub(crate) fn put_descriptor(&self, id: SecurityId, descriptor: Arc<Vec<u8>>) {
        put(&mut self.lock().descriptors, u64::from(id.0), descriptor);
    }

    /// A record was freed, or is used anew.
    pub(crate) fn forget(&mut self, record: RecordNumber) {
        self.drop_index(record);
        self.drop_list(record);
    }

    /// Blocks are not what they were.
    pub(crate) fn clear(&mut self) {
        *self.tables() = Tables::default();
    }
}
