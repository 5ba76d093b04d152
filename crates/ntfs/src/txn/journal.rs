//! The journal of a session, and replaying that of one that did not end.

use std::hash::{BuildHasher, RandomState};

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::log::EMPTY_FILL;
use zerocopy::IntoBytes;
use zerocopy::little_endian::U64;

use super::checksum;
use super::far::Far;
use super::layout::{
    CLEAN_BEFORE, HEAD_SECTORS, HEADER_MAGIC, Header, PAIR, RECORD_HEADER, RecordHeader,
};
use super::record::Body;
use super::region::LogRegion;
use super::sectors::{SECTOR, SECTOR_LEN, Sectors};
use crate::error::{Error, Result, Unsupported};

/// A journal in its region.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) region: LogRegion,
    pub(super) header: Header,
    /// Sequence number of the next record.
    pub(super) sequence: u64,
    /// Where it goes.
    pub(super) position: u64,
    /// End of the part of the log that was written to.
    pub(super) used: u64,
}

/// What waits in the log of a session that did not end.
#[derive(Debug)]
pub(crate) struct Found {
    pub(super) journal: Journal,
    pub(super) sectors: Sectors,
    /// The last group, when the log could not take it; then there is nothing
    /// in `sectors`.
    pub(super) far: Option<Far>,
    /// Groups of operations that were committed and not in place.
    pub(crate) groups: u64,
    /// The restart pages are as the session wrote them. Else it was cut off
    /// while they were written or removed: nothing of it waits.
    pub(crate) marked: bool,
}

impl Found {
    /// Bytes that replaying brings into place.
    pub(crate) fn bytes(&self) -> u64 {
        let far = self.far.as_ref().map_or(0, Far::bytes);
        self.sectors.len() as u64 * SECTOR_LEN + far
    }

    /// Whether the volume was clean when that session began.
    pub(crate) fn clean_before(&self) -> bool {
        self.journal.header.flags.get() & CLEAN_BEFORE != 0
    }

    /// The byte offset of a sector that somebody else has written since.
    pub(crate) fn foreign(&self, device: &dyn BlockDevice) -> Result<Option<u64>> {
        let checked = match &self.far {
            Some(far) => far.check_untouched(device),
            None => self.sectors.check_untouched(device),
        };
        match checked {
            Ok(()) => Ok(None),
            Err(Error::Unsupported(Unsupported::ForeignWriter { offset })) => Ok(Some(offset)),
            Err(error) => Err(error),
        }
    }
}

impl Journal {
    /// A journal for a new session; nothing is written yet.
    pub(super) fn new(
        region: LogRegion,
        serial: u64,
        flags: u64,
        head_before: [U64; HEAD_SECTORS],
        head: &[u8],
    ) -> Self {
        let start = region.records_start();
        Self {
            region,
            header: Header {
                magic: HEADER_MAGIC,
                serial: U64::new(serial),
                session: U64::new(random()),
                generation: U64::ZERO,
                next_sequence: U64::new(1),
                flags: U64::new(flags),
                records_end: U64::ZERO,
                flag_sum: U64::ZERO,
                head_before,
                head_after: sector_sums(head),
                checksum: U64::ZERO,
            },
            sequence: 1,
            position: start,
            used: start,
        }
    }

    /// Bytes left for records.
    pub(super) fn room(&self) -> u64 {
        self.region.len() - self.position
    }

    /// The places on the device behind `room` bytes for a record, to hold what
    /// that record names. The log has no record, and is in use to its end now.
    pub(super) fn lend(&mut self, room: u64) -> Vec<(u64, u64)> {
        self.used = self.region.len();
        self.region.extents_from(self.position + room)
    }

    /// The header when all records are done with, and where it goes.
    pub(super) fn next_header(&mut self) -> (u64, Vec<u8>) {
        self.header.next_sequence = U64::new(self.sequence);
        self.header.records_end = U64::ZERO;
        self.sealed_header()
    }

    /// The last header of a session, and where it goes: all its records still
    /// count, or none.
    pub(super) fn last_header(&mut self) -> (u64, Vec<u8>) {
        self.header.records_end = U64::new(self.sequence);
        self.sealed_header()
    }

    fn sealed_header(&mut self) -> (u64, Vec<u8>) {
        self.header.generation += 1;
        self.header = self.header.seal();
        let mut bytes = self.header.as_bytes().to_vec();
        bytes.resize(SECTOR, 0);
        (
            self.region.header_offset(self.header.generation.get()),
            bytes,
        )
    }

