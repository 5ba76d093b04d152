//! A volume in an image or on a device, through the engine.
//!
//! What Win32 forbids and the engine does not know is refused here: changing
//! or removing what has the read-only attribute.

mod atomic;
mod convert;
mod entries;
mod error;
mod links;
mod open;
mod put;
mod read;
mod scan;

use std::sync::atomic::{AtomicBool, Ordering};

use linkwright_ntfs::{FileId, FileKind, Operate, TimesChange, Volume};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::object_id::ObjectId;
use linkwright_ntfs_format::standard_information::FileAttributes;

use atomic::Door;

use crate::error::{ErrorKind, Result};
use crate::node::Repr;
use crate::transacted::Key;
use crate::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Entry, ExtendedAttribute,
    FileSystem, LinkContent, LinkType, Name, Node, ObjectIdAttribute, Placed, Replace, ScanFor,
    ScannedEntry, Scratch, Stat, StreamInfo, StreamName, Target, Times, VolumeInfo,
};

/// Records that belong to the file system itself (`$MFT` to `$Extend`, and the
/// root): listings leave them out, as Windows does.
const FIRST_USER_RECORD: u64 = 16;

/// An NTFS volume.
pub struct NtfsFs<V = Volume> {
    volume: V,
    /// Tells nodes of this volume from those of others.
    tag: u64,
    writable: bool,
    read_only_files: ReadOnlyFiles,
    /// Whether what earlier sessions set aside was removed.
    dropped: AtomicBool,
}

/// Who sees to it that files with the read-only attribute stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadOnlyFiles {
    /// This back end refuses to change or remove them.
    #[default]
    Refused,
    /// The caller: to Windows the attribute counts when a file is opened, and a
    /// handle that was open before may go on writing.
    LeftToCaller,
}

/// A file of a volume.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NtfsNode {
    tag: u64,
    file: FileId,
}

impl NtfsNode {
    /// What tells the file from others of the volume.
    pub(crate) fn key(&self) -> Key {
        Key::Stored {
            record: self.file.record().0,
            sequence: self.file.sequence().0,
        }
    }
}

impl<V: Operate> NtfsFs<V> {
    fn node(&self, file: FileId) -> Node {
        Node(Repr::Ntfs(NtfsNode {
            tag: self.tag,
            file,
        }))
    }

    fn file(&self, node: &Node) -> Result<FileId> {
        match &node.0 {
            Repr::Ntfs(node) if node.tag == self.tag => Ok(node.file),
            _ => Err(ErrorKind::InvalidArgument.into()),
        }
    }

    /// The file of a name in a directory.
    fn lookup(&self, dir: FileId, name: &Name) -> Result<FileId> {
        let found = self
            .volume
            .lookup(dir, name.units())
            .map_err(error::from_engine)?;
        Ok(found.ok_or(ErrorKind::NotFound)?.file)
    }

    /// Win32 refuses to change or remove what is read-only (DeleteFile,
    /// MS-FSA 2.1.5.1.2.1).
    fn check_not_read_only(&self, file: FileId) -> Result<()> {
        if self.read_only_files == ReadOnlyFiles::LeftToCaller {
            return Ok(());
        }
        let info = self.volume.file_info(file).map_err(error::from_engine)?;
        match info.attributes.contains(FileAttributes::READ_ONLY) {
            true => Err(crate::Error::with_source(
                ErrorKind::AccessDenied,
                "the read-only attribute is set",
            )),
            false => Ok(()),
        }
    }
}

