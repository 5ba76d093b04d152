//! File records one after the other: header, attribute chain, and what bits
//! and base records say of them.

use std::borrow::Cow;

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::error::FormatErrorKind;
use linkwright_ntfs_format::record::{self, RecordFlags, RecordHeader};
use linkwright_ntfs_format::{RecordNumber, fixup};

use crate::ahead;
use crate::code::ProblemCode as Code;
use crate::facts;
use crate::file::File;
use crate::problem::{Problem, Value};
use crate::report::{CheckError, Phase, Reporter};
use crate::state::{State, is};
use crate::volume::Volume;

/// Bytes of the end mark.
const END_LEN: usize = 8;
/// Records kept for `$MFT`'s own growth end here.
const RESERVED_END: u64 = RecordNumber::FIRST_USER.0;
/// Records whose sequence number is their own number (NTFS.md 2.2).
const NUMBERED_END: u64 = 12;

/// Goes over every record.
pub(crate) fn scan(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
) -> Result<(), CheckError> {
    let size = volume.record_size();
    let records = ahead::Records {
        clusters: volume.clusters_of_device(),
        runs: &volume.mft,
        count: volume.records,
        size,
    };
    records.each::<CheckError>(&mut |piece| {
        report.progress(Phase::Records, piece.first, volume.records)?;
        for (number, bytes) in (piece.first..).zip(piece.bytes.chunks_mut(size)) {
            let this = RecordNumber(number);
            if !piece.whole
                && let Err(error) = volume.read_runs(&volume.mft, this.0 * size as u64, bytes)
            {
                state.records.add(this.0, is::DAMAGED);
                report.report(Problem::record(Code::Unreadable, this).found(error.to_string()));
                continue;
            }
            check(volume, state, report, this, bytes);
        }
        report.summary.metadata_bytes += piece.bytes.len() as u64;
        Ok(())
    })?;
    report.progress(Phase::Records, volume.records, volume.records)
}

fn check(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    number: RecordNumber,
    bytes: &mut [u8],
) {
    let marked = state.mft_bitmap.get(number.0);
    let Some(header) = decode(state, report, number, bytes) else {
        return;
    };
    state.records.set_sequence(number.0, header.sequence());
    if !header.flags().contains(RecordFlags::IN_USE) {
        // The first records stay marked whether Windows uses them or not.
        if marked && number.0 >= RESERVED_END {
            // A record that was being taken into use when all stopped.
            let stopped = !state.clean_close;
            report.report(Problem::record(Code::MftBitmapSet, number).note_if(stopped));
        }
        return;
    }
    report.summary.records_in_use += 1;
    if !marked {
        report.report(Problem::record(Code::MftBitmapClear, number));
    }
    check_header(volume, state, report, number, bytes, &header);
    check_chain(volume, state, report, number, bytes, &header);
    match header.base() {
        Some(base) => {
            state.records.add(number.0, is::EXTENSION);
            state.extensions.push((number, base));
            if header.link_count.get() != 0 {
                report.report(
                    Problem::record(Code::ExtensionLinkCount, number)
                        .found(header.link_count.get())
                        .expected(0_u64),
                );
            }
        }
        None => {
            state.records.add(number.0, is::BASE);
            let mut problems = Vec::new();
            let file = File::new(volume, number, Cow::Borrowed(bytes), &mut problems);
            if !problems.is_empty() {
                state.records.add(number.0, is::DAMAGED);
            }
            report.report_all(problems);
            for part in file.parts.iter().skip(1) {
                state.records.add(part.number.0, is::CLAIMED);
            }
            facts::check(volume, state, report, &file, header.link_count.get());
        }
    }
}

/// The header of a record that can be read, its fix-ups removed.
fn decode(
    state: &mut State,
    report: &mut Reporter<'_>,
    number: RecordNumber,
    bytes: &mut [u8],
) -> Option<RecordHeader> {
    let raw = record::header(bytes).ok().copied()?;
    let marked = state.mft_bitmap.get(number.0) && number.0 >= RESERVED_END;
    if raw.signature == [0; 4] && !raw.flags().contains(RecordFlags::IN_USE) {
        // Never used: blank.
        if marked {
            let stopped = !state.clean_close;
            report.report(Problem::record(Code::MftBitmapSet, number).note_if(stopped));
        }
        return None;
    }
    let known = raw.signature == record::SIGNATURE;
    let problem = if raw.signature == record::BAD_SIGNATURE {
        Problem::record(Code::RecordBaad, number)
    } else if !known {
        let found = String::from_utf8_lossy(&raw.signature)
            .escape_default()
            .to_string();
        Problem::record(Code::RecordSignature, number)
            .found(found)
            .expected("FILE")
    } else {
        match fixup::remove(bytes) {
            Ok(()) => return record::header(bytes).ok().copied(),
            Err(error) => {
                let code = match error.kind {
                    FormatErrorKind::TornBlock => Code::RecordTorn,
                    _ => Code::RecordUpdateSequence,
                };
                Problem::record(code, number).offset(error.offset)
            }
        }
    };
    let used =
        state.mft_bitmap.get(number.0) || (known && raw.flags().contains(RecordFlags::IN_USE));
    if used {
        state.records.add(number.0, is::DAMAGED);
    }
    report.report(problem.note_if(!used));
    None
}

