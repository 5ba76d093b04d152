//! File records, attributes and what is in them.

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView, Form};
use linkwright_ntfs_format::file_name::{self, FileName, FileNameView};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{Lcn, attribute_list, record as file_record};

use crate::bytes::{Bytes, answers};
use crate::targets::format;
use crate::volumes::BASES;

/// Clusters of run lists that are made by pushing.
const SMALL: u64 = 1 << 40;

pub(super) fn record(bytes: &[u8]) {
    if let Ok(header) = file_record::header(bytes) {
        answers((header.flags(), header.sequence(), header.base()));
    }
    let sound = file_record::validate(bytes).is_ok();
    let mut count = 0;
    for view in file_record::attributes(bytes) {
        let Ok(view) = view else {
            assert!(!sound, "a sound record has sound attributes");
            break;
        };
        attribute(&view);
        count += 1;
        assert!(count <= bytes.len() / 8, "attributes have a length");
    }
    answers(file_record::free_space(bytes));
}

fn attribute(view: &AttributeView<'_>) {
    answers((view.type_code().name(), view.flags(), view.name_units()));
    match view.form() {
        Form::Resident { .. } => {
            let value = view.resident_value().unwrap_or_default();
            match view.type_code() {
                AttributeType::ATTRIBUTE_LIST => list(value),
                AttributeType::FILE_NAME => file_name(value),
                AttributeType::INDEX_ROOT => format::index_root(value),
                AttributeType::EA => format::ea(value),
                AttributeType::REPARSE_POINT => {
                    answers(linkwright_reparse::ReparseBuffer::decode(value));
                }
                _ => format::values(value),
            }
        }
        Form::NonResident(extent) => {
            answers((extent.sizes(), extent.compression_unit()));
            answers(RunList::decode(extent.pairs(), extent.lowest_vcn()));
        }
    }
}

pub(super) fn record_seeds() -> Vec<Vec<u8>> {
    blocks(*b"FILE")
}

fn blocks(signature: [u8; 4]) -> Vec<Vec<u8>> {
    let all = BASES
        .iter()
        .flat_map(|base| base.blocks().collect::<Vec<_>>());
    all.filter(|block| block.starts_with(&signature)).collect()
}

/// Changes to a record, as the last 16 bytes say; the record is never left
/// worse than it was.
pub(super) fn edit(bytes: &[u8]) {
    let Some(cut) = bytes.len().checked_sub(16) else {
        return;
    };
    let mut record = bytes[..cut].to_vec();
    let mut orders = Bytes(&bytes[cut..]);
    let sound = file_record::validate(&record).is_ok();
    for _ in 0..4 {
        let (kind, which) = (orders.u8(), usize::from(orders.u8()));
        let amount = usize::from(orders.u16());
        let offsets: Vec<usize> = file_record::attributes(&record)
            .flatten()
            .take(64)
            .map(|view| view.offset())
            .collect();
        let at = match offsets.len() {
            0 => amount,
            len => offsets[which % len],
        };
        let changed = match kind % 6 {
            0 => file_record::remove(&mut record, at),
            1 => file_record::resize_resident(&mut record, at, amount % 2048),
            2 => {
                let from = offsets.first().copied().unwrap_or(0);
                match AttributeView::at(&record, from).map(|view| view.bytes().to_vec()) {
                    Ok(copy) => file_record::insert(&mut record, at, &copy),
                    Err(error) => Err(error),
                }
            }
            3 => file_record::write_resident(&mut record, at, amount % 300, &[kind; 9]),
            4 => {
                let last = offsets.last().copied().unwrap_or(0);
                match AttributeView::at(&record, last).map(|view| view.bytes().to_vec()) {
                    Ok(copy) => file_record::replace(&mut record, at, &copy),
                    Err(error) => Err(error),
                }
            }
            _ => file_record::take_instance(&mut record).map(drop),
        };
        answers(changed.is_ok());
        if sound {
            let after = file_record::validate(&record);
            assert!(after.is_ok(), "{kind} at {at} ({amount}): {after:?}");
        }
    }
}

pub(super) fn edit_seeds() -> Vec<Vec<u8>> {
    let orders = [1, 2, 40, 0, 0, 1, 0, 0, 2, 1, 0, 0, 3, 1, 4, 0];
    let records = record_seeds();
    let some = records.into_iter().step_by(3);
    some.map(|record| [&record[..], &orders].concat()).collect()
}

