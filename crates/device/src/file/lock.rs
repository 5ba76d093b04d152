//! Locks on a whole file, and the waiting for them.
//!
//! What is locked how is per operating system: see the two `host` modules.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Access, FileOptions, open_error};
use crate::DeviceError;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "lock_linux.rs"]
mod host;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "lock_portable.rs"]
mod host;

/// Pause between two attempts. There is no way to wait for a lock for a
/// limited time, so it is polled.
const POLL: Duration = Duration::from_millis(4);

/// What one attempt to lock gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Taken,
    Busy,
}

/// Opens and locks, until it works or the wait is over. `open` is called
/// for every attempt: an exclusive open of a block device is refused as long
/// as somebody else has one.
pub(super) fn open_locked(
    path: &Path,
    options: &FileOptions,
    mut open: impl FnMut() -> Result<File, DeviceError>,
) -> Result<File, DeviceError> {
    let deadline = Deadline::after(options.lock_wait);
    loop {
        let file = match open() {
            Err(error) if is_busy(&error) => None,
            other => Some(other?),
        };
        if let Some(file) = file {
            if try_lock(&file, path, options.access)? {
                return Ok(file);
            }
            if deadline.is_over() {
                return Err(locked(path, Some(&file), options.access));
            }
        } else if deadline.is_over() {
            return Err(locked(path, None, options.access));
        }
        deadline.pause();
    }
}

/// Locks a file that is open already.
pub(super) fn lock_open(
    file: &File,
    path: &Path,
    options: &FileOptions,
) -> Result<(), DeviceError> {
    let deadline = Deadline::after(options.lock_wait);
    while !try_lock(file, path, options.access)? {
        if deadline.is_over() {
            return Err(locked(path, Some(file), options.access));
        }
        deadline.pause();
    }
    Ok(())
}

/// Gives the lock up. Closing the file is not enough: a child that another
/// thread has just forked holds a copy of the descriptor until it has started
/// its program, and the lock lasts as long as the last copy.
pub(super) fn unlock(file: &File) {
    host::unlock(file);
}

/// One attempt. A mounted file counts as locked: ntfs-3g locks the file it
/// mounts, but loses that lock when it moves to the background (locks of a
/// process do not pass to its children).
fn try_lock(file: &File, path: &Path, access: Access) -> Result<bool, DeviceError> {
    let attempt = host::try_lock(file, access).map_err(|error| open_error(path, error))?;
    if attempt == Attempt::Busy {
        return Ok(false);
    }
    if host::other_use(path, access).is_some() {
        host::unlock(file);
        return Ok(false);
    }
    Ok(true)
}

fn locked(path: &Path, file: Option<&File>, access: Access) -> DeviceError {
    DeviceError::Locked {
        path: path.to_owned(),
        holder: host::find_holder(path, file, access),
    }
}

fn is_busy(error: &DeviceError) -> bool {
    matches!(
        error,
        DeviceError::Open { source, .. } if source.kind() == io::ErrorKind::ResourceBusy
    )
}

/// The end of a wait; none when it lies beyond what the clock can count.
struct Deadline(Option<Instant>);

impl Deadline {
    fn after(wait: Duration) -> Self {
        Self(Instant::now().checked_add(wait))
    }

    fn is_over(&self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    fn pause(&self) {
        let left = self
            .0
            .map_or(POLL, |end| end.saturating_duration_since(Instant::now()));
        std::thread::sleep(left.min(POLL));
    }
}
