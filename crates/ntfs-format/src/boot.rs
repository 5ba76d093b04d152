//! The boot sector: where everything else is found.
//!
//! Source: libfsntfs documentation, "The volume header"; the two sign
//! conventions (sectors per cluster above 0x80, negative sizes) are confirmed
//! on volumes that Windows made.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::geometry::{Geometry, VolumeSize};
use crate::ids::Lcn;

/// Bytes of a boot sector that have a meaning; on media with larger sectors
/// the rest of the sector is not looked at.
pub const BOOT_SECTOR_LEN: usize = 512;
/// Bytes of the `$Boot` file: the boot sector and the loader behind it.
pub const BOOT_FILE_LEN: usize = 8192;
/// What stands in the OEM field.
pub const OEM_NTFS: [u8; 8] = *b"NTFS    ";
/// The last two bytes of the sector.
pub const END_MARK: [u8; 2] = [0x55, 0xAA];

/// Length of the part that holds boot code.
const CODE_LEN: usize = 426;
/// Jump over the parameters to the boot code at byte 0x54.
const JUMP: [u8; 3] = [0xEB, 0x52, 0x90];
/// Boot code of a volume that boots nothing: hand back to the firmware
/// (`int 18h`), and if it returns, stop for good (`cli; hlt; jmp` to the `hlt`).
const CODE: [u8; 6] = [0xCD, 0x18, 0xFA, 0xF4, 0xEB, 0xFD];
/// Media descriptor of a fixed disk.
const MEDIA_FIXED: u8 = 0xF8;
/// Drive number, flags and signature bytes at 0x24, the same on every volume.
const DRIVE: [u8; 4] = [0x80, 0x00, 0x80, 0x00];

const OFFSET_OEM: usize = 0x03;
const OFFSET_BYTES_PER_SECTOR: usize = 0x0B;
const OFFSET_SECTORS_PER_CLUSTER: usize = 0x0D;
const OFFSET_FAT_FIELDS: usize = 0x0E;
const OFFSET_TOTAL_SECTORS: usize = 0x28;
const OFFSET_MFT: usize = 0x30;
const OFFSET_MIRROR: usize = 0x38;
const OFFSET_RECORD_SIZE: usize = 0x40;
const OFFSET_INDEX_SIZE: usize = 0x44;
const OFFSET_END_MARK: usize = 0x1FE;

/// Why a boot sector is not that of an NTFS volume this library can work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootErrorKind {
    /// Fewer than [`BOOT_SECTOR_LEN`] bytes.
    #[error("the boot sector is cut short")]
    Truncated,
    /// The OEM field does not say NTFS.
    #[error("the boot sector does not carry the NTFS signature")]
    NotNtfs,
    /// The sector does not end in 0x55 0xAA.
    #[error("the boot sector does not end in 55 AA")]
    EndMark,
    /// Not 512, 1,024, 2,048 or 4,096.
    #[error("impossible number of bytes per sector")]
    BytesPerSector,
    /// Not a power of two, or 0.
    #[error("impossible number of sectors per cluster")]
    SectorsPerCluster,
    /// Not 512 bytes to 2 MiB.
    #[error("impossible cluster size")]
    ClusterSize,
    /// Fields that only FAT uses are not zero.
    #[error("fields that only FAT uses are not zero")]
    FatFields,
    /// No sector, less than a cluster, or more bytes than a file offset holds.
    #[error("impossible number of sectors")]
    TotalSectors,
    /// `$MFT` at cluster 0 or past the end.
    #[error("the MFT does not start inside the volume")]
    MftPosition,
    /// `$MFTMirr` at cluster 0, past the end or where `$MFT` starts.
    #[error("the MFT mirror does not start inside the volume")]
    MirrorPosition,
    /// Not a power of two from 512 to 4,096.
    #[error("impossible file record size")]
    RecordSize,
    /// Not a power of two from 512 to 65,536.
    #[error("impossible index block size")]
    IndexBlockSize,
}

/// A boot sector that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (byte {offset:#x} of the boot sector)")]
pub struct BootError {
    /// What is wrong.
    pub kind: BootErrorKind,
    /// Byte offset of the field in the boot sector.
    pub offset: usize,
}

const fn fail<T>(kind: BootErrorKind, offset: usize) -> Result<T, BootError> {
    Err(BootError { kind, offset })
}

