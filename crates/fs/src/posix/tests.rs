use super::*;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};

use crate::Timestamp;

fn place() -> (tempfile::TempDir, PosixFs, Node) {
    let dir = tempfile::tempdir().unwrap();
    let root = PosixFs::new().open_directory(dir.path()).unwrap();
    (dir, PosixFs::new(), root)
}

fn name(text: &str) -> Name {
    Name::from(text)
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

fn listed(fs: &PosixFs, dir: &Node) -> Vec<String> {
    let mut names: Vec<String> = fs
        .list(dir)
        .unwrap()
        .map(|entry| entry.unwrap().name.to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn files_are_made_filled_and_read() {
    let (dir, fs, root) = place();
    let node = fs
        .create_file(&root, &name("f"), &Create::default())
        .unwrap();
    fs.write_at(&node, None, 3, b"abc").unwrap();
    assert_eq!(fs::read(dir.path().join("f")).unwrap(), b"\0\0\0abc");
    let mut buf = [0; 10];
    assert_eq!(fs.read_at(&node, None, 4, &mut buf).unwrap(), 2);
    assert_eq!(&buf[..2], b"bc");
    fs.set_len(&node, None, 1).unwrap();
    assert_eq!(fs.stat(&node).unwrap().size, 1);
    assert_eq!(
        kind(fs.create_file(&root, &name("f"), &Create::default())),
        ErrorKind::AlreadyExists
    );
}

#[test]
fn a_whole_file_appears_at_once_or_not_at_all() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => {
                    buf[0] = 1;
                    Ok(1)
                }
                _ => Err(std::io::Error::other("broken")),
            }
        }
    }
    let (_dir, fs, root) = place();
    let put = |data: &mut dyn Read, replace| {
        let mut contents = [Contents { stream: None, data }];
        fs.put_file(
            &root,
            &name("f"),
            &Create::default(),
            &mut contents,
            replace,
        )
    };
    assert_eq!(kind(put(&mut Breaks(0), Replace::No)), ErrorKind::Io);
    assert_eq!(listed(&fs, &root), Vec::<String>::new());
    put(&mut &b"one"[..], Replace::No).unwrap();
    assert_eq!(
        kind(put(&mut &b"two"[..], Replace::No)),
        ErrorKind::AlreadyExists
    );
    assert_eq!(kind(put(&mut Breaks(0), Replace::Yes)), ErrorKind::Io);
    let node = fs.child(&root, &name("f")).unwrap();
    assert_eq!(fs.stat(&node).unwrap().size, 3);
    put(&mut &b"second"[..], Replace::Yes).unwrap();
    assert_eq!(fs.stat(&node).unwrap().size, 6);
    assert_eq!(listed(&fs, &root), ["f"]);
}

#[test]
fn replacing_a_link_never_writes_through_it() {
    let (dir, fs, root) = place();
    fs::write(dir.path().join("victim"), "precious").unwrap();
    symlink("victim", dir.path().join("link")).unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs.put_file(
        &root,
        &name("link"),
        &Create::default(),
        &mut [Contents {
            stream: None,
            data: &mut &b"new"[..],
        }],
        Replace::Yes,
    )
    .unwrap();
    assert_eq!(fs::read(dir.path().join("victim")).unwrap(), b"precious");
    assert_eq!(fs::read(dir.path().join("link")).unwrap(), b"new");
    assert_eq!(
        kind(fs.put_file(
            &root,
            &name("sub"),
            &Create::default(),
            &mut [Contents {
                stream: None,
                data: &mut &b"new"[..],
            }],
            Replace::Yes
        )),
        ErrorKind::AccessDenied
    );
}

#[test]
fn links_are_not_followed() {
    let (dir, fs, root) = place();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/f"), "x").unwrap();
    symlink("real", dir.path().join("to_dir")).unwrap();
    symlink("real/f", dir.path().join("to_file")).unwrap();
    symlink("loop", dir.path().join("loop")).unwrap();
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    let to_dir = fs.child(&root, &name("to_dir")).unwrap();
    let to_file = fs.child(&root, &name("to_file")).unwrap();
    assert!(fs.stat(&to_dir).unwrap().posix_link);
    assert_eq!(kind(fs.list(&to_dir).map(|_| ())), ErrorKind::NotADirectory);
    assert_eq!(
        kind(fs.child(&to_dir, &name("f"))),
        ErrorKind::NotADirectory
    );
    assert_eq!(
        kind(fs.read_at(&to_file, None, 0, &mut [0])),
        ErrorKind::AccessDenied
    );
    assert_eq!(
        kind(fs.write_at(&to_file, None, 0, b"y")),
        ErrorKind::AccessDenied
    );
    assert_eq!(
        fs.link(&to_file).unwrap(),
        Some(LinkContent::Posix(b"real/f".to_vec()))
    );
    let followed = |text: &str| fs.followed(&fs.child(&root, &name(text)).unwrap()).unwrap();
    assert!(
        matches!(followed("to_dir"), Target::Found(found) if found.stat.kind == NodeKind::Directory)
    );
    assert!(matches!(followed("loop"), Target::Loop));
    assert!(matches!(followed("dangling"), Target::Missing));
}

