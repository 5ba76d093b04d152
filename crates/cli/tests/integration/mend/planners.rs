//! Each verb that makes plans, and plans that do not fit.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use linkwright_testkit::{command, skip_unless};

use crate::program::Bench;

fn target(bench: &Bench, name: &str) -> String {
    let target = fs::read_link(bench.path(name)).unwrap();
    target.to_str().unwrap().to_owned()
}

/// The links of a directory, a line each: type, path, target.
fn link_lines(bench: &Bench, place: &str) -> String {
    let run = bench.ok(&format!("--json ls {place}"));
    let word = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or("-").to_owned();
    run.of_type("link")
        .iter()
        .map(|line| {
            let (kind, path) = (word(line, "type"), word(line, "path"));
            format!("{kind} {path} -> {}\n", word(line, "target"))
        })
        .collect()
}

/// How many names a file has.
fn name_count(bench: &Bench, place: &str) -> usize {
    let run = bench.ok(&format!("--json names {place}"));
    run.of_type("name").len()
}

/// A volume that is drive C, with a file, a directory and links.
fn image() -> Bench {
    let bench = Bench::new();
    bench.ok("volume create disk.img --size 16M");
    bench.ok("mkdir -p disk.img:/t/dir");
    fs::write(bench.path("data"), "some data").unwrap();
    bench.ok("cp data disk.img:/t/file");
    bench
}

#[test]
fn retarget_turns_every_kind_of_link_and_is_taken_back() {
    let bench = image();
    bench.ok("link -s --type file D:\\old\\f disk.img:/t/sym");
    bench.ok("link -j D:\\old\\d disk.img:/t/junction");
    bench.ok("link -s --type dir \\\\server\\share\\x disk.img:/t/share");
    bench.ok("link -s --type file D:\\older\\f disk.img:/t/other");
    let before = bench
        .ok("--json show disk.img:/t/sym disk.img:/t/junction")
        .stdout;
    let maps = "--map D:\\OLD=E:\\new --map \\\\SERVER\\share=\\\\b\\s";
    let preview = bench.ok(&format!("retarget {maps} -n disk.img:/t"));
    let done = bench.ok(&format!("retarget {maps} --yes --undo u disk.img:/t"));
    assert_eq!(preview.text(), done.text());
    let shown = bench.ok("--json show disk.img:/t/sym disk.img:/t/junction disk.img:/t/share");
    let links = shown.of_type("link");
    let name = |link: usize, key: &str| links[link][key].as_str().unwrap().to_owned();
    assert_eq!(name(0, "substitute_name"), "\\??\\E:\\new\\f");
    assert_eq!(name(0, "print_name"), "E:\\new\\f");
    assert_eq!(name(1, "substitute_name"), "\\??\\E:\\new\\d");
    assert_eq!(name(1, "print_name"), "E:\\new\\d");
    assert_eq!(name(2, "substitute_name"), "\\??\\UNC\\b\\s\\x");
    assert!(link_lines(&bench, "disk.img:/t").contains("-> D:\\older\\f"));
    bench.ok("undo u");
    let after = bench
        .ok("--json show disk.img:/t/sym disk.img:/t/junction")
        .stdout;
    assert_eq!(after, before);
    bench.ok("volume check disk.img");
    assert_eq!(bench.line("retarget --map D:\\a=b disk.img:/t").exit, 2);
}

#[test]
fn relative_and_absolute_are_ways_to_say_the_same() {
    let bench = image();
    bench.ok("link -s --type file C:\\t\\file disk.img:/t/dir/l");
    bench.ok("--drive C=disk.img relative --yes --undo u1 disk.img:/t");
    assert!(link_lines(&bench, "disk.img:/t/dir").contains("-> ..\\file"));
    // Without a letter an absolute path cannot be said.
    bench
        .line("absolute --yes --undo u2 disk.img:/t")
        .failed(3, "--drive C=IMAGE");
    bench.ok("--drive C=disk.img absolute --yes --undo u3 disk.img:/t");
    assert!(link_lines(&bench, "disk.img:/t/dir").contains("-> C:\\t\\file"));

    fs::create_dir(bench.path("h")).unwrap();
    fs::write(bench.path("h/f"), "x").unwrap();
    let whole = fs::canonicalize(bench.path("h/f")).unwrap();
    symlink(&whole, bench.path("h/l")).unwrap();
    bench.ok("relative --yes --undo u4 h");
    assert_eq!(target(&bench, "h/l"), "f");
    bench.ok("absolute --yes --undo u5 h");
    assert_eq!(target(&bench, "h/l"), whole.to_str().unwrap());
}

