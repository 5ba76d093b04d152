//! The host's own file system on Windows, by the calls of Windows.
//!
//! Every path goes to Windows with the prefix `\\?\`, so that neither MAX_PATH
//! nor trailing dots nor reserved names change it. Links on the way to a
//! directory are followed by Windows itself; the last name is not, except in
//! [`FileSystem::followed`].

mod codes;
mod ffi;
mod link;
mod node;
mod stat;
mod write;

use std::io::Read;
use std::os::windows::fs::FileExt;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{FILE_GENERIC_READ, FILE_GENERIC_WRITE};

use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{
    Attributes, Capabilities, Contents, Create, Entry, ExtendedAttribute, FileSystem, LinkContent,
    LinkType, Linked, Name, Node, NodeKind, Placed, Replace, Stat, StreamInfo, StreamName, Target,
    Times, VolumeFamily, VolumeInfo,
};

pub(crate) use codes::kind_of_code;
use ffi::Wide;
pub(crate) use node::HostNode;
use node::{Links, host, node};

/// The host's file system, all volumes of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsFs;

impl WindowsFs {
    /// The host's file system.
    pub fn new() -> Self {
        Self
    }

    /// The object at a path of the host. Links on the way are followed; the
    /// last name is not.
    ///
    /// # Errors
    /// `PathNotFound` when a directory on the way is missing, `NotFound` when
    /// only the last name is.
    pub fn open_path(&self, path: &Path) -> Result<Node> {
        let found = HostNode::from_path(path)?;
        found.look(Links::Keep)?;
        Ok(node(found))
    }

    /// The directory that a new object at this path goes into, and its name.
    ///
    /// # Errors
    /// `PathNotFound`; `AlreadyExists` for a path without a last name (`C:\`).
    pub fn open_parent(&self, path: &Path) -> Result<(Node, Name)> {
        let absolute = std::path::absolute(path)?;
        let (parent, name) = absolute
            .parent()
            .zip(absolute.file_name())
            .ok_or(ErrorKind::AlreadyExists)?;
        Ok((self.open_directory(parent)?, Name::from_host(name)))
    }

    /// A directory by its path, links followed.
    ///
    /// # Errors
    /// `PathNotFound`, `NotADirectory`.
    pub fn open_directory(&self, path: &Path) -> Result<Node> {
        let found = HostNode::from_path(path)?;
        let file = found
            .look(Links::Follow)
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => ErrorKind::PathNotFound.into(),
                _ => error,
            })?;
        match stat::of(&file)?.kind {
            NodeKind::Directory => Ok(node(found)),
            _ => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// What the volume of a file says it can hold.
    ///
    /// # Errors
    /// Windows cannot tell.
    pub fn volume_of(&self, file: &Node) -> Result<VolumeInfo> {
        volume_info(&link::root_of(host(file)?)?)
    }
}

fn volume_info(root: &HostNode) -> Result<VolumeInfo> {
    let mut path = root.units().to_vec();
    if path.last() != Some(&u16::from(b'\\')) {
        path.push(u16::from(b'\\'));
    }
    let root = Wide::new(&path)?;
    let volume = ffi::volume(&root)?;
    let (free, total) = ffi::space(&root)?;
    let kind = String::from_utf16_lossy(&volume.file_system);
    Ok(VolumeInfo {
        label: String::from_utf16_lossy(&volume.label),
        serial: u64::from(volume.serial),
        family: family(&kind),
        kind: known_kind(&kind),
        total,
        free,
        cluster: 0,
        max_name: volume.max_component,
        max_links: (volume.flags & FILE_SUPPORTS_HARD_LINKS != 0).then_some(1024),
    })
}

/// GetVolumeInformation's flag for named streams (winnt.h).
const FILE_NAMED_STREAMS: u32 = 0x0004_0000;

/// Whether the volume of a file says that it keeps named streams.
fn has_streams(file: &HostNode) -> Result<bool> {
    let mut root = link::root_of(file)?.units().to_vec();
    if root.last() != Some(&u16::from(b'\\')) {
        root.push(u16::from(b'\\'));
    }
    Ok(ffi::volume(&Wide::new(&root)?)?.flags & FILE_NAMED_STREAMS != 0)
}

/// GetVolumeInformation's flag for hard links (winnt.h).
const FILE_SUPPORTS_HARD_LINKS: u32 = 0x0040_0000;

