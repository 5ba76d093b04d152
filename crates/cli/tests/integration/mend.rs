//! `audit`, plans, `apply` and `undo`: one of every finding, found once, mended
//! and taken back, on an image and on the host.

mod fixture;
mod killed;
mod listing;
mod planners;

use std::collections::BTreeSet;

use crate::program::{Bench, Run};
use fixture::{Fixture, MENDABLE};
use listing::Listing;

/// Code and path of each finding.
fn findings(run: &Run, prefix: &str) -> BTreeSet<(String, String)> {
    let lines = run.of_type("finding");
    let found: BTreeSet<_> = lines
        .iter()
        .map(|line| {
            let place = line["location"].as_str().or(line["path"].as_str()).unwrap();
            (
                line["code"].as_str().unwrap().to_owned(),
                place.strip_prefix(prefix).unwrap_or(place).to_owned(),
            )
        })
        .collect();
    assert_eq!(
        found.len(),
        lines.len(),
        "a finding was told twice: {run:?}"
    );
    found
}

fn expected(fixture: &Fixture) -> BTreeSet<(String, String)> {
    fixture
        .findings
        .iter()
        .map(|(code, path)| ((*code).to_owned(), path.clone()))
        .collect()
}

fn round_trip(bench: &Bench, fixture: &Fixture, options: &str) {
    let (place, prefix) = (&fixture.place, &fixture.prefix);
    let start = Listing::of(bench, fixture);
    let audit = |bench: &Bench| bench.line(&format!("--json {options} audit {place}"));

    bench.ok(&format!("{options} manifest export {place} start"));

    let run = audit(bench);
    assert_eq!(run.exit, 1, "{run:?}");
    assert_eq!(findings(&run, prefix), expected(fixture));

    let run = bench.line(&format!("{options} audit {place} --fix all --plan p"));
    assert_eq!(run.exit, 1, "{run:?}");
    assert_eq!(
        Listing::of(bench, fixture),
        start,
        "planning changes nothing"
    );

    let rehearsal = bench.ok(&format!("{options} apply -n p"));
    assert_eq!(Listing::of(bench, fixture), start, "-n changes nothing");
    let done = bench.ok(&format!("{options} apply p"));
    assert_eq!(done.text(), rehearsal.text(), "-n prints what is done");
    assert_ne!(Listing::of(bench, fixture), start);

    let left: BTreeSet<_> = expected(fixture)
        .into_iter()
        .filter(|(code, _)| !MENDABLE.contains(&code.as_str()))
        .collect();
    assert_eq!(findings(&audit(bench), prefix), left);

    bench.ok(&format!("{options} undo p.undo"));
    Listing::of(bench, fixture).assert_same(&start);
    bench.ok(&format!("{options} manifest diff start {place}"));
    assert_eq!(findings(&audit(bench), prefix), fixture.after_undo());
}

#[test]
fn one_of_every_finding_on_an_image() {
    let bench = Bench::new();
    let fixture = Fixture::image(&bench);
    let codes: BTreeSet<&str> = fixture.findings.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), fixture::ALL.len(), "{codes:?}");
    round_trip(&bench, &fixture, "--drive C=disk.img");
}

#[test]
fn an_image_is_sound_after_mending_and_after_undo() {
    let bench = Bench::new();
    let fixture = Fixture::sound_image(&bench);
    round_trip(&bench, &fixture, "--drive C=disk.img");
    bench.ok("volume check disk.img");
    bench.ok("--drive C=disk.img audit disk.img:/tree --fix all --yes --undo again --fail-on loop");
    bench.ok("volume check disk.img");
}

#[test]
fn one_of_every_finding_that_a_host_has() {
    let bench = Bench::new();
    let fixture = Fixture::host(&bench);
    round_trip(&bench, &fixture, "--strict-windows");
}

#[test]
fn fail_on_decides_the_status() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("nowhere", bench.path("l")).unwrap();
    assert_eq!(bench.line("audit").exit, 1);
    assert_eq!(bench.line("audit --fail-on dangling").exit, 1);
    assert_eq!(bench.line("audit --fail-on loop,case").exit, 0);
    assert_eq!(bench.line("audit --fail-on nonsense").exit, 2);
    assert_eq!(bench.line("audit --fix other-volume -n").exit, 2);
    bench
        .line("audit missing")
        .failed(6, "ERROR_FILE_NOT_FOUND");
}
