//! The trait.

use crate::error::{ErrorKind, Feature, Result};
use crate::{
    Attributes, Capabilities, Contents, Create, DirectoryEntry, Duplicate, Entry,
    ExtendedAttribute, Glance, Glanced, HardLinked, Kinds, LinkContent, LinkType, Name, Node,
    NodeKind, ObjectIdAttribute, Placed, Replace, ScanFor, ScannedEntry, Stat, StreamInfo,
    StreamName, Target, Times, VolumeInfo,
};

/// Bytes in free space of a volume ([`FileSystem::scratch`]); reading and
/// writing takes no lock of the volume.
pub trait Scratch: Send + Sync {
    /// Makes room for `len` bytes.
    ///
    /// # Errors
    /// `DiskFull`; the volume was closed.
    fn grow(&mut self, len: u64) -> Result<()>;

    /// Reads exactly `buf`.
    ///
    /// # Errors
    /// Beyond the room; the storage failed.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()>;

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// Beyond the room; the storage failed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;
}

/// One volume: directories, files, links, and what can be done with them.
///
/// * Nothing here follows a link, not even the last component of a name; links
///   are followed in [`resolve`](crate::resolve) only. (A back end whose system
///   follows by itself says so with [`Capabilities::FOLLOWS_LINKS`].)
/// * Each method that changes something is one step: all of it happens or none.
/// * Methods take `&self` and may be called from several threads.
/// * What a back end cannot do is [`ErrorKind::Unsupported`]; ask
///   [`capabilities`](FileSystem::capabilities) first.
///
/// [`ErrorKind::Unsupported`]: crate::ErrorKind::Unsupported
pub trait FileSystem: Send + Sync {
    /// What this file system can hold.
    fn capabilities(&self) -> Capabilities;

    /// What this directory can hold, where that differs from place to place: a
    /// host has many file systems mounted.
    ///
    /// # Errors
    /// The place cannot be asked.
    fn capabilities_at(&self, _dir: &Node) -> Result<Capabilities> {
        Ok(self.capabilities())
    }

    /// Label, sizes and limits of the volume.
    fn volume_info(&self) -> Result<VolumeInfo>;

    /// The root directory.
    fn root(&self) -> Result<Node>;

