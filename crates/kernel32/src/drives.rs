//! What is mapped: images through the engine, folders of the host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_device::{BlockDevice, FileDevice, FileOptions, PartitionChoice};
use linkwright_fs::FileSystem;
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_fs::posix::PosixFs;
use linkwright_ntfs::{Durability, OpenOptions};
use linkwright_win32::{System, Win32Error, Win32Result};

use crate::configuration::DriveSpec;

/// One mapped drive.
struct Mapped {
    /// Image and partition; `None` for a folder.
    image: Option<(PathBuf, Option<u32>)>,
    fs: Arc<dyn FileSystem>,
}

/// All that is mapped.
#[derive(Default)]
pub(crate) struct Drives(Mutex<BTreeMap<char, Mapped>>);

impl Drives {
    fn mapped(&self) -> MutexGuard<'_, BTreeMap<char, Mapped>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a place and maps it. One image under two letters is one volume.
    ///
    /// # Errors
    /// A code, and what to tell people.
    pub(crate) fn map(
        &self,
        system: &System,
        spec: &DriveSpec,
    ) -> Result<(), (Win32Error, String)> {
        let mut mapped = self.mapped();
        let failed = |code: Win32Error, why: String| {
            (
                code,
                format!("{}={}: {why}", spec.letter, spec.path.display()),
            )
        };
        let place = spec
            .path
            .canonicalize()
            .map_err(|error| failed(Win32Error::FILE_NOT_FOUND, error.to_string()))?;
        let image = (!place.is_dir()).then(|| (place.clone(), spec.partition));
        let known = mapped
            .values()
            .find(|m| image.is_some() && m.image == image);
        let fs = match (known, &image) {
            (Some(known), _) => Arc::clone(&known.fs),
            (None, None) => Arc::new(PosixFs::rooted(place)),
            (None, Some((path, partition))) => open(path, *partition)
                .map_err(|why| failed(Win32Error::UNRECOGNIZED_VOLUME, why))?,
        };
        system
            .map_drive(spec.letter, &fs)
            .map_err(|code| failed(code, format!("{code}")))?;
        mapped.insert(spec.letter, Mapped { image, fs });
        Ok(())
    }

    /// Takes a drive away, with what was done on it durable; with its last drive a
    /// volume is closed.
    ///
    /// # Errors
    /// ERROR_INVALID_DRIVE, ERROR_OPEN_FILES; those of the storage.
    pub(crate) fn unmap(&self, system: &System, letter: char) -> Win32Result<()> {
        let mut mapped = self.mapped();
        if let Some(drive) = mapped.get(&letter) {
            drive.fs.sync().map_err(|_| Win32Error::WRITE_FAULT)?;
        }
        system.unmap_drive(letter)?;
        drop(mapped.remove(&letter));
        Ok(())
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// ERROR_WRITE_FAULT: one of the volumes could not; the others were tried.
    pub(crate) fn sync(&self) -> Win32Result<()> {
        let mapped = self.mapped();
        let failed = mapped
            .values()
            .filter(|drive| drive.image.is_some())
            .map(|drive| drive.fs.sync())
            .filter(Result::is_err)
            .count();
        match failed {
            0 => Ok(()),
            _ => Err(Win32Error::WRITE_FAULT),
        }
    }

    /// The end of the process: every volume is closed.
    pub(crate) fn close(&self, system: &System) {
        let mut mapped = self.mapped();
        while let Some((letter, drive)) = mapped.pop_first() {
            if system.unmap_drive(letter).is_err() {
                // Another thread is in a call: durable, but not marked as closed.
                drop(drive.fs.sync());
            }
        }
    }
}

fn open(path: &Path, partition: Option<u32>) -> Result<Arc<dyn FileSystem>, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let device = FileDevice::open(path, &FileOptions::read_write()).map_err(|e| text(&e))?;
    let device: Arc<dyn BlockDevice> = Arc::new(device);
    let choice = match partition {
        None => PartitionChoice::Auto,
        Some(number) => PartitionChoice::Number(number),
    };
    let window = linkwright_device::open_volume_window(device, choice).map_err(|e| text(&e))?;
    let options = OpenOptions {
        durability: Durability::Written,
        ..OpenOptions::read_write()
    };
    let fs = NtfsFs::open(window.device, options).map_err(|e| text(&e))?;
    Ok(Arc::new(
        fs.with_read_only_files(ReadOnlyFiles::LeftToCaller),
    ))
}
