//! The change journal: what each operation leaves in it, that its old part goes,
//! and that a foreign reader finds the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{
    CaseSensitivity, ChangeJournal, ChangeJournalState, CreateOptions, Error, ExtendedAttribute,
    FileId, FileKind, InvalidInput, LinkType, OpenOptions, Replace, TimesChange, Volume,
};
use linkwright_ntfs_format::object_id::{ObjectId, ObjectIdAttribute};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::{USN_PAGE_SIZE, UsnReason, UsnRecord};
use linkwright_ntfs_format::volume_information::VolumeFlags;
use linkwright_ntfs_format::{RecordNumber, SequenceNumber};
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize, ShortNames};
use linkwright_reparse::{MountPoint, SymbolicLink};
use linkwright_testkit::oracle::sleuthkit;
use linkwright_testkit::skip_unless;

use crate::support::{
    NOW, ROOT, assert_sound, directory, file, fresh, image_of, open, options, units,
};

const EXTEND: FileId = FileId::new(RecordNumber(11), SequenceNumber(11));
const SMALL: linkwright_ntfs_mkfs::ChangeJournal = linkwright_ntfs_mkfs::ChangeJournal {
    maximum_size: 64 << 10,
    allocation_delta: 16 << 10,
};

pub(crate) fn with_journal() -> FormatOptions {
    FormatOptions {
        change_journal: Some(linkwright_ntfs_mkfs::ChangeJournal::default()),
        ..FormatOptions::default()
    }
}

fn journal_file(volume: &Volume) -> FileId {
    let entry = volume.lookup(EXTEND, &units("$UsnJrnl")).unwrap();
    entry.expect("$UsnJrnl").file
}

fn active(volume: &Volume) -> ChangeJournal {
    match volume.info().unwrap().change_journal {
        ChangeJournalState::Active(journal) => journal,
        other => panic!("{other:?}"),
    }
}

/// Every record that is kept, held against the rules of the stream.
pub(crate) fn records(volume: &Volume) -> Vec<UsnRecord> {
    let file = journal_file(volume);
    let state = active(volume);
    let end = volume.stream_len(file, &units("$J")).unwrap();
    assert_eq!(end, state.next_usn);
    let mut bytes = vec![0xEE; usize::try_from(end - state.first_usn).unwrap()];
    let read = volume
        .read_at(file, &units("$J"), state.first_usn, &mut bytes)
        .unwrap();
    assert_eq!(read, bytes.len());
    let mut all = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let usn = state.first_usn + at as u64;
        let page = usize::try_from(USN_PAGE_SIZE - usn % USN_PAGE_SIZE).unwrap();
        let page = &bytes[at..(at + page).min(bytes.len())];
        if page[..4.min(page.len())].iter().all(|byte| *byte == 0) {
            assert!(
                page.iter().all(|byte| *byte == 0),
                "zeros to the page's end"
            );
            at += page.len();
            continue;
        }
        let (record, len) = UsnRecord::decode(page).expect("a record inside its page");
        assert_eq!(u64::try_from(record.usn).unwrap(), usn);
        all.push(record);
        at += len;
    }
    all
}

/// A record as a line: name, reasons; the bits as in winioctl.h.
fn line(record: &UsnRecord) -> String {
    let name = String::from_utf16_lossy(&record.name);
    let reasons: Vec<_> = record.reason.iter_names().map(|(name, _)| name).collect();
    format!("{name}: {}", reasons.join(" "))
}

/// What `work` adds to the journal. The last record of a file is the one that
/// its `$STANDARD_INFORMATION` names.
fn told(volume: &Volume, work: impl FnOnce(&Volume)) -> Vec<String> {
    let before = active(volume).next_usn;
    work(volume);
    let new: Vec<_> = records(volume)
        .into_iter()
        .filter(|record| u64::try_from(record.usn).unwrap() >= before)
        .collect();
    let mut last = BTreeMap::new();
    for record in &new {
        assert_eq!(record.time, NOW);
        assert_eq!((record.source, record.security_id.0), (0, 0));
        last.insert(record.file.raw(), record);
    }
    for record in last.into_values() {
        assert!(record.reason.contains(UsnReason::CLOSE), "{}", line(record));
        match volume.file_info(record.file) {
            Ok(info) => assert_eq!(info.usn, u64::try_from(record.usn).unwrap()),
            Err(Error::InvalidInput(InvalidInput::StaleReference)) => {
                assert!(record.reason.contains(UsnReason::FILE_DELETE));
            }
            Err(other) => panic!("{other}"),
        }
    }
    new.iter().map(line).collect()
}

