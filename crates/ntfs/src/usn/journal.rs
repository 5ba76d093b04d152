//! `$J`: finding its end, appending records, giving up its old part.

use std::sync::Arc;

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType};
use linkwright_ntfs_format::usn::{
    FILE_NAME, MAX_STREAM, RECORDS_STREAM, USN_PAGE_SIZE, UsnHeader, UsnMax, UsnRecord, next_usn,
};
use linkwright_ntfs_format::volume_information::VolumeFlags;
use linkwright_ntfs_format::{Lcn, RecordNumber, num};

use crate::attr::AttrKey;
use crate::cache::{Block, BlockKind};
use crate::engine::Engine;
use crate::error::{CorruptKind, Error, Place, Result};
use crate::stream::{StreamBody, StreamMap};

const RECORDS: AttrKey<'static> = AttrKey::named(AttributeType::DATA, &RECORDS_STREAM);
const MAX: AttrKey<'static> = AttrKey::named(AttributeType::DATA, &MAX_STREAM);

/// Bytes that `$J` gets at a time, so that its run list stays short.
const GROWTH: u64 = 64 << 10;
/// The least that is kept of a journal whatever `$Max` says.
const LEAST_KEPT: u64 = 64 << 10;
/// Most bytes of `$Max` that are read.
const MAX_LEN: usize = 4096;

/// What the change journal of a volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangeJournalState {
    /// There is none, or it is being deleted: changes are not recorded.
    #[default]
    Absent,
    /// Changes are recorded.
    Active(ChangeJournal),
    /// It is there and cannot be used.
    Damaged,
}

/// The limits of a change journal and what it holds (USN_JOURNAL_DATA of
/// winioctl.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeJournal {
    /// Identity: another one says that records were missed.
    pub id: u64,
    /// Number of the first record that is kept.
    pub first_usn: u64,
    /// Number that the next record gets at least.
    pub next_usn: u64,
    /// Records below are of an earlier journal.
    pub lowest_valid_usn: i64,
    /// Bytes it may take.
    pub maximum_size: u64,
    /// Bytes it is cut by.
    pub allocation_delta: u64,
}

/// The journal that operations append to.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    file: RecordNumber,
    max: UsnMax,
    /// `$J`; its initialized size is where the last record ends.
    map: StreamMap,
    /// Whether the page with the end is known to hold zeros behind it.
    tail_is_zero: bool,
    /// Whether the sizes changed since they were stored.
    unsaved: bool,
    /// Whether the pages that are added now were its first ones.
    turned_over: bool,
}

impl Journal {
    fn place(&self) -> Place {
        Place::attribute(self.file, AttributeType::DATA)
    }

    /// Where the last record ends.
    const fn end(&self) -> u64 {
        self.map.sizes.initialized
    }

    /// Where the part begins that is kept.
    fn start(&self, cluster: u64) -> u64 {
        self.map
            .runs
            .runs()
            .iter()
            .find(|run| run.lcn.is_some())
            .map_or(self.end(), |run| {
                run.vcn.saturating_mul(cluster).min(self.end())
            })
    }

    /// Gives the clusters of the oldest records to `vcn`, so that a full volume
    /// can still be told what is removed from it. Returns how many; `None` when
    /// the last records would go.
    fn turn_over(&mut self, vcn: u64, cluster: u64) -> Option<u64> {
        let unit = cluster.max(USN_PAGE_SIZE);
        let start = self.start(cluster);
        if start.checked_add(unit)? > self.end() / unit * unit {
            return None;
        }
        let (first, end) = (start / cluster, start.checked_add(unit)? / cluster);
        let pieces: Vec<_> = self
            .map
            .runs
            .range(first, end)
            .map(|run| (run.lcn.map(Lcn), run.length))
            .collect();
        if pieces.iter().any(|(lcn, _)| lcn.is_none()) {
            return None;
        }
        self.map.runs.splice(0, &[(None, end)]);
        self.map.runs.splice(vcn, &pieces);
        self.map.flags.insert(AttributeFlags::SPARSE);
        self.turned_over = true;
        Some(end - first)
    }

    /// Where the part should begin that is kept, when there is too much: NTFS
    /// lets a journal grow by its allocation delta beyond the maximum, and then
    /// cuts it back (fsutil usn createjournal).
    fn cut(&self, cluster: u64) -> Option<u64> {
        let keep = self.max.maximum_size.max(LEAST_KEPT);
        let slack = self.max.allocation_delta.max(USN_PAGE_SIZE);
        let held = self.end() - self.start(cluster);
        if held <= keep.saturating_add(slack) {
            return None;
        }
        // Records begin at pages: the first one kept must.
        let unit = cluster.max(USN_PAGE_SIZE);
        Some((self.end() - keep) / unit * unit)
    }
}

