//! `clone`, `mirror` and `snapshot`: what stays of links, at the limit of names,
//! and when they are cut off.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::skip_unless;
use linkwright_testkit::{Skip, SkipKind};

use crate::program::Bench;

fn target(bench: &Bench, path: &str) -> String {
    let text = fs::read_link(bench.path(path)).unwrap();
    text.into_os_string().into_string().unwrap()
}

fn inode(bench: &Bench, path: &str) -> u64 {
    fs::symlink_metadata(bench.path(path)).unwrap().ino()
}

/// A tree with a group, inner links of every form, and outer ones.
fn tree(bench: &Bench) {
    let src = bench.path("src");
    fs::create_dir_all(src.join("sub")).unwrap();
    fs::create_dir(bench.path("outside")).unwrap();
    fs::write(bench.path("outside/o"), "outer").unwrap();
    fs::write(src.join("a"), "alpha").unwrap();
    fs::write(src.join("plain"), "plain").unwrap();
    fs::hard_link(src.join("a"), src.join("sub/a2")).unwrap();
    symlink("../a", src.join("sub/inner")).unwrap();
    symlink("../src/a", src.join("round")).unwrap();
    symlink(src.join("sub"), src.join("absolute")).unwrap();
    symlink("../outside", src.join("outer")).unwrap();
    symlink("..", src.join("up")).unwrap();
}

#[test]
fn a_hard_clone_has_the_files_themselves_and_its_own_inner_links() {
    let bench = Bench::new();
    tree(&bench);
    fs::create_dir_all(bench.path("far/below")).unwrap();
    let run = bench.ok("--json clone --hard src far/below/c");
    let summary = run.json().pop().unwrap();
    assert_eq!(summary["hard_links"], 3);
    assert_eq!(summary["links"], 5);
    for file in ["a", "plain", "sub/a2"] {
        let copy = format!("far/below/c/{file}");
        assert_eq!(inode(&bench, &format!("src/{file}")), inode(&bench, &copy));
    }
    assert_eq!(target(&bench, "far/below/c/sub/inner"), "../a");
    assert_eq!(target(&bench, "far/below/c/round"), "a");
    let absolute = bench.path("far/below/c/sub").canonicalize().unwrap();
    assert_eq!(Path::new(&target(&bench, "far/below/c/absolute")), absolute);
    assert_eq!(target(&bench, "far/below/c/outer"), "../outside");
    let modified = |path: &str| fs::metadata(bench.path(path)).unwrap().modified().unwrap();
    assert_eq!(modified("src/sub"), modified("far/below/c/sub"));
    bench
        .line("clone --hard src far/below/c")
        .failed(6, "ERROR_ALREADY_EXISTS");
    bench
        .line("clone --hard src src/sub/c")
        .failed(6, "src/sub/c");
    assert_eq!(fs::read_dir(bench.path("src/sub")).unwrap().count(), 2);
}

#[test]
fn links_that_lead_out_become_what_was_asked_for() {
    let bench = Bench::new();
    tree(&bench);
    fs::create_dir(bench.path("deep")).unwrap();
    bench.ok("clone --hard --outer splice src deep/splice");
    assert_eq!(target(&bench, "deep/splice/outer"), "../../outside");
    assert!(bench.path("deep/splice/outer/o").exists());
    let run = bench.ok("--json clone --hard --outer crop src deep/crop");
    assert_eq!(run.json().pop().unwrap()["cropped"], 2);
    assert!(fs::symlink_metadata(bench.path("deep/crop/outer")).is_err());
    // `up` leads to what it is in: that has no end.
    let run = bench.line("clone --hard --outer unroll src deep/unroll");
    assert_eq!(run.exit, 3, "{run:?}");
    assert!(
        run.stderr.contains("src/up: the links lead in a circle"),
        "{run:?}"
    );
    let unrolled = fs::symlink_metadata(bench.path("deep/unroll/outer")).unwrap();
    assert!(unrolled.is_dir());
    assert_eq!(
        inode(&bench, "deep/unroll/outer/o"),
        inode(&bench, "outside/o")
    );
    bench.ok("clone --symbolic src deep/symbolic");
    assert_eq!(
        target(&bench, "deep/symbolic/sub/a2"),
        "../../../src/sub/a2"
    );
    assert_eq!(fs::read(bench.path("deep/symbolic/a")).unwrap(), b"alpha");
}

/// How many names each file of a directory has, by `stat` of the host.
fn groups(dir: &Path) -> Vec<u64> {
    let mut groups: BTreeMap<u64, u64> = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        *groups
            .entry(entry.unwrap().metadata().unwrap().ino())
            .or_default() += 1;
    }
    let mut counts: Vec<u64> = groups.into_values().collect();
    counts.sort_unstable();
    counts
}

fn many_names(dir: &Path, count: usize) {
    fs::create_dir(dir).unwrap();
    fs::write(dir.join("n0000"), "data").unwrap();
    for number in 1..count {
        fs::hard_link(dir.join("n0000"), dir.join(format!("n{number:04}"))).unwrap();
    }
}

