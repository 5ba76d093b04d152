//! Verbs on paths of the host.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::program::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).unwrap();
    fs::write(bench.path("d/g"), "inside").unwrap();
    fs::write(bench.path("f"), "data").unwrap();
    bench
}

#[test]
fn link_makes_hard_links() {
    let bench = bench();
    bench.ok("link f h");
    assert_eq!(fs::metadata(bench.path("f")).unwrap().nlink(), 2);
    bench
        .line("link f h")
        .failed(6, "ERROR_ALREADY_EXISTS, 183");
    bench
        .line("link none x")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    bench
        .line("link f none/x")
        .failed(6, "ERROR_PATH_NOT_FOUND, 3");
    bench.line("link d x").failed(6, "ERROR_ACCESS_DENIED, 5");
    bench.ok("link f d/");
    assert_eq!(fs::metadata(bench.path("d/f")).unwrap().nlink(), 3);
}

#[test]
fn link_makes_symbolic_links_with_the_text_as_given() {
    let bench = bench();
    bench.ok("link -s no/such s");
    assert_eq!(
        fs::read_link(bench.path("s")).unwrap(),
        Path::new("no/such")
    );
    bench.ok("link -s --relative f d/up");
    assert_eq!(
        fs::read_link(bench.path("d/up")).unwrap(),
        Path::new("../f")
    );
    bench.ok("link -s --absolute f abs");
    let target = fs::read_link(bench.path("abs")).unwrap();
    assert_eq!(target, bench.root().canonicalize().unwrap().join("f"));
    bench.line("link -s x s").failed(6, "183");
    bench.ok("link -s --replace y s");
    assert_eq!(fs::read_link(bench.path("s")).unwrap(), Path::new("y"));
    bench
        .line("link -s --replace y d")
        .failed(6, "ERROR_ACCESS_DENIED, 5");
    bench
        .line("link -j d j")
        .failed(4, "ERROR_NOT_SUPPORTED, 50");
}

#[test]
fn replacing_a_name_by_another_of_the_same_file_leaves_one() {
    let bench = bench();
    bench.ok("link f h");
    bench.ok("link --replace f h");
    let names: Vec<_> = fs::read_dir(bench.root()).unwrap().collect();
    assert_eq!(names.len(), 3);
    assert_eq!(fs::metadata(bench.path("f")).unwrap().nlink(), 2);
}

#[test]
fn dry_runs_change_nothing() {
    let bench = bench();
    let said = bench.ok("link -n f h");
    assert_eq!(said.text(), "would make h -> f\n");
    bench.line("link -n none h").failed(6, "2");
    bench.ok("rm -n f");
    bench.ok("rm -r -n d");
    bench.ok("mv -n f x");
    bench.ok("mkdir -n x");
    bench.ok("mkdir -n -p x/y/z");
    bench.ok("cp -n -r d x");
    let mut names: Vec<_> = fs::read_dir(bench.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["d", "f"]);
    assert!(bench.path("d/g").exists());
}

#[test]
fn ls_tells_links_from_the_rest() {
    let bench = bench();
    bench.ok("link f h");
    symlink("d", bench.path("to_d")).unwrap();
    symlink("gone", bench.path("broken")).unwrap();
    let run = bench.ok("ls --json");
    let find = |path: &str| {
        let lines = run.json();
        lines.into_iter().find(|line| line["path"] == path).unwrap()
    };
    let hard = find("h");
    assert_eq!(hard["message_type"], "link");
    assert_eq!((&hard["kind"], &hard["names"]), (&"hard".into(), &2.into()));
    let to_d = find("to_d");
    assert_eq!(
        (&to_d["kind"], &to_d["type"]),
        (&"symlink".into(), &"dir".into())
    );
    assert_eq!(
        (&to_d["target"], &to_d["broken"]),
        (&"d".into(), &false.into())
    );
    assert_eq!(find("broken")["broken"], true);
    let dir = find("d");
    assert_eq!(
        (&dir["message_type"], &dir["type"]),
        (&"entry".into(), &"dir".into())
    );
    let summary = run.json().pop().unwrap();
    assert_eq!(
        (&summary["links"], &summary["broken"]),
        (&4.into(), &1.into())
    );
    assert!(bench.ok("ls -R").text().contains("d/g"));
    let only = bench.ok("ls --kind symlink --json");
    assert_eq!(only.of_type("link").len(), 2);
    assert!(only.of_type("entry").is_empty());
    bench.line("ls none").failed(6, "ERROR_FILE_NOT_FOUND, 2");
    assert_eq!(bench.line("ls none f").exit, 3);
}

