//! docs/conformance.csv, read.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The columns, in order.
const COLUMNS: [&str; 12] = [
    "id",
    "call",
    "setup",
    "arguments",
    "return",
    "last_error",
    "then",
    "source",
    "evidence",
    "back_ends",
    "status",
    "reason",
];

/// How a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// The sources agree, and the row is met.
    Met,
    /// The sources name two results, or none was observed: the recommended one is
    /// met.
    Unverified,
    /// Not met, for the reason given.
    KnownDifference,
    /// Needs a server that is not there.
    NeedsSmb,
}

/// One scenario.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) call: String,
    pub(crate) setup: String,
    pub(crate) arguments: String,
    pub(crate) returned: String,
    /// `-` where it does not matter.
    pub(crate) last_error: String,
    pub(crate) then: String,
    pub(crate) source: String,
    pub(crate) evidence: String,
    pub(crate) back_ends: Vec<String>,
    pub(crate) status: Status,
    pub(crate) reason: String,
}

/// The checked-in table.
pub(crate) fn table() -> Vec<Row> {
    let path = path();
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path() -> PathBuf {
    linkwright_testkit::workspace_root().join("docs/conformance.csv")
}

/// Rows of a table with the columns of ours.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>, String> {
    let mut records = records(text)?.into_iter();
    let head = records.next().ok_or("empty")?;
    if head != COLUMNS {
        return Err(format!("the columns are {head:?}, not {COLUMNS:?}"));
    }
    let rows: Vec<Row> = records.map(row).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    match rows.iter().find(|row| !seen.insert(row.id.clone())) {
        Some(twice) => Err(format!("{} is there twice", twice.id)),
        None => Ok(rows),
    }
}

fn row(fields: Vec<String>) -> Result<Row, String> {
    let what = fields.first().cloned().unwrap_or_default();
    let [
        id,
        call,
        setup,
        arguments,
        returned,
        last_error,
        then,
        source,
        evidence,
        back_ends,
        status,
        reason,
    ] = <[String; 12]>::try_from(fields)
        .map_err(|fields| format!("{what}: {} columns", fields.len()))?;
    let status = match status.as_str() {
        "met" => Status::Met,
        "unverified" => Status::Unverified,
        "known-difference" => Status::KnownDifference,
        "needs-smb" => Status::NeedsSmb,
        other => return Err(format!("{id}: the status {other:?} is none")),
    };
    let row = Row {
        call,
        setup,
        arguments,
        returned,
        last_error,
        then,
        source,
        evidence,
        back_ends: back_ends.split_whitespace().map(str::to_owned).collect(),
        status,
        reason,
        id,
    };
    check(&row).map_err(|error| format!("{}: {error}", row.id))?;
    Ok(row)
}

/// What every row must have.
fn check(row: &Row) -> Result<(), String> {
    let needs_reason = matches!(row.status, Status::KnownDifference | Status::NeedsSmb);
    let letters = ["T", "B", "S", "I", "D", "C", "X"];
    match () {
        () if row.back_ends.is_empty() => Err("names no back end".into()),
        () if row.source.is_empty() => Err("names no source".into()),
        () if row.returned.is_empty() || row.last_error.is_empty() => {
            Err("says nothing of the result".into())
        }
        () if !letters.contains(&row.evidence.as_str()) => {
            Err(format!("{:?} is no letter of evidence", row.evidence))
        }
        () if needs_reason && row.reason.is_empty() => Err("gives no reason".into()),
        () => Ok(()),
    }
}

/// The records of a CSV text (RFC 4180): fields between commas, those in double
/// quotes with `""` for a quote.
fn records(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            ('"', true) => quoted = false,
            ('"', false) if field.is_empty() => quoted = true,
            (',', false) => record.push(std::mem::take(&mut field)),
            ('\n', false) => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            ('\r', false) => {}
            (c, _) => field.push(c),
        }
    }
    match quoted || !field.is_empty() || !record.is_empty() {
        true => Err("the last line does not end".into()),
        false => Ok(records),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_hold_commas_quotes_and_lines() {
        let text = "a,\"b,c\",\"d\"\"e\"\n\"f\ng\",,\n";
        let expected = vec![vec!["a", "b,c", "d\"e"], vec!["f\ng", "", ""]];
        assert_eq!(records(text).unwrap(), expected);
        assert!(records("a,\"b").is_err());
        assert!(records("a,b").is_err());
    }

    #[test]
    fn a_row_must_be_whole() {
        let with = |row: &str| parse(&format!("{}\n{row}\n", COLUMNS.join(",")));
        assert!(with("1,C,s,a,TRUE,-,,src,T,ntfs,met,").is_ok());
        for bad in [
            "1,C,s,a,TRUE,-,,src,T,ntfs,met",
            "1,C,s,a,TRUE,-,,src,T,ntfs,fine,",
            "1,C,s,a,TRUE,-,,src,Q,ntfs,met,",
            "1,C,s,a,TRUE,-,,src,T,,met,",
            "1,C,s,a,TRUE,-,,,T,ntfs,met,",
            "1,C,s,a,,-,,src,T,ntfs,met,",
            "1,C,s,a,TRUE,-,,src,T,ntfs,known-difference,",
            "1,C,s,a,TRUE,-,,src,T,ntfs,met,\n1,C,s,a,TRUE,-,,src,T,ntfs,met,",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
        assert!(parse("id,call\n").is_err());
    }
}
