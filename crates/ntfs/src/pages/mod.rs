//! Bytes of metadata streams, through the cache.
//!
//! Bitmaps, attribute lists, `$Secure:$SDS` and the like are read and changed
//! in pages, so that a change is part of the operation's write set. User data
//! never goes through here (see [`crate::stream`]).

use core::ops::Range;

use linkwright_ntfs_format::num;

use crate::cache::{BlockKind, Location};
use crate::engine::Engine;
use crate::error::{Place, Result};
use crate::stream::StreamMap;

/// The largest page. A page never spans two clusters, so it lies in one piece
/// and its key and length never change.
const PAGE: u64 = 4096;

/// One page's share of a range.
struct Part {
    page: u64,
    inside: usize,
    len: usize,
}

impl Engine {
    /// Bytes of a page.
    pub(crate) fn page_size(&self) -> u64 {
        PAGE.min(self.cluster_size())
    }

    fn parts(&self, offset: u64, len: usize) -> impl Iterator<Item = Part> + use<> {
        let page = self.page_size();
        let mut done = 0_usize;
        core::iter::from_fn(move || {
            if done >= len {
                return None;
            }
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            // Pages are powers of two.
            let within = at & (page - 1);
            let inside = usize::try_from(within).unwrap_or(0);
            let take = (usize::try_from(page).unwrap_or(0) - inside).min(len - done);
            done += take;
            Some(Part {
                page: at - within,
                inside,
                len: take,
            })
        })
    }

    /// Where the page that starts at `offset` of a stream lies.
    pub(crate) fn page_location(
        &self,
        map: &StreamMap,
        offset: u64,
        place: Place,
    ) -> Result<Location> {
        let len = usize::try_from(self.page_size()).unwrap_or(0);
        self.location(&map.runs, offset, len, place)
    }

    /// Reads bytes of a metadata stream. What was never written (behind the
    /// initialized size) reads as zeros.
    pub(crate) fn read_pages(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let valid =
            usize::try_from(map.sizes.initialized.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (live, rest) = buf
            .split_at_mut_checked(valid.min(buf.len()))
            .unwrap_or((&mut [], &mut []));
        rest.fill(0);
        let mut live = live;
        for part in self.parts(offset, live.len()) {
            let (here, tail) = live
                .split_at_mut_checked(part.len)
                .unwrap_or((&mut [], &mut []));
            let location = self.page_location(map, part.page, place)?;
            let block = self.cached_block(location, BlockKind::Page, place, |_| Ok(()))?;
            let bytes =
                num::slice(block.bytes(), part.inside, part.len).map_err(|e| place.format(e))?;
            here.copy_from_slice(bytes);
            live = tail;
        }
        Ok(())
    }

    /// Changes bytes of a metadata stream that are allocated already.
    pub(crate) fn write_pages(
        &mut self,
        map: &StreamMap,
        offset: u64,
        bytes: &[u8],
        place: Place,
    ) -> Result<()> {
        let mut rest = bytes;
        for part in self.parts(offset, bytes.len()) {
            let (here, tail) = rest.split_at_checked(part.len).unwrap_or((rest, &[]));
            let key = self.page_at_hand(map, part.page, place)?;
            let range = part.inside..part.inside + here.len();
            self.cache.patch(key, &[range], |page| {
                num::put(page, part.inside, here).map_err(|e| place.format(e))
            })?;
            rest = tail;
        }
        Ok(())
    }

    /// Changes the page that starts at `offset` of a metadata stream, inside
    /// `range` only.
    pub(crate) fn patch_page<T>(
        &mut self,
        map: &StreamMap,
        offset: u64,
        range: Range<usize>,
        place: Place,
        change: impl FnOnce(&mut [u8]) -> Result<T>,
    ) -> Result<T> {
        let key = self.page_at_hand(map, offset, place)?;
        self.cache.patch(key, &[range], change)
    }

    /// Has a page in the cache; its key there.
    fn page_at_hand(&mut self, map: &StreamMap, offset: u64, place: Place) -> Result<u64> {
        let location = self.page_location(map, offset, place)?;
        let key = location.key();
        if !self.cache.holds(key) {
            let block = self.cached_block(location.clone(), BlockKind::Page, place, |_| Ok(()))?;
            self.keep_cached(location, &block);
        }
        Ok(key)
    }
}
