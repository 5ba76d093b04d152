//! A non-resident attribute put together from its extents, and what its header
//! says held against its run list.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, AttributeView, StreamSizes,
};
use linkwright_ntfs_format::runs::RunList;

use crate::code::ProblemCode as Code;
use crate::problem::Problem;
use crate::volume::{ReadError, Volume};

/// The extents of one stream, and their sum.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) runs: RunList,
    pub(crate) sizes: StreamSizes,
}

/// An extent: the record it lies in, and the attribute.
#[derive(Clone, Copy)]
pub(crate) struct Extent<'a> {
    pub(crate) record: RecordNumber,
    pub(crate) view: AttributeView<'a>,
}

impl Extent<'_> {
    pub(crate) fn lowest(&self) -> u64 {
        self.view.non_resident().map_or(0, |part| part.lowest_vcn())
    }

    pub(crate) fn key(&self) -> (AttributeType, Vec<u16>, u64) {
        (self.view.type_code(), self.view.name_units(), self.lowest())
    }
}

/// Bytes of a single read.
const CHUNK: usize = 1 << 20;

impl Stream {
    /// Joins the extents of one stream, which are sorted by lowest VCN. What
    /// cannot be joined is left out and told.
    pub(crate) fn assemble(
        volume: &Volume<'_>,
        extents: &[Extent<'_>],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut stream = Self::default();
        for (number, extent) in extents.iter().enumerate() {
            let Some(part) = extent.view.non_resident() else {
                continue;
            };
            let problem = |code| Problem::attribute(code, extent.record, &extent.view);
            if number == 0 {
                stream.sizes = part.sizes();
            }
            let lowest = part.lowest_vcn();
            let runs = match RunList::decode(part.pairs(), lowest) {
                Ok(runs) => runs,
                Err(error) => {
                    problems.push(problem(Code::MappingPairs).found(error.to_string()));
                    continue;
                }
            };
            let end = if runs.is_empty() {
                lowest
            } else {
                runs.end().0
            };
            if part.highest_vcn().wrapping_add(1) != end {
                problems.push(
                    problem(Code::HighestVcn)
                        .found(part.highest_vcn())
                        .expected(end.wrapping_sub(1)),
                );
            }
            if lowest != stream.runs.end().0 {
                problems.push(
                    problem(Code::ExtentGap)
                        .vcn(lowest)
                        .found(lowest)
                        .expected(stream.runs.end().0),
                );
            }
            if stream.runs.append_pairs(part.pairs(), lowest).is_err() {
                // Kept for its clusters when it is the only one.
                if stream.runs.is_empty() {
                    stream.runs = runs;
                }
            }
        }
        if let Some(first) = extents.first() {
            stream.check_sizes(volume, first, problems);
        }
        stream
    }

    fn check_sizes(&self, volume: &Volume<'_>, first: &Extent<'_>, problems: &mut Vec<Problem>) {
        let Some(part) = first.view.non_resident() else {
            return;
        };
        if part.lowest_vcn() != 0 {
            return;
        }
        let mut add = |code, found: u64, expected: u64| {
            problems.push(
                Problem::attribute(code, first.record, &first.view)
                    .found(found)
                    .expected(expected),
            );
        };
        let size = volume.cluster_size();
        let mapped = self.runs.end().0.saturating_mul(size);
        let sizes = &self.sizes;
        if sizes.allocated != mapped {
            add(Code::AllocatedSize, sizes.allocated, mapped);
        }
        let real = self.runs.allocated_clusters().saturating_mul(size);
        if let Some(total) = sizes.total_allocated
            && total != real
        {
            add(Code::TotalAllocated, total, real);
        }
        if sizes.data > sizes.allocated.max(mapped) {
            add(Code::StreamSizes, sizes.data, sizes.allocated);
        }
        if sizes.initialized > sizes.data {
            add(Code::StreamSizes, sizes.initialized, sizes.data);
        }
        let holes = first
            .view
            .flags()
            .intersects(AttributeFlags::COMPRESSED | AttributeFlags::SPARSE);
        // $BadClus:$Bad is one hole over the volume, without a flag.
        if !holes && real != mapped && first.record != RecordNumber::BAD_CLUSTERS {
            add(Code::MappingPairs, real, mapped);
        }
    }

    /// Bytes up to the first hole, and no more than the data or the device.
    pub(crate) fn dense_len(&self, volume: &Volume<'_>) -> u64 {
        let clusters = self
            .runs
            .runs()
            .iter()
            .take_while(|run| run.lcn.is_some_and(|lcn| lcn < volume.clusters))
            .fold(0_u64, |sum, run| {
                sum.saturating_add(run.length.min(volume.clusters))
            });
        clusters
            .saturating_mul(volume.cluster_size())
            .min(self.sizes.data)
            .min(volume.device.len())
    }

    /// Fills `buf` from byte `offset`.
    pub(crate) fn read(
        &self,
        volume: &Volume<'_>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<(), ReadError> {
        volume.read_runs(&self.runs, offset, buf)
    }

    /// The data up to the first hole, in pieces of at most 1 MiB; the callback
    /// gets their byte offsets.
    pub(crate) fn for_each_chunk(
        &self,
        volume: &Volume<'_>,
        mut each: impl FnMut(u64, &[u8]),
    ) -> Result<(), ReadError> {
        let end = self.dense_len(volume);
        let mut buffer = vec![0; CHUNK];
        let mut at = 0;
        while at < end {
            let wanted = usize::try_from(end - at).map_or(CHUNK, |n| n.min(CHUNK));
            let Some(piece) = buffer.get_mut(..wanted) else {
                break;
            };
            self.read(volume, at, piece)?;
            each(at, piece);
            at += wanted as u64;
        }
        Ok(())
    }

    /// The first `limit` bytes of the data that come before any hole.
    pub(crate) fn read_start(&self, volume: &Volume<'_>, limit: u64) -> Result<Vec<u8>, ReadError> {
        let len = self.dense_len(volume).min(limit);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        self.read(volume, 0, &mut bytes)?;
        Ok(bytes)
    }
}
