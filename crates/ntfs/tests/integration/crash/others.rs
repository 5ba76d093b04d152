//! Other drivers meet a volume before our recovery does.

use std::ops::Range;
use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{
    CreateOptions, Durability, Error, FileKind, OpenOptions, Unsupported, Volume,
};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Cuts, Event, Loss, SimDevice};
use linkwright_testkit::oracle::ntfs3_disk::{self, Attempt};
use linkwright_testkit::oracle::{ntfs3g, ntfsfix, rust_fs_ntfs};
use linkwright_testkit::{ScratchImage, corpus, skip_unless};

use super::judge::run;
use super::state::{Tree, tree};
use super::steps::{base, create, find, mixed_steps, step};
use super::sweep::log_range;
use super::takeover::loaded;
use crate::support::{ROOT, assert_sound, fresh, image_of, open, options, units};

const AT_REST: &str = "closing, restart pages gone";

/// A moment of a session at which the power failed.
struct Stage {
    name: &'static str,
    image: MemoryDevice,
    /// What must be there after recovery.
    tree: Tree,
    /// Bytes of the device that the log takes.
    log: Range<u64>,
}

fn is_in_place(event: Option<&Event>, log: &Range<u64>) -> bool {
    matches!(event, Some(Event::Write { offset, .. }) if !log.contains(offset))
}

fn until(cuts: &mut Cuts, mut wanted: impl FnMut(&Cuts) -> bool) {
    while !wanted(cuts) {
        assert!(cuts.step(), "the moment does not come");
    }
}

fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    let all = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    let log = log_range(&all.sim);
    let start = log.start;
    let mut add = |name, cuts: &Cuts, tree: &Tree, log: &Range<u64>| {
        stages.push(Stage {
            name,
            image: cuts.image(Loss::Nothing),
            tree: tree.clone(),
            log: log.clone(),
        });
    };
    let last = &all.states[all.states.len() - 1];
    let mut cuts = all.sim.cuts();
    until(
        &mut cuts,
        |cuts| matches!(cuts.next_event(), Some(Event::Write { bytes, .. }) if bytes.starts_with(b"RSTR")),
    );
    cuts.step();
    add("begun", &cuts, &all.states[0], &log);
    // The dirty flag in its place, and not in the copy.
    cuts.step();
    add("begun, the flag in one copy", &cuts, &all.states[0], &log);
    let (position, state) = &all.safe[6];
    until(&mut cuts, |cuts| cuts.position() == *position);
    add("committed", &cuts, &all.states[*state], &log);
    let (position, _) = &all.safe[all.safe.len() - 2];
    until(&mut cuts, |cuts| cuts.position() == *position);
    until(&mut cuts, |cuts| is_in_place(cuts.next_event(), &log));
    for _ in 0..3 {
        cuts.step();
    }
    assert!(is_in_place(cuts.next_event(), &log));
    add("in the checkpoint", &cuts, last, &log);
    // The flag goes in its place first, then in the copy.
    until(&mut cuts, |cuts| !is_in_place(cuts.next_event(), &log));
    until(&mut cuts, |cuts| is_in_place(cuts.next_event(), &log));
    cuts.step();
    add("closing, the flag in one copy", &cuts, last, &log);
    until(
        &mut cuts,
        |cuts| matches!(cuts.next_event(), Some(Event::Write { offset, bytes }) if *offset == start && bytes[0] == 0xFF),
    );
    add("closing, restart pages there", &cuts, last, &log);
    cuts.step();
    add(AT_REST, &cuts, last, &log);

    let device = fresh(
        8 << 20,
        &FormatOptions {
            log_size: Some(256 << 10),
            ..FormatOptions::default()
        },
    );
    let steps = [step(|v: &Volume| {
        v.transaction(|tx| {
            for n in 0..400 {
                let name = units(&format!("name {n:05}"));
                tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
    })];
    let spilled = run(&device, Durability::Immediate, &steps);
    let log = log_range(&spilled.sim);
    let mut cuts = spilled.sim.cuts();
    let mut large = |cuts: &Cuts| matches!(cuts.next_event(), Some(Event::Write { offset, bytes }) if !log.contains(offset) && bytes.len() > 64 << 10);
    until(&mut cuts, &mut large);
    cuts.step();
    until(&mut cuts, |cuts| is_in_place(cuts.next_event(), &log));
    cuts.step();
    add("spilled", &cuts, &spilled.states[1], &log);
    stages
}

fn bytes_of(device: &MemoryDevice) -> Vec<u8> {
    let mut bytes = vec![0; device.len() as usize];
    device.read_at(0, &mut bytes).unwrap();
    bytes
}

/// What a driver left is what the power left.
fn assert_untouched(stage: &Stage, image: &ScratchImage, who: &str) {
    let after = std::fs::read(image.path()).expect("the image");
    let first = bytes_of(&stage.image)
        .iter()
        .zip(&after)
        .position(|(before, after)| before != after);
    assert_eq!(first, None, "{who} wrote to a volume {}", stage.name);
}

/// Our recovery finds everything, whoever looked at the volume before.
fn assert_nothing_lost(stage: &Stage, image: &ScratchImage, who: &str) {
    let what = format!("{} after {who}", stage.name);
    let device = Arc::new(MemoryDevice::from_bytes(
        &std::fs::read(image.path()).expect("the image"),
    ));
    Volume::recover(device.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_sound(&*device);
    let volume = open(&device);
    assert_eq!(tree(&volume), stage.tree, "{what}");
}

/// The restart pages are gone and everything is in place: for all others the
/// volume is at rest.
fn is_at_rest(stage: &Stage) -> bool {
    stage.name == AT_REST
}

#[test]
fn ntfs_3g_does_not_write_before_recovery() {
    skip_unless!(ntfs3g::available());
    for stage in stages() {
        // Its defaults throw away the log of a volume that is not clean; the
        // restart pages must keep it from that.
        for options in ["", "recover", "recover,remove_hiberfile", "norecover", "ro"] {
            let image = image_of(&stage.image);
            if is_at_rest(&stage) && options != "ro" {
                continue;
            }
            let who = format!("ntfs-3g -o {options:?}");
            match ntfs3g::Mount::with_options(image.path(), options) {
                Ok(mount) => {
                    let write = std::fs::write(mount.path().join("foreign"), b"x");
                    assert!(write.is_err(), "{who} writes to a volume {}", stage.name);
                    mount.unmount().unwrap();
                }
                Err(refused) => println!(
                    "{}: {who}: {}",
                    stage.name,
                    refused.output.lines().next().unwrap_or_default()
                ),
            }
            assert_untouched(&stage, &image, &who);
            assert_nothing_lost(&stage, &image, &who);
        }
    }
}

#[test]
fn rust_fs_ntfs_does_not_write_before_recovery() {
    use rust_fs_ntfs::Mount;
    for stage in stages() {
        for how in [
            Mount::ReadOnly,
            Mount::ReadWrite,
            Mount::Replaying,
            Mount::ReplayOnly,
            Mount::Repair,
        ] {
            let image = image_of(&stage.image);
            let answer = rust_fs_ntfs::mount(image.path(), how);
            // Reading works, all that would write is refused.
            assert_eq!(
                answer.is_ok(),
                how == Mount::ReadOnly,
                "{how:?}: {answer:?}"
            );
            assert_untouched(&stage, &image, &format!("rust-fs-ntfs, {how:?}"));
        }
        let image = image_of(&stage.image);
        assert_nothing_lost(&stage, &image, "nobody");
    }
}

#[test]
fn ntfs3_does_not_write_before_recovery() {
    skip_unless!(ntfs3_disk::available());
    let stages = stages();
    let tries: Vec<(&Stage, &str, ScratchImage)> = stages
        .iter()
        .flat_map(|stage| {
            ["rw", "ro", "rw,force", "ro,force"].map(|way| (stage, way, image_of(&stage.image)))
        })
        .collect();
    let attempts: Vec<Attempt<'_>> = tries
        .iter()
        .map(|(_, options, image)| Attempt {
            image: image.path(),
            options,
            commands: "",
        })
        .collect();
    let outcomes = ntfs3_disk::try_all(&attempts).unwrap();
    for ((stage, options, image), outcome) in tries.iter().zip(outcomes) {
        let who = format!("ntfs3 -o {options}");
        let expected = options.starts_with("ro") || is_at_rest(stage);
        assert_eq!(
            outcome.mounted, expected,
            "{who}, {}: {outcome:?}",
            stage.name
        );
        if !outcome.mounted {
            println!("{}: {who}: {:?}", stage.name, outcome.said.last());
        }
        assert_untouched(stage, image, &who);
        assert_nothing_lost(stage, image, &who);
    }
}

#[test]
fn ntfsfix_empties_the_log_when_asked_to_and_we_then_refuse() {
    skip_unless!(ntfsfix::available());
    for stage in stages() {
        let image = image_of(&stage.image);
        ntfsfix::findings(image.path()).expect("ntfsfix -n");
        assert_untouched(&stage, &image, "ntfsfix -n");
        assert_nothing_lost(&stage, &image, "ntfsfix -n");
        ntfsfix::repair(image.path()).expect("ntfsfix");
        let after = std::fs::read(image.path()).unwrap();
        let device = Arc::new(MemoryDevice::from_bytes(&after));
        if is_at_rest(&stage) {
            // Everything is in place; the flag is theirs and stays.
            let error = Volume::open(device.clone(), options()).unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Dirty)),
                "{error}"
            );
            let volume = Volume::open(device, OpenOptions::read_only()).unwrap();
            assert_eq!(tree(&volume), stage.tree);
            continue;
        }
        let log = stage.log.start as usize..stage.log.end as usize;
        assert!(after[log].iter().all(|byte| *byte == 0xFF));
        let error = Volume::open(device.clone(), options()).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::Dirty)),
            "{}: {error}",
            stage.name
        );
        assert!(
            bytes_of(&device) == after,
            "a refused volume is not written to"
        );
    }
}

