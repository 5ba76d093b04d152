//! What files hold inside a transaction: data, streams, attributes, times,
//! reparse points, descriptors.

use linkwright_names::path::check_stream_name;
use linkwright_ntfs_format::inherit::{NewObject, inherit};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;

use super::Key;
use super::data::{Source, StreamData};
use super::names::reparse;
use super::replay::Op;
use super::state::{Hold, StreamChange, same_stream};
use super::view::View;
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{
    Attributes, LinkContent, Node, NodeKind, ReparseBuffer, Stat, StreamInfo, StreamName, Times,
};

/// Attributes that SetFileAttributes can change (MS-FSA 2.1.5.15.2), as the
/// engine has them.
const SETTABLE: u32 = 0x0000_0001 // READONLY
    | 0x0000_0002 // HIDDEN
    | 0x0000_0004 // SYSTEM
    | 0x0000_0020 // ARCHIVE
    | 0x0000_0100 // TEMPORARY
    | 0x0000_1000 // OFFLINE
    | 0x0000_2000 // NOT_CONTENT_INDEXED
    | 0x0008_0000 // PINNED
    | 0x0010_0000 // UNPINNED
    | 0x0002_0000; // NO_SCRUB_DATA

/// Tags with this bit may stand on a directory that has entries.
const DIRECTORY_BIT: u32 = 0x1000_0000;

