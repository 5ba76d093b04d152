//! Names inside a transaction: making, linking, moving and removing them.

use linkwright_names::NameErrorKind;
use linkwright_names::check_ntfs_component;
use linkwright_reparse::MAX_REPARSE_BYTES;

use super::Key;
use super::replay::Op;
use super::state::{Added, Hold, Named, StreamChange};
use super::view::{Found, View, filled};
use crate::error::{Error, ErrorKind, Feature, Result, TransactionError};
use crate::{
    Attributes, Create, LinkContent, LinkType, Name, Node, NodeKind, ReparseBuffer, Replace, Times,
};

/// Most names of one file (MS-FSA 2.1.5.15.7).
const MAX_LINKS: u64 = 1024;

fn check_name(name: &Name) -> Result<()> {
    check_ntfs_component(name.units()).map_err(|error| {
        let kind = match error.kind {
            NameErrorKind::TooLong { .. } => ErrorKind::NameTooLong,
            _ => ErrorKind::InvalidName,
        };
        Error::with_source(kind, error)
    })
}

/// Only reparse points of a size that fits can be on NTFS.
pub(super) fn reparse(content: &LinkContent) -> Result<&ReparseBuffer> {
    match content {
        LinkContent::Reparse(buffer) if buffer.encode().len() > MAX_REPARSE_BYTES => {
            Err(ErrorKind::InvalidReparseData.into())
        }
        LinkContent::Reparse(buffer) => Ok(buffer),
        LinkContent::Posix(_) => Err(ErrorKind::Unsupported(Feature::SymbolicLinks).into()),
    }
}