#[test]
fn names_that_are_not_utf8_come_with_their_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new();
    let name = std::ffi::OsStr::from_bytes(b"a\xff");
    symlink("x", bench.root().join(name)).unwrap();
    let run = bench.ok("ls --json");
    let link = &run.of_type("link")[0];
    assert_eq!(link["path_bytes"], serde_json::json!([97, 255]));
    // Not a terminal: byte for byte.
    let text = bench.ok("ls");
    assert!(text.stdout.windows(2).any(|pair| pair == b"a\xff"));
}

#[test]
fn show_says_all_of_one_link() {
    let bench = bench();
    symlink("d/g", bench.path("s")).unwrap();
    let run = bench.ok("show --json s");
    let link = &run.of_type("link")[0];
    assert_eq!(
        (&link["target"], &link["relative"]),
        (&"d/g".into(), &true.into())
    );
    assert!(bench.ok("show s").text().contains("target           d/g"));
    // A file with one name has that; others cannot be found from the file.
    assert_eq!(bench.ok("names f").text().lines().count(), 2);
    fs::hard_link(bench.path("f"), bench.path("g")).unwrap();
    bench.line("names f").failed(4, "ERROR_NOT_SUPPORTED, 50");
}

#[test]
fn rm_removes_links_and_never_what_they_point_to() {
    let bench = bench();
    symlink("d", bench.path("to_d")).unwrap();
    symlink(bench.path("d"), bench.path("d/loop")).unwrap();
    bench.ok("rm to_d");
    assert!(bench.path("d/g").exists());
    bench.line("rm d").failed(6, "rm -r");
    fs::create_dir(bench.path("outside")).unwrap();
    fs::write(bench.path("outside/x"), "kept").unwrap();
    symlink("../outside", bench.path("d/out")).unwrap();
    bench.ok("rm -r d");
    assert!(!bench.path("d").exists());
    assert_eq!(fs::read(bench.path("outside/x")).unwrap(), b"kept");
    assert_eq!(bench.line("rm f none").exit, 3);
}

#[test]
fn mklink_has_cmds_words() {
    let bench = bench();
    let run = bench.ok("mklink s f");
    assert_eq!(run.text(), "symbolic link created for s <<===>> f\n");
    let run = bench.ok("mklink /h h f");
    assert_eq!(run.text(), "Hardlink created for h <<===>> f\n");
    let again = bench.line("mklink /H h f");
    assert_eq!(again.exit, 1);
    assert!(
        again
            .stderr
            .contains("Cannot create a file when that file already exists.")
    );
    let dir = bench.line("mklink /H x d");
    assert!(dir.stderr.contains("Access is denied."));
    assert_eq!(dir.exit, 1);
    let none = bench.line("mklink /H x none");
    assert!(
        none.stderr
            .contains("The system cannot find the file specified.")
    );
    let wrong = bench.line("mklink x");
    assert_eq!(wrong.exit, 1);
    assert!(
        wrong
            .stderr
            .contains("The syntax of the command is incorrect.")
    );
    assert!(
        bench
            .line("mklink /?")
            .text()
            .contains("MKLINK [[/D] | [/H] | [/J]] Link Target")
    );
}

#[test]
fn mv_mkdir_and_cat() {
    let bench = bench();
    bench.ok("mkdir a");
    bench.line("mkdir a").failed(6, "183");
    bench.line("mkdir x/y").failed(6, "ERROR_PATH_NOT_FOUND, 3");
    bench.ok("mkdir -p a/b/c a/b");
    bench.ok("mv f a");
    assert!(bench.path("a/f").exists());
    bench.line("mv a/f d/g").failed(6, "183");
    bench.ok("mv --replace a/f d/g");
    assert_eq!(bench.ok("cat d/g").text(), "data");
    assert_eq!(bench.with_input("cat - d/g", b"in ").text(), "in data");
    bench.line("cat d").failed(6, "ERROR_ACCESS_DENIED, 5");
}

