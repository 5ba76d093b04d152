//! Drives that come and go while the process runs (`DefineDosDevice`,
//! `DeleteVolumeMountPoint` are not there: what is mapped is no device of
//! Windows).

use std::sync::Arc;

use linkwright_codes::Win32Error;
use linkwright_fs::FileSystem;

use crate::system::local_volume;
use crate::volumes::Volume;
use crate::{System, Win32Result};

impl System {
    /// Maps a drive for all processes of the machine. The same `Arc` under a second
    /// letter is the same volume.
    ///
    /// # Errors
    /// ERROR_INVALID_DRIVE for what is no letter; ERROR_ALREADY_ASSIGNED for a
    /// letter that is mapped.
    pub fn map_drive(&self, letter: char, fs: &Arc<dyn FileSystem>) -> Win32Result<()> {
        let letter = letter.to_ascii_uppercase();
        let clock = &self.machine.clock;
        self.remember(self.machine.volumes.change(|list| {
            if !letter.is_ascii_alphabetic() {
                return Err(Win32Error::INVALID_DRIVE);
            }
            if list.iter().any(|volume| volume.drives.contains(&letter)) {
                return Err(Win32Error::ALREADY_ASSIGNED);
            }
            let known = list.iter_mut().find(|v| Arc::ptr_eq(&v.given, fs));
            match known {
                Some(known) => {
                    let mut volume = Volume::clone(known);
                    volume.drives.push(letter);
                    *known = Arc::new(volume);
                }
                None => {
                    let last = list.iter().map(|volume| volume.number + 1).max();
                    let number = last.unwrap_or_default();
                    list.push(Arc::new(local_volume(number, letter, fs, clock)));
                }
            }
            Ok(())
        }))
    }

    /// Takes a drive away. The file system is closed by its owner, or with its last
    /// `Arc`.
    ///
    /// # Errors
    /// ERROR_INVALID_DRIVE for a letter that is not mapped; ERROR_OPEN_FILES while
    /// something is open on the volume, as a current directory is.
    pub fn unmap_drive(&self, letter: char) -> Win32Result<()> {
        let letter = letter.to_ascii_uppercase();
        self.remember(self.machine.volumes.change(|list| {
            let at = list.iter().position(|v| v.drives.contains(&letter));
            let at = at.ok_or(Win32Error::INVALID_DRIVE)?;
            let volume = list.get_mut(at).ok_or(Win32Error::INVALID_DRIVE)?;
            // This list, and the one that it replaces.
            if Arc::strong_count(volume) > 2 {
                return Err(Win32Error::OPEN_FILES);
            }
            match volume.drives.len() {
                1 => drop(list.remove(at)),
                _ => {
                    let mut fewer = Volume::clone(volume);
                    fewer.drives.retain(|drive| *drive != letter);
                    *volume = Arc::new(fewer);
                }
            }
            Ok(())
        }))
    }
}
