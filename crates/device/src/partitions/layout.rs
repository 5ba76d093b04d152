//! Partition tables as they lie on disk.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// One of the four entries of an MBR.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct MbrEntry {
    /// 0x80: the one to boot from; 0: not. Everything else is no MBR.
    pub(super) status: u8,
    /// Start as cylinder, head, sector: obsolete.
    pub(super) start_chs: [u8; 3],
    /// What the partition is for; 0: unused.
    pub(super) system: u8,
    /// Last sector as cylinder, head, sector: obsolete.
    pub(super) end_chs: [u8; 3],
    /// First sector.
    pub(super) start: U32,
    /// Number of sectors.
    pub(super) sectors: U32,
}
const _: () = assert!(size_of::<MbrEntry>() == 16);

/// The first sector of a disk with an MBR; also each link of the chain of
/// logical partitions.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct Mbr {
    pub(super) boot_code: [u8; 446],
    pub(super) entries: [MbrEntry; 4],
    /// 0xAA55.
    pub(super) signature: U16,
}
const _: () = assert!(size_of::<Mbr>() == 512);

/// The header of a GPT (UEFI specification, 5.3.2).
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct GptHeader {
    /// "EFI PART".
    pub(super) signature: [u8; 8],
    pub(super) revision: U32,
    /// Length of the header (in bytes), which is what `header_crc` covers.
    pub(super) header_len: U32,
    /// CRC-32 of the header with this field zero.
    pub(super) header_crc: U32,
    pub(super) reserved: U32,
    /// The sector this header lies in.
    pub(super) this_sector: U64,
    /// The sector the other header lies in.
    pub(super) other_sector: U64,
    pub(super) first_usable: U64,
    pub(super) last_usable: U64,
    pub(super) disk_guid: [u8; 16],
    /// First sector of the entries.
    pub(super) entries_sector: U64,
    pub(super) entry_count: U32,
    /// Length of one entry (in bytes).
    pub(super) entry_len: U32,
    /// CRC-32 of all entries.
    pub(super) entries_crc: U32,
}
const _: () = assert!(size_of::<GptHeader>() == 92);

/// Length of the header's fields before `header_crc`.
pub(super) const GPT_BEFORE_CRC: usize = std::mem::offset_of!(GptHeader, header_crc);

/// One entry of a GPT (UEFI specification, 5.3.3).
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct GptEntry {
    /// What the partition is for; all zeros: unused.
    pub(super) kind: [u8; 16],
    pub(super) guid: [u8; 16],
    pub(super) first_sector: U64,
    /// Last sector, itself included.
    pub(super) last_sector: U64,
    pub(super) attributes: U64,
    /// Name in UTF-16.
    pub(super) name: [U16; 36],
}
const _: () = assert!(size_of::<GptEntry>() == 128);
