//! Scratch space: clusters in use in memory only.

use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{Error, Operate, Operations, Questions, Steps, Volume};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Loss, SimDevice};

use crate::support::{ROOT, assert_sound, file, fresh, open, options, pattern, read_all, units};

const LEN: u64 = 16 << 20;

fn free(volume: &Volume) -> u64 {
    volume.info().expect("info").free_clusters
}

#[test]
fn scratch_holds_bytes_counts_as_used_and_goes_when_it_is_dropped() {
    let device = fresh(LEN, &FormatOptions::default());
    let volume = open(&device);
    let before = free(&volume);
    let mut scratch = volume.scratch().unwrap();
    scratch.grow(3_000_000).unwrap();
    assert!(scratch.capacity() >= 3_000_000);
    assert!(free(&volume) <= before - 3_000_000 / 4096);

    let bytes = pattern(1, 2_500_000);
    scratch.write_at(400_123, &bytes).unwrap();
    // Files made meanwhile do not come into its way.
    let other = file(&volume, ROOT, "other");
    let data = pattern(2, 5_000_000);
    volume.write_at(other, &[], 0, &data).unwrap();
    volume.sync().unwrap();
    let mut back = vec![0; bytes.len()];
    scratch.read_at(400_123, &mut back).unwrap();
    assert!(back == bytes);
    assert!(read_all(&volume, other, &[]) == data);
    assert!(scratch.read_at(scratch.capacity(), &mut [0]).is_err());

    volume.remove(ROOT, &units("other")).unwrap();
    drop(scratch);
    assert_eq!(free(&volume), before);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_full_volume_gives_no_scratch_and_scratch_leaves_no_room_for_files() {
    let device = fresh(LEN, &FormatOptions::default());
    let volume = open(&device);
    let mut scratch = volume.scratch().unwrap();
    let most = free(&volume) * 4096;
    assert!(matches!(scratch.grow(most + 4096), Err(Error::DiskFull)));
    // What it got stays its own.
    assert_eq!(free(&volume), 0);
    let small = file(&volume, ROOT, "small");
    let full = volume.write_at(small, &[], 0, &pattern(3, 1 << 20));
    assert!(matches!(full, Err(Error::DiskFull)));
    drop(scratch);
    volume
        .write_at(small, &[], 0, &pattern(3, 1 << 20))
        .unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_crash_frees_scratch_and_a_closed_volume_takes_it_back() {
    let base = fresh(LEN, &FormatOptions::default());
    let sim = Arc::new(SimDevice::new(&base));
    let volume = Volume::open(sim.clone(), options()).unwrap();
    let kept = file(&volume, ROOT, "kept");
    let before = free(&volume);
    let mut scratch = volume.scratch().unwrap();
    scratch.grow(1 << 20).unwrap();
    scratch.write_at(0, &pattern(4, 1 << 20)).unwrap();
    volume.write_at(kept, &[], 0, &pattern(5, 4000)).unwrap();
    volume.sync().unwrap();
    scratch.write_at(0, &pattern(6, 1 << 20)).unwrap();

    let mut cuts = sim.cuts();
    while cuts.step() {}
    for loss in [Loss::All, Loss::Nothing, Loss::Seed(1)] {
        let image = Arc::new(cuts.image(loss));
        let after = open(&image);
        assert!(free(&after) + 1 >= before, "{loss:?}");
        after.close().unwrap();
        assert_sound(&*image);
    }
    volume.close().unwrap();
    assert!(matches!(scratch.write_at(0, &[1]), Err(Error::Latched)));
    assert!(matches!(scratch.read_at(0, &mut [1]), Err(Error::Latched)));
}

#[test]
fn the_steps_of_a_transaction_see_each_other_and_go_back_together() {
    let device: Arc<MemoryDevice> = fresh(LEN, &FormatOptions::default());
    let volume = open(&device);
    let result = volume.transaction(|tx| {
        let steps = Steps::new(tx);
        let made = steps.create(
            ROOT,
            &units("a"),
            linkwright_ntfs::FileKind::File,
            &linkwright_ntfs::CreateOptions::default(),
        )?;
        steps.hard_link(made, ROOT, &units("b"))?;
        assert_eq!(steps.names(made)?.len(), 2);
        let names: Vec<_> = steps.listing(ROOT)?.map(|e| e.unwrap().name).collect();
        assert!(names.iter().any(|name| name.units() == units("b")));
        // A step that fails takes only itself back.
        let failed = steps.whole(|tx| {
            tx.remove(ROOT, &units("a"))?;
            tx.remove(ROOT, &units("missing"))
        });
        assert!(failed.is_err());
        assert!(steps.lookup(ROOT, &units("a"))?.is_some());
        assert!(steps.about()?.free_clusters > 0);
        steps.make_durable()?;
        steps.remove(ROOT, &units("missing"))
    });
    assert!(result.is_err());
    assert!(volume.lookup(ROOT, &units("a")).unwrap().is_none());
    volume.close().unwrap();
    assert_sound(&*device);
}
