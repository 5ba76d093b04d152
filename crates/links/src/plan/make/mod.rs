//! Making plans: one file a planner. All of them walk once, look, and change
//! nothing.

mod copies;
mod dedupe;
mod fix;
mod retarget;
mod step;
mod turn;

use std::ops::ControlFlow;

use linkwright_fs::{Error, LinkContent, Name, Result};

pub use copies::{Copies, Replaceable, copies};
pub use dedupe::{Duplicates, dedupe};
pub use fix::{Wanted, fix};
pub use retarget::{MapError, TargetMap, retarget};
pub use turn::{absolute, relative};

use super::format::Step;
use crate::audit::link_of;
use crate::walk::{Event, Met, Place, Wanted as Scope, walk_for};

/// What a planner tells.
#[derive(Debug)]
pub enum Planned<'a> {
    /// A step.
    Step(Step),
    /// A link that would be changed and cannot be.
    Skipped {
        /// Names from the root of the volume.
        path: &'a [Name],
        /// Why.
        why: Skip,
    },
    /// Something that could not be looked at.
    Failed {
        /// Names from the root of the volume.
        path: &'a [Name],
        /// Why.
        error: Error,
    },
    /// An object was looked at.
    Seen,
}

/// Who takes it; breaks to stop.
pub type Sink<'a> = &'a mut dyn FnMut(Planned<'_>) -> ControlFlow<()>;

/// Why a link stays as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Skip {
    /// It would have to be made again, and has other names that would not follow.
    #[error("the link has {0} names, which it would lose")]
    OtherNames(u64),
    /// It would have to be made again, and has streams that would be lost.
    #[error("it has named streams, which it would lose")]
    Streams,
    /// It cannot hold the new target.
    #[error("it cannot hold the new target: {0}")]
    Target(Error),
    /// Where it leads is not known, so neither is the other way to say it.
    #[error("where it leads is not known: name its drive with --drive")]
    Unknown,
    /// Its target is on another volume.
    #[error("its target is on another volume")]
    OtherVolume,
    /// It leads nowhere.
    #[error("it leads nowhere")]
    Nowhere,
    /// It leads to a directory.
    #[error("it leads to a directory, and only files are copied")]
    Directory,
    /// The volume has no drive letter here.
    #[error("an absolute path on this volume needs a drive letter: --drive C=IMAGE")]
    NoDrive,
    /// A file is another one than was said.
    #[error("{0}")]
    Differs(&'static str),
}

/// What a planner does with a link.
type Visit<'a> = &'a mut dyn FnMut(&Met<'_>, &LinkContent, Sink<'_>) -> Result<ControlFlow<()>>;

/// Calls `visit` with every link below a place; with
/// [`Scope::ReparsePoints`] with every other reparse point too.
fn each_link(top: &Place, scope: Scope, sink: Sink<'_>, visit: Visit<'_>) -> Result<()> {
    walk_for(top, scope, &mut |event| {
        let met = match event {
            Event::Met(met) => met,
            Event::Failed { path, error } => return sink(Planned::Failed { path, error }),
        };
        sink(Planned::Seen)?;
        let visited = match link_of(top, &met) {
            Ok(None) => return ControlFlow::Continue(()),
            Ok(Some(content)) => visit(&met, &content, sink),
            Err(error) => Err(error),
        };
        visited.unwrap_or_else(|error| {
            sink(Planned::Failed {
                path: met.path,
                error,
            })
        })
    })
}

/// Hands a step on, or why there is none.
fn tell(path: &[Name], step: std::result::Result<Step, Skip>, sink: Sink<'_>) -> ControlFlow<()> {
    match step {
        Ok(step) => sink(Planned::Step(step)),
        Err(why) => sink(Planned::Skipped { path, why }),
    }
}
