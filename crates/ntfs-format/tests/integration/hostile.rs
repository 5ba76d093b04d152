//! Arbitrary bytes, and good structures with arbitrary damage: every decoder
//! answers, and what it accepts it encodes and accepts again.

use linkwright_ntfs_format::acl::Acl;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::ea::{EaIter, encode_eas};
use linkwright_ntfs_format::log::{LogState, RestartPage};
use linkwright_ntfs_format::quota::Quota;
use linkwright_ntfs_format::secure::{SdsEntries, SdsEntry, SdsHeader};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::usn::UsnRecord;
use linkwright_ntfs_format::{SecurityId, attr_def};
use proptest::collection::vec;
use proptest::prelude::*;

/// `good` with up to eight bytes changed and its end cut off.
fn damaged(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    (vec((0..length, any::<u8>()), 0..8), 0..=length).prop_map(move |(changes, cut)| {
        let mut bytes = good.clone();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(length.max(1) - cut / 4);
        bytes
    })
}

fn descriptor() -> Vec<u8> {
    SecurityDescriptor::data_volume_root().encode().unwrap()
}

fn collations() -> impl Strategy<Value = Collation> {
    prop::sample::select(vec![
        Collation::Binary,
        Collation::FileName,
        Collation::UnicodeString,
        Collation::Ulong,
        Collation::Sid,
        Collation::SecurityHash,
        Collation::Ulongs,
    ])
}

/// That it returns is what is tested.
fn answers<T>(_: T) {}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in vec(any::<u8>(), 0..700)) {
        answers(BootSector::decode(&bytes).map(|sector| sector.geometry()));
        answers(RestartPage::decode(&bytes));
        answers(LogState::of(&bytes));
        answers(attr_def::decode(&bytes));
        answers(Quota::decode(&bytes));
        answers(UsnRecord::decode(&bytes));
        answers(SdsEntries::new(&bytes).count());
        prop_assert!(EaIter::new(&bytes).count() <= bytes.len() / 9 + 1);
        if let Ok(sid) = Sid::decode(&bytes) {
            prop_assert_eq!(&sid.encode()[..], &bytes[..sid.encoded_len()]);
        }
    }

    #[test]
    fn damaged_descriptors(bytes in damaged(descriptor())) {
        if let Ok(descriptor) = SecurityDescriptor::decode(&bytes) {
            let again = descriptor.encode().unwrap();
            prop_assert_eq!(SecurityDescriptor::decode(&again), Ok(descriptor));
        }
    }

    #[test]
    fn damaged_lists(bytes in damaged(descriptor()[20..].to_vec())) {
        if let Ok(acl) = Acl::decode(&bytes) {
            let again = acl.encode().unwrap();
            prop_assert_eq!(Acl::decode(&again), Ok(acl));
        }
    }

    #[test]
    fn entries_of_any_descriptor_come_back(
        bytes in vec(any::<u8>(), 0..300),
        id in any::<u32>(),
        slot in 0_u64..1000,
    ) {
        let header = SdsHeader::new(&bytes, SecurityId(id), slot * 16).unwrap();
        let entry = SdsEntry { header, descriptor: &bytes };
        let stored = entry.encode();
        prop_assert_eq!(SdsEntry::decode(&stored), Ok(entry));
    }

    #[test]
    fn damaged_attribute_lists(bytes in damaged(vec![
        20, 0, 0, 0, 0, 6, 4, 0, b'$', b'L', b'X', b'U', b'I', b'D', 0, 1, 2, 3, 4, 0,
        16, 0, 0, 0, 0x80, 1, 6, 0, b'A', 0, 1, 2, 3, 4, 5, 6,
    ])) {
        if let Ok(list) = EaIter::new(&bytes).collect::<Result<Vec<_>, _>>() {
            let (again, information) = encode_eas(&list).unwrap();
            prop_assert_eq!(information.size, u32::try_from(again.len()).unwrap());
            let back = EaIter::new(&again).collect::<Result<Vec<_>, _>>();
            prop_assert_eq!(back, Ok(list));
        }
    }

    #[test]
    fn collations_are_orders(
        collation in collations(),
        a in vec(0_u8..4, 0..80),
        b in vec(0_u8..4, 0..80),
        c in vec(0_u8..4, 0..80),
    ) {
        let compare = |a: &[u8], b: &[u8]| collation.compare(a, b, |unit| unit | 1);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
            prop_assert!(compare(&a, &c).is_le());
        }
    }
}
