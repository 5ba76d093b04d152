use super::*;

/// A host with these files and directories.
fn host(path: &Path) -> HostKind {
    match path.to_str() {
        Some(
            "disk.img" | "./C" | "C" | "a:b.img" | "lit@2" | "dir/disk.img" | "/dev/sdb"
            | "xx:/y.img" | "both.img",
        ) => HostKind::Image,
        Some("dir" | "both.img:/here" | "xx:") => HostKind::Directory,
        Some("host.txt") => HostKind::Image,
        Some("dangling") => HostKind::Other,
        _ => HostKind::Missing,
    }
}

fn with(
    text: &str,
    reading: Reading,
    names: NameRules,
    drives: &DriveMap,
) -> Result<Location, LocationError> {
    Grammar {
        drives,
        reading,
        names,
        probe: &host,
    }
    .parse(OsStr::new(text))
}

fn parse(text: &str) -> Result<Location, LocationError> {
    with(text, Reading::Auto, NameRules::Win32, &DriveMap::default())
}

fn names(parts: &[&str]) -> Vec<Name> {
    parts.iter().map(|part| Name::from(*part)).collect()
}

fn image(text: &str) -> (String, Option<u32>, VolumePath) {
    match parse(text) {
        Ok(Location::Image(image)) => (
            image.device.path.to_str().unwrap().to_owned(),
            image.device.partition,
            image.path,
        ),
        other => panic!("{text}: {other:?}"),
    }
}

fn inside(text: &str) -> Vec<Name> {
    image(text).2.components
}

fn is_host(text: &str) {
    assert_eq!(
        parse(text),
        Ok(Location::Host(PathBuf::from(text))),
        "{text}"
    );
}

#[test]
fn an_image_and_a_path() {
    assert_eq!(inside("disk.img:/"), names(&[]));
    assert_eq!(inside("disk.img:/a/b"), names(&["a", "b"]));
    assert_eq!(inside("disk.img:\\a\\b"), names(&["a", "b"]));
    assert_eq!(inside("disk.img:/a\\b/c"), names(&["a", "b", "c"]));
    assert_eq!(inside("dir/disk.img:/a"), names(&["a"]));
    assert_eq!(image("/dev/sdb:/a").0, "/dev/sdb");
    assert_eq!(image("disk.img:/a").1, None);
}

#[test]
fn dots_and_doubled_separators_collapse() {
    assert_eq!(inside("disk.img://a//./b/"), names(&["a", "b"]));
    assert_eq!(inside("disk.img:/a/../b"), names(&["b"]));
    assert_eq!(inside("disk.img:/../../b"), names(&["b"]));
    assert_eq!(inside("disk.img:/..."), names(&["..."]));
}

#[test]
fn a_trailing_separator_is_remembered() {
    assert!(image("disk.img:/a/").2.trailing_separator);
    assert!(image("disk.img:/a\\").2.trailing_separator);
    assert!(!image("disk.img:/a").2.trailing_separator);
}

#[test]
fn a_partition_is_cut_off_only_when_the_literal_name_is_missing() {
    assert_eq!(image("disk.img@2:/a").1, Some(2));
    assert_eq!(image("disk.img@2:/a").0, "disk.img");
    assert_eq!(image("lit@2:/a").1, None);
    assert_eq!(image("lit@2:/a").0, "lit@2");
    assert_eq!(image("lit@2@3:/a").1, Some(3));
    is_host("disk.img@0:/a");
    is_host("disk.img@x:/a");
    is_host("disk.img@:/a");
    is_host("disk.img@99999999999:/a");
    is_host("none.img@2:/a");
}

#[test]
fn the_leftmost_colon_with_an_image_before_it_wins() {
    assert_eq!(image("a:b.img:/c").0, "a:b.img");
    // `xx:` is no image, so the first `:/` does not count.
    assert_eq!(image("xx:/y.img:/c").0, "xx:/y.img");
    assert_eq!(image("./C:/a").0, "./C");
    let (device, _, path) = image("disk.img:/a/b:c");
    assert_eq!(device, "disk.img");
    assert_eq!(path.stream, Some(StreamName::from("c")));
}

