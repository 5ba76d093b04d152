//! Object ids: `$OBJECT_ID` and its entry in `$Extend\$ObjId`.
//!
//! The attribute holds the id, the index also the birth ids of the link
//! tracker.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::index::encode_view_entry;
use linkwright_ntfs_format::object_id::{
    BirthIds, INDEX_NAME, ObjectId, ObjectIdAttribute, ObjectIdEntry,
};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::attr::{AttrKey, NewAttribute};
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::collation::{Collation, KeyProbe};
use crate::index::insert::{Insertion, insert};
use crate::index::remove::remove;
use crate::index::search::find;
use crate::index::store::IndexStore;

const OBJECT_ID: AttrKey<'static> = AttrKey::unnamed(AttributeType::OBJECT_ID);

fn probe(key: &[u8]) -> KeyProbe<'_> {
    KeyProbe {
        order: Collation::Ulongs,
        key,
    }
}

impl Engine {
    /// The object id of a file, with its birth ids.
    pub(crate) fn object_id(&self, file: FileReference) -> Result<Option<ObjectIdAttribute>> {
        self.base_record(file)?;
        let Some(own) = self.own_object_id(file.record())? else {
            return Ok(None);
        };
        let entry = self.object_id_entry(own.id)?;
        let indexed = entry.filter(|entry| entry.file.record() == file.record());
        Ok(Some(ObjectIdAttribute {
            id: own.id,
            birth: own.birth.or(indexed.map(|entry| entry.birth)),
        }))
    }

    fn own_object_id(&self, base: RecordNumber) -> Result<Option<ObjectIdAttribute>> {
        let Some(found) = self.find(base, OBJECT_ID)? else {
            return Ok(None);
        };
        ObjectIdAttribute::decode(found.resident()?)
            .map(Some)
            .map_err(|e| found.place().format(e))
    }

    /// What the volume knows of an object id.
    fn object_id_entry(&self, id: ObjectId) -> Result<Option<ObjectIdEntry>> {
        let Some(owner) = self.extend_file("$ObjId")? else {
            return Ok(None);
        };
        let index = AttributeIndex::open(self, owner, &INDEX_NAME)?;
        let Some(found) = find(&index, &probe(&id.0))? else {
            return Ok(None);
        };
        let data = found.data().map_err(|fault| index.fault(fault))?;
        ObjectIdEntry::decode(found.key(), data)
            .map(Some)
            .map_err(|e| Place::record(owner).format(e))
    }

    /// The file that has an object id.
    pub(crate) fn file_by_object_id(&self, id: ObjectId) -> Result<FileReference> {
        let entry = self.object_id_entry(id)?.ok_or(InvalidInput::NotFound)?;
        self.base_record(entry.file)?;
        Ok(entry.file)
    }

    /// Gives a file without an object id one (MS-FSA 2.1.5.10,
    /// FSCTL_SET_OBJECT_ID).
    pub(crate) fn set_object_id(
        &mut self,
        file: FileReference,
        id: &ObjectIdAttribute,
    ) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let base = file.record();
        if self.find(base, OBJECT_ID)?.is_some() {
            return Err(InvalidInput::ObjectIdExists.into());
        }
        let owner = self.extend_file("$ObjId")?.ok_or_else(|| {
            Place::record(RecordNumber::EXTEND).corrupt(CorruptKind::MissingAttribute)
        })?;
        let entry = ObjectIdEntry {
            id: id.id,
            file: self.reference_to(base)?,
            birth: id.birth.unwrap_or_default(),
        };
        let encoded = encode_view_entry(&entry.key(), &entry.data())
            .map_err(|e| Place::record(owner).format(e))?;
        let mut index = AttributeIndex::open(&mut *self, owner, &INDEX_NAME)?;
        match insert(&mut index, &probe(&entry.key()), &encoded)? {
            Insertion::Done => {}
            Insertion::Exists => return Err(InvalidInput::ObjectIdCollision.into()),
        }
        // The long form is for systems without the index.
        let short = ObjectIdAttribute {
            id: id.id,
            birth: None,
        };
        self.insert_attribute(
            base,
            &NewAttribute::resident(AttributeType::OBJECT_ID, &[], &short.encode()),
        )?;
        self.object_id_changed(base)
    }

    /// The object id of a file, which gets `fresh` when it has none
    /// (FSCTL_CREATE_OR_GET_OBJECT_ID): born here and now, on this volume.
    pub(crate) fn object_id_or(
        &mut self,
        file: FileReference,
        fresh: ObjectId,
    ) -> Result<ObjectIdAttribute> {
        if let Some(old) = self.object_id(file)? {
            return Ok(old);
        }
        let volume = self.own_object_id(RecordNumber::VOLUME)?;
        let new = ObjectIdAttribute {
            id: fresh,
            birth: Some(BirthIds {
                volume: volume.map_or([0; 16], |own| own.id.0),
                object: fresh.0,
                domain: [0; 16],
            }),
        };
        self.set_object_id(file, &new)?;
        Ok(new)
    }

    /// Takes a file's object id away; nothing happens when it has none
    /// (FSCTL_DELETE_OBJECT_ID).
    pub(crate) fn delete_object_id(&mut self, file: FileReference) -> Result<()> {
        self.check_content_change_or_root(file)?;
        let base = file.record();
        let Some(at) = self.find(base, OBJECT_ID)?.map(|found| found.at) else {
            return Ok(());
        };
        self.remove_object_id_key(base)?;
        self.remove_attribute(base, at)?;
        self.object_id_changed(base)
    }

    fn object_id_changed(&mut self, base: RecordNumber) -> Result<()> {
        let now = self.now();
        self.update_information(base, |info| info.times.changed = now)?;
        self.refresh_only_name(base)?;
        self.note_change(base, UsnReason::OBJECT_ID_CHANGE)
    }

    /// Takes a file's object id out of `$Extend\$ObjId`.
    pub(crate) fn remove_object_id_key(&mut self, base: RecordNumber) -> Result<()> {
        let Some(own) = self.own_object_id(base)? else {
            return Ok(());
        };
        let mine = self
            .object_id_entry(own.id)?
            .is_some_and(|entry| entry.file.record() == base);
        let Some(owner) = self.extend_file("$ObjId")?.filter(|_| mine) else {
            return Ok(());
        };
        let mut index = AttributeIndex::open(&mut *self, owner, &INDEX_NAME)?;
        remove(&mut index, Collation::Ulongs, &probe(&own.id.0)).map(|_| ())
    }
}
