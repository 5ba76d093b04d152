//! Security descriptors, object ids, extended attributes and compressed files,
//! against the ntfs-3g driver and volumes that Windows wrote.

use std::path::Path;
use std::sync::Arc;

use linkwright_device::{BlockDevice, FileDevice, FileOptions, MemoryDevice};
use linkwright_ntfs::compress::wof::{Layout, decompress_chunk};
use linkwright_ntfs::{
    CorruptKind, CreateOptions, Error, ExtendedAttribute, FileId, FileKind, InvalidInput,
    OpenOptions, Unsupported, Volume,
};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::attribute::AttributeFlags;
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::inherit::{NewObject, inherit};
use linkwright_ntfs_format::object_id::{BirthIds, ObjectId, ObjectIdAttribute};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_reparse::{OtherReparse, ReparseTag, SymbolicLink, WofAlgorithm};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::oracle::{mkntfs, ntfsfix, ntfsprogs, rust_fs_ntfs};
use linkwright_testkit::{ScratchImage, corpus, skip_unless};

use crate::support::{fresh, open, options, units};

const ROOT: FileId = FileId::ROOT;

fn open_image(path: &Path) -> Volume {
    let device = FileDevice::open(path, &FileOptions::read_write()).unwrap();
    Volume::open(Arc::new(device), options()).unwrap()
}

fn open_to_read(path: &Path) -> Volume {
    let device = FileDevice::open(path, &FileOptions::read_only()).unwrap();
    Volume::open(Arc::new(device), OpenOptions::read_only()).unwrap()
}

fn fresh_image(len: u64) -> ScratchImage {
    let image = ScratchImage::zeroed(len);
    let device = FileDevice::open(image.path(), &FileOptions::read_write()).unwrap();
    format(&device, &FormatOptions::default()).unwrap();
    image
}

fn file(volume: &Volume, name: &str) -> FileId {
    make(volume, ROOT, name, FileKind::File)
}

fn make(volume: &Volume, parent: FileId, name: &str, kind: FileKind) -> FileId {
    volume
        .create(parent, &units(name), kind, &CreateOptions::default())
        .unwrap()
}

