//! NtCreateFile (MS-FSA 2.1.5.1).

use std::sync::{Arc, Mutex};

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::{Hop, LastLink, Outcome, Place, Slot};
use linkwright_fs::{
    Attributes, Capabilities, Create, FileSystem, LinkContent, LinkType, Node, NodeKind, Stat,
    StreamName, VolumeFamily,
};
use linkwright_names::UpcaseTable;
use linkwright_reparse::ReparseBuffer;

use super::access::{self, Intent};
use super::lookup::{Lookup, View};
use super::namespace::{LinkId, Namespace, StreamId};
use super::objects::{FileKey, FileObject, OnClose, StreamKind};
use super::share::Mode;
use super::status;
use crate::constants::{
    ACCESS_SYSTEM_SECURITY, DELETE, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_ALL_ACCESS,
    FILE_APPEND_DATA, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA,
    FILE_WRITE_EA, MAXIMUM_ALLOWED, WRITE_DAC, WRITE_OWNER,
};
use crate::path::{Location, StreamPart, Trailing};
use crate::settings::{Privileges, Token, WindowsVersion};
use crate::system::Machine;
use crate::volumes::Volume;

/// What is done when the name exists, and when it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// FILE_CREATE
    Create,
    /// FILE_OPEN
    Open,
    /// FILE_OPEN_IF
    OpenIf,
    /// FILE_OVERWRITE
    Overwrite,
    /// FILE_OVERWRITE_IF
    OverwriteIf,
}

impl Disposition {
    fn creates(self) -> bool {
        matches!(self, Self::Create | Self::OpenIf | Self::OverwriteIf)
    }

    fn overwrites(self) -> bool {
        matches!(self, Self::Overwrite | Self::OverwriteIf)
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Opened,
    Created,
    Overwritten,
}

/// A new link object: a create and FSCTL_SET_REPARSE_POINT in one step, of which
/// nothing stays when either fails.
#[derive(Debug, Clone)]
pub(crate) struct NewLink {
    /// What it holds; a buffer that is too long fails where the FSCTL would.
    pub(crate) content: Result<LinkContent, NtStatus>,
    /// Whether the caller may make symbolic links.
    pub(crate) privilege: Result<(), NtStatus>,
}

/// The arguments of NtCreateFile.
pub(crate) struct Request<'a> {
    pub(crate) location: &'a Location,
    pub(crate) access: u32,
    pub(crate) share: u32,
    pub(crate) disposition: Disposition,
    pub(crate) options: u32,
    pub(crate) attributes: u32,
    /// A self-relative descriptor.
    pub(crate) security: Option<&'a [u8]>,
    /// A link instead of a plain object.
    pub(crate) link: Option<NewLink>,
    pub(crate) token: &'a Token,
    pub(crate) view: &'a dyn View,
}

impl Request<'_> {
    fn has(&self, option: u32) -> bool {
        self.options & option != 0
    }

    fn intent(&self) -> Intent {
        match self.has(FILE_OPEN_FOR_BACKUP_INTENT) {
            true => Intent::Backup,
            false => Intent::Plain,
        }
    }

    /// Phase 1: arguments that contradict each other.
    fn check(&self) -> Result<(), NtStatus> {
        let both = FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE;
        if self.options & both == both {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if self.access == 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if self.has(FILE_DELETE_ON_CLOSE) && self.access & (DELETE | MAXIMUM_ALLOWED) == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if self.has(FILE_DIRECTORY_FILE) && self.disposition.overwrites() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let location = self.location;
        let data = matches!(
            location.stream,
            StreamPart::UnnamedData | StreamPart::Data(_)
        );
        let slash = location.trailing == Trailing::Backslash;
        if slash && (data || self.has(FILE_NON_DIRECTORY_FILE)) {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        if data && self.has(FILE_DIRECTORY_FILE) {
            return Err(NtStatus::NOT_A_DIRECTORY);
        }
        Ok(())
    }
}

/// An object that was found.
struct Found<'a> {
    volume: Arc<Volume>,
    fs: Arc<dyn FileSystem>,
    node: Node,
    stat: Stat,
    /// Where it was found; `None` for a root.
    slot: Option<&'a Slot>,
}

impl Machine {
    /// Opens or makes a file.
    pub(crate) fn create(
        &self,
        request: &Request<'_>,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        let mut namespace = self.nt.namespace();
        self.create_locked(&mut namespace, request)
    }

