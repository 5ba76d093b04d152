use super::*;
use std::sync::Arc;

use linkwright_fs::declared::{Declaration, Declared};
use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::{Create, NodeKind};

fn volume() -> Arc<dyn FileSystem> {
    let device = Arc::new(linkwright_device::MemoryDevice::new(32 << 20));
    linkwright_ntfs_mkfs::format(&*device, &linkwright_ntfs_mkfs::FormatOptions::default())
        .unwrap();
    Arc::new(NtfsFs::open(device, linkwright_ntfs::OpenOptions::read_write()).unwrap())
}

fn slot(fs: &Arc<dyn FileSystem>, name: &str) -> Slot {
    Slot {
        fs: Arc::clone(fs),
        dir: fs.root().unwrap(),
        dir_path: Vec::new(),
        name: Name::from(name),
    }
}

fn source(fs: &Arc<dyn FileSystem>, name: &str) -> Source {
    let node = fs.child(&fs.root().unwrap(), &Name::from(name)).unwrap();
    Source {
        fs: Arc::clone(fs),
        stat: fs.stat(&node).unwrap(),
        node,
        path: vec![Name::from(name)],
        drive: Some('C'),
    }
}

fn filled() -> Arc<dyn FileSystem> {
    let fs = volume();
    let root = fs.root().unwrap();
    let file = fs
        .create_file(&root, &Name::from("f"), &Create::default())
        .unwrap();
    fs.write_at(&file, None, 0, b"data").unwrap();
    let dir = fs
        .create_directory(&root, &Name::from("d"), &Create::default())
        .unwrap();
    fs.create_file(&dir, &Name::from("x"), &Create::default())
        .unwrap();
    fs
}

/// Asks for the first kind, with the others as fallbacks.
fn try_kinds(
    fs: &Arc<dyn FileSystem>,
    target: &str,
    link: &str,
    kinds: &[Kind],
    replace: Replace,
) -> Result<Made, Error> {
    let (source, slot) = (source(fs, target), slot(fs, link));
    let attempts = kinds.iter().map(|&kind| -> Attempt<'_> {
        let (source, slot) = (&source, &slot);
        (kind, Box::new(move || form_of(kind, source, slot)))
    });
    make(&slot, attempts, replace)
}

fn names(fs: &Arc<dyn FileSystem>) -> String {
    let mut names: Vec<String> = fs
        .list(&fs.root().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().name.to_string())
        .collect();
    names.sort();
    names.join(" ")
}

fn kind_at(fs: &Arc<dyn FileSystem>, name: &str) -> (NodeKind, Option<u32>, u64) {
    let stat = source(fs, name).stat;
    (stat.kind, stat.reparse_tag, stat.names)
}

const SYMLINK: u32 = 0xA000_000C;
const JUNCTION: u32 = 0xA000_0003;

#[test]
fn what_was_asked_for_is_made_where_it_can_be() {
    let fs = filled();
    for (target, link, kind, expected) in [
        ("f", "h", Kind::Hard, (NodeKind::File, None, 2)),
        ("f", "s", Kind::Symlink, (NodeKind::File, Some(SYMLINK), 1)),
        (
            "d",
            "sd",
            Kind::Symlink,
            (NodeKind::Directory, Some(SYMLINK), 1),
        ),
        (
            "d",
            "j",
            Kind::Junction,
            (NodeKind::Directory, Some(JUNCTION), 1),
        ),
        ("d", "c", Kind::Copy, (NodeKind::Directory, None, 1)),
    ] {
        let made = try_kinds(&fs, target, link, &[kind, Kind::Copy], Replace::No).unwrap();
        assert_eq!((made.requested, made.made), (kind, kind), "{link}");
        assert!(made.because.is_none());
        assert_eq!(kind_at(&fs, link), expected, "{link}");
    }
    assert_eq!(names(&fs), "c d f h j s sd");
}

#[test]
fn a_fallback_is_taken_for_what_the_place_cannot_hold_and_says_why() {
    let fat = Declared::new(filled(), Declaration::fat32());
    let fs: Arc<dyn FileSystem> = Arc::new(fat);
    let kinds = [Kind::Hard, Kind::Symlink, Kind::Junction, Kind::Copy];
    let made = try_kinds(&fs, "f", "g", &kinds, Replace::No).unwrap();
    assert_eq!((made.requested, made.made), (Kind::Hard, Kind::Copy));
    let because = made.because.unwrap();
    assert!(
        matches!(because.kind(), ErrorKind::Unsupported(_)),
        "{because}"
    );
    assert_eq!(source(&fs, "g").stat.size, 4);

    // A directory cannot have two names; a junction leads to it.
    let fs = filled();
    let made = try_kinds(&fs, "d", "j", &[Kind::Hard, Kind::Junction], Replace::No).unwrap();
    assert_eq!(made.made, Kind::Junction);
    assert_eq!(made.because.unwrap().kind(), ErrorKind::AccessDenied);
}

#[test]
fn without_a_fallback_the_first_error_is_the_error() {
    let fs: Arc<dyn FileSystem> = Arc::new(Declared::new(filled(), Declaration::fat32()));
    let error = try_kinds(&fs, "f", "g", &[Kind::Hard], Replace::No).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)));
    let error = try_kinds(&fs, "f", "g", &[Kind::Hard, Kind::Junction], Replace::No).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(names(&fs), "d f");
}

#[test]
fn a_name_that_is_taken_is_no_reason_to_fall_back() {
    let fs = filled();
    let kinds = [Kind::Hard, Kind::Copy];
    let error = try_kinds(&fs, "f", "d", &kinds, Replace::No).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let error = try_kinds(&fs, "f", "d", &kinds, Replace::Yes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(names(&fs), "d f");
}

#[test]
fn each_kind_takes_the_place_of_each_other_and_leaves_nothing_behind() {
    let kinds = [
        ("f", Kind::Hard),
        ("f", Kind::Symlink),
        ("d", Kind::Symlink),
        ("d", Kind::Junction),
        ("f", Kind::Copy),
    ];
    for (old_target, old) in kinds {
        for (new_target, new) in kinds {
            let fs = filled();
            try_kinds(&fs, old_target, "l", &[old], Replace::No).unwrap();
            try_kinds(&fs, new_target, "l", &[new], Replace::Yes)
                .unwrap_or_else(|error| panic!("{old:?} to {new:?}: {error}"));
            assert_eq!(names(&fs), "d f l", "{old:?} to {new:?}");
            let fresh = filled();
            try_kinds(&fresh, new_target, "l", &[new], Replace::No).unwrap();
            assert_eq!(
                kind_at(&fs, "l"),
                kind_at(&fresh, "l"),
                "{old:?} to {new:?}"
            );
            assert_eq!(source(&fs, "d").stat.kind, NodeKind::Directory);
            let inside = fs.child(&source(&fs, "d").node, &Name::from("x"));
            assert!(inside.is_ok(), "what a link led to stays");
        }
    }
}
