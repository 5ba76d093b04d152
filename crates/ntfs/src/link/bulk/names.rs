//! What each file has of its new names: attributes, their number, times.

use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;

use super::NewLink;
use super::plan::{Plan, PlannedFile};
use crate::attr::{NewRecords, Way};
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};

/// Files, or records of the journal, between looks at how much memory is in use.
const STEP: usize = 32;

/// Bytes of the cache for each link from which on new records go by it.
const STRAIGHT_PART: usize = 2048;

impl Engine {
    /// Writes the names into their files, which are taken in the order of their
    /// records.
    pub(super) fn add_names(&mut self, plan: &Plan, links: &[NewLink<'_>]) -> Result<()> {
        let groups = Groups::of(plan);
        let mut order: Vec<usize> = (0..plan.files.len()).collect();
        order
            .sort_unstable_by_key(|file| plan.files.get(*file).map(|file| file.reference.record()));
        // More than the cache should gather: what is fresh is written at once.
        let mut records = NewRecords::new(match links.len() > self.cache.limit() / STRAIGHT_PART {
            true => Way::Straight,
            false => Way::Cached,
        });
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (done, number) in order.into_iter().enumerate() {
            let Some(file) = plan.files.get(number).filter(|file| file.coming > 0) else {
                continue;
            };
            bytes.clear();
            ends.clear();
            for at in groups.of_file(number) {
                let (Some(link), Some(both)) = (links.get(*at), plan.of.get(*at)) else {
                    continue;
                };
                let place = Place::record(file.reference.record());
                let header = plan.header(*both, link.name);
                let (_, header) = header.map_err(|e| place.format(e))?;
                let start = bytes.len();
                header.push_value(&mut bytes, link.name);
                ends.push(start..bytes.len());
            }
            let values: Vec<&[u8]> = ends
                .iter()
                .map(|range| bytes.get(range.clone()).unwrap_or_default())
                .collect();
            self.count_names_of(file, plan)?;
            self.insert_names(file.reference.record(), &values, &mut records)?;
            if done % STEP == 0 {
                self.relieve_memory()?;
            }
        }
        self.write_records(&mut records)
    }

    /// Writes what further names change in the base record itself.
    fn count_names_of(&mut self, file: &PlannedFile, plan: &Plan) -> Result<()> {
        let base = file.reference.record();
        let mut survey = self.survey(base)?;
        let coming = u16::try_from(file.coming)
            .map_err(|_| Place::record(base).corrupt(CorruptKind::EntryWithoutName))?;
        let info = survey.information_mut();
        info.times.changed = plan.now;
        info.attributes.insert(FileAttributes::ARCHIVE);
        self.count_further_names(base, &survey, coming)
    }

    /// Tells the change journal of each link, as single calls do.
    pub(super) fn note_links(&mut self, plan: &Plan, links: &[NewLink<'_>]) -> Result<()> {
        if self.state.journal.is_none() {
            return Ok(());
        }
        for (at, link) in links.iter().enumerate() {
            let Some(name) = plan.file_name(at, link) else {
                continue;
            };
            let file = plan.of.get(at).and_then(|ends| plan.file(*ends));
            if let Some(file) = file {
                let base = file.reference.record();
                self.note_closed(base, &name, UsnReason::HARD_LINK_CHANGE)?;
            }
            if at % STEP == 0 {
                self.relieve_memory()?;
            }
        }
        Ok(())
    }
}

/// The links of each file, in the caller's order.
struct Groups {
    /// Where those of a file start.
    starts: Vec<usize>,
    links: Vec<usize>,
}

impl Groups {
    fn of(plan: &Plan) -> Self {
        let mut starts = Vec::with_capacity(plan.files.len() + 1);
        let mut next = 0;
        for file in &plan.files {
            starts.push(next);
            next += usize::try_from(file.coming).unwrap_or(0);
        }
        let mut free = starts.clone();
        starts.push(next);
        let mut links = vec![0; next];
        for (link, ends) in plan.of.iter().enumerate() {
            let file = usize::try_from(ends.file).unwrap_or(usize::MAX);
            if let Some(at) = free.get_mut(file) {
                if let Some(place) = links.get_mut(*at) {
                    *place = link;
                }
                *at += 1;
            }
        }
        Self { starts, links }
    }

    fn of_file(&self, file: usize) -> &[usize] {
        let start = self.starts.get(file).copied().unwrap_or(0);
        let end = self.starts.get(file + 1).copied().unwrap_or(start);
        self.links.get(start..end).unwrap_or_default()
    }
}
