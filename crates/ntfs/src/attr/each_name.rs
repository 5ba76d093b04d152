//! Going over the `$FILE_NAME` attributes of a file.

use core::ops::ControlFlow;
use std::sync::Arc;

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::record;

use super::find::{AttrRef, reference};
use super::names::place_of;
use crate::cache::Block;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};

/// The `$FILE_NAME` attributes of one record.
struct NamesIn {
    number: RecordNumber,
    block: Arc<Block>,
    /// Instance numbers and offsets.
    places: Vec<(u16, usize)>,
}

impl NamesIn {
    fn of(number: RecordNumber, block: Arc<Block>) -> Result<Self> {
        let mut places = Vec::new();
        for attribute in record::attributes(block.bytes()) {
            let attribute = attribute.map_err(|e| Place::record(number).format(e))?;
            if attribute.type_code() == AttributeType::FILE_NAME {
                places.push((attribute.instance(), attribute.offset()));
            }
        }
        Ok(Self {
            number,
            block,
            places,
        })
    }

    fn with_instance(&self, instance: u16) -> Result<Option<AttributeView<'_>>> {
        let found = self.places.iter().find(|(known, _)| *known == instance);
        found
            .map(|(_, offset)| AttributeView::at(self.block.bytes(), *offset))
            .transpose()
            .map_err(|e| Place::record(self.number).format(e))
    }
}

fn name_view<'a>(attribute: &AttributeView<'a>, number: RecordNumber) -> Result<FileNameView<'a>> {
    let place = Place::attribute(number, AttributeType::FILE_NAME);
    let value = attribute
        .resident_value()
        .ok_or_else(|| place.corrupt(CorruptKind::AttributeForm))?;
    FileNameView::new(value).map_err(|e| place.format(e))
}

impl Engine {
    /// Calls `each` for every `$FILE_NAME` of a file: where it is, and its value.
    pub(crate) fn each_name(
        &self,
        base: RecordNumber,
        mut each: impl FnMut(AttrRef, FileNameView<'_>) -> Result<()>,
    ) -> Result<()> {
        self.each_name_until(base, |at, view| each(at, view).map(ControlFlow::Continue))
    }

    /// As [`Self::each_name`], until `each` has what it wants. A record that holds
    /// several names in a row is looked up once.
    pub(crate) fn each_name_until(
        &self,
        base: RecordNumber,
        mut each: impl FnMut(AttrRef, FileNameView<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let block = self.record(base)?;
        let Some(list) = self.attribute_list(base, &*block)? else {
            for attribute in record::attributes(block.bytes()) {
                let attribute = attribute.map_err(|e| Place::record(base).format(e))?;
                if attribute.type_code() == AttributeType::FILE_NAME {
                    let name = name_view(&attribute, base)?;
                    if each(reference(&attribute, base), name)?.is_break() {
                        break;
                    }
                }
            }
            return Ok(());
        };
        drop(block);
        let mut held: Option<NamesIn> = None;
        for entry in &list {
            if entry.type_code != AttributeType::FILE_NAME {
                continue;
            }
            let number = entry.reference.record();
            let names = match held.take() {
                Some(same) if same.number == number => same,
                _ => NamesIn::of(number, self.listed_record(base, entry)?)?,
            };
            let attribute = names.with_instance(entry.instance)?;
            let attribute =
                attribute.ok_or_else(|| place_of(base).corrupt(CorruptKind::AttributeList))?;
            let name = name_view(&attribute, number)?;
            if each(reference(&attribute, number), name)?.is_break() {
                break;
            }
            held = Some(names);
        }
        Ok(())
    }
}
