//! The public handle: opening, closing, marks, transactions.

mod adding;
mod beside;
mod boot;
mod commit;
mod info;
mod large;
mod open;
mod recover;
mod refusals;
mod scratch;
mod session;
mod spill;
mod steps;
mod transaction;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use beside::Beside;
pub use info::{Substitutes, VolumeInfo};
pub use recover::RecoveryReport;
pub use scratch::Scratch;
pub(crate) use spill::Spill;
pub use steps::{Entries, Operate, Steps};
pub use transaction::{Operations, Questions, Transaction};

use crate::engine::Engine;
use crate::error::{Error, Result};

/// An open NTFS volume.
///
/// Close it with [`Volume::close`] to learn of errors; dropping it closes it
/// too, as a last resort, and cannot report any.
pub struct Volume {
    /// Shared with nobody but weakly, by what must not outlive it.
    engine: Arc<RwLock<Engine>>,
}

impl Volume {
    /// The engine, to be asked: no entry waits for its place.
    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, Engine>> {
        loop {
            // A writer that panicked may have left half an operation in memory.
            let engine = self.engine.read().map_err(|_| Error::Latched)?;
            engine.waiting.interrupt();
            if engine.waiting.is_empty() {
                return Ok(engine);
            }
            drop(engine);
            drop(self.write()?);
        }
    }

    /// As [`Self::read`], with everything that is committed in place or in the
    /// journal: for who reads metadata past the cache.
    pub(crate) fn read_landed(&self) -> Result<RwLockReadGuard<'_, Engine>> {
        loop {
            let engine = self.read()?;
            if !engine.is_airborne() {
                return Ok(engine);
            }
            drop(engine);
            self.write()?.land_untold();
        }
    }

    /// The engine, to be changed: no entry waits for its place.
    fn write(&self) -> Result<RwLockWriteGuard<'_, Engine>> {
        let mut engine = self.engine.write().map_err(|_| Error::Latched)?;
        engine.waiting.interrupt();
        engine.settle()?;
        Ok(engine)
    }

    /// Runs an operation.
    fn change<T>(&self, run: impl Fn(&mut Engine) -> Result<T>) -> Result<T> {
        let mut engine = self.write()?;
        let result = engine.operation(run)?;
        engine.after_operation()?;
        Ok(result)
    }

    /// Runs an operation that adds entries to directories, and asks no directory
    /// for any: its entry may wait for its place.
    fn add<T>(&self, run: impl Fn(&mut Engine) -> Result<T>) -> Result<T> {
        let mut engine = self.engine.write().map_err(|_| Error::Latched)?;
        let result = engine.adding(run)?;
        engine.after_operation()?;
        Ok(result)
    }

    /// Runs `work` as one transaction: all its operations happen, or, when it
    /// returns an error, none.
    ///
    /// # Errors
    /// What `work` returns, and errors of writing when the volume's durability
    /// asks for that.
    pub fn transaction<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.transaction_or(work)
    }

    /// As [`Volume::transaction`], for work with errors of its own.
    ///
    /// # Errors
    /// As [`Volume::transaction`].
    pub fn transaction_or<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut engine = self.write()?;
        engine.check_writable()?;
        engine.begin_frame();
        let result = work(&mut Transaction::new(&mut engine));
        let value = engine.end_frame(result)?;
        engine.after_operation()?;
        Ok(value)
    }

    /// Makes clusters that were freed usable, which costs a flush; tells
    /// whether there were any. For a transaction that found the volume full.
    ///
    /// # Errors
    /// The device failed.
    pub fn reclaim(&self) -> Result<bool> {
        let mut engine = self.write()?;
        let any = engine.holds_space();
        if any {
            engine.release_space()?;
        }
        Ok(any)
    }

    /// The most bytes of blocks that this volume ever had in its cache, what
    /// open transactions keep for their rollback included.
    ///
    /// # Errors
    /// The volume is latched.
    #[doc(hidden)]
    pub fn cache_peak(&self) -> Result<usize> {
        Ok(self.read()?.cache.peak())
    }

    /// How many entries wait for their places in directories; this does not have
    /// them put in.
    ///
    /// # Errors
    /// The volume is latched.
    #[doc(hidden)]
    pub fn waiting_entries(&self) -> Result<usize> {
        let engine = self.engine.read().map_err(|_| Error::Latched)?;
        Ok(engine.waiting.len())
    }

    /// Makes everything done so far durable.
    ///
    /// # Errors
    /// The device failed; the volume is latched then.
    pub fn sync(&self) -> Result<()> {
        self.write()?.sync()
    }

    /// Writes everything out, takes the mark of an open volume away and
    /// returns what went wrong.
    ///
    /// # Errors
    /// The device failed; the volume stays marked as open.
    pub fn close(self) -> Result<()> {
        self.write()?.close()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if self.engine.is_poisoned() {
            return;
        }
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        // `close` already ran when there is nothing left to do; an error here
        // has nobody to go to.
        drop(engine.close());
        engine.forget_all();
    }
}

impl core::fmt::Debug for Volume {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Volume").finish_non_exhaustive()
    }
}
