//! What was made.

use linkwright_ntfs_format::geometry::Geometry;

use crate::plan::Plan;

/// The volume that [`format`](crate::format) made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatReport {
    /// Sizes and places, as the boot sector states them.
    pub geometry: Geometry,
    /// Bytes of `$LogFile`.
    pub log_size: u64,
    /// File records that `$MFT` has room for before it grows.
    pub records: u64,
    /// Clusters that no metafile took.
    pub free_clusters: u64,
}

impl FormatReport {
    pub(crate) fn new(plan: &Plan) -> Self {
        let clusters = plan.geometry.cluster_count();
        Self {
            geometry: plan.geometry,
            log_size: plan.log_size,
            records: plan.records,
            free_clusters: clusters.saturating_sub(plan.used_clusters()),
        }
    }
}
