//! Removing attributes, and joining a file's records when it has shrunk.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::attribute_list::Entry;
use linkwright_ntfs_format::{RecordNumber, record};

use super::find::AttrRef;
use super::insert::relist;
use super::names::Others;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};

/// A file with more list entries than this is not looked at for joining its
/// records: it would not fit one.
pub(super) const JOIN_ENTRIES: usize = 16;

impl Engine {
    /// Removes one attribute extent; its clusters are the caller's to free.
    pub(crate) fn remove_attribute(&mut self, base: RecordNumber, at: AttrRef) -> Result<()> {
        if at.record == base && !self.has_list(base)? {
            return self.take_out(at);
        }
        if at.type_code == AttributeType::FILE_NAME
            && let Some(others) = self.unlist_name(base, at)?
        {
            self.take_out(at)?;
            return match others {
                Others::Here => Ok(()),
                Others::Elsewhere => self.free_record(at.record),
            };
        }
        let block = self.record(base)?;
        let list = self.attribute_list(base, &*block)?;
        drop(block);
        self.take_out(at)?;
        let Some(mut list) = list else { return Ok(()) };
        list.retain(|e| {
            !(e.reference.record() == at.record
                && e.type_code == at.type_code
                && e.instance == at.instance)
        });
        if at.record != base && !list.iter().any(|e| e.reference.record() == at.record) {
            self.free_record(at.record)?;
        }
        if self.join_records(base, &mut list)? {
            return Ok(());
        }
        self.write_list(base, &mut list)
    }

    fn take_out(&mut self, at: AttrRef) -> Result<()> {
        let place = Place::attribute(at.record, at.type_code);
        let key = self.record_at_hand(at.record)?;
        let bytes = self.bytes_at_hand(at.record, key)?;
        let used = record::end_offset(bytes).map_err(|e| place.format(e))?;
        let found = record::attributes(bytes).flatten().find(|attribute| {
            attribute.type_code() == at.type_code && attribute.instance() == at.instance
        });
        let found = found.ok_or_else(|| place.corrupt(CorruptKind::MissingAttribute))?;
        let offset = found.offset();
        // As far as the end mark was.
        let moved = offset..(used + size_of::<u64>()).min(bytes.len());
        self.patch_at_hand(at.record, key, &[0..record::HEADER_LEN, moved], |bytes| {
            record::remove(bytes, offset)
        })
    }

    /// Brings all attributes back into the base record and drops the list, when
    /// they fit.
    fn join_records(&mut self, base: RecordNumber, list: &mut [Entry]) -> Result<bool> {
        // An attribute in several extents is never without a list.
        if list.len() > JOIN_ENTRIES || list.iter().any(|e| e.lowest_vcn != 0) {
            return Ok(false);
        }
        let outside: Vec<Entry> = list
            .iter()
            .filter(|e| e.reference.record() != base)
            .cloned()
            .collect();
        let mut needed = 0;
        for entry in &outside {
            needed += self.find_listed(base, entry)?.view()?.len();
        }
        let list_len = self.own_list_len(base)?;
        if needed > self.room_in(base)? + list_len {
            return Ok(false);
        }
        self.drop_list(base)?;
        for entry in &outside {
            let found = self.find_listed(base, entry)?;
            let bytes = found.view()?.bytes().to_vec();
            let (at, offset) = (found.at, found.offset());
            drop(found);
            let moved = self.move_attribute(at, offset, &bytes, base)?;
            let reference = self.reference_to(base)?;
            relist(list, at.record, at, &moved, reference);
            if !list.iter().any(|e| e.reference.record() == at.record) {
                self.free_record(at.record)?;
            }
        }
        Ok(true)
    }

    fn own_list_len(&self, base: RecordNumber) -> Result<usize> {
        let block = self.record(base)?;
        for attribute in record::attributes(block.bytes()) {
            let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
            if attribute.type_code() == AttributeType::ATTRIBUTE_LIST {
                return Ok(attribute.len());
            }
        }
        Ok(0)
    }
}
