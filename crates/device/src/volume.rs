//! Finding the NTFS volume on a device.

use std::fmt;
use std::sync::Arc;

use crate::partitions::{Partition, PartitionError, PartitionTable, read_table};
use crate::{BlockDevice, DeviceError, VolumeKind, Window, identify};

/// Which part of a device is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartitionChoice {
    /// The whole device when it starts with an NTFS boot sector, else its only
    /// NTFS partition.
    #[default]
    Auto,
    /// The partition of this number.
    Number(u32),
}

/// The NTFS volume that was found.
#[derive(Debug)]
pub struct VolumeWindow {
    /// The volume: the device itself, or a [`Window`] of it.
    pub device: Arc<dyn BlockDevice>,
    /// The partition it lies in; `None` for the whole device.
    pub partition: Option<Partition>,
}

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionContents {
    /// Number of the partition.
    pub number: u32,
    /// What it holds.
    pub kind: VolumeKind,
}

/// Why there is no NTFS volume to open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VolumeError {
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The partition table cannot be used.
    #[error(transparent)]
    Table(#[from] PartitionError),
    /// There is no NTFS volume.
    #[error("no NTFS volume on {device}: this is {found}{}", List(.partitions))]
    NoNtfs {
        /// The device.
        device: String,
        /// What it is.
        found: VolumeKind,
        /// What its partitions hold; empty without a partition table.
        partitions: Vec<PartitionContents>,
    },
    /// The partition that was chosen holds something else.
    #[error("no NTFS volume in partition {number} of {device}: this is {found}")]
    NotNtfs {
        /// The device.
        device: String,
        /// Number of the partition.
        number: u32,
        /// What it holds.
        found: VolumeKind,
    },
    /// More than one partition holds NTFS, and none was chosen.
    #[error("several partitions of {device} hold NTFS, choose one: {}", Numbers(.numbers))]
    SeveralNtfs {
        /// The device.
        device: String,
        /// The numbers of those that do.
        numbers: Vec<u32>,
    },
    /// There is no partition of that number.
    #[error("{device} has no partition {number}{}", List(.partitions))]
    NotFound {
        /// The device.
        device: String,
        /// The number that was asked for.
        number: u32,
        /// The partitions that are there.
        partitions: Vec<PartitionContents>,
    },
    /// The chosen partition does not lie within the device: the image was cut
    /// off.
    #[error(
        "partition {number} of {device} (bytes {start}..{end}) passes the end of the device \
         at {device_len}: the image is cut off"
    )]
    PastEnd {
        /// The device.
        device: String,
        /// Number of the partition.
        number: u32,
        /// Its first byte.
        start: u64,
        /// The byte after its last one.
        end: u64,
        /// Length of the device (in bytes).
        device_len: u64,
    },
    /// A virtual disk in a format that is not read.
    #[error(
        "{device} is {format}, which is not supported: make an image of it with \
         `qemu-img convert -O raw`, or attach it as a block device with `qemu-nbd --connect`"
    )]
    Unsupported {
        /// The device.
        device: String,
        /// Its format.
        format: VolumeKind,
    },
}

struct Numbers<'a>(&'a [u32]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, number) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{number}")?;
        }
        Ok(())
    }
}

struct List<'a>(&'a [PartitionContents]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, partition) in self.0.iter().enumerate() {
            let start = if i == 0 { " (partition " } else { ", " };
            write!(f, "{start}{}: {}", partition.number, partition.kind)?;
        }
        f.write_str(if self.0.is_empty() { "" } else { ")" })
    }
}

/// Finds the NTFS volume on a device. Whether it is a sound one is for whoever
/// opens it to say; here its boot sector's name is enough.
///
/// # Errors
/// [`VolumeError`].
pub fn open_volume_window(
    device: Arc<dyn BlockDevice>,
    choice: PartitionChoice,
) -> Result<VolumeWindow, VolumeError> {
    let found = identify(&*device)?;
    if found.is_virtual_disk() {
        return Err(VolumeError::Unsupported {
            device: device.describe(),
            format: found,
        });
    }
    let table = match found {
        VolumeKind::Partitioned(_) => read_table(&*device)?,
        _ => None,
    };
    match (choice, table) {
        (PartitionChoice::Auto, None) if found == VolumeKind::Ntfs => Ok(VolumeWindow {
            device,
            partition: None,
        }),
        (PartitionChoice::Auto, None) => Err(VolumeError::NoNtfs {
            device: device.describe(),
            found,
            partitions: Vec::new(),
        }),
        (PartitionChoice::Auto, Some(table)) => only_ntfs(device, found, &table),
        (PartitionChoice::Number(number), table) => {
            let table = table.map_or_else(Vec::new, |table| table.partitions);
            by_number(device, &table, number)
        }
    }
}

fn only_ntfs(
    device: Arc<dyn BlockDevice>,
    found: VolumeKind,
    table: &PartitionTable,
) -> Result<VolumeWindow, VolumeError> {
    let contents = contents_of(&device, &table.partitions)?;
    let ntfs: Vec<&Partition> = table
        .partitions
        .iter()
        .zip(&contents)
        .filter(|(_, contents)| contents.kind == VolumeKind::Ntfs)
        .map(|(partition, _)| partition)
        .collect();
    match ntfs.as_slice() {
        [] => Err(VolumeError::NoNtfs {
            device: device.describe(),
            found,
            partitions: contents,
        }),
        [only] => window(device, only),
        several => Err(VolumeError::SeveralNtfs {
            device: device.describe(),
            numbers: several.iter().map(|partition| partition.number).collect(),
        }),
    }
}

