//! Many steps as one transaction of the engine, and scratch space.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use linkwright_ntfs::{Error as EngineError, FileId, Operate, Steps, Volume};

use super::{NtfsFs, ReadOnlyFiles, error, scan};
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{FileSystem, ScanFor, ScannedEntry, Scratch};

/// What is behind an [`NtfsFs`]: a volume, or a transaction that is open on it.
pub trait Door: Operate + Sized {
    /// [`FileSystem::scratch`].
    ///
    /// # Errors
    /// Inside a transaction.
    fn scratch_space(&self) -> Result<Box<dyn Scratch>>;

    /// [`FileSystem::scan_size`].
    fn scan_size(&self) -> Option<u64>;

    /// [`FileSystem::scan`].
    ///
    /// # Errors
    /// Inside a transaction; a damaged record.
    fn scan(
        fs: &NtfsFs<Self>,
        top: FileId,
        what: ScanFor,
        visit: &mut dyn FnMut(ScannedEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()>;

    /// [`FileSystem::order`].
    fn order(&self, a: &[u16], b: &[u16]) -> Ordering;

    /// [`FileSystem::atomically`].
    ///
    /// # Errors
    /// Inside a transaction; what the work returns.
    fn atomically(
        fs: &NtfsFs<Self>,
        work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>,
    ) -> Result<()>;
}

/// An error on its way through the engine's transaction.
struct Passing(Error);

impl From<EngineError> for Passing {
    fn from(error: EngineError) -> Self {
        Self(error::from_engine(error))
    }
}

impl Door for Volume {
    fn scratch_space(&self) -> Result<Box<dyn Scratch>> {
        let scratch = self.scratch().map_err(error::from_engine)?;
        Ok(Box::new(scratch))
    }

    fn scan_size(&self) -> Option<u64> {
        Some(self.record_count())
    }

    fn scan(
        fs: &NtfsFs<Self>,
        top: FileId,
        what: ScanFor,
        visit: &mut dyn FnMut(ScannedEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        scan::scan(fs, top, what, visit)
    }

    fn order(&self, a: &[u16], b: &[u16]) -> Ordering {
        self.collator().compare(a, b)
    }

    fn atomically(
        fs: &NtfsFs<Self>,
        work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>,
    ) -> Result<()> {
        let mut once = || {
            let done = fs.volume.transaction_or(|tx| {
                let inside = NtfsFs {
                    volume: Steps::new(tx),
                    tag: fs.tag,
                    writable: fs.writable,
                    read_only_files: ReadOnlyFiles::LeftToCaller,
                    dropped: AtomicBool::new(true),
                };
                work(&inside).map_err(Passing)
            });
            done.map_err(|Passing(error)| error)
        };
        match once() {
            // What was freed before waits for the device to be durable.
            Err(error)
                if error.kind() == ErrorKind::DiskFull
                    && fs.volume.reclaim().map_err(error::from_engine)? =>
            {
                once()
            }
            done => done,
        }
    }
}

impl Door for Steps<'_, '_> {
    fn scratch_space(&self) -> Result<Box<dyn Scratch>> {
        Err(ErrorKind::Unsupported(Feature::Transactions).into())
    }

    fn scan_size(&self) -> Option<u64> {
        None
    }

    fn scan(
        _fs: &NtfsFs<Self>,
        _top: FileId,
        _what: ScanFor,
        _visit: &mut dyn FnMut(ScannedEntry<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::NamesOfFiles).into())
    }

    fn order(&self, a: &[u16], b: &[u16]) -> Ordering {
        // A transaction lists all at once, in the order of the index: whoever
        // sorts names of its own gets the order of their units.
        a.cmp(b)
    }

    fn atomically(
        _fs: &NtfsFs<Self>,
        _work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>,
    ) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::Transactions).into())
    }
}

impl Scratch for linkwright_ntfs::Scratch {
    fn grow(&mut self, len: u64) -> Result<()> {
        Self::grow(self, len).map_err(error::from_engine)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        Self::read_at(self, offset, buf).map_err(error::from_engine)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        Self::write_at(self, offset, bytes).map_err(error::from_engine)
    }
}
