use super::*;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::OpenOptions;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink};

use crate::VolumeFamily;
use crate::ntfs::NtfsFs;

fn below() -> Arc<dyn FileSystem> {
    let device = Arc::new(MemoryDevice::new(16 << 20));
    linkwright_ntfs_mkfs::format(&device, &FormatOptions::default()).unwrap();
    Arc::new(NtfsFs::open(device, OpenOptions::read_write()).unwrap())
}

fn declared(declaration: Declaration) -> (Arc<dyn FileSystem>, Declared) {
    let inner = below();
    (Arc::clone(&inner), Declared::new(inner, declaration))
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.kind(),
    }
}

fn symlink() -> LinkContent {
    let target: Vec<u16> = "f".encode_utf16().collect();
    LinkContent::Reparse(ReparseBuffer::SymbolicLink(
        SymbolicLink::relative(&target).unwrap(),
    ))
}

fn junction() -> LinkContent {
    let target: Vec<u16> = "C:\\d".encode_utf16().collect();
    LinkContent::Reparse(ReparseBuffer::MountPoint(
        MountPoint::junction(&target).unwrap(),
    ))
}

fn file(fs: &dyn FileSystem, text: &str) -> Node {
    let root = fs.root().unwrap();
    fs.create_file(&root, &Name::from(text), &Create::default())
        .unwrap()
}

/// What a kind of volume does with a hard link, a symbolic link and a junction.
fn links(fs: &Declared) -> [std::result::Result<(), ErrorKind>; 3] {
    let root = fs.root().unwrap();
    let file = file(fs, "f");
    let none = Create::default();
    [
        fs.hard_link(&file, &root, &Name::from("h"))
            .map_err(|error| error.kind()),
        fs.create_link(&root, &Name::from("s"), LinkType::File, &symlink(), &none)
            .map(drop)
            .map_err(|error| error.kind()),
        fs.create_link(
            &root,
            &Name::from("j"),
            LinkType::Directory,
            &junction(),
            &none,
        )
        .map(drop)
        .map_err(|error| error.kind()),
    ]
}

#[test]
fn the_table_of_volumes_and_links() {
    let no_hard = Err(ErrorKind::Unsupported(Feature::HardLinks));
    let no_soft = Err(ErrorKind::Unsupported(Feature::SymbolicLinks));
    let no_point = Err(ErrorKind::Unsupported(Feature::ReparsePoints));
    let expected = [
        ("ntfs", [Ok(()), Ok(()), Ok(())]),
        ("fat32", [no_hard, no_soft, no_point]),
        ("exfat", [no_hard, no_soft, no_point]),
        ("refs", [no_hard, Ok(()), Ok(())]),
        ("refs35", [Ok(()), Ok(()), Ok(())]),
        ("csvfs", [Ok(()), no_soft, no_point]),
        ("smb3", [Ok(()), Ok(()), Ok(())]),
        ("smb3-tfo", [no_hard, Ok(()), Ok(())]),
        ("smb3-so", [no_hard, no_soft, no_point]),
        ("old-samba", [Ok(()), no_soft, no_point]),
        ("udfs", [Ok(()), no_soft, no_point]),
    ];
    for (name, results) in expected {
        let (_, fs) = declared(Declaration::preset(name).unwrap());
        assert_eq!(links(&fs), results, "{name}");
    }
    assert_eq!(Declaration::preset("ext4"), None);
}

#[test]
fn the_volume_says_what_it_is() {
    let (_, fat) = declared(Declaration::exfat());
    let info = fat.volume_info().unwrap();
    assert_eq!((info.family, info.kind), (VolumeFamily::Fat, "exFAT"));
    assert_eq!(info.max_links, Some(1));
    let (_, refs) = declared(Declaration::refs_3_5());
    assert_eq!(refs.volume_info().unwrap().max_links, Some(1024));
}

#[test]
fn a_directory_is_refused_before_the_volume_is_asked_for_hard_links() {
    let (_, fat) = declared(Declaration::fat32());
    let root = fat.root().unwrap();
    let dir = fat
        .create_directory(&root, &Name::from("d"), &Create::default())
        .unwrap();
    let made = fat.hard_link(&dir, &root, &Name::from("h"));
    assert_eq!(kind(made), ErrorKind::AccessDenied);
}

