//! What a device holds, by signature. For error messages: "this is ext4" helps
//! more than "this is not NTFS".

use std::fmt;

use crate::partitions::{self, TableKind};
use crate::{BlockDevice, DeviceError};

/// What a device, or a partition of it, holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VolumeKind {
    /// NTFS.
    Ntfs,
    /// An NTFS or FAT volume encrypted by BitLocker.
    BitLocker,
    /// FAT with 12-bit entries.
    Fat12,
    /// FAT with 16-bit entries.
    Fat16,
    /// FAT with 32-bit entries.
    Fat32,
    /// exFAT.
    ExFat,
    /// Microsoft's ReFS.
    ReFs,
    /// Linux ext2.
    Ext2,
    /// Linux ext3.
    Ext3,
    /// Linux ext4.
    Ext4,
    /// XFS.
    Xfs,
    /// Btrfs.
    Btrfs,
    /// F2FS.
    F2fs,
    /// SquashFS.
    SquashFs,
    /// HFS+ or HFSX.
    HfsPlus,
    /// A container of Apple's APFS.
    Apfs,
    /// ISO 9660, as on a CD or in an `.iso` file.
    Iso9660,
    /// UDF, as on a DVD.
    Udf,
    /// Linux swap space.
    Swap,
    /// A LUKS-encrypted volume.
    Luks,
    /// A physical volume of Linux LVM.
    Lvm,
    /// A disk with a partition table.
    Partitioned(TableKind),
    /// A QCOW2 (or QCOW) virtual disk.
    Qcow2,
    /// A VHDX virtual disk.
    Vhdx,
    /// A VHD virtual disk that is not a plain image (dynamic or differencing).
    Vhd,
    /// A VMDK virtual disk.
    Vmdk,
    /// A VirtualBox (VDI) virtual disk.
    Vdi,
    /// An EnCase (E01) evidence file.
    Ewf,
    /// A Windows imaging (WIM) archive.
    Wim,
    /// A file compressed with gzip, xz, bzip2, zstd, zip or 7z.
    Compressed(Compression),
    /// Nothing but zeros where a signature could be.
    Empty,
    /// Something else.
    Unknown,
}

/// The program that unpacks a compressed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
    /// zstd.
    Zstd,
    /// zip.
    Zip,
    /// 7-Zip.
    SevenZip,
}

impl VolumeKind {
    /// Whether this is a virtual disk whose blocks are not where the guest
    /// sees them, so that it cannot be read as an image.
    pub fn is_virtual_disk(self) -> bool {
        matches!(
            self,
            Self::Qcow2 | Self::Vhdx | Self::Vhd | Self::Vmdk | Self::Vdi
        )
    }

    /// The name in messages, with its article where it takes one: fits after
    /// "this is".
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntfs => "NTFS",
            Self::BitLocker => "a BitLocker-encrypted volume",
            Self::Fat12 => "FAT12",
            Self::Fat16 => "FAT16",
            Self::Fat32 => "FAT32",
            Self::ExFat => "exFAT",
            Self::ReFs => "ReFS",
            Self::Ext2 => "ext2",
            Self::Ext3 => "ext3",
            Self::Ext4 => "ext4",
            Self::Xfs => "XFS",
            Self::Btrfs => "Btrfs",
            Self::F2fs => "F2FS",
            Self::SquashFs => "SquashFS",
            Self::HfsPlus => "HFS+",
            Self::Apfs => "APFS",
            Self::Iso9660 => "an ISO 9660 image",
            Self::Udf => "UDF",
            Self::Swap => "Linux swap space",
            Self::Luks => "a LUKS-encrypted volume",
            Self::Lvm => "an LVM physical volume",
            Self::Partitioned(TableKind::Mbr) => "a disk with an MBR partition table",
            Self::Partitioned(TableKind::Gpt) => "a disk with a GPT partition table",
            Self::Qcow2 => "a QCOW2 virtual disk",
            Self::Vhdx => "a VHDX virtual disk",
            Self::Vhd => "a dynamic VHD virtual disk",
            Self::Vmdk => "a VMDK virtual disk",
            Self::Vdi => "a VDI virtual disk",
            Self::Ewf => "an EnCase (E01) image",
            Self::Wim => "a WIM archive",
            Self::Compressed(Compression::Gzip) => "a file compressed with gzip",
            Self::Compressed(Compression::Xz) => "a file compressed with xz",
            Self::Compressed(Compression::Bzip2) => "a file compressed with bzip2",
            Self::Compressed(Compression::Zstd) => "a file compressed with zstd",
            Self::Compressed(Compression::Zip) => "a zip archive",
            Self::Compressed(Compression::SevenZip) => "a 7z archive",
            Self::Empty => "empty (only zeros)",
            Self::Unknown => "nothing known",
        }
    }
}

