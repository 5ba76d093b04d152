//! A volume as plain data: what each operation is to do, and what it is to be
//! refused with.

use std::collections::BTreeMap;
use std::rc::Rc;

use linkwright_names::UpcaseTable;
use linkwright_ntfs::FileId;
use linkwright_ntfs_format::standard_information::FileAttributes;

/// Entries of a directory: the name as made and the file, by folded name.
type Entries = BTreeMap<Vec<u16>, (Vec<u16>, FileId)>;

/// Streams of a file: the name as made and the bytes, by folded name.
type Streams = BTreeMap<Vec<u16>, (Vec<u16>, Rc<Vec<u8>>)>;

/// Names and attributes a file has in the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Entries of a directory: folded name to name and file.
    pub(super) entries: Option<Entries>,
    /// Streams; the unnamed one of a file has the empty name.
    pub(super) streams: Streams,
    pub(super) reparse: Option<Vec<u8>>,
    pub(super) attributes: FileAttributes,
    pub(super) links: u32,
}

/// Why an operation is to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Collision,
    IsADirectory,
    NotEmpty,
    IntoItself,
    TooManyLinks,
    NoStream,
    NoReparse,
    OtherTag,
}

/// The volume.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) nodes: BTreeMap<FileId, Node>,
}

/// A name as names are compared.
pub(super) fn fold(name: &[u16]) -> Vec<u16> {
    thread_local!(static TABLE: UpcaseTable = UpcaseTable::windows());
    TABLE.with(|table| table.fold_name(name))
}

impl Model {
    pub(super) fn new() -> Self {
        let root = Node {
            entries: Some(BTreeMap::new()),
            links: 1,
            ..Node::default()
        };
        Self {
            nodes: BTreeMap::from([(FileId::ROOT, root)]),
        }
    }

    pub(super) fn node(&self, file: FileId) -> &Node {
        &self.nodes[&file]
    }

    pub(super) fn node_mut(&mut self, file: FileId) -> &mut Node {
        self.nodes.get_mut(&file).expect("a file of the model")
    }

    pub(super) fn entries(&self, dir: FileId) -> &BTreeMap<Vec<u16>, (Vec<u16>, FileId)> {
        self.node(dir).entries.as_ref().expect("a directory")
    }

    /// Directories that are not reparse points themselves.
    pub(super) fn directories(&self) -> Vec<FileId> {
        self.of(|node| node.entries.is_some() && node.reparse.is_none())
    }

    pub(super) fn files(&self) -> Vec<FileId> {
        self.of(|node| node.entries.is_none())
    }

    /// All but the root.
    pub(super) fn all(&self) -> Vec<FileId> {
        let mut all = self.of(|_| true);
        all.retain(|file| *file != FileId::ROOT);
        all
    }

    fn of(&self, wanted: impl Fn(&Node) -> bool) -> Vec<FileId> {
        let nodes = self.nodes.iter();
        nodes
            .filter(|(_, node)| wanted(node))
            .map(|(file, _)| *file)
            .collect()
    }

    pub(super) fn free_name(&self, dir: FileId, name: &[u16]) -> Result<(), Refusal> {
        match self.entries(dir).get(&fold(name)) {
            Some(_) => Err(Refusal::Collision),
            None => Ok(()),
        }
    }

    pub(super) fn add(&mut self, dir: FileId, name: &[u16], file: FileId) {
        let entries = self.node_mut(dir).entries.as_mut().expect("a directory");
        entries.insert(fold(name), (name.to_vec(), file));
    }

    pub(super) fn created(&mut self, dir: FileId, name: &[u16], file: FileId, directory: bool) {
        let mut node = Node {
            links: 1,
            ..Node::default()
        };
        if directory {
            node.entries = Some(BTreeMap::new());
        } else {
            node.streams.insert(Vec::new(), Default::default());
            node.attributes = FileAttributes::ARCHIVE;
        }
        assert!(
            self.nodes.insert(file, node).is_none(),
            "{file} was given twice"
        );
        self.add(dir, name, file);
    }

