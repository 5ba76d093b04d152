//! `manifest`: round trips, differences by their names, hostile files.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::skip_unless;

use crate::program::{Bench, Run};

/// A tree of the host with groups, a link with two names, links that lead
/// nowhere and out, and a file whose other name is outside.
fn host_tree(bench: &Bench) {
    let tree = bench.path("tree");
    fs::create_dir_all(tree.join("sub/deep")).unwrap();
    fs::write(tree.join("a"), "alpha").unwrap();
    fs::write(tree.join("plain"), "plain").unwrap();
    fs::write(bench.path("outside"), "outside").unwrap();
    fs::hard_link(tree.join("a"), tree.join("sub/a2")).unwrap();
    fs::hard_link(tree.join("a"), tree.join("sub/deep/a3")).unwrap();
    fs::hard_link(bench.path("outside"), tree.join("lone")).unwrap();
    symlink("sub", tree.join("to_dir")).unwrap();
    fs::hard_link(tree.join("to_dir"), tree.join("to_dir2")).unwrap();
    symlink("../a", tree.join("sub/to_a")).unwrap();
    symlink("nowhere", tree.join("dangling")).unwrap();
    symlink("/etc", tree.join("absolute")).unwrap();
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff\n");
    symlink(odd, tree.join(odd)).unwrap();
}

/// An image with every kind of link, made by the program.
fn image(bench: &Bench, name: &str) {
    bench.ok(&format!("volume create --size 64M {name}"));
    bench.ok(&format!("mkdir -p {name}:/d/sub"));
    fs::write(bench.path("f"), "data").unwrap();
    bench.ok(&format!("cp f {name}:/d/f"));
    bench.ok(&format!("link {name}:/d/f {name}:/d/sub/f2"));
    bench.ok(&format!("link -s f {name}:/d/s"));
    bench.ok(&format!("link -s --type dir sub {name}:/d/sd"));
    bench.ok(&format!("link -s --type file C:\\gone {name}:/d/gone"));
    bench.ok(&format!("link -j --drive C={name} C:/d/sub {name}:/d/j"));
}

/// The names of the differences and their paths.
fn differences(run: &Run) -> Vec<String> {
    assert!(matches!(run.exit, 0 | 1), "{run:?}");
    let lines = run.of_type("difference");
    assert_eq!(run.exit, i32::from(!lines.is_empty()), "{run:?}");
    let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines
        .iter()
        .map(|line| format!("{} {}", text(line, "difference"), text(line, "path")))
        .collect()
}

#[test]
fn from_an_image_into_an_empty_one_and_no_difference() {
    skip_unless!(ntfs3g::available());
    let bench = Bench::new();
    image(&bench, "a.img");
    bench.ok("manifest export a.img:/ links.jsonl");
    for (name, content) in [("b.img", "--from a.img:/"), ("c.img", "--placeholders")] {
        bench.ok(&format!("volume create --size 64M {name}"));
        let dry = bench.ok(&format!("manifest apply -n {content} links.jsonl {name}:/"));
        let wet = bench.ok(&format!("manifest apply {content} links.jsonl {name}:/"));
        assert_eq!(dry.text().replace("would make", "made"), wet.text());
        bench.ok(&format!("manifest diff links.jsonl {name}:/"));
        bench.ok(&format!("manifest diff a.img:/ {name}:/"));
        bench.ok(&format!("volume check {name}"));
        let again = bench.ok(&format!("--json manifest apply links.jsonl {name}:/"));
        assert_eq!(again.json().pop().unwrap()["same"], 6);
    }
    let mount = Mount::new(&bench.path("b.img"), Access::ReadOnly).unwrap();
    let stat = |path: &str| fs::metadata(mount.path().join(path)).unwrap();
    assert_eq!(stat("d/f").nlink(), 2);
    assert_eq!(stat("d/f").ino(), stat("d/sub/f2").ino());
    assert_eq!(fs::read(mount.path().join("d/sub/f2")).unwrap(), b"data");
    let target = fs::read_link(mount.path().join("d/s")).unwrap();
    assert_eq!(target, Path::new("f"));
    mount.unmount().unwrap();
}

