//! Many hard links at once, with what single calls promise: every check, in the
//! caller's order, and all or nothing.
//!
//! `plan` makes the checks of MS-FSA 2.1.5.15.7 and looks up each file and
//! directory once; `order` sorts the names of each directory and finds those that
//! meet; `entries` puts them into the indexes, leaf by leaf, where names that are
//! there already show; `names` writes what each file has in its records.
//! Memory: about 60 bytes for each link beside the caller's, and the cache.

mod entries;
mod names;
mod order;
mod plan;

use core::cell::Cell;

use crate::FileId;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};

/// One hard link to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLink<'a> {
    /// The file that gets a name.
    pub file: FileId,
    /// The directory of the name.
    pub parent: FileId,
    /// The name.
    pub name: &'a [u16],
}

/// Why links were not made: none of them was.
#[derive(Debug, thiserror::Error)]
#[error("{}{error}", .link.map_or(String::new(), |link| format!("link {link}: ")))]
pub struct LinksError {
    /// Which of the links was refused; `None` for what is about no single one.
    pub link: Option<usize>,
    /// What is wrong with it.
    #[source]
    pub error: Error,
}

impl From<Error> for LinksError {
    fn from(error: Error) -> Self {
        Self { link: None, error }
    }
}

impl From<LinksError> for Error {
    fn from(error: LinksError) -> Self {
        error.error
    }
}

impl Engine {
    /// Makes `links`, all of them or none.
    pub(crate) fn hard_links(&mut self, links: &[NewLink<'_>]) -> Result<(), LinksError> {
        let refused = Cell::new(None);
        self.operation(|engine| {
            refused.set(None);
            engine.make_links(links, &refused)
        })
        .map_err(|error| LinksError {
            link: refused.get(),
            error,
        })
    }

    fn make_links(&mut self, links: &[NewLink<'_>], refused: &Cell<Option<usize>>) -> Result<()> {
        let (plan, mut failed) = self.plan_links(links)?;
        // Those behind the first one that is refused are not looked at.
        let links = links.get(..plan.of.len()).unwrap_or_default();
        let (sorted, meet) = order::sort(&plan, links, &self.upcase);
        let taken = self.add_entries(&plan, links, &sorted)?;
        drop(sorted);
        if let Some(link) = [meet, taken].into_iter().flatten().min() {
            failed = Some((link, InvalidInput::NameCollision.into()));
        }
        if let Some((link, error)) = failed {
            refused.set(Some(link));
            return Err(error);
        }
        self.add_names(&plan, links)?;
        for directory in &plan.directories {
            self.touch_directory(directory.base)?;
        }
        self.note_links(&plan, links)
    }
}
