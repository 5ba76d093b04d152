//! Volumes, systems and short forms of the calls.
#![allow(dead_code, reason = "a box of tools; not every family uses each")]

use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_fs::FileSystem;
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_ntfs::OpenOptions;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_win32::constants::*;
use linkwright_win32::{Handle, System, SystemBuilder, Win32Error};

pub(crate) const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// A fresh NTFS volume and the device it is on.
pub(crate) struct Volume {
    pub(crate) device: Arc<MemoryDevice>,
    pub(crate) fs: Arc<dyn FileSystem>,
}

/// A volume of 32 MiB.
pub(crate) fn volume() -> Volume {
    volume_by(&FormatOptions::default())
}

/// A volume with 8.3 names.
pub(crate) fn volume_with_short_names() -> Volume {
    volume_by(&FormatOptions {
        short_names: linkwright_ntfs_mkfs::ShortNames::On,
        ..FormatOptions::default()
    })
}

pub(crate) fn volume_by(options: &FormatOptions) -> Volume {
    let device = Arc::new(MemoryDevice::new(32 << 20));
    linkwright_ntfs_mkfs::format(&device, options).unwrap();
    let fs = open(&device);
    Volume { device, fs }
}

fn open(device: &Arc<MemoryDevice>) -> Arc<dyn FileSystem> {
    let fs = NtfsFs::open(device.clone(), OpenOptions::read_write()).unwrap();
    Arc::new(fs.with_read_only_files(ReadOnlyFiles::LeftToCaller))
}

/// A builder with that volume as C:.
pub(crate) fn builder(volume: &Volume) -> SystemBuilder {
    System::builder().drive('C', Arc::clone(&volume.fs))
}

/// A system with a fresh volume as C:.
pub(crate) fn system() -> (Volume, System) {
    let volume = volume();
    let system = builder(&volume).build().unwrap();
    (volume, system)
}

/// Nothing is wrong with the volume; the system is used up.
pub(crate) fn judge(volume: Volume, system: System) {
    system.exit_process();
    drop(system);
    let Volume { device, fs } = volume;
    fs.sync().unwrap();
    drop(fs);
    let mut problems = Vec::new();
    let summary = linkwright_ntfs_check::check(
        &device,
        &linkwright_ntfs_check::CheckOptions::default(),
        &mut |problem| problems.push(problem),
    )
    .unwrap();
    problems.retain(|problem: &linkwright_ntfs_check::Problem| {
        problem.severity != linkwright_ntfs_check::Severity::Note
    });
    assert!(summary.is_clean(), "{problems:#?}");
}

/// UTF-16 units.
pub(crate) fn w(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Short forms with text for names; the functions are those of the SDK.
pub(crate) trait Calls {
    fn open(&self, name: &str, access: u32) -> Result<Handle, Win32Error>;
    fn open_with(
        &self,
        name: &str,
        access: u32,
        share: u32,
        disposition: u32,
        flags: u32,
    ) -> Result<Handle, Win32Error>;
    fn make(&self, name: &str, data: &[u8]);
    fn read(&self, name: &str) -> Result<Vec<u8>, Win32Error>;
    fn hard(&self, new: &str, existing: &str) -> Result<(), Win32Error>;
    fn symlink(&self, link: &str, target: &str, flags: u32) -> Result<(), Win32Error>;
    fn delete(&self, name: &str) -> Result<(), Win32Error>;
    fn rmdir(&self, name: &str) -> Result<(), Win32Error>;
    fn mkdir(&self, name: &str) -> Result<(), Win32Error>;
    fn exists(&self, name: &str) -> bool;
}

impl Calls for System {
    /// OPEN_EXISTING, everything shared.
    fn open(&self, name: &str, access: u32) -> Result<Handle, Win32Error> {
        self.open_with(name, access, SHARE_ALL, OPEN_EXISTING, 0)
    }

    fn open_with(
        &self,
        name: &str,
        access: u32,
        share: u32,
        disposition: u32,
        flags: u32,
    ) -> Result<Handle, Win32Error> {
        self.create_file_w(
            Some(&w(name)),
            access,
            share,
            None,
            disposition,
            flags,
            None,
        )
    }

    /// A closed file with this content.
    fn make(&self, name: &str, data: &[u8]) {
        let file = self
            .open_with(name, GENERIC_WRITE, 0, CREATE_ALWAYS, 0)
            .unwrap();
        assert_eq!(self.write_file(file, data).unwrap() as usize, data.len());
        self.close_handle(file).unwrap();
    }

    /// The content of a file, links followed.
    fn read(&self, name: &str) -> Result<Vec<u8>, Win32Error> {
        let file = self.open(name, GENERIC_READ)?;
        let mut data = vec![0; self.get_file_size_ex(file).unwrap() as usize];
        let read = self.read_file(file, &mut data).unwrap();
        assert_eq!(read as usize, data.len());
        self.close_handle(file).unwrap();
        Ok(data)
    }

    fn hard(&self, new: &str, existing: &str) -> Result<(), Win32Error> {
        self.create_hard_link_w(Some(&w(new)), Some(&w(existing)), None)
    }

    fn symlink(&self, link: &str, target: &str, flags: u32) -> Result<(), Win32Error> {
        self.create_symbolic_link_w(Some(&w(link)), Some(&w(target)), flags)
    }

    fn delete(&self, name: &str) -> Result<(), Win32Error> {
        self.delete_file_w(Some(&w(name)))
    }

    fn rmdir(&self, name: &str) -> Result<(), Win32Error> {
        self.remove_directory_w(Some(&w(name)))
    }

    fn mkdir(&self, name: &str) -> Result<(), Win32Error> {
        self.create_directory_w(Some(&w(name)), None)
    }

    /// Whether a name is there, links not followed.
    fn exists(&self, name: &str) -> bool {
        let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
        match self.open_with(name, 0, SHARE_ALL, OPEN_EXISTING, flags) {
            Ok(handle) => {
                self.close_handle(handle).unwrap();
                true
            }
            Err(_) => false,
        }
    }
}

/// The number of a failure, which is also the thread's last error.
pub(crate) fn fails<T: std::fmt::Debug>(system: &System, result: Result<T, Win32Error>) -> u32 {
    let code = result.unwrap_err();
    assert_eq!(system.get_last_error(), code);
    code.0
}