#[test]
fn creating_and_linking_are_told() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    let lines = told(&volume, |v| _ = file(v, ROOT, "a"));
    assert_eq!(lines, ["a: FILE_CREATE", "a: FILE_CREATE CLOSE"]);
    let lines = told(&volume, |v| _ = directory(v, ROOT, "d"));
    assert_eq!(lines, ["d: FILE_CREATE", "d: FILE_CREATE CLOSE"]);
    let a = volume.lookup(ROOT, &units("a")).unwrap().unwrap().file;
    let d = volume.lookup(ROOT, &units("d")).unwrap().unwrap().file;
    // One record of its own, under the new name.
    let lines = told(&volume, |v| v.hard_link(a, d, &units("b")).unwrap());
    assert_eq!(lines, ["b: HARD_LINK_CHANGE CLOSE"]);
    let link = records(&volume).pop().unwrap();
    assert_eq!((link.file, link.parent), (a, d));
    assert_eq!(link.attributes, FileAttributes::ARCHIVE);
    let target = SymbolicLink::relative(&units("a")).unwrap();
    let lines = told(&volume, |v| {
        let made = v.symbolic_link(
            ROOT,
            &units("s"),
            LinkType::File,
            &target,
            &CreateOptions::default(),
        );
        made.map(drop).unwrap();
    });
    assert_eq!(
        lines,
        [
            "s: FILE_CREATE",
            "s: FILE_CREATE REPARSE_POINT_CHANGE",
            "s: FILE_CREATE REPARSE_POINT_CHANGE CLOSE",
        ]
    );
    let attributes = records(&volume).pop().unwrap().attributes;
    assert_eq!(
        attributes,
        FileAttributes::ARCHIVE | FileAttributes::REPARSE_POINT
    );
    let mount = MountPoint::junction(&units("C:\\d")).unwrap();
    let lines = told(&volume, |v| {
        let made = v.junction(ROOT, &units("j"), &mount, &CreateOptions::default());
        made.map(drop).unwrap();
    });
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2], "j: FILE_CREATE REPARSE_POINT_CHANGE CLOSE");
    let attributes = records(&volume).pop().unwrap().attributes;
    assert_eq!(
        attributes,
        FileAttributes::DIRECTORY | FileAttributes::REPARSE_POINT
    );
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn removing_and_renaming_are_told() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    let a = file(&volume, ROOT, "a");
    let d = directory(&volume, ROOT, "d");
    volume.hard_link(a, d, &units("b")).unwrap();
    let lines = told(&volume, |v| v.remove(ROOT, &units("a")).unwrap());
    assert_eq!(lines, ["a: HARD_LINK_CHANGE CLOSE"]);
    let lines = told(&volume, |v| {
        v.rename(d, &units("b"), ROOT, &units("c"), Replace::No)
            .unwrap();
    });
    assert_eq!(
        lines,
        [
            "b: RENAME_OLD_NAME",
            "c: RENAME_NEW_NAME",
            "c: RENAME_NEW_NAME CLOSE",
        ]
    );
    let parents: Vec<_> = records(&volume).iter().rev().map(|r| r.parent).collect();
    assert_eq!(parents[..3], [ROOT, ROOT, d]);
    // A rename to the same name changes nothing.
    let lines = told(&volume, |v| {
        v.rename(ROOT, &units("c"), ROOT, &units("c"), Replace::No)
            .unwrap();
    });
    assert_eq!(lines, [""; 0]);
    file(&volume, ROOT, "e");
    let lines = told(&volume, |v| {
        v.rename(ROOT, &units("c"), ROOT, &units("e"), Replace::Yes)
            .unwrap();
    });
    assert_eq!(
        lines,
        [
            "e: FILE_DELETE CLOSE",
            "c: RENAME_OLD_NAME",
            "e: RENAME_NEW_NAME",
            "e: RENAME_NEW_NAME CLOSE",
        ]
    );
    let lines = told(&volume, |v| {
        v.remove(ROOT, &units("e")).unwrap();
        v.remove(ROOT, &units("d")).unwrap();
    });
    assert_eq!(lines, ["e: FILE_DELETE CLOSE", "d: FILE_DELETE CLOSE"]);
    volume.close().unwrap();
    assert_sound(&*device);
}

