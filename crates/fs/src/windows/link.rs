//! Links of a Windows host: made by the calls of Windows, and read back.
//!
//! A system that says success and made nothing is reported as the failure it
//! is: Wine 8's CreateSymbolicLinkW does so, and it was reported of Windows.

use linkwright_names::path::{NtPath, Separators, components};
use linkwright_reparse::{MAX_REPARSE_BYTES, ReparseBuffer, ReparseTag, SymbolicLink};
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_PARAMETER, ERROR_NOT_A_REPARSE_POINT, GENERIC_WRITE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_READ_ATTRIBUTES, SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE,
    SYMBOLIC_LINK_FLAG_DIRECTORY,
};
use windows_sys::Win32::System::Ioctl::{
    FSCTL_DELETE_REPARSE_POINT, FSCTL_GET_REPARSE_POINT, FSCTL_SET_REPARSE_POINT,
};

use super::ffi::{self, Wide};
use super::node::{self, HostNode, Links};
use super::stat;
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{LinkContent, LinkType, Name, Node, Placed};

/// Gives a file another name; a link gets it itself.
pub(super) fn hard(existing: &HostNode, new: &HostNode) -> Result<()> {
    ffi::create_hard_link(&new.wide()?, &existing.wide()?)
        .map_err(|error| refusal(error.into(), Feature::HardLinks))?;
    let wanted = stat::of(&existing.look(Links::Keep)?)?;
    let made = new.look(Links::Keep).and_then(|file| stat::of(&file));
    match made {
        Ok(made) if (made.device, made.record) == (wanted.device, wanted.record) => Ok(()),
        _ => Err(nothing_made(Feature::HardLinks)),
    }
}

/// Makes a link object of any kind.
pub(super) fn create(at: &HostNode, link_type: LinkType, content: &LinkContent) -> Result<()> {
    match content {
        LinkContent::Posix(_) => Err(ErrorKind::Unsupported(Feature::SymbolicLinks).into()),
        LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => symbolic(at, link_type, link),
        LinkContent::Reparse(buffer) => {
            let link_type = match buffer {
                ReparseBuffer::MountPoint(_) => LinkType::Directory,
                _ => link_type,
            };
            by_control(at, link_type, buffer)
        }
    }
}

/// CreateSymbolicLinkW, with the flag that Developer Mode wants and, on a
/// system that does not know it, without (SEMANTICS 1.2).
fn symbolic(at: &HostNode, link_type: LinkType, link: &SymbolicLink) -> Result<()> {
    let path = at.wide()?;
    let target = Wide::new(&target_text(link))?;
    let flags = match link_type {
        LinkType::File => 0,
        LinkType::Directory => SYMBOLIC_LINK_FLAG_DIRECTORY,
    };
    let unprivileged = flags | SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE;
    match ffi::create_symbolic_link(&path, &target, unprivileged) {
        Err(error) if ffi::is(&error, ERROR_INVALID_PARAMETER) => {
            ffi::create_symbolic_link(&path, &target, flags)
        }
        made => made,
    }
    .map_err(|error| refusal(error.into(), Feature::SymbolicLinks))?;
    match read(at) {
        Ok(Some(buffer)) if buffer.tag() == ReparseTag::SYMLINK => Ok(()),
        _ => Err(nothing_made(Feature::SymbolicLinks)),
    }
}

/// The text that makes Windows store this link.
fn target_text(link: &SymbolicLink) -> Vec<u16> {
    match link.is_relative() {
        true => link.substitute_name().to_vec(),
        false => match NtPath::parse(link.substitute_name()) {
            Ok(path) => path.to_win32().into_units(),
            Err(_) => link.print_name().to_vec(),
        },
    }
}

/// An empty file or directory, made into a reparse point; taken away again
/// when that fails.
fn by_control(at: &HostNode, link_type: LinkType, buffer: &ReparseBuffer) -> Result<()> {
    let path = at.path();
    match link_type {
        LinkType::Directory => std::fs::create_dir(&path)?,
        LinkType::File => drop(std::fs::File::create_new(&path)?),
    }
    let made = set(at, buffer).and_then(|()| match read(at)? {
        Some(found) if found.tag() == buffer.tag() => Ok(()),
        _ => Err(nothing_made(Feature::ReparsePoints)),
    });
    if made.is_err() {
        // What went wrong first is what is told.
        match link_type {
            LinkType::Directory => std::fs::remove_dir(&path).ok(),
            LinkType::File => std::fs::remove_file(&path).ok(),
        };
    }
    made
}

