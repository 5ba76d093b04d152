//! Writing the runs of a stream into its extents.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::{
    ExtentSpec, Identity, encode_non_resident, non_resident_len,
};
use linkwright_ntfs_format::record;

use super::find::{AttrKey, Found};
use super::insert::{Body, NewAttribute};
use crate::engine::Engine;
use crate::error::{Error, Place, Result};
use crate::stream::StreamMap;

/// Mapping pairs of an extent of its own are given at most this share of a
/// record, so that an extension record always takes one.
const RECORD_OVERHEAD: usize = 0x100;

impl Engine {
    /// Writes sizes and runs of a non-resident stream whose extents exist
    /// already (the first at least). Extents in front of `changed_from` are
    /// taken to be right.
    pub(crate) fn store_map(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &StreamMap,
        changed_from: u64,
    ) -> Result<()> {
        let extents = self.extents(base, key)?;
        let place = Place::attribute(base, key.type_code);
        let name = match extents.first() {
            Some(first) => first.view()?.name_units(),
            None => return Err(place.corrupt(crate::error::CorruptKind::MissingAttribute)),
        };
        if let [only] = extents.as_slice()
            && self.rewrite_single(only, &name, map)?
        {
            return Ok(());
        }
        // The first extent carries the sizes: it is always written. Behind it
        // go those that hold a changed run, and the last, which may be cut.
        let keep_until = extents
            .iter()
            .skip(1)
            .map(|found| found.at.lowest_vcn)
            .take_while(|lowest| *lowest <= changed_from)
            .last()
            .unwrap_or(0);
        drop(extents);
        self.drop_extents_from(base, key, keep_until.max(1))?;
        let mut vcn = keep_until;
        if keep_until == 0 {
            vcn = self.rewrite_first(base, key, &name, map)?;
        } else {
            let first = self.need(base, key)?.at;
            self.rewrite_sizes(base, first, map)?;
        }
        self.append_extents(base, key, &name, map, vcn)
    }

    /// Removes the extents that begin at `lowest_vcn` or behind it. Removing one
    /// can move others between records, so each is looked up when its turn is.
    fn drop_extents_from(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        lowest_vcn: u64,
    ) -> Result<()> {
        while let Some(last) = self.extents(base, key)?.last().map(|found| found.at)
            && last.lowest_vcn >= lowest_vcn
        {
            self.remove_attribute(base, last)?;
        }
        Ok(())
    }

    /// Rewrites the only extent in its place, if all pairs fit there.
    fn rewrite_single(&mut self, only: &Found, name: &[u16], map: &StreamMap) -> Result<bool> {
        let encoded = map.runs.encode_from(0, usize::MAX);
        let view = only.view()?;
        let len = non_resident_len(map.flags, 0, name.len(), encoded.pairs.len());
        if len > view.len() + self.room_in(only.at.record)? || len > self.record_size() {
            return Ok(false);
        }
        self.replace_extent(only, name, map, 0, &encoded.pairs, encoded.end_vcn)?;
        Ok(true)
    }

    fn replace_extent(
        &mut self,
        found: &Found,
        name: &[u16],
        map: &StreamMap,
        lowest_vcn: u64,
        pairs: &[u8],
        end_vcn: u64,
    ) -> Result<()> {
        let id = Identity {
            type_code: found.at.type_code,
            name,
            flags: map.flags,
            instance: found.at.instance,
        };
        let extent = Self::extent_spec(map, lowest_vcn, end_vcn, pairs);
        let offset = found.offset();
        self.modify_record(found.at.record, |bytes| {
            record::replace(bytes, offset, &encode_non_resident(&id, &extent)?)
        })
    }

