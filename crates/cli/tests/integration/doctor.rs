//! `doctor` on file systems of many kinds: what it says is held against what
//! the test itself can do there.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use linkwright_testkit::oracle::{mkntfs, ntfs3g};
use linkwright_testkit::skip_unless;

use crate::program::Bench;

/// The answers about a place, by ability.
fn answers(bench: &Bench, place: &str) -> HashMap<String, (String, Option<String>)> {
    bench
        .run(["--json", "doctor", place])
        .of_type("ability")
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().map(str::to_owned);
            (
                text("ability").unwrap(),
                (text("answer").unwrap(), text("reason")),
            )
        })
        .collect()
}

fn word(does: bool) -> &'static str {
    if does { "yes" } else { "no" }
}

/// Tries by the standard library what `doctor` makes statements about.
fn tried(place: &Path) -> HashMap<&'static str, bool> {
    let own = place.join("tried");
    let writable = fs::create_dir(&own).is_ok();
    let file = own.join("f");
    fs::write(&file, "x").ok();
    let trials = HashMap::from([
        ("write", writable),
        ("hard_links", fs::hard_link(&file, own.join("g")).is_ok()),
        ("case_sensitive", writable && !own.join("F").exists()),
        (
            "long_names",
            fs::write(own.join("n".repeat(255)), "").is_ok(),
        ),
    ]);
    fs::remove_dir_all(&own).ok();
    trials
}

fn assert_true_of(bench: &Bench, place: &Path) -> HashMap<String, (String, Option<String>)> {
    let before = listing(place);
    let said = answers(bench, place.to_str().unwrap());
    assert_eq!(listing(place), before, "nothing stays behind");
    for (ability, does) in tried(place) {
        // On what cannot be written only that much can be known.
        if let Some((answer, reason)) = said.get(ability) {
            assert_eq!(
                answer,
                word(does),
                "{ability} on {}: {reason:?}",
                place.display()
            );
        }
    }
    said
}

fn listing(place: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_of_the_host() {
    let bench = Bench::new();
    let said = assert_true_of(&bench, bench.root());
    for (ability, answer) in [
        ("write", "yes"),
        ("hard_links", "yes"),
        ("file_symlinks", "yes"),
        ("directory_symlinks", "yes"),
        ("junctions", "no"),
        ("typed_links", "no"),
        ("long_paths", "yes"),
        ("named_streams", "no"),
        ("names_of_files", "no"),
    ] {
        assert_eq!(said[ability].0, answer, "{ability}");
    }
    fs::write(bench.path("f"), "x").unwrap();
    fs::hard_link(bench.path("f"), bench.path("g")).unwrap();
    let (answer, reason) = &answers(&bench, "f")["remaining_names"];
    match said["write"].1.as_ref().unwrap().starts_with("ext4") {
        true => assert_eq!(reason.as_deref(), Some("2 of 65000 names are taken")),
        false => assert!(["yes", "unknown"].contains(&answer.as_str())),
    }
    let rule = fs::read_to_string("/proc/sys/fs/protected_hardlinks").unwrap();
    assert_eq!(said["others_files"].0, word(rule.trim() == "0"));
}

#[test]
fn a_folder_in_memory() {
    let bench = Bench::new();
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        return println!("skipped: no /dev/shm here");
    };
    let said = assert_true_of(&bench, folder.path());
    assert_eq!(said["hard_links"].0, "yes");
    let reason = said["write"].1.clone().unwrap();
    assert!(reason.starts_with("tmpfs, mounted read-write"), "{reason}");
}

#[test]
fn a_mount_that_is_read_only() {
    let bench = Bench::new();
    let place = bench.path("mount");
    fs::create_dir(&place).unwrap();
    let mount = |arguments: &[&str]| {
        let run = Command::new("mount").args(arguments).arg(&place).output();
        run.is_ok_and(|run| run.status.success())
    };
    if !mount(&["--bind", bench.root().to_str().unwrap()]) {
        return println!("skipped: this user may not mount");
    }
    assert!(mount(&["-o", "remount,bind,ro"]));
    let said = assert_true_of(&bench, &place);
    Command::new("umount").arg(&place).status().unwrap();
    for ability in ["write", "hard_links", "file_symlinks"] {
        let (answer, reason) = &said[ability];
        assert_eq!(answer, "no");
        assert!(reason.as_ref().unwrap().contains("ERROR_WRITE_PROTECT, 19"));
    }
    assert!(
        said["write"]
            .1
            .as_ref()
            .unwrap()
            .contains("mounted read-only")
    );
    assert_eq!(
        said["junctions"].1.as_deref(),
        Some("the file system has none")
    );
}

