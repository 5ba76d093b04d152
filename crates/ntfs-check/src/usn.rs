//! The change journal: the records of `$Extend\$UsnJrnl`, and the stamps of
//! files that lead to them. The rules are those that chkdsk goes by in its last
//! stage, in its words.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::standard_information::StandardInformation;
use linkwright_ntfs_format::usn::{
    MAX_STREAM, RECORDS_STREAM, USN_PAGE_SIZE, UsnHeader, UsnMax, UsnRecord,
};
use linkwright_ntfs_format::{RecordNumber, num};

use crate::code::ProblemCode as Code;
use crate::file::{Content, File};
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::state::State;
use crate::stream::Stream;
use crate::volume::Volume;

/// Files with the highest stamps, which are held against the journal's end once
/// that is known.
const MAX_STAMPS: usize = 1000;
/// The last record has at least a number of eight bytes.
const LEAST_LEN: u64 = 8;
/// Pages that are read at once.
const CHUNK: u64 = 1 << 20;

/// Stamps of files, and the journal they should lie in.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    highest: BinaryHeap<Reverse<(u64, u64)>>,
    /// The journal's file and the length of `$J`.
    journal: Option<(RecordNumber, u64)>,
}

impl Stamps {
    /// Remembers the stamp of a file.
    pub(crate) fn add(&mut self, number: RecordNumber, information: Option<&StandardInformation>) {
        let extended = information.and_then(|information| information.extended);
        let usn = extended.map_or(0, |extended| extended.usn);
        let least = match self.highest.peek() {
            Some(Reverse((least, _))) if self.highest.len() >= MAX_STAMPS => *least,
            _ => 0,
        };
        if usn <= least {
            return;
        }
        if self.highest.len() >= MAX_STAMPS {
            self.highest.pop();
        }
        self.highest.push(Reverse((usn, number.0)));
    }
}

/// Checks that no stamp lies behind the end of the journal.
pub(crate) fn check_stamps(state: &State, report: &mut Reporter<'_>) {
    let Some((_, end)) = state.stamps.journal else {
        return;
    };
    let mut beyond: Vec<(u64, u64)> = state
        .stamps
        .highest
        .iter()
        .map(|Reverse((usn, number))| (*number, *usn))
        .filter(|(_, usn)| usn.saturating_add(LEAST_LEN) > end)
        .collect();
    beyond.sort_unstable();
    for (number, usn) in beyond {
        report.report(
            Problem::record(Code::UsnStamp, RecordNumber(number))
                .stream(AttributeType::STANDARD_INFORMATION, &[])
                .found(usn)
                .expected(end)
                .note_if(!state.clean_close),
        );
    }
}

/// Checks the change journal when `file` is it.
pub(crate) fn check(
    volume: &Volume<'_>,
    state: &mut State,
    report: &mut Reporter<'_>,
    file: &File<'_>,
) {
    let limit = UsnMax::LEN as u64;
    let Some(max) = file.bytes(volume, AttributeType::DATA, &MAX_STREAM, limit) else {
        return;
    };
    let problem = |name: &[u16]| {
        Problem::record(Code::UsnJournal, file.number).stream(AttributeType::DATA, name)
    };
    let decoded = match UsnMax::decode(&max) {
        Ok(decoded) => decoded,
        Err(error) => {
            report.report(problem(&MAX_STREAM).found(error.to_string()));
            return;
        }
    };
    let len = match file.content(volume, AttributeType::DATA, &RECORDS_STREAM) {
        None => {
            report.report(problem(&RECORDS_STREAM).found("missing"));
            return;
        }
        Some(content) => {
            let mut records = Records {
                file: file.number,
                stopped: !state.clean_close,
                report,
            };
            match content {
                Content::Resident(value) => {
                    records.check_pages(0, value);
                    value.len() as u64
                }
                Content::Clusters(stream) => {
                    records.check_stream(volume, &stream);
                    stream.sizes.data
                }
            }
        }
    };
    let lowest = u64::try_from(decoded.lowest_valid_usn).unwrap_or(u64::MAX);
    if lowest > len {
        report.report(problem(&MAX_STREAM).found(lowest).expected(len));
    }
    state.stamps.journal.get_or_insert((file.number, len));
}

