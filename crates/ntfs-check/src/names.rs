//! The names of a file: each by itself, and all against the link count.

use std::collections::HashSet;

use linkwright_names::{check_win32_component, short_name::is_legal_8dot3};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{FileName, FileNameView, Namespace};

use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::state::{Link, State, is};
use crate::stream::Extent;
use crate::volume::Volume;

/// Names that are links, DOS names not counted, that Windows allows for a file
/// (MS-FSA 2.1.5.15.6: a new one fails when there are 1,024).
const MAX_LINKS: u64 = 1024;

/// The names of a file that can be decoded.
pub(crate) fn of(file: &File<'_>) -> Vec<FileName> {
    file.of_type(AttributeType::FILE_NAME)
        .filter_map(|at| FileName::decode(at.view.resident_value()?).ok())
        .collect()
}

/// Checks the names of a file and adds their fingerprints.
pub(crate) fn check_file(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    list: &[Extent<'_>],
    link_count: u16,
) {
    let (mut total, mut links) = (0_u64, 0_u64);
    let mut paired = false;
    for at in list {
        if at.view.type_code() != AttributeType::FILE_NAME {
            continue;
        }
        total += 1;
        let Some(value) = at.view.resident_value() else {
            continue;
        };
        let view = match FileNameView::new(value) {
            Ok(view) => view,
            Err(error) => {
                report.report(
                    Problem::attribute(Code::NameMalformed, at.record, &at.view)
                        .offset(error.offset)
                        .found(error.kind.to_string()),
                );
                state.records.add(file.number.0, is::DAMAGED);
                continue;
            }
        };
        if view.namespace() != Namespace::Dos {
            links += 1;
        }
        paired |= matches!(view.namespace(), Namespace::Win32 | Namespace::Dos);
        add(volume, state, file, &view);
        check_name(report, file, &view);
    }
    report.summary.links += links;
    if links > 1 {
        state.records.add(file.number.0, is::MANY_NAMES);
    }
    if links > MAX_LINKS {
        report.report(
            Problem::record(Code::TooManyLinks, file.number)
                .found(links)
                .expected(MAX_LINKS),
        );
    }
    if u64::from(link_count) != total && !state.records.has(file.number.0, is::DAMAGED) {
        report.report(
            Problem::record(Code::LinkCount, file.number)
                .found(link_count)
                .expected(total),
        );
    }
    // The reserved system records have none.
    if total == 0 && file.number >= RecordNumber::FIRST_USER {
        report.report(Problem::record(Code::NoName, file.number));
    }
    if paired {
        check_pairs(report, file, list);
    }
}

fn add(volume: &Volume<'_>, state: &mut State, file: &File<'_>, view: &FileNameView<'_>) {
    let parent = view.parent();
    state.records.add_name(
        file.number.0,
        Link::print(
            parent,
            file.reference(),
            view.header.namespace,
            view.name.iter().map(|unit| unit.get()),
        ),
    );
    if parent.record() == RecordNumber::EXTEND {
        state.records.add(file.number.0, is::METAFILE);
    }
    let known = state.parents.contains_key(&file.number.0);
    if !known
        && state.records.has(file.number.0, is::DIRECTORY)
        && parent.record().0 < volume.records
    {
        state.parents.insert(file.number.0, parent);
    }
}

fn check_name(report: &mut Reporter<'_>, file: &File<'_>, view: &FileNameView<'_>) {
    let name = view.name_units();
    let namespace = view.namespace();
    let is_dot = name == [u16::from(b'.')];
    let problem = |code| {
        Problem::record(code, file.number)
            .stream(AttributeType::FILE_NAME, &[])
            .file_name(&name)
    };
    let short = matches!(namespace, Namespace::Dos | Namespace::Win32AndDos);
    if short && !is_dot && !is_short(&name) {
        report.report(problem(Code::ShortNameInvalid).found(Value::Hex(namespace.byte().into())));
    }
    if !is_dot && let Err(error) = check_win32_component(&name) {
        report.report(problem(Code::NameCharacters).found(error.to_string()));
    }
}

/// Whether a name has the form of an 8.3 name. Letters outside ASCII belong to a
/// code page that is not recorded on the volume; each counts as one.
fn is_short(name: &[u16]) -> bool {
    let plain: Vec<u16> = name
        .iter()
        .map(|unit| if *unit < 0x80 { *unit } else { u16::from(b'X') })
        .collect();
    is_legal_8dot3(&plain)
}

/// A file has one short name at most, beside a long one of the same directory
/// (MS-FSA 2.1.1.3: LinkList).
fn check_pairs(report: &mut Reporter<'_>, file: &File<'_>, list: &[Extent<'_>]) {
    let (mut long, mut short) = (HashSet::new(), HashSet::new());
    let (mut long_parents, mut short_count) = (Vec::new(), 0_u64);
    for at in list {
        if at.view.type_code() != AttributeType::FILE_NAME {
            continue;
        }
        let Some(Ok(view)) = at.view.resident_value().map(FileNameView::new) else {
            continue;
        };
        let parent = view.parent().record();
        match view.namespace() {
            Namespace::Win32 => {
                long.insert(parent);
                long_parents.push(parent);
            }
            Namespace::Dos => {
                short.insert(parent);
                short_count += 1;
            }
            Namespace::Posix | Namespace::Win32AndDos => {}
        }
    }
    let problem = |code| Problem::record(code, file.number).stream(AttributeType::FILE_NAME, &[]);
    if short_count > 1 {
        report.report(
            problem(Code::ShortNamePair)
                .found(format!("{short_count} short names"))
                .expected("one at most"),
        );
    }
    if short.iter().any(|parent| !long.contains(parent)) {
        report.report(problem(Code::ShortNamePair).found("a short name alone"));
    }
    for parent in long_parents {
        if !short.contains(&parent) {
            report.report(problem(Code::LongNameAlone));
        }
    }
}
