//! The other structures of a volume.

use linkwright_ntfs_format::acl::Acl;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::collation::{Collation, no_fold};
use linkwright_ntfs_format::ea::{EaInformation, EaIter, encode_eas};
use linkwright_ntfs_format::hibernation::HibernationState;
use linkwright_ntfs_format::index::{self as nodes, EntryView, Node};
use linkwright_ntfs_format::inherit::{NewObject, inherit};
use linkwright_ntfs_format::log::{
    LogState, RecordPageHeader, RestartPage, is_empty_log, newest_restart_page,
};
use linkwright_ntfs_format::object_id::{ObjectIdAttribute, ObjectIdEntry};
use linkwright_ntfs_format::quota::{OwnerId, Quota};
use linkwright_ntfs_format::reparse_index::ReparseKey;
use linkwright_ntfs_format::secure::{SdhKey, SdsEntries, SdsEntry, SdsHeader, SiiKey};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::standard_information::StandardInformation;
use linkwright_ntfs_format::upcase_info::UpcaseInfo;
use linkwright_ntfs_format::usn::{UsnMax, UsnReason, UsnRecord, next_usn};
use linkwright_ntfs_format::volume_information::VolumeInformation;
use linkwright_ntfs_format::{SecurityId, attr_def, fixup as fixups};

use super::record::values_of;
use crate::bytes::{Bytes, answers, text};
use crate::volumes::{BASES, descriptor};

pub(super) fn boot(bytes: &[u8]) {
    let Ok(sector) = BootSector::decode(bytes) else {
        return;
    };
    if let Ok(geometry) = sector.geometry() {
        let made = BootSector::new(&geometry, 0).encode();
        let again = BootSector::decode(&made).expect("a sector of ours");
        assert_eq!(again.geometry(), Ok(geometry));
        answers((geometry.device_len(), geometry.clusters_for(u64::MAX)));
        answers((
            geometry.mirror_records(),
            geometry.clusters_per_index_block(),
        ));
    }
}

pub(super) fn boot_seeds() -> Vec<Vec<u8>> {
    let sector = |base: &crate::volumes::Base| {
        let mut sector = vec![0; 512];
        base.device().read_at(0, &mut sector).expect("it is there");
        sector
    };
    BASES.iter().map(sector).collect()
}

pub(super) fn fixup(bytes: &[u8]) {
    let mut block = bytes.to_vec();
    if fixups::remove(&mut block).is_ok() {
        let plain = block.clone();
        fixups::apply(&mut block).expect("what could be taken out can be put back");
        fixups::remove(&mut block).expect("it was just put there");
        // The number itself goes on by one.
        let at = usize::from(u16::from_le_bytes([plain[4], plain[5]]));
        assert_eq!(block[..at], plain[..at]);
    }
    let mut block = bytes.to_vec();
    answers(fixups::apply(&mut block));
    answers(fixups::advance(&mut block));
}

/// Records and index blocks with their fix-ups in place.
pub(super) fn block_seeds() -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    for base in BASES.iter() {
        for mut block in base
            .blocks()
            .filter(|block| block.starts_with(b"FILE") || block.starts_with(b"INDX"))
        {
            fixups::apply(&mut block).expect("a sound block");
            blocks.push(block);
        }
    }
    blocks
}

/// A block, or with another signature an index root.
pub(super) fn index(bytes: &[u8]) {
    if bytes.starts_with(b"INDX") {
        let vcn = match nodes::block_header(bytes) {
            Ok(header) => {
                answers(header);
                u64::from_le_bytes(bytes[16..24].try_into().unwrap_or_default())
            }
            Err(_) => 0,
        };
        if let Ok(node) = nodes::block_node(bytes, vcn) {
            walk_node(&node, bytes.len());
        }
    } else {
        index_root(bytes);
    }
}

pub(super) fn index_root(bytes: &[u8]) {
    if let Ok(header) = nodes::root_header(bytes) {
        answers(header);
    }
    if let Ok(node) = nodes::root_node(bytes) {
        walk_node(&node, bytes.len());
    }
}