impl Engine {
    /// Finds the change journal; `None` when none is active.
    pub(crate) fn load_journal(&self) -> Result<Option<Journal>> {
        let (_, information) = self.volume_information()?;
        // Windows takes the deletion up again when it mounts the volume.
        if information.flags.contains(VolumeFlags::DELETE_USN_UNDERWAY) {
            return Ok(None);
        }
        let Some(file) = self.extend_file(FILE_NAME)? else {
            return Ok(None);
        };
        let place = Place::attribute(file, AttributeType::DATA);
        let Some(max) = self.read_value(file, MAX, MAX_LEN)? else {
            return Ok(None);
        };
        let max = UsnMax::decode(&max).map_err(|e| place.format(e))?;
        let mut map = match self.body(file, RECORDS)? {
            None => return Ok(None),
            Some(StreamBody::NonResident(map)) => map,
            Some(StreamBody::Resident(_)) => {
                return Err(place.corrupt(CorruptKind::AttributeForm));
            }
        };
        let foreign = AttributeFlags::COMPRESSED | AttributeFlags::ENCRYPTED;
        if map.flags.intersects(foreign) || i64::try_from(map.sizes.data).is_err() {
            return Err(place.corrupt(CorruptKind::StreamSizes));
        }
        map.sizes.initialized = self.journal_end(&map, place)?;
        Ok(Some(Journal {
            file,
            max,
            map,
            tail_is_zero: false,
            unsaved: false,
            turned_over: false,
        }))
    }

