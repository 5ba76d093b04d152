//! `$FILE_NAME` attributes of a file that has an attribute list: the case of
//! many names, where neither the list nor the records are gone through.

use core::cmp::Ordering;
use core::ops::Range;
use std::sync::Arc;

use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, AttributeView, Identity, NON_RESIDENT_LEN, resident_len,
};
use linkwright_ntfs_format::attribute_list::{self, MAX_LEN};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, FormatError, FormatErrorKind, RecordNumber, num};

use super::find::AttrRef;
use super::insert::{LIST_GROWTH, NewAttribute, TRIED_EXTENSIONS};
use super::list::LIST_STEP;
use super::remove::JOIN_ENTRIES;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};
use crate::memo::OpenList;
use crate::stream::StreamBody;

/// Whether a record holds attributes beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// It does.
    Here,
    /// It does not.
    Elsewhere,
}

/// Bytes of the entry of an attribute without a name.
const ENTRY: usize = attribute_list::UNNAMED_LEN;

/// Bytes in front of the end of the names that are looked at for records with
/// room: a record holds about eight names.
const SEEN: usize = TRIED_EXTENSIONS * 8 * ENTRY;

/// Where a name that is to come finds room.
enum Room {
    /// In the record with the last names, as nearly always.
    In(RecordNumber),
    /// In one before it.
    Behind(RecordNumber),
    /// In none, of which none has more than `spare` bytes.
    Nowhere { spare: usize },
}

/// What changes in a base record along with a name: its header, and bytes of a
/// range. Nothing moves.
pub(crate) struct Along<'a> {
    pub(crate) range: Range<usize>,
    pub(crate) write: &'a dyn Fn(&mut [u8]) -> core::result::Result<(), FormatError>,
}

/// How a base record has its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// Not at all: the file has one record.
    None,
    /// As a value of the record.
    InRecord,
    /// In clusters; the attribute is at this offset of the record.
    InClusters(usize),
}

impl ListForm {
    fn of(record: &[u8]) -> core::result::Result<Self, FormatError> {
        // The list is the second type there is: what comes behind decides.
        for attribute in record::attributes(record) {
            let attribute = attribute?;
            match attribute.type_code().cmp(&AttributeType::ATTRIBUTE_LIST) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Self::of_attribute(&attribute)),
                Ordering::Greater => break,
            }
        }
        Ok(Self::None)
    }

    /// The form that this attribute, the list, has.
    pub(crate) fn of_attribute(list: &AttributeView<'_>) -> Self {
        match list.is_non_resident() {
            false => Self::InRecord,
            true => Self::InClusters(list.offset()),
        }
    }
}

/// Whether an attribute belongs behind a name of this value in a record.
fn is_behind_name(other: &AttributeView<'_>, value: &[u8]) -> bool {
    match other.type_code().cmp(&AttributeType::FILE_NAME) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => {
            !other.name().is_empty()
                || other.non_resident().is_some_and(|n| n.lowest_vcn() > 0)
                || other.resident_value().unwrap_or_default() > value
        }
    }
}

pub(super) const fn place_of(base: RecordNumber) -> Place {
    Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
}

impl Engine {
    /// The list of a file, when it lies in clusters.
    pub(crate) fn open_list(&self, base: RecordNumber) -> Result<Option<Arc<OpenList>>> {
        if let Some(list) = self.memo.list(base) {
            return Ok(Some(list));
        }
        let StreamBody::NonResident(map) = self.list_body(base)? else {
            return Ok(None);
        };
        let place = place_of(base);
        let bytes = self.read_list(base, &map)?;
        let mut list = OpenList::new(map);
        let (mut at, mut names_end) = (0, None);
        for entry in attribute_list::decode(&bytes).map_err(|e| place.format(e))? {
            list.note(entry.type_code);
            if entry.type_code > AttributeType::FILE_NAME {
                names_end.get_or_insert(at);
            }
            // As they lie: lengths are what was read, not what we would write.
            at += attribute_list::entry_at(&bytes, at).map_or(0, |entry| entry.len);
        }
        list.names_end = names_end.unwrap_or(at);
        let list = Arc::new(list);
        self.memo.put_list(base, Arc::clone(&list));
        Ok(Some(list))
    }

    /// As [`Self::open_list`], for who has the volume alone.
    fn open_list_now(&mut self, base: RecordNumber) -> Result<Option<Arc<OpenList>>> {
        match self.memo.list_now(base) {
            Some(list) => Ok(Some(list)),
            None => self.open_list(base),
        }
    }