/// A file whose last name goes while somebody has it open is told to be deleted
/// when it goes, once.
#[test]
fn a_file_set_aside_is_told_to_be_deleted_once() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    let a = file(&volume, ROOT, "a");
    volume.hard_link(a, ROOT, &units("b")).unwrap();
    let lines = told(&volume, |v| v.set_aside(ROOT, &units("a")).unwrap());
    assert_eq!(lines, ["a: HARD_LINK_CHANGE CLOSE"]);
    let before = active(&volume).next_usn;
    volume.set_aside(ROOT, &units("b")).unwrap();
    volume.write_at(a, &[], 0, b"still open").unwrap();
    volume.drop_aside(a).unwrap();
    let new: Vec<_> = records(&volume)
        .iter()
        .filter(|record| u64::try_from(record.usn).unwrap() >= before)
        .map(line)
        .collect();
    assert_eq!(new, ["b: FILE_DELETE CLOSE"]);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn changes_of_data_are_told() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    let a = file(&volume, ROOT, "a");
    let s = units("s");
    type Work = Box<dyn FnOnce(&Volume)>;
    let work: [(&str, Work); 13] = [
        (
            "DATA_EXTEND",
            Box::new(move |v| v.write_at(a, &[], 0, b"ten bytes.").unwrap()),
        ),
        (
            "DATA_OVERWRITE",
            Box::new(move |v| v.write_at(a, &[], 2, b"four").unwrap()),
        ),
        (
            "DATA_OVERWRITE DATA_EXTEND",
            Box::new(move |v| v.write_at(a, &[], 5, &[1; 9000]).unwrap()),
        ),
        (
            "DATA_EXTEND",
            Box::new(move |v| v.write_at(a, &[], 20_000, b"x").unwrap()),
        ),
        (
            "DATA_TRUNCATION",
            Box::new(move |v| v.set_len(a, &[], 9999).unwrap()),
        ),
        (
            "DATA_EXTEND",
            Box::new(move |v| v.set_len(a, &[], 99_999).unwrap()),
        ),
        (
            "BASIC_INFO_CHANGE",
            Box::new(move |v| v.set_sparse(a, &[]).unwrap()),
        ),
        (
            "DATA_OVERWRITE",
            Box::new(move |v| v.zero_range(a, &[], 100, 50_000).unwrap()),
        ),
        (
            "STREAM_CHANGE",
            Box::new({
                let s = s.clone();
                move |v| v.create_stream(a, &s).unwrap()
            }),
        ),
        (
            "NAMED_DATA_EXTEND",
            Box::new({
                let s = s.clone();
                move |v| v.write_at(a, &s, 0, &[2; 5000]).unwrap()
            }),
        ),
        (
            "NAMED_DATA_OVERWRITE",
            Box::new({
                let s = s.clone();
                move |v| v.write_at(a, &s, 4000, &[2; 1000]).unwrap()
            }),
        ),
        (
            "NAMED_DATA_TRUNCATION",
            Box::new({
                let s = s.clone();
                move |v| v.set_len(a, &s, 1).unwrap()
            }),
        ),
        (
            "STREAM_CHANGE",
            Box::new({
                let s = s.clone();
                move |v| v.remove_stream(a, &s).unwrap()
            }),
        ),
    ];
    for (reasons, work) in work {
        let lines = told(&volume, work);
        assert_eq!(
            lines,
            [format!("a: {reasons}"), format!("a: {reasons} CLOSE")]
        );
    }
    // What changes no byte is no change of data.
    let lines = told(&volume, |v| {
        v.write_at(a, &[], 0, b"").unwrap();
        v.set_len(a, &[], 99_999).unwrap();
        v.zero_range(a, &[], 200_000, 5).unwrap();
    });
    assert_eq!(lines, [""; 0]);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn changes_of_what_a_file_is_are_told() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    let a = file(&volume, ROOT, "a");
    let d = directory(&volume, ROOT, "d");
    let attributes = |volume: &Volume, set| volume.set_attributes(a, set).unwrap();
    let told_once = |reasons: &str, name: &str, work: &dyn Fn(&Volume)| {
        let lines = told(&volume, work);
        assert_eq!(
            lines,
            [
                format!("{name}: {reasons}"),
                format!("{name}: {reasons} CLOSE")
            ]
        );
    };
    let hidden = FileAttributes::HIDDEN;
    let unindexed = FileAttributes::NOT_CONTENT_INDEXED;
    told_once("BASIC_INFO_CHANGE", "a", &|v| attributes(v, hidden));
    told_once("INDEXABLE_CHANGE", "a", &|v| {
        attributes(v, hidden | unindexed)
    });
    told_once("INDEXABLE_CHANGE BASIC_INFO_CHANGE", "a", &|v| {
        attributes(v, FileAttributes::READ_ONLY);
    });
    let last = records(&volume).pop().unwrap();
    assert_eq!(last.attributes, FileAttributes::READ_ONLY);
    told_once("BASIC_INFO_CHANGE", "a", &|v| {
        attributes(v, FileAttributes::empty())
    });
    let last = records(&volume).pop().unwrap();
    assert_eq!(last.attributes, FileAttributes::NORMAL);
    told_once("BASIC_INFO_CHANGE", "a", &|v| {
        v.set_times(a, &TimesChange::default()).unwrap();
    });
    told_once("BASIC_INFO_CHANGE", "d", &|v| {
        v.set_case_sensitive(d, CaseSensitivity::Sensitive).unwrap();
    });
    let descriptor = SecurityDescriptor::system_file_read_only()
        .encode()
        .unwrap();
    told_once("SECURITY_CHANGE", "a", &|v| {
        v.set_security(a, &descriptor).unwrap()
    });
    let id = ObjectIdAttribute {
        id: ObjectId([7; 16]),
        birth: None,
    };
    told_once("OBJECT_ID_CHANGE", "a", &|v| {
        v.set_object_id(a, &id).unwrap()
    });
    told_once("OBJECT_ID_CHANGE", "a", &|v| v.delete_object_id(a).unwrap());
    let list = [ExtendedAttribute {
        flags: 0,
        name: b"NAME".to_vec(),
        value: b"value".to_vec(),
    }];
    told_once("EA_CHANGE", "a", &|v| {
        v.set_extended_attributes(a, &list).unwrap()
    });
    told_once("EA_CHANGE", "a", &|v| {
        v.set_extended_attributes(a, &[]).unwrap()
    });
    let link = SymbolicLink::relative(&units("x")).unwrap().encode();
    told_once("REPARSE_POINT_CHANGE", "a", &|v| {
        v.set_reparse_point(a, &link).unwrap()
    });
    told_once("REPARSE_POINT_CHANGE", "a", &|v| {
        v.delete_reparse_point(a, 0xA000_000C, None).unwrap();
    });
    // No changes: no object id to take away; the root is a metafile.
    let lines = told(&volume, |v| {
        v.delete_object_id(a).unwrap();
        v.set_times(ROOT, &TimesChange::default()).unwrap();
    });
    assert_eq!(lines, [""; 0]);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn the_long_name_is_told_whichever_was_used() {
    let device = fresh(
        8 << 20,
        &FormatOptions {
            short_names: ShortNames::On,
            ..with_journal()
        },
    );
    let volume = open(&device);
    let lines = told(&volume, |v| _ = file(v, ROOT, "a long name"));
    assert_eq!(lines[1], "a long name: FILE_CREATE CLOSE");
    let lines = told(&volume, |v| {
        v.rename(
            ROOT,
            &units("ALONGN~1"),
            ROOT,
            &units("another name"),
            Replace::No,
        )
        .unwrap();
    });
    assert_eq!(lines[0], "a long name: RENAME_OLD_NAME");
    assert_eq!(lines[2], "another name: RENAME_NEW_NAME CLOSE");
    let moved = volume
        .lookup(ROOT, &units("another name"))
        .unwrap()
        .unwrap();
    let lines = told(&volume, |v| v.write_at(moved.file, &[], 0, b"x").unwrap());
    assert_eq!(lines[1], "another name: DATA_EXTEND CLOSE");
    let lines = told(&volume, |v| v.remove(ROOT, &units("ANOTHE~1")).unwrap());
    assert_eq!(lines, ["another name: FILE_DELETE CLOSE"]);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn what_is_taken_back_is_not_told() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    file(&volume, ROOT, "a");
    let before = (active(&volume), records(&volume));
    let failed: Result<(), Error> = volume.transaction(|tx| {
        for n in 0..200 {
            let name = units(&format!("file {n}"));
            tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
        }
        tx.remove(ROOT, &units("no such name"))
    });
    assert!(failed.is_err());
    assert_eq!((active(&volume), records(&volume)), before);
    // A step that fails leaves the others' records.
    let lines = told(&volume, |v| {
        v.transaction(|tx| {
            tx.create(ROOT, &units("b"), FileKind::File, &CreateOptions::default())?;
            let collision = tx.create(ROOT, &units("b"), FileKind::File, &CreateOptions::default());
            assert!(collision.is_err());
            tx.remove(ROOT, &units("a"))
        })
        .unwrap();
    });
    assert_eq!(
        lines,
        [
            "b: FILE_CREATE",
            "b: FILE_CREATE CLOSE",
            "a: FILE_DELETE CLOSE"
        ]
    );
    volume.close().unwrap();
    assert_sound(&*device);
}

