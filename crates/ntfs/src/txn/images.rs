//! A large group on its way to the device: images of its blocks, one behind the
//! other, then the table that says where each belongs (see `far`).
//!
//! They lie in the part of the log that no record uses, and in free clusters
//! behind that. Nothing there is read before the record that names it counts.

use super::checksum;
use super::far::{FarBlock, MAX_FAR, TableWriter, parts, push_sums};
use super::layout::is_readable;
use super::region::LogRegion;
use super::sectors::SECTOR;
use super::store::Store;
use crate::error::{CorruptKind, Error, Place, Result};

/// Bytes of images written at a time.
const STEP: usize = 1 << 20;

/// Bytes of the log that are left for the record itself: it names at most
/// [`MAX_EXTENTS`](super::layout::MAX_EXTENTS) extents.
pub(super) const RECORD_ROOM: u64 = 32 << 10;

/// See the module's text.
pub(crate) struct Images<'s> {
    store: &'s mut Store,
    /// Device offsets and lengths, multiples of a sector.
    area: Vec<(u64, u64)>,
    /// Bytes of the area in use, those of `step` included.
    used: u64,
    /// Images that are not written yet.
    step: Vec<u8>,
    /// Where each of `blocks` not yet described begins in `step`.
    open: Vec<(FarBlock, usize)>,
    blocks: Vec<FarBlock>,
    /// Of each block's image.
    images: Vec<u64>,
    /// Of the sectors on the device, those of one block behind those of another.
    before: Vec<u64>,
    /// Blocks of which a part is mirrored.
    mirrored: Vec<(FarBlock, u64)>,
    there: Vec<u8>,
}

impl Store {
    /// Begins a large group. Everything before it is brought into place.
    /// `clusters` are free on the device and in memory; together with what the
    /// log gives they have room for images and table.
    pub(crate) fn images(&mut self, clusters: &[(u64, u64)]) -> Result<Images<'_>> {
        self.checkpoint()?;
        let mut area = self.journal_mut()?.lend(RECORD_ROOM);
        area.extend_from_slice(clusters);
        Ok(Images {
            store: self,
            area,
            used: 0,
            step: Vec::with_capacity(STEP),
            open: Vec::new(),
            blocks: Vec::new(),
            images: Vec::new(),
            before: Vec::new(),
            mirrored: Vec::new(),
            there: Vec::new(),
        })
    }

    /// Bytes that the log lends to a large group.
    pub(crate) fn lent(&self) -> u64 {
        self.capacity().saturating_sub(RECORD_ROOM)
    }

    /// Whether a record can name a table of so many bytes in so many pieces of
    /// clusters and in those of the log.
    pub(crate) fn can_name(&self, table: u64, pieces: usize) -> bool {
        let log = self.region.as_ref().map_or(0, LogRegion::pieces);
        is_readable(table, log + pieces)
    }
}