/// Our checker finds nothing but notes.
#[track_caller]
fn assert_sound(device: &dyn BlockDevice) {
    let mut found = Vec::new();
    check(device, &CheckOptions::strict(), &mut |problem| {
        if problem.severity != Severity::Note {
            found.push(format!("{problem:?}"));
        }
    })
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[track_caller]
fn assert_image_sound(image: &Path) {
    let device = FileDevice::open(image, &FileOptions::read_only()).unwrap();
    assert_sound(&device);
    drop(device);
    ntfsfix::assert_clean(image);
    rust_fs_ntfs::assert_clean(image);
}

/// A descriptor of its own for each number, about `aces` * 24 bytes long.
fn descriptor(number: u32, aces: u32) -> Vec<u8> {
    let list = (0..aces)
        .map(|n| {
            let sid = Sid::new([0, 0, 0, 0, 0, 5], &[21, number, n]).unwrap();
            Ace::allow(AceFlags::empty(), AccessMask::FILE_READ, sid)
        })
        .collect();
    SecurityDescriptor::new(Sid::builtin(number), Sid::USERS, Acl::new(list))
        .encode()
        .unwrap()
}

/// Every long name below the root with its path as a mount has it.
fn walk(volume: &Volume) -> Vec<(String, FileId)> {
    let mut all = Vec::new();
    let mut folders = vec![(String::new(), ROOT)];
    while let Some((path, folder)) = folders.pop() {
        for entry in volume.entries(folder).unwrap() {
            let name = entry.name.to_string_lossy();
            if entry.namespace == Namespace::Dos
                || (path.is_empty() && name.starts_with(['$', '.']))
            {
                continue;
            }
            let path = if path.is_empty() {
                name.to_string()
            } else {
                format!("{path}/{name}")
            };
            all.push((path.clone(), entry.file));
            if entry.is_directory() && entry.reparse_tag.is_none() {
                folders.push((path, entry.file));
            }
        }
    }
    all
}

#[test]
fn children_inherit_and_share_one_descriptor() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let above = SecurityDescriptor::decode(&volume.security_descriptor(ROOT).unwrap()).unwrap();
    let (owner, group) = (above.owner.unwrap(), above.group.unwrap());
    let folder = make(&volume, ROOT, "folder", FileKind::Directory);
    let first = file(&volume, "first");
    for (id, object) in [(folder, NewObject::Directory), (first, NewObject::File)] {
        let want = inherit(&above, object, owner, group).encode().unwrap();
        assert_eq!(volume.security_descriptor(id).unwrap(), want);
    }
    let number = |id| volume.file_info(id).unwrap().security_id;
    assert_ne!(number(first), number(folder));
    for n in 0..50 {
        let other = file(&volume, &format!("file {n}"));
        assert_eq!(number(other), number(first));
    }
    // The creator's owner and group go in; a descriptor of one's own is taken
    // as it is.
    let mine = CreateOptions {
        owner: Some(Sid::builtin(1000)),
        group: Some(Sid::builtin(513)),
        ..CreateOptions::default()
    };
    let owned = volume
        .create(ROOT, &units("owned"), FileKind::File, &mine)
        .unwrap();
    let got = SecurityDescriptor::decode(&volume.security_descriptor(owned).unwrap()).unwrap();
    assert_eq!((got.owner, got.group), (mine.owner, mine.group));
    let own = CreateOptions {
        security_descriptor: Some(descriptor(7, 2)),
        ..CreateOptions::default()
    };
    let own = volume
        .create(ROOT, &units("own"), FileKind::File, &own)
        .unwrap();
    assert_eq!(volume.security_descriptor(own).unwrap(), descriptor(7, 2));
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_rolled_back_descriptor_leaves_nothing_behind() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let folder = make(&volume, ROOT, "folder", FileKind::Directory);
    let number = |id| volume.file_info(id).unwrap().security_id;
    let result = volume.transaction(|tx| {
        tx.set_security(folder, &descriptor(1, 2))?;
        // The child's descriptor goes into the cache as well as the store.
        tx.create(
            folder,
            &units("child"),
            FileKind::File,
            &CreateOptions::default(),
        )?;
        tx.remove(ROOT, &units("nothing of that name"))
    });
    assert!(result.is_err());
    volume.set_security(folder, &descriptor(2, 2)).unwrap();
    let child = make(&volume, folder, "child", FileKind::File);
    let after = SecurityDescriptor::decode(&volume.security_descriptor(child).unwrap()).unwrap();
    assert_eq!(after.owner, Some(Sid::builtin(2)));
    assert_eq!(number(child).0, number(folder).0 + 1);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_damaged_descriptor_is_read_from_its_copy_and_told_when_both_are() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let target = file(&volume, "file");
    let sound = descriptor(77, 5);
    volume.set_security(target, &sound).unwrap();
    volume.close().unwrap();

    let mut bytes = vec![0; 16 << 20];
    device.read_at(0, &mut bytes).unwrap();
    let places: Vec<u64> = (0..bytes.len() - sound.len())
        .step_by(4)
        .filter(|at| bytes[*at..].starts_with(&sound))
        .map(|at| at as u64)
        .collect();
    assert_eq!(places.len(), 2);
    device.write_at(places[0] + 40, &[0xFF]).unwrap();
    let volume = open(&device);
    assert_eq!(volume.security_descriptor(target).unwrap(), sound);
    drop(volume);
    device.write_at(places[1] + 40, &[0xFF]).unwrap();
    let volume = open(&device);
    let Error::Corrupt(told) = volume.security_descriptor(target).unwrap_err() else {
        panic!("not told as damage");
    };
    assert_eq!(told.kind, CorruptKind::SecurityId);
    assert_eq!(told.place.record, Some(RecordNumber::SECURE));
    // What cannot be compared is not shared: a new entry is made.
    let other = file(&volume, "other");
    volume.set_security(other, &sound).unwrap();
    assert_eq!(volume.security_descriptor(other).unwrap(), sound);
}

