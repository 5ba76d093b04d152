//! Reading ahead: one stretch of the device, from which blocks that are missed
//! one after the other are handed out.
//!
//! Invariants
//! - A stretch has no block that was in the table at any time since it was read:
//!   what comes to the table, from here or otherwise, is gone from the stretch
//!   for good ([`super::map::Map`] says so where a slot is put in place). Only a
//!   block in the table is changed, so that what a stretch has is what is
//!   committed, however often the others were committed and dropped since.
//! - Nor has it a block that was in flight when it was read: the device may have
//!   it half. Only what was in the table takes off.
//! - Whoever writes blocks to the device past the table drops the stretch.
//! - Undoing takes a block out of the table; it does not come back to a stretch.

use std::sync::Arc;

use super::map::Map;
use super::{Block, Cache, Flight, Location};

/// Most bytes of a stretch.
const MOST: usize = 64 << 10;

/// Most blocks of one: a bit each.
const MOST_BLOCKS: usize = 64;

/// A stretch has at most this part of the cache's limit, beside it.
const PART: usize = 16;

/// Blocks that may be skipped and the next one still counts as following.
const NEAR: u64 = 8;

/// Blocks that follow each other before there is a stretch.
const ROW: u32 = 2;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Where the stretch starts, and what it read.
    start: u64,
    bytes: Vec<u8>,
    /// Bytes of a block.
    len: usize,
    /// The blocks that were not handed out, from the lowest bit on.
    left: u64,
    /// Behind the block that was asked for last.
    next: u64,
    /// How many were asked for in a row.
    row: u32,
}

impl Ahead {
    /// The bit of the block at `key` and where its bytes are.
    fn find(&self, key: u64, len: usize) -> Option<(u64, usize)> {
        let at = usize::try_from(key.checked_sub(self.start)?).ok()?;
        if self.left == 0 || len != self.len || !at.is_multiple_of(len) {
            return None;
        }
        let bit = 1_u64.checked_shl(u32::try_from(at / len).ok()?)?;
        (self.left & bit != 0).then_some((bit, at))
    }

    /// The bytes of the block at `key`, which are here no more.
    fn take(&mut self, key: u64, len: usize) -> Option<Box<[u8]>> {
        let (bit, at) = self.find(key, len)?;
        self.left &= !bit;
        self.next = key.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        self.bytes.get(at..at + len).map(Box::from)
    }

    /// Takes down that the block at `key` is missing; whether it followed others.
    fn follows(&mut self, key: u64, len: usize) -> bool {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        let gap = key.checked_sub(self.next);
        self.row = match gap.is_some_and(|gap| gap <= NEAR.saturating_mul(len)) {
            true => self.row.saturating_add(1),
            false => 0,
        };
        self.next = key.saturating_add(len);
        self.row >= ROW
    }

    /// Bytes of the device came to the table, or were written past it.
    #[inline]
    pub(super) fn lose(&mut self, start: u64, len: usize) {
        if self.left == 0 {
            return;
        }
        let end = start.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        let mut at = self.start;
        let step = u64::try_from(self.len).unwrap_or(u64::MAX);
        if end <= at || start >= at + u64::try_from(self.bytes.len()).unwrap_or(0) {
            return;
        }
        for n in 0..u64::BITS {
            if at < end && start < at + step {
                self.left &= !(1 << n);
            }
            at += step;
        }
    }
}

impl Map {
    fn put_ahead(&mut self, start: u64, len: usize, bytes: Vec<u8>, flight: Option<&Flight>) {
        let mut left = 0;
        let mut key = start;
        for n in 0..(bytes.len() / len.max(1)).min(MOST_BLOCKS) {
            let flies = flight.is_some_and(|flight| flight.find(key).is_some());
            if !flies && !self.knows(key) {
                left |= 1_u64 << n;
            }
            key += u64::try_from(len).unwrap_or(0);
        }
        let ahead = &mut self.ahead;
        (ahead.start, ahead.len, ahead.left, ahead.bytes) = (start, len, left, bytes);
    }
}

impl Cache {
    /// The bytes of the block at `key`, if they were read ahead, once.
    pub(crate) fn take_ahead(&self, key: u64, len: usize) -> Option<Box<[u8]>> {
        self.lock().ahead.take(key, len)
    }

    /// As [`Self::take_ahead`], for who has the cache alone.
    pub(crate) fn take_ahead_now(&mut self, key: u64, len: usize) -> Option<Box<[u8]>> {
        self.map_mut().ahead.take(key, len)
    }

    /// How many bytes to read where the block at `key` is missing, so that those
    /// behind it are there when they are asked for: none unless it follows others.
    pub(crate) fn wanted_ahead(&self, key: u64, len: usize) -> usize {
        let follows = self.lock().ahead.follows(key, len);
        let most = MOST.min(self.limit / PART).min(len * MOST_BLOCKS);
        match follows && most >= 2 * len {
            true => most / len * len,
            false => 0,
        }
    }

    /// A buffer for what is to be read ahead: that of the stretch before.
    pub(crate) fn buffer_ahead(&self, len: usize) -> Vec<u8> {
        let mut map = self.lock();
        map.ahead.left = 0;
        let mut bytes = core::mem::take(&mut map.ahead.bytes);
        drop(map);
        bytes.resize(len, 0);
        bytes
    }

    /// Keeps what was read from `start` on, blocks of `len` bytes. What is in the
    /// table, or in flight, is not taken from it.
    pub(crate) fn put_ahead(&self, start: u64, len: usize, bytes: Vec<u8>) {
        let flight = self.flight.as_deref();
        self.lock().put_ahead(start, len, bytes, flight);
    }

    /// Has the block at `key` in the table again when it is in flight; whether it
    /// is. For who has the cache alone.
    pub(crate) fn recall(&mut self, key: u64) -> bool {
        let Some(flown) = self.flight.as_ref().and_then(|flight| flight.find(key)) else {
            return false;
        };
        let (location, block) = (flown.location.clone(), Arc::clone(&flown.block));
        let room = self.limit.saturating_sub(location.len());
        let map = self.map_mut();
        map.evict(room);
        map.fill(location, block);
        true
    }

    /// Blocks are written to the device past the table.
    pub(crate) fn drop_ahead(&mut self) {
        self.map_mut().ahead = Ahead::default();
    }

    /// Puts a block that was just read and is not in memory in the table, for who
    /// has the cache alone. It stays, however full the cache is.
    pub(crate) fn fill(&mut self, location: Location, block: Arc<Block>) {
        let room = self.limit.saturating_sub(block.bytes().len());
        let map = self.map_mut();
        map.evict(room);
        map.fill(location, block);
    }
}
