//! The names of a file.

use core::ops::ControlFlow;

use linkwright_names::{NtName, check_ntfs_component};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{Duplicated, FileName, FileNameView, Namespace};
use linkwright_ntfs_format::{FileReference, RecordNumber};
use zerocopy::little_endian::U16;

use crate::attr::AttrRef;
use crate::dir::DirEntry;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::index::directory::NameCase;
use crate::record::header_of;

/// A name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The directory it stands in.
    pub parent: FileReference,
    /// The name.
    pub name: NtName,
    /// Naming rules.
    pub namespace: Namespace,
}

/// Whether a directory entry says what the file's own attributes say (NTFS.md 2.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// It does.
    Fresh,
    /// It says what was so earlier.
    Stale,
}

/// One name of a file, and what there is beside it.
#[derive(Debug)]
pub(crate) struct NameOfFile {
    /// Its attribute.
    pub(crate) at: AttrRef,
    /// The name.
    pub(crate) name: FileName,
    /// The 8.3 name of a long name, or the other way round.
    pub(crate) pair: Option<FileName>,
    /// Whether there are long names beside these two.
    pub(crate) others_left: bool,
}

/// Most names of a file, 8.3 names not counted (MS-FSA 2.1.5.15.7).
pub(crate) const MAX_NAMES: u32 = 1024;

/// Most `$FILE_NAME` attributes that are looked at: Windows makes 1,025 at
/// most, other systems were seen to make 5,001 (NTFS.md 3.1).
const MAX_SEEN: usize = 70_000;

/// Most directories between a file and the root: paths have 32,767 units.
const MAX_DEPTH: usize = 16_384;

impl Engine {
    /// Every `$FILE_NAME` of a file and where it is.
    pub(crate) fn file_names(&self, base: RecordNumber) -> Result<Vec<(AttrRef, FileName)>> {
        let mut names = Vec::new();
        self.each_name(base, |at, view| {
            if names.len() >= MAX_SEEN {
                return Err(Place::attribute(base, AttributeType::FILE_NAME)
                    .corrupt(CorruptKind::AttributeList));
            }
            names.push((at, view.to_owned()));
            Ok(())
        })?;
        Ok(names)
    }

