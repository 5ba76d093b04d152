//! The index store of a volume: `$INDEX_ROOT`, `$INDEX_ALLOCATION` and
//! `$BITMAP` of one name of one file.

mod blocks;

use std::sync::Arc;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::{RecordNumber, fixup, index};

use blocks::AHEAD_PART;

use crate::alloc::bits;
use crate::attr::AttrKey;
use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, InvalidInput, Place, Result};
use crate::index::directory::NameCase;
use crate::index::fault::{IndexFault, IndexFaultKind, NodeAt};
use crate::index::finger::Finger;
use crate::index::node::{IndexNode, NodeFit};
use crate::index::search::Step;
use crate::index::store::{IndexStore, RootFit};
use crate::memo::OpenIndex;

/// A root value of at most this size is put in place whatever must move for it:
/// the headers and one keyless entry with a sub-node.
const LEAST_ROOT: usize = index::ROOT_NODE_OFFSET + index::NODE_HEADER_LEN + 24;

/// How the store reaches the engine: shared for searches, alone for changes.
pub(crate) trait EngineAccess {
    /// For reading.
    fn engine(&self) -> &Engine;
    /// For changing.
    fn engine_mut(&mut self) -> Result<&mut Engine>;
    /// The open directory index of a file, and where it was changed last.
    fn known(&mut self, base: RecordNumber) -> Option<Opened>;
    /// Keeps what was just opened for those who come after.
    fn keep(&self, base: RecordNumber, index: &Arc<OpenIndex>);
}

impl EngineAccess for &Engine {
    fn engine(&self) -> &Engine {
        self
    }

    fn engine_mut(&mut self) -> Result<&mut Engine> {
        Err(InvalidInput::ReadOnly.into())
    }

    fn known(&mut self, base: RecordNumber) -> Option<Opened> {
        let (index, hint) = self.memo.index(base)?;
        Some(Opened {
            index,
            finger: Finger::default(),
            hint,
        })
    }

    fn keep(&self, base: RecordNumber, index: &Arc<OpenIndex>) {
        self.memo.put_index(base, Arc::clone(index));
    }
}

impl EngineAccess for &mut Engine {
    fn engine(&self) -> &Engine {
        self
    }

    fn engine_mut(&mut self) -> Result<&mut Engine> {
        Ok(self)
    }

    /// Taken out of the memo: [`AttributeIndex::close`] puts it back.
    fn known(&mut self, base: RecordNumber) -> Option<Opened> {
        let (index, finger) = self.memo.take_index(base)?;
        Some(Opened {
            index,
            finger,
            hint: None,
        })
    }

    /// [`AttributeIndex::close`] does, when the change went well.
    fn keep(&self, _: RecordNumber, _: &Arc<OpenIndex>) {}
}

/// What is known of an index that is open.
pub(crate) struct Opened {
    index: Arc<OpenIndex>,
    finger: Finger,
    hint: Option<Step>,
}

/// See the module's text.
pub(crate) struct AttributeIndex<'n, E> {
    access: E,
    base: RecordNumber,
    name: &'n [u16],
    open: Arc<OpenIndex>,
    finger: Finger,
    hint: Option<Step>,
    /// The VCN that was looked at last, and the key of its block.
    looked_at: Option<(u64, u64)>,
}

impl<'n, E: EngineAccess> AttributeIndex<'n, E> {
    /// Opens the index `name` of a file.
    pub(crate) fn open(mut access: E, base: RecordNumber, name: &'n [u16]) -> Result<Self> {
        let is_directory = name == index::I30;
        let known = is_directory.then(|| access.known(base)).flatten();
        let opened = match known {
            Some(opened) => opened,
            None => {
                let index = access.engine().open_index(base, name)?;
                if is_directory {
                    access.keep(base, &index);
                }
                Opened {
                    index,
                    finger: Finger::default(),
                    hint: None,
                }
            }
        };
        Ok(Self {
            access,
            base,
            name,
            open: opened.index,
            finger: opened.finger,
            hint: opened.hint,
            looked_at: None,
        })
    }

    /// What is in memory is about to differ from what is open.
    fn open_mut(&mut self) -> &mut OpenIndex {
        self.looked_at = None;
        Arc::make_mut(&mut self.open)
    }

