//! Inserting attributes, and moving them out of a full base record.

use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, ExtentSpec, INSTANCE_OFFSET, Identity, encode_non_resident,
    encode_resident, resident_len,
};
use linkwright_ntfs_format::attribute_list::Entry;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, FormatError, RecordNumber, num};

use super::find::{AttrRef, Found};
use super::order::SortKey;
use crate::alloc::RecordUse;
use crate::engine::Engine;
use crate::error::{Error, Place, Result};

/// An attribute to be inserted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAttribute<'a> {
    pub(crate) type_code: AttributeType,
    pub(crate) name: &'a [u16],
    pub(crate) flags: AttributeFlags,
    pub(crate) body: Body<'a>,
}

/// Its content.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body<'a> {
    /// In the record.
    Resident(&'a [u8]),
    /// In clusters: one extent.
    Extent(ExtentSpec<'a>),
}

impl<'a> NewAttribute<'a> {
    /// A resident attribute without flags.
    pub(crate) const fn resident(
        type_code: AttributeType,
        name: &'a [u16],
        value: &'a [u8],
    ) -> Self {
        Self {
            type_code,
            name,
            flags: AttributeFlags::empty(),
            body: Body::Resident(value),
        }
    }

    fn encode(&self, instance: u16) -> Result<Vec<u8>, FormatError> {
        let id = Identity {
            type_code: self.type_code,
            name: self.name,
            flags: self.flags,
            instance,
        };
        match &self.body {
            Body::Resident(value) => encode_resident(&id, value),
            Body::Extent(extent) => encode_non_resident(&id, extent),
        }
    }

    /// Bytes in a record.
    fn len(&self) -> Result<usize, FormatError> {
        match &self.body {
            Body::Resident(value) => Ok(resident_len(self.name.len(), value.len())),
            Body::Extent(_) => self.encode(0).map(|bytes| bytes.len()),
        }
    }

    fn lowest_vcn(&self) -> u64 {
        match &self.body {
            Body::Resident(_) => 0,
            Body::Extent(extent) => extent.lowest_vcn,
        }
    }

    fn sort_key(&self) -> SortKey<'a> {
        SortKey {
            type_code: self.type_code,
            name: self.name,
            lowest_vcn: self.lowest_vcn(),
            value: match self.body {
                Body::Resident(value) => value,
                Body::Extent(_) => &[],
            },
        }
    }
}

/// Extension records of a file that are tried for room before a new one is
/// taken: those last in the list, where the newest names are.
pub(super) const TRIED_EXTENSIONS: usize = 6;

/// Room left in the base record for the list itself to grow.
pub(super) const LIST_GROWTH: usize = 64;

impl Engine {
    /// Inserts an attribute where it finds room: the base record, an extension
    /// record, or a new one.
    pub(crate) fn insert_attribute(
        &mut self,
        base: RecordNumber,
        new: &NewAttribute<'_>,
    ) -> Result<AttrRef> {
        let len = new
            .len()
            .map_err(|e| Place::attribute(base, new.type_code).format(e))?;
        if !self.has_list(base)? {
            // A further extent needs a list even where the record has room.
            if new.lowest_vcn() == 0 && len <= self.room_in(base)? {
                return self.place_in(base, new);
            }
            self.list_or_make(base)?;
        }
        let block = self.record(base)?;
        let mut list = self.attribute_list(base, &*block)?.unwrap_or_default();
        drop(block);
        let target = if new.type_code.stays_in_base()
            || Self::pinned(base, new.type_code, new.lowest_vcn())
        {
            while self.room_in(base)? < len {
                if !self.move_one_out(base, &mut list)? {
                    return Err(Error::DiskFull);
                }
            }
            base
        } else {
            self.record_with_room(base, &list, len)?
        };
        let at = self.place_in(target, new)?;
        let entry = Self::entry_for(&at, new.name, self.reference_to(target)?);
        let index = self.sorted_index(&list, &entry);
        list.insert(index, entry);
        self.write_list(base, &mut list)?;
        // Writing the list may have moved the attribute out of the base record.
        Ok(at)
    }

    /// Whether an attribute must not leave the base record.
    fn pinned(base: RecordNumber, type_code: AttributeType, lowest_vcn: u64) -> bool {
        base == RecordNumber::MFT && type_code == AttributeType::DATA && lowest_vcn == 0
    }

    /// Puts an attribute into a record that has room for it.
    pub(super) fn place_in(
        &mut self,
        target: RecordNumber,
        new: &NewAttribute<'_>,
    ) -> Result<AttrRef> {
        let block = self.record(target)?;
        let offset = self.sorted_offset(block.bytes(), target, &new.sort_key())?;
        let ranges = [0..record::HEADER_LEN, offset..block.bytes().len()];
        drop(block);
        let instance = self.patch_record(target, &ranges, |bytes| {
            let instance = record::take_instance(bytes)?;
            record::insert(bytes, offset, &new.encode(instance)?)?;
            Ok(instance)
        })?;
        Ok(AttrRef {
            record: target,
            type_code: new.type_code,
            instance,
            lowest_vcn: new.lowest_vcn(),
        })
    }