#[test]
fn at_the_limit_of_names_a_new_copy_starts() {
    skip_unless!(ntfs3g::available());
    let bench = Bench::new();
    many_names(&bench.path("t1500"), 1500);
    many_names(&bench.path("t1000"), 1000);
    bench.ok("volume create --size 64M a.img");
    bench.ok("cp -r t1500 a.img:/t1500");
    bench.ok("cp -r t1000 a.img:/t1000");
    let run = bench.ok("--json clone --hard a.img:/t1000 a.img:/clone");
    let summary = run.json().pop().unwrap();
    assert_eq!(summary["new_copies"], 1);
    assert_eq!(summary["hard_links"], 24 + 975);
    assert_eq!(run.of_type("new_copy").len(), 1);
    bench.ok("volume check a.img");
    let mount = Mount::new(&bench.path("a.img"), Access::ReadOnly).unwrap();
    assert_eq!(groups(&mount.path().join("t1500")), [476, 1024]);
    assert_eq!(groups(&mount.path().join("clone")), [24, 976]);
    let joined = fs::metadata(mount.path().join("clone/n0000")).unwrap();
    let original = fs::metadata(mount.path().join("t1000/n0000")).unwrap();
    assert_eq!(joined.ino(), original.ino());
    assert_eq!(fs::read(mount.path().join("clone/n0999")).unwrap(), b"data");
    mount.unmount().unwrap();
}

#[test]
fn a_host_that_is_kept_to_the_limit_of_windows_starts_a_new_copy_too() {
    let bench = Bench::new();
    many_names(&bench.path("t"), 1000);
    let run = bench.ok("--strict-windows --json clone --hard t c");
    assert_eq!(run.json().pop().unwrap()["new_copies"], 1);
    assert_eq!(groups(&bench.path("c")), [24, 976]);
}

