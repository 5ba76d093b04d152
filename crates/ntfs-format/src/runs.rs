//! Run lists and their encoding as mapping pairs.
//!
//! Source: libfsntfs documentation, "Data runs". A run is a span of clusters of
//! a stream that lies contiguously on the volume, or a hole that lies nowhere.

use crate::error::{FormatError, FormatErrorKind};
use crate::ids::{Lcn, Vcn};

/// A span of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First cluster of the stream.
    pub vcn: u64,
    /// Where it lies on the volume; `None` for a hole.
    pub lcn: Option<u64>,
    /// Clusters, at least 1.
    pub length: u64,
}

impl Run {
    /// One more than the last cluster of the stream in this run.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.vcn + self.length
    }

    fn follows(&self, next_lcn: Option<u64>) -> bool {
        match (self.lcn, next_lcn) {
            (Some(mine), Some(next)) => mine + self.length == next,
            (None, None) => true,
            _ => false,
        }
    }
}

/// The runs of a stream in ascending order without gaps, neighbours merged.
/// Invariant: `runs[i].end() == runs[i + 1].vcn`; all ends are below 2^63.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunList {
    runs: Vec<Run>,
}

/// Clusters a stream can have at most: signed 64-bit byte counts end there.
const MAX_VCN: u64 = i64::MAX.unsigned_abs();

const BAD: FormatErrorKind = FormatErrorKind::MappingPairs;