/// A foreign driver that heeds no mark changes one sector that the journal
/// describes.
#[test]
fn a_foreign_write_is_named_at_every_stage() {
    for stage in stages() {
        let foreign = foreign_sectors(&stage);
        let waiting = [
            "committed",
            "in the checkpoint",
            "closing, the flag in one copy",
            "spilled",
        ]
        .contains(&stage.name);
        assert_eq!(!foreign.is_empty(), waiting, "{}", stage.name);
        for at in foreign.iter().step_by(foreign.len() / 20 + 1) {
            let device = Arc::new(stage.image.snapshot());
            let mut sector = [0; 512];
            device.read_at(*at, &mut sector).unwrap();
            sector[77] ^= 0x40;
            device.write_at(*at, &sector).unwrap();
            let before = bytes_of(&device);
            let error = Volume::open(device.clone(), options()).unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::ForeignWriter { offset }) if offset == *at),
                "{} {at:#x}: {error}",
                stage.name
            );
            assert!(
                bytes_of(&device) == before,
                "a refused volume is not written to"
            );
            Volume::open(device, OpenOptions::read_only()).expect("it can be read");
        }
    }
}

/// Sectors that recovery brings into place: the writes outside the log between
/// its first two flushes. Before those it may set the dirty flag.
fn foreign_sectors(stage: &Stage) -> Vec<u64> {
    let sim = Arc::new(SimDevice::new(&stage.image));
    Volume::recover(sim.clone()).unwrap();
    let mut cuts = sim.cuts();
    let mut sectors = Vec::new();
    let mut flushed = false;
    loop {
        match cuts.next_event() {
            Some(Event::Write { offset, bytes }) if !stage.log.contains(offset) => {
                if flushed {
                    sectors.extend((*offset..offset + bytes.len() as u64).step_by(512));
                }
            }
            Some(Event::Flush) if !flushed => flushed = true,
            _ => return sectors,
        }
        cuts.step();
    }
}

#[test]
fn after_recovery_all_others_mount_the_volume_clean() {
    let recovered: Vec<(Stage, ScratchImage)> = stages()
        .into_iter()
        .map(|stage| {
            let device = stage.image.snapshot();
            let device = Arc::new(device);
            Volume::recover(device.clone()).unwrap();
            let image = image_of(&device);
            (stage, image)
        })
        .collect();
    for (stage, image) in &recovered {
        rust_fs_ntfs::assert_clean(image.path());
        rust_fs_ntfs::mount(image.path(), rust_fs_ntfs::Mount::ReadWrite)
            .unwrap_or_else(|e| panic!("{}: {e}", stage.name));
    }
    skip_unless!(ntfsfix::available());
    skip_unless!(ntfs3g::available());
    for (stage, image) in &recovered {
        ntfsfix::assert_clean(image.path());
        let copy = ScratchImage::copy_of(image.path()).unwrap();
        let mount = ntfs3g::Mount::with_options(copy.path(), "norecover").unwrap();
        std::fs::write(mount.path().join("theirs"), b"x")
            .unwrap_or_else(|e| panic!("{}: {e}", stage.name));
        mount.unmount().unwrap();
        ntfsfix::assert_clean(copy.path());
    }
    skip_unless!(ntfs3_disk::available());
    let attempts: Vec<Attempt<'_>> = recovered
        .iter()
        .map(|(_, image)| Attempt {
            image: image.path(),
            options: "rw",
            commands: "echo x >theirs && cat theirs",
        })
        .collect();
    let outcomes = ntfs3_disk::try_all(&attempts).unwrap();
    for ((stage, _), outcome) in recovered.iter().zip(outcomes) {
        assert!(outcome.mounted, "{}: {outcome:?}", stage.name);
        assert_eq!(outcome.said, ["x"], "{}", stage.name);
    }
}

