//! Locks where there are no open-file-description locks: the whole-file locks
//! of the standard library. Other programs see them only where they use the
//! same kind (`flock` on Unix; on Windows the system enforces them).

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::super::{Access, LockHolder};
use super::Attempt;

pub(super) fn try_lock(file: &File, access: Access) -> io::Result<Attempt> {
    let taken = match access {
        Access::ReadOnly => file.try_lock_shared(),
        Access::ReadWrite => file.try_lock(),
    };
    match taken {
        Ok(()) => Ok(Attempt::Taken),
        Err(TryLockError::WouldBlock) => Ok(Attempt::Busy),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

pub(super) fn unlock(file: &File) {
    // Closing the file unlocks it in any case.
    drop(file.unlock());
}

pub(super) fn other_use(_path: &Path, _access: Access) -> Option<LockHolder> {
    None
}

pub(super) fn find_holder(
    _path: &Path,
    _file: Option<&File>,
    _access: Access,
) -> Option<LockHolder> {
    None
}
