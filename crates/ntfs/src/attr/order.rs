//! The order of attributes in records and lists.

use core::cmp::Ordering;

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::attribute_list::Entry;
use linkwright_ntfs_format::record;

use crate::engine::Engine;
use crate::error::{Place, Result};

/// What places an attribute among others.
pub(crate) struct SortKey<'a> {
    pub(crate) type_code: AttributeType,
    pub(crate) name: &'a [u16],
    pub(crate) lowest_vcn: u64,
    /// Names of a file stand in the order of their values (NTFS.md 2.5).
    pub(crate) value: &'a [u8],
}

impl Engine {
    fn compare_to(&self, attribute: &AttributeView<'_>, key: &SortKey<'_>) -> Ordering {
        attribute
            .type_code()
            .cmp(&key.type_code)
            .then_with(|| {
                if key.name.is_empty() && attribute.name().is_empty() {
                    Ordering::Equal
                } else {
                    self.upcase.compare(&attribute.name_units(), key.name)
                }
            })
            .then_with(|| {
                attribute
                    .non_resident()
                    .map_or(0, |n| n.lowest_vcn())
                    .cmp(&key.lowest_vcn)
            })
            .then_with(|| {
                if key.type_code == AttributeType::FILE_NAME {
                    attribute
                        .resident_value()
                        .unwrap_or_default()
                        .cmp(key.value)
                } else {
                    Ordering::Equal
                }
            })
    }

    /// Where in a record an attribute belongs.
    pub(crate) fn sorted_offset(
        &self,
        bytes: &[u8],
        number: RecordNumber,
        key: &SortKey<'_>,
    ) -> Result<usize> {
        for attribute in record::attributes(bytes) {
            let attribute = attribute.map_err(|e| Place::record(number).format(e))?;
            if self.compare_to(&attribute, key) == Ordering::Greater {
                return Ok(attribute.offset());
            }
        }
        record::end_offset(bytes).map_err(|e| Place::record(number).format(e))
    }

    /// Where in a list an entry belongs: behind its equals.
    pub(crate) fn sorted_index(&self, list: &[Entry], entry: &Entry) -> usize {
        list.partition_point(|other| {
            other
                .type_code
                .cmp(&entry.type_code)
                .then_with(|| self.upcase.compare(&other.name, &entry.name))
                .then_with(|| other.lowest_vcn.cmp(&entry.lowest_vcn))
                != Ordering::Greater
        })
    }
}
