//! The marks of a session: what they cost, and what others do to them.

use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice, StatsDevice};
use linkwright_ntfs::{Durability, Error, FileKind, OpenOptions, Unsupported, Volume};
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::log::LogState;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Cuts, Event, Loss};

use super::judge::{Run, run};
use super::state::tree;
use super::steps::{base, create, find, mixed_steps};
use super::sweep::log_range;
use crate::support::{ROOT, fresh, open, options, units};

#[test]
fn a_link_from_open_to_close_has_five_flushes_and_reads_little() {
    const LOG: u64 = 4 << 20;
    let log_size = Some(LOG);
    let device = fresh(
        16 << 20,
        &FormatOptions {
            log_size,
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    create(&volume, ROOT, "old", FileKind::File).unwrap();
    volume.close().unwrap();
    for durability in [
        Durability::Immediate,
        Durability::Written,
        Durability::OnSync,
    ] {
        let counted = Arc::new(StatsDevice::new(device.snapshot()));
        let options = OpenOptions {
            durability,
            ..options()
        };
        let volume = Volume::open(counted.clone(), options).unwrap();
        volume
            .hard_link(find(&volume, "old"), ROOT, &units("new"))
            .unwrap();
        volume.close().unwrap();
        let counts = counted.counts();
        assert_eq!(counts.flushes, 5, "{durability:?}");
        assert!(counts.bytes_read < LOG / 4, "{counts:?}");
    }
}

/// Steps to the first write that is wanted.
fn until(cuts: &mut Cuts, wanted: impl Fn(u64, &[u8]) -> bool) {
    while !matches!(cuts.next_event(), Some(Event::Write { offset, bytes }) if wanted(*offset, bytes))
    {
        assert!(cuts.step(), "the moment does not come");
    }
}

/// Where the record of `$Volume` and its copy lie.
fn flag_records(device: &MemoryDevice) -> [u64; 2] {
    let mut boot = [0; 512];
    device.read_at(0, &mut boot).unwrap();
    let cluster = u64::from(boot[0x0D]) * 512;
    [0x30, 0x38].map(|at| {
        let lcn = u64::from_le_bytes(boot[at..at + 8].try_into().unwrap());
        lcn * cluster + 3 * 1024
    })
}

/// The power failed when the restart pages were gone and the header was not.
fn nearly_closed(run: &Run) -> MemoryDevice {
    let start = log_range(&run.sim).start;
    let mut cuts = run.sim.cuts();
    until(&mut cuts, |offset, bytes| {
        offset == start && bytes[0] == 0xFF
    });
    cuts.step();
    cuts.image(Loss::Nothing)
}

#[test]
fn a_flag_that_another_system_set_while_the_volume_looked_at_rest_stays() {
    let run = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    let device = Arc::new(nearly_closed(&run));
    for at in flag_records(&device) {
        let mut record = [0; 1024];
        device.read_at(at, &mut record).unwrap();
        fixup::remove(&mut record).unwrap();
        let flags = flags_at(&record);
        assert_eq!(record[flags] & 1, 0);
        record[flags] |= 1;
        fixup::apply(&mut record).unwrap();
        device.write_at(at, &record).unwrap();
    }
    let error = Volume::open(device.clone(), options()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(Unsupported::Dirty)),
        "{error}"
    );
    let volume = Volume::open(device.clone(), OpenOptions::read_only()).unwrap();
    let info = volume.info().unwrap();
    assert_eq!(info.log, LogState::Empty);
    assert_eq!(tree(&volume), run.states[run.states.len() - 1]);
}

/// Where the flags lie in the record of `$Volume`.
fn flags_at(record: &[u8]) -> usize {
    use linkwright_ntfs_format::attribute::AttributeType;
    linkwright_ntfs_format::record::attributes(record)
        .map(|attribute| attribute.unwrap())
        .find(|attribute| attribute.type_code() == AttributeType::VOLUME_INFORMATION)
        .and_then(|attribute| attribute.resident_value_offset())
        .expect("the attribute")
        + 10
}

#[test]
fn our_own_flag_goes_when_the_power_failed_at_either_edge() {
    let run = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    let log = log_range(&run.sim);
    // Begun: the flag is there, one sector of the restart pages is not.
    let mut cuts = run.sim.cuts();
    until(&mut cuts, |_, bytes| bytes.starts_with(b"RSTR"));
    until(&mut cuts, |offset, _| !log.contains(&offset));
    cuts.step();
    cuts.step();
    let begun = cuts.image(Loss::Nothing);
    begun.write_at(log.start + 512, &[0xFF; 512]).unwrap();
    // Ended: the restart pages are gone, the flag is still there.
    let ended = nearly_closed(&run);
    for (image, state) in [(begun, 0), (ended, run.states.len() - 1)] {
        let [at, copy] = flag_records(&image);
        let mut record = [0; 1024];
        image.read_at(at, &mut record).unwrap();
        let flags = flags_at(&record);
        image
            .write_at(at + flags as u64, &[record[flags] | 1])
            .unwrap();
        let device = Arc::new(image);
        let report = Volume::recover(device.clone()).unwrap();
        assert!(report.needed && report.groups == 0);
        assert_eq!(tree(&open(&device)), run.states[state]);
        let (mut one, mut other) = ([0; 1024], [0; 1024]);
        device.read_at(at, &mut one).unwrap();
        device.read_at(copy, &mut other).unwrap();
        assert!(one == other && one[flags] & 1 == 0);
    }
}
