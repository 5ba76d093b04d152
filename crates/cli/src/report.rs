//! How a verb ends: a status, and counts for the summary.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Line, Output};

/// What a verb did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// Counts for the summary.
    pub(crate) counts: Vec<(&'static str, u64)>,
}

impl Report {
    /// All was done.
    pub(crate) fn done() -> Self {
        Self {
            exit: Exit::Done,
            counts: Vec::new(),
        }
    }

    /// The same with a count.
    #[must_use]
    pub(crate) fn count(mut self, name: &'static str, number: u64) -> Self {
        self.counts.push((name, number));
        self
    }

    /// The last line of the JSON output.
    pub(crate) fn summary(&self, verb: &str) -> Line {
        let line = Line::new("summary")
            .set("verb", verb)
            .set("exit", self.exit.code());
        self.counts
            .iter()
            .fold(line, |line, (name, number)| line.set(name, *number))
    }
}

/// Counts what was done and what failed, when a verb acts on several things.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: u64,
    failed: u64,
    worst: Option<Exit>,
}

impl Tally {
    /// One thing was done.
    pub(crate) fn done(&mut self) {
        self.done += 1;
    }

    /// One thing failed: reports it, and goes on.
    pub(crate) fn failed(&mut self, out: &Output, failure: &Failure) {
        out.failure(failure);
        self.failed += 1;
        self.worst = self.worst.max(Some(failure.exit));
    }

    /// Takes the result of one thing.
    pub(crate) fn take(&mut self, out: &Output, result: Result<(), Failure>) {
        match result {
            Ok(()) => self.done(),
            Err(failure) => self.failed(out, &failure),
        }
    }

    /// What it comes to: partly done when some were, else why nothing was.
    pub(crate) fn report(&self) -> Report {
        let exit = match self.worst {
            None => Exit::Done,
            Some(Exit::Interrupted) => Exit::Interrupted,
            Some(_) if self.done > 0 => Exit::Partly,
            Some(worst) => worst,
        };
        Report {
            exit,
            counts: vec![("done", self.done), ("failed", self.failed)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_done_is_partly() {
        let mut tally = Tally::default();
        assert_eq!(tally.report().exit, Exit::Done);
        tally.worst = Some(Exit::Failed);
        assert_eq!(tally.report().exit, Exit::Failed);
        tally.done();
        assert_eq!(tally.report().exit, Exit::Partly);
        tally.worst = Some(Exit::Interrupted);
        assert_eq!(tally.report().exit, Exit::Interrupted);
    }
}
