//! Clusters that are free on the device and in use in memory: scratch space.
//!
//! Nothing on the device tells of them, so that a crash frees them.

use std::collections::BTreeMap;

/// Extents in use in memory only, by their first cluster. They do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Reserved {
    by_start: BTreeMap<u64, u64>,
    clusters: u64,
}

impl Reserved {
    /// Clusters in use.
    pub(crate) fn clusters(&self) -> u64 {
        self.clusters
    }

    /// Takes an extent that was free.
    pub(crate) fn take(&mut self, start: u64, length: u64) {
        self.by_start.insert(start, length);
        self.clusters += length;
    }

    /// Gives back an extent that was taken as this one.
    pub(crate) fn give_back(&mut self, start: u64) {
        if let Some(length) = self.by_start.remove(&start) {
            self.clusters -= length;
        }
    }

    /// The first part of `start..start + length` that is not in use.
    pub(crate) fn first_usable(&self, start: u64, length: u64) -> Option<(u64, u64)> {
        let end = start + length;
        let mut from = start;
        if let Some((before, len)) = self.by_start.range(..=from).next_back() {
            from = from.max(before + len);
        }
        while from < end {
            match self.by_start.range(from..end).next() {
                Some((next, len)) if *next == from => from = next + len,
                Some((next, _)) => return Some((from, next - from)),
                None => return Some((from, end - from)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_clusters_are_stepped_over_and_counted() {
        let mut reserved = Reserved::default();
        reserved.take(10, 5);
        reserved.take(15, 1);
        reserved.take(20, 4);
        assert_eq!(reserved.clusters(), 10);
        assert_eq!(reserved.first_usable(5, 100), Some((5, 5)));
        assert_eq!(reserved.first_usable(12, 100), Some((16, 4)));
        assert_eq!(reserved.first_usable(11, 4), None);
        reserved.give_back(15);
        reserved.give_back(15);
        assert_eq!(reserved.clusters(), 9);
        assert_eq!(reserved.first_usable(12, 100), Some((15, 5)));
    }
}
