//! `$Secure`: descriptors, their copies, and the two indexes that find them.

use std::collections::{HashMap, HashSet};

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::secure::{
    SDS_ALIGN, SDS_BLOCK, SDS_HEADER_LEN, SdhKey, SdsEntry, SdsHeader, SiiKey, sds_mirror_of,
};
use linkwright_ntfs_format::security::SecurityDescriptor;

use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::index::{Shape, walk};
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::stream::Stream;
use crate::view_index::entry_problem;
use crate::volume::Volume;

const SDS: [u16; 4] = [b'$' as u16, b'S' as u16, b'D' as u16, b'S' as u16];
const SII: [u16; 4] = [b'$' as u16, b'S' as u16, b'I' as u16, b'I' as u16];
const SDH: [u16; 4] = [b'$' as u16, b'S' as u16, b'D' as u16, b'H' as u16];

/// Most descriptors that are remembered (40 bytes each in memory).
const MAX_DESCRIPTORS: usize = 1 << 22;

/// The entries of `$SDS` by id.
type Descriptors = HashMap<u32, SdsHeader>;

/// Checks `$Secure`; returns the ids that files may have, `None` when there is
/// nothing to ask.
pub(crate) fn check(volume: &Volume<'_>, report: &mut Reporter<'_>) -> Option<HashSet<u32>> {
    let file = File::load(volume, RecordNumber::SECURE)?;
    let problem = |name: &[u16]| {
        Problem::record(Code::SecureMissing, RecordNumber::SECURE).stream(AttributeType::DATA, name)
    };
    let Some(stream) = file.stream(volume, AttributeType::DATA, &SDS) else {
        report.report(problem(&SDS));
        return None;
    };
    let descriptors = read_stream(volume, report, &stream);
    let ids = check_sii(volume, report, &file, &descriptors);
    check_sdh(volume, report, &file, &descriptors);
    Some(ids)
}

fn stream_problem(code: Code, offset: u64) -> Problem {
    let mut problem = Problem::record(code, RecordNumber::SECURE).stream(AttributeType::DATA, &SDS);
    problem.place.offset = Some(offset);
    problem
}

/// Goes over the blocks of originals and holds each against its copy.
fn read_stream(volume: &Volume<'_>, report: &mut Reporter<'_>, stream: &Stream) -> Descriptors {
    let mut descriptors = Descriptors::new();
    let len = stream.dense_len(volume);
    if len < stream.sizes.data {
        report.report(stream_problem(Code::SecurityEntry, len).found("a hole"));
    }
    // The last copy is the end of the stream.
    let end = len.saturating_sub(SDS_BLOCK);
    let mut block = 0;
    while block < end {
        let block_len = (end - block).min(SDS_BLOCK);
        let size = usize::try_from(block_len).unwrap_or(0);
        let (mut originals, mut copies) = (vec![0; size], vec![0; size]);
        let read = stream
            .read(volume, block, &mut originals)
            .and_then(|()| stream.read(volume, sds_mirror_of(block), &mut copies));
        if let Err(error) = read {
            report.report(stream_problem(Code::Unreadable, block).found(error.to_string()));
        } else {
            read_block(report, block, &originals, &copies, &mut descriptors);
        }
        block = block.saturating_add(2 * SDS_BLOCK);
    }
    descriptors
}

fn read_block(
    report: &mut Reporter<'_>,
    block: u64,
    originals: &[u8],
    copies: &[u8],
    descriptors: &mut Descriptors,
) {
    let mut at = 0;
    while let Some(rest) = originals.get(at..) {
        let Some(head) = rest.get(..SDS_HEADER_LEN) else {
            return;
        };
        let Some(size) = head
            .get(16..)
            .and_then(|size| size.try_into().ok())
            .map(u32::from_le_bytes)
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (SDS_HEADER_LEN..=rest.len()).contains(size))
        else {
            // What lies behind the last entry of a block is not defined.
            return;
        };
        let offset = block + at as u64;
        check_entry(report, offset, rest, descriptors);
        let copy = copies.get(at..).unwrap_or_default();
        if rest.get(..size) != copy.get(..size) {
            report.report(stream_problem(Code::SecurityMirror, offset));
        }
        at = (at + size).next_multiple_of(usize::try_from(SDS_ALIGN).unwrap_or(16));
    }
}

