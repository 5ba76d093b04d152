//! What a caller chooses about a new volume.

use linkwright_names::NtName;
use linkwright_ntfs_format::NtTime;

use crate::{MAX_LABEL_UNITS, MkfsError};

/// Bytes of a file record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RecordSize {
    /// 1,024: what Windows takes on media with 512-byte sectors.
    #[default]
    Bytes1024,
    /// 4,096: what Windows takes on media with 4,096-byte sectors.
    Bytes4096,
}

impl RecordSize {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Bytes1024 => 1024,
            Self::Bytes4096 => 4096,
        }
    }
}

/// Whether files of the volume get 8.3 names beside their long ones.
///
/// The volume keeps this as flag 0x0080 of `$VOLUME_INFORMATION`: set on every
/// volume of Windows 10 and 11 seen (made with 8.3 names off), clear on those
/// of Windows 7 (made with them on); DiscUtils calls the bit
/// `DisableShortNameCreation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ShortNames {
    /// Names have namespace 0 and no 8.3 partner.
    #[default]
    Off,
    /// Long names get an 8.3 partner.
    On,
}

/// Limits of a change journal (`$Extend\$UsnJrnl`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeJournal {
    /// Bytes it may take, at least [`ChangeJournal::MIN_SIZE`].
    pub maximum_size: u64,
    /// Bytes by which it grows beyond that before it is cut back, at least a
    /// USN page (4 KiB) and at most the maximum.
    pub allocation_delta: u64,
}

impl ChangeJournal {
    /// The least that a journal may be allowed to take, in bytes.
    pub const MIN_SIZE: u64 = 64 << 10;

    const fn fits(self) -> bool {
        self.maximum_size >= Self::MIN_SIZE
            && self.allocation_delta >= 4096
            && self.allocation_delta <= self.maximum_size
    }
}

impl Default for ChangeJournal {
    /// What Windows 10 takes: 32 MiB and 8 MiB.
    fn default() -> Self {
        Self {
            maximum_size: 32 << 20,
            allocation_delta: 8 << 20,
        }
    }
}

/// What the device holds where nothing was written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Medium {
    /// Zeros, as a new image file does: parts that must be zero stay unwritten.
    #[default]
    Zeroed,
    /// Anything: every cluster given to a metafile is written.
    Unknown,
}

/// Where the volume lies on its disk, for boot code; nothing else reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DriveGeometry {
    /// Sectors before the partition; 0 on a bare image.
    pub hidden_sectors: u32,
    /// Sectors per track as firmware counts them.
    pub sectors_per_track: u16,
    /// Heads as firmware counts them.
    pub heads: u16,
}

impl Default for DriveGeometry {
    fn default() -> Self {
        Self {
            hidden_sectors: 0,
            sectors_per_track: 63,
            heads: 255,
        }
    }
}

/// Options of [`format`](crate::format). The default is what Windows makes of
/// an empty data disk, with serial number and time 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormatOptions {
    /// Label, at most 32 UTF-16 units; empty for none.
    pub label: NtName,
    /// Bytes per cluster, a power of two from 512 to 2 MiB; `None` takes 4 KiB
    /// or, on volumes over 16 TiB, the least that 2^32-1 clusters allow.
    pub cluster_size: Option<u32>,
    /// Bytes per file record.
    pub record_size: RecordSize,
    /// Bytes of `$LogFile`, rounded up to 4 KiB and to a cluster; `None` takes
    /// 1/128 of the volume, at least 256 KiB and at most 64 MiB.
    pub log_size: Option<u64>,
    /// 8.3 names.
    pub short_names: ShortNames,
    /// The change journal; none when `None`, as Windows makes data volumes.
    pub change_journal: Option<ChangeJournal>,
    /// Serial number of the volume.
    pub serial: u64,
    /// Time stamp of everything made.
    pub time: NtTime,
    /// Place on the disk.
    pub drive: DriveGeometry,
    /// What unwritten parts of the device hold.
    pub medium: Medium,
}

impl FormatOptions {
    /// Checks what does not depend on the device.
    pub(crate) fn validate(&self) -> Result<(), MkfsError> {
        if self.label.len_units() > MAX_LABEL_UNITS {
            return Err(MkfsError::LabelTooLong {
                units: self.label.len_units(),
            });
        }
        if self.label.units().contains(&0) {
            return Err(MkfsError::LabelHasNul);
        }
        match self.change_journal {
            Some(journal) if !journal.fits() => return Err(MkfsError::ChangeJournal),
            _ => {}
        }
        Ok(())
    }
}