    /// Where the last record ends. That is where the stream ends; should zeros
    /// lie there, before them, and should no record lie there, behind its page.
    fn journal_end(&self, map: &StreamMap, place: Place) -> Result<u64> {
        let valid = map.sizes.initialized.min(map.sizes.data);
        if valid == 0 {
            return Ok(0);
        }
        let page = (valid - 1) / USN_PAGE_SIZE * USN_PAGE_SIZE;
        let next = page.saturating_add(USN_PAGE_SIZE);
        let mut bytes = vec![0; usize::try_from(valid - page).unwrap_or(0)];
        self.read_direct(map, page, &mut bytes, place)?;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let usn = page.saturating_add(u64::try_from(at).unwrap_or(0));
            match UsnHeader::decode(rest) {
                Ok(Some(header)) if is_record(rest, header, usn) => at += header.length,
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => return Ok(next),
            }
        }
        let end = page.saturating_add(u64::try_from(at).unwrap_or(0));
        let mapped = |at: u64| {
            let run = map.runs.lookup(at / self.cluster_size());
            run.is_some_and(|run| run.lcn.is_some())
        };
        Ok(match end.is_multiple_of(USN_PAGE_SIZE) || mapped(end) {
            true => end,
            false => next,
        })
    }

    /// What the change journal is.
    pub(crate) fn change_journal(&self) -> Result<ChangeJournalState> {
        let loaded;
        let journal = match &self.state.journal {
            Some(journal) => journal.as_ref(),
            None => match self.load_journal() {
                Ok(None) => return Ok(ChangeJournalState::Absent),
                Ok(Some(found)) => {
                    loaded = found;
                    &loaded
                }
                Err(Error::Corrupt(_)) => return Ok(ChangeJournalState::Damaged),
                Err(error) => return Err(error),
            },
        };
        Ok(ChangeJournalState::Active(ChangeJournal {
            id: journal.max.journal_id,
            first_usn: journal.start(self.cluster_size()),
            next_usn: journal.end(),
            lowest_valid_usn: journal.max.lowest_valid_usn,
            maximum_size: journal.max.maximum_size,
            allocation_delta: journal.max.allocation_delta,
        }))
    }

    /// Appends a record and returns its number. The sizes of `$J` are stored by
    /// [`Self::save_journal`] or with its runs.
    pub(super) fn append_usn(&mut self, mut record: UsnRecord) -> Result<u64> {
        let Some(mut shared) = self.state.journal.clone() else {
            return Ok(0);
        };
        let journal = Arc::make_mut(&mut shared);
        let place = journal.place();
        let bytes = record.encode().map_err(|e| place.format(e))?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let usn = next_usn(journal.end(), len).ok_or(Error::DiskFull)?;
        record.usn = i64::try_from(usn).map_err(|_| Error::DiskFull)?;
        let bytes = record.encode().map_err(|e| place.format(e))?;
        let changed_from = self.extend_journal(journal, usn + len)?;
        self.write_pages(&journal.map, usn, &bytes, place)?;
        let sizes = &mut journal.map.sizes;
        sizes.initialized = usn + len;
        sizes.data = sizes.data.max(usn + len);
        journal.unsaved = true;
        let cut_from = self.cut_journal(journal)?;
        if changed_from.is_some() || cut_from.is_some() {
            let from = cut_from.or(changed_from).unwrap_or(0);
            self.settle_sizes(&mut journal.map);
            self.store_map(journal.file, RECORDS, &journal.map, from)?;
            journal.unsaved = false;
        }
        self.state.journal = Some(shared);
        Ok(usn)
    }

    /// Makes the pages of `$J` up to `end` writable: those behind its end are
    /// zeros. Returns the first VCN whose run changed.
    fn extend_journal(&mut self, journal: &mut Journal, end: u64) -> Result<Option<u64>> {
        let page = self.page_size();
        let old = journal.end();
        let first_new = old.next_multiple_of(page);
        if !journal.tail_is_zero {
            let rest = vec![0; usize::try_from(first_new - old).unwrap_or(0)];
            self.write_pages(&journal.map, old, &rest, journal.place())?;
            journal.tail_is_zero = true;
        }
        let changed_from = self.allocate_journal(journal, first_new, end)?;
        let mut at = first_new;
        while at < end {
            let location = self.page_location(&journal.map, at, journal.place())?;
            if journal.turned_over {
                // Not a fresh block: until this is committed, it holds the oldest
                // records.
                let all = 0..location.len();
                self.patch_page(&journal.map, at, all, journal.place(), |page| {
                    page.fill(0);
                    Ok(())
                })?;
            } else {
                let zeros = vec![0; location.len()];
                self.cache
                    .insert_dirty(location, Block::new(BlockKind::Page, zeros));
            }
            at += page;
        }
        journal.turned_over = false;
        Ok(changed_from)
    }

    /// Gives the bytes `from..end` of `$J` clusters where they have none.
    fn allocate_journal(
        &mut self,
        journal: &mut Journal,
        from: u64,
        end: u64,
    ) -> Result<Option<u64>> {
        let cluster = self.cluster_size();
        let last = self.clusters_for(end);
        let mut changed = None;
        let mut vcn = from / cluster;
        while vcn < last {
            let run = journal.map.runs.lookup(vcn);
            if let Some(run) = run.filter(|run| run.lcn.is_some()) {
                vcn = run.end();
                continue;
            }
            let need = run.map_or(last, |run| run.end().min(last)) - vcn;
            // Behind the end, more than is needed now, if there is more.
            let wish = match run {
                Some(_) => need,
                None => need.max(GROWTH / cluster),
            };
            let pieces = match self.allocate_clusters(wish, None) {
                Err(Error::DiskFull) if need < wish => self.allocate_clusters(need, None),
                result => result,
            };
            if matches!(pieces, Err(Error::DiskFull))
                && let Some(moved) = journal.turn_over(vcn, cluster)
            {
                changed = Some(0);
                vcn += moved;
                continue;
            }
            let new: Vec<_> = pieces?
                .into_iter()
                .map(|(lcn, length)| (Some(lcn), length))
                .collect();
            journal.map.runs.splice(vcn, &new);
            changed = changed.or(Some(vcn));
            vcn += need;
        }
        Ok(changed)
    }

    /// Frees the old part of `$J`, which becomes a hole: the stream never gets
    /// shorter. Returns the first VCN whose run changed.
    fn cut_journal(&mut self, journal: &mut Journal) -> Result<Option<u64>> {
        let Some(start) = journal.cut(self.cluster_size()) else {
            return Ok(None);
        };
        let vcn = start / self.cluster_size();
        let freed = journal.map.runs.splice(0, &[(None, vcn)]);
        journal.map.flags.insert(AttributeFlags::SPARSE);
        self.free_cached_runs(&freed)?;
        Ok(Some(0))
    }

    /// Stores the sizes of `$J` if they changed.
    pub(super) fn save_journal(&mut self) -> Result<()> {
        let Some(mut shared) = self.state.journal.clone().filter(|j| j.unsaved) else {
            return Ok(());
        };
        let journal = Arc::make_mut(&mut shared);
        self.settle_sizes(&mut journal.map);
        self.store_sizes(journal.file, RECORDS, &journal.map)?;
        journal.unsaved = false;
        self.state.journal = Some(shared);
        Ok(())
    }
}

/// Whether what `header` announces is a record of this number; of versions with
/// other fields only the length is known.
fn is_record(bytes: &[u8], header: UsnHeader, usn: u64) -> bool {
    /// Where the number stands in a record of version 2.
    const USN_AT: usize = 0x18;
    header.major != 2 || num::u64_at(bytes, USN_AT) == Ok(usn)
}