impl<V: Door> FileSystem for NtfsFs<V> {
    fn capabilities(&self) -> Capabilities {
        let all = Capabilities::HARD_LINKS
            | Capabilities::SYMBOLIC_LINKS
            | Capabilities::REPARSE_POINTS
            | Capabilities::TYPED_LINKS
            | Capabilities::NAMED_STREAMS
            | Capabilities::WINDOWS_NAMES
            | Capabilities::NAMES_OF_FILES
            | Capabilities::EXTENDED_ATTRIBUTES
            | Capabilities::SECURITY
            | Capabilities::SHORT_NAMES
            | Capabilities::OBJECT_IDS
            | Capabilities::OPEN_BY_ID
            | Capabilities::TRANSACTIONS
            | Capabilities::POSIX_UNLINK_RENAME
            | Capabilities::DUPLICATED_INFORMATION;
        match self.writable {
            true => all,
            false => all | Capabilities::READ_ONLY,
        }
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        Ok(convert::volume(&self.details()?))
    }

    fn root(&self) -> Result<Node> {
        Ok(self.node(FileId::ROOT))
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        let dir = self.file(dir)?;
        let file = self.lookup(dir, name)?;
        Ok(self.node(file))
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        let info = self
            .volume
            .file_info(self.file(node)?)
            .map_err(error::from_engine)?;
        Ok(convert::stat(&info))
    }

    fn facts(&self, node: &Node) -> Result<Stat> {
        let info = self.volume.file_facts(self.file(node)?);
        Ok(convert::stat(&info.map_err(error::from_engine)?))
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        let entries = self
            .volume
            .listing(self.file(dir)?)
            .map_err(error::from_engine)?;
        Ok(Box::new(entries.filter_map(move |entry| match entry {
            Ok(entry) if entry.namespace == Namespace::Dos => None,
            Ok(entry) if entry.file.record().0 < FIRST_USER_RECORD => None,
            Ok(entry) => Some(Ok(Entry {
                name: Name::from_units(entry.name.into_units()),
                node: self.node(entry.file),
            })),
            Err(error) => Some(Err(error::from_engine(error))),
        })))
    }

    fn scan_size(&self) -> Option<u64> {
        self.volume.scan_size()
    }

    fn scan(
        &self,
        top: &Node,
        what: ScanFor,
        visit: &mut dyn FnMut(ScannedEntry<'_>) -> std::ops::ControlFlow<()>,
    ) -> Result<()> {
        V::scan(self, self.file(top)?, what, visit)
    }

    fn order(&self, a: &Name, b: &Name) -> std::cmp::Ordering {
        self.volume.order(a.units(), b.units())
    }

    fn names(&self, node: &Node) -> Result<Vec<Placed>> {
        let names = self
            .volume
            .names(self.file(node)?)
            .map_err(error::from_engine)?;
        let long = names
            .into_iter()
            .filter(|name| name.namespace != Namespace::Dos);
        Ok(long
            .map(|name| Placed {
                path: self.volume.path_of(&name).ok().map(convert::path),
                directory: self.node(name.parent),
                name: Name::from_units(name.name.into_units()),
            })
            .collect())
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        let streams = self
            .volume
            .streams(self.file(node)?)
            .map_err(error::from_engine)?;
        Ok(streams.into_iter().map(convert::stream).collect())
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        let buffer = self
            .volume
            .reparse_point(self.file(node)?)
            .map_err(error::from_engine)?;
        Ok(buffer.map(LinkContent::Reparse))
    }

    fn followed(&self, _node: &Node) -> Result<Target> {
        Err(ErrorKind::InvalidArgument.into())
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        self.volume
            .read_at(self.file(node)?, units(stream), offset, buf)
            .map_err(error::from_engine)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn std::io::Read + Send + 'a>> {
        let file = self.file(node)?;
        let reader = read::Reader::open(&self.volume, file, units(stream))?;
        Ok(Box::new(reader))
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        let file = self.file(node)?;
        self.check_not_read_only(file)?;
        put::ensure_stream(&self.volume, file, units(stream))?;
        self.volume
            .write_at(file, units(stream), offset, data)
            .map_err(error::from_engine)
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        let file = self.file(node)?;
        self.check_not_read_only(file)?;
        put::ensure_stream(&self.volume, file, units(stream))?;
        self.volume
            .set_len(file, units(stream), len)
            .map_err(error::from_engine)
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.volume
            .create(
                self.file(dir)?,
                name.units(),
                FileKind::File,
                &convert::create_options(create),
            )
            .map(|file| self.node(file))
            .map_err(error::from_engine)
    }

    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        let dir = self.file(dir)?;
        if replace == Replace::Yes
            && let Ok(there) = self.lookup(dir, name)
        {
            self.check_not_read_only(there)?;
        }
        put::put_file(&self.volume, dir, name, create, contents, replace)
            .map(|file| self.node(file))
    }