impl RunList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: Vec::new() }
    }

    /// The runs.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Whether nothing is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// First mapped cluster of the stream, 0 when empty.
    #[must_use]
    pub fn start(&self) -> Vcn {
        Vcn(self.runs.first().map_or(0, |run| run.vcn))
    }

    /// One more than the last mapped cluster of the stream.
    #[must_use]
    pub fn end(&self) -> Vcn {
        Vcn(self.runs.last().map_or(0, Run::end))
    }

    /// Clusters that lie on the volume, holes not counted.
    #[must_use]
    pub fn allocated_clusters(&self) -> u64 {
        self.runs
            .iter()
            .filter(|run| run.lcn.is_some())
            .fold(0, |sum, run| sum.saturating_add(run.length))
    }

    /// Decodes the mapping pairs of one extent and appends its runs. The first
    /// extent of a list starts at `lowest_vcn`; a later one must start where
    /// the list ends.
    ///
    /// # Errors
    /// [`FormatErrorKind::MappingPairs`] at the pair that is not right: cut off,
    /// zero or negative length, a place below 0 or beyond 2^63. The list is
    /// unchanged then.
    pub fn append_pairs(&mut self, pairs: &[u8], lowest_vcn: u64) -> Result<(), FormatError> {
        if !self.is_empty() && self.end().0 != lowest_vcn {
            return Err(FormatError::new(FormatErrorKind::Order, 0));
        }
        let mut decoded = Vec::new();
        let (mut vcn, mut lcn, mut at) = (lowest_vcn, 0_i64, 0_usize);
        loop {
            let bad = FormatError::new(BAD, at);
            let head = *pairs.get(at).ok_or(bad)?;
            if head == 0 {
                break;
            }
            let (length_len, offset_len) = (usize::from(head & 0xF), usize::from(head >> 4));
            let length = signed(pairs, at + 1, length_len).ok_or(bad)?;
            let length = u64::try_from(length).ok().filter(|n| *n > 0).ok_or(bad)?;
            let place = if offset_len == 0 {
                None
            } else {
                let delta = signed(pairs, at + 1 + length_len, offset_len).ok_or(bad)?;
                lcn = lcn.checked_add(delta).filter(|lcn| *lcn >= 0).ok_or(bad)?;
                Some(u64::try_from(lcn).map_err(|_| bad)?)
            };
            let end = vcn
                .checked_add(length)
                .filter(|end| *end <= MAX_VCN)
                .ok_or(bad)?;
            if place.is_some_and(|place| place.checked_add(length).is_none_or(|end| end > MAX_VCN))
            {
                return Err(bad);
            }
            decoded.push(Run {
                vcn,
                lcn: place,
                length,
            });
            vcn = end;
            at += 1 + length_len + offset_len;
        }
        for run in decoded {
            self.push_run(run);
        }
        Ok(())
    }

    /// Decodes a single extent.
    ///
    /// # Errors
    /// As [`Self::append_pairs`].
    pub fn decode(pairs: &[u8], lowest_vcn: u64) -> Result<Self, FormatError> {
        let mut list = Self::new();
        list.append_pairs(pairs, lowest_vcn)?;
        Ok(list)
    }

    fn push_run(&mut self, run: Run) {
        match self.runs.last_mut() {
            Some(last) if last.follows(run.lcn) => last.length += run.length,
            _ => self.runs.push(run),
        }
    }

    /// Appends `length` clusters at `lcn` (a hole when `None`) to the end.
    pub fn push(&mut self, lcn: Option<Lcn>, length: u64) {
        if length > 0 {
            let vcn = self.end().0;
            self.push_run(Run {
                vcn,
                lcn: lcn.map(|lcn| lcn.0),
                length,
            });
        }
    }

    /// The run that holds `vcn`, from `vcn` on.
    #[must_use]
    #[inline]
    pub fn lookup(&self, vcn: u64) -> Option<Run> {
        let after = self.runs.partition_point(|run| run.vcn <= vcn);
        let run = self.runs.get(after.checked_sub(1)?)?;
        let skip = vcn - run.vcn;
        (skip < run.length).then(|| Run {
            vcn,
            lcn: run.lcn.map(|lcn| lcn + skip),
            length: run.length - skip,
        })
    }

    /// The parts of runs inside `vcn..end`.
    pub fn range(&self, vcn: u64, end: u64) -> impl Iterator<Item = Run> + '_ {
        let first = self.runs.partition_point(|run| run.end() <= vcn);
        self.runs
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |run| run.vcn < end)
            .map(move |run| {
                let start = run.vcn.max(vcn);
                Run {
                    vcn: start,
                    lcn: run.lcn.map(|lcn| lcn + (start - run.vcn)),
                    length: run.end().min(end) - start,
                }
            })
    }

    /// Cuts the list at `vcn`; returns the runs that were behind it.
    pub fn truncate(&mut self, vcn: u64) -> Vec<Run> {
        let removed: Vec<Run> = self.range(vcn, u64::MAX).collect();
        self.runs.retain(|run| run.vcn < vcn);
        if let Some(last) = self.runs.last_mut() {
            last.length = last.length.min(vcn - last.vcn);
        }
        removed
    }

    /// Puts `new` in the place of what `vcn..vcn + sum of lengths` held and
    /// returns the runs that lay there; a span behind the end of the list is
    /// first filled with a hole.
    pub fn splice(&mut self, vcn: u64, new: &[(Option<Lcn>, u64)]) -> Vec<Run> {
        let length: u64 = new.iter().map(|(_, length)| length).sum();
        if vcn > self.end().0 {
            let gap = vcn - self.end().0;
            self.push(None, gap);
        }
        let tail = self.truncate(vcn);
        let end = vcn + length;
        let mut removed = Vec::new();
        // Not `push`: the list may have begun at `vcn`, and be empty now.
        let mut at = vcn;
        for (lcn, length) in new.iter().filter(|(_, length)| *length > 0) {
            self.push_run(Run {
                vcn: at,
                lcn: lcn.map(|lcn| lcn.0),
                length: *length,
            });
            at += length;
        }
        for run in tail {
            if run.end() <= end {
                removed.push(run);
            } else if run.vcn >= end {
                self.push_run(run);
            } else {
                let inside = end - run.vcn;
                removed.push(Run {
                    length: inside,
                    ..run
                });
                self.push_run(Run {
                    vcn: end,
                    lcn: run.lcn.map(|lcn| lcn + inside),
                    length: run.length - inside,
                });
            }
        }
        removed
    }

    /// Encodes all runs as mapping pairs with their terminator.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_from(self.start().0, usize::MAX).pairs
    }

    /// Encodes the runs of `vcn..end` as mapping pairs with their terminator.
    #[must_use]
    pub fn encode_range(&self, vcn: u64, end: u64) -> Vec<u8> {
        let mut part = Self::new();
        for run in self.range(vcn, end) {
            part.push_run(run);
        }
        part.encode()
    }

    /// Encodes runs from `vcn` on while pairs and terminator stay within
    /// `max_len` bytes. Each extent restarts at cluster 0 for its deltas.
    #[must_use]
    pub fn encode_from(&self, vcn: u64, max_len: usize) -> EncodedExtent {
        let mut pairs = Vec::new();
        let (mut end, mut previous) = (vcn, 0_i64);
        for run in self.range(vcn, u64::MAX) {
            let mut pair = Vec::with_capacity(17);
            let length = minimal(i64::try_from(run.length).unwrap_or(i64::MAX));
            let place = run.lcn.map(|lcn| i64::try_from(lcn).unwrap_or(i64::MAX));
            let delta = place.map(|place| minimal(place - previous));
            let offset_len = delta.as_ref().map_or(0, Vec::len);
            // Lengths are 1 to 8 bytes, so both nibbles hold them.
            pair.push(u8::try_from(length.len() | (offset_len << 4)).unwrap_or(0));
            pair.extend(&length);
            pair.extend(delta.iter().flatten());
            if pairs.len() + pair.len() + 1 > max_len {
                break;
            }
            pairs.extend(pair);
            end = run.end();
            previous = place.unwrap_or(previous);
        }
        pairs.push(0);
        EncodedExtent {
            pairs,
            end_vcn: end,
        }
    }
}

/// Mapping pairs of one extent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedExtent {
    /// The pairs with their terminator.
    pub pairs: Vec<u8>,
    /// One more than the last cluster of the stream that they map.
    pub end_vcn: u64,
}

