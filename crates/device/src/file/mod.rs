//! Image files and block devices.

mod holder;
mod lock;
mod positioned;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod proc_linux;

pub use holder::LockHolder;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use std::fs::Metadata;
use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::device::{check_read, check_write};
use crate::{BlockDevice, DeviceError, IoOperation};

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Reading only; several readers share a file.
    #[default]
    ReadOnly,
    /// Reading and writing; nobody else may use the file meanwhile.
    ReadWrite,
}

/// What [`FileDevice::create`] does with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Fails with [`DeviceError::AlreadyExists`].
    #[default]
    Refuse,
    /// Empties the file, once it is locked, and gives it the new length.
    Replace,
}

/// How to open a file.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// What the file is opened for.
    pub access: Access,
    /// How long to wait for somebody else's lock before giving up.
    pub lock_wait: Duration,
}

impl FileOptions {
    /// How long an open waits for a lock unless told otherwise.
    pub const DEFAULT_LOCK_WAIT: Duration = Duration::from_secs(5);

    /// For reading, with the default lock wait.
    pub fn read_only() -> Self {
        Self {
            access: Access::ReadOnly,
            lock_wait: Self::DEFAULT_LOCK_WAIT,
        }
    }

    /// For reading and writing, with the default lock wait.
    pub fn read_write() -> Self {
        Self {
            access: Access::ReadWrite,
            ..Self::read_only()
        }
    }

    /// The same, with another lock wait. Zero means one attempt.
    #[must_use]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self::read_only()
    }
}

/// An image file or a block device of the host.
///
/// While it is open for writing nobody else can use it, and while it is open
/// for reading nobody can write: on Linux by open-file-description locks that
/// ntfs-3g and QEMU see as well, and on block devices by an exclusive open. A
/// file that is mounted or attached as a loop device counts as in use.
/// Programs that take no locks are not kept out.
#[derive(Debug)]
pub struct FileDevice {
    file: File,
    path: PathBuf,
    len: u64,
    access: Access,
}

impl Drop for FileDevice {
    fn drop(&mut self) {
        lock::unlock(&self.file);
    }
}

impl FileDevice {
    /// Opens a regular file or a block device.
    ///
    /// # Errors
    /// [`DeviceError::IsDirectory`], [`DeviceError::NotADevice`],
    /// [`DeviceError::ReadOnly`] when writing is asked for and the file, the
    /// medium or the user's rights do not allow it, [`DeviceError::Locked`]
    /// when somebody else uses the file for longer than the lock wait, and
    /// [`DeviceError::Open`] for everything else the operating system refuses.
    pub fn open(path: impl AsRef<Path>, options: &FileOptions) -> Result<Self, DeviceError> {
        let path = path.as_ref();
        // Looked at before the open: opening a pipe would wait for its other
        // end. The open file is looked at again below.
        let found = std::fs::metadata(path).map_err(|error| open_error(path, error))?;
        refuse_other_kinds(path, found.file_type())?;
        let mut open = OpenOptions::new();
        open.read(true).write(options.access == Access::ReadWrite);
        if options.access == Access::ReadWrite {
            if is_read_only_medium(&found) {
                return Err(DeviceError::ReadOnly {
                    device: path.display().to_string(),
                });
            }
            ask_for_exclusive_use(&mut open, found.file_type());
        }
        let file = lock::open_locked(path, options, || {
            open.open(path)
                .map_err(|error| open_for_access_error(path, options.access, error))
        })?;
        Self::from_open_file(file, path, options)
    }

