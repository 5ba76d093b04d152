//! `relative` and `absolute`: the same target, said in the other way.

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_fs::{Capabilities, LinkContent, Name, ReparseBuffer, Result};

use super::step::{Change, Steps, own_type};
use super::{Scope, Sink, Skip, each_link, tell};
use crate::audit::{Diagnosis, Ending, Examiner};
use crate::target::{Form, with_text};
use crate::text::relative_path;
use crate::walk::{Met, Place};

/// Plans to make absolute symbolic links relative, where they lead to the same
/// volume. Junctions cannot be relative.
///
/// # Errors
/// The place cannot be listed.
pub fn relative(examiner: &Examiner<'_>, sink: Sink<'_>) -> Result<()> {
    turn(
        examiner,
        "relative",
        sink,
        &mut |met, diagnosis, content| {
            let form = diagnosis.target.as_ref()?.form;
            if form == Form::Relative || !is_symbolic(content) {
                return None;
            }
            Some(
                path_on(examiner.top, diagnosis)
                    .map(|path| relative_text(examiner.top, met, &path)),
            )
        },
    )
}

/// Plans to make relative symbolic links absolute: from `/`, or from the drive
/// that the volume is.
///
/// # Errors
/// The place cannot be listed.
pub fn absolute(examiner: &Examiner<'_>, drive: Option<char>, sink: Sink<'_>) -> Result<()> {
    let is_host = follows(examiner.top);
    turn(examiner, "absolute", sink, &mut |_, diagnosis, content| {
        let form = diagnosis.target.as_ref()?.form;
        let is_other = form == Form::Relative || (form == Form::Rooted && !is_host);
        if !is_other || !is_symbolic(content) {
            return None;
        }
        let path = match path_on(examiner.top, diagnosis) {
            Ok(path) => path,
            Err(why) => return Some(Err(why)),
        };
        Some(match (is_host, drive) {
            (true, _) => Ok(joined("", &path, '/')),
            (false, Some(letter)) => Ok(joined(&format!("{letter}:"), &path, '\\')),
            (false, None) => Err(Skip::NoDrive),
        })
    })
}

/// What a link should say instead; `None` to leave it alone.
type Other<'a> = &'a mut dyn FnMut(
    &Met<'_>,
    &Diagnosis,
    &LinkContent,
) -> Option<std::result::Result<Name, Skip>>;

fn turn(examiner: &Examiner<'_>, verb: &str, sink: Sink<'_>, other: Other<'_>) -> Result<()> {
    let mut steps = Steps::default();
    each_link(
        examiner.top,
        Scope::Links,
        sink,
        &mut |met, content, sink| {
            let diagnosis = examiner.link(met, content)?;
            let text = match other(met, &diagnosis, content) {
                None => return Ok(ControlFlow::Continue(())),
                Some(Ok(text)) => text,
                Some(Err(why)) => return Ok(tell(met.path, Err(why), sink)),
            };
            let new = match with_text(content, text.units(), text.units()) {
                Ok(new) => new,
                Err(error) => return Ok(tell(met.path, Err(Skip::Target(error)), sink)),
            };
            let change = Change::Link(own_type(met.stat), new);
            let step = steps.change(examiner.top, met, content, change, vec![verb.to_owned()])?;
            Ok(step.map_or(ControlFlow::Continue(()), |step| tell(met.path, step, sink)))
        },
    )
}

pub(super) fn follows(top: &Place) -> bool {
    top.fs.capabilities().contains(Capabilities::FOLLOWS_LINKS)
}

fn is_symbolic(content: &LinkContent) -> bool {
    matches!(
        content,
        LinkContent::Posix(_) | LinkContent::Reparse(ReparseBuffer::SymbolicLink(_))
    )
}

/// The path that a link names, on the volume of the link.
pub(super) fn path_on(top: &Place, diagnosis: &Diagnosis) -> std::result::Result<Vec<Name>, Skip> {
    let leads = diagnosis.leads.as_ref().ok_or(Skip::Unknown)?;
    match (&leads.near, &leads.end) {
        (Some(near), _) if !Arc::ptr_eq(&near.fs, &top.fs) => Err(Skip::OtherVolume),
        (Some(near), _) => Ok(diagnosis
            .stored
            .clone()
            .unwrap_or_else(|| near.path.clone())),
        (None, Ending::Missing | Ending::Loop) => match &diagnosis.stored {
            Some(path) => Ok(path.clone()),
            None => Err(Skip::Nowhere),
        },
        (None, _) => Err(Skip::Unknown),
    }
}

/// The way from a link to a path on its volume.
pub(super) fn relative_text(top: &Place, met: &Met<'_>, path: &[Name]) -> Name {
    let dir = met.path.split_last().map_or(&[][..], |(_, dir)| dir);
    let separator = match follows(top) {
        true => '/',
        false => '\\',
    };
    relative_path(dir, path, separator)
}

/// A path with a beginning.
pub(super) fn joined(root: &str, path: &[Name], separator: char) -> Name {
    let mut units: Vec<u16> = root.encode_utf16().collect();
    for name in path {
        units.extend(separator.encode_utf16(&mut [0; 2]).iter());
        units.extend_from_slice(name.units());
    }
    if path.is_empty() {
        units.extend(separator.encode_utf16(&mut [0; 2]).iter());
    }
    Name::from_units(units)
}
