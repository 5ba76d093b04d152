//! The MBR and its chain of logical partitions.

use zerocopy::FromBytes as _;

use super::layout::{Mbr, MbrEntry};
use super::{Partition, PartitionError, PartitionKind, TableDamage};
use crate::{BlockDevice, DeviceError};

/// Bytes in a sector, as the MBR counts.
const SECTOR: u64 = 512;
/// The signature at the end of the sector.
const SIGNATURE: u16 = 0xAA55;
/// System ids of extended partitions: CHS, LBA, Linux.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// System id that stands before a GPT.
const PROTECTIVE: u8 = 0xEE;
/// Number of the first logical partition.
const FIRST_LOGICAL: u32 = 5;
/// Most links followed in the chain of logical partitions. Windows stops at
/// drive letters and Linux at 60; a circle is what this is for.
const MAX_LOGICAL: u32 = 256;

fn is_extended(entry: &MbrEntry) -> bool {
    EXTENDED.contains(&entry.system)
}

fn is_used(entry: &MbrEntry) -> bool {
    entry.system != 0 && entry.sectors.get() != 0
}

/// Reads sector 0; `None` when it is no MBR.
pub(super) fn read(device: &dyn BlockDevice) -> Result<Option<Mbr>, DeviceError> {
    let Some(mbr) = read_sector(device, 0)? else {
        return Ok(None);
    };
    // A boot sector of a file system has code where the entries are.
    let plausible = mbr
        .entries
        .iter()
        .all(|entry| matches!(entry.status, 0 | 0x80));
    Ok(plausible.then_some(mbr))
}

/// Whether the MBR only stands before a GPT.
pub(super) fn is_protective(mbr: &Mbr) -> bool {
    mbr.entries.iter().any(|entry| entry.system == PROTECTIVE)
}

/// The partitions of an MBR, by number.
pub(super) fn partitions(
    device: &dyn BlockDevice,
    mbr: &Mbr,
) -> Result<Vec<Partition>, PartitionError> {
    let mut found: Vec<Partition> = (1..)
        .zip(&mbr.entries)
        .filter(|(_, entry)| is_used(entry) && !is_extended(entry))
        .map(|(number, entry)| partition(number, 0, entry))
        .collect();
    // Only the first extended partition counts.
    if let Some(entry) = mbr
        .entries
        .iter()
        .find(|entry| is_used(entry) && is_extended(entry))
    {
        logical(device, u64::from(entry.start.get()), &mut found)?;
    }
    Ok(found)
}

/// Follows the chain that starts at sector `extended`. Each link holds one
/// partition, counted from the link, and the next link, counted from the start
/// of the extended partition.
fn logical(
    device: &dyn BlockDevice,
    extended: u64,
    found: &mut Vec<Partition>,
) -> Result<(), PartitionError> {
    let mut link = extended;
    let mut number = FIRST_LOGICAL;
    for _ in 0..MAX_LOGICAL {
        let offset = link.saturating_mul(SECTOR);
        if offset.saturating_add(SECTOR) > device.len() {
            return Err(PartitionError::Corrupt {
                offset,
                damage: TableDamage::LogicalPastEnd,
            });
        }
        let Some(record) = read_sector(device, link)? else {
            return Err(PartitionError::Corrupt {
                offset,
                damage: TableDamage::LogicalSignature,
            });
        };
        let [own, next, ..] = &record.entries;
        if is_used(own) && !is_extended(own) {
            found.push(partition(number, link, own));
            number += 1;
        }
        if !is_used(next) || !is_extended(next) {
            return Ok(());
        }
        link = extended.saturating_add(u64::from(next.start.get()));
    }
    Err(PartitionError::Corrupt {
        offset: extended.saturating_mul(SECTOR),
        damage: TableDamage::LogicalChain,
    })
}

