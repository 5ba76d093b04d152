//! Which metafile lies where.
//!
//! Order of the files, as on volumes that Windows made: `$Boot`, `$MFTMirr`,
//! `$UpCase`, `$AttrDef` and the root's index block at the start; then, so that
//! `$MFT` starts a third into the volume but no further than 3 GiB, `$LogFile`,
//! `$Bitmap` and the bitmap of `$MFT` before it and `$SDS` behind it. On a
//! volume too small for the gap everything is packed from the start.

use linkwright_names::upcase::UPCASE_BYTES;
use linkwright_ntfs_format::attr_def;
use linkwright_ntfs_format::boot::{BOOT_FILE_LEN, BootErrorKind};
use linkwright_ntfs_format::geometry::{
    Geometry, INDEX_BLOCK_SIZE, MAX_CLUSTER_SIZE, MAX_CLUSTERS, MIN_CLUSTER_SIZE, VolumeSize,
};
use linkwright_ntfs_format::{FormatError, FormatErrorKind, Lcn};

use crate::{FormatOptions, MIN_DEVICE_LEN, MkfsError, secure};

/// Bytes per sector of every volume made; also right on media with larger
/// sectors, where Windows wants it for image files.
const SECTOR: u16 = 512;
/// Cluster size Windows takes up to 16 TiB.
const DEFAULT_CLUSTER_SIZE: u32 = 4096;
/// Smallest and largest `$LogFile` by default.
const LOG_MIN: u64 = 256 << 10;
const LOG_MAX: u64 = 64 << 20;
/// Part of the volume that `$LogFile` takes by default.
const LOG_SHARE: u64 = 128;
/// Size of a log page.
const LOG_PAGE: u64 = 4096;
/// The furthest that `$MFT` starts into the volume, in bytes.
const MFT_OFFSET_MAX: u64 = 3 << 30;
/// Records that `$MFT` has at first, on volumes up to 16 MiB and above.
const RECORDS_SMALL: u64 = 64;
const RECORDS: u64 = 256;
const SMALL_VOLUME: u64 = 16 << 20;

/// A contiguous span of clusters with the sizes of the stream in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) lcn: u64,
    pub(crate) clusters: u64,
    /// Bytes of the stream.
    pub(crate) len: u64,
}

/// Everything that is fixed before the first byte is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) geometry: Geometry,
    pub(crate) log_size: u64,
    /// Records of `$MFT`.
    pub(crate) records: u64,
    pub(crate) boot: Extent,
    pub(crate) mirror: Extent,
    pub(crate) upcase: Extent,
    pub(crate) attr_def: Extent,
    pub(crate) root_index: Extent,
    pub(crate) log: Extent,
    pub(crate) bitmap: Extent,
    pub(crate) mft_bitmap: Extent,
    pub(crate) mft: Extent,
    pub(crate) sds: Extent,
}

/// Lengths of the streams, in bytes, before they have a place.
struct Lengths {
    mirror: u64,
    log: u64,
    bitmap: u64,
    mft_bitmap: u64,
    mft: u64,
    records: u64,
}

impl Plan {
    pub(crate) fn new(device_len: u64, options: &FormatOptions) -> Result<Self, MkfsError> {
        if device_len < MIN_DEVICE_LEN {
            return Err(MkfsError::DeviceTooSmall { device_len });
        }
        let total_sectors = device_len / u64::from(SECTOR) - 1;
        let volume_len = total_sectors * u64::from(SECTOR);
        let cluster_size = cluster_size(device_len, volume_len, options)?;
        let lengths = Lengths::new(volume_len, cluster_size, options)?;
        let clusters = volume_len / u64::from(cluster_size);
        Layout::new(cluster_size, clusters).place(&lengths, total_sectors, options)
    }

    /// All spans.
    pub(crate) const fn extents(&self) -> [Extent; 10] {
        [
            self.boot,
            self.mirror,
            self.upcase,
            self.attr_def,
            self.root_index,
            self.log,
            self.bitmap,
            self.mft_bitmap,
            self.mft,
            self.sds,
        ]
    }

    pub(crate) fn used_clusters(&self) -> u64 {
        self.extents().iter().map(|extent| extent.clusters).sum()
    }

    /// Byte offset of a span on the device.
    pub(crate) fn offset(&self, extent: &Extent) -> u64 {
        extent.lcn << self.geometry.cluster_shift()
    }