#[test]
fn descriptors_that_are_none_are_refused() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let target = file(&volume, "file");
    let before = volume.security_descriptor(target).unwrap();
    let mut long = descriptor(1, 2);
    long.resize(300 << 10, 0);
    for bad in [&[][..], &[1; 40], &long] {
        let error = volume.set_security(target, bad).unwrap_err();
        assert!(
            matches!(
                error,
                Error::InvalidInput(InvalidInput::InvalidSecurityDescriptor)
            ),
            "{error}"
        );
    }
    assert_eq!(volume.security_descriptor(target).unwrap(), before);
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn many_descriptors_are_stored_and_ntfs_3g_reads_them() {
    skip_unless!(ntfs3g::available());
    skip_unless!(ntfsfix::available());
    const COUNT: u32 = 500;
    // 500 of about 1 KiB: over the first 256 KiB of $SDS, and both indexes
    // leave the record.
    let image = fresh_image(32 << 20);
    let volume = open_image(image.path());
    let files: Vec<FileId> = (0..COUNT)
        .map(|n| {
            let id = file(&volume, &format!("f{n}"));
            volume.set_security(id, &descriptor(n, 40)).unwrap();
            id
        })
        .collect();
    let twin = file(&volume, "twin");
    volume.set_security(twin, &descriptor(3, 40)).unwrap();
    let number = |id| volume.file_info(id).unwrap().security_id;
    assert_eq!(number(twin), number(files[3]));
    volume.close().unwrap();

    let volume = open_to_read(image.path());
    for (n, id) in (0..).zip(&files) {
        assert_eq!(
            volume.security_descriptor(*id).unwrap(),
            descriptor(n, 40),
            "{n}"
        );
    }
    drop(volume);
    assert_image_sound(image.path());
    let mount = Mount::new(image.path(), Access::ReadOnly).unwrap();
    for n in (0..COUNT).step_by(7) {
        let acl = mount
            .attribute(&format!("f{n}"), "system.ntfs_acl")
            .unwrap();
        assert_eq!(acl, Some(descriptor(n, 40)), "{n}");
    }
    mount.unmount().unwrap();
}

#[test]
fn files_with_a_descriptor_of_their_own_get_a_number() {
    skip_unless!(mkntfs::available());
    skip_unless!(ntfs3g::available());
    skip_unless!(ntfsprogs::available());
    let image = mkntfs::Mkntfs::new(16 << 20).make();
    let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
    std::fs::write(mount.path().join("theirs"), "x").unwrap();
    let acl = |mount: &Mount, name: &str| mount.attribute(name, "system.ntfs_acl").unwrap();
    let (root_acl, file_acl) = (acl(&mount, ""), acl(&mount, "theirs"));
    mount.unmount().unwrap();

    let volume = open_image(image.path());
    let theirs = volume.lookup(ROOT, &units("theirs")).unwrap().unwrap().file;
    let carries_its_descriptor = |file: FileId| {
        ntfsprogs::record_info(image.path(), file.record().0)
            .unwrap()
            .contains("$SECURITY_DESCRIPTOR")
    };
    assert_eq!(Some(volume.security_descriptor(ROOT).unwrap()), root_acl);
    assert_eq!(Some(volume.security_descriptor(theirs).unwrap()), file_acl);
    drop(volume);
    assert!(carries_its_descriptor(theirs) && carries_its_descriptor(ROOT));
    let volume = open_image(image.path());
    // Inherited from a directory that carries its descriptor itself.
    let ours = file(&volume, "ours");
    assert!(volume.file_info(ours).unwrap().security_id.0 >= 0x100);
    volume.set_security(theirs, &descriptor(9, 3)).unwrap();
    volume.set_security(ROOT, &descriptor(10, 3)).unwrap();
    assert!(volume.file_info(theirs).unwrap().security_id.0 >= 0x100);
    let ours_acl = volume.security_descriptor(ours).unwrap();
    volume.close().unwrap();

    ntfsfix::assert_clean(image.path());
    rust_fs_ntfs::assert_clean(image.path());
    assert!(!carries_its_descriptor(theirs) && !carries_its_descriptor(ROOT));
    let mount = Mount::new(image.path(), Access::ReadOnly).unwrap();
    assert_eq!(acl(&mount, "theirs"), Some(descriptor(9, 3)));
    assert_eq!(acl(&mount, ""), Some(descriptor(10, 3)));
    assert_eq!(acl(&mount, "ours"), Some(ours_acl));
    mount.unmount().unwrap();
}

