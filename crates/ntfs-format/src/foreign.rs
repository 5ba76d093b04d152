//! What a device holds when it is not NTFS: told by name, so that a refusal
//! can say more than "wrong signature".
//!
//! Sources: MS-FSCC and public descriptions of each format's first bytes.

/// Something else than an NTFS volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignVolume {
    /// FAT12, FAT16 or FAT32.
    Fat,
    /// exFAT.
    ExFat,
    /// ReFS.
    Refs,
    /// A volume encrypted by BitLocker.
    BitLocker,
    /// ext2, ext3 or ext4.
    Ext,
    /// A whole disk with a partition table (MBR, or the protective one of GPT).
    PartitionedDisk,
    /// Nothing but zeros.
    Blank,
}

impl ForeignVolume {
    /// Bytes from the start of the device that [`identify`] looks at.
    pub const PROBE_LEN: usize = 2048;

    /// Its name, for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fat => "FAT",
            Self::ExFat => "exFAT",
            Self::Refs => "ReFS",
            Self::BitLocker => "BitLocker",
            Self::Ext => "ext2/3/4",
            Self::PartitionedDisk => "a partitioned disk",
            Self::Blank => "blank",
        }
    }
}

const OEM: usize = 3;
const FAT16_TYPE: usize = 0x36;
const FAT32_TYPE: usize = 0x52;
const EXT_MAGIC: usize = 1024 + 0x38;
const PARTITION_TABLE: usize = 0x1BE;
const PARTITION_ENTRY_LEN: usize = 16;
const END_MARK: usize = 0x1FE;

/// Names what the first bytes of a device say it is, `None` when they say
/// nothing. Ask only after the boot sector was refused as not NTFS.
#[must_use]
pub fn identify(start: &[u8]) -> Option<ForeignVolume> {
    let is = |at: usize, text: &[u8]| start.get(at..).is_some_and(|rest| rest.starts_with(text));
    if is(OEM, b"EXFAT   ") {
        return Some(ForeignVolume::ExFat);
    }
    if is(OEM, b"ReFS\0\0\0\0") {
        return Some(ForeignVolume::Refs);
    }
    if is(OEM, b"-FVE-FS-") {
        return Some(ForeignVolume::BitLocker);
    }
    if is(FAT16_TYPE, b"FAT1") || is(FAT16_TYPE, b"FAT  ") || is(FAT32_TYPE, b"FAT32") {
        return Some(ForeignVolume::Fat);
    }
    if is(EXT_MAGIC, &[0x53, 0xEF]) {
        return Some(ForeignVolume::Ext);
    }
    if is(END_MARK, &[0x55, 0xAA]) && has_partition_table(start) {
        return Some(ForeignVolume::PartitionedDisk);
    }
    (!start.is_empty() && start.iter().all(|byte| *byte == 0)).then_some(ForeignVolume::Blank)
}

/// Four entries, each inactive (0) or active (0x80), at least one with a type.
fn has_partition_table(start: &[u8]) -> bool {
    let Some(table) = start.get(PARTITION_TABLE..END_MARK) else {
        return false;
    };
    let entries = table.as_chunks::<PARTITION_ENTRY_LEN>().0;
    let plausible = |[status, ..]: &[u8; PARTITION_ENTRY_LEN]| matches!(status, 0 | 0x80);
    let used = |[_, _, _, _, kind, ..]: &[u8; PARTITION_ENTRY_LEN]| *kind != 0;
    entries.iter().all(plausible) && entries.iter().any(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(at: usize, text: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; ForeignVolume::PROBE_LEN];
        bytes[0] = 0xEB;
        bytes[at..at + text.len()].copy_from_slice(text);
        bytes
    }

    #[test]
    fn each_is_named() {
        let mut disk = sector(0x1FE, &[0x55, 0xAA]);
        disk[0x1BE + 4] = 7;
        let mut no_table = disk.clone();
        no_table[0x1BE] = 0x33;
        for (bytes, want) in [
            (sector(3, b"EXFAT   "), Some(ForeignVolume::ExFat)),
            (sector(3, b"ReFS\0\0\0\0"), Some(ForeignVolume::Refs)),
            (sector(3, b"-FVE-FS-"), Some(ForeignVolume::BitLocker)),
            (sector(0x36, b"FAT12   "), Some(ForeignVolume::Fat)),
            (sector(0x36, b"FAT16   "), Some(ForeignVolume::Fat)),
            (sector(0x52, b"FAT32   "), Some(ForeignVolume::Fat)),
            (sector(1024 + 0x38, &[0x53, 0xEF]), Some(ForeignVolume::Ext)),
            (disk, Some(ForeignVolume::PartitionedDisk)),
            (no_table, None),
            (vec![0; 512], Some(ForeignVolume::Blank)),
            (vec![7; 2048], None),
            (vec![], None),
        ] {
            assert_eq!(
                identify(&bytes),
                want,
                "{:?}",
                want.map(ForeignVolume::name)
            );
        }
    }
}
