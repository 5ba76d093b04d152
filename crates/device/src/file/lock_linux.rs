//! Open-file-description locks (fcntl(2), `F_OFD_SETLK`).
//!
//! They belong to the open file, not to the process: two devices in one
//! process exclude each other, and closing some other descriptor of the same
//! file does not lose them. They conflict with the classic locks of other
//! processes, which is what ntfs-3g takes, on the whole file.
//!
//! QEMU locks single bytes (block/file-posix.c in its documentation of image
//! locking): byte 100 + i, shared, says "I use permission i", byte 200 + i,
//! shared, says "nobody else may use permission i", and it tests whether
//! anybody holds the bytes it objects to. So:
//!
//! * a writer locks the whole file exclusively, which nobody's lock survives;
//! * a reader locks everything shared except what would tell QEMU more than
//!   "I read, and nobody may write or resize": QEMU may then read as well.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::super::proc_linux;
use super::super::{Access, LockHolder};
use super::Attempt;

/// Where QEMU's bytes "I use permission i" start.
const QEMU_USES: i64 = 100;
/// Where QEMU's bytes "nobody else may use permission i" start.
const QEMU_FORBIDS: i64 = 200;
/// QEMU's permission: read.
const QEMU_READ: i64 = 0;
/// QEMU's permission: write.
const QEMU_WRITE: i64 = 1;
/// QEMU's permission: change the length.
const QEMU_RESIZE: i64 = 3;
/// The first byte after those that mean something to QEMU.
const QEMU_END: i64 = QEMU_FORBIDS + QEMU_RESIZE + 1;

/// A byte range to lock; length 0 goes to the end, wherever that is.
#[derive(Clone, Copy)]
struct Bytes {
    start: i64,
    len: i64,
}

const fn byte(start: i64) -> Bytes {
    Bytes { start, len: 1 }
}

const WHOLE_FILE: Bytes = Bytes { start: 0, len: 0 };

/// What a reader holds.
const READER: [Bytes; 4] = [
    Bytes {
        start: 0,
        len: QEMU_USES + QEMU_READ + 1,
    },
    byte(QEMU_FORBIDS + QEMU_WRITE),
    byte(QEMU_FORBIDS + QEMU_RESIZE),
    Bytes {
        start: QEMU_END,
        len: 0,
    },
];

/// What nobody may hold while a reader reads.
const READER_OBJECTS_TO: [Bytes; 3] = [
    byte(QEMU_USES + QEMU_WRITE),
    byte(QEMU_USES + QEMU_RESIZE),
    byte(QEMU_FORBIDS + QEMU_READ),
];

#[derive(Clone, Copy)]
enum Lock {
    Shared,
    Exclusive,
    None,
}

fn flock(lock: Lock, bytes: Bytes) -> libc::flock {
    let kind = match lock {
        Lock::Shared => libc::F_RDLCK,
        Lock::Exclusive => libc::F_WRLCK,
        Lock::None => libc::F_UNLCK,
    };
    libc::flock {
        // The constants are small; their types differ between targets.
        l_type: i16::try_from(kind).unwrap_or_default(),
        l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
        l_start: bytes.start,
        l_len: bytes.len,
        // Has to be 0 for these commands.
        l_pid: 0,
    }
}

/// One attempt: all of the lock, or none of it.
pub(super) fn try_lock(file: &File, access: Access) -> io::Result<Attempt> {
    let attempt = match access {
        Access::ReadWrite => set(file, Lock::Exclusive, WHOLE_FILE),
        Access::ReadOnly => try_lock_reader(file),
    };
    match attempt {
        Ok(Attempt::Busy) => {
            unlock(file);
            Ok(Attempt::Busy)
        }
        Ok(Attempt::Taken) => Ok(Attempt::Taken),
        // A file system without locks: nobody can have locked the file, so
        // reading is as safe as it gets. Writing unlocked is not.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::ENOLCK | Errno::EINVAL)
            if access == Access::ReadOnly =>
        {
            Ok(Attempt::Taken)
        }
        Err(errno) => Err(errno.into()),
    }
}

fn try_lock_reader(file: &File) -> Result<Attempt, Errno> {
    for bytes in READER {
        if set(file, Lock::Shared, bytes)? == Attempt::Busy {
            return Ok(Attempt::Busy);
        }
    }
    for bytes in READER_OBJECTS_TO {
        if is_held(file, bytes)? {
            return Ok(Attempt::Busy);
        }
    }
    Ok(Attempt::Taken)
}

/// Gives all locks of this open file back.
pub(super) fn unlock(file: &File) {
    // Cannot fail on a file where locking got this far, and closing the file
    // unlocks it in any case.
    set(file, Lock::None, WHOLE_FILE).ok();
}

fn set(file: &File, lock: Lock, bytes: Bytes) -> Result<Attempt, Errno> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&flock(lock, bytes))) {
        Ok(_) => Ok(Attempt::Taken),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(Attempt::Busy),
        Err(errno) => Err(errno),
    }
}

/// Whether another open file holds any lock on these bytes.
fn is_held(file: &File, bytes: Bytes) -> Result<bool, Errno> {
    let mut lock = flock(Lock::Exclusive, bytes);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

/// Use of the file that no lock shows: mounts and loop devices.
pub(super) fn other_use(path: &Path, access: Access) -> Option<LockHolder> {
    proc_linux::mount_or_loop(path, access)
}

/// Who holds a lock that conflicts with the wanted one.
pub(super) fn find_holder(path: &Path, file: Option<&File>, access: Access) -> Option<LockHolder> {
    file.and_then(|file| classic_holder(file, access))
        .or_else(|| other_use(path, access))
        .or_else(|| proc_linux::process_with_lock(path))
}

/// The holder of a classic lock: the kernel names the process itself.
fn classic_holder(file: &File, access: Access) -> Option<LockHolder> {
    let wanted = match access {
        Access::ReadOnly => Lock::Shared,
        Access::ReadWrite => Lock::Exclusive,
    };
    let mut lock = flock(wanted, WHOLE_FILE);
    fcntl(file, FcntlArg::F_GETLK(&mut lock)).ok()?;
    if i32::from(lock.l_type) == libc::F_UNLCK {
        return None;
    }
    // -1 for an open-file-description lock.
    let pid = u32::try_from(lock.l_pid).ok().filter(|pid| *pid != 0)?;
    Some(proc_linux::process(pid))
}
