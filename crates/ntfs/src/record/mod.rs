//! File records: loading, validating, changing.

mod ahead;

use core::ops::Range;
use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record::{self, RecordFlags, RecordHeader};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{FileReference, FormatError, Lcn, RecordNumber};

use crate::cache::{Block, BlockKind, Location, Segment};
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::options::Access;

/// Records that `$MFTMirr` repeats at least.
pub(crate) const MIRRORED: u64 = 4;

/// Where the header of a record is.
const HEADER: Range<usize> = 0..record::HEADER_LEN;

impl Engine {
    /// Where `len` bytes at `offset` of a stream lie on the device.
    pub(crate) fn location(
        &self,
        runs: &RunList,
        offset: u64,
        len: usize,
        place: Place,
    ) -> Result<Location> {
        if let Some(location) = self.location_in_one(runs, offset, len) {
            return Ok(location);
        }
        let cluster = self.cluster_size();
        let mut location: Option<Location> = None;
        let mut done = 0_usize;
        while done < len {
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            let (vcn, inside) = (at / cluster, at % cluster);
            let run = runs
                .lookup(vcn)
                .ok_or_else(|| place.at_vcn(vcn).corrupt(CorruptKind::ExtentGap))?;
            let lcn = run
                .lcn
                .ok_or_else(|| place.at_vcn(vcn).corrupt(CorruptKind::ExtentGap))?;
            let start = self.cluster_range(Lcn(lcn), run.length, place)?;
            let room = run.length.saturating_mul(cluster) - inside;
            let take = usize::try_from(room).unwrap_or(usize::MAX).min(len - done);
            let segment = Segment {
                offset: start + inside,
                len: take,
            };
            match &mut location {
                Some(location) => location.push(segment),
                None => location = Some(Location::contiguous(segment.offset, segment.len)),
            }
            done += take;
        }
        location.ok_or_else(|| place.corrupt(CorruptKind::StreamSizes))
    }

    /// The same where all bytes lie in one run and inside the volume: nearly
    /// always.
    fn location_in_one(&self, runs: &RunList, offset: u64, len: usize) -> Option<Location> {
        let shift = self.geometry.cluster_shift();
        let vcn = offset >> shift;
        let inside = offset - (vcn << shift);
        let run = runs.lookup(vcn)?;
        let lcn = run.lcn?;
        let end = lcn.checked_add(run.length)?;
        let room = run.length.checked_mul(1 << shift)?.checked_sub(inside)?;
        let fits = u64::try_from(len).is_ok_and(|len| (1..=room).contains(&len));
        let inside_volume = end <= self.geometry.cluster_count();
        (fits && inside_volume).then(|| Location::contiguous((lcn << shift) + inside, len))
    }

    /// The byte offset of a run, checked to lie inside the volume.
    pub(crate) fn cluster_range(&self, lcn: Lcn, length: u64, place: Place) -> Result<u64> {
        lcn.0
            .checked_add(length)
            .filter(|end| *end <= self.geometry.cluster_count())
            .map(|_| lcn.0 << self.geometry.cluster_shift())
            .ok_or_else(|| place.corrupt(CorruptKind::RunOutsideVolume))
    }

    /// Reads the bytes of a block that is not in memory from the device.
    pub(crate) fn read_location(&self, location: &Location) -> Result<Vec<u8>> {
        match self.read_spilled(location.key(), location.len())? {
            Some(bytes) => Ok(bytes),
            None => self.read_committed(location),
        }
    }

    /// Reads the bytes of a block as they are committed.
    pub(crate) fn read_committed(&self, location: &Location) -> Result<Vec<u8>> {
        let mut bytes = vec![0; location.len()];
        let mut rest = bytes.as_mut_slice();
        for segment in location.segments() {
            let (part, tail) = rest
                .split_at_mut_checked(segment.len)
                .unwrap_or((&mut [], &mut []));
            self.store.read(segment.offset, part)?;
            rest = tail;
        }
        Ok(bytes)
    }

