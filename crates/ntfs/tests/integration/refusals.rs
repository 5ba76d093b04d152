//! Volumes that are not written to because of what others left on them, and
//! the ways out.

use std::sync::Arc;

use linkwright_device::{BlockDevice, FileDevice, FileOptions, MemoryDevice, Overlay};
use linkwright_ntfs::{
    CreateOptions, DirtyPolicy, Durability, Error, FileKind, OpenOptions, ShadowPolicy,
    Unsupported, Volume,
};
use linkwright_ntfs_format::volume_information::VolumeFlags;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Loss, SimDevice};
use linkwright_testkit::corpus;
use linkwright_testkit::skip_unless;

use crate::support::{ROOT, assert_sound, directory, file, fresh, open, options, units};

const STORES: &str = "{3808876b-c176-4e48-b7ae-04046e6cc752}";
const STORE: &str = "{9b29a46e-a463-11e2-be7c-000c29f64dcf}";

fn in_spite() -> OpenOptions {
    OpenOptions {
        shadow_copies: ShadowPolicy::Ignore,
        ..options()
    }
}

fn bytes_of(device: &MemoryDevice) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut bytes).unwrap();
    bytes
}

fn refused(result: Result<Volume, Error>) -> Unsupported {
    match result {
        Err(Error::Unsupported(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// A volume with the files that shadow copies have.
fn with_files(names: &[&str]) -> Arc<MemoryDevice> {
    let device = fresh(8 << 20, &FormatOptions::default());
    let volume = open(&device);
    let folder = directory(&volume, ROOT, "System Volume Information");
    for name in names {
        file(&volume, folder, name);
    }
    volume.close().unwrap();
    device
}

#[test]
fn shadow_copies_keep_their_volume_unless_they_are_given_up() {
    let device = with_files(&["tracking.log", STORES, &format!("{STORE}{STORES}")]);
    let before = bytes_of(&device);
    let why = refused(Volume::open(device.clone(), options()));
    assert_eq!(why, Unsupported::ShadowCopies);
    assert!(bytes_of(&device) == before);
    let reader = Volume::open(device.clone(), OpenOptions::read_only()).unwrap();
    assert!(reader.entries(ROOT).unwrap().len() > 10);
    drop(reader);
    let volume = Volume::open(device.clone(), in_spite()).unwrap();
    file(&volume, ROOT, "new");
    volume.close().unwrap();
    assert_sound(&*device);

    // The catalog stays behind when the last store goes.
    let device = with_files(&["tracking.log", STORES]);
    open(&device).close().unwrap();
}

/// A session that was begun in spite of them is recovered, and writing goes on
/// in spite of them only.
#[test]
fn a_session_beside_shadow_copies_is_recovered_and_not_gone_on_with() {
    let device = with_files(&[&format!("{STORE}{STORES}")]);
    let sim = Arc::new(SimDevice::new(&device));
    let options_then = OpenOptions {
        durability: Durability::Immediate,
        ..in_spite()
    };
    let volume = Volume::open(sim.clone(), options_then).unwrap();
    file(&volume, ROOT, "new");
    let mut cuts = sim.cuts();
    while cuts.step() {}
    for recover in [true, false] {
        let image = Arc::new(cuts.image(Loss::All));
        if recover {
            assert!(Volume::recover(image.clone()).unwrap().needed);
        } else {
            let why = refused(Volume::open(image.clone(), options()));
            assert_eq!(why, Unsupported::ShadowCopies);
        }
        assert_sound(&*image);
        let volume = Volume::open(image, OpenOptions::read_only()).unwrap();
        assert!(volume.lookup(ROOT, &units("new")).unwrap().is_some());
        let info = volume.info().unwrap();
        assert!(!info.flags.contains(VolumeFlags::DIRTY));
    }
}

#[test]
fn shadow_copies_that_windows_made_are_seen() {
    let path = corpus::Volume::VssTest.bare();
    skip_unless!(path.as_ref().map(drop).map_err(Clone::clone));
    let file_device = FileDevice::open(path.unwrap(), &FileOptions::read_only()).unwrap();
    let device: Arc<dyn BlockDevice> = Arc::new(Overlay::new(Arc::new(file_device)));
    let why = refused(Volume::open(device.clone(), options()));
    assert_eq!(why, Unsupported::ShadowCopies);
    let volume = Volume::open(device, in_spite()).unwrap();
    file(&volume, ROOT, "new");
    volume.close().unwrap();
}

/// Sets the flag as another system does.
fn marked_dirty(device: &Arc<MemoryDevice>) {
    let image = linkwright_testkit::ScratchImage::zeroed(device.len());
    std::fs::write(image.path(), bytes_of(device)).unwrap();
    linkwright_testkit::oracle::rust_fs_ntfs::set_dirty(image.path()).unwrap();
    device
        .write_at(0, &std::fs::read(image.path()).unwrap())
        .unwrap();
}

fn is_dirty(device: &Arc<MemoryDevice>) -> bool {
    let volume = Volume::open(device.clone(), OpenOptions::read_only()).unwrap();
    volume.info().unwrap().flags.contains(VolumeFlags::DIRTY)
}

#[test]
fn a_dirty_volume_is_refused_until_the_flag_is_cleared() {
    let device = fresh(8 << 20, &FormatOptions::default());
    marked_dirty(&device);
    assert!(is_dirty(&device));
    assert_eq!(
        refused(Volume::open(device.clone(), options())),
        Unsupported::Dirty
    );
    // Writing in spite of it leaves it.
    let ignoring = OpenOptions {
        dirty: DirtyPolicy::Ignore,
        ..options()
    };
    let volume = Volume::open(device.clone(), ignoring).unwrap();
    file(&volume, ROOT, "new");
    volume.close().unwrap();
    assert!(is_dirty(&device));
    assert!(Volume::clear_dirty(device.clone(), options()).unwrap());
    assert!(!is_dirty(&device));
    assert_sound(&*device);
    let before = bytes_of(&device);
    assert!(!Volume::clear_dirty(device.clone(), options()).unwrap());
    assert!(
        bytes_of(&device) == before,
        "nothing to do, nothing written"
    );
    open(&device).close().unwrap();
}

/// Clearing the flag is journaled: it is there or gone, whole.
#[test]
fn clearing_the_flag_may_be_cut_off() {
    let device = fresh(8 << 20, &FormatOptions::default());
    marked_dirty(&device);
    let sim = Arc::new(SimDevice::new(&device));
    Volume::clear_dirty(sim.clone(), options()).unwrap();
    let mut cuts = sim.cuts();
    let mut gone = 0;
    loop {
        for loss in [Loss::All, Loss::Nothing, Loss::Seed(1), Loss::Seed(2)] {
            let image = Arc::new(cuts.image(loss));
            match Volume::open(image.clone(), options()) {
                Ok(volume) => {
                    gone += 1;
                    volume.close().unwrap();
                }
                Err(Error::Unsupported(Unsupported::Dirty)) => {}
                Err(error) => panic!("{}, {loss:?}: {error}", cuts.position()),
            }
            Volume::clear_dirty(image.clone(), options()).unwrap();
            assert!(!is_dirty(&image));
            assert_sound(&*image);
        }
        if !cuts.step() {
            break;
        }
    }
    assert!(gone >= 4, "the last cuts");
}

#[test]
fn the_flag_is_not_cleared_over_the_work_of_others() {
    // A hibernated Windows.
    let device = fresh(8 << 20, &FormatOptions::default());
    let volume = open(&device);
    let sleep = file(&volume, ROOT, "hiberfil.sys");
    volume
        .write_at(sleep, &[], 0, &[&b"HIBR"[..], &[0; 8000]].concat())
        .unwrap();
    volume.close().unwrap();
    let error = Volume::clear_dirty(device.clone(), options()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::Hibernated)));
    // Shadow copies.
    let device = with_files(&[&format!("{STORE}{STORES}")]);
    let error = Volume::clear_dirty(device.clone(), options()).unwrap_err();
    assert!(matches!(
        error,
        Error::Unsupported(Unsupported::ShadowCopies)
    ));
    // A log with the work of Windows.
    let path = corpus::Volume::Win7Tiny.bare();
    skip_unless!(path.as_ref().map(drop).map_err(Clone::clone));
    let device = Arc::new(MemoryDevice::from_bytes(
        &std::fs::read(path.unwrap()).unwrap(),
    ));
    let before = bytes_of(&device);
    let error = Volume::clear_dirty(device.clone(), options()).unwrap_err();
    assert!(matches!(
        error,
        Error::Unsupported(Unsupported::LogHoldsWork)
    ));
    assert!(bytes_of(&device) == before);
}

/// A session of ours that was cut off on a volume that was dirty before.
#[test]
fn a_session_on_a_dirty_volume_is_finished_and_cleared() {
    let device = fresh(8 << 20, &FormatOptions::default());
    marked_dirty(&device);
    let sim = Arc::new(SimDevice::new(&device));
    let ignoring = OpenOptions {
        dirty: DirtyPolicy::Ignore,
        durability: Durability::Immediate,
        ..options()
    };
    let volume = Volume::open(sim.clone(), ignoring).unwrap();
    let none = CreateOptions::default();
    volume
        .create(ROOT, &units("new"), FileKind::File, &none)
        .unwrap();
    let mut cuts = sim.cuts();
    while cuts.step() {}
    let image = Arc::new(cuts.image(Loss::All));
    assert!(Volume::clear_dirty(image.clone(), options()).unwrap());
    assert!(!is_dirty(&image));
    let volume = open(&image);
    assert!(volume.lookup(ROOT, &units("new")).unwrap().is_some());
}
