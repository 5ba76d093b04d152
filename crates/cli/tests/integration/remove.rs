//! `rm`: what it does not follow, what it says stays behind, and that Ctrl-C
//! leaves a whole state.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::program::Bench;

#[test]
fn links_go_and_what_they_lead_to_stays() {
    let bench = Bench::new();
    bench.ok("tour --directory .");
    let run = bench.ok("rm tour.img:/links/junction tour.img:/links/hard.txt");
    assert_eq!(
        run.text(),
        "tour.img:/links/junction: a link; what it leads to stays: C:\\docs\n\
         tour.img:/links/hard.txt: the file stays by 1 other name\n"
    );
    let dry = bench.ok("rm -n tour.img:/links/relative.txt").text();
    assert_eq!(
        dry.lines().next(),
        Some(
            "would remove tour.img:/links/relative.txt  \
             (a link; what it leads to stays: ..\\docs\\report.txt)"
        )
    );
    let run = bench.ok("rm -r --json tour.img:/links");
    let removed = run.of_type("removed");
    assert!(removed.iter().all(|line| line["names_stay"] == 0));
    assert_eq!(run.json().last().unwrap()["links_removed"], 5);
    assert_eq!(bench.ok("cat tour.img:/docs/report.txt").exit, 0);
    assert_eq!(bench.ok("volume check tour.img").exit, 0);
}

#[test]
fn all_names_of_a_file_in_the_tree_leave_nothing_behind() {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).unwrap();
    fs::write(bench.path("d/a"), "x").unwrap();
    fs::hard_link(bench.path("d/a"), bench.path("d/b")).unwrap();
    fs::write(bench.path("d/c"), "x").unwrap();
    fs::hard_link(bench.path("d/c"), bench.path("kept")).unwrap();
    let run = bench.ok("rm -r d");
    assert_eq!(run.text(), "d/c: the file stays by 1 other name\n");
    assert_eq!(fs::read(bench.path("kept")).unwrap(), b"x");
}

#[test]
fn one_tree_refuses_a_way_through_a_link() {
    let bench = Bench::new();
    bench.ok("tour --directory .");
    bench
        .line("rm -r --one-tree --drive C=tour.img C:/links/junction/report.txt")
        .failed(5, "leads through a link, C:/links/junction");
    assert_eq!(bench.ok("cat tour.img:/docs/report.txt").exit, 0);
    fs::create_dir_all(bench.path("real/sub")).unwrap();
    symlink("real", bench.path("link")).unwrap();
    bench.line("rm -r --one-tree link/sub").failed(5, "/link");
    assert!(bench.path("real/sub").is_dir());
    // A link at the end of the way is removed itself.
    bench.ok("rm -r --one-tree link");
    bench.ok("rm -r --one-tree real/sub");
    assert!(bench.path("real").is_dir());
}

#[test]
fn what_is_mounted_in_a_tree_is_not_entered() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("tree/mounted")).unwrap();
    let mount = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .current_dir(bench.root())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "none", "tree/mounted"]) {
        eprintln!("skipped: mounting a tmpfs: not allowed here");
        return;
    }
    fs::write(bench.path("tree/mounted/f"), "x").unwrap();
    let run = bench.line("rm -r tree");
    let kept = bench.path("tree/mounted/f").is_file();
    let own = bench.line("rm -r tree/mounted");
    assert!(mount("umount", &["tree/mounted"]));
    run.failed(5, "another file system is mounted here");
    own.failed(5, "another file system is mounted here");
    assert!(kept);
}

#[test]
fn interrupted_while_it_removes_the_volume_is_whole() {
    let bench = Bench::new();
    bench.ok("volume create v.img --size 32M");
    fs::create_dir(bench.path("many")).unwrap();
    for number in 0..3000 {
        fs::write(
            bench.path(&format!("many/a file with a long name {number}")),
            "",
        )
        .unwrap();
    }
    bench.ok("cp -r many v.img:/many");
    let mut child = bench
        .command()
        .args(["rm", "-r", "--json", "v.img:/many"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::with_capacity(256, child.stdout.take().unwrap());
    // The pipe holds some hundred lines: the program waits in the middle.
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains("\"removed\""), "{first}");
    let done = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let told = 1 + rest.matches("\"message_type\":\"removed\"").count();
    let left = bench.ok("ls --json v.img:/many").of_type("entry").len();
    assert_eq!(told + left, 3000);
    assert!(left > 0, "it was done before it was interrupted");
    assert_eq!(bench.ok("volume check v.img").exit, 0);
}
