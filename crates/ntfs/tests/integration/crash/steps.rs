//! What is done to a volume before the power fails.

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{CreateOptions, FileId, FileKind, LinkType, Replace, Result, Volume};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{MountPoint, SymbolicLink};

use crate::support::{ROOT, fresh, open, units};

pub(super) type Step = Box<dyn Fn(&Volume) -> Result<()>>;

pub(super) fn step(run: impl Fn(&Volume) -> Result<()> + 'static) -> Step {
    Box::new(run)
}

pub(super) fn create(
    volume: &Volume,
    parent: FileId,
    name: &str,
    kind: FileKind,
) -> Result<FileId> {
    volume.create(parent, &units(name), kind, &CreateOptions::default())
}

/// The file of a name that is there; for steps during which a read may fail.
pub(super) fn seek(volume: &Volume, name: &str) -> Result<FileId> {
    let entry = volume.lookup(ROOT, &units(name))?;
    Ok(entry.unwrap_or_else(|| panic!("{name}")).file)
}

pub(super) fn find(volume: &Volume, name: &str) -> FileId {
    let entry = volume.lookup(ROOT, &units(name)).unwrap();
    entry.unwrap_or_else(|| panic!("{name}")).file
}

/// A volume with a file of one name, a directory, and a file with contents.
pub(super) fn base(prepare: impl FnOnce(&Volume)) -> MemoryDevice {
    let device = fresh(4 << 20, &FormatOptions::default());
    let volume = open(&device);
    let file = create(&volume, ROOT, "old", FileKind::File).unwrap();
    volume.write_at(file, &[], 0, &[5; 9000]).unwrap();
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    prepare(&volume);
    volume.close().unwrap();
    device.snapshot()
}

pub(super) fn mixed_steps() -> Vec<Step> {
    vec![
        step(|v| create(v, ROOT, "new", FileKind::File).map(drop)),
        step(|v| v.hard_link(seek(v, "new")?, ROOT, &units("second"))),
        step(|v| v.write_at(seek(v, "old")?, &[], 4000, &[6; 3000])),
        step(|v| {
            v.transaction(|tx| {
                let file = tx.lookup(ROOT, &units("new"))?.unwrap().file;
                tx.write_at(file, &[], 0, b"small")?;
                tx.refresh_name(ROOT, &units("new"))?;
                tx.refresh_name(ROOT, &units("second"))
            })
        }),
        step(|v| {
            let link = SymbolicLink::relative(&units("dir\\x")).unwrap();
            v.symbolic_link(
                ROOT,
                &units("link"),
                LinkType::File,
                &link,
                &CreateOptions::default(),
            )
            .map(drop)
        }),
        step(|v| {
            let mount = MountPoint::junction(&units("C:\\dir")).unwrap();
            v.junction(ROOT, &units("junction"), &mount, &CreateOptions::default())
                .map(drop)
        }),
        step(|v| v.rename(ROOT, &units("second"), ROOT, &units("old"), Replace::Yes)),
        step(|v| v.remove(ROOT, &units("link"))),
        step(|v| v.create_stream(seek(v, "new")?, &units("s"))),
        step(|v| v.write_at(seek(v, "new")?, &units("s"), 0, &[9; 20_000])),
        step(|v| v.set_len(seek(v, "new")?, &units("s"), 100)),
        step(|v| v.remove(ROOT, &units("old"))),
    ]
}

/// Fills `dir` so that the next entries split its blocks.
pub(super) fn fill(volume: &Volume, count: usize) {
    let dir = find(volume, "dir");
    volume
        .transaction(|tx| {
            for n in 0..count {
                let name = units(&format!("name {n:05}"));
                tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
        .unwrap();
}
