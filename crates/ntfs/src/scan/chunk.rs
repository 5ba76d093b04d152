//! A stretch of `$MFT`, read at once and looked at.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::look::{Look, NameAt, Sight, Slot, look, look_at, name_of};
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, Place, Result};
use crate::volume::Volume;

/// Bytes read at a time: large enough for a disk, small enough that two of them
/// stay in the processor's own cache while they are looked at and told.
const CHUNK: usize = 512 << 10;

/// What a chunk holds that is to be told, in the order of the records.
pub(super) enum Item {
    /// A file, and where its record starts in the chunk.
    Base { look: Look, at: usize },
    /// A record that is in use and cannot be read.
    Damaged { record: RecordNumber, error: Error },
}

/// The bytes and what was seen in them.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    record_size: usize,
    pub(super) items: Vec<Item>,
    names: Vec<NameAt>,
}

/// All names of a file with an attribute list, in whatever records they are.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) names: Vec<NameAt>,
    /// Their values.
    pub(super) bytes: Vec<u8>,
}

impl Chunk {
    /// All bytes, in which its names lie.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of a file.
    pub(super) fn names(&self, look: &Look) -> &[NameAt] {
        look.names_of(&self.names)
    }

    /// The record that starts at `at`.
    pub(super) fn record(&self, at: usize) -> &[u8] {
        self.bytes
            .get(at..at.saturating_add(self.record_size))
            .unwrap_or_default()
    }

    /// Reads the records from `first` on, at most `count`, as the engine has
    /// them: what is in memory or in the journal only counts as written. The
    /// engine is locked for this chunk and no longer.
    ///
    /// # Errors
    /// The volume is latched. Records that cannot be read are items.
    pub(super) fn read(&mut self, volume: &Volume, first: u64, count: u64) -> Result<()> {
        let engine = volume.read_landed()?;
        let size = engine.record_size();
        let len = usize::try_from(count).unwrap_or(0).saturating_mul(size);
        self.record_size = size;
        self.items.clear();
        self.names.clear();
        self.bytes.resize(len, 0);
        let whole = engine.read_records(first, &mut self.bytes).is_ok();
        let dirty = engine.cache.has_newer();
        let starts = (0..).step_by(size.max(1));
        let records = self.bytes.chunks_exact_mut(size.max(1));
        for ((number, at), bytes) in (first..).zip(starts).zip(records) {
            let this = RecordNumber(number);
            let mut sight = Sight {
                number: this,
                at,
                names: &mut self.names,
            };
            let slot = engine.slot(&mut sight, bytes, whole, dirty);
            match slot {
                Ok(Slot::Nothing) => {}
                Ok(Slot::Base(look)) => self.items.push(Item::Base { look, at }),
                Ok(Slot::Damaged(error)) => self.items.push(Item::Damaged {
                    record: this,
                    error: Place::record(this).format(error),
                }),
                Ok(Slot::Unknown(error)) => {
                    // Windows leaves what was there when it frees a record that
                    // it could not read.
                    if engine.is_marked(this).unwrap_or(true) {
                        self.items.push(Item::Damaged {
                            record: this,
                            error: Place::record(this).format(error),
                        });
                    }
                }
                Err(error) => self.items.push(Item::Damaged {
                    record: this,
                    error,
                }),
            }
        }
        Ok(())
    }
}

/// Records that are read at a time.
pub(super) fn per_chunk(record_size: usize) -> u64 {
    u64::try_from(CHUNK / record_size.max(1))
        .unwrap_or(1)
        .max(1)
}

impl Engine {
    /// Fills `bytes` with the records from `first` on as they lie on the device.
    fn read_records(&self, first: u64, bytes: &mut [u8]) -> Result<()> {
        let place = Place::attribute(RecordNumber::MFT, AttributeType::DATA);
        let offset = first * u64::from(self.geometry.record_size());
        let location = self.location(self.state.mft_runs(), offset, bytes.len(), place)?;
        let mut rest = bytes;
        for segment in location.segments() {
            let (part, tail) = rest.split_at_mut_checked(segment.len).unwrap_or_default();
            self.store.read(segment.offset, part)?;
            rest = tail;
        }
        Ok(())
    }

