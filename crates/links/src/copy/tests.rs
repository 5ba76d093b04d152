use super::*;
use linkwright_fs::ErrorKind;
use linkwright_fs::posix::PosixFs;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

/// Writes down what happens, as short lines.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    bytes: u64,
    stop_after: Option<u64>,
}

fn text(path: &[Name]) -> String {
    let parts: Vec<String> = path.iter().map(ToString::to_string).collect();
    parts.join("/")
}

impl Observer for Log {
    fn event(&mut self, event: Event<'_>) {
        self.lines.push(match event {
            Event::Made { to, made, .. } => format!("{made:?} {}", text(to)),
            Event::Renamed { to, .. } => format!("renamed {}", text(to)),
            Event::NewCopy { to, .. } => format!("new copy {}", text(to)),
            Event::Problem { from, problem } => format!("problem {} {problem:?}", text(from)),
            Event::Skipped { from } => format!("skipped {}", text(from)),
            Event::Lost { from, loss } => format!("lost {} {loss:?}", text(from)),
        });
    }

    fn progress(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    fn is_interrupted(&self) -> bool {
        self.stop_after.is_some_and(|limit| self.bytes >= limit)
    }
}

impl Log {
    fn problems(&self) -> Vec<&String> {
        self.lines
            .iter()
            .filter(|line| line.starts_with("problem"))
            .collect()
    }
}

fn run(from: &Path, to: &Path, options: &Options, log: &mut Log) -> linkwright_fs::Result<()> {
    let host = PosixFs::new();
    let fs: Arc<dyn FileSystem> = Arc::new(host.clone());
    let node = host.open_path(from).unwrap();
    let source = Source {
        stat: fs.stat(&node).unwrap(),
        node,
        fs: Arc::clone(&fs),
    };
    let (dir, name) = host.open_parent(to).unwrap();
    let destination = Destination { fs, dir, name };
    copy(&source, &destination, options, log)
}

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let src = dir.path().join("src");
    fs::create_dir_all(src.join("sub/deep")).unwrap();
    fs::write(src.join("a"), "alpha").unwrap();
    fs::write(src.join("sub/b"), vec![7; 600_000]).unwrap();
    fs::hard_link(src.join("a"), src.join("sub/a2")).unwrap();
    fs::hard_link(src.join("a"), src.join("sub/deep/a3")).unwrap();
    symlink("sub", src.join("to_dir")).unwrap();
    symlink("../a", src.join("sub/to_a")).unwrap();
    symlink("/nowhere", src.join("absolute")).unwrap();
    dir
}

#[test]
fn a_tree_comes_out_the_same() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let old = fs::File::options().write(true).open(src.join("a")).unwrap();
    let when = std::time::UNIX_EPOCH + std::time::Duration::new(1_234_567_890, 123_456_789);
    old.set_modified(when).unwrap();
    let mut log = Log::default();
    run(&src, &dst, &Options::default(), &mut log).unwrap();
    assert!(log.problems().is_empty(), "{:?}", log.lines);
    assert_eq!(fs::read(dst.join("a")).unwrap(), b"alpha");
    assert_eq!(fs::read(dst.join("sub/b")).unwrap().len(), 600_000);
    let meta = |name: &str| fs::metadata(dst.join(name)).unwrap();
    assert_eq!(meta("a").nlink(), 3);
    assert_eq!(meta("a").ino(), meta("sub/a2").ino());
    assert_eq!(meta("a").ino(), meta("sub/deep/a3").ino());
    assert_ne!(meta("a").ino(), fs::metadata(src.join("a")).unwrap().ino());
    assert_eq!(meta("a").modified().unwrap(), when);
    assert_eq!(
        fs::read_link(dst.join("sub/to_a")).unwrap(),
        Path::new("../a")
    );
    assert_eq!(
        fs::read_link(dst.join("absolute")).unwrap(),
        Path::new("/nowhere")
    );
    let time = |path: &Path| fs::symlink_metadata(path).unwrap().modified().unwrap();
    for name in ["", "sub", "sub/deep", "to_dir"] {
        assert_eq!(time(&dst.join(name)), time(&src.join(name)), "{name}");
    }
    assert_eq!(log.bytes, 600_005);
}

#[test]
fn copying_again_replaces_files_and_links_and_keeps_the_rest() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    run(&src, &dst, &Options::default(), &mut Log::default()).unwrap();
    fs::write(src.join("a"), "new").unwrap();
    fs::write(dst.join("mine"), "kept").unwrap();
    let mut log = Log::default();
    run(&src, &dst, &Options::default(), &mut log).unwrap();
    assert!(log.problems().is_empty(), "{:?}", log.lines);
    assert_eq!(fs::read(dst.join("sub/a2")).unwrap(), b"new");
    assert_eq!(fs::metadata(dst.join("a")).unwrap().nlink(), 3);
    assert_eq!(fs::read(dst.join("mine")).unwrap(), b"kept");
}

