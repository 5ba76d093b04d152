//! Directories: every entry against the file it leads to.

use std::collections::HashMap;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::file_name::{Duplicated, FileNameView};
use linkwright_ntfs_format::index::{EntryView, I30};
use linkwright_ntfs_format::standard_information::{FileAttributes, Times};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::code::ProblemCode as Code;
use crate::facts::Facts;
use crate::file::File;
use crate::index::{Position, Shape, walk};
use crate::problem::{Problem, Value};
use crate::report::{Reporter, StaleEntries};
use crate::state::{Link, Prints, State, is, tag_or_ea};
use crate::stream::Extent;
use crate::volume::Volume;
use crate::volume_state;

/// The file-name index.
pub(crate) fn shape() -> Shape {
    Shape {
        name: I30.to_vec(),
        indexed: Some(AttributeType::FILE_NAME),
        collation: Some(Collation::FileName),
    }
}

/// A problem with an entry of a directory.
pub(crate) fn entry_problem(
    code: Code,
    directory: RecordNumber,
    position: Position,
    name: &[u16],
) -> Problem {
    let kind = match position.vcn {
        None => AttributeType::INDEX_ROOT,
        Some(_) => AttributeType::INDEX_ALLOCATION,
    };
    let mut problem = Problem::record(code, directory)
        .stream(kind, &I30)
        .file_name(name)
        .entry(position.entry)
        .offset(position.offset);
    problem.place.vcn = position.vcn;
    problem
}

/// Walks a directory and holds each entry against its file.
pub(crate) fn check(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
) {
    let whole = walk(
        volume,
        report,
        file,
        &shape(),
        &mut |report, entry, position| {
            report.summary.index_entries += 1;
            check_entry(volume, state, report, file, entry, position);
        },
    );
    if !whole {
        state.broken.insert(file.number.0);
    }
}

fn check_entry(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    directory: &File<'_>,
    entry: &EntryView<'_>,
    position: Position,
) {
    let view = match FileNameView::new(entry.key()) {
        Ok(view) => view,
        Err(error) => {
            report.report(
                entry_problem(Code::IndexEntry, directory.number, position, &[])
                    .found(error.kind.to_string()),
            );
            return;
        }
    };
    let problem = |code| entry_problem(code, directory.number, position, &view.name_units());
    let own = directory.reference();
    if view.parent().record() != own.record() || !view.parent().matches(own.sequence()) {
        report.report(
            problem(Code::EntryParent)
                .found(view.parent())
                .expected(own),
        );
    }
    let reference = entry.reference();
    let number = reference.record().0;
    if state.records.has(number, is::DAMAGED) {
        return;
    }
    if !state.records.has(number, is::BASE) {
        report.report(problem(Code::EntryUnused).found(reference));
        return;
    }
    state.records.take_entry(
        number,
        Link::print(
            own,
            reference,
            view.header.namespace,
            view.name.iter().map(|unit| unit.get()),
        ),
    );
    if directory.number == RecordNumber::ROOT {
        volume_state::check_hibernation(volume, report, &view, reference);
    }
    let there = view.duplicated();
    if Prints::of(&there) != state.records.duplicated(number) {
        let context = Context {
            reference,
            many_names: state.records.has(number, is::MANY_NAMES),
            metafile: state.records.has(number, is::METAFILE)
                || state.is_below_extend(directory.number),
            clean_close: state.clean_close,
            known: state.records.duplicated(number),
        };
        let cache = &mut state.duplicated;
        check_duplicated(volume, report, cache, &there, &context, problem);
    }
}

/// What decides how a difference is judged.
struct Context {
    reference: FileReference,
    many_names: bool,
    metafile: bool,
    clean_close: bool,
    known: Prints,
}

impl Context {
    /// Whether another tag or reparse bit is a trace that Windows leaves.
    fn stale_tag(&self, rule: StaleEntries) -> bool {
        rule == StaleEntries::AsWindows && self.many_names
    }

