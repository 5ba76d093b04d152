//! Streams: the bytes of a file.

mod map;

pub(crate) use map::{StreamBody, StreamMap};

use crate::engine::Engine;
use crate::error::{Place, Result};

impl Engine {
    /// Reads bytes of a stream from its clusters, past the cache: for user data
    /// and the log, which are never in it. Holes read as zeros.
    pub(crate) fn read_direct(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let cluster = self.cluster_size();
        let mut done = 0_usize;
        while done < buf.len() {
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            let rest = buf.get_mut(done..).unwrap_or_default();
            let run = map.runs.lookup(at / cluster).ok_or_else(|| {
                place
                    .at_vcn(at / cluster)
                    .corrupt(crate::error::CorruptKind::ExtentGap)
            })?;
            let inside = at % cluster;
            let room = run.length.saturating_mul(cluster) - inside;
            let take = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let part = rest.get_mut(..take).unwrap_or_default();
            match run.lcn {
                None => part.fill(0),
                Some(lcn) => {
                    let start =
                        self.cluster_range(linkwright_ntfs_format::Lcn(lcn), run.length, place)?;
                    self.store.read(start + inside, part)?;
                }
            }
            done += take;
        }
        Ok(())
    }
}
