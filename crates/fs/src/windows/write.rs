//! Making, replacing and moving files of a Windows host.

use std::fs::File;
use std::io::{Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicU64, Ordering};

use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_GENERIC_WRITE, MOVEFILE_REPLACE_EXISTING,
};

use super::node::{HostNode, Links};
use super::{ffi, stat};
use crate::error::{ErrorKind, Result};
use crate::{Contents, Create, Name, NodeKind, Replace, StreamName};

/// Bytes that a copy moves at a time.
const CHUNK: usize = 1 << 18;

/// Makes an empty file with its attributes and times.
pub(super) fn create_file(at: &HostNode, create: &Create) -> Result<()> {
    drop(File::create_new(at.path())?);
    finish(at, create)
}

fn finish(at: &HostNode, create: &Create) -> Result<()> {
    let attributes = (!create.attributes.is_empty()).then_some(create.attributes);
    stat::set(at, &create.times, attributes)
}

/// Makes a whole file: written under another name first, so that nobody ever
/// sees a part of it under its own.
pub(super) fn put_file(
    dir: &HostNode,
    at: &HostNode,
    create: &Create,
    contents: &mut [Contents<'_>],
    replace: Replace,
) -> Result<()> {
    let aside = dir.join(&temporary_name())?;
    let written = File::create_new(aside.path())
        .map_err(Into::into)
        .and_then(|file| fill_all(&aside, file, contents))
        .and_then(|()| finish(&aside, create))
        .and_then(|()| rename(&aside, at, replace));
    if written.is_err() {
        // What went wrong first is what is told.
        std::fs::remove_file(aside.path()).ok();
    }
    written
}

fn fill_all(at: &HostNode, file: File, contents: &mut [Contents<'_>]) -> Result<()> {
    for part in contents {
        match &part.stream {
            None => fill(&file, part.data)?,
            Some(stream) => {
                let stream = File::create_new(at.stream_path(stream.units()))?;
                fill(&stream, part.data)?;
            }
        }
    }
    Ok(())
}

/// Replaces all of a named stream: written as another stream first, which then
/// takes the name.
pub(super) fn put_stream(at: &HostNode, stream: &StreamName, data: &mut dyn Read) -> Result<()> {
    let aside = at.stream_path(temporary_name().units());
    let file = File::options()
        .access_mode(FILE_GENERIC_WRITE | DELETE)
        .create_new(true)
        .write(true)
        .open(&aside)?;
    let mut name = vec![u16::from(b':')];
    name.extend_from_slice(stream.units());
    let written = fill(&file, data).and_then(|()| Ok(ffi::rename_open(&file, &name, true)?));
    if written.is_err() {
        drop(file);
        std::fs::remove_file(aside).ok();
    }
    written
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
        file.write_all(buffer.get(..got).unwrap_or_default())?;
    }
}

/// A name that no other writer takes: process and count make it unique here,
/// CREATE_NEW proves it.
fn temporary_name() -> Name {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Name::from(format!(".linkwright-{}-{count}.part", std::process::id()).as_str())
}

/// MoveFileExW within the volume; a directory is never replaced.
pub(super) fn rename(from: &HostNode, to: &HostNode, replace: Replace) -> Result<()> {
    let flags = match replace {
        Replace::No => 0,
        Replace::Yes => MOVEFILE_REPLACE_EXISTING,
    };
    if replace == Replace::Yes
        && let Ok(file) = to.look(Links::Keep)
        && stat::of(&file)?.kind == NodeKind::Directory
    {
        return Err(ErrorKind::AccessDenied.into());
    }
    Ok(ffi::move_file(&from.wide()?, &to.wide()?, flags)?)
}