/// The records of `$J` under examination.
struct Records<'r, 'a> {
    file: RecordNumber,
    /// The volume was not closed: the last pages may be old.
    stopped: bool,
    report: &'r mut Reporter<'a>,
}

impl Records<'_, '_> {
    fn problem(&mut self, code: Code, usn: u64, found: impl Into<Value>) {
        let place = usize::try_from(usn).unwrap_or(usize::MAX);
        self.report.report(
            Problem::record(code, self.file)
                .stream(AttributeType::DATA, &RECORDS_STREAM)
                .offset(place)
                .found(found)
                .note_if(self.stopped),
        );
    }

    /// Checks what is allocated of the stream, which is its last part. No more
    /// is read than the volume has bytes, whatever the runs say.
    fn check_stream(&mut self, volume: &Volume<'_>, stream: &Stream) {
        let size = volume.cluster_size();
        let end = stream.sizes.initialized.min(stream.sizes.data);
        let mut left = volume.device.len();
        let mut at = 0_u64;
        for run in stream.runs.runs() {
            if run.lcn.is_none() {
                continue;
            }
            let start = run.vcn.saturating_mul(size);
            let stop = run.end().saturating_mul(size).min(end);
            // A page goes on in the next run when clusters are smaller.
            at = at.max(start.next_multiple_of(USN_PAGE_SIZE));
            while at < stop && left > 0 {
                let wanted = (stop - at).min(CHUNK).next_multiple_of(USN_PAGE_SIZE);
                let wanted = wanted.min(end - at);
                let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(0)];
                if stream.read(volume, at, &mut bytes).is_ok() {
                    self.check_pages(at, &bytes);
                }
                at = at.saturating_add(wanted);
                left = left.saturating_sub(wanted);
            }
        }
    }

    fn check_pages(&mut self, start: u64, bytes: &[u8]) {
        let mut at = start;
        for page in bytes.chunks(usize::try_from(USN_PAGE_SIZE).unwrap_or(usize::MAX)) {
            self.check_page(at, page);
            at = at.saturating_add(USN_PAGE_SIZE);
        }
    }

    /// Checks the records of a page. Behind one without a length nobody can find
    /// another.
    fn check_page(&mut self, start: u64, page: &[u8]) {
        let mut at = 0_usize;
        while let Some(rest) = page.get(at..).filter(|rest| !rest.is_empty()) {
            let usn = start.saturating_add(at as u64);
            match UsnHeader::decode(rest) {
                Ok(Some(header)) => {
                    self.check_record(usn, rest, header);
                    at += header.length;
                }
                Ok(None) => {
                    if rest.iter().any(|byte| *byte != 0) {
                        self.problem(Code::UsnTail, usn, "other bytes");
                    }
                    return;
                }
                Err(error) => {
                    let length = num::u32_at(rest, 0).unwrap_or(0);
                    let crosses = length > 0 && u64::from(length) <= USN_PAGE_SIZE;
                    match crosses && length as usize > rest.len() {
                        true => self.problem(Code::UsnPage, usn, u64::from(length)),
                        false => self.problem(Code::UsnRecord, usn, error.to_string()),
                    }
                    return;
                }
            }
        }
    }

    fn check_record(&mut self, usn: u64, bytes: &[u8], header: UsnHeader) {
        // Versions 3 and 4 have other fields; only their length is known here.
        if header.major != 2 {
            return;
        }
        let record = match UsnRecord::decode(bytes) {
            Ok((record, _)) => record,
            Err(error) => {
                self.problem(Code::UsnRecord, usn, error.to_string());
                return;
            }
        };
        if u64::try_from(record.usn) != Ok(usn) {
            self.problem(Code::UsnOffset, usn, record.usn.cast_unsigned());
        }
        for reference in [record.file, record.parent] {
            if reference.sequence().0 == 0 {
                self.problem(Code::UsnReference, usn, reference);
            }
        }
    }
}
