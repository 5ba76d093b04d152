//! A volume and an open transaction behind one face.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::transaction::{Operations, Questions, Transaction};
use super::{Volume, VolumeInfo};
use crate::FileId;
use crate::dir::DirEntry;
use crate::error::Result;
use crate::link::{LinksError, NewLink};

/// Entries of a directory, one after the other.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<DirEntry>> + Send + 'a>;

/// What a caller can do to a volume, whether each call is a transaction of its
/// own ([`Volume`]) or a step of an open one ([`Steps`]).
pub trait Operate: Operations + Questions + Send + Sync {
    /// Runs `work` whole or not at all.
    ///
    /// # Errors
    /// What `work` returns, and errors of writing.
    fn whole<T>(&self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T>;

    /// Makes many hard links, all of them or none, as [`Volume::hard_links`] does.
    ///
    /// # Errors
    /// As there.
    fn hard_links(&self, links: &[NewLink<'_>]) -> Result<(), LinksError>;

    /// What the volume says of itself.
    ///
    /// # Errors
    /// `$Volume` or `$Bitmap` cannot be read.
    fn about(&self) -> Result<VolumeInfo>;

    /// The entries of a directory.
    ///
    /// # Errors
    /// Not a directory, or gone.
    fn listing(&self, directory: FileId) -> Result<Entries<'_>>;

    /// Makes everything durable; inside a transaction its end decides.
    ///
    /// # Errors
    /// The device failed.
    fn make_durable(&self) -> Result<()>;
}

impl Operate for Volume {
    fn whole<T>(&self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.transaction(work)
    }

    fn hard_links(&self, links: &[NewLink<'_>]) -> Result<(), LinksError> {
        Volume::hard_links(self, links)
    }

    fn about(&self) -> Result<VolumeInfo> {
        self.info()
    }

    fn listing(&self, directory: FileId) -> Result<Entries<'_>> {
        Ok(Box::new(self.list(directory)?))
    }

    fn make_durable(&self) -> Result<()> {
        self.sync()
    }
}

/// The steps of an open transaction, for callers that share it: each call is
/// one step.
pub struct Steps<'a, 't> {
    transaction: Mutex<&'a mut Transaction<'t>>,
}

impl<'a, 't> Steps<'a, 't> {
    /// The steps of `transaction`.
    pub fn new(transaction: &'a mut Transaction<'t>) -> Self {
        Self {
            transaction: Mutex::new(transaction),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, &'a mut Transaction<'t>> {
        // Each step is whole: one that panicked was taken back by the engine's
        // own latch, as the volume's lock is poisoned then.
        self.transaction
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operate for Steps<'_, '_> {
    fn whole<T>(&self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.lock().step(work)
    }

    fn hard_links(&self, links: &[NewLink<'_>]) -> Result<(), LinksError> {
        self.lock().hard_links(links)
    }

    fn about(&self) -> Result<VolumeInfo> {
        self.lock().info()
    }

    fn listing(&self, directory: FileId) -> Result<Entries<'_>> {
        let entries = self.lock().entries(directory)?;
        Ok(Box::new(entries.into_iter().map(Ok)))
    }

    fn make_durable(&self) -> Result<()> {
        Ok(())
    }
}

impl core::fmt::Debug for Steps<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Steps").finish_non_exhaustive()
    }
}