/// The 512 bytes as they lie on disk. Fields without a use are kept as read.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BootSector {
    /// Jump to the boot code.
    pub jump: [u8; 3],
    /// [`OEM_NTFS`].
    pub oem: [u8; 8],
    /// Bytes per sector.
    pub bytes_per_sector: U16,
    /// Sectors per cluster; above 0x80 it means 2 to the power of 256 - value.
    pub sectors_per_cluster: u8,
    /// Reserved sectors, FAT count, root entries, small sector count: all 0.
    pub fat_fields: [u8; 7],
    /// Media descriptor.
    pub media: u8,
    /// Sectors per FAT: 0.
    pub sectors_per_fat: U16,
    /// Sectors per track, as the firmware once counted them.
    pub sectors_per_track: U16,
    /// Heads, as the firmware once counted them.
    pub heads: U16,
    /// Sectors before the partition.
    pub hidden_sectors: U32,
    /// FAT's 32-bit sector count: 0.
    pub large_sectors: U32,
    /// Drive number and flags.
    pub drive: [u8; 4],
    /// Sectors of the volume, the backup boot sector not counted.
    pub total_sectors: U64,
    /// First cluster of `$MFT`.
    pub mft_lcn: U64,
    /// First cluster of `$MFTMirr`.
    pub mirror_lcn: U64,
    /// File record size: clusters, or when negative a power of two in bytes.
    pub record_size: i8,
    /// Unused.
    pub reserved1: [u8; 3],
    /// Index block size, coded as `record_size`.
    pub index_size: i8,
    /// Unused.
    pub reserved2: [u8; 3],
    /// Volume serial number.
    pub serial: U64,
    /// Checksum; 0 on every volume seen, and not checked by Windows.
    pub checksum: U32,
    /// Boot code.
    pub code: [u8; CODE_LEN],
    /// [`END_MARK`].
    pub end_mark: [u8; 2],
}

const _: () = assert!(size_of::<BootSector>() == BOOT_SECTOR_LEN);

impl BootSector {
    /// Reads the first 512 of `bytes` and checks the two signatures; use
    /// [`BootSector::geometry`] for the rest.
    ///
    /// # Errors
    /// [`BootErrorKind::Truncated`], [`BootErrorKind::NotNtfs`],
    /// [`BootErrorKind::EndMark`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BootError> {
        let Ok((sector, _)) = Self::read_from_prefix(bytes) else {
            return fail(BootErrorKind::Truncated, bytes.len());
        };
        if sector.oem != OEM_NTFS {
            return fail(BootErrorKind::NotNtfs, OFFSET_OEM);
        }
        if sector.end_mark != END_MARK {
            return fail(BootErrorKind::EndMark, OFFSET_END_MARK);
        }
        Ok(sector)
    }

    /// A boot sector for `geometry` on a partition that starts
    /// `hidden_sectors` into its disk. Its boot code only halts.
    #[must_use]
    pub fn new(geometry: &Geometry, hidden_sectors: u32) -> Self {
        let mut code = [0; CODE_LEN];
        for (to, from) in code.iter_mut().zip(CODE) {
            *to = from;
        }
        Self {
            jump: JUMP,
            oem: OEM_NTFS,
            bytes_per_sector: U16::new(geometry.bytes_per_sector()),
            sectors_per_cluster: encode_sectors_per_cluster(geometry),
            fat_fields: [0; 7],
            media: MEDIA_FIXED,
            sectors_per_fat: U16::ZERO,
            sectors_per_track: U16::new(63),
            heads: U16::new(255),
            hidden_sectors: U32::new(hidden_sectors),
            large_sectors: U32::ZERO,
            drive: DRIVE,
            total_sectors: U64::new(geometry.total_sectors()),
            mft_lcn: U64::new(geometry.mft_lcn().0),
            mirror_lcn: U64::new(geometry.mirror_lcn().0),
            record_size: encode_size(geometry.record_size(), geometry.cluster_size()),
            reserved1: [0; 3],
            index_size: encode_size(geometry.index_block_size(), geometry.cluster_size()),
            reserved2: [0; 3],
            serial: U64::new(geometry.serial()),
            checksum: U32::ZERO,
            code,
            end_mark: END_MARK,
        }
    }

    /// The 512 bytes, unknown ones as they were read.
    #[must_use]
    pub fn encode(&self) -> [u8; BOOT_SECTOR_LEN] {
        zerocopy::transmute!(self.clone())
    }

    /// The volume's geometry, every field checked against the others.
    ///
    /// # Errors
    /// A [`BootErrorKind`] for the first field that cannot be right.
    pub fn geometry(&self) -> Result<Geometry, BootError> {
        let bytes_per_sector = self.bytes_per_sector.get();
        if !(512..=4096).contains(&bytes_per_sector) || !bytes_per_sector.is_power_of_two() {
            return fail(BootErrorKind::BytesPerSector, OFFSET_BYTES_PER_SECTOR);
        }
        let sectors = decode_sectors_per_cluster(self.sectors_per_cluster)?;
        let Some(cluster_size) = sectors.checked_mul(u32::from(bytes_per_sector)) else {
            return fail(BootErrorKind::ClusterSize, OFFSET_SECTORS_PER_CLUSTER);
        };
        // Windows looks at these too: FAT has values here.
        if self.fat_fields != [0; 7] || self.sectors_per_fat.get() != 0 {
            return fail(BootErrorKind::FatFields, OFFSET_FAT_FIELDS);
        }
        let size = |byte, kind, offset| match decode_size(byte, cluster_size) {
            Some(size) => Ok(size),
            None => fail(kind, offset),
        };
        Geometry::new(VolumeSize {
            bytes_per_sector,
            cluster_size,
            record_size: size(
                self.record_size,
                BootErrorKind::RecordSize,
                OFFSET_RECORD_SIZE,
            )?,
            index_block_size: size(
                self.index_size,
                BootErrorKind::IndexBlockSize,
                OFFSET_INDEX_SIZE,
            )?,
            total_sectors: self.total_sectors.get(),
            mft_lcn: Lcn(self.mft_lcn.get()),
            mirror_lcn: Lcn(self.mirror_lcn.get()),
            serial: self.serial.get(),
        })
        .map_err(|kind| BootError {
            kind,
            offset: offset_of(kind),
        })
    }
}