impl View<'_> {
    /// Takes hold of a name that must be free, and runs what makes it; lets it
    /// go again when that fails.
    pub(super) fn with_free_name<T>(
        &mut self,
        dir: &Node,
        name: &Name,
        make: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let new = self.hold_name(dir, name)?;
        let made = match self.lookup(dir, name) {
            Ok(None) => make(self),
            Ok(Some(_)) => Err(ErrorKind::AlreadyExists.into()),
            Err(error) => Err(error),
        };
        if made.is_err() && new {
            self.drop_name(dir, name);
        }
        made
    }

    /// Puts a name into a directory.
    fn attach(&mut self, dir: &Node, name: &Name, key: Key) -> Result<()> {
        self.touch_directory(dir)?;
        let file = self.file_mut(key)?;
        file.names.push(Named {
            directory: dir.clone(),
            name: name.clone(),
        });
        file.stat.names += 1;
        let node = file.node.clone();
        let added = Added {
            name: name.clone(),
            key,
            node,
        };
        let changed = self.changed_mut(dir)?;
        changed.added.insert(changed.folded(name), added);
        Ok(())
    }

    /// Takes a name out of a directory; the file is held whole.
    fn detach(&mut self, dir: &Node, found: &Found) -> Result<()> {
        self.touch_directory(dir)?;
        let dir_key = self.key(dir)?;
        let changed = self.changed_mut(dir)?;
        match found.entry {
            None => {
                changed.added.remove(&changed.folded(&found.name));
            }
            Some(_) => {
                changed.removed.insert(found.name.clone());
            }
        }
        let file = self.file_mut(found.key)?;
        file.names
            .retain(|named| named.directory.key() != Some(dir_key) || named.name != found.name);
        file.stat.names = file.stat.names.saturating_sub(1);
        Ok(())
    }

    pub(super) fn create(
        &mut self,
        dir: &Node,
        name: &Name,
        kind: NodeKind,
        create: &Create,
    ) -> Result<Node> {
        self.directory(dir)?;
        check_name(name)?;
        self.with_free_name(dir, name, |view| {
            let (made, node) = view.new_file(dir, kind, create)?;
            view.attach(dir, name, made)?;
            view.state.ops.push(Op::Create {
                dir: dir.clone(),
                name: name.clone(),
                kind,
                create: Box::new(create.clone()),
                made,
            });
            Ok(node)
        })
    }

    /// A new file that has no name yet, for [`Self::place_file`].
    pub(super) fn nameless_file(
        &mut self,
        dir: &Node,
        name: &Name,
        create: &Create,
        replace: Replace,
    ) -> Result<(Key, Node)> {
        self.directory(dir)?;
        check_name(name)?;
        if replace == Replace::Yes
            && let Some(there) = self.lookup(dir, name)?
        {
            self.check_not_read_only(&there.node)?;
        }
        self.new_file(dir, NodeKind::File, create)
    }

    /// Gives a file without a name one, in place of what has it.
    pub(super) fn place_file(
        &mut self,
        key: Key,
        dir: &Node,
        name: &Name,
        create: &Create,
        replace: Replace,
    ) -> Result<()> {
        if create.times != Times::default() {
            let now = self.now();
            self.file_mut(key)?.stat.times = filled(&create.times, now);
        }
        let in_the_way = self.lookup(dir, name)?;
        let is_new = self.hold_name(dir, name)?;
        let placed = match in_the_way {
            Some(there) if replace == Replace::Yes => self.replace_file(dir, &there),
            Some(_) => Err(ErrorKind::AlreadyExists.into()),
            None => Ok(()),
        };
        if placed.is_err() {
            if is_new {
                self.drop_name(dir, name);
            }
            return placed;
        }
        self.attach(dir, name, key)?;
        self.state.ops.push(Op::Create {
            dir: dir.clone(),
            name: name.clone(),
            kind: NodeKind::File,
            create: Box::new(create.clone()),
            made: key,
        });
        Ok(())
    }

    /// A new file takes the place of a file or link, not of a directory.
    fn replace_file(&mut self, dir: &Node, there: &Found) -> Result<()> {
        let stat = self.stat(&there.node)?;
        if stat.kind == NodeKind::Directory && stat.reparse_tag.is_none() {
            return Err(ErrorKind::AccessDenied.into());
        }
        self.check_not_read_only(&there.node)?;
        self.take_away(dir, there)?;
        self.state.ops.push(Op::Remove {
            dir: dir.clone(),
            name: there.name.clone(),
        });
        Ok(())
    }

    /// Forgets a file that got no name.
    pub(super) fn forget(&mut self, key: Key) {
        if let Some(file) = self.state.files.remove(&key) {
            self.give_back(file.streams);
        }
    }

    pub(super) fn create_link(
        &mut self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        let tag = reparse(content)?.tag().0;
        self.directory(dir)?;
        check_name(name)?;
        let kind = match link_type {
            LinkType::File => NodeKind::File,
            LinkType::Directory => NodeKind::Directory,
        };
        self.with_free_name(dir, name, |view| {
            let (made, node) = view.new_file(dir, kind, create)?;
            let file = view.file_mut(made)?;
            file.stat.reparse_tag = Some(tag);
            file.stat.attributes.insert(Attributes::REPARSE_POINT);
            file.link = Some(Some(content.clone()));
            view.attach(dir, name, made)?;
            view.state.ops.push(Op::CreateLink {
                dir: dir.clone(),
                name: name.clone(),
                link_type,
                content: Box::new(content.clone()),
                create: Box::new(create.clone()),
                made,
            });
            Ok(node)
        })
    }

    pub(super) fn hard_link(&mut self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        let key = self.key(node)?;
        Self::check_own(key)?;
        let stat = self.stat(node)?;
        if stat.kind == NodeKind::Directory {
            return Err(ErrorKind::AccessDenied.into());
        }
        check_name(name)?;
        if stat.names >= MAX_LINKS {
            return Err(ErrorKind::TooManyLinks.into());
        }
        self.directory(dir)?;
        self.with_free_name(dir, name, |view| {
            view.hold(node, Hold::Whole)?;
            let now = view.now();
            view.attach(dir, name, key)?;
            let stat = &mut view.file_mut(key)?.stat;
            stat.times.changed = Some(now);
            stat.attributes.insert(Attributes::ARCHIVE);
            view.state.ops.push(Op::HardLink {
                node: node.clone(),
                dir: dir.clone(),
                name: name.clone(),
            });
            Ok(())
        })
    }

    /// Whether anything is in a directory.
    pub(super) fn is_empty(&self, dir: &Node) -> Result<bool> {
        let key = self.key(dir)?;
        let changed = self.state.directories.get(&key);
        if changed.is_some_and(|changed| !changed.added.is_empty()) {
            return Ok(false);
        }
        if matches!(key, Key::Private(_)) {
            return Ok(true);
        }
        for entry in self.base().list(dir)? {
            let entry = entry?;
            if !changed.is_some_and(|changed| changed.removed.contains(&entry.name)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses to take away or move a directory that another transaction
    /// depends on.
    fn check_unpinned(&self, found: &Found, pinned: TransactionError) -> Result<()> {
        match self.shared.claims().is_pinned(found.key, Some(self.id)) {
            true => Err(ErrorKind::Transaction(pinned).into()),
            false => Ok(()),
        }
    }

    pub(super) fn remove(&mut self, dir: &Node, name: &Name) -> Result<()> {
        let found = self.need(dir, name)?;
        self.check_not_read_only(&found.node)?;
        self.take_away(dir, &found)?;
        self.state.ops.push(Op::Remove {
            dir: dir.clone(),
            name: found.name,
        });
        Ok(())
    }

    /// Removes a name; a file without any other stays for who has its node.
    pub(super) fn set_aside(&mut self, dir: &Node, name: &Name) -> Result<()> {
        let found = self.need(dir, name)?;
        self.check_not_read_only(&found.node)?;
        self.take_name(dir, &found)?;
        self.state.ops.push(Op::Remove {
            dir: dir.clone(),
            name: found.name,
        });
        Ok(())
    }

    /// The end of a file that was set aside.
    pub(super) fn drop_aside(&mut self, node: &Node) -> Result<()> {
        let key = self.key(node)?;
        match self.file(key) {
            Some(file) if file.stat.names == 0 => self.end_file(key),
            _ => Err(ErrorKind::InvalidArgument.into()),
        }
    }

    /// Removes one name, and the file with its last one.
    pub(super) fn take_away(&mut self, dir: &Node, found: &Found) -> Result<()> {
        self.take_name(dir, found)?;
        match self.file_mut(found.key)?.stat.names {
            0 => self.end_file(found.key),
            _ => Ok(()),
        }
    }

    /// The file is gone with all it had.
    fn end_file(&mut self, key: Key) -> Result<()> {
        let file = self.file_mut(key)?;
        file.gone = true;
        let streams = core::mem::take(&mut file.streams);
        self.give_back(streams);
        Ok(())
    }

    /// Removes one name.
    fn take_name(&mut self, dir: &Node, found: &Found) -> Result<()> {
        Self::check_own(found.key)?;
        if self.stat(&found.node)?.kind == NodeKind::Directory {
            if !self.is_empty(&found.node)? {
                return Err(ErrorKind::DirectoryNotEmpty.into());
            }
            self.check_unpinned(found, TransactionError::Conflict)?;
        }
        self.hold_name(dir, &found.name)?;
        self.hold(&found.node, Hold::Whole)?;
        self.detach(dir, found)?;
        let now = self.now();
        let id = self.id;
        let file = self.file_mut(found.key)?;
        file.stat.times.changed = Some(now);
        if file.stat.names == 0 {
            self.shared.claims_mut().hold_removed(found.key, id);
        }
        Ok(())
    }

    fn give_back(&mut self, streams: Vec<StreamChange>) {
        for change in streams {
            if let StreamChange::Data(data) = change {
                self.state.pages.give_back(data.pages.into_values());
            }
        }
    }

    pub(super) fn rename(
        &mut self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        let moved = self.need(dir, name)?;
        let there = match self.lookup(new_dir, new_name) {
            Ok(there) => there,
            // What is wrong with the new directory comes after the name.
            Err(_) if check_name(new_name).is_err() => None,
            Err(error) => return Err(error),
        };
        if replace == Replace::Yes
            && let Some(there) = &there
            && there.key != moved.key
        {
            self.check_not_read_only(&there.node)?;
        }
        let to = self.directory(new_dir)?;
        check_name(new_name)?;
        Self::check_own(moved.key)?;
        let is_directory = self.stat(&moved.node)?.kind == NodeKind::Directory;
        if is_directory {
            if self.is_inside(new_dir, moved.key)? {
                return Err(ErrorKind::IntoItself.into());
            }
            self.check_unpinned(&moved, TransactionError::Dependency)?;
        }
        let same_dir = self.key(dir)? == to;
        if same_dir && moved.name == *new_name {
            return Ok(());
        }
        // A change of case only meets the name itself.
        let in_the_way =
            there.filter(|there| !(same_dir && there.key == moved.key && there.name == moved.name));
        if let Some(there) = &in_the_way {
            if replace == Replace::No {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if self.stat(&there.node)?.kind == NodeKind::Directory {
                return Err(ErrorKind::IsADirectory.into());
            }
            Self::check_own(there.key)?;
        }
        self.hold_name(dir, &moved.name)?;
        self.hold_name(new_dir, new_name)?;
        self.hold(&moved.node, Hold::Whole)?;
        if let Some(there) = in_the_way {
            self.take_away(new_dir, &there)?;
        }
        self.detach(dir, &moved)?;
        self.attach(new_dir, new_name, moved.key)?;
        let now = self.now();
        self.file_mut(moved.key)?.stat.times.changed = Some(now);
        self.state.ops.push(Op::Rename {
            dir: dir.clone(),
            name: moved.name,
            new_dir: new_dir.clone(),
            new_name: new_name.clone(),
            replace,
        });
        Ok(())
    }
}
