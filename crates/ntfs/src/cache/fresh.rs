//! Places that were free when the last commit was made: what is written there
//! shows nowhere before the next one.

use std::collections::BTreeMap;

use super::map::Location;

/// Ranges of the device, joined where they touch.
#[derive(Debug, Default)]
struct Ranges {
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    fn add(&mut self, start: u64, end: u64) {
        let (mut start, mut end) = (start, end);
        if let Some((before, stop)) = self.ends.range(..=start).next_back()
            && *stop >= start
        {
            (start, end) = (*before, end.max(*stop));
        }
        while let Some((next, stop)) = self.ends.range(start..=end).next() {
            let (next, stop) = (*next, *stop);
            end = end.max(stop);
            self.ends.remove(&next);
        }
        self.ends.insert(start, end);
    }

    fn cover(&self, start: u64, end: u64) -> bool {
        let before = self.ends.range(..=start).next_back();
        before.is_some_and(|(_, stop)| *stop >= end)
    }
}

/// See the module's text. Places of operations that were taken back may stay:
/// they are free then, and whoever takes them again takes them fresh.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// Taken before the open transaction began.
    earlier: Ranges,
    /// Taken since.
    now: Ranges,
}

/// Which fresh places count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// All since the last commit.
    Commit,
    /// Those that the open transaction took.
    Transaction,
}

impl Fresh {
    pub(super) fn add(&mut self, start: u64, end: u64) {
        self.now.add(start, end);
    }

    /// A transaction, or an operation by itself, begins.
    pub(super) fn begin(&mut self) {
        if self.now.ends.is_empty() {
            return;
        }
        let now = core::mem::take(&mut self.now);
        for (start, end) in now.ends {
            self.earlier.add(start, end);
        }
    }

    /// What was done before the open transaction is committed.
    pub(super) fn commit_earlier(&mut self) {
        self.earlier = Ranges::default();
    }

    /// Everything is committed.
    pub(super) fn commit(&mut self) {
        *self = Self::default();
    }

    /// Whether a block lies in fresh places as a whole.
    pub(super) fn holds(&self, location: &Location, since: Since) -> bool {
        location.segments().all(|segment| {
            let end = segment.offset + u64::try_from(segment.len).unwrap_or(u64::MAX);
            self.now.cover(segment.offset, end)
                || (since == Since::Commit && self.earlier.cover(segment.offset, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_transactions_are_told_apart() {
        let mut fresh = Fresh::default();
        fresh.add(4096, 8192);
        fresh.begin();
        fresh.add(12288, 16384);
        fresh.add(8192, 12288);
        let at = |offset| Location::contiguous(offset, 4096);
        assert!(fresh.holds(&at(10000), Since::Transaction));
        assert!(!fresh.holds(&at(4096), Since::Transaction));
        assert!(fresh.holds(&at(4096), Since::Commit));
        assert!(!fresh.holds(&at(14000), Since::Commit));
        fresh.commit_earlier();
        assert!(!fresh.holds(&at(4096), Since::Commit));
        fresh.commit();
        assert!(!fresh.holds(&at(8192), Since::Commit));
    }
}