    /// The `$FILE_NAME` that an entry of a directory stands for.
    pub(crate) fn file_name_of(
        &self,
        base: RecordNumber,
        parent: RecordNumber,
        name: &[u16],
    ) -> Result<(AttrRef, FileName)> {
        let mut found = None;
        self.each_name(base, |at, view| {
            if found.is_none() && view.parent().record() == parent && view.name_is(name) {
                found = Some((at, view.to_owned()));
            }
            Ok(())
        })?;
        found.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))
    }

    /// Names without 8.3 names, when the record counts `counted` in all.
    pub(crate) fn links_without_dos(&self, base: RecordNumber, counted: u32) -> Result<u32> {
        if counted <= 1 {
            return Ok(counted);
        }
        let mut long = 0;
        self.each_name(base, |_, view| {
            long += u32::from(view.namespace() != Namespace::Dos);
            Ok(())
        })?;
        Ok(long)
    }

    /// The names of a file, 8.3 names among them.
    pub(crate) fn names(&self, file: FileReference) -> Result<Vec<Name>> {
        self.base_record(file)?;
        let names = self.file_names(file.record())?;
        Ok(names
            .into_iter()
            .map(|(_, name)| Name {
                parent: name.parent,
                name: NtName::from_units(&name.name),
                namespace: name.namespace,
            })
            .collect())
    }

    /// Refuses names that no directory can have.
    pub(crate) fn check_name(name: &[u16]) -> Result<()> {
        check_ntfs_component(name).map_err(|e| InvalidInput::InvalidName(e).into())
    }

    /// Adds a name: the attribute, the entry, the count.
    pub(crate) fn attach_name(&mut self, file: FileReference, name: &FileName) -> Result<()> {
        let value = self.add_entry(name, file)?;
        let base = file.record();
        self.insert_name(base, &value)?;
        self.count_names(base, 1)
    }

    /// Takes a name away: the entry, the attribute, the count.
    pub(crate) fn detach_name(
        &mut self,
        base: RecordNumber,
        at: AttrRef,
        name: &FileName,
    ) -> Result<()> {
        self.take_entry(name.parent.record(), &name.name)?;
        self.remove_attribute(base, at)?;
        self.count_names(base, -1)
    }

    fn count_names(&mut self, base: RecordNumber, change: i16) -> Result<()> {
        let counted = self.modify_header(base, |header| {
            let changed = header.link_count.get().checked_add_signed(change)?;
            header.link_count = U16::new(changed);
            Some(())
        })?;
        counted.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))
    }

    /// Refreshes the entry of a file that has one name (and its 8.3 name).
    /// Of a file with more, the entries stay as they are (NTFS.md 2.8): Windows
    /// refreshes the one that a handle was opened by.
    pub(crate) fn refresh_only_name(&mut self, base: RecordNumber) -> Result<()> {
        if base == RecordNumber::ROOT {
            return Ok(());
        }
        let block = self.record(base)?;
        let counted = header_of(&*block, base)?.link_count.get();
        drop(block);
        if counted > 2 {
            return Ok(());
        }
        let names = self.file_names(base)?;
        let long = names
            .iter()
            .filter(|(_, name)| name.namespace != Namespace::Dos)
            .count();
        if long > 1 {
            return Ok(());
        }
        self.refresh_names(base, &names)
    }

    /// Refreshes the entries of all names.
    pub(crate) fn refresh_all_names(&mut self, base: RecordNumber) -> Result<()> {
        let names = self.file_names(base)?;
        self.refresh_names(base, &names)
    }

    /// Refreshes the entry of one name, and of the 8.3 name beside it.
    pub(crate) fn refresh_name(&mut self, directory: FileReference, name: &[u16]) -> Result<()> {
        let parent = self.directory(directory)?;
        let case = self.name_case(parent)?;
        let entry = self.lookup_entry(parent, name, case)?;
        let entry = entry.ok_or(InvalidInput::NotFound)?;
        let view = FileNameView::new(entry.key()).map_err(|e| Place::record(parent).format(e))?;
        let fresh = self.duplicated_by_entry(parent, entry.reference())?;
        if view.duplicated() == fresh {
            return Ok(());
        }
        let (base, stored) = (entry.reference().record(), view.name_units());
        if !matches!(view.namespace(), Namespace::Win32 | Namespace::Dos) {
            // Nothing beside it: the other names of the file are not looked at.
            return self.refresh_entry(parent, &stored, &fresh);
        }
        let (_, found) = self.file_name_of(base, parent, &stored)?;
        let mut both = self.file_names(base)?;
        both.retain(|(_, other)| {
            other.parent.record() == parent && (other.name == found.name || is_pair(&found, other))
        });
        self.refresh_names(base, &both)
    }

    /// What the file of an entry says of itself.
    fn duplicated_by_entry(&self, parent: RecordNumber, file: FileReference) -> Result<Duplicated> {
        self.base_record(file)
            .map_err(|_| Place::record(parent).corrupt(CorruptKind::EntryWithoutName))?;
        self.duplicated(file.record())
    }

    /// The entry of a name, and whether it says what the file's own attributes
    /// say.
    pub(crate) fn lookup_state(
        &self,
        parent: FileReference,
        name: &[u16],
    ) -> Result<Option<(DirEntry, EntryState)>> {
        let directory = self.directory(parent)?;
        let case = self.name_case(directory)?;
        let Some(found) = self.lookup_entry(directory, name, case)? else {
            return Ok(None);
        };
        let entry = DirEntry::from_found(&found, directory)?;
        let view =
            FileNameView::new(found.key()).map_err(|e| Place::record(directory).format(e))?;
        let fresh = self.duplicated_by_entry(directory, entry.file)?;
        let state = match view.duplicated() == fresh {
            true => EntryState::Fresh,
            false => EntryState::Stale,
        };
        Ok(Some((entry, state)))
    }

    fn refresh_names(&mut self, base: RecordNumber, names: &[(AttrRef, FileName)]) -> Result<()> {
        let fresh = self.duplicated(base)?;
        for (_, name) in names {
            self.refresh_entry(name.parent.record(), &name.name, &fresh)?;
        }
        Ok(())
    }

    /// Finds the file, attribute and value of a name in a directory.
    pub(crate) fn resolve_name(
        &self,
        parent: RecordNumber,
        name: &[u16],
    ) -> Result<(RecordNumber, AttrRef, FileName)> {
        let (base, stored) = self.resolve_entry(parent, name)?;
        let (at, found) = self.file_name_of(base, parent, &stored)?;
        Ok((base, at, found))
    }

    /// Finds the file of a name in a directory, and the name as it is stored.
    pub(crate) fn resolve_entry(
        &self,
        parent: RecordNumber,
        name: &[u16],
    ) -> Result<(RecordNumber, Vec<u16>)> {
        let case = self.name_case(parent)?;
        self.resolve_by_case(parent, name, case)
    }

    /// As [`Self::resolve_entry`], in a directory that tells names apart like this.
    pub(crate) fn resolve_by_case(
        &self,
        parent: RecordNumber,
        name: &[u16],
        case: NameCase,
    ) -> Result<(RecordNumber, Vec<u16>)> {
        let entry = self
            .lookup_entry(parent, name, case)?
            .ok_or(InvalidInput::NotFound)?;
        let file = entry.reference();
        let view = FileNameView::new(entry.key()).map_err(|e| Place::record(parent).format(e))?;
        let stored = view.name_units();
        self.base_record(file)
            .map_err(|_| Place::record(parent).corrupt(CorruptKind::EntryWithoutName))?;
        Ok((file.record(), stored))
    }

    /// Looks through the names of a file once, for one of them, no further than is
    /// needed to know that others are left.
    pub(crate) fn name_of_file(
        &self,
        base: RecordNumber,
        parent: RecordNumber,
        name: &[u16],
    ) -> Result<NameOfFile> {
        let mut found: Option<(AttrRef, FileName)> = None;
        // Other names in the same directory that are no further names: few.
        let mut near: Vec<FileName> = Vec::new();
        let mut left = 0;
        self.each_name_until(base, |at, view| {
            if view.parent().record() != parent {
                left += 1;
            } else if view.name_is(name) {
                match found {
                    None => found = Some((at, view.to_owned())),
                    Some(_) => near.push(view.to_owned()),
                }
            } else if view.namespace() == Namespace::Posix {
                left += 1;
            } else {
                near.push(view.to_owned());
            }
            // A name with another one beside it is looked for to the end.
            let alone = found.as_ref().is_some_and(|(_, name)| {
                matches!(name.namespace, Namespace::Posix | Namespace::Win32AndDos)
            });
            Ok(match alone && left > 0 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        let (at, name) =
            found.ok_or_else(|| Place::record(base).corrupt(CorruptKind::EntryWithoutName))?;
        let pair = near.iter().find(|other| is_pair(&name, other)).cloned();
        left += near
            .iter()
            .filter(|other| {
                other.namespace != Namespace::Dos && other.name != name.name
                    || other.parent != name.parent
            })
            .filter(|other| pair.as_ref() != Some(other))
            .count();
        Ok(NameOfFile {
            at,
            name,
            pair,
            others_left: left > 0,
        })
    }

    /// Whether `directory` is `ancestor` or lies below it.
    pub(crate) fn is_inside(
        &self,
        directory: RecordNumber,
        ancestor: RecordNumber,
    ) -> Result<bool> {
        let mut at = directory;
        for _ in 0..MAX_DEPTH {
            if at == ancestor {
                return Ok(true);
            }
            if at == RecordNumber::ROOT {
                return Ok(false);
            }
            at = self.parent_of(at)?;
        }
        Err(Place::record(directory).corrupt(CorruptKind::DirectoryLoop))
    }

    fn parent_of(&self, directory: RecordNumber) -> Result<RecordNumber> {
        let names = self.file_names(directory)?;
        names
            .first()
            .map(|(_, name)| name.parent.record())
            .ok_or_else(|| Place::record(directory).corrupt(CorruptKind::MissingAttribute))
    }

    /// The names from the root to a file by one of its names, the root's own
    /// left out.
    pub(crate) fn path_of(&self, name: &Name) -> Result<Vec<NtName>> {
        let mut path = vec![name.name.clone()];
        let mut at = name.parent.record();
        while at != RecordNumber::ROOT {
            let names = self.file_names(at)?;
            let long = names
                .into_iter()
                .find(|(_, name)| name.namespace != Namespace::Dos);
            let (_, long) =
                long.ok_or_else(|| Place::record(at).corrupt(CorruptKind::MissingAttribute))?;
            path.push(NtName::from_units(&long.name));
            at = long.parent.record();
            if path.len() > MAX_DEPTH {
                return Err(Place::record(at).corrupt(CorruptKind::DirectoryLoop));
            }
        }
        path.reverse();
        Ok(path)
    }
}

/// Whether two names of a file are a long name and its 8.3 name.
pub(crate) fn is_pair(a: &FileName, b: &FileName) -> bool {
    a.parent.record() == b.parent.record()
        && matches!(
            (a.namespace, b.namespace),
            (Namespace::Win32, Namespace::Dos) | (Namespace::Dos, Namespace::Win32)
        )
}