#[test]
fn what_is_not_declared_is_not_seen() {
    let (inner, fat) = declared(Declaration::fat32());
    let root = inner.root().unwrap();
    let with_two_names = file(inner.as_ref(), "f");
    inner
        .hard_link(&with_two_names, &root, &Name::from("g"))
        .unwrap();
    let stream = StreamName::from("ads");
    inner
        .put_stream(&with_two_names, &stream, &mut b"x".as_slice())
        .unwrap();
    let link = inner
        .create_link(
            &root,
            &Name::from("l"),
            LinkType::File,
            &symlink(),
            &Create::default(),
        )
        .unwrap();

    assert_eq!(fat.stat(&with_two_names).unwrap().names, 1);
    assert_eq!(fat.streams(&with_two_names).unwrap().len(), 1);
    assert!(!fat.stat(&link).unwrap().is_link());
    assert!(
        !fat.stat(&link)
            .unwrap()
            .attributes
            .contains(Attributes::REPARSE_POINT)
    );
    assert_eq!(fat.link(&link).unwrap(), None);
    assert_eq!(
        kind(fat.names(&with_two_names)),
        ErrorKind::Unsupported(Feature::NamesOfFiles)
    );
    let mut buffer = [0];
    let read = fat.read_at(&with_two_names, Some(&stream), 0, &mut buffer);
    assert_eq!(kind(read), ErrorKind::Unsupported(Feature::NamedStreams));
}

#[test]
fn a_read_only_volume_refuses_every_write() {
    let (inner, fs) = declared(Declaration::read_only_ntfs());
    let root = fs.root().unwrap();
    let there = file(inner.as_ref(), "f");
    let none = Create::default();
    let name = Name::from("n");
    let stream = StreamName::from("s");
    let refused = [
        kind(fs.create_file(&root, &name, &none)),
        kind(fs.create_directory(&root, &name, &none)),
        kind(fs.create_link(&root, &name, LinkType::File, &symlink(), &none)),
        kind(fs.hard_link(&there, &root, &name)),
        kind(fs.set_link(&there, &symlink())),
        kind(fs.remove_link(&there)),
        kind(fs.remove(&root, &Name::from("f"))),
        kind(fs.rename(&root, &Name::from("f"), &root, &name, Replace::No)),
        kind(fs.write_at(&there, None, 0, b"x")),
        kind(fs.set_len(&there, None, 1)),
        kind(fs.put_file(&root, &name, &none, &mut [], Replace::No)),
        kind(fs.put_stream(&there, &stream, &mut b"x".as_slice())),
        kind(fs.set_times(&there, &Times::default())),
        kind(fs.set_attributes(&there, Attributes::HIDDEN)),
        kind(fs.set_extended_attributes(&there, &[])),
    ];
    for (at, found) in refused.iter().enumerate() {
        assert_eq!(*found, ErrorKind::WriteProtected, "call {at}");
    }
    assert_eq!(fs.stat(&there).unwrap().size, 0);
}

#[test]
fn the_declared_limit_of_names_holds() {
    let declaration = Declaration {
        max_links: 2,
        ..Declaration::ntfs()
    };
    let (_, fs) = declared(declaration);
    let root = fs.root().unwrap();
    let file = file(&fs, "f");
    fs.hard_link(&file, &root, &Name::from("g")).unwrap();
    let third = fs.hard_link(&file, &root, &Name::from("h"));
    assert_eq!(kind(third), ErrorKind::TooManyLinks);
}

#[test]
fn only_what_the_volume_below_has_can_be_declared() {
    let (_, fat) = declared(Declaration::fat32());
    let over = Declared::new(Arc::new(fat), Declaration::ntfs());
    assert!(!over.capabilities().contains(Capabilities::HARD_LINKS));
    let (_, read_only) = declared(Declaration::read_only_ntfs());
    let over = Declared::new(Arc::new(read_only), Declaration::ntfs());
    assert!(over.capabilities().contains(Capabilities::READ_ONLY));
}

#[test]
fn descriptors_ids_and_short_names_can_be_missing() {
    let (inner, fat) = declared(Declaration::exfat());
    let root = inner.root().unwrap();
    let there = file(inner.as_ref(), "f");
    let id = [7; 16];
    let refused = [
        (kind(fat.security(&there)), Feature::Security),
        (kind(fat.set_security(&there, &[])), Feature::Security),
        (kind(fat.node_by_id(40, 0)), Feature::OpenById),
        (kind(fat.node_by_object_id(id)), Feature::ObjectIds),
        (kind(fat.object_id(&there)), Feature::ObjectIds),
        (kind(fat.delete_object_id(&there)), Feature::ObjectIds),
        (
            kind(fat.remove_stream(&there, &StreamName::from("s"))),
            Feature::NamedStreams,
        ),
    ];
    for (found, feature) in refused {
        assert_eq!(found, ErrorKind::Unsupported(feature));
    }
    assert_eq!(fat.entry(&root, &Name::from("f")).unwrap().short_name, None);
    assert_eq!(fat.entries(&root).unwrap().count(), 1);
    let (_, share) = declared(Declaration::smb3());
    assert!(share.capabilities().contains(Capabilities::REMOTE));
    assert!(!share.capabilities().contains(Capabilities::TRANSACTIONS));
}
