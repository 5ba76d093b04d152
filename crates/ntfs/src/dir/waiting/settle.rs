//! Putting in what waits.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::index::EntryView;
use linkwright_ntfs_format::{FormatError, RecordNumber, file_name, index};

use super::Stage;
use super::log::Log;
use crate::cache::NumberHasher;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};
use crate::index::attributes::AttributeIndex;
use crate::index::bulk::{Arrivals, NameRules, Ranks, batch_bytes, merge};
use crate::index::collation::compare_names;
use crate::index::fault::IndexFaultKind;
use crate::index::store::IndexStore;

/// Entries that are put in as one step: what they change is kept for undoing.
const STEP: usize = 1024;

/// An entry of the log to be sorted.
#[derive(Debug, Clone, Copy)]
struct Sorted {
    /// What its name begins with.
    prefix: u128,
    directory: u64,
    at: u32,
}

impl Sorted {
    fn at(&self) -> usize {
        usize::try_from(self.at).unwrap_or(usize::MAX)
    }
}

/// Sorted entries of one directory.
struct Batch<'a> {
    log: &'a Log,
    sorted: &'a [Sorted],
    /// Whether the index had one of the names.
    met: bool,
}

impl Arrivals for Batch<'_> {
    fn len(&self) -> usize {
        self.sorted.len()
    }

    fn encode(&self, at: usize, out: &mut Vec<u8>) -> core::result::Result<(), FormatError> {
        if let Some(sorted) = self.sorted.get(at) {
            out.extend_from_slice(self.log.entry(sorted.at()));
        }
        Ok(())
    }

    fn taken(&mut self, _: usize) {
        self.met = true;
    }
}

impl Engine {
    /// Puts all entries that wait in their places. What fails is taken back, and
    /// what could not be put in waits on.
    pub(crate) fn settle(&mut self) -> Result<()> {
        if self.waiting.is_open() {
            // The operation under way found the volume full.
            self.waiting.rest();
        }
        self.give_room_back();
        if self.waiting.is_empty() {
            return Ok(());
        }
        let log = core::mem::take(&mut self.waiting.log);
        let sorted = sort(&log, &self.upcase);
        let before = core::mem::replace(&mut self.waiting.stage, Stage::Settling);
        let mut done = 0;
        let result = loop {
            let rest = sorted.get(done..).unwrap_or_default();
            let Some(first) = rest.first() else {
                break Ok(());
            };
            let together = rest.partition_point(|next| next.directory == first.directory);
            let rest = rest.get(..together.min(STEP)).unwrap_or_default();
            match self.framed(&|engine: &mut Self| engine.put_in(&log, rest)) {
                Ok(()) => done += rest.len(),
                Err(error) => break Err(error),
            }
        };
        self.waiting.stage = before;
        let rest = sorted.get(done..).unwrap_or_default();
        self.waiting.settled(log, rest.iter().map(Sorted::at));
        self.state.waiting_len = self.waiting.log.len();
        if self.waiting.is_empty() {
            self.waiting.tidy(self.cache.limit());
        }
        result
    }

    /// Puts in entries of one directory.
    fn put_in(&mut self, log: &Log, sorted: &[Sorted]) -> Result<()> {
        let upcase = self.upcase.clone();
        let most = batch_bytes(self.cache.limit());
        let directory = RecordNumber(sorted.first().map_or(0, |first| first.directory));
        let mut batch = Batch {
            log,
            sorted,
            met: false,
        };
        let mut at = 0;
        while at < sorted.len() {
            let mut index = AttributeIndex::open(&mut *self, directory, &index::I30)?;
            let rules = NameRules {
                upcase: &upcase,
                case: index.name_case()?,
            };
            at = merge(&mut index, rules, &mut batch, at, most)?;
            let blocks = index.block_count();
            index.close();
            if let Some(known) = self.waiting.directories.get_mut(&directory.0) {
                known.blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
            }
            if batch.met {
                // It was not there when the whole index was walked.
                let place = Place::attribute(directory, AttributeType::INDEX_ALLOCATION);
                return Err(place.corrupt(CorruptKind::Index(IndexFaultKind::Order)));
            }
            // What is changed here was counted beforehand.
            self.cache.trim();
        }
        Ok(())
    }
}

/// Units at the start that all entries of a directory have in common, by the
/// directory.
type Common<'a> = HashMap<u64, (&'a [u8], usize), BuildHasherDefault<NumberHasher>>;

/// The bytes of an entry's name.
fn name_of(log: &Log, at: u32) -> &[u8] {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let view = EntryView::at(log.entry(at), 0);
    // Encoded by this session.
    let name = view.ok().map(|view| file_name::name_bytes(view.key()));
    name.and_then(core::result::Result::ok).unwrap_or_default()
}

fn units(name: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let (units, _) = name.as_chunks::<2>();
    units.iter().map(|unit| u16::from_le_bytes(*unit))
}

/// The entries by directory and name.
fn sort(log: &Log, upcase: &UpcaseTable) -> Vec<Sorted> {
    let all = 0..u32::try_from(log.len()).unwrap_or(u32::MAX);
    let mut common = Common::default();
    for (at, directory) in all.clone().zip(log.directories()) {
        let name = name_of(log, at);
        let (first, same) = common.entry(directory).or_insert((name, name.len()));
        let pairs = units(first).take(*same).zip(units(name));
        *same = pairs
            .take_while(|(a, b)| upcase.fold(*a) == upcase.fold(*b))
            .count();
    }
    let ranks = Ranks::of(all.clone().map(|at| units(name_of(log, at))), upcase);
    let mut sorted: Vec<Sorted> = all
        .zip(log.directories())
        .map(|(at, directory)| {
            let same = common.get(&directory).map_or(0, |(_, same)| *same);
            Sorted {
                prefix: ranks.prefix(units(name_of(log, at)).skip(same), upcase),
                directory,
                at,
            }
        })
        .collect();
    sorted.sort_unstable_by(|a, b| {
        (a.directory, a.prefix)
            .cmp(&(b.directory, b.prefix))
            .then_with(|| {
                let order = compare_names(upcase, name_of(log, a.at), name_of(log, b.at));
                order.folded.then(order.raw)
            })
    });
    sorted
}
