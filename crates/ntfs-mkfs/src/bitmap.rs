//! Bit maps of clusters and records, built in pages so that the map of a huge
//! volume costs no more memory than its used parts.

use std::collections::BTreeMap;

/// Bytes of a page.
const PAGE: u64 = 4096;
const PAGE_BITS: u64 = PAGE * 8;

/// A bit map of which only pages with set bits exist.
#[derive(Debug, Default)]
pub(crate) struct SparseBitmap {
    pages: BTreeMap<u64, Vec<u8>>,
}

impl SparseBitmap {
    /// Sets `count` bits from `first` on.
    pub(crate) fn set(&mut self, first: u64, count: u64) {
        let end = first.saturating_add(count);
        let mut bit = first;
        while bit < end {
            let page = self
                .pages
                .entry(bit / PAGE_BITS)
                .or_insert_with(|| vec![0; 4096]);
            let in_page = bit % PAGE_BITS;
            let last = (in_page + (end - bit)).min(PAGE_BITS);
            for n in in_page..last {
                if let Some(byte) = usize::try_from(n / 8).ok().and_then(|at| page.get_mut(at)) {
                    *byte |= 1 << (n % 8);
                }
            }
            bit += last - in_page;
        }
    }

    /// Offset and bytes of each page, cut at `len` bytes of the whole map.
    pub(crate) fn parts(&self, len: u64) -> Vec<(u64, Vec<u8>)> {
        self.pages
            .iter()
            .filter_map(|(index, page)| {
                let offset = index * PAGE;
                let keep = usize::try_from(len.saturating_sub(offset).min(PAGE)).ok()?;
                let bytes = page.get(..keep)?;
                (!bytes.is_empty()).then(|| (offset, bytes.to_vec()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cross_bytes_and_pages() {
        let mut map = SparseBitmap::default();
        map.set(3, 7);
        map.set(PAGE_BITS * 5 - 1, 2);
        let parts = map.parts(PAGE * 5 + 8);
        let offsets: Vec<_> = parts.iter().map(|(at, page)| (*at, page.len())).collect();
        assert_eq!(offsets, [(0, 4096), (PAGE * 4, 4096), (PAGE * 5, 8)]);
        assert_eq!(parts[0].1[..3], [0xF8, 0x03, 0]);
        assert_eq!(parts[1].1[4095], 0x80);
        assert_eq!(parts[2].1, [1, 0, 0, 0, 0, 0, 0, 0]);
        let set: u32 = parts
            .iter()
            .flat_map(|p| &p.1)
            .map(|b| b.count_ones())
            .sum();
        assert_eq!(set, 9);
    }
}
