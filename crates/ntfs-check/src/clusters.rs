//! Run lists against `$Bitmap`: every cluster has one owner, or none and is
//! free.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;

use crate::bits::Bits;
use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::mft::load_bits;
use crate::problem::Problem;
use crate::report::Reporter;
use crate::state::State;
use crate::stream::{Extent, Stream};
use crate::volume::Volume;

/// Checks every non-resident stream of a file and takes its clusters.
pub(crate) fn check_streams(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
) {
    let mut extents: Vec<Extent<'_>> = file
        .attributes()
        .filter(|at| at.view.is_non_resident())
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
    let runs = linkwright_ntfs_format::runs::RunList::decode(part.pairs(), part.lowest_vcn())
        .unwrap_or_default();
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
            report.report(problem(Code::CrossLinked).clusters(span.start, span.length));
        } else {
            report.summary.used_bytes += run.length.saturating_mul(volume.cluster_size());
        }
        if let Some(span) = state.bitmap.first_clear(lcn, run.length) {
            report.report(problem(Code::UsedButFree).clusters(span.start, span.length));
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