    pub(super) fn link(&mut self, file: FileId, dir: FileId, name: &[u16]) -> Result<(), Refusal> {
        if self.node(file).entries.is_some() {
            return Err(Refusal::IsADirectory);
        }
        if self.node(file).links >= 1024 {
            return Err(Refusal::TooManyLinks);
        }
        self.free_name(dir, name)?;
        self.add(dir, name, file);
        let node = self.node_mut(file);
        node.links += 1;
        node.attributes |= FileAttributes::ARCHIVE;
        Ok(())
    }

    pub(super) fn remove(&mut self, dir: FileId, name: &[u16]) -> Result<(), Refusal> {
        let entries = self.entries(dir);
        let (_, file) = *entries.get(&fold(name)).ok_or(Refusal::NotFound)?;
        let node = self.node(file);
        if node
            .entries
            .as_ref()
            .is_some_and(|inside| !inside.is_empty())
        {
            return Err(Refusal::NotEmpty);
        }
        let entries = self.node_mut(dir).entries.as_mut().expect("a directory");
        entries.remove(&fold(name));
        let node = self.node_mut(file);
        node.links -= 1;
        if node.links == 0 {
            self.nodes.remove(&file);
        }
        Ok(())
    }

    fn is_inside(&self, dir: FileId, ancestor: FileId) -> bool {
        if dir == ancestor {
            return true;
        }
        self.node(ancestor)
            .entries
            .iter()
            .flatten()
            .any(|(_, (_, child))| {
                self.node(*child).entries.is_some() && self.is_inside(dir, *child)
            })
    }

    pub(super) fn rename(
        &mut self,
        dir: FileId,
        name: &[u16],
        to: FileId,
        new: &[u16],
        replace: bool,
    ) -> Result<(), Refusal> {
        let (old, file) = self
            .entries(dir)
            .get(&fold(name))
            .cloned()
            .ok_or(Refusal::NotFound)?;
        if self.node(file).entries.is_some() && self.is_inside(to, file) {
            return Err(Refusal::IntoItself);
        }
        if dir == to && old == new {
            return Ok(());
        }
        let same = dir == to && fold(name) == fold(new);
        if !same && let Some((_, other)) = self.entries(to).get(&fold(new)).cloned() {
            if !replace {
                return Err(Refusal::Collision);
            }
            if self.node(other).entries.is_some() {
                return Err(Refusal::IsADirectory);
            }
            self.remove(to, new)?;
        }
        let entries = self.node_mut(dir).entries.as_mut().expect("a directory");
        entries.remove(&fold(name));
        self.add(to, new, file);
        Ok(())
    }

    /// A stream, to be changed; a file's archive bit goes with that.
    pub(super) fn change(&mut self, file: FileId, stream: &[u16]) -> Result<&mut Vec<u8>, Refusal> {
        let node = self.node_mut(file);
        let (_, bytes) = node
            .streams
            .get_mut(&fold(stream))
            .ok_or(Refusal::NoStream)?;
        if node.entries.is_none() {
            node.attributes |= FileAttributes::ARCHIVE;
        }
        Ok(Rc::make_mut(bytes))
    }

    pub(super) fn set_reparse(&mut self, file: FileId, bytes: &[u8]) -> Result<(), Refusal> {
        let node = self.node_mut(file);
        if node
            .entries
            .as_ref()
            .is_some_and(|inside| !inside.is_empty())
        {
            return Err(Refusal::NotEmpty);
        }
        if node
            .reparse
            .as_ref()
            .is_some_and(|old| old[..4] != bytes[..4])
        {
            return Err(Refusal::OtherTag);
        }
        node.reparse = Some(bytes.to_vec());
        if node.entries.is_none() {
            node.attributes |= FileAttributes::ARCHIVE;
        }
        Ok(())
    }

    pub(super) fn delete_reparse(&mut self, file: FileId, tag: u32) -> Result<(), Refusal> {
        let node = self.node_mut(file);
        let old = node.reparse.as_ref().ok_or(Refusal::NoReparse)?;
        if old[..4] != tag.to_le_bytes() {
            return Err(Refusal::OtherTag);
        }
        node.reparse = None;
        Ok(())
    }
}
