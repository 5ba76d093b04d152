//! Changing the length of a stream.

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType, resident_len};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::{StreamBody, StreamMap};
use crate::attr::{AttrKey, NewAttribute};
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};

/// A stream that shrinks to this many bytes comes back into its record when
/// that has the room.
const RESIDENT_AGAIN: u64 = 256;

impl Engine {
    /// Cuts a stream or extends it; what is added reads as zeros.
    pub(crate) fn set_stream_len(
        &mut self,
        file: FileReference,
        name: &[u16],
        len: u64,
    ) -> Result<()> {
        self.check_content_change(file)?;
        if i64::try_from(len.saturating_add(4 << 20)).is_err() {
            return Err(InvalidInput::OutOfRange.into());
        }
        let base = file.record();
        let key = AttrKey::named(AttributeType::DATA, name);
        let body = self.writable_body(base, name)?;
        let old = body.len();
        match body {
            StreamBody::Resident(mut value) => {
                if self.stays_resident(base, key, len)? {
                    value.resize(usize::try_from(len).unwrap_or(0), 0);
                    let at = self.need(base, key)?.at;
                    self.set_value(base, at, &value)?;
                } else {
                    let map = self.make_non_resident(base, key)?;
                    self.resize_clusters(base, key, map, len)?;
                }
            }
            StreamBody::NonResident(map) => {
                if len > RESIDENT_AGAIN
                    || len > map.sizes.data
                    || !self.make_resident(base, key, &map, len)?
                {
                    self.resize_clusters(base, key, map, len)?;
                }
            }
        }
        self.content_changed(base, name)?;
        let mut reasons = UsnReason::empty();
        reasons.set(UsnReason::DATA_TRUNCATION, len < old);
        reasons.set(UsnReason::DATA_EXTEND, len > old);
        self.note_data_change(base, name, reasons)
    }

    fn resize_clusters(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        mut map: StreamMap,
        len: u64,
    ) -> Result<()> {
        let wanted = self.clusters_for(len);
        let have = map.runs.end().0;
        if wanted < have {
            let freed = map.runs.truncate(wanted);
            self.free_runs(&freed)?;
        } else if wanted > have && map.flags.contains(AttributeFlags::SPARSE) {
            map.runs.push(None, wanted - have);
        } else if wanted > have {
            self.extend_runs(&mut map.runs, wanted - have)?;
        }
        map.sizes.data = len;
        map.sizes.initialized = map.sizes.initialized.min(len);
        self.settle_sizes(&mut map);
        self.store_map(base, key, &map, wanted.min(have).saturating_sub(1))
    }

    /// Brings the first `len` bytes back into the record; `false` and nothing
    /// changed when there is no room.
    fn make_resident(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &StreamMap,
        len: u64,
    ) -> Result<bool> {
        let extents = self.extents(base, key)?;
        let [only] = extents.as_slice() else {
            return Ok(false);
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let room = only.view()?.len() + self.room_in(only.at.record)?;
        if map.flags.has_total_allocated() || resident_len(key.name.len(), len) > room {
            return Ok(false);
        }
        let (at, place) = (only.at, only.place());
        let name = only.view()?.name_units();
        let mut value = vec![0; len];
        self.read_shown(map, 0, &mut value, place)?;
        drop(extents);
        self.remove_attribute(base, at)?;
        self.insert_attribute(base, &NewAttribute::resident(key.type_code, &name, &value))?;
        self.free_runs(map.runs.runs())?;
        Ok(true)
    }
}
