//! NTFS volumes in images and on devices.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use linkwright_device::{BlockDevice, Existing, FileDevice, FileOptions, PartitionChoice};
use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::{Contents, Create, Error as FsError, ErrorKind, FileSystem, Name, Replace};
use linkwright_ntfs::OpenOptions;

use crate::error::{Error, Result};
use crate::location::{Location, Place};

/// A volume that is open.
///
/// What was done is durable after [`close`](Volume::close); a crash before that
/// leaves each step whole or undone.
pub struct Volume {
    fs: Arc<NtfsFs>,
    place: String,
    drive: Option<char>,
}

impl Volume {
    /// Opens the volume in an image or on a device for reading and writing. On a
    /// disk with partitions the only NTFS volume is taken.
    ///
    /// # Errors
    /// Why it is not one, or not written to; `Locked` when somebody has it open.
    pub fn open(image: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(
            image.as_ref(),
            FileOptions::read_write(),
            OpenOptions::read_write(),
        )
    }

    /// Opens it for reading only; nothing is written, not even to finish what a
    /// crash left.
    ///
    /// # Errors
    /// Why it is no volume.
    pub fn open_read_only(image: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(
            image.as_ref(),
            FileOptions::read_only(),
            OpenOptions::read_only(),
        )
    }

    fn open_with(image: &Path, file: FileOptions, options: OpenOptions) -> Result<Self> {
        let place = image.display().to_string();
        let failed = |error: FsError| Error::new(place.clone(), error);
        let device = FileDevice::open(image, &file)
            .map_err(|error| failed(FsError::with_source(kind_of(&error), error)))?;
        let device: Arc<dyn BlockDevice> = Arc::new(device);
        let window = linkwright_device::open_volume_window(device, PartitionChoice::Auto)
            .map_err(|error| failed(FsError::with_source(ErrorKind::InvalidArgument, error)))?;
        let fs = NtfsFs::open(window.device, options).map_err(failed)?;
        Ok(Self {
            fs: Arc::new(fs),
            place,
            drive: None,
        })
    }

    /// Makes an image file with an empty volume, and opens it.
    ///
    /// # Errors
    /// `AlreadyExists`; a size that is too small.
    pub fn create(image: impl AsRef<Path>, bytes: u64) -> Result<Self> {
        let image = image.as_ref();
        let failed = |error: FsError| Error::new(image.display().to_string(), error);
        let device = FileDevice::create(image, bytes, Existing::Refuse, Duration::ZERO)
            .map_err(|error| failed(FsError::with_source(kind_of(&error), error)))?;
        linkwright_ntfs_mkfs::format(&device, &linkwright_ntfs_mkfs::FormatOptions::default())
            .map_err(|error| failed(FsError::with_source(ErrorKind::InvalidArgument, error)))?;
        drop(device);
        Self::open(image)
    }

    /// Gives the volume a drive letter, which junctions to it need.
    #[must_use]
    pub fn drive(mut self, letter: char) -> Self {
        self.drive = Some(letter.to_ascii_uppercase());
        self
    }

    /// A place on the volume; `/` and `\` separate.
    pub fn at(&self, path: &str) -> Location {
        let names = path.split(['/', '\\']).filter(|part| !part.is_empty());
        Location(Place::Volume {
            fs: Arc::clone(&self.fs) as Arc<dyn FileSystem>,
            path: names.map(Name::from).collect(),
            drive: self.drive,
        })
    }

    /// The volume as a file system, for everything else.
    pub fn file_system(&self) -> Arc<dyn FileSystem> {
        Arc::clone(&self.fs) as Arc<dyn FileSystem>
    }

    /// Makes a whole file, or replaces one.
    ///
    /// # Errors
    /// `PathNotFound`, `AccessDenied` when a directory has the name, ...
    pub fn write(&self, path: &str, mut data: &[u8]) -> Result<()> {
        let location = self.at(path);
        let slot = location.slot()?;
        let mut contents = [Contents {
            stream: None,
            data: &mut data,
        }];
        let create = Create::default();
        slot.fs
            .put_file(&slot.dir, &slot.name, &create, &mut contents, Replace::Yes)
            .map(drop)
            .map_err(|error| location.error(error))
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// `AlreadyExists`, `PathNotFound`, ...
    pub fn create_directory(&self, path: &str) -> Result<()> {
        let location = self.at(path);
        let slot = location.slot()?;
        slot.fs
            .create_directory(&slot.dir, &slot.name, &Create::default())
            .map(drop)
            .map_err(|error| location.error(error))
    }

    /// Makes all durable and marks the volume as not in use. Locations of it
    /// that are still held keep it open; then it is made durable only.
    ///
    /// # Errors
    /// The device failed.
    pub fn close(self) -> Result<()> {
        let closed = match Arc::try_unwrap(self.fs) {
            Ok(fs) => fs.close(),
            Err(shared) => shared.sync(),
        };
        closed.map_err(|error| Error::new(self.place, error))
    }
}

/// The kind of a device error.
fn kind_of(error: &linkwright_device::DeviceError) -> ErrorKind {
    use linkwright_device::DeviceError;
    match error {
        DeviceError::Open { source, .. } | DeviceError::Io { source, .. } => {
            FsError::from(std::io::Error::from(source.kind())).kind()
        }
        DeviceError::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        DeviceError::Locked { .. } => ErrorKind::Locked,
        DeviceError::ReadOnly { .. } => ErrorKind::WriteProtected,
        _ => ErrorKind::Io,
    }
}
