//! Commits and checkpoints: the middle of a session.

use std::sync::atomic::Ordering;

use zerocopy::IntoBytes;
use zerocopy::little_endian::U64;

use super::far::{self, FarBlock};
use super::journal::{Found, Journal};
use super::layout::{Extent, PAIR, RECORD_HEADER, RECORD_MAGIC, RecordHeader, is_readable};
use super::record::Body;
use super::region::LogRegion;
use super::sectors::SECTOR;
use super::store::Store;
use super::write_set::{Write, WriteSet};
use crate::error::{Error, Result};

impl Store {
    /// Whether the log takes a record of so many bytes in blocks and of their
    /// copies, once it is empty.
    pub(crate) fn fits(&self, bytes: u64) -> bool {
        Body::most(bytes.saturating_add(self.mirrored_of(bytes))) <= self.capacity()
    }

    /// The most of so many bytes in blocks that is kept twice: `$MFTMirr` is a
    /// cluster at least.
    pub(crate) fn mirrored_of(&self, bytes: u64) -> u64 {
        bytes.min(self.mirror.len)
    }

    /// Bytes for records.
    pub(crate) fn capacity(&self) -> u64 {
        self.region.as_ref().map_or(0, LogRegion::capacity)
    }

    /// Bytes of memory that hold images until they are in place.
    pub(crate) fn held_bytes(&self) -> usize {
        self.sectors.memory()
    }

    /// Whether little room is left for the next group.
    pub(crate) fn is_nearly_full(&self) -> bool {
        self.journal().is_ok_and(|journal| {
            let room = journal.room();
            room < journal.region.capacity() / 4
        })
    }

    /// Whether data was written that must be durable before the next commit:
    /// more of it costs no flush.
    pub(crate) fn has_fresh(&self) -> bool {
        self.fresh.load(Ordering::Acquire)
    }

    /// Commits blocks: one record, handed to the operating system. What is in
    /// the journal goes to its place first when there may be no room behind it.
    /// Fresh data is made durable before the record, so that none shows data
    /// that is not there.
    pub(crate) fn commit(&mut self, set: &WriteSet) -> Result<()> {
        self.flush_covered_flag(set)?;
        let mirrored = self.mirrored(set);
        let all = || set.writes().iter().chain(&mirrored);
        let bytes: u64 = all().map(|write| write.bytes.len() as u64).sum();
        let most = Body::most(bytes);
        if most > self.journal()?.room() {
            self.checkpoint()?;
        }
        if most > self.journal()?.room() {
            return Err(Error::DiskFull);
        }
        let body = Body::gather(all(), &self.sectors, &*self.device)?;
        if body.is_empty() {
            return Ok(());
        }
        let journal = self.journal()?;
        let record = body.record(journal.header.session.get(), journal.sequence);
        self.append(&record)?;
        body.apply(&mut self.sectors);
        Ok(())
    }

    /// Writes a record behind the last one.
    fn append(&mut self, record: &[u8]) -> Result<()> {
        if self.has_fresh() {
            self.flush_device()?;
        }
        let offset = self.journal()?.position;
        self.write_log(offset, record)?;
        let end = offset + record.len() as u64;
        let journal = self.journal_mut()?;
        journal.position = end;
        journal.used = journal.used.max(end);
        journal.sequence += 1;
        self.loose = true;
        Ok(())
    }

    /// Commits blocks that lie in the spill area, in ascending order of their
    /// targets, and brings them into place. `area` has room for their table.
    pub(crate) fn commit_far(&mut self, blocks: Vec<FarBlock>, area: &[(u64, u64)]) -> Result<()> {
        self.checkpoint()?;
        let blocks = self.with_far_mirror(blocks);
        let (table, sum) = far::write_table(&blocks, &*self.device, |at, chunk| {
            far::parts(area, at, chunk.len(), |place, from, to| {
                self.write(place, chunk.get(from..to).unwrap_or_default())
            })
        })?;
        self.commit_table(blocks, area, table, sum)
    }

    /// Commits a group whose images and table are on the device, and brings it
    /// into place. The log has no record.
    pub(super) fn commit_table(
        &mut self,
        blocks: Vec<FarBlock>,
        area: &[(u64, u64)],
        table: u64,
        sum: u64,
    ) -> Result<()> {
        if !is_readable(table, area.len()) {
            return Err(Error::DiskFull);
        }
        // Images and table are durable before the record that names them.
        self.flush_device()?;
        let extents: Vec<Extent> = area
            .iter()
            .map(|(offset, len)| Extent {
                offset: U64::new(*offset),
                len: U64::new(*len),
            })
            .collect();
        let journal = self.journal()?;
        let length = (RECORD_HEADER + extents.len() * PAIR).next_multiple_of(SECTOR);
        if length as u64 > journal.room() {
            return Err(Error::DiskFull);
        }
        let mut header = RecordHeader {
            magic: RECORD_MAGIC,
            session: journal.header.session,
            sequence: U64::new(journal.sequence),
            length: U64::new(length as u64),
            body_length: U64::new(table),
            table_length: U64::new(table),
            extents: U64::new(extents.len() as u64),
            body_checksum: U64::new(sum),
            checksum: U64::ZERO,
        };
        header.checksum = U64::new(header.sum(extents.as_bytes()));
        let mut record = header.as_bytes().to_vec();
        record.extend_from_slice(extents.as_bytes());
        record.resize(length, 0);
        self.append(&record)?;
        self.far = blocks;
        self.checkpoint()
    }

