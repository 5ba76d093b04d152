//! Looking: `ls` and what it selects, `tree`, `names`, `explain`, on an image and
//! on the host.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::program::{Bench, Run};

/// The volume of the tour, `tour.img`, with more links on it: a circle of two, a
/// chain of 64, a WSL link, and a junction to the directory above.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok("tour --directory .");
    bench.ok("link -s --type file two tour.img:/links/one");
    bench.ok("link -s --type file one tour.img:/links/two");
    bench.ok("link -j --drive C=tour.img C:/links C:/links/up");
    fs::create_dir(bench.path("src")).unwrap();
    symlink("/docs/report.txt", bench.path("src/lx")).unwrap();
    // A ':' is no name to Windows, so that the link is one of WSL.
    symlink("a:b", bench.path("src/lx-near")).unwrap();
    bench.ok("cp -r --posix-links lx --dangling file src tour.img:/lx");
    bench
}

fn paths(run: &Run) -> Vec<String> {
    let is_told = |line: &&Value| line.get("path").is_some() && line["message_type"] != "names";
    run.json()
        .iter()
        .filter(is_told)
        .map(|line| line["path"].as_str().unwrap().to_owned())
        .collect()
}

fn selected(bench: &Bench, options: &str) -> Vec<String> {
    let line = format!("ls -R --json --drive C=tour.img {options}");
    paths(&bench.ok(&line))
}

#[test]
fn ls_selects_by_kind_state_target_and_name() {
    let bench = bench();
    assert_eq!(
        selected(&bench, "--broken tour.img:/links"),
        ["/links/dangling.txt", "/links/one", "/links/two"]
    );
    assert_eq!(
        selected(&bench, "--kind junction tour.img:/"),
        ["/links/junction", "/links/up"]
    );
    assert_eq!(
        selected(&bench, "--absolute --kind symlink tour.img:/"),
        ["/links/absolute-dir", "/links/absolute.txt"]
    );
    // Out of /links, by drive or by `..`; `up` and the circle stay in it.
    assert_eq!(
        selected(&bench, "--outside C:/links"),
        [
            "/links/absolute-dir",
            "/links/absolute.txt",
            "/links/junction",
            "/links/relative-dir",
            "/links/relative.txt"
        ]
    );
    assert!(selected(&bench, "--outside --kind symlink C:/").is_empty());
    // Letter case does not count on NTFS.
    assert_eq!(
        selected(&bench, "--glob *.TXT --broken tour.img:/"),
        ["/links/dangling.txt"]
    );
    assert_eq!(
        selected(&bench, "--glob docs/* tour.img:/"),
        ["/docs/report.txt"]
    );
    assert_eq!(
        selected(&bench, "--regex ^links/(one|two)$ tour.img:/"),
        ["/links/one", "/links/two"]
    );
    let bad = bench.line("ls --regex ( tour.img:/");
    assert_eq!(bad.exit, 2);
    assert!(bad.stderr.contains("--regex"), "{bad:?}");
}

#[test]
fn ls_on_the_host_selects_the_same_way() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("top/in")).unwrap();
    fs::write(bench.path("top/f.TXT"), "x").unwrap();
    fs::write(bench.path("out"), "x").unwrap();
    symlink("../out", bench.path("top/leaves")).unwrap();
    symlink("in/../f.TXT", bench.path("top/stays")).unwrap();
    symlink(bench.path("top/f.TXT"), bench.path("top/absolute")).unwrap();
    symlink("/", bench.path("top/root")).unwrap();
    let selected = |options: &str| {
        let all = paths(&bench.ok(&format!("ls -R --json {options} top")));
        all.into_iter().collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| names.iter().map(|name| format!("top/{name}")).collect();
    assert_eq!(selected("--outside"), set(&["leaves", "root"]));
    assert_eq!(selected("--absolute"), set(&["absolute", "root"]));
    assert_eq!(selected("--glob *.TXT"), set(&["f.TXT"]));
    assert_eq!(selected("--glob *.txt"), set(&[]));
}