    /// Whether the list of a file may have attributes of a type.
    pub(crate) fn list_may_hold(
        &self,
        base: RecordNumber,
        type_code: AttributeType,
    ) -> Result<bool> {
        Ok(match self.open_list(base)? {
            Some(list) => list.may_hold(type_code),
            // In the record: short.
            None => true,
        })
    }

    /// Inserts the `$FILE_NAME` of a name where it finds room: the base record, an
    /// extension record, or a new one.
    pub(crate) fn insert_name(&mut self, base: RecordNumber, value: &[u8]) -> Result<()> {
        let place = Place::record(base);
        let bytes = self.record_bytes(base)?;
        let room = record::free_space(bytes).map_err(|e| place.format(e))?;
        let list = ListForm::of(bytes).map_err(|e| place.format(e))?;
        self.insert_name_beside(base, list, room, value, None)
    }

    /// As [`Self::insert_name`], where the base record says this of its list and
    /// its room; what changes along is part of a change that is made anyhow.
    pub(crate) fn insert_name_beside(
        &mut self,
        base: RecordNumber,
        list: ListForm,
        room: usize,
        value: &[u8],
        along: Option<&Along<'_>>,
    ) -> Result<()> {
        let len = resident_len(0, value.len());
        match list {
            ListForm::None if len <= room => {
                return self.place_name(base, value, along).map(|_| ());
            }
            ListForm::InClusters(at)
                if self.insert_listed_name(base, at, room, value, along)? =>
            {
                return Ok(());
            }
            _ => {}
        }
        if let Some(along) = along {
            let ranges = [0..record::HEADER_LEN, along.range.clone()];
            self.patch_record(base, &ranges, along.write)?;
        }
        let new = NewAttribute::resident(AttributeType::FILE_NAME, &[], value);
        self.insert_attribute(base, &new).map(|_| ())
    }

    /// Puts a name into a record that has room for it; its instance number there
    /// and the record's reference.
    fn place_name(
        &mut self,
        target: RecordNumber,
        value: &[u8],
        along: Option<&Along<'_>>,
    ) -> Result<(u16, FileReference)> {
        let place = Place::record(target);
        let len = resident_len(0, value.len());
        let key = self.record_at_hand(target)?;
        let bytes = self.bytes_at_hand(target, key)?;
        let spot = record::spot(bytes, |other| is_behind_name(other, value));
        let spot = spot.map_err(|e| place.format(e))?;
        let used = record::end_offset(bytes).map_err(|e| place.format(e))?;
        let header = record::header(bytes).map_err(|e| place.format(e))?;
        let reference = FileReference::new(target, header.sequence());
        // As far as the end mark moves.
        let moved = spot.offset..(used + len + size_of::<u64>()).min(bytes.len());
        let range = along.map_or(0..0, |along| along.range.clone());
        let ranges = [0..record::HEADER_LEN, moved, range];
        let (both, _) = ranges.split_at(2);
        let ranges = if along.is_none() { both } else { &ranges };
        self.patch_at_hand(target, key, ranges, |bytes| {
            // Before anything moves.
            along.map_or(Ok(()), |along| (along.write)(bytes))?;
            let id = Identity {
                type_code: AttributeType::FILE_NAME,
                name: &[],
                flags: AttributeFlags::empty(),
                instance: spot.instance,
            };
            record::insert_resident(bytes, spot.offset, &id, value)
        })?;
        Ok((spot.instance, reference))
    }

    /// Inserts a name of a file whose list lies in clusters and has room there;
    /// `false` when that is not so, and nothing was changed. `list_at` and `room`
    /// are what the base record says.
    fn insert_listed_name(
        &mut self,
        base: RecordNumber,
        list_at: usize,
        room: usize,
        value: &[u8],
        along: Option<&Along<'_>>,
    ) -> Result<bool> {
        let Some(list) = self.open_list_now(base)? else {
            return Ok(false);
        };
        let old = usize::try_from(list.map.sizes.data).unwrap_or(usize::MAX);
        let longer = old.saturating_add(ENTRY);
        let allocated = usize::try_from(list.map.sizes.allocated).unwrap_or(usize::MAX);
        if longer > allocated.min(MAX_LEN) || list.names_end > old {
            return Ok(false);
        }
        let len = resident_len(0, value.len());
        let in_base = room >= len + LIST_GROWTH;
        let (target, spare) = match in_base {
            true => (base, list.spare),
            false => match self.listed_record_with_room(base, &list, len)? {
                Room::In(target) => (target, list.spare),
                // What it has is not known of the one that was last.
                Room::Behind(target) => (target, usize::MAX),
                Room::Nowhere { spare } => (self.new_extension(base)?, spare),
            },
        };
        drop(list);
        let (first, last) = if in_base {
            (along, None)
        } else {
            (None, along)
        };
        let (instance, reference) = self.place_name(target, value, first)?;
        let list_at = match in_base {
            // It may stand behind the name in records of other systems.
            true => self.find_own_list(base)?.offset(),
            false => list_at,
        };
        self.add_listed(base, list_at, (reference, instance), last)?;
        self.memo.change_list(base, |list| {
            list.spare = spare;
            if !in_base {
                list.last = Some(target);
            }
        });
        Ok(true)
    }