#[test]
fn a_volume_mounted_by_ntfs_3g() {
    skip_unless!(ntfs3g::available());
    skip_unless!(mkntfs::available());
    let image = mkntfs::Mkntfs::new(64 << 20).make();
    let bench = Bench::new();
    {
        let mount = ntfs3g::Mount::new(image.path(), ntfs3g::Access::ReadWrite).unwrap();
        let said = assert_true_of(&bench, mount.path());
        for ability in [
            "hard_links",
            "file_symlinks",
            "directory_symlinks",
            "junctions",
        ] {
            assert_eq!(said[ability].0, "yes", "{ability}: {:?}", said[ability].1);
        }
        assert_eq!(said["typed_links"].0, "yes");
        assert_eq!(said["names_of_files"].0, "no");
        // True links of Windows are made there, as the volume says afterwards.
        fs::create_dir(mount.path().join("dir")).unwrap();
        let link = mount.path().join("link");
        let dir = mount.path().join("dir");
        let arguments = ["link", "-s", "--relative"].map(std::ffi::OsStr::new);
        let run = bench.run(
            arguments
                .into_iter()
                .chain([dir.as_os_str(), link.as_os_str()]),
        );
        assert_eq!(run.exit, 0, "{run:?}");
        mount.unmount().unwrap();
    }
    let place = format!("{}:/link", image.path().display());
    let shown = bench.run(["--json", "show", &place]);
    let link = &shown.of_type("link")[0];
    assert_eq!(link["kind"], "symlink");
    assert_eq!(link["type"], "dir");
    assert_eq!(link["print_name"], "dir");
}

#[test]
fn a_fat_volume() {
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if !known.contains("vfat") {
        return println!("skipped: this kernel has no vfat");
    }
    let bench = Bench::new();
    let image = bench.path("fat.img");
    fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let place = bench.path("fat");
    fs::create_dir(&place).unwrap();
    let run = |program: &str, arguments: &[&Path]| {
        let run = Command::new(program).args(arguments).output();
        run.is_ok_and(|run| run.status.success())
    };
    let loops = [Path::new("-o"), Path::new("loop"), &image, &place];
    if !run("mkfs.vfat", &[&image]) || !run("mount", &loops) {
        return println!("skipped: a FAT image can be neither made nor mounted");
    }
    let said = assert_true_of(&bench, &place);
    Command::new("umount").arg(&place).status().unwrap();
    let (answer, reason) = &said["hard_links"];
    assert_eq!(answer, "no");
    assert!(
        reason
            .as_ref()
            .unwrap()
            .contains("ERROR_INVALID_FUNCTION, 1")
    );
}

#[test]
fn a_volume_of_our_own() {
    let bench = Bench::new();
    bench.ok("volume create disk.img --size 32M");
    bench.ok("mkdir disk.img:/d");
    assert_eq!(bench.with_input("cp - disk.img:/d/f", b"x").exit, 0);
    bench.ok("link disk.img:/d/f disk.img:/d/g");
    let said = answers(&bench, "disk.img:/d");
    for ability in [
        "write",
        "hard_links",
        "file_symlinks",
        "directory_symlinks",
        "junctions",
        "typed_links",
        "long_names",
        "long_paths",
        "named_streams",
        "names_of_files",
    ] {
        assert_eq!(said[ability].0, "yes", "{ability}: {:?}", said[ability].1);
    }
    assert_eq!(said["case_sensitive"].0, "no");
    assert_eq!(bench.ok("ls disk.img:/d").text().lines().count(), 2);
    let file = bench.run(["--json", "doctor", "disk.img:/d/f"]);
    let left = file
        .of_type("ability")
        .into_iter()
        .find(|line| line["ability"] == "remaining_names")
        .unwrap();
    assert_eq!(left["number"], 1022);
    bench.ok("volume check disk.img");
}

#[test]
fn who_could_follow_the_links_below() {
    let bench = Bench::new();
    bench.ok("volume create disk.img --size 32M");
    bench.ok("mkdir disk.img:/d");
    bench.ok("link -s d disk.img:/relative");
    bench.ok("--drive C=disk.img link -j C:/d disk.img:/junction");
    bench.ok("link -s --type dir ./d disk.img:/slash");
    let unfollowed = |side: &str| -> Vec<String> {
        let run = bench.run([
            "--json",
            "--drive",
            "C=disk.img",
            "doctor",
            "--for",
            side,
            "disk.img:/",
        ]);
        let mut paths: Vec<String> = run
            .of_type("link")
            .iter()
            .filter(|line| line["followed"] == false)
            .map(|line| line["path"].as_str().unwrap().to_owned())
            .collect();
        paths.sort();
        paths
    };
    assert_eq!(unfollowed("windows"), ["/slash"]);
    assert_eq!(unfollowed("linux"), ["/junction"]);
    assert_eq!(unfollowed("wsl"), ["/slash"]);
    symlink("x", bench.path("posix")).unwrap();
    assert_eq!(bench.line("doctor --for windows posix").exit, 1);
}