#[test]
fn metadata_that_windows_wrote_is_read_as_ntfs_3g_reads_it() {
    skip_unless!(ntfs3g::available());
    for sample in [
        corpus::Volume::Velociraptor,
        corpus::Volume::Win7Tiny,
        corpus::Volume::LastAccess,
    ] {
        let image = skip_unless!(sample.bare());
        let volume = open_to_read(&image);
        let mount = Mount::new(&image, Access::ReadOnly).unwrap();
        let (mut descriptors, mut lists) = (0, 0);
        for (path, id) in walk(&volume) {
            let ours = volume.security_descriptor(id).unwrap();
            let theirs = mount.attribute(&path, "system.ntfs_acl").unwrap();
            assert_eq!(Some(ours), theirs, "{sample:?} {path}");
            descriptors += 1;
            let ours = volume.extended_attributes(id).unwrap();
            let theirs = mount.attribute(&path, "system.ntfs_ea").unwrap();
            assert_eq!(ours.is_empty(), theirs.is_none(), "{sample:?} {path}");
            // Windows 10 marks such files; we do the same below.
            let marked = volume.file_info(id).unwrap().attributes.contains(HAS_EAS);
            assert_eq!(marked, !ours.is_empty(), "{sample:?} {path}");
            if let Some(theirs) = theirs {
                assert_eq!(encoded(&ours), theirs, "{sample:?} {path}");
                lists += 1;
            }
            let ours = volume.object_id(id).unwrap();
            let theirs = mount.attribute(&path, "system.ntfs_object_id").unwrap();
            assert_eq!(
                ours.map(|own| own.id.0.to_vec()),
                theirs.map(|bytes| bytes[..16].to_vec()),
                "{sample:?} {path}"
            );
        }
        assert!(descriptors > 3, "{sample:?}");
        assert!(lists > 0 || sample != corpus::Volume::Velociraptor);
        mount.unmount().unwrap();
    }
}

/// FILE_ATTRIBUTE_EA of wdm.h.
const HAS_EAS: FileAttributes = FileAttributes::RECALL_ON_OPEN;

/// The bytes of `$EA`.
fn encoded(list: &[ExtendedAttribute]) -> Vec<u8> {
    let borrowed: Vec<_> = list
        .iter()
        .map(|ea| linkwright_ntfs_format::ea::Ea {
            flags: ea.flags,
            name: &ea.name,
            value: &ea.value,
        })
        .collect();
    linkwright_ntfs_format::ea::encode_eas(&borrowed).unwrap().0
}

fn ea(name: &str, value: &[u8]) -> ExtendedAttribute {
    ExtendedAttribute {
        flags: 0,
        name: name.as_bytes().to_vec(),
        value: value.to_vec(),
    }
}

#[test]
fn extended_attributes_small_and_large_are_what_ntfs_3g_reads() {
    skip_unless!(ntfs3g::available());
    skip_unless!(ntfsfix::available());
    let image = fresh_image(16 << 20);
    let volume = open_image(image.path());
    let small = vec![
        ea("$LXMOD", &[1, 2, 3, 4]),
        ea("EMPTY", &[]),
        ea("Z", b"zz"),
    ];
    let large: Vec<_> = (0..6_u8)
        .map(|n| ea(&format!("BIG{n}"), &vec![n; 10_000]))
        .collect();
    let with = |name: &str, list: &[ExtendedAttribute]| {
        let id = file(&volume, name);
        volume.set_extended_attributes(id, list).unwrap();
        assert_eq!(volume.extended_attributes(id).unwrap(), list);
        let entry = volume.lookup(ROOT, &units(name)).unwrap().unwrap();
        assert!(entry.attributes.contains(HAS_EAS));
        id
    };
    with("small", &small);
    with("large", &large);
    let shrunk = with("shrunk", &large);
    volume.set_extended_attributes(shrunk, &small).unwrap();
    let grown = with("grown", &small);
    volume.set_extended_attributes(grown, &large).unwrap();
    let emptied = with("emptied", &large);
    volume.set_extended_attributes(emptied, &[]).unwrap();
    let entry = volume.lookup(ROOT, &units("emptied")).unwrap().unwrap();
    assert!(!entry.attributes.contains(HAS_EAS));
    let gone = with("gone", &large);
    let folder = make(&volume, ROOT, "folder", FileKind::Directory);
    volume.set_extended_attributes(folder, &small).unwrap();
    volume.remove(ROOT, &units("gone")).unwrap();
    assert!(volume.extended_attributes(gone).is_err());
    volume.close().unwrap();
    assert_image_sound(image.path());

    let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
    for (name, list) in [
        ("small", &small),
        ("large", &large),
        ("shrunk", &small),
        ("grown", &large),
        ("folder", &small),
    ] {
        let theirs = mount.attribute(name, "system.ntfs_ea").unwrap();
        assert_eq!(theirs, Some(encoded(list)), "{name}");
    }
    assert_eq!(mount.attribute("emptied", "system.ntfs_ea").unwrap(), None);
    mount
        .set_attribute("emptied", "system.ntfs_ea", &encoded(&large))
        .unwrap();
    mount.unmount().unwrap();
    let volume = open_to_read(image.path());
    assert_eq!(volume.extended_attributes(emptied).unwrap(), large);
}