    /// An extension record of the file with room for `len` bytes: one of those
    /// with the last names.
    fn listed_record_with_room(
        &mut self,
        base: RecordNumber,
        list: &OpenList,
        len: usize,
    ) -> Result<Room> {
        let mut spare = 0;
        if let Some(last) = list.last {
            // The last one first: mostly it has room.
            let room = self.extension_room(last, base)?.unwrap_or(0);
            if room >= len {
                return Ok(Room::In(last));
            }
            spare = room;
            if list.spare < len {
                return Ok(Room::Nowhere {
                    spare: spare.max(list.spare),
                });
            }
        }
        let mut bytes = [0; SEEN];
        let seen = list.names_end.min(SEEN) / ENTRY * ENTRY;
        let bytes = bytes.get_mut(..seen).unwrap_or_default();
        let from = u64::try_from(list.names_end - seen).unwrap_or(u64::MAX);
        self.read_pages(&list.map, from, bytes, place_of(base))?;
        let mut last = base;
        let mut tried = 0;
        for entry in bytes.rchunks(ENTRY) {
            // Entries of other systems may have other lengths: what is taken
            // for one must lead to a record of this file.
            let named = attribute_list::unnamed_reference(entry, AttributeType::FILE_NAME);
            let Some(number) = named.map(FileReference::record) else {
                break;
            };
            if number == base || number == last {
                continue;
            }
            last = number;
            let room = self.extension_room(number, base)?.unwrap_or(0);
            if room >= len {
                return Ok(match tried {
                    0 => Room::In(number),
                    _ => Room::Behind(number),
                });
            }
            spare = spare.max(room);
            tried += 1;
            if tried >= TRIED_EXTENSIONS {
                break;
            }
        }
        Ok(Room::Nowhere { spare })
    }

    /// The room in an extension record of a file; `None` when it is none.
    pub(super) fn extension_room(
        &mut self,
        number: RecordNumber,
        base: RecordNumber,
    ) -> Result<Option<usize>> {
        if number.0 >= self.record_count() {
            return Ok(None);
        }
        let place = Place::record(number);
        let bytes = self.record_bytes(number)?;
        let header = record::header(bytes).map_err(|e| place.format(e))?;
        let owner = header.base().map(FileReference::record);
        if owner != Some(base) || !header.flags().contains(RecordFlags::IN_USE) {
            return Ok(None);
        }
        let room = record::free_space(bytes).map_err(|e| place.format(e))?;
        Ok(Some(room))
    }

    /// Takes the entry of a name out of a list in clusters that stays there, with
    /// as many; tells whether its record holds others. `None`: the list is of
    /// another kind, and nothing was changed.
    pub(super) fn unlist_name(
        &mut self,
        base: RecordNumber,
        at: AttrRef,
    ) -> Result<Option<Others>> {
        let form = ListForm::of(self.record_bytes(base)?);
        let form = form.map_err(|e| Place::record(base).format(e))?;
        let list = match form {
            ListForm::InClusters(_) => self.open_list_now(base)?,
            _ => None,
        };
        let Some(list) = list else {
            return Ok(None);
        };
        let mut bytes = self.read_list(base, &list.map)?;
        let (mut offset, mut found, mut others) = (0, None, Others::Elsewhere);
        while let Some(entry) = attribute_list::entry_at(&bytes, offset) {
            if entry.reference.record() == at.record {
                if entry.type_code == at.type_code && entry.instance == at.instance {
                    found = Some(offset..offset + entry.len);
                } else {
                    others = Others::Here;
                }
            }
            offset += entry.len;
        }
        let Some(gone) = found.filter(|gone| gone.end <= list.names_end) else {
            return Ok(None);
        };
        let left = bytes.len() - gone.len();
        let steps = |bytes: usize| u64::try_from(bytes).unwrap_or(0).div_ceil(LIST_STEP);
        if left <= (JOIN_ENTRIES + 1) * ENTRY || steps(left) != steps(bytes.len()) {
            return Ok(None);
        }
        let tail = bytes.split_off(gone.end);
        let names_end = list.names_end - gone.len();
        drop(list);
        self.rewrite_listed(base, gone.start, &tail, left, names_end)?;
        Ok(Some(others))
    }

