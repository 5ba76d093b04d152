//! The metafiles compared with those of a volume that Windows made.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::standard_information::StandardInformation;
use linkwright_testkit::{corpus::Volume, skip_unless};

use crate::{MIB, image, options};

/// The start of `$MFT`, fix-ups removed; empty for records never formatted.
fn records(path: &Path, count: usize) -> Vec<Vec<u8>> {
    let mut file = File::open(path).unwrap();
    let mut sector = [0; 512];
    file.read_exact(&mut sector).unwrap();
    let geometry = BootSector::decode(&sector).unwrap().geometry().unwrap();
    let offset = geometry.cluster_offset(geometry.mft_lcn()).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    (0..count)
        .map(|_| {
            let mut bytes = vec![0; usize::try_from(geometry.record_size()).unwrap()];
            file.read_exact(&mut bytes).unwrap();
            match fixup::remove(&mut bytes) {
                Ok(()) => bytes,
                Err(_) => Vec::new(),
            }
        })
        .collect()
}

/// What Windows adds when it mounts a volume or a user works on it.
const ADDED_LATER: [AttributeType; 2] = [
    AttributeType::OBJECT_ID,
    AttributeType::LOGGED_UTILITY_STREAM,
];

/// Type, name, form, instance number and, where it does not depend on the
/// volume's size and history, the value.
fn shape(number: usize, bytes: &[u8]) -> Vec<String> {
    record::attributes(bytes)
        .map(|attribute| attribute.unwrap())
        .filter(|attribute| !ADDED_LATER.contains(&attribute.type_code()))
        .map(|attribute| {
            let code = attribute.type_code();
            let value = attribute.resident_value().unwrap_or_default();
            let detail = match code {
                AttributeType::STANDARD_INFORMATION => {
                    let info = StandardInformation::decode(value).unwrap();
                    let len = value.len();
                    format!("{len} bytes {:?} {:?}", info.attributes, info.security_id())
                }
                AttributeType::FILE_NAME => {
                    let name = FileNameView::new(value).unwrap();
                    let text = String::from_utf16(&name.name_units()).unwrap();
                    let kind = name.duplicated().attributes;
                    format!("{} {text} {:?} {kind:?}", name.parent(), name.namespace())
                }
                AttributeType::SECURITY_DESCRIPTOR | AttributeType::VOLUME_INFORMATION => {
                    format!("{value:02x?}")
                }
                _ => String::new(),
            };
            // The bitmap and data of $MFT and the indexes of $Secure were
            // given new numbers when they grew.
            let instance = match number {
                0 | 9 => 0,
                _ => attribute.instance(),
            };
            let name = String::from_utf16(&attribute.name_units()).unwrap();
            let non_resident = attribute.is_non_resident();
            format!("{code} {name:?} non-resident {non_resident} #{instance} {detail}")
        })
        .collect()
}

#[test]
fn records_have_the_shape_windows_gives_them() {
    let theirs = skip_unless!(Volume::LastAccess.bare());
    let theirs = records(&theirs, 27);
    let (image, _) = image(256 * MIB, &options());
    let ours = records(image.path(), 27);
    for number in (0..9).chain(10..16).chain([24, 25, 26]) {
        assert_eq!(
            shape(number, &ours[number]),
            shape(number, &theirs[number]),
            "record {number}"
        );
        let (our, their) = (
            record::header(&ours[number]).unwrap(),
            record::header(&theirs[number]).unwrap(),
        );
        assert_eq!(our.flags(), their.flags(), "record {number}");
        assert_eq!(our.sequence(), their.sequence(), "record {number}");
        assert_eq!(our.link_count, their.link_count, "record {number}");
    }
    // $Secure has grown since: its indexes lie in blocks there.
    let kept = |number: usize, from: &[Vec<u8>]| -> Vec<String> {
        shape(number, &from[number])
            .into_iter()
            .filter(|line| !line.starts_with("$INDEX_ALLOC") && !line.starts_with("$BITMAP"))
            .collect()
    };
    assert_eq!(kept(9, &ours), kept(9, &theirs));
}
