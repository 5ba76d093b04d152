//! Sparse streams and their holes.

use linkwright_ntfs_format::FileReference;
use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;

use super::StreamBody;
use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};

impl Engine {
    /// Marks a stream sparse (FSCTL_SET_SPARSE): from now on it can have holes.
    pub(crate) fn set_sparse(&mut self, file: FileReference, name: &[u16]) -> Result<()> {
        self.check_content_change(file)?;
        let base = file.record();
        let key = AttrKey::named(AttributeType::DATA, name);
        let mut map = match self.writable_body(base, name)? {
            StreamBody::Resident(_) => self.make_non_resident(base, key)?,
            StreamBody::NonResident(map) => map,
        };
        if map.flags.contains(AttributeFlags::SPARSE) {
            return Ok(());
        }
        // Every extent carries the flag, and the first one a longer header.
        let stored_name = self.need(base, key)?.view()?.name_units();
        self.remove_stream(base, key)?;
        map.flags.insert(AttributeFlags::SPARSE);
        self.settle_sizes(&mut map);
        self.insert_stream(
            base,
            AttrKey::named(AttributeType::DATA, &stored_name),
            &map,
        )?;
        self.update_information(base, |info| {
            info.attributes.insert(FileAttributes::SPARSE_FILE)
        })?;
        self.content_changed(base, name)?;
        self.note_change(base, UsnReason::BASIC_INFO_CHANGE)
    }

    /// Makes `offset..offset + len` read as zeros (FSCTL_SET_ZERO_DATA): of a
    /// sparse stream, whole clusters become holes. The length stays.
    pub(crate) fn zero_stream(
        &mut self,
        file: FileReference,
        name: &[u16],
        offset: u64,
        len: u64,
    ) -> Result<()> {
        self.check_content_change(file)?;
        let base = file.record();
        let total = self.stream_len(file, name)?;
        let end = offset
            .checked_add(len)
            .ok_or(InvalidInput::OutOfRange)?
            .min(total);
        if offset >= end {
            return Ok(());
        }
        let key = AttrKey::named(AttributeType::DATA, name);
        let cluster = self.cluster_size();
        let (first, last) = (offset.div_ceil(cluster), end / cluster);
        // At the end of the stream the last cluster is wholly in the range.
        let last = if end == total {
            total.div_ceil(cluster)
        } else {
            last
        };
        let body = self.writable_body(base, name)?;
        let StreamBody::NonResident(mut map) = body else {
            return self.write_zeros(file, name, offset, end);
        };
        if !map.flags.contains(AttributeFlags::SPARSE) || first >= last {
            return self.write_zeros(file, name, offset, end);
        }
        let freed = map.runs.splice(first, &[(None, last - first)]);
        self.free_runs(&freed)?;
        self.settle_sizes(&mut map);
        self.store_map(base, key, &map, first.saturating_sub(1))?;
        self.write_zeros(file, name, offset, (first * cluster).min(end))?;
        self.write_zeros(file, name, (last * cluster).min(end), end)?;
        self.content_changed(base, name)?;
        self.note_data_change(base, name, UsnReason::DATA_OVERWRITE)
    }

    fn write_zeros(
        &mut self,
        file: FileReference,
        name: &[u16],
        from: u64,
        end: u64,
    ) -> Result<()> {
        const STEP: u64 = 1 << 20;
        let zeros = vec![0; usize::try_from(STEP.min(end.saturating_sub(from))).unwrap_or(0)];
        let mut at = from;
        while at < end {
            let take = usize::try_from((end - at).min(STEP)).unwrap_or(0);
            self.write_stream(file, name, at, zeros.get(..take).unwrap_or_default())?;
            at += STEP;
        }
        Ok(())
    }
}