    /// Bytes of all clusters of a span.
    pub(crate) fn allocated(&self, extent: &Extent) -> u64 {
        extent.clusters << self.geometry.cluster_shift()
    }
}

fn cluster_size(
    device_len: u64,
    volume_len: u64,
    options: &FormatOptions,
) -> Result<u32, MkfsError> {
    let fits = |size: u32| volume_len / u64::from(size) <= MAX_CLUSTERS;
    let least_from = |mut size: u32| {
        while !fits(size) {
            if size >= MAX_CLUSTER_SIZE {
                return Err(MkfsError::DeviceTooLarge { device_len });
            }
            size *= 2;
        }
        Ok(size)
    };
    let Some(asked) = options.cluster_size else {
        return least_from(DEFAULT_CLUSTER_SIZE);
    };
    if !asked.is_power_of_two() || !(MIN_CLUSTER_SIZE..=MAX_CLUSTER_SIZE).contains(&asked) {
        return Err(MkfsError::ClusterSize {
            cluster_size: asked,
        });
    }
    let take = least_from(asked)?;
    if take != asked {
        return Err(MkfsError::TooManyClusters {
            clusters: volume_len / u64::from(asked),
            cluster_size: asked,
            take,
        });
    }
    Ok(asked)
}

impl Lengths {
    fn new(volume_len: u64, cluster_size: u32, options: &FormatOptions) -> Result<Self, MkfsError> {
        let cluster = u64::from(cluster_size);
        let record = u64::from(options.record_size.bytes());
        let wanted = if volume_len <= SMALL_VOLUME {
            RECORDS_SMALL
        } else {
            RECORDS
        };
        // $MFT fills its last cluster, as does its mirror.
        let mft = (wanted * record).next_multiple_of(cluster);
        let records = mft / record;
        Ok(Self {
            mirror: (4 * record).max(cluster),
            log: log_size(volume_len, cluster, options)?,
            // One bit a cluster, in whole 64-bit words (measured).
            bitmap: bitmap_len(volume_len / cluster),
            mft_bitmap: bitmap_len(records),
            mft,
            records,
        })
    }
}

const fn bitmap_len(bits: u64) -> u64 {
    bits.div_ceil(64) * 8
}

fn log_size(volume_len: u64, cluster: u64, options: &FormatOptions) -> Result<u64, MkfsError> {
    let least = LOG_MIN.next_multiple_of(cluster);
    let wanted = match options.log_size {
        None => (volume_len / LOG_SHARE).clamp(LOG_MIN, LOG_MAX),
        Some(log_size) => {
            // What is left for the other files is checked when they are placed.
            let most = volume_len.min(u64::from(u32::MAX) + 1 - LOG_PAGE);
            if !(LOG_MIN..=most).contains(&log_size) {
                return Err(MkfsError::LogSize {
                    log_size,
                    least,
                    most,
                });
            }
            log_size
        }
    };
    // Windows lets the log fill its last cluster (measured on 2 MiB clusters).
    Ok(wanted.next_multiple_of(LOG_PAGE).next_multiple_of(cluster))
}

/// Gives out clusters in ascending order.
struct Layout {
    cluster_size: u32,
    clusters: u64,
    next: u64,
}

impl Layout {
    const fn new(cluster_size: u32, clusters: u64) -> Self {
        Self {
            cluster_size,
            clusters,
            next: 0,
        }
    }

    const fn clusters_for(&self, len: u64) -> u64 {
        len.div_ceil(self.cluster_size as u64)
    }

    fn take(&mut self, len: u64) -> Extent {
        let extent = Extent {
            lcn: self.next,
            clusters: self.clusters_for(len),
            len,
        };
        self.next += extent.clusters;
        extent
    }

