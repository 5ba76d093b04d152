use super::*;
use std::io::Read;

use linkwright_device::MemoryDevice;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{SymbolicLink, TargetContext};

use crate::Timestamp;

fn volume() -> (Arc<MemoryDevice>, NtfsFs) {
    let device = Arc::new(MemoryDevice::new(32 << 20));
    linkwright_ntfs_mkfs::format(&device, &FormatOptions::default()).unwrap();
    let fs = NtfsFs::open(device.clone(), OpenOptions::read_write()).unwrap();
    (device, fs)
}

/// Nothing is wrong with what was written.
fn judge(device: &MemoryDevice, fs: NtfsFs) {
    fs.close().unwrap();
    let mut problems = Vec::new();
    let summary = linkwright_ntfs_check::check(
        device,
        &linkwright_ntfs_check::CheckOptions::default(),
        &mut |problem| problems.push(problem),
    )
    .unwrap();
    problems.retain(|problem: &linkwright_ntfs_check::Problem| {
        problem.severity != linkwright_ntfs_check::Severity::Note
            && problem.code != linkwright_ntfs_check::ProblemCode::SecurityIdUnknown
    });
    assert!(summary.damage == 0 && problems.is_empty(), "{problems:#?}");
}

fn name(text: &str) -> Name {
    Name::from(text)
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.kind(),
    }
}

fn put(fs: &NtfsFs, text: &str, data: &[u8], replace: Replace) -> Result<Node> {
    let root = fs.root().unwrap();
    let mut data = data;
    let mut contents = [Contents {
        stream: None,
        data: &mut data,
    }];
    fs.put_file(
        &root,
        &name(text),
        &Create::default(),
        &mut contents,
        replace,
    )
}

fn get(fs: &NtfsFs, node: &Node, stream: Option<&str>) -> Vec<u8> {
    let stream = stream.map(StreamName::from);
    let mut data = Vec::new();
    fs.open_data(node, stream.as_ref())
        .unwrap()
        .read_to_end(&mut data)
        .unwrap();
    data
}

fn listed(fs: &NtfsFs) -> Vec<String> {
    fs.list(&fs.root().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().name.to_string())
        .collect()
}

#[test]
fn a_new_volume_looks_empty() {
    let (_device, fs) = volume();
    assert_eq!(listed(&fs), Vec::<String>::new());
    let info = fs.volume_info().unwrap();
    assert_eq!((info.kind, info.max_links), ("NTFS", Some(1024)));
}

#[test]
fn whole_files_small_and_large() {
    let (device, fs) = volume();
    let large: Vec<u8> = (0..9_000_001_u32).map(|i| i as u8).collect();
    for (text, data) in [("empty", &b""[..]), ("small", b"hello"), ("large", &large)] {
        let node = put(&fs, text, data, Replace::No).unwrap();
        assert_eq!(get(&fs, &node, None), data, "{text}");
        assert_eq!(
            kind(put(&fs, text, data, Replace::No)),
            ErrorKind::AlreadyExists
        );
    }
    assert_eq!(listed(&fs), ["empty", "large", "small"]);
    let node = put(&fs, "large", b"now small", Replace::Yes).unwrap();
    assert_eq!(get(&fs, &node, None), b"now small");
    judge(&device, fs);
}

#[test]
fn a_copy_within_the_volume_reads_and_writes_at_once() {
    let (device, fs) = volume();
    let data = vec![42; 6_000_000];
    let node = put(&fs, "a", &data, Replace::No).unwrap();
    let mut reader = fs.open_data(&node, None).unwrap();
    let mut contents = [Contents {
        stream: None,
        data: &mut reader,
    }];
    let root = fs.root().unwrap();
    let copy = fs
        .put_file(
            &root,
            &name("b"),
            &Create::default(),
            &mut contents,
            Replace::No,
        )
        .unwrap();
    drop(reader);
    assert_eq!(get(&fs, &copy, None), data);
    judge(&device, fs);
}

#[test]
fn a_full_volume_keeps_nothing_of_a_file_that_does_not_fit() {
    let (device, fs) = volume();
    put(&fs, "first", b"stays", Replace::No).unwrap();
    let free = fs.volume_info().unwrap().free;
    let data = vec![1; 64 << 20];
    assert_eq!(
        kind(put(&fs, "big", &data, Replace::No)),
        ErrorKind::DiskFull
    );
    assert_eq!(listed(&fs), ["first"]);
    assert_eq!(
        kind(put(&fs, "first", &data, Replace::Yes)),
        ErrorKind::DiskFull
    );
    let node = fs.child(&fs.root().unwrap(), &name("first")).unwrap();
    assert_eq!(get(&fs, &node, None), b"stays");
    fs.sync().unwrap();
    assert!(fs.volume_info().unwrap().free + (1 << 20) > free);
    judge(&device, fs);
}

#[test]
fn times_and_attributes_are_kept() {
    let (device, fs) = volume();
    let root = fs.root().unwrap();
    let when = Timestamp {
        seconds: 1_500_000_000,
        nanos: 123_456_700,
    };
    let create = Create {
        times: Times {
            modified: Some(when),
            ..Times::default()
        },
        attributes: Attributes::HIDDEN,
        mode: None,
    };
    let mut data = &b"x"[..];
    let mut contents = [Contents {
        stream: None,
        data: &mut data,
    }];
    let node = fs
        .put_file(&root, &name("f"), &create, &mut contents, Replace::No)
        .unwrap();
    let stat = fs.stat(&node).unwrap();
    assert_eq!(stat.times.modified, Some(when));
    assert!(stat.attributes.contains(Attributes::HIDDEN));
    judge(&device, fs);
}