/// FSCTL_SET_REPARSE_POINT.
pub(super) fn set(at: &HostNode, buffer: &ReparseBuffer) -> Result<()> {
    let file = at.open(GENERIC_WRITE, Links::Keep)?;
    ffi::control(&file, FSCTL_SET_REPARSE_POINT, &buffer.encode(), &mut [])
        .map_err(|error| refusal(error.into(), Feature::ReparsePoints))?;
    Ok(())
}

/// FSCTL_DELETE_REPARSE_POINT: takes the data off and leaves the object.
pub(super) fn remove(at: &HostNode) -> Result<()> {
    let buffer = read(at)?.ok_or(ErrorKind::NotAReparsePoint)?;
    let mut header = buffer.tag().0.to_le_bytes().to_vec();
    header.extend([0; 4]);
    if let ReparseBuffer::Other(other) = &buffer
        && let Some(guid) = other.guid()
    {
        header.extend(guid);
    }
    let file = at.open(GENERIC_WRITE, Links::Keep)?;
    ffi::control(&file, FSCTL_DELETE_REPARSE_POINT, &header, &mut [])?;
    Ok(())
}

/// FSCTL_GET_REPARSE_POINT; `None` for an object that carries none.
pub(super) fn read(at: &HostNode) -> Result<Option<ReparseBuffer>> {
    let file = at.open(FILE_READ_ATTRIBUTES, Links::Keep)?;
    let mut buffer = vec![0; MAX_REPARSE_BYTES];
    match ffi::control(&file, FSCTL_GET_REPARSE_POINT, &[], &mut buffer) {
        Ok(len) => {
            buffer.truncate(len);
            Ok(Some(ReparseBuffer::decode(&buffer)?))
        }
        Err(error) if ffi::is(&error, ERROR_NOT_A_REPARSE_POINT) => Ok(None),
        Err(error) if ffi::is_more_data(&error) => Err(ErrorKind::InvalidReparseData.into()),
        Err(error) => Err(refusal(error.into(), Feature::ReparsePoints)),
    }
}

/// Every name of a file, as the volume tells them.
pub(super) fn names(file: &HostNode) -> Result<Vec<Placed>> {
    let path = file.wide()?;
    let found = ffi::names(&path).map_err(|error| refusal(error.into(), Feature::NamesOfFiles))?;
    let root = root_of(file)?;
    found.iter().map(|name| placed(&root, name)).collect()
}

/// The root of the volume of a file.
pub(super) fn root_of(file: &HostNode) -> Result<HostNode> {
    let root = ffi::volume_root(&file.wide()?)?;
    HostNode::from_path(std::path::Path::new(&Name::from_units(root).to_host()))
}

fn placed(root: &HostNode, from_root: &[u16]) -> Result<Placed> {
    let path: Vec<Name> = components(from_root, Separators::Nt)
        .map(|part| Name::from_units(part.to_vec()))
        .collect();
    let (name, parents) = path.split_last().ok_or(ErrorKind::Corrupt)?;
    let directory: Node = parents
        .iter()
        .try_fold(root.clone(), |dir, name| dir.join(name))
        .map(node::node)?;
    Ok(Placed {
        directory,
        name: name.clone(),
        path: Some(path),
    })
}

/// A junction for this mount point, or a link for that text, is refused by a
/// file system that has none of it: then it is said what it has not.
fn refusal(error: Error, feature: Feature) -> Error {
    match error.kind() {
        ErrorKind::Unsupported(_) => Error::with_source(ErrorKind::Unsupported(feature), error),
        _ => error,
    }
}

fn nothing_made(feature: Feature) -> Error {
    Error::with_source(
        ErrorKind::Unsupported(feature),
        "the system reported success and made nothing",
    )
}
