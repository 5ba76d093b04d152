//! Verifies NTFS volumes, read only: a judge for whoever writes them.
//!
//! [`check`] looks at everything that two places of a volume must agree on -
//! boot sector and copy, `$MFT` and mirror, run lists and `$Bitmap`, names and
//! index entries, link counts, `$Secure`, `$Reparse`, `$ObjId` - and hands each
//! [`Problem`] to a sink. It shares the structures of `linkwright-ntfs-format`
//! with the engine, and no logic.
//!
//! Time is linear in the `$MFT` and the indexes; memory is about 30 bytes for a
//! record and two bits for a cluster. The volume is hostile input: whatever
//! bytes it holds, the check ends, with problems or with a [`CheckError`].

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap
)]

mod ahead;
mod bits;
mod boot;
mod clusters;
mod code;
mod directory;
mod facts;
mod file;
mod index;
mod mft;
mod names;
mod problem;
mod record;
mod references;
mod report;
mod secure;
mod state;
mod stream;
mod usn;
mod view_index;
mod volume;
mod volume_state;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::RecordNumber;

pub use code::{ProblemCode, Severity};
pub use problem::{Place, Problem, Value};
pub use report::{CheckError, CheckOptions, Phase, Progress, StaleEntries, Summary};

use bits::Bits;
use file::File;
use report::Reporter;
use state::{Records, State, is};
use usn::Stamps;
use volume::Volume;

/// Checks a volume; problems go to `sink` in the order they are found.
///
/// # Errors
/// A [`CheckError`] when the volume is too damaged to be read on, or the
/// device fails where nothing can be done without it.
pub fn check(
    device: &dyn BlockDevice,
    options: &CheckOptions,
    sink: &mut dyn FnMut(Problem),
) -> Result<Summary, CheckError> {
    check_with_progress(device, options, sink, &mut |_| ControlFlow::Continue(()))
}

/// As [`check`]; `progress` is called about once for each MiB of the `$MFT`
/// and may end the check.
///
/// # Errors
/// As [`check`], and [`CheckError::Cancelled`].
pub fn check_with_progress(
    device: &dyn BlockDevice,
    options: &CheckOptions,
    sink: &mut dyn FnMut(Problem),
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Summary, CheckError> {
    let mut report = Reporter::new(options, sink, progress);
    report.progress(Phase::Metafiles, 0, 0)?;
    let geometry = boot::check(device, &mut report)?;
    let mut volume = Volume::new(device, geometry);
    mft::locate(&mut volume, options, &mut report)?;
    volume_state::load_upcase(&mut volume, &mut report);
    let volume = volume;
    let mut state = prepare(&volume, &mut report);
    record::scan(&volume, &mut state, &mut report)?;
    record::check_extensions(&state, &mut report);
    facts::check_deferred(&volume, &state, &mut report);
    usn::check_stamps(&state, &mut report);
    scan_indexes(&volume, &mut state, &mut report)?;
    references::check(&volume, &state, &mut report)?;
    references::check_tree(&state, &mut report);
    view_index::check_missing(&state, &mut report);
    clusters::check_shared(&volume, &state, &mut report);
    clusters::check_leaks(&volume, &state, &mut report);
    report.summary.records = volume.records;
    report.summary.volume_bytes = geometry.device_len();
    Ok(report.close())
}

/// Loads what records are held against.
fn prepare(volume: &Volume<'_>, report: &mut Reporter<'_>) -> State {
    mft::check_mirror(volume, report);
    let closed = volume_state::check(volume, report);
    volume_state::check_attr_def(volume, report);
    let security_ids = volume_state::has_secure(volume)
        .then(|| secure::check(volume, report))
        .flatten();
    State {
        records: Records::new(volume.records),
        used: Bits::new(volume.geometry.cluster_count()),
        shared: Vec::new(),
        bitmap: clusters::load(volume, report),
        mft_bitmap: mft::bitmap(volume, report),
        security_ids,
        duplicated: directory::Cache::new(),
        without_security: Vec::new(),
        without_data: Vec::new(),
        parents: BTreeMap::new(),
        extensions: Vec::new(),
        broken: HashSet::new(),
        reparse_index: None,
        object_id_index: None,
        clean_close: closed.cleanly,
        log_lsn: closed.lsn,
        stamps: Stamps::default(),
    }
}

/// Records between two reports of progress.
const STEP: u64 = 1024;

fn scan_indexes(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
) -> Result<(), CheckError> {
    for number in 0..volume.records {
        if number.is_multiple_of(STEP) {
            report.progress(Phase::Indexes, number, volume.records)?;
        }
        if !state.records.has(number, is::DIRECTORY | is::VIEW_INDEX) {
            continue;
        }
        let Some(file) = File::load(volume, RecordNumber(number)) else {
            continue;
        };
        if state.records.has(number, is::DIRECTORY) {
            directory::check(volume, state, report, &file);
        }
        // $Secure was looked at before everything else.
        if state.records.has(number, is::VIEW_INDEX) && file.number != RecordNumber::SECURE {
            view_index::check(volume, state, report, &file);
        }
    }
    report.progress(Phase::Indexes, volume.records, volume.records)
}