/// Geometries whose clusters are smaller than a USN page, larger, and larger
/// than what the journal grows by.
fn geometries() -> [FormatOptions; 4] {
    let with = |cluster_size, record_size| FormatOptions {
        cluster_size: Some(cluster_size),
        record_size,
        change_journal: Some(SMALL),
        ..FormatOptions::default()
    };
    [
        with(512, RecordSize::Bytes1024),
        with(4096, RecordSize::Bytes1024),
        with(16 << 10, RecordSize::Bytes4096),
        with(128 << 10, RecordSize::Bytes1024),
    ]
}

#[test]
fn the_old_part_goes_and_the_numbers_go_on() {
    for options in geometries() {
        let device = fresh(64 << 20, &options);
        let cluster = u64::from(options.cluster_size.unwrap());
        let mut made = 0;
        let mut next = 0;
        for session in 0..3 {
            let volume = open(&device);
            assert_eq!(active(&volume).next_usn, next, "session {session}");
            for _ in 0..30 {
                volume
                    .transaction(|tx| {
                        for _ in 0..20 {
                            made += 1;
                            let name = units(&format!("{made:05} {}", "n".repeat(made % 90)));
                            tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
                        }
                        Ok(())
                    })
                    .unwrap();
                let state = active(&volume);
                assert!(state.next_usn > next);
                next = state.next_usn;
                let held = next - state.first_usn;
                assert!(held <= (80 << 10) + cluster.max(USN_PAGE_SIZE), "{held}");
                assert_eq!(state.first_usn % USN_PAGE_SIZE, 0);
            }
            assert_eq!(
                line(records(&volume).last().unwrap()),
                format!("{made:05} {}: FILE_CREATE CLOSE", "n".repeat(made % 90))
            );
            volume.close().unwrap();
            assert_sound(&*device);
        }
        let volume = Volume::open(device.clone(), OpenOptions::read_only()).unwrap();
        let state = active(&volume);
        assert!(state.first_usn > 100_000, "{state:?}");
        let streams = volume.streams(journal_file(&volume)).unwrap();
        let j = streams.iter().find(|s| s.name == units("$J")).unwrap();
        assert_eq!(j.size, next);
        assert!(j.allocated <= (160 << 10) + 2 * cluster, "{}", j.allocated);
        // What is kept is whole: a file's two records stand one after the other.
        let kept = records(&volume);
        let pairs = kept.windows(2).filter(|pair| pair[0].file == pair[1].file);
        assert!(kept.len() > 300 && pairs.count() >= kept.len() / 2 - 1);
    }
}

