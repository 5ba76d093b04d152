//! Finding attributes.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView, Form};
use linkwright_ntfs_format::attribute_list::Entry;
use linkwright_ntfs_format::{RecordNumber, index, record};

use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};
use crate::stream::{StreamBody, StreamMap};

/// Type and name of an attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttrKey<'a> {
    pub(crate) type_code: AttributeType,
    pub(crate) name: &'a [u16],
}

impl<'a> AttrKey<'a> {
    /// The unnamed attribute of a type.
    pub(crate) const fn unnamed(type_code: AttributeType) -> Self {
        Self {
            type_code,
            name: &[],
        }
    }

    /// A named attribute.
    pub(crate) const fn named(type_code: AttributeType, name: &'a [u16]) -> Self {
        Self { type_code, name }
    }

    /// Part of a file-name index.
    pub(crate) const fn i30(type_code: AttributeType) -> Self {
        Self {
            type_code,
            name: &index::I30,
        }
    }
}

/// One extent of an attribute: the record that holds it and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttrRef {
    pub(crate) record: RecordNumber,
    pub(crate) type_code: AttributeType,
    pub(crate) instance: u16,
    pub(crate) lowest_vcn: u64,
}

/// An extent with the record it is in.
pub(crate) struct Found {
    pub(crate) at: AttrRef,
    block: Arc<Block>,
    offset: usize,
}

impl Found {
    pub(super) fn new(at: AttrRef, block: Arc<Block>, offset: usize) -> Self {
        Self { at, block, offset }
    }

    /// The attribute.
    pub(crate) fn view(&self) -> Result<AttributeView<'_>> {
        AttributeView::at(self.block.bytes(), self.offset)
            .map_err(|e| Place::record(self.at.record).format(e))
    }

    /// Offset of the attribute in its record.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Where it is, for errors.
    pub(crate) fn place(&self) -> Place {
        Place::attribute(self.at.record, self.at.type_code)
    }

    /// The resident value.
    pub(crate) fn resident(&self) -> Result<&[u8]> {
        AttributeView::at(self.block.bytes(), self.offset)
            .map_err(|e| self.place().format(e))?
            .resident_value()
            .ok_or_else(|| self.place().corrupt(CorruptKind::AttributeForm))
    }
}

/// The bound on extents of one attribute that are looked at: a list of 256 KiB
/// has fewer entries.
pub(crate) const MAX_EXTENTS: usize = 10_000;

