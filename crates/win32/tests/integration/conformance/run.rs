//! Runs rows.

use std::collections::BTreeMap;

use super::calls::{self, Answer, Form, Trouble};
use super::csv::{Row, Status};
use super::makers::{self, MAKERS};
use super::queries::{self, QUERIES};
use super::steps::{self, Expected, Step, Word};
use super::world::{SETTINGS, Value, World};

/// A row, understood.
struct Plan {
    setup: Vec<Step>,
    call: Step,
    then: Vec<Step>,
}

impl Plan {
    fn of(row: &Row) -> Result<Self, String> {
        let plan = Self {
            setup: steps::parse(&row.setup)?,
            call: Step {
                binding: None,
                verb: row.call.clone(),
                arguments: steps::words(&row.arguments)?,
                expected: Expected::Success,
            },
            then: steps::parse(&row.then)?,
        };
        let after = plan.then.iter().chain([&plan.call]);
        for step in after {
            if SETTINGS.contains(&step.verb.as_str()) {
                return Err(format!("{} belongs into the set-up", step.verb));
            }
        }
        for step in plan.setup.iter().chain(&plan.then).chain([&plan.call]) {
            if !is_known(&step.verb) {
                return Err(format!("no step is called {:?}", step.verb));
            }
        }
        Ok(plan)
    }
}

/// Whether a verb of the notation exists.
fn is_known(verb: &str) -> bool {
    let lists = [SETTINGS, MAKERS, QUERIES];
    lists.iter().any(|list| list.contains(&verb)) || calls::form(verb).is_some()
}

/// Whether the row can be executed as it is written.
pub(crate) fn understand(row: &Row) -> Result<(), String> {
    Plan::of(row).map(drop)
}

/// Executes a row on a back end; what is not as the row says.
pub(crate) fn run(row: &Row, back_end: &str) -> Result<(), String> {
    let plan = Plan::of(row)?;
    let mut world = World::new(back_end, &plan.setup)?;
    for step in &plan.setup {
        if !SETTINGS.contains(&step.verb.as_str()) {
            execute(&mut world, step).map_err(|error| format!("set-up: {error}"))?;
        }
    }
    world
        .system()?
        .set_last_error(linkwright_win32::Win32Error(0));
    let answer = step_answer(&mut world, &plan.call);
    let last_error = world.system()?.get_last_error().0;
    result(row, &plan.call, answer, last_error)?;
    for step in &plan.then {
        execute(&mut world, step).map_err(|error| format!("then: {error}"))?;
    }
    Ok(())
}

