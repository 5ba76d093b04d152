//! A store in memory for tests, and the rules a sound index keeps.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::ids::FileReference;
use linkwright_ntfs_format::index::{self, RootHeader};

use super::MAX_DEPTH;
use super::collation::Collation;
use super::directory::{NameCase, add};
use super::fault::{IndexFault, IndexFaultKind, NodeAt};
use super::finger::Finger;
use super::insert::Insertion;
use super::node::IndexNode;
use super::search::Step;
use super::store::{IndexStore, RootFit};

static UPCASE: LazyLock<UpcaseTable> = LazyLock::new(UpcaseTable::windows);

pub(super) fn upcase() -> &'static UpcaseTable {
    &UPCASE
}

pub(super) fn by_name() -> Collation<'static> {
    Collation::FileName(upcase())
}

#[derive(Debug, Clone)]
pub(super) struct MemoryStore {
    pub(super) root: Arc<IndexNode>,
    pub(super) blocks: Vec<Option<Arc<IndexNode>>>,
    pub(super) root_max: usize,
    block_size: usize,
    step: u64,
    generation: u64,
    finger: Finger,
    pub(super) writes: u64,
}

impl MemoryStore {
    pub(super) fn new(block_size: usize, step: u64, root_max: usize) -> Self {
        let header = RootHeader {
            indexed_type: 0x30.into(),
            collation: 1.into(),
            block_size: u32::try_from(block_size).unwrap().into(),
            block_clusters: 1,
            reserved: [0; 3],
        };
        let root = IndexNode::new_root(&header, &index::encode_last_entry(None)).unwrap();
        Self {
            root: Arc::new(root),
            blocks: Vec::new(),
            root_max,
            block_size,
            step,
            generation: 0,
            finger: Finger::default(),
            writes: 0,
        }
    }

    fn slot(&self, vcn: u64) -> Result<usize, IndexFault> {
        let slot = usize::try_from(vcn / self.step).unwrap();
        if !vcn.is_multiple_of(self.step) || !matches!(self.blocks.get(slot), Some(Some(_))) {
            return Err(IndexFault::new(
                IndexFaultKind::ChildVcn,
                NodeAt::Block(vcn),
            ));
        }
        Ok(slot)
    }

    fn change(&mut self) {
        self.generation += 1;
        self.finger = Finger::default();
    }

    pub(super) fn used_blocks(&self) -> usize {
        self.blocks.iter().flatten().count()
    }

    /// Bytes of entries to bytes of room, over all blocks.
    pub(super) fn fill(&self) -> f64 {
        let sum = |f: fn(&IndexNode) -> usize| -> f64 {
            self.blocks.iter().flatten().map(|b| f(b) as f64).sum()
        };
        sum(IndexNode::used) / sum(IndexNode::capacity)
    }
}

impl IndexStore for MemoryStore {
    type Error = IndexFault;

    fn fault(&self, fault: IndexFault) -> IndexFault {
        fault
    }

    fn block_size(&self) -> usize {
        self.block_size
    }

    fn vcn_step(&self) -> u64 {
        self.step
    }

