//! A leaf that entries come to, in order: which belong there, and before which.

use std::sync::Arc;

use linkwright_ntfs_format::file_name;

use super::NameRules;
use super::content::Content;
use super::spread::Fill;
use crate::index::collation::{NameOrder, compare_names};
use crate::index::directory::NameCase;
use crate::index::fault::IndexFault;
use crate::index::node::IndexNode;
use crate::index::search::{Path, key_fault, load};
use crate::index::store::IndexStore;

/// A key in a node above a leaf.
type Bound = (Arc<IndexNode>, usize);

/// The keys above a leaf that are next to it.
pub(super) struct Bounds {
    /// The nearest in front of it.
    below: Option<Bound>,
    /// The nearest behind.
    above: Option<Bound>,
}

impl Bounds {
    /// Those of the leaf at the end of `path`.
    pub(super) fn of<S: IndexStore>(store: &S, path: &Path) -> Result<Self, S::Error> {
        let (mut below, mut above) = (None, None);
        for step in path.steps.iter().rev().skip(1) {
            if below.is_some() && above.is_some() {
                break;
            }
            let node = load(store, step.at)?;
            if above.is_none() && step.slot < node.len() {
                above = Some((Arc::clone(&node), step.slot));
            }
            if below.is_none()
                && let Some(slot) = step.slot.checked_sub(1)
            {
                below = Some((node, slot));
            }
        }
        Ok(Self { below, above })
    }
}

/// A leaf, and what comes into it.
pub(super) struct Leaf<'a> {
    rules: NameRules<'a>,
    pub(super) node: Arc<IndexNode>,
    bounds: Bounds,
    /// What comes, and in front of which slot of `node` each belongs.
    pub(super) came: Content,
    slots: Vec<usize>,
    /// Where the search is.
    slot: usize,
    /// The slot whose entry in front was compared last.
    compared: Option<usize>,
}

impl<'a> Leaf<'a> {
    /// A leaf, from `slot` on; what comes is kept in `scratch`.
    pub(super) fn new(
        rules: NameRules<'a>,
        node: Arc<IndexNode>,
        bounds: Bounds,
        slot: usize,
        scratch: (Content, Vec<usize>),
    ) -> Self {
        let (mut came, mut slots) = scratch;
        came.clear();
        slots.clear();
        Self {
            rules,
            node,
            bounds,
            came,
            slots,
            slot,
            compared: None,
        }
    }

    /// Lets the nodes go: one in use twice would be copied to change. What came stays.
    pub(super) fn release(self) -> (Content, Vec<usize>) {
        (self.came, self.slots)
    }

    /// An entry belongs here.
    pub(super) fn take(&mut self, entry: &[u8]) {
        self.came.push(entry);
        self.slots.push(self.slot);
    }

    /// Bytes of what it is to hold.
    pub(super) fn len(&self) -> usize {
        self.node.used() + self.came.len()
    }

    fn order(&self, name: &[u8], slot: usize) -> Result<NameOrder, IndexFault> {
        self.order_in(&self.node, name, slot)
    }

    /// How a name compares with that of a slot of some node.
    fn order_in(
        &self,
        node: &IndexNode,
        name: &[u8],
        slot: usize,
    ) -> Result<NameOrder, IndexFault> {
        let key = file_name::name_bytes(node.key(slot)).map_err(|e| key_fault(node, slot, e))?;
        Ok(compare_names(self.rules.upcase, name, key))
    }

    /// Goes on to where a name belongs, which is not in front of the one before;
    /// how it compares with the key behind that place.
    pub(super) fn advance(&mut self, name: &[u8]) -> Result<Option<NameOrder>, IndexFault> {
        let mut slot = self.slot;
        let behind = loop {
            if slot == self.node.len() {
                let above = self.bounds.above.as_ref();
                break above
                    .map(|(node, slot)| self.order_in(node, name, *slot))
                    .transpose()?;
            }
            let order = self.order(name, slot)?;
            if order.folded.then(order.raw).is_le() {
                break Some(order);
            }
            slot += 1;
        };
        self.slot = slot;
        Ok(behind)
    }

    /// Whether a name, that compares so with the key behind, belongs behind this
    /// leaf, or above it.
    pub(super) fn is_left_behind(&self, behind: Option<NameOrder>) -> bool {
        self.slot == self.node.len()
            && behind.is_some_and(|order| order.folded.then(order.raw).is_ge())
    }

    /// Whether the index has a name, which compares so with the key behind. One
    /// that the directory takes for the same stands on one side of the gap.
    pub(super) fn has(
        &mut self,
        name: &[u8],
        behind: Option<NameOrder>,
    ) -> Result<bool, IndexFault> {
        let any_case = self.rules.case == NameCase::Insensitive;
        let is_behind =
            behind.is_some_and(|order| order.folded.is_eq() && (any_case || order.raw.is_eq()));
        Ok(is_behind || (any_case && self.is_in_front(name)?))
    }

    /// Whether the key in front of the gap is a name but for case. Of all that
    /// come into one gap only the first can be it: the others are behind that.
    fn is_in_front(&mut self, name: &[u8]) -> Result<bool, IndexFault> {
        if self.compared.replace(self.slot) == Some(self.slot) {
            return Ok(false);
        }
        let order = match (self.slot.checked_sub(1), &self.bounds.below) {
            (Some(slot), _) => self.order(name, slot)?,
            (None, Some((node, slot))) => self.order_in(node, name, *slot)?,
            (None, None) => return Ok(false),
        };
        Ok(order.folded.is_eq())
    }

    /// How blocks are filled: `cut` says that more comes here.
    pub(super) fn fill(&self, cut: bool) -> Fill {
        let at_end = self.slot == self.node.len() && self.bounds.above.is_none();
        if cut || at_end {
            Fill::Full
        } else {
            Fill::Evenly
        }
    }

    /// Puts into `content` what it is to hold.
    pub(super) fn content(&self, content: &mut Content) {
        content.clear();
        let mut copied = 0;
        for (at, slot) in self.slots.iter().copied().enumerate() {
            content.extend(&self.node, copied..slot);
            content.push(self.came.entry(at));
            copied = slot;
        }
        content.extend(&self.node, copied..self.node.len());
    }
}
