//! Writing streams.

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType, resident_len};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, Lcn, RecordNumber};

use super::{StreamBody, StreamMap};
use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result, Unsupported};

/// Bytes written at a time.
const CHUNK: usize = 1 << 20;

/// The most bytes a stream can have: what clusters can be counted with a
/// signed 64-bit byte count.
const MAX_LEN: u64 = i64::MAX.unsigned_abs() - (4 << 20);

/// A value longer than this share of a record is given clusters of its own.
const RESIDENT_SHARE: usize = 2;

impl Engine {
    /// Refuses what cannot be written; returns the stream's key and content.
    pub(super) fn writable_body(&self, base: RecordNumber, name: &[u16]) -> Result<StreamBody> {
        let key = AttrKey::named(AttributeType::DATA, name);
        let body = self.body(base, key)?.ok_or(InvalidInput::StreamNotFound)?;
        if let StreamBody::NonResident(map) = &body {
            if map.flags.contains(AttributeFlags::ENCRYPTED) {
                return Err(Unsupported::Encrypted.into());
            }
            if map.flags.contains(AttributeFlags::COMPRESSED) {
                return Err(Unsupported::WriteCompressed.into());
            }
            if name.is_empty() && self.overlay(base, map)?.is_some() {
                return Err(Unsupported::WriteCompressed.into());
            }
        }
        Ok(body)
    }

    /// Writes bytes at `offset` of a stream, which grows as needed; a gap in
    /// front of them reads as zeros.
    pub(crate) fn write_stream(
        &mut self,
        file: FileReference,
        name: &[u16],
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        self.check_content_change(file)?;
        let base = file.record();
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let end = offset
            .checked_add(len)
            .filter(|end| *end <= MAX_LEN)
            .ok_or(InvalidInput::OutOfRange)?;
        let key = AttrKey::named(AttributeType::DATA, name);
        let body = self.writable_body(base, name)?;
        let old = body.len();
        match body {
            _ if bytes.is_empty() => {}
            StreamBody::Resident(mut value) => {
                let new_len = end.max(u64::try_from(value.len()).unwrap_or(0));
                if self.stays_resident(base, key, new_len)? {
                    let start = usize::try_from(offset).unwrap_or(usize::MAX);
                    value.resize(usize::try_from(new_len).unwrap_or(0), 0);
                    for (to, from) in value.iter_mut().skip(start).zip(bytes) {
                        *to = *from;
                    }
                    let at = self.need(base, key)?.at;
                    self.set_value(base, at, &value)?;
                } else {
                    let mut map = self.make_non_resident(base, key)?;
                    self.write_clusters(base, key, &mut map, offset, bytes)?;
                }
            }
            StreamBody::NonResident(mut map) => {
                self.write_clusters(base, key, &mut map, offset, bytes)?
            }
        }
        self.content_changed(base, name)?;
        let mut reasons = UsnReason::empty();
        reasons.set(UsnReason::DATA_OVERWRITE, offset < old.min(end));
        reasons.set(UsnReason::DATA_EXTEND, len > 0 && end > old);
        self.note_data_change(base, name, reasons)
    }

    /// Whether a resident value may have this length in its record.
    pub(super) fn stays_resident(
        &self,
        base: RecordNumber,
        key: AttrKey<'_>,
        len: u64,
    ) -> Result<bool> {
        let Ok(len) = usize::try_from(len) else {
            return Ok(false);
        };
        let found = self.need(base, key)?;
        let old = found.view()?.len();
        let new = resident_len(key.name.len(), len.min(self.record_size()));
        Ok(new <= old
            || (len <= self.record_size() / RESIDENT_SHARE
                && new <= old + self.room_in(found.at.record)?))
    }

