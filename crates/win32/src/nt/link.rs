//! FileLinkInformation: one more name for a file (MS-FSA 2.1.5.15.7).

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, VolumeFamily};

use super::destination::{Caller, Destination, Replacing, check_form};
use super::namespace::{Deletion, Namespace};
use super::objects::{FileKey, FileObject, StreamKind};
use super::status;
use crate::constants::FILE_ADD_FILE;
use crate::path::Trailing;
use crate::system::Machine;

/// Most names of a file.
const MAX_LINKS: u64 = 1024;

impl Machine {
    /// Gives the file of a handle another name. The order of the checks is part
    /// of the result (SEMANTICS 4.1).
    pub(crate) fn link_file(
        &self,
        caller: &Caller<'_>,
        open: &FileObject,
        destination: Destination,
        replacing: Replacing,
    ) -> Result<(), NtStatus> {
        let mut namespace = self.nt.namespace();
        check_source(&namespace, open)?;
        let checked = check_form(&namespace, open, destination)?;
        if has_most_links(open)? {
            return Err(NtStatus::TOO_MANY_LINKS);
        }
        let slot = self.open_directory(&namespace, caller, open, checked, FILE_ADD_FILE)?;
        // Mostly the name is free, and making it says whether it is.
        let asks = replacing.replace || slot.trailing == Trailing::Backslash;
        if !asks {
            let made = slot.fs.hard_link(&open.node, &slot.dir, &slot.name);
            return match made {
                Ok(()) => Ok(()),
                Err(error) => match self.taken(&slot)? {
                    Some(_) => Err(NtStatus::OBJECT_NAME_COLLISION),
                    None => Err(status::of(error)),
                },
            };
        }
        if let Some(entry) = self.taken(&slot)? {
            let other = slot.fs.stat(&entry.node).map_err(status::of)?;
            if replacing.replace && FileKey::new(&open.volume, &other) == open.key {
                // The name it is to have is one it has.
                return Ok(());
            }
            let victim = self.check_replace(&namespace, caller, &slot, &entry, replacing)?;
            return self.replace(&mut namespace, &slot, &victim, &mut |fs| {
                fs.hard_link(&open.node, &slot.dir, &slot.name)
            });
        }
        slot.fs
            .hard_link(&open.node, &slot.dir, &slot.name)
            .map_err(status::of)
    }
}

/// Whether a file has as many names as it can have.
fn has_most_links(open: &FileObject) -> Result<bool, NtStatus> {
    let most = open.fs.facts(&open.node).map_err(status::of)?.names;
    if most < MAX_LINKS {
        return Ok(false);
    }
    // 8.3 names do not count.
    let stat = open.fs.stat(&open.node).map_err(status::of)?;
    Ok(stat.names >= MAX_LINKS)
}

/// Steps 2 to 5: what is linked.
fn check_source(namespace: &Namespace, open: &FileObject) -> Result<(), NtStatus> {
    if open.fs.capabilities().contains(Capabilities::READ_ONLY) {
        return Err(NtStatus::MEDIA_WRITE_PROTECTED);
    }
    if open.stream.is_some() {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if open.kind == StreamKind::Directory {
        return Err(NtStatus::FILE_IS_A_DIRECTORY);
    }
    if !open.volume.has(Capabilities::HARD_LINKS) {
        return Err(without_hard_links(open));
    }
    let gone = open
        .link
        .and_then(|id| namespace.link(id))
        .is_some_and(|link| link.deletion != Deletion::No);
    match gone {
        true => Err(NtStatus::ACCESS_DENIED),
        false => Ok(()),
    }
}

/// The FAT family does not know the request; the others do not support it
/// (SEMANTICS 9.12).
fn without_hard_links(open: &FileObject) -> NtStatus {
    let family = open.fs.volume_info().map(|info| info.family);
    match family {
        Ok(VolumeFamily::Fat) => NtStatus::INVALID_DEVICE_REQUEST,
        _ => NtStatus::NOT_SUPPORTED,
    }
}