/// Whether the call came out as the row says.
fn result(row: &Row, call: &Step, answer: Answer, last_error: u32) -> Result<(), String> {
    let expected = (row.returned.as_str(), row.last_error.as_str());
    let form = calls::form(&call.verb);
    let (returned, code) = match answer {
        Ok(Value::Handle(_)) => ("handle".to_owned(), last_error),
        Ok(Value::Search(_, text) | Value::Text(text)) => (text, last_error),
        Err(Trouble::Code(code)) => {
            if form != Some(Form::Status) && form.is_some() && code != last_error {
                return Err(format!(
                    "it failed with {code}, the last error is {last_error}"
                ));
            }
            let text = form.map_or("FALSE", Form::failure);
            (text.to_owned(), code)
        }
        Err(Trouble::Status(status)) => (super::objects::status_name(status), status.to_win32().0),
        Err(Trouble::Row(text)) => return Err(text),
    };
    let same_text = match expected.0 {
        "*" => !returned.is_empty(),
        text => returned == unescaped(text)?,
    };
    let same_code = expected.1 == "-" || expected.1 == code.to_string();
    match same_text && same_code {
        true => Ok(()),
        false => Err(format!(
            "{returned} {code} where {} {} is expected",
            expected.0, expected.1
        )),
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let words = steps::words(text)?;
    Ok(words.iter().map(Word::text).collect::<Vec<_>>().join(" "))
}

/// Does a step and looks at what it came to.
fn execute(world: &mut World, step: &Step) -> Result<(), String> {
    let answer = step_answer(world, step);
    let at = || {
        let words: Vec<&str> = step
            .arguments
            .iter()
            .map(|word| word.raw.as_str())
            .collect();
        format!("{} {}", step.verb, words.join(" "))
    };
    let answer = answer.map_err(|trouble| match trouble {
        Trouble::Status(status) => Trouble::Code(status.to_win32().0),
        other => other,
    });
    let value = match (answer, &step.expected) {
        (Err(Trouble::Status(_)), _) => return Err("a status was left".into()),
        (Err(Trouble::Row(text)), _) => return Err(format!("{}: {text}", at())),
        (Err(Trouble::Code(code)), Expected::Failure(expected)) if code == *expected => {
            return Ok(());
        }
        (Err(Trouble::Code(code)), _) => return Err(format!("{}: failed with {code}", at())),
        (Ok(value), Expected::Failure(code)) => {
            return Err(format!("{}: {value:?} where {code} is expected", at()));
        }
        (Ok(value), _) => value,
    };
    let found = match &value {
        Value::Handle(_) => "handle".to_owned(),
        Value::Search(_, text) | Value::Text(text) => text.clone(),
    };
    if let Expected::Is(word) | Expected::IsNot(word) = &step.expected {
        let expected = match word.raw.strip_prefix('$') {
            Some(_) => match world.value(&word.raw)? {
                Value::Text(text) => text.clone(),
                Value::Handle(_) | Value::Search(..) => {
                    return Err(format!("{} is a handle", word.raw));
                }
            },
            None => word.text(),
        };
        let wanted = matches!(step.expected, Expected::Is(_));
        if (found == expected) != wanted {
            return Err(format!("{} => {found}, not as expected: {expected}", at()));
        }
    }
    if let Some(name) = &step.binding {
        world.bind(name, value);
    }
    Ok(())
}

fn step_answer(world: &mut World, step: &Step) -> Answer {
    let verb = step.verb.as_str();
    if MAKERS.contains(&verb) {
        makers::make(world, verb, &step.arguments)?;
        return calls::text("done");
    }
    if QUERIES.contains(&verb) {
        return queries::query(world, verb, &step.arguments);
    }
    calls::call(world, verb, &step.arguments)
}

/// Where the rows of a family stand on a back end.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) met: usize,
    pub(crate) unverified: usize,
    pub(crate) known_difference: usize,
    pub(crate) needs_smb: usize,
}

/// What all rows came to.
#[derive(Default)]
pub(crate) struct Report {
    /// By family and back end.
    pub(crate) counts: BTreeMap<(String, String), Count>,
    /// Rows that are not as the table says.
    pub(crate) failures: Vec<String>,
}

/// The family of a row: what stands before the dash of its id.
fn family(row: &Row) -> String {
    row.id.split('-').next().unwrap_or_default().to_owned()
}

/// Runs all rows on all of their back ends.
pub(crate) fn run_all(rows: &[Row]) -> Report {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let parts: Vec<Report> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| scope.spawn(move || run_some(rows.iter().skip(worker).step_by(threads))))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|part| part.expect("a row panicked")).collect()
    });
    let mut whole = Report::default();
    for part in parts {
        whole.failures.extend(part.failures);
        for (key, count) in part.counts {
            let sum = whole.counts.entry(key).or_default();
            sum.met += count.met;
            sum.unverified += count.unverified;
            sum.known_difference += count.known_difference;
            sum.needs_smb += count.needs_smb;
        }
    }
    whole.failures.sort();
    whole
}

fn run_some<'a>(rows: impl Iterator<Item = &'a Row>) -> Report {
    let mut report = Report::default();
    for row in rows {
        for back_end in &row.back_ends {
            let count = report
                .counts
                .entry((family(row), back_end.clone()))
                .or_default();
            if row.status == Status::NeedsSmb {
                count.needs_smb += 1;
                if let Err(error) = understand(row) {
                    report.failures.push(format!("{}: {error}", row.id));
                }
                continue;
            }
            let outcome = std::panic::catch_unwind(|| run(row, back_end))
                .unwrap_or_else(|_| Err("it panicked".into()));
            match (row.status, outcome) {
                (Status::Met, Ok(())) => count.met += 1,
                (Status::Unverified, Ok(())) => count.unverified += 1,
                (Status::KnownDifference, Err(_)) => count.known_difference += 1,
                (Status::KnownDifference, Ok(())) => report.failures.push(format!(
                    "{} on {back_end}: it is met, though the table calls it a known difference",
                    row.id
                )),
                (_, Err(error)) => {
                    let what = format!("{} {}", row.call, row.arguments);
                    report
                        .failures
                        .push(format!("{} on {back_end}: {what}: {error}", row.id));
                }
                (Status::NeedsSmb, Ok(())) => {}
            }
        }
    }
    report
}
