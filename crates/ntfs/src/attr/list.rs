//! `$ATTRIBUTE_LIST`: reading, making, writing and dropping it.

use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, ExtentSpec, Identity, NON_RESIDENT_LEN, StreamSizes,
    encode_non_resident, encode_resident, resident_len,
};
use linkwright_ntfs_format::attribute_list::{self, Entry};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{FileReference, RecordNumber, record};

use super::find::{Found, find_in};
use super::order::SortKey;
use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, Place, Result};
use crate::stream::{StreamBody, StreamMap};

/// A non-resident list that has shrunk to this many bytes comes back into the
/// record when it fits.
const RESIDENT_AGAIN: usize = 256;

/// Room in the base record that a list in clusters is given before it is
/// moved there: its header and the pairs of a few runs.
const LEAST_ROOM: usize = NON_RESIDENT_LEN + 32;

/// Bytes of the mapping pair of a run of few clusters, at most.
const LONGEST_PAIR: usize = 10;

/// Bytes by which a list in clusters grows and shrinks.
pub(super) const LIST_STEP: u64 = 4096;

fn find_list(block: &Block, base: RecordNumber) -> Result<bool> {
    // The list is the second type there is: what comes behind decides.
    for attribute in record::attributes(block.bytes()) {
        let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
        if attribute.type_code() >= AttributeType::ATTRIBUTE_LIST {
            return Ok(attribute.type_code() == AttributeType::ATTRIBUTE_LIST);
        }
    }
    Ok(false)
}