#[test]
fn prune_and_retype_mend_what_they_are_for() {
    let bench = image();
    bench.ok("link -s --type file nowhere disk.img:/t/dangling");
    bench.ok("link -s --type dir file disk.img:/t/wrong");
    bench.ok("retype --yes --undo u1 disk.img:/t");
    assert!(link_lines(&bench, "disk.img:/t").contains("file /t/wrong -> "));
    bench.ok("prune --yes --undo u2 disk.img:/t");
    assert!(!link_lines(&bench, "disk.img:/t").contains("dangling"));
    bench.ok("undo u2");
    bench.ok("undo u1");
    let text = link_lines(&bench, "disk.img:/t");
    assert!(text.contains("file /t/dangling -> nowhere"), "{text}");
    assert!(text.contains("dir /t/wrong -> "), "{text}");
    bench.ok("volume check disk.img");
}

#[test]
fn copies_take_the_place_of_links_on_an_image() {
    let bench = image();
    bench.ok("link disk.img:/t/file disk.img:/t/second");
    bench.ok("link -s --type file file disk.img:/t/sym");
    bench.ok("unlink-copies --yes --undo u disk.img:/t");
    for name in ["file", "second", "sym"] {
        assert_eq!(
            bench.ok(&format!("cat disk.img:/t/{name}")).text(),
            "some data"
        );
        assert_eq!(name_count(&bench, &format!("disk.img:/t/{name}")), 1);
    }
    bench.ok("volume check disk.img");
    bench.ok("undo u");
    assert_eq!(name_count(&bench, "disk.img:/t/file"), 2);
    assert!(link_lines(&bench, "disk.img:/t").contains("/t/sym -> file"));
    bench.ok("volume check disk.img");
}

