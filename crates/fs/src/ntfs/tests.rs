use super::*;
use std::io::Read;
use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::OpenOptions;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{SymbolicLink, TargetContext};

use crate::Timestamp;
use crate::error::Feature;

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
        ..Create::default()
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
fn extended_attributes_come_back() {
    let (device, fs) = volume();
    let node = put(&fs, "f", b"x", Replace::No).unwrap();
    assert_eq!(fs.extended_attributes(&node).unwrap(), []);
    let list = [ExtendedAttribute {
        flags: 0,
        name: b"$LXMOD".to_vec(),
        value: vec![0xA4, 0x81, 0, 0],
    }];
    fs.set_extended_attributes(&node, &list).unwrap();
    assert_eq!(fs.extended_attributes(&node).unwrap(), list);
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

mod following {
    use super::*;
    use crate::resolve::{Drives, LastLink, MAX_HOPS, NoDrives, Outcome, Resolver};

    struct C(Arc<dyn FileSystem>);

    impl Drives for C {
        fn drive(&self, letter: char) -> Result<Option<Arc<dyn FileSystem>>> {
            Ok((letter == 'C').then(|| Arc::clone(&self.0)))
        }
    }

    /// A volume with directories `d` and `d\\e`, a file `d\\f`, and these links.
    fn with(links: &[(&str, LinkType, &str)]) -> Arc<dyn FileSystem> {
        let (_device, fs) = volume();
        let fs: Arc<dyn FileSystem> = Arc::new(fs);
        let root = fs.root().unwrap();
        let new = Create::default();
        let d = fs.create_directory(&root, &name("d"), &new).unwrap();
        fs.create_directory(&d, &name("e"), &new).unwrap();
        fs.create_file(&d, &name("f"), &new).unwrap();
        for (path, link_type, target) in links {
            let (dir, last) = match path.rsplit_once('/') {
                Some((_, last)) => (&d, last),
                None => (&root, *path),
            };
            let units: Vec<u16> = target.encode_utf16().collect();
            let link = SymbolicLink::from_target_text(&units, &TargetContext::default()).unwrap();
            let content = LinkContent::Reparse(link.into());
            fs.create_link(dir, &name(last), *link_type, &content, &new)
                .unwrap();
        }
        fs
    }

    /// Where a path ends, or in which way it does not; and how many links.
    fn walk(fs: &Arc<dyn FileSystem>, path: &str, drives: &dyn Drives) -> (String, usize) {
        let names: Vec<Name> = path.split('/').map(Name::from).collect();
        let walk = Resolver { drives }
            .walk(fs, &names, LastLink::Follow)
            .unwrap();
        let end = match walk.outcome {
            Outcome::Found(place) => {
                let parts: Vec<String> = place.path.iter().map(ToString::to_string).collect();
                format!("/{}", parts.join("/"))
            }
            Outcome::Missing => "missing".to_owned(),
            Outcome::MissingDirectory => "no directory".to_owned(),
            Outcome::Loop => "loop".to_owned(),
            Outcome::Elsewhere => "elsewhere".to_owned(),
            Outcome::Opaque => "opaque".to_owned(),
            Outcome::Refused(status) => status.to_string(),
        };
        (end, walk.hops.len())
    }

    #[test]
    fn relative_links_are_followed_from_their_own_directory() {
        use LinkType::{Directory, File};
        let fs = with(&[
            ("to_f", File, r"d\f"),
            ("d/up", File, r"..\to_f"),
            ("to_d", Directory, "d"),
            ("rooted", File, r"\d\f"),
            ("d/too_far", File, r"..\..\d"),
            ("slash", File, "d/f"),
            ("gone", File, "none"),
            ("deep", File, r"none\none"),
        ]);
        let end = |path| walk(&fs, path, &NoDrives);
        assert_eq!(end("to_f"), ("/d/f".into(), 1));
        assert_eq!(end("d/up"), ("/d/f".into(), 2));
        assert_eq!(end("to_d/up"), ("/d/f".into(), 3));
        assert_eq!(end("to_d/e"), ("/d/e".into(), 1));
        assert_eq!(end("rooted"), ("/d/f".into(), 1));
        assert_eq!(end("d/too_far"), ("no directory".into(), 1));
        // A slash is no separator to Windows, and no name holds one.
        assert_eq!(end("slash"), ("missing".into(), 1));
        assert_eq!(end("gone"), ("missing".into(), 1));
        assert_eq!(end("deep"), ("no directory".into(), 1));
        assert_eq!(end("d/f/x"), ("no directory".into(), 0));
        // Names are found in either case.
        assert_eq!(end("TO_D/E").0, "/d/E");
    }

    #[test]
    fn absolute_links_lead_to_drives_that_are_known() {
        let fs = with(&[
            ("on_c", LinkType::File, r"C:\d\f"),
            ("on_x", LinkType::File, r"X:\d\f"),
            ("unc", LinkType::File, r"\\server\share"),
        ]);
        let c = C(Arc::clone(&fs));
        assert_eq!(walk(&fs, "on_c", &c), ("/d/f".into(), 1));
        assert_eq!(walk(&fs, "on_c", &NoDrives), ("elsewhere".into(), 1));
        assert_eq!(walk(&fs, "on_x", &c), ("elsewhere".into(), 1));
        assert_eq!(walk(&fs, "unc", &c), ("elsewhere".into(), 1));
    }

    #[test]
    fn circles_and_long_chains_end() {
        let texts: Vec<(String, String)> = (0..70)
            .map(|i| (format!("l{i}"), format!("l{}", i + 1)))
            .collect();
        let mut links: Vec<(&str, LinkType, &str)> = texts
            .iter()
            .map(|(link, target)| (link.as_str(), LinkType::File, target.as_str()))
            .collect();
        links.push(("l70", LinkType::File, r"d\f"));
        links.push(("self", LinkType::File, "self"));
        links.push(("grow", LinkType::Directory, r"grow\grow"));
        let fs = with(&links);
        assert_eq!(walk(&fs, "self", &NoDrives), ("loop".into(), MAX_HOPS));
        assert_eq!(walk(&fs, "grow", &NoDrives), ("loop".into(), MAX_HOPS));
        assert_eq!(walk(&fs, "l0", &NoDrives), ("loop".into(), MAX_HOPS));
        // 63 links are followed: l8 to l70.
        assert_eq!(walk(&fs, "l8", &NoDrives), ("/d/f".into(), MAX_HOPS));
        assert_eq!(walk(&fs, "l7", &NoDrives), ("loop".into(), MAX_HOPS));
    }
}

#[test]
fn an_entry_is_refreshed_when_it_lags_and_the_others_stay() {
    let (device, fs) = volume();
    let root = fs.root().unwrap();
    let node = put(&fs, "a", b"x", Replace::No).unwrap();
    for n in 0..40 {
        let further = name(&format!("a{n}"));
        fs.hard_link(&node, &root, &further).unwrap();
    }
    fs.write_at(&node, None, 0, b"hello").unwrap();
    let size = |of: &str| fs.entry(&root, &name(of)).unwrap().duplicate.size;
    assert_eq!((size("a0"), size("a1")), (1, 1));
    let fresh = fs.refreshed_entry(&root, &name("A0")).unwrap();
    assert_eq!((fresh.name, fresh.duplicate.size), (name("a0"), 5));
    fs.refresh_entry(&root, &name("a2")).unwrap();
    assert_eq!((size("a0"), size("a1"), size("a2")), (5, 1, 5));
    assert_eq!(fs.facts(&node).unwrap(), fs.stat(&node).unwrap());
    assert_eq!(
        kind(fs.refreshed_entry(&root, &name("b"))),
        ErrorKind::NotFound
    );
    judge(&device, fs);
}

#[test]
fn an_8_3_name_is_refreshed_with_its_long_one() {
    let device = Arc::new(MemoryDevice::new(32 << 20));
    let options = FormatOptions {
        short_names: linkwright_ntfs_mkfs::ShortNames::On,
        ..FormatOptions::default()
    };
    linkwright_ntfs_mkfs::format(&device, &options).unwrap();
    let fs = NtfsFs::open(device.clone(), OpenOptions::read_write()).unwrap();
    let root = fs.root().unwrap();
    let create = Create {
        short_name: Some(name("ALONGN~1")),
        ..Create::default()
    };
    let node = fs
        .create_file(&root, &name("a long name"), &create)
        .unwrap();
    fs.hard_link(&node, &root, &name("other")).unwrap();
    fs.hard_link(&node, &root, &name("third")).unwrap();
    fs.write_at(&node, None, 0, b"hello").unwrap();
    let short = fs.volume.lookup(FileId::ROOT, name("ALONGN~1").units());
    assert_eq!(short.unwrap().unwrap().size, 0);
    let fresh = fs.refreshed_entry(&root, &name("a long name")).unwrap();
    assert_eq!(fresh.short_name, Some(name("ALONGN~1")));
    assert_eq!(fresh.duplicate.size, 5);
    let short = fs.volume.lookup(FileId::ROOT, name("ALONGN~1").units());
    assert_eq!(short.unwrap().unwrap().size, 5);
    // The 8.3 name counts where names are not looked at.
    let (exact, most) = (fs.stat(&node).unwrap(), fs.facts(&node).unwrap());
    assert_eq!((exact.names, most.names), (3, 4));
    judge(&device, fs);
}
