//! Taking and freeing clusters in `$Bitmap`.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::runs::{Run, RunList};
use linkwright_ntfs_format::{Lcn, RecordNumber};

use super::bits;
use crate::cache::BlockKind;
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, Place, Result};

/// Contiguous clusters: where they start, and how many.
pub(crate) type Extent = (Lcn, u64);

const PLACE: Place = Place::attribute(RecordNumber::BITMAP, AttributeType::DATA);

/// The most pieces one allocation is gathered from; a volume more fragmented
/// than that counts as full for it.
const MAX_PIECES: usize = 100_000;

/// The most free pieces that are looked at for one that is long enough.
const MAX_LOOKS: usize = 4096;

impl Engine {
    fn bits_per_page(&self) -> u64 {
        self.page_size() * 8
    }

    /// Takes `count` clusters, near `near` when given, in as few pieces as the
    /// first free room found gives.
    pub(crate) fn allocate_clusters(
        &mut self,
        count: u64,
        near: Option<Lcn>,
    ) -> Result<Vec<Extent>> {
        self.allocate_units(count, 1, near)
    }

    /// As [`Self::allocate_clusters`]; each piece is a multiple of `unit`
    /// clusters, and so is `count`.
    pub(crate) fn allocate_units(
        &mut self,
        count: u64,
        unit: u64,
        near: Option<Lcn>,
    ) -> Result<Vec<Extent>> {
        let total = self.geometry.cluster_count();
        let start = near.map_or(self.state.cluster_cursor, |lcn| lcn.0);
        let start = if start < total { start } else { 0 };
        let mut found: Vec<Extent> = Vec::new();
        let mut left = count;
        for (from, end) in [(start, total), (0, start)] {
            let mut at = from;
            while left > 0 && at < end {
                let Some((lcn, length)) = self.next_free(at, end)? else {
                    break;
                };
                let whole = length.min(left) / unit * unit;
                if whole == 0 {
                    at = lcn + length;
                    continue;
                }
                let length = whole;
                left -= length;
                at = lcn + length;
                if let Some((last, len)) = found.last_mut()
                    && last.0 + *len == lcn
                {
                    *len += length;
                    continue;
                }
                if found.len() >= MAX_PIECES {
                    return Err(Error::DiskFull);
                }
                found.push((Lcn(lcn), length));
            }
        }
        if left > 0 {
            return Err(Error::DiskFull);
        }
        for extent in &found {
            self.take_clusters(*extent)?;
        }
        Ok(found)
    }

    /// Takes `count` clusters in one piece, the first such behind `near`, else of the
    /// next free pieces the longest, or half of it where there is little besides, as a
    /// multiple of `unit` clusters; `None` when there is none of that length.
    pub(crate) fn allocate_piece(
        &mut self,
        count: u64,
        unit: u64,
        near: Option<Lcn>,
    ) -> Result<Option<Extent>> {
        let total = self.geometry.cluster_count();
        let start = near.map_or(self.state.cluster_cursor, |lcn| lcn.0);
        let start = if start < total { start } else { 0 };
        let (mut looks, mut best) = (MAX_LOOKS, None);
        for (from, end) in [(start, total), (0, start)] {
            let mut at = from;
            while looks > 0 && at < end && best.is_none_or(|(_, most)| most < count) {
                let Some((lcn, length)) = self.next_free(at, end)? else {
                    break;
                };
                let length_in_units = length.min(count) / unit * unit;
                if length_in_units > best.map_or(0, |(_, most)| most) {
                    best = Some((Lcn(lcn), length_in_units));
                }
                at = lcn + length;
                looks -= 1;
            }
        }
        let Some((lcn, mut length)) = best else {
            return Ok(None);
        };
        // An operation needs clusters for more than one purpose.
        if length < count && !self.has_free_clusters(2 * length)? {
            length = (length / 2 / unit * unit).max(unit);
        }
        self.take_clusters((lcn, length))?;
        Ok(Some((lcn, length)))
    }

