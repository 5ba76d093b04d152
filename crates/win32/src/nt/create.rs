//! NtCreateFile (MS-FSA 2.1.5.1).

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::{Hop, LastLink, Outcome, Place, Slot};
use linkwright_fs::{Attributes, FileSystem, LinkContent, Name, Node, Stat, StreamName};
use linkwright_reparse::ReparseBuffer;

use super::access::Intent;
use super::lookup::{Lookup, View};
use super::namespace::{LinkId, Namespace, StreamId};
use super::objects::{FileKey, FileObject, OnClose, StreamKind};
use super::status;
use crate::constants::{
    DELETE, FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, MAXIMUM_ALLOWED,
};
use crate::path::{Location, StreamPart, Trailing};
use crate::settings::{Token, WindowsVersion};
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
    pub(super) fn creates(self) -> bool {
        matches!(self, Self::Create | Self::OpenIf | Self::OverwriteIf)
    }

    pub(super) fn overwrites(self) -> bool {
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
    pub(super) fn has(&self, option: u32) -> bool {
        self.options & option != 0
    }

    pub(super) fn intent(&self) -> Intent {
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
pub(super) struct Found<'a> {
    pub(super) volume: Arc<Volume>,
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) node: Node,
    pub(super) stat: Stat,
    /// Where it was found; `None` for a root.
    pub(super) slot: Option<&'a Slot>,
}

impl Machine {
    /// Opens or makes a file.
    pub(crate) fn create(
        &self,
        request: &Request<'_>,
    ) -> Result<(Arc<FileObject>, Action), NtStatus> {
        self.expire_transactions();
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

    pub(super) fn file_object(
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
            transacted: request.view.transacted(),
            granted: opened.granted,
            options: request.options,
            link: opened.link,
            asked: opened.asked,
            stream_id,
            ticket: opened.ticket,
            on_close: Mutex::new(on_close),
            posix: AtomicBool::new(false),
            position: Mutex::new(0),
            held: Mutex::default(),
            scan: Mutex::new(None),
        })
    }
}

/// What a file object is made of.
pub(super) struct Opened<'a> {
    pub(super) volume: &'a Arc<Volume>,
    pub(super) fs: &'a Arc<dyn FileSystem>,
    pub(super) node: &'a Node,
    pub(super) key: FileKey,
    pub(super) kind: StreamKind,
    pub(super) stream: Option<StreamName>,
    pub(super) link: Option<LinkId>,
    pub(super) asked: Vec<Name>,
    pub(super) granted: u32,
    pub(super) ticket: super::share::Ticket,
}

/// The path of a name that was looked up.
pub(super) fn asked(slot: &Slot) -> Vec<Name> {
    let mut path = slot.path.clone();
    path.push(slot.name.clone());
    path
}

/// One more handle on the name that was looked up.
pub(super) fn open_link(
    namespace: &mut Namespace,
    volume: &Volume,
    slot: &Slot,
    file: FileKey,
) -> Result<LinkId, NtStatus> {
    let parent = directory_key(volume, slot)?;
    // MS-FSA 2.1.4.19: the name that is opened, and no other.
    let entry = slot
        .fs
        .refreshed_entry(&slot.dir, &slot.name)
        .map_err(status::of)?;
    Ok(namespace.open_link(parent, &slot.dir, &entry, file))
}

/// The directory of a name that was looked up.
pub(super) fn directory_key(volume: &Volume, slot: &Slot) -> Result<FileKey, NtStatus> {
    Ok(match &slot.dir_stat {
        Some(stat) => FileKey::new(volume, stat),
        None => FileKey::new(volume, &slot.fs.facts(&slot.dir).map_err(status::of)?),
    })
}

/// Attributes that a caller can give a file.
pub(super) fn settable(attributes: u32) -> Attributes {
    const SETTABLE: u32 = 0x0001 | 0x0002 | 0x0004 | 0x0020 | 0x0100 | 0x1000 | 0x2000;
    Attributes::from_bits_retain(attributes & SETTABLE)
}

/// The named stream of a location.
pub(super) fn named(part: &StreamPart) -> Option<StreamName> {
    match part {
        StreamPart::Data(name) => Some(name.clone()),
        _ => None,
    }
}
