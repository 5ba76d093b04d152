//! The GPT (UEFI specification, 5.3). Checksums are verified; where the first
//! header or its entries are damaged the backup at the end of the disk is taken.

use zerocopy::FromBytes as _;

use super::layout::{GPT_BEFORE_CRC, GptEntry, GptHeader};
use super::{Partition, PartitionError, PartitionKind, PartitionTable, TableDamage, TableKind};
use crate::{BlockDevice, DeviceError};

const SIGNATURE: &[u8; 8] = b"EFI PART";
/// Sector sizes tried (in bytes).
const SECTOR_LENS: [u64; 2] = [512, 4096];
/// Most bytes of entries read. The usual table is 128 entries of 128 bytes:
/// 16 KiB; what asks for more than this is damaged.
const MAX_ENTRIES_LEN: u64 = 128 << 10;
/// Longest entry: the specification allows 128 times any power of two.
const MAX_ENTRY_LEN: u32 = 4096;

/// Where a header was found.
struct Found {
    header: GptHeader,
    sector_len: u64,
    offset: u64,
}

/// Reads the GPT that a protective MBR promises.
pub(super) fn read(device: &dyn BlockDevice) -> Result<PartitionTable, PartitionError> {
    let mut first_error = None;
    for sector_len in SECTOR_LENS {
        let backup = (device.len() / sector_len).saturating_sub(1);
        for sector in [1, backup] {
            let Some(found) = read_header(device, sector_len, sector)? else {
                continue;
            };
            match read_entries(device, &found) {
                Ok(partitions) => {
                    return Ok(PartitionTable {
                        kind: TableKind::Gpt,
                        partitions,
                    });
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
    }
    Err(first_error.unwrap_or(PartitionError::Corrupt {
        offset: SECTOR_LENS[0],
        damage: TableDamage::GptHeader,
    }))
}

/// Reads a GPT without an MBR before it; `None` when there is none.
pub(super) fn read_unprotected(
    device: &dyn BlockDevice,
) -> Result<Option<PartitionTable>, PartitionError> {
    for sector_len in SECTOR_LENS {
        if read_header(device, sector_len, 1)?.is_some() {
            return read(device).map(Some);
        }
    }
    Ok(None)
}

/// Reads and verifies a header; `None` when there is no valid one.
fn read_header(
    device: &dyn BlockDevice,
    sector_len: u64,
    sector: u64,
) -> Result<Option<Found>, DeviceError> {
    let offset = sector.saturating_mul(sector_len);
    if offset.saturating_add(sector_len) > device.len() {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(sector_len).unwrap_or_default()];
    device.read_at(offset, &mut bytes)?;
    let Ok((header, _)) = GptHeader::read_from_prefix(&bytes) else {
        return Ok(None);
    };
    let valid = header.signature == *SIGNATURE
        && header.this_sector.get() == sector
        && header_crc(&header, &bytes) == Some(header.header_crc.get());
    Ok(valid.then_some(Found {
        header,
        sector_len,
        offset,
    }))
}

/// The checksum of a header, counted with its own field as zero; `None` when
/// the length it covers is impossible.
fn header_crc(header: &GptHeader, sector: &[u8]) -> Option<u32> {
    let len = usize::try_from(header.header_len.get()).ok()?;
    let covered = sector.get(..len)?;
    let field = size_of_val(&header.header_crc);
    let (before, rest) = covered.split_at_checked(GPT_BEFORE_CRC)?;
    let (_, after) = rest.split_at_checked(field)?;
    if len < size_of::<GptHeader>() {
        return None;
    }
    let mut crc = crc32fast::Hasher::new();
    crc.update(before);
    crc.update(&header.header_crc.get().to_le_bytes().map(|_| 0));
    crc.update(after);
    Some(crc.finalize())
}

fn read_entries(device: &dyn BlockDevice, found: &Found) -> Result<Vec<Partition>, PartitionError> {
    let corrupt = |damage| PartitionError::Corrupt {
        offset: found.offset,
        damage,
    };
    let header = &found.header;
    let entry_len = header.entry_len.get();
    let len = u64::from(entry_len) * u64::from(header.entry_count.get());
    let smallest = size_of::<GptEntry>();
    let entry_len = usize::try_from(entry_len)
        .ok()
        .filter(|n| (smallest..=MAX_ENTRY_LEN as usize).contains(n) && n % smallest == 0)
        .ok_or(corrupt(TableDamage::GptEntryLayout))?;
    let mut bytes = match usize::try_from(len) {
        Ok(n) if len <= MAX_ENTRIES_LEN => vec![0; n],
        _ => return Err(corrupt(TableDamage::GptEntryLayout)),
    };
    let start = header.entries_sector.get().saturating_mul(found.sector_len);
    if start.saturating_add(len) > device.len() {
        return Err(corrupt(TableDamage::GptEntries));
    }
    device.read_at(start, &mut bytes)?;
    if crc32fast::hash(&bytes) != header.entries_crc.get() {
        return Err(corrupt(TableDamage::GptEntries));
    }
    (1..)
        .zip(bytes.chunks_exact(entry_len))
        .filter_map(|(number, bytes)| Some((number, GptEntry::read_from_prefix(bytes).ok()?.0)))
        .filter(|(_, entry)| entry.kind != [0; 16])
        .map(|(number, entry)| {
            partition(number, &entry, found.sector_len).ok_or(corrupt(TableDamage::GptRange))
        })
        .collect()
}

fn partition(number: u32, entry: &GptEntry, sector_len: u64) -> Option<Partition> {
    let first = entry.first_sector.get();
    let sectors = entry.last_sector.get().checked_sub(first)?.checked_add(1)?;
    let offset = first.checked_mul(sector_len)?;
    let len = sectors.checked_mul(sector_len)?;
    offset.checked_add(len)?;
    Some(Partition {
        number,
        offset,
        len,
        kind: PartitionKind::Gpt(entry.kind),
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_table;
    use super::*;
    use crate::MemoryDevice;

    /// "Basic data" (EBD0A0A2-B9E5-4433-87C0-68B6B72699C7), what Windows uses.
    const BASIC_DATA: [u8; 16] = [
        0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99,
        0xC7,
    ];
    const LEN: u64 = 8 << 20;

    fn entries(ranges: &[(u32, u64, u64)]) -> Vec<u8> {
        let mut bytes = vec![0; 128 * 128];
        for (number, first, last) in ranges {
            let at = (*number as usize - 1) * 128;
            bytes[at..at + 16].copy_from_slice(&BASIC_DATA);
            bytes[at + 32..at + 40].copy_from_slice(&first.to_le_bytes());
            bytes[at + 40..at + 48].copy_from_slice(&last.to_le_bytes());
        }
        bytes
    }

    fn put(device: &MemoryDevice, sector_len: u64, this: u64, entries_at: u64, entries: &[u8]) {
        let mut header = [0; 92];
        header[..8].copy_from_slice(SIGNATURE);
        header[8..12].copy_from_slice(&0x0001_0000_u32.to_le_bytes());
        header[12..16].copy_from_slice(&92_u32.to_le_bytes());
        header[24..32].copy_from_slice(&this.to_le_bytes());
        header[72..80].copy_from_slice(&entries_at.to_le_bytes());
        header[80..84].copy_from_slice(&128_u32.to_le_bytes());
        header[84..88].copy_from_slice(&128_u32.to_le_bytes());
        header[88..92].copy_from_slice(&crc32fast::hash(entries).to_le_bytes());
        let crc = crc32fast::hash(&header);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        device.write_at(this * sector_len, &header).unwrap();
        device.write_at(entries_at * sector_len, entries).unwrap();
    }

    fn disk(sector_len: u64) -> MemoryDevice {
        let device = MemoryDevice::new(LEN);
        device.write_at(446 + 4, &[0xEE]).unwrap();
        device.write_at(446 + 12, &[0xFF; 4]).unwrap();
        device.write_at(510, &[0x55, 0xAA]).unwrap();
        let last = LEN / sector_len - 1;
        let entries = entries(&[(1, 100, 199), (3, 300, 300)]);
        put(&device, sector_len, 1, 2, &entries);
        put(&device, sector_len, last, last - 40, &entries);
        device
    }

    fn ranges(device: &MemoryDevice) -> Vec<(u32, u64, u64)> {
        let table = read_table(device).unwrap().unwrap();
        assert_eq!(table.kind, TableKind::Gpt);
        assert_eq!(table.partitions[0].kind, PartitionKind::Gpt(BASIC_DATA));
        table
            .partitions
            .iter()
            .map(|p| (p.number, p.offset, p.len))
            .collect()
    }

    #[test]
    fn both_sector_sizes() {
        for sector in SECTOR_LENS {
            let expected = [(1, 100 * sector, 100 * sector), (3, 300 * sector, sector)];
            assert_eq!(ranges(&disk(sector)), expected);
        }
    }

    #[test]
    fn the_backup_is_taken_when_the_first_is_damaged() {
        for damaged in [512, 512 + 57, 1024 + 33] {
            let device = disk(512);
            device.write_at(damaged, &[0x77]).unwrap();
            assert_eq!(ranges(&device).len(), 2, "damaged byte {damaged}");
        }
    }

    #[test]
    fn damage_to_both_is_named() {
        let device = disk(512);
        let last = LEN / 512 - 1;
        device.write_at(1024, &[0x77]).unwrap();
        device.write_at((last - 40) * 512, &[0x77]).unwrap();
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                offset: 512,
                damage: TableDamage::GptEntries
            }
        ));
        device.write_at(512, &[0]).unwrap();
        device.write_at(last * 512, &[0]).unwrap();
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                damage: TableDamage::GptHeader,
                ..
            }
        ));
    }

    #[test]
    fn entries_beyond_the_end_are_damage() {
        let device = MemoryDevice::new(1 << 20);
        let far = MemoryDevice::new(LEN);
        put(&far, 512, 1, 4096, &entries(&[(1, 100, 199)]));
        let mut header = [0; 1024];
        far.read_at(0, &mut header).unwrap();
        device.write_at(0, &header).unwrap();
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                damage: TableDamage::GptEntries,
                ..
            }
        ));
    }

    #[test]
    fn impossible_ranges_are_named() {
        let device = MemoryDevice::new(LEN);
        put(&device, 512, 1, 2, &entries(&[(1, 200, 100)]));
        let error = read_table(&device).unwrap_err();
        assert!(matches!(
            error,
            PartitionError::Corrupt {
                damage: TableDamage::GptRange,
                ..
            }
        ));
        put(&device, 512, 1, 2, &entries(&[(1, 0, u64::MAX)]));
        read_table(&device).unwrap_err();
    }
}
