//! What the tree needs of the file that holds it.

use std::sync::Arc;

use linkwright_names::UpcaseTable;

use super::fault::{IndexFault, NodeAt};
use super::finger::Finger;
use super::node::{IndexNode, NodeFit, undecodable};
use super::search::{Step, load};

/// Whether a file record took a new index root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootFit {
    /// It is in place.
    Fits,
    /// It is too large for the record; nothing was changed.
    TooLarge,
}

/// One index (attribute name) of one file.
///
/// Undoing what a failed call left behind is up to the owner of the store: an
/// error in the middle of an operation leaves the blocks as they are then.
pub(crate) trait IndexStore: Sized {
    /// The error of the engine.
    type Error;

    /// A fault of the tree as an error; the store knows the file and the
    /// index's name.
    fn fault(&self, fault: IndexFault) -> Self::Error;

    /// Bytes of an index block (`$INDEX_ROOT` says it).
    fn block_size(&self) -> usize;

    /// VCN units from one block to the next: clusters of a block, or its
    /// 512-byte sectors when a cluster is larger than a block.
    fn vcn_step(&self) -> u64;

    /// Blocks that `$INDEX_ALLOCATION` has now, used or not: the bound of walks.
    fn block_count(&self) -> u64;

    /// A number that is another one whenever the index may have changed; any
    /// counter of changes to the volume will do.
    fn generation(&self) -> u64;

    /// The root, made by [`IndexNode::from_root`].
    fn root(&self) -> Result<Arc<IndexNode>, Self::Error>;

    /// Puts [`IndexNode::bytes`] in place as the value of `$INDEX_ROOT`.
    fn set_root(&mut self, root: &IndexNode) -> Result<RootFit, Self::Error>;

    /// Bytes the root's value could have without making the record's other
    /// attributes move; an estimate. A block below an empty root is drawn back
    /// into the root when it is well below this.
    fn root_limit(&self) -> Result<usize, Self::Error>;

    /// The block at `vcn`, made by [`IndexNode::from_block`] once and kept. The
    /// tree asks for multiples of [`vcn_step`](Self::vcn_step) only; a VCN
    /// behind the stream is the store's to refuse
    /// ([`IndexFaultKind::ChildVcn`](super::fault::IndexFaultKind::ChildVcn)).
    fn block(&self, vcn: u64) -> Result<Arc<IndexNode>, Self::Error>;

    /// Shows a node to who has the store alone; no more than a look, so that
    /// nothing is shared for it.
    fn look<R>(
        &mut self,
        at: NodeAt,
        look: impl FnOnce(&IndexNode) -> R,
    ) -> Result<R, Self::Error> {
        load(self, at).map(|node| look(&node))
    }

    /// Has the block at `vcn`, which was looked at, made ready for searches of names
    /// ([`IndexNode::fork`]), unless somebody else holds it. Nothing of the index
    /// changes.
    fn fork(&mut self, vcn: u64, upcase: &UpcaseTable);

    /// Takes what [`keep_finger`](Self::keep_finger) left; the empty one when
    /// anything may have changed since.
    fn take_finger(&mut self) -> Finger;

    /// Keeps where the index was changed.
    fn keep_finger(&mut self, finger: Finger);

    /// Where the next key is expected.
    fn hint(&self) -> Option<Step>;

    /// Lets `edit` change the block at `vcn` (copy on write: nodes given out by
    /// [`block`](Self::block) stay as they are).
    fn modify_block<R>(
        &mut self,
        vcn: u64,
        edit: impl FnOnce(&mut IndexNode) -> R,
    ) -> Result<R, Self::Error>;

    /// Puts an encoded entry in front of `slot` of the block at `vcn`.
    fn insert_entry(
        &mut self,
        vcn: u64,
        slot: usize,
        entry: &[u8],
    ) -> Result<NodeFit, Self::Error> {
        let fit = self.modify_block(vcn, |node| node.insert(slot, entry))?;
        fit.map_err(|e| self.fault(undecodable(NodeAt::Block(vcn), e)))
    }

    /// Takes the entry of `slot` out of the block at `vcn`.
    fn remove_entry(&mut self, vcn: u64, slot: usize) -> Result<(), Self::Error> {
        let gone = self.modify_block(vcn, |node| node.remove(slot))?;
        gone.map_err(|e| self.fault(undecodable(NodeAt::Block(vcn), e)))
    }

    /// Puts `node` in place of whatever is at `vcn`, which is not read.
    fn write_block(&mut self, vcn: u64, node: IndexNode) -> Result<(), Self::Error>;

    /// Takes a free block and returns its VCN; makes `$INDEX_ALLOCATION` and
    /// `$BITMAP` where there are none. The tree then calls
    /// [`write_block`](Self::write_block). The root may not be sound meanwhile.
    fn allocate_block(&mut self) -> Result<u64, Self::Error>;

    /// Gives a block back; with the last one `$INDEX_ALLOCATION` and `$BITMAP`
    /// go as well.
    fn free_block(&mut self, vcn: u64) -> Result<(), Self::Error>;
}