    fn place(&self) -> Place {
        Place::attribute(self.base, AttributeType::INDEX_ALLOCATION)
    }

    fn allocation_key(&self) -> AttrKey<'n> {
        AttrKey::named(AttributeType::INDEX_ALLOCATION, self.name)
    }

    fn bitmap_key(&self) -> AttrKey<'n> {
        AttrKey::named(AttributeType::BITMAP, self.name)
    }

    fn block_bytes(&self) -> u64 {
        u64::try_from(self.open.block_size).unwrap_or(u64::MAX)
    }

    /// Where the block of a VCN lies.
    fn location(&self, vcn: u64) -> Result<crate::cache::Location> {
        let bad = || {
            self.fault(IndexFault::new(
                IndexFaultKind::ChildVcn,
                NodeAt::Block(vcn),
            ))
        };
        let map = self.open.blocks.as_ref().ok_or_else(bad)?;
        let offset = (vcn / self.open.vcn_step)
            .checked_mul(self.block_bytes())
            .ok_or_else(bad)?;
        let end = offset.checked_add(self.block_bytes()).ok_or_else(bad)?;
        if end > map.sizes.initialized {
            return Err(bad());
        }
        self.access.engine().location(
            &map.runs,
            offset,
            self.open.block_size,
            self.place().at_vcn(vcn),
        )
    }

    fn load(&self, vcn: u64) -> Result<Arc<Block>> {
        let engine = self.access.engine();
        if let Some(block) = self.key_of(vcn).and_then(|key| engine.cache.get(key)) {
            return Ok(block);
        }
        let location = self.location(vcn)?;
        let place = self.place().at_vcn(vcn);
        let mut bytes = engine.read_location(&location)?;
        fixup::remove(&mut bytes).map_err(|e| place.format(e))?;
        let node = IndexNode::from_block(bytes, vcn).map_err(|fault| self.fault(fault))?;
        Ok(engine
            .cache
            .insert_clean(location, Block::from_node(node, None)))
    }

    /// Where the block of a VCN starts, which is its key in the cache. What is
    /// there was checked when it was read.
    #[inline]
    fn key_of(&self, vcn: u64) -> Option<u64> {
        let open = &*self.open;
        let map = open.blocks.as_ref()?;
        // Powers of two, both; so many bytes are between two VCNs.
        let unit = open.block_size.trailing_zeros() - open.vcn_step.trailing_zeros();
        let offset = vcn.checked_mul(1 << unit)?;
        if offset >= map.sizes.initialized {
            return None;
        }
        let shift = self.access.engine().geometry.cluster_shift();
        let cluster = offset >> shift;
        let lcn = map.runs.lookup(cluster)?.lcn?;
        Some((lcn << shift) + (offset - (cluster << shift)))
    }

    /// Has a block in the cache; its key there.
    fn at_hand(&mut self, vcn: u64) -> Result<u64> {
        if let Some(key) = self.key_of(vcn)
            && self.access.engine_mut()?.cache.holds(key)
        {
            return Ok(key);
        }
        let location = self.location(vcn)?;
        let key = location.key();
        if !self.access.engine().cache.contains(key) {
            let block = self.load(vcn)?;
            self.access.engine_mut()?.keep_cached(location, &block);
        }
        Ok(key)
    }
}

impl AttributeIndex<'_, &mut Engine> {
    /// Keeps this index open for those who come after. Not done when a change
    /// failed: they open it anew.
    pub(crate) fn close(self) {
        if self.name == index::I30 {
            let (base, open, finger) = (self.base, self.open, self.finger);
            self.access.memo.keep_index(base, open, finger);
        }
    }

    /// How this directory tells names apart.
    pub(crate) fn name_case(&mut self) -> Result<NameCase> {
        match self.open.case {
            Some(case) => Ok(case),
            None => {
                let case = self.access.name_case(self.base)?;
                self.open_mut().case = Some(case);
                Ok(case)
            }
        }
    }
}

