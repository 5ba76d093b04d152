//! A large group: more bytes than are worth gathering in memory once more.
//!
//! Its blocks go to the device as they are encoded: those in fresh places
//! straight there, images of the others to the log and to clusters that are
//! lent for it, from where they come into place at once.

use crate::cache::{Flight, Segment};
use crate::engine::Engine;
use crate::error::Result;
use crate::txn::{Store, WriteSet};

/// Bytes to be logged from which a group counts as large.
pub(super) const LARGE: usize = 1 << 20;

/// Bytes of blocks in fresh places that are written at a time.
const STEP: usize = 1 << 20;

/// Bytes by which the lent clusters grow at a time, where there are.
const LEND_STEP: u64 = 4 << 20;

/// Bytes that are written to their place as soon as they follow no others.
#[derive(Default)]
struct Straight {
    offset: u64,
    bytes: Vec<u8>,
}

impl Straight {
    fn push(&mut self, store: &Store, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = self.offset + u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        if end != offset || self.bytes.len() >= STEP {
            self.write(store)?;
            self.offset = offset;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, store: &Store) -> Result<()> {
        if !self.bytes.is_empty() {
            store.write_fresh(self.offset, &self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }
}

/// Commits what took off. `lent` and the log have room for images and table.
pub(super) fn commit_large(store: &mut Store, flight: &Flight, lent: &[(u64, u64)]) -> Result<()> {
    let mut straight = Straight::default();
    let mut images = store.images(lent)?;
    flight.each(|location, fresh, bytes| {
        each_part(location.segments(), bytes, |offset, part| {
            if fresh {
                straight.push(images.store(), offset, part)
            } else {
                images.push(offset, part)
            }
        })
    })?;
    straight.write(images.store())?;
    images.commit()
}

impl Engine {
    /// Commits blocks by themselves; `false` when there is no room for that.
    pub(super) fn commit_set(&mut self, set: &WriteSet) -> Result<bool> {
        let bytes = set.writes().iter().map(|write| write.bytes.len()).sum();
        if self.log_takes(bytes) {
            return self.store.commit(set).map(|()| true);
        }
        if !self.lend_for(bytes)? {
            return Ok(false);
        }
        let mut images = self.store.images(&self.spill.lent)?;
        for write in set.writes() {
            images.push(write.offset, &write.bytes)?;
        }
        images.commit().map(|()| true)
    }

    /// Finds room for the images and the table of a large group that has `bytes`
    /// to be logged; `false` when the volume has not that much, or not in few
    /// enough pieces.
    pub(super) fn lend_for(&mut self, bytes: usize) -> Result<bool> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let table = table_room(bytes.saturating_add(self.store.mirrored_of(bytes)));
        let needed = bytes.saturating_add(table);
        let mut have = self.store.lent();
        have += self.lent_bytes();
        if !self.store.can_name(table, self.spill.lent.len()) {
            return Ok(false);
        }
        while have < needed {
            if !self.store.can_name(table, self.spill.lent.len() + 1) {
                return Ok(false);
            }
            let count = self.clusters_for(LEND_STEP.max(needed - have));
            let Some((lcn, length)) = self.reserve_far_clusters(count)? else {
                return Ok(false);
            };
            let shift = self.geometry.cluster_shift();
            self.spill.lent.push((lcn.0 << shift, length << shift));
            have += length << shift;
        }
        Ok(true)
    }

    /// Clusters lent for large groups: whoever needs them has them.
    pub(super) fn lent_clusters(&self) -> u64 {
        self.lent_bytes() >> self.geometry.cluster_shift()
    }

    /// Their bytes.
    pub(crate) fn lent_bytes(&self) -> u64 {
        self.spill.lent.iter().map(|(_, len)| len).sum()
    }

    /// Makes the clusters free again that were lent for large groups; tells
    /// whether there were any. They are kept from one group to the next until
    /// the volume runs out of others.
    pub(super) fn take_lent_back(&mut self) -> bool {
        let lent = core::mem::take(&mut self.spill.lent);
        for (offset, _) in &lent {
            let shift = self.geometry.cluster_shift();
            self.reserved.give_back(offset >> shift);
        }
        !lent.is_empty()
    }
}

/// Bytes that the table of so many bytes of blocks takes at most.
pub(super) const fn table_room(bytes: u64) -> u64 {
    // A sector by itself has 40 bytes there, and chunks may have an entry of 1 KiB
    // less.
    bytes / 512 * 42 + (128 << 10)
}

/// Calls `each` for the parts of a block with their places.
fn each_part(
    segments: impl Iterator<Item = Segment>,
    bytes: &[u8],
    mut each: impl FnMut(u64, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut rest = bytes;
    for segment in segments {
        let (part, tail) = rest.split_at_checked(segment.len).unwrap_or((rest, &[]));
        each(segment.offset, part)?;
        rest = tail;
    }
    Ok(())
}
