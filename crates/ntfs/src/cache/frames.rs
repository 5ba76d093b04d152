//! Undo: what blocks were before the open operations changed them.

use super::map::{Map, OffsetMap, Slot};

/// The open frames, innermost last. A frame maps the key of each block it
/// changed to the slot before the change (`None`: it was not cached).
#[derive(Default)]
pub(super) struct Frames {
    open: Vec<OffsetMap<Option<Slot>>>,
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
            frame.entry(key).or_insert_with(|| map.snapshot(key));
        }
    }

    pub(super) fn keep(&mut self) {
        let Some(inner) = self.open.pop() else { return };
        if let Some(outer) = self.open.last_mut() {
            for (key, saved) in inner {
                outer.entry(key).or_insert(saved);
            }
        }
    }

    pub(super) fn undo(&mut self, map: &mut Map) {
        let Some(inner) = self.open.pop() else { return };
        for (key, saved) in inner {
            match saved {
                Some(slot) => map.insert(slot),
                None => map.remove(key),
            }
        }
    }
}