#[test]
fn removing_a_link_leaves_what_it_points_to() {
    let (dir, fs, root) = place();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/f"), "x").unwrap();
    symlink("real", dir.path().join("link")).unwrap();
    assert_eq!(
        kind(fs.remove(&root, &name("real"))),
        ErrorKind::DirectoryNotEmpty
    );
    fs.remove(&root, &name("link")).unwrap();
    assert_eq!(fs::read(dir.path().join("real/f")).unwrap(), b"x");
    fs::remove_file(dir.path().join("real/f")).unwrap();
    fs.remove(&root, &name("real")).unwrap();
    assert_eq!(kind(fs.remove(&root, &name("real"))), ErrorKind::NotFound);
}

#[test]
fn hard_links_count_and_directories_have_none() {
    let (dir, fs, root) = place();
    fs::write(dir.path().join("f"), "x").unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    symlink("f", dir.path().join("s")).unwrap();
    let file = fs.child(&root, &name("f")).unwrap();
    fs.hard_link(&file, &root, &name("g")).unwrap();
    assert_eq!(fs.stat(&file).unwrap().names, 2);
    assert_eq!(
        kind(fs.hard_link(&file, &root, &name("g"))),
        ErrorKind::AlreadyExists
    );
    let directory = fs.child(&root, &name("d")).unwrap();
    assert_eq!(
        kind(fs.hard_link(&directory, &root, &name("e"))),
        ErrorKind::AccessDenied
    );
    // The link itself gets a second name, not the file behind it.
    let link = fs.child(&root, &name("s")).unwrap();
    fs.hard_link(&link, &root, &name("s2")).unwrap();
    assert!(
        fs.stat(&fs.child(&root, &name("s2")).unwrap())
            .unwrap()
            .posix_link
    );
    assert_eq!(fs.stat(&file).unwrap().names, 2);
}

#[test]
fn renames_replace_only_when_told() {
    let (dir, fs, root) = place();
    fs::write(dir.path().join("a"), "a").unwrap();
    fs::write(dir.path().join("b"), "b").unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    let rename =
        |from: &str, to: &str, replace| fs.rename(&root, &name(from), &root, &name(to), replace);
    assert_eq!(
        kind(rename("a", "b", Replace::No)),
        ErrorKind::AlreadyExists
    );
    rename("a", "b", Replace::Yes).unwrap();
    assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"a");
    assert_eq!(
        kind(rename("b", "d", Replace::Yes)),
        ErrorKind::AccessDenied
    );
    let inside = fs.child(&root, &name("d")).unwrap();
    assert_eq!(
        kind(fs.rename(&root, &name("d"), &inside, &name("x"), Replace::No)),
        ErrorKind::IntoItself
    );
    assert_eq!(kind(rename("none", "x", Replace::No)), ErrorKind::NotFound);
}

#[test]
fn symbolic_links_keep_their_text_and_times() {
    let (dir, fs, root) = place();
    let when = Timestamp {
        seconds: 1_000_000_000,
        nanos: 123_456_700,
    };
    let create = Create {
        times: Times {
            modified: Some(when),
            ..Times::default()
        },
        ..Create::default()
    };
    let content = LinkContent::Posix(b"a/\xff".to_vec());
    let node = fs
        .create_link(&root, &name("l"), LinkType::File, &content, &create)
        .unwrap();
    assert_eq!(fs.link(&node).unwrap(), Some(content));
    assert_eq!(fs.stat(&node).unwrap().times.modified, Some(when));
    assert_eq!(
        fs::symlink_metadata(dir.path().join("l")).unwrap().mtime(),
        1_000_000_000
    );
    let long = LinkContent::Posix(vec![b'x'; 33_000]);
    assert_eq!(
        kind(fs.create_link(&root, &name("m"), LinkType::File, &long, &Create::default())),
        ErrorKind::TargetTooLong
    );
    let empty = LinkContent::Posix(Vec::new());
    assert_eq!(
        kind(fs.create_link(
            &root,
            &name("m"),
            LinkType::File,
            &empty,
            &Create::default()
        )),
        ErrorKind::InvalidTarget
    );
}

