//! Random operations in a transaction and on a volume without one: inside they
//! look alike at every step, and so does what a commit leaves.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

/// Names: some differ by case only.
const NAMES: [&str; 6] = ["a", "A", "b", "c", "long name.txt", "d"];
const STREAMS: [Option<&str>; 3] = [None, Some("s"), Some("S")];

/// A way from the root, by numbers of names.
type Path = Vec<usize>;

#[derive(Debug, Clone)]
enum Step {
    File(Path, usize),
    Directory(Path, usize),
    Put(Path, usize, usize, bool),
    Link(Path, usize, bool),
    HardLink(Path, Path, usize),
    Remove(Path, usize),
    Rename(Path, usize, Path, usize, bool),
    Write(Path, usize, u64, usize),
    SetLen(Path, usize, u64),
    RemoveStream(Path, usize),
    SetLink(Path, bool),
    RemoveLink(Path),
    Attributes(Path, u32),
    Times(Path, i64),
    Security(Path),
}

fn path() -> impl Strategy<Value = Path> {
    prop_oneof![
        4 => proptest::collection::vec(0..NAMES.len(), 0..3),
        // Into the directory that tells names by case.
        1 => proptest::collection::vec(0..NAMES.len(), 0..2)
            .prop_map(|below| [2, 5].into_iter().chain(below).collect()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES.len();
    let stream = || 0..STREAMS.len();
    let offset = || prop_oneof![0_u64..300, 0_u64..20_000, 4090_u64..4100];
    let len = || prop_oneof![0_usize..40, 0_usize..9000];
    prop_oneof![
        3 => (path(), name()).prop_map(|(p, n)| Step::File(p, n)),
        3 => (path(), name()).prop_map(|(p, n)| Step::Directory(p, n)),
        1 => (path(), name(), len(), any::<bool>()).prop_map(|(p, n, l, r)| Step::Put(p, n, l, r)),
        1 => (path(), name(), any::<bool>()).prop_map(|(p, n, d)| Step::Link(p, n, d)),
        3 => (path(), path(), name()).prop_map(|(f, p, n)| Step::HardLink(f, p, n)),
        3 => (path(), name()).prop_map(|(p, n)| Step::Remove(p, n)),
        4 => (path(), name(), path(), name(), any::<bool>())
            .prop_map(|(p, n, q, m, r)| Step::Rename(p, n, q, m, r)),
        4 => (path(), stream(), offset(), len()).prop_map(|(p, s, o, l)| Step::Write(p, s, o, l)),
        2 => (path(), stream(), offset()).prop_map(|(p, s, o)| Step::SetLen(p, s, o)),
        1 => (path(), stream()).prop_map(|(p, s)| Step::RemoveStream(p, s)),
        1 => (path(), any::<bool>()).prop_map(|(p, j)| Step::SetLink(p, j)),
        1 => path().prop_map(Step::RemoveLink),
        1 => (path(), any::<u32>()).prop_map(|(p, a)| Step::Attributes(p, a)),
        1 => (path(), 0_i64..1_000_000).prop_map(|(p, t)| Step::Times(p, t)),
        1 => path().prop_map(Step::Security),
    ]
}

fn find(fs: &dyn FileSystem, path: &Path) -> Result<Node> {
    let mut node = fs.root()?;
    for part in path {
        node = fs.child(&node, &name(NAMES[*part]))?;
    }
    Ok(node)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + len) as u8 | 1).collect()
}

fn stream(number: usize) -> Option<StreamName> {
    STREAMS[number].map(StreamName::from)
}

/// Does a step; what it says when it fails.
fn apply(fs: &dyn FileSystem, step: &Step) -> Result<()> {
    let create = Create::default();
    let replace = |replace: &bool| match replace {
        true => Replace::Yes,
        false => Replace::No,
    };
    match step {
        Step::File(dir, n) => fs
            .create_file(&find(fs, dir)?, &name(NAMES[*n]), &create)
            .map(drop),
        Step::Directory(dir, n) => fs
            .create_directory(&find(fs, dir)?, &name(NAMES[*n]), &create)
            .map(drop),
        Step::Put(dir, n, len, over) => {
            let bytes = pattern(*len);
            let mut contents = [Contents {
                stream: None,
                data: &mut bytes.as_slice(),
            }];
            let dir = find(fs, dir)?;
            fs.put_file(
                &dir,
                &name(NAMES[*n]),
                &create,
                &mut contents,
                replace(over),
            )
            .map(drop)
        }
        Step::Link(dir, n, directory) => {
            let link_type = match directory {
                true => LinkType::Directory,
                false => LinkType::File,
            };
            let dir = find(fs, dir)?;
            fs.create_link(&dir, &name(NAMES[*n]), link_type, &link_to("x\\y"), &create)
                .map(drop)
        }
        Step::HardLink(file, dir, n) => {
            fs.hard_link(&find(fs, file)?, &find(fs, dir)?, &name(NAMES[*n]))
        }
        Step::Remove(dir, n) => fs.remove(&find(fs, dir)?, &name(NAMES[*n])),
        Step::Rename(dir, n, to, m, over) => fs.rename(
            &find(fs, dir)?,
            &name(NAMES[*n]),
            &find(fs, to)?,
            &name(NAMES[*m]),
            replace(over),
        ),
        Step::Write(file, s, offset, len) => fs.write_at(
            &find(fs, file)?,
            stream(*s).as_ref(),
            *offset,
            &pattern(*len),
        ),
        Step::SetLen(file, s, len) => fs.set_len(&find(fs, file)?, stream(*s).as_ref(), *len),
        Step::RemoveStream(file, s) => match stream(*s) {
            Some(s) => fs.remove_stream(&find(fs, file)?, &s),
            None => Ok(()),
        },
        Step::SetLink(file, other) => {
            let target = match other {
                true => "..\\other",
                false => "there",
            };
            fs.set_link(&find(fs, file)?, &link_to(target))
        }
        Step::RemoveLink(file) => fs.remove_link(&find(fs, file)?),
        Step::Attributes(file, bits) => {
            fs.set_attributes(&find(fs, file)?, Attributes::from_bits_retain(*bits))
        }
        Step::Times(file, seconds) => {
            let time = Timestamp {
                seconds: *seconds,
                nanos: 100,
            };
            let times = Times {
                modified: Some(time),
                ..Times::default()
            };
            fs.set_times(&find(fs, file)?, &times)
        }
        Step::Security(file) => {
            let node = find(fs, file)?;
            let descriptor = fs.security(&fs.root()?)?;
            fs.set_security(&node, &descriptor)
        }
    }
}

