//! Judges of our volumes that share no code with us. Each module has
//! `available()`; ask it first (`skip_unless!`).

pub mod mkntfs;
pub mod ntfs3;
pub mod ntfs3_disk;
pub mod ntfs3g;
pub mod ntfs_crate;
pub mod ntfsfix;
pub mod ntfsprogs;
pub mod rust_fs_ntfs;
pub mod sleuthkit;
