//! A volume that can hold less than the one it lies on: any set of
//! capabilities, declared over another file system.
//!
//! What is not declared is refused as a volume of that kind refuses it, and
//! what is there of it already cannot be seen: on a declared FAT a symbolic
//! link of the volume below is a plain file, and every file has one name.

mod declaration;

use std::sync::Arc;

pub use declaration::Declaration;

use crate::error::{ErrorKind, Feature, Result};
use crate::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Entry, ExtendedAttribute,
    FileSystem, LinkContent, LinkType, Name, Node, NodeKind, ObjectIdAttribute, Placed, Replace,
    Scratch, Stat, StreamInfo, StreamName, Target, Times, VolumeFamily, VolumeInfo,
};

/// A file system that holds to a [`Declaration`].
///
/// Nodes are those of the file system below.
#[derive(Clone)]
pub struct Declared {
    inner: Arc<dyn FileSystem>,
    declaration: Declaration,
    capabilities: Capabilities,
}

impl Declared {
    /// Declares what `inner` can hold.
    pub fn new(inner: Arc<dyn FileSystem>, declaration: Declaration) -> Self {
        let below = inner.capabilities();
        let kept = below & Declaration::RESTRICTIONS;
        let restricted = declaration.capabilities & Declaration::RESTRICTIONS;
        Self {
            capabilities: (declaration.capabilities & below) | kept | restricted,
            inner,
            declaration,
        }
    }

    /// What was declared.
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn has(&self, wanted: Capabilities) -> bool {
        self.capabilities.contains(wanted)
    }

    fn need(&self, wanted: Capabilities, feature: Feature) -> Result<()> {
        match self.has(wanted) {
            true => Ok(()),
            false => Err(ErrorKind::Unsupported(feature).into()),
        }
    }

    /// What only file systems of some families have, and no bit tells of.
    fn need_family(&self, families: &[VolumeFamily]) -> Result<()> {
        match families.contains(&self.declaration.family) {
            true => Ok(()),
            false => Err(ErrorKind::Unsupported(Feature::FileData).into()),
        }
    }

    /// Whether anything may be written.
    fn writable(&self) -> Result<()> {
        match self.has(Capabilities::READ_ONLY) {
            true => Err(ErrorKind::WriteProtected.into()),
            false => Ok(()),
        }
    }

    fn need_stream(&self, stream: Option<&StreamName>) -> Result<()> {
        match stream {
            None => Ok(()),
            Some(_) => self.need(Capabilities::NAMED_STREAMS, Feature::NamedStreams),
        }
    }

    /// Whether a link of this content can be: any symbolic link needs symbolic
    /// links, every other tag needs reparse points.
    fn need_link(&self, content: &LinkContent) -> Result<()> {
        match content {
            LinkContent::Posix(_)
            | LinkContent::Reparse(linkwright_reparse::ReparseBuffer::SymbolicLink(_)) => {
                self.need(Capabilities::SYMBOLIC_LINKS, Feature::SymbolicLinks)
            }
            LinkContent::Reparse(_) => {
                self.need(Capabilities::REPARSE_POINTS, Feature::ReparsePoints)
            }
        }
    }

    /// An entry as this volume would have it.
    fn seen(&self, mut entry: DirectoryEntry) -> DirectoryEntry {
        if !self.has(Capabilities::SHORT_NAMES) {
            entry.short_name = None;
        }
        if !self.sees_links() {
            entry.duplicate.reparse_tag = None;
            entry.duplicate.attributes.remove(Attributes::REPARSE_POINT);
        }
        entry
    }

    /// A new object without what this volume cannot keep of it.
    fn kept(&self, create: &Create) -> Create {
        let mut create = create.clone();
        if !self.has(Capabilities::SECURITY) {
            create.security_descriptor = None;
            create.owner = None;
        }
        if !self.has(Capabilities::SHORT_NAMES) {
            create.short_name = None;
        }
        create
    }

    fn sees_links(&self) -> bool {
        self.capabilities
            .intersects(Capabilities::SYMBOLIC_LINKS | Capabilities::REPARSE_POINTS)
    }
}

