//! What a file's attributes say: which there are, whether they fit together,
//! and what an index entry of the file must repeat.

use linkwright_names::NtName;
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::{AttributeType, Form};
use linkwright_ntfs_format::ea::{EaInformation, EaIter};
use linkwright_ntfs_format::file_name::Duplicated;
use linkwright_ntfs_format::index::I30;
use linkwright_ntfs_format::object_id::ObjectIdAttribute;
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::standard_information::{FileAttributes, StandardInformation};
use linkwright_reparse::{MAX_REPARSE_BYTES, ReparseBuffer, ReparseTag};

use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::state::{Prints, State, is};
use crate::stream::Extent;
use crate::volume::Volume;
use crate::{clusters, names, usn};

/// What matters of a file beyond its names and clusters.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) information: Option<StandardInformation>,
    /// Allocated and real size of the unnamed stream.
    pub(crate) sizes: Option<(u64, u64)>,
    pub(crate) reparse_tag: Option<u32>,
    pub(crate) ea_size: u16,
    pub(crate) has_ea: bool,
    pub(crate) is_directory: bool,
    pub(crate) has_view_index: bool,
    pub(crate) has_object_id: bool,
    pub(crate) has_descriptor: bool,
}

/// Largest set of extended attributes that is looked at.
const MAX_EA: u64 = 1 << 20;