pub(super) fn find_in(
    block: &Block,
    record: RecordNumber,
    wanted: impl Fn(&AttributeView<'_>) -> bool,
) -> Result<Option<(AttrRef, usize)>> {
    for attribute in record::attributes(block.bytes()) {
        let attribute = attribute.map_err(|e| Place::record(record).format(e))?;
        if wanted(&attribute) {
            return Ok(Some((reference(&attribute, record), attribute.offset())));
        }
    }
    Ok(None)
}

pub(super) fn reference(attribute: &AttributeView<'_>, record: RecordNumber) -> AttrRef {
    AttrRef {
        record,
        type_code: attribute.type_code(),
        instance: attribute.instance(),
        lowest_vcn: attribute.non_resident().map_or(0, |n| n.lowest_vcn()),
    }
}

impl Engine {
    /// Whether an attribute's name is the one wanted: stream names differ by
    /// case only when the volume's table says so.
    pub(crate) fn name_matches(&self, attribute: &AttributeView<'_>, name: &[u16]) -> bool {
        attribute.name_is(name)
            || (attribute.name().len() == name.len()
                && attribute
                    .name()
                    .iter()
                    .zip(name)
                    .all(|(a, b)| self.upcase.fold(a.get()) == self.upcase.fold(*b)))
    }

    /// The first extent of an attribute.
    pub(crate) fn find(&self, base: RecordNumber, key: AttrKey<'_>) -> Result<Option<Found>> {
        let block = self.record(base)?;
        let wanted = |a: &AttributeView<'_>| {
            a.type_code() == key.type_code && self.name_matches(a, key.name)
        };
        let lowest = |a: &AttributeView<'_>| a.non_resident().is_none_or(|n| n.lowest_vcn() == 0);
        if let Some((at, offset)) = find_in(&*block, base, |a| wanted(a) && lowest(a))? {
            return Ok(Some(Found { at, block, offset }));
        }
        let Some(list) = self.list_with(base, &*block, key.type_code)? else {
            return Ok(None);
        };
        match list
            .iter()
            .find(|entry| self.entry_is(entry, key) && entry.lowest_vcn == 0)
        {
            Some(entry) => self.find_listed(base, entry).map(Some),
            None => Ok(None),
        }
    }

    /// The first extent of an attribute that must be there.
    pub(crate) fn need(&self, base: RecordNumber, key: AttrKey<'_>) -> Result<Found> {
        self.find(base, key)?.ok_or_else(|| {
            Place::attribute(base, key.type_code).corrupt(CorruptKind::MissingAttribute)
        })
    }

    fn entry_is(&self, entry: &Entry, key: AttrKey<'_>) -> bool {
        entry.type_code == key.type_code && self.upcase.eq_ignore_case(&entry.name, key.name)
    }

    /// The attribute that an entry of the list names.
    pub(crate) fn find_listed(&self, base: RecordNumber, entry: &Entry) -> Result<Found> {
        let number = entry.reference.record();
        let block = self.listed_record(base, entry)?;
        let missing = || {
            Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
                .corrupt(CorruptKind::AttributeList)
        };
        let (at, offset) = find_in(&*block, number, |a| {
            a.type_code() == entry.type_code && a.instance() == entry.instance
        })?
        .ok_or_else(missing)?;
        Ok(Found { at, block, offset })
    }

    /// The record that an entry of the list names: it says which file it
    /// belongs to.
    pub(super) fn listed_record(&self, base: RecordNumber, entry: &Entry) -> Result<Arc<Block>> {
        let number = entry.reference.record();
        let block = self.record(number)?;
        if number != base {
            let header =
                record::header(block.bytes()).map_err(|e| Place::record(number).format(e))?;
            if header.base().is_none_or(|owner| owner.record() != base) {
                return Err(Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
                    .corrupt(CorruptKind::AttributeList));
            }
        }
        Ok(block)
    }

    /// The attribute that a reference names, as it is now.
    pub(crate) fn find_ref(&self, at: AttrRef) -> Result<Found> {
        let block = self.record(at.record)?;
        let (at, offset) = find_in(&*block, at.record, |a| {
            a.type_code() == at.type_code && a.instance() == at.instance
        })?
        .ok_or_else(|| {
            Place::attribute(at.record, at.type_code).corrupt(CorruptKind::MissingAttribute)
        })?;
        Ok(Found { at, block, offset })
    }

    /// Every extent of an attribute in ascending order.
    pub(crate) fn extents(&self, base: RecordNumber, key: AttrKey<'_>) -> Result<Vec<Found>> {
        let mut all = self.all_where(base, |type_code, name| {
            type_code == key.type_code && self.upcase.eq_ignore_case(name, key.name)
        })?;
        all.sort_by_key(|found| found.at.lowest_vcn);
        Ok(all)
    }

    /// Every attribute extent of a file that `wanted` (by type and name) picks,
    /// the attribute list itself left out.
    pub(crate) fn all_where(
        &self,
        base: RecordNumber,
        wanted: impl Fn(AttributeType, &[u16]) -> bool,
    ) -> Result<Vec<Found>> {
        let block = self.record(base)?;
        let mut all = Vec::new();
        if let Some(list) = self.attribute_list(base, &*block)? {
            for entry in list
                .iter()
                .filter(|entry| wanted(entry.type_code, &entry.name))
            {
                all.push(self.find_listed(base, entry)?);
            }
        } else {
            for attribute in record::attributes(block.bytes()) {
                let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
                if wanted(attribute.type_code(), &attribute.name_units()) {
                    let at = reference(&attribute, base);
                    all.push(Found {
                        at,
                        block: Arc::clone(&block),
                        offset: attribute.offset(),
                    });
                }
            }
        }
        Ok(all)
    }

    /// The content of an attribute; `None` when the file has none such.
    pub(crate) fn body(&self, base: RecordNumber, key: AttrKey<'_>) -> Result<Option<StreamBody>> {
        let Some(first) = self.find(base, key)? else {
            return Ok(None);
        };
        let view = first.view()?;
        match view.form() {
            Form::Resident { value, .. } => Ok(Some(StreamBody::Resident(value.to_vec()))),
            Form::NonResident(_) => self
                .map_from(base, key, &first)
                .map(|map| Some(StreamBody::NonResident(map))),
        }
    }

    /// The map of a non-resident attribute.
    pub(crate) fn stream_map(
        &self,
        base: RecordNumber,
        key: AttrKey<'_>,
    ) -> Result<Option<StreamMap>> {
        match self.body(base, key)? {
            Some(StreamBody::NonResident(map)) => Ok(Some(map)),
            Some(StreamBody::Resident(_)) => {
                Err(Place::attribute(base, key.type_code).corrupt(CorruptKind::AttributeForm))
            }
            None => Ok(None),
        }
    }

    /// Joins the extents of an attribute whose first one is known.
    fn map_from(&self, base: RecordNumber, key: AttrKey<'_>, first: &Found) -> Result<StreamMap> {
        let place = Place::attribute(base, key.type_code);
        let view = first.view()?;
        let head = view
            .non_resident()
            .ok_or_else(|| place.corrupt(CorruptKind::AttributeForm))?;
        let mut map = StreamMap {
            flags: view.flags(),
            compression_unit: head.compression_unit(),
            sizes: head.sizes(),
            runs: Default::default(),
        };
        append_extent(&mut map, first, place)?;
        let end = self.clusters_for(map.sizes.allocated);
        if map.runs.end().0 < end {
            let extents = self.extents(base, key)?;
            if extents.len() > MAX_EXTENTS {
                return Err(place.corrupt(CorruptKind::ExtentGap));
            }
            for extent in extents.iter().skip(1) {
                append_extent(&mut map, extent, place)?;
            }
        }
        check_sizes(&map, end, place)?;
        Ok(map)
    }
}

fn append_extent(map: &mut StreamMap, extent: &Found, place: Place) -> Result<()> {
    let gap = || {
        place
            .at_vcn(extent.at.lowest_vcn)
            .corrupt(CorruptKind::ExtentGap)
    };
    let view = extent.view()?;
    let part = view.non_resident().ok_or_else(gap)?;
    if part.lowest_vcn() != map.runs.end().0 {
        return Err(gap());
    }
    map.runs
        .append_pairs(part.pairs(), part.lowest_vcn())
        .map_err(|e| place.at_vcn(part.lowest_vcn()).format(e))?;
    // The header must agree with the pairs (NTFS.md 2.5).
    if map.runs.end().0 != part.highest_vcn().wrapping_add(1) {
        return Err(gap());
    }
    Ok(())
}

fn check_sizes(map: &StreamMap, end: u64, place: Place) -> Result<()> {
    let sizes = &map.sizes;
    let in_order = sizes.initialized <= sizes.data
        && sizes.data <= sizes.allocated
        && i64::try_from(sizes.allocated).is_ok();
    if in_order && map.runs.end().0 == end {
        Ok(())
    } else {
        Err(place.corrupt(CorruptKind::StreamSizes))
    }
}
