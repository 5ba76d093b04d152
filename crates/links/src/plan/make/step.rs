//! From a wanted change of a link to a step.

use std::collections::HashSet;

use linkwright_fs::{Capabilities, LinkContent, LinkType, Name, Node, Result, Stat};

use super::Skip;
use crate::plan::format::{PathText, Step};
use crate::plan::state::{LinkState, State, TimesText, name_text, to_hex, type_word};
use crate::plan::world::is_typed;
use crate::walk::{Met, Place};

/// What is to become of a link.
pub(super) enum Change {
    /// It is removed.
    Remove,
    /// It gets this type, where links have one, and content.
    Link(LinkType, LinkContent),
}

/// Makes steps, one a link object.
#[derive(Default)]
pub(super) struct Steps {
    /// Links with several names that have their step.
    seen: HashSet<(u64, u64)>,
}

impl Steps {
    /// The step that changes the link `met`; `None` when another of its names has
    /// it already.
    pub(super) fn change(
        &mut self,
        top: &Place,
        met: &Met<'_>,
        content: &LinkContent,
        change: Change,
        why: Vec<String>,
    ) -> Result<Option<std::result::Result<Step, Skip>>> {
        let typed = is_typed(&*top.fs, met.dir)?;
        let mut was = LinkState::of(met.stat, content, typed);
        let shall = match &change {
            Change::Remove => None,
            Change::Link(link_type, content) => {
                let mut link = was.with(content);
                link.link_type = typed.then(|| type_word(*link_type).to_owned());
                Some(link)
            }
        };
        let stays = shall.as_ref().is_some_and(|shall| was.stays(shall));
        if met.stat.names > 1 {
            if !stays {
                return Ok(Some(Err(Skip::OtherNames(met.stat.names))));
            }
            if !self.seen.insert((met.stat.device, met.stat.record)) {
                return Ok(None);
            }
        }
        if !stays {
            if has_streams(top, met.node)? {
                return Ok(Some(Err(Skip::Streams)));
            }
            keep_for_making_again(top, met, &mut was)?;
        }
        let shall = match shall {
            None => State::Absent,
            Some(mut shall) => {
                shall.security.clone_from(&was.security);
                shall.short_name.clone_from(&was.short_name);
                // What is only set again does not change.
                let is_same = shall.buffer == was.buffer && shall.link_type == was.link_type;
                if !is_same {
                    shall.times = unchanged(&was.times);
                }
                State::Link(Box::new(shall))
            }
        };
        Ok(Some(Ok(Step {
            path: below(top, met.path),
            why,
            was: State::Link(Box::new(was)),
            shall,
        })))
    }
}

/// The times that a change of the name or target leaves alone.
pub(super) fn unchanged(times: &TimesText) -> TimesText {
    TimesText {
        changed: None,
        ..*times
    }
}

/// A path as a plan has it.
pub(super) fn below(top: &Place, path: &[Name]) -> PathText {
    PathText::of(path.get(top.path.len()..).unwrap_or_default())
}

fn has_streams(top: &Place, node: &Node) -> Result<bool> {
    if !top.fs.capabilities().contains(Capabilities::NAMED_STREAMS) {
        return Ok(false);
    }
    let streams = top.fs.streams(node)?;
    Ok(streams.iter().any(|stream| stream.name.is_some()))
}

/// What only the object itself has, and goes with it.
fn keep_for_making_again(top: &Place, met: &Met<'_>, was: &mut LinkState) -> Result<()> {
    was.security = security(top, met.node)?;
    if top.fs.capabilities().contains(Capabilities::SHORT_NAMES)
        && let Some(name) = met.path.last()
    {
        let entry = top.fs.entry(met.dir, name)?;
        was.short_name = entry.short_name.as_ref().map(name_text);
    }
    Ok(())
}

/// The security descriptor of an object, where there is one.
pub(super) fn security(top: &Place, node: &Node) -> Result<Option<String>> {
    match top.fs.capabilities().contains(Capabilities::SECURITY) {
        true => top.fs.security(node).map(|bytes| Some(to_hex(&bytes))),
        false => Ok(None),
    }
}

/// The type that a link has; a file's where links have none.
pub(super) fn own_type(stat: &Stat) -> LinkType {
    stat.link_type()
}
