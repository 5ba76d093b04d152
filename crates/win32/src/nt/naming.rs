//! The names of an open file: the one it was opened by, its path, and which of
//! them are to be deleted.

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, FileSystem, Name, Node, Placed};
use linkwright_names::UpcaseTable;

use super::access::{self, Intent};
use super::namespace::{Deletion, LinkKey};
use super::objects::{FileKey, FileObject};
use super::status;
use crate::constants::FILE_TRAVERSE;
use crate::settings::Token;
use crate::system::Machine;

/// The name that a handle was opened by.
pub(crate) struct OpenName {
    /// The directory.
    pub(crate) dir: Node,
    /// The name as stored.
    pub(crate) name: Name,
    /// What is to happen to it.
    pub(crate) deletion: Deletion,
}

impl Machine {
    /// The name that a handle was opened by, where it is now; `None` for a root
    /// and for an open by id.
    pub(crate) fn open_name(&self, open: &FileObject) -> Option<OpenName> {
        let namespace = self.nt.namespace();
        let link = namespace.link(open.link?)?;
        Some(OpenName {
            dir: link.dir.clone(),
            name: link.key.name.clone(),
            deletion: link.deletion,
        })
    }

    /// How many names of the file are to be deleted.
    pub(crate) fn names_pending(&self, open: &FileObject) -> u32 {
        let pending = self.nt.namespace().pending_of(open.key);
        u32::try_from(pending).unwrap_or(u32::MAX)
    }

    /// Whether what was opened is to be deleted: the stream, or the name.
    pub(crate) fn is_delete_pending(&self, open: &FileObject) -> bool {
        let namespace = self.nt.namespace();
        match (&open.stream_id, open.link) {
            (Some(stream), _) => namespace.stream(stream).deleted,
            (None, Some(id)) => namespace
                .link(id)
                .is_some_and(|link| link.deletion != Deletion::No),
            (None, None) => false,
        }
    }

    /// Whether one of the names of an open file is to be deleted.
    pub(crate) fn is_name_pending(
        &self,
        open: &FileObject,
        placed: &Placed,
    ) -> Result<bool, NtStatus> {
        if !self.nt.namespace().has_pending() {
            return Ok(false);
        }
        let parent = open.fs.stat(&placed.directory).map_err(status::of)?;
        let key = LinkKey {
            parent: FileKey::new(&open.volume, &parent),
            name: placed.name.clone(),
        };
        Ok(self.nt.namespace().is_pending(&key))
    }

    /// The path of a handle from the root of its volume, each name as stored and
    /// in its long form. It follows renames of the file and of directories above.
    pub(crate) fn path_of(&self, open: &FileObject) -> Result<Vec<Name>, NtStatus> {
        let fs = &*open.fs;
        if !fs.capabilities().contains(Capabilities::NAMES_OF_FILES) {
            return Ok(open.asked.clone());
        }
        match self.open_name(open) {
            Some(link) => {
                let mut path = directory_path(fs, &link.dir)?;
                path.push(link.name);
                Ok(path)
            }
            None => directory_path(fs, &open.node),
        }
    }

    /// Whether the caller may pass each directory above an open file. The open
    /// itself asked nobody; putting the long names together does.
    pub(crate) fn check_traverse(&self, open: &FileObject, token: &Token) -> Result<(), NtStatus> {
        let fs = &*open.fs;
        let path = self.path_of(open)?;
        let mut dir = fs.root().map_err(status::of)?;
        for name in &path {
            access::check(token, fs, &dir, None, FILE_TRAVERSE, Intent::Plain)?;
            dir = fs.child(&dir, name).map_err(status::of)?;
        }
        Ok(())
    }

    /// The same with the 8.3 names that the open was asked for by.
    pub(crate) fn opened_path(&self, open: &FileObject) -> Result<Vec<Name>, NtStatus> {
        let path = self.path_of(open)?;
        if path.len() != open.asked.len()
            || !open.fs.capabilities().contains(Capabilities::SHORT_NAMES)
        {
            return Ok(path);
        }
        let upcase = UpcaseTable::windows();
        let mut dir = open.fs.root().map_err(status::of)?;
        let mut out = Vec::new();
        for (name, asked) in path.into_iter().zip(&open.asked) {
            let entry = open.fs.entry(&dir, &name).map_err(status::of)?;
            let short = entry
                .short_name
                .filter(|short| upcase.eq_ignore_case(short.units(), asked.units()));
            out.push(short.unwrap_or(name));
            dir = entry.node;
        }
        Ok(out)
    }
}

/// The path of a directory, which has one name, or of any name of a file.
fn directory_path(fs: &dyn FileSystem, node: &Node) -> Result<Vec<Name>, NtStatus> {
    let root = fs.root().and_then(|root| fs.stat(&root));
    let root = root.map_err(status::of)?;
    let stat = fs.stat(node).map_err(status::of)?;
    if (stat.record, stat.device) == (root.record, root.device) {
        return Ok(Vec::new());
    }
    let names = fs.names(node).map_err(status::of)?;
    names
        .into_iter()
        .find_map(|name| name.path)
        .ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)
}