fn check_entry(report: &mut Reporter<'_>, offset: u64, rest: &[u8], descriptors: &mut Descriptors) {
    // An entry that was taken out has its header cleared but for the size.
    if rest.get(..8).is_some_and(|head| head == [0; 8]) {
        return;
    }
    match SdsEntry::decode(rest) {
        Ok(entry) if entry.header.offset == offset => {
            if let Err(error) = SecurityDescriptor::decode(entry.descriptor) {
                let at = offset.saturating_add(error.offset as u64);
                report.report(stream_problem(Code::SecurityEntry, at).found(error.to_string()));
            }
            if descriptors.len() < MAX_DESCRIPTORS {
                descriptors.insert(entry.header.id.0, entry.header);
            }
        }
        Ok(entry) => report.report(
            stream_problem(Code::SecurityEntry, offset)
                .found(Value::Hex(entry.header.offset))
                .expected(Value::Hex(offset)),
        ),
        Err(error) => {
            report.report(stream_problem(Code::SecurityEntry, offset).found(error.kind.to_string()))
        }
    }
}

fn check_sii(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    descriptors: &Descriptors,
) -> HashSet<u32> {
    let shape = Shape {
        name: SII.to_vec(),
        indexed: None,
        collation: Some(Collation::Ulong),
    };
    let mut ids = HashSet::new();
    let whole = walk(
        volume,
        report,
        file,
        &shape,
        &mut |report, entry, position| {
            let key = SiiKey::decode(entry.key()).ok();
            let header = entry.data().and_then(SdsHeader::decode).ok();
            let stored = key.and_then(|key| descriptors.get(&key.0.0)).copied();
            if let Some(key) = key
                && ids.len() < MAX_DESCRIPTORS
            {
                ids.insert(key.0.0);
            }
            if stored.is_none() || header != stored {
                report.report(describe(
                    entry_problem(Code::SecurityIdEntry, file.number, &SII, position),
                    header,
                    stored,
                ));
            }
        },
    );
    if whole {
        report_missing(report, descriptors, &ids, Code::SecurityIdMissing);
    } else {
        ids.extend(descriptors.keys());
    }
    ids
}

fn check_sdh(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    descriptors: &Descriptors,
) {
    let shape = Shape {
        name: SDH.to_vec(),
        indexed: None,
        collation: Some(Collation::SecurityHash),
    };
    let mut ids = HashSet::new();
    let whole = walk(
        volume,
        report,
        file,
        &shape,
        &mut |report, entry, position| {
            let key = SdhKey::decode(entry.key()).ok();
            let header = entry.data().and_then(SdsHeader::decode).ok();
            let stored = key.and_then(|key| descriptors.get(&key.id.0)).copied();
            if let Some(key) = key
                && ids.len() < MAX_DESCRIPTORS
            {
                ids.insert(key.id.0);
            }
            let right = stored.is_some()
                && header == stored
                && stored.map(|stored| stored.sdh_key()) == key;
            if !right {
                report.report(describe(
                    entry_problem(Code::SecurityHashEntry, file.number, &SDH, position),
                    header,
                    stored,
                ));
            }
        },
    );
    if whole {
        report_missing(report, descriptors, &ids, Code::SecurityHashMissing);
    }
}

fn describe(problem: Problem, found: Option<SdsHeader>, stored: Option<SdsHeader>) -> Problem {
    let text = |header: SdsHeader| {
        format!(
            "id {:#x}, hash {:#x}, offset {:#x}, size {}",
            header.id.0, header.hash, header.offset, header.size
        )
    };
    let problem = problem.found(found.map_or_else(|| "nothing usable".to_owned(), text));
    match stored {
        Some(stored) => problem.expected(text(stored)),
        None => problem,
    }
}

fn report_missing(
    report: &mut Reporter<'_>,
    descriptors: &Descriptors,
    ids: &HashSet<u32>,
    code: Code,
) {
    let mut missing: Vec<&u32> = descriptors.keys().filter(|id| !ids.contains(id)).collect();
    missing.sort_unstable();
    for id in missing {
        report
            .report(Problem::record(code, RecordNumber::SECURE).found(Value::Hex(u64::from(*id))));
    }
}
