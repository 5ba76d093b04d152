//! Verbs on volumes in images.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::sync::Arc;

use linkwright_device::{BlockDevice, FileDevice, FileOptions, MemoryDevice};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Volume};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_testkit::oracle::rust_fs_ntfs;
use serde_json::Value;

use crate::program::Bench;

/// An empty volume `v.img`.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok("volume create v.img --size 32M --label test");
    bench
}

/// The checker finds no damage, and nothing that does not match.
fn sound(bench: &Bench) {
    let run = bench.line("volume check --json v.img");
    let bad: Vec<Value> = run
        .of_type("problem")
        .into_iter()
        .filter(|problem| problem["severity"] != "note")
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

fn find(bench: &Bench, line: &str, path: &str) -> Value {
    let lines = bench.ok(line).json();
    let found = lines.iter().find(|line| line["path"] == path);
    found
        .unwrap_or_else(|| panic!("{path}: {lines:#?}"))
        .clone()
}

#[test]
fn a_volume_is_made_shown_and_sound() {
    let bench = bench();
    let info = &bench.ok("volume info --json v.img").of_type("volume")[0];
    assert_eq!(info["label"], "test");
    assert_eq!(info["version"], "3.1");
    assert_eq!(info["cluster_size"], 4096);
    assert_eq!(info["dirty"], false);
    assert_eq!(bench.ok("volume check v.img").exit, 0);
    bench
        .line("volume create v.img --size 8M")
        .failed(6, "ERROR_ALREADY_EXISTS, 183");
    bench.ok("volume create --replace v.img --size 8M --cluster-size 64K --record-size 4K");
    let info = &bench.ok("volume info --json v.img").of_type("volume")[0];
    assert_eq!(
        (&info["cluster_size"], &info["record_size"]),
        (&65536.into(), &4096.into())
    );
    bench
        .line("volume create tiny.img --size 1M")
        .failed(2, "2097152");
    assert!(!bench.path("tiny.img").exists());
    assert_eq!(fs::read_dir(bench.root()).unwrap().count(), 1);
}

#[test]
fn the_same_serial_and_time_give_the_same_bytes() {
    let bench = Bench::new();
    for name in ["a.img", "b.img"] {
        bench.ok(&format!(
            "volume create {name} --size 4M --serial 1122-3344-5566-7788 --time 1700000000"
        ));
    }
    assert!(fs::read(bench.path("a.img")).unwrap() == fs::read(bench.path("b.img")).unwrap());
}

#[test]
fn every_kind_of_link_is_made_and_listed() {
    let bench = bench();
    bench.ok("mkdir v.img:/d v.img:/l");
    bench.with_input("cp - v.img:/d/f", b"data");
    bench.ok("link v.img:/d/f v.img:/l/hard");
    bench.ok(r"link -s ..\d\f v.img:/l/file");
    bench.ok(r"link -s ..\d v.img:/l/dir");
    bench.ok(r"link -s --type file gone v.img:/l/dangling");
    bench.ok("link -s --relative v.img:/d/f v.img:/l/worked_out");
    bench.ok("--drive C=v.img link -s --absolute C:/d C:/l/absolute");
    bench.ok("--drive C=v.img link -j C:/d C:/l/junction");
    bench.ok(r"link -j E:\elsewhere v.img:/l/unknown");
    let list = "--drive C=v.img ls -R --json v.img:/";
    let link = |path: &str| find(&bench, list, path);

    let hard = link("/l/hard");
    assert_eq!((&hard["kind"], &hard["names"]), (&"hard".into(), &2.into()));
    assert_eq!(hard["record"], link("/d/f")["record"]);
    let file = link("/l/file");
    assert_eq!(
        (&file["kind"], &file["type"]),
        (&"symlink".into(), &"file".into())
    );
    assert_eq!(file["tag"], "0xA000000C");
    assert_eq!(file["substitute_name"], r"..\d\f");
    assert_eq!(file["print_name"], r"..\d\f");
    assert_eq!(
        (&file["relative"], &file["broken"]),
        (&true.into(), &false.into())
    );
    assert_eq!(link("/l/dir")["type"], "dir");
    assert_eq!(link("/l/dangling")["broken"], true);
    assert_eq!(link("/l/worked_out")["target"], r"..\d\f");
    let absolute = link("/l/absolute");
    assert_eq!(absolute["substitute_name"], r"\??\C:\d");
    assert_eq!(
        (&absolute["target"], &absolute["broken"]),
        (&r"C:\d".into(), &false.into())
    );
    let junction = link("/l/junction");
    assert_eq!(
        (&junction["kind"], &junction["tag"]),
        (&"junction".into(), &"0xA0000003".into())
    );
    assert_eq!(
        (&junction["relative"], &junction["broken"]),
        (&false.into(), &false.into())
    );
    assert_eq!(link("/l/unknown")["broken"], Value::Null);
    assert_eq!(link("/l/file")["location"], "v.img:/l/file");

    let only = bench
        .ok("ls -R --json --kind junction v.img:/")
        .of_type("link");
    assert_eq!(only.len(), 2);
    let names = bench.ok("names --json v.img:/l/hard").of_type("name");
    let mut paths: Vec<&str> = names
        .iter()
        .map(|name| name["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/d/f", "/l/hard"]);
    assert_eq!(bench.ok("cat v.img:/l/file").text(), "data");
    assert_eq!(
        bench.ok("--drive C=v.img cat C:/l/absolute/f").text(),
        "data"
    );
    assert_eq!(
        bench.ok("--drive C=v.img cat C:/l/junction/f").text(),
        "data"
    );
    bench
        .line("cat v.img:/l/junction/f")
        .failed(6, "ERROR_SYMLINK_CLASS_DISABLED");
    bench
        .line("cat v.img:/l/dangling")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    let shown = &bench.ok("show --json v.img:/l/file").of_type("link")[0];
    assert_eq!(shown["tag_name"], "IO_REPARSE_TAG_SYMLINK");
    assert!(
        shown["reparse_data"]
            .as_str()
            .unwrap()
            .starts_with("0c0000a0")
    );
    sound(&bench);
}

#[test]
fn what_cannot_be_linked_says_why() {
    let bench = bench();
    bench.ok("mkdir v.img:/d");
    bench.with_input("cp - v.img:/f", b"data");
    bench
        .line("link v.img:/d v.img:/x")
        .failed(6, "ERROR_ACCESS_DENIED, 5");
    bench
        .line("link v.img:/f v.img:/d")
        .failed(6, "ERROR_ALREADY_EXISTS, 183");
    bench
        .line("link v.img:/f v.img:/n/x")
        .failed(6, "ERROR_PATH_NOT_FOUND, 3");
    bench
        .line("link v.img:/n v.img:/x")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    bench
        .line("link v.img:/f x")
        .failed(6, "ERROR_NOT_SAME_DEVICE, 17");
    bench.line("link -s gone v.img:/x").failed(6, "--type");
    bench
        .line("link -s v.img:/f v.img:/x")
        .failed(2, "--relative");
    bench.line("link -j v.img:/d v.img:/x").failed(2, "--drive");
    bench
        .line("--drive C=v.img link -j C:/f C:/x")
        .failed(6, "ERROR_DIRECTORY, 267");
    bench
        .line("--drive C=v.img link -j C:/n C:/x")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    let long = "x".repeat(33_000);
    bench
        .line(&format!("link -s --type file {long} v.img:/x"))
        .failed(6, "ERROR_FILENAME_EXCED_RANGE, 206");
    let names: Vec<Value> = bench.ok("ls --json v.img:/").of_type("entry");
    assert_eq!(names.len(), 2);
    sound(&bench);
}

#[test]
fn mklink_on_an_image() {
    let bench = bench();
    bench.ok("mkdir v.img:/d");
    let c = "--drive C=v.img mklink";
    let run = bench.ok(&format!(r"{c} /D C:\to_d d"));
    assert_eq!(run.text(), "symbolic link created for C:\\to_d <<===>> d\n");
    let run = bench.ok(&format!(r"{c} /J C:\j C:\d"));
    assert_eq!(run.text(), "Junction created for C:\\j <<===>> C:\\d\n");
    let run = bench.line(&format!(r"{c} /H C:\h C:\d"));
    assert_eq!(run.exit, 1);
    assert!(run.stderr.contains("Access is denied."));
    assert_eq!(
        bench
            .line(&format!(r"{c} --json /H C:\h C:\d"))
            .of_type("error")
            .len(),
        1
    );
    let list = "--drive C=v.img ls --json v.img:/";
    assert_eq!(find(&bench, list, "/to_d")["type"], "dir");
    assert_eq!(find(&bench, list, "/j")["kind"], "junction");
    sound(&bench);
}

#[test]
fn streams_go_in_and_out() {
    let bench = bench();
    bench.with_input("cp - v.img:/f", b"data");
    bench.with_input("cp - v.img:/f:s", b"stream");
    assert_eq!(bench.ok("cat v.img:/f").text(), "data");
    assert_eq!(bench.ok("cat v.img:/f:s").text(), "stream");
    assert_eq!(bench.ok("cat v.img:/f:s:$DATA").text(), "stream");
    bench.ok("cp v.img:/f:s out");
    assert_eq!(fs::read(bench.path("out")).unwrap(), b"stream");
    bench.ok("cp out v.img:/f:t");
    let shown = &bench.ok("show --json v.img:/f").of_type("entry")[0];
    assert_eq!(shown["streams"].as_array().unwrap().len(), 2);
    bench
        .line("cat v.img:/f:none")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    // Out of the image the file alone fits, and that is said.
    let run = bench.line("cp v.img:/f plain");
    assert_eq!(run.exit, 3);
    assert!(run.stderr.contains("lost: stream s (6 bytes)"), "{run:?}");
    bench.ok("cp v.img:/f v.img:/g");
    assert_eq!(bench.ok("cat v.img:/g:s").text(), "stream");
    sound(&bench);
}

#[test]
fn rm_and_mv_on_an_image() {
    let bench = bench();
    bench.ok("mkdir -p v.img:/d/e v.img:/kept");
    bench.with_input("cp - v.img:/kept/f", b"data");
    bench.ok(r"link -s ..\..\kept v.img:/d/e/link");
    bench.ok("--drive C=v.img link -j C:/kept C:/d/junction");
    bench.line("rm v.img:/d").failed(6, "rm -r");
    bench.ok("mv v.img:/d v.img:/moved");
    bench
        .line("mv v.img:/moved v.img:/moved/e")
        .failed(6, "ERROR_SHARING_VIOLATION");
    bench.ok("rm v.img:/moved/junction");
    bench.ok("rm -r v.img:/moved");
    assert_eq!(bench.ok("cat v.img:/kept/f").text(), "data");
    bench
        .line("rm v.img:/moved")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
    bench
        .line("rm -r v.img:/")
        .failed(6, "ERROR_ACCESS_DENIED, 5");
    sound(&bench);
}

#[test]
fn a_tree_goes_in_and_comes_out_the_same() {
    let bench = bench();
    let src = bench.path("src");
    fs::create_dir_all(src.join("sub")).unwrap();
    fs::write(src.join("a"), "alpha").unwrap();
    fs::write(src.join("sub/big"), vec![5; 5_000_000]).unwrap();
    fs::hard_link(src.join("a"), src.join("sub/a2")).unwrap();
    symlink("../a", src.join("sub/to_a")).unwrap();
    symlink("sub", src.join("to_sub")).unwrap();
    let when = std::time::UNIX_EPOCH + std::time::Duration::new(1_600_000_000, 123_456_700);
    let a = fs::File::options().write(true).open(src.join("a")).unwrap();
    a.set_modified(when).unwrap();

    let run = bench.ok("cp -r --json src v.img:/tree");
    let summary = run.json().pop().unwrap();
    assert_eq!(
        (&summary["files"], &summary["hard_links"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (&summary["links"], &summary["problems"]),
        (&2.into(), &0.into())
    );
    let link = find(&bench, "ls -R --json v.img:/", "/tree/sub/to_a");
    assert_eq!(
        (&link["target"], &link["type"]),
        (&r"..\a".into(), &"file".into())
    );
    assert_eq!(
        find(&bench, "ls -R --json v.img:/", "/tree/to_sub")["type"],
        "dir"
    );
    bench.ok("cp -r v.img:/tree out");
    let out = bench.path("out");
    assert_eq!(fs::read(out.join("sub/big")).unwrap(), vec![5; 5_000_000]);
    let meta = |name: &str| fs::metadata(out.join(name)).unwrap();
    assert_eq!(meta("a").ino(), meta("sub/a2").ino());
    assert_eq!(meta("a").modified().unwrap(), when);
    assert_eq!(
        fs::read_link(out.join("sub/to_a")).unwrap(),
        Path::new("../a")
    );
    assert_eq!(fs::read_link(out.join("to_sub")).unwrap(), Path::new("sub"));
    sound(&bench);
}

#[test]
fn cp_lists_what_windows_cannot_hold() {
    let bench = bench();
    let src = bench.path("src");
    fs::create_dir_all(&src).unwrap();
    for name in ["good", "Good", "a:b", "end.", "con"] {
        fs::write(src.join(name), name).unwrap();
    }
    symlink("nowhere", src.join("dangling")).unwrap();
    symlink("/etc/hostname", src.join("absolute")).unwrap();
    let run = bench.line("cp -r --json src v.img:/t");
    assert_eq!(run.exit, 3);
    let errors = run.of_type("error");
    assert_eq!(errors.len(), 6, "{errors:#?}");
    assert!(
        errors
            .iter()
            .all(|error| error["path"].as_str().unwrap().starts_with("src/"))
    );
    let run =
        bench.line("cp -r --json --rename-illegal --dangling file --posix-links lx src v.img:/all");
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(run.of_type("renamed").len(), 4);
    let list = "ls -R --json v.img:/all";
    find(&bench, list, "/all/a%3Ab");
    find(&bench, list, "/all/end%2E");
    assert_eq!(find(&bench, list, "/all/dangling")["broken"], true);
    let lx = find(&bench, list, "/all/absolute");
    assert_eq!(
        (&lx["kind"], &lx["target"]),
        (&"lx_symlink".into(), &"/etc/hostname".into())
    );
    let run = bench.ok(r"cp -r src/absolute v.img:/mapped --map /etc=D:\etc");
    assert_eq!(run.stderr, "");
    let mapped = find(&bench, "ls --json v.img:/", "/mapped");
    assert_eq!(mapped["target"], r"D:\etc\hostname");
    bench.ok("cp -r --dangling skip src/dangling v.img:/skipped");
    sound(&bench);
}

#[test]
fn cp_starts_a_new_copy_at_1024_names() {
    let bench = bench();
    let src = bench.path("src");
    fs::create_dir_all(&src).unwrap();
    fs::write(src.join("f0000"), "many").unwrap();
    for number in 1..1100 {
        fs::hard_link(src.join("f0000"), src.join(format!("f{number:04}"))).unwrap();
    }
    let run = bench.ok("cp -r --json src v.img:/t");
    assert_eq!(run.of_type("new_copy").len(), 1);
    let list = "ls --json v.img:/t";
    assert_eq!(find(&bench, list, "/t/f0000")["names"], 1024);
    assert_eq!(find(&bench, list, "/t/f1099")["names"], 76);
    bench
        .line("link v.img:/t/f0000 v.img:/more")
        .failed(6, "ERROR_TOO_MANY_LINKS, 1142");
    sound(&bench);
}

#[test]
fn bad_input_is_named_for_what_it_is_and_changes_nothing() {
    let bench = bench();
    let image = fs::read(bench.path("v.img")).unwrap();
    fs::write(bench.path("short.img"), &image[..4 << 20]).unwrap();
    bench
        .line("ls short.img:/")
        .failed(10, "ERROR_FILE_CORRUPT, 1392");
    let mut wrong = image.clone();
    wrong[3..11].copy_from_slice(b"NOTNTFS ");
    fs::write(bench.path("wrong.img"), &wrong).unwrap();
    bench
        .line("ls wrong.img:/")
        .failed(4, "ERROR_UNRECOGNIZED_VOLUME, 1005");
    fs::write(bench.path("empty.img"), b"").unwrap();
    bench.line("volume info empty.img").failed(4, "1005");
    for (name, offset, bytes, said) in [
        ("exfat", 3, &b"EXFAT   "[..], "exFAT"),
        ("refs", 3, b"ReFS\0\0\0\0", "ReFS"),
        ("bitlocker", 3, b"-FVE-FS-", "BitLocker"),
    ] {
        let mut bytes_of_it = vec![0; 1 << 20];
        bytes_of_it[offset..offset + bytes.len()].copy_from_slice(bytes);
        bytes_of_it[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(bench.path(name), &bytes_of_it).unwrap();
        let run = bench.line(&format!("ls {name}:/"));
        run.failed(4, "ERROR_UNRECOGNIZED_VOLUME, 1005");
        assert!(run.stderr.contains(said), "{run:?}");
    }
    fs::create_dir(bench.path("dir")).unwrap();
    bench.line("ls dir:/").failed(6, "is a directory");
    bench
        .line("volume info dir")
        .failed(6, "ERROR_DIRECTORY, 267");
    for name in ["a:b", "a*b", "a?b", "a<b", "a|b"] {
        bench
            .line(&format!("mkdir v.img:/{name}"))
            .failed(6, "ERROR_INVALID_NAME, 123");
    }
    assert!(fs::read(bench.path("v.img")).unwrap() == image);
}

#[test]
fn a_full_volume_says_so_and_keeps_no_part() {
    let bench = Bench::new();
    bench.ok("volume create v.img --size 4M");
    fs::write(bench.path("big"), vec![1; 8_000_000]).unwrap();
    bench
        .line("cp big v.img:/big")
        .failed(6, "ERROR_DISK_FULL, 112");
    assert!(bench.ok("ls --json v.img:/").of_type("entry").is_empty());
    sound(&bench);
}

#[test]
fn a_volume_in_use_is_status_10() {
    use linkwright_device::{FileDevice, FileOptions};
    let bench = bench();
    let held = FileDevice::open(bench.path("v.img"), &FileOptions::read_write()).unwrap();
    bench
        .line("--lock-wait 0 mkdir v.img:/d")
        .failed(10, "ERROR_SHARING_VIOLATION, 32");
    drop(held);
    bench.ok("mkdir v.img:/d");
}

#[test]
fn fifty_links_at_once_all_succeed() {
    let bench = bench();
    bench.with_input("cp - v.img:/f", b"data");
    let children: Vec<_> = (0..50)
        .map(|number| {
            bench
                .command()
                .args(["--lock-wait", "60", "link", "v.img:/f"])
                .arg(format!("v.img:/l{number}"))
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(find(&bench, "ls --json v.img:/", "/f")["names"], 51);
    sound(&bench);
}

/// The image of a volume whose session was cut off after it had synced.
fn cut_off(bench: &Bench) {
    let device = Arc::new(MemoryDevice::new(16 << 20));
    linkwright_ntfs_mkfs::format(&*device, &FormatOptions::default()).unwrap();
    let volume = Volume::open(device.clone(), OpenOptions::read_write()).unwrap();
    let name: Vec<u16> = "made".encode_utf16().collect();
    let file = volume
        .create(
            FileId::ROOT,
            &name,
            FileKind::File,
            &CreateOptions::default(),
        )
        .unwrap();
    let name: Vec<u16> = "linked".encode_utf16().collect();
    volume.hard_link(file, FileId::ROOT, &name).unwrap();
    volume.sync().unwrap();
    let mut bytes = vec![0; 16 << 20];
    device.snapshot().read_at(0, &mut bytes).unwrap();
    fs::write(bench.path("cut.img"), bytes).unwrap();
}

#[test]
fn a_session_that_was_cut_off_is_seen_through_and_recovered() {
    let bench = Bench::new();
    cut_off(&bench);
    let before = fs::read(bench.path("cut.img")).unwrap();
    assert_eq!(bench.ok("volume check cut.img").exit, 0);
    assert_eq!(find(&bench, "ls --json cut.img:/", "/linked")["names"], 2);
    let run = bench.ok("volume check --json cut.img");
    let notes = run.of_type("problem");
    let held = notes.iter().find(|note| note["code"] == "log-holds-work");
    let held = held.expect("the note of the log");
    assert_eq!(held["severity"], "note");
    assert!(held["found"].as_str().unwrap().parse::<u64>().unwrap() >= 1);
    // As the bytes lie, there is no such view to speak of.
    let raw = bench.line("volume check --raw --json cut.img");
    let said = raw.of_type("problem");
    assert!(said.iter().all(|note| note["code"] != "log-holds-work"));
    assert!(said.iter().any(|note| note["code"] == "log-not-clean"));
    assert_eq!(fs::read(bench.path("cut.img")).unwrap(), before);
    let run = bench.ok("volume recover --json cut.img");
    assert_eq!(run.of_type("recovery")[0]["needed"], true);
    assert_eq!(bench.ok("volume check --raw cut.img").exit, 0);
    let clean = bench.ok("volume check --json cut.img");
    let said = clean.of_type("problem");
    assert!(said.iter().all(|note| note["code"] != "log-holds-work"));
    let again = bench.ok("volume recover --json cut.img");
    assert_eq!(again.of_type("recovery")[0]["needed"], false);
    assert_eq!(find(&bench, "ls --json cut.img:/", "/linked")["names"], 2);
}

#[test]
fn a_dirty_flag_is_cleared_when_asked_and_nothing_else() {
    let bench = bench();
    rust_fs_ntfs::set_dirty(&bench.path("v.img")).unwrap();
    bench
        .line("mkdir v.img:/new")
        .failed(5, "volume clear-dirty");
    assert_eq!(bench.ok("ls v.img:/").exit, 0);
    let before = fs::read(bench.path("v.img")).unwrap();
    let run = bench.ok("volume clear-dirty --dry-run --json v.img");
    assert_eq!(run.of_type("clear_dirty")[0]["was_dirty"], true);
    assert!(fs::read(bench.path("v.img")).unwrap() == before);
    bench.ok("volume clear-dirty v.img");
    bench.ok("mkdir v.img:/new");
    sound(&bench);
    let run = bench.ok("volume clear-dirty --json v.img");
    assert_eq!(run.of_type("clear_dirty")[0]["was_dirty"], false);
    let help = bench.ok("volume clear-dirty --help").text();
    assert!(
        help.contains("checks nothing and repairs nothing"),
        "{help}"
    );
}

#[test]
fn shadow_copies_are_given_up_with_force_vss_only() {
    let bench = bench();
    let store = "{9b29a46e-a463-11e2-be7c-000c29f64dcf}{3808876b-c176-4e48-b7ae-04046e6cc752}";
    let device = FileDevice::open(bench.path("v.img"), &FileOptions::read_write()).unwrap();
    let volume = Volume::open(Arc::new(device), OpenOptions::read_write()).unwrap();
    let none = CreateOptions::default();
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let name = units("System Volume Information");
    let folder = volume
        .create(FileId::ROOT, &name, FileKind::Directory, &none)
        .unwrap();
    volume
        .create(folder, &units(store), FileKind::File, &none)
        .unwrap();
    volume.close().unwrap();

    let before = fs::read(bench.path("v.img")).unwrap();
    for line in [
        "mkdir v.img:/new",
        "link -s x v.img:/new",
        "rm v.img:/old",
        "volume clear-dirty v.img",
    ] {
        bench.line(line).failed(5, "--force-vss");
    }
    assert_eq!(bench.ok("ls v.img:/").exit, 0);
    sound(&bench);
    assert!(fs::read(bench.path("v.img")).unwrap() == before);
    bench.ok("--force-vss mkdir v.img:/new");
    bench.ok("link --force-vss -s --type file x v.img:/link");
    sound(&bench);
}

#[test]
fn the_tour_shows_every_kind() {
    let bench = Bench::new();
    let run = bench.ok("tour --json --directory here");
    let links = run.of_type("link");
    for kind in ["hard", "symlink", "junction"] {
        assert!(links.iter().any(|link| link["kind"] == kind), "{kind}");
    }
    assert!(links.iter().any(|link| link["broken"] == true));
    let image = run.of_type("tour")[0]["image"].as_str().unwrap().to_owned();
    assert_eq!(
        bench
            .ok(&format!("cat {image}:/docs/report.txt:author"))
            .text(),
        "the tour\n"
    );
    let text = bench.ok("tour --directory there").text();
    assert!(text.contains("Try next:"));
}

#[test]
fn partitions_are_chosen_by_number() {
    let bench = bench();
    bench
        .line("ls v.img@2:/")
        .failed(6, "ERROR_FILE_NOT_FOUND, 2");
}

#[test]
fn interrupted_the_image_has_whole_files_only() {
    use std::io::Write;
    let bench = bench();
    bench.with_input("cp - v.img:/f", b"old");
    let mut child = bench
        .command()
        .args(["cp", "-", "v.img:/f"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: the program has begun to read.
    stdin.write_all(&vec![1; 6 << 20]).unwrap();
    let done = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
    stdin.write_all(b"more").ok();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(bench.ok("cat v.img:/f").text(), "old");
    assert_eq!(bench.ok("ls --json v.img:/").of_type("entry").len(), 1);
    sound(&bench);
}

#[test]
fn copies_between_two_volumes_keep_links_byte_for_byte() {
    let bench = bench();
    bench.ok("volume create w.img --size 16M");
    bench.ok("mkdir v.img:/d");
    bench.with_input("cp - v.img:/d/f", b"data");
    bench.with_input("cp - v.img:/d/f:s", b"stream");
    bench.ok("link v.img:/d/f v.img:/d/g");
    bench.ok(r"link -j C:\d v.img:/d/junction");
    bench.ok(r"link -s --type dir C:\d v.img:/d/absolute");
    bench.ok("cp -r v.img:/d w.img:/");
    let fields = |image: &str, path: &str| {
        let shown = bench.ok(&format!("show --json {image}:/d/{path}"));
        let link = shown.of_type("link")[0].clone();
        (
            link["reparse_data"].clone(),
            link["names"].clone(),
            link["modified"].clone(),
        )
    };
    for path in ["f", "g", "junction", "absolute"] {
        assert_eq!(fields("v.img", path), fields("w.img", path), "{path}");
    }
    assert_eq!(bench.ok("cat w.img:/d/g:s").text(), "stream");
    let run = bench.ok(r"cp -r v.img:/d w.img:/mapped --map C:\d=E:\new");
    assert_eq!(run.stderr, "");
    let list = "ls -R --json w.img:/mapped";
    assert_eq!(find(&bench, list, "/mapped/junction")["target"], r"E:\new");
    assert_eq!(find(&bench, list, "/mapped/absolute")["target"], r"E:\new");
}

#[test]
fn an_image_that_ntfs_3g_has_mounted_is_refused() {
    use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
    if let Err(skip) = ntfs3g::available() {
        return skip.report();
    }
    let bench = bench();
    let mount = Mount::new(&bench.path("v.img"), Access::ReadWrite).unwrap();
    bench
        .line("--lock-wait 0.1 mkdir v.img:/d")
        .failed(10, "ERROR_SHARING_VIOLATION, 32");
    bench
        .line("--lock-wait 0.1 ls v.img:/")
        .failed(10, "in use by");
    mount.unmount().unwrap();
    bench.ok("mkdir v.img:/d");
}

#[test]
fn a_read_only_image_is_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let bench = bench();
    bench.with_input("cp - v.img:/f", b"data");
    let image = bench.path("v.img");
    fs::set_permissions(&image, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(bench.ok("cat v.img:/f").text(), "data");
    // The superuser may write to it all the same.
    if fs::File::options().write(true).open(&image).is_err() {
        bench
            .line("mkdir v.img:/d")
            .failed(6, "ERROR_WRITE_PROTECT, 19");
    }
}

#[test]
fn read_only_files_need_force() {
    let bench = bench();
    bench.ok("volume create w.img --size 8M");
    bench.with_input("cp - v.img:/f", b"data");
    {
        use linkwright_device::{FileDevice, FileOptions};
        use linkwright_fs::{Attributes, FileSystem, Name, ntfs::NtfsFs};
        use linkwright_ntfs::OpenOptions;
        let device = FileDevice::open(bench.path("v.img"), &FileOptions::read_write()).unwrap();
        let volume = NtfsFs::open(Arc::new(device), OpenOptions::read_write()).unwrap();
        let file = volume
            .child(&volume.root().unwrap(), &Name::from("f"))
            .unwrap();
        volume.set_attributes(&file, Attributes::READ_ONLY).unwrap();
        volume.close().unwrap();
    }
    bench
        .line("rm v.img:/f")
        .failed(6, "ERROR_ACCESS_DENIED, 5");
    assert_eq!(bench.with_input("cp - v.img:/f", b"new").exit, 6);
    assert_eq!(bench.ok("cat v.img:/f").text(), "data");
    bench.ok("cp v.img:/f w.img:/f");
    bench.line("rm w.img:/f").failed(6, "--force");
    let lost = bench.line("cp v.img:/f out");
    assert!(
        lost.stderr.contains("lost: attributes 0x00000001"),
        "{lost:?}"
    );
    bench.ok("rm --force v.img:/f w.img:/f");
    sound(&bench);
}

#[test]
fn a_volume_with_a_change_journal_tells_what_happened() {
    let bench = Bench::new();
    bench.ok("volume create v.img --size 16M --change-journal");
    bench.ok("volume create w.img --size 16M --change-journal=256K");
    bench.ok("volume create x.img --size 16M");
    bench
        .line("volume create y.img --size 16M --change-journal=1K")
        .failed(2, "87");
    let journal = |bench: &Bench, image: &str| {
        let run = bench.ok(&format!("volume info --json {image}"));
        run.of_type("volume")[0]["change_journal"].clone()
    };
    assert!(journal(&bench, "x.img").is_null());
    assert_eq!(journal(&bench, "w.img")["maximum_size"], 256 << 10);
    let fresh = journal(&bench, "v.img");
    assert_eq!(fresh["maximum_size"], 32 << 20);
    assert_eq!(
        (&fresh["first_usn"], &fresh["next_usn"]),
        (&0.into(), &0.into())
    );
    bench.ok("mkdir v.img:/d");
    // A directory: created, and closed; its name makes 64 bytes of each.
    assert_eq!(journal(&bench, "v.img")["next_usn"], 128);
    fs::write(bench.path("host.txt"), "text").unwrap();
    bench.ok("cp host.txt v.img:/file.txt");
    bench.ok("link v.img:/file.txt v.img:/d/link.txt");
    let after = journal(&bench, "v.img");
    assert!(after["next_usn"].as_u64() > Some(400), "{after}");
    assert_eq!(after["id"], fresh["id"]);
    let text = bench.ok("volume info v.img").text();
    assert!(text.contains("change journal"), "{text}");
    assert_eq!(bench.ok("volume check v.img").exit, 0);
}

/// `script` gives the program a terminal; what is drawn is drawn over later.
#[test]
fn a_check_shows_its_progress_on_a_terminal() {
    let bench = Bench::new();
    bench.ok("volume create v.img --size 16M");
    let program = env!("CARGO_BIN_EXE_linkwright");
    let image = bench.path("v.img");
    let line = format!("{program} volume check {}", image.display());
    let run = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("TERM", "xterm")
        .output();
    let Ok(run) = run else {
        println!("skipped: no script (bsdutils)");
        return;
    };
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}");
    for part in ["records, ", "/s, ", " left"] {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
    assert!(text.contains("nothing wrong"), "{text:?}");
    // And none where nobody looks.
    let quiet = bench.ok("volume check v.img");
    assert!(!quiet.text().contains(" left"));
}
