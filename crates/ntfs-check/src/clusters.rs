//! Run lists against `$Bitmap`: every cluster has one owner, or none and is
//! free.

use std::collections::HashSet;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{RecordNumber, record};

use crate::bits::{Bits, Span};
use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::mft::load_bits;
use crate::problem::Problem;
use crate::report::Reporter;
use crate::state::{State, is};
use crate::stream::{Extent, Stream};
use crate::volume::Volume;

/// Checks every non-resident stream of a file and takes its clusters.
pub(crate) fn check_streams(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    list: &[Extent<'_>],
) {
    let mut extents: Vec<Extent<'_>> = list
        .iter()
        .filter(|at| at.view.is_non_resident())
        .copied()
        .collect();
    if extents.is_empty() {
        return;
    }
    extents.sort_by_cached_key(Extent::key);
    let same = |a: &Extent<'_>, b: &Extent<'_>| {
        a.view.type_code() == b.view.type_code() && a.view.name() == b.view.name()
    };
    let mut problems = Vec::new();
    for group in extents.chunk_by(same) {
        Stream::assemble(volume, group, &mut problems);
        for extent in group {
            take(volume, state, report, extent);
        }
    }
    report.report_all(problems);
}

/// Takes the clusters of an extent.
fn take(volume: &Volume<'_>, state: &mut State, report: &mut Reporter<'_>, extent: &Extent<'_>) {
    let Some(part) = extent.view.non_resident() else {
        return;
    };
    let runs = RunList::decode(part.pairs(), part.lowest_vcn()).unwrap_or_default();
    for run in runs.runs() {
        let Some(lcn) = run.lcn else {
            continue;
        };
        let problem = |code| Problem::attribute(code, extent.record, &extent.view).vcn(run.vcn);
        if lcn.saturating_add(run.length) > volume.clusters {
            report.report(problem(Code::RunOutside).clusters(lcn, run.length));
            continue;
        }
        if let Some(span) = state.used.set_range(lcn, run.length) {
            if state.shared.len() < MAX_SHARED {
                state.shared.push(Shared {
                    span,
                    record: extent.record,
                    offset: extent.view.offset(),
                });
            }
            report.report(problem(Code::CrossLinked).clusters(span.start, span.length));
        } else {
            report.summary.used_bytes += run.length.saturating_mul(volume.cluster_size());
        }
        if let Some(span) = state.bitmap.first_clear(lcn, run.length) {
            report.report(problem(Code::UsedButFree).clusters(span.start, span.length));
        }
    }
}

/// Cross-links whose other owner is looked for.
const MAX_SHARED: usize = 1024;

/// Clusters that were taken a second time.
pub(crate) struct Shared {
    span: Span,
    record: RecordNumber,
    /// The attribute that took them second, which was told.
    offset: usize,
}

/// Looks for those who took shared clusters first, and tells them too.
pub(crate) fn check_shared(volume: &Volume<'_>, state: &State, report: &mut Reporter<'_>) {
    if state.shared.is_empty() {
        return;
    }
    let told: HashSet<(RecordNumber, usize)> = state
        .shared
        .iter()
        .map(|shared| (shared.record, shared.offset))
        .collect();
    let mut bits = Bits::new(volume.geometry.cluster_count());
    for shared in &state.shared {
        bits.set_range(shared.span.start, shared.span.length);
    }
    for number in (0..volume.records).map(RecordNumber) {
        if !state.records.has(number.0, is::BASE | is::CLAIMED) {
            continue;
        }
        let Ok(bytes) = volume.record(number) else {
            continue;
        };
        for view in record::attributes(&bytes).flatten() {
            let Some(part) = view.non_resident() else {
                continue;
            };
            if told.contains(&(number, view.offset())) {
                continue;
            }
            let runs = RunList::decode(part.pairs(), part.lowest_vcn()).unwrap_or_default();
            for run in runs.runs() {
                if let Some(lcn) = run.lcn
                    && let Some(span) = bits.first_set(lcn, run.length)
                {
                    report.report(
                        Problem::attribute(Code::CrossLinked, number, &view)
                            .vcn(run.vcn)
                            .clusters(span.start, span.length),
                    );
                }
            }
        }
    }
}

/// `$Bitmap`, as it lies on the volume.
pub(crate) fn load(volume: &Volume<'_>, report: &mut Reporter<'_>) -> Bits {
    let clusters = volume.geometry.cluster_count();
    // With room for the bits past the end, to see that they are set.
    let padded = clusters.next_multiple_of(8);
    let mut bits = Bits::new(padded);
    let mut there = 0;
    if let Some(file) = File::load(volume, RecordNumber::BITMAP) {
        there = load_bits(volume, &file, AttributeType::DATA, &mut bits);
    }
    let problem =
        |code| Problem::record(code, RecordNumber::BITMAP).stream(AttributeType::DATA, &[]);
    if there < clusters.div_ceil(8) {
        report.report(
            problem(Code::VolumeBitmap)
                .found(there)
                .expected(clusters.div_ceil(8)),
        );
        // Nothing can be told from it.
        bits.set_range(0, padded);
    } else if let Some(span) = bits.first_clear(clusters, padded - clusters) {
        report.report(problem(Code::VolumeBitmapTail).clusters(span.start, span.length));
    }
    bits
}

/// Clusters that are marked as used and that nobody has.
pub(crate) fn check_leaks(volume: &Volume<'_>, state: &State, report: &mut Reporter<'_>) {
    if report.summary.by_code.contains_key(&Code::VolumeBitmap) {
        return;
    }
    let clusters = volume.geometry.cluster_count();
    for span in state.bitmap.spans_not_in(&state.used) {
        if span.start >= clusters {
            break;
        }
        let length = span.length.min(clusters - span.start);
        report.report(Problem::new(Code::Leaked).clusters(span.start, length));
    }
}