    fn put_stream(
        &self,
        node: &Node,
        stream: &StreamName,
        data: &mut dyn std::io::Read,
    ) -> Result<()> {
        let file = self.file(node)?;
        self.check_not_read_only(file)?;
        put::put_stream(&self.volume, file, stream.units(), data)
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        self.volume
            .create(
                self.file(dir)?,
                name.units(),
                FileKind::Directory,
                &convert::create_options(create),
            )
            .map(|file| self.node(file))
            .map_err(error::from_engine)
    }

    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        let made = self
            .volume
            .hard_link(self.file(node)?, self.file(dir)?, name.units());
        made.map_err(|engine| match error::from_engine(engine) {
            // To Windows a directory is no file that could have another name.
            error if error.kind() == ErrorKind::IsADirectory => ErrorKind::AccessDenied.into(),
            error => error,
        })
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        self.make_link(dir, name, link_type, content, create)
    }

    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        let bytes = convert::reparse(content)?.encode();
        self.volume
            .set_reparse_point(self.file(node)?, &bytes)
            .map_err(error::from_engine)
    }

    fn remove_link(&self, node: &Node) -> Result<()> {
        self.take_link_off(node)
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        let dir = self.file(dir)?;
        self.check_not_read_only(self.lookup(dir, name)?)?;
        self.volume
            .remove(dir, name.units())
            .map_err(error::from_engine)
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        let (dir, new_dir) = (self.file(dir)?, self.file(new_dir)?);
        let moved = self.lookup(dir, name)?;
        if replace == Replace::Yes
            && let Ok(there) = self.lookup(new_dir, new_name)
            && there != moved
        {
            self.check_not_read_only(there)?;
        }
        self.volume
            .rename(
                dir,
                name.units(),
                new_dir,
                new_name.units(),
                convert::replace(replace),
            )
            .map_err(error::from_engine)
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        let change = convert::times_change(times);
        if change == TimesChange::default() {
            return Ok(());
        }
        self.volume
            .set_times(self.file(node)?, &change)
            .map_err(error::from_engine)
    }

    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()> {
        self.volume
            .set_attributes(self.file(node)?, convert::attributes(attributes))
            .map_err(error::from_engine)
    }

    fn extended_attributes(&self, node: &Node) -> Result<Vec<ExtendedAttribute>> {
        let list = self
            .volume
            .extended_attributes(self.file(node)?)
            .map_err(error::from_engine)?;
        Ok(list.into_iter().map(convert::extended_attribute).collect())
    }

    fn set_extended_attributes(&self, node: &Node, list: &[ExtendedAttribute]) -> Result<()> {
        let list: Vec<_> = list.iter().map(convert::engine_attribute).collect();
        self.volume
            .set_extended_attributes(self.file(node)?, &list)
            .map_err(error::from_engine)
    }

    fn entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        entries::entry(self, self.file(dir)?, name)
    }

    fn entries<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
        entries::entries(self, self.file(dir)?)
    }

    fn refresh_entry(&self, dir: &Node, name: &Name) -> Result<()> {
        if !self.writable {
            return Ok(());
        }
        self.volume
            .refresh_name(self.file(dir)?, name.units())
            .map_err(error::from_engine)
    }

    fn refreshed_entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        match self.writable {
            true => entries::refreshed(self, self.file(dir)?, name),
            false => self.entry(dir, name),
        }
    }

    fn set_short_name(&self, dir: &Node, name: &Name, short: &Name) -> Result<()> {
        self.volume
            .set_short_name(self.file(dir)?, name.units(), short.units())
            .map_err(error::from_engine)
    }

    fn security(&self, node: &Node) -> Result<Vec<u8>> {
        self.volume
            .security_descriptor(self.file(node)?)
            .map_err(error::from_engine)
    }

    fn set_security(&self, node: &Node, descriptor: &[u8]) -> Result<()> {
        self.volume
            .set_security(self.file(node)?, descriptor)
            .map_err(error::from_engine)
    }

    fn node_by_id(&self, record: u64, sequence: u16) -> Result<Node> {
        let found = self
            .volume
            .file_by_record(RecordNumber(record))
            .map_err(error::from_engine)?;
        match sequence == 0 || found.sequence().0 == sequence {
            true => Ok(self.node(found)),
            false => Err(ErrorKind::NotFound.into()),
        }
    }

    fn node_by_object_id(&self, id: [u8; 16]) -> Result<Node> {
        self.volume
            .file_by_object_id(ObjectId(id))
            .map(|file| self.node(file))
            .map_err(error::from_engine)
    }

    fn object_id(&self, node: &Node) -> Result<Option<ObjectIdAttribute>> {
        self.volume
            .object_id(self.file(node)?)
            .map_err(error::from_engine)
    }

    fn set_object_id(&self, node: &Node, id: &ObjectIdAttribute) -> Result<()> {
        self.volume
            .set_object_id(self.file(node)?, id)
            .map_err(error::from_engine)
    }

    fn delete_object_id(&self, node: &Node) -> Result<()> {
        self.volume
            .delete_object_id(self.file(node)?)
            .map_err(error::from_engine)
    }

    fn set_aside(&self, dir: &Node, name: &Name) -> Result<()> {
        if !self.dropped.swap(true, Ordering::Relaxed) {
            // Before the first of this session: what others left.
            while self.volume.drop_all_aside().map_err(error::from_engine)? {}
        }
        self.volume
            .set_aside(self.file(dir)?, name.units())
            .map_err(error::from_engine)
    }

    fn drop_aside(&self, node: &Node) -> Result<()> {
        self.volume
            .drop_aside(self.file(node)?)
            .map_err(error::from_engine)
    }

    fn remove_stream(&self, node: &Node, stream: &StreamName) -> Result<()> {
        self.volume
            .remove_stream(self.file(node)?, stream.units())
            .map_err(error::from_engine)
    }

    fn identity(&self, node: &Node) -> Result<(u64, u16)> {
        let file = self.file(node)?;
        Ok((file.record().0, file.sequence().0))
    }

    fn is_case_sensitive(&self, dir: &Node) -> Result<bool> {
        let info = self.volume.file_info(self.file(dir)?);
        Ok(info.map_err(error::from_engine)?.case_sensitive)
    }

    fn set_case_sensitive(&self, dir: &Node, sensitive: bool) -> Result<()> {
        self.volume
            .set_case_sensitive(self.file(dir)?, convert::case(sensitive))
            .map_err(error::from_engine)
    }

    fn set_sparse(&self, node: &Node, stream: Option<&StreamName>) -> Result<()> {
        self.volume
            .set_sparse(self.file(node)?, units(stream))
            .map_err(error::from_engine)
    }

    fn zero_range(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        len: u64,
    ) -> Result<()> {
        self.volume
            .zero_range(self.file(node)?, units(stream), offset, len)
            .map_err(error::from_engine)
    }

    fn scratch(&self) -> Result<Box<dyn Scratch>> {
        self.volume.scratch_space()
    }

    fn atomically(&self, work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>) -> Result<()> {
        V::atomically(self, work)
    }

    fn sync(&self) -> Result<()> {
        match self.writable {
            true => self.volume.make_durable().map_err(error::from_engine),
            false => Ok(()),
        }
    }
}

/// The engine knows the unnamed stream by the empty name.
fn units(stream: Option<&StreamName>) -> &[u16] {
    stream.map(StreamName::units).unwrap_or_default()
}

#[cfg(test)]
mod tests;
