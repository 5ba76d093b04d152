//! `graph`: what it writes, read by those it is written for.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use linkwright_testkit::{command, skip_unless};
use serde_json::Value;

use crate::program::Bench;

/// A browser that starts on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The image of the tour, and a command line that starts with it as drive C.
fn tour(bench: &Bench) -> String {
    bench.ok("tour --directory .");
    "--drive C=tour.img".to_owned()
}

/// A volume with a link of every state.
fn tangled(bench: &Bench) {
    bench.ok("volume create --size 16M d.img");
    bench.ok("mkdir d.img:/lib d.img:/use");
    bench.ok("link -s --type file Target.TXT d.img:/lib/dangling");
    bench.ok("link -s --type file b d.img:/lib/a");
    bench.ok("link -s --type file a d.img:/lib/b");
    fs::write(bench.path("f"), "x").unwrap();
    bench.ok("cp f d.img:/lib/Report.txt");
    bench.ok("link d.img:/lib/Report.txt d.img:/use/hard");
    bench.ok(r"link -s --type file ..\LIB\report.TXT d.img:/use/other-case");
    bench.ok(r"link -s --type file other-case d.img:/use/chain");
    bench.ok(r"link -j C:\use d.img:/use/ancestor --drive C=d.img");
    bench.ok(r"link -j C:\lib d.img:/use/junction --drive C=d.img");
    bench.ok(r"link -j E:\x d.img:/use/elsewhere");
}

/// The number of elements with this class in a page or drawing.
fn count(dom: &str, class: &str) -> usize {
    dom.matches(&format!("class=\"{class}\"")).count()
}

fn chromium(bench: &Bench, url: &str, more: &[&str]) -> String {
    let run = command::run_ok(
        command::program("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--hide-scrollbars", "--window-size=1280,640"])
            .arg(format!(
                "--user-data-dir={}",
                bench.path("profile").display()
            ))
            .args(more)
            .arg(url),
        PATIENCE,
    );
    run.unwrap().text()
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn every_state_of_an_image_is_told_apart() {
    let bench = Bench::new();
    tangled(&bench);
    let run = bench.ok("--json --drive C=d.img graph --format mermaid C:/");
    let summary = run.json().pop().unwrap();
    for (key, number) in [
        ("links", 10),
        ("broken", 1),
        ("loops", 2),
        ("ancestors", 1),
        ("directories", 2),
        ("unread", 0),
    ] {
        assert_eq!(summary[key], number, "{key}: {summary}");
    }
    let line = &run.of_type("graph")[0];
    assert_eq!(line["format"], "mermaid");
    let text = line["text"].as_str().unwrap();
    let number = |name: &str| {
        let label = format!("[\"{}\"]", name.replace('-', "#45;"));
        let line = text.lines().find(|line| line.contains(&label));
        line.unwrap_or_else(|| panic!("{name}: {text}"))
            .trim()
            .split('[')
            .next()
            .unwrap()
            .to_owned()
    };
    let leads = |from: &str, arrow: &str, to: &str| {
        let line = format!("{} {arrow} {}", number(from), number(to));
        assert!(text.contains(&line), "{line}\n{text}");
    };
    leads("a", "-->", "b");
    leads("b", "-->", "a");
    leads("chain", "-->", "other-case");
    leads("other-case", "-->", "Report.txt");
    leads("dangling", "-.->", "Target.TXT");
    leads("elsewhere", "-->", "E#58;#92;x");
    assert!(text.contains("([\"1 file, 2 names\"])"), "{text}");
    assert!(
        text.contains(&format!("{} --> d1", number("ancestor"))),
        "{text}"
    );
    assert!(
        text.contains(&format!("{} --> d0", number("junction"))),
        "{text}"
    );
}

#[test]
fn the_format_comes_from_the_name_and_files_are_not_overwritten() {
    let bench = Bench::new();
    symlink("gone", bench.path("link")).unwrap();
    for (name, begins) in [
        ("x.svg", "<?xml"),
        ("x.html", "<!doctype html>"),
        ("x.mmd", "flowchart"),
        ("x.gv", "digraph"),
        ("x", "digraph"),
    ] {
        let run = bench.ok(&format!("graph -o {name} ."));
        assert!(run.stdout.is_empty(), "{name}");
        let text = fs::read_to_string(bench.path(name)).unwrap();
        assert!(text.starts_with(begins), "{name}: {text}");
    }
    fs::write(bench.path("disk.img"), "precious").unwrap();
    bench
        .line("graph -o disk.img .")
        .failed(6, "ERROR_ALREADY_EXISTS");
    assert_eq!(fs::read(bench.path("disk.img")).unwrap(), b"precious");
    bench.ok("graph --replace -o x.svg .");
    bench.line("graph link").failed(6, "ERROR_");
    bench.line("graph gone").failed(6, "ERROR_FILE_NOT_FOUND");
}

