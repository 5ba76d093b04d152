//! What a volume is built on, from its boot sector or the backup of it.

use std::sync::Arc;

use linkwright_device::{BlockDevice, VolumeKind, identify};
use linkwright_ntfs_format::boot::{BOOT_SECTOR_LEN, BootSector};
use linkwright_ntfs_format::geometry::Geometry;

use super::info::Substitutes;
use crate::error::{CorruptKind, Place, Result, Unsupported};
use crate::options::Access;

/// Sector sizes, for the place of the backup: the last sector.
const SECTOR_SIZES: [u64; 4] = [512, 1024, 2048, 4096];

/// Reads the geometry. For reading, the backup stands in for a boot sector
/// that is damaged, not for one of another file system.
pub(super) fn read_geometry(
    device: &Arc<dyn BlockDevice>,
    access: Access,
) -> Result<(Geometry, Substitutes)> {
    let found = identify(device)?;
    let why = match geometry_at(device, 0)? {
        Some(Ok(geometry)) => return whole(device, geometry).map(|g| (g, Substitutes::empty())),
        Some(Err(Damaged)) => "its boot sector is damaged",
        None => found.name(),
    };
    let may_be = matches!(
        found,
        VolumeKind::Ntfs | VolumeKind::Unknown | VolumeKind::Empty
    );
    if access == Access::ReadOnly
        && may_be
        && let Some(geometry) = backup(device)?
    {
        return Ok((geometry, Substitutes::BACKUP_BOOT_SECTOR));
    }
    Err(Unsupported::NotNtfs(why.to_string()).into())
}

/// A boot sector of NTFS that contradicts itself.
struct Damaged;

/// `None` when what is there is no boot sector of NTFS, or beyond the device.
fn geometry_at(
    device: &Arc<dyn BlockDevice>,
    offset: u64,
) -> Result<Option<Result<Geometry, Damaged>>> {
    let mut sector = vec![0; BOOT_SECTOR_LEN];
    if device.len() < offset.saturating_add(BOOT_SECTOR_LEN as u64) {
        return Ok(None);
    }
    device.read_at(offset, &mut sector)?;
    Ok(match BootSector::decode(&sector) {
        Ok(boot) => Some(boot.geometry().map_err(|_| Damaged)),
        Err(_) if sector.get(3..11) == Some(b"NTFS    ") => Some(Err(Damaged)),
        Err(_) => None,
    })
}

/// The backup in the last sector of the device, if it says that it lies there.
fn backup(device: &Arc<dyn BlockDevice>) -> Result<Option<Geometry>> {
    for sector in SECTOR_SIZES {
        let Some(offset) = (device.len() / sector * sector).checked_sub(sector) else {
            continue;
        };
        if let Some(Ok(geometry)) = geometry_at(device, offset)?
            && geometry.backup_boot_offset() == offset
        {
            return Ok(Some(geometry));
        }
    }
    Ok(None)
}

/// The backup boot sector may be cut off, the clusters may not.
fn whole(device: &Arc<dyn BlockDevice>, geometry: Geometry) -> Result<Geometry> {
    let needed = geometry.cluster_count() << geometry.cluster_shift();
    if device.len() < needed {
        return Err(Place::default().corrupt(CorruptKind::DeviceTooShort));
    }
    Ok(geometry)
}