#[test]
fn names_that_would_leave_the_directory_are_refused() {
    let (_dir, fs, root) = place();
    for bad in ["", ".", "..", "a/b", "a\0b"] {
        assert_eq!(
            kind(fs.create_file(&root, &name(bad), &Create::default())),
            ErrorKind::InvalidName,
            "{bad:?}"
        );
    }
    let odd = Name::from_host_bytes(b"\xff\xfe");
    fs.create_file(&root, &odd, &Create::default()).unwrap();
    let found = fs.list(&root).unwrap().next().unwrap().unwrap();
    assert_eq!(found.name.to_host_bytes(), b"\xff\xfe");
}

#[test]
fn paths_end_in_the_object_itself() {
    let (dir, fs, _root) = place();
    fs::create_dir(dir.path().join("real")).unwrap();
    fs::write(dir.path().join("real/f"), "x").unwrap();
    symlink("real", dir.path().join("link")).unwrap();
    let link = fs.open_path(&dir.path().join("link")).unwrap();
    assert!(fs.stat(&link).unwrap().posix_link);
    let file = fs.open_path(&dir.path().join("link/f")).unwrap();
    assert_eq!(fs.stat(&file).unwrap().kind, NodeKind::File);
    assert_eq!(
        kind(fs.open_path(&dir.path().join("none/f"))),
        ErrorKind::PathNotFound
    );
    assert_eq!(
        kind(fs.open_path(&dir.path().join("none"))),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(fs.open_path(&dir.path().join("real/f/x"))),
        ErrorKind::NotADirectory
    );
    let here = fs.open_path(Path::new("/")).unwrap();
    assert_eq!(fs.stat(&here).unwrap().kind, NodeKind::Directory);
    assert_eq!(
        kind(fs.open_parent(Path::new("/"))),
        ErrorKind::AlreadyExists
    );
}

#[test]
fn special_files_are_told_and_not_opened() {
    let (dir, fs, root) = place();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_bits_truncate(0o600),
        0,
    )
    .unwrap();
    let pipe = fs.child(&root, &name("pipe")).unwrap();
    assert_eq!(fs.stat(&pipe).unwrap().kind, NodeKind::Special);
    assert_eq!(
        kind(fs.read_at(&pipe, None, 0, &mut [0])),
        ErrorKind::AccessDenied
    );
}

#[test]
fn all_files_of_a_large_directory_get_their_names_in_another() {
    let (dir, fs, root) = place();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir_all(from.join("below")).unwrap();
    fs::create_dir(&to).unwrap();
    symlink("elsewhere", from.join("link")).unwrap();
    // More bytes of names than are listed at a time.
    let names: Vec<String> = (0..700).map(|n| format!("{n:0>200}")).collect();
    for name in &names {
        fs::write(from.join(name), "").unwrap();
    }
    fs::write(to.join(&names[3]), "").unwrap();
    let open = |at: &str| fs.child(&root, &name(at)).unwrap();
    let (mut linked, mut others, mut failed) = (0, Vec::new(), Vec::new());
    fs.hard_link_files(&open("from"), &open("to"), &mut |told| {
        match told {
            HardLinked::Linked => linked += 1,
            HardLinked::NoFile(entry) => {
                fs.stat(&entry.node).unwrap();
                others.push(entry.name.to_string());
            }
            HardLinked::Failed(entry, error) => {
                failed.push((entry.name.to_string(), error.kind()));
            }
        }
        Ok(())
    })
    .unwrap();
    others.sort();
    assert_eq!((linked, others), (699, vec!["below".into(), "link".into()]));
    assert_eq!(failed, [(names[3].clone(), ErrorKind::AlreadyExists)]);
    for (n, name) in names.iter().enumerate() {
        let links = fs::metadata(to.join(name)).unwrap().nlink();
        assert_eq!(links, if n == 3 { 1 } else { 2 });
    }
    let stopped = fs.hard_link_files(&open("to"), &open("from"), &mut |_| {
        Err(ErrorKind::Interrupted.into())
    });
    assert_eq!(kind(stopped), ErrorKind::Interrupted);
}
