//! The link scan: every file of a volume with its names, in one ordered pass
//! over `$MFT`.
//!
//! Records are read in large pieces and looked at by several threads, the caller's
//! among them, and told in their order. A name has a path once all directories
//! above it were met, which as a rule have lower record numbers than what is in
//! them; files for which that is not so wait, as a record number, and are read
//! again at the end.
//!
//! Memory, besides the chunks on the way (about 0.5 MiB each, three for a thread):
//! 24 bytes and the name for each directory, 4 bytes for each file that waits.
//!
//! What is told comes from the records and not from the directories' indexes:
//! on a sound volume that is the same.

mod chunk;
mod look;
mod object;
mod tree;
mod workers;

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::error::{Error, Result, Unsupported};
use crate::volume::Volume;
use chunk::{Chunk, Item, Listed};
use look::{Look, NameAt};
use tree::{Stand, Tree};
use workers::{Plan, each_chunk};

pub use object::{ScannedFile, ScannedName, Standing};

/// What a scan came to.
#[derive(Debug)]
pub enum Scanned<'a> {
    /// A file or directory in use.
    File(ScannedFile<'a>),
    /// A record that is in use and cannot be read; the scan goes on.
    Damaged {
        /// The record.
        record: RecordNumber,
        /// What is wrong with it.
        error: Error,
    },
}

/// What a scan amounted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScanSummary {
    /// Records that were looked at.
    pub records: u64,
    /// Files and directories told.
    pub files: u64,
    /// Records that could not be read.
    pub damaged: u64,
    /// Files that were read again, as a directory above them was met after them.
    pub waited: u64,
    /// Bytes of memory for directories and files that wait.
    pub memory: u64,
}

/// Entries of attribute lists that are looked at on a volume without records;
/// each record adds [`LISTED_A_RECORD`]. Lists of many files that lie in the same
/// clusters would take time without end.
const LISTED: u64 = 1 << 20;
const LISTED_A_RECORD: u64 = 64;

type Visit<'v> = &'v mut dyn FnMut(Scanned<'_>) -> ControlFlow<()>;

struct Scan<'v> {
    volume: &'v Volume,
    tree: Tree,
    waiting: Vec<u32>,
    /// Entries of attribute lists that may still be looked at.
    listed: u64,
    stands: Vec<Stand>,
    /// The last directory that was asked for, and where its names stand: names
    /// that follow each other often have one.
    last: Option<(FileReference, Stand)>,
    summary: ScanSummary,
    /// Whether all directories were met.
    again: bool,
}

impl Volume {
    /// Tells `visit` every file and directory in use but the root, each with all
    /// of its names: in the order of their records, and those that lie below a
    /// directory with a higher number once more in that order at the end. The
    /// volume is not locked meanwhile, and `visit` may use it: what comes, goes
    /// or moves during the scan may be told or not, as it was or as it is. The
    /// scan ends early when `visit` breaks.
    ///
    /// # Errors
    /// The volume is latched; it has more records than 2^32. Records that cannot
    /// be read are told.
    pub fn links(
        &self,
        visit: &mut dyn FnMut(Scanned<'_>) -> ControlFlow<()>,
    ) -> Result<ScanSummary> {
        let (records, record_size) = {
            let engine = self.read()?;
            (engine.record_count(), engine.record_size())
        };
        if records > u64::from(u32::MAX) {
            return Err(Unsupported::Geometry("more than 2^32 file records").into());
        }
        let mut scan = Scan {
            volume: self,
            tree: Tree::default(),
            waiting: Vec::new(),
            listed: LISTED.saturating_add(records.saturating_mul(LISTED_A_RECORD)),
            stands: Vec::new(),
            last: None,
            summary: ScanSummary::default(),
            again: false,
        };
        let plan = Plan::new(records, record_size);
        let mut ended = ControlFlow::Continue(());
        each_chunk(self, plan, &mut |chunk| {
            ended = scan.take(chunk, visit);
            ended
        })?;
        scan.summary.records = records;
        scan.summary.waited = u64::try_from(scan.waiting.len()).unwrap_or(u64::MAX);
        let waiting = scan.waiting.capacity() * size_of::<u32>();
        let memory = scan.tree.memory().saturating_add(waiting);
        scan.summary.memory = u64::try_from(memory).unwrap_or(u64::MAX);
        if ended.is_continue() {
            scan.tell_waiting(plan, visit)?;
        }
        Ok(scan.summary)
    }

    /// How many file records a scan looks at; 0 when the volume is latched.
    #[must_use]
    pub fn record_count(&self) -> u64 {
        self.read().map_or(0, |engine| engine.record_count())
    }

    /// How directories order names. The order of the units when the volume is
    /// latched.
    #[must_use]
    pub fn collator(&self) -> Collator {
        Collator(self.read().ok().map(|engine| Arc::clone(&engine.upcase)))
    }

    /// The bytes of a file's reparse point.
    pub(crate) fn reparse_bytes(&self, file: FileReference) -> Result<Option<Vec<u8>>> {
        let engine = self.read()?;
        engine.base_record(file)?;
        engine.reparse_bytes(file.record())
    }
}

/// How the directories of a volume order names: by their upper-case forms, then as
/// they are.
#[derive(Debug, Clone)]
pub struct Collator(Option<Arc<UpcaseTable>>);

impl Collator {
    /// How two names stand to each other.
    #[must_use]
    pub fn compare(&self, a: &[u16], b: &[u16]) -> core::cmp::Ordering {
        match &self.0 {
            Some(upcase) => {
                let fold = |unit: &u16| upcase.fold(*unit);
                a.iter().map(fold).cmp(b.iter().map(fold)).then(a.cmp(b))
            }
            None => a.cmp(b),
        }
    }
}

impl Scan<'_> {
    /// Takes all of a chunk.
    fn take(&mut self, chunk: &mut Chunk, visit: Visit<'_>) -> ControlFlow<()> {
        let mut items = std::mem::take(&mut chunk.items);
        for item in items.drain(..) {
            match item {
                Item::Base { look, at } => self.file(&look, chunk, at, visit)?,
                Item::Damaged { record, error } => self.damaged(record, error, visit)?,
            }
        }
        // Its room is used again.
        chunk.items = items;
        ControlFlow::Continue(())
    }

