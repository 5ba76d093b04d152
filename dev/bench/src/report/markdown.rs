//! A report as a Markdown page with one table.

use std::fmt::Write as _;

use super::{Cell, Goal, Report, Row};
use crate::Spread;

pub(super) fn report(report: &Report) -> String {
    let mut text = format!("# {}: {}\n\n", report.part, report.about);
    let size = if report.size == 1.0 {
        String::new()
    } else {
        format!(" Loads of {} of the full size.", report.size)
    };
    text += &format!("On {}.{size}\n\n", report.machine.line());
    let settings = settings(&report.rows);
    let mut head = vec!["work", "against", "unit"];
    head.extend(&settings);
    head.push("goal");
    line(&mut text, head.iter().copied());
    line(&mut text, head.iter().map(|_| "---"));
    for row in &report.rows {
        let mut cells = vec![
            row.work.clone(),
            row.peer.clone().unwrap_or_default(),
            row.unit.clone(),
        ];
        for setting in &settings {
            let found = row.cells.iter().find(|cell| cell.setting == *setting);
            cells.push(found.map(cell).unwrap_or_default());
        }
        cells.push(goal(row));
        line(&mut text, cells.iter().map(String::as_str));
    }
    if !report.notes.is_empty() {
        text.push('\n');
    }
    for note in &report.notes {
        text += &format!("- {note}\n");
    }
    text
}

/// The settings of all rows, in the order in which they come first.
fn settings(rows: &[Row]) -> Vec<&str> {
    let mut settings: Vec<&str> = Vec::new();
    for cell in rows.iter().flat_map(|row| &row.cells) {
        if !settings.contains(&cell.setting.as_str()) {
            settings.push(&cell.setting);
        }
    }
    settings
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    text.push('|');
    for cell in cells {
        text.push_str(&format!(" {cell} |"));
    }
    text.push('\n');
}

/// `ours / the other's = ratio (least to greatest)`.
fn cell(cell: &Cell) -> String {
    let ours = number(cell.ours.median);
    match (cell.peer, cell.ratio) {
        (Some(peer), Some(ratio)) => {
            let peer = number(peer.median);
            format!("{ours} / {peer} = **{:.2}**{}", ratio.median, range(ratio))
        }
        _ => format!("**{ours}**{}", range(cell.ours)),
    }
}

fn range(spread: Spread) -> String {
    if spread.least == spread.greatest {
        return String::new();
    }
    let (least, greatest) = (number(spread.least), number(spread.greatest));
    format!(" ({least} to {greatest})")
}

fn goal(row: &Row) -> String {
    let (Some(goal), Some(missed)) = (row.goal, row.missed()) else {
        return String::new();
    };
    let (word, goal, aim) = match goal {
        Goal::AtLeast { goal, aim } => ("at least", goal, aim),
        Goal::AtMost { goal, aim } => ("at most", goal, aim),
    };
    let mut text = format!("{word} {}", number(goal));
    if let Some(aim) = aim {
        text += &format!(" (aim {})", number(aim));
    }
    let verdict = match missed.len() {
        0 => "met".to_owned(),
        all if all == row.cells.len() => "**not met**".to_owned(),
        _ => format!("**not met**: {}", missed.join("; ")),
    };
    text + ": " + &verdict
}

/// Three digits that count, thousands apart.
pub(super) fn number(number: f64) -> String {
    if number.abs() < 100.0 {
        let digits = match number.abs() {
            small if small < 1.0 => 3,
            small if small < 10.0 => 2,
            _ => 1,
        };
        let text = format!("{number:.digits$}");
        return match text.strip_suffix(&format!(".{}", "0".repeat(digits))) {
            Some(whole) => whole.to_owned(),
            None => text,
        };
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        write!(text, "{digit}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;

    fn row(setting: &str, ratio: f64) -> Row {
        let one = |number: f64| Spread::of(vec![number]);
        Row {
            work: "work".to_owned(),
            peer: Some("peer".to_owned()),
            unit: "links/s".to_owned(),
            cells: vec![Cell {
                setting: setting.to_owned(),
                ours: one(ratio * 1234.0),
                peer: Some(one(1234.0)),
                ratio: Some(one(ratio)),
            }],
            goal: Some(Goal::AtLeast {
                goal: 5.0,
                aim: Some(10.0),
            }),
        }
    }

    #[test]
    fn a_goal_is_said_to_be_met_or_not() {
        let report = Report {
            part: "links".to_owned(),
            about: "links".to_owned(),
            machine: Machine::here(),
            size: 1.0,
            notes: vec!["a note".to_owned()],
            rows: vec![row("warm", 6.0), row("fresh", 2.5)],
        };
        let table = report.markdown();
        let rows = [
            "| work | against | unit | warm | fresh | goal |",
            "| work | peer | links/s | 7,404 / 1,234 = **6.00** |  | at least 5 (aim 10): met |",
            "| work | peer | links/s |  | 3,085 / 1,234 = **2.50** | at least 5 (aim 10): **not met** |",
            "- a note",
        ];
        for row in rows {
            assert!(table.lines().any(|line| line == row), "{row}\n{table}");
        }
    }

    #[test]
    fn numbers_have_the_digits_that_count() {
        let texts = [0.25, 0.0, 5.0, 9.87, 45.67, 100.0, 1234.5, 1_234_567.0].map(number);
        assert_eq!(
            texts,
            [
                "0.250",
                "0",
                "5",
                "9.87",
                "45.7",
                "100",
                "1,234",
                "1,234,567"
            ]
        );
    }
}
