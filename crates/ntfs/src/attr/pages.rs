//! Metadata streams growing: new bytes are zeros, in the write set.

use linkwright_ntfs_format::RecordNumber;

use super::find::AttrKey;
use crate::cache::{Block, BlockKind};
use crate::engine::Engine;
use crate::error::{Place, Result};
use crate::stream::StreamMap;

impl Engine {
    /// Grows a metadata stream to `len` bytes, all of them initialized.
    pub(crate) fn grow_pages(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &mut StreamMap,
        len: u64,
    ) -> Result<()> {
        let place = Place::attribute(base, key.type_code);
        let had = map.runs.end().0;
        let needed = self.clusters_for(len).saturating_sub(had);
        self.extend_runs(&mut map.runs, needed)?;
        let old = map.sizes.initialized;
        map.sizes.allocated = map.runs.end().0 * self.cluster_size();
        map.sizes.data = len;
        map.sizes.initialized = len;
        let page = self.page_size();
        // The rest of the page that was in use, then whole new pages.
        let first_new = old.next_multiple_of(page).min(len);
        let rest = vec![0; usize::try_from(first_new - old.min(first_new)).unwrap_or(0)];
        self.write_pages(map, old, &rest, place)?;
        let mut at = first_new;
        while at < len {
            let location = self.page_location(map, at, place)?;
            let zeros = vec![0; location.len()];
            self.cache
                .insert_dirty(location, Block::new(BlockKind::Page, zeros));
            at += page;
        }
        self.store_map(base, key, map, had)
    }
}