    /// The description of one extent of a stream.
    pub(crate) fn extent_spec<'a>(
        map: &StreamMap,
        lowest_vcn: u64,
        end_vcn: u64,
        pairs: &'a [u8],
    ) -> ExtentSpec<'a> {
        ExtentSpec {
            lowest_vcn,
            end_vcn,
            compression_unit: map.compression_unit,
            sizes: map.sizes,
            pairs,
        }
    }

    /// Rewrites the first extent with as many pairs as its place holds; returns
    /// where the rest begins.
    fn rewrite_first(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        name: &[u16],
        map: &StreamMap,
    ) -> Result<u64> {
        let found = self.need(base, key)?;
        let fixed = non_resident_len(map.flags, 0, name.len(), 0);
        let room = found.view()?.len() + self.room_in(found.at.record)?;
        let most = room
            .saturating_sub(fixed + 8)
            .min(self.record_size() - RECORD_OVERHEAD);
        let encoded = map.runs.encode_from(0, most);
        if encoded.end_vcn == 0 && !map.runs.is_empty() {
            // Not even one pair fits: take the extent out and let it find a place.
            let at = found.at;
            drop(found);
            self.remove_attribute(base, at)?;
            return Ok(0);
        }
        self.replace_extent(&found, name, map, 0, &encoded.pairs, encoded.end_vcn)?;
        Ok(encoded.end_vcn)
    }

    /// Writes the sizes of a stream whose runs stayed as they were.
    pub(crate) fn store_sizes(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &StreamMap,
    ) -> Result<()> {
        let first = self.need(base, key)?.at;
        self.rewrite_sizes(base, first, map)
    }

    fn rewrite_sizes(
        &mut self,
        base: RecordNumber,
        first: super::AttrRef,
        map: &StreamMap,
    ) -> Result<()> {
        let found = self.find_ref(first)?;
        let view = found.view()?;
        let offset = found.offset();
        if view.flags() == map.flags {
            let range = offset..offset + view.len();
            drop(found);
            return self.patch_record(first.record, &[range], |bytes| {
                record::set_sizes(bytes, offset, &map.sizes)
            });
        }
        let name = view.name_units();
        let place = Place::attribute(base, first.type_code);
        let part = view
            .non_resident()
            .ok_or_else(|| place.corrupt(crate::error::CorruptKind::AttributeForm))?;
        let end = part.highest_vcn().wrapping_add(1);
        let pairs = map.runs.encode_range(0, end);
        self.replace_extent(&found, &name, map, 0, &pairs, end)
    }

    /// Adds extents for the runs from `vcn` on.
    fn append_extents(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        name: &[u16],
        map: &StreamMap,
        vcn: u64,
    ) -> Result<()> {
        let most = self.record_size() - RECORD_OVERHEAD - name.len() * 2;
        let mut vcn = vcn;
        while vcn < map.runs.end().0 {
            let encoded = map.runs.encode_from(vcn, most);
            if encoded.end_vcn == vcn {
                return Err(Error::DiskFull);
            }
            let new = NewAttribute {
                type_code: key.type_code,
                name,
                flags: map.flags,
                body: Body::Extent(Self::extent_spec(map, vcn, encoded.end_vcn, &encoded.pairs)),
            };
            self.insert_attribute(base, &new)?;
            vcn = encoded.end_vcn;
        }
        Ok(())
    }

    /// Inserts a new non-resident attribute with all its extents.
    pub(crate) fn insert_stream(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
        map: &StreamMap,
    ) -> Result<()> {
        if map.runs.is_empty() {
            let new = NewAttribute {
                type_code: key.type_code,
                name: key.name,
                flags: map.flags,
                body: Body::Extent(Self::extent_spec(map, 0, 0, &[0])),
            };
            return self.insert_attribute(base, &new).map(|_| ());
        }
        self.append_extents(base, key, key.name, map, 0)
    }

    /// Removes every extent of an attribute and returns its clusters' runs.
    pub(crate) fn remove_stream(
        &mut self,
        base: RecordNumber,
        key: AttrKey<'_>,
    ) -> Result<Option<StreamMap>> {
        let body = self.body(base, key)?;
        // One at a time: removing one can move the others.
        while let Some(last) = self.extents(base, key)?.last().map(|found| found.at) {
            self.remove_attribute(base, last)?;
        }
        Ok(match body {
            Some(crate::stream::StreamBody::NonResident(map)) => Some(map),
            _ => None,
        })
    }
}