#[test]
fn what_is_no_image_is_a_host_path() {
    for text in [
        "a/b",
        "/a/b",
        "dir:/x",
        "none.img:/x",
        "disk.img",
        "disk.img:",
        "disk.img:x",
        "a\\b",
        "C:foo",
        ":/x",
        "dangling:/x",
        "./-",
        "\\\\?\\C:\\x",
        "dir/a:b",
    ] {
        is_host(text);
    }
}

#[test]
fn drives() {
    let values = [
        OsString::from("C=disk.img"),
        OsString::from("d=dir/disk.img@3"),
        OsString::from("E:=lit@2"),
        OsString::from("F=disk.img@4:/"),
    ];
    let map = DriveMap::parse(values.iter(), &host).unwrap();
    for (text, letter, device, partition) in [
        ("C:/a", 'C', "disk.img", None),
        ("c:\\a", 'C', "disk.img", None),
        ("D:/a", 'D', "dir/disk.img", Some(3)),
        ("E:/a", 'E', "lit@2", None),
        ("F:/a", 'F', "disk.img", Some(4)),
    ] {
        let Ok(Location::Image(found)) = with(text, Reading::Auto, NameRules::Win32, &map) else {
            panic!("{text}");
        };
        assert_eq!(found.drive, Some(letter));
        assert_eq!(found.device.path, PathBuf::from(device));
        assert_eq!(found.device.partition, partition);
        assert_eq!(found.path.components, names(&["a"]));
    }
    let Ok(Location::Image(root)) = with("C:", Reading::Auto, NameRules::Win32, &map) else {
        panic!("C:");
    };
    assert_eq!(root.path, VolumePath::default());
    assert_eq!(map.letter_of(&root.device), Some('C'));
    assert_eq!(
        with("X:/a", Reading::Auto, NameRules::Win32, &map),
        Err(LocationError::UnmappedDrive('X'))
    );
    // Even where a file C is there: the drive comes first.
    assert_eq!(parse("C:/a"), Err(LocationError::UnmappedDrive('C')));
}

#[test]
fn bad_drives() {
    for text in ["", "C", "C=", "CC=x", "1=x", "=x"] {
        let values = [OsString::from(text)];
        assert!(
            matches!(
                DriveMap::parse(values.iter(), &host),
                Err(LocationError::BadDrive(_))
            ),
            "{text}"
        );
    }
    let values = [OsString::from("C=a"), OsString::from("c=b")];
    assert_eq!(
        DriveMap::parse(values.iter(), &host).unwrap_err(),
        LocationError::DriveTwice('C')
    );
}

#[test]
fn shares_are_refused() {
    assert_eq!(parse("\\\\server\\share\\a"), Err(LocationError::Share));
    assert_eq!(parse("\\\\server"), Err(LocationError::Share));
}

#[test]
fn both_readings_need_a_decision() {
    let text = "both.img:/here";
    let drives = DriveMap::default();
    assert_eq!(parse(text), Err(LocationError::Ambiguous));
    assert!(matches!(
        with(text, Reading::Image, NameRules::Win32, &drives),
        Ok(Location::Image(_))
    ));
    assert_eq!(
        with(text, Reading::Host, NameRules::Win32, &drives),
        Ok(Location::Host(PathBuf::from(text)))
    );
    assert_eq!(inside("both.img:/elsewhere"), names(&["elsewhere"]));
}

#[test]
fn a_forced_image_says_what_is_wrong() {
    let drives = DriveMap::default();
    let forced = |text| with(text, Reading::Image, NameRules::Win32, &drives);
    assert_eq!(
        forced("none.img:/a"),
        Err(LocationError::NoImage(PathBuf::from("none.img")))
    );
    assert_eq!(
        forced("dir:/a"),
        Err(LocationError::DirectoryAsImage(PathBuf::from("dir")))
    );
    assert_eq!(forced("a/b"), Err(LocationError::NotAnImagePath));
}

#[test]
fn a_host_path_that_was_meant_as_an_image() {
    let drives = DriveMap::default();
    let grammar = Grammar {
        drives: &drives,
        reading: Reading::Auto,
        names: NameRules::Win32,
        probe: &host,
    };
    assert_eq!(
        grammar.meant_as_image(Path::new("dir:/a")),
        Some(LocationError::DirectoryAsImage(PathBuf::from("dir")))
    );
    assert_eq!(grammar.meant_as_image(Path::new("a/b")), None);
    assert!(grammar.reads_as_image(OsStr::new("disk.img:/x")));
    assert!(!grammar.reads_as_image(OsStr::new("none.img:/x")));
}

