//! The first things anybody does.

use linkwright_ntfs::{CreateOptions, Error, FileId, FileKind, InvalidInput, LinkType};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::SymbolicLink;

use crate::support::{assert_sound, fresh, open, units};

const ROOT: FileId = FileId::ROOT;

#[test]
fn a_file_gets_bytes_and_a_second_name() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let file = volume
        .create(
            ROOT,
            &units("a.txt"),
            FileKind::File,
            &CreateOptions::default(),
        )
        .unwrap();
    volume.write_at(file, &[], 0, b"hello").unwrap();
    let dir = volume
        .create(
            ROOT,
            &units("dir"),
            FileKind::Directory,
            &CreateOptions::default(),
        )
        .unwrap();
    volume.hard_link(file, dir, &units("b.txt")).unwrap();
    let link = SymbolicLink::relative(&units("dir\\b.txt")).unwrap();
    volume
        .symbolic_link(
            ROOT,
            &units("link"),
            LinkType::File,
            &link,
            &CreateOptions::default(),
        )
        .unwrap();
    volume.close().unwrap();

    let volume = open(&device);
    let entry = volume.lookup(dir, &units("B.TXT")).unwrap().unwrap();
    assert_eq!(entry.file, file);
    let info = volume.file_info(file).unwrap();
    assert_eq!((info.link_count, info.size, info.allocated), (2, 5, 8));
    let mut buf = [0; 10];
    assert_eq!(volume.read_at(file, &[], 0, &mut buf).unwrap(), 5);
    assert_eq!(&buf[..5], b"hello");
    let link = volume.lookup(ROOT, &units("link")).unwrap().unwrap();
    assert_eq!(link.reparse_tag, Some(0xA000_000C));
    assert!(volume.reparse_point(link.file).unwrap().is_some());
    volume.remove(ROOT, &units("a.txt")).unwrap();
    assert_eq!(volume.file_info(file).unwrap().link_count, 1);
    volume.remove(dir, &units("b.txt")).unwrap();
    let gone = volume.file_info(file).unwrap_err();
    assert!(matches!(
        gone,
        Error::InvalidInput(InvalidInput::StaleReference)
    ));
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_file_takes_1024_names_and_gives_everything_back() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let free = volume.info().unwrap().free_clusters;
    let file = volume
        .create(
            ROOT,
            &units("first"),
            FileKind::File,
            &CreateOptions::default(),
        )
        .unwrap();
    for n in 1..1024 {
        volume
            .hard_link(file, ROOT, &units(&format!("name-{n:04}")))
            .unwrap_or_else(|e| panic!("{n}: {e}"));
    }
    let error = volume
        .hard_link(file, ROOT, &units("too many"))
        .unwrap_err();
    assert!(matches!(
        error,
        Error::InvalidInput(InvalidInput::TooManyLinks)
    ));
    assert_eq!(volume.file_info(file).unwrap().link_count, 1024);
    assert_eq!(volume.names(file).unwrap().len(), 1024);
    for n in 1..1024 {
        volume
            .remove(ROOT, &units(&format!("name-{n:04}")))
            .unwrap_or_else(|e| panic!("{n}: {e}"));
    }
    assert_eq!(volume.file_info(file).unwrap().link_count, 1);
    volume.remove(ROOT, &units("first")).unwrap();
    volume.sync().unwrap();
    let now = volume.info().unwrap().free_clusters;
    // $MFT grew and stays grown.
    assert!(free - now <= 64, "{free} {now}");
    volume.close().unwrap();
    assert_sound(&*device);
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    volume
        .create(
            ROOT,
            &units("kept"),
            FileKind::File,
            &CreateOptions::default(),
        )
        .unwrap();
    volume.sync().unwrap();
    let before = device.snapshot();
    let result = volume.transaction(|tx| {
        for n in 0..500 {
            let file = tx.create(
                ROOT,
                &units(&format!("file {n}")),
                FileKind::File,
                &CreateOptions::default(),
            )?;
            tx.write_at(file, &[], 0, &[7; 5000])?;
        }
        tx.remove(ROOT, &units("nothing of that name"))
    });
    assert!(matches!(
        result,
        Err(Error::InvalidInput(InvalidInput::NotFound))
    ));
    assert!(volume.lookup(ROOT, &units("file 0")).unwrap().is_none());
    let names: Vec<_> = volume
        .list(ROOT)
        .unwrap()
        .map(|e| e.unwrap().name.to_string_lossy())
        .collect();
    assert!(names.contains(&"kept".to_string()));
    assert!(!names.iter().any(|name| name.starts_with("file ")));
    drop(before);
    volume.close().unwrap();
    assert_sound(&*device);
}