/// While the restart pages are written or removed they may be torn. Nothing
/// waits in the journal then, so a driver that takes the volume for one at rest
/// is right.
#[test]
fn torn_restart_pages_are_met_by_ntfs3_before_us() {
    skip_unless!(ntfs3_disk::available());
    let run = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    let start = log_range(&run.sim).start;
    let mut cuts = run.sim.cuts();
    let mut images = Vec::new();
    loop {
        let head =
            matches!(cuts.next_event(), Some(Event::Write { offset, .. }) if *offset == start);
        if !cuts.step() {
            break;
        }
        if head {
            let state = if images.is_empty() {
                0
            } else {
                run.states.len() - 1
            };
            images.extend((0..14).map(|seed| {
                let device = cuts.image(Loss::Seed(seed));
                (state, bytes_of(&device), image_of(&device))
            }));
        }
    }
    assert_eq!(images.len(), 28);
    let attempts: Vec<Attempt<'_>> = images
        .iter()
        .map(|(_, _, image)| Attempt {
            image: image.path(),
            options: "rw",
            commands: "",
        })
        .collect();
    let outcomes = ntfs3_disk::try_all(&attempts).unwrap();
    for ((state, before, image), outcome) in images.iter().zip(outcomes) {
        let after = std::fs::read(image.path()).unwrap();
        // The volume is at rest to it where no page is left; at the unmount it
        // makes `$MFTMirr` follow `$MFT`.
        assert!(outcome.mounted || *before == after, "{outcome:?}");
        let device = Arc::new(MemoryDevice::from_bytes(&after));
        Volume::recover(device.clone()).unwrap();
        assert_eq!(tree(&open(&device)), run.states[*state], "{outcome:?}");
    }
}

/// A driver was cut off while it filled the log: records of Windows lie behind
/// a start that looks empty. Our session does not read that far.
#[test]
fn ntfs3_finds_no_use_for_old_records_of_windows_behind_our_marks() {
    skip_unless!(ntfs3_disk::available());
    let path = corpus::Volume::LastAccess.bare();
    skip_unless!(path.as_ref().map(drop).map_err(Clone::clone));
    let base = loaded(&path.unwrap());
    let steps = [
        step(|v: &Volume| create(v, ROOT, "new", FileKind::File).map(drop)),
        step(|v: &Volume| v.hard_link(find(v, "new"), ROOT, &units("second"))),
    ];
    let log = log_range(&run(&base, Durability::Immediate, &steps).sim);
    base.write_at(log.start, &[0xFF; 36 * 4096]).unwrap();
    let run = run(&base, Durability::Immediate, &steps);
    let (position, state) = run.safe[run.safe.len() - 2];
    let mut cuts = run.sim.cuts();
    until(&mut cuts, |cuts| cuts.position() == position);
    let committed = cuts.image(Loss::Nothing);
    let bytes = bytes_of(&committed);
    let log = &bytes[log.start as usize..log.end as usize];
    let theirs = log.chunks(4096).filter(|page| page.starts_with(b"RCRD"));
    assert!(theirs.count() > 10);
    let image = image_of(&committed);
    let attempts = ["rw", "rw,force"].map(|options| Attempt {
        image: image.path(),
        options,
        commands: "",
    });
    for outcome in ntfs3_disk::try_all(&attempts).unwrap() {
        assert!(!outcome.mounted, "{outcome:?}");
    }
    assert!(std::fs::read(image.path()).unwrap() == bytes);
    let device = Arc::new(committed);
    Volume::recover(device.clone()).unwrap();
    assert_eq!(tree(&open(&device)), run.states[state]);
}
