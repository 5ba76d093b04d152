//! Many `$FILE_NAME` attributes of one file at once: records filled to the brim,
//! the list written once.

use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, Identity, push_resident, resident_len,
};
use linkwright_ntfs_format::attribute_list::{self, MAX_LEN, UNNAMED_LEN};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, FormatError, RecordNumber, fixup};
use zerocopy::little_endian::U16;

use super::insert::NewAttribute;
use crate::alloc::RecordUse;
use crate::engine::Engine;
use crate::error::{Error, Place, Result};

/// Fewer names than these are inserted one by one where they do not fit into the
/// base record.
const FEW: usize = 4;

/// How records that are new reach the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the cache, to be committed with all that is there.
    Cached,
    /// Straight to their places where these came with the innermost frame: nothing
    /// shows there before it is committed, and nothing stays when it is taken back.
    Straight,
}

/// New records that follow each other and are not written yet.
#[derive(Debug)]
pub(crate) struct NewRecords {
    way: Way,
    offset: u64,
    bytes: Vec<u8>,
}

impl NewRecords {
    pub(crate) const fn new(way: Way) -> Self {
        Self {
            way,
            offset: 0,
            bytes: Vec::new(),
        }
    }

    fn end(&self) -> u64 {
        self.offset + u64::try_from(self.bytes.len()).unwrap_or(0)
    }
}

/// Bytes of new records that are written together.
const STRAIGHT: usize = 256 << 10;

const fn identity(instance: u16) -> Identity<'static> {
    Identity {
        type_code: AttributeType::FILE_NAME,
        name: &[],
        flags: AttributeFlags::empty(),
        instance,
    }
}

/// Bytes of a name's attribute in a record.
fn len_of(value: &[u8]) -> usize {
    resident_len(0, value.len())
}