    /// Reads a block through the cache.
    pub(crate) fn cached_block(
        &self,
        location: Location,
        kind: BlockKind,
        place: Place,
        validate: impl FnOnce(&[u8]) -> Result<(), FormatError>,
    ) -> Result<Arc<Block>> {
        if let Some(block) = self.cache.get(location.key()) {
            return Ok(block);
        }
        let bytes = self.read_location(&location)?;
        let block = Block::decode(kind, bytes).map_err(|e| place.format(e))?;
        validate(block.bytes()).map_err(|e| place.format(e))?;
        Ok(self.cache.insert_clean(location, block))
    }

    /// Puts a block that was just read back into the cache when a full cache
    /// has evicted it already, so that it can be changed there.
    pub(crate) fn keep_cached(&mut self, location: Location, block: &Arc<Block>) {
        if !self.cache.contains(location.key()) {
            self.cache.insert_dirty(location, Arc::clone(block));
        }
    }

    /// Where record `number` lies.
    pub(crate) fn record_location(&self, number: RecordNumber) -> Result<Location> {
        let place = Place::attribute(RecordNumber::MFT, AttributeType::DATA);
        if number.0 >= self.record_count() {
            return Err(Place::record(number).corrupt(CorruptKind::RecordOutsideMft));
        }
        let offset = number.0 * u64::from(self.geometry.record_size());
        self.location(self.state.mft_runs(), offset, self.record_size(), place)
    }

    /// Where a record starts, which is its key in the cache. What is there was
    /// checked when it was read.
    fn record_key(&self, number: RecordNumber) -> Option<u64> {
        if number.0 >= self.record_count() {
            return None;
        }
        let offset = number.0 << self.geometry.record_size().trailing_zeros();
        let shift = self.geometry.cluster_shift();
        let vcn = offset >> shift;
        let lcn = self.state.mft_runs().lookup(vcn)?.lcn?;
        Some((lcn << shift) + (offset - (vcn << shift)))
    }

    /// A record in order, in use or not. While the volume is open for reading,
    /// `$MFTMirr` stands in for those of its records that are damaged.
    pub(crate) fn record(&self, number: RecordNumber) -> Result<Arc<Block>> {
        if let Some(block) = self.record_key(number).and_then(|key| self.cache.get(key)) {
            return Ok(block);
        }
        match self.own_record(number) {
            Err(error) if number.0 < MIRRORED && self.options.access == Access::ReadOnly => {
                self.mirrored_record(number).map_err(|_| error)
            }
            result => result,
        }
    }

    fn mirrored_record(&self, number: RecordNumber) -> Result<Arc<Block>> {
        let place = Place::record(RecordNumber::MFT_MIRROR);
        let size = u64::from(self.geometry.record_size());
        let clusters = self.clusters_for(MIRRORED * size);
        let start = self.cluster_range(self.geometry.mirror_lcn(), clusters, place)?;
        let location = Location::contiguous(start + number.0 * size, self.record_size());
        self.cached_block(location, BlockKind::Record, place, record::validate)
    }

    /// A record as it lies in `$MFT`.
    pub(crate) fn own_record(&self, number: RecordNumber) -> Result<Arc<Block>> {
        let location = self.record_location(number)?;
        if let Some(block) = self.cache.get(location.key()) {
            return Ok(block);
        }
        let bytes = self.missed_record(number, &location)?;
        let block = ahead::decode(number, bytes)?;
        Ok(self.cache.insert_clean(location, block))
    }

    /// The base record that a reference names, in use.
    pub(crate) fn base_record(&self, file: FileReference) -> Result<Arc<Block>> {
        if file.record().0 >= self.record_count() {
            return Err(InvalidInput::StaleReference.into());
        }
        let block = self.record(file.record())?;
        check_live(file, block.bytes())?;
        Ok(block)
    }