#[test]
fn cp_copies_trees_and_streams() {
    let bench = bench();
    bench.ok("link d/g d/h");
    symlink("g", bench.path("d/s")).unwrap();
    bench.line("cp d e").failed(6, "cp -r");
    bench.ok("cp -r d e");
    assert_eq!(fs::metadata(bench.path("e/g")).unwrap().nlink(), 2);
    assert_eq!(fs::read_link(bench.path("e/s")).unwrap(), Path::new("g"));
    bench.ok("cp -r d e");
    assert!(bench.path("e/d/g").exists());
    bench.ok("cp f d/g e");
    assert_eq!(fs::read(bench.path("e/f")).unwrap(), b"data");
    assert_eq!(bench.with_input("cp - from_stdin", b"piped").exit, 0);
    assert_eq!(fs::read(bench.path("from_stdin")).unwrap(), b"piped");
    assert_eq!(bench.ok("cp from_stdin -").text(), "piped");
    let run = bench.ok("cp -r --json d x");
    let summary = run.json().pop().unwrap();
    assert_eq!(
        (&summary["files"], &summary["hard_links"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&summary["links"], &summary["directories"]),
        (&1.into(), &1.into())
    );
    assert_eq!(run.of_type("copied").len(), 4);
}

#[test]
fn cp_does_not_copy_a_tree_into_itself() {
    let bench = bench();
    let run = bench.line("cp -r d d/copy");
    assert_eq!(run.exit, 3);
    assert!(bench.path("d/copy/g").exists());
    assert!(!bench.path("d/copy/copy").exists());
    assert_eq!(bench.line("cp -r d d").exit, 3);
    bench
        .line("cp f f")
        .failed(6, "ERROR_INVALID_PARAMETER, 87");
    bench.ok("link f h");
    bench
        .line("cp f h")
        .failed(6, "ERROR_INVALID_PARAMETER, 87");
    assert_eq!(fs::read(bench.path("f")).unwrap(), b"data");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    for number in 0..3000 {
        fs::write(
            bench.path(&format!("a-name-that-is-long-enough-{number}")),
            "",
        )
        .unwrap();
    }
    let mut child = bench
        .command()
        .arg("ls")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn cp_lists_what_it_leaves_out() {
    let bench = bench();
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("d/socket")).unwrap();
    let run = bench.line("cp -r d e");
    assert_eq!(run.exit, 3);
    assert!(run.stderr.contains("d/socket"), "{run:?}");
    assert!(bench.path("e/g").exists());
}

#[test]
fn usage_is_status_2() {
    let bench = Bench::new();
    for line in [
        "",
        "nonsense",
        "link",
        "link -s -j a b",
        "--image --host ls",
        "--drive x ls",
        "--lock-wait -1 ls",
        "cat --json f",
        "volume create x.img",
        "volume create x.img --size lots",
        "ls X:/",
    ] {
        assert_eq!(bench.line(line).exit, 2, "{line}");
    }
}

#[test]
fn interrupted_by_the_user_is_status_130() {
    let bench = Bench::new();
    let mut child = bench
        .command()
        .args(["cp", "-", "out"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let pid = child.id();
    // Something was read, so the handler is there and the copy is under way.
    std::io::Write::write_all(&mut stdin, b"some").unwrap();
    let part = wait_for(|| {
        fs::read_dir(bench.root())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| fs::metadata(path).is_ok_and(|meta| meta.len() == 4))
    });
    assert!(part.to_string_lossy().contains(".part"));
    kill(pid);
    std::io::Write::write_all(&mut stdin, b"more").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(fs::read_dir(bench.root()).unwrap().count(), 0);
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it did not come in 10 s");
}

fn kill(pid: u32) {
    let done = std::process::Command::new("kill")
        .args(["-INT", &pid.to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn plain_lists_are_paths_of_the_wanted_kinds() {
    let bench = bench();
    bench.ok("link f d/h");
    symlink("g", bench.path("d/s")).unwrap();
    fs::create_dir(bench.path("d/e")).unwrap();
    symlink("..", bench.path("d/e/up")).unwrap();
    fs::write(bench.path("d/e/alone"), "").unwrap();
    let list = |line: &str| bench.ok(line).text();
    assert_eq!(list("ls --plain"), "d\nf\n");
    let all = "d\nf\nd/e\nd/g\nd/h\nd/s\nd/e/alone\nd/e/up\n";
    assert_eq!(list("ls -R --plain"), all);
    assert_eq!(list("ls -R --plain --kind symlink"), "d/s\nd/e/up\n");
    assert_eq!(list("ls -R --plain --kind hard"), "f\nd/h\n");
    assert_eq!(
        list("ls -R --plain --kind symlink,dir"),
        "d\nd/e\nd/s\nd/e/up\n"
    );
    assert_eq!(list("ls -R --plain --kind link d"), "d/h\nd/s\nd/e/up\n");
    assert_eq!(list("ls -R --plain --kind file d/"), "d/g\nd/e/alone\n");
    assert_eq!(list("ls --plain d/s"), "d/s\n");
    assert_eq!(list("ls --plain --kind dir d/s"), "");

    bench.ok("volume create v.img --size 8M");
    bench.ok("cp -r d v.img:/d");
    assert_eq!(
        list("ls -R --plain --kind symlink v.img:/"),
        "v.img:/d/s\nv.img:/d/e/up\n"
    );
    assert_eq!(
        list("ls -R --plain v.img:/d"),
        "v.img:/d/e\nv.img:/d/g\nv.img:/d/h\nv.img:/d/s\nv.img:/d/e/alone\nv.img:/d/e/up\n"
    );
    let lines = bench
        .ok("ls -R --plain --json --kind symlink d")
        .of_type("link");
    assert_eq!(lines.len(), 2, "with --json there is no plain form");
}