impl Images<'_> {
    /// The store it goes to.
    pub(crate) fn store(&self) -> &Store {
        self.store
    }

    /// Adds bytes that belong at `target`, behind all there are; a multiple of a
    /// sector.
    pub(crate) fn push(&mut self, target: u64, bytes: &[u8]) -> Result<()> {
        if !bytes.len().is_multiple_of(SECTOR) {
            return Err(Place::default().corrupt(CorruptKind::StreamSizes));
        }
        let (mut target, mut rest) = (target, bytes);
        while !rest.is_empty() {
            if self.step.len() >= STEP {
                self.write_step()?;
            }
            let (source, room) = self.place()?;
            let take = rest.len().min(room).min(MAX_FAR);
            let (part, tail) = rest.split_at_checked(take).unwrap_or((rest, &[]));
            self.add(FarBlock {
                target,
                source,
                len: take,
            });
            self.step.extend_from_slice(part);
            self.used += take as u64;
            target += take as u64;
            rest = tail;
        }
        Ok(())
    }

    /// Where the next image goes on the device, and how many bytes there are.
    fn place(&self) -> Result<(u64, usize)> {
        let mut start = 0;
        for (place, len) in &self.area {
            if self.used < start + len {
                let inside = self.used - start;
                let room = usize::try_from(len - inside).unwrap_or(usize::MAX);
                return Ok((place + inside, room));
            }
            start += len;
        }
        Err(Error::DiskFull)
    }

    fn add(&mut self, block: FarBlock) {
        if let Some((last, _)) = self.open.last_mut()
            && last.target + last.len as u64 == block.target
            && last.source + last.len as u64 == block.source
            && last.len + block.len <= MAX_FAR
        {
            last.len += block.len;
        } else {
            self.open.push((block, self.step.len()));
        }
    }

    /// Writes the images there are, and notes what lies where they belong.
    fn write_step(&mut self) -> Result<()> {
        let from = self.used - self.step.len() as u64;
        parts(&self.area, from, self.step.len(), |place, from, to| {
            let images = self.step.get(from..to).unwrap_or_default();
            self.store.write_fresh(place, images)
        })?;
        for (block, start) in core::mem::take(&mut self.open) {
            let image = self.step.get(start..start + block.len).unwrap_or_default();
            let sum = checksum::of(image);
            if let Some(copy) = self.store.mirror_of(&block) {
                let skip = usize::try_from(copy.source - block.source).unwrap_or(0);
                let part = image.get(skip..skip + copy.len).unwrap_or_default();
                self.mirrored.push((copy, checksum::of(part)));
            }
            self.note(block, sum)?;
        }
        self.step.clear();
        Ok(())
    }

    fn note(&mut self, block: FarBlock, image: u64) -> Result<()> {
        self.there.resize(block.len, 0);
        self.store.device.read_at(block.target, &mut self.there)?;
        push_sums(&self.there, &mut self.before);
        self.images.push(image);
        self.blocks.push(block);
        Ok(())
    }

    /// Commits the group and brings it into place.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.write_step()?;
        for (copy, image) in core::mem::take(&mut self.mirrored) {
            self.note(copy, image)?;
        }
        if self.blocks.is_empty() {
            return Ok(());
        }
        let area = self.behind();
        let order = self.order();
        let store = &*self.store;
        let mut write = |at: u64, chunk: &[u8]| {
            parts(&area, at, chunk.len(), |place, from, to| {
                store.write_fresh(place, chunk.get(from..to).unwrap_or_default())
            })
        };
        let mut table = TableWriter::new(&mut write);
        for (at, first) in &order {
            let (Some(block), Some(image)) = (self.blocks.get(*at), self.images.get(*at)) else {
                continue;
            };
            let sums = self.before.get(*first..first + block.len / SECTOR);
            table.push(block, sums.unwrap_or_default(), *image)?;
        }
        let (len, sum) = table.finish()?;
        let blocks: Vec<FarBlock> = order
            .iter()
            .filter_map(|(at, _)| self.blocks.get(*at).copied())
            .collect();
        self.store.commit_table(blocks, &area, len, sum)
    }

    /// The area behind the images.
    fn behind(&self) -> Vec<(u64, u64)> {
        let mut skip = self.used;
        let mut behind = Vec::new();
        for (place, len) in &self.area {
            let cut = skip.min(*len);
            skip -= cut;
            if cut < *len {
                behind.push((place + cut, len - cut));
            }
        }
        behind
    }

    /// The blocks in ascending order of their targets, each with the first of
    /// its checksums: copies of mirrored records come from elsewhere.
    fn order(&self) -> Vec<(usize, usize)> {
        let mut first = 0;
        let mut order: Vec<(usize, usize)> = Vec::with_capacity(self.blocks.len());
        for (at, block) in self.blocks.iter().enumerate() {
            order.push((at, first));
            first += block.len / SECTOR;
        }
        let target = |(at, _): &(usize, usize)| self.blocks.get(*at).map(|block| block.target);
        if !order.is_sorted_by_key(target) {
            order.sort_by_key(target);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use linkwright_device::MemoryDevice;

    use super::super::{FlagPlace, SessionStart};
    use super::*;

    const LEN: u64 = 16 << 20;
    const PAGE: u64 = 4096;

    /// A log in so many pieces of a page, a page apart.
    fn begun(pieces: u64) -> Store {
        let device = Arc::new(MemoryDevice::new(LEN));
        let mut store = Store::new(device);
        let extents = (0..pieces).map(|n| (PAGE + 2 * n * PAGE, PAGE)).collect();
        let region = LogRegion::new(extents, pieces * PAGE).unwrap();
        store.set_region(Some(region));
        store
            .begin(SessionStart {
                serial: 7,
                clean_before: true,
                flag: FlagPlace { offset: 0, bit: 1 },
            })
            .unwrap();
        store
    }

    fn commit(store: &mut Store) -> Result<()> {
        let mut images = store.images(&[(LEN - (1 << 20), 1 << 20)])?;
        images.push(LEN - (2 << 20), &[7; SECTOR])?;
        images.commit()
    }

    #[test]
    fn no_record_names_more_than_recovery_reads() {
        let mut store = begun(400);
        assert!(store.can_name(1 << 20, 600));
        assert!(!store.can_name(1 << 20, 601) && !store.can_name(1 << 40, 1));
        commit(&mut store).unwrap();
        let mut there = [0; SECTOR];
        store.read(LEN - (2 << 20), &mut there).unwrap();
        assert_eq!(there, [7; SECTOR]);
        let mut store = begun(1500);
        assert!(!store.can_name(1 << 20, 0));
        assert!(matches!(commit(&mut store), Err(Error::DiskFull)));
        let found = store.find_journal(7).unwrap().unwrap();
        assert_eq!(found.groups, 0);
    }
}