    /// Moves a resident value to clusters; returns the new map, stored already.
    pub(crate) fn make_non_resident(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
    ) -> Result<StreamMap> {
        let found = self.need(base, key)?;
        let value = found.resident()?.to_vec();
        let flags = found.view()?.flags();
        // The stream keeps its name as it was stored, in whatever case it is
        // asked for now.
        let stored_name = found.view()?.name_units();
        let at = found.at;
        drop(found);
        let len = u64::try_from(value.len()).unwrap_or(0);
        let mut map = StreamMap {
            flags,
            ..StreamMap::empty()
        };
        if flags.has_total_allocated() {
            map.sizes.total_allocated = Some(0);
        }
        if len > 0 {
            let clusters = self.clusters_for(len);
            let mut padded = value;
            padded.resize(
                usize::try_from(clusters * self.cluster_size()).unwrap_or(0),
                0,
            );
            let place = Place::attribute(base, key.type_code);
            let pieces = self.allocate_clusters(clusters, None)?;
            self.put_pieces(&pieces, &padded, place)?;
            for (lcn, length) in pieces {
                map.runs.push(Some(lcn), length);
            }
            map.sizes.data = len;
            map.sizes.initialized = len;
        }
        self.settle_sizes(&mut map);
        self.remove_attribute(base, at)?;
        self.insert_stream(base, AttrKey::named(key.type_code, &stored_name), &map)?;
        Ok(map)
    }

    /// Makes the allocated sizes agree with the runs.
    pub(crate) fn settle_sizes(&self, map: &mut StreamMap) {
        map.sizes.allocated = map.runs.end().0 * self.cluster_size();
        map.sizes.total_allocated = map
            .flags
            .has_total_allocated()
            .then(|| map.runs.allocated_clusters() * self.cluster_size());
    }

    /// Writes bytes over fresh clusters.
    fn put_pieces(&self, pieces: &[(Lcn, u64)], bytes: &[u8], place: Place) -> Result<()> {
        let mut rest = bytes;
        for (lcn, length) in pieces {
            let start = self.cluster_range(*lcn, *length, place)?;
            let len = usize::try_from(length * self.cluster_size()).unwrap_or(usize::MAX);
            let (part, tail) = rest
                .split_at_checked(len.min(rest.len()))
                .unwrap_or((rest, &[]));
            self.store.write_fresh(start, part)?;
            rest = tail;
        }
        Ok(())
    }

    /// Writes bytes of a non-resident stream and stores its map.
    pub(super) fn write_clusters(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &mut StreamMap,
        offset: u64,
        bytes: &[u8],
    ) -> Result<()> {
        let place = Place::attribute(base, key.type_code);
        let changed_from = offset.min(map.sizes.initialized) / self.cluster_size();
        self.zero_gap(map, offset, place)?;
        let mut at = offset;
        for chunk in bytes.chunks(CHUNK) {
            self.write_chunk(map, at, chunk, place)?;
            at += u64::try_from(chunk.len()).unwrap_or(0);
        }
        self.settle_sizes(map);
        self.store_map(base, key, map, changed_from)
    }

    /// Writes zeros from the initialized size to `offset`, so that the bytes
    /// there show nothing old; holes stay holes.
    fn zero_gap(&mut self, map: &mut StreamMap, offset: u64, place: Place) -> Result<()> {
        let cluster = self.cluster_size();
        let zeros = vec![0; CHUNK];
        while map.sizes.initialized < offset {
            let from = map.sizes.initialized;
            let hole = map
                .runs
                .lookup(from / cluster)
                .filter(|run| run.lcn.is_none());
            let in_hole =
                |run: linkwright_ntfs_format::runs::Run| run.end().saturating_mul(cluster);
            let beyond =
                from >= map.runs.end().0 * cluster && map.flags.contains(AttributeFlags::SPARSE);
            if let Some(run) = hole {
                map.sizes.initialized = in_hole(run).min(offset);
            } else if beyond {
                // What is read around the new bytes must be mapped: as a hole.
                let end = self.clusters_for(offset);
                map.runs.push(None, end - map.runs.end().0);
                map.sizes.initialized = offset;
            } else {
                let left = usize::try_from(offset - from).unwrap_or(usize::MAX);
                // Not across the end of this run: what follows may be a hole.
                let run_end = map.runs.lookup(from / cluster).map_or(u64::MAX, in_hole);
                let in_run = usize::try_from(run_end - from).unwrap_or(usize::MAX);
                let take = left.min(CHUNK).min(in_run);
                self.write_chunk(map, from, zeros.get(..take).unwrap_or_default(), place)?;
            }
        }
        map.sizes.data = map.sizes.data.max(map.sizes.initialized);
        Ok(())
    }