    /// Writes the end of an open list from an offset on, and its new length.
    fn rewrite_listed(
        &mut self,
        base: RecordNumber,
        start: usize,
        bytes: &[u8],
        len: usize,
        names_end: usize,
    ) -> Result<()> {
        let place = place_of(base);
        let list = self.open_list_now(base)?;
        let list = list.ok_or_else(|| place.corrupt(CorruptKind::AttributeList))?;
        let start = u64::try_from(start).unwrap_or(u64::MAX);
        self.write_pages(&list.map, start, bytes, place)?;
        drop(list);
        let list_at = self.find_own_list(base)?.offset();
        self.set_list_len(base, list_at, len, names_end, None)
    }

    /// Writes the new length of an open list whose bytes are in place.
    fn set_list_len(
        &mut self,
        base: RecordNumber,
        list_at: usize,
        len: usize,
        names_end: usize,
        along: Option<&Along<'_>>,
    ) -> Result<()> {
        let size = u64::try_from(len).unwrap_or(u64::MAX);
        let ranges = [
            list_at..list_at + NON_RESIDENT_LEN,
            0..record::HEADER_LEN,
            along.map_or(0..0, |along| along.range.clone()),
        ];
        let (own, _) = ranges.split_at(1);
        let ranges = if along.is_none() { own } else { &ranges };
        self.patch_record(base, ranges, |bytes| {
            along.map_or(Ok(()), |along| (along.write)(bytes))?;
            let view = AttributeView::at(bytes, list_at)?;
            if view.type_code() != AttributeType::ATTRIBUTE_LIST {
                return Err(FormatError::new(FormatErrorKind::Value, list_at));
            }
            record::set_data_size(bytes, list_at, size)
        })?;
        self.memo.change_list(base, |list| {
            list.map.sizes.data = size;
            list.map.sizes.initialized = size;
            list.names_end = names_end;
            list.note(AttributeType::FILE_NAME);
            (list.last, list.spare) = (None, usize::MAX);
        });
        Ok(())
    }

    /// Adds the entry of a name to an open list that has room for it.
    fn add_listed(
        &mut self,
        base: RecordNumber,
        list_at: usize,
        (reference, instance): (FileReference, u16),
        along: Option<&Along<'_>>,
    ) -> Result<()> {
        let place = place_of(base);
        let short = || place.corrupt(CorruptKind::AttributeList);
        let list = self.open_list_now(base)?.ok_or_else(short)?;
        let old = usize::try_from(list.map.sizes.data).unwrap_or(usize::MAX);
        let (start, longer) = (list.names_end, old.saturating_add(ENTRY));
        let tail = old.checked_sub(start).ok_or_else(short)?;
        let entry = attribute_list::encode_unnamed(AttributeType::FILE_NAME, reference, instance);
        let from = u64::try_from(start).unwrap_or(u64::MAX);
        let page = from & !(self.page_size() - 1);
        let inside = usize::try_from(from - page).unwrap_or(usize::MAX);
        if u64::try_from(longer).unwrap_or(u64::MAX) <= page + self.page_size() {
            let range = inside..inside + tail + ENTRY;
            self.patch_page(&list.map, page, range.clone(), place, |bytes| {
                let part = bytes.get_mut(range).ok_or_else(short)?;
                part.copy_within(..tail, ENTRY);
                num::put(part, 0, &entry).map_err(|e| place.format(e))
            })?;
        } else {
            let mut bytes = entry.to_vec();
            bytes.resize(ENTRY + tail, 0);
            let behind = bytes.get_mut(ENTRY..).unwrap_or_default();
            self.read_pages(&list.map, from, behind, place)?;
            self.write_pages(&list.map, from, &bytes, place)?;
        }
        drop(list);
        self.set_list_len(base, list_at, longer, start + ENTRY, along)
    }
}