/// The field a refusal of [`Geometry::new`] is about.
const fn offset_of(kind: BootErrorKind) -> usize {
    match kind {
        BootErrorKind::BytesPerSector => OFFSET_BYTES_PER_SECTOR,
        BootErrorKind::ClusterSize | BootErrorKind::SectorsPerCluster => OFFSET_SECTORS_PER_CLUSTER,
        BootErrorKind::TotalSectors => OFFSET_TOTAL_SECTORS,
        BootErrorKind::MftPosition => OFFSET_MFT,
        BootErrorKind::MirrorPosition => OFFSET_MIRROR,
        BootErrorKind::RecordSize => OFFSET_RECORD_SIZE,
        BootErrorKind::IndexBlockSize => OFFSET_INDEX_SIZE,
        BootErrorKind::FatFields => OFFSET_FAT_FIELDS,
        BootErrorKind::NotNtfs => OFFSET_OEM,
        BootErrorKind::EndMark => OFFSET_END_MARK,
        BootErrorKind::Truncated => BOOT_SECTOR_LEN,
    }
}

/// Up to 0x80 the byte counts sectors; above, it is a negative power of two.
fn decode_sectors_per_cluster(byte: u8) -> Result<u32, BootError> {
    let sectors = if byte <= 0x80 {
        Some(u32::from(byte)).filter(|n| n.is_power_of_two())
    } else {
        1_u32.checked_shl(256 - u32::from(byte))
    };
    match sectors {
        Some(sectors) => Ok(sectors),
        None => fail(BootErrorKind::SectorsPerCluster, OFFSET_SECTORS_PER_CLUSTER),
    }
}

fn encode_sectors_per_cluster(geometry: &Geometry) -> u8 {
    let sectors = geometry.cluster_size() / u32::from(geometry.bytes_per_sector());
    match u8::try_from(sectors) {
        Ok(count) if count <= 0x80 => count,
        // At most 4,096 sectors: the exponent is 12 or less.
        _ => u8::try_from(256 - sectors.trailing_zeros()).unwrap_or(u8::MAX),
    }
}

fn decode_size(byte: i8, cluster_size: u32) -> Option<u32> {
    match u32::try_from(byte) {
        Ok(clusters) => clusters.checked_mul(cluster_size),
        Err(_) => 1_u32.checked_shl(u32::from(byte.unsigned_abs())),
    }
}