/// Some of everything, made before.
fn prepared() -> MemoryDevice {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let root = fs.root().unwrap();
    let a = make(&*fs, "a", &pattern(9000));
    let dir = make_dir(&*fs, &root, "b");
    fs.hard_link(&a, &dir, &name("c")).unwrap();
    let by_case = make_dir(&*fs, &dir, "d");
    fs.set_case_sensitive(&by_case, true).unwrap();
    make_dir(&*fs, &by_case, "a");
    let small = make(&*fs, "c", b"small");
    fs.write_at(&small, Some(&StreamName::from("s")), 0, b"stream")
        .unwrap();
    fs.create_link(
        &root,
        &name("d"),
        LinkType::File,
        &link_to("a"),
        &Create::default(),
    )
    .unwrap();
    close(fs, &*device);
    device.snapshot()
}

#[track_caller]
fn assert_same(what: &str, ours: &Tree, theirs: &Tree) {
    let differ: Vec<_> = ours
        .iter()
        .filter(|(path, text)| theirs.get(*path) != Some(text))
        .chain(
            theirs
                .iter()
                .filter(|(path, text)| ours.get(*path) != Some(text)),
        )
        .collect();
    assert!(differ.is_empty(), "{what}: {differ:#?}");
}

fn run(base: &MemoryDevice, steps: &[Step], commit: bool) {
    let (inside_device, plain_device) = (Arc::new(base.snapshot()), Arc::new(base.snapshot()));
    let (volume, plain) = (open(inside_device.clone()), open(plain_device.clone()));
    let manager = manager(&volume);
    let before = tree(&*volume);
    let inside = manager.begin(None).unwrap();
    for (number, step) in steps.iter().enumerate() {
        let ours = apply(&inside, step).map_err(|error| error.kind());
        let theirs = apply(&*plain, step).map_err(|error| error.kind());
        assert_eq!(ours, theirs, "step {number}: {step:?}");
        if number % 8 == 7 {
            assert_same(&format!("after {step:?}"), &tree(&inside), &tree(&*plain));
        }
    }
    let after = tree(&*plain);
    assert_same("inside", &tree(&inside), &after);
    assert_same("outside, before it ends", &tree(&*volume), &before);
    if commit {
        inside.commit().unwrap();
        assert_same("committed", &tree(&*volume), &after);
    } else {
        inside.rollback().unwrap();
        assert_same("rolled back", &tree(&*volume), &before);
    }
    let free = volume.volume_info().unwrap().free;
    drop((inside, manager));
    assert_eq!(volume.volume_info().unwrap().free, free);
    close(volume, &*inside_device);
    close(plain, &*plain_device);
}

#[test]
fn a_transaction_does_what_the_same_calls_do_without_one() {
    let cases = match linkwright_testkit::long("more transactions") {
        Ok(()) => 3000,
        Err(_) => 60,
    };
    let base = prepared();
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(
            &(proptest::collection::vec(step(), 1..60), any::<bool>()),
            |(steps, commit)| {
                run(&base, &steps, commit);
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn a_directory_that_moved_tells_names_apart_as_before() {
    // Made where case counts, moved to where it does not.
    let made = [
        vec![Step::Directory(vec![2, 5], 2)],
        vec![
            Step::Link(vec![2, 5], 2, true),
            Step::RemoveLink(vec![2, 5, 2]),
        ],
    ];
    let base = prepared();
    for mut steps in made {
        steps.extend([
            Step::Rename(vec![2, 5], 2, vec![], 0, true),
            Step::Directory(vec![0], 1),
            Step::Put(vec![0], 0, 0, false),
        ]);
        run(&base, &steps, false);
        run(&base, &steps, true);
    }
}