/// A sign-extended little-endian number of 0 to 8 bytes.
fn signed(bytes: &[u8], at: usize, len: usize) -> Option<i64> {
    if len == 0 || len > 8 {
        return None;
    }
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    let negative = bytes.last()? & 0x80 != 0;
    let mut full = [if negative { 0xFF } else { 0 }; 8];
    full.get_mut(..len)?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(full))
}

/// The fewest little-endian bytes that keep value and sign.
fn minimal(value: i64) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    while let [.., next, last] = bytes.as_slice() {
        let spare = (*last == 0 && next & 0x80 == 0) || (*last == 0xFF && next & 0x80 != 0);
        if !spare {
            break;
        }
        bytes.pop();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_pairs_decode() {
        // libfsntfs documentation's kind of example: run, hole, run before it.
        let list =
            RunList::decode(&[0x21, 0x18, 0x34, 0x56, 0x01, 4, 0x11, 2, 0xF0, 0], 0).unwrap();
        assert_eq!(
            list.runs(),
            [
                Run {
                    vcn: 0,
                    lcn: Some(0x5634),
                    length: 0x18
                },
                Run {
                    vcn: 0x18,
                    lcn: None,
                    length: 4
                },
                Run {
                    vcn: 0x1C,
                    lcn: Some(0x5624),
                    length: 2
                },
            ]
        );
        assert_eq!(
            list.encode(),
            [0x21, 0x18, 0x34, 0x56, 0x01, 4, 0x11, 2, 0xF0, 0]
        );
    }

    #[test]
    fn lengths_keep_their_top_bit_clear() {
        let mut list = RunList::new();
        list.push(Some(Lcn(0x80)), 0x80);
        assert_eq!(list.encode(), [0x22, 0x80, 0, 0x80, 0, 0]);
        assert_eq!(RunList::decode(&list.encode(), 0).unwrap(), list);
    }

    #[test]
    fn hostile_pairs_are_refused() {
        for pairs in [
            &[][..],
            &[0x11],
            &[0x11, 1],
            &[0x11, 0, 1, 0],
            &[0x11, 0xFF, 1, 0],
            &[0x11, 1, 0xFF, 0],
            &[0x10, 1, 1, 0],
            &[0x91, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[
                0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 0x11, 1, 1, 0,
            ],
        ] {
            let error = RunList::decode(pairs, 0).unwrap_err();
            assert_eq!(error.kind, FormatErrorKind::MappingPairs, "{pairs:x?}");
        }
    }

    #[test]
    fn long_lists_split_into_extents() {
        let mut list = RunList::new();
        for n in 0..100 {
            list.push(Some(Lcn(1000 - n * 7)), n + 1);
        }
        let mut again = RunList::new();
        let mut vcn = 0;
        while vcn < list.end().0 {
            let extent = list.encode_from(vcn, 40);
            assert!(extent.pairs.len() <= 40 && extent.end_vcn > vcn);
            again.append_pairs(&extent.pairs, vcn).unwrap();
            vcn = extent.end_vcn;
        }
        assert_eq!(again, list);
    }

    #[test]
    fn splice_replaces_and_returns_the_old() {
        let mut list = RunList::new();
        list.push(Some(Lcn(100)), 10);
        let removed = list.splice(3, &[(Some(Lcn(500)), 2), (None, 1)]);
        assert_eq!(
            removed,
            [Run {
                vcn: 3,
                lcn: Some(103),
                length: 3
            }]
        );
        assert_eq!(list.lookup(4).unwrap().lcn, Some(501));
        assert_eq!(list.lookup(5).unwrap().lcn, None);
        assert_eq!(
            list.lookup(6).unwrap(),
            Run {
                vcn: 6,
                lcn: Some(106),
                length: 4
            }
        );
        assert_eq!(list.lookup(10), None);
        assert!(list.splice(12, &[(Some(Lcn(7)), 1)]).is_empty());
        assert_eq!(
            list.lookup(10).unwrap(),
            Run {
                vcn: 10,
                lcn: None,
                length: 2
            }
        );
        assert_eq!(
            list.truncate(11),
            [
                Run {
                    vcn: 11,
                    lcn: None,
                    length: 1
                },
                Run {
                    vcn: 12,
                    lcn: Some(7),
                    length: 1
                }
            ]
        );
        assert_eq!(list.end(), Vcn(11));
    }

    proptest::proptest! {
        #[test]
        fn runs_round_trip(runs in proptest::collection::vec((proptest::option::of(0_u64..1 << 40), 1_u64..1 << 33), 0..50)) {
            let mut list = RunList::new();
            for (lcn, length) in runs { list.push(lcn.map(Lcn), length); }
            proptest::prop_assert_eq!(RunList::decode(&list.encode(), 0).unwrap(), list);
        }

        #[test]
        fn any_bytes_decode_or_fail(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            core::hint::black_box(RunList::decode(&bytes, 0).is_ok());
        }
    }
}
