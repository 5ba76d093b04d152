//! The judges, asked one after the other; each that is absent says so once.

use std::{fs, path::Path, sync::Once};

use linkwright_testkit::{
    Skip,
    oracle::{
        ntfs_crate,
        ntfs3g::{self, Access, Mount},
        ntfsfix, ntfsprogs, rust_fs_ntfs, sleuthkit,
    },
    snapshot::Contents,
};

fn present(available: Result<(), Skip>, once: &'static Once) -> bool {
    match available {
        Ok(()) => true,
        Err(skip) => {
            once.call_once(|| skip.report());
            false
        }
    }
}

/// Largest cluster that the Sleuth Kit and rust-fs-ntfs know.
const CLASSIC_CLUSTER: u32 = 64 << 10;

/// Everything that reads a volume without changing it: an empty volume must
/// look empty and without fault to all of them.
pub(crate) fn assert_sound_and_empty(image: &Path, cluster_size: u32) {
    assert_sound(image, cluster_size);
    let tree = ntfs_crate::snapshot(image, Contents::Ignore).expect("ntfs crate");
    assert!(tree.is_empty(), "{tree:?}");
    static SLEUTHKIT: Once = Once::new();
    if cluster_size <= CLASSIC_CLUSTER && present(sleuthkit::available(), &SLEUTHKIT) {
        let names = sleuthkit::names(image).expect("fls");
        assert!(names.is_empty(), "{names:?}");
    }
}

/// The judges that look for faults.
pub(crate) fn assert_sound(image: &Path, cluster_size: u32) {
    static NTFSFIX: Once = Once::new();
    if present(ntfsfix::available(), &NTFSFIX) {
        ntfsfix::assert_clean(image);
    }
    static NTFSPROGS: Once = Once::new();
    if present(ntfsprogs::available(), &NTFSPROGS) {
        let info = ntfsprogs::volume_info(image).expect("ntfsinfo");
        let cluster = info.get("Cluster Size").expect("a cluster size");
        assert_eq!(cluster.as_str(), cluster_size.to_string());
    }
    if cluster_size <= CLASSIC_CLUSTER {
        rust_fs_ntfs::assert_clean(image);
    }
}

/// Writes to the volume through ntfs-3g: enough names for index blocks, hard
/// links, removals. `false` when ntfs-3g cannot be used here.
pub(crate) fn change_with_ntfs3g(image: &Path) -> bool {
    static NTFS3G: Once = Once::new();
    if !present(ntfs3g::available(), &NTFS3G) {
        return false;
    }
    let mount = Mount::new(image, Access::ReadWrite).expect("mount");
    let root = mount.path();
    fs::create_dir(root.join("folder")).unwrap();
    for number in 0..30 {
        let path = root.join(format!("folder/file number {number}"));
        fs::write(path, number.to_string()).unwrap();
    }
    fs::hard_link(root.join("folder/file number 7"), root.join("seven")).unwrap();
    fs::remove_file(root.join("folder/file number 8")).unwrap();
    fs::write(root.join("big"), vec![7; 70_000]).unwrap();
    mount.unmount().expect("unmount");
    let mount = Mount::new(image, Access::ReadOnly).expect("mount again");
    assert_eq!(fs::read(mount.path().join("seven")).unwrap(), b"7");
    assert_eq!(
        fs::read_dir(mount.path().join("folder")).unwrap().count(),
        29
    );
    assert_eq!(fs::read(mount.path().join("big")).unwrap(), vec![7; 70_000]);
    mount.unmount().expect("unmount again");
    true
}
