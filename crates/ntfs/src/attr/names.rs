//! `$FILE_NAME` attributes of a file that has an attribute list: the case of
//! many names, where neither the list nor the records are gone through.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView, NON_RESIDENT_LEN};
use linkwright_ntfs_format::attribute_list::{self, Entry, MAX_LEN};
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::find::{AttrRef, find_in, reference};
use super::insert::{LIST_GROWTH, NewAttribute, TRIED_EXTENSIONS};
use super::list::LIST_STEP;
use super::remove::JOIN_ENTRIES;
use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};
use crate::memo::OpenList;
use crate::record::header_of;
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

const fn place_of(base: RecordNumber) -> Place {
    Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
}

fn name_view<'a>(attribute: &AttributeView<'a>, number: RecordNumber) -> Result<FileNameView<'a>> {
    let place = Place::attribute(number, AttributeType::FILE_NAME);
    let value = attribute
        .resident_value()
        .ok_or_else(|| place.corrupt(CorruptKind::AttributeForm))?;
    FileNameView::new(value).map_err(|e| place.format(e))
}

/// The bit of a type.
fn bit(type_code: AttributeType) -> u32 {
    1_u32.checked_shl(type_code.0 / 0x10).unwrap_or(0)
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
        let (mut at, mut names_end, mut types) = (0, None, 0);
        for entry in attribute_list::decode(&bytes).map_err(|e| place.format(e))? {
            types |= bit(entry.type_code);
            if entry.type_code > AttributeType::FILE_NAME {
                names_end.get_or_insert(at);
            }
            // As they lie: lengths are what was read, not what we would write.
            at += attribute_list::entry_at(&bytes, at).map_or(0, |entry| entry.len);
        }
        let list = Arc::new(OpenList {
            map,
            names_end: names_end.unwrap_or(at),
            types,
        });
        self.memo.put_list(base, Arc::clone(&list));
        Ok(Some(list))
    }

    /// Whether the list of a file may have attributes of a type.
    pub(crate) fn list_may_hold(
        &self,
        base: RecordNumber,
        type_code: AttributeType,
    ) -> Result<bool> {
        Ok(match self.open_list(base)? {
            Some(list) => bit(type_code) == 0 || list.types & bit(type_code) != 0,
            // In the record: short.
            None => true,
        })
    }

    /// Inserts a name of a file whose list lies in clusters and has room there;
    /// `None` when that is not so, and nothing was changed.
    pub(super) fn insert_listed_name(
        &mut self,
        base: RecordNumber,
        new: &NewAttribute<'_>,
        len: usize,
    ) -> Result<Option<AttrRef>> {
        let Some(list) = self.open_list(base)? else {
            return Ok(None);
        };
        let old = usize::try_from(list.map.sizes.data).unwrap_or(usize::MAX);
        let longer = old.saturating_add(ENTRY);
        let room = usize::try_from(list.map.sizes.allocated).unwrap_or(usize::MAX);
        if longer > room.min(MAX_LEN) || list.names_end > old {
            return Ok(None);
        }
        let target = match self.listed_record_with_room(base, &list, len)? {
            Some(target) => target,
            None => self.new_extension(base)?,
        };
        drop(list);
        let at = self.place_in(target, new)?;
        let reference = self.reference_to(target)?;
        self.add_listed(base, &at, reference)?;
        Ok(Some(at))
    }

    /// A record of the file with room for `len` bytes: the base record, or one of
    /// those with the last names.
    fn listed_record_with_room(
        &self,
        base: RecordNumber,
        list: &OpenList,
        len: usize,
    ) -> Result<Option<RecordNumber>> {
        if self.room_in(base)? >= len + LIST_GROWTH {
            return Ok(Some(base));
        }
        // The last one first: mostly it has room.
        let mut bytes = [0; SEEN];
        let mut last = base;
        let mut tried = 0;
        for seen in [ENTRY, SEEN] {
            let seen = list.names_end.min(seen) / ENTRY * ENTRY;
            let bytes = bytes.get_mut(..seen).unwrap_or_default();
            let from = u64::try_from(list.names_end - seen).unwrap_or(u64::MAX);
            self.read_pages(&list.map, from, bytes, place_of(base))?;
            for entry in bytes.rchunks(ENTRY) {
                // Entries of other systems may have other lengths: what is taken
                // for one must lead to a record of this file.
                let named = attribute_list::unnamed_reference(entry, AttributeType::FILE_NAME);
                let Some(number) = named.map(FileReference::record) else {
                    return Ok(None);
                };
                if number == base || number == last {
                    continue;
                }
                last = number;
                if self
                    .extension_room(number, base)?
                    .is_some_and(|room| room >= len)
                {
                    return Ok(Some(number));
                }
                tried += 1;
                if tried >= TRIED_EXTENSIONS {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Calls `each` for every `$FILE_NAME` of a file: where it is, and its value.
    /// A record that holds several of them in a row is looked up once.
    pub(crate) fn each_name(
        &self,
        base: RecordNumber,
        mut each: impl FnMut(AttrRef, FileNameView<'_>) -> Result<()>,
    ) -> Result<()> {
        let block = self.record(base)?;
        let Some(list) = self.attribute_list(base, &block)? else {
            for attribute in record::attributes(block.bytes()) {
                let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
                if attribute.type_code() == AttributeType::FILE_NAME {
                    each(reference(&attribute, base), name_view(&attribute, base)?)?;
                }
            }
            return Ok(());
        };
        drop(block);
        let mut held: Option<(RecordNumber, Arc<Block>)> = None;
        for entry in &list {
            if entry.type_code != AttributeType::FILE_NAME {
                continue;
            }
            let number = entry.reference.record();
            let block = match held.take() {
                Some((same, block)) if same == number => block,
                _ => self.listed_record(base, entry)?,
            };
            let (at, offset) = find_in(&block, number, |a| {
                a.type_code() == entry.type_code && a.instance() == entry.instance
            })?
            .ok_or_else(|| place_of(base).corrupt(CorruptKind::AttributeList))?;
            let attribute = AttributeView::at(block.bytes(), offset)
                .map_err(|e| Place::record(number).format(e))?;
            each(at, name_view(&attribute, number)?)?;
            held = Some((number, block));
        }
        Ok(())
    }

    /// The room in an extension record of a file; `None` when it is none.
    pub(super) fn extension_room(
        &self,
        number: RecordNumber,
        base: RecordNumber,
    ) -> Result<Option<usize>> {
        if number.0 >= self.record_count() {
            return Ok(None);
        }
        let block = self.record(number)?;
        let header = header_of(&block, number)?;
        let owner = header.base().map(FileReference::record);
        if owner != Some(base) || !header.flags().contains(RecordFlags::IN_USE) {
            return Ok(None);
        }
        let room =
            record::free_space(block.bytes()).map_err(|e| Place::record(number).format(e))?;
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
        if !self.has_list(base)? {
            return Ok(None);
        }
        let Some(list) = self.open_list(base)? else {
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
        let missing = || place.corrupt(CorruptKind::AttributeList);
        // Out of the memo until all is in place.
        let mut shared = self.memo.take_list(base).ok_or_else(missing)?;
        let list = Arc::make_mut(&mut shared);
        list.map.sizes.data = u64::try_from(len).unwrap_or(u64::MAX);
        list.map.sizes.initialized = list.map.sizes.data;
        list.names_end = names_end;
        list.types |= bit(AttributeType::FILE_NAME);
        let start = u64::try_from(start).unwrap_or(u64::MAX);
        self.write_pages(&list.map, start, bytes, place)?;
        let found = self.find_own_list(base)?;
        let offset = found.offset();
        let range = offset..offset + NON_RESIDENT_LEN;
        drop(found);
        self.patch_record(base, &[range], |bytes| {
            record::set_sizes(bytes, offset, &list.map.sizes)
        })?;
        self.memo.put_list(base, shared);
        Ok(())
    }

    /// Adds the entry of a name to an open list that has room for it.
    fn add_listed(
        &mut self,
        base: RecordNumber,
        at: &AttrRef,
        reference: FileReference,
    ) -> Result<()> {
        let place = place_of(base);
        let Some(list) = self.open_list(base)? else {
            return Err(place.corrupt(CorruptKind::AttributeList));
        };
        let entry = Entry {
            type_code: at.type_code,
            name: Vec::new(),
            lowest_vcn: 0,
            reference,
            instance: at.instance,
        };
        let old = usize::try_from(list.map.sizes.data).unwrap_or(usize::MAX);
        let mut bytes = attribute_list::encode(&[entry]).map_err(|e| place.format(e))?;
        let behind = bytes.len();
        bytes.resize(behind + (old - list.names_end), 0);
        let start = list.names_end;
        let tail = bytes.get_mut(behind..).unwrap_or_default();
        self.read_pages(
            &list.map,
            u64::try_from(start).unwrap_or(u64::MAX),
            tail,
            place,
        )?;
        drop(list);
        self.rewrite_listed(base, start, &bytes, old + ENTRY, start + ENTRY)
    }
}