#[test]
fn extended_attributes_that_cannot_be_are_refused() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let target = file(&volume, "file");
    let kept = [ea("KEPT", b"1")];
    volume.set_extended_attributes(target, &kept).unwrap();
    for bad in [
        vec![ea("", b"1")],
        vec![ea("NUL\0", b"1")],
        vec![ea(&"N".repeat(256), b"1")],
        vec![ea("TWIN", b"1"), ea("twin", b"2")],
        vec![ea("LONG", &[0; 40_000]), ea("LONGER", &[0; 40_000])],
        // 65,532 bytes packed.
        vec![ea("N", &[0; 65_526])],
    ] {
        let error = volume.set_extended_attributes(target, &bad).unwrap_err();
        assert!(matches!(
            error,
            Error::InvalidInput(InvalidInput::InvalidExtendedAttributes)
        ));
    }
    assert_eq!(volume.extended_attributes(target).unwrap(), kept);
    volume
        .set_extended_attributes(target, &[ea("N", &[0; 65_520])])
        .unwrap();

    let link = SymbolicLink::relative(&units("file")).unwrap();
    let link = volume
        .symbolic_link(
            ROOT,
            &units("link"),
            linkwright_ntfs::LinkType::File,
            &link,
            &CreateOptions::default(),
        )
        .unwrap();
    let conflict = |error| matches!(error, Error::InvalidInput(InvalidInput::ReparseConflict));
    assert!(conflict(
        volume.set_extended_attributes(link, &kept).unwrap_err()
    ));
    let other = OtherReparse::new(ReparseTag(0x8000_0099), None, vec![1]).unwrap();
    assert!(conflict(
        volume
            .set_reparse_point(target, &other.encode())
            .unwrap_err()
    ));
    volume.set_extended_attributes(target, &[]).unwrap();
    volume.set_reparse_point(target, &other.encode()).unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
}

