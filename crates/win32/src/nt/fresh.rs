//! Making what is not there (MS-FSA 2.1.5.1.1).

use std::borrow::Cow;
use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::Slot;
use linkwright_fs::{
    Attributes, Capabilities, Create, LinkContent, LinkType, Name, Node, ReparseBuffer, Times,
    VolumeFamily,
};

use super::access;
use super::create::{Action, Opened, Request, asked, directory_key, named, open_link, settable};
use super::namespace::Namespace;
use super::objects::{FileKey, FileObject, StreamKind};
use super::share::{Mode, Refused};
use super::status;
use super::transaction::user;
use super::tunnel::Tunnelled;
use crate::constants::{
    ACCESS_SYSTEM_SECURITY, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_ALL_ACCESS,
    FILE_DELETE_ON_CLOSE, FILE_DIRECTORY_FILE, MAXIMUM_ALLOWED,
};
use crate::path::{StreamPart, Trailing};
use crate::settings::Privileges;
use crate::system::Machine;
use crate::volumes::Volume;

const BACKSLASH: u16 = b'\\' as u16;

impl Machine {
    /// MS-FSA 2.1.5.1.1.
    pub(super) fn create_new(
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
        request.view.begin_changes(&volume)?;
        let parent = directory_key(&volume, slot)?;
        let had = match directory {
            true => None,
            false => self.recall_name(namespace, parent, &slot.name),
        };
        let node = self.make(request, &volume, slot, had.as_ref())?;
        if let Some(stream) = &stream {
            fs.set_len(&node, Some(stream), 0).map_err(status::of)?;
        }
        let stat = fs.facts(&node).map_err(status::of)?;
        let key = FileKey::new(&volume, &stat);
        let link = open_link(namespace, &volume, slot, key)?;
        let mode = Mode {
            stream: stream.clone(),
            user: user(request.view, &volume, directory, granted),
            access: granted,
            share: request.share,
        };
        // Nobody has a new file open.
        let ticket = self
            .nt
            .shares
            .open(key.shared(), mode)
            .map_err(Refused::status)?;
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
                asked: asked(slot),
                granted,
                ticket,
            },
        );
        Ok((open, Action::Created))
    }

    /// The new object itself.
    fn make(
        &self,
        request: &Request<'_>,
        volume: &Volume,
        slot: &Slot,
        had: Option<&Tunnelled>,
    ) -> Result<Node, NtStatus> {
        let fs = &slot.fs;
        let directory = makes_directory(request);
        let create = Create {
            attributes: settable(request.attributes),
            security_descriptor: request.security.map(<[u8]>::to_vec),
            owner: Some(request.token.user),
            short_name: had.and_then(|had| had.short_name.clone()),
            ..Create::default()
        };
        let made = match (&request.link, directory) {
            (None, true) => fs.create_directory(&slot.dir, &slot.name, &create),
            (None, false) => fs.create_file(&slot.dir, &slot.name, &create),
            (Some(link), directory) => {
                link.privilege?;
                let content = link.content.as_ref().map_err(|status| *status)?;
                check_reparse_support(volume)?;
                let link_type = match directory {
                    true => LinkType::Directory,
                    false => LinkType::File,
                };
                let content = as_stored(volume, content)?;
                fs.create_link(&slot.dir, &slot.name, link_type, &content, &create)
            }
        };
        let node = made.map_err(status::of)?;
        if let Some(had) = had {
            let stat = fs.stat(&node).map_err(status::of)?;
            let times = Times {
                created: Some(had.created),
                changed: stat.times.changed,
                ..Times::default()
            };
            fs.set_times(&node, &times).map_err(status::of)?;
        }
        Ok(node)
    }
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

fn makes_directory(request: &Request<'_>) -> bool {
    request.has(FILE_DIRECTORY_FILE) || request.location.stream == StreamPart::Directory
}

/// Where no reparse point can be, the device refuses the request.
fn check_reparse_support(volume: &Volume) -> Result<(), NtStatus> {
    let any = [Capabilities::REPARSE_POINTS, Capabilities::SYMBOLIC_LINKS];
    match any.into_iter().any(|one| volume.has(one)) {
        true => Ok(()),
        false => Err(without_reparse_points(volume)),
    }
}

/// The host keeps no reparse points but has symbolic links of its own, which can
/// say what a relative target says.
fn as_stored<'a>(
    volume: &Volume,
    content: &'a LinkContent,
) -> Result<Cow<'a, LinkContent>, NtStatus> {
    if volume.has(Capabilities::REPARSE_POINTS) {
        return Ok(Cow::Borrowed(content));
    }
    let LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) = content else {
        return Err(NtStatus::NOT_SUPPORTED);
    };
    let target = link.substitute_name();
    if !link.is_relative() || target.first() == Some(&BACKSLASH) {
        return Err(NtStatus::NOT_SUPPORTED);
    }
    let parts: Vec<Vec<u8>> = target
        .split(|&unit| unit == BACKSLASH)
        .map(|part| Name::from_units(part.to_vec()).to_host_bytes())
        .collect();
    Ok(Cow::Owned(LinkContent::Posix(parts.join(&b'/'))))
}

/// FAT does not know the request, a redirector does not support it, other
/// volumes are of a version without it (MS-FSA 2.1.5.10.37).
fn without_reparse_points(volume: &Volume) -> NtStatus {
    match volume.fs.volume_info().map(|info| info.family) {
        _ if volume.share.is_some() => NtStatus::NOT_SUPPORTED,
        Ok(VolumeFamily::Fat) => NtStatus::INVALID_DEVICE_REQUEST,
        Ok(VolumeFamily::Network) => NtStatus::NOT_SUPPORTED,
        _ => NtStatus::VOLUME_NOT_UPGRADED,
    }
}
