//! Every kind of operation, cut at every write and flush.

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{
    CreateOptions, Durability, ExtendedAttribute, FileId, FileKind, LinkType, NewLink, Replace,
    TimesChange, Volume,
};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_format::object_id::ObjectId;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_reparse::{MountPoint, SymbolicLink};

use super::judge::with;
use super::steps::{Step, base, create, fill, find, mixed_steps, step};
use super::sweep::{Scenario, sweep};
use crate::support::{ROOT, units};

/// All scenarios of this file.
pub(super) const ALL: &[fn() -> Scenario] = &[
    mixed_flushed,
    mixed_written,
    group,
    creating,
    link_at_1,
    link_at_7,
    link_at_8,
    link_at_1023,
    many_links,
    links_that_are_files,
    unlinking,
    renaming,
    stream_writes,
    metadata,
];

fn mixed_flushed() -> Scenario {
    Scenario::new("mixed, flushed", base(|_| {}), mixed_steps())
}

#[test]
fn every_operation_is_whole_when_each_is_flushed() {
    sweep(&mixed_flushed());
}

fn mixed_written() -> Scenario {
    Scenario::new("mixed, written", base(|_| {}), mixed_steps()).options(with(Durability::Written))
}

#[test]
fn every_operation_is_whole_when_handed_to_the_system() {
    sweep(&mixed_written());
}

fn group() -> Scenario {
    let steps = (0..2)
        .map(|chunk| {
            step(move |v| {
                v.transaction(|tx| {
                    for n in 0..30 {
                        let name = units(&format!("a longer file name {chunk} {n}"));
                        let file =
                            tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
                        tx.hard_link(file, ROOT, &units(&format!("link {chunk} {n}")))?;
                    }
                    Ok(())
                })?;
                v.sync()
            })
        })
        .collect();
    Scenario::new("group, synced", base(|_| {}), steps).options(with(Durability::OnSync))
}

#[test]
fn a_group_is_whole_when_synced() {
    sweep(&group());
}

fn creating() -> Scenario {
    let steps = vec![
        step(|v| create(v, ROOT, "file", FileKind::File).map(drop)),
        step(|v| create(v, ROOT, "folder", FileKind::Directory).map(drop)),
        step(|v| create(v, find(v, "folder"), "inner", FileKind::File).map(drop)),
        step(|v| create(v, find(v, "folder"), "deep", FileKind::Directory).map(drop)),
    ];
    Scenario::new("create", base(|_| {}), steps)
}

#[test]
fn creating_is_whole() {
    sweep(&creating());
}

