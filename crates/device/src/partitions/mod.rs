//! Partition tables: MBR, with the chain of logical partitions, and GPT.
//!
//! Read by code of our own: it is short, only ever reads, works on a
//! [`BlockDevice`] at positions, and bounds what a hostile table can make it
//! do. The crates for this want a stream with a cursor, and write as well.

mod gpt;
mod layout;
mod mbr;

use std::fmt;

use crate::{BlockDevice, DeviceError};

/// The kind of a partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// The table of the PC BIOS.
    Mbr,
    /// The table of UEFI.
    Gpt,
}

/// What a table says a partition is for. What it really holds is another
/// question: see [`identify`](crate::identify()).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartitionKind {
    /// The system id of an MBR entry; 0x07 is used for NTFS.
    Mbr(u8),
    /// The type GUID of a GPT entry, as it lies on disk.
    Gpt([u8; 16]),
}

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Its number, from 1, as Linux counts: a GPT entry by its place in the
    /// table; 1 to 4 for the entries of an MBR, 5 and up for logical ones.
    pub number: u32,
    /// Its first byte on the device. May lie outside a device that was cut
    /// off.
    pub offset: u64,
    /// Its length (in bytes).
    pub len: u64,
    /// What the table says it is for.
    pub kind: PartitionKind,
}

/// A partition table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    /// Its kind.
    pub kind: TableKind,
    /// Its partitions, by number.
    pub partitions: Vec<Partition>,
}

/// A partition table that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartitionError {
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The table contradicts itself.
    #[error("damaged partition table at offset {offset}: {damage}")]
    Corrupt {
        /// Where (in bytes from the start of the device).
        offset: u64,
        /// How.
        damage: TableDamage,
    },
}

/// What is wrong with a partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableDamage {
    /// Neither the first nor the backup header of a GPT is whole.
    GptHeader,
    /// The entries of a GPT do not have the checksum their header gives.
    GptEntries,
    /// The header of a GPT asks for entries of an impossible size or number.
    GptEntryLayout,
    /// A GPT partition ends before it starts, or beyond any device.
    GptRange,
    /// A link of the chain of logical partitions has no boot signature.
    LogicalSignature,
    /// A link of the chain of logical partitions lies beyond the end.
    LogicalPastEnd,
    /// The chain of logical partitions goes round in circles or is longer than
    /// any that a partitioning program makes.
    LogicalChain,
}

impl fmt::Display for TableDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GptHeader => "no valid GPT header, neither the first nor the backup",
            Self::GptEntries => "the GPT entries do not match their checksum",
            Self::GptEntryLayout => "the GPT header gives an impossible entry size or number",
            Self::GptRange => "a GPT partition has an impossible range",
            Self::LogicalSignature => "an extended boot record has no signature",
            Self::LogicalPastEnd => "an extended boot record lies beyond the end of the device",
            Self::LogicalChain => "the chain of logical partitions does not end",
        })
    }
}

/// Reads the partition table; `None` when the device has none.
///
/// An MBR counts sectors of 512 bytes here; a GPT is found with sectors of 512
/// or 4,096 bytes.
///
/// # Errors
/// [`PartitionError`]: a device that fails, a table that contradicts itself.
pub fn read_table(device: &dyn BlockDevice) -> Result<Option<PartitionTable>, PartitionError> {
    // A boot sector ends as an MBR does, so that has to be ruled out first.
    if crate::identify::identify_content(device)?.is_some() {
        return Ok(None);
    }
    let Some(mbr) = mbr::read(device)? else {
        // A GPT without its protective MBR is one all the same.
        return gpt::read_unprotected(device);
    };
    if mbr::is_protective(&mbr) {
        return gpt::read(device).map(Some);
    }
    let partitions = mbr::partitions(device, &mbr)?;
    if partitions.is_empty() {
        return gpt::read_unprotected(device);
    }
    Ok(Some(PartitionTable {
        kind: TableKind::Mbr,
        partitions,
    }))
}

/// Which partition table a device has; a damaged one counts by the part that
/// was recognised.
pub(crate) fn table_kind(device: &dyn BlockDevice) -> Result<Option<TableKind>, DeviceError> {
    match read_table(device) {
        Ok(table) => Ok(table.map(|table| table.kind)),
        Err(PartitionError::Device(error)) => Err(error),
        Err(PartitionError::Corrupt { damage, .. }) => Ok(Some(match damage {
            TableDamage::LogicalSignature
            | TableDamage::LogicalPastEnd
            | TableDamage::LogicalChain => TableKind::Mbr,
            TableDamage::GptHeader
            | TableDamage::GptEntries
            | TableDamage::GptEntryLayout
            | TableDamage::GptRange => TableKind::Gpt,
        })),
    }
}
