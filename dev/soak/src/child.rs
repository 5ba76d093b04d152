//! The process that is killed.

use std::io::Write;
use std::path::Path;

use linkwright_device::Access;
use linkwright_ntfs::{CreateOptions, Durability, FileId, FileKind, OpenOptions, Volume};

use crate::{Failure, file_name, link_name, open_image};

/// Opens the volume, which recovers it, and makes links from the `first`th on;
/// each is told on standard output when it is made, a line with its number.
/// Ends when it is killed, or when nobody listens any more.
///
/// # Errors
/// Whatever goes wrong.
pub fn link_until_killed(image: &Path, first: u64) -> Result<(), Failure> {
    let options = OpenOptions {
        durability: Durability::Written,
        ..OpenOptions::read_write()
    };
    let volume = Volume::open(open_image(image, Access::ReadWrite)?, options)?;
    let mut acknowledged = std::io::stdout().lock();
    for number in first.. {
        let name = link_name(number);
        // The one that was under way when an earlier process was killed.
        if volume.lookup(FileId::ROOT, &name)?.is_none() {
            let file = file_of(&volume, number)?;
            volume.hard_link(file, FileId::ROOT, &name)?;
        }
        writeln!(acknowledged, "{number}")?;
        acknowledged.flush()?;
    }
    Ok(())
}

fn file_of(volume: &Volume, number: u64) -> Result<FileId, Failure> {
    let name = file_name(number);
    if let Some(entry) = volume.lookup(FileId::ROOT, &name)? {
        return Ok(entry.file);
    }
    let none = CreateOptions::default();
    Ok(volume.create(FileId::ROOT, &name, FileKind::File, &none)?)
}
