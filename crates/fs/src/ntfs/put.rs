//! Whole files: one transaction where the data is small; else a file under
//! another name, which gets its own when all data is there.
//!
//! A reader may read from this very volume, so that none is asked while a
//! transaction holds the volume.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use linkwright_ntfs::{FileId, FileKind, Operate, Transaction};

use super::convert;
use super::error::from_engine;
use crate::error::{Error, ErrorKind, Result};
use crate::{Contents, Create, Name, Replace, StreamName};

/// Bytes of a file that are gathered before it is written as one transaction,
/// and that a larger one is written by.
const CHUNK: usize = 4 << 20;

/// A stream's first bytes, and whether there are more.
struct Part {
    stream: Vec<u16>,
    bytes: Vec<u8>,
    at_end: bool,
}

/// Makes a whole file.
pub(super) fn put_file(
    volume: &impl Operate,
    dir: FileId,
    name: &Name,
    create: &Create,
    contents: &mut [Contents<'_>],
    replace: Replace,
) -> Result<FileId> {
    let mut parts = Vec::with_capacity(contents.len());
    let mut room = CHUNK;
    for content in contents.iter_mut() {
        let (bytes, at_end) = read_up_to(content.data, room)?;
        room -= bytes.len();
        parts.push(Part {
            stream: content
                .stream
                .as_ref()
                .map_or_else(Vec::new, |stream| stream.units().to_vec()),
            bytes,
            at_end,
        });
    }
    if parts.iter().all(|part| part.at_end) {
        return put_small(volume, dir, name, create, &parts, replace);
    }
    put_large(volume, dir, name, create, contents, parts, replace)
}

/// Everything in one transaction.
fn put_small(
    volume: &impl Operate,
    dir: FileId,
    name: &Name,
    create: &Create,
    parts: &[Part],
    replace: Replace,
) -> Result<FileId> {
    let put = volume.whole(|tx| {
        if replace == Replace::Yes
            && let Some(there) = tx.lookup(dir, name.units())?
        {
            if there.is_directory() && there.reparse_tag.is_none() {
                return Err(linkwright_ntfs::InvalidInput::IsADirectory.into());
            }
            tx.remove(dir, name.units())?;
        }
        let options = convert::create_options(create);
        let file = tx.create(dir, name.units(), FileKind::File, &options)?;
        for part in parts {
            write_new(tx, file, &part.stream, &part.bytes)?;
        }
        finish(tx, dir, name.units(), file, create)?;
        Ok(file)
    });
    put.map_err(|error| directory_stays(from_engine(error)))
}

/// Under another name first.
fn put_large(
    volume: &impl Operate,
    dir: FileId,
    name: &Name,
    create: &Create,
    contents: &mut [Contents<'_>],
    parts: Vec<Part>,
    replace: Replace,
) -> Result<FileId> {
    let aside = aside_name();
    let options = convert::create_options(create);
    let file = volume
        .create(dir, aside.units(), FileKind::File, &options)
        .map_err(from_engine)?;
    let done = fill(volume, file, contents, parts).and_then(|()| {
        let moved = volume.whole(|tx| {
            finish(tx, dir, aside.units(), file, create)?;
            let replace = convert::replace(replace);
            tx.rename(dir, aside.units(), dir, name.units(), replace)
        });
        moved.map_err(|error| directory_stays(from_engine(error)))
    });
    match done {
        Ok(()) => Ok(file),
        Err(error) => {
            // What went wrong first is what is told.
            volume.remove(dir, aside.units()).ok();
            Err(error)
        }
    }
}

fn fill(
    volume: &impl Operate,
    file: FileId,
    contents: &mut [Contents<'_>],
    parts: Vec<Part>,
) -> Result<()> {
    for (content, part) in contents.iter_mut().zip(parts) {
        ensure_stream(volume, file, &part.stream)?;
        let mut offset = 0;
        let (mut bytes, mut at_end) = (part.bytes, part.at_end);
        loop {
            volume
                .write_at(file, &part.stream, offset, &bytes)
                .map_err(from_engine)?;
            offset += bytes.len() as u64;
            if at_end {
                break;
            }
            (bytes, at_end) = read_up_to(content.data, CHUNK)?;
        }
    }
    Ok(())
}

/// Replaces all of a named stream.
pub(super) fn put_stream(
    volume: &impl Operate,
    file: FileId,
    stream: &[u16],
    data: &mut dyn Read,
) -> Result<()> {
    let (bytes, at_end) = read_up_to(data, CHUNK)?;
    if at_end {
        return volume
            .whole(|tx| {
                remove_stream_if_there(tx, file, stream)?;
                write_new(tx, file, stream, &bytes)
            })
            .map_err(from_engine);
    }
    // A large one grows under another name, and then takes its place.
    let aside = StreamName::from_units(aside_name().units().to_vec());
    let content = Contents {
        stream: Some(aside.clone()),
        data,
    };
    let part = Part {
        stream: aside.units().to_vec(),
        bytes,
        at_end,
    };
    let filled = fill(volume, file, &mut [content], vec![part]);
    let swapped = filled.and_then(|()| copy_stream(volume, file, aside.units(), stream));
    volume.remove_stream(file, aside.units()).ok();
    swapped
}

/// Streams cannot be renamed: the last step copies, in one transaction.
fn copy_stream(volume: &impl Operate, file: FileId, from: &[u16], to: &[u16]) -> Result<()> {
    volume
        .whole(|tx| {
            remove_stream_if_there(tx, file, to)?;
            tx.create_stream(file, to)?;
            let mut buffer = vec![0; CHUNK];
            let mut offset = 0;
            loop {
                let got = tx.read_at(file, from, offset, &mut buffer)?;
                if got == 0 {
                    return Ok(());
                }
                tx.write_at(file, to, offset, buffer.get(..got).unwrap_or_default())?;
                offset += got as u64;
            }
        })
        .map_err(from_engine)
}

fn remove_stream_if_there(
    tx: &mut Transaction<'_>,
    file: FileId,
    stream: &[u16],
) -> linkwright_ntfs::Result<()> {
    let there = tx.streams(file)?.iter().any(|known| known.name == stream);
    match there {
        true => tx.remove_stream(file, stream),
        false => Ok(()),
    }
}

fn write_new(
    tx: &mut Transaction<'_>,
    file: FileId,
    stream: &[u16],
    bytes: &[u8],
) -> linkwright_ntfs::Result<()> {
    if !stream.is_empty() {
        tx.create_stream(file, stream)?;
    }
    match bytes.is_empty() {
        true => Ok(()),
        false => tx.write_at(file, stream, 0, bytes),
    }
}

/// Writing set the time; the copy keeps its own. The entry then says the same.
fn finish(
    tx: &mut Transaction<'_>,
    dir: FileId,
    name: &[u16],
    file: FileId,
    create: &Create,
) -> linkwright_ntfs::Result<()> {
    if create.times != crate::Times::default() {
        tx.set_times(file, &convert::times_change(&create.times))?;
    }
    tx.refresh_name(dir, name)
}

/// Makes a named stream that is not there.
pub(super) fn ensure_stream(volume: &impl Operate, file: FileId, stream: &[u16]) -> Result<()> {
    if stream.is_empty() {
        return Ok(());
    }
    match volume.stream_len(file, stream) {
        Ok(_) => Ok(()),
        Err(_) => volume.create_stream(file, stream).map_err(from_engine),
    }
}

/// A directory that stands in the way is refused as Windows does.
fn directory_stays(error: Error) -> Error {
    match error.kind() {
        ErrorKind::IsADirectory => ErrorKind::AccessDenied.into(),
        _ => error,
    }
}

/// At most that many bytes, and whether the reader is at its end.
fn read_up_to(data: &mut dyn Read, most: usize) -> Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let mut limited = data.take(most as u64);
    limited.read_to_end(&mut bytes).map_err(Error::from_io)?;
    if bytes.len() < most {
        return Ok((bytes, true));
    }
    Ok((bytes, false))
}

/// A name that no other writer takes: the volume is locked for this process,
/// and the count is its own.
fn aside_name() -> Name {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Name::from(format!(".linkwright-{}-{count}.part", std::process::id()).as_str())
}
