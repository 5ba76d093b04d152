//! Indexes that are not of file names.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::index::{EntryView, I30};
use linkwright_ntfs_format::object_id::{self, ObjectIdAttribute, ObjectIdEntry};
use linkwright_ntfs_format::reparse_index::{self, ReparseKey};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::code::ProblemCode as Code;
use crate::facts::reparse_tag;
use crate::file::File;
use crate::index::{Position, Shape, walk};
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::state::{State, is};
use crate::volume::Volume;

/// Name of the index by which a quota file is told from one of object ids.
const QUOTA: [u16; 2] = [b'$' as u16, b'Q' as u16];

/// A problem with an entry of a view index.
pub(crate) fn entry_problem(
    code: Code,
    file: RecordNumber,
    index: &[u16],
    position: Position,
) -> Problem {
    let kind = match position.vcn {
        None => AttributeType::INDEX_ROOT,
        Some(_) => AttributeType::INDEX_ALLOCATION,
    };
    let mut problem = Problem::record(code, file)
        .stream(kind, index)
        .entry(position.entry)
        .offset(position.offset);
    problem.place.vcn = position.vcn;
    problem
}

/// Walks every view index of a file; which of them it is, is told by its name.
pub(crate) fn check(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
) {
    let names: Vec<Vec<u16>> = file
        .of_type(AttributeType::INDEX_ROOT)
        .filter(|at| !at.view.name_is(&I30))
        .map(|at| at.view.name_units())
        .collect();
    let is_quota = names.iter().any(|name| *name == QUOTA);
    for name in names {
        let metafile = state.records.has(file.number.0, is::METAFILE);
        let shape = |collation| Shape {
            name: name.clone(),
            indexed: None,
            collation,
        };
        if metafile && name == reparse_index::INDEX_NAME {
            let shape = shape(Some(Collation::Ulongs));
            let whole = walk(
                volume,
                report,
                file,
                &shape,
                &mut |report, entry, position| {
                    reparse_entry(volume, state, report, file, entry, position);
                },
            );
            state.reparse_index = Some(whole);
        } else if metafile && !is_quota && name == object_id::INDEX_NAME {
            let shape = shape(Some(Collation::Ulongs));
            let whole = walk(
                volume,
                report,
                file,
                &shape,
                &mut |report, entry, position| {
                    object_id_entry(volume, state, report, file, entry, position);
                },
            );
            state.object_id_index = Some(whole);
        } else {
            walk(volume, report, file, &shape(None), &mut |_, _, _| {});
        }
    }
}

/// Whether a reference leads to a file in use.
fn is_file(state: &State, reference: FileReference) -> bool {
    let number = reference.record().0;
    state.records.has(number, is::BASE) && reference.matches(state.records.sequence(number))
}

fn reparse_entry(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    index: &File<'_>,
    entry: &EntryView<'_>,
    position: Position,
) {
    let problem = |code| entry_problem(code, index.number, &reparse_index::INDEX_NAME, position);
    let Ok(key) = ReparseKey::decode(entry.key()) else {
        report.report(problem(Code::IndexEntry));
        return;
    };
    let number = key.file.record().0;
    if state.records.has(number, is::DAMAGED) {
        return;
    }
    let tag = (is_file(state, key.file) && state.records.has(number, is::REPARSE))
        .then(|| File::load(volume, key.file.record()))
        .flatten()
        .and_then(|file| reparse_tag(volume, &file));
    if tag == Some(key.tag) {
        state.records.add(number, is::REPARSE_INDEXED);
    } else {
        let mut problem =
            problem(Code::ReparseIndexStale).found(format!("{:#x} of file {}", key.tag, key.file));
        problem.expected = tag.map(|tag| Value::Hex(tag.into()));
        report.report(problem);
    }
}

fn object_id_entry(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    index: &File<'_>,
    entry: &EntryView<'_>,
    position: Position,
) {
    let problem = |code| entry_problem(code, index.number, &object_id::INDEX_NAME, position);
    let decoded = entry
        .data()
        .and_then(|data| ObjectIdEntry::decode(entry.key(), data));
    let Ok(found) = decoded else {
        report.report(problem(Code::IndexEntry));
        return;
    };
    let number = found.file.record().0;
    if state.records.has(number, is::DAMAGED) {
        return;
    }
    let id = (is_file(state, found.file) && state.records.has(number, is::OBJECT_ID))
        .then(|| File::load(volume, found.file.record()))
        .flatten()
        .and_then(|file| {
            let value = file.value(AttributeType::OBJECT_ID, &[])?;
            ObjectIdAttribute::decode(value).ok()
        });
    if id.is_some_and(|attribute| attribute.id == found.id) {
        state.records.add(number, is::OBJECT_ID_INDEXED);
    } else {
        report.report(problem(Code::ObjectIdIndexStale).found(found.file));
    }
}

/// Files whose reparse point or object id no index entry leads to.
pub(crate) fn check_missing(state: &State, report: &mut Reporter<'_>) {
    let mut missing = |have: u16, indexed: u16, code: Code, kind: AttributeType| {
        for number in state.records.with(is::BASE | have) {
            if !state.records.has(number, indexed | is::DAMAGED) {
                report.report(Problem::record(code, RecordNumber(number)).stream(kind, &[]));
            }
        }
    };
    // After a broken walk the rest says nothing.
    if state.reparse_index != Some(false) {
        missing(
            is::REPARSE,
            is::REPARSE_INDEXED,
            Code::ReparseIndexMissing,
            AttributeType::REPARSE_POINT,
        );
    }
    if state.object_id_index != Some(false) {
        missing(
            is::OBJECT_ID,
            is::OBJECT_ID_INDEXED,
            Code::ObjectIdIndexMissing,
            AttributeType::OBJECT_ID,
        );
    }
}
