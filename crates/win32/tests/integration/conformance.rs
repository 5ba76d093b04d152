//! docs/conformance.csv, row by row: each is set up, called and looked at as it
//! says. docs/conformance.md tells how rows are written.

mod buffers;
mod calls;
mod csv;
mod makers;
mod objects;
mod queries;
mod run;
mod steps;
mod transactions;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;

use csv::{Row, Status};
use run::{Report, run_all, understand};

/// Share of known differences, in percent of the rows that count.
const MOST_DIFFERENCES: usize = 5;

#[test]
fn every_row_holds() {
    let rows = csv::table();
    let rows: Vec<Row> = match std::env::var("LINKWRIGHT_ROWS") {
        Ok(start) => rows
            .into_iter()
            .filter(|row| row.id.starts_with(&start))
            .collect(),
        Err(_) => rows,
    };
    let report = run_all(&rows);
    print!("{}", matrix(&report));
    assert!(
        report.failures.is_empty(),
        "{} rows are not as the table says:\n{}",
        report.failures.len(),
        report.failures.join("\n")
    );
}

#[test]
fn the_table_is_as_large_and_as_honest_as_it_must_be() {
    let rows = csv::table();
    let counted: Vec<&Row> = rows
        .iter()
        .filter(|row| row.status != Status::NeedsSmb)
        .collect();
    assert!(counted.len() >= 300, "{} rows", counted.len());
    let different: Vec<&&Row> = counted
        .iter()
        .filter(|row| row.status == Status::KnownDifference)
        .collect();
    assert!(
        different.len() * 100 <= counted.len() * MOST_DIFFERENCES,
        "{} known differences of {} rows",
        different.len(),
        counted.len()
    );
    for row in different {
        let strong = ["T", "B", "S"].contains(&row.evidence.as_str());
        let on_ntfs = row.back_ends.iter().any(|name| name == "ntfs");
        assert!(!(strong && on_ntfs), "{}: {}", row.id, row.reason);
    }
}

#[test]
fn a_row_with_a_wrong_expectation_is_seen_to_fail() {
    let rows = csv::table();
    let right = rows
        .iter()
        .find(|row| row.status == Status::Met && row.last_error == "183")
        .expect("a row that ends with 183");
    let wrong = |change: &dyn Fn(&mut Row)| {
        let mut row = right.clone();
        change(&mut row);
        run_all(&[row]).failures.len()
    };
    assert_eq!(wrong(&|_| {}), 0);
    assert_eq!(wrong(&|row| row.last_error = "5".into()), 1);
    assert_eq!(wrong(&|row| row.returned = "TRUE".into()), 1);
    assert_eq!(wrong(&|row| row.then = r"links C:\f => 7".into()), 1);
    assert_eq!(wrong(&|row| row.then = r"exists C:\f => fails 5".into()), 1);
    assert_eq!(wrong(&|row| row.setup = String::new()), 1);
    assert_eq!(wrong(&|row| row.status = Status::KnownDifference), 1);
}

#[test]
fn a_step_that_is_not_known_makes_its_row_fail() {
    let rows = csv::table();
    let right = &rows[0];
    for setup in [
        r"fiel C:\f=abc",
        r"file C:\f=abc extra",
        r"symlink C:\l to x",
        "version 12",
        "token root",
        r"$h = hold C:\f R Q",
        "drive D: zfs",
    ] {
        let row = Row {
            setup: setup.into(),
            back_ends: vec!["ntfs".into()],
            ..right.clone()
        };
        let report = run_all(std::slice::from_ref(&row));
        assert_eq!(report.failures.len(), 1, "{setup}");
    }
    let row = Row {
        call: "CreateHardLinkX".into(),
        ..right.clone()
    };
    assert!(understand(&row).is_err());
}

/// Rows by family and back end: met, unverified, known differences, those that
/// need a server.
fn matrix(report: &Report) -> String {
    let families: BTreeSet<&String> = report.counts.keys().map(|(family, _)| family).collect();
    let back_ends: BTreeSet<&String> = report.counts.keys().map(|(_, end)| end).collect();
    let mut text = String::from(
        "met/unverified/known-difference/needs-smb, rows by family and back end\n\nfamily",
    );
    for back_end in &back_ends {
        write!(text, "  {back_end:>9}").expect("text");
    }
    text.push('\n');
    let mut sum = run::Count::default();
    for family in families {
        write!(text, "{family:<6}").expect("text");
        for back_end in &back_ends {
            let count = report.counts.get(&(family.clone(), (*back_end).clone()));
            let cell = count.map_or_else(String::new, |count| {
                sum.met += count.met;
                sum.unverified += count.unverified;
                sum.known_difference += count.known_difference;
                sum.needs_smb += count.needs_smb;
                format!(
                    "{}/{}/{}/{}",
                    count.met, count.unverified, count.known_difference, count.needs_smb
                )
            });
            write!(text, "  {cell:>9}").expect("text");
        }
        text.push('\n');
    }
    writeln!(
        text,
        "\n{} met, {} unverified, {} known differences, {} need a server, {} failed\n",
        sum.met,
        sum.unverified,
        sum.known_difference,
        sum.needs_smb,
        report.failures.len()
    )
    .expect("text");
    text
}
