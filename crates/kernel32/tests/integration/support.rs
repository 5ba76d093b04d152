//! Images to call on, and compilers to build callers with.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use linkwright_device::{BlockDevice, Existing, FileDevice, FileOptions};
use linkwright_fs::FileSystem;
use linkwright_fs::ntfs::NtfsFs;
use linkwright_ntfs::OpenOptions;
use linkwright_testkit::command::{self, Finished};
use tempfile::TempDir;

/// A volume in a folder of its own.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk.img");
        let device = FileDevice::create(&image, 64 << 20, Existing::Refuse, Duration::ZERO);
        let device = device.unwrap();
        linkwright_ntfs_mkfs::format(&device, &linkwright_ntfs_mkfs::FormatOptions::default())
            .unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.path().join("disk.img")
    }

    /// `C=...` for LINKWRIGHT_DRIVES.
    pub(crate) fn drives(&self) -> String {
        format!("C={}", self.image().display())
    }

    /// A command that has the image as `C:`.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("LINKWRIGHT_DRIVES", self.drives())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.path());
        command
    }

    /// The volume read by the engine, after the program has ended.
    pub(crate) fn volume(&self) -> Arc<dyn FileSystem> {
        let device = FileDevice::open(self.image(), &FileOptions::read_only()).unwrap();
        let device: Arc<dyn BlockDevice> = Arc::new(device);
        Arc::new(NtfsFs::open(device, OpenOptions::read_only()).unwrap())
    }

    /// Names in the root directory.
    pub(crate) fn root(&self) -> Vec<String> {
        let fs = self.volume();
        let root = fs.root().unwrap();
        fs.list(&root)
            .unwrap()
            .map(|entry| String::from_utf16_lossy(entry.unwrap().name.units()))
            .collect()
    }
}

/// The folder that cargo has put the library into.
pub(crate) fn library_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().to_path_buf();
    assert!(library_in(&folder).is_file(), "{}", folder.display());
    folder
}

fn library_in(folder: &Path) -> PathBuf {
    folder.join("libkernel32.so")
}

pub(crate) fn library() -> PathBuf {
    library_in(&library_folder())
}

/// A file of this crate's tests.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

pub(crate) fn include_folder() -> PathBuf {
    linkwright_testkit::workspace_root().join("include")
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) -> Finished {
    let shown = format!("{command:?}");
    let finished = command::run(command, command::PATIENCE).unwrap();
    assert!(
        finished.status.success(),
        "{shown}: {}\n{}",
        finished.status,
        finished.all()
    );
    finished
}

/// Builds a C program against the header and the library.
pub(crate) fn compile(sources: &[PathBuf], program: &Path, options: &[&str]) {
    let folder = library_folder();
    let mut gcc = command::program("gcc");
    gcc.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g"])
        .args(options)
        .arg("-I")
        .arg(include_folder())
        .args(sources)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(&folder)
        .args(["-lkernel32", "-pthread"])
        .arg(format!("-Wl,-rpath,{}", folder.display()));
    run(&mut gcc);
}