    /// As [`Self::base_record`], for who has the volume alone.
    pub(crate) fn base_bytes(&mut self, file: FileReference) -> Result<&[u8]> {
        if file.record().0 >= self.record_count() {
            return Err(InvalidInput::StaleReference.into());
        }
        let bytes = self.record_bytes(file.record())?;
        check_live(file, bytes)?;
        Ok(bytes)
    }

    /// Changes a record in place.
    pub(crate) fn modify_record<T>(
        &mut self,
        number: RecordNumber,
        change: impl FnOnce(&mut [u8]) -> Result<T, FormatError>,
    ) -> Result<T> {
        let key = self.record_at_hand(number)?;
        self.cache.modify(key, |block| {
            change(block.bytes_mut()).map_err(|e| Place::record(number).format(e))
        })
    }

    /// As [`Self::modify_record`], for a change that leaves all bytes outside of
    /// `ranges` as they are.
    pub(crate) fn patch_record<T>(
        &mut self,
        number: RecordNumber,
        ranges: &[Range<usize>],
        change: impl FnOnce(&mut [u8]) -> Result<T, FormatError>,
    ) -> Result<T> {
        let key = self.record_at_hand(number)?;
        self.patch_at_hand(number, key, ranges, change)
    }

    /// Has a record in the cache; its key there.
    pub(crate) fn record_at_hand(&mut self, number: RecordNumber) -> Result<u64> {
        if let Some(key) = self.record_key(number)
            && self.cache.holds(key)
        {
            return Ok(key);
        }
        let location = self.record_location(number)?;
        let key = location.key();
        if number.0 >= MIRRORED {
            self.fill_record(number, location)?;
        } else {
            let block = self.record(number)?;
            self.keep_cached(location, &block);
        }
        Ok(key)
    }

    /// The bytes of a record in order, for who has the volume alone.
    pub(crate) fn record_bytes(&mut self, number: RecordNumber) -> Result<&[u8]> {
        let key = self.record_at_hand(number)?;
        self.bytes_at_hand(number, key)
    }

    /// The bytes of a record that is at hand.
    pub(crate) fn bytes_at_hand(&mut self, number: RecordNumber, key: u64) -> Result<&[u8]> {
        let bytes = self.cache.bytes(key);
        bytes.ok_or_else(|| Place::record(number).corrupt(CorruptKind::RecordOutsideMft))
    }

    /// As [`Self::patch_record`], of a record that is at hand.
    pub(crate) fn patch_at_hand<T>(
        &mut self,
        number: RecordNumber,
        key: u64,
        ranges: &[Range<usize>],
        change: impl FnOnce(&mut [u8]) -> Result<T, FormatError>,
    ) -> Result<T> {
        self.cache.patch(key, ranges, |bytes| {
            change(bytes).map_err(|e| Place::record(number).format(e))
        })
    }

    /// Changes the header of a record.
    pub(crate) fn modify_header<T>(
        &mut self,
        number: RecordNumber,
        change: impl FnOnce(&mut RecordHeader) -> T,
    ) -> Result<T> {
        self.patch_record(number, &[HEADER], |bytes| {
            record::header_mut(bytes).map(change)
        })
    }

    /// The reference that names record `number` as it is now.
    pub(crate) fn reference_to(&self, number: RecordNumber) -> Result<FileReference> {
        let block = self.record(number)?;
        Ok(FileReference::new(
            number,
            header_of(&*block, number)?.sequence(),
        ))
    }
}

/// Refuses a record that is not, or no more, the base record of a file.
fn check_live(file: FileReference, bytes: &[u8]) -> Result<()> {
    let header = record::header(bytes).map_err(|e| Place::record(file.record()).format(e))?;
    let live = header.flags().contains(RecordFlags::IN_USE)
        && header.base().is_none()
        && file.matches(header.sequence());
    if live {
        Ok(())
    } else {
        Err(InvalidInput::StaleReference.into())
    }
}

/// The header of a record in the cache.
pub(crate) fn header_of(block: &Block, number: RecordNumber) -> Result<&RecordHeader> {
    record::header(block.bytes()).map_err(|e| Place::record(number).format(e))
}