    /// What one record holds: `bytes` when they could be read and nothing newer
    /// is in memory.
    fn slot(
        &self,
        sight: &mut Sight<'_>,
        bytes: &mut [u8],
        whole: bool,
        dirty: bool,
    ) -> Result<Slot> {
        let number = sight.number;
        let mirrored = number.0 < crate::record::MIRRORED;
        if dirty {
            let key = self.record_location(number)?.key();
            if self.cache.is_newer(key) || self.cache.spilled(key).is_some() {
                return self.slot_in_memory(sight, bytes);
            }
        }
        if !whole && let Err(error) = self.read_records(number.0, bytes) {
            return Err(error);
        }
        match look(bytes, sight) {
            // The copy may stand in for these.
            Slot::Damaged(_) | Slot::Unknown(_) if mirrored => self.slot_in_memory(sight, bytes),
            slot => Ok(slot),
        }
    }

    /// What a record holds as the engine has it.
    fn slot_in_memory(&self, sight: &mut Sight<'_>, bytes: &mut [u8]) -> Result<Slot> {
        let number = sight.number;
        let block = self.record(number)?;
        let from = block.bytes();
        bytes
            .get_mut(..from.len())
            .ok_or_else(|| Place::record(number).corrupt(CorruptKind::RecordOutsideMft))?
            .copy_from_slice(from);
        look_at(bytes, sight).map_err(|e| Place::record(number).format(e))
    }

    /// Whether the bitmap of `$MFT` says that a record is in use.
    fn is_marked(&self, number: RecordNumber) -> Result<bool> {
        let mut byte = [0];
        let place = Place::attribute(RecordNumber::MFT, AttributeType::BITMAP);
        if number.0 / 8 >= self.state.mft_bitmap.sizes.initialized {
            return Ok(false);
        }
        self.read_pages(&self.state.mft_bitmap, number.0 / 8, &mut byte, place)?;
        let [byte] = byte;
        Ok(byte >> (number.0 % 8) & 1 == 1)
    }

    /// All names of a file with an attribute list, in the order of their records,
    /// and how many entries the list has.
    pub(super) fn listed_names(&self, file: FileReference, most: u64) -> Result<(Listed, u64)> {
        let base = file.record();
        let bad = || {
            Place::attribute(base, AttributeType::ATTRIBUTE_LIST)
                .corrupt(CorruptKind::AttributeList)
        };
        let block = self.base_record(file)?;
        let list = self.attribute_list(base, &*block)?.unwrap_or_default();
        let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
        if length > most {
            return Err(bad());
        }
        let mut wanted: Vec<_> = list
            .iter()
            .filter(|entry| entry.type_code == AttributeType::FILE_NAME)
            .map(|entry| (entry.reference, entry.instance))
            .collect();
        wanted.sort_unstable();
        let mut listed = Listed::default();
        let mut rest = wanted.as_slice();
        while let Some((reference, _)) = rest.first() {
            let same = rest.partition_point(|(other, _)| other <= reference);
            let (here, behind) = rest.split_at_checked(same).unwrap_or((rest, &[]));
            let number = reference.record();
            let block = self.record(number)?;
            let header =
                record::header(block.bytes()).map_err(|e| Place::record(number).format(e))?;
            let owned = match header.base() {
                None => number == base,
                Some(owner) => owner.record() == base && owner.matches(file.sequence()),
            };
            if !owned || !reference.matches(header.sequence()) {
                return Err(bad());
            }
            let before = listed.names.len();
            for attribute in record::attributes(block.bytes()) {
                let attribute = attribute.map_err(|e| Place::record(number).format(e))?;
                let is_listed = attribute.type_code() == AttributeType::FILE_NAME
                    && here
                        .binary_search_by_key(&attribute.instance(), |(_, instance)| *instance)
                        .is_ok();
                if is_listed {
                    let name = name_of(&attribute)
                        .and_then(|name| NameAt::new(&name, listed.bytes.len()))
                        .map_err(|e| Place::record(number).format(e))?;
                    listed.names.push(name);
                    let value = attribute.resident_value().unwrap_or_default();
                    listed.bytes.extend_from_slice(value);
                }
            }
            if listed.names.len() - before != here.len() {
                return Err(bad());
            }
            rest = behind;
        }
        Ok((listed, length))
    }
}