#[test]
fn nothing_is_written_through_a_link_at_the_destination() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let outside = dir.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&dst).unwrap();
    fs::write(outside.join("victim"), "precious").unwrap();
    symlink(&outside, dst.join("sub")).unwrap();
    symlink(outside.join("victim"), dst.join("a")).unwrap();
    let mut log = Log::default();
    run(&src, &dst, &Options::default(), &mut log).unwrap();
    assert_eq!(log.problems(), ["problem sub LinkInTheWay"]);
    assert_eq!(fs::read(outside.join("victim")).unwrap(), b"precious");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read(dst.join("a")).unwrap(), b"alpha");
    assert!(!fs::symlink_metadata(dst.join("a")).unwrap().is_symlink());
}

#[test]
fn a_file_does_not_take_the_place_of_a_directory_or_the_other_way_round() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    fs::create_dir_all(dst.join("a")).unwrap();
    fs::write(dst.join("sub"), "file").unwrap();
    let mut log = Log::default();
    run(&src, &dst, &Options::default(), &mut log).unwrap();
    let problems = log.problems();
    assert_eq!(problems[0], "problem a DirectoryInTheWay");
    assert!(
        problems[1].starts_with("problem sub Failed"),
        "{problems:?}"
    );
    assert_eq!(fs::read(dst.join("sub")).unwrap(), b"file");
}

#[test]
fn interrupted_only_whole_files_remain() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let mut log = Log {
        stop_after: Some(100),
        ..Log::default()
    };
    let error = run(&src, &dst, &Options::default(), &mut log).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(fs::read(dst.join("a")).unwrap(), b"alpha");
    let left: Vec<_> = fs::read_dir(dst.join("sub"))
        .map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert_eq!(left, ["a2"]);
}

#[test]
fn special_files_are_listed() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let _socket = std::os::unix::net::UnixListener::bind(src.join("socket")).unwrap();
    let mut log = Log::default();
    run(&src, &dst, &Options::default(), &mut log).unwrap();
    assert_eq!(log.problems(), ["problem socket SpecialFile"]);
}

#[test]
fn a_tree_is_not_copied_into_itself() {
    let dir = tree();
    let src = dir.path().join("src");
    let mut log = Log::default();
    run(&src, &src.join("sub/copy"), &Options::default(), &mut log).unwrap();
    assert_eq!(log.problems(), ["problem sub/copy IntoItself"]);
    assert!(src.join("sub/copy/a").exists());
    assert!(src.join("sub/copy/sub/b").exists());
    assert!(!src.join("sub/copy/sub/copy").exists());
    let mut log = Log::default();
    run(&src, &src, &Options::default(), &mut log).unwrap();
    assert_eq!(log.problems(), ["problem  SameFile"]);
    let mut log = Log::default();
    run(
        &src.join("a"),
        &src.join("sub/a2"),
        &Options::default(),
        &mut log,
    )
    .unwrap();
    assert_eq!(log.problems(), ["problem  SameFile"]);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let mut dry = Log::default();
    let options = Options {
        mode: Mode::DryRun,
        ..Options::default()
    };
    run(&src, &dst, &options, &mut dry).unwrap();
    assert!(!dst.exists());
    let mut wet = Log::default();
    run(&src, &dst, &Options::default(), &mut wet).unwrap();
    assert_eq!(dry.lines, wet.lines);
}

#[test]
fn maps_change_absolute_targets() {
    let dir = tree();
    let (src, dst) = (dir.path().join("src"), dir.path().join("dst"));
    let options = Options {
        maps: vec![TargetMap {
            old: Name::from("/nowhere"),
            new: Name::from("/somewhere/else"),
        }],
        ..Options::default()
    };
    run(&src, &dst, &options, &mut Log::default()).unwrap();
    assert_eq!(
        fs::read_link(dst.join("absolute")).unwrap(),
        Path::new("/somewhere/else")
    );
}

#[test]
fn what_there_is_to_copy_is_measured() {
    let dir = tree();
    let host = PosixFs::new();
    let fs: Arc<dyn FileSystem> = Arc::new(host.clone());
    let node = host.open_path(&dir.path().join("src")).unwrap();
    let source = Source {
        stat: fs.stat(&node).unwrap(),
        node,
        fs,
    };
    // The file with three names counts once.
    assert_eq!(measure(&source, &|| false).unwrap(), 600_005);
    assert_eq!(measure(&source, &|| true).unwrap(), 0);
}