#[test]
fn copies_take_the_place_of_links_on_the_host() {
    let bench = Bench::new();
    fs::create_dir(bench.path("h")).unwrap();
    fs::write(bench.path("h/a"), "x").unwrap();
    fs::set_permissions(bench.path("h/a"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(bench.path("h/a"), bench.path("h/b")).unwrap();
    symlink("a", bench.path("h/s")).unwrap();
    symlink(".", bench.path("h/d")).unwrap();
    let inode = |name: &str| fs::symlink_metadata(bench.path(name)).unwrap().ino();
    // A directory is not copied, and said so.
    bench
        .line("unlink-copies --yes --undo u h")
        .failed(3, "only files are copied");
    let modes: Vec<u32> = ["h/a", "h/b", "h/s"]
        .iter()
        .map(|name| fs::symlink_metadata(bench.path(name)).unwrap().mode() & 0o7777)
        .collect();
    assert_eq!(modes, [0o640; 3]);
    assert_ne!(inode("h/a"), inode("h/b"));
    bench.ok("undo u");
    assert_eq!(inode("h/a"), inode("h/b"));
    assert_eq!(target(&bench, "h/s"), "a");
    // A copy that was worked on is not thrown away.
    bench.ok("unlink-copies --kind hard --yes --undo v h");
    fs::write(bench.path("h/b"), "edited").unwrap();
    bench.line("undo v").failed(5, "the file was changed since");
    assert_eq!(fs::read_to_string(bench.path("h/b")).unwrap(), "edited");
}

/// A report as `fclones group -f json` writes it.
fn report(bench: &Bench, base: &str, files: &[String]) {
    let report = serde_json::json!({
        "header": {
            "version": "0.34.0",
            "timestamp": "2026-11-28T16:00:00.000+00:00",
            "command": ["fclones", "group", "-f", "json", "h"],
            "base_dir": base,
            "stats": { "group_count": 1, "total_file_count": files.len() }
        },
        "groups": [ { "file_len": 1, "file_hash": "00", "files": files } ]
    });
    fs::write(bench.path("r.json"), report.to_string()).unwrap();
}

#[test]
fn dedupe_joins_what_is_the_same_and_leaves_what_is_not() {
    let bench = Bench::new();
    fs::create_dir(bench.path("h")).unwrap();
    let root = fs::canonicalize(bench.root()).unwrap();
    for (name, data) in [("a", "x"), ("b", "x"), ("c", "y"), ("d", "x")] {
        fs::write(bench.path("h").join(name), data).unwrap();
    }
    fs::set_permissions(bench.path("h/d"), fs::Permissions::from_mode(0o600)).unwrap();
    let files: Vec<String> = ["a", "b", "c", "d"]
        .iter()
        .map(|name| root.join("h").join(name).to_str().unwrap().to_owned())
        .collect();
    report(&bench, root.to_str().unwrap(), &files);
    let times = fs::metadata(bench.path("h/b")).unwrap().modified().unwrap();
    let run = bench.line("dedupe --from r.json --yes --undo u h");
    run.failed(3, "its data is other data");
    assert!(run.stderr.contains("its attributes are others"), "{run:?}");
    let inode = |name: &str| fs::metadata(bench.path(name)).unwrap().ino();
    assert_eq!(inode("h/a"), inode("h/b"));
    assert_ne!(inode("h/a"), inode("h/c"));
    assert_ne!(inode("h/a"), inode("h/d"));
    bench.ok("undo u");
    assert_ne!(inode("h/a"), inode("h/b"));
    assert_eq!(
        fs::metadata(bench.path("h/b")).unwrap().modified().unwrap(),
        times
    );
    // What is not below the place is refused.
    report(&bench, "/", &["/etc/passwd".to_owned()]);
    bench.line("dedupe --from r.json -n h").failed(6, "--base");
    fs::write(bench.path("r.json"), "{}").unwrap();
    bench
        .line("dedupe --from r.json -n h")
        .failed(6, "no report of fclones");
}

/// The texts are what the crate stfu8 0.2.7 makes of the names: fclones 0.35.0
/// writes paths with it.
#[test]
fn dedupe_reads_names_as_fclones_escapes_them() {
    let bench = Bench::new();
    let root = fs::canonicalize(bench.root()).unwrap();
    let dir = root.join("h \u{e4}");
    fs::create_dir(&dir).unwrap();
    let names: [(&[u8], &str); 7] = [
        (b"plain", "plain"),
        (b"two words", "two words"),
        ("\u{e4}\u{1f517}".as_bytes(), "\u{e4}\u{1f517}"),
        (b"byte \xff", r"byte \xFF"),
        (b"new\nline\ttab", r"new\nline\ttab"),
        (b"esc \x1b", r"esc \x1B"),
        (br"back\nslash", r"back\\nslash"),
    ];
    let mut files = Vec::new();
    for (name, text) in names {
        fs::write(dir.join(OsStr::from_bytes(name)), "same").unwrap();
        files.push(format!("{}/{text}", dir.to_str().unwrap()));
    }
    report(&bench, root.to_str().unwrap(), &files);
    bench.run([
        "dedupe", "--from", "r.json", "--yes", "--undo", "u", "h \u{e4}",
    ]);
    let inode = |name: &[u8]| {
        fs::metadata(dir.join(OsStr::from_bytes(name)))
            .unwrap()
            .ino()
    };
    for (name, text) in names {
        assert_eq!(inode(name), inode(b"plain"), "{text}");
    }
    for wrong in [r"a\q", r"a\x1", "a\\x1\u{e4}", "a\\"] {
        report(&bench, root.to_str().unwrap(), &[wrong.to_owned()]);
        bench
            .run(["dedupe", "--from", "r.json", "-n", "h \u{e4}"])
            .failed(6, "escapes nothing");
    }
}

#[test]
fn dedupe_stays_below_the_link_limit() {
    let bench = Bench::new();
    bench.ok("volume create disk.img --size 32M");
    fs::create_dir(bench.path("t")).unwrap();
    let names: Vec<String> = (0..1100).map(|number| format!("f{number:04}")).collect();
    for name in &names {
        fs::write(bench.path("t").join(name), "same").unwrap();
    }
    bench.ok("cp -r t disk.img:/t");
    let files: Vec<String> = names.iter().map(|name| format!("/mnt/t/{name}")).collect();
    report(&bench, "/mnt", &files);
    let run = bench.ok("--json dedupe --from r.json --base /mnt/t --yes --undo u disk.img:/t");
    assert_eq!(run.json().last().unwrap()["done"], 1098);
    assert_eq!(name_count(&bench, "disk.img:/t/f0000"), 1024);
    assert_eq!(name_count(&bench, "disk.img:/t/f1099"), 76);
    bench.ok("volume check disk.img");
    bench.ok("undo u");
    assert_eq!(name_count(&bench, "disk.img:/t/f0000"), 1);
    bench.ok("volume check disk.img");
}

#[test]
fn a_plan_that_does_not_fit_any_more_is_refused_whole() {
    let bench = Bench::new();
    fs::create_dir(bench.path("h")).unwrap();
    for name in ["a", "b", "c"] {
        symlink("/old/x", bench.path("h").join(name)).unwrap();
    }
    bench.ok("retarget --map /old=/new --plan p h");
    fs::remove_file(bench.path("h/b")).unwrap();
    symlink("elsewhere", bench.path("h/b")).unwrap();
    let run = bench.line("apply p");
    run.failed(5, "ERROR_FILE_INVALID, 1006");
    assert!(run.stderr.contains("h/b"), "{run:?}");
    assert_eq!(target(&bench, "h/a"), "/old/x");
    assert!(!bench.path("p.undo").exists());
    assert_eq!(bench.line("apply p --skip-changed").exit, 3);
    assert_eq!(target(&bench, "h/a"), "/new/x");
    assert_eq!(target(&bench, "h/b"), "elsewhere");
    bench.ok("undo p.undo");
    assert_eq!(target(&bench, "h/a"), "/old/x");
    assert_eq!(target(&bench, "h/b"), "elsewhere");
    // A link in the place of the directory leads nobody elsewhere.
    fs::rename(bench.path("h"), bench.path("moved")).unwrap();
    fs::create_dir(bench.path("h")).unwrap();
    bench
        .line("apply p --undo q")
        .failed(5, "not the place that was planned for");
}

#[test]
fn plans_are_taken_on_no_trust() {
    let bench = Bench::new();
    fs::create_dir(bench.path("h")).unwrap();
    symlink("/old/x", bench.path("h/a")).unwrap();
    bench.ok("retarget --map /old=/new --plan p h");
    let plan = fs::read_to_string(bench.path("p")).unwrap();
    let refused = |text: String, why: &str| {
        fs::write(bench.path("q"), text).unwrap();
        let run = bench.line("apply q");
        run.failed(5, "ERROR_INVALID_PARAMETER");
        assert!(run.stderr.contains(why), "{run:?}");
        assert_eq!(target(&bench, "h/a"), "/old/x");
    };
    refused(
        plan.replace("\"path\":\"a\"", "\"path\":\"../a\""),
        "leads out of the place",
    );
    refused(
        plan.replace("\"path\":\"a\"", "\"path\":\"/a\""),
        "leads out of the place",
    );
    // What people read must be what is done.
    refused(
        plan.replace("\"target\":\"/new/x\"", "\"target\":\"/nice\""),
        "not what its words say",
    );
    refused(plan.replace("\"version\":1", "\"version\":2"), "version 2");
    refused(
        plan.lines().take(2).collect::<Vec<_>>().join("\n"),
        "cut off",
    );
    refused(
        plan.replace("\"steps\":1", "\"steps\":2"),
        "counts other steps",
    );
    refused("x".repeat(2 << 20), "more than");
    refused(String::new(), "no header");
    assert_eq!(bench.line("undo p").exit, 2);
}

/// On a terminal, which `script` makes.
#[test]
fn progress_counts_what_is_looked_at() {
    skip_unless!(command::installed("script", "bsdutils"));
    let bench = Bench::new();
    bench.ok("volume create disk.img --size 16M");
    fs::create_dir(bench.path("t")).unwrap();
    for number in 0..30 {
        fs::write(bench.path(&format!("t/f{number}")), "x").unwrap();
    }
    bench.ok("cp -r t disk.img:/t");
    for number in 0..3 {
        bench.ok(&format!("link -s --type file /old disk.img:/t/l{number}"));
    }
    for (line, expected) in [
        ("retarget --map /old=/new -n disk.img:/t", "0 of 3,"),
        ("relative -n disk.img:/t", "0 of 3,"),
        ("audit disk.img:/t", "0 of 3,"),
    ] {
        let command = format!("stty cols 100; {} {line}", env!("CARGO_BIN_EXE_linkwright"));
        let output = std::process::Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(bench.root())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains(expected), "{line}: {shown}");
    }
}
