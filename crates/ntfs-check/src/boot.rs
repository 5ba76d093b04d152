//! The boot sector and its copy.

use core::mem::offset_of;

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::boot::{BOOT_SECTOR_LEN, BootError, BootErrorKind, BootSector};
use linkwright_ntfs_format::geometry::{Geometry, MAX_CLUSTERS};

use crate::code::ProblemCode as Code;
use crate::problem::Problem;
use crate::report::{CheckError, Reporter};

const SECTOR: u64 = BOOT_SECTOR_LEN as u64;
/// Where the boot code starts, behind the volume's parameters.
const CODE: usize = offset_of!(BootSector, code);

fn read(device: &dyn BlockDevice, offset: u64) -> Result<[u8; BOOT_SECTOR_LEN], BootError> {
    let mut sector = [0; BOOT_SECTOR_LEN];
    device.read_at(offset, &mut sector).map_err(|_| BootError {
        kind: BootErrorKind::Truncated,
        offset: 0,
    })?;
    Ok(sector)
}

fn decode(sector: &[u8]) -> Result<Geometry, BootError> {
    BootSector::decode(sector)?.geometry()
}

/// The volume's geometry, from the first boot sector or, failing that, from
/// its copy at the end of the device.
pub(crate) fn check(
    device: &dyn BlockDevice,
    report: &mut Reporter<'_>,
) -> Result<Geometry, CheckError> {
    let first = read(device, 0);
    let geometry = match first.as_ref().map_err(|e| *e).and_then(|s| decode(s)) {
        Ok(geometry) => {
            check_copy(device, &geometry, first.as_ref().ok(), report);
            geometry
        }
        Err(error) => {
            let geometry = from_copy(device).ok_or(CheckError::NoBootSector(error))?;
            report.report(
                Problem::new(Code::BootSector)
                    .offset(error.offset)
                    .found(error.kind.to_string()),
            );
            geometry
        }
    };
    let clusters = geometry.cluster_count();
    if clusters > MAX_CLUSTERS {
        return Err(CheckError::TooLarge {
            what: "clusters",
            found: clusters,
            limit: MAX_CLUSTERS,
        });
    }
    if geometry.backup_boot_offset() > device.len() {
        report.report(
            Problem::new(Code::DeviceTooShort)
                .found(device.len())
                .expected(geometry.device_len()),
        );
    }
    Ok(geometry)
}

fn check_copy(
    device: &dyn BlockDevice,
    geometry: &Geometry,
    first: Option<&[u8; BOOT_SECTOR_LEN]>,
    report: &mut Reporter<'_>,
) {
    let offset = geometry.backup_boot_offset();
    let problem = Problem::new(Code::BackupBootSector);
    match read(device, offset) {
        Ok(copy) => {
            let differs = first.and_then(|first| first.iter().zip(&copy).position(|(a, b)| a != b));
            if let Some(at) = differs {
                // What starts the machine is put into the first one only by
                // some of Windows' own tools.
                let in_code = at >= CODE;
                let value = |sector: Option<&[u8; BOOT_SECTOR_LEN]>| {
                    let byte = sector.and_then(|sector| sector.get(at)).copied();
                    crate::problem::Value::Hex(byte.unwrap_or(0).into())
                };
                let mut problem = problem.offset(at);
                problem.found = Some(value(Some(&copy)));
                problem.expected = Some(value(first));
                report.report(problem.note_if(in_code));
            }
        }
        // A drive letter, read from end to end, gives all but this sector.
        Err(_) => report.report(
            problem
                .found("nothing there")
                .expected("a copy")
                .note_if(device.len() == offset),
        ),
    }
}

/// The copy lies in the last sector of the partition; of 512 bytes as a rule.
fn from_copy(device: &dyn BlockDevice) -> Option<Geometry> {
    [SECTOR, 4096, 2048, 1024].into_iter().find_map(|size| {
        let offset = device.len().checked_sub(size)?;
        let geometry = decode(&read(device, offset).ok()?).ok()?;
        (geometry.backup_boot_offset() == offset).then_some(geometry)
    })
}