    fn block_count(&self) -> u64 {
        self.blocks.len() as u64
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn root(&self) -> Result<Arc<IndexNode>, IndexFault> {
        Ok(Arc::clone(&self.root))
    }

    fn set_root(&mut self, root: &IndexNode) -> Result<RootFit, IndexFault> {
        if root.bytes().len() > self.root_max {
            return Ok(RootFit::TooLarge);
        }
        self.change();
        self.root = Arc::new(IndexNode::from_root(root.bytes().to_vec())?);
        Ok(RootFit::Fits)
    }

    fn root_limit(&self) -> Result<usize, IndexFault> {
        Ok(self.root_max)
    }

    fn block(&self, vcn: u64) -> Result<Arc<IndexNode>, IndexFault> {
        let slot = self.slot(vcn)?;
        Ok(Arc::clone(self.blocks[slot].as_ref().unwrap()))
    }

    fn fork(&mut self, vcn: u64, upcase: &UpcaseTable) {
        let slot = self.slot(vcn).unwrap();
        if let Some(node) = self.blocks[slot].as_mut().and_then(Arc::get_mut) {
            node.fork(upcase);
        }
    }

    fn take_finger(&mut self) -> Finger {
        core::mem::take(&mut self.finger)
    }

    fn keep_finger(&mut self, finger: Finger) {
        self.finger = finger;
    }

    fn hint(&self) -> Option<Step> {
        self.finger.hint()
    }

    fn modify_block<R>(
        &mut self,
        vcn: u64,
        edit: impl FnOnce(&mut IndexNode) -> R,
    ) -> Result<R, IndexFault> {
        let slot = self.slot(vcn)?;
        self.change();
        self.writes += 1;
        Ok(edit(Arc::make_mut(self.blocks[slot].as_mut().unwrap())))
    }

    fn write_block(&mut self, vcn: u64, node: IndexNode) -> Result<(), IndexFault> {
        let slot = self.slot(vcn)?;
        self.change();
        self.writes += 1;
        self.blocks[slot] = Some(Arc::new(node));
        Ok(())
    }

    fn allocate_block(&mut self) -> Result<u64, IndexFault> {
        self.change();
        let free = self.blocks.iter().position(Option::is_none);
        let slot = free.unwrap_or_else(|| {
            self.blocks.push(None);
            self.blocks.len() - 1
        });
        let vcn = slot as u64 * self.step;
        let node = IndexNode::new_block(self.block_size, vcn, &index::encode_last_entry(None))?;
        self.blocks[slot] = Some(Arc::new(node));
        Ok(vcn)
    }

    fn free_block(&mut self, vcn: u64) -> Result<(), IndexFault> {
        let slot = self.slot(vcn)?;
        self.change();
        self.blocks[slot] = None;
        while let Some(None) = self.blocks.last() {
            self.blocks.pop();
        }
        Ok(())
    }
}

/// An encoded directory entry.
pub(super) fn entry(name: &str, number: u64) -> Vec<u8> {
    entry_of(&units(name), number)
}

pub(super) fn entry_of(name: &[u16], number: u64) -> Vec<u8> {
    index::encode_directory_entry(FileReference::from_raw(number), &key_of(name)).unwrap()
}

pub(super) fn key_of(name: &[u16]) -> Vec<u8> {
    let name = FileName {
        parent: FileReference::ROOT,
        duplicated: Default::default(),
        namespace: Namespace::Posix,
        name: name.to_vec(),
    };
    name.encode().unwrap()
}

pub(super) fn units(name: &str) -> Vec<u16> {
    name.encode_utf16().collect()
}

/// Adds a name that counts as its own in any case.
pub(super) fn put_name(store: &mut MemoryStore, name: &str, number: u64) -> Insertion {
    add(store, upcase(), &entry(name, number), NameCase::Sensitive).unwrap()
}

/// Walks the whole tree and checks every rule; returns its keys' entries in
/// order, without sub-nodes.
pub(super) fn check(store: &MemoryStore, order: Collation<'_>) -> Vec<Vec<u8>> {
    let mut walk = Walk {
        store,
        order,
        entries: Vec::new(),
        seen: BTreeSet::new(),
        leaf_depth: None,
    };
    assert!(store.root.bytes().len() <= store.root_max);
    let root = index::root_node(store.root.bytes()).unwrap();
    assert_eq!(root.total(), root.allocated());
    walk.node(&store.root, 0);
    let used: BTreeSet<u64> = store
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.is_some())
        .map(|(slot, _)| slot as u64 * store.step)
        .collect();
    assert_eq!(walk.seen, used, "blocks reached and blocks in use");
    walk.entries
}

struct Walk<'a> {
    store: &'a MemoryStore,
    order: Collation<'a>,
    entries: Vec<Vec<u8>>,
    seen: BTreeSet<u64>,
    leaf_depth: Option<usize>,
}

impl Walk<'_> {
    fn node(&mut self, node: &IndexNode, depth: usize) {
        assert!(depth < MAX_DEPTH);
        same_when_decoded(node);
        if node.is_leaf() {
            assert_eq!(*self.leaf_depth.get_or_insert(depth), depth, "leaf depth");
        }
        for slot in 0..=node.len() {
            if let Some(vcn) = node.child(slot) {
                assert!(self.seen.insert(vcn), "block {vcn} reached twice");
                let child = self.store.block(vcn).unwrap();
                self.node(&child, depth + 1);
            }
            if slot < node.len() {
                let entry = index::without_child(node.range(slot, slot + 1)).unwrap();
                let key = node.key(slot);
                if let Some(last) = self.entries.last() {
                    let last = index::EntryView::at(last, 0).unwrap().key();
                    assert!(self.order.compare(last, key).unwrap().is_lt(), "order");
                }
                self.entries.push(entry);
            }
        }
    }
}

fn same_when_decoded(node: &IndexNode) {
    assert!(node.is_forked_well());
    let bytes = node.bytes().to_vec();
    let (decoded, has_children) = match node.at() {
        NodeAt::Root => (
            IndexNode::from_root(bytes.clone()),
            index::root_node(&bytes).unwrap().has_children(),
        ),
        NodeAt::Block(vcn) => (
            IndexNode::from_block(bytes.clone(), vcn),
            index::block_node(&bytes, vcn).unwrap().has_children(),
        ),
    };
    let decoded = decoded.unwrap();
    assert_eq!(has_children, !node.is_leaf());
    assert_eq!(decoded.len(), node.len());
    assert_eq!(decoded.entries(), node.entries());
    for slot in 0..=node.len() {
        assert_eq!(decoded.range(slot, slot + 1), node.range(slot, slot + 1));
    }
}
