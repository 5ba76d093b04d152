//! What is measured, a file each.

mod bulk;
mod fleet;
mod growth;
mod host;
mod kinds;
mod links;
mod loads;
mod million;
mod scan;
mod startup;
mod trial;

use crate::Outcome;
use crate::lab::Lab;
use crate::machine::Machine;
use crate::report::{Report, Row};

/// A part of the measurements.
pub struct Part {
    /// What it is called.
    pub name: &'static str,
    /// What it measures.
    pub about: &'static str,
    run: fn(&Lab) -> Outcome<Vec<Row>>,
}

/// All of them, in the order in which `all` runs them.
pub const PARTS: &[Part] = &[
    part("links", "files and hard links, a call each", links::run),
    part("bulk", "hard links in one transaction", bulk::run),
    part("kinds", "symbolic links, junctions; removal", kinds::run),
    part("scan", "all links and names of a million files", scan::scan),
    part("check", "`volume check` of a million files", scan::check),
    part("host", "cloning and listing on the host", host::run),
    part(
        "growth",
        "a link's cost as its directory grows",
        growth::run,
    ),
    part("fleet", "links on several volumes at once", fleet::run),
    part("startup", "one link on a 100 GiB image", startup::run),
];

const fn part(name: &'static str, about: &'static str, run: fn(&Lab) -> Outcome<Vec<Row>>) -> Part {
    Part { name, about, run }
}

impl Part {
    /// Measures.
    ///
    /// # Errors
    /// Something could not be run that must; what is merely missing is a note.
    pub fn measure(&self, lab: &Lab) -> Outcome<Report> {
        let rows = (self.run)(lab).map_err(|error| format!("{}: {error}", self.name))?;
        Ok(Report {
            part: self.name.to_owned(),
            about: self.about.to_owned(),
            machine: Machine::here(),
            size: lab.settings.size,
            notes: lab.take_notes(),
            rows,
        })
    }
}
