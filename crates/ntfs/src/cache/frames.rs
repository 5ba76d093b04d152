//! Undo: what blocks were before the open operations changed them.
//!
//! The open frames share one log, which is taken back from its end. An entry is
//! a block as a whole, or, of a block that was dirty already, only what an edit
//! changes: bytes, or an entry of an index node.
//!
//! Invariants
//! - A slot's `stamp` is the number of the innermost frame that has the block
//!   as a whole; numbers ascend. So a frame has what it needs of a block whose
//!   stamp is not below its own number.
//! - An edit in a frame within another finds the block as a whole in the outer
//!   one, or puts it there: what a frame keeps is at most one whole copy of each
//!   block, beside the edits since the innermost began.
//! - A block whose edits are in the log is dirty and in memory;
//!   [`Frames::settle`] makes the edits whole copies before blocks leave it.

use super::map::{Map, OffsetMap};
use super::slot::Slot;

/// One step to be taken back.
#[derive(Debug)]
enum Undo {
    /// The block as it was; `None`: not dirty, and can be read again.
    Block {
        key: u64,
        before: Option<Box<Slot>>,
        /// The slot's stamp before.
        stamp: u64,
    },
    Edit {
        key: u64,
        edit: Edit,
    },
}

/// How an edit is taken back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    /// Bytes at `at` were others: `len` of [`Frames::bytes`], from `start` on.
    Bytes { at: usize, start: usize, len: usize },
    /// An entry came to a slot of a node.
    Came(usize),
    /// One went, whose bytes these are.
    Went {
        slot: usize,
        start: usize,
        len: usize,
    },
}

/// What an edit needs to be kept of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Edit,
    Whole,
}

#[derive(Debug)]
struct Frame {
    number: u64,
    /// Where its part of the log begins, and of the bytes.
    log: usize,
    bytes: usize,
}

/// The open frames, innermost last.
#[derive(Default)]
pub(super) struct Frames {
    open: Vec<Frame>,
    log: Vec<Undo>,
    bytes: Vec<u8>,
    number: u64,
    held: usize,
    peak: usize,
}

fn held(slot: Option<&Slot>) -> usize {
    slot.map_or(0, Slot::held)
}

impl Frames {
    pub(super) fn begin(&mut self) {
        self.number += 1;
        self.open.push(Frame {
            number: self.number,
            log: self.log.len(),
            bytes: self.bytes.len(),
        });
    }

    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn need(&self, slot: &Slot) -> Need {
        let stamp = slot.stamp();
        match self.open.as_slice() {
            [] => Need::Nothing,
            [.., inner] if stamp >= inner.number => Need::Nothing,
            [.., outer, _] if stamp < outer.number => Need::Whole,
            _ if slot.is_editable() => Need::Edit,
            _ => Need::Whole,
        }
    }

    /// Keeps the block of a slot as it is now, unless this frame has it already.
    pub(super) fn save(&mut self, slot: &mut Slot) {
        if self.need(slot) != Need::Nothing {
            self.save_whole(slot);
        }
    }

    /// Keeps that there was no block at `key`.
    pub(super) fn save_absence(&mut self, key: u64) -> u64 {
        if self.is_open() {
            self.log.push(Undo::Block {
                key,
                before: None,
                stamp: 0,
            });
        }
        self.stamp()
    }

    /// The number of the innermost frame.
    fn stamp(&self) -> u64 {
        self.open.last().map_or(0, |frame| frame.number)
    }

    fn save_whole(&mut self, slot: &mut Slot) {
        let before = slot.snapshot().map(Box::new);
        self.held += held(before.as_deref());
        self.peak = self.peak.max(self.held);
        self.log.push(Undo::Block {
            key: slot.key(),
            before,
            stamp: slot.stamp(),
        });
        slot.set_stamp(self.stamp());
    }

    /// Keeps what bytes of the block of a slot are now, before they change.
    pub(super) fn save_bytes(&mut self, slot: &mut Slot, range: core::ops::Range<usize>) {
        match self.need(slot) {
            Need::Nothing => {}
            Need::Whole => self.save_whole(slot),
            Need::Edit => {
                let bytes = slot.bytes().get(range.clone()).unwrap_or_default();
                let (start, len) = (self.bytes.len(), bytes.len());
                self.bytes.extend_from_slice(bytes);
                self.push(
                    slot,
                    Edit::Bytes {
                        at: range.start,
                        start,
                        len,
                    },
                );
            }
        }
    }

    /// Keeps that an entry is to come to a slot of the node of `slot`.
    pub(super) fn save_arrival(&mut self, slot: &mut Slot, entry: usize) {
        match self.need(slot) {
            Need::Nothing => {}
            Need::Whole => self.save_whole(slot),
            Need::Edit => self.push(slot, Edit::Came(entry)),
        }
    }

    /// Keeps an entry of the node of `slot` that is to go.
    pub(super) fn save_departure(&mut self, slot: &mut Slot, entry: usize) {
        match self.need(slot) {
            Need::Nothing => {}
            Need::Whole => self.save_whole(slot),
            Need::Edit => {
                let bytes = slot.entry(entry);
                let (start, len) = (self.bytes.len(), bytes.len());
                self.bytes.extend_from_slice(bytes);
                self.push(
                    slot,
                    Edit::Went {
                        slot: entry,
                        start,
                        len,
                    },
                );
            }
        }
    }