    /// The same for a caller that holds the namespace.
    pub(crate) fn create_locked(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        request.check()?;
        let last = match request.has(FILE_OPEN_REPARSE_POINT) {
            true => LastLink::Keep,
            false => LastLink::Follow,
        };
        let lookup = Lookup::new(self, request.token, request.view, namespace);
        let walk = lookup.walk(request.location, last)?;
        match (walk.outcome, walk.slot) {
            (Outcome::Found(place), slot) => {
                let Place { fs, node, stat, .. } = *place;
                self.check_link_types(&walk.hops, &stat)?;
                let found = Found {
                    volume: lookup.volume_of(&fs)?,
                    fs,
                    node,
                    stat,
                    slot: slot.as_ref(),
                };
                self.open_existing(namespace, request, &found)
            }
            (_, Some(slot)) => {
                let volume = lookup.volume_of(&slot.fs)?;
                self.create_new(namespace, request, volume, &slot)
            }
            // A root is always there.
            (_, None) => Err(NtStatus::OBJECT_PATH_NOT_FOUND),
        }
    }

    /// Windows 11 does not open a link of one type that leads to an object of the
    /// other (SEMANTICS 2.5, rows 142 to 145).
    fn check_link_types(&self, hops: &[Hop], end: &Stat) -> Result<(), NtStatus> {
        if self.version < WindowsVersion::WINDOWS_11 {
            return Ok(());
        }
        let type_of_end = end.link_type();
        let mismatch = hops.iter().any(|hop| {
            let symbolic = matches!(
                hop.content,
                LinkContent::Reparse(ReparseBuffer::SymbolicLink(_))
            );
            hop.is_last && symbolic && hop.link_type != type_of_end
        });
        match mismatch {
            true => Err(NtStatus::ACCESS_DENIED),
            false => Ok(()),
        }
    }