/// Clusters when the size holds whole ones, else the negative power of two.
fn encode_size(size: u32, cluster_size: u32) -> i8 {
    if size >= cluster_size
        && let Ok(clusters) = i8::try_from(size / cluster_size)
    {
        return clusters;
    }
    i8::try_from(size.trailing_zeros()).map_or(0, |power| -power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(cluster_size: u32, record_size: u32) -> Geometry {
        Geometry::new(VolumeSize {
            bytes_per_sector: 512,
            cluster_size,
            record_size,
            index_block_size: 4096,
            total_sectors: 0x1FFFFF,
            mft_lcn: Lcn(170),
            mirror_lcn: Lcn(2),
            serial: 0x1234_5678_9ABC_DEF0,
        })
        .unwrap()
    }

    #[test]
    fn every_cluster_size_comes_back() {
        for shift in 9..=21 {
            for record in [1024, 4096] {
                let geometry = volume(1 << shift, record);
                let bytes = BootSector::new(&geometry, 2048).encode();
                let sector = BootSector::decode(&bytes).unwrap();
                assert_eq!(sector.geometry(), Ok(geometry));
                assert_eq!(sector.hidden_sectors.get(), 2048);
                assert_eq!(sector.encode(), bytes);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_windows_writes() {
        // Measured: 2 MiB clusters give F4/F6/F4, 512-byte clusters 01/02/08,
        // 4 KiB clusters 08/F6/01.
        for (shift, want) in [
            (21, [0xF4_u8, 0xF6, 0xF4]),
            (9, [1, 2, 8]),
            (10, [2, 1, 4]),
            (12, [8, 0xF6, 1]),
            (16, [0x80, 0xF6, 0xF4]),
            (17, [0xF8, 0xF6, 0xF4]),
        ] {
            let bytes = BootSector::new(&volume(1 << shift, 1024), 0).encode();
            assert_eq!([bytes[0x0D], bytes[0x40], bytes[0x44]], want, "{shift}");
        }
    }

    #[test]
    fn unknown_bytes_are_kept() {
        let mut bytes = BootSector::new(&volume(4096, 1024), 0).encode();
        for at in [0, 0x16 - 1, 0x18, 0x24, 0x41, 0x47, 0x50, 0x54, 0x1FD] {
            bytes[at] = 0xA7;
        }
        assert_eq!(BootSector::decode(&bytes).unwrap().encode(), bytes);
    }

    #[test]
    fn each_refusal_names_its_field() {
        use BootErrorKind as K;
        for (at, value, kind) in [
            (0x03, vec![b'M'], K::NotNtfs),
            (0x1FE, vec![0], K::EndMark),
            (0x0B, vec![0, 1], K::BytesPerSector),
            (0x0B, vec![0, 0x20], K::BytesPerSector),
            (0x0B, vec![0, 3], K::BytesPerSector),
            (0x0D, vec![0], K::SectorsPerCluster),
            (0x0D, vec![3], K::SectorsPerCluster),
            (0x0D, vec![0x81], K::SectorsPerCluster),
            (0x0D, vec![0xF3], K::ClusterSize),
            (0x0D, vec![0xE8], K::ClusterSize),
            (0x0E, vec![1], K::FatFields),
            (0x16, vec![1], K::FatFields),
            (0x28, vec![0; 8], K::TotalSectors),
            (0x28, vec![7, 0, 0, 0, 0, 0, 0, 0], K::TotalSectors),
            (0x28, vec![0xFF; 8], K::TotalSectors),
            (0x30, vec![0; 8], K::MftPosition),
            (0x30, vec![0xFF; 8], K::MftPosition),
            (0x38, vec![0; 8], K::MirrorPosition),
            (0x38, vec![170], K::MirrorPosition),
            (0x38, vec![0xFF; 8], K::MirrorPosition),
            (0x40, vec![0], K::RecordSize),
            (0x40, vec![3], K::RecordSize),
            (0x40, vec![0x80], K::RecordSize),
            (0x40, vec![0xF8], K::RecordSize),
            (0x40, vec![0xF3], K::RecordSize),
            (0x44, vec![0], K::IndexBlockSize),
            (0x44, vec![0xEF], K::IndexBlockSize),
        ] {
            let mut bytes = BootSector::new(&volume(4096, 1024), 0).encode();
            bytes[at..at + value.len()].copy_from_slice(&value);
            let error = BootSector::decode(&bytes)
                .and_then(|sector| sector.geometry())
                .unwrap_err();
            assert_eq!(error.kind, kind, "byte {at:#x} = {value:x?}");
        }
        assert_eq!(
            BootSector::decode(&[0; 511]).unwrap_err().kind,
            K::Truncated
        );
    }
}
