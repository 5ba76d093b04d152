//! Directory entries with what stands in them.

use std::collections::HashMap;

use linkwright_ntfs::{DirEntry, EntryState, FileId, Operate};
use linkwright_ntfs_format::file_name::Namespace;

use super::{FIRST_USER_RECORD, NtfsFs, convert, error};
use crate::error::{ErrorKind, Result};
use crate::{DirectoryEntry, Name};

/// The entry of a long or an 8.3 name.
pub(super) fn entry<V: Operate>(
    fs: &NtfsFs<V>,
    dir: FileId,
    name: &Name,
) -> Result<DirectoryEntry> {
    let found = lookup(fs, dir, name.units())?.ok_or(ErrorKind::NotFound)?;
    whole(fs, dir, found)
}

/// The entry of a long or an 8.3 name, brought up to date when it lags.
pub(super) fn refreshed<V: Operate>(
    fs: &NtfsFs<V>,
    dir: FileId,
    name: &Name,
) -> Result<DirectoryEntry> {
    let state = fs.volume.lookup_state(dir, name.units());
    match state.map_err(error::from_engine)? {
        None => Err(ErrorKind::NotFound.into()),
        Some((found, EntryState::Fresh)) => whole(fs, dir, found),
        Some((_, EntryState::Stale)) => {
            fs.volume
                .refresh_name(dir, name.units())
                .map_err(error::from_engine)?;
            entry(fs, dir, name)
        }
    }
}

/// An entry with the other half of its pair.
fn whole<V: Operate>(fs: &NtfsFs<V>, dir: FileId, found: DirEntry) -> Result<DirectoryEntry> {
    let stands_alone = matches!(found.namespace, Namespace::Win32AndDos | Namespace::Posix);
    let (long, short) = match found.namespace {
        // Only a pair has its other half among the names of the file.
        _ if stands_alone => (found, None),
        Namespace::Dos => match other_half(fs, dir, &found, Namespace::Win32)? {
            Some(long) => (long, Some(found)),
            None => (found, None),
        },
        _ => {
            let short = other_half(fs, dir, &found, Namespace::Dos)?;
            (found, short)
        }
    };
    Ok(joined(fs, long, short.map(name_of)))
}

fn lookup<V: Operate>(fs: &NtfsFs<V>, dir: FileId, name: &[u16]) -> Result<Option<DirEntry>> {
    fs.volume.lookup(dir, name).map_err(error::from_engine)
}

/// The 8.3 name of a long one, or the other way round.
fn other_half<V: Operate>(
    fs: &NtfsFs<V>,
    dir: FileId,
    found: &DirEntry,
    wanted: Namespace,
) -> Result<Option<DirEntry>> {
    let names = fs.volume.names(found.file).map_err(error::from_engine)?;
    let other = names
        .into_iter()
        .find(|name| name.namespace == wanted && name.parent.record() == dir.record());
    match other {
        Some(other) => lookup(fs, dir, other.name.units()),
        None => Ok(None),
    }
}

/// All entries of a directory, each 8.3 name with its long one.
pub(super) fn entries<'a, V: Operate>(
    fs: &'a NtfsFs<V>,
    dir: FileId,
) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
    let list = || fs.volume.listing(dir).map_err(error::from_engine);
    // A pair does not stand together; the short names are gathered first, which
    // a directory without any makes cheap.
    let mut short = HashMap::new();
    for found in list()? {
        let found = found.map_err(error::from_engine)?;
        if found.namespace == Namespace::Dos {
            short.insert(found.file, name_of(found));
        }
    }
    Ok(Box::new(list()?.filter_map(move |found| match found {
        Ok(found) if found.namespace == Namespace::Dos => None,
        Ok(found) if found.file.record().0 < FIRST_USER_RECORD => None,
        Ok(found) => {
            let short = match found.namespace {
                Namespace::Win32 => short.remove(&found.file),
                _ => None,
            };
            Some(Ok(joined(fs, found, short)))
        }
        Err(error) => Some(Err(error::from_engine(error))),
    })))
}

fn joined<V: Operate>(fs: &NtfsFs<V>, long: DirEntry, short: Option<Name>) -> DirectoryEntry {
    DirectoryEntry {
        node: fs.node(long.file),
        duplicate: convert::duplicate(&long),
        name: name_of(long),
        short_name: short,
    }
}

fn name_of(entry: DirEntry) -> Name {
    Name::from_units(entry.name.into_units())
}
