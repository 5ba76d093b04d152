//! C programs built by gcc against the header, and what valgrind and ASan say of
//! them.

use linkwright_testkit::oracle::ntfs3g;
use linkwright_testkit::{command, skip_unless};

use crate::support::{Place, compile, run, source};

/// The ways to build and run the example.
const BUILDS: [(&str, &[&str]); 3] = [
    ("plain", &[]),
    ("unicode", &["-DUNICODE", "-D_UNICODE"]),
    (
        "asan",
        &[
            "-DUNICODE",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
        ],
    ),
];

#[test]
fn the_example_runs_with_and_without_unicode_and_under_asan() {
    skip_unless!(command::installed("gcc", "gcc"));
    for (name, options) in BUILDS {
        let place = Place::new();
        let program = place.path().join(name);
        compile(&[source("link.c")], &program, options);
        let finished = run(&mut place.command(&program));
        assert_eq!(finished.text(), "0.1.0: all done\n", "{name}");
        let mut names = place.root();
        names.sort();
        let made = [
            "back",
            "dangling",
            "existing.txt",
            "later.txt",
            "link.txt",
            "native",
            "new.txt",
            "whole",
        ];
        assert_eq!(names, made, "{name}");
    }
}

#[test]
fn the_example_has_no_finding_under_valgrind() {
    skip_unless!(command::installed("gcc", "gcc"));
    skip_unless!(command::installed("valgrind", "valgrind"));
    let place = Place::new();
    let program = place.path().join("link");
    compile(&[source("link.c")], &program, &["-DUNICODE"]);
    let mut valgrind = place.command("valgrind");
    // What lives as long as the process is not lost: it is still reachable.
    let options = [
        "--error-exitcode=9",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
    ];
    run(valgrind.args(options).arg("-q").arg(&program));
}

#[test]
fn ntfs_3g_reads_what_the_example_made() {
    skip_unless!(command::installed("gcc", "gcc"));
    skip_unless!(ntfs3g::available());
    let place = Place::new();
    let program = place.path().join("link");
    compile(&[source("link.c")], &program, &[]);
    run(&mut place.command(&program));
    let mount = ntfs3g::Mount::new(&place.image(), ntfs3g::Access::ReadOnly).unwrap();
    let tree = mount
        .snapshot(linkwright_testkit::snapshot::Contents::Hash)
        .unwrap();
    // existing.txt, new.txt, later.txt and native.
    assert_eq!(tree.get("new.txt").unwrap().nlink, Some(4));
    assert_eq!(tree.get("later.txt").unwrap().nlink, Some(4));
    assert!(tree.get("dangling").is_some() && tree.get("third.txt").is_none());
}
