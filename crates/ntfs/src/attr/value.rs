//! Whole values of small attributes.

use linkwright_ntfs_format::record;
use linkwright_ntfs_format::{FormatErrorKind, RecordNumber};

use super::find::{AttrKey, AttrRef};
use super::insert::NewAttribute;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};
use crate::stream::{StreamBody, StreamMap};

impl Engine {
    /// Reads a whole attribute of at most `limit` bytes; `None` when there is
    /// none.
    pub(crate) fn read_value(
        &self,
        base: RecordNumber,
        key: AttrKey<'_>,
        limit: usize,
    ) -> Result<Option<Vec<u8>>> {
        let place = Place::attribute(base, key.type_code);
        match self.body(base, key)? {
            None => Ok(None),
            Some(StreamBody::Resident(value)) => Ok(Some(value)),
            Some(StreamBody::NonResident(map)) => {
                let len = usize::try_from(map.sizes.data)
                    .ok()
                    .filter(|len| *len <= limit)
                    .ok_or_else(|| place.corrupt(CorruptKind::StreamSizes))?;
                let mut bytes = vec![0; len];
                self.read_pages(&map, 0, &mut bytes, place)?;
                Ok(Some(bytes))
            }
        }
    }

    /// Overwrites part of a resident value in place.
    pub(crate) fn patch_value(&mut self, at: AttrRef, offset: usize, bytes: &[u8]) -> Result<()> {
        let found = self.find_ref(at)?;
        let attribute = found.offset();
        // Within the attribute: `write_resident` holds to its value.
        let range = attribute..attribute + found.view()?.len();
        drop(found);
        self.patch_record(at.record, &[range], |record| {
            record::write_resident(record, attribute, offset, bytes)
        })
    }

    /// Replaces a resident value if its record has the room; `false` and
    /// nothing changed when not.
    pub(crate) fn try_set_value(&mut self, at: AttrRef, value: &[u8]) -> Result<bool> {
        let offset = self.find_ref(at)?.offset();
        let fitted = self.modify_record(at.record, |record| {
            match record::resize_resident(record, offset, value.len()) {
                Ok(()) => record::write_resident(record, offset, 0, value).map(|()| true),
                Err(error) if error.kind == FormatErrorKind::NoRoom => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        Ok(fitted)
    }

    /// Replaces a resident value; the attribute moves to another record of the
    /// file when its own has no room.
    pub(crate) fn set_value(
        &mut self,
        base: RecordNumber,
        at: AttrRef,
        value: &[u8],
    ) -> Result<AttrRef> {
        if self.try_set_value(at, value)? {
            return Ok(at);
        }
        let found = self.find_ref(at)?;
        let view = found.view()?;
        let (name, flags) = (view.name_units(), view.flags());
        drop(found);
        self.remove_attribute(base, at)?;
        let new = NewAttribute {
            flags,
            ..NewAttribute::resident(at.type_code, &name, value)
        };
        self.insert_attribute(base, &new)
    }

    /// Puts a whole value in place of an attribute, or makes it: in a record
    /// when it is small, in clusters when not.
    pub(crate) fn put_value(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        value: &[u8],
    ) -> Result<()> {
        if let Some(map) = self.remove_stream(base, key)? {
            self.free_cached_runs(map.runs.runs())?;
        }
        let small = value.len() <= self.record_size() / RESIDENT_SHARE;
        if small || !key.type_code.may_be_non_resident() {
            let new = NewAttribute::resident(key.type_code, key.name, value);
            return self.insert_attribute(base, &new).map(|_| ());
        }
        let mut map = StreamMap::empty();
        let len = u64::try_from(value.len()).unwrap_or(u64::MAX);
        self.extend_runs(&mut map.runs, self.clusters_for(len))?;
        map.sizes.allocated = map.runs.end().0 * self.cluster_size();
        map.sizes.data = len;
        map.sizes.initialized = len;
        self.insert_stream(base, key, &map)?;
        self.write_pages(&map, 0, value, Place::attribute(base, key.type_code))
    }
}

/// A value longer than this share of a record goes to clusters.
const RESIDENT_SHARE: usize = 2;