/// A full volume gives its files up, and tells of each.
#[test]
fn a_full_volume_is_emptied_and_told_of() {
    for cluster in [512, 4096] {
        let device = fresh(
            3 << 20,
            &FormatOptions {
                cluster_size: Some(cluster),
                // So large that nothing of it goes for its own sake.
                ..with_journal()
            },
        );
        let volume = open(&device);
        let mut made = Vec::new();
        let full = |error: Error| assert!(matches!(error, Error::DiskFull), "{error}");
        // Large files, then names, until nothing is left at all.
        for size in [200_000, 20_000, 2_000, 0] {
            loop {
                let name = units(&format!("{:04}", made.len()));
                let work = volume.transaction(|tx| {
                    let file = tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
                    tx.write_at(file, &[], 0, &vec![7; size])
                });
                match work {
                    Ok(()) => made.push(name),
                    Err(error) => break full(error),
                }
            }
        }
        assert!(volume.info().unwrap().free_clusters < 8);
        // What needs no room goes on: the oldest records make way for the new.
        let first = volume.lookup(ROOT, &made[0]).unwrap().unwrap().file;
        for _ in 0..1500 {
            volume.set_times(first, &TimesChange::default()).unwrap();
        }
        let state = active(&volume);
        assert!(state.first_usn > 100_000, "{state:?}");
        assert_eq!(records(&volume).pop().unwrap().file, first);
        for name in made.iter().rev() {
            volume.remove(ROOT, name).unwrap();
        }
        let last = records(&volume).pop().unwrap();
        assert_eq!(line(&last), "0000: FILE_DELETE CLOSE");
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn without_a_journal_nothing_is_told() {
    let device = fresh(8 << 20, &FormatOptions::default());
    let volume = open(&device);
    let a = file(&volume, ROOT, "a");
    assert_eq!(volume.file_info(a).unwrap().usn, 0);
    let state = volume.info().unwrap().change_journal;
    assert_eq!(state, ChangeJournalState::Absent);
    volume.close().unwrap();
    assert_sound(&*device);
}

/// Where the device holds these bytes.
fn places_of(device: &MemoryDevice, what: &[u8]) -> Vec<u64> {
    let mut bytes = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut bytes).unwrap();
    let found = bytes.windows(what.len()).enumerate();
    let found: Vec<_> = found.filter(|(_, bytes)| *bytes == what).collect();
    assert!(!found.is_empty());
    found.into_iter().map(|(at, _)| at as u64).collect()
}

fn max_bytes(volume: &Volume) -> Vec<u8> {
    let mut max = vec![0; 32];
    let read = volume.read_at(journal_file(volume), &units("$Max"), 0, &mut max);
    assert_eq!(read.unwrap(), 32);
    max
}

#[test]
fn a_journal_that_is_being_deleted_gets_no_records() {
    let device = fresh(8 << 20, &with_journal());
    // $VOLUME_INFORMATION of a fresh volume, 3.1 and 8.3 names off, in both
    // copies of record 3: its header names type, length and value's place.
    let header = [0x70, 0, 0, 0, 0x28, 0, 0, 0, 0, 0, 0x18, 0];
    for at in places_of(&device, &header) {
        let mut version = [0; 3];
        device.read_at(at + 0x18 + 8, &mut version).unwrap();
        assert_eq!(version, [3, 1, 0x80]);
        device.write_at(at + 0x18 + 10, &[0x90]).unwrap();
    }
    let volume = open(&device);
    let info = volume.info().unwrap();
    assert!(info.flags.contains(VolumeFlags::DELETE_USN_UNDERWAY));
    assert_eq!(info.change_journal, ChangeJournalState::Absent);
    let a = file(&volume, ROOT, "a");
    assert_eq!(volume.file_info(a).unwrap().usn, 0);
    let journal = journal_file(&volume);
    assert_eq!(volume.stream_len(journal, &units("$J")).unwrap(), 0);
    volume.close().unwrap();
    assert_sound(&*device);
}

/// What lies behind the last record of the last page: zeros, as when a page was
/// filled in advance, or something that is no record.
#[test]
fn the_end_is_found_behind_the_last_record() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    file(&volume, ROOT, "first");
    let end = active(&volume).next_usn;
    let last = records(&volume).pop().unwrap();
    volume.close().unwrap();
    // The record that is in the file: its bytes are found on the device.
    let places = places_of(&device, &last.encode().unwrap());
    let [at] = places[..] else {
        panic!("{places:?}");
    };
    let before = device.snapshot();
    // The last record becomes zeros: the next one takes its place.
    device.write_at(at, &[0; 8]).unwrap();
    let volume = open(&device);
    assert_eq!(active(&volume).next_usn, last.usn as u64);
    file(&volume, ROOT, "next");
    let all: Vec<_> = records(&volume).iter().map(line).collect();
    assert_eq!(
        all,
        [
            "first: FILE_CREATE",
            "next: FILE_CREATE",
            "next: FILE_CREATE CLOSE"
        ]
    );
    volume.close().unwrap();
    // It becomes something else: the next one begins a page.
    let device = Arc::new(before);
    device.write_at(at, &[9; 8]).unwrap();
    let volume = open(&device);
    assert_eq!(active(&volume).next_usn, USN_PAGE_SIZE);
    file(&volume, ROOT, "next");
    assert!(active(&volume).next_usn > USN_PAGE_SIZE && end < USN_PAGE_SIZE);
}

