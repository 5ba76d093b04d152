//! Many threads at once.

use linkwright_testkit::{command, skip_unless};

use crate::support::{Place, compile, run, source};

/// The C program is watched by ThreadSanitizer: what the library hands back to one
/// thread no other one touches. The library's own locks no tool for C knows
/// (docs/validation.md); the engine's are model-checked in `win32`.
fn threads(seconds: &str) {
    let place = Place::new();
    let program = place.path().join("threads");
    compile(&[source("threads.c")], &program, &["-fsanitize=thread"]);
    let mut threads = place.command(program);
    threads.env(
        "TSAN_OPTIONS",
        "ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=9",
    );
    let finished = run(threads.arg(seconds));
    assert!(finished.text().ends_with(" calls\n"));
    // One of two that met may have left the name that all share.
    let names = place.root();
    assert!(
        names.iter().all(|name| name == "file" || name == "shared"),
        "{names:?}"
    );
}

#[test]
fn sixteen_threads_do_not_meet() {
    skip_unless!(command::installed("gcc", "gcc"));
    threads("2");
}

#[test]
fn sixteen_threads_do_not_meet_in_30_seconds() {
    skip_unless!(linkwright_testkit::long("16 threads for 30 s"));
    skip_unless!(command::installed("gcc", "gcc"));
    threads("30");
}
