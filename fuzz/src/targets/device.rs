//! Partition tables and what a device is.

use std::sync::Arc;

use linkwright_device::partitions::read_table;
use linkwright_device::{BlockDevice, MemoryDevice, PartitionChoice, identify, open_volume_window};

use crate::bytes::{Bytes, answers};

const SECTOR: usize = 512;

/// First byte: how long the device is, and whether the checksums of a GPT are
/// put right. Of the rest, what is behind the first 40 sectors stands at the
/// end of the device, where the backup of a GPT is.
pub(super) fn partitions(bytes: &[u8]) {
    let mut input = Bytes(bytes);
    let kind = input.u8();
    let mut head = input.0.to_vec();
    let tail = head.split_off(head.len().min(40 * SECTOR));
    if kind & 0x80 != 0 {
        checksums(&mut head);
    }
    let len = match kind & 3 {
        0 => head.len() as u64,
        1 => 1 << 20,
        2 => 3 << 30,
        _ => 1 << 42,
    };
    let device = MemoryDevice::new(len.max((head.len() + tail.len()) as u64));
    device.write_at(0, &head).expect("it fits");
    let end = device.len() - tail.len() as u64;
    device.write_at(end, &tail).expect("it fits");
    let device: Arc<dyn BlockDevice> = Arc::new(device);
    answers(identify(&*device).is_ok());
    if let Ok(Some(table)) = read_table(&*device) {
        for partition in &table.partitions {
            let number = PartitionChoice::Number(partition.number);
            answers(open_volume_window(device.clone(), number));
        }
    }
    answers(open_volume_window(device, PartitionChoice::Auto));
}

fn checksums(disk: &mut [u8]) {
    let word = |disk: &[u8], at: usize| -> Option<usize> {
        let bytes = disk.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let header = SECTOR;
    if disk.len() < header + 92 {
        return;
    }
    let (Some(count), Some(size), Some(start)) = (
        word(disk, header + 80),
        word(disk, header + 84),
        word(disk, header + 72),
    ) else {
        return;
    };
    let start = start.saturating_mul(SECTOR);
    let end = start.saturating_add(count.saturating_mul(size));
    if let Some(entries) = disk.get(start..end) {
        let sum = crc32fast::hash(entries).to_le_bytes();
        disk[header + 88..header + 92].copy_from_slice(&sum);
    }
    let size = word(disk, header + 12).unwrap_or(0);
    disk[header + 16..header + 20].fill(0);
    if let Some(bytes) = disk.get(header..header.saturating_add(size)) {
        let sum = crc32fast::hash(bytes).to_le_bytes();
        disk[header + 16..header + 20].copy_from_slice(&sum);
    }
}

fn mbr(partitions: &[(u8, u32, u32)]) -> Vec<u8> {
    let mut sector = vec![0; SECTOR];
    for (index, (kind, start, count)) in partitions.iter().enumerate() {
        let at = 446 + 16 * index;
        sector[at + 4] = *kind;
        sector[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        sector[at + 12..at + 16].copy_from_slice(&count.to_le_bytes());
    }
    sector[510] = 0x55;
    sector[511] = 0xAA;
    sector
}

fn gpt() -> Vec<u8> {
    let mut disk = mbr(&[(0xEE, 1, u32::MAX)]);
    let mut header = vec![0; SECTOR];
    header[..8].copy_from_slice(b"EFI PART");
    header[10] = 1;
    header[12] = 92;
    header[24] = 1;
    header[32] = 39;
    header[40] = 34;
    header[48..56].copy_from_slice(&2000_u64.to_le_bytes());
    header[72] = 2;
    header[80] = 16;
    header[84] = 128;
    disk.extend(header);
    let mut entries = vec![0; 4 * SECTOR];
    for n in 0..3_u8 {
        let entry = &mut entries[128 * usize::from(n)..][..128];
        // Microsoft basic data.
        entry[..16].copy_from_slice(&[
            0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26,
            0x99, 0xC7,
        ]);
        entry[16] = n + 1;
        entry[32] = 10 + 8 * n;
        entry[40] = 17 + 8 * n;
    }
    disk.extend(entries);
    disk.resize(40 * SECTOR, 0);
    // An NTFS boot sector where the first partition starts.
    disk[10 * SECTOR + 3..][..8].copy_from_slice(b"NTFS    ");
    disk[10 * SECTOR + 510..][..2].copy_from_slice(&[0x55, 0xAA]);
    disk
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut chain = mbr(&[(7, 1, 2), (5, 4, 20)]);
    chain.resize(4 * SECTOR, 0);
    chain.extend(mbr(&[(7, 1, 1), (5, 2, 10)]));
    chain.resize(6 * SECTOR, 0);
    chain.extend(mbr(&[(7, 1, 1)]));
    chain.resize(12 * SECTOR, 0);
    let seed = |kind: u8, disk: Vec<u8>| [vec![kind], disk].concat();
    let mut seeds = vec![
        seed(0, mbr(&[(7, 63, 100), (0x0C, 200, 300)])),
        seed(1, chain),
        seed(0x81, gpt()),
        seed(0x83, gpt()),
    ];
    for (offset, magic) in [
        (3, &b"NTFS    "[..]),
        (3, b"EXFAT   "),
        (0, b"vhdxfile"),
        (0, b"QFI\xFB\0\0\0\x03"),
        (0, b"KDMV"),
        (0x52, b"FAT32   "),
    ] {
        let mut disk = mbr(&[]);
        disk[offset..offset + magic.len()].copy_from_slice(magic);
        seeds.push(seed(1, disk));
    }
    seeds
}
