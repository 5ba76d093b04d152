//! Which bytes are written: the same ones for the same input, no more than are
//! needed, and the boot sector last.

use linkwright_device::{BlockDevice, Fault, FaultDevice, IoOperation, MemoryDevice};
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::{Lcn, NtTime};
use linkwright_ntfs_mkfs::{DriveGeometry, FormatOptions, Medium, MkfsError, ShortNames, format};

use crate::judges::assert_sound_and_empty;
use crate::{KIB, MIB, format_file, image, options};

fn read(device: &dyn BlockDevice, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    device.read_at(offset, &mut bytes).unwrap();
    bytes
}

fn whole(device: &dyn BlockDevice) -> Vec<u8> {
    read(device, 0, usize::try_from(device.len()).unwrap())
}

fn made(len: u64, options: &FormatOptions) -> Vec<u8> {
    let device = MemoryDevice::new(len);
    format(&device, options).unwrap();
    whole(&device)
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = made(8 * MIB, &options());
    assert!(first == made(8 * MIB, &options()));
    for other in [
        FormatOptions {
            serial: 1,
            ..options()
        },
        FormatOptions {
            time: NtTime(1),
            ..options()
        },
        FormatOptions {
            label: "Other".into(),
            ..options()
        },
        FormatOptions {
            short_names: ShortNames::On,
            ..options()
        },
    ] {
        assert!(first != made(8 * MIB, &other), "{other:?}");
    }
}

#[test]
fn on_an_unknown_medium_every_used_cluster_is_written() {
    const STALE: u8 = 0xA5;
    let len = 8 * MIB;
    let zeroed = made(len, &options());
    let device = MemoryDevice::from_bytes(&vec![STALE; usize::try_from(len).unwrap()]);
    let options = FormatOptions {
        medium: Medium::Unknown,
        ..options()
    };
    let report = format(&device, &options).unwrap();
    let stale = whole(&device);
    let mut untouched = 0;
    let cluster = usize::try_from(report.geometry.cluster_size()).unwrap();
    let clusters = usize::try_from(report.geometry.cluster_count()).unwrap();
    let volume = clusters * cluster;
    for (ours, fresh) in stale[..volume]
        .chunks(cluster)
        .zip(zeroed[..volume].chunks(cluster))
    {
        if ours.iter().all(|byte| *byte == STALE) {
            untouched += 1;
            assert!(fresh.iter().all(|byte| *byte == 0));
        } else {
            assert!(ours == fresh);
        }
    }
    assert_eq!(untouched, report.free_clusters);
}

#[test]
fn an_image_full_of_other_data_becomes_a_sound_volume() {
    let (image, report) = image(4 * MIB, &options());
    std::fs::write(image.path(), vec![0xEE; 4 << 20]).unwrap();
    let options = FormatOptions {
        medium: Medium::Unknown,
        ..options()
    };
    assert_eq!(format_file(image.path(), &options), report);
    assert_sound_and_empty(image.path(), 4096);
}

#[test]
fn unwritten_parts_stay_holes() {
    let device = MemoryDevice::new(256 << 40);
    let report = format(&device, &options()).unwrap();
    // The log is 64 MiB; the bit map alone would be 512 MiB.
    assert_eq!(report.log_size, 64 * MIB);
    assert!(device.allocated_bytes() < 67 * MIB);
    let small = MemoryDevice::new(2 * MIB);
    format(&small, &options()).unwrap();
    assert!(small.allocated_bytes() < 800 * KIB);
}

#[test]
fn both_boot_sectors_state_what_was_asked_for() {
    let len = 9 * MIB + 512;
    let device = MemoryDevice::new(len);
    let options = FormatOptions {
        drive: DriveGeometry {
            hidden_sectors: 2048,
            sectors_per_track: 17,
            heads: 3,
        },
        ..options()
    };
    let report = format(&device, &options).unwrap();
    let sector = read(&device, 0, 512);
    // The backup is the last sector of the device, not of the last cluster.
    assert_eq!(sector, read(&device, len - 512, 512));
    let boot = BootSector::decode(&sector).unwrap();
    assert_eq!(boot.geometry(), Ok(report.geometry));
    assert_eq!(boot.total_sectors.get(), len / 512 - 1);
    assert_eq!(boot.serial.get(), options.serial);
    assert_eq!(boot.hidden_sectors.get(), 2048);
    assert_eq!(boot.sectors_per_track.get(), 17);
    assert_eq!(boot.heads.get(), 3);
    assert_eq!(report.geometry.mirror_lcn(), Lcn(2));
}

#[test]
fn a_format_that_fails_leaves_no_boot_sector() {
    let writes = {
        let device = FaultDevice::new(MemoryDevice::new(4 * MIB));
        format(&device, &options()).unwrap();
        device.counts().writes
    };
    for nth in 0..writes {
        let device = FaultDevice::new(MemoryDevice::new(4 * MIB));
        device.arm(Fault::forever(IoOperation::Write, nth));
        let result = format(&device, &options());
        if device.fired() == 0 {
            result.unwrap();
            continue;
        }
        assert!(matches!(result, Err(MkfsError::Device(_))), "{result:?}");
        assert_eq!(read(device.inner(), 0, 512), [0; 512], "write {nth}");
    }
    for nth in [0, 1] {
        let device = FaultDevice::new(MemoryDevice::new(4 * MIB));
        device.arm(Fault::once(IoOperation::Flush, nth));
        let result = format(&device, &options());
        if device.fired() > 0 {
            assert!(matches!(result, Err(MkfsError::Device(_))), "{result:?}");
        }
    }
}