    /// Writes at most [`CHUNK`] bytes, at or before the initialized size.
    fn write_chunk(
        &mut self,
        map: &mut StreamMap,
        at: u64,
        bytes: &[u8],
        place: Place,
    ) -> Result<()> {
        let cluster = self.cluster_size();
        let end = at + u64::try_from(bytes.len()).unwrap_or(0);
        let (first, last) = (at / cluster, end.div_ceil(cluster));
        let buf = self.merged(map, at, bytes, place)?;
        // Clusters behind the initialized size show nothing: written in place.
        let shown = map.sizes.initialized.div_ceil(cluster);
        let mut vcn = first;
        while vcn < last {
            let run = map.runs.lookup(vcn);
            let in_place = run.filter(|run| vcn >= shown && run.lcn.is_some());
            let stop = match in_place {
                Some(run) => run.end().min(last),
                None => self.fresh_until(&map.runs, vcn, last, shown),
            };
            let from = usize::try_from((vcn - first) * cluster).unwrap_or(usize::MAX);
            let to = usize::try_from((stop - first) * cluster).unwrap_or(usize::MAX);
            let part = buf.get(from..to).unwrap_or_default();
            if let Some(Lcn(lcn)) = in_place.and_then(|run| run.lcn.map(Lcn)) {
                self.put_pieces(&[(Lcn(lcn), stop - vcn)], part, place)?;
            } else {
                let near = vcn
                    .checked_sub(1)
                    .and_then(|v| map.runs.lookup(v))
                    .and_then(|run| run.lcn);
                let pieces = self.allocate_clusters(stop - vcn, near.map(|lcn| Lcn(lcn + 1)))?;
                self.put_pieces(&pieces, part, place)?;
                let new: Vec<_> = pieces
                    .into_iter()
                    .map(|(lcn, length)| (Some(lcn), length))
                    .collect();
                let replaced = map.runs.splice(vcn, &new);
                self.free_runs(&replaced)?;
            }
            vcn = stop;
        }
        map.sizes.initialized = map.sizes.initialized.max(end);
        map.sizes.data = map.sizes.data.max(end);
        Ok(())
    }

    /// Where the stretch of clusters that need new places ends.
    fn fresh_until(&self, runs: &RunList, vcn: u64, last: u64, shown: u64) -> u64 {
        if vcn >= shown && vcn < runs.end().0 {
            // A hole behind the shown part: up to the next allocated run.
            return runs.lookup(vcn).map_or(last, |run| run.end().min(last));
        }
        if vcn < shown && shown < last && runs.lookup(shown).is_some_and(|run| run.lcn.is_some()) {
            return shown;
        }
        last
    }

    /// Whole clusters: `bytes` with what the stream shows around them.
    fn merged(&self, map: &StreamMap, at: u64, bytes: &[u8], place: Place) -> Result<Vec<u8>> {
        let cluster = self.cluster_size();
        let end = at + u64::try_from(bytes.len()).unwrap_or(0);
        let (start, stop) = (at / cluster * cluster, end.next_multiple_of(cluster));
        let mut buf = vec![0; usize::try_from(stop - start).unwrap_or(0)];
        let head = usize::try_from(at - start).unwrap_or(0);
        let tail = head + bytes.len();
        if head > 0 && start < map.sizes.initialized {
            self.read_shown(map, start, buf.get_mut(..head).unwrap_or_default(), place)?;
        }
        if tail < buf.len() && end < map.sizes.initialized {
            self.read_shown(map, end, buf.get_mut(tail..).unwrap_or_default(), place)?;
        }
        if let Some(middle) = buf.get_mut(head..tail) {
            middle.copy_from_slice(bytes);
        }
        Ok(buf)
    }
}