#[test]
fn junctions_inside_of_an_image_lead_to_their_counterparts() {
    let bench = Bench::new();
    bench.ok("volume create --size 64M a.img");
    bench.ok("mkdir -p a.img:/w/d a.img:/other");
    bench.ok("link -j --drive C=a.img C:/w/d a.img:/w/in");
    bench.ok("link -j --drive C=a.img C:/other a.img:/w/out");
    bench.ok("clone --hard --drive C=a.img a.img:/w a.img:/v");
    let shown = |path: &str| {
        let run = bench.ok(&format!("--json show {path}"));
        run.of_type("link")[0]["substitute_name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(shown("a.img:/v/in"), r"\??\C:\v\d");
    assert_eq!(shown("a.img:/v/out"), r"\??\C:\other");
    bench.ok("volume check a.img");
}

#[test]
fn snapshots_share_what_did_not_change_and_the_oldest_go() {
    let bench = Bench::new();
    tree(&bench);
    fs::create_dir(bench.path("store")).unwrap();
    // What was cut off is none, and what leads elsewhere is none.
    fs::create_dir(bench.path("store/.2020-01-01T000000Z.part")).unwrap();
    symlink("../outside", bench.path("store/2020-01-01T000000Z")).unwrap();
    let snapshot = |options: &str| {
        let run = bench.ok(&format!("--json snapshot {options} src store"));
        run.of_type("created")[0]["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let one = snapshot("");
    fs::write(bench.path("src/plain"), "changed").unwrap();
    let two = snapshot("");
    let same = |file: &str| {
        inode(&bench, &format!("{one}/{file}")) == inode(&bench, &format!("{two}/{file}"))
    };
    assert!(same("a") && same("sub/a2") && !same("plain"));
    assert_eq!(
        inode(&bench, &format!("{two}/a")),
        inode(&bench, &format!("{two}/sub/a2"))
    );
    assert_eq!(
        fs::read(bench.path(&format!("{one}/plain"))).unwrap(),
        b"plain"
    );
    assert_ne!(inode(&bench, &format!("{two}/a")), inode(&bench, "src/a"));
    let three = snapshot("--keep 2");
    assert!(!bench.path(&one).exists());
    assert!(bench.path(&two).exists() && bench.path(&three).exists());
    assert!(bench.path("outside/o").exists());
    assert!(fs::symlink_metadata(bench.path("store/2020-01-01T000000Z")).is_ok());
    assert!(bench.path("store/.2020-01-01T000000Z.part").exists());
    assert_eq!(fs::read_dir(bench.path("store")).unwrap().count(), 4);
}

#[test]
fn a_mirror_gets_the_same_and_loses_the_rest() {
    let bench = Bench::new();
    tree(&bench);
    bench.ok("mirror src m");
    assert_eq!(inode(&bench, "m/a"), inode(&bench, "m/sub/a2"));
    assert_ne!(inode(&bench, "m/a"), inode(&bench, "src/a"));
    fs::create_dir_all(bench.path("m/more/deep")).unwrap();
    fs::write(bench.path("m/plain"), "other").unwrap();
    fs::remove_file(bench.path("m/sub/a2")).unwrap();
    fs::write(bench.path("m/sub/a2"), "alpha").unwrap();
    let run = bench.ok("--json mirror src m");
    assert_eq!(run.of_type("removed").len(), 1);
    assert_eq!(fs::read(bench.path("m/plain")).unwrap(), b"plain");
    assert_eq!(inode(&bench, "m/a"), inode(&bench, "m/sub/a2"));
    assert!(!bench.path("m/more").exists());
}

#[test]
fn a_mirror_follows_no_link_of_its_own() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("src/d")).unwrap();
    fs::write(bench.path("src/d/f"), "f").unwrap();
    fs::create_dir(bench.path("outside")).unwrap();
    fs::write(bench.path("outside/o"), "o").unwrap();
    bench.ok("mirror src m");
    fs::remove_dir_all(bench.path("m/d")).unwrap();
    symlink("../outside", bench.path("m/d")).unwrap();
    symlink("../outside", bench.path("m/extra")).unwrap();
    let dry = bench.ok("mirror -n src m");
    assert!(dry.text().contains("removed  m/extra"), "{dry:?}");
    assert!(fs::symlink_metadata(bench.path("m/extra")).is_ok());
    bench.ok("mirror src m");
    assert!(bench.path("outside/o").exists());
    assert!(!bench.path("outside/f").exists());
    assert_eq!(fs::read(bench.path("m/d/f")).unwrap(), b"f");
    assert!(fs::symlink_metadata(bench.path("m/extra")).is_err());
    let run = bench.ok("--json mirror src m");
    assert_eq!(run.json().pop().unwrap()["files"], 0);
    bench.line("mirror src src/d").failed(6, "src/d");
    symlink("outside", bench.path("link")).unwrap();
    bench
        .line("mirror src link")
        .failed(5, "ERROR_ALREADY_EXISTS");
    assert!(bench.path("outside/o").exists());
}

/// What a store holds.
fn stored(bench: &Bench) -> Vec<String> {
    fs::read_dir(bench.path("store"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A snapshot of 5,000 files that has begun.
fn begun(bench: &Bench) -> Child {
    fs::create_dir_all(bench.path("src")).unwrap();
    for number in 0..5000 {
        fs::write(bench.path(&format!("src/f{number}")), "data").unwrap();
    }
    fs::create_dir(bench.path("store")).unwrap();
    let child = bench
        .command()
        .args(["snapshot", "src", "store"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while stored(bench).is_empty() {
        std::thread::yield_now();
    }
    child
}

#[test]
fn a_snapshot_that_is_killed_is_none() {
    let bench = Bench::new();
    let mut child = begun(&bench);
    child.kill().unwrap();
    child.wait().unwrap();
    let left = stored(&bench);
    assert!(left.len() == 1 && left[0].starts_with('.'), "{left:?}");
    let run = bench.ok("--json snapshot src store");
    assert_eq!(run.json().pop().unwrap()["files"], 5000);
    assert!(run.stderr.contains(&left[0]), "{run:?}");
    assert!(stored(&bench).contains(&left[0]));
}

#[test]
fn a_snapshot_that_is_interrupted_leaves_nothing() {
    let bench = Bench::new();
    let mut child = begun(&bench);
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(stored(&bench).is_empty(), "{:?}", stored(&bench));
}

#[test]
fn ctrl_c_leaves_a_whole_state() {
    let bench = Bench::new();
    fs::create_dir(bench.path("tree")).unwrap();
    symlink("x", bench.path("tree/link")).unwrap();
    let manifest = bench.ok("manifest export tree").stdout;
    fs::create_dir(bench.path("new")).unwrap();
    let mut child = bench
        .command()
        .args(["manifest", "apply", "-", "new"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&manifest).unwrap();
    // It listens to signals before it reads; it has read when the pipe is empty.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.unwrap().success());
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(fs::read_dir(bench.path("new")).unwrap().count(), 0);
}

#[test]
fn at_the_limit_of_ext4_a_new_copy_starts() {
    let bench = Bench::new();
    let kind = Command::new("stat")
        .args(["-f", "-c", "%T"])
        .arg(bench.root())
        .output()
        .unwrap();
    if kind.stdout.trim_ascii() != b"ext2/ext3" {
        return Skip::new(
            SkipKind::Shared,
            "the limit of names of ext4",
            "the folder for temporary files is on another file system",
        )
        .report();
    }
    fs::create_dir(bench.path("t")).unwrap();
    fs::write(bench.path("t/n"), "data").unwrap();
    for number in 1..40_000 {
        fs::hard_link(bench.path("t/n"), bench.path(&format!("t/n{number}"))).unwrap();
    }
    let run = bench.ok("--json clone --hard t c");
    assert_eq!(run.json().pop().unwrap()["new_copies"], 1);
    assert_eq!(groups(&bench.path("c")), [15_000, 25_000]);
}