#[test]
fn links_of_every_kind() {
    let (device, fs) = volume();
    let root = fs.root().unwrap();
    let file = put(&fs, "f", b"x", Replace::No).unwrap();
    fs.hard_link(&file, &root, &name("g")).unwrap();
    assert_eq!(fs.stat(&file).unwrap().names, 2);
    let mut names: Vec<String> = fs
        .names(&file)
        .unwrap()
        .into_iter()
        .map(|placed| placed.path.unwrap()[0].to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["f", "g"]);
    let dir = fs
        .create_directory(&root, &name("d"), &Create::default())
        .unwrap();
    assert_eq!(
        kind(fs.hard_link(&dir, &root, &name("e"))),
        ErrorKind::AccessDenied
    );
    let units: Vec<u16> = "f".encode_utf16().collect();
    let link = SymbolicLink::from_target_text(&units, &TargetContext::default()).unwrap();
    let content = LinkContent::Reparse(link.into());
    let made = fs
        .create_link(
            &root,
            &name("s"),
            LinkType::File,
            &content,
            &Create::default(),
        )
        .unwrap();
    assert_eq!(fs.link(&made).unwrap(), Some(content.clone()));
    assert!(fs.stat(&made).unwrap().is_link());
    let made = fs
        .create_link(
            &root,
            &name("sd"),
            LinkType::Directory,
            &content,
            &Create::default(),
        )
        .unwrap();
    assert_eq!(fs.stat(&made).unwrap().link_type(), LinkType::Directory);
    fs.remove_link(&made).unwrap();
    assert_eq!(fs.link(&made).unwrap(), None);
    assert_eq!(kind(fs.remove_link(&made)), ErrorKind::NotAReparsePoint);
    fs.set_link(&made, &content).unwrap();
    assert_eq!(
        kind(fs.create_link(
            &root,
            &name("p"),
            LinkType::File,
            &LinkContent::Posix(b"x".to_vec()),
            &Create::default()
        )),
        ErrorKind::Unsupported(Feature::SymbolicLinks)
    );
    judge(&device, fs);
}

#[test]
fn streams_are_whole_too() {
    let (device, fs) = volume();
    let node = put(&fs, "f", b"x", Replace::No).unwrap();
    let stream = StreamName::from("s");
    let large = vec![9; 5_000_000];
    for data in [&b"one"[..], &large, b"two"] {
        fs.put_stream(&node, &stream, &mut { data }).unwrap();
        assert_eq!(get(&fs, &node, Some("s")), data);
        assert_eq!(fs.streams(&node).unwrap().len(), 2);
    }
    assert_eq!(
        kind(
            fs.open_data(&node, Some(&StreamName::from("none")))
                .map(|_| ())
        ),
        ErrorKind::StreamNotFound
    );
    assert_eq!(
        kind(fs.open_data(&fs.root().unwrap(), None).map(|_| ())),
        ErrorKind::IsADirectory
    );
    judge(&device, fs);
}

#[test]
fn read_only_files_stay() {
    let (device, fs) = volume();
    let root = fs.root().unwrap();
    let node = put(&fs, "f", b"x", Replace::No).unwrap();
    fs.set_attributes(&node, Attributes::READ_ONLY | Attributes::ARCHIVE)
        .unwrap();
    assert_eq!(kind(fs.remove(&root, &name("f"))), ErrorKind::AccessDenied);
    assert_eq!(
        kind(fs.write_at(&node, None, 0, b"y")),
        ErrorKind::AccessDenied
    );
    assert_eq!(
        kind(put(&fs, "f", b"y", Replace::Yes)),
        ErrorKind::AccessDenied
    );
    put(&fs, "g", b"y", Replace::No).unwrap();
    assert_eq!(
        kind(fs.rename(&root, &name("g"), &root, &name("f"), Replace::Yes)),
        ErrorKind::AccessDenied
    );
    fs.set_attributes(&node, Attributes::ARCHIVE).unwrap();
    fs.remove(&root, &name("f")).unwrap();
    judge(&device, fs);
}

#[test]
fn names_windows_cannot_hold_are_refused() {
    let (_device, fs) = volume();
    for bad in ["a:b", "a*", "a?", "a\0b", "a/b", "a\\b", "", "."] {
        let made = put(&fs, bad, b"", Replace::No);
        assert_eq!(kind(made), ErrorKind::InvalidName, "{bad:?}");
    }
    let long = "x".repeat(256);
    assert_eq!(
        kind(put(&fs, &long, b"", Replace::No)),
        ErrorKind::NameTooLong
    );
}

#[test]
fn nodes_of_another_volume_are_refused() {
    let (_one, first) = volume();
    let (_two, second) = volume();
    let root = first.root().unwrap();
    assert_eq!(kind(second.stat(&root)), ErrorKind::InvalidArgument);
    let host = crate::posix::PosixFs::new().root().unwrap();
    assert_eq!(kind(second.stat(&host)), ErrorKind::InvalidArgument);
}

#[test]
fn a_directory_is_never_replaced_by_a_file() {
    let (_device, fs) = volume();
    let root = fs.root().unwrap();
    fs.create_directory(&root, &name("d"), &Create::default())
        .unwrap();
    assert_eq!(
        kind(put(&fs, "d", b"x", Replace::Yes)),
        ErrorKind::AccessDenied
    );
}
