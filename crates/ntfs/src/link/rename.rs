//! Renaming and moving (MS-FSA 2.1.5.15.12).

use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::names::is_pair;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};

/// What to do when the new name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replace {
    /// Refuse.
    #[default]
    No,
    /// Remove the file that has it, unless it is a directory.
    Yes,
}

impl Engine {
    /// Gives the file of a name another name instead, in the same or another
    /// directory. The number of names stays, so a file with 1,024 can be moved.
    pub(crate) fn rename(
        &mut self,
        parent: FileReference,
        name: &[u16],
        new_parent: FileReference,
        new_name: &[u16],
        replace: Replace,
    ) -> Result<()> {
        self.check_writable()?;
        let from = self.directory(parent)?;
        let to = self.directory(new_parent)?;
        Self::check_name(new_name)?;
        let (base, _, found) = self.resolve_name(from, name)?;
        let in_extend = from == RecordNumber::EXTEND || to == RecordNumber::EXTEND;
        if base.0 < RecordNumber::FIRST_USER.0 || in_extend {
            return Err(InvalidInput::Metafile.into());
        }
        if self.is_directory(base)? && self.is_inside(to, base)? {
            return Err(InvalidInput::MoveIntoItself.into());
        }
        if from == to && found.name == new_name {
            return Ok(());
        }
        self.clear_destination(base, &found, to, new_name, replace)?;
        let old = self.detach_with_pair(base, &found)?;
        let now = self.now();
        self.update_information(base, |info| info.times.changed = now)?;
        let file = self.reference_to(base)?;
        let name = FileName {
            parent: self.reference_to(to)?,
            duplicated: self.duplicated(base)?,
            namespace: Namespace::Posix,
            name: new_name.to_vec(),
        };
        if found.namespace == Namespace::Posix && self.has_other_names(base)? {
            // A further name stays one without an 8.3 name.
            self.attach_name(file, &name)?;
        } else {
            self.attach_new_name(file, name.clone(), None)?;
        }
        self.touch_directory(to)?;
        if from != to {
            self.touch_directory(from)?;
        }
        self.note_rename(base, &old, &name)
    }

    fn has_other_names(&self, base: RecordNumber) -> Result<bool> {
        Ok(!self.file_names(base)?.is_empty())
    }

    /// Removes what has the new name, if that is allowed and it is not the name
    /// that is moved (a change of case only).
    fn clear_destination(
        &mut self,
        base: RecordNumber,
        found: &FileName,
        to: RecordNumber,
        new_name: &[u16],
        replace: Replace,
    ) -> Result<()> {
        let (other, _, taken) = match self.resolve_name(to, new_name) {
            Ok(taken) => taken,
            Err(Error::InvalidInput(InvalidInput::NotFound)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let same_link = other == base
            && taken.parent == found.parent
            && (taken.name == found.name || is_pair(&taken, found));
        if same_link {
            return Ok(());
        }
        if replace == Replace::No {
            return Err(InvalidInput::NameCollision.into());
        }
        if self.is_directory(other)? {
            return Err(InvalidInput::IsADirectory.into());
        }
        let to = self.reference_to(to)?;
        self.remove_name(to, new_name)
    }

    /// Takes a name and the 8.3 name beside it away; returns the long one.
    pub(crate) fn detach_with_pair(
        &mut self,
        base: RecordNumber,
        found: &FileName,
    ) -> Result<FileName> {
        let directory = found.parent.record();
        let names = self.file_names(base)?;
        let pair = names
            .into_iter()
            .find(|(_, other)| is_pair(found, other))
            .map(|(_, other)| other);
        let mut long = found.clone();
        for name in core::iter::once(found.clone()).chain(pair) {
            let (at, name) = self.file_name_of(base, directory, &name.name)?;
            self.detach_name(base, at, &name)?;
            if name.namespace != Namespace::Dos {
                long = name;
            }
        }
        Ok(long)
    }
}