    fn push(&mut self, slot: &Slot, edit: Edit) {
        let key = slot.key();
        self.log.push(Undo::Edit { key, edit });
        self.peak = self.peak.max(self.held + self.bytes.len());
    }

    /// The number of the outermost frame.
    pub(super) fn outermost(&self) -> Option<u64> {
        self.open.first().map(|frame| frame.number)
    }

    /// The number of the outermost frame within another.
    pub(super) fn first_inner(&self) -> Option<u64> {
        self.open.get(1).map(|frame| frame.number)
    }

    /// The most bytes of blocks that were ever kept.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    pub(super) fn keep(&mut self) {
        let Some(inner) = self.open.pop() else { return };
        self.bytes.truncate(inner.bytes);
        let Some(outer) = self.open.last() else {
            self.log.clear();
            self.held = 0;
            return;
        };
        // Blocks that the outer frame has; those that were edited are among them.
        let mut kept = inner.log;
        for at in inner.log..self.log.len() {
            match self.log.get(at) {
                Some(Undo::Block { stamp, .. }) if *stamp < outer.number => {
                    self.log.swap(kept, at);
                    kept += 1;
                }
                Some(Undo::Block { before, .. }) => self.held -= held(before.as_deref()),
                _ => {}
            }
        }
        self.log.truncate(kept);
    }

    pub(super) fn undo(&mut self, map: &mut Map) {
        let Some(inner) = self.open.pop() else { return };
        while self.log.len() > inner.log {
            match self.log.pop() {
                Some(Undo::Block { key, before, .. }) => match before {
                    Some(slot) => {
                        self.held -= slot.held();
                        map.restore(*slot);
                    }
                    None => map.remove(key),
                },
                Some(Undo::Edit { key, edit }) => {
                    if let Some(slot) = map.slot(key) {
                        slot.take_back(edit, &self.bytes);
                    }
                }
                None => break,
            }
        }
        self.bytes.truncate(inner.bytes);
    }

    /// Makes whole copies of what is kept as edits.
    pub(super) fn settle(&mut self, map: &mut Map) {
        if !self
            .log
            .iter()
            .any(|undo| matches!(undo, Undo::Edit { .. }))
        {
            return;
        }
        let mut latest: OffsetMap<(usize, usize)> = OffsetMap::default();
        let mut settled: Vec<Undo> = Vec::new();
        for depth in (0..self.open.len()).rev() {
            let Some(frame) = self.open.get(depth) else {
                break;
            };
            let (number, from) = (frame.number, frame.log);
            while self.log.len() > from {
                match self.log.pop() {
                    Some(Undo::Edit { key, edit }) => {
                        let (at, of) = match latest.get(&key) {
                            Some((at, of)) => (Some(*at), *of),
                            None => (None, usize::MAX),
                        };
                        let known = at.and_then(|at| settled.get_mut(at));
                        let before = match (known, map.slot(key)) {
                            (
                                Some(Undo::Block {
                                    before: Some(before),
                                    ..
                                }),
                                _,
                            ) if of == depth => {
                                // The same frame: its one copy goes further back.
                                before.take_back(edit, &self.bytes);
                                continue;
                            }
                            (Some(Undo::Block { before, .. }), _) => before.clone(),
                            (_, Some(slot)) => slot.snapshot().map(Box::new),
                            _ => None,
                        };
                        let Some(mut before) = before else { continue };
                        before.take_back(edit, &self.bytes);
                        if let Some(slot) = map.slot(key) {
                            slot.set_stamp(slot.stamp().max(number));
                        }
                        self.held += before.held();
                        latest.insert(key, (settled.len(), depth));
                        settled.push(Undo::Block {
                            key,
                            stamp: before.stamp(),
                            before: Some(before),
                        });
                    }
                    Some(block) => {
                        if let Undo::Block { key, .. } = &block {
                            // Taken back by itself, before what is behind it here.
                            latest.insert(*key, (settled.len(), usize::MAX));
                        }
                        settled.push(block);
                    }
                    None => break,
                }
            }
            // Counted from the end for now.
            if let Some(frame) = self.open.get_mut(depth) {
                (frame.log, frame.bytes) = (settled.len(), 0);
            }
        }
        let all = settled.len();
        for frame in &mut self.open {
            frame.log = all - frame.log;
        }
        settled.reverse();
        self.log = settled;
        self.bytes.clear();
        self.peak = self.peak.max(self.held);
    }

    /// What the blocks were that the only open frame changed.
    pub(super) fn take_only(&mut self, map: &mut Map) -> Option<OffsetMap<Option<Box<Slot>>>> {
        if self.open.len() != 1 {
            return None;
        }
        self.settle(map);
        let mut all = OffsetMap::default();
        // The first of each is what counts.
        while let Some(undo) = self.log.pop() {
            if let Undo::Block { key, before, .. } = undo {
                all.insert(key, before);
            }
        }
        Some(all)
    }

    /// Puts back what [`Self::take_only`] gave.
    pub(super) fn put_only(&mut self, all: OffsetMap<Option<Box<Slot>>>, map: &mut Map) {
        let number = self.stamp();
        self.held = 0;
        for (key, before) in all {
            self.held += held(before.as_deref());
            if let Some(slot) = map.slot(key) {
                slot.set_stamp(number);
            }
            self.log.push(Undo::Block {
                key,
                before,
                stamp: 0,
            });
        }
        self.peak = self.peak.max(self.held);
    }
}
