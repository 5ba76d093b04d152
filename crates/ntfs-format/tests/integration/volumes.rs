//! Metafiles of volumes that Windows made: decoded, and encoded to the same
//! bytes.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::{Collation, no_fold};
use linkwright_ntfs_format::ea::{Ea, EaInformation, EaIter, encode_eas};
use linkwright_ntfs_format::object_id::{ObjectIdAttribute, ObjectIdEntry};
use linkwright_ntfs_format::quota::{OwnerId, Quota};
use linkwright_ntfs_format::secure::{
    SdhKey, SdsEntries, SdsEntry, SdsHeader, SdsItem, SiiKey, next_sds_position, sds_end,
    sds_mirror_of,
};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::upcase_info::{UpcaseInfo, upcase_crc};
use linkwright_ntfs_format::volume_information::{VolumeFlags, VolumeInformation};
use linkwright_ntfs_format::{attr_def, index};
use linkwright_testkit::corpus::{self, Volume};
use linkwright_testkit::skip_unless;

use crate::sample::Sample;

const VOLUMES: [Volume; 4] = [
    Volume::LastAccess,
    Volume::Ntfs2M,
    Volume::Velociraptor,
    Volume::Win7Tiny,
];
const SECURE: u64 = 9;
const QUOTA: u64 = 24;
const OBJECT_IDS: u64 = 25;

#[test]
fn boot_sectors() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        assert_eq!(sample.boot.encode()[..], sample.read(0, 512));
        let backup = sample.geometry.backup_boot_offset();
        assert_eq!(sample.read(backup, 512), sample.read(0, 512), "{volume:?}");
        // Our own encoding differs in the boot code and nothing else.
        let mut ours = linkwright_ntfs_format::boot::BootSector::new(
            &sample.geometry,
            sample.boot.hidden_sectors.get(),
        );
        ours.code = sample.boot.code;
        assert_eq!(ours, sample.boot, "{volume:?}");
    }
}

#[test]
fn volume_information() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        let value = sample
            .value(3, AttributeType::VOLUME_INFORMATION, "")
            .unwrap();
        let info = VolumeInformation::decode(&value).unwrap();
        assert_eq!(info.encode()[..], value);
        assert!(info.is_version_3());
        let windows_10 = volume != Volume::Win7Tiny;
        assert_eq!(
            info.flags.contains(VolumeFlags::SHORT_NAMES_OFF),
            windows_10
        );
    }
}

#[test]
fn attribute_definitions() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        let file = sample.value(4, AttributeType::DATA, "").unwrap();
        assert_eq!(attr_def::decode(&file).unwrap(), attr_def::standard());
        assert_eq!(attr_def::encode(&attr_def::standard()).unwrap(), file);
    }
}

#[test]
fn upcase_information() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        let Some(stream) = sample.value(10, AttributeType::DATA, "$Info") else {
            assert_eq!(volume, Volume::Win7Tiny);
            continue;
        };
        let info = UpcaseInfo::decode(&stream).unwrap();
        assert_eq!(info.encode()[..], stream);
        let table = sample.value(10, AttributeType::DATA, "").unwrap();
        assert_eq!(info.crc, upcase_crc(&table));
    }
}

#[test]
fn the_root_has_the_descriptor_we_give_it() {
    for volume in [Volume::LastAccess, Volume::Ntfs2M] {
        let sample = skip_unless!(Sample::open(volume));
        let value = sample
            .value(5, AttributeType::SECURITY_DESCRIPTOR, "")
            .unwrap();
        let ours = SecurityDescriptor::data_volume_root();
        assert_eq!(SecurityDescriptor::decode(&value).unwrap(), ours);
        assert_eq!(ours.encode().unwrap(), value);
    }
}

/// Every entry of a stream: same bytes again, its copy the same, its place
/// the one we would have taken.
fn check_sds(stream: &[u8]) -> Vec<SdsHeader> {
    let mut end = 0;
    let mut headers = Vec::new();
    for item in SdsEntries::new(stream) {
        let SdsItem::Entry(entry) = item else {
            panic!("{item:?}");
        };
        let header = entry.header;
        let size = u64::from(header.size);
        assert_eq!(next_sds_position(end, size), Some(header.offset));
        end = header.offset + size;
        let bytes = |offset: u64| {
            let start = usize::try_from(offset).unwrap();
            &stream[start..start + usize::try_from(size).unwrap()]
        };
        assert_eq!(bytes(header.offset), bytes(sds_mirror_of(header.offset)));
        assert_eq!(
            SdsHeader::new(entry.descriptor, header.id, header.offset),
            Ok(header)
        );
        let descriptor = SecurityDescriptor::decode(entry.descriptor).unwrap();
        assert_eq!(descriptor.encode().unwrap(), entry.descriptor);
        headers.push(header);
    }
    assert_eq!(end, sds_end(u64::try_from(stream.len()).unwrap()));
    headers
}

#[test]
fn descriptor_streams() {
    for (name, count) in [
        ("dissect_sds.bin.gz", 12),
        ("dissect_sds_complex.bin.gz", 4),
    ] {
        let stream = skip_unless!(corpus::bytes(name));
        assert_eq!(check_sds(&stream).len(), count, "{name}");
    }
}