    /// The object with this name, which is not followed when it is a link.
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` when `dir` is none.
    fn child(&self, dir: &Node, name: &Name) -> Result<Node>;

    /// Facts about an object, of the link itself when it is one.
    fn stat(&self, node: &Node) -> Result<Stat>;

    /// The same, but that `names` may be too many by the 8.3 names of an object, so
    /// that the cost does not grow with its names.
    fn facts(&self, node: &Node) -> Result<Stat> {
        self.stat(node)
    }

    /// The entries of a directory, without `.` and `..`, in the order of the
    /// file system. A name that was removed meanwhile may still come.
    fn list<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + Send + 'a>>;

    /// The entries of a directory that are of these kinds, in the order of
    /// [`list`](FileSystem::list). A host tells them without looking at the
    /// objects.
    fn list_kinds<'a>(
        &'a self,
        dir: &Node,
        kinds: Kinds,
    ) -> Result<Box<dyn Iterator<Item = Result<Glanced>> + Send + 'a>> {
        let list = self.list(dir)?;
        Ok(Box::new(list.filter_map(move |entry| {
            let glanced = entry.and_then(|entry| {
                Ok(Glanced {
                    glance: Glance::from(&self.stat(&entry.node)?),
                    name: entry.name,
                    node: entry.node,
                })
            });
            match glanced {
                Ok(glanced) => kinds
                    .contains(glanced.glance.kinds())
                    .then_some(Ok(glanced)),
                // It went away between the listing and now.
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => Some(Err(error)),
            }
        })))
    }

    /// How many objects [`scan`](FileSystem::scan) looks at to tell what is asked for;
    /// `None` where there is no scan.
    fn scan_size(&self) -> Option<u64> {
        None
    }

    /// Tells what is below the directory `top` without going from directory to
    /// directory, each object by all names it has there; in the order of a walk: a
    /// directory's entries as [`list`](FileSystem::list) orders them, then what is
    /// below the first directory among them, and so on. What is not reached from the
    /// root, or is below a link, is left out. All is gathered before anything is
    /// told. Ends early when `visit` breaks.
    ///
    /// # Errors
    /// `Unsupported` where only directories tell; damage anywhere. Nothing was told
    /// then.
    fn scan(
        &self,
        _top: &Node,
        _what: ScanFor,
        _visit: &mut dyn FnMut(ScannedEntry<'_>) -> std::ops::ControlFlow<()>,
    ) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::NamesOfFiles).into())
    }

    /// How [`list`](FileSystem::list) orders two names.
    fn order(&self, a: &Name, b: &Name) -> std::cmp::Ordering {
        a.to_host_bytes().cmp(&b.to_host_bytes())
    }

    /// Every name of a file.
    ///
    /// # Errors
    /// `Unsupported` where names cannot be told from the file
    /// ([`Capabilities::NAMES_OF_FILES`]).
    fn names(&self, node: &Node) -> Result<Vec<Placed>>;

    /// All data streams of a file, the unnamed one first.
    fn streams(&self, node: &Node) -> Result<Vec<StreamInfo>>;

    /// What a link (or another reparse point) holds; `None` for an object that
    /// is none.
    fn link(&self, node: &Node) -> Result<Option<LinkContent>>;

    /// What the system itself finds behind a link. Only for
    /// [`Capabilities::FOLLOWS_LINKS`].
    fn followed(&self, node: &Node) -> Result<Target>;

    /// Reads at most `buf.len()` bytes of a stream from `offset` on; 0 at the
    /// end.
    fn read_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize>;

    /// A reader over a whole stream, from its start. Its errors carry
    /// [`Error`](crate::Error) inside ([`Error::into_io`](crate::Error::into_io)).
    fn open_data<'a>(
        &'a self,
        node: &Node,
        stream: Option<&StreamName>,
    ) -> Result<Box<dyn std::io::Read + Send + 'a>>;

    /// Writes all of `data` at `offset`; the stream grows as needed, and is
    /// made when it is a named one that is not there.
    fn write_at(
        &self,
        node: &Node,
        stream: Option<&StreamName>,
        offset: u64,
        data: &[u8],
    ) -> Result<()>;

    /// Cuts a stream, or grows it with zeros. Makes a named one that is not
    /// there.
    fn set_len(&self, node: &Node, stream: Option<&StreamName>, len: u64) -> Result<()>;

    /// Makes an empty file.
    ///
    /// # Errors
    /// `AlreadyExists`, `InvalidName`, `DiskFull`, ...
    fn create_file(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node>;

    /// Makes a whole file: it is there with all of its data, or not at all.
    /// A file or link of that name is replaced when `replace` says so, and never
    /// written through or into.
    ///
    /// # Errors
    /// `AlreadyExists`; `AccessDenied` when a directory has the name; what a
    /// reader failed with ([`Error::into_io`](crate::Error::into_io)).
    fn put_file(
        &self,
        dir: &Node,
        name: &Name,
        create: &Create,
        contents: &mut [Contents<'_>],
        replace: Replace,
    ) -> Result<Node>;

    /// Replaces all of a named stream, which is made when it is not there; it
    /// has all of the data, or is as it was.
    ///
    /// # Errors
    /// `Unsupported` without named streams; what the reader failed with.
    fn put_stream(
        &self,
        node: &Node,
        stream: &StreamName,
        data: &mut dyn std::io::Read,
    ) -> Result<()>;

    /// Makes an empty directory.
    fn create_directory(&self, dir: &Node, name: &Name, create: &Create) -> Result<Node>;

    /// Gives a file another name.
    ///
    /// # Errors
    /// `TooManyLinks`, `AlreadyExists`, `AccessDenied` for a directory.
    fn hard_link(&self, node: &Node, dir: &Node, name: &Name) -> Result<()>;

    /// Gives every file of a directory a name in another, the same one as it has:
    /// `tell` hears of each entry, also of those that are no files and of what
    /// failed. A name is decoded for those only.
    ///
    /// # Errors
    /// One of the directories cannot be opened or listed; what `tell` returns.
    fn hard_link_files(
        &self,
        from: &Node,
        to: &Node,
        tell: &mut dyn FnMut(HardLinked) -> Result<()>,
    ) -> Result<()> {
        for entry in self.list(from)? {
            let entry = entry?;
            let is_file = match self.stat(&entry.node) {
                Ok(stat) => !stat.is_link() && stat.kind == NodeKind::File,
                Err(error) => {
                    tell(HardLinked::Failed(entry, error))?;
                    continue;
                }
            };
            tell(match is_file {
                false => HardLinked::NoFile(entry),
                true => match self.hard_link(&entry.node, to, &entry.name) {
                    Ok(()) => HardLinked::Linked,
                    Err(error) => HardLinked::Failed(entry, error),
                },
            })?;
        }
        Ok(())
    }

    /// A directory for many calls one after the other: what has to be opened is
    /// opened once.
    ///
    /// # Errors
    /// `NotADirectory`; it cannot be opened.
    fn opened(&self, dir: &Node) -> Result<Node> {
        Ok(dir.clone())
    }

    /// Makes a new link object. `link_type` counts where links are typed.
    ///
    /// # Errors
    /// `Unsupported` when this file system cannot hold that content.
    fn create_link(
        &self,
        dir: &Node,
        name: &Name,
        link_type: LinkType,
        content: &LinkContent,
        create: &Create,
    ) -> Result<Node>;

    /// Sets or replaces the reparse point of an existing object.
    fn set_link(&self, node: &Node, content: &LinkContent) -> Result<()>;

    /// Takes the reparse point off an object and leaves the object.
    fn remove_link(&self, node: &Node) -> Result<()>;

    /// Removes one name; the object goes with its last one. Never follows a
    /// link, never removes anything under a directory.
    ///
    /// # Errors
    /// `NotFound`, `DirectoryNotEmpty`, `AccessDenied` (read-only on NTFS).
    fn remove(&self, dir: &Node, name: &Name) -> Result<()>;

    /// Moves a name, within the volume.
    ///
    /// # Errors
    /// `AlreadyExists`, `IntoItself`, `CrossDevice`, ...
    fn rename(
        &self,
        dir: &Node,
        name: &Name,
        new_dir: &Node,
        new_name: &Name,
        replace: Replace,
    ) -> Result<()>;

    /// Sets the times that are `Some`.
    fn set_times(&self, node: &Node, times: &Times) -> Result<()>;

    /// Sets the attributes; the bits the kind implies stay.
    fn set_attributes(&self, node: &Node, attributes: Attributes) -> Result<()>;

    /// The extended attributes of NTFS that an object has; none where
    /// [`Capabilities::EXTENDED_ATTRIBUTES`] is missing.
    fn extended_attributes(&self, node: &Node) -> Result<Vec<ExtendedAttribute>>;

    /// Replaces all extended attributes of NTFS.
    ///
    /// # Errors
    /// `Unsupported` where there are none.
    fn set_extended_attributes(&self, node: &Node, list: &[ExtendedAttribute]) -> Result<()>;

    /// One entry with what stands in it, found by its long or its 8.3 name.
    /// Where entries repeat nothing of their objects it says what
    /// [`stat`](FileSystem::stat) says, under the name that was asked for.
    ///
    /// # Errors
    /// `NotFound`; `NotADirectory` when `dir` is none.
    fn entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        let node = self.child(dir, name)?;
        Ok(DirectoryEntry {
            name: name.clone(),
            short_name: None,
            duplicate: Duplicate::from(&self.stat(&node)?),
            node,
        })
    }

    /// The entries of a directory with what stands in each, as
    /// [`list`](FileSystem::list) gives them.
    fn entries<'a>(
        &'a self,
        dir: &Node,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + Send + 'a>> {
        let list = self.list(dir)?;
        Ok(Box::new(list.map(|entry| {
            let entry = entry?;
            Ok(DirectoryEntry {
                name: entry.name,
                short_name: None,
                duplicate: Duplicate::from(&self.stat(&entry.node)?),
                node: entry.node,
            })
        })))
    }

    /// Makes what the entry of one name says agree with its object
    /// (MS-FSA 2.1.4.19); the object's other names stay as they are. Nothing is
    /// written when it agrees already.
    fn refresh_entry(&self, _dir: &Node, _name: &Name) -> Result<()> {
        Ok(())
    }

    /// [`refresh_entry`](FileSystem::refresh_entry), then
    /// [`entry`](FileSystem::entry).
    ///
    /// # Errors
    /// Those of both.
    fn refreshed_entry(&self, dir: &Node, name: &Name) -> Result<DirectoryEntry> {
        self.refresh_entry(dir, name)?;
        self.entry(dir, name)
    }

    /// Puts an 8.3 name in the place of the one beside a long name. Nothing
    /// happens where there is none, or where the new one is taken.
    fn set_short_name(&self, _dir: &Node, _name: &Name, _short: &Name) -> Result<()> {
        Ok(())
    }

    /// The self-relative security descriptor of an object.
    ///
    /// # Errors
    /// `Unsupported` without [`Capabilities::SECURITY`].
    fn security(&self, _node: &Node) -> Result<Vec<u8>> {
        Err(ErrorKind::Unsupported(Feature::Security).into())
    }

    /// Puts a self-relative descriptor in place of an object's own.
    ///
    /// # Errors
    /// `Unsupported` without [`Capabilities::SECURITY`]; `InvalidArgument` when
    /// it is no descriptor.
    fn set_security(&self, _node: &Node, _descriptor: &[u8]) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::Security).into())
    }

    /// The object with a record and sequence number ([`Stat::record`],
    /// [`Stat::sequence`]; sequence 0 is any).
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` without [`Capabilities::OPEN_BY_ID`].
    fn node_by_id(&self, _record: u64, _sequence: u16) -> Result<Node> {
        Err(ErrorKind::Unsupported(Feature::OpenById).into())
    }