/// A file of `names` names gets one more and loses it again.
fn link_at(name: &'static str, names: usize) -> Scenario {
    let base = base(|volume| {
        let file = find(volume, "old");
        volume
            .transaction(|tx| {
                let dir = tx.lookup(ROOT, &units("dir"))?.unwrap().file;
                for n in 1..names {
                    tx.hard_link(file, dir, &units(&format!("name {n}")))?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(volume.file_info(file).unwrap().link_count as usize, names);
    });
    let steps = vec![
        step(|v: &Volume| v.hard_link(find(v, "old"), ROOT, &units("one more"))),
        step(|v: &Volume| v.remove(ROOT, &units("one more"))),
    ];
    Scenario::new(name, base, steps)
}

fn link_at_1() -> Scenario {
    link_at("link at 1 name", 1)
}

fn link_at_7() -> Scenario {
    link_at("link at 7 names", 7)
}

fn link_at_8() -> Scenario {
    link_at("link at 8 names", 8)
}

fn link_at_1023() -> Scenario {
    link_at("link at 1,023 names", 1023)
}

#[test]
fn a_link_is_whole_at_1_7_8_and_1023_names() {
    for make in [link_at_1, link_at_7, link_at_8, link_at_1023] {
        sweep(&make());
    }
}

/// Names for a file whose list goes to clusters, and for files with one name; the
/// root's index gets its first blocks, that of `dir` is divided.
fn many_links() -> Scenario {
    let steps = vec![step(|v: &Volume| {
        let dir = find(v, "dir");
        let old = find(v, "old");
        let of = |n: usize| -> linkwright_ntfs::Result<FileId> {
            match n % 3 {
                0 => Ok(old),
                _ => {
                    let name = units(&format!("name {:05}", n % 40));
                    Ok(v.lookup(dir, &name)?.expect("a file of the base").file)
                }
            }
        };
        let mut links = Vec::new();
        for n in 0..90 {
            let parent = if n % 2 == 0 { ROOT } else { dir };
            links.push((of(n)?, parent, units(&format!("many {:03}", n * 7 % 90))));
        }
        let links: Vec<NewLink<'_>> = links
            .iter()
            .map(|(file, parent, name)| NewLink {
                file: *file,
                parent: *parent,
                name,
            })
            .collect();
        Ok(v.hard_links(&links)?)
    })];
    Scenario::new("many links", base(|volume| fill(volume, 40)), steps)
}

#[test]
fn many_links_in_one_call_are_whole() {
    sweep(&many_links());
}

fn links_that_are_files() -> Scenario {
    let none = CreateOptions::default;
    let steps = vec![
        step(move |v: &Volume| {
            let link = SymbolicLink::relative(&units("dir\\x")).unwrap();
            v.symbolic_link(ROOT, &units("to file"), LinkType::File, &link, &none())
                .map(drop)
        }),
        step(move |v: &Volume| {
            let link = SymbolicLink::relative(&units("dir")).unwrap();
            let kind = LinkType::Directory;
            v.symbolic_link(ROOT, &units("to folder"), kind, &link, &none())
                .map(drop)
        }),
        step(move |v: &Volume| {
            let mount = MountPoint::junction(&units("C:\\dir")).unwrap();
            v.junction(ROOT, &units("junction"), &mount, &none())
                .map(drop)
        }),
        step(|v: &Volume| v.remove(ROOT, &units("to folder"))),
        step(|v: &Volume| v.remove(ROOT, &units("junction"))),
    ];
    Scenario::new("symbolic links and a junction", base(|_| {}), steps)
}

#[test]
fn symbolic_links_and_junctions_are_whole() {
    sweep(&links_that_are_files());
}

fn unlinking() -> Scenario {
    let base = base(|volume| {
        let file = find(volume, "old");
        volume.hard_link(file, ROOT, &units("second")).unwrap();
        let many = create(volume, ROOT, "many", FileKind::File).unwrap();
        for n in 0..12 {
            volume
                .hard_link(many, find(volume, "dir"), &units(&format!("n{n}")))
                .unwrap();
        }
        create(volume, ROOT, "empty", FileKind::Directory).unwrap();
    });
    let steps = vec![
        step(|v: &Volume| v.remove(ROOT, &units("second"))),
        step(|v: &Volume| v.remove(ROOT, &units("old"))),
        step(|v: &Volume| v.remove(ROOT, &units("empty"))),
        step(|v: &Volume| {
            v.transaction(|tx| {
                let dir = tx.lookup(ROOT, &units("dir"))?.unwrap().file;
                tx.remove(ROOT, &units("many"))?;
                (0..12).try_for_each(|n| tx.remove(dir, &units(&format!("n{n}"))))
            })
        }),
    ];
    Scenario::new("unlink", base, steps)
}

#[test]
fn unlinking_is_whole() {
    sweep(&unlinking());
}

fn renaming() -> Scenario {
    let base = base(|volume| {
        let folder = create(volume, ROOT, "folder", FileKind::Directory).unwrap();
        create(volume, folder, "inner", FileKind::File).unwrap();
        for name in ["a", "b", "c"] {
            let file = create(volume, ROOT, name, FileKind::File).unwrap();
            volume.write_at(file, &[], 0, &[b'0'; 6000]).unwrap();
        }
    });
    let steps = vec![
        step(|v: &Volume| v.rename(ROOT, &units("a"), ROOT, &units("b"), Replace::Yes)),
        step(|v: &Volume| {
            let dir = find(v, "dir");
            v.rename(
                ROOT,
                &units("b"),
                dir,
                &units("a longer name than before"),
                Replace::No,
            )
        }),
        step(|v: &Volume| {
            let dir = find(v, "dir");
            v.rename(
                ROOT,
                &units("c"),
                dir,
                &units("a longer name than before"),
                Replace::Yes,
            )
        }),
        step(|v: &Volume| {
            let dir = find(v, "dir");
            v.rename(ROOT, &units("folder"), dir, &units("moved"), Replace::No)
        }),
    ];
    Scenario::new("rename, rename over", base, steps)
}

#[test]
fn renaming_over_is_whole() {
    sweep(&renaming());
}

fn stream_writes() -> Scenario {
    let name = || units("stream");
    let steps = vec![
        step(|v: &Volume| v.write_at(find(v, "old"), &[], 4000, &[6; 3000])),
        step(|v: &Volume| v.write_at(find(v, "old"), &[], 200_000, &[7; 5000])),
        step(|v: &Volume| v.set_len(find(v, "old"), &[], 5000)),
        step(move |v: &Volume| v.create_stream(find(v, "old"), &name())),
        step(move |v: &Volume| v.write_at(find(v, "old"), &name(), 0, b"in the record")),
        step(move |v: &Volume| v.write_at(find(v, "old"), &name(), 5, &[9; 30_000])),
        step(move |v: &Volume| v.set_sparse(find(v, "old"), &name())),
        step(move |v: &Volume| v.zero_range(find(v, "old"), &name(), 8192, 12_288)),
        step(move |v: &Volume| v.remove_stream(find(v, "old"), &name())),
    ];
    Scenario::new("stream writes", base(|_| {}), steps)
}

#[test]
fn stream_writes_are_whole() {
    sweep(&stream_writes());
}

fn metadata() -> Scenario {
    let steps = vec![
        step(|v: &Volume| {
            let times = TimesChange {
                created: Some(NtTime(130_000_000_000_000_000)),
                ..TimesChange::default()
            };
            v.set_times(find(v, "old"), &times)
        }),
        step(|v: &Volume| {
            v.set_attributes(
                find(v, "old"),
                FileAttributes::HIDDEN | FileAttributes::ARCHIVE,
            )
        }),
        step(|v: &Volume| v.object_id_or(find(v, "old"), ObjectId([7; 16])).map(drop)),
        step(|v: &Volume| {
            let list = [ExtendedAttribute {
                flags: 0,
                name: b"NAME".to_vec(),
                value: vec![1; 3000],
            }];
            v.set_extended_attributes(find(v, "old"), &list)
        }),
        step(|v: &Volume| v.delete_object_id(find(v, "old"))),
    ];
    Scenario::new("times, attributes, ids", base(|_| {}), steps)
}

#[test]
fn metadata_changes_are_whole() {
    sweep(&metadata());
}

/// The other judges look at more of the images than a sweep shows them.
#[test]
fn other_judges_find_nothing_after_recovery() {
    use std::sync::Arc;

    use linkwright_device::BlockDevice;
    use linkwright_sim::Loss;
    use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};

    let base: MemoryDevice = base(|volume| fill(volume, 60));
    let run = Scenario::new("judged", base, mixed_steps()).run();
    let mut cuts = run.sim.cuts();
    let mut judged = 0;
    while cuts.step() {
        if !cuts.position().is_multiple_of(7) {
            continue;
        }
        let image = Arc::new(cuts.image(Loss::Seed(3)));
        Volume::recover(image.clone()).unwrap();
        assert!(!image.is_empty());
        let file = crate::support::image_of(&image);
        rust_fs_ntfs::assert_clean(file.path());
        if ntfsfix::available().is_ok() {
            ntfsfix::assert_clean(file.path());
        }
        judged += 1;
    }
    println!("{judged} images judged");
    assert!(judged > 4);
}

/// Steps that give `old` more names, one by one.
pub(super) fn naming(from: usize, to: usize) -> Vec<Step> {
    (from..to)
        .map(|n| {
            step(move |v: &Volume| v.hard_link(find(v, "old"), ROOT, &units(&format!("n{n}"))))
        })
        .collect()
}
