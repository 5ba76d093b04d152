//! A sparse store of pages: only what was written costs memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes in one page. Small, because volume metadata is written in pieces of
/// one to four KiB that lie far apart.
pub(crate) const PAGE_LEN: usize = 4096;

type Page = [u8; PAGE_LEN];

/// Pages by number. Cloning shares all pages; a page is copied when one of the
/// owners writes to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages {
    pages: BTreeMap<u64, Arc<Page>>,
}

/// The part of one page that a range touches.
pub(crate) struct Piece {
    /// Number of the page.
    pub(crate) page: u64,
    /// The bytes of the page that are meant.
    pub(crate) within: Range<usize>,
    /// The bytes of the caller's buffer that they correspond to.
    pub(crate) buffer: Range<usize>,
}

/// Cuts a range of `len` bytes at `offset` at the page borders.
pub(crate) fn pieces(offset: u64, len: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0_usize;
    std::iter::from_fn(move || {
        if done >= len {
            return None;
        }
        let position = offset.saturating_add(done as u64);
        let start = usize::try_from(position % PAGE_LEN as u64).unwrap_or(0);
        let count = (PAGE_LEN - start).min(len - done);
        let piece = Piece {
            page: position / PAGE_LEN as u64,
            within: start..start + count,
            buffer: done..done + count,
        };
        done += count;
        Some(piece)
    })
}

impl Pages {
    /// Whether a page is there.
    pub(crate) fn contains(&self, page: u64) -> bool {
        self.pages.contains_key(&page)
    }

    /// Puts a whole page in place.
    pub(crate) fn insert(&mut self, page: u64, bytes: Box<Page>) {
        self.pages.insert(page, Arc::from(bytes));
    }

    /// Fills the piece of `buf` from the page; `false` when there is no page.
    pub(crate) fn read(&self, piece: &Piece, buf: &mut [u8]) -> bool {
        let Some(page) = self.pages.get(&piece.page) else {
            return false;
        };
        if let (Some(to), Some(from)) = (
            buf.get_mut(piece.buffer.clone()),
            page.get(piece.within.clone()),
        ) {
            to.copy_from_slice(from);
        }
        true
    }

    /// Writes the piece of `buf`; a missing page starts as zeros, and stays
    /// missing when zeros are all that would be written to it.
    pub(crate) fn write(&mut self, piece: &Piece, buf: &[u8]) {
        let Some(from) = buf.get(piece.buffer.clone()) else {
            return;
        };
        if !self.contains(piece.page) && from.iter().all(|byte| *byte == 0) {
            return;
        }
        let page = self
            .pages
            .entry(piece.page)
            .or_insert_with(|| Arc::new([0; PAGE_LEN]));
        if let Some(to) = Arc::make_mut(page).get_mut(piece.within.clone()) {
            to.copy_from_slice(from);
        }
    }

    /// Drops the pages that lie wholly inside `offset..offset + len`.
    pub(crate) fn drop_whole(&mut self, offset: u64, len: u64) {
        let first = offset.div_ceil(PAGE_LEN as u64);
        let end = offset.saturating_add(len) / PAGE_LEN as u64;
        if first >= end {
            return;
        }
        let mut kept_after = self.pages.split_off(&first);
        self.pages.append(&mut kept_after.split_off(&end));
    }

    /// Bytes of memory held by pages.
    pub(crate) fn allocated_bytes(&self) -> u64 {
        self.pages.len() as u64 * PAGE_LEN as u64
    }

    /// The numbers of the pages that are there, ascending.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.pages.keys().copied()
    }
}