fn check_header(
    volume: &Volume<'_>,
    state: &State,
    report: &mut Reporter<'_>,
    number: RecordNumber,
    bytes: &[u8],
    header: &RecordHeader,
) {
    if usize::try_from(header.allocated.get()) != Ok(bytes.len()) {
        report.report(
            Problem::record(Code::RecordAllocatedSize, number)
                .found(header.allocated.get())
                .expected(bytes.len()),
        );
    }
    let own = number.0 & 0xFFFF_FFFF;
    // Records of NTFS 3.0 have their update sequence array in this place.
    let has_number = usize::from(header.usa_offset.get()) >= record::HEADER_LEN;
    if has_number && u64::from(header.number.get()) != own {
        report.report(
            Problem::record(Code::RecordNumber, number)
                .found(header.number.get())
                .expected(own),
        );
    }
    let sequence = u64::from(header.sequence.get());
    let expected = (number.0 < NUMBERED_END).then_some(number.0.max(1));
    if sequence == 0 || expected.is_some_and(|expected| expected != sequence) {
        let mut problem = Problem::record(Code::RecordSequence, number).found(sequence);
        problem.expected = expected.map(Value::Number);
        report.report(problem);
    }
    if let Some(limit) = state.log_lsn
        && header.lsn.get() > limit
    {
        report.report(
            Problem::record(Code::LsnBeyondLog, number)
                .found(header.lsn.get())
                .expected(limit),
        );
    }
    debug_assert_eq!(bytes.len(), volume.record_size());
}

/// What is known of an attribute when the next one is looked at.
struct Seen {
    type_code: AttributeType,
    name: Vec<u16>,
}

fn check_chain(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    number: RecordNumber,
    bytes: &[u8],
    header: &RecordHeader,
) {
    let first = usize::from(header.attributes_offset.get());
    let least = usize::from(header.usa_offset.get()) + usize::from(header.usa_count.get()) * 2;
    if first < least || !first.is_multiple_of(8) {
        state.records.add(number.0, is::DAMAGED);
        report.report(
            Problem::record(Code::RecordFirstAttribute, number)
                .found(first)
                .expected(least.next_multiple_of(8)),
        );
        return;
    }
    let mut end = first;
    let mut instances: Vec<u16> = Vec::new();
    let mut before: Option<Seen> = None;
    for view in record::attributes(bytes) {
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                state.records.add(number.0, is::DAMAGED);
                report.report(
                    Problem::record(Code::RecordAttributes, number)
                        .offset(error.offset)
                        .found(error.kind.to_string()),
                );
                return;
            }
        };
        end = view.offset() + view.len();
        if instances.contains(&view.instance()) {
            report.report(
                Problem::attribute(Code::DuplicateInstance, number, &view).found(view.instance()),
            );
        }
        instances.push(view.instance());
        let name = view.name_units();
        if before
            .as_ref()
            .is_some_and(|before| !in_order(volume, before, &view, &name))
        {
            report.report(Problem::attribute(Code::AttributeOrder, number, &view));
        }
        before = Some(Seen {
            type_code: view.type_code(),
            name,
        });
    }
    if usize::try_from(header.used.get()) != Ok(end + END_LEN) {
        report.report(
            Problem::record(Code::RecordUsedSize, number)
                .found(header.used.get())
                .expected(end + END_LEN),
        );
    }
    let highest = instances.iter().copied().max();
    // The counter may have gone round once; then it says nothing.
    if let Some(highest) = highest
        && header.next_instance.get() <= highest
        && header.next_instance.get() != 0
    {
        report.report(
            Problem::record(Code::NextInstance, number)
                .found(header.next_instance.get())
                .expected(u64::from(highest) + 1),
        );
    }
}

/// By type, then by name in the volume's collation.
fn in_order(volume: &Volume<'_>, before: &Seen, view: &AttributeView<'_>, name: &[u16]) -> bool {
    let fold = |units: &[u16]| -> Vec<u16> { units.iter().map(|u| volume.fold(*u)).collect() };
    match before.type_code.cmp(&view.type_code()) {
        core::cmp::Ordering::Less => true,
        core::cmp::Ordering::Greater => false,
        core::cmp::Ordering::Equal => {
            before.name == name || (fold(&before.name), &before.name[..]) <= (fold(name), name)
        }
    }
}

/// Extension records that nobody leads to, or that name a wrong base.
pub(crate) fn check_extensions(state: &State, report: &mut Reporter<'_>) {
    for (number, base) in &state.extensions {
        let records = &state.records;
        let owner = base.record().0;
        if records.has(owner, is::DAMAGED) {
            continue;
        }
        if !records.has(owner, is::BASE) || !base.matches(records.sequence(owner)) {
            report.report(Problem::record(Code::ExtensionBase, *number).found(*base));
        } else if !records.has(number.0, is::CLAIMED) {
            report.report(Problem::record(Code::ExtensionOrphan, *number).found(*base));
        }
    }
}