#[test]
fn a_damaged_journal_refuses_writing_and_allows_reading() {
    let device = fresh(8 << 20, &with_journal());
    let volume = open(&device);
    file(&volume, ROOT, "a");
    let max = max_bytes(&volume);
    volume.close().unwrap();
    // The length of $Max's value stands 0x10 behind the start of its header; the
    // value lies behind the header of 0x18 and the name.
    let mut told_by = 0;
    for value in places_of(&device, &max) {
        let length = value - 0x20 + 0x10;
        let mut word = [0; 6];
        device.read_at(length, &mut word).unwrap();
        if word == [32, 0, 0, 0, 0x20, 0] {
            device.write_at(length, &[16]).unwrap();
            told_by += 1;
        }
    }
    assert_eq!(told_by, 1);
    let result = Volume::open(device.clone(), options());
    assert!(matches!(result, Err(Error::Corrupt(_))), "{result:?}");
    let volume = Volume::open(device.clone(), OpenOptions::read_only()).unwrap();
    let info = volume.info().unwrap();
    assert_eq!(info.change_journal, ChangeJournalState::Damaged);
    assert!(volume.lookup(ROOT, &units("a")).unwrap().is_some());
}

/// A foreign reader finds the records that we find, reasons and all.
#[test]
fn usnjls_reads_what_we_write() {
    skip_unless!(sleuthkit::usn_available());
    let device = fresh(16 << 20, &with_journal());
    let volume = open(&device);
    let d = directory(&volume, ROOT, "d");
    for n in 0..60 {
        let a = file(&volume, ROOT, &format!("a {n}"));
        volume.hard_link(a, d, &units(&format!("b {n}"))).unwrap();
        volume.write_at(a, &[], 0, b"x").unwrap();
        volume
            .rename(
                d,
                &units(&format!("b {n}")),
                ROOT,
                &units(&format!("c {n}")),
                Replace::No,
            )
            .unwrap();
        volume.remove(ROOT, &units(&format!("a {n}"))).unwrap();
    }
    let ours: Vec<sleuthkit::UsnEntry> = records(&volume)
        .iter()
        .map(|record| sleuthkit::UsnEntry {
            record: record.file.record().0,
            parent: record.parent.record().0,
            reasons: record
                .reason
                .iter_names()
                .map(|(name, _)| name.to_owned())
                .collect(),
            name: String::from_utf16_lossy(&record.name),
        })
        .collect();
    volume.close().unwrap();
    assert_sound(&*device);
    let image = image_of(&device);
    let mut theirs = sleuthkit::usn_records(image.path()).unwrap();
    for entry in &mut theirs {
        entry.reasons.sort();
    }
    let mut ours = ours;
    for entry in &mut ours {
        entry.reasons.sort();
    }
    assert_eq!(ours.len(), 2 + 60 * 9);
    assert_eq!(theirs, ours);
}
