//! The security descriptors of files: which one a file has, which one it gets.
//!
//! A file carries the number of its descriptor, which lies in `$Secure`
//! ([`super::secure`]); metafiles and files of old systems carry the
//! descriptor itself (`$SECURITY_DESCRIPTOR`).

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::inherit::{NewObject, inherit};
use linkwright_ntfs_format::secure::MAX_DESCRIPTOR_LEN;
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::standard_information::Extended;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber, SecurityId};

use super::ParentDirectory;
use crate::attr::AttrKey;
use crate::cache::NumberHasher;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::link::FileKind;

const OWN: AttrKey<'static> = AttrKey::unnamed(AttributeType::SECURITY_DESCRIPTOR);

/// The file has no number but carries its descriptor.
const NO_ID: SecurityId = SecurityId(0);

/// What decides the descriptor of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Heritage {
    parent: SecurityId,
    kind: FileKind,
    creator: Creator,
}

/// Who makes a file; what is `None` is taken over from the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Creator {
    pub(crate) owner: Option<Sid>,
    pub(crate) group: Option<Sid>,
}

/// Which descriptors directories pass on, so that making many files costs one
/// look at `$Secure`. Numbers never change their descriptor.
#[derive(Debug, Default, Clone)]
pub(crate) struct SecurityCache {
    children: HashMap<Heritage, SecurityId, BuildHasherDefault<NumberHasher>>,
    /// What the last directory with a descriptor of its own passed on.
    own: Option<OwnHeritage>,
}

/// What a descriptor that a directory itself carries passes on.
#[derive(Debug, Clone)]
struct OwnHeritage {
    descriptor: Vec<u8>,
    kind: FileKind,
    creator: Creator,
    child: SecurityId,
}

/// Most numbers that are remembered; the cache starts anew then.
const MAX_REMEMBERED: usize = 1024;

/// Longest descriptor that is kept in memory.
const MAX_KEPT: usize = 4096;

impl SecurityCache {
    fn remember(&mut self, heritage: Heritage, id: SecurityId) {
        if self.children.len() >= MAX_REMEMBERED {
            self.children.clear();
        }
        self.children.insert(heritage, id);
    }
}

/// Refuses what is no descriptor or too long for `$Secure`.
fn check_descriptor(descriptor: &[u8]) -> Result<()> {
    if descriptor.len() > MAX_DESCRIPTOR_LEN || SecurityDescriptor::decode(descriptor).is_err() {
        return Err(InvalidInput::InvalidSecurityDescriptor.into());
    }
    Ok(())
}

impl Engine {
    /// The self-relative descriptor of a file: its own, or the one that its
    /// number stands for.
    pub(crate) fn security_descriptor(&self, file: FileReference) -> Result<Vec<u8>> {
        self.base_record(file)?;
        self.descriptor_of(file.record())
    }

    fn descriptor_of(&self, base: RecordNumber) -> Result<Vec<u8>> {
        let (_, info) = self.standard_information(base)?;
        let descriptor = match info.security_id() {
            NO_ID => self.read_value(base, OWN, MAX_DESCRIPTOR_LEN)?,
            id => {
                if let Some(known) = self.memo.descriptor(id) {
                    return Ok(known.to_vec());
                }
                let found = self.descriptor_by_id(id)?;
                if let Some(found) = found.as_ref().filter(|found| found.len() <= MAX_KEPT) {
                    self.memo.put_descriptor(id, Arc::new(found.clone()));
                }
                found
            }
        };
        descriptor.ok_or_else(|| {
            Place::attribute(base, AttributeType::STANDARD_INFORMATION)
                .corrupt(CorruptKind::SecurityId)
        })
    }

    /// The security id of a new child of `parent`.
    pub(crate) fn security_of_child(
        &mut self,
        parent: &ParentDirectory,
        kind: FileKind,
        creator: Creator,
    ) -> Result<SecurityId> {
        if parent.security_id == NO_ID {
            return self.security_below_own(parent.reference.record(), kind, creator);
        }
        let heritage = Heritage {
            parent: parent.security_id,
            kind,
            creator,
        };
        if let Some(id) = self.state.security.children.get(&heritage) {
            return Ok(*id);
        }
        let parent = parent.reference.record();
        let descriptor = self.descriptor_of(parent)?;
        let descriptor = Self::inherited(parent, &descriptor, kind, creator)?;
        let id = self.security_id_for(&descriptor)?;
        Arc::make_mut(&mut self.state.security).remember(heritage, id);
        Ok(id)
    }

    /// The same below a directory without a number, which carries its descriptor.
    fn security_below_own(
        &mut self,
        parent: RecordNumber,
        kind: FileKind,
        creator: Creator,
    ) -> Result<SecurityId> {
        let known = self.state.security.own.as_ref();
        if let Some(own) = known.filter(|own| own.kind == kind && own.creator == creator)
            && let Some(found) = self.find(parent, OWN)?
            && !found.view()?.is_non_resident()
            && found.resident()? == own.descriptor
        {
            return Ok(own.child);
        }
        let descriptor = self.descriptor_of(parent)?;
        let inherited = Self::inherited(parent, &descriptor, kind, creator)?;
        let child = self.security_id_for(&inherited)?;
        Arc::make_mut(&mut self.state.security).own = Some(OwnHeritage {
            descriptor,
            kind,
            creator,
            child,
        });
        Ok(child)
    }

    fn inherited(
        parent: RecordNumber,
        descriptor: &[u8],
        kind: FileKind,
        creator: Creator,
    ) -> Result<Vec<u8>> {
        let place = Place::record(parent);
        let above = SecurityDescriptor::decode(descriptor).map_err(|e| place.format(e))?;
        let owner = creator.owner.or(above.owner);
        let group = creator.group.or(above.group);
        let object = match kind {
            FileKind::File => NewObject::File,
            FileKind::Directory => NewObject::Directory,
        };
        inherit(
            &above,
            object,
            owner.unwrap_or(Sid::ADMINISTRATORS),
            group.unwrap_or(Sid::ADMINISTRATORS),
        )
        .encode()
        .map_err(|e| place.format(e))
    }

    /// The id of a self-relative descriptor, which is added when it is new.
    pub(crate) fn security_id_for(&mut self, descriptor: &[u8]) -> Result<SecurityId> {
        check_descriptor(descriptor)?;
        match self.find_descriptor(descriptor)? {
            Some(id) => Ok(id),
            None => self.add_descriptor(descriptor),
        }
    }

    /// Gives a file a descriptor, given whole (MS-FSA 2.1.5.17).
    pub(crate) fn set_security(&mut self, file: FileReference, descriptor: &[u8]) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let base = file.record();
        let id = self.security_id_for(descriptor)?;
        if let Some(map) = self.remove_stream(base, OWN)? {
            self.free_cached_runs(map.runs.runs())?;
        }
        let (at, mut info) = self.standard_information(base)?;
        info.times.changed = self.now();
        // Files of old systems have no room for a number: 48 bytes become 72.
        let extended = info.extended.get_or_insert_with(Extended::default);
        extended.security_id = id;
        self.set_value(base, at, &info.encode())?;
        self.refresh_only_name(base)?;
        self.note_change(base, UsnReason::SECURITY_CHANGE)
    }
}