#[test]
fn from_a_host_to_the_host_and_no_difference() {
    let bench = Bench::new();
    host_tree(&bench);
    let exported = bench.ok("manifest export tree links.jsonl");
    assert!(exported.text().is_empty());
    assert_eq!(
        fs::read(bench.path("links.jsonl")).unwrap(),
        bench.ok("manifest export tree").stdout
    );
    fs::create_dir(bench.path("new")).unwrap();
    bench
        .line("manifest apply links.jsonl new")
        .failed(3, "--placeholders");
    bench.ok("manifest apply --from tree links.jsonl new");
    bench.ok("manifest diff tree new");
    bench.ok("manifest diff links.jsonl new");
    let stat = |path: &str| fs::symlink_metadata(bench.path(path)).unwrap();
    assert_eq!(stat("new/a").ino(), stat("new/sub/deep/a3").ino());
    assert_eq!(stat("new/a").nlink(), 3);
    assert_eq!(stat("new/to_dir").ino(), stat("new/to_dir2").ino());
    assert_eq!(fs::read(bench.path("new/sub/a2")).unwrap(), b"alpha");
    // What is no link is no part of it.
    assert!(!bench.path("new/plain").exists());
}

#[test]
fn files_that_are_there_get_their_names_back() {
    let bench = Bench::new();
    host_tree(&bench);
    bench.ok("manifest export tree links.jsonl");
    fs::remove_file(bench.path("tree/sub/a2")).unwrap();
    fs::remove_dir_all(bench.path("tree/sub/deep")).unwrap();
    fs::remove_file(bench.path("tree/to_dir")).unwrap();
    let run = bench.ok("manifest apply links.jsonl tree");
    assert_eq!(
        run.text(),
        "made hard  tree/sub/a2\nmade dir   tree/sub/deep\nmade hard  tree/sub/deep/a3\n\
         made hard  tree/to_dir\n"
    );
    bench.ok("manifest diff links.jsonl tree");
}

#[test]
fn each_difference_has_its_name() {
    let bench = Bench::new();
    image(&bench, "a.img");
    bench.ok("manifest export a.img:/ links.jsonl");
    // A restore that copies what links lead to.
    for (change, found) in [
        ("rm a.img:/d/s", "missing d/s"),
        ("link -s x a.img:/d/new --type file", "extra d/new"),
    ] {
        bench.ok(change);
        let run = bench.line("--json manifest diff links.jsonl a.img:/");
        assert!(differences(&run).contains(&found.to_owned()), "{run:?}");
    }
    bench.ok("link -s --type file g a.img:/d/s");
    bench.ok("rm a.img:/d/sd");
    bench.ok("link -s --type file sub a.img:/d/sd");
    bench.ok("rm a.img:/d/j");
    bench.ok("mkdir a.img:/d/j");
    bench.ok("rm a.img:/d/gone");
    bench.ok("link -j C:\\gone a.img:/d/gone");
    bench.ok("rm a.img:/d/sub/f2");
    bench.ok("cp f a.img:/d/sub/f2");
    let run = bench.line("--json manifest diff links.jsonl a.img:/");
    assert_eq!(
        differences(&run),
        [
            "became_copy d/f",
            "other_kind d/gone",
            "became_copy d/j",
            "extra d/new",
            "other_target d/s",
            "other_type d/sd",
            "became_copy d/sub/f2",
        ]
    );
    // Between two manifests it can only be said that they are links no more.
    bench.ok("manifest export a.img:/ later.jsonl");
    let run = bench.line("--json manifest diff links.jsonl later.jsonl");
    assert!(differences(&run).contains(&"missing d/j".to_owned()));
    // What is there stays.
    let run = bench.line("manifest apply links.jsonl a.img:/");
    run.failed(6, "something else has the name, and is kept");
    assert!(run.stderr.contains("ERROR_ALREADY_EXISTS"), "{run:?}");
    assert!(run.stderr.contains("those of several"), "{run:?}");
}

#[test]
fn groups_that_are_split_and_joined_are_told() {
    let bench = Bench::new();
    for tree in ["one", "two"] {
        fs::create_dir(bench.path(tree)).unwrap();
        for name in ["a", "c"] {
            fs::write(bench.path(tree).join(name), "x").unwrap();
        }
    }
    let link = |from: &str, to: &str| fs::hard_link(bench.path(from), bench.path(to)).unwrap();
    for (from, to) in [("a", "a2"), ("a", "b"), ("a", "b2")] {
        link(&format!("one/{from}"), &format!("one/{to}"));
    }
    link("two/a", "two/a2");
    fs::write(bench.path("two/b"), "x").unwrap();
    link("two/b", "two/b2");
    let run = bench.line("--json manifest diff one two --ignore times");
    assert_eq!(differences(&run), ["group_split a"]);
    assert_eq!(
        run.of_type("difference")[0]["names"],
        serde_json::json!(["a", "b"])
    );
    let run = bench.line("--json manifest diff two one --ignore times");
    assert_eq!(differences(&run), ["group_joined a"]);
}