    /// A record of the file with room for `len` bytes more.
    fn record_with_room(
        &mut self,
        base: RecordNumber,
        list: &[Entry],
        len: usize,
    ) -> Result<RecordNumber> {
        if self.room_in(base)? >= len + LIST_GROWTH {
            return Ok(base);
        }
        let mut tried: Vec<RecordNumber> = Vec::new();
        for entry in list.iter().rev() {
            let number = entry.reference.record();
            if number == base || tried.contains(&number) {
                continue;
            }
            if self.room_in(number)? >= len {
                return Ok(number);
            }
            tried.push(number);
            if tried.len() >= TRIED_EXTENSIONS {
                break;
            }
        }
        self.new_extension(base)
    }

    /// Takes a fresh extension record for a file.
    pub(super) fn new_extension(&mut self, base: RecordNumber) -> Result<RecordNumber> {
        let purpose = if base == RecordNumber::MFT {
            RecordUse::MftExtension
        } else {
            RecordUse::File
        };
        let owner = self.reference_to(base)?;
        let taken = self.take_record(purpose)?;
        let bytes = self.empty_record(&taken, RecordFlags::IN_USE, Some(owner))?;
        self.put_record(&taken, bytes)?;
        Ok(taken.number)
    }

    /// Moves one attribute out of the base record into another record of the
    /// file and says so in `list` (which is not written). `false` when none can
    /// be moved.
    pub(crate) fn move_one_out(&mut self, base: RecordNumber, list: &mut [Entry]) -> Result<bool> {
        let Some(found) = self.choose_movable(base)? else {
            return Ok(false);
        };
        let bytes = found.view()?.bytes().to_vec();
        let (at, offset) = (found.at, found.offset());
        drop(found);
        let target = self.extension_with_room(base, list, bytes.len())?;
        let moved = self.move_attribute(at, offset, &bytes, target)?;
        let reference = self.reference_to(target)?;
        relist(list, base, at, &moved, reference);
        Ok(true)
    }

    fn extension_with_room(
        &mut self,
        base: RecordNumber,
        list: &[Entry],
        len: usize,
    ) -> Result<RecordNumber> {
        let mut numbers: Vec<RecordNumber> = list
            .iter()
            .map(|e| e.reference.record())
            .filter(|n| *n != base)
            .collect();
        numbers.dedup();
        for number in numbers.into_iter().rev().take(TRIED_EXTENSIONS) {
            if self.room_in(number)? >= len {
                return Ok(number);
            }
        }
        self.new_extension(base)
    }

    /// The attribute of the base record that is best kept elsewhere: names
    /// first, what every access needs last.
    fn choose_movable(&self, base: RecordNumber) -> Result<Option<Found>> {
        let block = self.record(base)?;
        let mut best: Option<(usize, AttrRef)> = None;
        for attribute in record::attributes(block.bytes()) {
            let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
            let type_code = attribute.type_code();
            let lowest_vcn = attribute.non_resident().map_or(0, |n| n.lowest_vcn());
            if type_code.stays_in_base() || Self::pinned(base, type_code, lowest_vcn) {
                continue;
            }
            let rank = match type_code {
                AttributeType::FILE_NAME => 3,
                AttributeType::INDEX_ROOT => 0,
                AttributeType::DATA if attribute.name().is_empty() && lowest_vcn == 0 => 1,
                _ => 2,
            };
            if best.as_ref().is_none_or(|(other, _)| rank >= *other) {
                let at = AttrRef {
                    record: base,
                    type_code,
                    instance: attribute.instance(),
                    lowest_vcn,
                };
                best = Some((rank, at));
            }
        }
        best.map(|(_, at)| self.find_ref(at)).transpose()
    }

    /// Moves the bytes of an attribute from one record into another.
    pub(crate) fn move_attribute(
        &mut self,
        at: AttrRef,
        offset: usize,
        bytes: &[u8],
        target: RecordNumber,
    ) -> Result<AttrRef> {
        let key_place = Place::attribute(at.record, at.type_code);
        let view = linkwright_ntfs_format::attribute::AttributeView::at(bytes, 0)
            .map_err(|e| key_place.format(e))?;
        let name = view.name_units();
        let value = view.resident_value().unwrap_or_default();
        let key = SortKey {
            type_code: at.type_code,
            name: &name,
            lowest_vcn: at.lowest_vcn,
            value,
        };
        let block = self.record(target)?;
        let to = self.sorted_offset(block.bytes(), target, &key)?;
        drop(block);
        self.modify_record(at.record, |record| record::remove(record, offset))?;
        let instance = self.modify_record(target, |record| {
            let instance = record::take_instance(record)?;
            let mut moved = bytes.to_vec();
            num::put(&mut moved, INSTANCE_OFFSET, &instance.to_le_bytes())?;
            record::insert(record, to, &moved)?;
            Ok(instance)
        })?;
        Ok(AttrRef {
            record: target,
            instance,
            ..at
        })
    }
}

/// Says in a list that an attribute moved.
pub(crate) fn relist(
    list: &mut [Entry],
    from: RecordNumber,
    old: AttrRef,
    new: &AttrRef,
    reference: FileReference,
) {
    for entry in list {
        if entry.reference.record() == from
            && entry.type_code == old.type_code
            && entry.instance == old.instance
        {
            entry.reference = reference;
            entry.instance = new.instance;
        }
    }
}
