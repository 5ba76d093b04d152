//! What each kind of link takes to lead from one place to another.

use std::sync::Arc;

use linkwright_fs::{
    Capabilities, Error, ErrorKind, Feature, LinkContent, LinkType, Name, NodeKind, Result,
};
use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

use super::{Form, Kind, Slot, Source};
use crate::copy;
use crate::text::relative_path;

/// The form of this kind that leads from `slot` to `source`.
///
/// A symbolic link is relative; a junction holds the path from the drive.
///
/// # Errors
/// What the two places cannot be joined by: `CrossDevice`, `AccessDenied` for a
/// hard link to a directory, `NotADirectory` for a junction to a file,
/// `InvalidTarget` for one to a volume without a letter, `Unsupported`.
pub fn form_of(kind: Kind, source: &Source, slot: &Slot) -> Result<Form> {
    let is_directory = source.stat.kind == NodeKind::Directory;
    match kind {
        Kind::Copy => Ok(Form::Copy(copy::Source {
            fs: Arc::clone(&source.fs),
            node: source.node.clone(),
            stat: source.stat.clone(),
        })),
        Kind::Hard if is_directory => Err(Error::with_source(
            ErrorKind::AccessDenied,
            "a directory has one name",
        )),
        Kind::Hard => same_volume(source, slot).map(|()| Form::Hard(source.node.clone())),
        Kind::Symlink => {
            same_volume(source, slot)?;
            let has_types = capabilities(slot)?.contains(Capabilities::TYPED_LINKS);
            let separator = if has_types { '\\' } else { '/' };
            let text = relative_path(&slot.dir_path, &source.path, separator);
            Ok(Form::Link {
                link_type: source.stat.link_type(),
                content: symbolic_content(slot, &text)?,
            })
        }
        Kind::Junction if !is_directory => Err(ErrorKind::NotADirectory.into()),
        Kind::Junction => junction(source, slot),
    }
}

fn same_volume(source: &Source, slot: &Slot) -> Result<()> {
    match Arc::ptr_eq(&source.fs, &slot.fs) {
        true => Ok(()),
        false => Err(ErrorKind::CrossDevice.into()),
    }
}

fn capabilities(slot: &Slot) -> Result<Capabilities> {
    slot.fs.capabilities_at(&slot.dir)
}

fn junction(source: &Source, slot: &Slot) -> Result<Form> {
    if !capabilities(slot)?.contains(Capabilities::REPARSE_POINTS) {
        return Err(ErrorKind::Unsupported(Feature::ReparsePoints).into());
    }
    let letter = source.drive.ok_or_else(|| {
        Error::with_source(
            ErrorKind::InvalidTarget,
            "the volume of the target has no drive letter",
        )
    })?;
    let mut path: Vec<u16> = format!("{letter}:\\").encode_utf16().collect();
    for (index, name) in source.path.iter().enumerate() {
        if index > 0 {
            path.push(u16::from(b'\\'));
        }
        path.extend_from_slice(name.units());
    }
    Ok(Form::Link {
        link_type: LinkType::Directory,
        content: LinkContent::Reparse(MountPoint::junction(&path)?.into()),
    })
}

/// What a symbolic link with this text holds, where `slot` is: a reparse point
/// as CreateSymbolicLink makes it, or the text as POSIX keeps it.
///
/// # Errors
/// The text is none for a target.
pub fn symbolic_content(slot: &Slot, text: &Name) -> Result<LinkContent> {
    if !capabilities(slot)?.contains(Capabilities::REPARSE_POINTS) {
        return Ok(LinkContent::Posix(text.to_host_bytes()));
    }
    let made = SymbolicLink::from_target_text(text.units(), &TargetContext::default())?;
    Ok(LinkContent::Reparse(made.into()))
}