    fn place(
        mut self,
        lengths: &Lengths,
        total_sectors: u64,
        options: &FormatOptions,
    ) -> Result<Plan, MkfsError> {
        // Windows' $Boot fills its cluster too (measured on 2 MiB clusters).
        let cluster = u64::from(self.cluster_size);
        let boot_len = usize_to_u64(BOOT_FILE_LEN)?.max(cluster);
        let boot = self.take(boot_len);
        let mirror = self.take(lengths.mirror);
        let upcase = self.take(usize_to_u64(UPCASE_BYTES)?);
        let attr_def = self.take(usize_to_u64(attr_def::FILE_LEN)?);
        let root_index = self.take(u64::from(INDEX_BLOCK_SIZE));
        self.skip_to_third(lengths);
        let log = self.take(lengths.log);
        let bitmap = self.take(lengths.bitmap);
        let mft_bitmap = self.take(lengths.mft_bitmap);
        let mft = self.take(lengths.mft);
        let sds = self.take(secure::stream_len()?);
        if self.next > self.clusters {
            return Err(MkfsError::NoRoom {
                needed: self.next,
                available: self.clusters,
                cluster_size: self.cluster_size,
            });
        }
        let geometry = Geometry::new(VolumeSize {
            bytes_per_sector: SECTOR,
            cluster_size: self.cluster_size,
            record_size: options.record_size.bytes(),
            index_block_size: INDEX_BLOCK_SIZE,
            total_sectors,
            mft_lcn: Lcn(mft.lcn),
            mirror_lcn: Lcn(mirror.lcn),
            serial: options.serial,
        })
        .map_err(geometry_defect)?;
        Ok(Plan {
            geometry,
            log_size: lengths.log,
            records: lengths.records,
            boot,
            mirror,
            upcase,
            attr_def,
            root_index,
            log,
            bitmap,
            mft_bitmap,
            mft,
            sds,
        })
    }

    /// Moves on so that `$MFT` lands a third into the volume, if there is room
    /// before and behind it.
    fn skip_to_third(&mut self, lengths: &Lengths) {
        let before = self.clusters_for(lengths.log)
            + self.clusters_for(lengths.bitmap)
            + self.clusters_for(lengths.mft_bitmap);
        let cap = MFT_OFFSET_MAX / u64::from(self.cluster_size);
        let wanted = (self.clusters / 3).min(cap);
        let start = wanted.saturating_sub(before);
        let behind = self.clusters_for(lengths.mft)
            + self.clusters_for(secure::stream_len().unwrap_or(u64::MAX / 2));
        if start > self.next && start + before + behind <= self.clusters {
            self.next = start;
        }
    }
}

/// The sizes were checked before: an error here is a defect of this module.
const fn geometry_defect(_: BootErrorKind) -> MkfsError {
    MkfsError::Encode(FormatError::new(FormatErrorKind::Value, 0))
}

fn usize_to_u64(value: usize) -> Result<u64, FormatError> {
    u64::try_from(value).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordSize;

    #[test]
    fn spans_lie_inside_the_volume_and_apart() {
        for shift in 9..=21 {
            for len in [2 << 20, 3_000_000, 100 << 20, 5 << 30, 1 << 40] {
                for record_size in [RecordSize::Bytes1024, RecordSize::Bytes4096] {
                    let options = FormatOptions {
                        cluster_size: Some(1 << shift),
                        record_size,
                        ..FormatOptions::default()
                    };
                    let plan = match Plan::new(len, &options) {
                        Ok(plan) => plan,
                        Err(MkfsError::NoRoom { .. }) if shift > 16 => continue,
                        Err(other) => panic!("{len} {shift}: {other}"),
                    };
                    let mut spans = plan.extents();
                    spans.sort_by_key(|extent| extent.lcn);
                    assert_eq!(spans[0], plan.boot);
                    for pair in spans.windows(2) {
                        assert!(pair[0].lcn + pair[0].clusters <= pair[1].lcn);
                    }
                    let last = spans[spans.len() - 1];
                    assert!(last.lcn + last.clusters <= plan.geometry.cluster_count());
                    for extent in spans {
                        let allocated = plan.allocated(&extent);
                        assert!(extent.len > 0 && extent.len <= allocated);
                        assert!(allocated - extent.len < u64::from(plan.geometry.cluster_size()));
                    }
                    assert_eq!(
                        plan.mirror.len,
                        plan.geometry.mirror_records() * u64::from(record_size.bytes())
                    );
                }
            }
        }
    }

    #[test]
    fn the_mft_starts_where_windows_puts_it() {
        // The three volumes of the corpus with these sizes.
        for (sectors, cluster_size, lcn) in [
            (518_144_u64, 4096, 21_589),
            (20_480, 1024, 3_413),
            (14_336, 512, 4_778),
            (2 << 31, 4096, 786_432),
        ] {
            let options = FormatOptions {
                cluster_size: Some(cluster_size),
                ..FormatOptions::default()
            };
            let plan = Plan::new(sectors * 512, &options).unwrap();
            assert_eq!(plan.mft.lcn, lcn);
        }
    }
}
