//! The sizes and places a volume is built on, checked against each other.

use crate::boot::BootErrorKind;
use crate::ids::Lcn;

/// Smallest cluster, in bytes.
pub const MIN_CLUSTER_SIZE: u32 = 512;
/// Largest cluster, in bytes (Windows 10 and later; 64 KiB before).
pub const MAX_CLUSTER_SIZE: u32 = 2 << 20;
/// Most clusters a volume made or mounted by Windows has.
pub const MAX_CLUSTERS: u64 = 0xFFFF_FFFF;
/// Size of the index blocks Windows makes.
pub const INDEX_BLOCK_SIZE: u32 = 4096;

/// Unit of index block numbers where a cluster is larger than a block.
const SMALL_VCN_UNIT: u32 = 512;
const MIN_RECORD_SIZE: u32 = 512;
const MAX_RECORD_SIZE: u32 = 4096;
const MIN_INDEX_BLOCK_SIZE: u32 = 512;
const MAX_INDEX_BLOCK_SIZE: u32 = 65_536;

/// The numbers a [`Geometry`] is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeSize {
    /// Bytes per sector: 512 to 4,096, a power of two.
    pub bytes_per_sector: u16,
    /// Bytes per cluster: 512 to 2 MiB, a power of two, at least a sector.
    pub cluster_size: u32,
    /// Bytes per file record: 1,024 or 4,096 (512 and 2,048 are read too).
    pub record_size: u32,
    /// Bytes per index block, as a rule 4,096.
    pub index_block_size: u32,
    /// Sectors of the volume without the backup boot sector.
    pub total_sectors: u64,
    /// First cluster of `$MFT`.
    pub mft_lcn: Lcn,
    /// First cluster of `$MFTMirr`.
    pub mirror_lcn: Lcn,
    /// Serial number.
    pub serial: u64,
}

/// A volume's geometry. A value of this type has passed every check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    size: VolumeSize,
}

impl Geometry {
    /// Checks the numbers against their ranges and each other.
    ///
    /// # Errors
    /// The [`BootErrorKind`] of the first that cannot be right.
    pub fn new(size: VolumeSize) -> Result<Self, BootErrorKind> {
        let sector = u32::from(size.bytes_per_sector);
        if !is_power_in(sector, 512, 4096) {
            return Err(BootErrorKind::BytesPerSector);
        }
        if !is_power_in(size.cluster_size, MIN_CLUSTER_SIZE, MAX_CLUSTER_SIZE)
            || size.cluster_size < sector
        {
            return Err(BootErrorKind::ClusterSize);
        }
        if !is_power_in(size.record_size, MIN_RECORD_SIZE, MAX_RECORD_SIZE) {
            return Err(BootErrorKind::RecordSize);
        }
        if !is_power_in(
            size.index_block_size,
            MIN_INDEX_BLOCK_SIZE,
            MAX_INDEX_BLOCK_SIZE,
        ) {
            return Err(BootErrorKind::IndexBlockSize);
        }
        // The backup boot sector behind the last one must have an offset too.
        let end = size
            .total_sectors
            .checked_add(1)
            .and_then(|sectors| sectors.checked_mul(u64::from(sector)));
        if end.is_none_or(|end| i64::try_from(end).is_err()) {
            return Err(BootErrorKind::TotalSectors);
        }
        let geometry = Self { size };
        let clusters = geometry.cluster_count();
        if clusters == 0 {
            return Err(BootErrorKind::TotalSectors);
        }
        let inside = |lcn: Lcn| lcn.0 != 0 && lcn.0 < clusters;
        if !inside(size.mft_lcn) {
            return Err(BootErrorKind::MftPosition);
        }
        if !inside(size.mirror_lcn) || size.mirror_lcn == size.mft_lcn {
            return Err(BootErrorKind::MirrorPosition);
        }
        Ok(geometry)
    }

    /// The numbers it was made from.
    #[must_use]
    pub const fn size(&self) -> &VolumeSize {
        &self.size
    }

    /// Bytes per sector.
    #[must_use]
    pub const fn bytes_per_sector(&self) -> u16 {
        self.size.bytes_per_sector
    }

    /// Bytes per cluster.
    #[must_use]
    pub const fn cluster_size(&self) -> u32 {
        self.size.cluster_size
    }

    /// Binary logarithm of the cluster size.
    #[must_use]
    pub const fn cluster_shift(&self) -> u32 {
        self.size.cluster_size.trailing_zeros()
    }

    /// Bytes per file record.
    #[must_use]
    pub const fn record_size(&self) -> u32 {
        self.size.record_size
    }

    /// Bytes per index block.
    #[must_use]
    pub const fn index_block_size(&self) -> u32 {
        self.size.index_block_size
    }

    /// Sectors of the volume without the backup boot sector.
    #[must_use]
    pub const fn total_sectors(&self) -> u64 {
        self.size.total_sectors
    }