    fn damaged(&mut self, record: RecordNumber, error: Error, visit: Visit<'_>) -> ControlFlow<()> {
        self.summary.damaged += 1;
        visit(Scanned::Damaged { record, error })
    }

    fn file(&mut self, look: &Look, chunk: &Chunk, at: usize, visit: Visit<'_>) -> ControlFlow<()> {
        let number = look.file.record();
        let listed = match look.listed {
            false => None,
            true => match self.listed_names(look.file) {
                Ok(listed) => Some(listed),
                Err(error) => return self.damaged(number, error, visit),
            },
        };
        let (names, text) = match &listed {
            None => (chunk.names(look), chunk.bytes()),
            Some(listed) => (listed.names.as_slice(), listed.bytes.as_slice()),
        };
        if look.flags.contains(RecordFlags::DIRECTORY) && !self.again {
            // It has one name, and at most an 8.3 name beside it.
            let long = |name: &&NameAt| name.namespace != Namespace::Dos;
            self.tree.add(look.file, names.iter().find(long), text);
        }
        if number == RecordNumber::ROOT {
            return ControlFlow::Continue(());
        }
        self.stands.clear();
        let mut known = true;
        for name in names {
            known &= self.stand(name.parent, number);
        }
        if !known && !self.again {
            self.waiting
                .push(u32::try_from(number.0).unwrap_or(u32::MAX));
            return ControlFlow::Continue(());
        }
        self.summary.files += 1;
        visit(Scanned::File(ScannedFile {
            volume: self.volume,
            look,
            bytes: chunk.record(at),
            names,
            text,
            tree: &self.tree,
            stands: &self.stands,
        }))
    }

    /// Finds out where a name stands; `false` when that is not known yet.
    fn stand(&mut self, parent: FileReference, seen: RecordNumber) -> bool {
        let stand = match self.last {
            Some((last, stand)) if last == parent => stand,
            _ => self.tree.stand(parent, seen),
        };
        // What is not known yet may be known for the next name.
        self.last = (stand != Stand::Unknown).then_some((parent, stand));
        self.stands.push(stand);
        stand != Stand::Unknown
    }

    fn listed_names(&mut self, file: FileReference) -> Result<Listed> {
        let engine = self.volume.read()?;
        let (names, entries) = engine.listed_names(file, self.listed)?;
        self.listed -= entries;
        Ok(names)
    }

    /// Reads the files again that had to wait.
    fn tell_waiting(&mut self, plan: Plan, visit: Visit<'_>) -> Result<()> {
        self.tree.complete();
        self.again = true;
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = waiting.as_slice();
        let mut chunk = Chunk::default();
        while let Some(first) = rest.first() {
            let number = plan.chunk_of(u64::from(*first));
            let same = rest.partition_point(|record| plan.chunk_of(u64::from(*record)) == number);
            let (here, behind) = rest.split_at_checked(same).unwrap_or((rest, &[]));
            let (first, count) = plan.part(number);
            chunk.read(self.volume, first, count)?;
            for item in &chunk.items {
                let Item::Base { look, at } = item else {
                    // Told the first time.
                    continue;
                };
                let number = u32::try_from(look.file.record().0).unwrap_or(u32::MAX);
                if here.binary_search(&number).is_ok()
                    && self.file(look, &chunk, *at, visit).is_break()
                {
                    return Ok(());
                }
            }
            rest = behind;
        }
        Ok(())
    }
}