fn walk_node(node: &Node<'_>, len: usize) {
    answers((node.has_children(), node.total(), node.allocated()));
    let mut previous: Option<EntryView<'_>> = None;
    let mut count = 0;
    for entry in node.entries() {
        let Ok(entry) = entry else { break };
        count += 1;
        assert!(count <= len / 8, "entries have a length");
        answers((entry.child(), entry.reference(), entry.data().is_ok()));
        super::record::file_name(entry.key());
        if let Some(before) = previous {
            for number in [0, 1, 2, 0x10, 0x11, 0x12, 0x13] {
                if let Ok(collation) = Collation::from_u32(number) {
                    let (a, b) = (before.key(), entry.key());
                    let order = collation.compare(a, b, no_fold);
                    assert_eq!(collation.compare(b, a, no_fold), order.reverse());
                }
            }
        }
        previous = Some(entry);
        if let Ok(changed) = nodes::with_child(entry.bytes(), 3) {
            answers(nodes::without_child(&changed));
        }
    }
}

pub(super) fn index_seeds() -> Vec<Vec<u8>> {
    let mut seeds = values_of(AttributeType::INDEX_ROOT);
    for base in BASES.iter() {
        seeds.extend(base.blocks().filter(|block| block.starts_with(b"INDX")));
    }
    seeds
}

/// Every small value, whatever the bytes are.
pub(super) fn values(bytes: &[u8]) {
    if let Ok(value) = StandardInformation::decode(bytes) {
        assert_eq!(StandardInformation::decode(&value.encode()), Ok(value));
        answers((value.security_id(), value.is_case_sensitive_directory()));
    }
    if let Ok(value) = ObjectIdAttribute::decode(bytes) {
        assert_eq!(ObjectIdAttribute::decode(&value.encode()), Ok(value));
    }
    let (key, data) = bytes.split_at(bytes.len().min(16));
    if let Ok(entry) = ObjectIdEntry::decode(key, data) {
        assert_eq!(
            ObjectIdEntry::decode(&entry.key(), &entry.data()),
            Ok(entry)
        );
    }
    if let Ok(key) = ReparseKey::decode(bytes) {
        assert_eq!(ReparseKey::decode(&key.encode()), Ok(key));
    }
    if let Ok(value) = VolumeInformation::decode(bytes) {
        answers((value.encode(), value.is_version_3()));
    }
    if let Ok(value) = EaInformation::decode(bytes) {
        assert_eq!(EaInformation::decode(&value.encode()), Ok(value));
    }
    if let Ok(list) = attr_def::decode(bytes) {
        answers(attr_def::encode(&list).is_ok());
    }
    if let Ok(value) = UpcaseInfo::decode(bytes) {
        answers(value.encode());
    }
    answers(OwnerId::decode(bytes));
    if let Ok(value) = Quota::decode(bytes) {
        assert_eq!(Quota::decode(&value.encode()), Ok(value));
    }
    answers(HibernationState::of(bytes));
}

pub(super) fn value_seeds() -> Vec<Vec<u8>> {
    let types = [
        AttributeType::STANDARD_INFORMATION,
        AttributeType::OBJECT_ID,
        AttributeType::VOLUME_INFORMATION,
        AttributeType::EA_INFORMATION,
    ];
    let mut seeds: Vec<Vec<u8>> = types.into_iter().flat_map(values_of).collect();
    seeds.push(attr_def::encode(&attr_def::standard()).expect("the table"));
    seeds.push(UpcaseInfo::for_table(&[0; 131_072]).encode().to_vec());
    seeds.push(b"hibr\0\0\0\0".to_vec());
    // Keys and data of the view indexes.
    for root in values_of(AttributeType::INDEX_ROOT) {
        if let Ok(node) = nodes::root_node(&root) {
            for entry in node.entries().flatten() {
                seeds.push([entry.key(), entry.data().unwrap_or_default()].concat());
            }
        }
    }
    seeds.retain(|seed| !seed.is_empty());
    seeds.sort();
    seeds.dedup();
    seeds
}

pub(super) fn security(bytes: &[u8]) {
    if let Ok(sid) = Sid::decode(bytes) {
        assert_eq!(sid.encode()[..], bytes[..sid.encoded_len()]);
        answers(sid.to_string());
    }
    if let Ok(acl) = Acl::decode(bytes) {
        let again = acl.encode().expect("what is decoded can be encoded");
        assert_eq!(Acl::decode(&again), Ok(acl));
    }
    if let Ok(descriptor) = SecurityDescriptor::decode(bytes) {
        let again = descriptor.encode().expect("what is decoded can be encoded");
        assert_eq!(SecurityDescriptor::decode(&again).as_ref(), Ok(&descriptor));
        for object in [NewObject::File, NewObject::Directory] {
            let heir = inherit(&descriptor, object, Sid::builtin(544), Sid::builtin(545));
            answers(heir.encode().is_ok());
        }
    }
}

