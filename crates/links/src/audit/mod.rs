//! What is wrong, or likely to go wrong, with the links below a place.
//!
//! [`audit`] walks a tree and tells each [`Finding`] once. What a link leads to
//! is found by the one resolver ([`linkwright_fs::resolve`]); what its text is
//! worth by [`TargetText`](crate::target::TargetText).

mod case;
mod examine;
mod finding;
mod leads;
mod target_rules;
mod text_rules;

use std::collections::HashSet;
use std::ops::ControlFlow;

use linkwright_fs::{Error, LinkContent, Name, NodeKind, Result};

pub use examine::{Diagnosis, Examiner};
pub use finding::{Finding, Found, Mending};
pub use leads::{Ending, Leads};

use crate::walk::{self, Met, Place, Wanted, walk_for};

/// A group of hard links is near its limit when only so many names are left.
pub const NAMES_LEFT: u64 = 24;

/// What an audit goes by.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Records whose entry in `$Reparse` is missing, as the checker of the volume
    /// says.
    pub missing_index: HashSet<u64>,
    /// Most names of one file; `None` when unknown.
    pub link_limit: Option<u64>,
}

/// What an audit tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something that is wrong.
    Found(&'a Found),
    /// A link or another reparse point was looked at.
    Seen,
    /// Something could not be looked at; the audit goes on.
    Failed {
        /// Its names from the root of the volume.
        path: &'a [Name],
        /// Why.
        error: Error,
    },
}

/// Tells what is wrong with the links below a place.
///
/// # Errors
/// The place cannot be listed.
pub fn audit(
    examiner: &Examiner<'_>,
    visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let mut groups = Groups::default();
    walk_for(examiner.top, Wanted::ReparsePoints, &mut |event| {
        let met = match event {
            walk::Event::Met(met) => met,
            walk::Event::Failed { path, error } => return visit(Event::Failed { path, error }),
        };
        visit(Event::Seen)?;
        let limit = examiner.options.link_limit;
        if let Some(found) = groups.finding(&met, limit) {
            visit(Event::Found(&found))?;
        }
        let diagnosis = link_of(examiner.top, &met).and_then(|content| {
            content
                .map(|content| examiner.link(&met, &content))
                .transpose()
        });
        match diagnosis {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(diagnosis)) => {
                let mut findings = diagnosis.findings.iter();
                findings.try_for_each(|found| visit(Event::Found(found)))
            }
            Err(error) => visit(Event::Failed {
                path: met.path,
                error,
            }),
        }
    })
}

/// What an object holds, when it is a link or another reparse point.
pub(crate) fn link_of(top: &Place, met: &Met<'_>) -> Result<Option<LinkContent>> {
    match met.stat.posix_link || met.stat.reparse_tag.is_some() {
        true => top.fs.link(met.node),
        false => Ok(None),
    }
}

/// The groups of hard links that were told.
#[derive(Default)]
struct Groups(HashSet<(u64, u64)>);

impl Groups {
    fn finding(&mut self, met: &Met<'_>, limit: Option<u64>) -> Option<Found> {
        let stat = met.stat;
        let limit = limit?;
        let is_near = stat.names.saturating_add(NAMES_LEFT) >= limit;
        let is_file = stat.kind != NodeKind::Directory;
        if !is_near || !is_file || !self.0.insert((stat.device, stat.record)) {
            return None;
        }
        Some(Found {
            finding: Finding::LinkLimit,
            path: met.path.to_vec(),
            detail: format!("{} of at most {limit} names", stat.names),
        })
    }
}