impl fmt::Display for VolumeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A signature: these bytes at this offset from the start of the device.
struct Signature {
    kind: VolumeKind,
    offset: usize,
    bytes: &'static [u8],
}

const fn signature(kind: VolumeKind, offset: usize, bytes: &'static [u8]) -> Signature {
    Signature {
        kind,
        offset,
        bytes,
    }
}

/// Bytes looked at: enough for the farthest signature, Btrfs'.
const PROBE_LEN: usize = 68 * 1024;

/// Signatures that decide by themselves, in order. The offsets are those of
/// the formats' own documents; boot-sector names (offset 3) come before what
/// old contents further in could still claim.
const SIGNATURES: &[Signature] = &[
    signature(VolumeKind::Qcow2, 0, b"QFI\xFB"),
    signature(VolumeKind::Vhdx, 0, b"vhdxfile"),
    signature(VolumeKind::Vhd, 0, b"conectix"),
    signature(VolumeKind::Vmdk, 0, b"KDMV"),
    signature(VolumeKind::Vmdk, 0, b"COWD"),
    signature(VolumeKind::Vmdk, 0, b"# Disk DescriptorFile"),
    signature(VolumeKind::Vdi, 64, &[0x7F, 0x10, 0xDA, 0xBE]),
    signature(VolumeKind::Ewf, 0, b"EVF\x09\x0D\x0A\xFF\x00"),
    signature(VolumeKind::Ewf, 0, b"EVF2\x0D\x0A\x81\x00"),
    signature(VolumeKind::Wim, 0, b"MSWIM\0\0\0"),
    signature(
        VolumeKind::Compressed(Compression::Gzip),
        0,
        b"\x1F\x8B\x08",
    ),
    signature(VolumeKind::Compressed(Compression::Xz), 0, b"\xFD7zXZ\0"),
    signature(VolumeKind::Compressed(Compression::Bzip2), 0, b"BZh"),
    signature(
        VolumeKind::Compressed(Compression::Zstd),
        0,
        b"\x28\xB5\x2F\xFD",
    ),
    signature(VolumeKind::Compressed(Compression::Zip), 0, b"PK\x03\x04"),
    signature(
        VolumeKind::Compressed(Compression::SevenZip),
        0,
        b"7z\xBC\xAF\x27\x1C",
    ),
    signature(VolumeKind::Ntfs, 3, b"NTFS    "),
    signature(VolumeKind::BitLocker, 3, b"-FVE-FS-"),
    // "BitLocker To Go" poses as FAT32; its identifier is a GUID.
    signature(VolumeKind::BitLocker, 424, &BITLOCKER_TO_GO),
    signature(VolumeKind::ExFat, 3, b"EXFAT   "),
    signature(VolumeKind::ReFs, 3, b"ReFS\0\0\0\0"),
    signature(VolumeKind::Luks, 0, b"LUKS\xBA\xBE"),
    signature(VolumeKind::Xfs, 0, b"XFSB"),
    signature(VolumeKind::SquashFs, 0, b"hsqs"),
    signature(VolumeKind::Apfs, 32, b"NXSB"),
    signature(VolumeKind::Btrfs, 65_600, b"_BHRfS_M"),
    signature(VolumeKind::F2fs, 1024, &[0x10, 0x20, 0xF5, 0xF2]),
    signature(VolumeKind::HfsPlus, 1024, b"H+\0\x04"),
    signature(VolumeKind::HfsPlus, 1024, b"HX\0\x05"),
    signature(VolumeKind::Lvm, 0, b"LABELONE"),
    signature(VolumeKind::Lvm, 512, b"LABELONE"),
    signature(VolumeKind::Swap, 4086, b"SWAPSPACE2"),
    signature(VolumeKind::Swap, 16_374, b"SWAPSPACE2"),
    signature(VolumeKind::Swap, 65_526, b"SWAPSPACE2"),
];

