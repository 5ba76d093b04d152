//! What was decoded from records and is kept until it changes.
//!
//! Invariants
//! - A memo says what the blocks say. Whoever changes what it was decoded from
//!   puts the new one in place or takes it away: indexes are changed in
//!   `index::attributes` only (what a directory says of case, in
//!   `meta::information`), attribute lists in `attr::list` and `attr::names`.
//! - Taking a frame's work back, or dropping all blocks, drops all memos.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::{RecordNumber, SecurityId};

use crate::cache::NumberHasher;
use crate::index::directory::NameCase;
use crate::index::finger::Finger;
use crate::index::node::IndexNode;
use crate::index::search::Step;
use crate::stream::StreamMap;

/// Most indexes that are kept; all go then.
const MOST: usize = 4096;

/// Most lists, which are smaller: about 4 MiB.
const MOST_LISTS: usize = 16 * 1024;

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
    /// How names are told apart, once somebody asked.
    pub(crate) case: Option<NameCase>,
}

/// An open index in the memo.
#[derive(Debug)]
struct Kept {
    index: Arc<OpenIndex>,
    finger: Finger,
}

/// An attribute list in clusters.
#[derive(Debug, Clone)]
pub(crate) struct OpenList {
    /// Where it lies.
    pub(crate) map: StreamMap,
    /// Where the next entry of a name goes.
    pub(crate) names_end: usize,
    /// The types it has, a bit for each sixteenth of the code.
    types: u32,
    /// The extension record that the last name went to, when that is known.
    pub(crate) last: Option<RecordNumber>,
    /// None of the others that would be tried for room has more than this.
    pub(crate) spare: usize,
}

/// The bit of a type.
fn bit(type_code: AttributeType) -> u32 {
    1_u32.checked_shl(type_code.0 / 0x10).unwrap_or(0)
}

impl OpenList {
    /// A list that lies at `map`; nothing is noted of it yet.
    pub(crate) const fn new(map: StreamMap) -> Self {
        Self {
            map,
            names_end: 0,
            types: 0,
            last: None,
            spare: usize::MAX,
        }
    }

    /// Takes down that it has an attribute of a type.
    pub(crate) fn note(&mut self, type_code: AttributeType) {
        self.types |= bit(type_code);
    }

    /// Whether it may have an attribute of a type.
    pub(crate) fn may_hold(&self, type_code: AttributeType) -> bool {
        let bit = bit(type_code);
        bit == 0 || self.types & bit != 0
    }
}

type Table<T> = HashMap<u64, T, BuildHasherDefault<NumberHasher>>;

#[derive(Debug, Default)]
struct Tables {
    indexes: Table<Kept>,
    /// The index that was changed last; it is in no table.
    latest: Option<(u64, Kept)>,
    lists: Table<Arc<OpenList>>,
    descriptors: Table<Arc<Vec<u8>>>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    tables: Mutex<Tables>,
}

impl Tables {
    fn kept(&self, base: RecordNumber) -> Option<&Kept> {
        match &self.latest {
            Some((latest, kept)) if *latest == base.0 => Some(kept),
            _ => self.indexes.get(&base.0),
        }
    }

    fn take(&mut self, base: RecordNumber) -> Option<Kept> {
        match self.latest.take_if(|(latest, _)| *latest == base.0) {
            Some((_, kept)) => Some(kept),
            None => self.indexes.remove(&base.0),
        }
    }
}

fn put<T>(table: &mut Table<T>, most: usize, key: u64, value: T) {
    if table.len() >= most {
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

    /// The open directory index of a file, and where its next key is expected.
    pub(crate) fn index(&self, base: RecordNumber) -> Option<(Arc<OpenIndex>, Option<Step>)> {
        let tables = self.lock();
        let kept = tables.kept(base)?;
        Some((Arc::clone(&kept.index), kept.finger.hint()))
    }

    /// How a directory whose index is open tells names apart.
    pub(crate) fn case(&self, base: RecordNumber) -> Option<NameCase> {
        self.lock().kept(base)?.index.case
    }

    pub(crate) fn put_index(&self, base: RecordNumber, index: Arc<OpenIndex>) {
        let finger = Finger::default();
        put(
            &mut self.lock().indexes,
            MOST,
            base.0,
            Kept { index, finger },
        );
    }

    /// Takes the open directory index of a file, to change it and put it back.
    pub(crate) fn take_index(&mut self, base: RecordNumber) -> Option<(Arc<OpenIndex>, Finger)> {
        let kept = self.tables().take(base)?;
        Some((kept.index, kept.finger))
    }

    /// Puts back what [`Self::take_index`] gave.
    pub(crate) fn keep_index(&mut self, base: RecordNumber, index: Arc<OpenIndex>, finger: Finger) {
        let tables = self.tables();
        let before = tables.latest.replace((base.0, Kept { index, finger }));
        if let Some((number, kept)) = before {
            put(&mut tables.indexes, MOST, number, kept);
        }
    }

    pub(crate) fn drop_index(&mut self, base: RecordNumber) {
        self.tables().take(base);
    }

    /// The open attribute list of a file.
    pub(crate) fn list(&self, base: RecordNumber) -> Option<Arc<OpenList>> {
        self.lock().lists.get(&base.0).cloned()
    }

    pub(crate) fn put_list(&self, base: RecordNumber, list: Arc<OpenList>) {
        put(&mut self.lock().lists, MOST_LISTS, base.0, list);
    }

    /// As [`Self::list`], for who has the volume alone.
    pub(crate) fn list_now(&mut self, base: RecordNumber) -> Option<Arc<OpenList>> {
        self.tables().lists.get(&base.0).cloned()
    }

    /// Changes the open attribute list of a file, as its blocks were changed.
    pub(crate) fn change_list(&mut self, base: RecordNumber, change: impl FnOnce(&mut OpenList)) {
        if let Some(list) = self.tables().lists.get_mut(&base.0) {
            change(Arc::make_mut(list));
        }
    }

    pub(crate) fn drop_list(&mut self, base: RecordNumber) {
        self.tables().lists.remove(&base.0);
    }

    /// The security descriptor of a number, which never changes once it is given.
    pub(crate) fn descriptor(&self, id: SecurityId) -> Option<Arc<Vec<u8>>> {
        self.lock().descriptors.get(&u64::from(id.0)).cloned()
    }

    pub(crate) fn put_descriptor(&self, id: SecurityId, descriptor: Arc<Vec<u8>>) {
        put(
            &mut self.lock().descriptors,
            MOST,
            u64::from(id.0),
            descriptor,
        );
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
