//! Names that match only when letter case does not count.

use linkwright_fs::{Capabilities, FileSystem, Name, Node, Result};
use linkwright_names::UpcaseTable;

use super::Examiner;
use crate::target::{Form, TargetText, components};

/// Entries of a directory that are looked at for a name in another case.
const MAX_LISTED: usize = 100_000;

/// The names of a path as they stand in their directories; `None` when they are
/// as they were asked for, 8.3 names left aside.
pub(super) fn stored(
    fs: &dyn FileSystem,
    upcase: &UpcaseTable,
    asked: &[Name],
) -> Result<Option<Vec<Name>>> {
    let mut differs = false;
    let mut dir = fs.root()?;
    let mut real = Vec::with_capacity(asked.len());
    for name in asked {
        let entry = fs.entry(&dir, name)?;
        let only_case =
            entry.name != *name && upcase.eq_ignore_case(entry.name.units(), name.units());
        differs |= only_case;
        real.push(match only_case {
            true => entry.name,
            false => name.clone(),
        });
        dir = entry.node;
    }
    Ok(differs.then_some(real))
}

/// The path that a target which is not there has in another case, where there is
/// just one such. Links on the way are not looked behind.
pub(super) fn other_case(
    examiner: &Examiner<'_>,
    dir: &[Name],
    text: &TargetText,
) -> Result<Option<Vec<Name>>> {
    let fs = &*examiner.top.fs;
    let mut path = match text.form {
        Form::Relative => dir.to_vec(),
        Form::Rooted => Vec::new(),
        Form::Drive | Form::Share | Form::Device => return Ok(None),
    };
    let clean = text.clean();
    let mut names = Vec::new();
    for part in components(text.grammar, &clean) {
        match part {
            [dot] if *dot == u16::from(b'.') => {}
            [dot, again] if *dot == u16::from(b'.') && dot == again => {
                if path.pop().is_none() {
                    return Ok(None);
                }
            }
            name => names.push(Name::from_units(name.to_vec())),
        }
    }
    let mut at = path
        .iter()
        .try_fold(fs.root()?, |dir, name| fs.child(&dir, name))?;
    for name in &names {
        if !fs.stat(&at)?.is_plain_directory() {
            return Ok(None);
        }
        let Some((real, node)) = alike(fs, &at, name, &examiner.upcase)? else {
            return Ok(None);
        };
        path.push(real);
        at = node;
    }
    Ok(Some(path))
}

/// The one entry with this name in some case.
fn alike(
    fs: &dyn FileSystem,
    dir: &Node,
    name: &Name,
    upcase: &UpcaseTable,
) -> Result<Option<(Name, Node)>> {
    if let Ok(node) = fs.child(dir, name) {
        return Ok(Some((name.clone(), node)));
    }
    if !fs.is_case_sensitive(dir)? {
        // Any case would have been found.
        return Ok(None);
    }
    let mut only = None;
    for entry in fs.list(dir)?.take(MAX_LISTED) {
        let entry = entry?;
        if upcase.eq_ignore_case(entry.name.units(), name.units()) {
            if only.is_some() {
                return Ok(None);
            }
            only = Some((entry.name, entry.node));
        }
    }
    Ok(only)
}

/// Whether a path is the other or below it, by the rules of the volume.
pub(super) fn is_below(
    fs: &dyn FileSystem,
    upcase: &UpcaseTable,
    path: &[Name],
    above: &[Name],
) -> bool {
    let folds = fs.capabilities().contains(Capabilities::WINDOWS_NAMES);
    let same = |a: &Name, b: &Name| match folds {
        true => upcase.eq_ignore_case(a.units(), b.units()),
        false => a == b,
    };
    path.len() >= above.len() && path.iter().zip(above).all(|(a, b)| same(a, b))
}
