//! 8.3 names beside long ones, where the volume has them.

use linkwright_names::{NtName, short_name};
use linkwright_ntfs_format::FileReference;
use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::volume_information::VolumeFlags;

use super::names::is_pair;
use crate::engine::Engine;
use crate::error::Result;
use crate::index::directory::NameCase;
use crate::options::ShortNames;

impl Engine {
    pub(crate) fn has_short_names(&self) -> Result<bool> {
        Ok(match self.options.short_names {
            ShortNames::Off => false,
            ShortNames::On => true,
            // Nothing changes that flag while the volume is open.
            ShortNames::ByVolume => match self.short_names.get() {
                Some(known) => *known,
                None => {
                    let (_, information) = self.volume_information()?;
                    let off = information.flags.contains(VolumeFlags::SHORT_NAMES_OFF);
                    *self.short_names.get_or_init(|| !off)
                }
            },
        })
    }

    /// On a volume with 8.3 names: sets the namespace of a new name and gives
    /// the short name to stand beside it. A name that is its own short name
    /// gets none (namespace 3); without 8.3 names every name has namespace 0,
    /// as on Windows (NTFS.md 2.8).
    /// `wanted` is taken when it is a short name and free.
    pub(crate) fn short_name_for(
        &self,
        name: &mut FileName,
        wanted: Option<&[u16]>,
    ) -> Result<Option<FileName>> {
        if !self.has_short_names()? {
            return Ok(None);
        }
        if short_name::is_legal_8dot3(&name.name) {
            name.namespace = Namespace::Win32AndDos;
            return Ok(None);
        }
        let directory = name.parent.record();
        let wanted = wanted
            .filter(|wanted| short_name::is_legal_8dot3(wanted))
            .map(NtName::from_units);
        for candidate in wanted.into_iter().chain(short_name::candidates(&name.name)) {
            if self
                .lookup_entry(directory, candidate.units(), NameCase::Insensitive)?
                .is_none()
            {
                name.namespace = Namespace::Win32;
                return Ok(Some(FileName {
                    namespace: Namespace::Dos,
                    name: NtName::into_units(candidate),
                    ..name.clone()
                }));
            }
        }
        // No short name is left: the name stands alone.
        Ok(None)
    }

    /// Puts `wanted` in the place of the 8.3 name beside a long one
    /// (FILE_SHORT_NAME_INFORMATION). Nothing happens where the name has none, or
    /// where the directory has another such name.
    pub(crate) fn set_short_name(
        &mut self,
        parent: FileReference,
        name: &[u16],
        wanted: &[u16],
    ) -> Result<()> {
        self.check_writable()?;
        let directory = self.directory(parent)?;
        let (base, _, long) = self.resolve_name(directory, name)?;
        let pair = self
            .file_names(base)?
            .into_iter()
            .find(|(_, other)| is_pair(&long, other) && other.namespace == Namespace::Dos);
        let Some((_, pair)) = pair.filter(|_| short_name::is_legal_8dot3(wanted)) else {
            return Ok(());
        };
        if self
            .lookup_entry(directory, wanted, NameCase::Insensitive)?
            .is_some()
        {
            return Ok(());
        }
        let (at, pair) = self.file_name_of(base, directory, &pair.name)?;
        self.detach_name(base, at, &pair)?;
        let file = self.reference_to(base)?;
        self.attach_name(
            file,
            &FileName {
                name: wanted.to_vec(),
                ..pair
            },
        )
    }
}