#[test]
fn graphviz_reads_the_dot_file() {
    skip_unless!(command::installed("dot", "graphviz"));
    let bench = Bench::new();
    for name in ["\"];} x", "a\\", "<b>&amp;</b>", "new\nline", "</script>"] {
        symlink(name, bench.path(&name.replace('/', "_"))).unwrap();
    }
    let bytes = std::ffi::OsStr::from_bytes(b"no\xfftext\x1b");
    symlink("x", bench.path("").join(bytes)).unwrap();
    bench.ok("graph -o x.dot .");
    let run = command::run_ok(
        command::program("dot")
            .arg("-Tsvg")
            .arg(bench.path("x.dot")),
        PATIENCE,
    )
    .unwrap();
    let drawing = run.text();
    assert_eq!(count(&drawing, "edge"), 6, "{drawing}");
    // Six links: three lead to themselves, three to what is missing.
    assert_eq!(count(&drawing, "node"), 9, "{drawing}");
    assert_eq!(count(&drawing, "cluster"), 1);
    assert!(
        drawing.contains("&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        "{drawing}"
    );
}

/// The page of the tour in a browser: everything is drawn, the search finds, and
/// the picture in the README is this one.
#[test]
fn the_page_of_the_tour_in_a_browser() {
    skip_unless!(command::installed("chromium", "chromium"));
    let bench = Bench::new();
    let drive = tour(&bench);
    bench.ok(&format!("{drive} graph -o t.html C:/"));
    let page = url(&bench.path("t.html"));

    let all = chromium(&bench, &page, &["--dump-dom"]);
    assert_eq!(count(&all, "card"), 2);
    assert_eq!(count(&all, "edge"), 8);
    assert_eq!(count(&all, "row symlink"), 4);
    assert_eq!(count(&all, "row junction"), 1);
    assert_eq!(count(&all, "row hard"), 2);
    assert_eq!(count(&all, "row broken"), 1);
    assert_eq!(count(&all, "pill missing"), 1);
    assert_eq!(count(&all, "pill file"), 1);
    assert_eq!(all.matches("<li ").count(), 8, "the list");
    assert!(all.contains("8 of 8 links"), "{all}");

    let found = chromium(
        &bench,
        &format!("{page}#q=report%20symlink"),
        &["--dump-dom"],
    );
    assert!(found.contains("2 of 8 links"), "{found}");
    assert!(found.contains("data-hits=\"2\""), "{found}");
    assert_eq!(count(&found, "edge hit"), 2);
    assert_eq!(count(&found, "row symlink hit"), 2);
    assert_eq!(count(&found, "row hard hit"), 1, "what they lead to");
    let none = chromium(&bench, &format!("{page}#q=%3Cscript%3E"), &["--dump-dom"]);
    assert!(none.contains("0 of 8 links"), "{none}");

    let picture = bench.path("graph.png");
    let shot = format!("--screenshot={}", picture.display());
    chromium(&bench, &page, &[&shot]);
    let png = fs::read(&picture).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert!(png.len() > 20_000, "{} bytes are no picture", png.len());
    keep(&picture);
}

/// Takes the picture into the project when that is asked for.
fn keep(picture: &Path) {
    if std::env::var_os("LINKWRIGHT_KEEP_PICTURE").is_some_and(|value| value == "1") {
        let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/graph.png");
        fs::copy(picture, kept).unwrap();
    }
}

/// Names that would run as script, in a browser: none does.
#[test]
fn hostile_names_do_nothing_in_a_browser() {
    skip_unless!(command::installed("chromium", "chromium"));
    let bench = Bench::new();
    let names = [
        "<img src=x onerror=document.body.dataset.bad=1>",
        "<_script><script>document.body.dataset.bad=1<_script>",
        "\"onload=\"document.body.dataset.bad=1",
        "'+(document.body.dataset.bad=1)+'",
    ];
    for name in names {
        symlink(name.replace('_', "/"), bench.path(name)).unwrap();
    }
    bench.ok("graph -o x.html .");
    let dom = chromium(&bench, &url(&bench.path("x.html")), &["--dump-dom"]);
    assert!(dom.contains("4 of 4 links"), "{dom}");
    assert!(!dom.contains("data-bad"), "{dom}");
    assert_eq!(dom.matches("<img").count(), 0, "{dom}");
}

/// Some thousands of links: the page opens, says that it is coarse, and each link
/// is still found.
#[test]
fn a_page_of_thousands_of_links_is_coarse_and_complete() {
    skip_unless!(command::installed("chromium", "chromium"));
    let bench = Bench::new();
    for d in 0..200 {
        let dir = bench.path("top").join(format!("p{}/m{d}", d % 10));
        fs::create_dir_all(&dir).unwrap();
        for l in 0..20 {
            symlink(
                format!("../../p{}/m{}", l % 10, l),
                dir.join(format!("link-{l}")),
            )
            .unwrap();
        }
    }
    let run = bench.ok("--json graph -o x.html top");
    let summary: Value = run.json().pop().unwrap();
    assert_eq!(summary["links"], 4000);
    let page = url(&bench.path("x.html"));
    let dom = chromium(&bench, &format!("{page}#q=m137/link-7"), &["--dump-dom"]);
    assert!(dom.contains("Too large to draw in full"));
    assert_eq!((count(&dom, "card"), count(&dom, "card hit")), (9, 1));
    assert!(dom.contains("1 of 4000 links"));
}