impl Engine {
    /// The list of a file, `None` when it has one record only.
    pub(crate) fn attribute_list(
        &self,
        base: RecordNumber,
        block: &Block,
    ) -> Result<Option<Vec<Entry>>> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let bytes = self.list_bytes(base, block)?;
        bytes
            .map(|bytes| attribute_list::decode(&bytes).map_err(|e| place.format(e)))
            .transpose()
    }

    /// The list of a file, if it has one and that may have an entry of a type.
    pub(crate) fn list_with(
        &self,
        base: RecordNumber,
        block: &Block,
        type_code: AttributeType,
    ) -> Result<Option<Vec<Entry>>> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        // The list itself is looked for in the base record alone.
        if type_code == AttributeType::ATTRIBUTE_LIST
            || !find_list(block, base)?
            || !self.list_may_hold(base, type_code)?
        {
            return Ok(None);
        }
        let bytes = self.list_bytes(base, block)?;
        bytes
            .filter(|bytes| attribute_list::may_hold(bytes, type_code))
            .map(|bytes| attribute_list::decode(&bytes).map_err(|e| place.format(e)))
            .transpose()
    }

    pub(super) fn list_bytes(&self, base: RecordNumber, block: &Block) -> Result<Option<Vec<u8>>> {
        if !find_list(block, base)? {
            return Ok(None);
        }
        Ok(Some(match self.list_body(base)? {
            StreamBody::Resident(value) => value,
            StreamBody::NonResident(map) => self.read_list(base, &map)?,
        }))
    }

    /// The bytes of a list in clusters.
    pub(super) fn read_list(&self, base: RecordNumber, map: &StreamMap) -> Result<Vec<u8>> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let len = usize::try_from(map.sizes.data)
            .ok()
            .filter(|len| *len <= attribute_list::MAX_LEN)
            .ok_or_else(|| place.corrupt(CorruptKind::StreamSizes))?;
        let mut bytes = vec![0; len];
        self.read_pages(map, 0, &mut bytes, place)?;
        Ok(bytes)
    }

    /// Whether the file has a list.
    pub(crate) fn has_list(&self, base: RecordNumber) -> Result<bool> {
        let block = self.record(base)?;
        find_list(&*block, base)
    }

    /// The list attribute's own content. It is never itself in the list.
    pub(super) fn list_body(&self, base: RecordNumber) -> Result<StreamBody> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let found = self.find_own_list(base)?;
        let view = found.view()?;
        let Some(part) = view.non_resident() else {
            return Ok(StreamBody::Resident(found.resident()?.to_vec()));
        };
        let runs = RunList::decode(part.pairs(), part.lowest_vcn()).map_err(|e| place.format(e))?;
        let map = StreamMap {
            flags: view.flags(),
            compression_unit: part.compression_unit(),
            sizes: part.sizes(),
            runs,
        };
        if part.lowest_vcn() != 0 || map.runs.end().0 < self.clusters_for(map.sizes.data) {
            return Err(place.corrupt(CorruptKind::ExtentGap));
        }
        Ok(StreamBody::NonResident(map))
    }

    pub(super) fn find_own_list(&self, base: RecordNumber) -> Result<Found> {
        // It is always in the base record, unnamed, as one extent.
        let block = self.record(base)?;
        let found = find_in(&*block, base, |a| {
            a.type_code() == AttributeType::ATTRIBUTE_LIST && a.name().is_empty()
        })?;
        let (at, offset) = found.ok_or_else(|| {
            Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
                .corrupt(CorruptKind::MissingAttribute)
        })?;
        Ok(Found::new(at, block, offset))
    }

    /// Entries for the attributes of a base record, as a list to be made has
    /// them.
    fn entries_of_base(&self, base: RecordNumber) -> Result<Vec<Entry>> {
        let reference = self.reference_to(base)?;
        let block = self.record(base)?;
        let mut entries = Vec::new();
        for attribute in record::attributes(block.bytes()) {
            let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
            entries.push(Entry {
                type_code: attribute.type_code(),
                name: attribute.name_units(),
                lowest_vcn: attribute.non_resident().map_or(0, |n| n.lowest_vcn()),
                reference,
                instance: attribute.instance(),
            });
        }
        Ok(entries)
    }

    /// The list of a file; one is made, in the base record, when there is none.
    pub(crate) fn list_or_make(&mut self, base: RecordNumber) -> Result<Vec<Entry>> {
        let block = self.record(base)?;
        if let Some(list) = self.attribute_list(base, &*block)? {
            return Ok(list);
        }
        drop(block);
        let mut list = self.entries_of_base(base)?;
        self.write_list(base, &mut list)?;
        Ok(list)
    }

    /// Writes the list, where it fits: in the record, in its clusters, or in
    /// new clusters. Attributes are moved out of the base record when the list
    /// itself finds no room there; `list` says where they are afterwards.
    pub(crate) fn write_list(&mut self, base: RecordNumber, list: &mut [Entry]) -> Result<()> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        loop {
            let bytes = attribute_list::encode(list).map_err(|e| match e.kind {
                // The list cannot grow further: the file is full.
                linkwright_ntfs_format::FormatErrorKind::NoRoom => Error::DiskFull,
                _ => place.format(e),
            })?;
            if self.try_write_list(base, &bytes)? {
                // Nobody opened it meanwhile as it was.
                self.memo.drop_list(base);
                return Ok(());
            }
            if !self.move_one_out(base, list)? {
                return Err(Error::DiskFull);
            }
        }
    }

    /// Writes the list's bytes if that needs no more room than there is.
    pub(super) fn try_write_list(&mut self, base: RecordNumber, bytes: &[u8]) -> Result<bool> {
        self.memo.drop_list(base);
        if !self.has_list(base)? {
            return Ok(self.insert_resident_list(base, bytes)?
                || self.insert_list_in_clusters(base, bytes)?);
        }
        match self.list_body(base)? {
            StreamBody::Resident(_) => {
                if self.resize_own_list(base, bytes)? {
                    return Ok(true);
                }
                // Out to clusters: the small header fits where the value was,
                // unless the value was smaller still.
                self.replace_list_by_clusters(base, bytes, None)
            }
            StreamBody::NonResident(map) => {
                if bytes.len() <= RESIDENT_AGAIN && self.list_back_into_record(base, bytes)? {
                    self.free_cached_runs(map.runs.runs())?;
                    return Ok(true);
                }
                self.replace_list_by_clusters(base, bytes, Some(map))
            }
        }
    }

    fn list_identity(instance: u16) -> Identity<'static> {
        Identity {
            type_code: AttributeType::ATTRIBUTE_LIST,
            name: &[],
            flags: AttributeFlags::empty(),
            instance,
        }
    }

    /// Bytes for more attributes in a record.
    pub(crate) fn room_in(&self, record: RecordNumber) -> Result<usize> {
        let block = self.record(record)?;
        record::free_space(block.bytes()).map_err(|e| Place::record(record).format(e))
    }

    fn insert_resident_list(&mut self, base: RecordNumber, bytes: &[u8]) -> Result<bool> {
        if resident_len(0, bytes.len()) > self.room_in(base)? {
            return Ok(false);
        }
        self.insert_list_attribute(base, |id| encode_resident(id, bytes))?;
        Ok(true)
    }

    fn insert_list_attribute(
        &mut self,
        base: RecordNumber,
        encode: impl Fn(&Identity<'_>) -> Result<Vec<u8>, linkwright_ntfs_format::FormatError>,
    ) -> Result<()> {
        let key = SortKey {
            type_code: AttributeType::ATTRIBUTE_LIST,
            name: &[],
            lowest_vcn: 0,
            value: &[],
        };
        let block = self.record(base)?;
        let offset = self.sorted_offset(block.bytes(), base, &key)?;
        drop(block);
        self.modify_record(base, |bytes| {
            let id = Self::list_identity(record::take_instance(bytes)?);
            record::insert(bytes, offset, &encode(&id)?)
        })
    }

    fn resize_own_list(&mut self, base: RecordNumber, bytes: &[u8]) -> Result<bool> {
        let found = self.find_own_list(base)?;
        let old = found.view()?.len();
        if resident_len(0, bytes.len()) > old + self.room_in(base)? {
            return Ok(false);
        }
        let offset = found.offset();
        drop(found);
        self.modify_record(base, |record| {
            record::resize_resident(record, offset, bytes.len())?;
            record::write_resident(record, offset, 0, bytes)
        })?;
        Ok(true)
    }

    fn list_back_into_record(&mut self, base: RecordNumber, bytes: &[u8]) -> Result<bool> {
        let found = self.find_own_list(base)?;
        let (offset, old) = (found.offset(), found.view()?.len());
        let instance = found.at.instance;
        drop(found);
        if resident_len(0, bytes.len()) > old + self.room_in(base)? {
            return Ok(false);
        }
        self.modify_record(base, |record| {
            record::replace(
                record,
                offset,
                &encode_resident(&Self::list_identity(instance), bytes)?,
            )
        })?;
        Ok(true)
    }

    fn insert_list_in_clusters(&mut self, base: RecordNumber, bytes: &[u8]) -> Result<bool> {
        let map = self.list_clusters(bytes, None)?;
        let encoded = Self::encode_list_extent(&Self::list_identity(0), &map)
            .map_err(|e| Place::record(base).format(e))?;
        if encoded.len() > self.room_in(base)? {
            self.free_cached_runs(map.runs.runs())?;
            return Ok(false);
        }
        self.insert_list_attribute(base, |id| Self::encode_list_extent(id, &map))?;
        self.write_pages(
            &map,
            0,
            bytes,
            Place::attribute(base, AttributeType::ATTRIBUTE_LIST),
        )?;
        Ok(true)
    }

    fn encode_list_extent(
        id: &Identity<'_>,
        map: &StreamMap,
    ) -> Result<Vec<u8>, linkwright_ntfs_format::FormatError> {
        encode_non_resident(
            id,
            &ExtentSpec {
                lowest_vcn: 0,
                end_vcn: map.runs.end().0,
                compression_unit: 0,
                sizes: map.sizes,
                pairs: &map.runs.encode(),
            },
        )
    }

    /// The clusters for a list of these bytes: those it has, more, or fewer.
    fn list_clusters(&mut self, bytes: &[u8], old: Option<StreamMap>) -> Result<StreamMap> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        // In steps, so that a list that grows entry by entry stays in few runs.
        let wanted = self.clusters_for(len.next_multiple_of(LIST_STEP));
        let mut runs = old.map(|map| map.runs).unwrap_or_default();
        let have = runs.end().0;
        if wanted > have {
            self.extend_runs(&mut runs, wanted - have)?;
        } else if wanted < have {
            let freed = runs.truncate(wanted);
            self.free_cached_runs(&freed)?;
        }
        let allocated = wanted * self.cluster_size();
        Ok(StreamMap {
            runs,
            sizes: StreamSizes {
                allocated,
                data: len,
                initialized: len,
                total_allocated: None,
            },
            ..StreamMap::empty()
        })
    }

    fn replace_list_by_clusters(
        &mut self,
        base: RecordNumber,
        bytes: &[u8],
        old: Option<StreamMap>,
    ) -> Result<bool> {
        if self.list_surely_fits(base, bytes.len())? {
            return self.put_list(base, bytes, old).map(|()| true);
        }
        match self.framed(&|engine: &mut Self| engine.put_list(base, bytes, old.clone())) {
            // Room for more runs may be made in the record.
            Err(Error::DiskFull) => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// Whether the record has room for a list of `len` bytes in clusters, into
    /// however many runs these fall: no frame is needed to try.
    fn list_surely_fits(&self, base: RecordNumber, len: usize) -> Result<bool> {
        let have = self.find_own_list(base)?.view()?.len() + self.room_in(base)?;
        let bytes = u64::try_from(len).unwrap_or(u64::MAX);
        let clusters = self.clusters_for(bytes.next_multiple_of(LIST_STEP));
        let pairs = usize::try_from(clusters)
            .unwrap_or(usize::MAX)
            .saturating_mul(LONGEST_PAIR);
        Ok(LEAST_ROOM.saturating_add(pairs) <= have)
    }

    /// Puts the list in clusters in place of the one in the record, or of `old`.
    fn put_list(&mut self, base: RecordNumber, bytes: &[u8], old: Option<StreamMap>) -> Result<()> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let found = self.find_own_list(base)?;
        let (offset, old_len, instance) = (found.offset(), found.view()?.len(), found.at.instance);
        drop(found);
        let room = old_len + self.room_in(base)?;
        if room < LEAST_ROOM {
            return Err(Error::DiskFull);
        }
        let id = Self::list_identity(instance);
        let mut map = self.list_clusters(bytes, old)?;
        let mut encoded = Self::encode_list_extent(&id, &map).map_err(|e| place.format(e))?;
        if encoded.len() > room {
            // Too many runs: all of it elsewhere, in fewer.
            self.free_cached_runs(map.runs.runs())?;
            map = self.list_clusters(bytes, None)?;
            encoded = Self::encode_list_extent(&id, &map).map_err(|e| place.format(e))?;
        }
        if encoded.len() > room {
            return Err(Error::DiskFull);
        }
        self.modify_record(base, |record| record::replace(record, offset, &encoded))?;
        self.write_pages(&map, 0, bytes, place)
    }

    /// Takes the list away: the file has one record again.
    pub(crate) fn drop_list(&mut self, base: RecordNumber) -> Result<()> {
        self.memo.drop_list(base);
        if let StreamBody::NonResident(map) = self.list_body(base)? {
            self.free_cached_runs(map.runs.runs())?;
        }
        let offset = self.find_own_list(base)?.offset();
        self.modify_record(base, |bytes| record::remove(bytes, offset))
    }

    /// Frees the clusters of a list, when it has some.
    pub(crate) fn free_list_clusters(&mut self, base: RecordNumber) -> Result<()> {
        self.memo.drop_list(base);
        if self.has_list(base)?
            && let StreamBody::NonResident(map) = self.list_body(base)?
        {
            self.free_cached_runs(map.runs.runs())?;
        }
        Ok(())
    }

    /// The entry of an attribute.
    pub(crate) fn entry_for(at: &super::AttrRef, name: &[u16], reference: FileReference) -> Entry {
        Entry {
            type_code: at.type_code,
            name: name.to_vec(),
            lowest_vcn: at.lowest_vcn,
            reference,
            instance: at.instance,
        }
    }
}