fn by_number(
    device: Arc<dyn BlockDevice>,
    partitions: &[Partition],
    number: u32,
) -> Result<VolumeWindow, VolumeError> {
    let Some(partition) = partitions.iter().find(|p| p.number == number) else {
        return Err(VolumeError::NotFound {
            device: device.describe(),
            number,
            partitions: contents_of(&device, partitions)?,
        });
    };
    match contents(&device, partition)? {
        VolumeKind::Ntfs => window(device, partition),
        found => Err(VolumeError::NotNtfs {
            device: device.describe(),
            number,
            found,
        }),
    }
}

fn contents_of(
    device: &Arc<dyn BlockDevice>,
    partitions: &[Partition],
) -> Result<Vec<PartitionContents>, DeviceError> {
    partitions
        .iter()
        .map(|partition| {
            Ok(PartitionContents {
                number: partition.number,
                kind: contents(device, partition)?,
            })
        })
        .collect()
}

/// What a partition holds, as far as it lies on the device.
fn contents(
    device: &Arc<dyn BlockDevice>,
    partition: &Partition,
) -> Result<VolumeKind, DeviceError> {
    let start = partition.offset.min(device.len());
    let there = partition.len.min(device.len() - start);
    identify(&Window::new(device.clone(), start, there)?)
}

fn window(
    device: Arc<dyn BlockDevice>,
    partition: &Partition,
) -> Result<VolumeWindow, VolumeError> {
    let (start, len) = (partition.offset, partition.len);
    match Window::new(device.clone(), start, len) {
        Ok(window) => Ok(VolumeWindow {
            device: Arc::new(window),
            partition: Some(*partition),
        }),
        Err(_) => Err(VolumeError::PastEnd {
            device: device.describe(),
            number: partition.number,
            start,
            end: start.saturating_add(len),
            device_len: device.len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    const NTFS: &[u8] = b"\xEB\x52\x90NTFS    ";

    /// A disk with an MBR and these contents in partitions of 1 MiB.
    fn disk(contents: &[&[u8]]) -> Arc<MemoryDevice> {
        let device = MemoryDevice::new(8 << 20);
        device.write_at(510, &[0x55, 0xAA]).unwrap();
        for (i, bytes) in (0..).zip(contents) {
            let start = 2048 * (i + 1);
            device.write_at(446 + 16 * i + 4, &[7]).unwrap();
            let range = [start.to_le_bytes(), 2048_u64.to_le_bytes()];
            device.write_at(446 + 16 * i + 8, &range[0][..4]).unwrap();
            device.write_at(446 + 16 * i + 12, &range[1][..4]).unwrap();
            device.write_at(start * 512, bytes).unwrap();
        }
        Arc::new(device)
    }

    fn open(device: Arc<MemoryDevice>, choice: PartitionChoice) -> Result<VolumeWindow, String> {
        open_volume_window(device, choice).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bare_volume_is_the_device() {
        let device = Arc::new(MemoryDevice::from_bytes(NTFS));
        let volume = open(device.clone(), PartitionChoice::Auto).unwrap();
        assert_eq!(volume.device.len(), NTFS.len() as u64);
        assert!(volume.partition.is_none());
        let error = open(device, PartitionChoice::Number(1)).err().unwrap();
        assert_eq!(error, "memory (11 bytes) has no partition 1");
    }

    #[test]
    fn the_only_ntfs_partition_is_found() {
        let device = disk(&[b"XFSB", NTFS]);
        let volume = open(device.clone(), PartitionChoice::Auto).unwrap();
        assert_eq!(volume.partition.unwrap().number, 2);
        assert_eq!(volume.device.len(), 1 << 20);
        let mut start = [0; 11];
        volume.device.read_at(0, &mut start).unwrap();
        assert_eq!(start, NTFS);
        assert!(open(device.clone(), PartitionChoice::Number(2)).is_ok());
        let error = open(device.clone(), PartitionChoice::Number(1)).err();
        let expected = "no NTFS volume in partition 1 of memory (8 MiB): this is XFS";
        assert_eq!(error.unwrap(), expected);
        let error = open(device, PartitionChoice::Number(3)).err();
        let expected = "memory (8 MiB) has no partition 3 (partition 1: XFS, 2: NTFS)";
        assert_eq!(error.unwrap(), expected);
    }

    #[test]
    fn several_or_none_are_named() {
        let error = open(disk(&[NTFS, b"", NTFS]), PartitionChoice::Auto).err();
        let expected = "several partitions of memory (8 MiB) hold NTFS, choose one: 1, 3";
        assert_eq!(error.unwrap(), expected);
        let error = open(disk(&[b"", b"LUKS\xBA\xBE"]), PartitionChoice::Auto).err();
        let expected = "no NTFS volume on memory (8 MiB): this is a disk with an MBR partition \
                        table (partition 1: empty (only zeros), 2: a LUKS-encrypted volume)";
        assert_eq!(error.unwrap(), expected);
    }

    #[test]
    fn a_cut_off_partition_is_named() {
        let whole = disk(&[NTFS]);
        let mut bytes = vec![0; (1 << 20) + 5000];
        whole.read_at(0, &mut bytes).unwrap();
        let device = Arc::new(MemoryDevice::from_bytes(&bytes));
        let error = open_volume_window(device, PartitionChoice::Auto).err();
        assert!(matches!(
            error,
            Some(VolumeError::PastEnd {
                number: 1,
                start: 0x10_0000,
                end: 0x20_0000,
                ..
            })
        ));
    }

    #[test]
    fn virtual_disks_are_refused_with_the_way_out() {
        let device = Arc::new(MemoryDevice::from_bytes(b"QFI\xFB\0\0\0\x03"));
        let error = open(device, PartitionChoice::Auto).err().unwrap();
        assert!(error.contains("a QCOW2 virtual disk"), "{error}");
        assert!(error.contains("qemu-img convert"), "{error}");
    }
}