    /// Marks free clusters as used, as a fresh place.
    fn take_clusters(&mut self, (lcn, length): Extent) -> Result<()> {
        self.mark_clusters(lcn.0, length, true)?;
        self.state.cluster_cursor = lcn.0 + length;
        // An operation that was undone may have read blocks here.
        self.forget_blocks(lcn, length);
        let shift = self.geometry.cluster_shift();
        self.cache
            .note_fresh(lcn.0 << shift, (lcn.0 + length) << shift);
        Ok(())
    }

    /// Takes `count` clusters more for a stream, right behind its last run where
    /// that is possible. The list is unchanged when there is no room.
    pub(crate) fn extend_runs(&mut self, runs: &mut RunList, count: u64) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let near = runs
            .runs()
            .last()
            .and_then(|run| run.lcn.map(|lcn| Lcn(lcn + run.length)));
        for (lcn, length) in self.allocate_clusters(count, near)? {
            runs.push(Some(lcn), length);
        }
        Ok(())
    }

    /// The first run of free clusters in `from..end` that may be used.
    pub(crate) fn next_free(&self, from: u64, end: u64) -> Result<Option<(u64, u64)>> {
        let per_page = self.bits_per_page();
        let mut at = from;
        while at < end {
            let page = at / per_page;
            let first = page * per_page;
            let location =
                self.page_location(&self.state.bitmap, page * self.page_size(), PLACE)?;
            let block = self.cached_block(location, BlockKind::Page, PLACE, |_| Ok(()))?;
            let inside = |bit: u64| usize::try_from(bit - first).unwrap_or(usize::MAX);
            let stop = end.min(first + per_page);
            let mut bit = inside(at);
            while let Some((start, len)) = bits::next_clear_run(block.bytes(), bit, inside(stop)) {
                let lcn = first + u64::try_from(start).unwrap_or(0);
                let length = u64::try_from(len).unwrap_or(0);
                if let Some(usable) = self.first_usable(lcn, length) {
                    return Ok(Some(usable));
                }
                bit = start + len;
            }
            at = stop;
        }
        Ok(None)
    }

    /// The first part of clusters free in the bitmap that neither waits for the
    /// device to be durable nor is in use in memory.
    fn first_usable(&self, lcn: u64, length: u64) -> Option<(u64, u64)> {
        let end = lcn + length;
        let mut at = lcn;
        while at < end {
            let (start, len) = self.pending.first_usable(at, end - at)?;
            if let Some(usable) = self.reserved.first_usable(start, len) {
                return Some(usable);
            }
            at = start + len;
        }
        None
    }

    /// Whether so many clusters may be used.
    pub(crate) fn has_free_clusters(&self, count: u64) -> Result<bool> {
        self.has_free_within(count, usize::MAX)
    }

    /// The same in pieces that are not many.
    pub(crate) fn has_free_pieces(&self, count: u64) -> Result<bool> {
        self.has_free_within(count, MAX_LOOKS)
    }

    /// Whether so many clusters may be used in some pieces, far behind where they are
    /// taken from first.
    fn has_free_within(&self, count: u64, pieces: usize) -> Result<bool> {
        let (start, total) = (self.far_start(), self.geometry.cluster_count());
        let (mut found, mut looks) = (0, pieces);
        for (from, end) in [(start, total), (0, start)] {
            let mut at = from;
            while found < count && looks > 0 {
                let Some((lcn, length)) = self.next_free(at, end)? else {
                    break;
                };
                (found, at, looks) = (found + length, lcn + length, looks - 1);
            }
        }
        Ok(found >= count)
    }

    /// Takes at most `count` free clusters for use in memory, in one piece;
    /// `None` when there are none.
    pub(crate) fn reserve_clusters(&mut self, count: u64) -> Result<Option<Extent>> {
        let total = self.geometry.cluster_count();
        self.reserve_from(count, self.state.cluster_cursor.min(total))
    }

    /// As [`Self::reserve_clusters`], far behind where clusters are taken from:
    /// what grows there is not broken into pieces.
    pub(crate) fn reserve_far_clusters(&mut self, count: u64) -> Result<Option<Extent>> {
        self.reserve_from(count, self.far_start())
    }

    /// Half-way from where clusters are taken to the end.
    fn far_start(&self) -> u64 {
        let total = self.geometry.cluster_count();
        let cursor = self.state.cluster_cursor.min(total);
        cursor + (total - cursor) / 2
    }

    fn reserve_from(&mut self, count: u64, start: u64) -> Result<Option<Extent>> {
        let total = self.geometry.cluster_count();
        for (from, end) in [(start, total), (0, start)] {
            if let Some((lcn, length)) = self.next_free(from, end)? {
                let length = length.min(count);
                self.reserved.take(lcn, length);
                return Ok(Some((Lcn(lcn), length)));
            }
        }
        Ok(None)
    }

    /// Marks clusters used or free; each must have been the other.
    fn mark_clusters(&mut self, lcn: u64, length: u64, used: bool) -> Result<()> {
        self.cluster_range(Lcn(lcn), length, PLACE)?;
        let per_page = self.bits_per_page();
        let map = Arc::clone(&self.state.bitmap);
        let mut at = lcn;
        while at < lcn + length {
            let page = at / per_page;
            let stop = (lcn + length).min((page + 1) * per_page);
            let start = usize::try_from(at % per_page).unwrap_or(0);
            let count = usize::try_from(stop - at).unwrap_or(0);
            let range = start / 8..(start + count).div_ceil(8);
            let offset = page * self.page_size();
            let unchanged = self.patch_page(&map, offset, range, PLACE, |bytes| {
                Ok(bits::fill(bytes, start, count, used))
            })?;
            if unchanged > 0 {
                return Err(PLACE.at_vcn(at).corrupt(CorruptKind::ClusterNotUsed));
            }
            at = stop;
        }
        Ok(())
    }

    /// Frees the clusters of runs (holes are passed over). They are used again
    /// only after the device was durable.
    pub(crate) fn free_runs(&mut self, runs: &[Run]) -> Result<()> {
        for run in runs {
            if let Some(lcn) = run.lcn {
                self.mark_clusters(lcn, run.length, false)?;
                self.pending.push(lcn, run.length);
                self.state.pending_len = self.pending.len();
            }
        }
        Ok(())
    }

    /// Frees runs whose clusters may be in the cache as blocks.
    pub(crate) fn free_cached_runs(&mut self, runs: &[Run]) -> Result<()> {
        for run in runs {
            if let Some(lcn) = run.lcn {
                self.forget_blocks(Lcn(lcn), run.length);
            }
        }
        self.free_runs(runs)
    }

    /// Drops what the cache holds of some clusters.
    fn forget_blocks(&mut self, lcn: Lcn, length: u64) {
        // Blocks start at multiples of a page at least.
        let step = self.page_size().min(512);
        let start = lcn.0 << self.geometry.cluster_shift();
        let end = start + length * self.cluster_size();
        self.cache.forget(start, end, step);
    }

    /// Free clusters of the volume, counted in the bitmap, without those in use
    /// in memory.
    pub(crate) fn count_free_clusters(&self) -> Result<u64> {
        let per_page = self.bits_per_page();
        let total = self.geometry.cluster_count();
        let mut free = 0;
        for page in 0..total.div_ceil(per_page) {
            let location =
                self.page_location(&self.state.bitmap, page * self.page_size(), PLACE)?;
            let block = self.cached_block(location, BlockKind::Page, PLACE, |_| Ok(()))?;
            let end = usize::try_from(total - page * per_page).unwrap_or(usize::MAX);
            free += u64::try_from(bits::count_clear(block.bytes(), end)).unwrap_or(0);
        }
        Ok(free.saturating_sub(self.reserved.clusters()))
    }
}
