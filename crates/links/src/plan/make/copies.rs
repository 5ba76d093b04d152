//! `unlink-copies`: files of their own in the place of hard links and symbolic
//! links.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::{LinkContent, Name, NodeKind, ReparseBuffer, Result};

use super::step::{below, security, unchanged};
use super::{Planned, Scope, Sink, Skip, tell};
use crate::audit::{Ending, Examiner, link_of};
use crate::plan::format::{PathText, Step};
use crate::plan::state::{FileState, LinkState, State};
use crate::plan::world::is_typed;
use crate::walk::{Event, Met, walk_for};

/// Kinds of links that copies take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replaceable {
    /// Names of one file: the first that is met keeps it.
    Hard,
    /// Symbolic links to files.
    Symlink,
}

/// Which kinds are wanted.
pub type Copies<'a> = &'a [Replaceable];

/// Plans to replace links by copies of what they lead to.
///
/// # Errors
/// The place cannot be listed.
pub fn copies(examiner: &Examiner<'_>, kinds: Copies<'_>, sink: Sink<'_>) -> Result<()> {
    let mut first = HashMap::new();
    walk_for(examiner.top, Scope::ReparsePoints, &mut |event| {
        let met = match event {
            Event::Met(met) => met,
            Event::Failed { path, error } => return sink(Planned::Failed { path, error }),
        };
        sink(Planned::Seen)?;
        let planned = match link_of(examiner.top, &met) {
            Ok(Some(content)) if kinds.contains(&Replaceable::Symlink) => {
                symlink(examiner, &met, &content)
            }
            Ok(None) if kinds.contains(&Replaceable::Hard) => hard(examiner, &met, &mut first),
            Ok(_) => Ok(None),
            Err(error) => Err(error),
        };
        match planned {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(step)) => tell(met.path, step, sink),
            Err(error) => sink(Planned::Failed {
                path: met.path,
                error,
            }),
        }
    })
}

type Step1 = std::result::Result<Step, Skip>;

/// Every name but the first gets a file of its own.
fn hard(
    examiner: &Examiner<'_>,
    met: &Met<'_>,
    first: &mut HashMap<(u64, u64), Vec<Name>>,
) -> Result<Option<Step1>> {
    let stat = met.stat;
    if stat.kind != NodeKind::File || stat.names < 2 {
        return Ok(None);
    }
    let key = (stat.device, stat.record);
    let Some(other) = first.get(&key) else {
        first.insert(key, met.path.to_vec());
        return Ok(None);
    };
    let of = Some(PathText::of(other));
    let was = FileState {
        of: of.clone(),
        shared: true,
        ..FileState::of(stat)
    };
    let shall = FileState {
        times: unchanged(&was.times),
        id: None,
        names: 1,
        of,
        shared: false,
        security: security(examiner.top, met.node)?,
        ..was.clone()
    };
    Ok(Some(Ok(step(
        examiner,
        met,
        State::File(Box::new(was)),
        shall,
    ))))
}

/// A symbolic link becomes a copy of the file that it leads to.
fn symlink(examiner: &Examiner<'_>, met: &Met<'_>, content: &LinkContent) -> Result<Option<Step1>> {
    let is_symbolic = matches!(
        content,
        LinkContent::Posix(_)
            | LinkContent::Reparse(ReparseBuffer::SymbolicLink(_) | ReparseBuffer::LxSymlink(_))
    );
    if !is_symbolic {
        return Ok(None);
    }
    let top = examiner.top;
    let leads = examiner.link(met, content)?.leads;
    let end = match leads.map(|leads| leads.end) {
        Some(Ending::Found(end) | Ending::TooLong(_, Some(end))) => end,
        Some(Ending::Missing | Ending::Loop) => return Ok(Some(Err(Skip::Nowhere))),
        _ => return Ok(Some(Err(Skip::Unknown))),
    };
    if end.stat.kind != NodeKind::File {
        return Ok(Some(Err(Skip::Directory)));
    }
    if !Arc::ptr_eq(&end.fs, &top.fs) {
        return Ok(Some(Err(Skip::OtherVolume)));
    }
    if met.stat.names > 1 {
        return Ok(Some(Err(Skip::OtherNames(met.stat.names))));
    }
    let mut was = LinkState::of(met.stat, content, is_typed(&*top.fs, met.dir)?);
    was.security = security(top, met.node)?;
    let shall = FileState {
        times: unchanged(&end.stat.times.into()),
        id: None,
        names: 1,
        of: Some(PathText::of(&end.path)),
        shared: false,
        security: security(top, &end.node)?,
        ..FileState::of(&end.stat)
    };
    Ok(Some(Ok(step(
        examiner,
        met,
        State::Link(Box::new(was)),
        shall,
    ))))
}

fn step(examiner: &Examiner<'_>, met: &Met<'_>, was: State, shall: FileState) -> Step {
    Step {
        path: below(examiner.top, met.path),
        why: vec!["unlink-copies".to_owned()],
        was,
        shall: State::File(Box::new(shall)),
    }
}
