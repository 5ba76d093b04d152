//! `volume check`: verifies a volume, and changes nothing.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_device::{BlockDevice, Overlay};
use linkwright_fs::{ErrorKind, Feature};
use linkwright_ntfs::Volume;
use linkwright_ntfs_check::{
    CheckError, CheckOptions, Phase, Problem, ProblemCode, Severity, Summary, check_with_progress,
};

use crate::args::CheckArgs;
use crate::context::Context;
use crate::device_error;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::location::DeviceSpec;
use crate::output::{Line, Style};
use crate::progress::Progress;
use crate::report::Report;
use crate::volumes::{Access, open_window};

pub(super) fn run(ctx: &Context, args: &CheckArgs) -> Result<Report> {
    let spec = ctx.device(&args.image)?;
    let window = open_window(&spec, Access::Read, ctx.lock_wait)?;
    let (device, held) = match args.raw {
        true => (window.device, None),
        false => through_the_journal(window.device),
    };
    let progress = Progress::of_records(ctx.out.is_json());
    let say = |problem: &Problem| progress.suspend(|| say(ctx, problem, args.notes));
    if let Some(groups) = held {
        say(&Problem::log_holds_work(groups));
    }
    let mut phase = None;
    let checked = check_with_progress(
        &*device,
        &CheckOptions::default(),
        &mut |problem| say(&problem),
        &mut |at| {
            if phase.replace(at.phase) != Some(at.phase) {
                progress.begin(phase_text(at.phase));
            }
            progress.reach(at.done, at.total);
            match ctx.interrupt.is_set() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        },
    );
    progress.finish();
    let mut summary = checked.map_err(|error| failure(&spec.path, &error))?;
    if held.is_some() {
        summary.notes += 1;
    }
    conclude(ctx, &summary, args.notes);
    Ok(report(&summary))
}

/// Records whose reparse point the index of reparse points does not have.
pub(in crate::verbs) fn missing_reparse(ctx: &Context, spec: &DeviceSpec) -> Result<HashSet<u64>> {
    let window = open_window(spec, Access::Read, ctx.lock_wait)?;
    let (device, _) = through_the_journal(window.device);
    let progress = Progress::of_records(ctx.out.is_json());
    let mut missing = HashSet::new();
    let mut phase = None;
    let checked = check_with_progress(
        &*device,
        &CheckOptions::default(),
        &mut |problem| {
            if problem.code == ProblemCode::ReparseIndexMissing
                && let Some(record) = problem.place.record
            {
                missing.insert(record.0);
            }
        },
        &mut |at| {
            if phase.replace(at.phase) != Some(at.phase) {
                progress.begin(phase_text(at.phase));
            }
            progress.reach(at.done, at.total);
            match ctx.interrupt.is_set() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        },
    );
    progress.finish();
    checked.map_err(|error| failure(&spec.path, &error))?;
    Ok(missing)
}

/// The volume as it is after recovery, and how many groups of operations its
/// log holds when a session did not end. What cannot be seen through the
/// journal is judged as it lies.
fn through_the_journal(device: Arc<dyn BlockDevice>) -> (Arc<dyn BlockDevice>, Option<u64>) {
    let view: Arc<dyn BlockDevice> = Arc::new(Overlay::new(Arc::clone(&device)));
    match Volume::recover(Arc::clone(&view)) {
        Ok(report) => (view, report.needed.then_some(report.groups)),
        Err(_) => (device, None),
    }
}

fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Metafiles => "reading the volume's own files",
        Phase::Records => "checking file records",
        Phase::Indexes => "checking directories",
        _ => "comparing names and entries",
    }
}

/// Every problem is a line for machines; for people, notes are left out unless
/// they are asked for: Windows itself leaves many.
fn say(ctx: &Context, problem: &Problem, notes: bool) {
    let text =
        |value: &Option<linkwright_ntfs_check::Value>| value.as_ref().map(ToString::to_string);
    let place = &problem.place;
    let name =
        |name: &Option<linkwright_names::NtName>| name.as_ref().map(|name| name.to_string_lossy());
    ctx.out.json(
        Line::new("problem")
            .set("code", problem.code.as_str())
            .set("severity", problem.severity.word())
            .set("text", problem.code.text())
            .set("place", place.to_string())
            .set_opt("record", place.record.map(|record| record.0))
            .set_opt("attribute", place.attribute.map(|kind| kind.to_string()))
            .set_opt("stream", name(&place.stream))
            .set_opt("file_name", name(&place.file_name))
            .set_opt("vcn", place.vcn)
            .set_opt("entry", place.entry)
            .set_opt("offset", place.offset)
            .set_opt("cluster", place.cluster)
            .set_opt("length", place.length)
            .set_opt("found", text(&problem.found))
            .set_opt("expected", text(&problem.expected)),
    );
    if problem.severity == Severity::Note && !notes {
        return;
    }
    let style = match problem.severity {
        Severity::Note => Style::Dim,
        _ => Style::Bad,
    };
    let line = ctx.out.shown(problem.to_string().as_bytes());
    ctx.out.text(ctx.out.styled(style, &line));
}

fn conclude(ctx: &Context, summary: &Summary, notes: bool) {
    let verdict = match summary.is_clean() {
        true => "nothing wrong".to_owned(),
        false => format!(
            "{} damaged, {} inconsistent",
            summary.damage, summary.inconsistencies
        ),
    };
    ctx.out.text(format!(
        "{} files and {} directories with {} names checked: {verdict}",
        summary.files, summary.directories, summary.links
    ));
    if summary.notes > 0 && !notes {
        ctx.out.text(format!(
            "{} notes on what Windows leaves behind too; --notes shows them",
            summary.notes
        ));
    }
}

/// Findings are one status however bad they are; that a volume cannot be read
/// to its end is another, and comes as an error.
fn report(summary: &Summary) -> Report {
    let exit = match summary.is_clean() {
        true => Exit::Done,
        false => Exit::Findings,
    };
    Report {
        exit,
        counts: vec![
            ("damage", summary.damage),
            ("inconsistencies", summary.inconsistencies),
            ("notes", summary.notes),
            ("files", summary.files),
            ("directories", summary.directories),
            ("links", summary.links),
            ("reparse_points", summary.reparse_points),
            ("records", summary.records),
            ("records_in_use", summary.records_in_use),
        ],
    }
}

fn failure(path: &std::path::Path, error: &CheckError) -> Failure {
    let place = path.display().to_string();
    match error {
        CheckError::Cancelled => Failure::interrupted(),
        CheckError::Device(error) => device_error::device(path, error),
        CheckError::TooLarge { .. } => Failure::of_kind(
            place,
            ErrorKind::Unsupported(Feature::Volume),
            error.to_string(),
        ),
        _ => Failure {
            help: None,
            ..Failure::of_kind(place, ErrorKind::Corrupt, error.to_string())
        },
    }
}
