//! Opening what is there (MS-FSA 2.1.5.1.2).

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_fs::{Attributes, Capabilities, FileSystem, Node, NodeKind, Stat, StreamName};
use linkwright_names::UpcaseTable;

use super::access;
use super::create::{
    Action, Disposition, Found, Opened, Request, asked, named, open_link, settable,
};
use super::namespace::{LinkId, Namespace, StreamId};
use super::objects::{FileKey, FileObject, StreamKind};
use super::share::{Mode, Refused};
use super::status;
use super::transaction::{self, user};
use crate::constants::{
    DELETE, FILE_APPEND_DATA, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE,
    FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, WRITE_DAC, WRITE_OWNER,
};
use crate::path::{StreamPart, Trailing};
use crate::system::Machine;

impl Machine {
    /// MS-FSA 2.1.5.1.2.
    pub(super) fn open_existing(
        &self,
        namespace: &mut Namespace,
        request: &Request<'_>,
        found: &Found<'_>,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        let Found { fs, stat, .. } = found;
        let stream = existing_stream(request, found)?;
        check_stream_pending(namespace, found, stream.as_ref())?;
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
            user: user(
                request.view,
                &found.volume,
                kind == StreamKind::Directory,
                granted,
            ),
            access: granted,
            share: request.share,
        };
        let mode_user = mode.user;
        transaction::check_open(request.view, found, mode_user)?;
        let key = FileKey::new(&found.volume, stat);
        self.nt.images.check_access(key, granted)?;
        let ticket = self
            .nt
            .shares
            .open(key.shared(), mode)
            .map_err(Refused::status)?;
        let locked = transaction::lock(request.view, found, mode_user);
        let done = locked
            .and_then(|()| self.finish_existing(namespace, request, found, stream, overwrites));
        let (link, stream) = match done {
            Ok(done) => done,
            Err(status) => {
                self.nt.shares.close(&key.shared(), ticket);
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
                asked: found.slot.map(asked).unwrap_or_default(),
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
}

/// A named stream that is asked for.
struct Stream {
    /// As stored, where it is there.
    name: StreamName,
    exists: bool,
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

/// A stream that is to be deleted is not opened again.
fn check_stream_pending(
    namespace: &Namespace,
    found: &Found<'_>,
    stream: Option<&Stream>,
) -> Result<(), NtStatus> {
    let Some(stream) = stream else { return Ok(()) };
    let id = StreamId {
        file: FileKey::new(&found.volume, &found.stat),
        name: stream.name.clone(),
    };
    match namespace.stream(&id).deleted {
        true => Err(NtStatus::DELETE_PENDING),
        false => Ok(()),
    }
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