    /// Whether other sizes are a trace that Windows leaves: in entries of other
    /// names than the one used, of metafiles, of a volume that stopped suddenly,
    /// and of a file that was changed after its entry.
    fn stale_sizes(&self, rule: StaleEntries, there: &Duplicated, want: &Duplicated) -> bool {
        let older = there.times.changed < want.times.changed;
        self.metafile
            || !self.clean_close
            || (rule == StaleEntries::AsWindows && (self.many_names || older))
    }
}

/// What was read again last, so that a file with a thousand stale names is not
/// read a thousand times: what its entries repeat, and whether it has a reparse
/// point.
pub(crate) type Cache = HashMap<RecordNumber, (Duplicated, bool)>;

/// Files in the cache.
const MAX_CACHED: usize = 4096;

/// Reads the file again and says which of the repeated fields differ.
fn check_duplicated(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    cache: &mut Cache,
    there: &Duplicated,
    context: &Context,
    problem: impl Fn(Code) -> Problem,
) {
    let (now, known) = (Prints::of(there), context.known);
    if now.sizes == known.sizes && now.tag == known.tag && report.is_full(Code::EntryTimes) {
        // Times, as a rule; not worth reading the file again to be sure.
        report.report(problem(Code::EntryTimes));
        return;
    }
    let number = context.reference.record();
    let cached = cache.get(&number).copied();
    let Some((want, has_reparse)) = cached.or_else(|| {
        let file = File::load(volume, number)?;
        let list: Vec<Extent<'_>> = file.attributes().collect();
        let facts = Facts::of(volume, &file, &list);
        Some((facts.duplicated(), facts.reparse_tag.is_some()))
    }) else {
        return;
    };
    if cache.len() >= MAX_CACHED {
        cache.clear();
    }
    cache.insert(number, (want, has_reparse));
    let reparse = FileAttributes::REPARSE_POINT;
    let directory = FileAttributes::FILE_NAME_INDEX;
    let differ = there.attributes.symmetric_difference(want.attributes);
    let flags = |attributes: FileAttributes| Value::Hex(attributes.bits().into());
    let attributes = |code| {
        problem(code)
            .found(flags(there.attributes))
            .expected(flags(want.attributes))
    };
    if differ.contains(reparse) {
        let stale = context.stale_tag(report.stale_entries);
        report.report(attributes(Code::EntryReparseFlag).note_if(stale));
    }
    if differ.contains(directory) {
        report.report(attributes(Code::EntryDirectoryFlag));
    }
    if !differ.difference(reparse | directory).is_empty() {
        report.report(attributes(Code::EntryAttributes));
    }
    if there.times != want.times {
        let which = differing(&there.times, &want.times);
        report.report(problem(Code::EntryTimes).found(which));
    }
    if (there.allocated, there.size) != (want.allocated, want.size) {
        report.report(
            problem(Code::EntrySize)
                .found(format!("{} of {}", there.size, there.allocated))
                .expected(format!("{} of {}", want.size, want.allocated))
                .note_if(context.stale_sizes(report.stale_entries, there, &want)),
        );
    }
    let tags = if has_reparse {
        (there.ea_or_tag, want.ea_or_tag)
    } else {
        (tag_or_ea(there), tag_or_ea(&want))
    };
    if tags.0 != tags.1 {
        let code = if has_reparse || there.attributes.contains(reparse) {
            Code::EntryReparseTag
        } else {
            Code::EntryEaSize
        };
        let stale = context.stale_tag(report.stale_entries);
        report.report(
            problem(code)
                .found(Value::Hex(tags.0.into()))
                .expected(Value::Hex(tags.1.into()))
                .note_if(stale),
        );
    }
}

/// The times that differ.
fn differing(there: &Times, want: &Times) -> String {
    let times = [
        ("creation", there.created, want.created),
        ("last write", there.modified, want.modified),
        ("change", there.changed, want.changed),
        ("last access", there.accessed, want.accessed),
    ];
    let names: Vec<&str> = times
        .into_iter()
        .filter(|(_, a, b)| a != b)
        .map(|(name, _, _)| name)
        .collect();
    names.join(", ")
}
