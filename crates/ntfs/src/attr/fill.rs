//! Many `$FILE_NAME` attributes of one file at once: records filled to the brim,
//! the list written once.

use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, Identity, push_resident, resident_len,
};
use linkwright_ntfs_format::attribute_list::{self, MAX_LEN, UNNAMED_LEN};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, FormatError, RecordNumber};
use zerocopy::little_endian::U16;

use super::insert::NewAttribute;
use crate::alloc::RecordUse;
use crate::engine::Engine;
use crate::error::{Error, Place, Result};

/// Fewer names than these are inserted one by one where they do not fit into the
/// base record.
const FEW: usize = 4;

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
    pub(crate) fn insert_names(&mut self, base: RecordNumber, values: &[&[u8]]) -> Result<()> {
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
        self.fill_records(base, values)
    }

    /// The same for a file with a list: records of names, and their entries.
    fn fill_records(&mut self, base: RecordNumber, values: &[&[u8]]) -> Result<()> {
        let place = Place::attribute(base, AttributeType::ATTRIBUTE_LIST);
        let block = self.record(base)?;
        let list = self.list_bytes(base, &block)?.unwrap_or_default();
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
            let taken = self.take_record(RecordUse::File)?;
            let mut bytes = self.empty_record(&taken, RecordFlags::IN_USE, Some(owner))?;
            fill_with(&mut bytes, now).map_err(|e| Place::record(taken.number).format(e))?;
            self.put_record(&taken, bytes)?;
            let instances = (0..now.len()).map(|n| u16::try_from(n).unwrap_or(u16::MAX));
            push_entries(&mut entries, taken.reference(), instances);
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
        let mut list = attribute_list::decode(&list).map_err(|e| place.format(e))?;
        self.write_list(base, &mut list)
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