    /// Whole clusters in the volume.
    #[must_use]
    pub const fn cluster_count(&self) -> u64 {
        // Checked in `new`: the product fits 63 bits.
        (self.size.total_sectors * self.size.bytes_per_sector as u64) >> self.cluster_shift()
    }

    /// First cluster of `$MFT`.
    #[must_use]
    pub const fn mft_lcn(&self) -> Lcn {
        self.size.mft_lcn
    }

    /// First cluster of `$MFTMirr`.
    #[must_use]
    pub const fn mirror_lcn(&self) -> Lcn {
        self.size.mirror_lcn
    }

    /// Serial number.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.size.serial
    }

    /// Byte offset of the backup boot sector: right behind the last sector
    /// that is counted, not at the start of a cluster.
    #[must_use]
    pub const fn backup_boot_offset(&self) -> u64 {
        self.size.total_sectors * self.size.bytes_per_sector as u64
    }

    /// Bytes the volume takes on its device, backup boot sector included.
    #[must_use]
    pub const fn device_len(&self) -> u64 {
        self.backup_boot_offset() + self.size.bytes_per_sector as u64
    }

    /// Byte offset of a cluster; `None` past the end of the volume.
    #[must_use]
    pub const fn cluster_offset(&self, lcn: Lcn) -> Option<u64> {
        if lcn.0 < self.cluster_count() {
            Some(lcn.0 << self.cluster_shift())
        } else {
            None
        }
    }

    /// Clusters that hold `bytes`, rounded up.
    #[must_use]
    pub const fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.size.cluster_size as u64)
    }

    /// Bytes per unit of an index block number (VCN): the cluster, or 512
    /// where the cluster is larger than the volume's index block.
    #[must_use]
    pub const fn index_vcn_unit(&self) -> u32 {
        index_vcn_unit(self.size.cluster_size, self.size.index_block_size)
    }

    /// The "clusters per block" byte of an `$INDEX_ROOT`: index block numbers
    /// from one block to the next. Unlike in the boot sector, blocks smaller
    /// than a cluster count 512-byte units and never a negative power.
    #[must_use]
    pub fn clusters_per_index_block(&self) -> u8 {
        let units = self.size.index_block_size / self.index_vcn_unit();
        // At most 65,536 / 512 = 128.
        u8::try_from(units).unwrap_or(u8::MAX)
    }

    /// Records that `$MFTMirr` copies: four, or a cluster full if that is more.
    #[must_use]
    pub const fn mirror_records(&self) -> u64 {
        let in_cluster = (self.size.cluster_size / self.size.record_size) as u64;
        if in_cluster > 4 { in_cluster } else { 4 }
    }
}

/// Bytes per unit of an index block number for an index whose blocks have
/// `block_size` bytes (an `$INDEX_ROOT` may differ from the boot sector).
#[must_use]
pub const fn index_vcn_unit(cluster_size: u32, block_size: u32) -> u32 {
    if cluster_size > block_size {
        SMALL_VCN_UNIT
    } else {
        cluster_size
    }
}

const fn is_power_in(value: u32, low: u32, high: u32) -> bool {
    value.is_power_of_two() && value >= low && value <= high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(cluster_size: u32) -> VolumeSize {
        VolumeSize {
            bytes_per_sector: 512,
            cluster_size,
            record_size: 1024,
            index_block_size: 4096,
            total_sectors: 0x7E7FF,
            mft_lcn: Lcn(80),
            mirror_lcn: Lcn(2),
            serial: 1,
        }
    }

    #[test]
    fn derived_numbers() {
        let geometry = Geometry::new(size(4096)).unwrap();
        assert_eq!(geometry.cluster_shift(), 12);
        assert_eq!(geometry.cluster_count(), 0x7E7FF / 8);
        assert_eq!(geometry.backup_boot_offset(), 0x7E7FF * 512);
        assert_eq!(geometry.device_len(), 0x7E800 * 512);
        assert_eq!(geometry.cluster_offset(Lcn(3)), Some(12288));
        assert_eq!(geometry.cluster_offset(Lcn(0x7E7FF / 8)), None);
        assert_eq!(geometry.clusters_for(4097), 2);
        assert_eq!(geometry.mirror_records(), 4);
    }

    #[test]
    fn index_blocks_count_clusters_or_512() {
        for (cluster, unit, per_block) in [
            (512, 512, 8),
            (1024, 1024, 4),
            (4096, 4096, 1),
            (8192, 512, 8),
            (65_536, 512, 8),
        ] {
            let geometry = Geometry::new(size(cluster)).unwrap();
            assert_eq!(geometry.index_vcn_unit(), unit);
            assert_eq!(geometry.clusters_per_index_block(), per_block);
        }
    }

    #[test]
    fn a_cluster_holds_at_least_a_sector() {
        let mut numbers = size(512);
        numbers.bytes_per_sector = 4096;
        assert_eq!(Geometry::new(numbers), Err(BootErrorKind::ClusterSize));
    }
}