/// `{4967D63B-2E29-4AD8-8399-F6A339E3D001}` as it lies on disk.
const BITLOCKER_TO_GO: [u8; 16] = [
    0x3B, 0xD6, 0x67, 0x49, 0x29, 0x2E, 0xD8, 0x4A, 0x83, 0x99, 0xF6, 0xA3, 0x39, 0xE3, 0xD0, 0x01,
];

/// The names that FAT formatters leave in the boot sector. By the
/// specification they prove nothing, but together with the boot signature they
/// are what every other program goes by.
const FAT_SIGNATURES: &[Signature] = &[
    signature(VolumeKind::Fat12, 54, b"FAT12   "),
    signature(VolumeKind::Fat16, 54, b"FAT16   "),
    signature(VolumeKind::Fat32, 82, b"FAT32   "),
];

/// Where a boot sector or an MBR ends in `55 AA`.
const BOOT_SIGNATURE: Signature = signature(VolumeKind::Unknown, 510, &[0x55, 0xAA]);

/// Optical discs; tried last but for the partition table, because such images
/// often carry boot sectors of other kinds.
const OPTICAL_SIGNATURES: &[Signature] = &[
    signature(VolumeKind::Iso9660, 32_769, b"CD001"),
    signature(VolumeKind::Udf, 34_817, b"NSR02"),
    signature(VolumeKind::Udf, 34_817, b"NSR03"),
];

impl Signature {
    fn is_in(&self, probe: &[u8]) -> bool {
        probe
            .get(self.offset..)
            .is_some_and(|rest| rest.starts_with(self.bytes))
    }
}

/// Names what a device holds.
///
/// # Errors
/// Those of reading. A device too short for a signature just does not have
/// it.
pub fn identify(device: &dyn BlockDevice) -> Result<VolumeKind, DeviceError> {
    let probe = read_probe(device)?;
    if let Some(kind) = file_system(&probe) {
        return Ok(kind);
    }
    if let Some(kind) = partitions::table_kind(device)? {
        return Ok(VolumeKind::Partitioned(kind));
    }
    if let Some(kind) = first_of(OPTICAL_SIGNATURES, &probe) {
        return Ok(kind);
    }
    Ok(match probe.iter().all(|byte| *byte == 0) {
        true => VolumeKind::Empty,
        false => VolumeKind::Unknown,
    })
}

/// The same, but only what lies directly on the device: no partition table.
pub(crate) fn identify_content(
    device: &dyn BlockDevice,
) -> Result<Option<VolumeKind>, DeviceError> {
    Ok(file_system(&read_probe(device)?))
}

fn read_probe(device: &dyn BlockDevice) -> Result<Vec<u8>, DeviceError> {
    let len = usize::try_from(device.len())
        .unwrap_or(PROBE_LEN)
        .min(PROBE_LEN);
    let mut probe = vec![0; len];
    device.read_at(0, &mut probe)?;
    Ok(probe)
}

