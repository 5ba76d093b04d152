//! The main job on volumes by us, by mkntfs and by Windows: a tree goes in,
//! half of it is deleted, some of it renamed, and all judges see what is left.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use linkwright_testkit::corpus::Volume;
use linkwright_testkit::oracle::mkntfs::{self, Mkntfs};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};
use linkwright_testkit::panel::{Machine, Panel};
use linkwright_testkit::snapshot::Contents;
use linkwright_testkit::{Kind, ScratchImage, TreeSnapshot, long};

use crate::program::Bench;

/// Files of a directory of the tree.
const FILES: usize = 25;

/// A tree of `directories` times [`FILES`] files, each with three names and a
/// symbolic link.
fn tree(root: &Path, directories: usize) {
    for directory in 0..directories {
        let dir = root.join(format!("d{directory:03}"));
        fs::create_dir_all(dir.join("links")).unwrap();
        for file in 0..FILES {
            let name = format!("f{file:02}");
            // From nothing over resident to several clusters.
            let data = vec![u8::try_from(file).unwrap(); file * 307];
            fs::write(dir.join(&name), data).unwrap();
            for link in ["a", "b"] {
                let link = dir.join("links").join(format!("{link}{file:02}"));
                fs::hard_link(dir.join(&name), link).unwrap();
            }
            let target = format!("../{name}");
            symlink(target, dir.join("links").join(format!("s{file:02}"))).unwrap();
        }
    }
}

/// Deletes every other directory and renames every fifth of the rest, on the
/// host and in the image.
fn change(bench: &Bench, image: &Path, directories: usize) {
    let image = image.display();
    for directory in 0..directories {
        let name = format!("d{directory:03}");
        if directory % 2 == 0 {
            fs::remove_dir_all(bench.path("tree").join(&name)).unwrap();
            bench.ok(&format!("rm -r {image}:/tree/{name}"));
        } else if directory % 5 == 0 {
            let new = format!("renamed-{directory:03}");
            fs::rename(
                bench.path("tree").join(&name),
                bench.path("tree").join(&new),
            )
            .unwrap();
            bench.ok(&format!("mv {image}:/tree/{name} {image}:/tree/{new}"));
        }
    }
}

/// What the host has, as a reader of NTFS shows it.
fn meant(bench: &Bench) -> TreeSnapshot {
    let mut meant = TreeSnapshot::of_folder(&bench.path("tree"), Contents::Hash).unwrap();
    meant.for_each_mut(|_, entry| {
        entry.record = None;
        // Directories have link counts of their own on every system.
        if entry.kind == Kind::Directory {
            entry.nlink = None;
        }
        entry.target = entry.target.take().map(|target| target.replace('/', "\\"));
    });
    meant
}

/// Who looks at the volume.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judges {
    /// All but the virtual machine.
    Panel,
    /// All.
    PanelAndMachine,
    /// ntfs-3g and the checks: the crate `ntfs` takes the block numbers of
    /// indexes for clusters where those are larger, and fls the same.
    Ntfs3gAndChecks,
}

/// What the judges see under `tree`, and what of a target's text is theirs.
fn seen(image: &Path, judges: Judges, before: Vec<String>) -> TreeSnapshot {
    let machine = match judges {
        Judges::PanelAndMachine => Machine::Ask,
        Judges::Panel | Judges::Ntfs3gAndChecks => Machine::Leave,
    };
    let mut seen = if judges == Judges::Ntfs3gAndChecks {
        rust_fs_ntfs::assert_no_more(image, &before);
        ntfsfix::assert_clean(image);
        let mount = Mount::new(image, Access::ReadOnly).unwrap();
        let mut seen = mount.snapshot(Contents::Hash).unwrap();
        mount.unmount().unwrap();
        seen.for_each_mut(|_, entry| {
            entry.target = entry.target.take().map(|target| target.replace('/', "\\"));
        });
        seen
    } else {
        Panel::new()
            .machine(machine)
            .found_before(before)
            .assert_agree(image)
    };
    seen.retain(|path, _| path.starts_with("tree/"));
    let mut tree = TreeSnapshot::new();
    for (path, entry) in seen.iter() {
        let mut entry = entry.clone();
        entry.record = None;
        if entry.kind == Kind::Directory {
            entry.nlink = None;
        }
        tree.insert(path.trim_start_matches("tree/"), entry);
    }
    tree
}

