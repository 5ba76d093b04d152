//! `$Secure`: the store of descriptors (`$SDS`) and the two indexes that find
//! them, by number (`$SII`) and by hash (`$SDH`).

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::index::encode_view_entry;
use linkwright_ntfs_format::secure::{
    FIRST_SECURITY_ID, SDS_HEADER_LEN, SdhKey, SdsEntry, SdsHeader, SiiKey, next_sds_position,
    sds_end, sds_mirror_of, sds_stream_len, security_hash,
};
use linkwright_ntfs_format::{RecordNumber, SecurityId};

use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, InvalidInput, Place, Result};
use crate::index::attributes::{AttributeIndex, EngineAccess};
use crate::index::collation::{Collation, KeyProbe};
use crate::index::cursor::Cursor;
use crate::index::insert::{Insertion, insert};
use crate::index::search::{Found, find, last};
use crate::index::store::IndexStore;
use crate::stream::StreamMap;

const SDS_NAME: [u16; 4] = [0x24, 0x53, 0x44, 0x53];
const SII: [u16; 4] = [0x24, 0x53, 0x49, 0x49];
const SDH: [u16; 4] = [0x24, 0x53, 0x44, 0x48];
const SDS: AttrKey<'static> = AttrKey::named(AttributeType::DATA, &SDS_NAME);

/// Most descriptors of one hash that are compared. Windows volumes were seen
/// with a handful; a store made to collide is not walked for ever.
const MAX_SAME_HASH: usize = 256;

fn place() -> Place {
    Place::attribute(RecordNumber::SECURE, AttributeType::DATA)
}

/// A place in `$SDS` that has no such descriptor.
fn unsound(offset: u64) -> Error {
    let offset = usize::try_from(offset).ok();
    Place { offset, ..place() }.corrupt(CorruptKind::SecurityId)
}

/// The `$SDS` header that an entry of an index repeats.
fn header_in<E: EngineAccess>(index: &AttributeIndex<'_, E>, found: &Found) -> Result<SdsHeader> {
    let data = found.data().map_err(|fault| index.fault(fault))?;
    SdsHeader::decode(data).map_err(|e| {
        Place::attribute(RecordNumber::SECURE, AttributeType::INDEX_ALLOCATION).format(e)
    })
}

impl Engine {
    fn sds_map(&self) -> Result<StreamMap> {
        self.stream_map(RecordNumber::SECURE, SDS)?
            .ok_or_else(|| place().corrupt(CorruptKind::MissingAttribute))
    }

    /// The descriptor of an entry, from the original or its copy, whichever is
    /// sound.
    fn sds_descriptor(&self, map: &StreamMap, header: &SdsHeader) -> Result<Vec<u8>> {
        // At most 256 KiB: the header was decoded.
        let mut bytes = vec![0; usize::try_from(header.size).unwrap_or(0)];
        for offset in [header.offset, sds_mirror_of(header.offset)] {
            if offset.saturating_add(u64::from(header.size)) > map.sizes.data {
                continue;
            }
            self.read_pages(map, offset, &mut bytes, place())?;
            if let Ok(entry) = SdsEntry::decode(&bytes)
                && entry.header == *header
            {
                return Ok(entry.descriptor.to_vec());
            }
        }
        Err(unsound(header.offset))
    }

    /// The descriptor of a number; `None` when the volume has none such.
    pub(super) fn descriptor_by_id(&self, id: SecurityId) -> Result<Option<Vec<u8>>> {
        let index = AttributeIndex::open(self, RecordNumber::SECURE, &SII)?;
        let probe = KeyProbe {
            order: Collation::Ulong,
            key: &SiiKey(id).encode(),
        };
        let Some(found) = find(&index, &probe)? else {
            return Ok(None);
        };
        let header = header_in(&index, &found)?;
        if header.id != id {
            return Err(unsound(header.offset));
        }
        self.sds_descriptor(&self.sds_map()?, &header).map(Some)
    }

