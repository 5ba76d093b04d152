//! Every back end, put through the operations, and held against the table.

use linkwright_fs::{Create, FileSystem, Name, Node};

use crate::operations::run;
use crate::table::Table;

fn fresh(fs: &dyn FileSystem, parent: &Node, folder: &str) -> Node {
    fs.create_directory(parent, &Name::from(folder), &Create::default())
        .unwrap()
}

#[cfg(unix)]
mod unix {
    use std::path::Path;
    use std::sync::Arc;

    use linkwright_fs::posix::PosixFs;

    use super::*;

    /// The host's file system at a path.
    fn host(column: &str, path: &Path) {
        let fs = PosixFs::new();
        let parent = fs.open_directory(path).unwrap();
        let seen = run(&fs, |folder| fresh(&fs, &parent, folder));
        Table::read().compare(column, &seen);
    }

    #[cfg(feature = "ntfs")]
    #[test]
    fn a_volume_in_an_image() {
        use linkwright_fs::ntfs::NtfsFs;
        let device = Arc::new(linkwright_device::MemoryDevice::new(64 << 20));
        let options = linkwright_ntfs_mkfs::FormatOptions::default();
        linkwright_ntfs_mkfs::format(&*device, &options).unwrap();
        let fs = NtfsFs::open(device, linkwright_ntfs::OpenOptions::read_write()).unwrap();
        let root = fs.root().unwrap();
        let seen = run(&fs, |folder| fresh(&fs, &root, folder));
        Table::read().compare("ntfs", &seen);
        fs.close().unwrap();
    }

    /// The kind of file system at a path, by its magic number (statfs(2)).
    fn is_kind(path: &Path, magic: i64) -> bool {
        rustix::fs::statfs(path).is_ok_and(|stat| stat.f_type == magic)
    }

    const EXT4: i64 = 0xEF53;
    const TMPFS: i64 = 0x0102_1994;

    /// A folder on a file system of this kind, in one of the usual places.
    fn folder_on(magic: i64) -> Option<tempfile::TempDir> {
        let places = [std::env::temp_dir(), "/dev/shm".into(), "/var/tmp".into()];
        let place = places.iter().find(|place| is_kind(place, magic))?;
        tempfile::tempdir_in(place).ok()
    }

    #[test]
    fn ext4() {
        match folder_on(EXT4) {
            Some(folder) => host("posix/ext4", folder.path()),
            None => println!("skipped: no temporary folder here is on ext4"),
        }
    }

    #[test]
    fn tmpfs() {
        match folder_on(TMPFS) {
            Some(folder) => host("posix/tmpfs", folder.path()),
            None => println!("skipped: no temporary folder here is on tmpfs"),
        }
    }

    #[test]
    fn ntfs_3g() {
        use linkwright_testkit::oracle::{mkntfs::Mkntfs, ntfs3g};
        linkwright_testkit::skip_unless!(ntfs3g::available());
        linkwright_testkit::skip_unless!(linkwright_testkit::oracle::mkntfs::available());
        let image = Mkntfs::new(64 << 20).make();
        let mount = ntfs3g::Mount::new(image.path(), ntfs3g::Access::ReadWrite).unwrap();
        host("posix/ntfs-3g", mount.path());
        mount.unmount().unwrap();
    }
}

#[cfg(windows)]
#[test]
fn windows() {
    let fs = linkwright_fs::windows::WindowsFs::new();
    let folder = tempfile::tempdir().unwrap();
    let parent = fs.open_directory(folder.path()).unwrap();
    let seen = run(&fs, |folder| fresh(&fs, &parent, folder));
    // A real Windows has no column yet: what it does is printed.
    match std::env::var_os("LINKWRIGHT_WINE") {
        Some(_) => Table::read().compare("windows/wine", &seen),
        None => seen
            .iter()
            .for_each(|(operation, result)| println!("{operation}: {result}")),
    }
}
