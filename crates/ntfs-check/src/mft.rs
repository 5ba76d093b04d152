//! The Master File Table: finding all of it, its bitmap, its mirror.

use std::borrow::Cow;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{RecordNumber, fixup};

use crate::bits::Bits;
use crate::code::ProblemCode as Code;
use crate::file::{Content, File};
use crate::problem::Problem;
use crate::report::{CheckError, CheckOptions, Reporter};
use crate::stream::Stream;
use crate::volume::Volume;

/// Steps in which `$MFT`'s map is followed through its own extension records.
const MAX_MAP_STEPS: usize = 128;
/// Records that Windows always mirrors.
const MIRRORED: u64 = 4;

/// Finds every record of the `$MFT`.
pub(crate) fn locate(
    volume: &mut Volume<'_>,
    options: &CheckOptions,
    report: &mut Reporter<'_>,
) -> Result<(), CheckError> {
    let base = first_record(volume, report)?;
    let mut stream = Stream::default();
    for _ in 0..MAX_MAP_STEPS {
        let file = File::new(
            volume,
            RecordNumber::MFT,
            Cow::Borrowed(base.as_slice()),
            &mut Vec::new(),
        );
        let Some(next) = file.stream(volume, AttributeType::DATA, &[]) else {
            return Err(CheckError::MftUnreadable);
        };
        let grown = next.runs.end() > stream.runs.end();
        stream = next;
        volume.mft.clone_from(&stream.runs);
        volume.records = stream.dense_len(volume) / u64::from(volume.geometry.record_size());
        if !grown {
            break;
        }
    }
    let size = u64::from(volume.geometry.record_size());
    if stream.dense_len(volume) < stream.sizes.data {
        report.report(
            Problem::record(Code::MftRuns, RecordNumber::MFT)
                .stream(AttributeType::DATA, &[])
                .found(stream.dense_len(volume))
                .expected(stream.sizes.data),
        );
    }
    volume.records = volume.records.min(volume.device.len() / size);
    if volume.records > options.max_records {
        return Err(CheckError::TooLarge {
            what: "records",
            found: volume.records,
            limit: options.max_records,
        });
    }
    volume.allow_lists();
    if volume.records == 0 {
        return Err(CheckError::MftUnreadable);
    }
    Ok(())
}

/// Record 0, from the `$MFT` or its mirror.
fn first_record(volume: &mut Volume<'_>, report: &mut Reporter<'_>) -> Result<Vec<u8>, CheckError> {
    let shift = volume.geometry.cluster_shift();
    let read = |lcn: u64| {
        let mut bytes = vec![0; volume.record_size()];
        volume
            .device
            .read_at(lcn.checked_shl(shift)?, &mut bytes)
            .ok()?;
        fixup::remove(&mut bytes).ok()?;
        record::validate(&bytes).ok()?;
        let header = record::header(&bytes).ok()?;
        let usable = header.flags().contains(RecordFlags::IN_USE)
            && header.base().is_none()
            && record::attributes(&bytes).flatten().any(|view| {
                view.type_code() == AttributeType::DATA
                    && view.name().is_empty()
                    && view
                        .non_resident()
                        .is_some_and(|part| part.lowest_vcn() == 0)
            });
        usable.then_some(bytes)
    };
    if let Some(bytes) = read(volume.geometry.mft_lcn().0) {
        return Ok(bytes);
    }
    let bytes = read(volume.geometry.mirror_lcn().0).ok_or(CheckError::MftUnreadable)?;
    report.report(Problem::record(Code::MftFirstRecord, RecordNumber::MFT));
    volume.first_record = Some(bytes.clone());
    Ok(bytes)
}

/// `$MFT:$BITMAP`.
pub(crate) fn bitmap(volume: &Volume<'_>, report: &mut Reporter<'_>) -> Bits {
    let mut bits = Bits::new(volume.records);
    let mut there = 0;
    if let Some(file) = File::load(volume, RecordNumber::MFT) {
        there = load_bits(volume, &file, AttributeType::BITMAP, &mut bits);
    }
    // Windows gives it more bits than there are records (NTFS.md 2.2).
    if there.saturating_mul(8) < volume.records {
        report.report(
            Problem::record(Code::MftBitmapSize, RecordNumber::MFT)
                .stream(AttributeType::BITMAP, &[])
                .found(there)
                .expected(volume.records.div_ceil(8)),
        );
    }
    bits
}

/// Loads the unnamed attribute of a type as bits; returns the bytes there are.
pub(crate) fn load_bits(
    volume: &Volume<'_>,
    file: &File<'_>,
    type_code: AttributeType,
    bits: &mut Bits,
) -> u64 {
    match file.content(volume, type_code, &[]) {
        None => 0,
        Some(Content::Resident(value)) => {
            bits.load(0, value);
            value.len() as u64
        }
        Some(Content::Clusters(stream)) => {
            let mut there = 0;
            // A device that fails leaves the rest clear and the count short.
            let read = stream.for_each_chunk(volume, |offset, bytes| {
                bits.load(offset.saturating_mul(8), bytes);
                there = offset + bytes.len() as u64;
            });
            if read.is_err() {
                return there;
            }
            stream.dense_len(volume)
        }
    }
}

/// Holds `$MFT`, `$MFTMirr` and `$Boot` against the boot sector, and the mirror
/// against the first records.
pub(crate) fn check_mirror(volume: &Volume<'_>, report: &mut Reporter<'_>) {
    let mut place = |number, code, expected: u64| {
        let found = File::load(volume, number)
            .and_then(|file| file.stream(volume, AttributeType::DATA, &[]))
            .and_then(|stream| stream.runs.lookup(0))
            .and_then(|run| run.lcn);
        if found != Some(expected) {
            let mut problem = Problem::record(code, number).expected(expected);
            problem.found = found.map(Into::into);
            report.report(problem);
        }
    };
    let wanted = volume.geometry.mirror_lcn().0;
    place(
        RecordNumber::MFT,
        Code::MftPlace,
        volume.geometry.mft_lcn().0,
    );
    place(RecordNumber::MFT_MIRROR, Code::MftMirrorPlace, wanted);
    place(RecordNumber::BOOT, Code::BootFile, 0);
    let size = u64::from(volume.geometry.record_size());
    let start = wanted << volume.geometry.cluster_shift();
    // Larger clusters hold copies of more records, which Windows does not keep
    // in step.
    for record in 0..MIRRORED.min(volume.records) {
        let mut copy = vec![0; volume.record_size()];
        let same = volume
            .device
            .read_at(start + record * size, &mut copy)
            .is_ok()
            && fixup::remove(&mut copy).is_ok()
            && volume
                .record(RecordNumber(record))
                .is_ok_and(|bytes| same_record(&bytes, &copy));
        if !same {
            report.report(Problem::record(Code::MftMirror, RecordNumber(record)));
        }
    }
}

/// Equal but for the update sequence number itself.
fn same_record(a: &[u8], b: &[u8]) -> bool {
    let number = record::header(a).map_or(0, |header| usize::from(header.usa_offset.get()));
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .enumerate()
            .all(|(at, (a, b))| a == b || at == number || at == number + 1)
}