// Sector numbers are sums of two 32-bit numbers: no product overflows.
fn partition(number: u32, base: u64, entry: &MbrEntry) -> Partition {
    Partition {
        number,
        offset: base
            .saturating_add(u64::from(entry.start.get()))
            .saturating_mul(SECTOR),
        len: u64::from(entry.sectors.get()) * SECTOR,
        kind: PartitionKind::Mbr(entry.system),
    }
}

/// A sector that ends in the signature; `None` for other ones, and on a device
/// that ends before its first sector does.
fn read_sector(device: &dyn BlockDevice, sector: u64) -> Result<Option<Mbr>, DeviceError> {
    if device.len() < SECTOR {
        return Ok(None);
    }
    let mut bytes = [0; size_of::<Mbr>()];
    device.read_at(sector.saturating_mul(SECTOR), &mut bytes)?;
    Ok(Mbr::read_from_bytes(&bytes)
        .ok()
        .filter(|mbr| mbr.signature.get() == SIGNATURE))
}

#[cfg(test)]
mod tests {
    use super::super::{PartitionTable, TableKind, read_table};
    use super::*;
    use crate::MemoryDevice;

    fn entry(system: u8, start: u32, sectors: u32) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[4] = system;
        bytes[8..12].copy_from_slice(&start.to_le_bytes());
        bytes[12..].copy_from_slice(&sectors.to_le_bytes());
        bytes
    }

    fn put(device: &MemoryDevice, sector: u64, entries: &[[u8; 16]]) {
        device
            .write_at(sector * 512 + 446, &entries.concat())
            .unwrap();
        device.write_at(sector * 512 + 510, &[0x55, 0xAA]).unwrap();
    }

    #[test]
    fn primary_and_logical_partitions() {
        let device = MemoryDevice::new(1 << 30);
        put(
            &device,
            0,
            &[
                entry(0x07, 63, 100),
                entry(0, 0, 0),
                entry(0x0F, 1000, 5000),
                entry(0x83, 7000, 10),
            ],
        );
        put(&device, 1000, &[entry(0x07, 2, 50), entry(0x05, 500, 600)]);
        put(&device, 1500, &[entry(0x0B, 4, 60), entry(0, 0, 0)]);
        let PartitionTable { kind, partitions } = read_table(&device).unwrap().unwrap();
        assert_eq!(kind, TableKind::Mbr);
        let seen: Vec<_> = partitions
            .iter()
            .map(|p| (p.number, p.offset / 512, p.len / 512, p.kind))
            .collect();
        let expected = [
            (1, 63, 100, PartitionKind::Mbr(7)),
            (4, 7000, 10, PartitionKind::Mbr(0x83)),
            (5, 1002, 50, PartitionKind::Mbr(7)),
            (6, 1504, 60, PartitionKind::Mbr(0x0B)),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_circle_of_logical_partitions_ends() {
        let device = MemoryDevice::new(1 << 30);
        put(&device, 0, &[entry(0x05, 1000, 5000)]);
        put(&device, 1000, &[entry(0x07, 2, 50), entry(0x05, 0, 600)]);
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                offset: 512_000,
                damage: TableDamage::LogicalChain
            }
        ));
    }

    #[test]
    fn a_chain_into_nothing_is_named() {
        let device = MemoryDevice::new(1 << 30);
        put(&device, 0, &[entry(0x05, 1000, 5000)]);
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                damage: TableDamage::LogicalSignature,
                ..
            }
        ));
        put(&device, 0, &[entry(0x05, u32::MAX, 5000)]);
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                damage: TableDamage::LogicalPastEnd,
                ..
            }
        ));
    }

    #[test]
    fn other_sectors_are_no_table() {
        let device = MemoryDevice::new(1 << 20);
        assert!(read_table(&device).unwrap().is_none());
        device.write_at(510, &[0x55, 0xAA]).unwrap();
        assert!(read_table(&device).unwrap().is_none());
        device.write_at(446, &[0x33]).unwrap();
        assert!(read_table(&device).unwrap().is_none());
        assert!(read_table(&MemoryDevice::new(100)).unwrap().is_none());
    }
}
