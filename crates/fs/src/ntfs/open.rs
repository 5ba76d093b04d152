//! Opening and closing a volume.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use linkwright_device::BlockDevice;
use linkwright_ntfs::{OpenOptions, Operate, Volume};

use super::{NtfsFs, ReadOnlyFiles, convert, error};
use crate::error::Result;

impl NtfsFs {
    /// Opens the volume on a device.
    ///
    /// # Errors
    /// What the device holds instead, damage, and why it is not written to.
    pub fn open(device: Arc<dyn BlockDevice>, options: OpenOptions) -> Result<Self> {
        static TAGS: AtomicU64 = AtomicU64::new(0);
        let writable = options.access == linkwright_ntfs::Access::ReadWrite;
        Ok(Self {
            volume: Volume::open(device, options).map_err(error::from_engine)?,
            tag: TAGS.fetch_add(1, Ordering::Relaxed),
            writable,
            read_only_files: ReadOnlyFiles::default(),
            dropped: AtomicBool::new(false),
        })
    }

    /// The same volume with another rule about read-only files.
    #[must_use]
    pub fn with_read_only_files(self, read_only_files: ReadOnlyFiles) -> Self {
        Self {
            read_only_files,
            ..self
        }
    }

    /// Finishes what a session that was cut off had committed.
    ///
    /// # Errors
    /// As [`Self::open`] for writing.
    pub fn recover(device: Arc<dyn BlockDevice>) -> Result<linkwright_ntfs::RecoveryReport> {
        Volume::recover(device).map_err(error::from_engine)
    }

    /// Takes the dirty flag away without looking whether the volume is sound;
    /// whether it was set.
    ///
    /// # Errors
    /// As [`Self::open`] for writing, but for the flag itself.
    pub fn clear_dirty(device: Arc<dyn BlockDevice>, options: OpenOptions) -> Result<bool> {
        Volume::clear_dirty(device, options).map_err(error::from_engine)
    }

    /// The state of the volume's journal, in words: `empty`, `clean (2.0)`,
    /// `in use (1.1)`, `unknown`.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn journal(&self) -> Result<String> {
        Ok(convert::journal(&self.details()?.log))
    }

    /// Makes everything durable and marks the volume as not in use.
    ///
    /// # Errors
    /// The device failed; the volume stays marked as in use.
    pub fn close(self) -> Result<()> {
        self.volume.close().map_err(error::from_engine)
    }
}

impl<V: Operate> NtfsFs<V> {
    /// Everything the volume says of itself.
    ///
    /// # Errors
    /// Its own files cannot be read.
    pub fn details(&self) -> Result<linkwright_ntfs::VolumeInfo> {
        self.volume.about().map_err(error::from_engine)
    }
}
