//! FileRenameInformation: another name in the place of the handle's own
//! (MS-FSA 2.1.5.15.12).

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, FileSystem, Node, Replace, Times};

use super::destination::{Caller, Destination, Replacing, Slot, Victim, check_form};
use super::namespace::{Deletion, LinkId, LinkKey, Namespace};
use super::objects::{FileKey, FileObject, StreamKind};
use super::{status, transaction};
use crate::constants::{DELETE, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY};
use crate::system::Machine;

/// Most directories between a file and the root: paths have 32,767 units.
const MAX_DEPTH: usize = 16_384;

impl Machine {
    /// Renames the name that a handle was opened by; every handle of that name
    /// goes with it.
    pub(crate) fn rename_file(
        &self,
        caller: &Caller<'_>,
        open: &FileObject,
        destination: Destination,
        replacing: Replacing,
    ) -> Result<(), NtStatus> {
        let mut namespace = self.nt.namespace();
        let id = check_source(&namespace, open)?;
        let checked = check_form(&namespace, open, destination)?;
        let right = match open.kind {
            StreamKind::Directory => FILE_ADD_SUBDIRECTORY,
            StreamKind::Data => FILE_ADD_FILE,
        };
        transaction::check_unpinned(open, NtStatus::CANT_BREAK_TRANSACTIONAL_DEPENDENCY)?;
        if open.kind == StreamKind::Directory && has_open_below(&namespace, open)? {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let slot = self.open_directory(&namespace, caller, open, checked, right)?;
        let own = namespace
            .link(id)
            .map(|link| (link.key.clone(), link.dir.clone()));
        let (own_key, own_dir) = own.ok_or(NtStatus::FILE_DELETED)?;
        let victim = match self.taken(&slot)? {
            Some(entry) if slot.key == own_key.parent && entry.name == own_key.name => None,
            Some(entry) => {
                let other = slot.fs.stat(&entry.node).map_err(status::of)?;
                let same = FileKey::new(&open.volume, &other) == open.key;
                let replacing = Replacing {
                    // The handle itself is what has the other name open.
                    posix: replacing.posix || same,
                    ..replacing
                };
                Some(self.check_replace(&namespace, caller, &slot, &entry, replacing)?)
            }
            None => None,
        };
        let moved = Moved {
            open,
            key: &own_key,
            dir: &own_dir,
        };
        self.move_name(&mut namespace, &moved, &slot, victim)?;
        let entry = slot.fs.entry(&slot.dir, &slot.name).map_err(status::of)?;
        let key = LinkKey {
            parent: slot.key,
            name: entry.name,
        };
        namespace.rename(id, key, &slot.dir);
        Ok(())
    }

    /// The change on the volume, and what the tunnel learns and gives.
    fn move_name(
        &self,
        namespace: &mut Namespace,
        moved: &Moved<'_>,
        slot: &Slot,
        victim: Option<Victim>,
    ) -> Result<(), NtStatus> {
        let fs = &*slot.fs;
        let entry = fs.entry(moved.dir, &moved.key.name).map_err(status::of)?;
        let stat = fs.stat(&moved.open.node).map_err(status::of)?;
        let rename = |fs: &dyn FileSystem, replace| {
            fs.rename(moved.dir, &moved.key.name, &slot.dir, &slot.name, replace)
        };
        match victim {
            Some(victim) if victim.opens > 0 && victim.file != moved.open.key => {
                let mut then = |fs: &dyn FileSystem| rename(fs, Replace::No);
                self.replace(namespace, slot, &victim, &mut then)?;
            }
            Some(victim) => {
                self.remember_victim(namespace, slot, &victim)?;
                rename(fs, Replace::Yes).map_err(status::of)?;
                if let Some(id) = namespace.find(&victim.link) {
                    namespace.detach(id);
                }
            }
            None => rename(fs, Replace::No).map_err(status::of)?,
        }
        self.remember_name(namespace, moved.key.parent, &entry, &stat);
        if moved.open.kind == StreamKind::Data
            && let Some(had) = self.recall_name(namespace, slot.key, &slot.name)
        {
            let times = Times {
                created: Some(had.created),
                changed: stat.times.changed,
                ..Times::default()
            };
            fs.set_times(&moved.open.node, &times).map_err(status::of)?;
            if let Some(short) = &had.short_name {
                fs.set_short_name(&slot.dir, &slot.name, short)
                    .map_err(status::of)?;
            }
        }
        Ok(())
    }

    fn remember_victim(
        &self,
        namespace: &mut Namespace,
        slot: &Slot,
        victim: &Victim,
    ) -> Result<(), NtStatus> {
        let fs = &*slot.fs;
        let entry = fs.entry(&slot.dir, &victim.link.name).map_err(status::of)?;
        let stat = fs.stat(&victim.node).map_err(status::of)?;
        self.remember_name(namespace, slot.key, &entry, &stat);
        Ok(())
    }
}

/// The name that is moved.
struct Moved<'a> {
    open: &'a FileObject,
    key: &'a LinkKey,
    dir: &'a Node,
}

fn check_source(namespace: &Namespace, open: &FileObject) -> Result<LinkId, NtStatus> {
    if open.fs.capabilities().contains(Capabilities::READ_ONLY) {
        return Err(NtStatus::MEDIA_WRITE_PROTECTED);
    }
    if !open.may(DELETE) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    if open.stream.is_some() {
        // Streams are not renamed here (docs/limits.md).
        return Err(NtStatus::NOT_SUPPORTED);
    }
    // A root has no name.
    let id = open.link.ok_or(NtStatus::INVALID_PARAMETER)?;
    match namespace.link(id).map(|link| link.deletion) {
        Some(Deletion::No) => Ok(id),
        _ => Err(NtStatus::ACCESS_DENIED),
    }
}

/// Whether something below a directory is open: then it is not renamed.
fn has_open_below(namespace: &Namespace, open: &FileObject) -> Result<bool, NtStatus> {
    for link in namespace.links() {
        if link.key.parent.volume == open.key.volume
            // What is open inside a transaction is what it depends on.
            && link.key.parent.transaction == open.key.transaction
            && link.deletion != Deletion::Gone
            && is_inside(&*open.fs, open, &link.dir)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_inside(fs: &dyn FileSystem, open: &FileObject, dir: &Node) -> Result<bool, NtStatus> {
    if !fs.capabilities().contains(Capabilities::NAMES_OF_FILES) {
        // The host moves directories with open files in them.
        return Ok(false);
    }
    let root = fs.root().and_then(|root| fs.stat(&root));
    let root = root.map_err(status::of)?.record;
    let mut at = dir.clone();
    for _ in 0..MAX_DEPTH {
        let stat = fs.stat(&at).map_err(status::of)?;
        if FileKey::new(&open.volume, &stat) == open.key {
            return Ok(true);
        }
        if stat.record == root {
            return Ok(false);
        }
        let names = fs.names(&at).map_err(status::of)?;
        match names.into_iter().next() {
            Some(placed) => at = placed.directory,
            None => return Ok(false),
        }
    }
    Err(NtStatus::FILE_CORRUPT_ERROR)
}