    /// The number of a descriptor that is in the store already.
    pub(super) fn find_descriptor(&self, descriptor: &[u8]) -> Result<Option<SecurityId>> {
        let hash = security_hash(descriptor);
        let map = self.sds_map()?;
        let index = AttributeIndex::open(self, RecordNumber::SECURE, &SDH)?;
        let first = SdhKey {
            hash,
            id: SecurityId(0),
        };
        let mut cursor = Cursor::from_key(first.encode().to_vec());
        for _ in 0..MAX_SAME_HASH {
            let Some(found) = cursor.next(&index, Collation::SecurityHash)? else {
                break;
            };
            let header = header_in(&index, &found)?;
            if header.hash != hash {
                break;
            }
            // An entry that leads nowhere is nothing to share; it stays for a
            // checker to find.
            let same = match self.sds_descriptor(&map, &header) {
                Ok(other) => other == descriptor,
                Err(Error::Corrupt(_)) => false,
                Err(other) => return Err(other),
            };
            if same && self.has_number(&header)? {
                return Ok(Some(header.id));
            }
        }
        Ok(None)
    }

    /// Whether `$SII` knows an entry that `$SDH` knows.
    fn has_number(&self, header: &SdsHeader) -> Result<bool> {
        let index = AttributeIndex::open(self, RecordNumber::SECURE, &SII)?;
        let probe = KeyProbe {
            order: Collation::Ulong,
            key: &SiiKey(header.id).encode(),
        };
        match find(&index, &probe)? {
            Some(found) => Ok(header_in(&index, &found)? == *header),
            None => Ok(false),
        }
    }

    /// The next number, and where the last entry of the store ends.
    fn end_of_store(&self, map: &StreamMap) -> Result<(SecurityId, u64)> {
        let by_length = sds_end(map.sizes.data);
        let index = AttributeIndex::open(self, RecordNumber::SECURE, &SII)?;
        let Some(found) = last(&index)? else {
            return Ok((FIRST_SECURITY_ID, by_length));
        };
        let header = header_in(&index, &found)?;
        let end = header.offset + u64::from(header.size);
        if end > by_length {
            return Err(unsound(header.offset));
        }
        let next = header.id.0.checked_add(1).ok_or(Error::DiskFull)?;
        Ok((SecurityId(next).max(FIRST_SECURITY_ID), by_length))
    }

    /// Adds a descriptor behind the last one.
    pub(super) fn add_descriptor(&mut self, descriptor: &[u8]) -> Result<SecurityId> {
        let too_long = InvalidInput::InvalidSecurityDescriptor;
        let mut map = self.sds_map()?;
        let (id, end) = self.end_of_store(&map)?;
        let size = descriptor.len() + SDS_HEADER_LEN;
        let size_on_disk = u64::try_from(size).unwrap_or(u64::MAX);
        let offset = next_sds_position(end, size_on_disk).ok_or_else(|| too_long.clone())?;
        let header = SdsHeader::new(descriptor, id, offset).map_err(|_| too_long)?;
        let len = sds_stream_len(offset + size_on_disk);
        if len > map.sizes.data {
            self.grow_pages(RecordNumber::SECURE, SDS, &mut map, len)?;
        }
        let bytes = SdsEntry { header, descriptor }.encode();
        // What fills the original up to the next entry lies behind the end of
        // the stream in the copy.
        let entry = bytes.get(..size).unwrap_or_default();
        self.write_pages(&map, offset, &bytes, place())?;
        self.write_pages(&map, sds_mirror_of(offset), entry, place())?;
        let data = header.encode();
        self.add_key(&SII, Collation::Ulong, &SiiKey(id).encode(), &data)?;
        let key = header.sdh_key().encode();
        self.add_key(&SDH, Collation::SecurityHash, &key, &data)?;
        Ok(id)
    }

    fn add_key(
        &mut self,
        name: &[u16],
        order: Collation<'_>,
        key: &[u8],
        data: &[u8],
    ) -> Result<()> {
        let place = Place::attribute(RecordNumber::SECURE, AttributeType::INDEX_ROOT);
        let entry = encode_view_entry(key, data).map_err(|e| place.format(e))?;
        let mut index = AttributeIndex::open(&mut *self, RecordNumber::SECURE, name)?;
        match insert(&mut index, &KeyProbe { order, key }, &entry)? {
            Insertion::Done => Ok(()),
            // A number that only one of the indexes knows.
            Insertion::Exists => Err(place.corrupt(CorruptKind::SecurityId)),
        }
    }
}
