//! Where a new name is to be: what FileLinkInformation and FileRenameInformation
//! share (MS-FSA 2.1.5.15.7 step 8, 2.1.5.15.12).

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{
    Attributes, DirectoryEntry, ErrorKind, FileSystem, Name, Node, Result as FsResult,
};
use linkwright_names::check_ntfs_component;

use super::access::{self, Intent};
use super::lookup::{Lookup, View};
use super::namespace::{LinkKey, Namespace};
use super::objects::{FileKey, FileObject, StreamKind};
use super::removal::Doomed;
use super::share::{Mode, Refused, User};
use super::status;
use crate::constants::{DELETE, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};
use crate::path::{Location, StreamPart, Target, Trailing};
use crate::settings::{Token, WindowsVersion};
use crate::system::Machine;

/// Who asks, and how it sees the volumes.
pub(crate) struct Caller<'a> {
    pub(crate) token: &'a Token,
    pub(crate) view: &'a dyn View,
}

/// A new name as it is given.
pub(crate) enum Destination {
    /// A full NT path, looked at.
    Path(Result<Target, NtStatus>),
    /// A name in the directory of the handle's own name.
    Beside(Vec<u16>),
    /// A path below an open directory.
    Below(Arc<FileObject>, Vec<u16>),
}

/// What is done about a name that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Replacing {
    /// REPLACE_IF_EXISTS
    pub(crate) replace: bool,
    /// POSIX_SEMANTICS: even when it is open.
    pub(crate) posix: bool,
    /// IGNORE_READONLY_ATTRIBUTE
    pub(crate) ignore_read_only: bool,
}

/// A new name whose form was looked at.
pub(crate) enum Checked {
    /// A path on a volume.
    At(Location),
    /// A name in this directory of the handle's volume.
    In(Node, Name),
    /// It is in order, but leads to this failure.
    Fails(NtStatus),
}

/// The directory of a new name, opened.
pub(crate) struct Slot {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) dir: Node,
    pub(crate) key: FileKey,
    pub(crate) name: Name,
    /// Whether a backslash follows the name.
    pub(crate) trailing: Trailing,
}

/// The form of a new name: OBJECT_NAME_INVALID comes before everything that is
/// looked up.
pub(crate) fn check_form(
    namespace: &Namespace,
    open: &FileObject,
    destination: Destination,
) -> Result<Checked, NtStatus> {
    match destination {
        Destination::Path(Err(NtStatus::OBJECT_NAME_INVALID)) => Err(NtStatus::OBJECT_NAME_INVALID),
        Destination::Path(Err(status)) => Ok(Checked::Fails(status)),
        // A device holds no names.
        Destination::Path(Ok(Target::Null | Target::Volume(_))) => {
            Ok(Checked::Fails(NtStatus::NOT_SAME_DEVICE))
        }
        // A new name is that of a file, not of a stream.
        Destination::Path(Ok(Target::File(location))) => match location.stream {
            StreamPart::None => Ok(Checked::At(location)),
            _ => Err(NtStatus::OBJECT_NAME_INVALID),
        },
        Destination::Beside(name) => {
            let link = open.link.and_then(|id| namespace.link(id));
            let dir = link.ok_or(NtStatus::INVALID_PARAMETER)?.dir.clone();
            Ok(Checked::In(dir, component(&name)?))
        }
        Destination::Below(root, path) => below(&root, &path),
    }
}

fn component(name: &[u16]) -> Result<Name, NtStatus> {
    check_ntfs_component(name).map_err(|_| NtStatus::OBJECT_NAME_INVALID)?;
    Ok(Name::from_units(name.to_vec()))
}

/// A path below an open directory.
fn below(root: &FileObject, path: &[u16]) -> Result<Checked, NtStatus> {
    if root.kind != StreamKind::Directory {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if !path.contains(&u16::from(b'\\')) {
        return Ok(Checked::In(root.node.clone(), component(path)?));
    }
    let mut names = directory_path(&*root.fs, &root.node)?;
    for part in path.split(|&u| u == u16::from(b'\\')) {
        names.push(component(part)?);
    }
    Ok(Checked::At(Location {
        volume: Arc::clone(&root.volume),
        names,
        stream: StreamPart::None,
        trailing: Trailing::Nothing,
    }))
}

/// The names from the root to a directory.
fn directory_path(fs: &dyn FileSystem, dir: &Node) -> Result<Vec<Name>, NtStatus> {
    let root = fs.root().and_then(|root| fs.stat(&root));
    let own = fs.stat(dir).map_err(status::of)?;
    if root.map_err(status::of)?.record == own.record {
        return Ok(Vec::new());
    }
    let names = fs.names(dir).map_err(status::of)?;
    names
        .into_iter()
        .find_map(|placed| placed.path)
        .ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)
}

