//! Symbolic links and junctions as they lie on the volume, held against those
//! that Windows wrote.

use linkwright_device::BlockDevice as _;
use linkwright_names::NtName;
use linkwright_ntfs::{CreateOptions, LinkType};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::FileNameView;
use linkwright_ntfs_format::reparse_index::ReparseKey;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::{FileReference, fixup, record};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink};
use linkwright_testkit::{corpus, skip_unless};

use crate::support::{ROOT, assert_sound, directory, fresh, open, units};

/// A record of an `$MFT`, fix-ups removed.
fn record_of(mft: &[u8], number: usize) -> Vec<u8> {
    let mut bytes = mft[number * 1024..][..1024].to_vec();
    fixup::remove(&mut bytes).expect("a record");
    bytes
}

fn values(record: &[u8], wanted: AttributeType) -> Vec<Vec<u8>> {
    record::attributes(record)
        .map(|attribute| attribute.expect("an attribute"))
        .filter(|attribute| attribute.type_code() == wanted)
        .map(|attribute| attribute.resident_value().expect("resident").to_vec())
        .collect()
}

#[test]
fn our_links_have_the_bytes_of_those_windows_made() {
    let mft = skip_unless!(corpus::bytes("libfsntfs_mft_metadata_file.1"));
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let none = CreateOptions::default();
    for (number, kind) in [(46, LinkType::File), (48, LinkType::Directory)] {
        let theirs = values(&record_of(&mft, number), AttributeType::REPARSE_POINT).remove(0);
        let Ok(ReparseBuffer::SymbolicLink(link)) = ReparseBuffer::decode(&theirs) else {
            panic!("record {number} is no symbolic link");
        };
        let (print, substitute) = (link.print_name(), link.substitute_name());
        let made = if link.is_relative() {
            SymbolicLink::relative(print)
        } else {
            SymbolicLink::absolute(print, substitute)
        }
        .unwrap();
        let name = units(&format!("link {number}"));
        let file = volume
            .symbolic_link(ROOT, &name, kind, &made, &none)
            .unwrap();
        let ours = volume.reparse_point(file).unwrap().unwrap().encode();
        assert_eq!(ours, theirs, "record {number}");
    }
    let theirs = values(&record_of(&mft, 47), AttributeType::REPARSE_POINT).remove(0);
    let Ok(ReparseBuffer::MountPoint(junction)) = ReparseBuffer::decode(&theirs) else {
        panic!("record 47 is no junction");
    };
    let mount = MountPoint::junction(junction.print_name()).unwrap();
    let file = volume
        .junction(ROOT, &units("junction"), &mount, &none)
        .unwrap();
    let ours = volume.reparse_point(file).unwrap().unwrap().encode();
    assert_eq!(ours, theirs, "record 47");
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn the_hard_link_windows_made_has_two_names_in_two_directories() {
    let mft = skip_unless!(corpus::bytes("libfsntfs_mft_metadata_file.1"));
    let names: Vec<_> = values(&record_of(&mft, 38), AttributeType::FILE_NAME)
        .iter()
        .map(|value| {
            let view = FileNameView::new(value).unwrap();
            (view.parent(), NtName::from_units(&view.name_units()))
        })
        .collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0].0, names[1].0);
    let header = record_of(&mft, 38);
    assert_eq!(record::header(&header).unwrap().link_count.get(), 2);
}

#[test]
fn entries_of_links_carry_the_tag_and_the_reparse_index_has_their_keys() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let none = CreateOptions::default();
    let dir = directory(&volume, ROOT, "dir");
    let link = SymbolicLink::relative(&units("..\\target")).unwrap();
    let mount = MountPoint::junction(&units("C:\\dir")).unwrap();
    let made: Vec<(FileReference, u32)> = vec![
        (
            volume
                .symbolic_link(dir, &units("a"), LinkType::File, &link, &none)
                .unwrap(),
            0xA000_000C,
        ),
        (
            volume
                .symbolic_link(dir, &units("b"), LinkType::Directory, &link, &none)
                .unwrap(),
            0xA000_000C,
        ),
        (
            volume.junction(dir, &units("c"), &mount, &none).unwrap(),
            0xA000_0003,
        ),
    ];
    for entry in volume.list(dir).unwrap() {
        let entry = entry.unwrap();
        let (_, tag) = made.iter().find(|(file, _)| *file == entry.file).unwrap();
        assert!(entry.attributes.contains(FileAttributes::REPARSE_POINT));
        assert_eq!(entry.reparse_tag, Some(*tag));
        let info = volume.file_info(entry.file).unwrap();
        assert_eq!(info.reparse_tag, Some(*tag));
        assert_eq!(info.is_directory(), entry.is_directory());
    }
    volume.close().unwrap();
    // The checker holds each reparse point against its key and the reverse.
    assert_sound(&*device);
    let mut bytes = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut bytes).unwrap();
    let holds = |key: &[u8]| bytes.windows(key.len()).any(|at| at == key);
    for (file, tag) in &made {
        let key = ReparseKey {
            tag: *tag,
            file: *file,
        };
        assert!(holds(&key.encode()), "{file}");
    }
    let volume = open(&device);
    for (name, tag) in [("a", 0xA000_000C), ("c", 0xA000_0003)] {
        let entry = volume.lookup(dir, &units(name)).unwrap().unwrap();
        volume.delete_reparse_point(entry.file, tag, None).unwrap();
        let entry = volume.lookup(dir, &units(name)).unwrap().unwrap();
        assert_eq!(entry.reparse_tag, None);
    }
    volume.remove(dir, &units("b")).unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
}