fn file_system(probe: &[u8]) -> Option<VolumeKind> {
    first_of(SIGNATURES, probe)
        .or_else(|| {
            BOOT_SIGNATURE
                .is_in(probe)
                .then(|| first_of(FAT_SIGNATURES, probe))?
        })
        .or_else(|| ext(probe))
}

fn first_of(table: &[Signature], probe: &[u8]) -> Option<VolumeKind> {
    table
        .iter()
        .find(|signature| signature.is_in(probe))
        .map(|signature| signature.kind)
}

/// Offset of the ext superblock.
const EXT_SUPERBLOCK: usize = 1024;
/// Its magic number, at 0x38.
const EXT_MAGIC: Signature = signature(VolumeKind::Ext2, EXT_SUPERBLOCK + 0x38, &[0x53, 0xEF]);
/// `s_feature_compat`: has a journal.
const EXT_HAS_JOURNAL: u32 = 0x4;
/// `s_feature_incompat` that only ext4 has: extents, 64bit, mmp, flex_bg and
/// later ones.
const EXT4_INCOMPAT: u32 = !0x3F;
/// `s_feature_ro_compat` that only ext4 has: huge_file and later ones.
const EXT4_RO_COMPAT: u32 = !0x7;

fn ext(probe: &[u8]) -> Option<VolumeKind> {
    if !EXT_MAGIC.is_in(probe) {
        return None;
    }
    let features = |offset: usize| -> u32 {
        probe
            .get(EXT_SUPERBLOCK + offset..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let (compat, incompat, ro_compat) = (features(0x5C), features(0x60), features(0x64));
    Some(
        if incompat & EXT4_INCOMPAT != 0 || ro_compat & EXT4_RO_COMPAT != 0 {
            VolumeKind::Ext4
        } else if compat & EXT_HAS_JOURNAL != 0 {
            VolumeKind::Ext3
        } else {
            VolumeKind::Ext2
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    fn with(parts: &[(u64, &[u8])]) -> MemoryDevice {
        let device = MemoryDevice::new(1 << 20);
        for (offset, bytes) in parts {
            device.write_at(*offset, bytes).unwrap();
        }
        device
    }

    #[test]
    fn every_signature_is_named() {
        for signature in SIGNATURES.iter().chain(OPTICAL_SIGNATURES) {
            let device = with(&[(signature.offset as u64, signature.bytes)]);
            assert_eq!(identify(&device).unwrap(), signature.kind);
        }
    }

    #[test]
    fn fat_needs_the_boot_signature() {
        for signature in FAT_SIGNATURES {
            let name = (signature.offset as u64, signature.bytes);
            let device = with(&[name, (510, &[0x55, 0xAA])]);
            assert_eq!(identify(&device).unwrap(), signature.kind);
            assert_eq!(identify(&with(&[name])).unwrap(), VolumeKind::Unknown);
        }
    }

    #[test]
    fn ext_versions_by_their_features() {
        let magic: (u64, &[u8]) = (1080, &[0x53, 0xEF]);
        assert_eq!(identify(&with(&[magic])).unwrap(), VolumeKind::Ext2);
        let journal: (u64, &[u8]) = (1024 + 0x5C, &[4]);
        assert_eq!(
            identify(&with(&[magic, journal])).unwrap(),
            VolumeKind::Ext3
        );
        let extents: (u64, &[u8]) = (1024 + 0x60, &[0x40]);
        let device = with(&[magic, journal, extents]);
        assert_eq!(identify(&device).unwrap(), VolumeKind::Ext4);
    }

    #[test]
    fn short_and_empty_devices() {
        assert_eq!(identify(&MemoryDevice::new(0)).unwrap(), VolumeKind::Empty);
        assert_eq!(identify(&MemoryDevice::new(7)).unwrap(), VolumeKind::Empty);
        let device = MemoryDevice::from_bytes(b"hello");
        assert_eq!(identify(&device).unwrap(), VolumeKind::Unknown);
    }
}
