//! Undo: what blocks were before the open operations changed them.

use std::collections::hash_map::Entry;

use super::map::{Map, OffsetMap, Slot};

/// The open frames, innermost last. A frame maps the key of each block it
/// changed to the slot before the change (`None`: it was not dirty, and can be
/// read again).
#[derive(Default)]
pub(super) struct Frames {
    open: Vec<OffsetMap<Option<Box<Slot>>>>,
    held: usize,
    peak: usize,
}

fn held(slot: Option<&Slot>) -> usize {
    slot.map_or(0, Slot::held)
}

impl Frames {
    pub(super) fn begin(&mut self) {
        self.open.push(OffsetMap::default());
    }

    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Keeps the block at `key` as it is now, unless this frame has it already.
    pub(super) fn save(&mut self, key: u64, map: &Map) {
        if let Some(frame) = self.open.last_mut() {
            frame.entry(key).or_insert_with(|| {
                let slot = map.snapshot(key).map(Box::new);
                self.held += held(slot.as_deref());
                self.peak = self.peak.max(self.held);
                slot
            });
        }
    }

    /// The most bytes of blocks that were ever kept.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// The only open frame.
    pub(super) fn only(&mut self) -> Option<&mut OffsetMap<Option<Box<Slot>>>> {
        match self.open.as_mut_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Counts what is kept anew.
    pub(super) fn recount(&mut self) {
        let saved = self.open.iter().flat_map(OffsetMap::values).flatten();
        self.held = saved.map(|slot| slot.held()).sum();
    }

    pub(super) fn keep(&mut self) {
        let Some(inner) = self.open.pop() else { return };
        let Some(outer) = self.open.last_mut() else {
            self.held = 0;
            return;
        };
        for (key, saved) in inner {
            match outer.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(saved);
                }
                Entry::Occupied(_) => {
                    self.held -= held(saved.as_deref());
                }
            }
        }
    }

    pub(super) fn undo(&mut self, map: &mut Map) {
        let Some(inner) = self.open.pop() else { return };
        for (key, saved) in inner {
            match saved {
                Some(slot) => {
                    self.held -= slot.held();
                    map.restore(*slot);
                }
                None => map.remove(key),
            }
        }
    }
}
