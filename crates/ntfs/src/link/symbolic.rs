//! Symbolic links and junctions: a file or directory and its reparse point.

use linkwright_ntfs_format::FileReference;
use linkwright_reparse::{MountPoint, SymbolicLink};

use super::create::{CreateOptions, FileKind};
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};

/// What the object of a symbolic link is. It is stored with the link and does
/// not follow the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// A link to a file.
    File,
    /// A link to a directory (SYMBOLIC_LINK_FLAG_DIRECTORY).
    Directory,
}

impl Engine {
    /// Makes a symbolic link.
    pub(crate) fn symbolic_link(
        &mut self,
        parent: FileReference,
        name: &[u16],
        link_type: LinkType,
        link: &SymbolicLink,
        options: &CreateOptions,
    ) -> Result<FileReference> {
        let kind = match link_type {
            LinkType::File => FileKind::File,
            LinkType::Directory => FileKind::Directory,
        };
        self.create_with_reparse(parent, name, kind, &link.encode(), options)
    }

    /// Makes a junction.
    pub(crate) fn junction(
        &mut self,
        parent: FileReference,
        name: &[u16],
        mount: &MountPoint,
        options: &CreateOptions,
    ) -> Result<FileReference> {
        self.create_with_reparse(parent, name, FileKind::Directory, &mount.encode(), options)
    }

    /// Makes a file or directory with a reparse point.
    pub(crate) fn create_with_reparse(
        &mut self,
        parent: FileReference,
        name: &[u16],
        kind: FileKind,
        buffer: &[u8],
        options: &CreateOptions,
    ) -> Result<FileReference> {
        if buffer.len() > linkwright_reparse::MAX_REPARSE_BYTES {
            return Err(InvalidInput::InvalidReparseData.into());
        }
        let file = self.create(parent, name, kind, options)?;
        self.set_reparse_point(file, buffer)?;
        if let Some(times) = options.times {
            self.update_information(file.record(), |info| info.times = times)?;
            self.refresh_all_names(file.record())?;
        }
        Ok(file)
    }
}