fn main_job(image: &Path, directories: usize, judges: Judges) {
    let before = rust_fs_ntfs::findings(image).unwrap();
    let bench = Bench::new();
    tree(&bench.path("tree"), directories);
    let run = bench.ok(&format!("cp -r tree {}:/tree --json", image.display()));
    let summary = run.json().pop().unwrap();
    assert_eq!(summary["files"], directories * FILES);
    assert_eq!(summary["hard_links"], 2 * directories * FILES);
    assert_eq!(summary["links"], directories * FILES);
    change(&bench, image, directories);
    assert_eq!(
        bench
            .line(&format!("volume check {}", image.display()))
            .exit,
        0
    );

    let tree = seen(image, judges, before);
    meant(&bench).assert_same("what was meant", &tree, "what the judges see");

    bench.ok(&format!("cp -r {}:/tree out", image.display()));
    let out = TreeSnapshot::of_folder(&bench.path("out"), Contents::Hash).unwrap();
    let source = TreeSnapshot::of_folder(&bench.path("tree"), Contents::Hash).unwrap();
    let without_records = |mut snapshot: TreeSnapshot| {
        snapshot.for_each_mut(|_, entry| entry.record = None);
        snapshot
    };
    without_records(source).assert_same("the source", &without_records(out), "what came out");
}

fn ours(size: &str) -> ScratchImage {
    let image = ScratchImage::absent();
    let bench = Bench::new();
    bench.ok(&format!(
        "volume create {} --size {size}",
        image.path().display()
    ));
    image
}

#[test]
fn on_a_volume_of_ours() {
    main_job(ours("64M").path(), 20, Judges::Panel);
}

#[test]
fn on_a_volume_by_mkntfs() {
    if let Err(skip) = mkntfs::available() {
        return skip.report();
    }
    main_job(Mkntfs::new(64 << 20).make().path(), 20, Judges::Panel);
}

#[test]
fn on_a_volume_by_windows_10() {
    match Volume::LastAccess.scratch() {
        Ok(image) => main_job(image.path(), 20, Judges::Panel),
        Err(skip) => skip.report(),
    }
}

#[test]
fn on_clusters_of_2_mib() {
    if let Err(skip) = ntfs3g::available().and_then(|()| ntfsfix::available()) {
        return skip.report();
    }
    match Volume::Ntfs2M.scratch() {
        Ok(image) => main_job(image.path(), 4, Judges::Ntfs3gAndChecks),
        Err(skip) => skip.report(),
    }
}

#[test]
fn on_a_volume_that_chkdsk_repaired() {
    match Volume::RepairedLf2.scratch() {
        Ok(image) => main_job(image.path(), 4, Judges::Panel),
        Err(skip) => skip.report(),
    }
}

#[test]
fn ten_thousand_files_and_linux_own_driver() {
    if let Err(skip) = long("10,000 files with three names and a link each, ntfs3 too") {
        return skip.report();
    }
    main_job(ours("512M").path(), 400, Judges::PanelAndMachine);
}

#[test]
fn volumes_with_the_work_of_windows_in_their_log_are_read_and_not_written() {
    for volume in [Volume::Velociraptor, Volume::Win7Tiny] {
        let image = match volume.scratch() {
            Ok(image) => image,
            Err(skip) => return skip.report(),
        };
        let bench = Bench::new();
        let path = image.path().display();
        let before = fs::read(image.path()).unwrap();
        let listed = bench.ok(&format!("ls -R --json {path}:/"));
        assert!(listed.json().len() > 5);
        bench
            .line(&format!("mkdir {path}:/new"))
            .failed(5, "another system's unfinished work");
        assert!(fs::read(image.path()).unwrap() == before);
    }
}