impl Facts {
    /// Gathers them; nothing is reported.
    pub(crate) fn of(volume: &Volume<'_>, file: &File<'_>, list: &[Extent<'_>]) -> Self {
        let mut facts = Self::default();
        for at in list {
            let value = at.view.resident_value();
            let unnamed = at.view.name().is_empty();
            match at.view.type_code() {
                AttributeType::STANDARD_INFORMATION => {
                    facts.information = value.and_then(|v| StandardInformation::decode(v).ok());
                }
                AttributeType::DATA if unnamed && at.lowest() == 0 => {
                    facts.sizes = Some(sizes(at));
                }
                AttributeType::INDEX_ROOT if at.view.name_is(&I30) => facts.is_directory = true,
                AttributeType::INDEX_ROOT => facts.has_view_index = true,
                AttributeType::OBJECT_ID => facts.has_object_id = true,
                AttributeType::SECURITY_DESCRIPTOR => facts.has_descriptor = true,
                AttributeType::EA_INFORMATION => {
                    let decoded = value.and_then(|v| EaInformation::decode(v).ok());
                    facts.ea_size = decoded.map_or(0, |information| information.packed_size);
                }
                AttributeType::EA => facts.has_ea = true,
                AttributeType::REPARSE_POINT if at.lowest() == 0 => {
                    facts.reparse_tag = Some(reparse_tag(volume, file).unwrap_or(0));
                }
                _ => {}
            }
        }
        facts
    }

    /// What an index entry of this file repeats (MS-FSA 2.1.4.19; measured for
    /// the tag and the two index bits, NTFS.md 2.8).
    pub(crate) fn duplicated(&self) -> Duplicated {
        let information = self.information.unwrap_or_default();
        let mut attributes = information.attributes;
        attributes.set(FileAttributes::FILE_NAME_INDEX, self.is_directory);
        attributes.set(FileAttributes::VIEW_INDEX, self.has_view_index);
        let (allocated, size) = match self.sizes {
            Some(sizes) if !self.is_directory => sizes,
            _ => (0, 0),
        };
        Duplicated {
            times: information.times,
            allocated,
            size,
            attributes,
            ea_or_tag: self.reparse_tag.unwrap_or(self.ea_size.into()),
        }
    }
}

/// Allocated and real size of a stream, as entries repeat them: of a resident
/// one the size rounded up to 8, of a sparse or compressed one what is really
/// allocated.
fn sizes(at: &Extent<'_>) -> (u64, u64) {
    match at.view.form() {
        Form::Resident { value, .. } => {
            let len = value.len() as u64;
            (len.next_multiple_of(8), len)
        }
        Form::NonResident(part) => {
            let sizes = part.sizes();
            (sizes.total_allocated.unwrap_or(sizes.allocated), sizes.data)
        }
    }
}

fn reparse_bytes(volume: &Volume<'_>, file: &File<'_>) -> Option<Vec<u8>> {
    file.bytes(
        volume,
        AttributeType::REPARSE_POINT,
        &[],
        MAX_REPARSE_BYTES as u64 + 1,
    )
}

/// The tag of a file's reparse point.
pub(crate) fn reparse_tag(volume: &Volume<'_>, file: &File<'_>) -> Option<u32> {
    let bytes = reparse_bytes(volume, file)?;
    ReparseTag::of_buffer(&bytes).ok().map(|tag| tag.0)
}

/// Checks the attributes of a file and remembers what others are held against.
pub(crate) fn check(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    link_count: u16,
) {
    // Decoded once: every check goes over them.
    let list: Vec<Extent<'_>> = file.attributes().collect();
    let facts = Facts::of(volume, file, &list);
    check_each(report, &list);
    check_information(state, report, file, &facts);
    check_flags(report, file, &facts);
    check_reparse(volume, report, file, &facts);
    check_ea(volume, report, file, &facts);
    check_object_id(report, file, &facts);
    if file.flags.contains(RecordFlags::IN_EXTEND) {
        usn::check(volume, state, report, file);
    }
    clusters::check_streams(volume, state, report, &list);
    remember(state, report, file, &facts);
    names::check_file(volume, state, report, file, &list, link_count);
}

fn remember(state: &mut State, report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    let number = file.number.0;
    state.stamps.add(file.number, facts.information.as_ref());
    let mut flags = 0;
    let mut set = |condition: bool, flag: u16| {
        if condition {
            flags |= flag;
        }
    };
    set(facts.is_directory, is::DIRECTORY);
    set(facts.has_view_index, is::VIEW_INDEX);
    set(facts.reparse_tag.is_some(), is::REPARSE);
    set(facts.has_object_id, is::OBJECT_ID);
    let metafile =
        file.number < RecordNumber::FIRST_USER || file.flags.contains(RecordFlags::IN_EXTEND);
    set(metafile, is::METAFILE);
    let plain = !facts.is_directory && !facts.has_view_index && facts.sizes.is_none();
    if plain && !metafile && state.without_data.len() < MAX_DEFERRED {
        state.without_data.push(file.number);
    }
    state.records.add(number, flags);
    state
        .records
        .set_duplicated(number, Prints::of(&facts.duplicated()));
    if facts.is_directory {
        report.summary.directories += 1;
    } else {
        report.summary.files += 1;
    }
    if facts.reparse_tag.is_some() {
        report.summary.reparse_points += 1;
    }
}

/// Rules for each attribute by itself, and that none is there twice.
fn check_each(report: &mut Reporter<'_>, list: &[Extent<'_>]) {
    let mut seen: Vec<(AttributeType, NtName, u64)> = Vec::new();
    for at in list {
        let type_code = at.view.type_code();
        let problem = |code| Problem::attribute(code, at.record, &at.view);
        if at.view.is_non_resident() && !type_code.may_be_non_resident() {
            report.report(problem(Code::MustBeResident));
        }
        if type_code == AttributeType::FILE_NAME {
            if matches!(at.view.form(), Form::Resident { indexed: false, .. }) {
                report.report(problem(Code::IndexedFlag));
            }
            continue;
        }
        let key = (
            type_code,
            NtName::from_units(&at.view.name_units()),
            at.lowest(),
        );
        if seen.contains(&key) {
            report.report(problem(Code::DuplicateAttribute));
        } else if seen.len() < MAX_SEEN {
            seen.push(key);
        }
    }
}

/// Attributes of a file that are held against each other for doubles; a list
/// of this length costs a few hundred thousand comparisons.
const MAX_SEEN: usize = 1024;

fn check_information(state: &mut State, report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    let problem =
        |code| Problem::record(code, file.number).stream(AttributeType::STANDARD_INFORMATION, &[]);
    let Some(information) = &facts.information else {
        // Records kept for $MFT's growth have nothing in them.
        report.report(problem(Code::StandardInformation));
        return;
    };
    let Some(ids) = &state.security_ids else {
        return;
    };
    let id = information
        .extended
        .map_or(0, |extended| extended.security_id.0);
    if id == 0 {
        if !facts.has_descriptor && state.without_security.len() < MAX_DEFERRED {
            state.without_security.push(file.number);
        }
    } else if !ids.contains(&id) {
        report.report(problem(Code::SecurityIdUnknown).found(Value::Hex(id.into())));
    }
}