fn id(number: u16) -> ObjectId {
    let mut bytes = [0x5A; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    ObjectId(bytes)
}

#[test]
fn object_ids_are_unique_and_go_with_their_file() {
    skip_unless!(ntfs3g::available());
    skip_unless!(ntfsfix::available());
    let image = fresh_image(16 << 20);
    let volume = open_image(image.path());
    // More than the root of $O holds.
    for n in 0..300 {
        let target = file(&volume, &format!("f{n}"));
        let new = volume.object_id_or(target, id(n)).unwrap();
        assert_eq!((new.id, new.birth.unwrap().object), (id(n), id(n).0));
        assert_eq!(volume.object_id_or(target, id(999)).unwrap(), new);
        assert_eq!(volume.file_by_object_id(id(n)).unwrap(), target);
    }
    let one = volume.file_by_object_id(id(1)).unwrap();
    let given = ObjectIdAttribute {
        id: id(1),
        birth: Some(BirthIds {
            volume: [1; 16],
            object: [2; 16],
            domain: [3; 16],
        }),
    };
    let late = file(&volume, "late");
    let refused = volume.set_object_id(late, &given).unwrap_err();
    assert!(matches!(
        refused,
        Error::InvalidInput(InvalidInput::ObjectIdCollision)
    ));
    let refused = volume.set_object_id(one, &given).unwrap_err();
    assert!(matches!(
        refused,
        Error::InvalidInput(InvalidInput::ObjectIdExists)
    ));
    assert_eq!(volume.object_id(late).unwrap(), None);
    // Deleted with the file, or alone: free for another.
    volume.remove(ROOT, &units("f1")).unwrap();
    volume.set_object_id(late, &given).unwrap();
    assert_eq!(volume.object_id(late).unwrap(), Some(given));
    let two = volume.file_by_object_id(id(2)).unwrap();
    volume.delete_object_id(two).unwrap();
    volume.delete_object_id(two).unwrap();
    let missing = volume.file_by_object_id(id(2)).unwrap_err();
    assert!(matches!(
        missing,
        Error::InvalidInput(InvalidInput::NotFound)
    ));
    for n in 100..300 {
        volume.remove(ROOT, &units(&format!("f{n}"))).unwrap();
    }
    volume.close().unwrap();
    assert_image_sound(image.path());

    let mount = Mount::new(image.path(), Access::ReadOnly).unwrap();
    let theirs = mount.attribute("late", "system.ntfs_object_id").unwrap();
    let mut long = given.encode();
    assert_eq!(theirs.as_deref(), Some(&long[..]));
    long.truncate(16);
    let theirs = mount.attribute("f99", "system.ntfs_object_id").unwrap();
    assert_eq!(theirs.unwrap()[..16], id(99).0);
    assert_eq!(
        mount.attribute("f2", "system.ntfs_object_id").unwrap(),
        None
    );
    mount.unmount().unwrap();
}

/// The chunks of a stream decompressed one by one.
fn plain_of(algorithm: WofAlgorithm, stream: &[u8], len: usize) -> Vec<u8> {
    let layout = Layout::new(algorithm, len as u64, stream.len() as u64).unwrap();
    let part = |span: std::ops::Range<u64>| {
        &stream[usize::try_from(span.start).unwrap()..]
            [..usize::try_from(span.end - span.start).unwrap()]
    };
    let mut plain = vec![0; len];
    let mut rest = plain.as_mut_slice();
    for chunk in 0..layout.chunk_count() {
        let span = layout.file_span(chunk);
        let (out, tail) = rest.split_at_mut(usize::try_from(span.end - span.start).unwrap());
        let data = layout
            .data_span(chunk, part(layout.table_span(chunk)))
            .unwrap();
        decompress_chunk(algorithm, part(data), out).unwrap();
        rest = tail;
    }
    plain
}

/// Makes a file as the overlay filter leaves it.
fn overlay_file(volume: &Volume, name: &str, algorithm: u32, stream: &[u8], len: u64) -> FileId {
    let file = file(volume, name);
    let compressed = units("WofCompressedData");
    volume.create_stream(file, &compressed).unwrap();
    volume.write_at(file, &compressed, 0, stream).unwrap();
    volume.set_sparse(file, &[]).unwrap();
    volume.set_len(file, &[], len).unwrap();
    let words: Vec<u8> = [1, 2, 1, algorithm]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    let buffer = OtherReparse::new(ReparseTag::WOF, None, words).unwrap();
    volume.set_reparse_point(file, &buffer.encode()).unwrap();
    file
}

/// Bytes of the data behind the committed resources.
const PLAIN_LEN: usize = 0x8000 - 40 + 500 + 3000;

#[test]
fn overlay_files_are_read_through_their_compressed_stream() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compress/testdata");
    let mut first: Option<Vec<u8>> = None;
    for (name, number) in [
        ("xpress4k", 0),
        ("lzx", 1),
        ("xpress8k", 2),
        ("xpress16k", 3),
    ] {
        let algorithm = WofAlgorithm::from_number(number).unwrap();
        let stream = std::fs::read(folder.join(format!("{name}.bin"))).unwrap();
        let plain = plain_of(algorithm, &stream, PLAIN_LEN);
        // All four were made of the same data.
        assert_eq!(*first.get_or_insert_with(|| plain.clone()), plain);
        let file = overlay_file(&volume, name, number, &stream, PLAIN_LEN as u64);
        let read = |offset: usize, len: usize| {
            let mut buf = vec![0xEE; len];
            let count = volume.read_at(file, &[], offset as u64, &mut buf).unwrap();
            buf.truncate(count);
            buf
        };
        assert_eq!(read(0, PLAIN_LEN + 100), plain);
        for (offset, len) in [(0, 1), (4095, 2), (0x7FFF, 2), (30_000, 6000), (9, 20_000)] {
            assert_eq!(read(offset, len), plain[offset..offset + len]);
        }
        assert_eq!(read(PLAIN_LEN - 5, 100), plain[PLAIN_LEN - 5..]);
        assert!(read(PLAIN_LEN, 10).is_empty());
        let refused = volume.write_at(file, &[], 0, b"x").unwrap_err();
        assert!(matches!(
            refused,
            Error::Unsupported(Unsupported::WriteCompressed)
        ));
    }
    // Chunks stored as they are: a table of two entries, then the data.
    let data: Vec<u8> = (0..10_000_u32).map(|n| (n % 251) as u8).collect();
    let mut stream = [4096_u32, 8192].map(u32::to_le_bytes).concat();
    stream.extend(&data);
    let stored = overlay_file(&volume, "stored", 0, &stream, 10_000);
    let mut buf = vec![0; 10_000];
    assert_eq!(volume.read_at(stored, &[], 0, &mut buf).unwrap(), 10_000);
    assert_eq!(buf, data);
    // A stream that is too short, none at all, and a WIM file elsewhere.
    let short = overlay_file(&volume, "short", 0, &stream[..9000], 10_000);
    let damaged = volume.read_at(short, &[], 8000, &mut buf).unwrap_err();
    assert!(matches!(damaged, Error::Corrupt(_)), "{damaged}");
    volume
        .remove_stream(short, &units("WofCompressedData"))
        .unwrap();
    let damaged = volume.read_at(short, &[], 0, &mut buf).unwrap_err();
    assert!(matches!(damaged, Error::Corrupt(_)), "{damaged}");
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn compressed_files_of_windows_are_read_as_ntfs_3g_reads_them() {
    skip_unless!(ntfs3g::available());
    let image = skip_unless!(corpus::Volume::Velociraptor.bare());
    let volume = open_to_read(&image);
    let mount = Mount::new(&image, Access::ReadOnly).unwrap();
    let mut compressed = 0;
    for (path, id) in walk(&volume) {
        for stream in volume.streams(id).unwrap() {
            if !stream.flags.contains(AttributeFlags::COMPRESSED) {
                continue;
            }
            let name = String::from_utf16_lossy(&stream.name);
            let theirs = if name.is_empty() {
                path.clone()
            } else {
                format!("{path}:{name}")
            };
            let theirs = std::fs::read(mount.path().join(theirs)).unwrap();
            let mut ours = vec![0; usize::try_from(stream.size).unwrap() + 1];
            let len = volume.read_at(id, &stream.name, 0, &mut ours).unwrap();
            ours.truncate(len);
            assert!(ours == theirs, "{path} {name}");
            // And from the middle of a unit.
            let from = ours.len() / 3;
            let mut part = vec![0; 5000.min(ours.len() - from)];
            volume
                .read_at(id, &stream.name, from as u64, &mut part)
                .unwrap();
            assert!(part == ours[from..from + part.len()], "{path} {name}");
            compressed += usize::from(!stream.resident);
        }
    }
    assert!(compressed > 0);
    mount.unmount().unwrap();
}

#[test]
fn a_sleeping_windows_keeps_its_volume() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let sleep = file(&volume, "HiberFil.sys");
    volume.close().unwrap();
    let again = |device: &Arc<MemoryDevice>| Volume::open(device.clone(), options());
    for (signature, sleeps) in [
        (&b"hibr"[..], true),
        (b"HIBR", true),
        (b"RSTR", true),
        (b"wake", false),
        (&[0; 4], false),
    ] {
        let copy = Arc::new(device.snapshot());
        let volume = open(&copy);
        volume
            .write_at(sleep, &[], 0, &[signature, &[0; 8000]].concat())
            .unwrap();
        volume.close().unwrap();
        let opened = again(&copy);
        if sleeps {
            assert!(matches!(
                opened.unwrap_err(),
                Error::Unsupported(Unsupported::Hibernated)
            ));
            let reader = Volume::open(copy.clone(), OpenOptions::read_only()).unwrap();
            assert_eq!(reader.stream_len(sleep, &[]).unwrap(), 8004);
        } else {
            opened.unwrap();
        }
    }
}