#[test]
fn hostile_manifests_are_refused_with_their_line() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("place/in")).unwrap();
    let header = r#"{"message_type":"manifest","version":1,"names":"posix"}"#;
    let link = |path: &str| {
        format!(r#"{{"message_type":"link","path":"{path}","kind":"symlink","target":"x"}}"#)
    };
    let end = |links: u64| format!(r#"{{"message_type":"end","links":{links}}}"#);
    let hard = r#"{"message_type":"link","path":"a","kind":"hard","group":"1","names":2}"#;
    let cases = [
        (String::new(), "line 1: this is not a manifest"),
        (link("a"), "line 1: this is not a manifest"),
        (header.replace(":1,", ":2,"), "version 2"),
        (
            format!("{header}\n{}", link("../a")),
            "line 2: the path leads out",
        ),
        (
            format!("{header}\n{}", link("/etc/a")),
            "line 2: the path leads out",
        ),
        (
            format!("{header}\n{}", link("in/../../a")),
            "line 2: the path leads out",
        ),
        (
            format!("{header}\n{}", link("a\\u0000")),
            "line 2: the path leads out",
        ),
        (
            format!("{header}\n{0}\n{0}", link("a")),
            "line 3: the path has a line already",
        ),
        (format!("{header}\n{hard}\n"), "line 2: group is missing"),
        (format!("{header}\n{}", link("a")), "cut off"),
        (
            format!("{header}\n{}\n{}", link("a"), end(2)),
            "counts 2 links, and there are 1",
        ),
        (format!("{header}\n{{"), "line 2:"),
        (
            format!("{header}\n{}\n{}", end(0), link("a")),
            "line 3: this line cannot stand here",
        ),
        (
            format!("{header}\n{}", link("a").replace("target", "reparse_data")),
            "line 2: reparse_data",
        ),
    ];
    for (text, error) in cases {
        let run = bench.with_input("manifest apply - place", text.as_bytes());
        run.failed(6, error);
    }
    assert!(fs::read_dir(bench.path("place")).unwrap().count() == 1);
    // A link in the way of a path is not followed.
    symlink("..", bench.path("place/up")).unwrap();
    let text = format!("{header}\n{}\n{}\n", link("up/escaped"), end(1));
    let run = bench.with_input("manifest apply - place", text.as_bytes());
    run.failed(6, "ERROR_DIRECTORY");
    assert!(fs::symlink_metadata(bench.path("escaped")).is_err());
    // A line without an end.
    let endless = vec![b'{'; 3 << 20];
    let run = bench.with_input("manifest diff - place", &endless);
    run.failed(6, "line 1: the line is longer than");
}

#[test]
fn an_export_does_not_overwrite_and_leaves_no_part() {
    let bench = Bench::new();
    host_tree(&bench);
    fs::write(bench.path("kept"), "kept").unwrap();
    bench
        .line("manifest export tree kept")
        .failed(6, "ERROR_ALREADY_EXISTS");
    assert_eq!(fs::read(bench.path("kept")).unwrap(), b"kept");
    bench.ok("manifest export --replace tree kept");
    bench.ok("manifest diff kept tree");
    let parts = fs::read_dir(bench.root())
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("part")
        })
        .count();
    assert_eq!(parts, 0);
}

#[test]
fn links_of_a_host_go_into_an_image_as_copies_would() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("tree/sub")).unwrap();
    symlink("../sub", bench.path("tree/sub/back")).unwrap();
    symlink("nowhere", bench.path("tree/dangling")).unwrap();
    symlink("/etc", bench.path("tree/absolute")).unwrap();
    bench.ok("manifest export tree links.jsonl");
    bench.ok("volume create --size 64M a.img");
    let run = bench.line("manifest apply links.jsonl a.img:/");
    run.failed(
        3,
        "the absolute target /etc means nothing on the other side",
    );
    assert!(run.stderr.contains("type cannot be told"), "{run:?}");
    let run = bench.line("--json manifest diff links.jsonl a.img:/ --ignore times");
    assert_eq!(differences(&run), ["missing absolute", "missing dangling"]);
}
