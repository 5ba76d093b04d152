//! The foreign readers agree with each other on volumes that Windows made:
//! what they disagree on cannot be held against us.
#![forbid(unsafe_code)]

use std::{collections::BTreeMap, path::Path};

use linkwright_testkit::{
    Kind,
    corpus::Volume,
    oracle::{
        ntfs_crate,
        ntfs3g::{self, Access, Mount},
        rust_fs_ntfs, sleuthkit,
    },
    skip_unless,
    snapshot::{Contents, TreeSnapshot},
};

fn records(tree: &TreeSnapshot) -> BTreeMap<String, Option<u64>> {
    tree.iter()
        .map(|(path, entry)| (path.to_owned(), entry.record))
        .collect()
}

/// The volumes that are there, each skip reported.
fn volumes() -> Vec<(Volume, std::path::PathBuf)> {
    Volume::ALL
        .into_iter()
        .filter_map(|volume| match volume.bare() {
            Ok(path) => Some((volume, path)),
            Err(skip) => {
                skip.report();
                None
            }
        })
        .collect()
}

fn tree(image: &Path) -> TreeSnapshot {
    ntfs_crate::snapshot(image, Contents::Hash).expect("the ntfs crate")
}

#[test]
fn the_ntfs_crate_and_fls_list_the_same_names() {
    skip_unless!(sleuthkit::available());
    for (volume, image) in volumes() {
        if volume == Volume::Ntfs2M {
            // fls knows no clusters above 64 KiB.
            assert!(sleuthkit::names(&image).is_err());
            continue;
        }
        let names: BTreeMap<String, Option<u64>> = sleuthkit::names(&image)
            .expect("fls")
            .into_iter()
            .map(|(path, name)| (path, Some(name.record)))
            .collect();
        assert_eq!(records(&tree(&image)), names, "{volume:?}");
    }
}

#[test]
fn the_ntfs_crate_and_ntfs_3g_read_the_same_contents() {
    skip_unless!(ntfs3g::available());
    for (volume, image) in volumes() {
        let mount = Mount::new(&image, Access::ReadOnly).expect("ntfs-3g");
        let theirs = mount
            .snapshot(Contents::Hash)
            .expect("the tree in the mount");
        mount.unmount().expect("unmount");
        let mut ours = tree(&image);
        ours.for_each_mut(|path, entry| {
            // The store of a shadow copy is longer than what was written to it
            // by the file system, and the ntfs crate reads what lies there.
            if path.starts_with("System Volume Information/") {
                entry.sha256 = None;
            }
            // ntfs-3g leaves 8.3 names out of the count, counts directories
            // otherwise, and shows targets in a form of its own.
            entry.nlink = None;
            if entry.kind == Kind::Symlink {
                entry.target = None;
            }
        });
        ours.assert_same("the ntfs crate", &theirs, &format!("ntfs-3g ({volume:?})"));
    }
}

#[test]
fn the_check_of_rust_fs_ntfs_answers_on_every_volume() {
    for (volume, image) in volumes() {
        let findings = rust_fs_ntfs::findings(&image).expect("rust-fs-ntfs");
        // A cluster of 2 MiB holds many more records of $MFTMirr than the four
        // that Windows keeps up to date.
        if volume == Volume::Ntfs2M {
            assert!(
                findings
                    .iter()
                    .all(|finding| finding.starts_with("MirrorMismatch"))
            );
        } else {
            assert_eq!(findings, Vec::<String>::new(), "{volume:?}");
        }
    }
}
