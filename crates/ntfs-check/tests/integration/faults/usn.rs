//! The change journal: a file that carries the marks of one, and two records.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::record;

use super::{Fault, fault};
use crate::editor::{Editor, units};
use crate::raw;

/// Bytes of each record.
const LEN: usize = 64;
/// Where a record has its number, and its file.
const USN: usize = 0x18;
const FILE: usize = 0x08;

/// Two records as winioctl.h has them (USN_RECORD_V2), of a file `a` in the root.
fn two_records() -> Vec<u8> {
    let mut bytes = Vec::new();
    for usn in [0, LEN as u64] {
        let mut record = vec![0; LEN];
        let mut put = |at: usize, value: &[u8]| record[at..at + value.len()].copy_from_slice(value);
        put(0, &[LEN as u8, 0, 0, 0, 2]);
        put(FILE, &0x0001_0000_0000_0040_u64.to_le_bytes());
        put(0x10, &0x0005_0000_0000_0005_u64.to_le_bytes());
        put(USN, &usn.to_le_bytes());
        put(0x20, &132_223_104_000_000_000_u64.to_le_bytes());
        put(0x28, &0x8000_0100_u32.to_le_bytes());
        put(0x34, &[0x20]);
        put(0x38, &[2, 0, 0x3C, 0, b'a']);
        bytes.extend(record);
    }
    bytes
}

fn insert(e: &Editor<'_>, file: u64, name: &str, value: &[u8]) {
    e.edit(file, |bytes| {
        let id = raw::take_instance(bytes);
        let attribute = raw::resident(Type::DATA.0, id, &units(name), value);
        let offset = record::attributes(bytes)
            .flatten()
            .find(|view| view.type_code() > Type::DATA)
            .map_or_else(|| raw::end_of(bytes), |view| view.offset());
        raw::insert(bytes, offset, &attribute);
        let header = record::header_mut(bytes).unwrap();
        header.flags.set(header.flags.get() | 4);
    });
}

/// Makes a file the change journal, with records that `change` was done to.
fn journal(e: &Editor<'_>, change: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
    let file = e.simple_file()?;
    let mut records = two_records();
    change(&mut records);
    insert(e, file, "$J", &records);
    insert(e, file, "$Max", &[0; 32]);
    Some(())
}

pub(super) fn faults() -> Vec<Fault> {
    vec![
        fault(
            "change journal without its records",
            Code::UsnJournal,
            |e| {
                insert(e, e.simple_file()?, "$Max", &[0; 32]);
                Some(())
            },
        ),
        fault(
            "change journal record of an unknown version",
            Code::UsnRecord,
            |e| journal(e, |bytes| bytes[LEN + 4] = 9),
        ),
        fault(
            "change journal record with a name beyond it",
            Code::UsnRecord,
            |e| journal(e, |bytes| bytes[LEN + 0x38] = 6),
        ),
        fault("change journal record across a page", Code::UsnPage, |e| {
            journal(e, |bytes| bytes[LEN] += 8)
        }),
        fault("change journal page with a torn end", Code::UsnTail, |e| {
            journal(e, |bytes| bytes[LEN..LEN + 4].fill(0))
        }),
        fault(
            "change journal record elsewhere than its number",
            Code::UsnOffset,
            |e| journal(e, |bytes| bytes[LEN + USN] += 8),
        ),
        fault(
            "change journal record of no file",
            Code::UsnReference,
            |e| journal(e, |bytes| bytes[LEN + FILE + 6] = 0),
        ),
        fault(
            "file stamped beyond the change journal",
            Code::UsnStamp,
            |e| {
                journal(e, |_| ())?;
                let at = e
                    .bases()
                    .filter_map(|n| e.attribute(n, Type::STANDARD_INFORMATION, ""))
                    .find(|at| {
                        e.with_view(*at, |view| {
                            view.resident_value().is_some_and(|value| value.len() == 72)
                        })
                    })?;
                e.edit_value(at, |value| {
                    value[0x40..].copy_from_slice(&121_u64.to_le_bytes())
                });
                Some(())
            },
        ),
    ]
}

/// Without a fault nothing is said of the records.
pub(crate) fn sound(e: &Editor<'_>) -> Option<()> {
    journal(e, |_| ())
}
