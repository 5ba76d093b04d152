//! Taking and freeing file records in `$MFT:$BITMAP`.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::{RecordNumber, SequenceNumber};
use zerocopy::little_endian::U16;

use super::bits;
use crate::cache::BlockKind;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};

const PLACE: Place = Place::attribute(RecordNumber::MFT, AttributeType::BITMAP);

/// Records kept for the extension records of `$MFT` itself, so that they can
/// be reached with its first run.
const MFT_EXTENSIONS: core::ops::Range<u64> = 16..24;

/// Where the search for a free record goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordCursor(pub(crate) u64);

impl Default for RecordCursor {
    fn default() -> Self {
        Self(RecordNumber::FIRST_USER.0)
    }
}

/// What a record is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordUse {
    /// A file, or an extension record of one.
    File,
    /// An extension record of `$MFT`.
    MftExtension,
}

impl Engine {
    /// A free record among those that exist, marked used in the bitmap; `None`
    /// when `$MFT` must grow first.
    pub(crate) fn claim_record(&mut self, purpose: RecordUse) -> Result<Option<RecordNumber>> {
        let bits = self.state.mft_bitmap.sizes.initialized.saturating_mul(8);
        let limit = self.record_count().min(bits);
        let ranges = match purpose {
            RecordUse::MftExtension => [
                (MFT_EXTENSIONS.start, MFT_EXTENSIONS.end.min(limit)),
                (0, 0),
            ],
            RecordUse::File => {
                let cursor = self.state.record_cursor.0.max(RecordNumber::FIRST_USER.0);
                [
                    (cursor, limit),
                    (RecordNumber::FIRST_USER.0, cursor.min(limit)),
                ]
            }
        };
        for (from, end) in ranges {
            if let Some(number) = self.next_free_record(from, end)? {
                self.mark_record(RecordNumber(number), true)?;
                if purpose == RecordUse::File {
                    self.state.record_cursor = RecordCursor(number + 1);
                }
                return Ok(Some(RecordNumber(number)));
            }
        }
        Ok(None)
    }

    fn next_free_record(&self, from: u64, end: u64) -> Result<Option<u64>> {
        let map = &self.state.mft_bitmap;
        let per_page = self.page_size() * 8;
        let mut at = from;
        while at < end {
            let first = at / per_page * per_page;
            let location = self.page_location(map, first / 8, PLACE)?;
            let page = self.cached_block(location, BlockKind::Page, PLACE, |_| Ok(()))?;
            let stop = end.min(first + per_page);
            let inside = |bit: u64| usize::try_from(bit - first).unwrap_or(usize::MAX);
            if let Some(bit) = bits::next_clear(page.bytes(), inside(at), inside(stop)) {
                return Ok(Some(first + u64::try_from(bit).unwrap_or(0)));
            }
            at = stop;
        }
        Ok(None)
    }

    /// Marks a record used or free in the bitmap; it must have been the other.
    pub(crate) fn mark_record(&mut self, number: RecordNumber, used: bool) -> Result<()> {
        let map = Arc::clone(&self.state.mft_bitmap);
        let page = number.0 / 8 / self.page_size() * self.page_size();
        let bit = usize::try_from(number.0 - page * 8).unwrap_or(usize::MAX);
        if number.0 / 8 >= map.sizes.initialized {
            return Err(Place::record(number).corrupt(CorruptKind::RecordBitmap));
        }
        let unchanged = self.patch_page(&map, page, bit / 8..bit / 8 + 1, PLACE, |bytes| {
            Ok(bits::fill(bytes, bit, 1, used))
        })?;
        if unchanged > 0 {
            return Err(Place::record(number).corrupt(CorruptKind::RecordBitmap));
        }
        Ok(())
    }

    /// Frees a record: not in use, next sequence number, bit cleared. Its
    /// attributes stay as they are, as Windows leaves them (NTFS.md 2.2).
    pub(crate) fn free_record(&mut self, number: RecordNumber) -> Result<()> {
        self.modify_header(number, |header| {
            let flags = header.flags() - RecordFlags::IN_USE;
            header.flags = U16::new(flags.bits());
            header.sequence = U16::new(SequenceNumber(header.sequence.get()).next().0);
            header.link_count = U16::new(0);
        })?;
        self.memo.forget(number);
        self.mark_record(number, false)?;
        if number.0 < self.state.record_cursor.0 {
            self.state.record_cursor = RecordCursor(number.0);
        }
        Ok(())
    }
}