#[test]
fn ls_writes_paths_for_xargs() {
    let bench = bench();
    let run = bench.ok("ls -R0 --kind junction tour.img:/");
    assert_eq!(
        run.stdout,
        b"tour.img:/links/junction\0tour.img:/links/up\0"
    );
}

#[test]
fn broken_links_are_red_on_arrow_and_target_and_marks_can_be_ascii() {
    let bench = bench();
    let run = |args: &[&str]| {
        let output = bench
            .command()
            .env("LC_ALL", "C.UTF-8")
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let place = "tour.img:/links/dangling.txt";
    assert_eq!(
        run(&["ls", "--color", "always", place]),
        format!(
            "symlink     file  \x1b[36m{place}\x1b[0m \x1b[31m→\x1b[0m \
             \x1b[31mgone.txt\x1b[0m\x1b[2m  (broken)\x1b[0m\n"
        )
    );
    assert_eq!(
        run(&["ls", "--ascii", place]),
        format!("symlink     file  {place} -> gone.txt  (broken)\n")
    );
    assert!(run(&["ls", "--ascii", "tour.img:/links/junction"]).contains(" => C:\\docs"));
    assert!(run(&["ls", "tour.img:/links/junction"]).contains(" ⇒ C:\\docs"));
    assert!(
        run(&["ls", "-R", "--kind", "lx_symlink", "tour.img:/"]).contains(" ⇝ /docs/report.txt")
    );
    // The names of one file have one id.
    let hard = run(&["ls", "-R", "--kind", "hard", "tour.img:/"]);
    assert_eq!(hard.matches(" ≡1  (2 names)").count(), 2, "{hard}");
}

#[test]
fn ls_long_has_attributes_size_time_and_names() {
    let bench = bench();
    let long = bench.ok("ls -l tour.img:/docs").text();
    let words: Vec<&str> = long.split_whitespace().collect();
    assert_eq!(words[..5], ["hard", "file", "-a----", "2", "27"]);
    assert_eq!((words[5].len(), words[6].len()), (10, 8), "{long}");
    let line = &bench.ok("ls -l --json tour.img:/docs").of_type("link")[0];
    assert_eq!(line["size"], 27);
    assert!(line["modified"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_tree_is_drawn_and_cycles_are_marked() {
    let bench = bench();
    let plain = bench.ok("tree --ascii tour.img:/docs").text();
    assert_eq!(
        plain,
        "tour.img:/docs/\n`-- report.txt =1  (2 names)\n\n\
         1 directory, 0 files, 1 link (0 broken)\n"
    );
    let drawn = bench.ok("tree --ascii --drive C=tour.img C:/links").text();
    assert!(drawn.contains("|-- junction => C:\\docs\n"), "{drawn}");
    assert!(!drawn.contains("report.txt =1  (2 names)\n|   "), "{drawn}");
    let followed = bench
        .ok("tree --ascii --follow --drive C=tour.img C:/links")
        .text();
    assert!(
        followed.contains("|-- absolute-dir -> C:\\docs\n|   `-- report.txt =1"),
        "{followed}"
    );
    assert!(
        followed.contains("`-- up => C:\\links  [a cycle: this directory is above]\n"),
        "{followed}"
    );
    assert!(
        followed.contains("junction => C:\\docs  [drawn already]"),
        "{followed}"
    );
    let chosen = bench.ok("tree --ascii --broken tour.img:/").text();
    assert_eq!(
        chosen,
        "tour.img:/\n|-- links/\n|   |-- dangling.txt -> gone.txt  (broken)\n|   \
         |-- one -> two  (broken)\n|   `-- two -> one  (broken)\n`-- lx/\n    \
         `-- lx-near ~> a:b  (broken)\n\n3 directories, 0 files, 4 links (4 broken)\n"
    );
    let shallow = bench.ok("tree --json --depth 1 tour.img:/");
    assert_eq!(paths(&shallow), ["/", "/docs", "/links", "/lx"]);
}

#[test]
fn a_tree_of_the_host_ends_though_links_go_round_and_multiply() {
    let bench = Bench::new();
    // Each directory leads to the next by two links: 2^30 ways to the last.
    for number in 0..30 {
        let dir = bench.path(&format!("d{number}"));
        fs::create_dir(&dir).unwrap();
        for name in ["a", "b"] {
            symlink(format!("../d{}", number + 1), dir.join(name)).unwrap();
        }
    }
    fs::create_dir(bench.path("d30")).unwrap();
    symlink("../d0", bench.path("d30/back")).unwrap();
    let text = bench.ok("tree --ascii --follow d0").text();
    assert!(text.lines().count() < 100, "{text}");
    assert!(text.contains("back -> ../d0  [a cycle: this directory is above]"));
}

#[test]
fn names_are_told_in_and_outside_of_a_folder() {
    let bench = bench();
    let run = bench.ok("names --in tour.img:/docs tour.img:/links/hard.txt");
    assert_eq!(
        run.text(),
        "tour.img:/docs/report.txt\ntour.img:/links/hard.txt  (outside)\n\
         2 of 1,024 names used; 1 below tour.img:/docs\n"
    );
    let run = bench.ok("names --json tour.img:/links/hard.txt");
    let all = &run.of_type("names")[0];
    assert_eq!(
        (&all["names"], &all["limit"], &all["saturated"]),
        (&2.into(), &1024.into(), &false.into())
    );

    // A host has no way from a file to its names.
    fs::create_dir_all(bench.path("here/deep")).unwrap();
    fs::write(bench.path("here/a"), "x").unwrap();
    for other in ["here/deep/b", "elsewhere"] {
        fs::hard_link(bench.path("here/a"), bench.path(other)).unwrap();
    }
    bench.line("names here/a").failed(4, "--in FOLDER");
    let run = bench.ok("names --json --in here here/a");
    let found: BTreeSet<String> = run
        .of_type("name")
        .iter()
        .map(|name| name["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    let all = &run.of_type("names")[0];
    assert_eq!((&all["names"], &all["unseen"]), (&3.into(), &1.into()));
}

#[test]
fn a_file_with_all_its_names_is_saturated() {
    let bench = bench();
    fs::create_dir(bench.path("many")).unwrap();
    fs::write(bench.path("many/0"), "x").unwrap();
    for number in 1..1024 {
        fs::hard_link(bench.path("many/0"), bench.path(&format!("many/{number}"))).unwrap();
    }
    bench.ok("cp -r many tour.img:/many");
    let run = bench.ok("names tour.img:/many/7");
    assert!(
        run.text()
            .ends_with("\n1,024 of 1,024 names used; it can have no more\n"),
        "{}",
        run.text()
    );
    assert_eq!(run.text().lines().count(), 1025);
}

/// The last line of an explanation, and the rules of its hops.
fn explained(run: &Run) -> (Value, Vec<String>) {
    let rules = run
        .of_type("hop")
        .iter()
        .map(|hop| format!("{}/{}", hop["rule"], hop["followed_by"]).replace('"', ""))
        .collect();
    (run.of_type("explained")[0].clone(), rules)
}

#[test]
fn explain_tells_each_hop_who_follows_it_and_where_it_ends() {
    let bench = bench();
    let explain = |place: &str| {
        let run = bench.line(&format!("explain --json --drive C=tour.img {place}"));
        (run.exit, explained(&run))
    };
    let (exit, (end, rules)) = explain("C:/links/up/relative-dir/report.txt");
    assert_eq!((exit, &end["outcome"]), (0, &"found".into()));
    assert_eq!(rules, ["drive/server", "relative/client"]);
    assert_eq!(end["end"], "C:/docs/report.txt");

    let (exit, (end, rules)) = explain("C:/links/dangling.txt");
    assert_eq!((exit, &end["outcome"]), (1, &"missing".into()));
    assert_eq!(rules, ["relative/client"]);
    assert_eq!(
        (&end["end"], &end["win32"], &end["win32_name"]),
        (
            &"C:/links/gone.txt".into(),
            &2.into(),
            &"ERROR_FILE_NOT_FOUND".into()
        )
    );
    assert_eq!(end["ntstatus_name"], "STATUS_OBJECT_NAME_NOT_FOUND");

    let (_, (end, rules)) = explain("C:/links/one");
    assert_eq!(
        (&end["outcome"], &end["win32"], &end["limit"]),
        (&"loop".into(), &1921.into(), &63.into())
    );
    assert_eq!(rules.len(), 63);

    let (_, (end, _)) = explain("C:/docs/report.txt/x");
    assert_eq!(
        (&end["outcome"], &end["win32"], &end["end"]),
        (
            &"not_a_directory".into(),
            &3.into(),
            &"C:/docs/report.txt".into()
        )
    );
}

#[test]
fn explain_tells_what_is_not_known_here_and_what_windows_cannot_follow() {
    let bench = bench();
    let run = bench.line("explain tour.img:/links/junction");
    assert_eq!(run.exit, 1);
    assert!(run.text().contains("drive C is not known here"), "{run:?}");
    assert!(run.text().contains("--drive C=disk.img"), "{run:?}");

    let run = bench.line("explain --json tour.img:/lx/lx-near");
    let ends = run.of_type("explained");
    assert_eq!(
        (&ends[0]["by"], &ends[0]["outcome"], &ends[0]["win32_name"]),
        (
            &"windows".into(),
            &"opaque".into(),
            &"ERROR_CANT_ACCESS_FILE".into()
        )
    );
    assert_eq!(
        (&ends[1]["by"], &ends[1]["outcome"], &ends[1]["end"]),
        (&"wsl".into(), &"missing".into(), &"tour.img:/lx/a:b".into())
    );
    bench.ok("link -s --type dir \\\\server\\share\\x tour.img:/share");
    bench.ok("link -s --type dir \\\\?\\GLOBALROOT\\Device\\x tour.img:/device");
    bench.ok("link -s --type file \\docs\\report.txt tour.img:/rooted");
    let rule = |place: &str| explained(&bench.line(&format!("explain --json {place}"))).1;
    assert_eq!(rule("tour.img:/share"), ["unc/client"]);
    assert_eq!(rule("tour.img:/device"), ["\\\\??\\\\/client"]);
    assert_eq!(rule("tour.img:/rooted"), ["rooted/client"]);
}

#[test]
fn explain_on_the_host_ends_where_the_host_does() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("a/b")).unwrap();
    fs::write(bench.path("a/f"), "x").unwrap();
    symlink("a/b", bench.path("to_b")).unwrap();
    symlink(bench.path("a"), bench.path("absolute")).unwrap();
    symlink("me", bench.path("me")).unwrap();
    symlink("gone/away", bench.path("gone_away")).unwrap();
    for place in [
        "to_b/../f",
        "absolute/f",
        "to_b/",
        "me",
        "gone_away",
        "a/f/",
        "./a/../a/f",
    ] {
        let run = bench.line(&format!("explain --json {place}"));
        let end = explained(&run).0;
        match fs::canonicalize(bench.path(place)) {
            Ok(real) => assert_eq!(end["end"], real.to_str().unwrap(), "{place}"),
            Err(error) => {
                let errno = match error.raw_os_error() {
                    Some(2) => "ENOENT",
                    Some(20) => "ENOTDIR",
                    Some(40) => "ELOOP",
                    other => panic!("{other:?}"),
                };
                assert_eq!(end["errno"], errno, "{place}");
            }
        }
    }
}