fn family(kind: &str) -> VolumeFamily {
    match kind {
        "NTFS" => VolumeFamily::Ntfs,
        "ReFS" => VolumeFamily::Refs,
        "CSVFS" => VolumeFamily::Csv,
        "UDF" => VolumeFamily::Udf,
        "CDFS" => VolumeFamily::Cdfs,
        // FAT, FAT32, exFAT, and what is not known: the least is expected of it.
        _ => VolumeFamily::Fat,
    }
}

fn known_kind(kind: &str) -> &'static str {
    [
        "NTFS", "ReFS", "FAT", "FAT32", "exFAT", "CSVFS", "UDF", "CDFS",
    ]
    .into_iter()
    .find(|known| *known == kind)
    .unwrap_or("windows")
}

impl FileSystem for WindowsFs {
    fn capabilities(&self) -> Capabilities {
        Capabilities::HARD_LINKS
            | Capabilities::SYMBOLIC_LINKS
            | Capabilities::REPARSE_POINTS
            | Capabilities::TYPED_LINKS
            | Capabilities::NAMED_STREAMS
            | Capabilities::WINDOWS_NAMES
            | Capabilities::NAMES_OF_FILES
            | Capabilities::FOLLOWS_LINKS
    }

    fn volume_info(&self) -> Result<VolumeInfo> {
        volume_info(&link::root_of(&HostNode::from_path(Path::new("."))?)?)
    }

    fn root(&self) -> Result<Node> {
        Ok(node(HostNode::from_path(Path::new("\\"))?))
    }

    fn child(&self, dir: &Node, name: &Name) -> Result<Node> {
        let found = host(dir)?.join(name)?;
        found.look(Links::Keep)?;
        Ok(node(found))
    }

    fn stat(&self, node: &Node) -> Result<Stat> {
        stat::of(&host(node)?.look(Links::Keep)?)
    }

    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>> {
        let dir = host(dir)?.clone();
        if self.stat(&node(dir.clone()))?.is_link() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let entries = std::fs::read_dir(dir.path())?;
        Ok(Box::new(entries.map(move |entry| {
            let name = Name::from_host(&entry?.file_name());
            let node = node(dir.join(&name)?);
            Ok(Entry { name, node })
        })))
    }