#[test]
fn streams() {
    let stream = |text: &str| {
        let path = image(text).2;
        (path.components, path.stream)
    };
    let s = |text: &str| Some(StreamName::from(text));
    assert_eq!(stream("disk.img:/f:s"), (names(&["f"]), s("s")));
    assert_eq!(
        stream("disk.img:/d/f:s:$DATA"),
        (names(&["d", "f"]), s("s"))
    );
    assert_eq!(stream("disk.img:/f:s:$data"), (names(&["f"]), s("s")));
    assert_eq!(stream("disk.img:/f::$DATA"), (names(&["f"]), None));
    assert_eq!(stream("disk.img:/:s"), (names(&[]), s("s")));
    assert!(matches!(
        parse("disk.img:/f:s:$INDEX_ALLOCATION"),
        Err(LocationError::StreamType(_))
    ));
    assert!(matches!(
        parse("disk.img:/f:s:$DATA:x"),
        Err(LocationError::StreamType(_))
    ));
    assert!(matches!(
        parse("disk.img:/f:"),
        Err(LocationError::EmptyStream(_))
    ));
    assert!(matches!(
        parse("disk.img:/a:b/c"),
        Err(LocationError::ColonInDirectory(_))
    ));
}

#[test]
fn posix_names_take_the_colon_literally() {
    let Ok(Location::Image(found)) = with(
        "disk.img:/a:b/c:d",
        Reading::Auto,
        NameRules::Posix,
        &DriveMap::default(),
    ) else {
        panic!("not an image");
    };
    assert_eq!(found.path.components, names(&["a:b", "c:d"]));
    assert_eq!(found.path.stream, None);
}

#[test]
fn names_that_are_not_utf8_come_back_byte_for_byte() {
    let text = OsStr::from_bytes(b"disk.img:/a\xff\xfe/b");
    let drives = DriveMap::default();
    let grammar = Grammar {
        drives: &drives,
        reading: Reading::Auto,
        names: NameRules::Win32,
        probe: &host,
    };
    let Ok(Location::Image(found)) = grammar.parse(text) else {
        panic!("not an image");
    };
    assert_eq!(found.path.components[0].to_host_bytes(), b"a\xff\xfe");
}

#[test]
fn volumes_without_a_path() {
    let values = [OsString::from("C=disk.img")];
    let drives = DriveMap::parse(values.iter(), &host).unwrap();
    let grammar = Grammar {
        drives: &drives,
        reading: Reading::Auto,
        names: NameRules::Win32,
        probe: &host,
    };
    let device = |text: &str| {
        let found = grammar.parse_device(OsStr::new(text)).unwrap();
        (found.path.to_str().unwrap().to_owned(), found.partition)
    };
    assert_eq!(device("disk.img"), ("disk.img".into(), None));
    assert_eq!(device("disk.img@2"), ("disk.img".into(), Some(2)));
    assert_eq!(device("disk.img:/"), ("disk.img".into(), None));
    assert_eq!(device("disk.img@2:/"), ("disk.img".into(), Some(2)));
    assert_eq!(device("lit@2"), ("lit@2".into(), None));
    assert_eq!(device("C:"), ("disk.img".into(), None));
    assert_eq!(device("C:/"), ("disk.img".into(), None));
    assert_eq!(device("none.img"), ("none.img".into(), None));
    assert_eq!(
        grammar.parse_device(OsStr::new("Q:")),
        Err(LocationError::UnmappedDrive('Q'))
    );
    assert_eq!(
        grammar.parse_device(OsStr::new("")),
        Err(LocationError::Empty)
    );
}

#[test]
fn an_empty_text_is_no_place() {
    assert_eq!(parse(""), Err(LocationError::Empty));
}

#[test]
fn joining_and_splitting() {
    let path = image("disk.img:/a/b:s").2;
    let (parent, name) = path.split_last().unwrap();
    assert_eq!(parent, names(&["a"]));
    assert_eq!(*name, Name::from("b"));
    let joined = path.join(Name::from("c"));
    assert_eq!(joined.components, names(&["a", "b", "c"]));
    assert_eq!(joined.stream, None);
    assert!(VolumePath::default().split_last().is_none());
}
