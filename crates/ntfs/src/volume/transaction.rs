//! An open transaction: operations that happen together.

use crate::engine::Engine;

/// Operations inside [`crate::Volume::transaction`]. Each is whole by itself:
/// one that fails leaves the work before it, and the transaction may go on.
pub struct Transaction<'a> {
    pub(crate) engine: &'a mut Engine,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(engine: &'a mut Engine) -> Self {
        Self { engine }
    }
}

impl core::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}