pub(super) fn list(bytes: &[u8]) {
    if let Ok(entries) = attribute_list::decode(bytes) {
        let again = attribute_list::encode(&entries).expect("what is decoded can be encoded");
        assert_eq!(attribute_list::decode(&again), Ok(entries));
    }
}

pub(super) fn list_seeds() -> Vec<Vec<u8>> {
    let mut seeds = values_of(AttributeType::ATTRIBUTE_LIST);
    // A list that does not fit its record is a page of its own.
    let pages = BASES
        .iter()
        .flat_map(|base| base.blocks().collect::<Vec<_>>());
    seeds.extend(pages.filter(|page| page.starts_with(&[0x10, 0, 0, 0])));
    seeds.push(vec![0; 32]);
    seeds
}

/// The resident values of one type, in all records.
pub(super) fn values_of(type_code: AttributeType) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = record_seeds()
        .iter()
        .flat_map(|record| {
            file_record::attributes(record)
                .flatten()
                .filter(|view| view.type_code() == type_code)
                .filter_map(|view| view.resident_value().map(<[u8]>::to_vec))
                .collect::<Vec<_>>()
        })
        .collect();
    values.sort();
    values.dedup();
    values
}

pub(super) fn file_name(bytes: &[u8]) {
    answers(file_name::name_bytes(bytes));
    let Ok(view) = FileNameView::new(bytes) else {
        return;
    };
    answers((view.parent(), view.namespace(), view.name_units()));
    let name = FileName::decode(bytes).expect("what can be seen can be read");
    assert_eq!(view.to_owned(), name);
    let stored = name.encode().expect("what is read can be written");
    assert_eq!(FileName::decode(&stored), Ok(name));
    let mut other = bytes.to_vec();
    file_name::set_duplicated(&mut other, &view.duplicated()).expect("it has the room");
}

pub(super) fn file_name_seeds() -> Vec<Vec<u8>> {
    values_of(AttributeType::FILE_NAME)
}

/// Mapping pairs: first the lowest VCN, then the pairs.
pub(super) fn runs(bytes: &[u8]) {
    let mut input = Bytes(bytes);
    let lowest = match input.u8() {
        0..200 => u64::from(input.u32()),
        _ => input.u64(),
    };
    let Ok(mut list) = RunList::decode(input.0, lowest) else {
        return;
    };
    assert!(list.runs().len() <= input.0.len());
    let pairs = list.encode();
    let again = RunList::decode(&pairs, lowest).expect("what is encoded decodes");
    assert_eq!(again, list);
    let (start, end) = (list.start().0, list.end().0);
    let middle = start + (end - start) / 2;
    for vcn in [start, middle, end.saturating_sub(1), end, u64::MAX] {
        answers(list.lookup(vcn));
    }
    assert!(list.range(start, end).count() <= list.runs().len());
    answers((
        list.allocated_clusters(),
        list.encode_from(middle, 40).pairs.len(),
    ));
    answers(list.encode_range(start, middle));
    let len = (end - middle).min(3);
    if len > 0 {
        let given = list.splice(middle, &[(Some(Lcn(7)), len)]);
        assert_eq!(given.iter().map(|run| run.length).sum::<u64>(), len);
        assert_eq!(list.end().0, end);
    }
    answers(list.truncate(middle));
    let end = list.end().0;
    assert!(end == middle || list.is_empty(), "{end}");
    if end < SMALL {
        list.push(Some(Lcn(100)), 5);
        list.push(None, 5);
        assert_eq!(list.end().0, end + 10);
    }
}

pub(super) fn runs_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = record_seeds()
        .iter()
        .flat_map(|record| {
            file_record::attributes(record)
                .flatten()
                .filter_map(|view| {
                    let extent = view.non_resident()?;
                    Some([&[0, 0, 0, 0, 0][..], extent.pairs()].concat())
                })
                .collect::<Vec<_>>()
        })
        .collect();
    seeds.push(vec![0, 0, 0, 0, 0, 0x21, 0x18, 0x34, 0x56, 0x01, 0x10, 0]);
    seeds.push([&[255][..], &[0xFF; 8], &[0x88], &[0x7F; 16], &[0]].concat());
    seeds.sort();
    seeds.dedup();
    seeds
}
