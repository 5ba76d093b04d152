//! What did not come out even: names without entries, entries without names,
//! directories outside the tree. Read again, in detail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{FileName, FileNameView};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::code::ProblemCode as Code;
use crate::directory::{entry_problem, shape};
use crate::file::File;
use crate::index::{Position, walk};
use crate::names;
use crate::problem::{Problem, Value};
use crate::report::{CheckError, Phase, Reporter};
use crate::state::{State, is};
use crate::volume::Volume;

/// Files whose names are read again; the rest is counted only.
const MAX_FILES: usize = 1 << 16;
/// Entries kept for them.
const MAX_ENTRIES: usize = 1 << 19;
/// Steps up a tree of directories; Windows allows no path this deep.
const MAX_ANCESTORS: usize = 1 << 16;

/// An entry as it was found.
struct Found {
    directory: RecordNumber,
    position: Position,
    reference: FileReference,
    namespace: u8,
    name: Vec<u16>,
}

/// Goes into the detail of every file whose names and entries differ.
pub(crate) fn check(
    volume: &Volume<'_>,
    state: &State,
    report: &mut Reporter<'_>,
) -> Result<(), CheckError> {
    let mut uneven = BTreeSet::new();
    for number in state.records.with(is::BASE) {
        if state.records.is_even(number) || state.records.has(number, is::DAMAGED) {
            continue;
        }
        if uneven.len() < MAX_FILES {
            uneven.insert(number);
        } else {
            report.report(Problem::record(
                Code::EntryWithoutName,
                RecordNumber(number),
            ));
        }
    }
    if uneven.is_empty() {
        return Ok(());
    }
    let mut found = collect(volume, state, report, &uneven)?;
    for number in &uneven {
        let entries = found.remove(number).unwrap_or_default();
        compare(volume, state, report, RecordNumber(*number), entries);
    }
    Ok(())
}

/// All entries to the files in `wanted`.
fn collect(
    volume: &Volume<'_>,
    state: &State,
    report: &mut Reporter<'_>,
    wanted: &BTreeSet<u64>,
) -> Result<HashMap<u64, Vec<Found>>, CheckError> {
    let mut found: HashMap<u64, Vec<Found>> = HashMap::new();
    let mut count = 0;
    let shape = shape();
    for number in state.records.with(is::BASE | is::DIRECTORY) {
        report.progress(Phase::References, number, volume.records)?;
        let Some(file) = File::load(volume, RecordNumber(number)) else {
            continue;
        };
        report.muted = true;
        walk(volume, report, &file, &shape, &mut |_, entry, position| {
            let target = entry.reference().record().0;
            if count >= MAX_ENTRIES || !wanted.contains(&target) {
                return;
            }
            if let Ok(view) = FileNameView::new(entry.key()) {
                count += 1;
                found.entry(target).or_default().push(Found {
                    directory: file.number,
                    position,
                    reference: entry.reference(),
                    namespace: view.header.namespace,
                    name: view.name_units(),
                });
            }
        });
        report.muted = false;
    }
    Ok(found)
}

fn compare(
    volume: &Volume<'_>,
    state: &State,
    report: &mut Reporter<'_>,
    number: RecordNumber,
    entries: Vec<Found>,
) {
    let Some(file) = File::load(volume, number) else {
        return;
    };
    let mut by_name: BTreeMap<(RecordNumber, Vec<u16>), Vec<Found>> = BTreeMap::new();
    for entry in entries {
        let key = (entry.directory, entry.name.clone());
        by_name.entry(key).or_default().push(entry);
    }
    for name in names::of(&file) {
        let same = by_name.get_mut(&(name.parent.record(), name.name.clone()));
        // As a rule one entry; with the same namespace if there are more.
        let entry = same.and_then(|same| {
            let exact = same
                .iter()
                .position(|entry| entry.namespace == name.namespace.byte());
            let place = exact.unwrap_or(0);
            (place < same.len()).then(|| same.swap_remove(place))
        });
        match entry {
            Some(entry) => compare_link(state, report, &file, &name, &entry),
            None => report_missing(state, report, number, &name),
        }
    }
    for entry in by_name.into_values().flatten() {
        report.report(
            entry_problem(
                Code::EntryWithoutName,
                entry.directory,
                entry.position,
                &entry.name,
            )
            .found(entry.reference),
        );
    }
}

fn compare_link(
    state: &State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    name: &FileName,
    entry: &Found,
) {
    let problem = |code| entry_problem(code, entry.directory, entry.position, &entry.name);
    if !entry.reference.matches(file.sequence) {
        report.report(
            problem(Code::EntrySequence)
                .found(entry.reference)
                .expected(file.reference()),
        );
    }
    if entry.namespace != name.namespace.byte() {
        report.report(
            problem(Code::EntryNamespace)
                .found(Value::Number(entry.namespace.into()))
                .expected(Value::Number(name.namespace.byte().into())),
        );
    }
    let sequence = state.records.sequence(entry.directory.0);
    if !name.parent.matches(sequence) {
        report.report(
            Problem::record(Code::NameParentSequence, file.number)
                .stream(AttributeType::FILE_NAME, &[])
                .file_name(&name.name)
                .found(name.parent)
                .expected(FileReference::new(entry.directory, sequence)),
        );
    }
}

fn report_missing(state: &State, report: &mut Reporter<'_>, number: RecordNumber, name: &FileName) {
    let parent = name.parent.record().0;
    if state.broken.contains(&parent) || state.records.has(parent, is::DAMAGED) {
        // The directory is damaged; that was told.
        return;
    }
    let code = if state.records.has(parent, is::DIRECTORY) {
        Code::NameWithoutEntry
    } else {
        Code::NameParent
    };
    report.report(
        Problem::record(code, number)
            .stream(AttributeType::FILE_NAME, &[])
            .file_name(&name.name)
            .found(name.parent),
    );
}

/// Directories that go round in a circle instead of up to the root.
pub(crate) fn check_tree(state: &State, report: &mut Reporter<'_>) {
    let root = RecordNumber::ROOT.0;
    // What was met, and in which climb.
    let mut met: BTreeMap<u64, u64> = BTreeMap::new();
    for start in state.parents.keys() {
        let mut number = *start;
        let mut path = Vec::new();
        for _ in 0..MAX_ANCESTORS {
            if number == root {
                break;
            }
            match met.get(&number) {
                Some(climb) if climb == start => {
                    let first = path.iter().position(|n| *n == number).unwrap_or(0);
                    for member in path.iter().skip(first) {
                        report.report(Problem::record(
                            Code::UnreachableDirectory,
                            RecordNumber(*member),
                        ));
                    }
                    break;
                }
                Some(_) => break,
                None => {}
            }
            met.insert(number, *start);
            path.push(number);
            match state.parents.get(&number) {
                Some(parent) => number = parent.record().0,
                None => break,
            }
        }
    }
}
