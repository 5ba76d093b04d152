//! Making, replacing and moving files of the host.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, OFlags};
use rustix::io::Errno;

use super::{errno, node, stat};
use crate::error::{ErrorKind, Result};
use crate::{Contents, Create, Name, Node, Replace};

/// Bytes that a copy moves at a time.
const CHUNK: usize = 1 << 18;

/// Makes an empty file.
pub(super) fn create_file(dir: &Node, name: &Name, create: &Create) -> Result<Node> {
    let fd = node::directory_fd(dir)?;
    let name = node::c_name(name)?;
    let file = create_new(&fd, &name, create)?;
    set_times(&file, create)?;
    Ok(node::entry(&fd, name))
}

/// Makes a whole file: written under another name first, so that nobody ever
/// sees a part of it under its own.
pub(super) fn put_file(
    dir: &Node,
    name: &Name,
    create: &Create,
    contents: &mut [Contents<'_>],
    replace: Replace,
) -> Result<Node> {
    let fd = node::directory_fd(dir)?;
    let name = node::c_name(name)?;
    let temporary = temporary_name()?;
    let file = create_new(&fd, &temporary, create)?;
    let written = contents
        .iter_mut()
        .try_for_each(|part| fill(&file, part.data))
        .and_then(|()| set_times(&file, create))
        .and_then(|()| rename(&*fd, &temporary, &*fd, &name, replace));
    if let Err(error) = written {
        // What went wrong first is what is told.
        rustix::fs::unlinkat(&fd, &temporary, AtFlags::empty()).ok();
        return Err(error);
    }
    Ok(node::entry(&fd, name))
}

fn create_new(fd: &OwnedFd, name: &CStr, create: &Create) -> Result<File> {
    let mode = node::mode(create.mode.unwrap_or(0o666));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(
        rustix::fs::openat(fd, name, flags, mode).map_err(errno)?,
    ))
}

fn set_times(file: &File, create: &Create) -> Result<()> {
    match stat::to_timestamps(&create.times) {
        Some(times) => rustix::fs::futimens(file, &times).map_err(errno),
        None => Ok(()),
    }
}

fn fill(mut file: &File, data: &mut dyn Read) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let got = match data.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            // A reader over another file system hands its own error through.
            Err(error) => return Err(crate::Error::from_io(error)),
        };
        file.write_all(&buffer[..got])?;
    }
}

/// A name that no other writer takes: process and count make it unique here,
/// `O_EXCL` proves it.
fn temporary_name() -> Result<CString> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    CString::new(format!(".linkwright-{}-{count}.part", std::process::id()))
        .map_err(|_| ErrorKind::InvalidName.into())
}

/// Renames one name; with [`Replace::No`] in a way that cannot replace.
pub(super) fn rename(
    from: impl AsFd,
    old: &CStr,
    to: impl AsFd,
    new: &CStr,
    replace: Replace,
) -> Result<()> {
    let (from, to) = (from.as_fd(), to.as_fd());
    match replace {
        Replace::Yes => {
            refuse_directory(to, new)?;
            rustix::fs::renameat(from, old, to, new).map_err(rename_error)
        }
        Replace::No => rename_no_replace(from, old, to, new),
    }
}

/// `rename` would replace an empty directory by a directory.
fn refuse_directory(dir: std::os::fd::BorrowedFd<'_>, name: &CStr) -> Result<()> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found)
            if rustix::fs::FileType::from_raw_mode(found.st_mode)
                == rustix::fs::FileType::Directory =>
        {
            Err(ErrorKind::AccessDenied.into())
        }
        _ => Ok(()),
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_no_replace(
    from: std::os::fd::BorrowedFd<'_>,
    old: &CStr,
    to: std::os::fd::BorrowedFd<'_>,
    new: &CStr,
) -> Result<()> {
    use rustix::fs::RenameFlags;
    match rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // The file system under it may not know the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => check_then_rename(from, old, to, new),
        other => other.map_err(rename_error),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_no_replace(
    from: std::os::fd::BorrowedFd<'_>,
    old: &CStr,
    to: std::os::fd::BorrowedFd<'_>,
    new: &CStr,
) -> Result<()> {
    check_then_rename(from, old, to, new)
}

fn check_then_rename(
    from: std::os::fd::BorrowedFd<'_>,
    old: &CStr,
    to: std::os::fd::BorrowedFd<'_>,
    new: &CStr,
) -> Result<()> {
    match rustix::fs::statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(Errno::NOENT) => rustix::fs::renameat(from, old, to, new).map_err(rename_error),
        Err(error) => Err(errno(error)),
    }
}

fn rename_error(error: Errno) -> crate::Error {
    match error {
        Errno::INVAL => ErrorKind::IntoItself.into(),
        error => errno(error),
    }
}
