//! The foreign readers agree with each other on volumes that Windows made:
//! what they disagree on cannot be held against us.
#![forbid(unsafe_code)]

use std::{collections::BTreeMap, fs, path::Path};

use linkwright_testkit::{
    Kind, Panel,
    corpus::Volume,
    oracle::{
        mkntfs::Mkntfs,
        ntfs_crate,
        ntfs3g::{self, Access, Mount},
        rust_fs_ntfs, sleuthkit,
    },
    panel::Machine,
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

/// A reparse buffer with `names` between the header of the tag and the texts:
/// the print name first, as Windows has it for symbolic links.
fn symbolic_link(substitute: &str, print: &str, flags: u32) -> Vec<u8> {
    let (substitute, print) = (units(substitute), units(print));
    let sizes = [print.len(), substitute.len(), 0, print.len()];
    let mut data: Vec<u8> = sizes
        .into_iter()
        .flat_map(|n| (n as u16).to_le_bytes())
        .collect();
    data.extend(flags.to_le_bytes());
    data.extend(print);
    data.extend(substitute);
    buffer(0xA000_000C, &data)
}

fn junction(substitute: &str, print: &str) -> Vec<u8> {
    let (substitute, print) = (units(substitute), units(print));
    let sizes = [0, substitute.len(), substitute.len() + 2, print.len()];
    let mut data: Vec<u8> = sizes
        .into_iter()
        .flat_map(|n| (n as u16).to_le_bytes())
        .collect();
    data.extend(substitute);
    data.extend([0; 2]);
    data.extend(print);
    data.extend([0; 2]);
    buffer(0xA000_0003, &data)
}

fn buffer(tag: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(tag.to_le_bytes());
    bytes.extend((data.len() as u16).to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(data);
    bytes
}

fn units(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_panel_agrees_on_a_tree_with_every_kind_of_link() {
    skip_unless!(ntfs3g::available());
    let image = Mkntfs::new(32 << 20).make();
    let mount = Mount::new(image.path(), Access::ReadWrite).expect("ntfs-3g");
    let root = mount.path();
    fs::create_dir_all(root.join("d/e")).unwrap();
    fs::write(root.join("d/a"), b"contents").unwrap();
    fs::hard_link(root.join("d/a"), root.join("hard")).unwrap();
    let links = [
        ("relative", symbolic_link(r"d\a", r"d\a", 1)),
        ("other case", symbolic_link(r"D\A", r"D\A", 1)),
        ("dangling", symbolic_link(r"no\x", r"no\x", 1)),
        ("d/up", symbolic_link(r"..\d\a", r"..\d\a", 1)),
        ("absolute", symbolic_link(r"\??\C:\d\a", r"C:\d\a", 0)),
        ("d/e/nowhere", symbolic_link(r"\??\C:\no", r"C:\no", 0)),
        ("junction/", junction(r"\??\C:\d", r"C:\d")),
        ("d/junction/", junction(r"\??\D:\d\e", r"D:\d\e")),
    ];
    for (path, value) in &links {
        let at = root.join(path.trim_end_matches('/'));
        if path.ends_with('/') {
            fs::create_dir(&at).unwrap();
        } else {
            fs::write(&at, b"").unwrap();
        }
        mount
            .set_attribute(
                path.trim_end_matches('/'),
                "system.ntfs_reparse_data",
                value,
            )
            .unwrap();
    }
    mount.unmount().expect("unmount");

    let tree = Panel::new()
        .machine(Machine::Ask)
        .assert_agree(image.path());
    assert_eq!(tree.len(), 4 + links.len());
    assert_eq!(tree.get("hard").unwrap().nlink, Some(2));
    assert_eq!(tree.get("d/up").unwrap().target.as_deref(), Some(r"..\d\a"));
    assert_eq!(
        tree.get("junction").unwrap().target.as_deref(),
        Some(r"\??\C:\d")
    );
}