    fn names(&self, node: &Node) -> Result<Vec<Placed>> {
        link::names(host(node)?)
    }

    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        let file = host(node)?;
        if !has_streams(file)? {
            let stat = self.stat(node)?;
            return Ok(match stat.kind {
                NodeKind::File => vec![StreamInfo {
                    name: None,
                    size: stat.size,
                    allocated: stat.allocated,
                }],
                _ => Vec::new(),
            });
        }
        Ok(ffi::streams(&file.wide()?)?
            .into_iter()
            .map(|(name, size)| StreamInfo {
                name: stream_name(&name),
                size,
                allocated: size,
            })
            .collect())
    }

    fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        if self.stat(node)?.reparse_tag.is_none() {
            return Ok(None);
        }
        Ok(link::read(host(node)?)?.map(LinkContent::Reparse))
    }

    fn followed(&self, node: &Node) -> Result<Target> {
        let found = host(node)?
            .look(Links::Follow)
            .and_then(|file| stat::of(&file));
        match found {
            Ok(stat) => Ok(Target::Found(Box::new(Linked { stat, node: None }))),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::PathNotFound => Ok(Target::Missing),
                ErrorKind::LinkLoop => Ok(Target::Loop),
                ErrorKind::UnresolvedLink => Ok(Target::Elsewhere),
                _ => Err(error),
            },
        }
    }

    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        let file = open_data(host(node)?, stream, FILE_GENERIC_READ)?;
        Ok(file.seek_read(buf, offset)?)
    }

    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn Read + Send + 'a>> {
        let file = open_data(host(node)?, stream, FILE_GENERIC_READ)?;
        Ok(Box::new(file))
    }

    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()> {
        let file = open_data(host(node)?, stream, FILE_GENERIC_WRITE)?;
        let (mut offset, mut data) = (offset, data);
        while !data.is_empty() {
            let wrote = file.seek_write(data, offset)?;
            data = data.get(wrote..).unwrap_or_default();
            offset += u64::try_from(wrote).unwrap_or(0);
        }
        Ok(())
    }

    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()> {
        Ok(open_data(host(node)?, stream, FILE_GENERIC_WRITE)?.set_len(len)?)
    }

    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        let at = host(dir)?.join(name)?;
        write::create_file(&at, create)?;
        Ok(node(at))
    }

    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node> {
        let dir = host(dir)?;
        let at = dir.join(name)?;
        write::put_file(dir, &at, create, contents, replace)?;
        Ok(node(at))
    }

    fn put_stream(&self, node: &Node, stream: &StreamName, data: &mut dyn Read) -> Result<()> {
        let file = host(node)?;
        if !has_streams(file)? {
            return Err(ErrorKind::Unsupported(Feature::NamedStreams).into());
        }
        write::put_stream(file, stream, data)
    }

    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node> {
        let at = host(dir)?.join(name)?;
        std::fs::create_dir(at.path())?;
        let attributes = (!create.attributes.is_empty()).then_some(create.attributes);
        stat::set(&at, &create.times, attributes)?;
        Ok(node(at))
    }

    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()> {
        if self.stat(node)?.kind == NodeKind::Directory {
            return Err(ErrorKind::AccessDenied.into());
        }
        link::hard(host(node)?, &host(dir)?.join(name)?)
    }

    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node> {
        let at = host(dir)?.join(name)?;
        link::create(&at, link_type, content)?;
        let attributes = (!create.attributes.is_empty()).then_some(create.attributes);
        stat::set(&at, &create.times, attributes)?;
        Ok(node(at))
    }

    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()> {
        match content {
            LinkContent::Reparse(buffer) => link::set(host(node)?, buffer),
            LinkContent::Posix(_) => Err(ErrorKind::Unsupported(Feature::SymbolicLinks).into()),
        }
    }

    fn remove_link(&self, node: &Node) -> Result<()> {
        link::remove(host(node)?)
    }

    fn remove(&self, dir: &Node, name: &Name) -> Result<()> {
        let at = host(dir)?.join(name)?;
        match stat::of(&at.look(Links::Keep)?)?.kind {
            NodeKind::Directory => Ok(std::fs::remove_dir(at.path())?),
            _ => Ok(std::fs::remove_file(at.path())?),
        }
    }

    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()> {
        let from = host(dir)?.join(name)?;
        write::rename(&from, &host(new_dir)?.join(new_name)?, replace)
    }

    fn set_times(&self, node: &Node, times: &Times) -> Result<()> {
        stat::set(host(node)?, times, None)
    }

    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()> {
        stat::set(host(node)?, &Times::default(), Some(attributes))
    }

    fn extended_attributes(&self, _node: &Node) -> Result<Vec<ExtendedAttribute>> {
        Ok(Vec::new())
    }

    fn set_extended_attributes(&self, _node: &Node, _list: &[ExtendedAttribute]) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::ExtendedAttributes).into())
    }

    fn sync(&self) -> Result<()> {
        // Windows writes back by itself; whoever needs more asks for it.
        Ok(())
    }
}

/// Opens the data of a file; a link is not followed and holds none.
fn open_data(at: &HostNode, stream: Option<&StreamName>, access: u32) -> Result<std::fs::File> {
    use std::os::windows::fs::OpenOptionsExt;
    match stat::of(&at.look(Links::Keep)?)? {
        stat if stat.is_link() => return Err(ErrorKind::AccessDenied.into()),
        stat if stat.kind == NodeKind::Directory && stream.is_none() => {
            return Err(ErrorKind::IsADirectory.into());
        }
        _ => {}
    }
    let Some(stream) = stream else {
        return at.open(access, Links::Keep);
    };
    let makes = access == FILE_GENERIC_WRITE;
    let opened = std::fs::File::options()
        .access_mode(access)
        .write(makes)
        .create(makes)
        .open(at.stream_path(stream.units()));
    opened.map_err(|error| match Error::from(error) {
        error if error.kind() == ErrorKind::NotFound => ErrorKind::StreamNotFound.into(),
        error => error,
    })
}

/// `:name:$DATA` as a name; `None` for the unnamed one.
fn stream_name(text: &[u16]) -> Option<StreamName> {
    let colon = u16::from(b':');
    let name = text.split(|&unit| unit == colon).nth(1)?;
    (!name.is_empty()).then(|| StreamName::from_units(name.to_vec()))
}
