//! `link` with fallbacks, and what it says of them.

use std::fs;
use std::os::unix::fs::MetadataExt;

use std::path::Path;

use linkwright_testkit::oracle::{mkntfs, ntfs3g};
use linkwright_testkit::skip_unless;

use crate::program::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).unwrap();
    fs::write(bench.path("d/g"), "inside").unwrap();
    fs::write(bench.path("f"), "data").unwrap();
    bench
}

#[test]
fn a_fallback_is_named_and_explained() {
    let bench = bench();
    let run = bench.ok("--json link -j d j --fallback symlink,copy");
    let created = &run.of_type("created")[0];
    assert_eq!(created["requested"], "junction");
    assert_eq!(created["made"], "symlink");
    assert_eq!(created["because_win32"], 50);
    assert_eq!(fs::read_link(bench.path("j")).unwrap().to_str(), Some("d"));

    // A directory has one name; the next that is possible is a link to it.
    let run = bench.ok("--json link d e --fallback junction,symlink");
    assert_eq!(run.of_type("created")[0]["made"], "symlink");
    assert_eq!(run.of_type("created")[0]["because_win32"], 5);

    let run = bench.ok("--json link f h --fallback copy");
    let created = &run.of_type("created")[0];
    assert_eq!(
        (&created["made"], &created["because"]),
        (&"hard".into(), &serde_json::Value::Null)
    );
    assert_eq!(fs::metadata(bench.path("f")).unwrap().nlink(), 2);
}

#[test]
fn a_dry_run_falls_back_as_the_real_one_and_makes_nothing() {
    let bench = bench();
    let run = bench.ok("--json link -n -j d j --fallback symlink,copy");
    let created = &run.of_type("created")[0];
    assert_eq!(
        (&created["requested"], &created["made"]),
        (&"junction".into(), &"symlink".into())
    );
    assert_eq!(created["because_win32"], 50);
    assert!(fs::symlink_metadata(bench.path("j")).is_err());
    bench
        .line("link -n -j d j")
        .failed(4, "ERROR_NOT_SUPPORTED, 50");
}

#[test]
fn without_a_fallback_nothing_else_is_made() {
    let bench = bench();
    bench
        .line("link -j d j")
        .failed(4, "ERROR_NOT_SUPPORTED, 50");
    bench
        .line("link -j d j --strict")
        .failed(4, "ERROR_NOT_SUPPORTED, 50");
    assert_eq!(bench.line("link -j d j --strict --fallback copy").exit, 2);
    assert!(!bench.path("j").exists());
    // A name that is taken is no reason to make something else.
    bench.line("link -j d f --fallback copy").failed(6, "183");
}

#[test]
fn a_file_goes_from_the_host_into_an_image_as_a_copy_only_when_allowed() {
    let bench = bench();
    bench.ok("volume create disk.img --size 16M");
    bench
        .line("link f disk.img:/f")
        .failed(6, "ERROR_NOT_SAME_DEVICE, 17");
    let run = bench.ok("--json link f disk.img:/f --fallback symlink,copy");
    let created = &run.of_type("created")[0];
    assert_eq!(created["made"], "copy");
    assert_eq!(created["because_win32"], 17);
    assert_eq!(bench.ok("cat disk.img:/f").stdout, b"data");
}

#[test]
fn the_limit_of_windows_holds_where_it_is_asked_for() {
    let bench = bench();
    for number in 1..1024 {
        fs::hard_link(bench.path("f"), bench.path(&format!("n{number}"))).unwrap();
    }
    bench
        .line("link --strict-windows f more")
        .failed(6, "ERROR_TOO_MANY_LINKS, 1142");
    let run = bench.ok("--json link --strict-windows f more --fallback copy");
    assert_eq!(run.of_type("created")[0]["made"], "copy");
    bench.ok("link f many");
    assert_eq!(fs::metadata(bench.path("f")).unwrap().nlink(), 1025);
}

#[test]
fn texts_are_translated_only_when_asked() {
    let bench = bench();
    bench.ok(r"link -s d\g verbatim");
    assert_eq!(
        fs::read_link(bench.path("verbatim")).unwrap().to_str(),
        Some(r"d\g")
    );
    bench.ok(r"link -s --translate d\g turned");
    assert_eq!(
        fs::read_link(bench.path("turned")).unwrap().to_str(),
        Some("d/g")
    );
    assert_eq!(bench.line(r"link -s --translate C:\x drive").exit, 2);
    bench.ok("volume create disk.img --size 16M");
    bench.ok("mkdir disk.img:/d");
    bench.ok("link -s --translate --type file d/g disk.img:/l");
    let run = bench.ok("--json show disk.img:/l");
    assert_eq!(run.of_type("link")[0]["target"], r"d\g");
}