/// Files without a security id or data that are looked at once all parents are
/// known.
const MAX_DEFERRED: usize = 1 << 16;

/// Looks at what only metafiles may lack, now that all parents are known:
/// security (measured: children of `$Extend` and what is below them have none),
/// and an unnamed stream.
pub(crate) fn check_deferred(volume: &Volume<'_>, state: &State, report: &mut Reporter<'_>) {
    let is_metafile = |number: RecordNumber| {
        state.records.has(number.0, is::METAFILE)
            || File::load(volume, number).is_some_and(|file| {
                names::of(&file)
                    .iter()
                    .any(|name| state.is_below_extend(name.parent.record()))
            })
    };
    for number in &state.without_security {
        if !is_metafile(*number) {
            report.report(
                Problem::record(Code::SecurityIdUnknown, *number)
                    .stream(AttributeType::STANDARD_INFORMATION, &[])
                    .found(Value::Hex(0)),
            );
        }
    }
    for number in &state.without_data {
        if !is_metafile(*number) && !state.records.has(number.0, is::DAMAGED) {
            report.report(
                Problem::record(Code::DataMissing, *number).stream(AttributeType::DATA, &[]),
            );
        }
    }
}

fn check_flags(report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    let mut expected = file.flags;
    expected.set(RecordFlags::DIRECTORY, facts.is_directory);
    // Windows marks $Secure and what is in $Extend; a directory with a view
    // index beside its names was never seen.
    expected.set(RecordFlags::VIEW_INDEX, facts.has_view_index);
    if expected != file.flags {
        report.report(
            Problem::record(Code::RecordFlags, file.number)
                .found(Value::Hex(file.flags.bits().into()))
                .expected(Value::Hex(expected.bits().into())),
        );
    }
}

fn check_reparse(volume: &Volume<'_>, report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    let flagged = facts.information.is_some_and(|information| {
        information
            .attributes
            .contains(FileAttributes::REPARSE_POINT)
    });
    if facts.information.is_some() && flagged != facts.reparse_tag.is_some() {
        report.report(
            Problem::record(Code::ReparseFlag, file.number)
                .stream(AttributeType::STANDARD_INFORMATION, &[])
                .found(flagged.to_string())
                .expected((!flagged).to_string()),
        );
    }
    if facts.reparse_tag.is_none() {
        return;
    }
    let problem = |found: String| {
        Problem::record(Code::ReparseBuffer, file.number)
            .stream(AttributeType::REPARSE_POINT, &[])
            .found(found)
    };
    match reparse_bytes(volume, file).map(|bytes| ReparseBuffer::decode(&bytes)) {
        None => report.report(problem("unreadable".to_owned())),
        Some(Err(error)) => {
            report.report(problem(error.to_string()).offset(error.offset));
        }
        Some(Ok(_)) => {}
    }
}

fn check_ea(volume: &Volume<'_>, report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    if !facts.has_ea {
        return;
    }
    let information = file
        .value(AttributeType::EA_INFORMATION, &[])
        .and_then(|value| EaInformation::decode(value).ok());
    let bytes = file.bytes(volume, AttributeType::EA, &[], MAX_EA);
    let problem = |found: &str| {
        Problem::record(Code::ExtendedAttributes, file.number)
            .stream(AttributeType::EA, &[])
            .found(found)
    };
    match (information, bytes) {
        (None, _) => report.report(problem("no information attribute")),
        (_, None) => report.report(problem("unreadable")),
        (Some(information), Some(bytes)) => {
            let want = u64::from(information.size);
            if let Some(value) = usize::try_from(want).ok().and_then(|n| bytes.get(..n)) {
                if let Some(error) = EaIter::new(value).find_map(Result::err) {
                    report.report(problem(&error.to_string()).offset(error.offset));
                }
            } else {
                report.report(problem("fewer bytes than stated").expected(want));
            }
        }
    }
}

fn check_object_id(report: &mut Reporter<'_>, file: &File<'_>, facts: &Facts) {
    if !facts.has_object_id {
        return;
    }
    let value = file.value(AttributeType::OBJECT_ID, &[]);
    if value.is_none_or(|value| ObjectIdAttribute::decode(value).is_err()) {
        report.report(
            Problem::record(Code::ObjectId, file.number).stream(AttributeType::OBJECT_ID, &[]),
        );
    }
}
