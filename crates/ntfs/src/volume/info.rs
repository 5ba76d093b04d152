//! What a volume says of itself.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::log::LogState;
use linkwright_ntfs_format::num::units_from_le;
use linkwright_ntfs_format::volume_information::{VolumeFlags, VolumeInformation};

use super::Volume;
use crate::attr::{AttrKey, AttrRef};
use crate::engine::Engine;
use crate::error::{Place, Result};
use crate::record::MIRRORED;
use crate::usn::ChangeJournalState;

bitflags::bitflags! {
    /// What is damaged and read from its copy instead; never on a volume that
    /// is open for writing.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Substitutes: u8 {
        /// The boot sector, from the volume's last sector.
        const BACKUP_BOOT_SECTOR = 1;
        /// One of the first four records of `$MFT`, from `$MFTMirr`.
        const MFT_MIRROR = 2;
    }
}

/// What a volume says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInfo {
    /// Label in UTF-16 units.
    pub label: Vec<u16>,
    /// Serial number.
    pub serial: u64,
    /// Version of NTFS.
    pub version: (u8, u8),
    /// Flags.
    pub flags: VolumeFlags,
    /// State of `$LogFile` when asked.
    pub log: LogState,
    /// Bytes of a sector.
    pub sector_size: u16,
    /// Bytes of a cluster.
    pub cluster_size: u32,
    /// Bytes of a file record.
    pub record_size: u32,
    /// Clusters of the volume.
    pub clusters: u64,
    /// Clusters that are free.
    pub free_clusters: u64,
    /// File records there are.
    pub records: u64,
    /// What is damaged and was read from its copy.
    pub substitutes: Substitutes,
    /// The change journal.
    pub change_journal: ChangeJournalState,
}

/// Bytes at the start of `$LogFile` that tell its state: two pages.
pub(super) const LOG_HEAD: usize = 8192;
/// The longest label: `$AttrDef` allows 256 bytes.
const MAX_LABEL: usize = 256;

impl Engine {
    /// `$VOLUME_INFORMATION` and where it is.
    pub(crate) fn volume_information(&self) -> Result<(AttrRef, VolumeInformation)> {
        let key = AttrKey::unnamed(AttributeType::VOLUME_INFORMATION);
        let found = self.need(RecordNumber::VOLUME, key)?;
        let info = VolumeInformation::decode(found.resident()?)
            .map_err(|e| Place::attribute(RecordNumber::VOLUME, key.type_code).format(e))?;
        Ok((found.at, info))
    }

    /// The state of the log on the device.
    pub(crate) fn log_state(&self) -> Result<LogState> {
        let key = AttrKey::unnamed(AttributeType::DATA);
        let Some(map) = self.stream_map(RecordNumber::LOG_FILE, key)? else {
            return Ok(LogState::Unknown);
        };
        let place = Place::attribute(RecordNumber::LOG_FILE, key.type_code);
        let len = usize::try_from(map.sizes.data)
            .unwrap_or(usize::MAX)
            .min(LOG_HEAD);
        let mut head = vec![0; len];
        if len > 0 {
            self.read_direct(&map, 0, &mut head, place)?;
        }
        Ok(LogState::of(&head))
    }

    /// What is read from its copy.
    fn substitutes(&self) -> Substitutes {
        let mut found = self.substitutes;
        let damaged = (0..MIRRORED).any(|n| self.own_record(RecordNumber(n)).is_err());
        found.set(Substitutes::MFT_MIRROR, damaged);
        found
    }

    /// What the volume says of itself.
    pub(crate) fn info(&self) -> Result<VolumeInfo> {
        let (_, information) = self.volume_information()?;
        let geometry = &self.geometry;
        Ok(VolumeInfo {
            label: self.label()?,
            serial: geometry.serial(),
            version: (information.major, information.minor),
            flags: information.flags,
            log: self.log_state()?,
            sector_size: geometry.bytes_per_sector(),
            cluster_size: geometry.cluster_size(),
            record_size: geometry.record_size(),
            clusters: geometry.cluster_count(),
            free_clusters: self.count_free_clusters()? + self.lent_clusters(),
            records: self.record_count(),
            substitutes: self.substitutes(),
            change_journal: self.change_journal()?,
        })
    }

    /// The label in UTF-16 units.
    pub(crate) fn label(&self) -> Result<Vec<u16>> {
        let key = AttrKey::unnamed(AttributeType::VOLUME_NAME);
        let value = self.read_value(RecordNumber::VOLUME, key, MAX_LABEL)?;
        Ok(units_from_le(&value.unwrap_or_default()))
    }
}

impl Volume {
    /// What the volume says of itself. Free clusters are counted anew.
    ///
    /// # Errors
    /// `$Volume` or `$Bitmap` cannot be read.
    pub fn info(&self) -> Result<VolumeInfo> {
        self.read()?.info()
    }
}