    /// Makes a regular file of `len` bytes, all of it a hole, opened for
    /// writing.
    ///
    /// # Errors
    /// [`DeviceError::AlreadyExists`] (with [`Existing::Refuse`]), those of
    /// [`open`](Self::open), and [`DeviceError::Open`] when the host's file
    /// system cannot hold a file of that length.
    pub fn create(
        path: impl AsRef<Path>,
        len: u64,
        existing: Existing,
        lock_wait: Duration,
    ) -> Result<Self, DeviceError> {
        let path = path.as_ref();
        let options = FileOptions::read_write().lock_wait(lock_wait);
        if existing == Existing::Replace
            && let Ok(found) = std::fs::metadata(path)
        {
            refuse_other_kinds(path, found.file_type())?;
            if !found.is_file() {
                return Err(DeviceError::FixedLength {
                    path: path.to_owned(),
                });
            }
        }
        let mut open = OpenOptions::new();
        open.read(true).write(true);
        match existing {
            Existing::Refuse => open.create_new(true),
            // Not truncated here: the file may be in use until it is locked.
            Existing::Replace => open.create(true).truncate(false),
        };
        let file = open.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => DeviceError::AlreadyExists {
                path: path.to_owned(),
            },
            _ => open_for_access_error(path, Access::ReadWrite, error),
        })?;
        lock::lock_open(&file, path, &options)?;
        let mut device = Self::from_open_file(file, path, &options)?;
        device.make_empty(len, existing)?;
        Ok(device)
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn from_open_file(file: File, path: &Path, options: &FileOptions) -> Result<Self, DeviceError> {
        let kind = file
            .metadata()
            .map_err(|error| open_error(path, error))?
            .file_type();
        refuse_other_kinds(path, kind)?;
        let len = length_of(&file).map_err(|error| open_error(path, error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            len,
            access: options.access,
        })
    }

    fn make_empty(&mut self, len: u64, existing: Existing) -> Result<(), DeviceError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.set_len(len));
        if let Err(error) = emptied {
            if existing == Existing::Refuse {
                // The file is ours and useless; the first error is the one to
                // report, whether or not the removal works.
                drop(std::fs::remove_file(&self.path));
            }
            return Err(open_error(&self.path, error));
        }
        self.len = len;
        Ok(())
    }

    fn check_writable(&self) -> Result<(), DeviceError> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(DeviceError::ReadOnly {
                device: self.describe(),
            }),
        }
    }
}

impl BlockDevice for FileDevice {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        check_read(self.len, offset, buf.len())?;
        let len = buf.len() as u64;
        let got = positioned::read_full_at(&self.file, buf, offset)
            .map_err(|source| io_error(IoOperation::Read, offset, len, source))?;
        // Somebody cut the file off since it was opened.
        if (got as u64) < len {
            return Err(DeviceError::ShortRead {
                offset,
                len,
                got: got as u64,
            });
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        let len = buf.len() as u64;
        self.check_writable()?;
        check_write(self.len, offset, len)?;
        positioned::write_all_at(&self.file, buf, offset)
            .map_err(|source| io_error(IoOperation::Write, offset, len, source))
    }