impl FileSystem for Declared {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        Ok(VolumeInfo {
            family: self.declaration.family,
            kind: self.declaration.name,
            max_links: Some(match self.has(Capabilities::HARD_LINKS) {
                true => self.declaration.max_links,
                false => 1,
            }),
            ..self.inner.volume_info()?
        })
    }

    fn root(&self) -> Result<Node> {
        self.inner.root()
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        self.inner.child(dir, name)
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        let mut stat = self.inner.stat(node)?;
        if !self.has(Capabilities::HARD_LINKS) {
            // MS-FSA 2.1.5.12.27 note 169: such file systems always report one.
            stat.names = stat.names.min(1);
        }
        if !self.sees_links() {
            stat.reparse_tag = None;
            stat.posix_link = false;
            stat.attributes.remove(Attributes::REPARSE_POINT);
        }
        Ok(stat)
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        self.inner.list(dir)
    }

    fn names(&self, node: &Node) -> Result<Vec<Placed>> {
        self.need(Capabilities::NAMES_OF_FILES, Feature::NamesOfFiles)?;
        self.inner.names(node)
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        let mut streams = self.inner.streams(node)?;
        if !self.has(Capabilities::NAMED_STREAMS) {
            streams.retain(|stream| stream.name.is_none());
        }
        Ok(streams)
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        match self.sees_links() {
            true => self.inner.link(node),
            false => Ok(None),
        }
    }

    fn followed(&self, node: &Node) -> Result<Target> {
        self.inner.followed(node)
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        self.need_stream(stream)?;
        self.inner.read_at(node, stream, offset, buf)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn std::io::Read + Send + 'a>> {
        self.need_stream(stream)?;
        self.inner.open_data(node, stream)
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        self.writable()?;
        self.need_stream(stream)?;
        self.inner.write_at(node, stream, offset, data)
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        self.writable()?;
        self.need_stream(stream)?;
        self.inner.set_len(node, stream, len)
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.writable()?;
        self.inner.create_file(dir, name, &self.kept(create))
    }

    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        self.writable()?;
        for content in contents.iter() {
            self.need_stream(content.stream.as_ref())?;
        }
        self.inner
            .put_file(dir, name, &self.kept(create), contents, replace)
    }

    fn put_stream(
        &self,
        node: &Node,
        stream: &StreamName,
        data: &mut dyn std::io::Read,
    ) -> Result<()> {
        self.writable()?;
        self.need_stream(Some(stream))?;
        self.inner.put_stream(node, stream, data)
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.writable()?;
        self.inner.create_directory(dir, name, &self.kept(create))
    }

    /// In the order of MS-FSA 2.1.5.15.7: a directory is refused before the
    /// volume is asked whether it has hard links.
    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        self.writable()?;
        if self.inner.stat(node)?.kind == NodeKind::Directory {
            return Err(ErrorKind::AccessDenied.into());
        }
        self.need(Capabilities::HARD_LINKS, Feature::HardLinks)?;
        if self.inner.stat(node)?.names >= u64::from(self.declaration.max_links) {
            return Err(ErrorKind::TooManyLinks.into());
        }
        self.inner.hard_link(node, dir, name)
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        self.writable()?;
        self.need_link(content)?;
        self.inner
            .create_link(dir, name, link_type, content, &self.kept(create))
    }

    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        self.writable()?;
        self.need_link(content)?;
        self.inner.set_link(node, content)
    }

    fn remove_link(&self, node: &Node) -> Result<()> {
        self.writable()?;
        match self.sees_links() {
            true => self.inner.remove_link(node),
            false => Err(ErrorKind::Unsupported(Feature::ReparsePoints).into()),
        }
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        self.writable()?;
        self.inner.remove(dir, name)
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        self.writable()?;
        self.inner.rename(dir, name, new_dir, new_name, replace)
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        self.writable()?;
        self.inner.set_times(node, times)
    }

    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()> {
        self.writable()?;
        self.inner.set_attributes(node, attributes)
    }

    fn extended_attributes(&self, node: &Node) -> Result<Vec<ExtendedAttribute>> {
        match self.has(Capabilities::EXTENDED_ATTRIBUTES) {
            true => self.inner.extended_attributes(node),
            false => Ok(Vec::new()),
        }
    }

    fn set_extended_attributes(&self, node: &Node, list: &[ExtendedAttribute]) -> Result<()> {
        self.writable()?;
        self.need(
            Capabilities::EXTENDED_ATTRIBUTES,
            Feature::ExtendedAttributes,
        )?;
        self.inner.set_extended_attributes(node, list)
    }

    fn entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        Ok(self.seen(self.inner.entry(dir, name)?))
    }

    fn entries<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
        let entries = self.inner.entries(dir)?;
        Ok(Box::new(entries.map(|entry| Ok(self.seen(entry?)))))
    }

    fn refresh_entry(&self, dir: &Node, name: &Name) -> Result<()> {
        match self.has(Capabilities::READ_ONLY) {
            true => Ok(()),
            false => self.inner.refresh_entry(dir, name),
        }
    }

    fn set_short_name(&self, dir: &Node, name: &Name, short: &Name) -> Result<()> {
        match self.has(Capabilities::SHORT_NAMES) {
            true => self.inner.set_short_name(dir, name, short),
            false => Ok(()),
        }
    }

    fn security(&self, node: &Node) -> Result<Vec<u8>> {
        self.need(Capabilities::SECURITY, Feature::Security)?;
        self.inner.security(node)
    }

    fn set_security(&self, node: &Node, descriptor: &[u8]) -> Result<()> {
        self.writable()?;
        self.need(Capabilities::SECURITY, Feature::Security)?;
        self.inner.set_security(node, descriptor)
    }

    fn node_by_id(&self, record: u64, sequence: u16) -> Result<Node> {
        self.need(Capabilities::OPEN_BY_ID, Feature::OpenById)?;
        self.inner.node_by_id(record, sequence)
    }

    fn node_by_object_id(&self, id: [u8; 16]) -> Result<Node> {
        self.need(Capabilities::OBJECT_IDS, Feature::ObjectIds)?;
        self.inner.node_by_object_id(id)
    }

    fn object_id(&self, node: &Node) -> Result<Option<ObjectIdAttribute>> {
        self.need(Capabilities::OBJECT_IDS, Feature::ObjectIds)?;
        self.inner.object_id(node)
    }

    fn set_object_id(&self, node: &Node, id: &ObjectIdAttribute) -> Result<()> {
        self.writable()?;
        self.need(Capabilities::OBJECT_IDS, Feature::ObjectIds)?;
        self.inner.set_object_id(node, id)
    }

    fn delete_object_id(&self, node: &Node) -> Result<()> {
        self.writable()?;
        self.need(Capabilities::OBJECT_IDS, Feature::ObjectIds)?;
        self.inner.delete_object_id(node)
    }

    fn set_aside(&self, dir: &Node, name: &Name) -> Result<()> {
        self.writable()?;
        self.need(Capabilities::POSIX_UNLINK_RENAME, Feature::PosixUnlink)?;
        self.inner.set_aside(dir, name)
    }

    fn drop_aside(&self, node: &Node) -> Result<()> {
        self.writable()?;
        self.need(Capabilities::POSIX_UNLINK_RENAME, Feature::PosixUnlink)?;
        self.inner.drop_aside(node)
    }

    fn remove_stream(&self, node: &Node, stream: &StreamName) -> Result<()> {
        self.writable()?;
        self.need_stream(Some(stream))?;
        self.inner.remove_stream(node, stream)
    }

    fn identity(&self, node: &Node) -> Result<(u64, u16)> {
        self.inner.identity(node)
    }

    fn is_case_sensitive(&self, dir: &Node) -> Result<bool> {
        self.inner.is_case_sensitive(dir)
    }

    fn set_case_sensitive(&self, dir: &Node, sensitive: bool) -> Result<()> {
        self.writable()?;
        self.need_family(&[VolumeFamily::Ntfs])?;
        self.inner.set_case_sensitive(dir, sensitive)
    }

    fn set_sparse(&self, node: &Node, stream: Option<&StreamName>) -> Result<()> {
        self.writable()?;
        self.need_family(&[VolumeFamily::Ntfs, VolumeFamily::Refs])?;
        self.inner.set_sparse(node, stream)
    }

    fn zero_range(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        len: u64,
    ) -> Result<()> {
        self.writable()?;
        self.need_family(&[VolumeFamily::Ntfs, VolumeFamily::Refs])?;
        self.inner.zero_range(node, stream, offset, len)
    }

    fn scratch(&self) -> Result<Box<dyn Scratch>> {
        self.need(Capabilities::TRANSACTIONS, Feature::Transactions)?;
        self.inner.scratch()
    }

    fn atomically(&self, work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>) -> Result<()> {
        self.need(Capabilities::TRANSACTIONS, Feature::Transactions)?;
        self.inner.atomically(work)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
}

#[cfg(test)]
mod tests;