    /// The object with an object id.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` without [`Capabilities::OBJECT_IDS`].
    fn node_by_object_id(&self, _id: [u8; 16]) -> Result<Node> {
        Err(ErrorKind::Unsupported(Feature::ObjectIds).into())
    }

    /// The object id of an object, `None` when it has none.
    fn object_id(&self, _node: &Node) -> Result<Option<ObjectIdAttribute>> {
        Err(ErrorKind::Unsupported(Feature::ObjectIds).into())
    }

    /// Gives an object without an object id one.
    ///
    /// # Errors
    /// `AlreadyExists` when the id is taken or the object has one.
    fn set_object_id(&self, _node: &Node, _id: &ObjectIdAttribute) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::ObjectIds).into())
    }

    /// Takes an object's id away, if it has one.
    fn delete_object_id(&self, _node: &Node) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::ObjectIds).into())
    }

    /// Removes one name, as [`remove`](FileSystem::remove) does; but an object
    /// that loses its last name is kept for who has its [`Node`], until
    /// [`drop_aside`](FileSystem::drop_aside).
    ///
    /// # Errors
    /// `Unsupported` without [`Capabilities::POSIX_UNLINK_RENAME`].
    fn set_aside(&self, _dir: &Node, _name: &Name) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::PosixUnlink).into())
    }

    /// Removes an object that was set aside.
    ///
    /// # Errors
    /// As [`set_aside`](FileSystem::set_aside).
    fn drop_aside(&self, _node: &Node) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::PosixUnlink).into())
    }

    /// Removes a named stream.
    ///
    /// # Errors
    /// `StreamNotFound`; `Unsupported` without [`Capabilities::NAMED_STREAMS`].
    fn remove_stream(&self, _node: &Node, _stream: &StreamName) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::NamedStreams).into())
    }

    /// Room for bytes that nobody else sees, in free space of the volume; a
    /// crash frees it.
    ///
    /// # Errors
    /// `Unsupported` without [`Capabilities::TRANSACTIONS`].
    fn scratch(&self) -> Result<Box<dyn Scratch>> {
        Err(ErrorKind::Unsupported(Feature::Transactions).into())
    }

    /// Runs `work` as one step: all that it does to the file system it is given
    /// happens, or none when it returns an error. Nobody else gets at the volume
    /// meanwhile, the caller itself included except through what it is given;
    /// nodes are good on both. Read-only files are left to `work`
    /// ([`ReadOnlyFiles`](crate::ntfs::ReadOnlyFiles)). It may be run a second
    /// time, after its first run was taken back.
    ///
    /// # Errors
    /// `Unsupported` without [`Capabilities::TRANSACTIONS`]; what `work`
    /// returned; `DiskFull` when the volume cannot commit it.
    fn atomically(&self, _work: &mut dyn FnMut(&dyn FileSystem) -> Result<()>) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::Transactions).into())
    }

    /// What tells an object from all others of the file system: the record and
    /// sequence number that [`Stat`] has.
    fn identity(&self, node: &Node) -> Result<(u64, u16)> {
        let stat = self.stat(node)?;
        Ok((stat.record, stat.sequence))
    }

    /// Whether letter case tells the names in a directory apart.
    fn is_case_sensitive(&self, _dir: &Node) -> Result<bool> {
        Ok(!self.capabilities().contains(Capabilities::WINDOWS_NAMES))
    }

    /// Makes letter case tell the names in a directory apart, or not.
    ///
    /// # Errors
    /// `Unsupported` where that is not up to the directory.
    fn set_case_sensitive(&self, _dir: &Node, _sensitive: bool) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::FileData).into())
    }

    /// Lets ranges of a stream that are zeros take no space.
    ///
    /// # Errors
    /// `Unsupported` where there are no sparse files to be asked for.
    fn set_sparse(&self, _node: &Node, _stream: Option<&StreamName>) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::FileData).into())
    }

    /// Makes a range of a stream read as zeros; its length stays.
    ///
    /// # Errors
    /// `Unsupported` as [`set_sparse`](FileSystem::set_sparse).
    fn zero_range(
        &self,
        _node: &Node,
        _stream: Option<&StreamName>,
        _offset: u64,
        _len: u64,
    ) -> Result<()> {
        Err(ErrorKind::Unsupported(Feature::FileData).into())
    }

    /// Makes everything that returned before durable.
    fn sync(&self) -> Result<()>;
}