    /// Looks for the journal of a session that did not end. `None`: the log is
    /// at rest, or another system's.
    pub(super) fn find(
        device: &dyn BlockDevice,
        region: &LogRegion,
        serial: u64,
    ) -> Result<Option<Found>> {
        let mut newest: Option<Header> = None;
        for slot in 0..2 {
            let mut bytes = vec![0; SECTOR];
            region.read(device, region.header_offset(slot), &mut bytes)?;
            newest = match (newest, Header::decode(&bytes, serial)) {
                (Some(a), Some(b)) if b.generation.get() < a.generation.get() => Some(a),
                (a, b) => b.or(a),
            };
        }
        let Some(header) = newest else {
            return Ok(None);
        };
        let head = sector_sums(&region.head(device)?);
        if !head_is_ours(&header, &head) {
            return Ok(None);
        }
        let mut found = Found {
            journal: Self {
                header,
                sequence: header.next_sequence.get(),
                position: region.records_start(),
                used: region.len(),
                region: region.clone(),
            },
            sectors: Sectors::default(),
            far: None,
            groups: 0,
            marked: head == header.head_after,
        };
        found.scan(device)?;
        Ok(Some(found))
    }
}

impl Found {
    /// Gathers the records that follow each other; ends at the first that is
    /// not whole. Each step advances by a sector at least.
    fn scan(&mut self, device: &dyn BlockDevice) -> Result<()> {
        while self.journal.room() >= SECTOR_LEN && self.far.is_none() {
            let Some((group, length)) = self.read_record(device)? else {
                break;
            };
            match group {
                Group::Near(body) => body.apply(&mut self.sectors),
                Group::Far(far) => self.far = Some(far),
            }
            self.groups += 1;
            self.journal.sequence += 1;
            self.journal.position += length;
        }
        if !self.marked || self.journal.sequence < self.journal.header.records_end.get() {
            // Not acknowledged; or in place, and partly erased.
            self.sectors.clear();
            self.far = None;
            self.groups = 0;
        }
        // Records that lie behind a torn one must never follow a new one.
        self.journal.sequence += self.journal.region.len() / SECTOR_LEN;
        Ok(())
    }

    fn read_record(&self, device: &dyn BlockDevice) -> Result<Option<(Group, u64)>> {
        let Journal {
            region,
            header,
            sequence,
            position,
            ..
        } = &self.journal;
        let session = header.session.get();
        let mut first = vec![0; SECTOR];
        region.read(device, *position, &mut first)?;
        let room = self.journal.room();
        let Some(header) = RecordHeader::decode(&first, session, *sequence, room) else {
            return Ok(None);
        };
        let inside = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let behind = position + RECORD_HEADER as u64;
        let table = inside(header.extents.get()) * PAIR;
        let mut extents = vec![0; table];
        region.read(device, behind, &mut extents)?;
        if header.checksum.get() != header.sum(&extents) {
            return Ok(None);
        }
        let group = if header.extents.get() == 0 {
            let mut body = vec![0; inside(header.body_length.get())];
            region.read(device, behind, &mut body)?;
            Body::decode(&header, &body, device.len(), &self.sectors).map(Group::Near)
        } else if self.sectors.is_empty() {
            Far::read(&header, &extents, device)?.map(Group::Far)
        } else {
            // We write one only when all before it is in place.
            None
        };
        Ok(group.map(|group| (group, header.length.get())))
    }
}

/// What a record holds.
enum Group {
    Near(Body),
    Far(Far),
}

/// A number that no other session has had, but by a chance of one in 2^64: keys
/// that the standard library draws for its hash tables.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The checksum of each sector of the restart pages.
pub(super) fn sector_sums(head: &[u8]) -> [U64; HEAD_SECTORS] {
    let (sectors, _) = head.as_chunks::<SECTOR>();
    let mut sums = [U64::ZERO; HEAD_SECTORS];
    for (sum, sector) in sums.iter_mut().zip(sectors) {
        *sum = U64::new(checksum::of(sector));
    }
    sums
}

/// Whether each sector of the restart pages is as the session found it, wrote
/// it, or left it when it closed: else another system has taken the log over.
fn head_is_ours(header: &Header, sums: &[U64; HEAD_SECTORS]) -> bool {
    let empty = U64::new(checksum::of(&[EMPTY_FILL; SECTOR]));
    sums.iter()
        .zip(header.head_before.iter().zip(&header.head_after))
        .all(|(there, (before, after))| [before, after, &empty].contains(&there))
}
