//! The walk of a POSIX host's links, against the host itself.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::{LastLink, Leads, Manner, NoDrives, Outcome, Resolver, Rules, Stop, Walk, Why};
use crate::posix::PosixFs;
use crate::{FileSystem, Name};

struct Host;

impl Rules for Host {
    fn manner(&self) -> Manner {
        Manner::Posix
    }
}

/// The names of a path; `.` stands for a separator at the end, as it does on the
/// host.
fn names(path: &Path) -> Vec<Name> {
    let text = path.to_str().unwrap();
    text.split('/').map(Name::from).collect()
}

fn walk(path: &Path) -> Walk {
    let fs: Arc<dyn FileSystem> = Arc::new(PosixFs::new());
    Resolver { drives: &NoDrives }
        .walk_by(&fs, &names(path), LastLink::Follow, &Host)
        .unwrap()
}

/// Where a walk ended, in the words in which the host tells it.
fn ours(path: &Path) -> Result<PathBuf, &'static str> {
    let walk = walk(path);
    match (walk.outcome, walk.stop.map(|stop| stop.why)) {
        (Outcome::Found(place), None) => {
            let root = PathBuf::from("/");
            Ok(place
                .path
                .iter()
                .fold(root, |at, name| at.join(name.to_host())))
        }
        (Outcome::Missing | Outcome::MissingDirectory, Some(Why::Absent)) => Err("ENOENT"),
        (Outcome::MissingDirectory, Some(Why::NotADirectory)) => Err("ENOTDIR"),
        (Outcome::Loop, Some(Why::TooManyLinks)) => Err("ELOOP"),
        (_, why) => panic!("{why:?}"),
    }
}

fn hosts(path: &Path) -> Result<PathBuf, &'static str> {
    // stat(2) tells the errors; the C library's realpath has a limit of its own.
    match fs::metadata(path) {
        Ok(_) => Ok(fs::canonicalize(path).unwrap()),
        Err(error) => Err(match error.kind() {
            std::io::ErrorKind::NotFound => "ENOENT",
            std::io::ErrorKind::NotADirectory => "ENOTDIR",
            _ if error.raw_os_error() == Some(libc_eloop()) => "ELOOP",
            other => panic!("{other:?}"),
        }),
    }
}

fn libc_eloop() -> i32 {
    rustix::io::Errno::LOOP.raw_os_error()
}

/// A text of a few names, `.` and `..`, that starts where it may and ends in a
/// separator or not.
fn texts() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", ".", "..", "a", "b"]);
    let parts = prop::collection::vec(part, 1..5);
    (
        parts,
        any::<bool>(),
        prop::sample::select(vec!["", "", "/"]),
    )
        .prop_map(|(parts, absolute, end)| {
            let start = if absolute { "ROOT/" } else { "" };
            format!("{start}{}{end}", parts.join("/"))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn links_of_a_host_lead_where_the_host_takes_them(
        links in prop::collection::vec((0usize..3, 0usize..4, texts()), 1..10),
        asked in prop::collection::vec(texts(), 1..20),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let real = |text: &str| text.replace("ROOT", root.to_str().unwrap());
        fs::create_dir_all(root.join("e/a/b")).unwrap();
        fs::write(root.join("f"), "x").unwrap();
        fs::write(root.join("e/a/f"), "x").unwrap();
        for (place, name, target) in &links {
            let place = ["", "e", "e/a"][*place];
            let name = ["a", "b", "c", "d"][*name];
            // A name that is taken stays what it is.
            symlink(real(target), root.join(place).join(name)).ok();
        }
        for text in &asked {
            let path = match text.starts_with("ROOT") {
                true => PathBuf::from(real(text)),
                false => PathBuf::from(format!("{}/{text}", root.display())),
            };
            prop_assert_eq!(ours(&path), hosts(&path), "{}", path.display());
        }
    }
}

#[test]
fn the_host_follows_as_many_links_as_we_do() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    fs::write(root.join("0"), "x").unwrap();
    for number in 1..60 {
        symlink((number - 1).to_string(), root.join(number.to_string())).unwrap();
    }
    let limit = Manner::Posix.max_hops();
    for number in [limit - 1, limit, limit + 1] {
        let path = root.join(number.to_string());
        assert_eq!(ours(&path), hosts(&path), "{number} links");
        assert_eq!(ours(&path).is_ok(), number <= limit);
    }
}

#[test]
fn a_hop_tells_the_rule_and_the_way_onward() {
    let dir = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(dir.path()).unwrap();
    fs::create_dir(root.join("d")).unwrap();
    symlink("../gone", root.join("d/l")).unwrap();
    symlink(root.join("d"), root.join("to_d")).unwrap();
    let walk = walk(&root.join("to_d/l/x"));
    let below = |path: &str| names(&root.join(path))[1..].to_vec();
    let [first, second] = walk.hops.as_slice() else {
        panic!("{:?}", walk.hops);
    };
    assert_eq!((&first.at, &first.leads), (&below("to_d"), &Leads::Rooted));
    assert_eq!(first.onward, below("d/l/x"));
    assert!(!first.is_last);
    assert_eq!(
        (&second.at, &second.leads),
        (&below("d/l"), &Leads::Relative)
    );
    assert_eq!(second.onward, below("gone/x"));
    let stop = Stop {
        path: below("gone"),
        why: Why::Absent,
    };
    assert_eq!(walk.stop, Some(stop));
}