pub(super) fn security_seeds() -> Vec<Vec<u8>> {
    let root = SecurityDescriptor::data_volume_root()
        .encode()
        .expect("a descriptor");
    vec![
        root[20..].to_vec(),
        root,
        descriptor(1000),
        Sid::builtin(544).encode(),
    ]
}

pub(super) fn secure(bytes: &[u8]) {
    assert!(SdsEntries::new(bytes).count() <= bytes.len() / 16 + 1);
    if let Ok(header) = SdsHeader::decode(bytes) {
        answers((header.encode(), header.sdh_key()));
    }
    if let Ok(entry) = SdsEntry::decode(bytes) {
        assert_eq!(SdsEntry::decode(&entry.encode()), Ok(entry));
    }
    if let Ok(key) = SiiKey::decode(bytes) {
        assert_eq!(SiiKey::decode(&key.encode()), Ok(key));
    }
    if let Ok(key) = SdhKey::decode(bytes) {
        assert_eq!(SdhKey::decode(&key.encode()), Ok(key));
    }
}

pub(super) fn secure_seeds() -> Vec<Vec<u8>> {
    let mut stream = Vec::new();
    for user in 0..3 {
        let descriptor = descriptor(user);
        let at = stream.len().next_multiple_of(16);
        stream.resize(at, 0);
        let header = SdsHeader::new(&descriptor, SecurityId(0x100 + user), at as u64)
            .expect("a small descriptor");
        let entry = SdsEntry {
            header,
            descriptor: &descriptor,
        };
        stream.extend(entry.encode());
    }
    vec![stream[..120].to_vec(), stream]
}

pub(super) fn ea(bytes: &[u8]) {
    assert!(EaIter::new(bytes).count() <= bytes.len() / 8 + 1);
    if let Ok(list) = EaIter::new(bytes).collect::<Result<Vec<_>, _>>()
        && let Ok((again, _)) = encode_eas(&list)
    {
        let back = EaIter::new(&again).collect::<Result<Vec<_>, _>>();
        assert_eq!(back, Ok(list));
    }
}

pub(super) fn ea_seeds() -> Vec<Vec<u8>> {
    values_of(AttributeType::EA)
}

pub(super) fn log(bytes: &[u8]) {
    answers((LogState::of(bytes), is_empty_log(bytes)));
    answers(newest_restart_page(bytes).is_some());
    if let Ok(page) = RestartPage::decode(bytes) {
        answers((page.version(), page.flags(), page.is_clean()));
        answers(page.encode(1).is_ok());
    }
    answers(RecordPageHeader::decode(bytes));
}

pub(super) fn log_seeds() -> Vec<Vec<u8>> {
    let page = |signature: &'static [u8; 4]| {
        BASES.iter().flat_map(move |base| {
            let pages = base.blocks().filter(|page| page.starts_with(signature));
            pages.collect::<Vec<_>>()
        })
    };
    let mut seeds: Vec<_> = page(b"RSTR").chain(page(b"RCRD")).collect();
    if let [first, second, ..] = seeds.as_slice() {
        seeds.push([first.as_slice(), second].concat());
    }
    seeds.push(vec![0xFF; 4096]);
    seeds
}

pub(super) fn usn(bytes: &[u8]) {
    let mut rest = bytes;
    for _ in 0..1000 {
        let Ok((record, len)) = UsnRecord::decode(rest) else {
            break;
        };
        assert!(len > 0 && len <= rest.len(), "{len}");
        let again = record.encode().expect("what is decoded can be encoded");
        assert_eq!(
            UsnRecord::decode(&again).map(|(record, _)| record),
            Ok(record)
        );
        rest = &rest[len..];
    }
    if let Ok(max) = UsnMax::decode(bytes) {
        assert_eq!(UsnMax::decode(&max.encode()), Ok(max));
    }
    let mut input = Bytes(bytes);
    if let Some(usn) = next_usn(input.u64(), input.u64() % 70_000) {
        answers(usn);
    }
}

pub(super) fn usn_seeds() -> Vec<Vec<u8>> {
    let name = text("a name.txt");
    let mut record = vec![0; 60];
    record[4] = 2;
    record[8] = 30;
    record[16] = 5;
    record[24..32].copy_from_slice(&4096_u64.to_le_bytes());
    record[40..44].copy_from_slice(&UsnReason::CLOSE.bits().to_le_bytes());
    record[56] = u8::try_from(name.len()).unwrap_or(0);
    record[58] = 60;
    record.extend(name);
    record.resize(80, 0);
    record[0] = 80;
    let max = [&(32_u64 << 20).to_le_bytes()[..], &[0; 24]].concat();
    vec![record.repeat(3), record, max]
}
