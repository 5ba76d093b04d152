//! What open transactions hold, so that nobody else changes it before they
//! end: names, files, and the directories above both.

use std::collections::{HashMap, HashSet};

use super::Key;
use crate::error::{ErrorKind, Result, TransactionError};

/// The number of a transaction.
pub(super) type Holder = u64;

/// A name without regard to case.
pub(super) type Folded = Vec<u16>;

/// What a transaction did to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Changed it.
    Changed,
    /// Took its last name away.
    Removed,
}

/// Everything that is held on one volume.
#[derive(Debug, Default)]
pub(super) struct Claims {
    names: HashMap<(Key, Folded), Holder>,
    files: HashMap<Key, (Holder, Change)>,
    /// Directories on the way to what is held. Several transactions may depend
    /// on one.
    pins: HashMap<Key, HashSet<Holder>>,
}

fn conflict<T>() -> Result<T> {
    Err(ErrorKind::Transaction(TransactionError::Conflict).into())
}

impl Claims {
    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.files.is_empty() && self.pins.is_empty()
    }

    /// Refuses when another transaction made or removed that name.
    pub(super) fn check_name(&self, dir: Key, name: &Folded, by: Option<Holder>) -> Result<()> {
        match self.names.get(&(dir, name.clone())) {
            Some(holder) if Some(*holder) != by => conflict(),
            _ => Ok(()),
        }
    }

    /// Refuses when another transaction changed that file.
    pub(super) fn check_file(&self, key: Key, by: Option<Holder>) -> Result<()> {
        match self.files.get(&key) {
            Some((holder, _)) if Some(*holder) != by => conflict(),
            _ => Ok(()),
        }
    }

    /// Refuses a new entry in a directory that another transaction removed.
    pub(super) fn check_directory(&self, key: Key, by: Option<Holder>) -> Result<()> {
        match self.files.get(&key) {
            Some((holder, Change::Removed)) if Some(*holder) != by => conflict(),
            _ => Ok(()),
        }
    }

    /// Whether another transaction depends on where that directory is.
    pub(super) fn is_pinned(&self, key: Key, by: Option<Holder>) -> bool {
        self.pins
            .get(&key)
            .is_some_and(|holders| holders.iter().any(|holder| Some(*holder) != by))
    }

    /// Whether a transaction other than `by` changed that file.
    pub(super) fn is_changed(&self, key: Key, by: Option<Holder>) -> bool {
        self.check_file(key, by).is_err()
    }

    /// Holds a name; `true` when it was not held before.
    pub(super) fn hold_name(&mut self, dir: Key, name: Folded, by: Holder) -> Result<bool> {
        self.check_directory(dir, Some(by))?;
        self.check_name(dir, &name, Some(by))?;
        Ok(self.names.insert((dir, name), by).is_none())
    }

    /// Lets a name go that was held for something that did not happen.
    pub(super) fn drop_name(&mut self, dir: Key, name: Folded) {
        self.names.remove(&(dir, name));
    }

    /// Holds a file.
    pub(super) fn hold_file(&mut self, key: Key, by: Holder) -> Result<()> {
        self.check_file(key, Some(by))?;
        self.files.entry(key).or_insert((by, Change::Changed));
        Ok(())
    }

    /// Marks a held file as one that is to go.
    pub(super) fn hold_removed(&mut self, key: Key, by: Holder) {
        self.files.insert(key, (by, Change::Removed));
    }

    /// Pins a directory; `false` when this transaction had it pinned.
    pub(super) fn pin(&mut self, key: Key, by: Holder) -> bool {
        self.pins.entry(key).or_default().insert(by)
    }

    /// Lets everything go that a transaction holds.
    pub(super) fn release(&mut self, by: Holder) {
        self.names.retain(|_, holder| *holder != by);
        self.files.retain(|_, (holder, _)| *holder != by);
        self.pins.retain(|_, holders| {
            holders.remove(&by);
            !holders.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Key = Key::Private(1);

    #[test]
    fn what_one_holds_another_is_refused_until_it_is_released() {
        let mut claims = Claims::default();
        assert!(claims.hold_name(A, vec![65], 1).unwrap());
        assert!(!claims.hold_name(A, vec![65], 1).unwrap());
        assert!(claims.hold_name(A, vec![65], 2).is_err());
        assert!(claims.check_name(A, &vec![65], None).is_err());
        claims.hold_file(A, 1).unwrap();
        assert!(claims.check_file(A, Some(1)).is_ok());
        assert!(claims.hold_file(A, 2).is_err());
        assert!(claims.check_directory(A, None).is_ok());
        claims.hold_removed(A, 1);
        assert!(claims.check_directory(A, None).is_err());
        assert!(claims.pin(A, 1) && !claims.pin(A, 1));
        assert!(claims.is_pinned(A, None) && !claims.is_pinned(A, Some(1)));
        claims.release(1);
        assert!(claims.is_empty());
    }
}
