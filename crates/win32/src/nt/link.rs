//! FileLinkInformation: one more name for a file (MS-FSA 2.1.5.15.7).

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{Capabilities, Name, VolumeFamily};

use super::access::{self, Intent};
use super::lookup::{Lookup, View};
use super::namespace::{Deletion, Namespace};
use super::objects::{FileObject, StreamKind};
use super::status;
use crate::constants::{FILE_ADD_FILE, SYNCHRONIZE};
use crate::path::{Location, StreamPart, Target, Trailing};
use crate::settings::Token;
use crate::system::Machine;

/// Most names of a file.
const MAX_LINKS: u64 = 1024;

/// Who asks, and how it sees the volumes.
pub(crate) struct Caller<'a> {
    pub(crate) token: &'a Token,
    pub(crate) view: &'a dyn View,
}

impl Machine {
    /// Gives the file of a handle another name. The order of the checks is part
    /// of the result (SEMANTICS 4.1).
    pub(crate) fn link_file(
        &self,
        caller: &Caller<'_>,
        open: &FileObject,
        destination: Result<Target, NtStatus>,
    ) -> Result<(), NtStatus> {
        let mut namespace = self.nt.namespace();
        check_source(&namespace, open)?;
        let location = match destination {
            Err(NtStatus::OBJECT_NAME_INVALID) => return Err(NtStatus::OBJECT_NAME_INVALID),
            Ok(Target::File(location)) => {
                check_name(&location)?;
                Ok(location)
            }
            // A device holds no names.
            Ok(Target::Null | Target::Volume(_)) => Err(NtStatus::NOT_SAME_DEVICE),
            Err(status) => Err(status),
        };
        let stat = open.fs.stat(&open.node).map_err(status::of)?;
        if stat.names >= MAX_LINKS {
            return Err(NtStatus::TOO_MANY_LINKS);
        }
        self.add_name(&mut namespace, caller, open, &location?)
    }

    /// Steps 8 to 13.
    fn add_name(
        &self,
        namespace: &mut Namespace,
        caller: &Caller<'_>,
        open: &FileObject,
        location: &Location,
    ) -> Result<(), NtStatus> {
        let (directory, name) = split(location);
        let lookup = Lookup::new(self, caller.token, caller.view, namespace);
        let walk = lookup.walk(&directory, LastLink::Follow)?;
        let Outcome::Found(place) = walk.outcome else {
            // The I/O manager reports the last directory as a part of the path.
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        };
        let Some(name) = name else {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        };
        if !place.stat.is_plain_directory() {
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        }
        access::check(
            caller.token,
            &*place.fs,
            &place.node,
            None,
            FILE_ADD_FILE | SYNCHRONIZE,
            Intent::Backup,
        )?;
        if !Arc::ptr_eq(&place.fs, &open.fs) {
            return Err(NtStatus::NOT_SAME_DEVICE);
        }
        let is_directory = location.trailing == Trailing::Backslash;
        match (place.fs.child(&place.node, &name), is_directory) {
            (Ok(_), _) => return Err(NtStatus::OBJECT_NAME_COLLISION),
            (Err(_), true) => return Err(NtStatus::OBJECT_NAME_INVALID),
            (Err(_), false) => {}
        }
        place
            .fs
            .hard_link(&open.node, &place.node, &name)
            .map_err(status::of)
    }
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
    if !open.fs.capabilities().contains(Capabilities::HARD_LINKS) {
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

/// A new name is the name of a file, not of a stream.
fn check_name(location: &Location) -> Result<(), NtStatus> {
    match location.stream {
        StreamPart::None => Ok(()),
        _ => Err(NtStatus::OBJECT_NAME_INVALID),
    }
}

/// The directory of a location and the name in it; the root has none.
fn split(location: &Location) -> (Location, Option<Name>) {
    let mut directory = location.clone();
    let name = directory.names.pop();
    (directory, name)
}
