//! The volume as a whole: version and flags, the log, the upper-case table,
//! a sleeping Windows.

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::attr_def;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::hibernation::HibernationState;
use linkwright_ntfs_format::log::{self, LogState};
use linkwright_ntfs_format::num::units_from_le;
use linkwright_ntfs_format::upcase_info::{self, UpcaseInfo};
use linkwright_ntfs_format::volume_information::{VolumeFlags, VolumeInformation};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::code::ProblemCode as Code;
use crate::file::File;
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::volume::Volume;

/// Bytes of an upper-case table.
const UPCASE_LEN: usize = 65_536 * 2;
/// Bytes of the log that hold both restart pages, whatever their size.
const RESTART_LEN: u64 = 128 << 10;

/// How the volume was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) cleanly: bool,
    /// The highest LSN there can be, where the log is kept.
    pub(crate) lsn: Option<u64>,
}

/// Checks flags and log.
pub(crate) fn check(volume: &Volume<'_>, report: &mut Reporter<'_>) -> Closed {
    let dirty = check_information(volume, report);
    let mut closed = check_log(volume, report);
    closed.cleanly &= !dirty;
    closed
}

fn check_information(volume: &Volume<'_>, report: &mut Reporter<'_>) -> bool {
    let file = File::load(volume, RecordNumber::VOLUME);
    let information = file.as_ref().and_then(|file| {
        let value = file.value(AttributeType::VOLUME_INFORMATION, &[])?;
        VolumeInformation::decode(value).ok()
    });
    let problem = |code| {
        Problem::record(code, RecordNumber::VOLUME).stream(AttributeType::VOLUME_INFORMATION, &[])
    };
    let Some(information) = information else {
        report.report(problem(Code::VolumeInformation));
        return true;
    };
    if !information.is_version_3() {
        report.report(
            problem(Code::VolumeInformation)
                .found(format!("{}.{}", information.major, information.minor))
                .expected("3.1")
                .note_if(information.major == 1),
        );
    }
    let flags = information.flags;
    let under_way = VolumeFlags::RESIZE_LOG_FILE
        | VolumeFlags::UPGRADE_ON_MOUNT
        | VolumeFlags::DELETE_USN_UNDERWAY
        | VolumeFlags::REPAIR_OBJECT_IDS
        | VolumeFlags::CHKDSK_UNDERWAY;
    let found = Value::Hex(flags.bits().into());
    if flags.contains(VolumeFlags::DIRTY) {
        report.report(problem(Code::VolumeDirty).found(found.to_string()));
    }
    if flags.intersects(under_way) {
        report.report(problem(Code::VolumeFlags).found(found.to_string()));
    }
    flags.contains(VolumeFlags::DIRTY)
}

fn check_log(volume: &Volume<'_>, report: &mut Reporter<'_>) -> Closed {
    let problem =
        |code| Problem::record(code, RecordNumber::LOG_FILE).stream(AttributeType::DATA, &[]);
    let unclean = Closed {
        cleanly: false,
        lsn: None,
    };
    let stream = File::load(volume, RecordNumber::LOG_FILE)
        .and_then(|file| file.stream(volume, AttributeType::DATA, &[]));
    let start = stream
        .as_ref()
        .and_then(|stream| stream.read_start(volume, RESTART_LEN).ok());
    let (Some(stream), Some(start)) = (stream, start) else {
        report.report(problem(Code::LogUnknown));
        return unclean;
    };
    let newest = log::newest_restart_page(&start);
    if let Some(newest) = &newest
        && newest.page.area.file_size.get() != stream.sizes.data
    {
        report.report(
            problem(Code::LogSize)
                .found(newest.page.area.file_size.get())
                .expected(stream.sizes.data),
        );
    }
    match LogState::of(&start) {
        LogState::Empty => Closed {
            cleanly: true,
            lsn: None,
        },
        LogState::Clean(_) => Closed {
            cleanly: true,
            lsn: newest.map(|newest| newest.page.area.current_lsn.get()),
        },
        LogState::NotClean(version) => {
            let found = format!("version {}.{}", version.major, version.minor);
            report.report(problem(Code::LogNotClean).found(found));
            unclean
        }
        LogState::Unknown => {
            report.report(problem(Code::LogUnknown));
            unclean
        }
    }
}

/// Largest `$AttrDef` that is looked at; it has 2,560 bytes.
const MAX_ATTR_DEF: u64 = 1 << 20;