    /// MS-FSA 2.1.5.1.2.
    fn open_existing(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
        found: &Found<'_>,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        let Found { fs, stat, .. } = found;
        let stream = existing_stream(request, found)?;
        let kind = self.check_kind(request, found, stream.as_ref())?;
        let makes_stream = match &stream {
            Some(stream) => !stream.exists,
            None => false,
        };
        if makes_stream && !request.disposition.creates() {
            return Err(NtStatus::OBJECT_NAME_NOT_FOUND);
        }
        let exists = !makes_stream;
        if exists && request.disposition == Disposition::Create {
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        let changes = makes_stream || request.disposition.overwrites();
        let desired = access::map_generic(request.access);
        check_writable(&**fs, desired, changes)?;
        let overwrites = exists && request.disposition.overwrites();
        check_read_only(request, stat, kind, desired, overwrites)?;
        if overwrites {
            check_hidden(request.attributes, stat)?;
        }
        let added = match overwrites || makes_stream {
            true => FILE_WRITE_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES,
            false => 0,
        };
        let parent = found.slot.map(|slot| &slot.dir);
        let granted = access::check(
            request.token,
            &**fs,
            &found.node,
            parent,
            desired | added,
            request.intent(),
        )?;
        let mode = Mode {
            stream: stream.as_ref().map(|stream| stream.name.clone()),
            access: granted,
            share: request.share,
        };
        let key = FileKey::new(&found.volume, stat);
        let ticket = self
            .nt
            .shares
            .open(key, mode)
            .map_err(|_| NtStatus::SHARING_VIOLATION)?;
        let done = self.finish_existing(namespace, request, found, stream, overwrites);
        let (link, stream) = match done {
            Ok(done) => done,
            Err(status) => {
                self.nt.shares.close(&key, ticket);
                return Err(status);
            }
        };
        let action = match (exists, overwrites) {
            (false, _) => Action::Created,
            (true, true) => Action::Overwritten,
            (true, false) => Action::Opened,
        };
        let dropped = added & !desired;
        let open = self.file_object(
            namespace,
            request,
            Opened {
                volume: &found.volume,
                fs,
                node: &found.node,
                key,
                kind,
                stream,
                link,
                granted: granted & !dropped,
                ticket,
            },
        );
        Ok((open, action))
    }

    /// What changes an object that is opened, after every check.
    fn finish_existing(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
        found: &Found<'_>,
        stream: Option<Stream>,
        overwrites: bool,
    ) -> Result<(Option<LinkId>, Option<StreamName>), NtStatus> {
        let Found { fs, node, stat, .. } = found;
        if let Some(stream) = &stream
            && !stream.exists
        {
            fs.set_len(node, Some(&stream.name), 0)
                .map_err(status::of)?;
        }
        if overwrites {
            overwrite(&**fs, node, stat, request.attributes, stream.as_ref())?;
        }
        let link = match found.slot {
            Some(slot) => {
                let key = FileKey::new(&found.volume, stat);
                Some(open_link(namespace, &found.volume, slot, key)?)
            }
            None => None,
        };
        Ok((link, stream.map(|stream| stream.name)))
    }

    /// Whether the object is what was asked for, and what of it is opened.
    fn check_kind(
        &self,
        request: &Request<'_>,
        found: &Found<'_>,
        stream: Option<&Stream>,
    ) -> Result<StreamKind, NtStatus> {
        let directory = found.stat.kind == NodeKind::Directory;
        let kind = match (&request.location.stream, directory) {
            (StreamPart::None, true) | (StreamPart::Directory, true) => StreamKind::Directory,
            (StreamPart::Directory, false) => return Err(NtStatus::NOT_A_DIRECTORY),
            (StreamPart::UnnamedData, true) => return Err(NtStatus::OBJECT_NAME_INVALID),
            _ => StreamKind::Data,
        };
        let exists = stream.is_none_or(|stream| stream.exists);
        if exists && request.disposition == Disposition::Create {
            if found.slot.is_none() {
                // The root of a volume is there, but nobody made it by name.
                return Err(NtStatus::ACCESS_DENIED);
            }
            return Err(NtStatus::OBJECT_NAME_COLLISION);
        }
        match kind {
            StreamKind::Directory if request.has(FILE_NON_DIRECTORY_FILE) => {
                Err(NtStatus::FILE_IS_A_DIRECTORY)
            }
            StreamKind::Directory if request.disposition.overwrites() => {
                Err(NtStatus::FILE_IS_A_DIRECTORY)
            }
            StreamKind::Data if request.has(FILE_DIRECTORY_FILE) => Err(NtStatus::NOT_A_DIRECTORY),
            StreamKind::Data if request.location.trailing == Trailing::Backslash => {
                Err(NtStatus::OBJECT_NAME_INVALID)
            }
            kind => Ok(kind),
        }
    }

    /// MS-FSA 2.1.5.1.1.
    fn create_new(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
        volume: Arc<Volume>,
        slot: &Slot,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        if !request.disposition.creates() {
            return Err(NtStatus::OBJECT_NAME_NOT_FOUND);
        }
        let directory =
            request.has(FILE_DIRECTORY_FILE) || request.location.stream == StreamPart::Directory;
        if !directory && request.location.trailing == Trailing::Backslash {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let fs = &slot.fs;
        if fs.capabilities().contains(Capabilities::READ_ONLY) {
            return Err(NtStatus::MEDIA_WRITE_PROTECTED);
        }
        let right = match directory {
            true => FILE_ADD_SUBDIRECTORY,
            false => FILE_ADD_FILE,
        };
        access::check(
            request.token,
            &**fs,
            &slot.dir,
            None,
            right,
            request.intent(),
        )?;
        let read_only = request.attributes & Attributes::READ_ONLY.bits() != 0;
        if read_only && request.has(FILE_DELETE_ON_CLOSE) {
            return Err(NtStatus::CANNOT_DELETE);
        }
        let stream = named(&request.location.stream);
        if stream.is_some() && !fs.capabilities().contains(Capabilities::NAMED_STREAMS) {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let granted = granted_to_creator(request)?;
        let node = self.make(request, slot, directory)?;
        if let Some(stream) = &stream {
            fs.set_len(&node, Some(stream), 0).map_err(status::of)?;
        }
        let stat = fs.stat(&node).map_err(status::of)?;
        let key = FileKey::new(&volume, &stat);
        let link = open_link(namespace, &volume, slot, key)?;
        let mode = Mode {
            stream: stream.clone(),
            access: granted,
            share: request.share,
        };
        // Nobody has a new file open.
        let ticket = self
            .nt
            .shares
            .open(key, mode)
            .map_err(|_| NtStatus::SHARING_VIOLATION)?;
        let kind = match directory {
            true => StreamKind::Directory,
            false => StreamKind::Data,
        };
        let open = self.file_object(
            namespace,
            request,
            Opened {
                volume: &volume,
                fs,
                node: &node,
                key,
                kind,
                stream,
                link: Some(link),
                granted,
                ticket,
            },
        );
        Ok((open, Action::Created))
    }

    /// The new object itself.
    fn make(&self, request: &Request<'_>, slot: &Slot, directory: bool) -> Result<Node, NtStatus> {
        let fs = &slot.fs;
        let create = Create {
            attributes: settable(request.attributes),
            security_descriptor: request.security.map(<[u8]>::to_vec),
            owner: Some(request.token.user),
            ..Create::default()
        };
        let made = match (&request.link, directory) {
            (None, true) => fs.create_directory(&slot.dir, &slot.name, &create),
            (None, false) => fs.create_file(&slot.dir, &slot.name, &create),
            (Some(link), directory) => {
                link.privilege?;
                let content = link.content.as_ref().map_err(|status| *status)?;
                check_reparse_support(&**fs)?;
                let link_type = match directory {
                    true => LinkType::Directory,
                    false => LinkType::File,
                };
                fs.create_link(&slot.dir, &slot.name, link_type, content, &create)
            }
        };
        made.map_err(status::of)
    }

    fn file_object(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
        opened: Opened<'_>,
    ) -> Arc<FileObject> {
        let stream_id = opened.stream.clone().map(|name| StreamId {
            file: opened.key,
            name,
        });
        if let Some(id) = &stream_id {
            namespace.open_stream(id);
        }
        let on_close = match request.has(FILE_DELETE_ON_CLOSE) {
            true => OnClose::Delete,
            false => OnClose::Keep,
        };
        Arc::new(FileObject {
            volume: Arc::clone(opened.volume),
            fs: Arc::clone(opened.fs),
            node: opened.node.clone(),
            key: opened.key,
            kind: opened.kind,
            stream: opened.stream,
            granted: opened.granted,
            options: request.options,
            link: opened.link,
            stream_id,
            ticket: opened.ticket,
            on_close: Mutex::new(on_close),
            position: Mutex::new(0),
        })
    }
}

/// What a file object is made of.
struct Opened<'a> {
    volume: &'a Arc<Volume>,
    fs: &'a Arc<dyn FileSystem>,
    node: &'a Node,
    key: FileKey,
    kind: StreamKind,
    stream: Option<StreamName>,
    link: Option<LinkId>,
    granted: u32,
    ticket: super::share::Ticket,
}

/// A named stream that is asked for.
struct Stream {
    /// As stored, where it is there.
    name: StreamName,
    exists: bool,
}

fn named(part: &StreamPart) -> Option<StreamName> {
    match part {
        StreamPart::Data(name) => Some(name.clone()),
        _ => None,
    }
}

/// The stream that is asked for, found without regard to case.
fn existing_stream(request: &Request<'_>, found: &Found<'_>) -> Result<Option<Stream>, NtStatus> {
    let Some(name) = named(&request.location.stream) else {
        return Ok(None);
    };
    if !found
        .fs
        .capabilities()
        .contains(Capabilities::NAMED_STREAMS)
    {
        return Err(NtStatus::OBJECT_NAME_INVALID);
    }
    let upcase = UpcaseTable::windows();
    let stored = found
        .fs
        .streams(&found.node)
        .map_err(status::of)?
        .into_iter()
        .filter_map(|stream| stream.name)
        .find(|stored| upcase.eq_ignore_case(stored.units(), name.units()));
    Ok(Some(match stored {
        Some(name) => Stream { name, exists: true },
        None => Stream {
            name,
            exists: false,
        },
    }))
}

/// One more handle on the name that was looked up.
fn open_link(
    namespace: &mut Namespace,
    volume: &Volume,
    slot: &Slot,
    file: FileKey,
) -> Result<LinkId, NtStatus> {
    let parent = slot.fs.stat(&slot.dir).map_err(status::of)?;
    if slot
        .fs
        .capabilities()
        .contains(Capabilities::DUPLICATED_INFORMATION)
    {
        // MS-FSA 2.1.4.19: the name that is opened, and no other.
        slot.fs
            .refresh_entry(&slot.dir, &slot.name)
            .map_err(status::of)?;
    }
    let entry = slot.fs.entry(&slot.dir, &slot.name).map_err(status::of)?;
    Ok(namespace.open_link(FileKey::new(volume, &parent), &slot.dir, &entry, file))
}

/// Refuses to write to a volume that cannot be written to.
fn check_writable(fs: &dyn FileSystem, desired: u32, changes: bool) -> Result<(), NtStatus> {
    const WRITES: u32 = FILE_WRITE_DATA
        | FILE_APPEND_DATA
        | FILE_WRITE_EA
        | FILE_WRITE_ATTRIBUTES
        | DELETE
        | WRITE_DAC
        | WRITE_OWNER;
    let read_only = fs.capabilities().contains(Capabilities::READ_ONLY);
    match read_only && (changes || desired & WRITES != 0) {
        true => Err(NtStatus::MEDIA_WRITE_PROTECTED),
        false => Ok(()),
    }
}

/// The read-only attribute (MS-FSA 2.1.5.1.2.1). A directory that has it takes
/// new entries all the same.
fn check_read_only(
    request: &Request<'_>,
    stat: &Stat,
    kind: StreamKind,
    desired: u32,
    overwrites: bool,
) -> Result<(), NtStatus> {
    if !stat.attributes.contains(Attributes::READ_ONLY) {
        return Ok(());
    }
    let writes = desired & (FILE_WRITE_DATA | FILE_APPEND_DATA) != 0;
    if kind == StreamKind::Data && (writes || overwrites) {
        return Err(NtStatus::ACCESS_DENIED);
    }
    match request.has(FILE_DELETE_ON_CLOSE) {
        true => Err(NtStatus::CANNOT_DELETE),
        false => Ok(()),
    }
}

/// A hidden or system file is overwritten only by who says that it is to be one.
fn check_hidden(attributes: u32, stat: &Stat) -> Result<(), NtStatus> {
    let kept = (Attributes::HIDDEN | Attributes::SYSTEM) & stat.attributes;
    match kept.bits() & !attributes {
        0 => Ok(()),
        _ => Err(NtStatus::ACCESS_DENIED),
    }
}

/// FILE_OVERWRITE: the stream is emptied; for the unnamed one the named ones go
/// and the attributes are set anew.
fn overwrite(
    fs: &dyn FileSystem,
    node: &Node,
    stat: &Stat,
    attributes: u32,
    stream: Option<&Stream>,
) -> Result<(), NtStatus> {
    if let Some(stream) = stream {
        return fs.set_len(node, Some(&stream.name), 0).map_err(status::of);
    }
    fs.set_len(node, None, 0).map_err(status::of)?;
    if fs.capabilities().contains(Capabilities::NAMED_STREAMS) {
        for named in fs.streams(node).map_err(status::of)? {
            if let Some(name) = named.name {
                fs.remove_stream(node, &name).map_err(status::of)?;
            }
        }
    }
    let attributes = settable(attributes) | Attributes::ARCHIVE;
    match stat.attributes.contains(attributes)
        && attributes.contains(settable(stat.attributes.bits()))
    {
        true => Ok(()),
        false => fs.set_attributes(node, attributes).map_err(status::of),
    }
}

/// Attributes that a caller can give a file.
fn settable(attributes: u32) -> Attributes {
    const SETTABLE: u32 = 0x0001 | 0x0002 | 0x0004 | 0x0020 | 0x0100 | 0x1000 | 0x2000;
    Attributes::from_bits_retain(attributes & SETTABLE)
}

/// Who makes a file gets what it asks for, whatever the descriptor says.
fn granted_to_creator(request: &Request<'_>) -> Result<u32, NtStatus> {
    let desired = access::map_generic(request.access);
    let security = request.token.privileges.contains(Privileges::SECURITY);
    if desired & ACCESS_SYSTEM_SECURITY != 0 && !security {
        return Err(NtStatus::PRIVILEGE_NOT_HELD);
    }
    Ok(match desired & MAXIMUM_ALLOWED {
        0 => desired,
        _ => desired & !MAXIMUM_ALLOWED | FILE_ALL_ACCESS,
    })
}

/// Where no reparse point can be, the device refuses the request.
fn check_reparse_support(fs: &dyn FileSystem) -> Result<(), NtStatus> {
    let capabilities = fs.capabilities();
    let any = Capabilities::REPARSE_POINTS | Capabilities::SYMBOLIC_LINKS;
    match capabilities.intersects(any) {
        true => Ok(()),
        false => Err(without_reparse_points(fs)),
    }
}

/// FAT does not know the request, a redirector does not support it, other
/// volumes are of a version without it (MS-FSA 2.1.5.10.37).
fn without_reparse_points(fs: &dyn FileSystem) -> NtStatus {
    match fs.volume_info().map(|info| info.family) {
        Ok(VolumeFamily::Fat) => NtStatus::INVALID_DEVICE_REQUEST,
        Ok(VolumeFamily::Network) => NtStatus::NOT_SUPPORTED,
        _ => NtStatus::VOLUME_NOT_UPGRADED,
    }
}
