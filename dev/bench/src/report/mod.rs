//! What a part found: for people as a table, for programs as JSON.

mod markdown;

use std::path::Path;

use serde::Serialize;

use crate::machine::Machine;
use crate::rounds::Rounds;
use crate::{Outcome, Spread};

/// What the project wants of a ratio, or of our own number where nobody else
/// does the work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// So many times the peer's rate.
    AtLeast {
        /// The goal.
        goal: f64,
        /// What we should like.
        aim: Option<f64>,
    },
    /// Of a time or an amount: so many times the peer's, or so much.
    AtMost {
        /// The goal.
        goal: f64,
        /// What we should like.
        aim: Option<f64>,
    },
}

impl Goal {
    /// Whether `number` reaches it.
    #[must_use]
    pub fn is_met(self, number: f64) -> bool {
        match self {
            Self::AtLeast { goal, .. } => number >= goal,
            Self::AtMost { goal, .. } => number <= goal,
        }
    }
}

/// One setting of the work: ours, the other's, and the quotient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// The setting; cells of one setting stand below each other.
    pub setting: String,
    /// Ours, in the row's unit.
    pub ours: Spread,
    /// The other's.
    pub peer: Option<Spread>,
    /// Ours over the other's, round by round.
    pub ratio: Option<Spread>,
}

impl Cell {
    /// Ours against another of the same rounds, both as (contestant, number).
    #[must_use]
    pub fn against(
        setting: &str,
        rounds: &Rounds,
        ours: (usize, usize),
        peer: (usize, usize),
    ) -> Self {
        Self {
            setting: setting.to_owned(),
            ours: rounds.spread(ours.0, ours.1),
            peer: Some(rounds.spread(peer.0, peer.1)),
            ratio: Some(rounds.ratio(ours, peer)),
        }
    }

    /// Ours alone.
    #[must_use]
    pub fn alone(setting: &str, ours: Spread) -> Self {
        Self {
            setting: setting.to_owned(),
            ours,
            peer: None,
            ratio: None,
        }
    }

    /// What a goal looks at.
    fn judged(&self) -> f64 {
        self.ratio.unwrap_or(self.ours).median
    }
}

/// One kind of work, ours and one other's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What is done.
    pub work: String,
    /// Who else does it; `None` when we are alone.
    pub peer: Option<String>,
    /// What the numbers count.
    pub unit: String,
    /// The settings.
    pub cells: Vec<Cell>,
    /// What is wanted.
    pub goal: Option<Goal>,
}

impl Row {
    /// The settings in which the goal is not reached; `None` without a goal.
    #[must_use]
    pub fn missed(&self) -> Option<Vec<&str>> {
        let goal = self.goal?;
        // Against somebody, a cell of ours alone is what others stand beside.
        let compared = self.peer.is_some();
        let judged = self
            .cells
            .iter()
            .filter(|cell| !compared || cell.ratio.is_some());
        let missed = judged.filter(|cell| !goal.is_met(cell.judged()));
        Some(missed.map(|cell| cell.setting.as_str()).collect())
    }
}

/// All that a part found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The part's name.
    pub part: String,
    /// What it measures.
    pub about: String,
    /// On what kind of machine.
    pub machine: Machine,
    /// Part of the full size.
    pub size: f64,
    /// How the numbers came about, and what was left out.
    pub notes: Vec<String>,
    /// The work.
    pub rows: Vec<Row>,
}

impl Report {
    /// The table.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::report(self)
    }

    /// Writes `PART.md` and `PART.json`.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn save(&self, folder: &Path) -> Outcome<()> {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)?;
        std::fs::write(folder.join(format!("{}.json", self.part)), json + "\n")?;
        let table = self.markdown();
        std::fs::write(folder.join(format!("{}.md", self.part)), table)?;
        Ok(())
    }
}