/// Checks that `$AttrDef` is a table and has what every volume has.
pub(crate) fn check_attr_def(volume: &Volume<'_>, report: &mut Reporter<'_>) {
    let bytes = File::load(volume, RecordNumber::ATTR_DEF)
        .and_then(|file| file.bytes(volume, AttributeType::DATA, &[], MAX_ATTR_DEF));
    let list = bytes.and_then(|bytes| attr_def::decode(&bytes).ok());
    let needed = [
        AttributeType::STANDARD_INFORMATION,
        AttributeType::ATTRIBUTE_LIST,
        AttributeType::FILE_NAME,
        AttributeType::DATA,
        AttributeType::INDEX_ROOT,
    ];
    let missing = needed.into_iter().find(|kind| {
        list.as_ref()
            .is_none_or(|list| !list.iter().any(|entry| entry.type_code == *kind))
    });
    if let Some(kind) = missing {
        let found = match list {
            Some(_) => format!("no {kind}"),
            None => "unreadable".to_owned(),
        };
        report.report(
            Problem::record(Code::AttrDef, RecordNumber::ATTR_DEF)
                .stream(AttributeType::DATA, &[])
                .found(found),
        );
    }
}

/// Whether the volume is of a version that has `$Secure`. One whose version
/// cannot be read is taken for a recent one.
pub(crate) fn has_secure(volume: &Volume<'_>) -> bool {
    let file = File::load(volume, RecordNumber::VOLUME);
    let information = file.as_ref().and_then(|file| {
        let value = file.value(AttributeType::VOLUME_INFORMATION, &[])?;
        VolumeInformation::decode(value).ok()
    });
    information.is_none_or(|information| information.major != 1)
}

/// Loads the upper-case table; a table that cannot be right is replaced by
/// that of Windows, so that the rest can be judged.
pub(crate) fn load_upcase(volume: &mut Volume<'_>, report: &mut Reporter<'_>) {
    let file = File::load(volume, RecordNumber::UPCASE);
    let limit = UPCASE_LEN as u64;
    let bytes = file
        .as_ref()
        .and_then(|file| file.bytes(volume, AttributeType::DATA, &[], limit))
        .filter(|bytes| bytes.len() == UPCASE_LEN);
    let problem =
        |code| Problem::record(code, RecordNumber::UPCASE).stream(AttributeType::DATA, &[]);
    let table = bytes.as_ref().map(|bytes| units_from_le(bytes));
    match table.filter(|table| folds_ascii(table)) {
        Some(table) => volume.upcase = table,
        None => {
            report.report(problem(Code::Upcase));
            volume.upcase = UpcaseTable::windows().units().to_vec();
        }
    }
    let information = file
        .as_ref()
        .and_then(|file| file.value(AttributeType::DATA, &upcase_info::STREAM_NAME));
    if let (Some(value), Some(bytes)) = (information, &bytes) {
        let crc = upcase_info::upcase_crc(bytes);
        match UpcaseInfo::decode(value) {
            Ok(information) if information.crc == crc => {}
            Ok(information) => report.report(
                problem(Code::UpcaseInfo)
                    .found(Value::Hex(information.crc))
                    .expected(Value::Hex(crc)),
            ),
            Err(error) => report.report(problem(Code::UpcaseInfo).found(error.to_string())),
        }
    }
}

/// Whether ASCII letters fold as they must and nothing else of ASCII does.
fn folds_ascii(table: &[u16]) -> bool {
    (0_u8..128)
        .zip(table)
        .all(|(byte, unit)| u16::from(byte.to_ascii_uppercase()) == *unit)
}

/// Looks at `hiberfil.sys` when `view` names it.
pub(crate) fn check_hibernation(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    view: &FileNameView<'_>,
    reference: FileReference,
) {
    const NAME: &[u8] = b"HIBERFIL.SYS";
    let same = view.name.len() == NAME.len()
        && view
            .name
            .iter()
            .zip(NAME)
            .all(|(unit, byte)| volume.fold(unit.get()) == u16::from(*byte));
    if !same {
        return;
    }
    let start = File::load(volume, reference.record()).and_then(|file| {
        file.bytes(
            volume,
            AttributeType::DATA,
            &[],
            HibernationState::PROBE_LEN as u64,
        )
    });
    let state = start.map_or(HibernationState::Empty, |start| {
        HibernationState::of(&start)
    });
    if matches!(
        state,
        HibernationState::Hibernated | HibernationState::Resuming
    ) {
        report.report(
            Problem::record(Code::Hibernated, reference.record()).file_name(&view.name_units()),
        );
    }
}