#[test]
fn a_junction_takes_the_place_of_another() {
    let bench = bench();
    bench.ok("volume create disk.img --size 16M");
    bench.ok("mkdir disk.img:/a");
    bench.ok("mkdir disk.img:/b");
    bench.ok("--drive C=disk.img link -j C:/a disk.img:/j");
    bench.ok("--drive C=disk.img link -j --replace C:/b disk.img:/j");
    let run = bench.ok("--json show disk.img:/j");
    assert_eq!(run.of_type("link")[0]["target"], r"C:\b");
    // And a symbolic link the place of a junction.
    bench.ok("link -s --replace a disk.img:/j");
    let run = bench.ok("--json show disk.img:/j");
    assert_eq!(run.of_type("link")[0]["kind"], "symlink");
    bench.ok("volume check disk.img");
}

/// Makes, lists, replaces and removes a link of each kind in a folder of the
/// host; `junctions` says whether it can hold them.
fn every_kind_in(bench: &Bench, folder: &Path, junctions: bool) {
    fs::create_dir(folder.join("d")).unwrap();
    fs::write(folder.join("d/inside"), "inside").unwrap();
    fs::write(folder.join("f"), "data").unwrap();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let kinds: &[(&str, &[&str], &str)] = &[
        ("hard", &["link"], "f"),
        ("symlink", &["link", "-s", "--relative"], "f"),
        ("symlink", &["link", "-s", "--relative"], "d"),
        ("junction", &["link", "-j"], r"C:\d"),
    ];
    for (kind, words, target) in kinds {
        let target = match *kind {
            "junction" => (*target).to_owned(),
            _ => at(target),
        };
        let run = |more: &[&str]| {
            let own = [target.clone(), at("link")];
            let words = words.iter().chain(more).map(|word| (*word).to_owned());
            bench.run(words.chain(own))
        };
        let made = run(&[]);
        if *kind == "junction" && !junctions {
            made.failed(4, "ERROR_NOT_SUPPORTED, 50");
            assert!(
                made.stderr.contains("make a symbolic link with -s"),
                "the remedy"
            );
            continue;
        }
        assert_eq!(made.exit, 0, "{made:?}");
        let listed = |name: &str| {
            let run = bench.run(["--json", "ls", at(name).as_str()]);
            run.of_type("link")[0]["kind"].clone()
        };
        assert_eq!(listed("link"), *kind);
        run(&[]).failed(6, "ERROR_ALREADY_EXISTS, 183");
        let replaced = run(&["--replace"]);
        assert_eq!(replaced.exit, 0, "{kind}: {replaced:?}");
        assert_eq!(listed("link"), *kind);
        assert_eq!(bench.run(["rm", at("link").as_str()]).exit, 0);
        assert_eq!(fs::read(folder.join("f")).unwrap(), b"data");
        assert_eq!(fs::read(folder.join("d/inside")).unwrap(), b"inside");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "{kind}");
    }
}

#[test]
fn every_kind_on_the_disk_and_in_memory() {
    let bench = Bench::new();
    let folder = bench.path("folder");
    fs::create_dir(&folder).unwrap();
    every_kind_in(&bench, &folder, false);
    match tempfile::tempdir_in("/dev/shm") {
        Ok(folder) => every_kind_in(&bench, folder.path(), false),
        Err(_) => println!("skipped: no /dev/shm here"),
    }
}

#[test]
fn every_kind_on_a_volume_mounted_by_ntfs_3g() {
    skip_unless!(ntfs3g::available());
    skip_unless!(mkntfs::available());
    let image = mkntfs::Mkntfs::new(64 << 20).make();
    let bench = Bench::new();
    let mount = ntfs3g::Mount::new(image.path(), ntfs3g::Access::ReadWrite).unwrap();
    let folder = mount.path().join("folder");
    fs::create_dir(&folder).unwrap();
    every_kind_in(&bench, &folder, true);
    mount.unmount().unwrap();
    bench.ok(&format!("volume check {}", image.path().display()));
}