impl View<'_> {
    /// The streams of a file, the unnamed one first.
    pub(super) fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        let key = self.key(node)?;
        let mut list = match key {
            Key::Stored { .. } => self.base().streams(node)?,
            Key::Private(_) => self.first_stream(node)?,
        };
        let Some(file) = self.file(key) else {
            return Ok(list);
        };
        let cluster = self.base().volume_info()?.cluster;
        for change in &file.streams {
            let there = list
                .iter()
                .position(|info| same_stream(info.name.as_ref(), change.name()));
            match (change, there) {
                (StreamChange::Removed(_), Some(at)) => {
                    list.remove(at);
                }
                (StreamChange::Removed(_), None) => {}
                (StreamChange::Data(data), there) => {
                    let info = StreamInfo {
                        name: data.name.clone(),
                        size: data.len,
                        allocated: data.allocated(cluster),
                    };
                    match there.and_then(|at| list.get_mut(at)) {
                        Some(old) => *old = info,
                        None => list.push(info),
                    }
                }
            }
        }
        Ok(list)
    }

    /// A new file has an empty unnamed stream, a directory has none.
    fn first_stream(&self, node: &Node) -> Result<Vec<StreamInfo>> {
        Ok(match self.stat(node)?.kind {
            NodeKind::Directory => Vec::new(),
            _ => vec![StreamInfo {
                name: None,
                size: 0,
                allocated: 0,
            }],
        })
    }

    /// Reads at most `buf.len()` bytes of a stream.
    pub(super) fn read(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        let key = self.key(node)?;
        let change = self.file(key).and_then(|file| file.change(stream));
        match (change, key) {
            (Some(StreamChange::Removed(_)), _) => Err(ErrorKind::StreamNotFound.into()),
            (Some(StreamChange::Data(data)), _) => {
                let source = Source {
                    base: self.base(),
                    node,
                };
                data.read(&source, &self.state.pages, offset, buf)
            }
            (None, Key::Stored { .. }) => self.base().read_at(node, stream, offset, buf),
            (None, Key::Private(_)) => match stream {
                None if self.stat(node)?.kind != NodeKind::Directory => Ok(0),
                _ => Err(ErrorKind::StreamNotFound.into()),
            },
        }
    }

    /// Takes hold of a file and brings a stream of it into the overlay. A named
    /// one that is not there is made.
    fn hold_stream(&mut self, node: &Node, stream: Option<&StreamName>) -> Result<Key> {
        let key = self.key(node)?;
        Self::check_own(key)?;
        let info = self.streams(node)?;
        let stored = info
            .iter()
            .find(|info| same_stream(info.name.as_ref(), stream));
        if stored.is_none() {
            match stream {
                None => return Err(ErrorKind::StreamNotFound.into()),
                Some(name) => check_stream_name(name.units())
                    .map_err(|error| Error::with_source(ErrorKind::InvalidName, error))?,
            }
        }
        if matches!(key, Key::Stored { .. }) && stream.is_none() {
            self.check_plain(node)?;
        }
        self.hold(node, Hold::Whole)?;
        let file = self.file_mut(key)?;
        if file.data_mut(stream).is_some() {
            return Ok(key);
        }
        let is_private = matches!(key, Key::Private(_));
        let data = match stored {
            Some(info) if !is_private => StreamData::stored(info.name.clone(), info.size),
            _ => {
                let removed = matches!(file.change(stream), Some(StreamChange::Removed(_)));
                StreamData::fresh(stream.cloned(), removed)
            }
        };
        file.streams
            .retain(|change| !same_stream(change.name(), stream));
        file.streams.push(StreamChange::Data(data));
        Ok(key)
    }

    /// Refuses what the engine does not write: compressed data.
    fn check_plain(&self, node: &Node) -> Result<()> {
        const WOF: u32 = 0x8000_0017;
        let stat = self.stat(node)?;
        let compressed =
            stat.attributes.contains(Attributes::COMPRESSED) || stat.reparse_tag == Some(WOF);
        match compressed {
            true => Err(ErrorKind::Unsupported(Feature::FileData).into()),
            false => Ok(()),
        }
    }

    /// What a change of a stream's bytes changes beside them.
    fn content_changed(&mut self, key: Key, stream: Option<&StreamName>) -> Result<()> {
        let now = Some(self.now());
        let cluster = match stream {
            None => self.base().volume_info()?.cluster,
            Some(_) => 0,
        };
        let file = self.file_mut(key)?;
        let sizes = file
            .data_mut(None)
            .filter(|_| stream.is_none())
            .map(|data| (data.len, data.allocated(cluster)));
        let stat = &mut file.stat;
        if let Some((size, allocated)) = sizes {
            (stat.size, stat.allocated) = (size, allocated);
            stat.times.modified = now;
        }
        stat.times.changed = now;
        if stat.kind != NodeKind::Directory {
            stat.attributes.insert(Attributes::ARCHIVE);
        }
        Ok(())
    }

    /// Changes a stream with `change`.
    fn change_stream(
        &mut self,
        node: &Node,
        stream: Option<&StreamName>,
        change: impl FnOnce(&mut StreamData, &Source<'_>, &mut super::data::Pages) -> Result<()>,
    ) -> Result<()> {
        let key = self.hold_stream(node, stream)?;
        let source = Source {
            base: self.base(),
            node,
        };
        let state = &mut *self.state;
        let data = state
            .files
            .get_mut(&key)
            .and_then(|file| file.data_mut(stream))
            .ok_or(ErrorKind::StreamNotFound)?;
        change(data, &source, &mut state.pages)?;
        self.content_changed(key, stream)
    }

    pub(super) fn write(
        &mut self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        self.check_not_read_only(node)?;
        self.change_stream(node, stream, |data, source, pages| {
            data.write(source, pages, offset, bytes)
        })
    }

    /// Writes to a file that is being made, whatever its attributes are; makes
    /// the stream.
    pub(super) fn fill(
        &mut self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        self.change_stream(node, stream, |data, source, pages| {
            data.write(source, pages, offset, bytes)
        })
    }

    pub(super) fn set_len(
        &mut self,
        node: &Node,
        stream: Option<&StreamName>,
        len: u64,
    ) -> Result<()> {
        self.check_not_read_only(node)?;
        self.change_stream(node, stream, |data, _, pages| data.set_len(pages, len))
    }

    /// Zeros in a range, as far as the stream reaches.
    pub(super) fn zero_range(
        &mut self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        len: u64,
    ) -> Result<()> {
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        self.check_not_read_only(node)?;
        self.change_stream(node, stream, |data, source, pages| {
            let end = offset.saturating_add(len).min(data.len);
            let mut at = offset;
            while at < end {
                let left = usize::try_from(end - at).unwrap_or(usize::MAX);
                let part = &ZEROS[..left.min(ZEROS.len())];
                data.write(source, pages, at, part)?;
                at += part.len() as u64;
            }
            Ok(())
        })
    }

    pub(super) fn remove_stream(&mut self, node: &Node, stream: &StreamName) -> Result<()> {
        let key = self.key(node)?;
        Self::check_own(key)?;
        check_stream_name(stream.units())
            .map_err(|error| Error::with_source(ErrorKind::InvalidName, error))?;
        let there = self.streams(node)?;
        if !there
            .iter()
            .any(|info| same_stream(info.name.as_ref(), Some(stream)))
        {
            return Err(ErrorKind::StreamNotFound.into());
        }
        self.hold(node, Hold::Whole)?;
        let is_stored = matches!(key, Key::Stored { .. });
        let on_volume = is_stored
            && self
                .base()
                .streams(node)?
                .iter()
                .any(|info| same_stream(info.name.as_ref(), Some(stream)));
        let file = self.file_mut(key)?;
        let at = file
            .streams
            .iter()
            .position(|change| same_stream(change.name(), Some(stream)));
        let old = at.map(|at| file.streams.remove(at));
        if on_volume {
            file.streams.push(StreamChange::Removed(stream.clone()));
        }
        if let Some(StreamChange::Data(data)) = old {
            self.state.pages.give_back(data.pages.into_values());
        }
        self.content_changed(key, Some(stream))
    }

    /// The reparse point of an object.
    pub(super) fn link(&self, node: &Node) -> Result<Option<LinkContent>> {
        let key = self.key(node)?;
        match (self.file(key).and_then(|file| file.link.clone()), key) {
            (Some(link), _) => Ok(link),
            (None, Key::Stored { .. }) => self.base().link(node),
            (None, Key::Private(_)) => Ok(None),
        }
    }

    pub(super) fn set_link(&mut self, node: &Node, content: &LinkContent) -> Result<()> {
        let key = self.key(node)?;
        Self::check_own(key)?;
        let new = reparse(content)?;
        let stat = self.stat(node)?;
        let directory = stat.kind == NodeKind::Directory;
        if directory && new.tag().0 & DIRECTORY_BIT == 0 && !self.is_empty(node)? {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        if matches!(key, Key::Stored { .. }) && !self.base().extended_attributes(node)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        if let Some(LinkContent::Reparse(old)) = self.link(node)?
            && (old.tag() != new.tag() || guid(&old) != guid(new))
        {
            return Err(ErrorKind::ReparseTagMismatch.into());
        }
        let tag = new.tag().0;
        self.hold(node, Hold::Whole)?;
        let now = self.now();
        let file = self.file_mut(key)?;
        file.link = Some(Some(content.clone()));
        file.stat.reparse_tag = Some(tag);
        file.stat.attributes.insert(Attributes::REPARSE_POINT);
        if !directory {
            file.stat.attributes.insert(Attributes::ARCHIVE);
        }
        file.stat.times.changed = Some(now);
        self.state.ops.push(Op::SetLink {
            node: node.clone(),
            content: Box::new(content.clone()),
        });
        Ok(())
    }

    pub(super) fn remove_link(&mut self, node: &Node) -> Result<()> {
        let key = self.key(node)?;
        if self.link(node)?.is_none() {
            return Err(ErrorKind::NotAReparsePoint.into());
        }
        Self::check_own(key)?;
        self.hold(node, Hold::Whole)?;
        let now = self.now();
        let file = self.file_mut(key)?;
        file.link = Some(None);
        file.stat.reparse_tag = None;
        file.stat.attributes.remove(Attributes::REPARSE_POINT);
        file.stat.times.changed = Some(now);
        self.state.ops.push(Op::RemoveLink { node: node.clone() });
        Ok(())
    }

    /// Takes hold of a file to change what it is; the root may be meant.
    fn hold_information(&mut self, node: &Node) -> Result<&mut Stat> {
        let key = self.key(node)?;
        if !Self::is_root(key) {
            Self::check_own(key)?;
        }
        self.hold(node, Hold::Whole)?;
        Ok(&mut self.file_mut(key)?.stat)
    }

    pub(super) fn set_times(&mut self, node: &Node, times: &Times) -> Result<()> {
        if *times == Times::default() {
            return Ok(());
        }
        let now = self.now();
        let own = &mut self.hold_information(node)?.times;
        own.created = times.created.or(own.created);
        own.modified = times.modified.or(own.modified);
        own.accessed = times.accessed.or(own.accessed);
        own.changed = times.changed.or(Some(now));
        Ok(())
    }

    pub(super) fn set_attributes(&mut self, node: &Node, attributes: Attributes) -> Result<()> {
        let now = self.now();
        let settable = Attributes::from_bits_retain(SETTABLE);
        let stat = self.hold_information(node)?;
        stat.attributes = (stat.attributes - settable) | (attributes & settable);
        stat.times.changed = Some(now);
        Ok(())
    }

    /// The descriptor of an object: what it was given, or would inherit.
    pub(super) fn security(&self, node: &Node) -> Result<Vec<u8>> {
        let key = self.key(node)?;
        if let Some(own) = self.file(key).and_then(|file| file.security.clone()) {
            return Ok(own);
        }
        if matches!(key, Key::Stored { .. }) {
            return self.base().security(node);
        }
        let above = self
            .names(node)?
            .into_iter()
            .next()
            .ok_or(ErrorKind::NotFound)?;
        let bytes = self.security(&above.directory)?;
        let damaged = |_| Error::from(ErrorKind::Corrupt);
        let parent = SecurityDescriptor::decode(&bytes).map_err(damaged)?;
        let object = match self.stat(node)?.kind {
            NodeKind::Directory => NewObject::Directory,
            _ => NewObject::File,
        };
        inherit(
            &parent,
            object,
            self.file(key)
                .and_then(|file| file.owner)
                .or(parent.owner)
                .unwrap_or(Sid::ADMINISTRATORS),
            parent.group.unwrap_or(Sid::ADMINISTRATORS),
        )
        .encode()
        .map_err(damaged)
    }

    pub(super) fn set_security(&mut self, node: &Node, descriptor: &[u8]) -> Result<()> {
        SecurityDescriptor::decode(descriptor)
            .map_err(|error| Error::with_source(ErrorKind::InvalidArgument, error))?;
        let now = self.now();
        self.hold_information(node)?.times.changed = Some(now);
        let key = self.key(node)?;
        self.file_mut(key)?.security = Some(descriptor.to_vec());
        self.state.ops.push(Op::SetSecurity {
            node: node.clone(),
            descriptor: descriptor.to_vec(),
        });
        Ok(())
    }
}

fn guid(buffer: &ReparseBuffer) -> Option<[u8; 16]> {
    match buffer {
        ReparseBuffer::Other(other) => other.guid(),
        _ => None,
    }
}
