//! Clusters that were freed but may not be used yet.
//!
//! What a transaction freed is not used again before the device is durable:
//! after a crash the old owner may be back, and must find its bytes.

use std::collections::BTreeMap;

/// Freed clusters since the device was last durable, in the order of freeing
/// (so that an undone operation takes its own back) and by place.
#[derive(Debug, Default)]
pub(crate) struct PendingFrees {
    log: Vec<(u64, u64)>,
    by_start: BTreeMap<u64, u64>,
}

impl PendingFrees {
    /// Whether no cluster waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Number of entries, for [`Self::truncate`].
    pub(crate) fn len(&self) -> usize {
        self.log.len()
    }

    /// Adds freed clusters.
    pub(crate) fn push(&mut self, start: u64, length: u64) {
        self.log.push((start, length));
        self.by_start.insert(start, length);
    }

    /// Takes back all entries after the first `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        for (start, _) in self.log.drain(len.min(self.log.len())..) {
            self.by_start.remove(&start);
        }
    }

    /// The first `count` entries may be used.
    pub(crate) fn release_first(&mut self, count: usize) {
        for (start, _) in self.log.drain(..count.min(self.log.len())) {
            self.by_start.remove(&start);
        }
    }

    /// The device is durable: all may be used.
    pub(crate) fn clear(&mut self) {
        self.log.clear();
        self.by_start.clear();
    }

    /// The first part of `start..start + length` that does not wait.
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
    fn waiting_clusters_are_stepped_over() {
        let mut pending = PendingFrees::default();
        pending.push(10, 5);
        pending.push(15, 1);
        pending.push(20, 4);
        assert_eq!(pending.first_usable(0, 8), Some((0, 8)));
        assert_eq!(pending.first_usable(5, 100), Some((5, 5)));
        assert_eq!(pending.first_usable(12, 100), Some((16, 4)));
        assert_eq!(pending.first_usable(11, 4), None);
        assert_eq!(pending.first_usable(20, 100), Some((24, 96)));
        pending.truncate(1);
        assert_eq!(pending.first_usable(12, 100), Some((15, 97)));
        pending.clear();
        assert_eq!(pending.first_usable(12, 100), Some((12, 100)));
    }
}
