//! Places in free clusters for dirty blocks that memory has no room for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::map::Segment;

/// Lengths of blocks, and how many there are of each.
pub(crate) type Lengths = BTreeMap<usize, usize>;

/// Room that was given to the area and is not in use.
#[derive(Debug, Default)]
struct Room {
    /// Never used yet.
    new: VecDeque<Segment>,
    /// Given back, by length.
    again: BTreeMap<usize, Vec<Vec<Segment>>>,
}

/// Free clusters that are in use in memory only.
#[derive(Debug, Default)]
pub(crate) struct SpillArea {
    room: Arc<Mutex<Room>>,
}

/// Where an evicted block lies, encoded for the device. Its room can be used
/// again when nobody refers to it any more.
#[derive(Debug)]
pub(crate) struct SpillPlace {
    segments: Vec<Segment>,
    room: Arc<Mutex<Room>>,
}

impl SpillArea {
    /// Gives the area more room, a multiple of 512 bytes.
    pub(crate) fn add(&mut self, segment: Segment) {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        room.new.push_back(segment);
    }

    /// Bytes that the area lacks for so many places of each length.
    pub(crate) fn missing(&self, lengths: Lengths) -> usize {
        let room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = 0_usize;
        for (len, count) in lengths {
            let again = room.again.get(&len).map_or(0, Vec::len);
            missing = missing.saturating_add(len.saturating_mul(count.saturating_sub(again)));
        }
        missing.saturating_sub(room.unused())
    }

    /// A place of `len` bytes, in as many pieces as it takes; `None` when there
    /// is not enough room.
    pub(crate) fn take(&mut self, len: usize) -> Option<SpillPlace> {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let again = room.again.get_mut(&len).and_then(Vec::pop);
        let segments = match again {
            Some(segments) => segments,
            None => {
                if room.unused() < len {
                    return None;
                }
                room.cut(len)
            }
        };
        Some(SpillPlace {
            segments,
            room: Arc::clone(&self.room),
        })
    }
}

impl Room {
    /// Bytes that were never used.
    fn unused(&self) -> usize {
        self.new.iter().map(|segment| segment.len).sum()
    }

    fn cut(&mut self, len: usize) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut left = len;
        while left > 0 {
            let Some(first) = self.new.front_mut() else {
                break;
            };
            let take = first.len.min(left);
            segments.push(Segment {
                offset: first.offset,
                len: take,
            });
            left -= take;
            first.len -= take;
            first.offset += u64::try_from(take).unwrap_or(0);
            if first.len == 0 {
                self.new.pop_front();
            }
        }
        segments
    }
}

impl SpillPlace {
    /// The pieces in order.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl Drop for SpillPlace {
    fn drop(&mut self) {
        let segments = core::mem::take(&mut self.segments);
        let len = segments.iter().map(|segment| segment.len).sum();
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        room.again.entry(len).or_default().push(segments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_when_nobody_refers_to_it() {
        let mut area = SpillArea::default();
        assert!(area.take(512).is_none());
        let at = |offset, len| Segment { offset, len };
        area.add(at(1024, 512));
        area.add(at(4096, 1024));
        let place = area.take(1024).unwrap();
        assert_eq!(place.segments(), [at(1024, 512), at(4096, 512)]);
        assert!(area.take(1024).is_none());
        let lengths = |lengths: &[(usize, usize)]| lengths.iter().copied().collect();
        assert_eq!(area.missing(lengths(&[(512, 1)])), 0);
        assert_eq!(area.missing(lengths(&[(512, 2), (1024, 1)])), 1536);
        let second = area.take(512).unwrap();
        assert_eq!(second.segments(), [at(4608, 512)]);
        drop(place);
        assert_eq!(area.missing(lengths(&[(512, 1), (1024, 1)])), 512);
        let again = area.take(1024).unwrap();
        assert_eq!(again.segments(), [at(1024, 512), at(4096, 512)]);
    }
}