impl Machine {
    /// Opens the directory of a new name with this right, as the I/O manager
    /// does, and closes it again.
    pub(crate) fn open_directory(
        &self,
        namespace: &Namespace,
        caller: &Caller<'_>,
        open: &FileObject,
        checked: Checked,
        right: u32,
    ) -> Result<Slot, NtStatus> {
        let slot = match checked {
            Checked::Fails(status) => return Err(status),
            Checked::In(dir, name) => {
                let stat = open.fs.stat(&dir).map_err(status::of)?;
                Slot {
                    fs: Arc::clone(&open.fs),
                    key: FileKey::new(&open.volume, &stat),
                    dir,
                    name,
                    trailing: Trailing::Nothing,
                }
            }
            Checked::At(location) => self.walk_to(namespace, caller, location)?,
        };
        access::check(
            caller.token,
            &*slot.fs,
            &slot.dir,
            None,
            right | SYNCHRONIZE,
            Intent::Backup,
        )?;
        let mode = Mode {
            stream: None,
            user: User::Unlocked,
            access: right,
            share: match self.version >= WindowsVersion::WINDOWS_11_24H2 {
                true => FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                false => FILE_SHARE_READ | FILE_SHARE_WRITE,
            },
        };
        let key = slot.key.shared();
        let ticket = self.nt.shares.open(key, mode).map_err(Refused::status)?;
        self.nt.shares.close(&key, ticket);
        match Arc::ptr_eq(&slot.fs, &open.fs) {
            true => Ok(slot),
            false => Err(NtStatus::NOT_SAME_DEVICE),
        }
    }

    fn walk_to(
        &self,
        namespace: &Namespace,
        caller: &Caller<'_>,
        mut location: Location,
    ) -> Result<Slot, NtStatus> {
        // The root is there, as every directory that ends in nothing is.
        let name = location.names.pop();
        let lookup = Lookup::new(self, caller.token, caller.view, namespace);
        let walk = lookup.walk(&location, LastLink::Follow)?;
        let Outcome::Found(place) = walk.outcome else {
            // The I/O manager reports the last directory as a part of the path.
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        };
        if !place.stat.is_plain_directory() {
            return Err(NtStatus::OBJECT_PATH_NOT_FOUND);
        }
        let volume = lookup.volume_of(&place.fs)?;
        Ok(Slot {
            key: FileKey::new(&volume, &place.stat),
            fs: place.fs,
            dir: place.node,
            name: name.ok_or(NtStatus::OBJECT_NAME_COLLISION)?,
            trailing: location.trailing,
        })
    }

    /// What has the new name already.
    pub(crate) fn taken(&self, slot: &Slot) -> Result<Option<DirectoryEntry>, NtStatus> {
        match slot.fs.entry(&slot.dir, &slot.name) {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if error.kind() == ErrorKind::NotFound => match slot.trailing {
                Trailing::Nothing => Ok(None),
                Trailing::Backslash => Err(NtStatus::OBJECT_NAME_INVALID),
            },
            Err(error) => Err(status::status(&error)),
        }
    }

    /// Whether what has the new name may be replaced (T `WINE-nt`; SEMANTICS rows
    /// 93 to 96).
    pub(crate) fn check_replace(
        &self,
        namespace: &Namespace,
        caller: &Caller<'_>,
        slot: &Slot,
        entry: &DirectoryEntry,
        replacing: Replacing,
    ) -> Result<Victim, NtStatus> {
        if !replacing.replace {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        let stat = slot.fs.stat(&entry.node).map_err(status::of)?;
        if stat.attributes.contains(Attributes::DIRECTORY) {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if stat.attributes.contains(Attributes::READ_ONLY) && !replacing.ignore_read_only {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let link = LinkKey {
            parent: slot.key,
            name: entry.name.clone(),
        };
        if namespace.is_pending(&link) {
            return Err(NtStatus::DELETE_PENDING);
        }
        let file = FileKey {
            record: stat.record,
            sequence: stat.sequence,
            ..slot.key
        };
        let opens = self.nt.shares.count(&file.shared());
        if opens > 0 && !replacing.posix {
            return Err(NtStatus::ACCESS_DENIED);
        }
        access::check(
            caller.token,
            &*slot.fs,
            &entry.node,
            Some(&slot.dir),
            DELETE,
            Intent::Plain,
        )?;
        Ok(Victim {
            node: entry.node.clone(),
            link,
            file,
            opens,
        })
    }

    /// Removes what is replaced, whose handles go on without the name, and does
    /// `then` in the same step.
    pub(crate) fn replace(
        &self,
        namespace: &mut Namespace,
        slot: &Slot,
        victim: &Victim,
        then: &mut dyn FnMut(&dyn FileSystem) -> FsResult<()>,
    ) -> Result<(), NtStatus> {
        let doomed = Doomed {
            fs: &*slot.fs,
            dir: &slot.dir,
            key: &victim.link,
            file: victim.file,
            node: &victim.node,
            others: victim.opens,
        };
        self.replace_name(namespace, &doomed, then)?;
        if let Some(id) = namespace.find(&victim.link) {
            namespace.detach(id);
        }
        Ok(())
    }
}

/// A name that is replaced.
pub(crate) struct Victim {
    pub(crate) node: Node,
    pub(crate) link: LinkKey,
    pub(crate) file: FileKey,
    pub(crate) opens: usize,
}
