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
use crate::index::bulk::{Arrivals, Merge, NameRules, batch_bytes};
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

/// Sorted entries of one directory, one behind the other: gathered in one go, as
/// they are far apart in a log that no processor cache holds.
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Whether the index had one of the names.
    met: bool,
}

impl Batch {
    fn gather(log: &Log, sorted: &[Sorted]) -> Self {
        let mut batch = Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(sorted.len()),
            met: false,
        };
        for sorted in sorted {
            batch.bytes.extend_from_slice(log.entry(sorted.at()));
            batch.ends.push(batch.bytes.len());
        }
        batch
    }
}

impl Arrivals for Batch {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn encode(&self, at: usize, out: &mut Vec<u8>) -> core::result::Result<(), FormatError> {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(at).copied().unwrap_or(0);
        let entry = self.bytes.get(before.copied().unwrap_or(0)..end);
        out.extend_from_slice(entry.unwrap_or_default());
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
        result
    }

    /// Puts in entries of one directory.
    fn put_in(&mut self, log: &Log, sorted: &[Sorted]) -> Result<()> {
        let upcase = self.upcase.clone();
        let most = batch_bytes(self.cache.limit());
        let directory = RecordNumber(sorted.first().map_or(0, |first| first.directory));
        let mut batch = Batch::gather(log, sorted);
        let mut merge = Merge::new(NameRules {
            upcase: &upcase,
            case: self.name_case(directory)?,
        });
        let mut at = 0;
        while at < sorted.len() {
            let mut index = AttributeIndex::open(&mut *self, directory, &index::I30)?;
            at = merge.batch(&mut index, &mut batch, at, most)?;
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

/// The name of an entry of each directory, and how many units at its start all
/// names there have.
type Common<'a> = HashMap<u64, (&'a [u8], usize), BuildHasherDefault<NumberHasher>>;

/// The bytes of an entry's name.
fn name_of(log: &Log, at: u32) -> &[u8] {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let view = EntryView::at(log.entry(at), 0);
    // Encoded by this session.
    let name = view.ok().map(|view| file_name::name_bytes(view.key()));
    name.and_then(core::result::Result::ok).unwrap_or_default()
}

/// How many units two names begin with alike.
fn same_units(a: &[u8], b: &[u8]) -> usize {
    let (a, _) = a.as_chunks::<2>();
    let (b, _) = b.as_chunks::<2>();
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Sixteen folded units of a name as a number that sorts as they do; `None` when
/// one of them needs more than a byte.
fn narrow_prefix(name: &[u8], from: usize, upcase: &UpcaseTable) -> Option<u128> {
    let (units, _) = name.as_chunks::<2>();
    let mut digits = [0; 16];
    for (digit, unit) in digits.iter_mut().zip(units.get(from..)?) {
        *digit = u8::try_from(upcase.fold(u16::from_le_bytes(*unit))).ok()?;
    }
    Some(u128::from_be_bytes(digits))
}

/// Eight of them, of any kind.
fn wide_prefix(name: &[u8], from: usize, upcase: &UpcaseTable) -> u128 {
    let (units, _) = name.as_chunks::<2>();
    let units = units.get(from..).unwrap_or_default();
    (0..8).fold(0, |prefix, at| {
        let unit = units.get(at).map(|unit| u16::from_le_bytes(*unit));
        (prefix << 16) | u128::from(unit.map_or(0, |unit| upcase.fold(unit)))
    })
}

/// The entries by directory and name. Most comparisons are of 16 bytes that lie in
/// the list that is sorted.
fn sort(log: &Log, upcase: &UpcaseTable) -> Vec<Sorted> {
    let all = 0..u32::try_from(log.len()).unwrap_or(u32::MAX);
    let mut common = Common::default();
    for (at, directory) in all.clone().zip(log.directories()) {
        let name = name_of(log, at);
        let (first, same) = common.entry(directory).or_insert((name, usize::MAX));
        *same = same_units(first, name).min(*same);
    }
    let skipped = |directory: u64| common.get(&directory).map_or(0, |(_, same)| *same);
    let mut sorted = Vec::with_capacity(log.len());
    let mut narrow = true;
    for (at, directory) in all.zip(log.directories()) {
        let prefix = match narrow {
            true => narrow_prefix(name_of(log, at), skipped(directory), upcase),
            false => None,
        };
        narrow = prefix.is_some();
        sorted.push(Sorted {
            prefix: prefix.unwrap_or(0),
            directory,
            at,
        });
    }
    if !narrow {
        for sorted in &mut sorted {
            let name = name_of(log, sorted.at);
            sorted.prefix = wide_prefix(name, skipped(sorted.directory), upcase);
        }
    }
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

#[cfg(test)]
mod tests {
    use linkwright_ntfs_format::FileReference;
    use linkwright_ntfs_format::file_name::{Duplicated, FileName, Namespace};
    use linkwright_ntfs_format::index::encode_name_entry;
    use proptest::prelude::*;

    use super::*;

    fn log_of(names: &[(u64, String)]) -> Log {
        let mut log = Log::default();
        for (directory, name) in names {
            let name = FileName {
                parent: FileReference::ROOT,
                duplicated: Duplicated::default(),
                namespace: Namespace::Posix,
                name: name.encode_utf16().collect(),
            };
            let (entry, _) = encode_name_entry(FileReference::ROOT, &name).unwrap();
            log.push(RecordNumber(*directory), &entry);
        }
        log
    }

    proptest! {
        #[test]
        fn entries_are_sorted_by_directory_and_name(
            names in proptest::collection::vec(
                (0..3_u64, prop_oneof![
                    "file[0-9]{1,3}",
                    "FILE[0-9]{1,3}(_a_name_that_is_longer_than_a_prefix[0-9])?",
                    "[a-z\u{e0}-\u{ff}\u{3b1}-\u{3c9}]{1,20}",
                ]),
                0..60,
            ),
            all_narrow in any::<bool>(),
        ) {
            let names: Vec<_> = names
                .into_iter()
                .filter(|(_, name)| !all_narrow || name.is_ascii())
                .collect();
            let upcase = UpcaseTable::windows();
            let log = log_of(&names);
            let found: Vec<_> = sort(&log, &upcase)
                .iter()
                .map(|sorted| (sorted.directory, name_of(&log, sorted.at).to_vec()))
                .collect();
            let mut wanted: Vec<(u64, Vec<u16>)> = names
                .iter()
                .map(|(directory, name)| (*directory, name.encode_utf16().collect()))
                .collect();
            wanted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| upcase.compare(&a.1, &b.1)));
            let bytes = |name: &[u16]| name.iter().flat_map(|u| u.to_le_bytes()).collect();
            let wanted: Vec<(u64, Vec<u8>)> =
                wanted.iter().map(|(d, name)| (*d, bytes(name))).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
