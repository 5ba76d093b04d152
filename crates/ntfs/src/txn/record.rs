//! Making and reading the body of a record.

use linkwright_device::BlockDevice;
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, IntoBytes};

use super::checksum;
use super::layout::{Extent, MAX_BODY, PAIR, RECORD_HEADER, RECORD_MAGIC, RecordHeader, Run};
use super::sectors::{SECTOR, SECTOR_LEN, Sectors};
use super::write_set::WriteSet;
use crate::error::{CorruptKind, Error, Place, Result};

/// What a group of operations changes, sector by sector.
#[derive(Debug, Default)]
pub(crate) struct Body {
    runs: Vec<Run>,
    before: Vec<u64>,
    images: Vec<u8>,
}

impl Body {
    /// The sectors of `set` that differ from what is there.
    pub(super) fn gather(
        set: &WriteSet,
        known: &Sectors,
        device: &dyn BlockDevice,
    ) -> Result<Self> {
        let mut body = Self::default();
        let mut there = Vec::new();
        for write in set.writes() {
            let (images, rest) = write.bytes.as_chunks::<SECTOR>();
            if !write.offset.is_multiple_of(SECTOR_LEN) || !rest.is_empty() {
                return Err(Place::default().corrupt(CorruptKind::StreamSizes));
            }
            there.clear();
            there.resize(write.bytes.len(), 0);
            device.read_at(write.offset, &mut there)?;
            let (there, _) = there.as_chunks::<SECTOR>();
            let mut at = write.offset;
            for (image, bytes) in images.iter().zip(there) {
                let (before, same) = match known.get(at) {
                    Some(sector) => (sector.before, *sector.image == *image),
                    None => (checksum::of(bytes), bytes == image),
                };
                if !same {
                    body.push(at, before, image);
                }
                at += SECTOR_LEN;
            }
        }
        Ok(body)
    }

    fn push(&mut self, offset: u64, before: u64, image: &[u8]) {
        match self.runs.last_mut() {
            Some(run) if run.offset.get() + run.sectors.get() * SECTOR_LEN == offset => {
                run.sectors += 1;
            }
            _ => self.runs.push(Run {
                offset: U64::new(offset),
                sectors: U64::new(1),
            }),
        }
        self.before.push(before);
        self.images.extend_from_slice(image);
    }

    /// Whether nothing changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.before.is_empty()
    }

    /// Bytes as they are stored.
    pub(crate) fn stored_len(&self) -> u64 {
        (self.runs.len() * PAIR + self.before.len() * 8 + self.images.len()) as u64
    }

    /// Bytes of the log that the record needs with its body in it.
    pub(crate) fn inline_len(&self) -> u64 {
        (self.stored_len() + RECORD_HEADER as u64).next_multiple_of(SECTOR_LEN)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.runs.as_bytes().to_vec();
        for sum in &self.before {
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
        bytes.extend_from_slice(&self.images);
        bytes
    }

    /// The record for the log, and the bytes for the spill area when there is
    /// one.
    pub(super) fn record(
        &self,
        serial: u64,
        sequence: u64,
        spill: &[(u64, u64)],
    ) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let body = self.encode();
        if body.len() as u64 > MAX_BODY {
            return Err(Error::DiskFull);
        }
        let count = |n: usize| u32::try_from(n).map(U32::new).map_err(|_| Error::DiskFull);
        let extents: Vec<Extent> = spill
            .iter()
            .map(|(offset, len)| Extent {
                offset: U64::new(*offset),
                len: U64::new(*len),
            })
            .collect();
        let inside = if spill.is_empty() {
            body.len()
        } else {
            extents.len() * PAIR
        };
        let length = (RECORD_HEADER + inside).next_multiple_of(SECTOR);
        let mut header = RecordHeader {
            magic: RECORD_MAGIC,
            serial: U64::new(serial),
            sequence: U64::new(sequence),
            length: U64::new(length as u64),
            body_length: U64::new(body.len() as u64),
            runs: count(self.runs.len())?,
            sectors: count(self.before.len())?,
            extents: U64::new(extents.len() as u64),
            body_checksum: U64::new(checksum::of(&body)),
            checksum: U64::ZERO,
        };
        header.checksum = U64::new(header.sum(extents.as_bytes()));
        let mut record = header.as_bytes().to_vec();
        if spill.is_empty() {
            record.extend_from_slice(&body);
            record.resize(length, 0);
            return Ok((record, None));
        }
        record.extend_from_slice(extents.as_bytes());
        record.resize(length, 0);
        Ok((record, Some(body)))
    }

    /// Adds what changes to the sectors that wait for their place.
    pub(super) fn apply(&self, sectors: &mut Sectors) {
        let (images, _) = self.images.as_chunks::<SECTOR>();
        let mut rest = self.before.iter().zip(images);
        for run in &self.runs {
            let mut at = run.offset.get();
            for (before, image) in rest
                .by_ref()
                .take(usize::try_from(run.sectors.get()).unwrap_or(0))
            {
                sectors.put(at, *before, image);
                at += SECTOR_LEN;
            }
        }
    }

    /// A stored body; `None` when it cannot be what the header says.
    pub(super) fn decode(header: &RecordHeader, bytes: &[u8], device_len: u64) -> Option<Self> {
        if checksum::of(bytes) != header.body_checksum.get() {
            return None;
        }
        let run_bytes = usize::try_from(header.runs.get()).ok()?.checked_mul(PAIR)?;
        let sectors = usize::try_from(header.sectors.get()).ok()?;
        let (runs, rest) = bytes.split_at_checked(run_bytes)?;
        let (before, images) = rest.split_at_checked(sectors.checked_mul(8)?)?;
        if images.len() != sectors.checked_mul(SECTOR)? {
            return None;
        }
        let (runs, _) = runs.as_chunks::<PAIR>();
        let mut body = Self {
            images: images.to_vec(),
            ..Self::default()
        };
        let mut counted = 0_u64;
        for bytes in runs {
            let run = Run::read_from_bytes(bytes).ok()?;
            let len = run.sectors.get().checked_mul(SECTOR_LEN)?;
            let end = run.offset.get().checked_add(len)?;
            if end > device_len || !run.offset.get().is_multiple_of(SECTOR_LEN) {
                return None;
            }
            counted = counted.checked_add(run.sectors.get())?;
            body.runs.push(run);
        }
        if counted != sectors as u64 {
            return None;
        }
        let (before, _) = before.as_chunks::<8>();
        body.before = before.iter().map(|b| u64::from_le_bytes(*b)).collect();
        Some(body)
    }
}