    fn flush(&self) -> Result<(), DeviceError> {
        match self.access {
            Access::ReadOnly => Ok(()),
            // The length never changes after opening, so the data and what is
            // needed to find it is all there is to save.
            Access::ReadWrite => self
                .file
                .sync_data()
                .map_err(|source| io_error(IoOperation::Flush, 0, 0, source)),
        }
    }

    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        self.check_writable()?;
        check_write(self.len, offset, len)?;
        if len == 0 {
            return Ok(());
        }
        positioned::punch_hole(&self.file, offset, len)
            .map_err(|source| io_error(IoOperation::Discard, offset, len, source))
    }

    fn is_read_only(&self) -> bool {
        self.access == Access::ReadOnly
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

fn io_error(operation: IoOperation, offset: u64, len: u64, source: io::Error) -> DeviceError {
    DeviceError::Io {
        operation,
        offset,
        len,
        source,
    }
}

fn open_error(path: &Path, source: io::Error) -> DeviceError {
    DeviceError::Open {
        path: path.to_owned(),
        source,
    }
}

fn open_for_access_error(path: &Path, access: Access, source: io::Error) -> DeviceError {
    let refused = matches!(
        source.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    );
    // Whether it is writing that is refused, and not the file as a whole,
    // shows when reading works.
    if access == Access::ReadWrite && refused && File::open(path).is_ok() {
        return DeviceError::ReadOnly {
            device: path.display().to_string(),
        };
    }
    open_error(path, source)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
use proc_linux::is_read_only_medium;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_read_only_medium(_found: &Metadata) -> bool {
    false
}

/// An exclusive open of a block device fails while it, or a partition of it, is
/// mounted or otherwise claimed (open(2), `O_EXCL` without `O_CREAT`).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask_for_exclusive_use(open: &mut OpenOptions, kind: FileType) {
    use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
    if kind.is_block_device() {
        open.custom_flags(nix::libc::O_EXCL);
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn ask_for_exclusive_use(_open: &mut OpenOptions, _kind: FileType) {}

/// Length of an open file or block device. The metadata of a block device says
/// zero; its end says the truth.
fn length_of(mut file: &File) -> io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

fn refuse_other_kinds(path: &Path, kind: FileType) -> Result<(), DeviceError> {
    if kind.is_dir() {
        return Err(DeviceError::IsDirectory {
            path: path.to_owned(),
        });
    }
    match other_kind(kind) {
        None => Ok(()),
        Some(kind) => Err(DeviceError::NotADevice {
            path: path.to_owned(),
            kind,
        }),
    }
}

/// The name of a kind of file that cannot hold a volume.
#[cfg(unix)]
fn other_kind(kind: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_file() || kind.is_block_device() {
        None
    } else if kind.is_char_device() {
        Some("character device")
    } else if kind.is_fifo() {
        Some("pipe")
    } else if kind.is_socket() {
        Some("socket")
    } else {
        Some("special file")
    }
}

#[cfg(not(unix))]
fn other_kind(kind: FileType) -> Option<&'static str> {
    (!kind.is_file()).then_some("special file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(len: u64) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.img");
        drop(FileDevice::create(&path, len, Existing::Refuse, Duration::ZERO).unwrap());
        (dir, path)
    }

    #[test]
    fn a_new_file_is_a_hole_and_keeps_what_is_written() {
        let (_dir, path) = image(1 << 30);
        let device = FileDevice::open(&path, &FileOptions::read_write()).unwrap();
        assert_eq!(device.len(), 1 << 30);
        device.write_at(12_345, b"hello").unwrap();
        device.flush().unwrap();
        drop(device);
        let device = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
        let mut bytes = [0; 7];
        device.read_at(12_344, &mut bytes).unwrap();
        assert_eq!(&bytes, b"\0hello\0");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert!(std::fs::metadata(&path).unwrap().blocks() * 512 < 1 << 20);
        }
    }

    #[test]
    fn discard_reads_as_zeros_or_as_before() {
        let (_dir, path) = image(1 << 20);
        let device = FileDevice::open(&path, &FileOptions::read_write()).unwrap();
        device.write_at(0, &vec![5; 1 << 20]).unwrap();
        device.discard(65_536, 65_536).unwrap();
        let mut bytes = vec![0; 65_536];
        device.read_at(65_536, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0) || bytes.iter().all(|byte| *byte == 5));
        device.read_at(0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 5));
        assert!(device.discard(1 << 20, 1).is_err());
    }

    #[test]
    fn a_file_that_shrank_is_a_short_read() {
        let (_dir, path) = image(10_000);
        let device = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(5_000)
            .unwrap();
        let error = device.read_at(4_990, &mut [0; 20]).unwrap_err();
        assert!(matches!(
            error,
            DeviceError::ShortRead {
                offset: 4_990,
                len: 20,
                got: 10
            }
        ));
    }

    #[test]
    fn wrong_kinds_of_file_are_named() {
        let dir = tempfile::tempdir().unwrap();
        for options in [FileOptions::read_only(), FileOptions::read_write()] {
            let error = FileDevice::open(dir.path(), &options).unwrap_err();
            assert!(matches!(error, DeviceError::IsDirectory { .. }), "{error}");
        }
        let missing = FileDevice::open(dir.path().join("no"), &FileOptions::read_only());
        assert!(matches!(missing, Err(DeviceError::Open { .. })));
        #[cfg(unix)]
        {
            let error = FileDevice::open("/dev/null", &FileOptions::read_only()).unwrap_err();
            assert!(
                matches!(
                    error,
                    DeviceError::NotADevice {
                        kind: "character device",
                        ..
                    }
                ),
                "{error}"
            );
        }
    }

    #[test]
    fn a_read_only_device_takes_no_writes() {
        let (_dir, path) = image(4096);
        let device = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
        assert!(device.is_read_only());
        assert!(matches!(
            device.write_at(0, &[1]),
            Err(DeviceError::ReadOnly { .. })
        ));
        assert!(matches!(
            device.discard(0, 1),
            Err(DeviceError::ReadOnly { .. })
        ));
        device.flush().unwrap();
    }

    #[test]
    fn create_refuses_or_replaces_what_is_there() {
        let (_dir, path) = image(4096);
        let error = FileDevice::create(&path, 1, Existing::Refuse, Duration::ZERO).unwrap_err();
        assert!(matches!(error, DeviceError::AlreadyExists { .. }));
        std::fs::write(&path, [7; 4096]).unwrap();
        let device = FileDevice::create(&path, 8192, Existing::Replace, Duration::ZERO).unwrap();
        let mut bytes = [1; 8192];
        device.read_at(0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0));
        let error =
            FileDevice::create(path.parent().unwrap(), 1, Existing::Replace, Duration::ZERO)
                .unwrap_err();
        assert!(matches!(error, DeviceError::IsDirectory { .. }));
    }

    #[test]
    fn a_failed_create_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.img");
        FileDevice::create(&path, u64::MAX, Existing::Refuse, Duration::ZERO).unwrap_err();
        assert!(!path.exists());
    }
}
