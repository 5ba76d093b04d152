//! Operations that add entries to directories and ask no directory for any: the
//! entries may wait for their places ([`Waiting`](crate::dir::Waiting)).

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::options::Durability;

impl Engine {
    /// Runs such an operation.
    pub(super) fn adding<T>(&mut self, run: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        // A made-up 8.3 name is looked for in the directory.
        let may_wait = self.waiting.pays()
            && self.options.durability == Durability::OnSync
            && !self.has_short_names()?;
        if !may_wait {
            self.settle()?;
            return self.operation(run);
        }
        self.waiting.open();
        let result = self.operation(&run);
        let again = match result {
            // What is set aside for entries may be what it lacks.
            Err(Error::DiskFull) => {
                self.waiting.rest();
                true
            }
            _ => false,
        };
        if self.waiting.close() || again {
            self.settle()?;
            return self.operation(run);
        }
        result
    }
}