    /// Brings everything in the journal into place and empties it: records
    /// durable, blocks in place, durable, header, durable.
    pub(crate) fn checkpoint(&mut self) -> Result<()> {
        self.flush()?;
        if self.sectors.is_empty() && self.far.is_empty() {
            return Ok(());
        }
        self.settle()
    }

    /// As [`Self::checkpoint`], if there is anything to bring into place.
    pub(crate) fn bring_in(&mut self) -> Result<()> {
        if self.sectors.is_empty() && self.far.is_empty() {
            return Ok(());
        }
        self.checkpoint()
    }

    pub(super) fn settle(&mut self) -> Result<()> {
        self.write_images()?;
        far::each_image(&self.far, &*self.device, |offset, bytes| {
            self.write(offset, bytes)
        })?;
        self.flush_device()?;
        let journal = self.journal_mut()?;
        journal.position = journal.region.records_start();
        self.write_header()?;
        self.sectors.clear();
        self.far = Vec::new();
        Ok(())
    }

    /// Writes what waits in memory to its place.
    pub(super) fn write_images(&self) -> Result<()> {
        self.sectors.runs(|offset, bytes| self.write(offset, bytes))
    }

    /// Writes blocks in place, without a journal: for measuring what it costs.
    pub(crate) fn write_through(&mut self, set: &WriteSet) -> Result<()> {
        let mirrored = self.mirrored(set);
        for write in set.writes().iter().chain(&mirrored) {
            self.write(write.offset, &write.bytes)?;
        }
        self.loose = true;
        Ok(())
    }

    /// Looks for the journal of a session that did not end.
    pub(crate) fn find_journal(&self, serial: u64) -> Result<Option<Found>> {
        match &self.region {
            Some(region) => Journal::find(&*self.device, region, serial),
            None => Ok(None),
        }
    }

    /// Goes on where a session did not end: brings what it committed into
    /// place. Whatever happens in the middle, the journal stays as it is until
    /// all of that is durable, so that this can be done again.
    pub(crate) fn replay(&mut self, found: Found) -> Result<()> {
        self.journal = Some(found.journal);
        self.sectors = found.sectors;
        self.far = found.far.map(|far| far.blocks).unwrap_or_default();
        // Written by a process that may not have flushed.
        self.flush_device()?;
        self.settle()
    }

    /// Reads as if what that session committed were in place.
    pub(crate) fn look_through(&mut self, found: Found) {
        self.sectors = found.sectors;
        self.far = found.far.map(|far| far.blocks).unwrap_or_default();
    }

    /// Whether somebody else wrote where the journal of `found` writes.
    pub(crate) fn foreign_writes(&self, found: &Found) -> Result<Option<u64>> {
        found.foreign(&*self.device)
    }

    /// What a set changes of the mirrored records, at their copies.
    fn mirrored(&self, set: &WriteSet) -> Vec<Write> {
        let mut copies = Vec::new();
        for write in set.writes() {
            if self.mirror.overlap(write.offset, write.end()).is_none() {
                continue;
            }
            for (start, block) in write.blocks() {
                let at = write.offset + start as u64;
                let end = at + block.len() as u64;
                let Some((from, to, copy)) = self.mirror.overlap(at, end) else {
                    continue;
                };
                let inside = |byte: u64| usize::try_from(byte - at).unwrap_or(usize::MAX);
                let part = block.get(inside(from)..inside(to)).unwrap_or_default();
                copies.push(Write::block(copy, part.to_vec()));
            }
        }
        copies
    }

    /// The copy of the part of a block that is mirrored.
    pub(super) fn mirror_of(&self, block: &FarBlock) -> Option<FarBlock> {
        let end = block.target + block.len as u64;
        let (from, to, copy) = self.mirror.overlap(block.target, end)?;
        Some(FarBlock {
            target: copy,
            source: block.source + (from - block.target),
            len: usize::try_from(to - from).ok()?,
        })
    }

    fn with_far_mirror(&self, blocks: Vec<FarBlock>) -> Vec<FarBlock> {
        let mut all = blocks;
        let copies: Vec<FarBlock> = all
            .iter()
            .filter_map(|block| self.mirror_of(block))
            .collect();
        if !copies.is_empty() {
            all.extend(copies);
            all.sort_unstable_by_key(|block| block.target);
        }
        all
    }
}