impl<E: EngineAccess> IndexStore for AttributeIndex<'_, E> {
    type Error = Error;

    fn fault(&self, fault: IndexFault) -> Error {
        fault_of(self.base, fault)
    }

    fn block_size(&self) -> usize {
        self.open.block_size
    }

    fn vcn_step(&self) -> u64 {
        self.open.vcn_step
    }

    fn block_count(&self) -> u64 {
        self.open
            .blocks
            .as_ref()
            .map_or(0, |map| map.sizes.initialized / self.block_bytes())
    }

    fn generation(&self) -> u64 {
        self.access.engine().cache.generation()
    }

    fn root(&self) -> Result<Arc<IndexNode>> {
        Ok(Arc::clone(&self.open.root))
    }

    fn set_root(&mut self, root: &IndexNode) -> Result<RootFit> {
        let (base, key) = (
            self.base,
            AttrKey::named(AttributeType::INDEX_ROOT, self.name),
        );
        let engine = self.access.engine_mut()?;
        let at = engine.need(base, key)?.at;
        if !engine.try_set_value(at, root.bytes())? {
            if root.bytes().len() > LEAST_ROOT {
                return Ok(RootFit::TooLarge);
            }
            engine.set_value(base, at, root.bytes())?;
        }
        self.open_mut().root = Arc::new(root.clone());
        Ok(RootFit::Fits)
    }

    fn root_limit(&self) -> Result<usize> {
        let engine = self.access.engine();
        let found = engine.need(
            self.base,
            AttrKey::named(AttributeType::INDEX_ROOT, self.name),
        )?;
        Ok(found.resident()?.len() + engine.room_in(found.at.record)?)
    }

    fn block(&self, vcn: u64) -> Result<Arc<IndexNode>> {
        let block = self.load(vcn)?;
        block.into_node().ok_or_else(|| {
            self.fault(IndexFault::new(
                IndexFaultKind::ChildVcn,
                NodeAt::Block(vcn),
            ))
        })
    }

    fn look<R>(&mut self, at: NodeAt, look: impl FnOnce(&IndexNode) -> R) -> Result<R> {
        let NodeAt::Block(vcn) = at else {
            return Ok(look(&self.open.root));
        };
        self.looked_at = self.key_of(vcn).map(|key| (vcn, key));
        if let Some((_, key)) = self.looked_at
            && let Some(node) = self.access.engine_mut()?.cache.node(key)
        {
            return Ok(look(node));
        }
        self.block(vcn).map(|node| look(&node))
    }

    fn fork(&mut self, vcn: u64, upcase: &UpcaseTable) {
        if let (Some((looked_at, key)), Ok(engine)) = (self.looked_at, self.access.engine_mut())
            && looked_at == vcn
        {
            engine.cache.fork_node(key, upcase);
        }
    }

    fn take_finger(&mut self) -> Finger {
        core::mem::take(&mut self.finger)
    }

    fn keep_finger(&mut self, finger: Finger) {
        self.finger = finger;
    }

    fn hint(&self) -> Option<Step> {
        self.hint
    }

    fn modify_block<R>(&mut self, vcn: u64, edit: impl FnOnce(&mut IndexNode) -> R) -> Result<R> {
        let key = self.at_hand(vcn)?;
        let fault = self.fault(IndexFault::new(
            IndexFaultKind::ChildVcn,
            NodeAt::Block(vcn),
        ));
        self.access
            .engine_mut()?
            .cache
            .modify(key, |block| block.node_mut().map(edit).ok_or(fault))
    }

    fn insert_entry(&mut self, vcn: u64, slot: usize, entry: &[u8]) -> Result<NodeFit> {
        let key = match self.looked_at {
            Some((looked_at, key)) if looked_at == vcn => Some(key),
            _ => self.key_of(vcn),
        };
        if let Some(key) = key
            && let Some(fit) = self
                .access
                .engine_mut()?
                .cache
                .insert_entry(key, slot, entry)
        {
            return fit;
        }
        let key = self.at_hand(vcn)?;
        let fit = self
            .access
            .engine_mut()?
            .cache
            .insert_entry(key, slot, entry);
        fit.unwrap_or_else(|| {
            let fault = IndexFault::new(IndexFaultKind::ChildVcn, NodeAt::Block(vcn));
            Err(self.fault(fault))
        })
    }

    fn remove_entry(&mut self, vcn: u64, slot: usize) -> Result<()> {
        let key = self.at_hand(vcn)?;
        self.access.engine_mut()?.cache.remove_entry(key, slot)
    }

    fn write_block(&mut self, vcn: u64, node: IndexNode) -> Result<()> {
        let location = self.location(vcn)?;
        let engine = self.access.engine_mut()?;
        let number = engine.cache.get(location.key()).map(|block| block.number());
        engine
            .cache
            .insert_dirty(location, Block::from_node(node, number));
        Ok(())
    }

    fn allocate_block(&mut self) -> Result<u64> {
        if self.open.blocks.is_none() {
            let vcn = self.make_first_block()?;
            self.open_mut().full_below = 1;
            return Ok(vcn);
        }
        let count = usize::try_from(self.block_count()).unwrap_or(usize::MAX);
        let bit = if self.open.full_below >= count {
            count
        } else {
            self.first_free(&self.bitmap_body()?)?
        };
        if bit >= count {
            self.add_block()?;
        }
        if !self.write_bit_in_place(bit, true)? {
            let body = self.bitmap_body()?;
            self.write_bit(body, bit, true)?;
        }
        self.open_mut().full_below = bit + 1;
        Ok(u64::try_from(bit).unwrap_or(u64::MAX) * self.open.vcn_step)
    }

    fn free_block(&mut self, vcn: u64) -> Result<()> {
        let body = self.bitmap_body()?;
        let bit = usize::try_from(vcn / self.open.vcn_step).unwrap_or(usize::MAX);
        let mut bytes = self.bitmap_bytes(&body, 0)?;
        bits::fill(&mut bytes, bit, 1, false);
        let used = bits::end_of_set(&bytes);
        if used == 0 {
            self.remove_blocks()?;
            return Ok(());
        }
        self.write_bit(body, bit, false)?;
        self.open_mut().full_below = self.open.full_below.min(bit);
        let key = self.location(vcn)?.key();
        self.access.engine_mut()?.cache.forget_one(key);
        let count = self.block_count();
        let used = u64::try_from(used).unwrap_or(u64::MAX);
        // Give clusters back in strides, not block by block.
        if used < count && count - used > count / AHEAD_PART {
            self.cut_blocks(used)?;
        }
        Ok(())
    }
}

