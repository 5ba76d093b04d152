//! Reading compressed streams (LZNT1).

use linkwright_ntfs_format::Lcn;

use super::StreamMap;
use crate::compress::lznt1;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result, Unsupported};

/// The largest compression unit: 16 clusters of 4 KiB as Windows makes them,
/// with some room for others.
const MAX_UNIT: u64 = 16 << 20;

impl Engine {
    /// Reads what a compressed stream shows.
    pub(super) fn read_compressed(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let clusters = 1_u64
            .checked_shl(u32::from(map.compression_unit))
            .unwrap_or(0);
        let unit = clusters.saturating_mul(self.cluster_size());
        if unit == 0 || unit > MAX_UNIT {
            return Err(Unsupported::Compression("compression unit").into());
        }
        let mut decoded = vec![0; usize::try_from(unit).unwrap_or(0)];
        let mut done = 0;
        while done < buf.len() {
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            let inside = usize::try_from(at % unit).unwrap_or(0);
            self.read_unit(map, at / unit * clusters, clusters, &mut decoded, place)?;
            let shown = decoded.get(inside..).unwrap_or_default();
            let rest = buf.get_mut(done..).unwrap_or_default();
            let take = shown.len().min(rest.len());
            for (to, from) in rest.iter_mut().zip(shown) {
                *to = *from;
            }
            done += take;
        }
        // What was never written reads as zeros whatever the unit holds.
        let valid =
            usize::try_from(map.sizes.initialized.saturating_sub(offset)).unwrap_or(usize::MAX);
        buf.get_mut(valid.min(buf.len())..)
            .unwrap_or_default()
            .fill(0);
        Ok(())
    }

    /// Decodes one compression unit: all hole, all data, or compressed data
    /// followed by a hole.
    fn read_unit(
        &self,
        map: &StreamMap,
        vcn: u64,
        clusters: u64,
        out: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let mut data = Vec::new();
        let mut hole = false;
        for run in map.runs.range(vcn, vcn + clusters) {
            let Some(lcn) = run.lcn else {
                hole = true;
                continue;
            };
            if hole {
                return Err(place.at_vcn(run.vcn).corrupt(CorruptKind::CompressedData));
            }
            let start = self.cluster_range(Lcn(lcn), run.length, place)?;
            let from = data.len();
            data.resize(
                from + usize::try_from(run.length * self.cluster_size()).unwrap_or(0),
                0,
            );
            self.store
                .read(start, data.get_mut(from..).unwrap_or_default())?;
        }
        if !hole && data.len() >= out.len() {
            out.copy_from_slice(data.get(..out.len()).unwrap_or_default());
            return Ok(());
        }
        out.fill(0);
        if data.is_empty() {
            return Ok(());
        }
        lznt1::decompress_unit(&data, out)
            .map_err(|_| place.at_vcn(vcn).corrupt(CorruptKind::CompressedData))
    }
}