#[test]
fn descriptor_stores_and_their_indexes() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        let stream = sample.value(SECURE, AttributeType::DATA, "$SDS").unwrap();
        let mut headers = check_sds(&stream);

        let by_id = sample.view_entries(SECURE, "$SII");
        assert!(by_id.is_sorted_by(|a, b| Collation::Ulong.compare(&a.0, &b.0, no_fold).is_lt()));
        let want: Vec<_> = headers
            .iter()
            .map(|header| {
                (
                    SiiKey(header.id).encode().to_vec(),
                    header.encode().to_vec(),
                )
            })
            .collect();
        assert_eq!(by_id, want, "{volume:?}");

        let by_hash = sample.view_entries(SECURE, "$SDH");
        headers.sort_by_key(SdsHeader::sdh_key);
        let want: Vec<_> = headers
            .iter()
            .map(|header| (header.sdh_key().encode().to_vec(), header.encode().to_vec()))
            .collect();
        assert_eq!(by_hash, want, "{volume:?}");
        assert!(by_hash.is_sorted_by(|a, b| {
            Collation::SecurityHash.compare(&a.0, &b.0, no_fold).is_lt()
                && SdhKey::decode(&a.0).unwrap() < SdhKey::decode(&b.0).unwrap()
        }));
    }
}

#[test]
fn view_indexes_state_their_collation() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        for (record, name, collation) in [
            (SECURE, "$SII", Collation::Ulong),
            (SECURE, "$SDH", Collation::SecurityHash),
            (QUOTA, "$Q", Collation::Ulong),
            (QUOTA, "$O", Collation::Sid),
            (OBJECT_IDS, "$O", Collation::Ulongs),
            (26, "$R", Collation::Ulongs),
            (5, "$I30", Collation::FileName),
        ] {
            let root = sample
                .value(record, AttributeType::INDEX_ROOT, name)
                .unwrap();
            let header = index::root_header(&root).unwrap();
            assert_eq!(Collation::from_u32(header.collation.get()), Ok(collation));
            assert_eq!(
                header.block_clusters,
                sample.geometry.clusters_per_index_block(),
                "{volume:?} {name}"
            );
        }
    }
}

#[test]
fn quota_indexes_of_a_fresh_volume() {
    for volume in VOLUMES {
        let sample = skip_unless!(Sample::open(volume));
        let quotas = sample.view_entries(QUOTA, "$Q");
        let owners = [
            (OwnerId::DEFAULTS, None),
            (OwnerId::FIRST, Some(Sid::ADMINISTRATORS)),
        ];
        assert_eq!(quotas.len(), owners.len());
        for ((key, data), (id, owner)) in quotas.iter().zip(owners) {
            assert_eq!(OwnerId::decode(key), Ok(id));
            let quota = Quota::decode(data).unwrap();
            assert_eq!(quota, Quota::unlimited(owner, quota.changed));
            assert_eq!(quota.encode(), *data);
        }
        assert_eq!(
            sample.view_entries(QUOTA, "$O"),
            [(
                Sid::ADMINISTRATORS.encode(),
                OwnerId::FIRST.encode().to_vec()
            )]
        );
    }
}

#[test]
fn object_ids_and_their_index() {
    for (volume, count) in [(Volume::LastAccess, 3), (Volume::Velociraptor, 4)] {
        let sample = skip_unless!(Sample::open(volume));
        let entries = sample.view_entries(OBJECT_IDS, "$O");
        assert_eq!(entries.len(), count);
        assert!(
            entries.is_sorted_by(|a, b| Collation::Ulongs.compare(&a.0, &b.0, no_fold).is_lt())
        );
        for (key, data) in entries {
            let entry = ObjectIdEntry::decode(&key, &data).unwrap();
            assert_eq!((entry.key().to_vec(), entry.data().to_vec()), (key, data));
            let value = sample
                .value(entry.file.record().0, AttributeType::OBJECT_ID, "")
                .unwrap();
            let attribute = ObjectIdAttribute::decode(&value).unwrap();
            assert_eq!(attribute.id, entry.id);
            assert_eq!(attribute.encode(), value);
        }
    }
}

#[test]
fn extended_attributes() {
    let sample = skip_unless!(Sample::open(Volume::Velociraptor));
    for (record, names) in [
        (37, [b"SECOND".as_slice(), b"THIRD"].as_slice()),
        (49, &[b"NOTHINGTOSEEHERE"]),
    ] {
        let value = sample.value(record, AttributeType::EA, "").unwrap();
        let list: Vec<Ea<'_>> = EaIter::new(&value).map(Result::unwrap).collect();
        let found: Vec<&[u8]> = list.iter().map(|ea| ea.name).collect();
        assert_eq!(found, names);
        let (bytes, information) = encode_eas(&list).unwrap();
        // Windows leaves the bytes that align an entry as they were.
        let back: Vec<Ea<'_>> = EaIter::new(&bytes).map(Result::unwrap).collect();
        assert_eq!((bytes.len(), back), (value.len(), list));
        let stored = sample
            .value(record, AttributeType::EA_INFORMATION, "")
            .unwrap();
        assert_eq!(EaInformation::decode(&stored), Ok(information));
        assert_eq!(information.encode()[..], stored);
    }
}

#[test]
fn a_descriptor_taken_out_is_skipped() {
    let stream = skip_unless!(corpus::bytes("dissect_sds.bin.gz"));
    let mut stream = stream;
    // As chkdsk leaves it: hash, id and offset zero, the size still there.
    let SdsItem::Entry(SdsEntry { header, .. }) = SdsEntries::new(&stream).nth(3).unwrap() else {
        panic!("the fourth entry is whole");
    };
    let start = usize::try_from(header.offset).unwrap();
    stream[start..start + 16].fill(0);
    let items: Vec<_> = SdsEntries::new(&stream).collect();
    assert_eq!(items.len(), 12);
    assert_eq!(
        items[3],
        SdsItem::Vacant {
            offset: header.offset,
            size: header.size
        }
    );
}