/// How many of `values` a record with `room` bytes takes.
fn fitting(values: &[&[u8]], room: usize) -> usize {
    let mut left = room;
    let fits = |value: &&&[u8]| match left.checked_sub(len_of(value)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    values.iter().take_while(fits).count()
}

impl Engine {
    /// Gives a file `$FILE_NAME` attributes of these values, in this order as far
    /// as the list has one.
    pub(crate) fn insert_names(
        &mut self,
        base: RecordNumber,
        values: &[&[u8]],
        records: &mut NewRecords,
    ) -> Result<()> {
        let has_list = self.has_list(base)?;
        if !has_list && fitting(values, self.room_in(base)?) == values.len() {
            return self.place_names(base, values).map(drop);
        }
        if values.len() < FEW {
            for value in values {
                let new = NewAttribute::resident(AttributeType::FILE_NAME, &[], value);
                self.insert_attribute(base, &new)?;
            }
            return Ok(());
        }
        if !has_list {
            self.list_or_make(base)?;
        }
        self.fill_records(base, values, records)
    }

    /// The same for a file with a list: records of names, and their entries.
    fn fill_records(
        &mut self,
        base: RecordNumber,
        values: &[&[u8]],
        records: &mut NewRecords,
    ) -> Result<()> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let block = self.record(base)?;
        let list = self.list_bytes(base, &*block)?.unwrap_or_default();
        drop(block);
        let (names_end, last) = names_end(&list);
        let mut entries = Vec::with_capacity(values.len() * UNNAMED_LEN);
        let mut left = values;
        if let Some(number) = last.filter(|number| *number != base)
            && let Some(room) = self.extension_room(number, base)?
        {
            let (now, later) = left.split_at(fitting(left, room));
            let instances = self.place_names(number, now)?;
            let reference = self.reference_to(number)?;
            push_entries(&mut entries, reference, instances);
            left = later;
        }
        let owner = self.reference_to(base)?;
        let room = self.record_size() - record::least_len(self.record_size());
        while !left.is_empty() {
            let (now, later) = left.split_at(fitting(left, room));
            if now.is_empty() {
                return Err(Error::DiskFull);
            }
            let reference = self.make_names_record(owner, now, records)?;
            let instances = (0..now.len()).map(|n| u16::try_from(n).unwrap_or(u16::MAX));
            push_entries(&mut entries, reference, instances);
            left = later;
        }
        let (before, behind) = list.split_at_checked(names_end).unwrap_or((&list, &[]));
        let list = [before, &entries, behind].concat();
        if list.len() > MAX_LEN {
            return Err(Error::DiskFull);
        }
        if self.try_write_list(base, &list)? {
            return Ok(());
        }
        // Attributes that are moved out are looked for room in these records.
        self.write_records(records)?;
        let mut list = attribute_list::decode(&list).map_err(|e| place.format(e))?;
        self.write_list(base, &mut list)
    }

    /// Takes a record for a file and fills it with names.
    fn make_names_record(
        &mut self,
        owner: FileReference,
        values: &[&[u8]],
        records: &mut NewRecords,
    ) -> Result<FileReference> {
        let taken = self.take_record(RecordUse::File)?;
        let place = Place::record(taken.number);
        let mut bytes = self.empty_record(&taken, RecordFlags::IN_USE, Some(owner))?;
        fill_with(&mut bytes, values).map_err(|e| place.format(e))?;
        let location = self.record_location(taken.number)?;
        let straight = records.way == Way::Straight
            && self.goes_with_this_frame(taken.number)
            && self.cache.is_untouched(&location);
        if !straight {
            self.put_record(&taken, bytes)?;
            return Ok(taken.reference());
        }
        fixup::apply(&mut bytes).map_err(|e| place.format(e))?;
        if records.end() != location.key() || records.bytes.len() >= STRAIGHT {
            self.write_records(records)?;
            records.offset = location.key();
        }
        records.bytes.extend_from_slice(&bytes);
        Ok(taken.reference())
    }

    /// Whether a record did not exist when the innermost frame began: when that is
    /// taken back, nobody looks at what lies there.
    fn goes_with_this_frame(&self, number: RecordNumber) -> bool {
        let offset = number
            .0
            .saturating_mul(u64::from(self.geometry.record_size()));
        self.frames
            .last()
            .is_some_and(|before| offset >= before.mft.sizes.initialized)
    }

    /// Writes the records that were made and are not in place yet.
    pub(crate) fn write_records(&mut self, records: &mut NewRecords) -> Result<()> {
        if !records.bytes.is_empty() {
            self.cache.drop_ahead();
            self.store.write_fresh(records.offset, &records.bytes)?;
            records.bytes.clear();
        }
        Ok(())
    }

    /// Puts names into a record that has room for them; their instance numbers.
    fn place_names(&mut self, target: RecordNumber, values: &[&[u8]]) -> Result<Vec<u16>> {
        values
            .iter()
            .map(|value| {
                let new = NewAttribute::resident(AttributeType::FILE_NAME, &[], value);
                self.place_in(target, &new).map(|at| at.instance)
            })
            .collect()
    }
}

/// Where the entries of names end in a list, and the record of the last one.
fn names_end(list: &[u8]) -> (usize, Option<RecordNumber>) {
    let (mut at, mut last) = (0, None);
    while let Some(entry) = attribute_list::entry_at(list, at) {
        if entry.type_code > AttributeType::FILE_NAME {
            break;
        }
        if entry.type_code == AttributeType::FILE_NAME {
            last = Some(entry.reference.record());
        }
        at += entry.len;
    }
    (at, last)
}

fn push_entries(
    entries: &mut Vec<u8>,
    reference: FileReference,
    instances: impl IntoIterator<Item = u16>,
) {
    for instance in instances {
        attribute_list::push_unnamed(entries, AttributeType::FILE_NAME, reference, instance);
    }
}

/// Puts names into an empty record; their instance numbers count from zero in the
/// order given, in the record they stand in the order of their values.
fn fill_with(bytes: &mut [u8], values: &[&[u8]]) -> Result<(), FormatError> {
    let mut sorted: Vec<(&[u8], u16)> = values.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let mut attributes = Vec::with_capacity(bytes.len());
    for (value, instance) in sorted {
        push_resident(&mut attributes, &identity(instance), value)?;
    }
    let end = record::end_offset(bytes)?;
    record::insert(bytes, end, &attributes)?;
    let next = u16::try_from(values.len()).unwrap_or(u16::MAX);
    record::header_mut(bytes)?.next_instance = U16::new(next);
    Ok(())
}
