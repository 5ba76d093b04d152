//! Counting and handing on what is found.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use linkwright_device::DeviceError;
use linkwright_ntfs_format::boot::BootError;

use crate::code::{ProblemCode, Severity};
use crate::problem::Problem;

/// How entries that lag behind their file are judged. Windows refreshes the entry
/// of the name that was used, when the last handle is closed; so it leaves old
/// entries of files with several names, and of files that were open to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StaleEntries {
    /// As Windows leaves them: sizes, tag and reparse bit of a file with several
    /// names, and sizes that are older by the entry's own times, are notes.
    #[default]
    AsWindows,
    /// For those who claim to refresh every entry: each is an inconsistency,
    /// times and attributes excepted.
    Strict,
}

/// What to do and how far to go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckOptions {
    /// Problems of one code that are handed to the sink; all are counted.
    pub problems_per_code: u64,
    /// Records the `$MFT` may have; memory is about 30 bytes for each.
    pub max_records: u64,
    /// How old entries are judged.
    pub stale_entries: StaleEntries,
}

impl CheckOptions {
    /// The options to judge a writer with: [`StaleEntries::Strict`].
    #[must_use]
    pub fn strict() -> Self {
        Self {
            stale_entries: StaleEntries::Strict,
            ..Self::default()
        }
    }
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            problems_per_code: 1000,
            max_records: 1 << 28,
            stale_entries: StaleEntries::default(),
        }
    }
}

/// What the checker is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// Boot sector, `$MFT`'s own map, and the metafiles others are held against.
    Metafiles,
    /// Every file record.
    Records,
    /// Every index.
    Indexes,
    /// Names and entries that do not match, and what nobody refers to.
    References,
}

/// How far the check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// Records gone through in this phase.
    pub done: u64,
    /// Records there are.
    pub total: u64,
}

/// What was looked at and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Summary {
    /// Problems of severity damage.
    pub damage: u64,
    /// Problems of severity inconsistency.
    pub inconsistencies: u64,
    /// Notes.
    pub notes: u64,
    /// How often each code was found.
    pub by_code: BTreeMap<ProblemCode, u64>,
    /// Files, metafiles included, directories not.
    pub files: u64,
    /// Directories.
    pub directories: u64,
    /// Records of the `$MFT`.
    pub records: u64,
    /// Records in use.
    pub records_in_use: u64,
    /// Names that are links: DOS names not counted.
    pub links: u64,
    /// Entries of directories.
    pub index_entries: u64,
    /// Reparse points.
    pub reparse_points: u64,
    /// Bytes of the volume.
    pub volume_bytes: u64,
    /// Bytes in clusters that files have.
    pub used_bytes: u64,
    /// Bytes of file records and index blocks that were read.
    pub metadata_bytes: u64,
}

impl Summary {
    /// Whether there is neither damage nor an inconsistency.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.damage == 0 && self.inconsistencies == 0
    }
}

/// Why a volume cannot be checked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Neither the first nor the last sector is a boot sector of NTFS.
    #[error("no usable NTFS boot sector, and no backup: {0}")]
    NoBootSector(BootError),
    /// Record 0 cannot be used, in the `$MFT` and in its mirror.
    #[error("the first record of the Master File Table and its mirror are both unusable")]
    MftUnreadable,
    /// More records or clusters than the options, or NTFS, allow.
    #[error("the volume claims {found} {what}, more than {limit}")]
    TooLarge {
        /// `records` or `clusters`.
        what: &'static str,
        /// How many.
        found: u64,
        /// How many there may be.
        limit: u64,
    },
    /// The device failed where nothing can be done without it.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The progress callback asked to stop.
    #[error("the check was cancelled")]
    Cancelled,
}

/// Where problems go.
pub(crate) struct Reporter<'a> {
    sink: &'a mut dyn FnMut(Problem),
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    limit: u64,
    pub(crate) stale_entries: StaleEntries,
    /// Set while something is read a second time.
    pub(crate) muted: bool,
    pub(crate) summary: Summary,
    /// Problems that were not handed on: how many, and the worst of them.
    unlisted: BTreeMap<ProblemCode, (u64, Severity)>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(
        options: &CheckOptions,
        sink: &'a mut dyn FnMut(Problem),
        progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Self {
        Self {
            sink,
            progress,
            limit: options.problems_per_code,
            stale_entries: options.stale_entries,
            muted: false,
            summary: Summary::default(),
            unlisted: BTreeMap::new(),
        }
    }

    pub(crate) fn report(&mut self, problem: Problem) {
        if self.muted {
            return;
        }
        let summary = &mut self.summary;
        match problem.severity {
            Severity::Damage => summary.damage += 1,
            Severity::Inconsistency => summary.inconsistencies += 1,
            Severity::Note => summary.notes += 1,
        }
        let count = summary.by_code.entry(problem.code).or_default();
        *count += 1;
        if *count <= self.limit {
            (self.sink)(problem);
        } else {
            let unlisted = self.unlisted.entry(problem.code);
            let (more, worst) = unlisted.or_insert((0, Severity::Note));
            *more += 1;
            *worst = problem.severity.max(*worst);
        }
    }

    pub(crate) fn report_all(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.report(problem);
        }
    }

    /// Whether details of further problems of this kind would be dropped.
    pub(crate) fn is_full(&self, code: ProblemCode) -> bool {
        self.summary.by_code.get(&code).copied().unwrap_or(0) >= self.limit
    }

    pub(crate) fn progress(
        &mut self,
        phase: Phase,
        done: u64,
        total: u64,
    ) -> Result<(), CheckError> {
        match (self.progress)(Progress { phase, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(CheckError::Cancelled),
        }
    }

    /// Says how many problems were counted and not listed.
    pub(crate) fn close(self) -> Summary {
        for (code, (count, worst)) in self.unlisted {
            let mut problem = Problem::new(ProblemCode::More).found(format!("{count} of {code}"));
            problem.severity = worst;
            (self.sink)(problem);
        }
        self.summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was counted and not listed is as bad as the worst of it.
    #[test]
    fn more_of_a_kind_is_told_with_its_own_severity() {
        let mut told = Vec::new();
        let options = CheckOptions {
            problems_per_code: 2,
            ..CheckOptions::default()
        };
        let mut sink = |problem: Problem| told.push((problem.code, problem.severity));
        let mut progress = |_| ControlFlow::Continue(());
        let mut report = Reporter::new(&options, &mut sink, &mut progress);
        for _ in 0..5 {
            report.report(Problem::new(ProblemCode::EntrySize).into_note());
        }
        for note in [false, true, true, false, true] {
            report.report(Problem::new(ProblemCode::Leaked).note_if(note));
        }
        for _ in 0..2 {
            report.report(Problem::new(ProblemCode::CrossLinked));
        }
        let summary = report.close();
        assert_eq!(
            (summary.damage, summary.inconsistencies, summary.notes),
            (2, 2, 8)
        );
        let more: Vec<_> = told
            .into_iter()
            .filter(|(code, _)| *code == ProblemCode::More)
            .map(|(_, severity)| severity)
            .collect();
        assert_eq!(more, [Severity::Inconsistency, Severity::Note]);
    }
}