impl Engine {
    /// An index as its file's attributes say it is.
    fn open_index(&self, base: RecordNumber, name: &[u16]) -> Result<Arc<OpenIndex>> {
        let key = AttrKey::named(AttributeType::INDEX_ROOT, name);
        let found = self.need(base, key)?;
        let place = found.place();
        let header = index::root_header(found.resident()?).map_err(|e| place.format(e))?;
        let block_size = usize::try_from(header.block_size.get()).unwrap_or(0);
        if !(fixup::STRIDE..=65_536).contains(&block_size) || !block_size.is_power_of_two() {
            return Err(place.corrupt(CorruptKind::StreamSizes));
        }
        let bytes = u64::try_from(block_size).unwrap_or(u64::MAX);
        // VCNs count clusters, or 512-byte sectors in clusters larger than a
        // block (NTFS.md 2.9).
        let cluster = self.cluster_size();
        let vcn_step = if cluster > bytes {
            bytes / 512
        } else {
            bytes / cluster
        };
        let root = IndexNode::from_root(found.resident()?.to_vec());
        let root = Arc::new(root.map_err(|fault| fault_of(base, fault))?);
        drop(found);
        let blocks =
            self.stream_map(base, AttrKey::named(AttributeType::INDEX_ALLOCATION, name))?;
        let open = Arc::new(OpenIndex {
            root,
            block_size,
            vcn_step,
            blocks: blocks.map(Arc::new),
            full_below: 0,
            case: None,
        });
        Ok(open)
    }
}

fn fault_of(base: RecordNumber, fault: IndexFault) -> Error {
    let (attribute, vcn) = match fault.at {
        NodeAt::Root => (AttributeType::INDEX_ROOT, None),
        NodeAt::Block(vcn) => (AttributeType::INDEX_ALLOCATION, Some(vcn)),
    };
    let place = Place {
        vcn,
        offset: Some(fault.offset),
        ..Place::attribute(base, attribute)
    };
    place.corrupt(CorruptKind::Index(fault.kind))
}
